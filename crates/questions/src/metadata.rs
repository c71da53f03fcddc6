//! The metadata baseline: what the size of a sealed picture alone tells, computed exactly for each padding.

use crate::scenario::ENDPOINTS_ONLY;
use rayon::prelude::*;
use sightline_evidence::Row;
use sightline_messenger::Padding;
use sightline_privacy::channel::{catalogue_sizes, deterministic_uniform};

pub(crate) fn rows(seed: u64) -> Vec<Row> {
    let sizes: Vec<u64> = catalogue_sizes().collect();
    let total: u64 = sizes.iter().sum();
    Padding::ALL
        .into_par_iter()
        .flat_map_iter(|padding| {
            let padded: Vec<u64> = sizes.iter().map(|size| padding.padded(*size)).collect();
            let leakage = deterministic_uniform(padded.iter().copied());
            let overhead = padded.iter().sum::<u64>() as f64 / total as f64 - 1.0;
            let row = |quantity: &str, unit: &str, value: f64| {
                Row::new(quantity, unit)
                    .question(ENDPOINTS_ONLY)
                    .architecture("e2ee")
                    .observer("provider")
                    .corruption("curious")
                    .content("any")
                    .parameter("catalogue", sizes.len())
                    .parameter("padding", padding)
                    .exact(value)
                    .n(sizes.len() as u64)
                    .method("exact channel")
                    .seed(seed)
            };
            [
                row("distinct-sizes", "1", leakage.distinct as f64),
                row("min-entropy-leakage", "bit", leakage.min_entropy_leakage),
                row("shannon-leakage", "bit", leakage.shannon_leakage),
                row("padding-overhead", "1", overhead),
            ]
        })
        .collect()
}
