//! The command line as a user meets it: the real binary on real DuckDB files in temporary directories.

mod bytes;
#[cfg(target_os = "linux")]
mod clocks;
mod connect;
mod doors;
mod evaluation;
mod facts;
mod failures;
mod filing;
mod generations;
mod help;
mod imports;
mod intake;
mod lookups;
mod sharing;
mod test_store;
#[path = "../shared/unchecked.rs"]
mod unchecked;
