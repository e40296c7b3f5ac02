//! One open store that many questions share.
//!
//! # Layout
//!
//! * `shared`: the store, and a question's way through it
//! * `access_queue`: who may work beside whom, in which order
//! * `coordination`: one of many engines on the store: its connection, the turn to write, what readers leave to be written
//! * `project_override`: questions of somebody with another project
//! * `interrupt`: stopping a question
//! * `rhythms`: whether something is due, for those who look again and again

mod access_queue;
pub(in crate::engine) mod coordination;
pub(in crate::engine) mod interrupt;
mod project_override;
mod rhythms;
pub(in crate::engine) mod shared;

pub use access_queue::{AccessGuard, AccessQueue, ActiveOperation};
pub use interrupt::Interrupt;
pub use shared::{RequestContext, SharedStore};

pub(crate) use shared::lock;
