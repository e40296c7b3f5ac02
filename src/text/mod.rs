//! Words: tokens, sentences, time expressions. Depends on nothing of ours.
//!
//! # Layout
//!
//! * [`mod@fold`]: one letter for all its written forms (case, accents, compatibility forms)
//! * [`tokens`]: the lexical analyser of recall: text → terms
//! * `compounds`: terms that stand for several words, or for a number however it is grouped
//! * [`words`]: words as written, with their byte ranges, for rules that need the surface
//! * [`mod@sentences`]: where sentences begin and end
//! * [`mod@directives`]: words that give orders to an assistant
//! * [`moments`]: times and durations as people write them in options
//! * [`dates`]: "last Friday", "8 May 2023" → half-open ranges of local time

mod compounds;
pub mod dates;
pub mod directives;
pub mod fold;
pub mod moments;
pub mod sentences;
pub mod tokens;
pub mod words;

pub use dates::{
    Looking, MONTHS, TimeExpression, header_terms, time_expressions, time_expressions_looking,
};
pub use directives::reads_as_directive;
pub use fold::fold;
pub use sentences::{Sentence, sentences};
pub use tokens::{for_each_term, is_stop_word, terms};
pub use words::{Word, surface_words};
