//! Means, medians, and how fast a cost grows with a size.

use crate::interval::upper_tail;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A number with the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// The median, between order statistics that hold it with probability `1 − level` whatever the distribution; between the
/// least and the greatest where there are too few for that. Nothing of nothing.
pub fn median(mut values: Vec<f64>, level: f64) -> Option<Estimate> {
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let middle = |low: usize, high: usize| Some(f64::midpoint(*values.get(low)?, *values.get(high)?));
    // Fewer than `rank` of the values lie below the median with probability at most level / 2.
    let holds = |rank: &usize| 1.0 - upper_tail(*rank as u64, count as u64, 0.5) <= level / 2.0;
    let rank = (1..=count.div_ceil(2)).take_while(holds).last().unwrap_or(1);
    Some(Estimate {
        value: middle(count.checked_sub(1)? / 2, count / 2)?,
        low: values[rank - 1],
        high: values[count - rank],
    })
}

/// The mean, with Student's interval: the values are taken to be independent, and as many as make their mean nearly normal.
/// Nothing of fewer than two.
pub fn mean(values: &[f64], level: f64) -> Option<Estimate> {
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|one| (one - value).powi(2)).sum::<f64>() / (count - 1.0);
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    let half = student.inverse_cdf(1.0 - level / 2.0) * (variance / count).sqrt();
    Some(Estimate { value, low: value - half, high: value + half })
}

/// The exponent b of cost = a·sizeᵇ by least squares on logarithms, with Student's interval: errors in the logarithm are
/// taken to be independent and alike. Without measurements to spare, or where all lie on one line, the ends are the exponent.
/// Nothing if a number is not above zero or there is only one size.
pub fn exponent(points: &[(f64, f64)], level: f64) -> Option<Estimate> {
    if points.iter().any(|(size, cost)| *size <= 0.0 || *cost <= 0.0) {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = logs.iter().map(|point| (point.0 - x).powi(2)).sum();
    if points.iter().all(|(size, _)| Some(*size) == points.first().map(|point| point.0)) {
        return None;
    }
    let value = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
    let rest: f64 = logs.iter().map(|point| (point.1 - y - value * (point.0 - x)).powi(2)).sum();
    let half = StudentsT::new(0.0, 1.0, count - 2.0)
        .map_or(0.0, |student| student.inverse_cdf(1.0 - level / 2.0) * (rest / (count - 2.0) / spread).sqrt());
    Some(Estimate { value, low: value - half, high: value + half })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_lines_and_squares_are_found() {
        for power in [0, 1, 2] {
            let points: Vec<(f64, f64)> = [1e2, 1e3, 1e4, 1e5].map(|size: f64| (size, 3.0 * size.powi(power))).into();
            let found = exponent(&points, 0.05).unwrap();
            for end in [found.value, found.low, found.high] {
                assert!((end - f64::from(power)).abs() < 1e-9, "{found:?} is not {power}");
            }
        }
        assert_eq!(exponent(&[(1e5 - 1.0, 1.0), (1e5 - 1.0, 2.0), (1e5 - 1.0, 3.0)], 0.05), None);
        assert_eq!(exponent(&[(1.0, 1.0), (2.0, 0.0)], 0.05), None);
        assert_eq!(exponent(&[], 0.05), None);
    }

    /// By the textbook formula elsewhere, with Student's quantile of a printed table, t₂(0.975) = 4.302653.
    #[test]
    fn the_interval_agrees_with_the_textbook() {
        let found = exponent(&[(1.0, 1.0), (2.0, 3.0), (4.0, 5.0), (8.0, 20.0)], 0.05).unwrap();
        assert!((found.value - 1.370_274_987_9).abs() < 1e-9, "{found:?}");
        assert!((found.high - found.value - 0.701_591_946_8).abs() < 1e-6, "{found:?}");
    }

    /// With Student's quantile of a printed table, t₃(0.975) = 3.182446.
    #[test]
    fn a_mean_has_its_interval() {
        let found = mean(&[1.0, 2.0, 3.0, 6.0], 0.05).unwrap();
        assert!((found.value - 3.0).abs() < 1e-12);
        assert!((found.high - 3.0 - 3.182_446 * (14.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-5, "{found:?}");
        assert_eq!(mean(&[1.0], 0.05), None);
    }

    #[test]
    fn a_median_lies_between_order_statistics() {
        let of = |count: u32| median((1..=count).rev().map(f64::from).collect(), 0.05);
        assert_eq!(of(0), None);
        assert_eq!(of(1), Some(Estimate { value: 1.0, low: 1.0, high: 1.0 }));
        assert_eq!(of(4), Some(Estimate { value: 2.5, low: 1.0, high: 4.0 }));
        // Binomial(9, ½): at most one below the median with probability 0.0195, at most two with 0.0898.
        assert_eq!(of(9), Some(Estimate { value: 5.0, low: 2.0, high: 8.0 }));
    }
}
