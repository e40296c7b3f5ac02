//! Every command is the same with the daemon and without it.

use crate::house::{House, ended, kill, long_diary, wait_until};
use crate::test_store::{AFTER, TestStore, ran};
use serde_json::Value;

/// What a command says, without where it was said.
fn said(store: &TestStore, args: &[&str]) -> (i32, String, String) {
    let ran = store.run(args);
    let place = store.store().canonicalize().unwrap();
    let place = place.parent().unwrap().to_str().unwrap().to_owned();
    let same = |text: String| text.replace(&place, "ROOM");
    (ran.code, same(ran.stdout), same(ran.stderr))
}

const LOOKS: &[&[&str]] = &[
    &["query", "--text", "Bolota", "--as-of", AFTER, "--explain"],
    &[
        "query",
        "--text",
        "When is the cutover?",
        "--as-of",
        AFTER,
        "--json",
        "--explain",
    ],
    &[
        "query",
        "--batch",
        "questions.jsonl",
        "--json",
        "--as-of",
        AFTER,
    ],
    &["query", "--batch", "questions.jsonl", "--as-of", AFTER],
    &["query", "--batch", "wrong.jsonl"],
    &["query", "--text", "x", "--mind", "nobody"],
    &["insights", "--since", "4w", "--as-of", AFTER],
    &["insights", "--since", "4w", "--as-of", AFTER, "--json"],
    &["explain", "a1"],
    &["explain", "a1", "--json"],
    &["explain", "nothing"],
    &["memory", "list"],
    &["memory", "list", "--json"],
    &["status", "--mind", "default"],
    &[
        "sql",
        "SELECT count(*) AS n, 0.1::DOUBLE AS x, NULL AS nothing FROM raw.memories",
    ],
    &[
        "sql",
        "SELECT * FROM raw.memories ORDER BY memory_id",
        "--json",
    ],
    &["sql", "SELECT count(*) FROM 'diary.jsonl'"],
    &["sql", "DELETE FROM raw.memories"],
    &["sql", "SELEC 1"],
    &["verify"],
    &["verify", "--json"],
    &["ls"],
    &["test", "--as-of", AFTER, "-s", "memory_traces"],
    &["compile", "-s", "episodes", "--as-of", AFTER],
    &[
        "export",
        "--format",
        "jsonl",
        "--output",
        "all.jsonl",
        "--force",
    ],
    &["export", "--format", "jsonl", "--output", "all.jsonl"],
    &["replay", "--into", "all.jsonl"],
    &["snapshot", "--output", "memory.duckdb"],
    &["import", "diary.jsonl"],
    &["import", "nowhere.jsonl"],
    &["import", "broken.jsonl", "--json"],
    &["consolidate", "--as-of", "2020-01-01"],
    &["consolidate", "--as-of", AFTER],
    &["consolidate", "--as-of", AFTER, "--json"],
];

#[test]
fn every_command_says_the_same_with_and_without_it() {
    let prepare = || {
        let store = TestStore::lived();
        store.write(
            "questions.jsonl",
            "{\"text\":\"the vet\"}\n{\"text\":\"reports\",\"k\":1}\n",
        );
        store.write(
            "wrong.jsonl",
            "{\"text\":\"the vet\"}\n{\"text\":\"x\",\"mind\":\"nobody\"}\n",
        );
        store.write("broken.jsonl", "{\"id\":\"x\"\n");
        store
    };
    let (without, with) = (prepare(), House::of(prepare()));
    // One store in two places: it even remembers when it heard of things.
    std::fs::copy(without.store(), with.store.store()).unwrap();
    // Its rhythms would live through what the commands are to do.
    with.store.ok(&["schedule", "pause", "--all"]);
    without.ok(&["schedule", "pause", "--all"]);
    with.start();
    for args in LOOKS {
        let (alone, through) = (said(&without, args), said(&with.store, args));
        // How long a test of data takes differs.
        let timeless = |(code, out, err): (i32, String, String)| {
            let out: Vec<String> = out
                .lines()
                .map(|line| line.split(" in 0.").next().unwrap_or(line).to_owned())
                .collect();
            (code, out, err)
        };
        assert_eq!(timeless(through), timeless(alone), "codex {args:?}");
    }
    assert!(
        with.status()["answered"].as_u64().unwrap() > 20,
        "they went through it"
    );
}

#[test]
fn what_changes_the_store_changes_it_alike() {
    let (without, with) = (TestStore::with_diary(), House::of(TestStore::with_diary()));
    with.store.ok(&["schedule", "pause", "--all"]);
    with.start();
    for store in [&without, &with.store] {
        store.ok(&[
            "memory",
            "add",
            "The spare key is at the greenhouse",
            "--at",
            "2026-03-03 09:00",
            "--key",
            "k",
        ]);
        store.ok(&[
            "memory",
            "edit",
            "a2",
            "Call the vet about Bolota at eleven.",
        ]);
        store.ok(&["memory", "delete", "b2", "--reason", "told in confidence"]);
        store.ok(&["consolidate", "--as-of", AFTER]);
        store.ok(&["consolidate", "--nap", "--as-of", "2026-03-05T12:00:00Z"]);
    }
    let hash = |store: &TestStore| store.json(&["verify"])["state_hash"].clone();
    assert_eq!(hash(&with.store), hash(&without));
    with.store.ok(&[
        "consolidate",
        "--rebuild",
        "--as-of",
        "2026-03-05T12:00:00Z",
    ]);
    without.ok(&[
        "consolidate",
        "--rebuild",
        "--as-of",
        "2026-03-05T12:00:00Z",
    ]);
    assert_eq!(hash(&with.store), hash(&without));
    let replayed = with.store.json(&["replay", "--into", "again.duckdb"]);
    assert_eq!(replayed["ok"], true);
    with.store.ok(&["snapshot", "--output", "copy.duckdb"]);
    assert_eq!(
        with.store.json(&["--db", "copy.duckdb", "verify"])["state_hash"],
        hash(&without)
    );
}

#[test]
fn twenty_commands_at_once_never_see_a_lock() {
    let house = House::running(TestStore::with_diary());
    house.store.write("more.jsonl", long_diary(20));
    let commands: [&[&str]; 10] = [
        &["import", "more.jsonl"],
        &["consolidate"],
        &["query", "--text", "Bolota"],
        &["memory", "add", "one more thing"],
        &["status", "--json"],
        &["verify"],
        &["sql", "SELECT count(*) FROM raw.memories"],
        &["insights", "--since", "52w"],
        &["query", "--text", "the vet", "--use"],
        &["memory", "list"],
    ];
    let running: Vec<_> = (0..20)
        .map(|i| (commands[i % 10], house.begin(commands[i % 10])))
        .collect();
    for (args, child) in running {
        let ran = ended(child);
        assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("lock"), "{}", ran.stderr);
    }
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    assert_eq!(
        house.store.count("SELECT count(*) FROM raw.memories"),
        6 + 20 * 8 + 2
    );
    // And without it: cron and people.
    house.store.ok(&["daemon", "stop"]);
    let running: Vec<_> = (0..20)
        .map(|i| (commands[i % 10], house.begin(commands[i % 10])))
        .collect();
    for (args, child) in running {
        let ran = ended(child);
        assert_eq!(ran.code, 0, "codex {args:?}\n{}{}", ran.stdout, ran.stderr);
    }
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}

#[test]
fn reads_do_not_wait_for_a_cycle_and_see_what_was_committed() {
    let house = House::of(TestStore::lived());
    house.store.write("long.jsonl", long_diary(60));
    house.store.ok(&["import", "long.jsonl", "--mind", "other"]);
    house.store.ok(&["schedule", "pause", "--all"]);
    house.start();
    let consolidation = house.begin(&["consolidate"]);
    let is_consolidating = || house.is_at_work_on("consolidate");
    wait_until("it consolidates", is_consolidating);
    let answer = house.store.json(&["query", "--text", "Bolota"]);
    assert!(!answer["results"].as_array().unwrap().is_empty());
    house.store.ok(&["memory", "show", "a1"]);
    house.store.ok(&["insights"]);
    house
        .store
        .ok(&["sql", "SELECT count(*) FROM state.memory_traces"]);
    assert!(is_consolidating(), "all that while it went on");
    assert_eq!(ended(consolidation).code, 0);
    // What was recalled meanwhile is logged once there is room.
    wait_until("the trail is written", || {
        house
            .store
            .count("SELECT count(*) FROM raw.activations WHERE kind = 'used'")
            == 1
            && house
                .store
                .count("SELECT count(*) FROM raw.activations WHERE kind = 'retrieved'")
                > 0
    });
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}

#[test]
fn ctrl_c_cancels_what_the_daemon_does() {
    let house = House::resting_with_days(60);
    for args in [
        &["consolidate"][..],
        &["consolidate", "--rebuild"],
        &[
            "sql",
            "SELECT count(*) FROM range(10000000000) a, range(1000) b",
        ],
    ] {
        let command = house.begin(args);
        wait_until("it is at work", || house.is_at_work_on(args[0]));
        kill(command.id(), "INT");
        ended(command);
        wait_until("it has been cancelled", || {
            house.status()["busy"].as_array().unwrap().is_empty()
        });
    }
    let nights = house.store.json(&["status"])["minds"][0]["nights"]
        .as_i64()
        .unwrap();
    assert!(nights < 60, "{nights}");
    // Nothing of it is left under way: stopping waits for nobody.
    house.store.ok(&["daemon", "stop"]);
    let log = house.store.ok(&["daemon", "logs"]);
    assert!(log.contains("the daemon has stopped"), "{log}");
    assert!(!log.contains("did not end in time"), "{log}");
    house.start();
    assert_eq!(house.store.json(&["verify"])["ok"], true);
    house.store.ok(&["consolidate"]);
    assert_eq!(house.store.json(&["status"])["minds"][0]["nights"], 60);
}

#[test]
fn other_parameters_are_answered_as_without_it() {
    let (without, with) = (TestStore::lived(), House::running(TestStore::lived()));
    let vars = "{recall_context_weight: 0.9}";
    let args = [
        "query", "--text", "Bolota", "--as-of", AFTER, "--json", "--vars", vars,
    ];
    assert_eq!(with.store.ok(&args), without.ok(&args));
    // And its own are in force again.
    let args = ["query", "--text", "Bolota", "--as-of", AFTER, "--json"];
    assert_eq!(with.store.ok(&args), without.ok(&args));
    assert_eq!(with.store.json(&["verify"])["ok"], true);
}

#[test]
fn other_settings_than_the_daemon_s_are_told_once_and_the_command_goes_on() {
    let house = House::running(TestStore::lived());
    let status = |args: &[&str], url: Option<&str>| {
        let mut codex = house.store.codex();
        codex.args(args).envs(url.map(|url| ("OLLAMA_URL", url)));
        let ran = ran(&mut codex);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr
    };
    assert_eq!(status(&["status"], None), "");
    // A command that asks twice.
    house
        .store
        .write("questions.jsonl", "{\"text\":\"the vet\"}\n");
    let args = ["query", "--batch", "questions.jsonl"];
    let said = status(&args, Some("http://127.0.0.1:9"));
    let notes: Vec<&str> = said.lines().filter(|l| l.contains("settings")).collect();
    assert_eq!(notes.len(), 1, "{said}");
    for what in [&format!("pid {}", house.pid()), "(ollama)", "daemon reload"] {
        assert!(notes[0].contains(what), "no {what:?} in {said}");
    }
    assert_eq!(status(&["status", "-q"], Some("http://127.0.0.1:9")), "");
}

#[test]
fn who_waits_too_long_hears_for_what() {
    let house = House::resting_with_days(60);
    let consolidation = house.begin(&["consolidate"]);
    wait_until("it consolidates", || house.is_at_work_on("consolidate"));
    let ran = ran(house
        .store
        .codex()
        .args(["memory", "add", "something"])
        .env("CODEX_LOCK_TIMEOUT", "0"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("busy with consolidate"),
        "{}",
        ran.stderr
    );
    kill(consolidation.id(), "INT");
    ended(consolidation);
}

#[test]
fn another_program_s_lock_is_told_in_our_words() {
    let store = TestStore::with_diary();
    // Python's DuckDB or the command line would do the same: this is a process of DuckDB's without our lock.
    let holder = duckdb::Connection::open(store.store()).unwrap();
    let script = store.run(&["status"]);
    // Within one process DuckDB shares a file; between two it does not.
    assert_eq!(script.code, 3, "{}", script.stderr);
    assert!(script.stderr.contains("is open in"), "{}", script.stderr);
    assert!(
        !script.stderr.contains("Could not set lock"),
        "{}",
        script.stderr
    );
    drop(holder);
    store.ok(&["status"]);
}

#[test]
fn answers_survive_the_way_through_the_socket() {
    let store = TestStore::lived();
    // Numbers, words of other scripts and empty things.
    store.write("odd.jsonl", "{\"id\":\"o\",\"content\":\"naïve 日本 \\u0007\\\"quoted\\\" \\\\ text\",\"created_at\":\"2026-03-03T12:00:00.123456Z\",\"metadata\":{\"big\":12345678901234567890,\"f\":0.1,\"deep\":[{\"a\":null}]}}\n");
    store.ok(&["import", "odd.jsonl"]);
    let asked: [&[&str]; 4] = [
        &[
            "sql",
            "SELECT 0.1::DOUBLE + 0.2::DOUBLE AS x, 1e300 AS y, '日本' AS s",
            "--json",
        ],
        &["explain", "o", "--json"],
        &[
            "query",
            "--text",
            "naïve 日本",
            "--as-of",
            AFTER,
            "--json",
            "--explain",
        ],
        &["metrics", "--period", "7d", "--json"],
    ];
    let alone: Vec<Value> = asked
        .iter()
        .map(|args| serde_json::from_str(&store.ok(args)).unwrap())
        .collect();
    let house = House::of(store);
    house.store.ok(&["schedule", "pause", "--all"]);
    house.start();
    for (args, alone) in asked.iter().zip(alone) {
        let through: Value = serde_json::from_str(&house.store.ok(args)).unwrap();
        if args[0] == "metrics" {
            assert_eq!(through["cycles"], alone["cycles"]);
        } else {
            assert_eq!(through, alone, "codex {args:?}");
        }
    }
}
