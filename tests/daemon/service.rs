//! The surroundings of a service: no terminal, no home, nothing to write in but beside the store.

use crate::house::{House, ended, wait_until};
use crate::test_store::{TestStore, ran};
use std::os::unix::fs::PermissionsExt;

#[test]
fn it_runs_with_nothing_but_a_store() {
    let house = House::of(TestStore::with_diary());
    let start = ran(house
        .store
        .codex()
        .env_remove("HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("TMPDIR")
        .args(["daemon", "start"]));
    assert_eq!(start.code, 0, "{}", start.stderr);
    // A client with other surroundings finds it all the same.
    let runtime = house.store.path("runtime");
    std::fs::create_dir(&runtime).unwrap();
    let status = ran(house
        .store
        .codex()
        .env("XDG_RUNTIME_DIR", &runtime)
        .args(["daemon", "status", "--json"]));
    assert_eq!(status.code, 0, "{}", status.stderr);
    let bare = ran(house.store.codex().env_remove("HOME").args(["status"]));
    assert_eq!(bare.code, 0, "{}", bare.stderr);
}

#[test]
fn without_any_place_for_a_store_it_says_what_to_do() {
    let store = TestStore::new();
    let start = ran(store
        .codex()
        .env_remove("HOME")
        .env_remove("DUCKDB_PATH")
        .args(["daemon", "start"]));
    assert_eq!(start.code, 2, "{}", start.stderr);
    assert!(
        start.stderr.contains("--db") || start.stderr.contains("HOME"),
        "{}",
        start.stderr
    );
}

#[test]
fn a_home_that_cannot_be_written_is_no_hindrance() {
    let house = House::of(TestStore::with_diary());
    let home = house.store.path("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o555)).unwrap();
    let start = ran(house
        .store
        .codex()
        .env("HOME", &home)
        .args(["daemon", "start"]));
    assert_eq!(start.code, 0, "{}", start.stderr);
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn relative_paths_mean_what_they_meant_where_it_was_started() {
    let house = House::of(TestStore::new());
    house
        .store
        .write("codex.yaml", "settings:\n  time_zone: Europe/Lisbon\n");
    house.store.ok(&["init", "project"]);
    let start = ran(house
        .store
        .codex()
        .env("DUCKDB_PATH", "memory.duckdb")
        .args([
            "--config",
            "codex.yaml",
            "--project-dir",
            "project",
            "daemon",
            "start",
        ]));
    assert_eq!(start.code, 0, "{}", start.stderr);
    assert!(house.store.store().exists());
    let project = house.store.path("project").canonicalize().unwrap();
    assert_eq!(house.status()["project"], project.to_str().unwrap());
    assert_eq!(
        house.status()["zones"],
        serde_json::json!(["Europe/Lisbon"])
    );
    // It finds them again, though it works in no directory of anybody's.
    assert!(house.store.ok(&["daemon", "reload"]).contains("read anew"));
}

#[test]
fn in_the_foreground_it_ends_with_its_signal() {
    let house = House::of(TestStore::with_diary());
    let daemon = house.begin(&["daemon", "start", "--foreground"]);
    wait_until("it answers", || {
        house.store.run(&["daemon", "status"]).code == 0
    });
    assert_eq!(house.pid(), daemon.id());
    house.store.ok(&["daemon", "stop"]);
    let ran = ended(daemon);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("the daemon answers"), "{}", ran.stderr);
}

#[test]
fn a_reload_that_is_wrong_is_refused_and_the_old_stays_in_force() {
    let house = House::of(TestStore::with_diary());
    house.store.ok(&["init", "project"]);
    house
        .store
        .ok(&["--project-dir", "project", "daemon", "start"]);
    let file = "project/schedules/biological_rhythms.yaml";
    let schedule = std::fs::read_to_string(house.store.path(file)).unwrap();
    house.store.write(
        file,
        schedule.replace("*/30 * * * * *", "every now and then"),
    );
    house
        .store
        .refused(2, "biological_rhythms.yaml:", &["daemon", "reload"]);
    let working = || {
        let rhythms = house.status()["rhythms"].clone();
        let of = |r: &&serde_json::Value| r["name"] == "working";
        let cron = rhythms.as_array().unwrap().iter().find(of).unwrap()["cron"][0].clone();
        cron.as_str().unwrap().to_owned()
    };
    assert_eq!(working(), "*/30 * * * * *");

    house
        .store
        .write(file, schedule.replace("*/30 * * * * *", "*/10 * * * * *"));
    house.store.ok(&["daemon", "reload"]);
    assert_eq!(working(), "*/10 * * * * *");

    let model = "project/sql/analytics/memory_dashboard.sql";
    let sql = std::fs::read_to_string(house.store.path(model)).unwrap();
    house.store.write(model, "SELECT nothing FROM nowhere");
    let refused = house.store.run(&["daemon", "reload"]);
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    assert_eq!(
        house
            .store
            .run(&["--project-dir", "project", "status"])
            .code,
        1,
        "the caller's own project is wrong"
    );
    house.store.write(model, sql);
    house.store.ok(&["daemon", "reload"]);
    assert_eq!(
        house.store.json(&["--project-dir", "project", "status"])["minds"][0]["memories"],
        6
    );
}

#[test]
fn a_reload_says_what_changes_with_the_next_start() {
    let house = House::of(TestStore::with_diary());
    let settings = |text: &str| {
        house
            .store
            .write("codex.yaml", format!("settings:\n{text}"))
    };
    settings("  lock_timeout: 9\n");
    let codex = |args: &[&str]| {
        house
            .store
            .ok(&[&["--config", "codex.yaml"], args].concat())
    };
    codex(&["daemon", "start"]);
    assert!(!codex(&["daemon", "reload"]).contains("next start"));
    settings("  threads: 1\n  daemon:\n    log_days: 3\n");
    let said = codex(&["daemon", "reload"]);
    for what in ["memory_limit and threads", "log_level and log_days"] {
        assert!(said.contains(what), "no {what:?} in {said}");
    }
}

#[test]
fn a_service_is_written_shown_and_removed() {
    let store = TestStore::new();
    let shown = store.ok(&["daemon", "install", "--print"]);
    let path = store.path(".config/systemd/user/codex.service");
    if cfg!(target_os = "linux") {
        assert!(
            shown.contains("ExecStart=") && shown.contains("--foreground"),
            "{shown}"
        );
        assert!(!path.exists());
        let said = store.ok(&["daemon", "install"]);
        assert!(
            said.contains("systemctl --user enable --now codex"),
            "{said}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), shown.trim());
        std::fs::write(&path, "mine").unwrap();
        store.refused(2, "--force", &["daemon", "install"]);
        store.ok(&["daemon", "install", "--force"]);
        assert!(store.ok(&["daemon", "uninstall"]).contains("removed"));
        assert!(!path.exists());
    }
    store.ok(&["daemon", "uninstall"]);
}

#[test]
fn a_service_and_cron_read_the_env_file_and_say_what_else_they_do_not_see() {
    let store = TestStore::with_diary();
    store.write(".env", "CODEX_TIME_ZONE=Europe/Lisbon\nPOSTGRES_DB_URL=\n");
    let place = store.path(".").canonicalize().unwrap();
    let said = |args: &[&str]| {
        let shell = [
            ("OLLAMA_MODEL", "llama3.2"),
            ("PGPASSWORD", "secret"),
            ("CODEX_TIME_ZONE", "Europe/Lisbon"),
            ("CODEX_LOCK_TIMEOUT", "7"),
        ];
        let ran = ran(store.codex().args(args).envs(shell));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for name in ["OLLAMA_MODEL", "PGPASSWORD", "CODEX_LOCK_TIMEOUT"] {
            assert!(
                ran.stderr.contains(name),
                "{args:?}: no {name}: {}",
                ran.stderr
            );
        }
        for known in ["secret", "CODEX_TIME_ZONE", "DUCKDB_PATH"] {
            assert!(!ran.stderr.contains(known), "{args:?}: {}", ran.stderr);
        }
        ran.stdout
    };
    for args in [
        &["daemon", "install", "--print"][..],
        &["daemon", "install", "--print", "--json"],
        &["daemon", "install"],
    ] {
        said(args);
    }
    let unit = said(&["daemon", "install", "--print"]);
    let there = place.to_str().unwrap();
    assert!(
        unit.contains("WorkingDirectory") && unit.contains(there),
        "{unit}"
    );
    let lines = said(&["schedule", "crontab"]);
    let line = lines
        .lines()
        .find(|l| l.contains("--type working "))
        .unwrap();
    let command = line.splitn(6, ' ').nth(5).unwrap();
    let run = || {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", command]).current_dir("/");
        let ran = shell.env("HOME", &place).output().unwrap();
        String::from_utf8_lossy(&ran.stderr).into_owned()
    };
    assert_eq!(run(), "", "{command}");
    // That it is read shows where it is wrong.
    store.write(".env", "CODEX_LOCK_TIMEOUT=soon\n");
    assert!(run().contains("CODEX_LOCK_TIMEOUT"), "{}", run());
}

#[test]
fn lines_for_cron_are_one_comment_and_say_whose_clock_a_rhythm_goes_by() {
    let store = TestStore::new();
    store.ok(&["init", "project"]);
    let file = "project/schedules/biological_rhythms.yaml";
    store.write(
        file,
        "version: 1\nrhythms:\n  - name: nightly\n    cycle: deep_sleep\n    cron: \"0 30 3 * * *\"\n    description: |\n      first line\n      rm -rf of the second\n",
    );
    let text = store.ok(&["--project-dir", "project", "schedule", "crontab"]);
    assert!(
        text.contains("# nightly: first line rm -rf of the second (by the clock of UTC; this is the machine's)\n30 3 * * * "),
        "{text}"
    );
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let house = House::of(TestStore::lived());
    // Far more than there is room for, in one go.
    let words = "the cello and the cat and the river ".repeat(300);
    let lines: Vec<String> = (0..3_000)
        .map(|i| format!("{{\"id\":\"{i}\",\"content\":\"{i} {words}\",\"created_at\":\"2026-03-03T13:00:00Z\"}}"))
        .collect();
    house.store.write("long.jsonl", lines.join("\n"));
    // No file may grow beyond 12 MiB (blocks of 512 bytes): the disk is full at whatever moment comes first.
    let codex = house.store.codex();
    let limited = "trap '' XFSZ; ulimit -f 24576; exec \"$0\" daemon start";
    let mut start = house.store.command(std::path::Path::new("sh"));
    start.args(["-c", limited]).arg(codex.get_program());
    let start = ran(&mut start);
    assert_eq!(start.code, 0, "{}", start.stderr);
    let import = house.store.run(&["import", "long.jsonl"]);
    assert_eq!(import.code, 1, "{}{}", import.stdout, import.stderr);
    assert!(import.stderr.contains("hint"), "{}", import.stderr);
    // It goes on answering, and nothing is half there.
    let verified = house.store.json(&["verify"]);
    assert_eq!(verified["ok"], true, "{verified}");
    assert!(
        !house.store.json(&["query", "--text", "Bolota"])["results"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(house.store.run(&["daemon", "status"]).code, 0);
    house.store.ok(&["daemon", "stop"]);
    house.store.ok(&["memory", "add", "there is room again"]);
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    assert_eq!(house.store.count("SELECT count(*) FROM raw.memories"), 7);
}
