//! `codex init postgres`: the schema `dreams` and the triggers, made, or as SQL for whoever owns the database.

use crate::config::{Config, PostgresAddress};
use crate::error::{Error, Result};
use crate::memory::postgres::inspect;
use crate::project::Project;
use crate::publish;
use crate::warehouse::postgres::{Limits, Purpose, connect, failure};
use serde::Serialize;

/// What `codex init postgres` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prepared {
    /// Whether the schema `dreams` was made or brought up to date.
    pub changed: bool,
    /// Tables that have the trigger now.
    pub triggers: Vec<String>,
    /// Mapped views, which cannot have it.
    pub views: Vec<String>,
}

/// Makes the schema `dreams` and, where asked for, the triggers, with the configured role.
///
/// # Errors
/// Usage when no PostgreSQL is configured; failed when a table is not as mapped, or the role may not: no table has been changed
/// where one of them is not there.
pub fn prepare(config: &Config, project: &Project, trigger: bool) -> Result<Prepared> {
    let address = address(config)?;
    let limits = Limits::of(&config.settings.postgres);
    let mut client = connect(address, &limits, Purpose::Write)?;
    let (mut tables, mut views) = (Vec::new(), Vec::new());
    if trigger {
        for mapping in project.mappings() {
            match inspect(address, &mut client, mapping)?.takes_triggers {
                true => tables.push(mapping),
                false => views.push(mapping.relation()),
            }
        }
    }
    let changed = publish::create(address, &mut client)?;
    let mut triggers = Vec::new();
    for mapping in tables {
        client
            .batch_execute(&publish::trigger(mapping))
            .map_err(|e| {
                failure(address, e).context(format!("the trigger on {}", mapping.relation()))
            })?;
        triggers.push(mapping.relation());
    }
    Ok(Prepared {
        changed,
        triggers,
        views,
    })
}

/// The SQL that the owner of the database runs for codex.
///
/// # Errors
/// Usage when no PostgreSQL is configured.
pub fn rights(config: &Config, project: &Project, trigger: bool) -> Result<String> {
    Ok(publish::rights(
        address(config)?,
        project.mappings(),
        trigger,
    ))
}

fn address(config: &Config) -> Result<&PostgresAddress> {
    config.postgres.as_ref().ok_or_else(|| {
        Error::usage("no PostgreSQL is configured")
            .hint("set POSTGRES_DB_URL in the environment or in .env: postgresql://user@host:5432/database")
    })
}
