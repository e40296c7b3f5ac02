//! codex beside a real PostgreSQL, which these tests start themselves.

mod daemon;
mod failures;
mod intake;
mod room;
mod server;
#[path = "../shared/unchecked.rs"]
mod unchecked;
mod write_back;
