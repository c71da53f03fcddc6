//! How well two kinds of distances can be told apart by a threshold.

/// A weight for every distance from 0 bits on; what never matches, whatever the threshold, stands in the last place.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(Vec<f64>);

/// What a threshold gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// The largest distance in bits that counts as a match.
    pub threshold: u32,
    /// Share of the pairs that belong together that match.
    pub true_positives: f64,
    /// Share of the pairs that do not that match.
    pub false_positives: f64,
}

impl Histogram {
    /// An empty one for fingerprints of `bits` bits.
    pub fn new(bits: u32) -> Self {
        Self(vec![0.0; bits as usize + 2])
    }

    /// One from distances; nothing stands for what never matches.
    pub fn of(bits: u32, distances: impl IntoIterator<Item = Option<u32>>) -> Self {
        let mut histogram = Self::new(bits);
        distances.into_iter().for_each(|distance| histogram.add(distance, 1.0));
        histogram
    }

    /// Adds a distance of some weight. One beyond the bits never matches.
    pub fn add(&mut self, distance: Option<u32>, weight: f64) {
        let last = self.0.len() - 1;
        self.0[distance.map_or(last, |distance| (distance as usize).min(last))] += weight;
    }

    /// Adds all of another of the same bits.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one += other);
    }

    pub(crate) fn from_counts(counts: &[u32]) -> Self {
        Self(counts.iter().map(|count| f64::from(*count)).collect())
    }

    /// The weight of each distance, and last of what never matches.
    pub fn weights(&self) -> &[f64] {
        &self.0
    }

    /// All weights together.
    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Share within `threshold`.
    pub fn within(&self, threshold: u32) -> f64 {
        let end = (threshold as usize + 1).min(self.0.len() - 1);
        self.0[..end].iter().sum::<f64>() / self.total()
    }

    /// The smallest distance up to which at least `share` lie; nothing if that never matches.
    pub fn quantile(&self, share: f64) -> Option<u32> {
        let wanted = share * self.total();
        let mut sum = 0.0;
        let place = self.0[..self.0.len() - 1].iter().position(|weight| {
            sum += weight;
            sum >= wanted && sum > 0.0
        });
        place.and_then(|place| u32::try_from(place).ok())
    }

    /// Mean and variance of the distances of what may match.
    pub fn moments(&self) -> (f64, f64) {
        let finite = &self.0[..self.0.len() - 1];
        let total: f64 = finite.iter().sum();
        let mean = (0_u32..).zip(finite).map(|(d, weight)| f64::from(d) * weight).sum::<f64>() / total;
        let square = |(d, weight): (u32, &f64)| (f64::from(d) - mean).powi(2) * weight;
        (mean, (0_u32..).zip(finite).map(square).sum::<f64>() / total)
    }
}

/// The receiver's operating characteristic: a point for every threshold, from 0 to the number of bits.
pub fn roc(same: &Histogram, other: &Histogram) -> Vec<RocPoint> {
    let (all_same, all_other) = (same.total(), other.total());
    let (mut caught, mut flagged) = (0.0, 0.0);
    let finite = same.0.len() - 1;
    let point = |(threshold, (one, two)): (u32, (&f64, &f64))| {
        caught += one;
        flagged += two;
        RocPoint { threshold, true_positives: caught / all_same, false_positives: flagged / all_other }
    };
    (0..).zip(same.0[..finite].iter().zip(&other.0)).map(point).collect()
}

/// Probability that a pair that belongs together is nearer than one that does not, ties counted half: the area under the
/// characteristic, Mann and Whitney's U divided by the number of comparisons.
pub fn auc(same: &Histogram, other: &Histogram) -> f64 {
    let mut above = other.total();
    let mut sum = 0.0;
    for (one, two) in same.0.iter().zip(&other.0) {
        above -= two;
        sum += one * (above + two / 2.0);
    }
    sum / (same.total() * other.total())
}

/// The rate at which as large a share is missed as is flagged wrongly, between thresholds along the straight line.
pub fn eer(same: &Histogram, other: &Histogram) -> f64 {
    let mut before = (1.0, 0.0);
    for point in roc(same, other) {
        let (missed, flagged) = (1.0 - point.true_positives, point.false_positives);
        if flagged >= missed {
            let (gap_before, gap) = (before.0 - before.1, flagged - missed);
            let part = if gap_before + gap > 0.0 { gap_before / (gap_before + gap) } else { 0.0 };
            return before.1 + part * (flagged - before.1);
        }
        before = (missed, flagged);
    }
    // No threshold brings the rates together: what is left never matches. The line goes on to a match of everything.
    let (gap_before, gap) = (before.0 - before.1, 1.0);
    before.1 + gap_before / (gap_before + gap) * (1.0 - before.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn histograms(same: &[u32], other: &[u32]) -> [Histogram; 2] {
        [same, other].map(|distances| Histogram::of(64, distances.iter().copied().map(Some)))
    }

    /// By hand: same {1, 3}, other {2, 3, 9, 9}; comparisons won: 4 and 2.5 of 8.
    #[test]
    fn a_small_case_by_hand() {
        let [same, other] = histograms(&[1, 3], &[2, 3, 9, 9]);
        assert!((auc(&same, &other) - 6.5 / 8.0).abs() < 1e-15);
        let roc = roc(&same, &other);
        assert_eq!((roc[0].true_positives, roc[0].false_positives), (0.0, 0.0));
        assert_eq!((roc[2].true_positives, roc[2].false_positives), (0.5, 0.25));
        assert_eq!((roc[3].true_positives, roc[3].false_positives), (1.0, 0.5));
        // From (missed, flagged) = (0.5, 0.25) to (0, 0.5): both are 1/3 on the way.
        assert!((eer(&same, &other) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!((same.quantile(0.5), same.quantile(0.51), same.within(2)), (Some(1), Some(3), 0.5));
        assert_eq!(other.moments(), (5.75, 10.6875));
    }

    #[test]
    fn the_ends() {
        let [same, other] = histograms(&[0, 1, 2], &[20, 30]);
        assert_eq!((auc(&same, &other), eer(&same, &other)), (1.0, 0.0));
        assert_eq!((auc(&other, &same), eer(&other, &same)), (0.0, 1.0));
        let never = Histogram::of(64, [None, None]);
        assert_eq!((auc(&same, &never), auc(&never, &never), never.quantile(0.5)), (1.0, 0.5, None));
        assert_eq!((eer(&same, &never), eer(&never, &never)), (0.0, 0.5));
        // Half of them found at once, the others never.
        let half = Histogram::of(64, [Some(0), None]);
        assert!((eer(&half, &never) - 1.0 / 3.0).abs() < 1e-15);
    }

    /// `scipy.stats.mannwhitneyu(other, same).statistic / (len(other) * len(same))`, SciPy 1.17.1, on distances
    /// (37 i² + 11 i) mod 41 for i below 30 and 20 + (53 i² + 7 i) mod 43 for i below 50.
    #[test]
    fn agrees_with_scipy() {
        let same: Vec<u32> = (0..30).map(|i| (37 * i * i + 11 * i) % 41).collect();
        let other: Vec<u32> = (0..50).map(|i| 20 + (53 * i * i + 7 * i) % 43).collect();
        let [same, other] = histograms(&same, &other);
        assert!((auc(&same, &other) - SCIPY_AUC).abs() < 1e-12, "{}", auc(&same, &other));
    }

    const SCIPY_AUC: f64 = 0.881_666_666_666_666_7;

    proptest! {
        /// What is the same under any rising change of distances, and turned round when the two change places.
        #[test]
        fn auc_sees_order_alone(same in prop::collection::vec(0_u32..32, 1..30), other in prop::collection::vec(0_u32..32, 1..30)) {
            let [one, two] = histograms(&same, &other);
            let found = auc(&one, &two);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!((found + auc(&two, &one) - 1.0).abs() < 1e-12);
            let doubled = |of: &[u32]| of.iter().map(|d| 2 * d).collect::<Vec<_>>();
            let [stretched, apart] = histograms(&doubled(&same), &doubled(&other));
            prop_assert!((found - auc(&stretched, &apart)).abs() < 1e-12);
            // Weights are shares: all twice is the same.
            let twice: Vec<u32> = same.iter().chain(&same).copied().collect();
            let [one_twice, _] = histograms(&twice, &other);
            prop_assert!((found - auc(&one_twice, &two)).abs() < 1e-12);
            let rate = eer(&one, &two);
            prop_assert!((0.0..=1.0).contains(&rate));
            prop_assert!((rate - eer(&one_twice, &two)).abs() < 1e-12);
            // The trapezium under the points is the area.
            let mut before = (0.0, 0.0);
            let mut area = 0.0;
            for point in roc(&one, &two) {
                area += (point.false_positives - before.0) * (point.true_positives + before.1) / 2.0;
                before = (point.false_positives, point.true_positives);
            }
            prop_assert!((found - area).abs() < 1e-12);
        }
    }
}
