use super::*;
use crate::project::{ConfigPatch, ModelConfig, StageName};

/// A node from `name: parent parent #tag`, in the stage of its first letter.
fn nodes(lines: &[&str]) -> BTreeMap<ModelName, Node> {
    lines
        .iter()
        .map(|line| {
            let (name, rest) = line.split_once(':').unwrap_or((line, ""));
            let (tags, parents): (Vec<&str>, Vec<&str>) = rest
                .split_whitespace()
                .partition(|word| word.starts_with('#'));
            let stage = StageName::parse(&name[..1]).unwrap();
            let patch = ConfigPatch {
                tags: Some(tags.iter().map(|tag| tag[1..].to_owned()).collect()),
                ..ConfigPatch::default()
            };
            let node = Node {
                name: ModelName::parse(name).unwrap(),
                path: format!("sql/{stage}/{name}.sql"),
                config: ModelConfig::resolve(name, &stage, &patch, None).unwrap(),
                stage,
                depends_on: parents
                    .iter()
                    .map(|name| ModelName::parse(name).unwrap())
                    .collect(),
                sources: Vec::new(),
            };
            (node.name.clone(), node)
        })
        .collect()
}

fn diamond() -> Graph {
    Graph::new(&nodes(&[
        "z_raw",
        "b_left: z_raw #day",
        "a_right: z_raw #day #fast",
        "a_end: b_left a_right #fast",
        "c_alone",
    ]))
    .unwrap()
}

fn chosen(select: &str, exclude: &str) -> String {
    let selection = diamond()
        .select(&[select.to_owned()], &[exclude.to_owned()], None)
        .unwrap();
    let names: Vec<&str> = selection.models.iter().map(ModelName::as_str).collect();
    names.join(" ")
}

#[test]
fn models_run_after_what_they_refer_to_then_by_name() {
    let graph = diamond();
    let names: Vec<&str> = graph.order().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["c_alone", "z_raw", "a_right", "b_left", "a_end"]);
}

#[test]
fn circles_are_reported_by_name() {
    let error = Graph::new(&nodes(&["c: b", "b: a", "a: c", "d: a"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "models refer to each other in a circle: a → c → b → a; remove one of these references"
    );
    let missing = Graph::new(&nodes(&["c: b"])).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "model 'c' refers to 'b', which does not exist or is disabled"
    );
}

#[test]
fn plus_goes_up_and_down_as_far_as_it_says() {
    assert_eq!(chosen("a_end", ""), "a_end");
    assert_eq!(chosen("+a_end", ""), "z_raw a_right b_left a_end");
    assert_eq!(chosen("1+a_end", ""), "a_right b_left a_end");
    assert_eq!(chosen("z_raw+1", ""), "z_raw a_right b_left");
    assert_eq!(chosen("b_left+", ""), "b_left a_end");
    assert_eq!(chosen("+b_left+", ""), "z_raw b_left a_end");
}

#[test]
fn methods_and_wildcards_select() {
    assert_eq!(chosen("tag:day", ""), "a_right b_left");
    assert_eq!(chosen("stage:a", ""), "a_right a_end");
    assert_eq!(chosen("path:sql/a", ""), "a_right a_end");
    assert_eq!(chosen("sql/a/a_end.sql", ""), "a_end");
    assert_eq!(
        chosen("config.materialized:view", "c_alone"),
        "z_raw a_right b_left a_end"
    );
    assert_eq!(chosen("a_*", ""), "a_right a_end");
    assert_eq!(chosen("*e?t", ""), "b_left");
    assert_eq!(chosen("", "tag:*"), "c_alone z_raw");
}

#[test]
fn a_space_means_or_and_a_comma_means_and() {
    assert_eq!(chosen("b_left c_alone", ""), "c_alone b_left");
    assert_eq!(chosen("tag:day,tag:fast", ""), "a_right");
    assert_eq!(chosen("+a_end,tag:day c_alone", "b_*"), "c_alone a_right");
}

#[test]
fn unknown_methods_are_errors_and_empty_matches_are_warnings() {
    let graph = diamond();
    let error = |text: &str| {
        graph
            .select(&[text.to_owned()], &[], None)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("tags:day"),
        "selector 'tags:day': unknown method 'tags'; did you mean 'tag'?"
    );
    assert!(error("tag:").contains("there is no name or value"));
    let selection = graph.select(&["b_lft".to_owned()], &[], None).unwrap();
    assert!(selection.models.is_empty());
    assert_eq!(
        selection.warnings,
        ["the selector 'b_lft' matches no model; did you mean 'b_left'?"]
    );
}

#[test]
fn lineage_goes_both_ways() {
    let graph = diamond();
    assert_eq!(graph.parents("a_end").len(), 2);
    assert_eq!(graph.children("z_raw").len(), 2);
    assert_eq!(graph.ancestors("a_end", None).len(), 3);
    assert_eq!(graph.descendants("z_raw", Some(1)).len(), 2);
    assert!(graph.ancestors("z_raw", None).is_empty());
}

fn earlier() -> EarlierRun {
    let name = |text: &str| ModelName::parse(text).unwrap();
    EarlierRun {
        results: [
            ("model.codex.b_left", "error"),
            ("model.codex.a_end", "skipped"),
            ("test.codex.unique_z_raw_id", "fail"),
        ]
        .map(|(id, status)| (id.to_owned(), status.to_owned()))
        .into(),
        new: [name("c_alone")].into(),
        modified: [name("c_alone"), name("a_right")].into(),
    }
}

fn against_earlier(select: &str) -> String {
    let selection = diamond()
        .select(&[select.to_owned()], &[], Some(&earlier()))
        .unwrap();
    let names: Vec<&str> = selection.models.iter().map(ModelName::as_str).collect();
    names.join(" ")
}

#[test]
fn what_an_earlier_run_left_undone_or_what_changed_since_is_selected() {
    assert_eq!(against_earlier("result:error"), "b_left");
    assert_eq!(against_earlier("result:error+"), "b_left a_end");
    assert_eq!(against_earlier("state:new"), "c_alone");
    assert_eq!(against_earlier("state:modified+"), "c_alone a_right a_end");
    assert_eq!(against_earlier("state:modified,tag:fast"), "a_right");
    let error = diamond().select(&["state:new".to_owned()], &[], None);
    assert!(
        matches!(error, Err(SelectError::NoEarlierRun { .. })),
        "{error:?}"
    );
    let error = diamond().select(&["result:late".to_owned()], &[], Some(&earlier()));
    assert!(error.unwrap_err().to_string().contains("a result is"));
}

#[test]
fn tests_are_selected_by_type_by_name_by_their_models_and_by_how_they_ended() {
    let models = [ModelName::parse("z_raw").unwrap()];
    let unique = TestNode {
        id: "test.codex.unique_z_raw_id",
        types: &["generic", "unique"],
        names: &["unique", "unique_z_raw_id"],
        models: &models,
    };
    let is_in = |select: &str, exclude: &str| {
        let selection = diamond().select(
            &[select.to_owned()],
            &[exclude.to_owned()],
            Some(&earlier()),
        );
        selection.unwrap().has_test(unique)
    };
    assert!(is_in("", ""));
    assert!(is_in("test_type:unique", ""));
    assert!(is_in("test_name:unique_z_*", ""));
    assert!(is_in("test_type:generic,z_raw", ""));
    assert!(is_in("result:fail", ""));
    assert!(is_in("+b_left", ""));
    assert!(!is_in("test_type:singular", ""));
    assert!(!is_in("test_type:unique,b_left", ""));
    assert!(!is_in("z_raw", "test_type:unique"));
}
