//! The rhythms as lines for cron, for people without the daemon.

use super::rhythms::{Rhythm, Work, Zone};
use super::setup::Setup;
use super::unit::options;
use std::path::Path;

/// The lines of a crontab for `rhythms`; `program` is codex.
///
/// cron has no seconds and no zones: what comes more than once a minute comes once, and zones are said in comments. Each line goes
/// to the directory of the file `.env` first, where there is one. Running them beside the daemon does no harm, since what is done is not due.
pub fn crontab(rhythms: &[Rhythm], setup: &Setup, program: &Path) -> String {
    let mut words = vec![program.display().to_string()];
    words.extend(options(setup.sources()));
    let command: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    let there = setup.directory().map_or_else(String::new, |dir| {
        format!("cd {} && ", shell_word(&dir.display().to_string()))
    });
    let command = format!("{there}{}", command.join(" "));
    let mut text = String::from(
        "# codex: biological rhythms for cron. Add these lines with `crontab -e`.\n\
         # cron looks once a minute at most; what is due is run whenever codex looks, so nothing is lost.\n",
    );
    for rhythm in rhythms.iter().filter(|rhythm| rhythm.enabled) {
        let Work::Cycle(cycle) = &rhythm.work else {
            text.push_str(&format!(
                "\n# {}: no line of its own; `codex consolidate` takes in before and publishes after.\n",
                rhythm.name
            ));
            continue;
        };
        // What comes in every hour comes by any clock.
        let by_the_clock = rhythm.when.iter().any(|pattern| {
            let mut hours_on = pattern.as_str().split_whitespace().skip(2);
            hours_on.any(|field| field != "*")
        });
        let mut notes = vec![match rhythm.zone {
            _ if !by_the_clock => String::new(),
            Zone::Minds => "by the clock of each mind; this is the machine's".to_owned(),
            Zone::Of(zone) => format!("by the clock of {zone}; this is the machine's"),
        }];
        let mut lines: Vec<String> = Vec::new();
        for pattern in &rhythm.when {
            let (seconds, minutes) = pattern
                .as_str()
                .split_once(char::is_whitespace)
                .unwrap_or(("0", pattern.as_str()));
            if seconds != "0" {
                notes.push("more often than once a minute in the daemon".to_owned());
            }
            lines.push(format!(
                "{} {command} --quiet consolidate --type {cycle} >/dev/null",
                minutes.split_whitespace().collect::<Vec<_>>().join(" ")
            ));
        }
        notes.retain(|note| !note.is_empty());
        notes.dedup();
        let notes = match notes.is_empty() {
            true => String::new(),
            false => format!(" ({})", notes.join("; ")),
        };
        // A description of several lines is one comment all the same.
        let described: Vec<&str> = rhythm.description.split_whitespace().collect();
        text.push_str(&format!(
            "\n# {}: {}{notes}\n{}\n",
            rhythm.name,
            described.join(" "),
            lines.join("\n")
        ));
    }
    text
}

/// A word as a shell in a crontab reads it; cron itself takes a bare % for the end of the line.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''").replace('%', "\\%"))
}
