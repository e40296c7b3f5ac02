//! What a conversation says about all of its messages.

use serde_json::{Map, Value};

use super::draft::Draft;
use super::fields;
use super::fields::kind;
use super::session_log;

/// The fields around a list of messages: they complete each message, and never contradict one.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Conversation {
    pub session: Option<String>,
    pub mind: Option<String>,
    /// Title and the like, repeated in each message's metadata under `conversation`.
    pub about: Map<String, Value>,
    /// Gemini CLI and its like name the speaker in `type`.
    pub is_session_log: bool,
}

/// Repeating more than this in every message would be most of the database.
const MOST_REPEATED_BYTES: usize = 1 << 10;

impl Conversation {
    /// Reads the fields around the messages. Also returns the names of those too large to be repeated.
    pub fn new(mut fields: Map<String, Value>) -> Result<(Self, Vec<String>), String> {
        let is_session_log = session_log::is_conversation(&fields);
        let mut names = Draft::default();
        fields::take_names(&mut fields, &mut names)?;
        if let Some(speaker) = names.speaker {
            // Somebody's name on a whole conversation is no message's speaker.
            fields.insert("name".to_owned(), Value::String(speaker));
        }
        let mut session = names.session;
        for name in ["conversation_id", "id", "key", "uuid"] {
            let Some(value) = fields.get(name) else {
                continue;
            };
            let id = match value {
                Value::String(id) => id.clone(),
                Value::Number(id) => id.to_string(),
                Value::Null => continue,
                other => {
                    return Err(format!(
                        "`{name}` must be a string or a number, not {}",
                        kind(other)
                    ));
                }
            };
            if session.is_none() {
                fields.shift_remove(name);
                session = Some(id);
            }
        }
        let mut large = Vec::new();
        fields.retain(|name, value| {
            let fits = value.to_string().len() <= MOST_REPEATED_BYTES;
            if !fits {
                large.push(name.clone());
            }
            fits && !value.is_null()
        });
        Ok((
            Self {
                session,
                mind: names.mind,
                about: fields,
                is_session_log,
            },
            large,
        ))
    }

    /// Gives a message what it does not have itself.
    pub fn complete(&self, draft: &mut Draft) {
        if draft.session.is_none() {
            draft.session.clone_from(&self.session);
        }
        if draft.mind.is_none() {
            draft.mind.clone_from(&self.mind);
        }
        if !self.about.is_empty() {
            fields::add(
                &mut draft.metadata,
                "conversation".to_owned(),
                Value::Object(self.about.clone()),
            );
        }
    }
}

/// The note about fields that are not repeated.
pub(super) fn left_out(large: &[String]) -> String {
    format!(
        "left out of the messages' metadata, for their size: {}",
        large.join(", ")
    )
}
