//! The SQL that a database's owner runs for codex: a role with the least it needs, its schema, and the trigger that makes intake
//! immediate.

use crate::config::PostgresAddress;
use crate::error::Result;
use crate::project::SourceMapping;
use crate::warehouse::postgres::{failure, quoted};
use postgres::Client;

/// The channel the trigger notifies.
pub const CHANNEL: &str = "codex_memories";

/// What the owner runs once: codex may read its sources and own its schema, and nothing else.
pub fn rights(address: &PostgresAddress, mappings: &[SourceMapping], with_trigger: bool) -> String {
    let role = quoted(&address.user);
    let database = quoted(&address.database);
    let mut sql = format!(
        "-- Run as the owner of the database, for example: psql -d {} -f this.sql\n\
         -- Role {role} may read the tables memories come from and owns the schema dreams; it needs nothing else.\n\n\
         -- CREATE ROLE {role} LOGIN PASSWORD '…';\n\
         GRANT CONNECT ON DATABASE {database} TO {role};\n",
        address.database
    );
    for mapping in mappings {
        sql.push_str(&format!(
            "GRANT USAGE ON SCHEMA {} TO {role};\nGRANT SELECT ON {} TO {role};\n",
            quoted(&mapping.schema),
            relation(mapping)
        ));
    }
    sql.push_str(&format!(
        "CREATE SCHEMA IF NOT EXISTS dreams AUTHORIZATION {role};\n"
    ));
    if with_trigger {
        for mapping in mappings {
            sql.push('\n');
            sql.push_str(&trigger(mapping));
        }
    }
    sql.push_str("\n-- Then, with codex's own role: codex init postgres\n");
    sql
}

/// What makes intake immediate: each statement that changes the table says so, once, when it commits.
pub fn trigger(mapping: &SourceMapping) -> String {
    let (schema, relation) = (quoted(&mapping.schema), relation(mapping));
    format!(
        "-- Optional: tell codex at once that {} changed (LISTEN/NOTIFY). It writes nothing and needs no rights.\n\
         -- A view cannot have it; its tables can.\n\
         CREATE OR REPLACE FUNCTION {schema}.codex_notify() RETURNS trigger LANGUAGE plpgsql AS $$\n\
         BEGIN\n    PERFORM pg_notify('{CHANNEL}', TG_OP);\n    RETURN NULL;\nEND $$;\n\
         DROP TRIGGER IF EXISTS codex_notify ON {relation};\n\
         CREATE TRIGGER codex_notify AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {relation}\n\
         \x20   FOR EACH STATEMENT EXECUTE FUNCTION {schema}.codex_notify();\n",
        mapping.relation()
    )
}

/// Whether the trigger is there.
///
/// # Errors
/// See [`failure`].
pub fn trigger_exists(
    address: &PostgresAddress,
    client: &mut Client,
    mapping: &SourceMapping,
) -> Result<bool> {
    let row = client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
                            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname = $1 AND c.relname = $2 AND t.tgname = 'codex_notify' AND t.tgenabled <> 'D')",
            &[&mapping.schema, &mapping.table],
        )
        .map_err(|e| failure(address, e))?;
    Ok(row.get(0))
}

fn relation(mapping: &SourceMapping) -> String {
    format!("{}.{}", quoted(&mapping.schema), quoted(&mapping.table))
}
