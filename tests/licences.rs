//! What codex is built from may be given away with it: the licences of `deny.toml`, and crates.io as the only source.
//!
//! `cargo deny` says the same and more; this holds where it is not installed.

use serde_json::Value;
use std::process::Command;

/// The packages of this platform's build, as cargo tells them.
fn packages() -> Vec<Value> {
    let mut command = Command::new(env!("CARGO"));
    command
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
        ])
        .arg(host());
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned()
}

/// The `allow` list of deny.toml.
fn allowed() -> Vec<String> {
    let text = include_str!("../deny.toml");
    let list = text
        .split_once("allow = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    list.split(',')
        .map(|entry| entry.trim().trim_matches('"').to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

/// Whether an SPDX expression can be met: every AND has a choice that is allowed.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    // The expressions in use are flat, or one level of brackets around an OR.
    let expression = expression.replace('/', " OR ");
    let mut parts = Vec::new();
    let mut depth = 0;
    let mut part = String::new();
    for word in expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .split_whitespace()
    {
        match word {
            "(" => depth += 1,
            ")" => depth -= 1,
            "AND" if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => part = format!("{part} {word}").trim().to_owned(),
        }
    }
    parts.push(part);
    // OR binds weaker than AND: `A AND B OR C` outside brackets is met by C alone, and is taken the strict way here.
    parts.iter().all(|part| {
        part.split(" OR ").any(|choice| {
            choice
                .split(" AND ")
                .all(|name| allowed.iter().any(|a| a == name))
        })
    })
}

/// The licence a package names, or the one whose text it carries (as cargo-deny finds it too).
fn licence_of(package: &Value) -> String {
    if let Some(named) = package["license"].as_str() {
        return named.to_owned();
    }
    let file = package["license_file"]
        .as_str()
        .zip(package["manifest_path"].as_str());
    let text = file.and_then(|(file, manifest)| {
        std::fs::read_to_string(std::path::Path::new(manifest).with_file_name(file)).ok()
    });
    match text {
        Some(text) if text.trim_start().starts_with("MIT License") => "MIT".to_owned(),
        _ => "none".to_owned(),
    }
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let allowed = allowed();
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !is_met(&licence_of(package), &allowed))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn every_dependency_comes_from_crates_io() {
    let strangers: Vec<String> = packages()
        .iter()
        .filter(|package| {
            package["source"]
                .as_str()
                .is_some_and(|s| !s.starts_with("registry+") || !s.ends_with("/crates.io-index"))
        })
        .map(|package| package["id"].to_string())
        .collect();
    assert!(strangers.is_empty(), "{strangers:#?}");
}

#[test]
fn expressions_are_read_as_written() {
    let allowed = ["MIT", "Unicode-3.0"].map(str::to_owned);
    assert!(is_met("Apache-2.0 OR MIT", &allowed));
    assert!(is_met("MIT/Apache-2.0", &allowed));
    assert!(is_met("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
    assert!(!is_met("MIT AND Apache-2.0", &allowed));
    assert!(!is_met("GPL-3.0-only", &allowed));
}
