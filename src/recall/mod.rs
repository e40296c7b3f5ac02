//! Recall: a question in, memories out, each with the reasons why.
//!
//! # Layout
//!
//! * `queries`: the SQL of `sql/recall/`, rendered for a mind and a moment
//! * `question`: what a question names: its terms, one speaker, times
//! * `gathering`: whether a question asks for several things
//! * `needs`: what an answer has to say: the question's words of content
//! * `spelling`: words that no memory has, read as the nearest that one has
//! * `answer`: asking, and the shapes of an answer
//! * `query_batch`: the questions that share a statement, from the store to their answers
//! * `score`: exact decimals
//!
//! How memories are ranked is SQL that a user can change (`sql/recall/ranking.sql`): every DECIMAL column of that query is a
//! component, and the components sum exactly to the score.

mod answer;
mod gathering;
mod needs;
mod queries;
mod query_batch;
mod question;
mod score;
mod spelling;
#[cfg(test)]
mod tests;

pub use answer::{
    Answer, Basis, EmbedTexts, Explanation, Hit, Meaning, WordShare, recall, recall_batch,
};
pub use query_batch::create_asked;
pub use question::{Cut, Question};
pub use score::Score;
pub use spelling::Spelling;
