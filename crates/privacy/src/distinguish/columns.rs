//! Features and scores as columns: constant ones dropped, values binned and standardised.

use super::Trial;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Up to this many distinct values each gets a bin of its own.
const EXACT: usize = 32;
/// Bins of equal weight where there are more.
const QUANTILES: usize = 10;
/// Standardised values are cut off here, so that no outlier decides alone.
const CUTOFF: f64 = 4.0;
/// Larger values are cut off on reading, so that sums of squares are finite.
const LARGEST: f32 = 1e30;

/// How columns are read: fixed on the selection half without looking at the truth.
pub(super) struct Columns(Vec<Column>);

struct Column {
    source: Source,
    /// The least value of every bin but the first.
    edges: Vec<f32>,
    mean: f64,
    deviation: f64,
}

enum Source {
    Score(usize),
    Feature(Arc<str>),
}

/// Trials read through columns.
pub(super) struct Sample<'a> {
    trials: &'a [Trial],
    /// Per column: the bin of each trial.
    pub(super) bins: Vec<Vec<u8>>,
    /// Per column: the standardised value of each trial.
    pub(super) standard: Vec<Vec<f32>>,
}

impl Columns {
    /// The columns that vary on these trials, scores first, then features by name; and the trials read through them.
    pub(super) fn of<'a>(trials: &'a [Trial], adversaries: &[&str]) -> (Self, Sample<'a>) {
        let scores = (0..adversaries.len()).map(Source::Score);
        let sources: Vec<Source> = scores.chain(names(trials).into_iter().map(Source::Feature)).collect();
        let all = values(trials, &sources.iter().collect::<Vec<_>>());
        let varies = |values: &[f32]| values.iter().any(|value| value.total_cmp(&values[0]).is_ne());
        let (sources, values): (Vec<Source>, Vec<Vec<f32>>) =
            sources.into_iter().zip(all).filter(|(_, values)| varies(values)).unzip();
        let columns =
            Self(sources.into_iter().zip(&values).map(|(source, values)| Column::new(source, values)).collect());
        let sample = columns.sample(trials, &values);
        (columns, sample)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The name of a column.
    pub(super) fn name<'a>(&'a self, column: usize, adversaries: &[&'a str]) -> &'a str {
        match &self.0[column].source {
            Source::Score(score) => adversaries[*score],
            Source::Feature(name) => name,
        }
    }

    /// Reads further trials.
    pub(super) fn read<'a>(&self, trials: &'a [Trial]) -> Sample<'a> {
        self.sample(trials, &values(trials, &self.0.iter().map(|column| &column.source).collect::<Vec<_>>()))
    }

    fn sample<'a>(&self, trials: &'a [Trial], values: &[Vec<f32>]) -> Sample<'a> {
        let columns = || self.0.iter().zip(values);
        let bins = |(column, values): (&Column, &Vec<f32>)| values.iter().map(|value| column.bin(*value)).collect();
        let standard =
            |(column, values): (&Column, &Vec<f32>)| values.iter().map(|value| column.standardise(*value)).collect();
        Sample { trials, bins: columns().map(bins).collect(), standard: columns().map(standard).collect() }
    }
}

impl Sample<'_> {
    pub(super) fn len(&self) -> usize {
        self.trials.len()
    }

    pub(super) fn truth(&self, row: usize) -> bool {
        self.trials[row].truth
    }

    /// The opinion of a structural adversary; 0 for none.
    pub(super) fn score(&self, score: usize, row: usize) -> f32 {
        self.trials[row].score(score)
    }
}

impl Trial {
    fn score(&self, score: usize) -> f32 {
        self.scores.get(score).copied().map_or(0.0, finite)
    }
}

impl Column {
    fn new(source: Source, values: &[f32]) -> Self {
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
        Self { source, edges, mean, deviation: variance.sqrt() }
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

/// All names of features, in order.
fn names(trials: &[Trial]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut previous: Option<&Trial> = None;
    for trial in trials {
        // Views of one observer mostly have the same features.
        if previous.is_none_or(|previous| !previous.features.keys().eq(trial.features.keys())) {
            names.extend(trial.features.keys().cloned());
        }
        previous = Some(trial);
    }
    names
}

/// Per source the value of each trial. Features are in order of their names, as in the trials.
fn values(trials: &[Trial], sources: &[&Source]) -> Vec<Vec<f32>> {
    let mut values: Vec<Vec<f32>> = sources.iter().map(|_| Vec::with_capacity(trials.len())).collect();
    for trial in trials {
        let mut present = trial.features.iter();
        let mut next = present.next();
        for (source, values) in sources.iter().zip(&mut values) {
            values.push(match source {
                Source::Score(score) => trial.score(*score),
                Source::Feature(name) => loop {
                    match next.map(|(other, value)| (other.cmp(name), value)) {
                        Some((Ordering::Less, _)) => next = present.next(),
                        Some((Ordering::Equal, value)) => {
                            next = present.next();
                            break finite(*value);
                        }
                        Some((Ordering::Greater, _)) | None => break 0.0,
                    }
                },
            });
        }
    }
    values
}

/// Without not-a-numbers, infinities and the negative zero.
fn finite(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) + 0.0 }
}
