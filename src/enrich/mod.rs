//! What a memory says: entities, topics, feelings, actions, intentions. Rules depend on nothing but [`text`](crate::text); [`enrich_pending`] applies them to the raw log.
//!
//! # Layout
//!
//! * [`features`]: what is found, as stored
//! * [`embeddings`]: vectors of what memories mean
//! * [`llm`]: what language models say, asked and checked; [`answers`]: what is owed of it, and recording it as events
//! * [`rules`]: the rule-based enrichment, [`enrich`]; it needs no service and is what a missing LLM falls back to
//! * `reading`: a text's words with their classes, which all rules share; `lexicon`: the word lists
//! * `entities`, `topics`, `actions`, `intents`, `affect`, `valence`, `speech`,
//!   `space`, `salience`, `gist`: one rule family each; `inflection`: one form for a word's many

pub mod answers;
pub mod embeddings;
pub mod features;
pub mod llm;
mod pending;
pub mod rules;

mod actions;
mod affect;
mod entities;
mod gist;
mod importance_first;
mod inflection;
mod intents;
mod lexicon;
mod need;
mod reading;
mod salience;
mod space;
mod speech;
mod topics;
mod valence;

pub use features::{Action, Emotion, Features, Milli, SpeechAct, Topic};
pub use lexicon::{is_given_name, is_known_place};
pub use need::NeedShare;
pub use pending::enrich_pending;
pub use rules::{MAX_CHARACTERS, RULES_VERSION, Subject, enrich, need_shares};
