//! codex beside a real PostgreSQL, which these tests start themselves.

mod daemon;
mod failures;
mod intake;
mod room;
mod server;
mod write_back;
