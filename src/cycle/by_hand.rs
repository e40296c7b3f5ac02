//! Models run by hand (`codex run`, `compile`, `test`), outside any cycle.

use super::consolidate::ConsolidateOptions;
use super::due::{CycleContext, EpochWindow, create_due, set_due};
use super::pipeline::Pipeline;
use super::store::prepare_store;
use super::ticks::open_epochs_at;
use crate::error::Result;
use crate::project::{Materialization, Node};
use crate::template::{CycleValues, RenderContext};
use crate::warehouse::Warehouse;
use chrono::NaiveDateTime;

/// What models see that are run by hand at a clock: the open epochs, as a tick would see them.
#[derive(Debug, Clone, Copy)]
pub struct ByHand {
    moment: CycleContext,
}

impl ByHand {
    /// A clock without a store: nothing is open.
    pub fn at(as_of: NaiveDateTime) -> ByHand {
        ByHand {
            moment: CycleContext::of(&[], as_of, 0),
        }
    }

    /// The open epochs of all minds at a clock, put into `temp.main.due`.
    ///
    /// # Errors
    /// Failed when the store cannot be read.
    pub fn open(
        warehouse: &Warehouse,
        pipeline: &Pipeline,
        as_of: NaiveDateTime,
    ) -> Result<ByHand> {
        let conn = warehouse.conn();
        let request = ConsolidateOptions {
            cycle: None,
            as_of,
            by_clock: false,
            mind: None,
        };
        let due: Vec<EpochWindow> =
            open_epochs_at(conn, &request, pipeline.integer("replay_hours")?)?;
        match due.is_empty() {
            true => {
                create_due(conn)?;
                conn.execute_batch("DELETE FROM temp.main.due")?;
            }
            false => set_due(conn, &due)?,
        }
        Ok(ByHand {
            moment: CycleContext::of(&due, as_of, 0),
        })
    }

    /// What templates see.
    pub fn context(&self, incremental: bool) -> RenderContext {
        RenderContext::new(self.moment.as_of)
            .incremental(incremental)
            .in_cycle(CycleValues {
                epoch_start: self.moment.epoch_start,
                epoch_end: self.moment.epoch_end,
                seen_arrival: self.moment.seen_arrival,
                step: self.moment.step,
            })
    }

    /// Says that caches were written at this clock: the next tick computes them again, whatever it had seen before.
    ///
    /// # Errors
    /// Failed when the store cannot be written.
    pub fn forget_ticks(warehouse: &Warehouse) -> Result<()> {
        let sql = "DELETE FROM codex.ticks WHERE mind_id IN (SELECT mind_id FROM temp.main.due)";
        Ok(warehouse.conn().execute_batch(sql)?)
    }
}

/// Whether a model asks what is due, which costs a look at the log.
pub fn asks_what_is_due(node: &Node) -> bool {
    node.config.materialized == Materialization::EpochCache
        || node.sources.iter().any(|source| source.source == "cycle")
}

/// Makes what models run by hand build on, as far as the project allows: a project of memory needs its empty caches and its
/// views, where nothing has made them yet. What a mistake keeps from being made is reported when that model runs.
pub fn prepare_by_hand(warehouse: &Warehouse, pipeline: &Pipeline) {
    let _ = prepare_store(warehouse, pipeline);
}

/// Forgets which project the store was made ready for when it was another than `pipeline`: some of its views may be
/// `pipeline`'s now, so the next command makes all of them anew.
///
/// # Errors
/// Failed when the store cannot be written.
pub fn mark_changed(warehouse: &Warehouse, pipeline: &Pipeline) -> Result<()> {
    let conn = warehouse.conn();
    let known: i64 = conn.query_row(
        "SELECT count(*) FROM codex.meta WHERE key = 'project' AND value <> ?",
        [pipeline.fingerprint()],
        |r| r.get(0),
    )?;
    if known > 0 {
        conn.execute("DELETE FROM codex.meta WHERE key = 'project'", [])?;
    }
    Ok(())
}
