//! Channels with finitely many observables, computed exactly.

use statrs::function::erf::erfc_inv;

/// What a deterministic channel leaks of a uniformly distributed secret (Alvim et al., *The Science of Quantitative
/// Information Flow*, §5): min-entropy leakage is the logarithm of the number of distinct observables, Shannon leakage
/// the entropy of the observable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChannelLeakage {
    /// Number of secrets.
    pub secrets: u64,
    /// Number of distinct observables.
    pub distinct: u64,
    /// Min-entropy leakage in bits.
    pub min_entropy_leakage: f64,
    /// Shannon leakage in bits.
    pub shannon_leakage: f64,
}

/// The leakage of the channel that shows `observables[i]` for secret i, all secrets being equally likely.
pub fn deterministic_uniform(observables: impl IntoIterator<Item = u64>) -> ChannelLeakage {
    let mut sorted: Vec<u64> = observables.into_iter().collect();
    sorted.sort_unstable();
    let total = sorted.len() as f64;
    let classes = || sorted.chunk_by(|a, b| a == b);
    let distinct = classes().count() as u64;
    let share = |class: &[u64]| class.len() as f64 / total;
    ChannelLeakage {
        secrets: sorted.len() as u64,
        distinct,
        min_entropy_leakage: (distinct.max(1) as f64).log2(),
        shannon_leakage: classes().map(|class| -share(class) * share(class).log2()).sum::<f64>().max(0.0),
    }
}

/// The catalogue of picture sizes that paddings are compared on: 10⁶ sizes in bytes, the quantiles of a log-normal
/// distribution with median 300 000 and σ = 0.8, at least 2 000.
pub fn catalogue_sizes() -> impl Iterator<Item = u64> {
    const COUNT: u32 = 1_000_000;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes lie between 0 and 2^24")]
    (0..COUNT).map(|number| {
        let quantile = (f64::from(number) + 0.5) / f64::from(COUNT);
        // Φ⁻¹(q) = −√2 erfc⁻¹(2q)
        let normal = -std::f64::consts::SQRT_2 * erfc_inv(2.0 * quantile);
        ((300_000.0 * (0.8 * normal).exp()).floor() as u64).max(2_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts that the definition of privacy states for the catalogue (docs/privacy.md).
    #[test]
    fn the_metadata_baseline_is_reproduced() {
        let distinct = |padding: fn(u64) -> u64| deterministic_uniform(catalogue_sizes().map(padding));
        let none = distinct(|size| size);
        assert_eq!(none.distinct, 717_993);
        assert!((none.min_entropy_leakage - 19.45).abs() < 0.005);
        assert_eq!(distinct(|size| size.next_multiple_of(256)).distinct, 13_521);
        assert_eq!(distinct(u64::next_power_of_two).distinct, 12);
    }

    #[test]
    fn known_channels() {
        let constant = deterministic_uniform([7; 8]);
        assert_eq!((constant.min_entropy_leakage, constant.shannon_leakage), (0.0, 0.0));
        let identity = deterministic_uniform(0..8);
        assert_eq!((identity.min_entropy_leakage, identity.shannon_leakage), (3.0, 3.0));
        let skewed = deterministic_uniform([0, 0, 0, 1]);
        assert!((skewed.shannon_leakage - 0.811_278).abs() < 1e-6);
    }
}
