//! Facts about people: subject, slot, value, in time.
//!
//! # Layout
//!
//! * `registry`: the slots of `config/slots.yaml` and their phrases
//! * `words`, `inflect`, `value`, `lists`: a sentence as words, forms of verbs, where a value begins and ends
//! * `gate`: which sentences state anything; `mood`: how a verb was put
//! * `read`: what one text states, found by phrases; `conclude`: what a phrase that was found says; `answer`: a question's answer. All of
//!   it depends on the text and its time alone
//! * `store`: readings of every content version, read when it arrives, and statements by hand
//! * `timeline`: what all of it comes to: what holds, held, is planned, was superseded or retracted

mod answer;
mod conclude;
mod gate;
mod inflect;
mod lists;
mod mood;
mod read;
mod registry;
mod store;
#[cfg(test)]
mod tests;
mod timeline;
mod value;
mod words;

pub use answer::read_answer;
pub use read::{Reading, Says, read};
pub use registry::{Cardinality, Registry, Slot, registry};
pub use store::{Statement, append_statement, claims, read_pending};
pub use timeline::{Act, Claim, Evidence, Fact, Kind, Law, SELF, facts};
