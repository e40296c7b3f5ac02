//! What a valid record is, whatever format it came from.

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use crate::record::{Item, Origin, Record, Rejection, Scope, TimeFrom};

/// The largest content a memory can have: 16 MiB.
pub const MAX_CONTENT_BYTES: usize = 16 << 20;

/// The longest key, speaker, session or mind: 4 KiB.
pub const MAX_NAME_BYTES: usize = 4 << 10;

/// A record before it is checked.
#[derive(Debug, Default, Clone)]
pub(crate) struct Draft {
    pub key: Option<String>,
    /// `None` when the shape of the key decides: an id made to be unique names a record everywhere.
    pub scope: Option<Scope>,
    pub content: String,
    pub former: Option<String>,
    pub created_at: Option<NaiveDateTime>,
    pub time_from: TimeFrom,
    pub speaker: Option<String>,
    pub session: Option<String>,
    pub session_from_file: bool,
    pub mind: Option<String>,
    pub metadata: Map<String, Value>,
    pub metadata_counts: bool,
    /// It is no memory, but one of these ([`crate::LEFT_OUT_KINDS`]).
    pub kind: Option<&'static str>,
}

impl Draft {
    /// Adds to the metadata unless there is nothing to say.
    pub fn about(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(values) => values.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        if !empty {
            crate::fields::add(&mut self.metadata, name.to_owned(), value);
        }
    }

    /// The record, what it was left out as, or what is wrong with it. Names that are empty count as absent.
    pub fn finish(mut self, origin: Origin, include: &[String]) -> Item {
        if let Some(kind) = self.kind {
            if self.content.trim().is_empty() || !include.iter().any(|name| name == kind) {
                return Item::left_out(kind, &origin);
            }
            self.about("kind", kind);
        }
        if let Some(reason) = self.problem() {
            let record = self.repairable();
            return Item::Rejection(Rejection {
                file: origin.file,
                line: origin.line,
                column: None,
                reason,
                record,
            });
        }
        let named = |name: Option<String>| {
            name.map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
        };
        let key = self.key.filter(|name| !name.trim().is_empty());
        let scope = self.scope.unwrap_or_else(|| match &key {
            Some(key) if is_made_unique(key) => Scope::Everywhere,
            _ => Scope::Collection,
        });
        Item::Record(Box::new(Record {
            key,
            scope,
            content: self.content,
            former: self.former,
            created_at: self.created_at,
            time_from: self.time_from,
            speaker: named(self.speaker),
            session: self.session.filter(|name| !name.trim().is_empty()),
            session_from_file: self.session_from_file,
            mind: self.mind.filter(|name| !name.trim().is_empty()),
            metadata: self.metadata,
            metadata_counts: self.metadata_counts,
            origin,
        }))
    }

    /// The draft as a line that `codex import` reads, for a file of rejections.
    pub fn repairable(&self) -> Option<String> {
        if self.content.len() > MAX_CONTENT_BYTES {
            return None;
        }
        let mut line = Map::new();
        if let Some(key) = &self.key {
            line.insert("id".into(), json!(key));
        }
        line.insert("content".into(), json!(self.content));
        let stamp = self
            .created_at
            .map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
        line.insert("created_at".into(), json!(stamp));
        for (name, value) in [
            ("speaker", &self.speaker),
            ("session", &self.session),
            ("mind", &self.mind),
        ] {
            if let Some(value) = value {
                line.insert(name.into(), json!(value));
            }
        }
        if !self.metadata.is_empty() {
            line.insert("metadata".into(), Value::Object(self.metadata.clone()));
        }
        Some(Value::Object(line).to_string())
    }

    fn problem(&self) -> Option<String> {
        if self.content.len() > MAX_CONTENT_BYTES {
            let (size, most) = (self.content.len(), MAX_CONTENT_BYTES >> 20);
            return Some(format!(
                "the content has {size} bytes, the most is {most} MiB; split it"
            ));
        }
        if self.content.trim().is_empty() {
            return Some("the content is empty: there is nothing to remember; remove the record or fill it in".to_owned());
        }
        if let Some(at) = self.content.find('\0') {
            return Some(nul(&format!("the content, at byte {at}")));
        }
        let names = [
            ("key", &self.key),
            ("speaker", &self.speaker),
            ("session", &self.session),
            ("mind", &self.mind),
        ];
        for (what, name) in names {
            let Some(name) = name else { continue };
            if name.contains('\0') {
                return Some(nul(&format!("the {what}")));
            }
            if name.len() > MAX_NAME_BYTES {
                return Some(format!(
                    "the {what} has {} bytes, the most is {MAX_NAME_BYTES}; shorten it",
                    name.len()
                ));
            }
        }
        self.metadata
            .iter()
            .find(|(name, value)| name.contains('\0') || has_nul(value))
            .map(|_| nul("the metadata"))
    }
}

/// A UUID, or another id of at least 20 letters and digits among them enough of both to be no word: nobody else has it.
fn is_made_unique(key: &str) -> bool {
    let letters = key.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let plain = key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let is_uuid = key.len() == 36
        && key.bytes().filter(|byte| *byte == b'-').count() == 4
        && key
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    // Zeroes and counters in the shape of a UUID are somebody's numbering.
    let varied = key.bytes().collect::<std::collections::BTreeSet<_>>().len() >= 8;
    plain
        && varied
        && (is_uuid
            || (letters + digits >= 20 && digits >= 4 && letters >= 3 && !key.contains(['-', '_'])))
}

fn nul(place: &str) -> String {
    format!("there is a NUL character in {place}, which databases cannot store as text; remove it")
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}
