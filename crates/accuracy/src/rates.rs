use crate::LEVEL;
use sightline_privacy::interval::{lower_bound, upper_bound};

/// A number and the ends of its interval, at [`LEVEL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The low end.
    pub low: f64,
    /// The high end.
    pub high: f64,
}

/// How many of so many independent ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Those that did.
    pub hits: u64,
    /// All.
    pub of: u64,
}

/// Probability that two different pictures match: one comparison of one query with one entry.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct PerPair(pub f64);

/// Probability that one picture matches at least one of so many entries, none of which shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerPicture {
    /// The probability.
    pub probability: f64,
    /// Number of entries.
    pub entries: u64,
}

impl Share {
    /// The share with Clopper and Pearson's ends; from 0 to 1 if there are none.
    pub fn estimate(self) -> Estimate {
        if self.of == 0 {
            return Estimate { value: f64::NAN, low: 0.0, high: 1.0 };
        }
        Estimate {
            value: self.hits as f64 / self.of as f64,
            low: lower_bound(self.hits, self.of, LEVEL / 2.0),
            high: upper_bound(self.hits, self.of, LEVEL / 2.0),
        }
    }
}

impl PerPair {
    /// What it comes to against a list, if entries match independently of each other, which near-duplicates on a list do
    /// not: 1 − (1 − p)ᵐ.
    pub fn against(self, entries: u64) -> PerPicture {
        let log_of_none = entries as f64 * (-self.0).ln_1p();
        PerPicture { probability: -log_of_none.exp_m1(), entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_matches_add_up_and_do_not_vanish() {
        // By hand: 1 − 0.5³; m p to first order; certain stays certain.
        assert!((PerPair(0.5).against(3).probability - 0.875).abs() < 1e-15);
        assert!((PerPair(1e-18).against(1_000_000).probability / 1e-12 - 1.0).abs() < 1e-9);
        assert!((PerPair(1.0).against(1).probability - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn shares_have_clopper_and_pearsons_ends() {
        // scipy.stats.beta.ppf(0.025, 8, 3) and ppf(0.975, 9, 2), SciPy 1.17.1.
        let found = Share { hits: 8, of: 10 }.estimate();
        assert!(
            (found.low - 0.443_904_537_692_358_5).abs() < 1e-7 && (found.high - 0.974_789_273_673_166_6).abs() < 1e-7
        );
        assert!(Share::default().estimate().value.is_nan());
    }
}
