//! Plans of statements: made for each run, or kept for many.
//!
//! Planning was a tenth of a night's processor time at 100,000 memories. A backfill runs the same statements night after night, so it keeps their
//! plans for some nights. DuckDB 1.5.5 does not make a plan again when rows come in, and what it concluded from a table's smallest
//! and largest values would then be wrong; so these conclusions are left out while plans are kept. What is left of the data in a
//! plan are estimates of how many rows there are, which decide how fast it is and not what it finds.

use super::Warehouse;
use super::open::WRONG_OPTIMIZERS;
use crate::error::Result;
use duckdb::{Connection, Params, Row, Statement};

/// Statements whose plans a connection keeps at most; a night has some sixty.
const KEPT: usize = 256;

/// Whether a statement is planned for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plans {
    /// For each run, for what the tables hold then.
    #[default]
    Anew,
    /// Once, and kept with the connection; only within [`Warehouse::keeping_plans`]. A statement with parameters that reads tables
    /// is planned for each run all the same, and so is one over tables that have been made or changed since.
    Kept,
}

impl Plans {
    /// Prepares a statement, or finds it prepared, and works with it.
    ///
    /// # Errors
    /// DuckDB's, or whatever `work` returns.
    pub fn with<T>(
        self,
        conn: &Connection,
        sql: &str,
        work: impl FnOnce(&mut Statement<'_>) -> duckdb::Result<T>,
    ) -> duckdb::Result<T> {
        match self {
            Plans::Anew => work(&mut conn.prepare(sql)?),
            Plans::Kept => work(&mut *conn.prepare_cached(sql)?),
        }
    }

    /// Runs a statement and reads its count. (`execute` knows none of CREATE TABLE AS, whose result has it as a row.)
    ///
    /// # Errors
    /// DuckDB's.
    pub fn run(self, conn: &Connection, sql: &str, parameters: impl Params) -> duckdb::Result<u64> {
        self.with(conn, sql, |statement| {
            let mut rows = statement.query(parameters)?;
            match rows.next()? {
                Some(row) => Ok(row.get::<_, i64>(0).map_or(0, i64::unsigned_abs)),
                None => Ok(0),
            }
        })
    }

    /// Reads the one row of a query without parameters.
    ///
    /// # Errors
    /// DuckDB's.
    pub fn query_row<T>(
        self,
        conn: &Connection,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> duckdb::Result<T>,
    ) -> duckdb::Result<T> {
        self.with(conn, sql, |statement| statement.query_row([], read))
    }
}

impl Warehouse {
    /// Runs `work`, whose statements may keep their plans ([`Plans::Kept`]).
    ///
    /// # Errors
    /// Whatever `work` returns.
    pub fn keeping_plans<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let conn = self.conn();
        conn.execute_batch(&format!(
            "SET disabled_optimizers = '{WRONG_OPTIMIZERS},statistics_propagation'"
        ))?;
        conn.set_prepared_statement_cache_capacity(KEPT);
        let result = work();
        self.forget_plans();
        conn.execute_batch(&format!("SET disabled_optimizers = '{WRONG_OPTIMIZERS}'"))?;
        result
    }

    /// Forgets the plans that are kept: tables have grown, and what was best for few rows may be slow for many.
    pub fn forget_plans(&self) {
        self.conn().flush_prepared_statement_cache();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_plan_sees_what_has_come_in_since() {
        let warehouse = Warehouse::in_memory(1).unwrap();
        let conn = warehouse.conn();
        conn.execute_batch("CREATE TABLE t AS SELECT range AS i FROM range(10)")
            .unwrap();
        // By the least and greatest value of today's rows, no row could be found.
        let above = "SELECT count(*) FROM t WHERE i > 100";
        let count = || {
            Plans::Kept
                .query_row(conn, above, |row| row.get::<_, i64>(0))
                .unwrap()
        };
        warehouse
            .keeping_plans(|| {
                assert_eq!(count(), 0);
                let more = "INSERT INTO t SELECT i + 10 * (SELECT count(*) FROM t) FROM t";
                for _ in 0..4 {
                    Plans::Kept.run(conn, more, []).unwrap();
                }
                assert!(count() > 0);
                Ok(())
            })
            .unwrap();
    }
    #[test]
    fn two_uses_of_a_view_keep_their_own_columns() {
        let warehouse = Warehouse::in_memory(1).unwrap();
        let conn = warehouse.conn();
        conn.execute_batch(
            "CREATE TABLE nodes AS SELECT i AS node, i % 7 AS community FROM range(300) r(i);
             CREATE TABLE edges AS SELECT i % 300 AS source, (i * 37 + 11) % 300 AS target FROM range(400) r(i);
             CREATE VIEW network AS SELECT e.source, e.target, s.community AS source_community, t.community AS target_community
             FROM edges e JOIN nodes s ON s.node = e.source JOIN nodes t ON t.node = e.target;
             CREATE TABLE sums AS SELECT sum(target_community) AS target, sum(source_community) AS source FROM network;",
        )
        .unwrap();
        let both = "SELECT sum(c) FROM (SELECT source, target_community * 1000 AS c FROM network
                    UNION ALL SELECT target, source_community FROM network)";
        let is_right = || {
            let sql = format!("SELECT ({both}) = (SELECT target * 1000 + source FROM sums)");
            conn.query_row(&sql, [], |row| row.get::<_, bool>(0))
                .unwrap()
        };
        assert!(is_right());
        assert!(warehouse.keeping_plans(|| Ok(is_right())).unwrap());
        assert!(is_right());
    }
}
