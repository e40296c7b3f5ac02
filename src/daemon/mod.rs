//! One owner of the store: whoever asks gets the same answers, whether this process opens the file or another one has it. → engine
//!
//! # Layout
//!
//! * `session`: asks the owner of the store, or becomes it; `client` talks to a daemon, in the words of `protocol`
//! * `process`: start, stop; `setup` is what it is started with, `instance` what runs then, `ending` how it ends; `server` is the door of the
//!   Unix socket, `socket` is where it is
//! * `rhythms`, `scheduler`, `jobs`: when it looks, and for what; `dispatch`: looking; `crontab`: the same
//!   for cron
//! * `listening`: what PostgreSQL tells at once
//! * `watch`: memory, file size, deadlines; `status`, `log`: what it says of itself
//! * `unit`: systemd and launchd

mod client;
mod crontab;
mod dispatch;
mod ending;
mod instance;
pub mod jobs;
mod listening;
pub mod log;
mod process;
pub mod protocol;
pub mod rhythms;
pub mod scheduler;
mod server;
mod session;
mod setup;
mod socket;
mod status;
mod unit;
mod watch;

pub use client::{Client, Probe};
pub use crontab::crontab;
pub use process::{Started, Stopped, run_here, start, stop};
pub use session::{NoticeHandler, Session};
pub use setup::Setup;
pub use status::{Alert, DaemonStatus, RhythmStatus};
pub use unit::{Unit, install, uninstall};
pub use watch::NEXT_LOOKS;
