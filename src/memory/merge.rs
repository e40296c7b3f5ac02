//! Merging the raw log of another store, staged in temporary tables, as new arrivals.
//!
//! A memory is known by (mind, source, key); edits, deletions, activations and naps by all they say. What is known stays as it is,
//! what is new gets the next arrival numbers in the order of the other log.

use super::events::{EVENT_TABLES, Merged, all_arrivals};
use super::log::highest_arrival;
use super::minds::{MindId, begin_minds, check_name, parse_time_zone};
use crate::clock;
use crate::error::{Error, Result};
use duckdb::{Connection, params};
use std::collections::BTreeMap;

/// Appends what is new of `staged_*`. Returns rows by table, and how many memories were known.
pub(super) fn merge(
    conn: &Connection,
    notes: &mut Vec<String>,
) -> Result<(BTreeMap<String, u64>, u64)> {
    check_minds(conn, "temp.main.staged_minds")?;
    let zones: i64 = conn.query_row(
        "SELECT count(*) FROM temp.main.staged_minds s JOIN raw.minds m USING (mind_id) WHERE s.time_zone <> m.time_zone",
        [],
        |r| r.get(0),
    )?;
    if zones > 0 {
        notes.push(format!(
            "{zones} minds have another time zone here, and keep it"
        ));
    }
    // An export of an earlier version does not have every table.
    for event in EVENT_TABLES.iter().filter(|e| e.is_staged()) {
        conn.execute_batch(&format!(
            "CREATE TEMP TABLE IF NOT EXISTS staged_{} AS FROM {} LIMIT 0",
            event.name(),
            event.table
        ))?;
    }
    // Nothing may refer to what the export does not hold.
    let lost: i64 = conn.query_row(&lost_events(), [], |r| r.get(0))?;
    if lost > 0 {
        return Err(Error::usage(format!(
            "{lost} events are about memories or minds that the export does not hold"
        )));
    }
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE merged_memories AS
         SELECT s.memory_id AS old_id, t.memory_id AS known_id, s.content <> t.content AS differs
         FROM (
             -- A key is used again where its memory was deleted: the first of it is the first, and so on.
             SELECT *, row_number() OVER (PARTITION BY mind_id, source, key ORDER BY memory_id) AS nth FROM temp.main.staged_memories
         ) s
         LEFT JOIN (
             SELECT *, row_number() OVER (PARTITION BY mind_id, source, key ORDER BY memory_id) AS nth FROM raw.memories
         ) t ON t.mind_id = s.mind_id AND t.source = s.source AND t.key = s.key AND t.nth = s.nth;
         CREATE OR REPLACE TEMP TABLE merged_events AS
         SELECT arrival AS old_id FROM temp.main.staged_minds WHERE mind_id NOT IN (SELECT mind_id FROM raw.minds)
         UNION ALL SELECT old_id FROM temp.main.merged_memories WHERE known_id IS NULL",
    )?;
    for event in EVENT_TABLES {
        if let Merged::Event { memories, says, .. } = event.merged {
            conn.execute_batch(&fresh_events(event.name(), memories, says))?;
        }
    }
    // What models said of memories that are new here. Episodes, columns and insights are made anew, and asked about again.
    conn.execute_batch(
        "INSERT INTO temp.main.merged_events
         SELECT s.arrival FROM temp.main.staged_answers s JOIN temp.main.merged_memories m ON m.old_id = s.memory_id
         WHERE s.kind = 'memory' AND m.known_id IS NULL",
    )?;
    let base = highest_arrival(conn)?;
    conn.execute(
        "CREATE OR REPLACE TEMP TABLE arrivals AS
         SELECT old_id, ?::BIGINT + row_number() OVER (ORDER BY old_id) AS arrival FROM temp.main.merged_events",
        [base],
    )?;
    conn.execute_batch(
        "CREATE OR REPLACE TEMP TABLE places AS
         SELECT old_id, coalesce(known_id, arrival) AS memory_id
         FROM temp.main.merged_memories LEFT JOIN temp.main.arrivals USING (old_id)",
    )?;
    let added = append(conn)?;
    let (known, differing): (i64, i64) = conn.query_row(
        "SELECT count(known_id), count(*) FILTER (known_id IS NOT NULL AND differs) FROM temp.main.merged_memories",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    if differing > 0 {
        notes.push(format!(
            "{differing} memories have another content here, and keep it"
        ));
    }
    conn.execute_batch(
        "DROP TABLE temp.main.merged_memories; DROP TABLE temp.main.merged_events; DROP TABLE temp.main.arrivals;
         DROP TABLE temp.main.places; DROP TABLE temp.main.staged_features",
    )?;
    for event in EVENT_TABLES.iter().filter(|e| e.is_staged()) {
        conn.execute_batch(&format!("DROP TABLE temp.main.staged_{}", event.name()))?;
    }
    check_log(conn)?;
    Ok((added, known as u64))
}

/// SQL that counts the events about memories or minds that the export does not hold.
fn lost_events() -> String {
    let mut ends = vec!["SELECT memory_id, mind_id FROM temp.main.staged_memories".to_owned()];
    for event in EVENT_TABLES {
        if let Merged::Event { memories, .. } = event.merged {
            for memory in memories {
                ends.push(format!(
                    "SELECT {memory}, mind_id FROM temp.main.staged_{}",
                    event.name()
                ));
            }
        }
    }
    format!(
        "SELECT count(*) FROM ({}) e
         WHERE mind_id NOT IN (SELECT mind_id FROM temp.main.staged_minds)
            OR (memory_id, mind_id) NOT IN (SELECT (memory_id, mind_id) FROM temp.main.staged_memories)",
        ends.join("\nUNION ALL ")
    )
}

/// SQL that notes the events of a table that the store does not have; of events that say the same, as many as are missing.
fn fresh_events(table: &str, memories: &[&str], says: &[&str]) -> String {
    // What the event is about, in the export and here: its memories, or its mind.
    let about = if memories.is_empty() {
        vec!["mind_id"]
    } else {
        memories.to_vec()
    };
    let here: Vec<_> = (0..about.len())
        .map(|i| {
            if memories.is_empty() {
                "s.mind_id AS about0".to_owned()
            } else {
                format!("p{i}.known_id AS about{i}")
            }
        })
        .collect();
    let joins: Vec<_> = memories
        .iter()
        .enumerate()
        .map(|(i, memory)| {
            format!("JOIN temp.main.merged_memories p{i} ON p{i}.old_id = s.{memory}")
        })
        .collect();
    let known: Vec<_> = about
        .iter()
        .enumerate()
        .map(|(i, column)| format!("{column} AS about{i}"))
        .collect();
    let told: Vec<_> = about.iter().chain(says).copied().collect();
    let same: Vec<_> = (0..about.len())
        .map(|i| format!("t.about{i} = n.about{i}"))
        .chain(
            says.iter()
                .map(|c| format!("t.{c} IS NOT DISTINCT FROM n.{c}")),
        )
        .collect();
    format!(
        "INSERT INTO temp.main.merged_events
         WITH n AS (
             SELECT s.arrival, {here}, s.{columns},
                    row_number() OVER (PARTITION BY s.{partition} ORDER BY s.arrival) AS nth
             FROM temp.main.staged_{table} s {joins}
         ),
         t AS (
             SELECT {known}, {listed}, row_number() OVER (PARTITION BY {told} ORDER BY arrival) AS nth
             FROM raw.{table}
         )
         SELECT arrival FROM n
         WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.nth = n.nth AND {same})",
        here = here.join(", "),
        columns = says.join(", s."),
        partition = told.join(", s."),
        joins = joins.join(" "),
        known = known.join(", "),
        listed = says.join(", "),
        told = told.join(", "),
        same = same.join(" AND ")
    )
}

fn append(conn: &Connection) -> Result<BTreeMap<String, u64>> {
    let now = clock::now();
    let mut added = BTreeMap::new();
    let mut add = |table: &str, rows: usize| {
        if rows > 0 {
            added.insert(table.to_owned(), rows as u64);
        }
    };
    // A known mind's row is not among the arrivals.
    add("raw.minds", conn.execute(
        "INSERT INTO raw.minds
         SELECT s.mind_id, a.arrival, s.name, s.time_zone, s.created_at
         FROM temp.main.staged_minds s JOIN temp.main.arrivals a ON a.old_id = s.arrival ORDER BY a.arrival",
        [],
    )?);
    begin_minds(conn)?;
    add("raw.memories", conn.execute(
        "INSERT INTO raw.memories BY NAME
         SELECT s.* REPLACE (a.arrival AS memory_id, ?::TIMESTAMP AS recorded_at)
         FROM temp.main.staged_memories s JOIN temp.main.arrivals a ON a.old_id = s.memory_id ORDER BY a.arrival",
        params![now],
    )?);
    for event in EVENT_TABLES {
        if let Merged::Event {
            memories, group, ..
        } = event.merged
        {
            let rows = conn.execute(&append_events(event.name(), memories, group), [])?;
            add(event.table, rows);
        }
    }
    add("raw.answers", conn.execute(
        "INSERT INTO raw.answers BY NAME
         SELECT s.* REPLACE (a.arrival AS arrival, p.memory_id AS memory_id, c.arrival AS revision, p.memory_id::VARCHAR AS subject)
         FROM temp.main.staged_answers s
         JOIN temp.main.arrivals a ON a.old_id = s.arrival
         JOIN temp.main.places p ON p.old_id = s.memory_id
         JOIN temp.main.arrivals c ON c.old_id = s.revision
         ORDER BY a.arrival",
        [],
    )?);
    // What rules say is said again; answers of models come along with the contents that are new here.
    add(
        "enrichment.features",
        conn.execute(
            "INSERT INTO enrichment.features BY NAME
         SELECT s.* REPLACE (p.memory_id AS memory_id, a.arrival AS revision, c.arrival AS describes)
         FROM temp.main.staged_features s
         JOIN temp.main.places p ON p.old_id = s.memory_id
         JOIN temp.main.arrivals a ON a.old_id = s.revision
         JOIN temp.main.arrivals c ON c.old_id = coalesce(s.describes, s.revision)
         WHERE s.provider <> 'rules'
         ORDER BY a.arrival",
            [],
        )?,
    );
    Ok(added)
}

/// SQL that appends the new events of a table.
fn append_events(table: &str, memories: &[&str], group: Option<&str>) -> String {
    let mut replaced = vec!["a.arrival AS arrival".to_owned()];
    let mut joins = Vec::new();
    for (i, memory) in memories.iter().enumerate() {
        replaced.push(format!("p{i}.memory_id AS {memory}"));
        joins.push(format!(
            "JOIN temp.main.places p{i} ON p{i}.old_id = s.{memory}"
        ));
    }
    if let Some(group) = group {
        replaced.push(format!(
            "min(a.arrival) OVER (PARTITION BY s.{group}) AS {group}"
        ));
    }
    format!(
        "INSERT INTO raw.{table} BY NAME
         SELECT s.* REPLACE ({})
         FROM temp.main.staged_{table} s JOIN temp.main.arrivals a ON a.old_id = s.arrival {}
         ORDER BY a.arrival",
        replaced.join(", "),
        joins.join(" ")
    )
}

/// Whether every mind has a possible name, the identity of that name, and a known zone.
pub(super) fn check_minds(conn: &Connection, relation: &str) -> Result<()> {
    let mut statement = conn.prepare(&format!(
        "SELECT mind_id::VARCHAR, name, time_zone FROM {relation} ORDER BY name"
    ))?;
    let rows = statement.query_map([], |r| {
        Ok((
            r.get::<_, String>(0)?,
            r.get::<_, String>(1)?,
            r.get::<_, String>(2)?,
        ))
    })?;
    for row in rows {
        let (id, name, zone) = row?;
        check_name(&name)?;
        parse_time_zone(&zone)?;
        if MindId::parse(&id)? != MindId::of(&name) {
            return Err(Error::usage(format!(
                "the mind '{name}' has the id of another name"
            )));
        }
    }
    Ok(())
}

/// Whether every event has an arrival number of its own.
pub(super) fn check_log(conn: &Connection) -> Result<()> {
    let doubled: i64 = conn.query_row(
        &format!(
            "SELECT count(*) - count(DISTINCT arrival) FROM ({})",
            all_arrivals()
        ),
        [],
        |r| r.get(0),
    )?;
    if doubled > 0 {
        return Err(Error::usage(format!(
            "{doubled} events share their arrival number with another"
        )));
    }
    Ok(())
}
