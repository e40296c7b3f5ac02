//! A store with a daemon, which goes when the store goes.

use crate::test_store::{Ran, TestStore};
use codex_dreams::engine::Holder;
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes, even on a machine with much else to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct House {
    pub store: TestStore,
}

impl House {
    /// A store without a daemon yet.
    pub fn of(store: TestStore) -> House {
        House { store }
    }

    /// A store whose daemon answers.
    pub fn running(store: TestStore) -> House {
        let house = House { store };
        house.start();
        house
    }

    /// A house without a daemon, with so many days to be lived through.
    pub fn with_days(days: usize) -> House {
        let house = House::of(TestStore::new());
        house.store.write("long.jsonl", long_diary(days));
        house.store.ok(&["import", "long.jsonl"]);
        house
    }

    /// A house whose daemon answers and does nothing by itself, with so many days to be lived through.
    pub fn resting_with_days(days: usize) -> House {
        let house = House::with_days(days);
        house.store.ok(&["schedule", "pause", "--all"]);
        house.start();
        house
    }

    /// Whether the daemon is at work on something whose name holds this.
    pub fn is_at_work_on(&self, what: &str) -> bool {
        let busy = self.status()["busy"].clone();
        let mut works = busy.as_array().unwrap().iter();
        works.any(|work| work["what"].as_str().unwrap().contains(what))
    }

    pub fn start(&self) -> u32 {
        let started = self.store.json(&["daemon", "start"]);
        started["pid"].as_u64().unwrap() as u32
    }

    pub fn status(&self) -> Value {
        self.store.json(&["daemon", "status"])
    }

    pub fn pid(&self) -> u32 {
        self.holder().pid.unwrap()
    }

    pub fn holder(&self) -> Holder {
        Holder::of(&self.store.store().canonicalize().unwrap())
    }

    /// Whether some process has the store.
    pub fn is_owned(&self) -> bool {
        self.store
            .store()
            .canonicalize()
            .is_ok_and(|store| Holder::is_there(&store))
    }

    /// kill -9.
    pub fn kill(&self) {
        kill(self.pid(), "KILL");
        wait_until("the store is free", || !self.is_owned());
    }

    /// A command under way.
    pub fn begin(&self, args: &[&str]) -> Child {
        let store = self.store.codex();
        let mut command = Command::new(store.get_program());
        command
            .args(args)
            .current_dir(self.store.path("."))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in std::env::vars_os() {
            if !name.to_string_lossy().starts_with("CODEX_") {
                command.env(name, value);
            }
        }
        for (name, value) in store.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.spawn().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.is_owned() && self.holder().socket.is_some() {
            kill(self.pid(), "KILL");
        }
    }
}

pub fn kill(pid: u32, signal: &str) {
    let killed = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(killed.success(), "kill -{signal} {pid}");
}

/// What a command left behind.
pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[track_caller]
pub fn wait_until(what: &str, so: impl Fn() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A diary long enough that living through it takes a while.
pub fn long_diary(days: usize) -> String {
    let words = [
        "the cat is ill and the vet wants to see her",
        "Joana called about the speech in May",
        "plan: move the server to the new room",
        "bought strings for the cello, the old ones snapped",
        "so happy today, the sun is out over the river",
    ];
    let mut text = String::new();
    for day in 0..days {
        let date =
            chrono::NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + chrono::Days::new(day as u64);
        for slot in 0..8 {
            text.push_str(&format!(
                "{{\"id\":\"d{day}-{slot}\",\"content\":\"{}; {}, day {day}\",\"created_at\":\"{date}T{:02}:{:02}:00Z\"}}\n",
                words[(day + slot) % 5],
                words[(day * slot) % 5],
                8 + slot,
                (day * 7) % 60,
            ));
        }
    }
    text
}
