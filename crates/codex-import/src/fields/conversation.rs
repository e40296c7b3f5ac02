//! What a conversation says about all of its messages.

use serde_json::{Map, Value};

use super::{self as fields, kind};
use crate::draft::Draft;
use crate::input::source::Context;
use crate::record::{Item, TimeFrom};

/// The fields around a list of messages: they complete each message, and never contradict one.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Conversation {
    pub session: Option<String>,
    pub mind: Option<String>,
    /// Title and the like, repeated in each message's metadata under `conversation`.
    pub about: Map<String, Value>,
    /// When it began, for messages without a time.
    pub created_at: Option<chrono::NaiveDateTime>,
}

/// Repeating more than this in every message would be most of the database.
const MOST_REPEATED_BYTES: usize = 1 << 10;

impl Conversation {
    /// Reads the fields around the messages. Also returns the names of those too large to be repeated.
    pub fn new(
        mut fields: Map<String, Value>,
        context: &Context,
    ) -> Result<(Self, Vec<String>), String> {
        // It stays in the fields as well: a conversation's date is part of what is known about it.
        let created_at = fields::take_time(&mut fields.clone(), context.clock)?;
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
                created_at,
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
        if draft.created_at.is_none() && self.created_at.is_some() {
            draft.created_at = self.created_at;
            draft.time_from = TimeFrom::Conversation;
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
pub(crate) fn left_out(large: &[String]) -> String {
    format!(
        "left out of the messages' metadata, for their size: {}",
        large.join(", ")
    )
}

/// The messages of a conversation. One without a time has that of the message before it, else of the one after it, else the
/// conversation's.
pub(crate) fn messages(
    list: Vec<Value>,
    conversation: &Conversation,
    context: &Context,
    line: usize,
) -> Vec<Item> {
    let untimed = Conversation {
        created_at: None,
        ..conversation.clone()
    };
    let mut drafts: Vec<Result<Draft, (String, Option<String>)>> = list
        .into_iter()
        .map(|message| match message {
            Value::Object(message) => fields::draft(message.clone(), context, Some(&untimed))
                .map_err(|reason| (reason, Some(Value::Object(message).to_string()))),
            other => Err((
                format!("a message must be an object, not {}", kind(&other)),
                None,
            )),
        })
        .collect();
    fill_times(
        drafts.iter_mut().filter_map(|draft| draft.as_mut().ok()),
        conversation.created_at,
    );
    let name = conversation.session.clone().unwrap_or_default();
    let mut items = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        items.push(match draft {
            Ok(draft) => context.finish(draft, line),
            Err((reason, record)) => {
                let place = if name.is_empty() {
                    format!("message {}", index + 1)
                } else {
                    format!("conversation {name}, message {}", index + 1)
                };
                let mut item = context.reject(line, format!("{place}: {reason}"));
                if let Item::Rejection(rejection) = &mut item {
                    rejection.record = record;
                }
                item
            }
        });
    }
    items
}

/// Completes times from the drafts around, then from the conversation.
pub(crate) fn fill_times<'a>(
    drafts: impl Iterator<Item = &'a mut Draft>,
    started: Option<chrono::NaiveDateTime>,
) {
    let mut drafts: Vec<_> = drafts.collect();
    let mut latest = None;
    for draft in &mut drafts {
        match draft.created_at {
            Some(time) => latest = Some(time),
            None if latest.is_some() => {
                draft.created_at = latest;
                draft.time_from = TimeFrom::Conversation;
            }
            None => {}
        }
    }
    let mut next = started.or_else(|| drafts.iter().find_map(|draft| draft.created_at));
    for draft in drafts.iter_mut().rev() {
        if draft.created_at.is_none() {
            draft.created_at = next;
            draft.time_from = TimeFrom::Conversation;
        }
        next = started.or(draft.created_at);
    }
}
