//! Starting, stopping, and what is left behind.

use crate::house::{House, ended, kill, wait_until};
use crate::test_store::{TestStore, ran};
use codex_dreams::config::{Config, ConfigSources};
use codex_dreams::daemon::protocol::{Call, Hello, Message, receive, send};
use codex_dreams::engine::request::SelectJson;
use codex_dreams::engine::{Project, ProjectSource, Reply, Request, RequestContext, fingerprint};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

#[test]
fn it_starts_answers_and_stops() {
    let house = House::of(TestStore::with_diary());
    let said = house.store.ok(&["daemon", "start"]);
    let pid = house.pid();
    assert_eq!(said.trim(), format!("the daemon runs (pid {pid})"));
    let status = house.status();
    assert_eq!(status["running"], true);
    assert_eq!(status["pid"], pid);
    assert_eq!(
        status["database"],
        house
            .store
            .store()
            .canonicalize()
            .unwrap()
            .to_str()
            .unwrap()
    );
    assert_eq!(house.store.json(&["status"])["minds"][0]["memories"], 6);
    let said = house.store.ok(&["daemon", "stop"]);
    assert_eq!(said.trim(), format!("the daemon (pid {pid}) has stopped"));
    assert!(!house.is_owned());
    assert!(
        !house.holder().socket.unwrap().exists(),
        "no socket is left"
    );
    let status = house.store.run(&["daemon", "status"]);
    assert_eq!(status.code, 3);
    assert!(
        status.stdout.contains("no daemon runs"),
        "{}",
        status.stdout
    );
    assert_eq!(house.store.ok(&["daemon", "stop"]).trim(), "no daemon runs");
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}

#[test]
fn a_second_start_says_which_pid_runs() {
    let house = House::running(TestStore::new());
    let pid = house.pid();
    let said = house.store.ok(&["daemon", "start"]);
    assert_eq!(said.trim(), format!("the daemon runs already (pid {pid})"));
    house.store.refused(
        3,
        &format!("pid {pid}"),
        &["daemon", "start", "--foreground"],
    );
    assert_eq!(house.pid(), pid);
}

#[test]
fn of_two_that_race_one_runs_and_both_say_which() {
    for _ in 0..3 {
        let house = House::of(TestStore::with_diary());
        let racers: Vec<_> = (0..4)
            .map(|_| house.begin(&["daemon", "start", "--json"]))
            .collect();
        let mut pids = Vec::new();
        for racer in racers {
            let ran = ended(racer);
            assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
            let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            pids.push(said["pid"].as_u64().unwrap());
        }
        assert_eq!(pids, vec![u64::from(house.pid()); 4]);
        assert_eq!(house.status()["pid"], house.pid());
    }
}

#[test]
fn what_a_kill_leaves_behind_is_recognised() {
    let house = House::running(TestStore::with_diary());
    let first = house.pid();
    let socket = house.holder().socket.unwrap();
    house.kill();
    assert!(socket.exists(), "a killed daemon leaves its socket");
    // Nobody answers there, so commands open the store themselves.
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    assert_eq!(house.store.run(&["daemon", "status"]).code, 3);
    assert_ne!(house.start(), first);
    assert_eq!(house.status()["running"], true);
}

#[test]
fn a_daemon_killed_before_a_reboot_leaves_a_pid_that_is_somebody_elses() {
    let house = House::of(TestStore::with_diary());
    // What a daemon wrote whose number this test's process has now.
    let text = format!(
        "pid {} (the codex daemon)\nsocket /nowhere/codex.sock\n",
        std::process::id()
    );
    std::fs::write(house.store.path("memory.duckdb.lock"), text).unwrap();
    assert_eq!(house.store.ok(&["daemon", "stop"]).trim(), "no daemon runs");
    house.start();
    assert_ne!(house.pid(), std::process::id());
}

#[test]
fn a_start_that_fails_says_why_and_leaves_nothing() {
    let house = House::of(TestStore::new());
    house.store.write("memory.duckdb", "this is no store");
    let ran = house.store.run(&["daemon", "start"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for what in [
        "does not start",
        "not a DuckDB file",
        "the last lines of its log",
        "ERROR",
    ] {
        assert!(ran.stderr.contains(what), "no {what:?} in {}", ran.stderr);
    }
    assert!(!house.is_owned());

    let house = House::of(TestStore::new());
    house
        .store
        .write("codex.yaml", "settings:\n  lock_timeout: soon\n");
    house.store.refused(
        2,
        "codex.yaml:2:",
        &["--config", "codex.yaml", "daemon", "start"],
    );
}

#[test]
fn one_that_is_about_to_answer_can_be_stopped() {
    let house = House::of(TestStore::with_diary());
    let start = house.begin(&["daemon", "start"]);
    wait_until("it has the store", || house.is_owned());
    let said = house.store.ok(&["daemon", "stop"]);
    assert!(said.contains("has stopped"), "{said}");
    assert!(!house.is_owned());
    ended(start);
}

#[test]
fn a_reload_that_waits_for_its_turn_does_not_keep_it_from_stopping() {
    let house = House::of(TestStore::with_diary());
    house.store.ok(&["schedule", "pause", "--all"]);
    let start = ran(house
        .store
        .codex()
        .args(["daemon", "start"])
        .env("CODEX_DAEMON_GRACE", "0")
        .env("CODEX_LOCK_TIMEOUT", "300"));
    assert_eq!(start.code, 0, "{}", start.stderr);
    let endless = "SELECT count(*) FROM range(10000000000) a, range(1000) b";
    let query = house.begin(&["sql", endless]);
    wait_until("it is at work", || house.is_at_work_on("sql"));
    kill(house.pid(), "HUP");
    wait_until("the reload waits", || house.status()["waiting"] == 1);
    kill(house.pid(), "TERM");
    wait_until("it has gone", || !house.is_owned());
    ended(query);
    let log = house.store.ok(&["daemon", "logs"]);
    assert!(log.contains("the daemon has stopped"), "{log}");
}

#[test]
fn it_says_how_long_stopping_leaves_to_what_runs() {
    let house = House::of(TestStore::with_diary());
    house.store.ok(&["schedule", "pause", "--all"]);
    let start = ran(house
        .store
        .codex()
        .args(["daemon", "start"])
        .env("CODEX_DAEMON_GRACE", "7"));
    assert_eq!(start.code, 0, "{}", start.stderr);
    assert_eq!(house.status()["grace_seconds"], 7);
}

#[test]
fn it_waits_for_a_command_that_has_the_store() {
    let house = House::with_days(30);
    let consolidation = house.begin(&["consolidate"]);
    wait_until("the store is owned", || house.is_owned());
    house.start();
    assert_eq!(ended(consolidation).code, 0);
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}

#[test]
fn stopping_interrupts_a_cycle_that_takes_too_long() {
    let house = House::with_days(50);
    let start = ran(house
        .store
        .codex()
        .args(["daemon", "start"])
        .env("CODEX_DAEMON_GRACE", "0"));
    assert_eq!(start.code, 0, "{}", start.stderr);
    wait_until("a cycle runs", || house.is_at_work_on("rhythm"));
    assert!(house.store.ok(&["daemon", "stop"]).contains("has stopped"));
    let nights = house.store.json(&["status"])["minds"][0]["nights"]
        .as_i64()
        .unwrap();
    assert!(nights < 50, "it was interrupted midway");
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    house.store.ok(&["consolidate"]);
    assert_eq!(house.store.json(&["status"])["minds"][0]["nights"], 50);
}

#[test]
fn an_answer_on_its_way_arrives_before_it_stops() {
    let house = House::running(TestStore::with_diary());
    // Far more than a socket takes in at once, for one who is slow to read it.
    let socket = house.holder().socket.unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let _: Hello = receive(&mut from).unwrap().unwrap();
    send(&mut stream, &Hello::mine()).unwrap();
    let rows = 200_000;
    let request = Request::SelectJson(SelectJson {
        query: format!("SELECT i, repeat('a', 100) AS text FROM range({rows}) r(i)")
            .as_str()
            .into(),
    });
    let caller = RequestContext {
        patience: 30,
        fingerprint: own_fingerprint(),
        project: None,
        parameters: String::new(),
    };
    let request = Box::new(request);
    send(&mut stream, &Call::Ask { request, caller }).unwrap();
    // Its first byte is there: the rest is on its way.
    from.fill_buf().unwrap();
    kill(house.pid(), "TERM");
    wait_until("it stops", || {
        house.store.ok(&["daemon", "logs"]).contains("stopping")
    });
    let answer: Message = receive(&mut from).unwrap().unwrap();
    match answer {
        Message::Reply(Reply::SelectJson(found)) => assert_eq!(found.len(), rows),
        other => panic!("{other:?}"),
    }
    wait_until("it has gone", || !house.is_owned());
}

/// That of the daemon's own project and parameters.
fn own_fingerprint() -> String {
    let sources = ConfigSources {
        database: Some("/nowhere".into()),
        ..ConfigSources::default()
    };
    let parameters = Config::load(&sources).unwrap().parameters;
    fingerprint(
        &Project::load(ProjectSource::Embedded).unwrap(),
        &parameters,
    )
}

#[test]
fn restart_is_another_process_on_the_same_store() {
    let house = House::running(TestStore::with_diary());
    let first = house.pid();
    house.store.ok(&["daemon", "restart"]);
    assert_ne!(house.pid(), first);
    assert_eq!(house.status()["running"], true);
}

#[test]
fn only_its_user_reaches_it() {
    let house = House::running(TestStore::new());
    let socket = house.holder().socket.unwrap();
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    assert!(socket.as_os_str().len() < 104);
}

#[test]
fn signals_stop_and_reload_it() {
    for signal in ["TERM", "INT"] {
        let house = House::running(TestStore::with_diary());
        let socket = house.holder().socket.unwrap();
        kill(house.pid(), signal);
        wait_until("it has gone", || !house.is_owned());
        // One that dies of the signal would leave both as they are.
        assert!(!socket.exists(), "{signal} leaves a socket");
        let log = house.store.ok(&["daemon", "logs"]);
        for said in [
            format!("signal=SIG{signal}"),
            "the daemon has stopped".into(),
        ] {
            assert!(log.contains(&said), "no {said:?} in {log}");
        }
        assert_eq!(house.store.json(&["verify"])["ok"], true);
    }
    let house = House::running(TestStore::with_diary());
    kill(house.pid(), "HUP");
    wait_until("it says that it has reloaded", || {
        house.store.ok(&["daemon", "logs"]).contains("reloaded")
    });
    assert_eq!(house.status()["running"], true);
}
