//! The modules' imports are one-way arrows (DESIGN.md, invariant 8): what each may use is listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules it may use. Edit this table when the architecture changes, not to silence the test.
const ALLOWED: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("clock", &[]),
    ("text", &[]),
    ("config", &[]),
    ("project", &["config"]),
    ("template", &["project", "config"]),
    ("graph", &["project", "config"]),
    (
        "warehouse",
        &["template", "project", "config", "error", "clock"],
    ),
    (
        "memory",
        &["warehouse", "project", "text", "config", "error", "clock"],
    ),
    (
        "enrich",
        &["memory", "warehouse", "text", "config", "error", "clock"],
    ),
    ("facts", &["enrich", "memory", "warehouse", "text", "error"]),
    (
        "cycle",
        &[
            "enrich",
            "memory",
            "warehouse",
            "graph",
            "template",
            "project",
            "text",
            "config",
            "error",
            "clock",
        ],
    ),
    (
        "recall",
        &[
            "enrich",
            "memory",
            "warehouse",
            "template",
            "project",
            "text",
            "config",
            "error",
            "clock",
        ],
    ),
    ("insight", &["memory", "text", "error", "clock"]),
    (
        "publish",
        &["warehouse", "project", "config", "error", "clock"],
    ),
    (
        "engine",
        &[
            "publish",
            "insight",
            "recall",
            "cycle",
            "facts",
            "enrich",
            "memory",
            "warehouse",
            "graph",
            "template",
            "project",
            "text",
            "config",
            "error",
            "clock",
        ],
    ),
    ("service", &["engine", "error", "clock"]),
    ("mcp", &["engine", "text", "error", "clock"]),
    (
        "doors",
        &["mcp", "service", "engine", "config", "error", "clock"],
    ),
    (
        "daemon",
        &["doors", "service", "engine", "config", "error", "clock"],
    ),
    ("api", &["daemon", "engine", "config", "error", "clock"]),
    (
        "cli",
        &[
            "mcp", "daemon", "service", "engine", "text", "config", "error", "clock",
        ],
    ),
];

/// Words that only some modules may write.
const RESERVED: &[(&str, &[&str])] = &[
    // The system clock is asked in one place (invariant 1).
    ("Utc::now", &["clock"]),
    ("Local::now", &["clock"]),
    ("SystemTime::now", &["clock"]),
];

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The module that a file belongs to: its folder under `src`, or its own name.
fn module_of(file: &Path) -> String {
    let below = file.strip_prefix(source()).unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The lines of a file with their numbers, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or(line)))
}

/// The modules of ours that a file uses: `crate::x`, and each `x` of `crate::{x::…, y}`.
fn uses(text: &str) -> Vec<(usize, String)> {
    let code: String = code(text).map(|(_, line)| format!("{line}\n")).collect();
    let mut uses = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => uses.extend(heads_of_group(group).into_iter().map(|head| (line, head))),
            None => uses.push((line, word(rest))),
        }
    }
    uses
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first name of each path in `{a::b, c::{d, e}}`, given what follows the opening brace.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut starts = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && (c.is_alphabetic() || c == '_') => {
                heads.push(word(&group[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    heads
}

fn allowed() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    ALLOWED
        .iter()
        .map(|(module, uses)| (*module, uses.iter().copied().collect()))
        .collect()
}

#[test]
fn the_table_of_modules_has_no_circles() {
    let mut known = BTreeSet::new();
    for (module, uses) in ALLOWED {
        for used in *uses {
            assert!(
                known.contains(used),
                "{module} may use {used}, which must stand above it in the table"
            );
        }
        assert!(known.insert(*module), "{module} stands twice in the table");
    }
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for file in rust_files(&source()) {
        let module = module_of(&file);
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some(may_use) = allowed.get(module.as_str()) else {
            wrong.push(format!(
                "{}: module '{module}' is not in the table of tests/layering.rs",
                file.display()
            ));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for (line, used) in uses(&text) {
            // Names that are no module are re-exports of the crate's root, like crate::Error.
            let is_module = allowed.contains_key(used.as_str());
            if is_module && used != module && !may_use.contains(used.as_str()) {
                wrong.push(format!(
                    "{}:{line}: '{module}' must not use '{used}'",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_system_clock_is_asked_in_one_place() {
    let mut wrong = Vec::new();
    for file in rust_files(&source()) {
        let module = module_of(&file);
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in code(&text) {
            for (reserved, modules) in RESERVED {
                if line.contains(reserved) && !modules.contains(&module.as_str()) {
                    wrong.push(format!(
                        "{}:{number}: {reserved} belongs in {}",
                        file.display(),
                        modules.join(", ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_every_form() {
    let found =
        |text: &str| -> Vec<String> { uses(text).into_iter().map(|(_, used)| used).collect() };
    assert_eq!(
        found("use crate::config::Place;\n// use crate::cli;"),
        ["config"]
    );
    assert_eq!(
        found("use crate::{config::{self, Place}, project::Node,\n  Error};"),
        ["config", "project", "Error"]
    );
    assert_eq!(
        found("fn f() -> crate::engine::Engine { crate::clock::now() }"),
        ["engine", "clock"]
    );
    assert_eq!(found("use mycrate::cli;"), [""; 0]);
}
