//! `codex doctor`: what codex needs from outside, whether it is there, and what to do where it is not. No store is opened.

use super::HealthCheck;
use crate::config::{Config, PostgresAddress, Settings};
use crate::engine::PostgresHealth;
use crate::engine::enrichment::status::examine_models;
use crate::error::{Error, Result};
use crate::memory::postgres::{Shape, inspect};
use crate::project::{Project, SourceMapping};
use crate::publish::{self, Dreams};
use crate::warehouse::postgres::{Limits, Purpose, Reader, connect, failure, quoted};
use postgres::Client;
use serde::Serialize;
use std::time::Instant;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but could be better, or is not set up.
    Note,
    /// It does not work.
    Problem,
}

impl Level {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Problem => "problem",
        }
    }
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do; often SQL to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what_to_do: Option<String>,
}

impl Finding {
    fn new(what: impl Into<String>, level: Level, found: impl Into<String>) -> Finding {
        Finding {
            what: what.into(),
            level,
            found: found.into(),
            what_to_do: None,
        }
    }

    fn problem(what: impl Into<String>, error: &Error) -> Finding {
        Finding {
            what_to_do: error.next_step().map(str::to_owned),
            ..Finding::new(what, Level::Problem, error.to_string())
        }
    }

    fn then(mut self, what_to_do: impl Into<String>) -> Finding {
        self.what_to_do = Some(what_to_do.into());
        self
    }
}

/// Looks at everything. What fails is a finding, not an error.
pub fn examine(config: &Config, project: &Project) -> Vec<Finding> {
    let path = &config.settings.database;
    let mut findings = vec![Finding::new(
        "store",
        Level::Ok,
        match path.exists() {
            true => format!("{}", path.display()),
            false => format!("{} (not made yet)", path.display()),
        },
    )];
    findings.extend(
        config
            .warnings
            .iter()
            .map(|w| Finding::new("configuration", Level::Note, w)),
    );
    findings.extend(models(&config.settings));
    let Some(address) = &config.postgres else {
        findings.push(
            Finding::new("PostgreSQL", Level::Note, "not configured")
                .then("to read memories from PostgreSQL, set POSTGRES_DB_URL in the environment or in .env"),
        );
        return findings;
    };
    findings.push(extension(config));
    let limits = Limits::of(&config.settings.postgres);
    let started = Instant::now();
    match connect(address, &limits, Purpose::Read) {
        Err(e) => findings.push(Finding::problem("PostgreSQL", &e)),
        Ok(mut client) => {
            let ms = started.elapsed().as_millis();
            let mut look = |finding: Result<Vec<Finding>>, what: &str| match finding {
                Ok(more) => findings.extend(more),
                Err(e) => findings.push(Finding::problem(what, &e)),
            };
            look(server(address, &mut client, ms), "PostgreSQL");
            for mapping in project.mappings() {
                look(source(address, &mut client, mapping), &mapping.relation());
            }
            look(schema(address, &mut client, config), "write-back");
        }
    }
    findings
}

/// What a store remembers of PostgreSQL's rows and does not work as it could.
pub fn remembered(postgres: &PostgresHealth) -> Vec<Finding> {
    let mut findings = Vec::new();
    let note = |found: String| Finding::new("rows of PostgreSQL", Level::Note, found);
    if postgres.rejected > 0 {
        findings.push(
            note(format!("{} cannot be memories", postgres.rejected))
                .then("`codex intake` said which and why when it read them; mend them in their table, and they come in"),
        );
    }
    if postgres.kept > 0 {
        findings.push(
            note(format!(
                "{} are missing from their table, too many at once to be taken for deletions",
                postgres.kept
            ))
            .then("if they were meant to go: codex intake --accept-deletions"),
        );
    }
    findings
}

/// What health says of a store and is not well.
pub fn health_findings(checks: &[HealthCheck]) -> Vec<Finding> {
    checks
        .iter()
        .filter(|check| check.alert_level != "OK")
        .map(|check| {
            let level = match check.alert_level.as_str() {
                "CRITICAL" => Level::Problem,
                _ => Level::Note,
            };
            let of = format!("{} of mind '{}'", check.check, check.mind);
            let finding = Finding::new("health", level, of);
            Finding {
                what_to_do: check.what_to_do.clone(),
                ..finding
            }
        })
        .collect()
}

/// The embedding and language models of the settings. Without any, codex reads by rules and answers by words, which is no problem
/// unless the settings ask for a model by name.
fn models(settings: &Settings) -> Vec<Finding> {
    let found = match examine_models(settings) {
        Ok(found) => found,
        Err(e) => return vec![Finding::problem("Ollama", &e)],
    };
    let level = |needed: bool| if needed { Level::Problem } else { Level::Note };
    let advised = |finding: Finding, fix: &Option<String>| Finding {
        what_to_do: fix.clone(),
        ..finding
    };
    let server = &found.server;
    let mut findings = Vec::new();
    if let Some(problem) = &server.problem {
        let finding = Finding::new("Ollama", level(server.needed), problem);
        findings.push(advised(finding, &server.fix));
    } else if let Some(version) = &server.version {
        let said = format!("{} ({version})", server.url);
        findings.push(Finding::new("Ollama", Level::Ok, said));
        for model in &found.models {
            let what = format!("model for {}", model.task);
            findings.push(match model.there {
                true => Finding::new(what, Level::Ok, &model.name),
                false => advised(
                    Finding::new(
                        what,
                        level(model.needed),
                        format!("{} is not there", model.name),
                    ),
                    &model.fix,
                ),
            });
        }
    }
    let local = &found.local;
    findings.push(match (&found.embeds, local.there) {
        (Some(embeds), _) => Finding::new("meaning", Level::Ok, format!("questions go by words and by {embeds}")),
        (None, _) => advised(
            Finding::new("meaning", level(local.needed), "questions go by words alone: no embedding model is there, or settings.embeddings is none"),
            &local.fix,
        ),
    });
    findings
}

fn extension(config: &Config) -> Finding {
    let spill = std::env::temp_dir();
    match Reader::open(&config.settings.extension_directory, &spill) {
        Ok(reader) => {
            let extension = reader.extension();
            Finding::new(
                "DuckDB's PostgreSQL extension",
                Level::Ok,
                format!("{}: {}", extension.way.as_str(), extension.file.display()),
            )
        }
        Err(e) => Finding::problem("DuckDB's PostgreSQL extension", &e),
    }
}

fn server(address: &PostgresAddress, client: &mut Client, ms: u128) -> Result<Vec<Finding>> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version'), current_user::text,
                    (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
                    coalesce((SELECT s.version FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl), 'no TLS'),
                    current_setting('server_version_num')::int",
            &[],
        )
        .map_err(|e| failure(address, e))?;
    let (version, user, superuser, tls): (String, String, bool, String) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let tls = if address.is_socket() {
        "Unix socket".to_owned()
    } else {
        tls
    };
    let mut findings = vec![Finding::new(
        "PostgreSQL",
        Level::Ok,
        format!("{address}: version {version}, role {user}, {tls}, connected in {ms} ms"),
    )];
    if row.get::<_, i32>(4) < 120_000 {
        findings.push(
            Finding::new(
                "PostgreSQL",
                Level::Problem,
                format!("version {version} is too old"),
            )
            .then("codex needs PostgreSQL 12 or newer"),
        );
    }
    if superuser {
        findings.push(
            Finding::new("role", Level::Note, format!("{user} may do everything on this server"))
                .then("codex needs far less: `codex init postgres --print` writes the SQL for a role of its own"),
        );
    }
    Ok(findings)
}

fn source(
    address: &PostgresAddress,
    client: &mut Client,
    mapping: &SourceMapping,
) -> Result<Vec<Finding>> {
    let what = mapping.relation();
    let relation = format!("{}.{}", quoted(&mapping.schema), quoted(&mapping.table));
    let shape: Shape = inspect(address, client, mapping)?;
    let kind = if shape.is_table { "table" } else { "view" };
    let mut findings = vec![Finding::new(
        &what,
        Level::Ok,
        format!(
            "a {kind} with the columns pipeline/sources.yaml names, about {} rows",
            shape.estimated_rows
        ),
    )];
    let whole = "the whole table is compared instead, more seldom";
    match &mapping.columns.updated_at {
        None => findings.push(
            Finding::new(&what, Level::Note, format!("no updated_at is mapped: {whole}"))
                .then(format!("ALTER TABLE {relation} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(); and a trigger that sets it on every UPDATE")),
        ),
        Some(_) if !mapping.trust_updated_at => findings.push(Finding::new(
            &what,
            Level::Note,
            format!("trust_updated_at is false: {whole}"),
        )),
        Some(column) => {
            if !shape.updated_at_indexed {
                findings.push(
                    Finding::new(&what, Level::Note, format!("{column} has no index: {whole}"))
                        .then(format!("CREATE INDEX CONCURRENTLY ON {relation} ({});", quoted(column))),
                );
            }
            if shape.updated_at_nullable {
                let nulls: bool = client
                    .query_one(&format!("SELECT EXISTS (SELECT 1 FROM {relation} WHERE {} IS NULL)", quoted(column)), &[])
                    .map_err(|e| failure(address, e))?
                    .get(0);
                let column = quoted(column);
                if nulls {
                    findings.push(
                        Finding::new(&what, Level::Note, format!("some rows have no updated_at: {whole}"))
                            .then(format!("UPDATE {relation} SET {column} = now() WHERE {column} IS NULL; ALTER TABLE {relation} ALTER {column} SET DEFAULT now(), ALTER {column} SET NOT NULL;")),
                    );
                }
            }
        }
    }
    let row = client
        .query_one(
            "SELECT CASE WHEN c.relkind IN ('r', 'p') THEN has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ELSE false END
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relname = $2",
            &[&mapping.schema, &mapping.table],
        )
        .map_err(|e| failure(address, e))?;
    if row.get::<_, bool>(0) {
        findings.push(
            Finding::new(
                &what,
                Level::Note,
                format!(
                    "role {} may change it; codex never does, and needs SELECT only",
                    address.user
                ),
            )
            .then("`codex init postgres --print` writes the SQL for a role with less"),
        );
    }
    findings.push(match publish::trigger_exists(address, client, mapping)? {
        true => Finding::new(&what, Level::Ok, "the trigger makes intake immediate where something listens (`codex intake --watch`, the daemon)"),
        false => Finding::new(&what, Level::Note, "no trigger: changes come in with the next cycle")
            .then("`codex init postgres --trigger` installs it, or --print writes its SQL for the table's owner"),
    });
    Ok(findings)
}

fn schema(address: &PostgresAddress, client: &mut Client, config: &Config) -> Result<Vec<Finding>> {
    const WHAT: &str = "write-back";
    if !config.settings.postgres.write_back {
        return Ok(vec![Finding::new(
            WHAT,
            Level::Note,
            "switched off (postgres.write_back)",
        )]);
    }
    let found = publish::dreams(address, client)?;
    let mut findings = vec![match found {
        Dreams::Missing => Finding::new(
            WHAT,
            Level::Note,
            "there is no schema `dreams`, so nothing is published",
        )
        .then("`codex init postgres` makes it, or --print writes the SQL for the database's owner"),
        Dreams::Empty => Finding::new(WHAT, Level::Note, "the schema `dreams` is still empty")
            .then("run `codex init postgres`"),
        Dreams::Foreign => Finding::new(
            WHAT,
            Level::Problem,
            "there is a schema `dreams` that is not codex's",
        )
        .then("use another database, or rename that schema"),
        found if found.is_current() => Finding::new(
            WHAT,
            Level::Ok,
            "the schema `dreams` is there and up to date",
        ),
        Dreams::Version(version) => Finding::new(
            WHAT,
            Level::Note,
            format!("the schema `dreams` is of version {version}"),
        )
        .then("the next write-back brings it up to date, or says that codex is too old"),
    }];
    if matches!(found, Dreams::Version(_)) {
        let row = client
            .query_one(
                "SELECT pg_get_userbyid(nspowner)::text, pg_has_role(nspowner, 'MEMBER') FROM pg_catalog.pg_namespace WHERE nspname = 'dreams'",
                &[],
            )
            .map_err(|e| failure(address, e))?;
        if !row.get::<_, bool>(1) {
            let owner: String = row.get(0);
            findings.push(
                Finding::new(
                    WHAT,
                    Level::Problem,
                    format!(
                        "the schema `dreams` belongs to {owner}, not to {}",
                        address.user
                    ),
                )
                .then(format!(
                    "ALTER SCHEMA dreams OWNER TO {}; and the same for its tables and views",
                    quoted(&address.user)
                )),
            );
        }
    }
    Ok(findings)
}
