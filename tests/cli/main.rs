//! The command line as a user meets it: the real binary on real DuckDB files in temporary directories.

mod doors;
mod facts;
mod failures;
mod filing;
mod help;
mod intake;
mod lookups;
mod sharing;
mod test_store;
#[path = "../shared/unchecked.rs"]
mod unchecked;
