//! Leakage from samples against F-BLEAU's example, whose Bayes risk is known.

use sightline_privacy::leakage::{Samples, estimate};
use std::path::PathBuf;

/// The Bayes risk of the channel that the samples were drawn from, as F-BLEAU's authors state it.
const TRUTH: f64 = 0.456;

#[test]
fn the_geometric_example_comes_out_at_its_bayes_risk() {
    let Some(folder) = std::env::var_os("SIGHTLINE_REFERENCE").map(PathBuf::from) else {
        eprintln!("SKIPPED: SIGHTLINE_REFERENCE is not set, leakage is not compared with the reference samples");
        return;
    };
    let read = |name: &str| {
        let bytes = std::fs::read(folder.join("vectors/leakage").join(name)).unwrap();
        Samples::parse(&bytes).unwrap()
    };
    let found = estimate(&read("geometric-4.train.csv"), &read("geometric-4.test.csv"), 0.05).unwrap();
    assert_eq!((found.rows, found.secrets, found.columns), ([80_000, 20_000], 191, 2));
    assert!((0.44..=0.49).contains(&found.risk.point), "{found:?}");
    assert!(found.risk.low <= found.risk.point && found.risk.point <= found.risk.high, "{found:?}");
    // The truth is no more than the adversary's risk, whose interval stands beside it.
    assert!((found.risk.low..=found.risk.high).contains(&TRUTH), "{found:?}");
    assert!((found.guessing_risk.point - 0.913).abs() < 0.0005, "{found:?}");
    let truth = ((1.0 - TRUTH) / (1.0 - 0.913_f64)).log2();
    assert!(found.min_entropy.low <= truth && truth - found.min_entropy.low < 0.1, "{found:?}");
}
