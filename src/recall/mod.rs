//! Recall: a question in, memories out, each with the reasons why.
//!
//! # Layout
//!
//! * `resident`: the same ranking from memory, for plain questions to a store that many ask
//! * `queries`: the SQL of `sql/recall/`, rendered for a mind and a moment
//! * `question`: what a question names: its terms, one speaker, times
//! * `gathering`: whether a question asks for several things
//! * `needs`: what an answer has to say: the question's words of content
//! * `reading`: what a question means to a mind: its words, times and people as the mind's memories know them
//! * `times`: the times a question names, past or future, open spans, events; whether it asks for the first or the latest
//! * `kin`: people by kin and role
//! * `filter`: which memories may come up, and what an answer holds beside them
//! * `presentation`: diversity, neighbours, associations, why a memory did not come up
//! * `spelling`: words that no memory has, read as the nearest that one has
//! * `answer`: asking, and the shapes of an answer
//! * `needed`: what a conversation is likely to need before anything is asked
//! * `query_batch`: the questions that share a statement, from the store to their answers
//! * `score`: exact decimals
//!
//! How memories are ranked is SQL that a user can change (`sql/recall/ranking.sql`): every DECIMAL column of that query is a
//! component, and the components sum exactly to the score.

mod answer;
mod filter;
mod gathering;
mod kin;
mod needed;
mod needs;
mod presentation;
mod queries;
mod query_batch;
mod question;
mod reading;
mod resident;
mod score;
mod spelling;
#[cfg(test)]
mod tests;
mod times;

pub use answer::{
    Answer, Basis, EmbedTexts, Explanation, Hit, Meaning, WordShare, recall, recall_batch,
    recall_with,
};
pub use filter::{Filter, Presentation};
pub use kin::Alias;
pub use needed::{NeededMemory, RecentMemory, WeightedTerm, needed_memories, recent_memories};
pub use presentation::{Associate, Neighbour, WhyNot};
pub use query_batch::create_asked;
pub use question::{Cut, Question};
pub use resident::Resident;
pub use score::Score;
pub use spelling::Spelling;
pub use times::{NamedTime, TimeOrder};
