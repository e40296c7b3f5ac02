//! DuckDB: opening and owning the file, migrations, materializations.
//!
//! One process owns the file at a time ([`FileLock`]); within it, everything goes through one [`Warehouse`].

pub mod extension;
pub mod lint;
mod lock;
pub mod materialize;
mod migrate;
mod open;
mod permissions;
mod plans;
pub mod postgres;
mod staging;
mod statements;

pub use lock::{FileLock, Holder};
pub use open::{Access, OpenOptions, Warehouse, absolute, canonical, over_files};
pub use permissions::restrict_new_files;
pub use plans::Plans;
pub use staging::{StagingDir, move_to};

use chrono::NaiveDateTime;

/// A UTC time as a typed SQL literal.
pub fn timestamp_literal(at: NaiveDateTime) -> String {
    format!("TIMESTAMP '{}'", at.format("%Y-%m-%d %H:%M:%S%.6f"))
}

/// A text as a quoted SQL literal.
pub fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
