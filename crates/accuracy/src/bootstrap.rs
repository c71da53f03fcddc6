//! Intervals by drawing pictures again, with replacement (Efron 1979): a picture comes with all that was made of it and with
//! all its comparisons, so that what hangs together is drawn together.

use crate::{Estimate, LEVEL};
use rand_core::Rng as _;
use sightline_crypto::Seed;

/// How often each of `count` pictures is drawn in replicate number `replicate`.
pub(crate) fn weights(seed: &Seed, replicate: u32, count: usize) -> Vec<u32> {
    let mut stream = seed.derive("bootstrap", replicate.into()).stream();
    let mut weights = vec![0; count];
    for _ in 0..count {
        // The high half of the product is uniform below `count` but for 2⁻³².
        let place = (u64::from(stream.next_u32()) * count as u64) >> 32;
        weights[usize::try_from(place).expect("below count")] += 1;
    }
    weights
}

/// The middle part of the replicates around a value, [`LEVEL`] being left out.
pub(crate) fn percentile(value: f64, replicates: impl IntoIterator<Item = f64>) -> Estimate {
    let mut sorted: Vec<f64> = replicates.into_iter().filter(|value| !value.is_nan()).collect();
    if sorted.is_empty() {
        return Estimate { value, low: f64::NAN, high: f64::NAN };
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len() - 1;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among the replicates")]
    let cut = ((LEVEL / 2.0) * last as f64).floor() as usize;
    Estimate { value, low: sorted[cut].min(value), high: sorted[last - cut].max(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_as_many_as_pictures_and_differ() {
        let seed = Seed::from_u64(1);
        let [one, two] = [0, 1].map(|replicate| weights(&seed, replicate, 50));
        assert_eq!((one.iter().sum::<u32>(), two.iter().sum::<u32>()), (50, 50));
        assert_ne!(one, two);
        assert_eq!(one, weights(&seed, 0, 50));
        let found = percentile(0.5, (0..=1000).map(|n| f64::from(n) / 1000.0));
        assert_eq!(found, Estimate { value: 0.5, low: 0.025, high: 0.975 });
        assert!(percentile(0.5, []).low.is_nan());
    }
}
