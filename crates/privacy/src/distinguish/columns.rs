//! Features and scores as columns: constant ones dropped, values binned and standardised.

use super::Trial;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Up to this many distinct values each gets a bin of its own.
const EXACT: usize = 32;
/// Bins of equal weight where there are more.
const QUANTILES: usize = 10;
/// Standardised values are cut off here, so that no outlier decides alone.
const CUTOFF: f64 = 4.0;
/// Larger values are cut off on reading, so that sums of squares are finite.
const LARGEST: f32 = 1e30;

/// How columns are read: fixed on the selection half without looking at the truth.
pub(super) struct Columns<F>(Vec<(Source<F>, Column)>);

struct Column {
    /// The least value of every bin but the first.
    edges: Vec<f32>,
    mean: f64,
    deviation: f64,
}

enum Source<F> {
    Score(usize),
    Feature(F),
}

/// Trials read through columns.
pub(super) struct Sample {
    truths: Vec<bool>,
    /// Per structural adversary: its opinion on each trial, 0 for none.
    scores: Vec<Vec<f32>>,
    /// Per column: the bin of each trial.
    pub(super) bins: Vec<Vec<u8>>,
    /// Per column: the standardised value of each trial.
    pub(super) standard: Vec<Vec<f32>>,
}

impl<F: Clone + Ord + Display> Columns<F> {
    /// The columns that vary on these trials, scores first, then features in order; and the trials read through them.
    pub(super) fn of(trials: &[Trial<F>], adversaries: usize) -> (Self, Sample) {
        let features: BTreeSet<&F> = trials.iter().flat_map(|trial| trial.features.keys()).collect();
        let scores = (0..adversaries).map(Source::Score);
        let sources: Vec<Source<F>> = scores.chain(features.into_iter().cloned().map(Source::Feature)).collect();
        let all = values(trials, &sources.iter().collect::<Vec<_>>());
        let varies = |values: &[f32]| values.iter().any(|value| value.total_cmp(&values[0]).is_ne());
        let (sources, values): (Vec<Source<F>>, Vec<Vec<f32>>) =
            sources.into_iter().zip(all).filter(|(_, values)| varies(values)).unzip();
        let columns = Self(sources.into_iter().zip(values.iter().map(|values| Column::new(values))).collect());
        let sample = columns.sample(trials, adversaries, &values);
        (columns, sample)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The name of a column.
    pub(super) fn name(&self, column: usize, adversaries: &[&str]) -> String {
        match &self.0[column].0 {
            Source::Score(score) => adversaries[*score].to_owned(),
            Source::Feature(feature) => feature.to_string(),
        }
    }

    /// Reads further trials.
    pub(super) fn read(&self, trials: &[Trial<F>], adversaries: usize) -> Sample {
        self.sample(trials, adversaries, &values(trials, &self.0.iter().map(|(source, _)| source).collect::<Vec<_>>()))
    }

    fn sample(&self, trials: &[Trial<F>], adversaries: usize, values: &[Vec<f32>]) -> Sample {
        let columns = || self.0.iter().map(|(_, column)| column).zip(values);
        let bins = |(column, values): (&Column, &Vec<f32>)| values.iter().map(|value| column.bin(*value)).collect();
        let standard =
            |(column, values): (&Column, &Vec<f32>)| values.iter().map(|value| column.standardise(*value)).collect();
        Sample {
            truths: trials.iter().map(|trial| trial.truth).collect(),
            scores: (0..adversaries).map(|score| trials.iter().map(|trial| trial.score(score)).collect()).collect(),
            bins: columns().map(bins).collect(),
            standard: columns().map(standard).collect(),
        }
    }
}

impl Sample {
    pub(super) fn len(&self) -> usize {
        self.truths.len()
    }

    pub(super) fn truth(&self, row: usize) -> bool {
        self.truths[row]
    }

    /// The opinion of a structural adversary; 0 for none.
    pub(super) fn score(&self, score: usize, row: usize) -> f32 {
        self.scores[score][row]
    }
}

impl<F> Trial<F> {
    fn score(&self, score: usize) -> f32 {
        self.scores.get(score).copied().map_or(0.0, finite)
    }
}

impl Column {
    fn new(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
        let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut edges = sorted.clone();
        edges.dedup();
        if edges.len() > EXACT {
            edges = (0..QUANTILES).map(|quantile| sorted[quantile * sorted.len() / QUANTILES]).collect();
            edges.dedup();
        }
        edges.remove(0);
        Self { edges, mean, deviation: variance.sqrt() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are at most 31 edges")]
    fn bin(&self, value: f32) -> u8 {
        self.edges.partition_point(|edge| *edge <= value) as u8
    }

    #[expect(clippy::cast_possible_truncation, reason = "between −4 and 4")]
    fn standardise(&self, value: f32) -> f32 {
        ((f64::from(value) - self.mean) / self.deviation).clamp(-CUTOFF, CUTOFF) as f32
    }
}

/// Per source the value of each trial. Features are in their order, as in the trials.
fn values<F: Ord>(trials: &[Trial<F>], sources: &[&Source<F>]) -> Vec<Vec<f32>> {
    let mut values = vec![Vec::with_capacity(trials.len()); sources.len()];
    for trial in trials {
        let mut present = trial.features.iter().peekable();
        for (source, values) in sources.iter().zip(&mut values) {
            values.push(match source {
                Source::Score(score) => trial.score(*score),
                Source::Feature(feature) => {
                    while present.next_if(|(other, _)| *other < feature).is_some() {}
                    present.next_if(|(other, _)| *other == feature).map_or(0.0, |(_, value)| finite(*value))
                }
            });
        }
    }
    values
}

/// Without not-a-numbers, infinities and the negative zero.
fn finite(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) + 0.0 }
}
