//! JSON: an array of records or conversations, an object around one such array, or a single one of them.

use std::collections::VecDeque;
use std::path::PathBuf;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

mod survey;

use super::json_lines::without_place;
use crate::fields;
use crate::fields::conversation::{Conversation, left_out, messages};
use crate::format::{Detected, Format, Head, Items};
use crate::input::InputSet;
use crate::input::json::parse as parse_json;
use crate::input::lines::{self, MAX_LINE_BYTES};
use crate::input::scanner::{Cut, Place, Scanner, Stop};
use crate::input::source::{Context, Source, unreadable};
use crate::record::Item;
use survey::{Scan, Survey, next_member};

/// Any JSON whose objects say when and what.
pub(crate) struct Json;

impl Format for Json {
    const NAME: &'static str = "json";
    const ABOUT: &'static str =
        "a list of records or conversations, an object around one, OpenAI-style `messages`";
    const IDENTITY: &'static str =
        "`id` or `key` within its conversation, else time, speaker and text";

    fn detect(&self, head: &Head<'_>, _: &InputSet) -> Detected {
        let named = head.extension == "json" && head.lines().is_empty();
        let first = head.first_line();
        // A chat log's lines begin with a bracket too: what follows it is no JSON.
        let begins = first.starts_with('{')
            || first.strip_prefix('[').is_some_and(|rest| {
                rest.trim_start().is_empty() || rest.trim_start().starts_with(['{', ']'])
            });
        let text = !named && matches!(head.extension.as_str(), "md" | "markdown" | "csv" | "tsv");
        (named || (begins && !text && head.json().is_some())).into()
    }

    fn read(&self, source: Source, _: &InputSet) -> Items {
        Box::new(elements(source, None))
    }
}

/// What makes items of an element of a format's own, given the line it begins on.
pub(crate) type Handler = Box<dyn FnMut(Map<String, Value>, usize) -> Vec<Item> + Send>;

/// The items of a JSON file. A wrong element is one rejection; a syntax error is one and ends the file. With a handler, the
/// elements of the list, or the object, are its business.
pub(crate) fn elements(
    source: Source,
    handler: Option<Handler>,
) -> impl Iterator<Item = Item> + Send {
    let context = source.context();
    let Source { path, input, .. } = source;
    let mut reader = JsonReader {
        path,
        context,
        handler,
        around: None,
        mended: 0,
        pending: VecDeque::new(),
        state: State::Start,
    };
    let mut input = Some(input);
    std::iter::from_fn(move || {
        loop {
            if let Some(item) = reader.pending.pop_front() {
                return Some(item);
            }
            let state = std::mem::replace(&mut reader.state, State::Done);
            let step = match state {
                State::Start => Scanner::new(input.take()?)
                    .map_err(Stop::from)
                    .and_then(|scan| reader.start(scan)),
                State::Elements {
                    scan,
                    first,
                    in_object,
                } => reader.element(scan, first, in_object),
                State::Done => {
                    let mended = std::mem::take(&mut reader.mended);
                    let text = format!(
                        "{mended} elements held half characters or numbers out of range, which were replaced"
                    );
                    return (mended > 0).then(|| Item::note(&reader.path, None, text));
                }
            };
            match step {
                Ok(state) => reader.state = state,
                Err(stop) => reader.stop(stop),
            }
        }
    })
}

/// An element of a format of its own may be a whole conversation of years.
const MAX_ELEMENT_BYTES: usize = 1 << 30;

struct JsonReader {
    path: PathBuf,
    context: Context,
    handler: Option<Handler>,
    /// Elements that no JSON reader accepts as they were.
    mended: usize,
    /// What the object around the array says about its elements.
    around: Option<Conversation>,
    pending: VecDeque<Item>,
    state: State,
}

enum State {
    Start,
    /// Within the array; `first` while no element has been read.
    Elements {
        scan: Scan,
        first: bool,
        in_object: bool,
    },
    Done,
}

impl JsonReader {
    fn start(&mut self, mut scan: Scan) -> Result<State, Stop> {
        match scan.peek()? {
            None => Ok(State::Done),
            Some(b'[') => {
                scan.advance();
                Ok(State::Elements {
                    scan,
                    first: true,
                    in_object: false,
                })
            }
            Some(b'{') if self.handler.is_some() => {
                let cut = scan.value(MAX_ELEMENT_BYTES)?;
                self.parse(cut)?;
                self.end(scan)
            }
            Some(b'{') => self.start_object(scan),
            found => Err(scan.unexpected(found, "an array or an object")),
        }
    }

    /// Looks at all of the object first: what is said about the elements may stand after them.
    fn start_object(&mut self, mut scan: Scan) -> Result<State, Stop> {
        let place = scan.place();
        let mut survey = Survey::default();
        let surveyed = survey.read(&mut scan);
        let size = scan.place().offset - place.offset;
        let mut input = scan.into_reader();
        std::io::Seek::rewind(&mut input)?;
        let mut scan = Scanner::new(input)?;
        match (survey.lists.as_slice(), surveyed) {
            ([], Err(stop)) => Err(stop),
            ([], Ok(())) => {
                let cut = scan.value(MAX_LINE_BYTES)?;
                self.parse(cut)?;
                self.end(scan)
            }
            // A conversation is understood as a whole, as long as it can be held.
            ([list], Ok(())) if list == "messages" && size <= MAX_LINE_BYTES as u64 => {
                let cut = scan.value(MAX_LINE_BYTES)?;
                self.parse(cut)?;
                self.end(scan)
            }
            ([list], _) => {
                let list = list.clone();
                if let Err(reason) = self.take_around(survey, &list) {
                    self.reject(place, reason);
                    return Ok(State::Done);
                }
                scan.expect(b'{', "at the start")?;
                let mut first = true;
                while next_member(&mut scan, &mut first)?.is_some_and(|name| name != list) {
                    scan.value(0)?;
                }
                scan.expect(b'[', "to begin the list")?;
                Ok(State::Elements {
                    scan,
                    first: true,
                    in_object: true,
                })
            }
            (lists, _) => {
                let reason = format!(
                    "the object has more than one list ({}); put them into files of their own",
                    lists.join(", ")
                );
                self.reject(place, reason);
                Ok(State::Done)
            }
        }
    }

    fn take_around(&mut self, mut survey: Survey, list: &str) -> Result<(), String> {
        let mut large = survey.large;
        if list != "messages" {
            // The name or version of a whole export says nothing about each memory in it.
            survey.fields.retain(|name, _| {
                let applies = ["session", "mind"].contains(&name.as_str());
                if !applies {
                    large.push(name.clone());
                }
                applies
            });
            if !large.is_empty() {
                let text = format!(
                    "fields around `{list}` that are no part of a memory: {}",
                    large.join(", ")
                );
                self.pending.push_back(Item::note(&self.path, None, text));
                large.clear();
            }
        }
        let (conversation, also_large) = Conversation::new(survey.fields, &self.context)?;
        large.extend(also_large);
        if !large.is_empty() {
            self.pending
                .push_back(Item::note(&self.path, None, left_out(&large)));
        }
        self.around = Some(conversation);
        Ok(())
    }

    fn element(&mut self, mut scan: Scan, first: bool, in_object: bool) -> Result<State, Stop> {
        match scan.peek()? {
            Some(b']') if first => return self.end_list(scan, in_object),
            Some(b',') if !first => scan.advance(),
            Some(b']') => return self.end_list(scan, in_object),
            _ if first => {}
            found => return Err(scan.unexpected(found, "`,` or `]` after an element")),
        }
        let limit = if self.handler.is_some() {
            MAX_ELEMENT_BYTES
        } else {
            MAX_LINE_BYTES
        };
        let cut = scan.value(limit)?;
        self.parse(cut)?;
        Ok(State::Elements {
            scan,
            first: false,
            in_object,
        })
    }

    fn end_list(&mut self, mut scan: Scan, in_object: bool) -> Result<State, Stop> {
        scan.advance();
        if in_object {
            let mut first = false;
            while next_member(&mut scan, &mut first)?.is_some() {
                scan.value(0)?;
            }
        }
        self.end(scan)
    }

    fn end(&mut self, mut scan: Scan) -> Result<State, Stop> {
        match scan.peek()? {
            None => Ok(State::Done),
            found => Err(scan.unexpected(
                found,
                "the end of the file (JSON Lines belong into a .jsonl file)",
            )),
        }
    }

    /// Parses one element into its items. `Err` when the syntax is so broken that what follows cannot be trusted.
    fn parse(&mut self, cut: Cut) -> Result<(), Stop> {
        let start = cut.start;
        if cut.too_long {
            self.reject(start, lines::too_long("element"));
            return Ok(());
        }
        if let Err(error) = std::str::from_utf8(&cut.bytes) {
            let valid = error.valid_up_to();
            let line = cut.bytes[..valid]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count();
            let column = valid
                - cut.bytes[..valid]
                    .iter()
                    .rposition(|&byte| byte == b'\n')
                    .map_or(0, |end| end + 1);
            let place = within(start, line + 1, column + 1);
            self.reject(
                place,
                lines::invalid_utf8(cut.bytes[valid], start.offset + valid as u64),
            );
            return Ok(());
        }
        match parse_json(&cut.bytes) {
            Ok((Value::Object(object), mended)) => {
                self.mended += usize::from(mended);
                match &mut self.handler {
                    Some(handler) => self.pending.extend(handler(object, start.line)),
                    None => self.object(object, start),
                }
            }
            Ok((other, _)) => self.reject(
                start,
                format!("an element must be an object, not {}", fields::kind(&other)),
            ),
            Err(error) => {
                let place = within(start, error.line(), error.column());
                let reason = without_place(&error);
                if !is_well_formed(cut.bytes) {
                    return Err(Stop::Syntax(place, reason));
                }
                self.reject(place, format!("{reason}; correct this element"));
            }
        }
        Ok(())
    }

    fn object(&mut self, mut object: Map<String, Value>, place: Place) {
        fields::renamed(&mut object, &self.context.settings.map);
        let is_conversation =
            object.get("messages").is_some_and(Value::is_array) && !object.contains_key("content");
        if !is_conversation {
            let item = fields::item(object, &self.context, place.line, self.around.as_ref());
            self.pending.push_back(item);
            return;
        }
        let mind = self.around.as_ref().and_then(|around| around.mind.clone());
        match conversation(object, mind, &self.context, place.line) {
            Err(reason) => self.reject(place, reason),
            Ok(items) => self.pending.extend(items),
        }
    }

    fn reject(&mut self, place: Place, reason: String) {
        self.pending.push_back(Item::reject(
            &self.path,
            place.line,
            Some(place.column),
            reason,
        ));
    }

    fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Read(error) => self.pending.push_back(unreadable(&self.path, 1, &error)),
            Stop::Syntax(place, reason) => {
                self.reject(place, format!("broken JSON: {reason}; the rest of the file is not read: correct it and import again"));
            }
        }
    }
}

/// The messages of an object around them.
pub(crate) fn conversation(
    mut object: Map<String, Value>,
    mind: Option<String>,
    context: &Context,
    line: usize,
) -> Result<Vec<Item>, String> {
    let Some(Value::Array(list)) = object.shift_remove("messages") else {
        return Err("it has no `messages`".to_owned());
    };
    let (mut conversation, large) = Conversation::new(object, context)?;
    conversation.mind = conversation.mind.or(mind);
    let mut items = Vec::new();
    if !large.is_empty() {
        items.push(Item::note(&context.file, Some(line), left_out(&large)));
    }
    items.extend(messages(list, &conversation, context, line));
    Ok(items)
}

/// A place that serde counts from the start of an element, in the file.
fn within(start: Place, line: usize, column: usize) -> Place {
    let column = column.max(1);
    let column = if line <= 1 {
        start.column + column - 1
    } else {
        column
    };
    Place {
        line: start.line + line.max(1) - 1,
        column,
        offset: start.offset,
    }
}

/// Whether an element that serde refuses has right syntax all the same: half of a surrogate pair, a number out of
/// range, a control character in a string. Then the next element begins where the scanner says.
fn is_well_formed(mut bytes: Vec<u8>) -> bool {
    for byte in &mut bytes {
        if *byte < b' ' {
            *byte = b' ';
        }
    }
    serde_json::from_slice::<IgnoredAny>(&bytes).is_ok()
}
