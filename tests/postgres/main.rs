//! codex beside a real PostgreSQL, which these tests start themselves.

mod intake;
mod room;
mod server;
