//! `codex eval` measures the store that is there, or memories of a file, and compares.

use crate::test_store::TestStore;

const TEXTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relevance");

#[test]
fn memories_and_questions_of_files_are_measured_in_a_store_of_their_own() {
    let store = TestStore::with_diary();
    let before = store.count("SELECT count(*) FROM raw.memories");
    let memories = format!("{TEXTS}/memories.jsonl");
    let questions = format!("{TEXTS}/questions.jsonl");
    let given = ["eval", "--memories", &memories, "--questions", &questions];
    let report = store.json(&given);
    assert_eq!(report["quality"]["all"]["questions"], 40);
    assert!(report["quality"]["all"]["recall_10"].as_f64().unwrap() > 0.9);
    assert!(report["at_cut"]["all"]["silent"].as_f64().unwrap() >= 0.9);
    assert!(report["quality"]["check"]["mrr"].is_f64(), "by category");
    let retention = store.json(&[&given[..], &["--retention"]].concat());
    assert!(retention["area"]["importance"].is_f64());
    assert_eq!(retention["calibration"].as_array().unwrap().len(), 10);
    assert_eq!(store.count("SELECT count(*) FROM raw.memories"), before);
}

#[test]
fn two_runs_are_compared_question_by_question() {
    let store = TestStore::lived();
    store.write(
        "questions.jsonl",
        "{\"text\": \"When is the cutover of the reports?\", \"answers\": [\"b2\"], \"category\": \"when\"}\n\
         {\"text\": \"What did the helicopter pilot say?\", \"answers\": []}\n",
    );
    let asked = ["eval", "--questions", "questions.jsonl"];
    store.ok(&[&asked[..], &["--run", "run.jsonl"]].concat());
    let report = store.json(&[&asked[..], &["--compare", "run.jsonl"]].concat());
    assert_eq!(report["quality"]["when"]["recall_1"], 1.0);
    assert_eq!(report["differences"][0]["all"]["mean"], 0.0);
    let without = store.json(&[&asked[..], &["--ablate"]].concat());
    assert!(without["differences"].as_array().unwrap().len() > 8);
    assert_eq!(
        store.count("SELECT count(*) FROM raw.activations"),
        0,
        "nothing is logged"
    );
}

#[test]
fn a_question_that_is_none_is_named_with_its_line() {
    let store = TestStore::lived();
    store.write(
        "questions.jsonl",
        "{\"text\": \"?\", \"answers\": []}\n{\"answers\": []}\n",
    );
    store.refused(
        2,
        "questions.jsonl:2:",
        &["eval", "--questions", "questions.jsonl"],
    );
}

#[test]
fn options_of_a_query_narrow_it_and_say_why_a_memory_did_not_come_up() {
    let store = TestStore::lived();
    let text = "When is the cutover of the reports?";
    let plain = store.json(&["query", "--text", text]);
    let first = &plain["results"][0];
    let narrow = store.json(&[
        "query",
        "--text",
        text,
        "--until",
        "2000-01-01",
        "--min-relevance",
        "usual",
    ]);
    assert!(narrow["results"].as_array().unwrap().is_empty());
    assert!(narrow["notes"][0].as_str().unwrap().contains("filter"));
    let id = first["id"].to_string();
    let why = store.json(&[
        "query",
        "--text",
        text,
        "--until",
        "2000-01-01",
        "--why-not",
        &id,
    ]);
    assert_eq!(why["why_not"]["reason"], "it does not pass the filter");
    let wide = store.json(&["query", "--text", text, "--expand", "1", "--associative"]);
    assert_eq!(wide["results"][0]["score"], first["score"]);
    store.refused(
        2,
        "KEY=VALUE",
        &["query", "--text", text, "--where", "nothing"],
    );
}
