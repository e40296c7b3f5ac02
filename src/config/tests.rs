use std::path::Path;

use super::*;

fn sources(environment: &[(&str, &str)]) -> ConfigSources {
    ConfigSources {
        environment: [("HOME", "/home/ada")]
            .iter()
            .chain(environment)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..ConfigSources::default()
    }
}

fn with_file(text: &str) -> (tempfile::TempDir, ConfigSources) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("codex.yaml");
    std::fs::write(&file, text).unwrap();
    let sources = ConfigSources {
        file: Some(file),
        ..sources(&[])
    };
    (dir, sources)
}

/// The message with the directory taken away.
fn error_of(text: &str) -> String {
    let (dir, sources) = with_file(text);
    let message = Config::load(&sources).unwrap_err().to_string();
    message.replace(&format!("{}/", dir.path().display()), "")
}

#[test]
fn the_embedded_defaults_load() {
    let config = Config::load(&sources(&[])).unwrap();
    assert_eq!(
        config.settings.database,
        Path::new("/home/ada/.local/share/codex/memory.duckdb")
    );
    assert_eq!(
        config.parameters.get("working_memory_capacity"),
        Some(&Value::Integer(7))
    );
    assert!(config.warnings.is_empty());
}

#[test]
fn later_layers_win_and_the_origin_says_which() {
    let text = "settings: {threads: 1}\nparameters: {working_memory_capacity: 6, consolidation_threshold: 1}\n";
    let (_dir, mut sources) = with_file(text);
    let file_only = Config::load(&sources).unwrap();
    assert_eq!(file_only.settings.threads.get(), 1);
    let threshold = file_only
        .parameters
        .parameter("consolidation_threshold")
        .unwrap();
    assert_eq!(threshold.value, Value::Number(1.0));
    assert!(matches!(threshold.origin, Origin::File(_)));

    let name = "CODEX_WORKING_MEMORY_CAPACITY";
    sources.environment.insert(name.into(), "8".into());
    sources
        .environment
        .insert("CODEX_THREADS".into(), "4".into());
    let environment = Config::load(&sources).unwrap();
    assert_eq!(environment.settings.threads.get(), 4);
    let capacity = environment
        .parameters
        .parameter("working_memory_capacity")
        .unwrap();
    assert_eq!(capacity.value, Value::Integer(8));
    assert_eq!(capacity.origin, Origin::Environment(name.into()));

    sources.vars = Some("{working_memory_capacity: 9}".into());
    let vars = Config::load(&sources).unwrap();
    let capacity = vars
        .parameters
        .parameter("working_memory_capacity")
        .unwrap();
    assert_eq!(
        (&capacity.value, &capacity.origin),
        (&Value::Integer(9), &Origin::Vars)
    );
}

#[test]
fn the_database_path_is_relative_to_the_file_that_names_it() {
    let (dir, mut sources) = with_file("settings:\n  database: my.duckdb\n");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.settings.database, dir.path().join("my.duckdb"));
    sources
        .environment
        .insert("DUCKDB_PATH".into(), "~/other.duckdb".into());
    let config = Config::load(&sources).unwrap();
    assert_eq!(
        config.settings.database,
        Path::new("/home/ada/other.duckdb")
    );
    sources.database = Some("/tmp/third.duckdb".into());
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.settings.database, Path::new("/tmp/third.duckdb"));
}

#[test]
fn unknown_names_have_a_place_and_a_suggestion() {
    assert_eq!(
        error_of("parameters:\n  working_memory_capcity: 7\n"),
        "codex.yaml:2:3: unknown parameter 'working_memory_capcity'; did you mean 'working_memory_capacity'?"
    );
    assert_eq!(
        error_of("settings:\n  thread: 7\n"),
        "codex.yaml:2:3: unknown setting 'thread'; did you mean 'threads'?"
    );
    assert_eq!(
        error_of("setting:\n  threads: 7\n"),
        "codex.yaml:1:1: unknown key 'setting'; did you mean 'settings'?"
    );
}

#[test]
fn wrong_types_and_ranges_have_a_place_and_the_fix() {
    assert_eq!(
        error_of("parameters:\n  working_memory_capacity: seven\n"),
        "codex.yaml:2:28: parameter 'working_memory_capacity' is integer, but this is the text 'seven' (write a whole number without quotes)"
    );
    assert_eq!(
        error_of("parameters:\n  working_memory_capacity: 12\n"),
        "codex.yaml:2:28: parameter 'working_memory_capacity' is 12, but must be between 5 and 9 (memories)"
    );
    assert_eq!(
        error_of("parameters:\n  overflow: lose\n"),
        "codex.yaml:2:13: parameter 'overflow' is 'lose', but must be one of defer, drop"
    );
    assert_eq!(
        error_of("settings:\n  time_zone: Europe/Berln\n"),
        "codex.yaml:2:14: setting 'time_zone': 'Europe/Berln' is no IANA time zone; did you mean 'Europe/Berlin'?"
    );
    assert_eq!(
        error_of("settings:\n  memory_limit: lots\n"),
        "codex.yaml:2:17: setting 'memory_limit': 'lots' is no amount of memory; write for example 2GB or 512MB"
    );
    let broken = error_of("settings:\n  threads: [1\n");
    assert!(broken.starts_with("codex.yaml:3:1: "), "{broken}");
}

#[test]
fn mistakes_in_vars_and_environment_say_so() {
    let mut vars = sources(&[]);
    vars.vars = Some("{overflow: 3}".into());
    assert_eq!(
        Config::load(&vars).unwrap_err().to_string(),
        "--vars:1:12: parameter 'overflow' is text, but this is the number 3 (put quotes around it)"
    );
    let environment = sources(&[("CODEX_THREADS", "zero")]);
    assert!(
        Config::load(&environment)
            .unwrap_err()
            .to_string()
            .starts_with("environment variable CODEX_THREADS: setting 'threads': ")
    );
    let slip = sources(&[("CODEX_THREDS", "1"), ("CODEX_HOME", "/x")]);
    assert_eq!(
        Config::load(&slip).unwrap().warnings,
        ["environment variable CODEX_THREDS is not known; did you mean CODEX_THREADS?"]
    );
}

#[test]
fn stored_parameters_come_back_with_the_same_fingerprint() {
    let parameters = Config::load(&sources(&[])).unwrap().parameters;
    let restored = Parameters::from_stored(&parameters.to_stored()).unwrap();
    assert_eq!(restored.fingerprint(), parameters.fingerprint());
    assert_eq!(
        restored.get("consolidation_threshold"),
        parameters.get("consolidation_threshold")
    );
    let mut other = sources(&[]);
    other.vars = Some("overflow: drop".into());
    let other = Config::load(&other).unwrap().parameters;
    assert_ne!(other.fingerprint(), parameters.fingerprint());
}

#[test]
fn an_edited_project_can_declare_parameters_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let text = "parameters:\n  my_weight: {value: 0.5, type: number, min: 0, max: 1}\n";
    std::fs::write(dir.path().join("config/default.yaml"), text).unwrap();
    let sources = ConfigSources {
        project_dir: Some(dir.path().to_owned()),
        ..sources(&[("CODEX_MY_WEIGHT", "0.25")])
    };
    let config = Config::load(&sources).unwrap();
    assert_eq!(
        config.parameters.get("my_weight"),
        Some(&Value::Number(0.25))
    );
    assert!(config.parameters.get("overflow").is_some());
}
