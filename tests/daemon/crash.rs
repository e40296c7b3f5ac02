//! kill -9 at random moments: the store verifies after each, and nothing that was acknowledged is lost.

use crate::house::{House, ended, long_diary, wait_until};
use crate::test_store::TestStore;
use std::time::{Duration, Instant};

#[test]
fn a_daemon_killed_at_any_moment_leaves_a_store_that_verifies() {
    let soak = std::env::var_os("CODEX_SOAK").is_some_and(|v| !v.is_empty());
    let (kills, days) = if soak { (200, 365) } else { (20, 100) };
    let mut dice: u64 = std::env::var("CODEX_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(20_260_302);
    let mut roll = || {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (dice >> 40) as f64 / (1 << 24) as f64
    };
    let house = House::of(TestStore::with_diary());
    house.store.write("long.jsonl", long_diary(days));
    house.store.ok(&["import", "long.jsonl", "--mind", "other"]);
    let mut acknowledged = 6 + days as i64 * 8;
    for kill in 0..kills {
        house.start();
        let key = format!("k{kill}");
        // Its rhythms live through the year while commands come and go.
        let writer = house.begin(&["memory", "add", "something happened again", "--key", &key]);
        let reader = house.begin(&["query", "--text", "the cello"]);
        let moment = Duration::from_secs_f64(roll() * 0.5);
        let started = Instant::now();
        wait_until("the moment has come", || started.elapsed() >= moment);
        house.kill();
        let written = ended(writer);
        assert!(
            [0, 3].contains(&written.code),
            "{}{}",
            written.stdout,
            written.stderr
        );
        let read = ended(reader);
        assert!(
            [0, 3].contains(&read.code),
            "{}{}",
            read.stdout,
            read.stderr
        );
        let verified = house.store.json(&["verify"]);
        assert_eq!(verified["ok"], true, "after kill {kill}: {verified:#}");
        // A command that waited for the daemon and was not answered may have opened the store itself, or have been heard.
        let there = house.store.count(&format!(
            "SELECT count(*) FROM raw.memories WHERE key = '{key}'"
        ));
        assert!(
            there == 1 || written.code != 0,
            "an acknowledged memory is lost"
        );
        acknowledged += there;
        assert_eq!(
            house.store.count("SELECT count(*) FROM raw.memories"),
            acknowledged
        );
    }
    house.store.ok(&["consolidate"]);
    assert_eq!(house.store.json(&["verify"])["ok"], true);
}
