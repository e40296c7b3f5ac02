//! What PostgreSQL is asked about a table. All conversions happen there: what comes back is text, and UTC without a zone.

use super::shape::Shape;
use crate::project::SourceMapping;
use crate::warehouse::postgres::quoted;
use crate::warehouse::text_literal;
use chrono::NaiveDateTime;

/// The queries of one table.
#[derive(Debug, Clone)]
pub struct Queries {
    from: String,
    id: String,
    id_column: String,
    /// Whether the row counts: it has a content and is not marked as deleted.
    live: String,
    hash: String,
    /// id, content, created_at, whether that is its own, metadata, mind, session, speaker, live, hash.
    columns: String,
    updated_at: Option<UpdatedAt>,
}

#[derive(Debug, Clone)]
struct UpdatedAt {
    column: String,
    /// The zone of a column without one.
    zone: Option<String>,
}

impl Queries {
    /// The queries for a table of this shape.
    pub fn new(mapping: &SourceMapping, shape: &Shape) -> Queries {
        let c = &mapping.columns;
        let text = |name: &Option<String>| match name {
            Some(name) => format!("{}::text", quoted(name)),
            None => "NULL::text".to_owned(),
        };
        let utc = |name: &str| moment(&quoted(name), shape.type_of(name), &mapping.time_zone);
        let own = utc(&c.created_at);
        let created_at = match &c.updated_at {
            Some(updated_at) => format!("coalesce({own}, {})", utc(updated_at)),
            None => own.clone(),
        };
        let metadata = match &c.metadata {
            Some(name) => object(&quoted(name), shape.type_of(name)),
            None => "'{}'::text".to_owned(),
        };
        let content = format!("{}::text", quoted(&c.content));
        let deleted = match &c.deleted {
            None => "false".to_owned(),
            Some(name) if shape.type_of(name) == "boolean" => {
                format!("coalesce({}, false)", quoted(name))
            }
            Some(name) => format!("{} IS NOT NULL", quoted(name)),
        };
        let live = format!("({content} IS NOT NULL AND NOT {deleted})");
        let (mind, session, speaker) = (text(&c.mind), text(&c.session), text(&c.speaker));
        let part = |part: &str| format!("coalesce(md5({part}), '')");
        let parts: Vec<String> = [&content, &metadata, &mind, &session, &speaker]
            .into_iter()
            .map(|p| part(p))
            .collect();
        let hash = format!(
            "md5({} || coalesce(({created_at})::text, ''))",
            parts.join(" || ")
        );
        let id = format!("{}::text", quoted(&c.id));
        Queries {
            from: format!("{}.{}", quoted(&mapping.schema), quoted(&mapping.table)),
            columns: format!(
                "{id} AS id, {content} AS content, {created_at} AS created_at, ({own}) IS NOT NULL AS dated, {metadata} AS metadata, {mind} AS mind, \
                 {session} AS session, {speaker} AS speaker, {live} AS live, {hash}::uuid AS hash"
            ),
            updated_at: c.updated_at.as_ref().map(|name| UpdatedAt {
                column: quoted(name),
                zone: (shape.type_of(name) == "timestamp without time zone")
                    .then(|| mapping.time_zone.clone()),
            }),
            id_column: quoted(&c.id),
            id,
            live,
            hash,
        }
    }

    /// Every row that counts.
    pub fn whole(&self) -> String {
        format!(
            "SELECT {} FROM {} WHERE {}",
            self.columns, self.from, self.live
        )
    }

    /// The rows that changed since `overlap` seconds before the watermark, marked as deleted or not; none without updated_at.
    pub fn changed(&self, watermark: NaiveDateTime, overlap: u32) -> Option<String> {
        let bound = self.updated_at.as_ref()?.since(watermark, overlap);
        Some(format!(
            "SELECT {} FROM {} WHERE {bound}",
            self.columns, self.from
        ))
    }

    /// Rows by their ids, at most some thousand.
    pub fn by_id(&self, ids: &[String]) -> String {
        // Literals without a type take the column's: its index is used.
        let list: Vec<String> = ids.iter().map(|id| literal(id)).collect();
        format!(
            "SELECT {} FROM {} WHERE {} IN ({}) AND {}",
            self.columns,
            self.from,
            self.id_column,
            list.join(", "),
            self.live
        )
    }

    /// id and hash of every row that counts.
    pub fn hashes(&self) -> String {
        format!(
            "SELECT {} AS id, {}::uuid AS hash FROM {} WHERE {}",
            self.id, self.hash, self.from, self.live
        )
    }

    /// PostgreSQL's clock.
    pub fn clock() -> &'static str {
        "SELECT now() AT TIME ZONE 'UTC'"
    }

    /// One row about what changed since before the watermark: how many rows and a hash of what they are, the same within the last
    /// `overlap` seconds, and the clock.
    pub fn window(&self, watermark: NaiveDateTime, overlap: u32) -> Option<String> {
        let since = self.updated_at.as_ref()?.since(watermark, overlap);
        self.window_where(&since, overlap)
    }

    /// The same before there is a watermark: only the last `overlap` seconds.
    pub fn recent(&self, overlap: u32) -> Option<String> {
        let recent = self.updated_at.as_ref()?.recent(overlap);
        self.window_where(&recent, overlap)
    }

    fn window_where(&self, condition: &str, overlap: u32) -> Option<String> {
        let recent = self.updated_at.as_ref()?.recent(overlap);
        let what = format!(
            "hashtextextended({} || {} || ({})::text, 0)",
            self.id, self.hash, self.live
        );
        Some(format!(
            "SELECT count(*), coalesce(sum(h), 0)::text, count(*) FILTER (WHERE recent), \
             coalesce(sum(h) FILTER (WHERE recent), 0)::text, now() AT TIME ZONE 'UTC' \
             FROM (SELECT {what} AS h, {recent} AS recent FROM {} WHERE {condition}) changed",
            self.from
        ))
    }

    /// Whether any row has no updated_at.
    pub fn without_updated_at(&self) -> Option<String> {
        let updated_at = self.updated_at.as_ref()?;
        Some(format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE {} IS NULL)",
            self.from, updated_at.column
        ))
    }
}

impl UpdatedAt {
    /// A condition that an index on the column answers. A watermark in the future (a clock that was set back) counts as now.
    fn since(&self, watermark: NaiveDateTime, overlap: u32) -> String {
        let watermark = format!(
            "TIMESTAMP {}",
            literal(&watermark.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
        );
        self.after(
            &format!("least({watermark} AT TIME ZONE 'UTC', now())"),
            overlap,
        )
    }

    fn recent(&self, overlap: u32) -> String {
        self.after("now()", overlap)
    }

    fn after(&self, at: &str, overlap: u32) -> String {
        let bound = format!("({at} - interval '{overlap} seconds')");
        match &self.zone {
            Some(zone) => format!(
                "{} >= ({bound} AT TIME ZONE {})",
                self.column,
                literal(zone)
            ),
            None => format!("{} >= {bound}", self.column),
        }
    }
}

/// A time as plain UTC; null outside the years 1 to 9999, where DuckDB and PostgreSQL part company.
fn moment(column: &str, kind: &str, zone: &str) -> String {
    let utc = match kind {
        "timestamp with time zone" => format!("({column} AT TIME ZONE 'UTC')"),
        _ if zone == "UTC" => column.to_owned(),
        _ => format!(
            "({column} AT TIME ZONE {} AT TIME ZONE 'UTC')",
            literal(zone)
        ),
    };
    format!("CASE WHEN {column} >= '0001-01-02' AND {column} < '9999-12-31' THEN {utc} END")
}

/// A JSON object as text; anything else is put into one.
fn object(column: &str, kind: &str) -> String {
    let kind = if kind == "jsonb" { "jsonb" } else { "json" };
    format!(
        "CASE {kind}_typeof({column}) WHEN 'object' THEN {column}::text WHEN 'null' THEN '{{}}' \
         ELSE coalesce('{{\"value\": ' || {column}::text || '}}', '{{}}') END"
    )
}

/// A text as PostgreSQL reads it, whatever standard_conforming_strings says.
fn literal(text: &str) -> String {
    match text.contains('\\') {
        true => format!("E{}", text_literal(&text.replace('\\', "\\\\"))),
        false => text_literal(text),
    }
}
