//! What is not whole, or not ours, is refused, and nothing is changed.

use crate::world::{FORMATS, export, lived, refusal};
use codex_dreams::engine::{ExportFormat, ExportOptions, find_export};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn cut(path: &Path, keep: impl Fn(&[u8]) -> usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..keep(&bytes)]).unwrap();
}

/// Up to and with the `n`th newline.
fn lines(n: usize) -> impl Fn(&[u8]) -> usize {
    move |bytes| {
        bytes
            .iter()
            .enumerate()
            .filter(|(_, b)| **b == b'\n')
            .nth(n - 1)
            .unwrap()
            .0
            + 1
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused_whole_with_file_and_line() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in [ExportFormat::Json, ExportFormat::Jsonl] {
        let found = export(&engine, &dir, format, None);
        cut(&found.path, |bytes| lines(300)(bytes) - 5);
        let said = refusal(&found);
        assert!(
            said.contains(&format!("{}:300:", found.path.display())),
            "{said}"
        );
    }
    let found = export(&engine, &dir, ExportFormat::Jsonl, None);
    cut(&found.path, lines(300));
    let said = refusal(&found);
    assert!(
        said.contains(&format!("{}:300: ", found.path.display())) && said.contains("promises"),
        "{said}"
    );

    let found = export(&engine, &dir, ExportFormat::Csv, None);
    let file = found.path.join("raw.memories.csv");
    cut(&file, lines(10));
    let said = refusal(&found);
    assert!(
        said.contains(&format!("{}:10: it ends after", file.display())),
        "{said}"
    );
    cut(&file, |bytes| bytes.len() - 12);
    let said = refusal(&found);
    assert!(
        said.contains(&file.display().to_string()) && said.to_lowercase().contains("line"),
        "{said}"
    );

    // Between two quotes of the last row's last value: what is left looks like a value.
    let found = export(&engine, &dir, ExportFormat::Csv, None);
    let quote = |bytes: &[u8]| {
        bytes
            .windows(3)
            .rposition(|w| w == b"{\"\"")
            .map(|at| at + 2)
    };
    let kept = fs::read(&file).unwrap();
    let last = quote(&kept).expect("the metadata of a memory has quotes");
    cut(&file, |_| last);
    let said = refusal(&found);
    assert!(said.contains("its last line has no end"), "{said}");

    let found = export(&engine, &dir, ExportFormat::Parquet, None);
    let file = found.path.join("state.memory_traces.parquet");
    cut(&file, |bytes| bytes.len() / 2);
    let said = refusal(&found);
    assert!(said.contains(&file.display().to_string()), "{said}");
    fs::remove_file(&file).unwrap();
    assert!(refusal(&found).contains("missing"));
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_table() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in [ExportFormat::Json, ExportFormat::Jsonl] {
        let found = export(&engine, &dir, format, None);
        let text = fs::read_to_string(&found.path).unwrap();
        fs::write(
            &found.path,
            text.replacen(
                "\"content\":\"",
                "\"created_at\":\"yesterday\",\"content\":\"",
                1,
            ),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(said.contains(&found.path.display().to_string()), "{said}");
        fs::write(
            &found.path,
            text.replacen("\"content\":", "\"contents\":", 1),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(said.contains("has no content"), "{said}");
    }
}

#[test]
fn an_export_of_another_version_is_refused() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    for format in FORMATS {
        let found = export(&engine, &dir, format, None);
        let header = if found.path.is_dir() {
            found.path.join("manifest.json")
        } else {
            found.path.clone()
        };
        let text = fs::read_to_string(&header).unwrap().replacen(
            "\"codex_export\": 1",
            "\"codex_export\":1",
            1,
        );
        fs::write(
            &header,
            text.replacen("\"codex_export\":1", "\"codex_export\":2", 1),
        )
        .unwrap();
        let said = refusal(&found);
        assert!(
            said.contains("version 2") && said.contains(&header.display().to_string()),
            "{said}"
        );
        fs::write(&header, text.replacen("raw.memories", "raw.dreams", 2)).unwrap();
        let said = refusal(&found);
        assert!(said.contains("raw.dreams"), "{said}");
    }
}

#[test]
fn only_an_earlier_export_is_overwritten_and_only_when_asked() {
    let (engine, dir) = (lived(), TempDir::new().unwrap());
    let write = |output: PathBuf, format, force| {
        engine
            .export(
                &ExportOptions {
                    format,
                    output,
                    mind: None,
                    force,
                },
                |_| (),
            )
            .map_err(|e| e.to_string())
    };
    for format in FORMATS {
        let output = dir.path().join(format!("out-{format}"));
        write(output.clone(), format, false).unwrap();
        assert!(
            write(output.clone(), format, false)
                .unwrap_err()
                .contains("exists already")
        );
        write(output, format, true).unwrap();
    }
    let precious = dir.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.txt"), "years of work").unwrap();
    for format in FORMATS {
        write(precious.clone(), format, true).unwrap_err();
    }
    assert!(precious.join("thesis.txt").exists());
    assert!(
        write(dir.path().join("no/such/dir"), ExportFormat::Json, false)
            .unwrap_err()
            .contains("cannot write")
    );
    // Nothing is left lying about.
    let names = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|n| n.starts_with('.')).count(), 0);
}

#[test]
fn a_file_of_memories_is_no_export() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("diary.jsonl");
    fs::write(
        &file,
        "{\"id\":\"1\",\"content\":\"codex_export\",\"created_at\":\"2026-01-01\"}\n",
    )
    .unwrap();
    for path in [file.as_path(), dir.path(), Path::new("no such file")] {
        assert_eq!(find_export(path).unwrap(), None);
    }
}

#[test]
fn what_a_killed_export_left_is_removed_when_the_store_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let ours = dir.path().join("my-own-export");
    fs::create_dir(&ours).unwrap();
    let options = codex_dreams::warehouse::OpenOptions {
        path: dir.path().join("memory.duckdb"),
        memory_limit: "1GB".to_owned(),
        threads: 1,
        patience: std::time::Duration::ZERO,
        allow_read_only: false,
        group_readable: false,
    };
    let store = codex_dreams::warehouse::Warehouse::open(&options).unwrap();
    let staging = store.staging_dir().unwrap();
    let left = staging.path().to_owned();
    // A process that is killed drops nothing.
    std::mem::forget(staging);
    drop(store);
    assert!(left.exists());
    drop(codex_dreams::warehouse::Warehouse::open(&options).unwrap());
    assert!(!left.exists() && ours.exists());
}
