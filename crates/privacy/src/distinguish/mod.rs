//! The estimator of the game `distinguish`: how well can two histories be told apart?
//!
//! Adversaries are fixed (structural scores) or learnt from features. They are compared by cross-fitting on the selection
//! half: each is fitted on one part and judged on the other, both ways round. The winner is fitted on the whole selection
//! half and then guesses *once* on every trial of the evaluation half. So whatever selection does, the count of right
//! guesses is binomial, and its exact lower bound holds for the leak.

mod columns;
mod learners;

use crate::Feature;
use crate::advantage::Advantage;
use columns::{Columns, Sample};
use learners::{Learner, Rule};
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;

/// One trial of the game.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial<F = Feature> {
    /// Whether H₁ was run. Drawn by a fair coin, independently for every trial: the bounds rest on that.
    pub truth: bool,
    /// The opinion of each structural adversary: above 0 for H₁; 0 or not a number for none.
    pub scores: Vec<f32>,
    /// Numbers read off the view; a feature that is absent counts as 0.
    pub features: BTreeMap<F, f32>,
}

/// What the best adversary that was found can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Its advantage on the evaluation half.
    pub advantage: Advantage,
    /// Its name: a structural adversary's, or `likelihood-ratio`, `naive-bayes`, `logistic-regression`,
    /// `nearest-neighbours`; `guessing` if nothing beat a coin on the selection half.
    pub adversary: String,
    /// For a learnt adversary, the feature (or structural score) without which it does worst on the selection half.
    pub feature: Option<String>,
    /// Its cross-fitted advantage on the selection half: too high on average, being the best of many.
    pub selection_advantage: f64,
}

/// Chooses the best adversary on `selection` and measures it at `level` on `evaluation`.
///
/// `adversaries` names the scores of the trials in their order; missing scores are no opinion, further ones are ignored.
/// Where the adversary has no opinion, it guesses by a fair coin from `rng`. Equal candidates are decided for the
/// earlier: structural ones, single features in order, then the learners in the order of [`Estimate::adversary`].
pub fn estimate<F: Clone + Ord + Display>(
    selection: &[Trial<F>],
    evaluation: &[Trial<F>],
    adversaries: &[&str],
    level: f64,
    rng: &mut impl Rng,
) -> Estimate {
    let (columns, mut sample) = Columns::of(selection, adversaries.len());
    let structural = (0..adversaries.len()).map(Learner::Structural);
    let single = (0..columns.len()).map(Learner::Single);
    let joint = [Learner::NaiveBayes, Learner::Logistic, Learner::Neighbours];
    let candidates = structural.chain(single).chain(joint.into_iter().filter(|_| columns.len() > 1));
    let mut best = (Learner::Guessing, selection.len());
    for learner in candidates {
        let points = cross_fitted(learner, &sample);
        if points > best.1 {
            best = (learner, points);
        }
    }

    let (winner, points) = best;
    let rule = Rule::fit(winner, &sample, 0..selection.len());
    let opinions = rule.opinions(&columns.read(evaluation, adversaries.len()), 0..evaluation.len());
    let right = opinions.iter().zip(evaluation).filter(|(opinion, trial)| {
        let guess = if **opinion == 0.0 { rng.next_u64() & 1 == 1 } else { **opinion > 0.0 };
        guess == trial.truth
    });
    Estimate {
        advantage: Advantage::of(right.count() as u64, evaluation.len() as u64, level),
        adversary: match winner {
            Learner::Guessing => "guessing",
            Learner::Structural(score) => adversaries[score],
            Learner::Single(_) => "likelihood-ratio",
            Learner::NaiveBayes => "naive-bayes",
            Learner::Logistic => "logistic-regression",
            Learner::Neighbours => "nearest-neighbours",
        }
        .to_owned(),
        feature: telling(winner, &mut sample).map(|column| columns.name(column, adversaries)),
        selection_advantage: (points as f64 / selection.len().max(1) as f64 - 1.0).max(0.0),
    }
}

/// Fits on each half of the sample and judges on the other.
fn cross_fitted(learner: Learner, sample: &Sample) -> usize {
    let [start, middle, end] = [0, sample.len() / 2, sample.len()];
    [(start..middle, middle..end), (middle..end, start..middle)]
        .map(|(fitted, judged)| points(&Rule::fit(learner, sample, fitted), sample, judged))
        .iter()
        .sum()
}

/// 2 points for a right opinion, 1 for none.
fn points(rule: &Rule, sample: &Sample, rows: Range<usize>) -> usize {
    let opinions = rule.opinions(sample, rows.clone());
    let points = opinions.iter().zip(rows).map(|(opinion, row)| match *opinion {
        0.0 => 1,
        opinion => 2 * usize::from((opinion > 0.0) == sample.truth(row)),
    });
    points.sum()
}

/// The column without which a learner, fitted on one half of the sample, does worst on the other.
fn telling(learner: Learner, sample: &mut Sample) -> Option<usize> {
    let middle = sample.len() / 2;
    let rule = Rule::fit(learner, sample, 0..middle);
    (0..sample.bins.len()).filter(|column| rule.uses(*column)).min_by_key(|column| {
        let shift = |sample: &mut Sample, by: usize| {
            sample.bins[*column].rotate_left(by);
            sample.standard[*column].rotate_left(by);
        };
        let end = sample.len();
        shift(sample, middle);
        let points = points(&rule, sample, middle..end);
        shift(sample, end - middle);
        points
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use sightline_crypto::Stream;

    fn uniform(stream: &mut Stream) -> f32 {
        (stream.next_u64() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// A bit that agrees with the truth with probability (1 + advantage) / 2, among `noise` features.
    fn trials(stream: &mut Stream, count: usize, advantage: f32, noise: usize) -> Vec<Trial<String>> {
        let trial = |_| {
            let truth = stream.next_u64() & 1 == 1;
            let bit = truth == (uniform(stream) < f32::midpoint(1.0, advantage));
            let mut features: BTreeMap<String, f32> =
                (0..noise).map(|number| (format!("noise-{number:02}"), uniform(stream))).collect();
            features.insert("bit".into(), f32::from(u8::from(bit)));
            features.insert("constant".into(), 3.0);
            Trial { truth, scores: vec![0.0], features }
        };
        (0..count).map(trial).collect()
    }

    fn repeat(seed: u64, repetitions: usize, count: usize, advantage: f32, noise: usize) -> Vec<Estimate> {
        let mut stream = Stream::seed_from_u64(seed);
        let one = |_| {
            let (selection, evaluation) =
                (trials(&mut stream, count, advantage, noise), trials(&mut stream, count, advantage, noise));
            estimate(&selection, &evaluation, &["silent"], 0.05, &mut stream)
        };
        (0..repetitions).map(one).collect()
    }

    /// At a true rate of 5 %, more than 36 of 400 are flagged with probability below 10⁻³; the seed is fixed.
    #[test]
    fn without_a_leak_few_are_flagged() {
        let flagged = repeat(1, 400, 100, 0.0, 5).iter().filter(|found| found.advantage.low > 0.0).count();
        assert!(flagged <= 36, "{flagged} of 400");
    }

    /// The bound may exceed the truth in 5 % of repetitions; more than 25 of 200 has probability below 10⁻⁴. The leak is
    /// found in 90.9 % of 2 000 repetitions with other seeds; fewer than 165 of 200 has probability below 10⁻⁴.
    #[test]
    fn a_leak_is_found_named_and_not_overstated() {
        let found = repeat(2, 200, 300, 0.3, 50);
        let overstated = found.iter().filter(|found| found.advantage.low > 0.3).count();
        assert!(overstated <= 25, "{overstated} of 200");
        let seen = found.iter().filter(|found| found.advantage.low > 0.0).count();
        assert!(seen >= 165, "{seen} of 200");
        let named = found.iter().filter(|found| found.feature.as_deref() == Some("bit")).count();
        assert!(named >= 180, "{named} of 200");
    }

    #[test]
    fn a_fixed_adversary_that_is_right_is_chosen() {
        let mut stream = Stream::seed_from_u64(3);
        let mut told = |count| {
            let mut trials = trials(&mut stream, count, 0.0, 3);
            for trial in &mut trials {
                trial.scores[0] = if trial.truth { 1.0 } else { -1.0 };
            }
            trials
        };
        let (selection, evaluation) = (told(200), told(200));
        let found = estimate(&selection, &evaluation, &["oracle"], 0.05, &mut Stream::seed_from_u64(4));
        assert_eq!((found.adversary.as_str(), found.feature), ("oracle", None));
        assert_eq!(found.advantage.point, 1.0);
    }

    #[test]
    fn no_trials_and_no_adversaries_give_no_advantage() {
        let mut stream = Stream::seed_from_u64(5);
        assert_eq!(estimate::<String>(&[], &[], &[], 0.05, &mut stream).advantage.low, 0.0);
        let silent = trials(&mut stream, 10, 0.0, 0);
        assert_eq!(estimate(&[], &silent, &["silent"], 0.05, &mut stream).advantage.low, 0.0);
    }
}
