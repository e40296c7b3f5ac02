//! What a valid record is, whatever format it came from.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::{Item, Origin, Record, Rejection};

/// The largest content a memory can have: 16 MiB.
pub const MAX_CONTENT_BYTES: usize = 16 << 20;

/// The longest key, speaker, session or mind: 4 KiB.
pub const MAX_NAME_BYTES: usize = 4 << 10;

/// A record before it is checked.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub key: Option<String>,
    pub content: String,
    pub created_at: Option<NaiveDateTime>,
    pub speaker: Option<String>,
    pub session: Option<String>,
    pub mind: Option<String>,
    pub metadata: Map<String, Value>,
}

impl Draft {
    /// The record, or what is wrong with it. Names that are empty count as absent.
    pub fn finish(self, origin: Origin) -> Item {
        if let Some(reason) = self.problem() {
            return Item::Rejection(Rejection {
                file: origin.file,
                line: origin.line,
                column: None,
                reason,
            });
        }
        let named = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
        Item::Record(Record {
            key: named(self.key),
            content: self.content,
            created_at: self.created_at,
            speaker: named(self.speaker),
            session: named(self.session),
            mind: named(self.mind),
            metadata: self.metadata,
            origin,
        })
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
