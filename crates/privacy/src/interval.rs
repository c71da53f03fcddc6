//! Exact binomial probabilities and bounds.

use statrs::function::beta::beta_reg;

/// Probability of at least `successes` in `trials` independent trials of probability `p`.
pub fn upper_tail(successes: u64, trials: u64, p: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    if successes > trials || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    beta_reg(successes as f64, (trials - successes + 1) as f64, p)
}

/// Clopper–Pearson lower bound: the smallest probability not rejected at one-sided `level` by so many successes
/// (Clopper and Pearson, Biometrika 1934).
pub fn lower_bound(successes: u64, trials: u64, level: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    bisect(|p| upper_tail(successes, trials, p) < level)
}

/// Clopper–Pearson upper bound at one-sided `level`.
pub fn upper_bound(successes: u64, trials: u64, level: f64) -> f64 {
    1.0 - lower_bound(trials - successes, trials, level)
}

/// The largest p in [0, 1] up to which `holds`, for a property that holds below some p and not above.
pub(crate) fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The incomplete beta function used here is accurate to about 2·10⁻⁸ at 10⁶ trials; no decision hangs on the rest.
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-7 * expected.abs(), "{found} is not {expected}");
    }

    /// `scipy.stats.binom.sf(k - 1, n, p)` and `scipy.stats.beta.ppf(level, k, n - k + 1)`.
    #[test]
    #[expect(clippy::unreadable_literal, reason = "as SciPy prints them")]
    fn agrees_with_scipy() {
        // Written by SciPy 1.17: scipy.stats.binom.sf(k - 1, n, p); scipy.stats.beta.ppf(level, k, n - k + 1).
        const TAILS: [(u64, u64, f64, f64); 8] = [
            (1, 10, 0.5, 0.9990234375),
            (8, 10, 0.5, 0.0546875),
            (560, 1000, 0.5, 8.252493527522643e-05),
            (700, 1000, 0.5, 8.832839003974784e-38),
            (37, 400, 0.05, 0.0002880603476945388),
            (20, 100, 0.05, 1.0522953420147289e-07),
            (5, 1000000, 1e-06, 0.003659823834902278),
            (501000, 1000000, 0.5, 0.0228041499326948),
        ];
        const BOUNDS: [(u64, u64, f64, f64); 7] = [
            (1000, 1000, 1e-07, 0.9840111057611337),
            (1000, 1000, 0.025, 0.9963179161031344),
            (990, 1000, 1e-06, 0.965990224004792),
            (560, 1000, 0.05, 0.5335740934873838),
            (1, 10, 0.05, 0.005116196891823701),
            (5, 1000000, 0.0001, 4.4446096910625517e-07),
            (999, 1000, 1e-12, 0.9693636291878671),
        ];
        for (k, n, p, expected) in TAILS {
            close(upper_tail(k, n, p), expected);
        }
        for (k, n, level, expected) in BOUNDS {
            close(lower_bound(k, n, level), expected);
            close(upper_bound(n - k, n, level), 1.0 - expected);
        }
    }
}
