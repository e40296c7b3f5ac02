//! Prints what is read of some paths, an item a line: `cargo run -p codex-import --example read -- PATH…`

use codex_import::{Item, Settings, read_paths};

fn main() {
    let paths: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let items = match read_paths(&paths, &Settings::default()) {
        Ok(items) => items,
        Err(error) => return eprintln!("{error}"),
    };
    for item in items {
        match item {
            Item::Record(record) => {
                let time = record
                    .created_at
                    .map_or_else(|| "undated".to_owned(), |time| time.to_string());
                println!(
                    "{}:{} {time} [{}] <{}> key={:?} {:?} {:?} {}",
                    record.origin.file.display(),
                    record.origin.line,
                    record.session.unwrap_or_default(),
                    record.speaker.unwrap_or_default(),
                    record.key.unwrap_or_default(),
                    record.scope,
                    record.content,
                    serde_json::Value::Object(record.metadata)
                );
            }
            Item::Rejection(rejection) => println!(
                "REJECTED {}:{}: {}",
                rejection.file.display(),
                rejection.line,
                rejection.reason
            ),
            Item::Note(note) => println!("NOTE {}: {}", note.file.display(), note.text),
            Item::LeftOut(left) => println!(
                "LEFT OUT {} {}:{}",
                left.kind,
                left.origin.file.display(),
                left.origin.line
            ),
        }
    }
}
