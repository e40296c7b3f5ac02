//! One owner of the store: whoever asks gets the same answers, whether this process opens the file or another one has it. → engine
//!
//! # Layout
//!
//! * `session`: asks the owner of the store, or becomes it

mod session;

pub use session::Session;
