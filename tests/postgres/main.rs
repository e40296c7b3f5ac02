//! codex beside a real PostgreSQL, which these tests start themselves.

mod address;
mod away;
mod daemon;
mod diary;
mod identity;
mod intake;
mod listening;
mod mapping;
mod owed;
mod rights;
mod server;
mod test_store;
#[path = "../shared/unchecked.rs"]
mod unchecked;
mod write_back;
