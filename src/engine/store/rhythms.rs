//! What a schedule needs to know of the store, and looking whether something is due.

use crate::cycle::next_due;
use crate::engine::store::shared::{HEALING, lock};
use crate::engine::{
    AccessMode, ConsolidateOptions, ConsolidateReport, CycleType, Engine, Interrupt, SharedStore,
};
use crate::error::{Error, Result};
use crate::memory::parse_time_zone;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Where the store keeps which rhythms rest.
const PAUSED: &str = "paused_rhythms";

/// For each cycle, until when a look would find nothing.
pub(in crate::engine) type Quiet = Mutex<BTreeMap<CycleType, Until>>;

/// A look found nothing more to do.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Until {
    /// The store had been written so often.
    writes: u64,
    /// It looked then.
    from: NaiveDateTime,
    /// Nothing becomes due by itself before.
    until: NaiveDateTime,
}

impl SharedStore {
    /// Runs the cycles up to `cycle` that are due at `as_of`. None when nothing was.
    ///
    /// A look that can find nothing costs nothing: nobody has written since the last one, and by itself nothing has become due.
    ///
    /// # Errors
    /// Failed when a model fails or it is interrupted. Steps that were done stay done.
    pub fn look(
        &self,
        cycle: CycleType,
        as_of: NaiveDateTime,
        interrupt: &Arc<Interrupt>,
    ) -> Result<Option<ConsolidateReport>> {
        let quiet = || lock(&self.quiet);
        if let Some(last) = quiet().get(&cycle)
            && last.writes == self.queue().writes()
            && (last.from..last.until).contains(&as_of)
        {
            return Ok(None);
        }
        self.heal(HEALING);
        let wanted = || !interrupt.is_stopped();
        let what = format!("the rhythm {cycle}");
        let mut held = self.queue().take(AccessMode::Write, &what, None, &wanted)?;
        let before = self.queue().writes();
        let mode = Some(AccessMode::Write);
        let (mut engine, wrote_activations) = self
            .root()
            .fork_connection(self.coordination.clone(), mode)?;
        let looked = interrupt.over(&mut engine, |engine| {
            let found = engine.look(cycle, as_of)?;
            let until = next_due(&engine.warehouse, engine.pipeline(), cycle, as_of)?;
            Ok((found, until))
        });
        self.examine(&looked);
        let (found, until) = looked?;
        let wrote = found.is_some() || wrote_activations;
        if !wrote {
            held.changed_nothing();
        }
        let last = Until {
            writes: before + u64::from(wrote),
            from: as_of,
            until,
        };
        quiet().insert(cycle, last);
        drop(held);
        self.write_pending_activations();
        Ok(found)
    }
}

impl Engine {
    /// The cycles up to `cycle` that are due at `as_of`, which is what the clock says, run. A mind whose last night lies after it
    /// waits, or starts over where a wrong clock had it live that night; the others go on.
    fn look(&self, cycle: CycleType, as_of: NaiveDateTime) -> Result<Option<ConsolidateReport>> {
        let found = self.consolidate(
            &ConsolidateOptions {
                cycle: Some(cycle),
                as_of,
                by_clock: true,
                mind: None,
            },
            |_| (),
        )?;
        Ok(found.did_anything().then_some(found))
    }

    /// The time zones that minds live in, each once, by name.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn zones(&self) -> Result<Vec<Tz>> {
        let mut statement = self
            .warehouse
            .conn()
            .prepare("SELECT DISTINCT time_zone FROM raw.minds ORDER BY time_zone")?;
        let rows = statement.query_map([], |r| r.get::<_, String>(0))?;
        rows.map(|name| parse_time_zone(&name?)).collect()
    }

    /// The names of the rhythms that rest.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn paused_rhythms(&self) -> Result<BTreeSet<String>> {
        let stored: Option<String> = self.warehouse.conn().query_row(
            "SELECT max(value) FROM codex.meta WHERE key = ?",
            [PAUSED],
            |r| r.get(0),
        )?;
        match stored {
            Some(stored) => serde_json::from_str(&stored)
                .map_err(|e| Error::failed(format!("the paused rhythms in the store: {e}"))),
            None => Ok(BTreeSet::new()),
        }
    }

    /// Has these rhythms rest, and no others.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn set_paused_rhythms(&self, names: &BTreeSet<String>) -> Result<()> {
        let stored = serde_json::to_string(names)
            .map_err(|e| Error::failed(format!("the paused rhythms: {e}")))?;
        self.warehouse.transaction(|conn| {
            conn.execute("DELETE FROM codex.meta WHERE key = ?", [PAUSED])?;
            conn.execute(
                "INSERT INTO codex.meta VALUES (?, ?)",
                [PAUSED, stored.as_str()],
            )?;
            Ok(())
        })
    }
}
