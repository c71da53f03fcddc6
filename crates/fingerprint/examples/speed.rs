//! Times of PDQ by stage, by level and from encoded pictures: `speed PICTURES…`. `cargo xtask bench fingerprint` runs it.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]

use sightline_fingerprint::{Level, Luma, Stages};
use std::hint::black_box;
use std::time::Instant;

/// Microseconds per run: the least of several rounds, each long enough for the clock.
fn microseconds(mut work: impl FnMut()) -> f64 {
    let round = |work: &mut dyn FnMut(), runs: u32| {
        let start = Instant::now();
        (0..runs).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
    };
    let once = round(&mut work, 3);
    let runs = (20_000.0 / once).clamp(1.0, 10_000.0) as u32;
    (0..9).map(|_| round(&mut work, runs)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let values: Vec<f32> = (0..512 * 512_usize).map(|at| ((at * at / 7 + at / 512 * 3) % 256) as f32).collect();
    let luma = Luma::new(512, 512, values).unwrap();
    for level in Level::available() {
        let whole = microseconds(|| {
            let stages = Stages::of_luma_by(level, black_box(luma.clone())).unwrap();
            black_box(stages.pdq_by(level));
        });
        let stages = Stages::of_luma_by(level, luma.clone()).unwrap();
        let bits = microseconds(|| {
            black_box(black_box(&stages).pdq_by(level));
        });
        let copy = microseconds(|| {
            black_box(black_box(&luma).clone());
        });
        println!(
            "{:10} luma to stages and bits {whole:.1} µs, of which copy {copy:.1} µs, bits and quality {bits:.1} µs",
            level.name()
        );
    }
}
