//! Chat logs as plain text: `[2024-03-05 14:30] Ann: hello`, `2024-03-05T14:30:00Z Ann: hello`, and WhatsApp's
//! `05/03/2024, 14:30 - Ann: hello` in the stamps of all languages. Lines without a time stamp belong to the message before
//! them; what looks like a stamp and is not understood is reported.

mod placeholders;
mod stamp;

use std::io::{self, BufRead};

use crate::draft::{Draft, MAX_CONTENT_BYTES};
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::lines::{self, Lines};
use crate::input::source::{Context, Source, unreadable};
use crate::record::Item;
use crate::time::clock::no_such;
use crate::time::order::{OrderEvidence, Undecided};
use stamp::{Found, Style, find};

/// WhatsApp's exported chats.
pub(crate) struct WhatsApp;

/// Any other log with a stamp a line.
pub(crate) struct ChatLog;

impl Format for WhatsApp {
    const NAME: &'static str = "whatsapp";
    const ABOUT: &'static str = "an exported chat (`WhatsApp Chat with ….txt`, `_chat.txt`), Android or iOS, in any language, also zipped with its media";
    const IDENTITY: &'static str = "the chat, by what it has in common with earlier exports of it; time, speaker and text of a message";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        if !matches!(head.extension.as_str(), "txt" | "text" | "log" | "") {
            return Detected::No;
        }
        let named =
            head.name().to_lowercase().contains("whatsapp") || head.name().ends_with("_chat.txt");
        let styles: Vec<_> = head
            .text
            .lines()
            .take(200)
            .filter_map(|line| match find(line) {
                Some(Found::Stamp(stamp)) => Some((stamp.style, stamp.year_first)),
                _ => None,
            })
            .collect();
        let marked = head.text.contains("\u{200e}");
        let is = |(style, year_first): &(Style, bool)| match style {
            Style::Dashed => true,
            Style::Bracketed => named || marked || !year_first,
            Style::Plain => false,
        };
        (styles.first().is_some_and(is)
            || (named
                && styles.is_empty()
                && head
                    .text
                    .lines()
                    .take(50)
                    .any(|line| matches!(find(line), Some(Found::Unread(_))))))
        .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        read(source, true)
    }
}

impl Format for ChatLog {
    const NAME: &'static str = "chat-log";
    const ABOUT: &'static str = "text with a stamp at the beginning of each message: `[2024-03-05 14:30] Ann: hello`, `2024-03-05T14:30:00Z Ann: hello`";
    const IDENTITY: &'static str = "the file, by what it has in common with earlier imports, wherever it goes; time, speaker and text of a message";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        (matches!(head.extension.as_str(), "txt" | "log" | "text")
            || matches!(find(head.first_line()), Some(Found::Stamp(_))))
        .into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        read(source, false)
    }
}

fn read(mut source: Source, whatsapp: bool) -> Items {
    let session = session(&source);
    let mut context = source.context();
    // Which number is the day shows in the file as a whole, so it is read twice.
    let order = match context.clock.order {
        Some(order) => Ok(Ok(Some(order))),
        None => date_order(&mut source.input),
    };
    let mut early = None;
    match order.and_then(|order| io::Seek::rewind(&mut source.input).map(|()| order)) {
        Ok(Ok(order)) => context.clock.order = order,
        Ok(Err((line, reason))) => early = Some(context.reject(line, reason)),
        Err(error) => early = Some(unreadable(&source.path, 1, &error)),
    }
    let mut log = Log {
        lines: Lines::new(source.input),
        current: None,
        done: early.is_some(),
        whatsapp,
        session,
        context,
    };
    Box::new(std::iter::from_fn(move || {
        early.take().or_else(|| log.next())
    }))
}

/// The chat's name: what the file, or the folder or zip around `_chat.txt`, is called.
fn session(source: &Source) -> Option<String> {
    let stem = source.stem();
    let outer = source
        .path
        .parent()
        .and_then(|folder| folder.file_name())
        .map(|name| name.to_string_lossy().into_owned());
    let name = if stem.ends_with("_chat") || stem == "chat" {
        outer.unwrap_or(stem)
    } else {
        stem
    };
    let name = name.strip_suffix(".zip").map(str::to_owned).unwrap_or(name);
    let lower = name.to_lowercase();
    let rest = match lower.strip_prefix("whatsapp") {
        Some(_) => {
            let rest = name["whatsapp".len()..].trim_start_matches(['-', ' ', '_']);
            let rest = ["chat", "-chat"]
                .into_iter()
                .find_map(|word| crate::time::tokens::strip_word(rest, word))
                .unwrap_or(rest);
            let rest = rest.trim_start_matches(['-', ' ', '_']);
            [
                "with", "mit", "con", "avec", "met", "com", "de", "z", "с", "ile", "med",
            ]
            .into_iter()
            .find_map(|word| crate::time::tokens::strip_word(rest, word))
            .unwrap_or(rest)
        }
        None => name.as_str(),
    };
    let rest = rest.trim_matches([' ', '-', '_']);
    Some(if rest.is_empty() {
        name.clone()
    } else {
        rest.to_owned()
    })
}

/// The order of day and month that the dates of all stamps show.
fn date_order(input: impl BufRead) -> io::Result<Result<Option<crate::DateOrder>, Undecided>> {
    let mut lines = Lines::new(input);
    let mut evidence = OrderEvidence::default();
    while let Some(line) = lines.next()? {
        let text = String::from_utf8_lossy(line.bytes);
        if let Some(Found::Stamp(stamp)) = find(&text) {
            evidence.add(line.number, stamp.moment.date);
        }
    }
    Ok(evidence.decide())
}

/// The name before the first colon, if it looks like one: short, and followed by a space or the line's end.
fn speaker(rest: &str, whatsapp: bool) -> (Option<&str>, &str) {
    let Some((name, text)) = rest.split_once(':') else {
        return (None, rest);
    };
    let name = name.trim_matches([
        ' ', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202c}', '<', '>', '\u{a0}', '\u{202f}',
    ]);
    let ends = text.is_empty() || text.starts_with([' ', '\t', '\u{200e}', '\u{200f}', '\u{a0}']);
    let is_name = !name.is_empty()
        && ends
        && if whatsapp {
            name.chars().count() <= 80 && !name.contains(['"', '“', '”', '«', '„'])
        } else {
            name.chars().count() <= 60
                && name.split_whitespace().count() <= 5
                && name.starts_with(|c: char| c.is_alphanumeric() || "+~@_".contains(c))
        };
    if !is_name {
        return (None, rest);
    }
    let name = if whatsapp {
        name.trim_start_matches(['~', ' ', '\u{a0}', '\u{202f}'])
    } else {
        name
    };
    let text = text.strip_prefix([' ', '\t', '\u{a0}']).unwrap_or(text);
    (
        Some(name),
        if whatsapp {
            text
        } else {
            text.trim_start_matches([' ', '\t', '\u{200e}'])
        },
    )
}

struct Log<R> {
    context: Context,
    session: Option<String>,
    whatsapp: bool,
    lines: Lines<R>,
    current: Option<Message>,
    done: bool,
}

/// A message whose lines are still being read.
struct Message {
    line: usize,
    draft: Draft,
    problem: Option<(usize, Option<usize>, String)>,
    raw: String,
}

impl<R: BufRead> Log<R> {
    fn next(&mut self) -> Option<Item> {
        while !self.done {
            let number = self.lines.number() + 1;
            let (text, problem) = match self.lines.next() {
                Ok(None) => {
                    self.done = true;
                    return self.current.take().map(|message| self.finish(message));
                }
                Err(error) => {
                    self.done = true;
                    return Some(unreadable(&self.context.file, number, &error));
                }
                Ok(Some(line)) => {
                    let decoded = if line.too_long {
                        Err((None, lines::too_long("line")))
                    } else {
                        lines::utf8(line.bytes, line.offset)
                            .map_err(|(column, reason)| (Some(column), reason))
                    };
                    // Even a broken line may begin a message, which is then the broken one.
                    let text = String::from_utf8_lossy(line.bytes).into_owned();
                    let problem = decoded
                        .err()
                        .map(|(column, reason)| (number, column, reason));
                    (text, problem)
                }
            };
            let begun = self.begin(&text, number, problem);
            if let Some(message) = begun
                && let Some(done) = self.current.replace(message)
            {
                return Some(self.finish(done));
            }
        }
        None
    }

    /// The message that a line begins; a line that begins none goes to the current message.
    fn begin(
        &mut self,
        text: &str,
        line: usize,
        problem: Option<(usize, Option<usize>, String)>,
    ) -> Option<Message> {
        let mut message = Message {
            line,
            draft: Draft::default(),
            problem,
            raw: text.to_owned(),
        };
        match (find(text), &mut self.current) {
            (Some(Found::Stamp(stamp)), _) => {
                let (speaker, content) = speaker(stamp.rest, self.whatsapp);
                match self.context.clock.utc(&stamp.moment) {
                    Ok(time) => message.draft.created_at = Some(time),
                    Err(reason) => message.fail(line, reason),
                }
                if self.whatsapp && speaker.is_none() {
                    message.draft.kind = Some("notices");
                }
                message.draft.speaker = speaker.map(str::to_owned);
                message.draft.content = content.to_owned();
                Some(message)
            }
            (Some(Found::Impossible(impossible)), _) => {
                message.fail(line, no_such(&impossible));
                Some(message)
            }
            (Some(Found::Unread(stamp)), _) => {
                message.fail(line, format!("\"{stamp}\" looks like a time stamp and was not understood: write it as [2024-03-05 14:30]"));
                Some(message)
            }
            (None, Some(current)) => {
                if current.problem.is_none() {
                    current.problem = message.problem;
                }
                current.append(text);
                None
            }
            (None, None) if text.trim().is_empty() && message.problem.is_none() => None,
            (None, None) => {
                message.fail(
                    line,
                    "the text has no time stamp: begin messages with [2024-03-05 14:30] Name: …, or name a note .md".to_owned(),
                );
                Some(message)
            }
        }
    }

    fn finish(&self, mut message: Message) -> Item {
        if let Some((line, column, reason)) = message.problem {
            let mut item = Item::reject(&self.context.file, line, column, reason);
            if let Item::Rejection(rejection) = &mut item {
                rejection.record = Some(message.raw);
            }
            return item;
        }
        let draft = &mut message.draft;
        draft.content.truncate(draft.content.trim_end().len());
        if draft.content.starts_with('\n') {
            draft.content.remove(0);
        }
        draft.session.clone_from(&self.session);
        draft.session_from_file = true;
        if self.whatsapp {
            draft.former = Some(
                draft
                    .content
                    .trim_start_matches(['\u{200e}', ' ', '\t'])
                    .to_owned(),
            );
            placeholders::apply(draft);
        }
        self.context.finish(message.draft, message.line)
    }
}

impl Message {
    fn fail(&mut self, line: usize, reason: String) {
        self.problem.get_or_insert((line, None, reason));
    }

    fn append(&mut self, text: &str) {
        if self.problem.is_some() {
            if self.raw.len() <= MAX_CONTENT_BYTES {
                self.raw.push('\n');
                self.raw.push_str(text);
            }
        } else if self.draft.content.len() <= MAX_CONTENT_BYTES {
            self.draft.content.push('\n');
            self.draft.content.push_str(text);
        }
    }
}
