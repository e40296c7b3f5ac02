//! The promises of the store, tried on random histories: bursts, equal and absurd times, late arrivals, edits, deletions, uses,
//! naps, several minds in several zones, nights when clocks change.
//!
//! Seeds are fixed, so a failure comes again; three cases a property. `CODEX_SOAK=1` tries 32, `CODEX_SEED` others.

mod calibration;
mod history;
mod one_past;
mod order;
mod test_history;
mod told;

use history::{History, Shape};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Tries `property` on random histories. `late` and `touched` say what they may hold.
fn on_histories(late: bool, touched: bool, property: impl Fn(&History)) {
    let soak = std::env::var_os("CODEX_SOAK").is_some_and(|v| !v.is_empty());
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u32>().ok());
    let config = Config {
        cases: number("CODEX_CASES").unwrap_or(if soak { 32 } else { 3 }),
        // A case takes a second: a few smaller histories are worth a try, a hundred are not.
        max_shrink_iters: 6,
        failure_persistence: None,
        ..Config::default()
    };
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number("CODEX_SEED").unwrap_or(2026).to_le_bytes());
    let shapes = (
        any::<u64>().no_shrink(),
        1..=3usize,
        2..=4u64,
        1..=4u64,
        any::<bool>(),
        any::<bool>(),
    );
    let shapes = shapes.prop_map(
        |(seed, minds, days, moments, can_be_late, can_be_touched)| Shape {
            seed,
            minds,
            days,
            moments,
            late: late && can_be_late,
            touched: touched && can_be_touched,
        },
    );
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&shapes, |shape| {
        property(&History::new(shape));
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
