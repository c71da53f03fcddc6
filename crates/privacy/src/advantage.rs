//! The advantage at telling two histories apart: max(0, 2p − 1) for a guess that is right with probability p.

use crate::interval::{bisect, lower_bound, upper_bound, upper_tail};
use serde::{Deserialize, Serialize};

/// A measured advantage. It belongs to one adversary, so only `low` bounds what the best one can do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Advantage {
    /// max(0, 2 k/n − 1).
    pub point: f64,
    /// Lower end, one-sided at the level asked for.
    pub low: f64,
    /// Upper end of this adversary's own interval, one-sided at the same level.
    pub high: f64,
    /// Probability of at least so many correct guesses by chance.
    pub p_value: f64,
    /// Number of guesses.
    pub trials: u64,
}

impl Advantage {
    /// The advantage of `correct` right guesses among `trials`, with ends at one-sided `level`.
    pub fn of(correct: u64, trials: u64, level: f64) -> Self {
        let advantage = |p: f64| (2.0 * p - 1.0).max(0.0);
        if trials == 0 {
            return Self { point: 0.0, low: 0.0, high: 1.0, p_value: 1.0, trials };
        }
        Self {
            point: advantage(correct as f64 / trials as f64),
            low: advantage(lower_bound(correct, trials, level)),
            high: advantage(upper_bound(correct, trials, level)),
            p_value: upper_tail(correct, trials, 0.5),
            trials,
        }
    }
}

/// The smallest advantage that a test at `level` on `trials` guesses finds with probability `power`; 1 if none is.
pub fn minimum_detectable(trials: u64, level: f64, power: f64) -> f64 {
    let (mut low, mut high) = (0, trials + 1);
    while low < high {
        let middle = low.midpoint(high);
        if upper_tail(middle, trials, 0.5) <= level {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    (2.0 * bisect(|p| upper_tail(low, trials, p) < power) - 1.0).clamp(0.0, 1.0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_right_guesses_bound_the_advantage_above_0_95_at_any_level_in_use() {
        let all = Advantage::of(1000, 1000, 1e-7);
        assert!(all.low > 0.95 && all.low < 1.0, "{}", all.low);
        let half = Advantage::of(500, 1000, 0.05);
        assert_eq!((half.point, half.low), (0.0, 0.0));
        assert_eq!(Advantage::of(0, 0, 0.05).p_value, 1.0);
    }

    #[test]
    fn what_is_detectable_is_found_with_the_power_stated() {
        let (trials, level, power) = (1000, 1e-5, 0.8);
        let advantage = minimum_detectable(trials, level, power);
        let p = f64::midpoint(1.0, advantage);
        let flagged = |correct: u64| Advantage::of(correct, trials, level).low > 0.0;
        let least = (0..=trials).find(|correct| flagged(*correct)).unwrap();
        assert!((upper_tail(least, trials, p) - power).abs() < 1e-6);
        assert_eq!(minimum_detectable(3, 1e-5, 0.8), 1.0);
    }
}
