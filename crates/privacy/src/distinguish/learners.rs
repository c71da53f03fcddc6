//! The adversaries: what each learns from labelled trials, and its opinion on others.

use super::columns::Sample;
use std::collections::BTreeSet;
use std::ops::Range;

/// An adversary before training.
#[derive(Clone, Copy)]
pub(super) enum Learner {
    /// Has no opinion.
    Guessing,
    /// A structural score against a threshold; sign and threshold are learnt.
    Structural(usize),
    /// Likelihood ratio on the histogram of one column.
    Single(usize),
    /// Sum of the likelihood ratios of the columns that tell more than their histograms cost.
    NaiveBayes,
    /// Regularised logistic regression on the columns that tell most.
    Logistic,
    /// Vote of the nearest trials, in the columns that tell most.
    Neighbours,
}

/// An adversary after training.
pub(super) enum Rule {
    Guessing,
    Threshold { score: usize, sign: f32, cut: f32 },
    Histograms(Vec<Histogram>),
    Linear { columns: Vec<usize>, weights: Vec<f64> },
    Neighbours(Neighbours),
}

/// Log-likelihood ratios of one column's bins.
pub(super) struct Histogram {
    column: usize,
    ratios: Vec<f64>,
}

/// Remembered trials.
pub(super) struct Neighbours {
    columns: Vec<usize>,
    /// Per column the standardised value of each trial.
    values: Vec<Vec<f32>>,
    truths: Vec<bool>,
}

impl Rule {
    /// Trains on the given rows of the sample.
    pub(super) fn fit(learner: Learner, sample: &Sample, rows: Range<usize>) -> Self {
        match learner {
            Learner::Guessing => Self::Guessing,
            Learner::Structural(score) => threshold(score, sample, rows),
            Learner::Single(column) => Self::Histograms(vec![Counts::of(column, sample, rows).histogram()]),
            Learner::NaiveBayes => {
                let counts = informative(sample, rows).into_iter().filter(|counts| counts.gain() > 0.0);
                Self::Histograms(counts.map(|counts| counts.histogram()).collect())
            }
            Learner::Logistic => {
                // Factoring takes the square of the columns and more.
                const COLUMNS: usize = 128;
                let telling = informative(sample, rows.clone());
                let columns: Vec<usize> = telling.iter().take(COLUMNS).map(|counts| counts.column).collect();
                Self::Linear { weights: logistic(sample, &columns, rows), columns }
            }
            Learner::Neighbours => {
                const COLUMNS: usize = 8;
                let telling = informative(sample, rows.clone());
                let columns: Vec<usize> = telling.iter().take(COLUMNS).map(|counts| counts.column).collect();
                let values = columns.iter().map(|column| sample.standard[*column][rows.clone()].to_vec()).collect();
                Self::Neighbours(Neighbours { columns, values, truths: rows.map(|row| sample.truth(row)).collect() })
            }
        }
    }

    /// Whether the opinions depend on a column.
    pub(super) fn uses(&self, column: usize) -> bool {
        match self {
            Self::Guessing | Self::Threshold { .. } => false,
            Self::Histograms(histograms) => histograms.iter().any(|histogram| histogram.column == column),
            Self::Linear { columns, .. } => columns.contains(&column),
            Self::Neighbours(neighbours) => neighbours.columns.contains(&column),
        }
    }

    /// The opinion on each row: above 0 for H₁, below for H₀, 0 for none.
    pub(super) fn opinions(&self, sample: &Sample, rows: Range<usize>) -> Vec<f64> {
        match self {
            Self::Guessing => vec![0.0; rows.len()],
            Self::Threshold { score, sign, cut } => rows
                .map(|row| match sample.score(*score, row) {
                    0.0 => 0.0,
                    value => f64::from(sign * (value - cut)),
                })
                .collect(),
            Self::Histograms(histograms) => rows
                .map(|row| {
                    let ratio =
                        |histogram: &Histogram| histogram.ratios[usize::from(sample.bins[histogram.column][row])];
                    histograms.iter().map(ratio).sum()
                })
                .collect(),
            Self::Linear { columns, weights } => {
                rows.map(|row| dot(weights, &regressors(sample, columns, row))).collect()
            }
            Self::Neighbours(neighbours) => rows.map(|row| neighbours.vote(sample, row)).collect(),
        }
    }
}

/// Sign and threshold with the most right opinions; the natural ones unless others are better.
fn threshold(score: usize, sample: &Sample, rows: Range<usize>) -> Rule {
    let opinions = rows.map(|row| (sample.score(score, row), sample.truth(row))).filter(|(value, _)| *value != 0.0);
    let mut opinions: Vec<(f32, bool)> = opinions.collect();
    opinions.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let natural = opinions.iter().filter(|(value, truth)| (*value > 0.0) == *truth).count();
    let mut best = (natural, 1.0, 0.0);
    // Right opinions of "H₁ above the cut", for a cut below everything.
    let mut right = opinions.iter().filter(|(_, truth)| *truth).count();
    for pair in opinions.windows(2) {
        if pair[0].1 {
            right -= 1;
        } else {
            right += 1;
        }
        if pair[0].0 < pair[1].0 {
            let cut = f32::midpoint(pair[0].0, pair[1].0);
            for (right, sign) in [(right, 1.0), (opinions.len() - right, -1.0)] {
                if right > best.0 {
                    best = (right, sign, cut);
                }
            }
        }
    }
    Rule::Threshold { score, sign: best.1, cut: best.2 }
}

/// How often each bin of a column was seen under H₀ and H₁.
struct Counts {
    column: usize,
    bins: Vec<[f64; 2]>,
}

impl Counts {
    fn of(column: usize, sample: &Sample, rows: Range<usize>) -> Self {
        let highest = sample.bins[column].iter().copied().max().unwrap_or(0);
        let mut bins = vec![[0.0; 2]; usize::from(highest) + 1];
        for row in rows {
            bins[usize::from(sample.bins[column][row])][usize::from(sample.truth(row))] += 1.0;
        }
        Self { column, bins }
    }

    fn totals(&self) -> [f64; 2] {
        [0, 1].map(|truth| self.bins.iter().map(|bin| bin[truth]).sum())
    }

    /// Log-likelihood ratios with half a trial added to every bin (Krichevsky and Trofimov); none where nothing was seen.
    fn histogram(&self) -> Histogram {
        let totals = self.totals().map(|total| total + self.bins.len() as f64 / 2.0);
        let ratio = |[under_0, under_1]: &[f64; 2]| {
            if under_0 + under_1 == 0.0 {
                0.0
            } else {
                ((under_1 + 0.5) / totals[1] / ((under_0 + 0.5) / totals[0])).ln()
            }
        };
        Histogram { column: self.column, ratios: self.bins.iter().map(ratio).collect() }
    }

    /// What the column tells about the truth beyond what its histogram costs: half the likelihood-ratio statistic less
    /// the degrees of freedom (Akaike's criterion).
    fn gain(&self) -> f64 {
        let totals = self.totals();
        let all = totals[0] + totals[1];
        let seen = self.bins.iter().filter(|bin| bin[0] + bin[1] > 0.0);
        let told = |bin: &[f64; 2]| -> f64 {
            let terms = [0, 1].map(|truth| {
                if bin[truth] == 0.0 {
                    0.0
                } else {
                    bin[truth] * (bin[truth] * all / (bin[0] + bin[1]) / totals[truth]).ln()
                }
            });
            terms.iter().sum()
        };
        seen.clone().map(told).sum::<f64>() - (seen.count() as f64 - 1.0)
    }
}

/// The columns by falling gain; of those with equal bins only the first.
fn informative(sample: &Sample, rows: Range<usize>) -> Vec<Counts> {
    let mut seen = BTreeSet::new();
    let different = (0..sample.bins.len()).filter(|column| seen.insert(&sample.bins[*column]));
    let mut counts: Vec<(f64, Counts)> = different
        .map(|column| Counts::of(column, sample, rows.clone()))
        .map(|counts| (counts.gain(), counts))
        .collect();
    counts.sort_by(|a, b| b.0.total_cmp(&a.0));
    counts.into_iter().map(|(_, counts)| counts).collect()
}

/// Weights of the regressors. Minorise and maximise with the fixed curvature bound XᵀX/4 (Böhning and Lindsay, Annals of
/// the Institute of Statistical Mathematics 40, 1988): one factorisation, every step uphill.
fn logistic(sample: &Sample, columns: &[usize], rows: Range<usize>) -> Vec<f64> {
    const PENALTY: f64 = 1.0;
    const STEPS: usize = 20;
    let inputs: Vec<(Vec<f64>, f64)> =
        rows.map(|row| (regressors(sample, columns, row), f64::from(u8::from(sample.truth(row))))).collect();
    let size = columns.len() + 1;
    let mut curvature = vec![vec![0.0; size]; size];
    for (input, _) in &inputs {
        for (index, (row, value)) in curvature.iter_mut().zip(input).enumerate() {
            for (cell, other) in row.iter_mut().zip(&input[..=index]) {
                *cell += value * other / 4.0;
            }
        }
    }
    for (index, row) in curvature.iter_mut().enumerate() {
        row[index] += PENALTY;
    }
    let factor = cholesky(curvature);
    let mut weights = vec![0.0; size];
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| -PENALTY * weight).collect();
        for (input, truth) in &inputs {
            let error = truth - 1.0 / (1.0 + (-dot(&weights, input)).exp());
            for (slope, value) in gradient.iter_mut().zip(input) {
                *slope += error * value;
            }
        }
        for (weight, step) in weights.iter_mut().zip(solve(&factor, gradient)) {
            *weight += step;
        }
    }
    weights
}

/// A constant and the standardised values of these columns.
fn regressors(sample: &Sample, columns: &[usize], row: usize) -> Vec<f64> {
    std::iter::once(1.0).chain(columns.iter().map(|column| f64::from(sample.standard[*column][row]))).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The lower triangular factor of a positive definite matrix, of which the lower triangle is given.
fn cholesky(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for row in 0..matrix.len() {
        for column in 0..=row {
            let known = dot(&matrix[row][..column], &matrix[column][..column]);
            let rest = matrix[row][column] - known;
            matrix[row][column] = if row == column { rest.sqrt() } else { rest / matrix[column][column] };
        }
    }
    matrix
}

/// Solves L Lᵀ x = `right`.
fn solve(factor: &[Vec<f64>], mut right: Vec<f64>) -> Vec<f64> {
    for row in 0..right.len() {
        right[row] = (right[row] - dot(&factor[row][..row], &right[..row])) / factor[row][row];
    }
    for row in (0..right.len()).rev() {
        right[row] /= factor[row][row];
        let value = right[row];
        for (rest, cell) in right.iter_mut().zip(&factor[row][..row]) {
            *rest -= cell * value;
        }
    }
    right
}

impl Neighbours {
    /// The majority among the √n nearest and all that are as near as the last of them: its size, above 0 for H₁.
    fn vote(&self, sample: &Sample, row: usize) -> f64 {
        if self.truths.is_empty() {
            return 0.0;
        }
        let mut distances = vec![0.0_f32; self.truths.len()];
        for (column, values) in self.columns.iter().zip(&self.values) {
            let here = sample.standard[*column][row];
            for (distance, value) in distances.iter_mut().zip(values) {
                *distance += (value - here) * (value - here);
            }
        }
        // The bit patterns of non-negative floats are ordered as the floats are.
        let distances: Vec<u32> = distances.into_iter().map(f32::to_bits).collect();
        let voters = distances.len().isqrt();
        let farthest = *distances.clone().select_nth_unstable(voters - 1).1;
        let votes = distances.iter().zip(&self.truths).map(|(distance, truth)| {
            let vote = i32::from(*truth) * 2 - 1;
            if *distance <= farthest { vote } else { 0 }
        });
        f64::from(votes.sum::<i32>())
    }
}
