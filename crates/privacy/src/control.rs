//! Controls: an exact test of whether the estimator keeps its promises on channels of known leakage (PRIVACY §4).

use crate::interval::upper_tail;

/// A control fails only when its promise is rejected at this level.
const LEVEL: f64 = 1e-4;
/// Probability with which a promise may be broken.
const ALLOWED: f64 = 0.05;

/// What a control found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlVerdict {
    /// Whether the promise stands.
    pub passed: bool,
    /// Probability of at least so many breaches if the promise were kept.
    pub p_value: f64,
    /// Share of repetitions: flagged ones for a null channel, valid bounds for a planted leak.
    pub share: f64,
    /// Number of repetitions.
    pub repetitions: u64,
}

/// Is a channel without a leak flagged in at most 5 % of repetitions?
pub fn null_verdict(flagged: u64, repetitions: u64) -> ControlVerdict {
    let p_value = upper_tail(flagged, repetitions, ALLOWED);
    let share = flagged as f64 / repetitions.max(1) as f64;
    ControlVerdict { passed: p_value >= LEVEL, p_value, share, repetitions }
}

/// Is the lower bound on a known leak valid in at least 95 % of repetitions?
pub fn bound_verdict(valid: u64, repetitions: u64) -> ControlVerdict {
    let broken = null_verdict(repetitions.saturating_sub(valid), repetitions);
    ControlVerdict { share: 1.0 - broken.share, ..broken }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_control_fails_only_when_chance_is_ruled_out() {
        assert!(null_verdict(5, 100).passed);
        assert!(null_verdict(13, 100).passed);
        assert!(!null_verdict(20, 100).passed);
        assert!(bound_verdict(95, 100).passed);
        assert!(!bound_verdict(80, 100).passed);
        assert_eq!(bound_verdict(95, 100).share, 0.95);
    }
}
