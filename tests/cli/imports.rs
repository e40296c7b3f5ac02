//! What is known again, what is an edit, and what a person did stays.

use crate::test_store::TestStore;
use serde_json::Value;
use std::fs;

fn import(store: &TestStore, arguments: &[&str]) -> Value {
    let mut all = vec!["import", "--json"];
    all.extend(arguments);
    let ran = store.run(&all);
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", ran.stdout, ran.stderr))
}

fn counts(report: &Value) -> (u64, u64, u64) {
    let number = |name: &str| report[name].as_u64().unwrap();
    (number("added"), number("edited"), number("unchanged"))
}

const GARDEN: &str =
    "{\"id\":\"k1\",\"content\":\"The gate closes at six\",\"created_at\":\"2026-02-01T10:00:00Z\"}
{\"id\":\"k2\",\"content\":\"The beans are sown\",\"created_at\":\"2026-02-02T10:00:00Z\"}
{\"id\":\"k3\",\"content\":\"The well is dry\",\"created_at\":\"2026-02-03T10:00:00Z\"}
";

const CHAT: &str = "13/03/2024, 08:00 - Ida: The pond froze.
13/03/2024, 08:01 - Ole: Then no fish.
14/03/2024, 09:00 - Ida: It thaws.
";

#[test]
fn the_same_material_renamed_moved_or_grown_adds_only_what_is_new() {
    let store = TestStore::new();
    store.write("WhatsApp Chat with Ida.txt", CHAT);
    store.write("garden.jsonl", GARDEN);
    assert_eq!(
        counts(&import(
            &store,
            &["WhatsApp Chat with Ida.txt", "garden.jsonl"]
        )),
        (6, 0, 0)
    );
    fs::create_dir(store.path("elsewhere")).unwrap();
    store.write(
        "elsewhere/backup.txt",
        format!("{CHAT}15/03/2024, 10:00 - Ole: Fish again.\n"),
    );
    store.write("elsewhere/copy.jsonl", GARDEN);
    assert_eq!(counts(&import(&store, &["elsewhere"])), (1, 0, 6));
    let half: String = CHAT
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    store.write("half.txt", &half);
    assert_eq!(
        counts(&import(&store, &["half.txt", "garden.jsonl"])),
        (0, 0, 5)
    );
    store.ok(&["verify"]);
}

#[test]
fn files_of_one_name_and_conversations_of_one_id_never_touch() {
    let store = TestStore::new();
    for (folder, words) in [("a", "The boiler hums"), ("b", "The bicycle is new")] {
        fs::create_dir(store.path(folder)).unwrap();
        store.write(
            &format!("{folder}/notes.jsonl"),
            format!(
                "{{\"id\":\"1\",\"content\":\"{words}\",\"created_at\":\"2026-02-01T10:00:00Z\"}}\n"
            ),
        );
        store.write(
            &format!("{folder}/notes.md"),
            format!("# 2026-02-01 House\n\n{words} today.\n"),
        );
        assert_eq!(
            counts(&import(
                &store,
                &[
                    &format!("{folder}/notes.jsonl"),
                    &format!("{folder}/notes.md")
                ]
            )),
            (2, 0, 0)
        );
    }
    store.write(
        "talks.json",
        r#"[{"id":"c1","messages":[{"id":1,"content":"Figs","created_at":"2026-02-01T10:00:00Z"}]},{"id":"c2","messages":[{"id":1,"content":"Pears","created_at":"2026-02-02T10:00:00Z"}]}]"#,
    );
    assert_eq!(counts(&import(&store, &["talks.json"])), (2, 0, 0));
    assert_eq!(
        counts(&import(
            &store,
            &["talks.json", "a/notes.md", "b/notes.jsonl"]
        )),
        (0, 0, 4)
    );
}

#[test]
fn two_chats_that_share_a_message_stay_two() {
    let store = TestStore::new();
    store.write("WhatsApp Chat with Ida.txt", "1/1/2024, 00:00 - Me: Happy new year!\n1/1/2024, 00:03 - Ida: To you too\n13/1/2024, 10:00 - Ida: Tea?\n");
    store.write("WhatsApp Chat with Ole.txt", "1/1/2024, 00:00 - Me: Happy new year!\n1/1/2024, 00:02 - Ole: Cheers\n14/1/2024, 10:00 - Ole: Football?\n");
    assert_eq!(
        counts(&import(
            &store,
            &["WhatsApp Chat with Ida.txt", "WhatsApp Chat with Ole.txt"]
        )),
        (6, 0, 0)
    );
}

#[test]
fn a_persons_edit_stands_until_the_source_is_preferred() {
    let store = TestStore::new();
    store.write("garden.jsonl", GARDEN);
    import(&store, &["garden.jsonl"]);
    store.ok(&["memory", "edit", "k1", "The gate closes at seven now"]);
    assert_eq!(counts(&import(&store, &["garden.jsonl"])), (0, 0, 3));
    assert!(store.ok(&["memory", "show", "k1"]).contains("at seven now"));
    store.write(
        "garden.jsonl",
        GARDEN
            .replace("at six", "at five")
            .replace("are sown", "are up"),
    );
    let report = import(&store, &["garden.jsonl"]);
    assert_eq!(
        (counts(&report), report["kept"].as_array().unwrap().len()),
        ((0, 1, 1), 1),
        "{report}"
    );
    assert!(store.ok(&["memory", "show", "k1"]).contains("at seven now"));
    let again = import(&store, &["garden.jsonl"]);
    assert_eq!(
        (counts(&again), again["kept"].as_array().unwrap().len()),
        ((0, 0, 3), 0)
    );
    store.write(
        "garden.jsonl",
        GARDEN
            .replace("at six", "at four")
            .replace("are sown", "are up"),
    );
    assert_eq!(
        counts(&import(&store, &["garden.jsonl", "--prefer-source"])),
        (0, 1, 2)
    );
    assert!(store.ok(&["memory", "show", "k1"]).contains("at four"));
}

#[test]
fn what_was_deleted_by_hand_never_returns_and_its_key_is_free() {
    let store = TestStore::new();
    store.write("garden.jsonl", GARDEN);
    import(&store, &["garden.jsonl"]);
    store.ok(&["memory", "delete", "k3"]);
    store.ok(&["memory", "add", "The well is full", "--key", "k3"]);
    store.ok(&["memory", "edit", "k3", "The well is half full"]);
    let report = import(&store, &["garden.jsonl"]);
    assert_eq!(
        (counts(&report), report["deleted"].as_u64()),
        ((0, 0, 2), Some(1))
    );
    assert!(store.ok(&["memory", "show", "k3"]).contains("half full"));
    store.ok(&["memory", "delete", "k3"]);
    store.ok(&["memory", "add", "The well is deep", "--key", "k3"]);
    assert!(store.ok(&["memory", "show", "k3"]).contains("deep"));
}

#[test]
fn an_import_is_taken_back_as_a_whole_and_can_be_made_again() {
    let store = TestStore::new();
    store.write("garden.jsonl", GARDEN);
    import(&store, &["garden.jsonl"]);
    store.write(
        "garden.jsonl",
        format!(
            "{}{}",
            GARDEN.replace("at six", "at nine"),
            "{\"id\":\"k4\",\"content\":\"Rain\",\"created_at\":\"2026-02-04T10:00:00Z\"}\n"
        ),
    );
    let report = import(&store, &["garden.jsonl"]);
    assert_eq!(
        (counts(&report), report["batch"].as_i64()),
        ((1, 1, 2), Some(2))
    );
    store.ok(&["import", "--undo", "2"]);
    assert!(store.ok(&["memory", "show", "k1"]).contains("at six"));
    assert!(!store.ok(&["memory", "list"]).contains("Rain"));
    assert_eq!(store.run(&["import", "--undo", "2"]).code, 2);
    assert_eq!(counts(&import(&store, &["garden.jsonl"])), (1, 1, 2));
    store.ok(&["verify"]);
}

#[test]
fn rejects_are_written_for_repair_and_secrets_are_taken_out() {
    let store = TestStore::new();
    let key = format!("ghp_{}", "a1B2c3".repeat(7));
    store.write("a.jsonl", format!("{{\"content\":\"The token is {key}\",\"created_at\":\"2026-02-01\"}}\n{{\"content\":\"No date\"}}\n"));
    let ran = store.run(&["import", "a.jsonl", "--redact", "--rejects", "mend.jsonl"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("GitHub token"), "{}", ran.stderr);
    assert!(!store.ok(&["memory", "list"]).contains(&key));
    let mended = fs::read_to_string(store.path("mend.jsonl"))
        .unwrap()
        .replace("\"created_at\":null", "\"created_at\":\"2026-02-02\"");
    store.write("mended.jsonl", &mended);
    assert_eq!(
        counts(&import(&store, &["mended.jsonl"])),
        (1, 0, 0),
        "{mended}"
    );
}
