//! How much observations tell of a secret, estimated from samples: an adversary is chosen and trained on one file and
//! guesses the secrets of another, once.
//!
//! Both files are taken for independent draws of the same secret and channel. The adversary's success is a lower bound of
//! the best one's (the Bayes vulnerability), so only the low ends of leakages, and the high end of the risk, bound what
//! the observations tell; the other ends belong to this adversary. Notions after Alvim et al., *The Science of
//! Quantitative Information Flow*, 2020; the estimators' idea after Cherubin, Chatzikokolakis and Palamidessi (F-BLEAU,
//! IEEE S&P 2019).

mod adversaries;
mod neighbours;
mod samples;
#[cfg(test)]
mod tests;

pub use adversaries::{Adversary, Count};
pub use samples::{Label, Samples, SamplesError};

use crate::interval::{lower_bound, upper_bound};
use adversaries::Knowledge;
use neighbours::Points;
use rand_core::Rng;
use sightline_crypto::Seed;
use std::collections::BTreeSet;

/// An estimate with the ends of an interval. Each end misses with at most half the level asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub point: f64,
    /// The low end.
    pub low: f64,
    /// The high end; infinite where nothing bounds it.
    pub high: f64,
}

/// An adversary that could have been chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Its kind.
    pub adversary: Adversary,
    /// Its share of errors on the part of TRAIN that it was not trained on.
    pub risk: f64,
}

/// What the observations tell of the secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Leakage {
    /// Rows of TRAIN and of TEST.
    pub rows: [u64; 2],
    /// Different secrets in both.
    pub secrets: usize,
    /// Numbers per observation.
    pub columns: usize,
    /// Probability that a given interval misses, at most.
    pub level: f64,
    /// All adversaries.
    pub candidates: Vec<Candidate>,
    /// The one chosen by its risk on TRAIN.
    pub chosen: Adversary,
    /// Its share of errors on TEST. The high end bounds the Bayes risk from above.
    pub risk: Interval,
    /// The risk of guessing without the observation.
    pub guessing_risk: Interval,
    /// The adversary's success. The low end bounds the posterior Bayes vulnerability from below.
    pub vulnerability: Interval,
    /// The success of guessing without the observation: the largest probability of a secret.
    pub prior_vulnerability: Interval,
    /// Their quotient. The low end bounds the multiplicative Bayes leakage from below.
    pub multiplicative: Interval,
    /// Its logarithm, in bits. The low end bounds the min-entropy leakage from below.
    pub min_entropy: Interval,
    /// A lower bound of the Shannon leakage in bits, estimated.
    pub shannon: f64,
    /// Its low end: the Shannon leakage is lower with at most half the level's probability.
    pub shannon_low: f64,
}

/// Files that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeakageError {
    /// Observations of different lengths.
    #[error("TRAIN has {train} numbers per observation, TEST has {test}; give both the same columns")]
    Columns {
        /// Those of TRAIN.
        train: usize,
        /// Those of TEST.
        test: usize,
    },
}

/// Rows of TRAIN that adversaries are compared on, at most.
const JUDGED: usize = 20_000;

/// Chooses and trains an adversary on `train`, lets it guess the secrets of `test`, and says what that tells; every
/// interval misses with probability at most `level`, between 0 and 1. Two calls give the same.
///
/// # Errors
/// [`LeakageError::Columns`] if the files do not go together.
pub fn estimate(train: &Samples, test: &Samples, level: f64) -> Result<Leakage, LeakageError> {
    if train.columns() != test.columns() {
        return Err(LeakageError::Columns { train: train.columns(), test: test.columns() });
    }
    let labels: BTreeSet<&Label> = train.labels().iter().chain(test.labels()).collect();
    let labels: Vec<&Label> = labels.into_iter().collect();
    let (train, test) = (Sample::new(train, &labels), Sample::new(test, &labels));
    let candidates = compare(&train, labels.len());
    let first = candidates[0];
    let best = candidates.iter().fold(first, |best, next| if next.risk < best.risk { *next } else { best });
    let chosen = best.adversary;
    let guesses = Knowledge::new(&train.points, &train.secrets, labels.len()).guess(&[chosen], &test.points).remove(0);
    let trials = Trials { train: &train.secrets, test: &test.secrets, guesses: &guesses, secrets: labels.len() };
    let (vulnerability, prior_vulnerability) = (trials.vulnerability(level), trials.prior(level));
    // Where two estimates meet, each end of either may miss with a quarter of the level.
    let (posterior, prior) = (trials.vulnerability(level / 2.0), trials.prior(level / 2.0));
    let multiplicative = Interval {
        point: (posterior.point / prior.point).max(1.0),
        low: (posterior.low / prior.high).max(1.0),
        high: (posterior.high / prior.low).max(1.0),
    };
    // It is at most the prior vulnerability; both bounds share the quarter.
    let (chance, chance_high) = trials.chance(level / 8.0);
    let chance_high = chance_high.min(trials.prior(level / 4.0).high);
    Ok(Leakage {
        rows: [train.secrets.len() as u64, test.secrets.len() as u64],
        secrets: labels.len(),
        columns: train.points.columns,
        level,
        candidates,
        chosen,
        risk: vulnerability.complement(),
        guessing_risk: prior_vulnerability.complement(),
        vulnerability,
        prior_vulnerability,
        multiplicative,
        min_entropy: Interval {
            point: multiplicative.point.log2(),
            low: multiplicative.low.log2(),
            high: multiplicative.high.log2(),
        },
        shannon: divergence(posterior.point, chance),
        shannon_low: divergence(posterior.low, chance_high),
    })
}

impl Interval {
    /// Clopper and Pearson's.
    fn of(successes: u64, trials: u64, level: f64) -> Self {
        Self {
            point: successes as f64 / trials as f64,
            low: lower_bound(successes, trials, level / 2.0),
            high: upper_bound(successes, trials, level / 2.0),
        }
    }

    fn complement(self) -> Self {
        Self { point: 1.0 - self.point, low: 1.0 - self.high, high: 1.0 - self.low }
    }
}

/// The secrets of both files, and what was guessed for TEST.
struct Trials<'a> {
    train: &'a [u32],
    test: &'a [u32],
    guesses: &'a [u32],
    secrets: usize,
}

impl Trials<'_> {
    fn vulnerability(&self, level: f64) -> Interval {
        Interval::of(right(self.guesses, self.test), self.test.len() as u64, level)
    }

    /// The largest probability of a secret. The most frequent one of both files is at least as frequent as the likeliest,
    /// so its upper bound holds for that; a lower bound holds for any secret that is not chosen by the rows it is counted
    /// on, so it is chosen on TRAIN and counted on TEST.
    fn prior(&self, level: f64) -> Interval {
        let (train, test) = (counts(self.train, self.secrets), counts(self.test, self.secrets));
        let both = train.iter().zip(&test).map(|(train, test)| train + test).max().unwrap_or(0);
        let all = Interval::of(both, (self.train.len() + self.test.len()) as u64, level);
        let frequent = (0..self.secrets).max_by_key(|secret| train[*secret]).unwrap_or(0);
        let low = Interval::of(test[frequent], self.test.len() as u64, level).low;
        Interval { low: low.min(all.point), ..all }
    }

    /// The probability that a guess is right for another row's secret: the estimate from all pairs of rows, and an upper
    /// bound at one-sided `level` from pairs that share no row.
    fn chance(&self, level: f64) -> (f64, f64) {
        let rows = shuffled(self.test.len(), "pairs");
        let pairs = rows.chunks_exact(2).map(|pair| self.guesses[pair[0]] == self.test[pair[1]]);
        let (agree, pairs) = (pairs.clone().filter(|agree| *agree).count() as u64, pairs.count() as u64);
        let (guessed, test) = (counts(self.guesses, self.secrets), counts(self.test, self.secrets));
        let all = guessed.iter().zip(&test).map(|(guessed, test)| (guessed * test) as f64).sum::<f64>();
        let n = self.test.len() as f64;
        let point = (all - right(self.guesses, self.test) as f64) / (n * (n - 1.0));
        // Never below the resolution, so that the divergence stays finite.
        (point.max(1.0 / (n * n)), upper_bound(agree, pairs, level))
    }
}

fn counts(secrets: &[u32], number: usize) -> Vec<u64> {
    let mut counts = vec![0; number];
    for secret in secrets {
        counts[*secret as usize] += 1;
    }
    counts
}

/// What a guess that is right with probability `right`, and with `chance` if secret and guess were independent, tells at
/// least of the secret, in bits: their binary relative entropy, if `right` is the greater (data processing; Fano, 1961,
/// as generalised by Han and Verdú, IEEE Transactions on Information Theory 40, 1994).
fn divergence(right: f64, chance: f64) -> f64 {
    if right <= chance {
        return 0.0;
    }
    let term = |p: f64, q: f64| if p > 0.0 { p * (p / q).log2() } else { 0.0 };
    (term(right, chance) + term(1.0 - right, 1.0 - chance)).max(0.0)
}

/// A file with its secrets numbered.
struct Sample {
    points: Points,
    secrets: Vec<u32>,
}

impl Sample {
    fn new(samples: &Samples, labels: &[&Label]) -> Self {
        let number = |label: &Label| labels.binary_search(&label).expect("every label is in the list");
        let values = (0..samples.len()).flat_map(|row| samples.row(row)).copied().collect();
        Self {
            points: Points { values, columns: samples.columns() },
            secrets: samples.labels().iter().map(|label| u32::try_from(number(label)).unwrap_or(u32::MAX)).collect(),
        }
    }

    fn select(&self, rows: &[usize]) -> Self {
        Self { points: self.points.select(rows), secrets: rows.iter().map(|row| self.secrets[*row]).collect() }
    }
}

/// The adversaries' risks on a random half of the rows, after training on the other half.
fn compare(train: &Sample, secrets: usize) -> Vec<Candidate> {
    let rows = shuffled(train.secrets.len(), "halves");
    let (learnt, judged) = rows.split_at(rows.len().div_ceil(2));
    let (learnt, judged) = (train.select(learnt), train.select(&judged[..judged.len().min(JUDGED)]));
    let guesses = Knowledge::new(&learnt.points, &learnt.secrets, secrets).guess(&Adversary::ALL, &judged.points);
    let risk = |guesses: &Vec<u32>| 1.0 - right(guesses, &judged.secrets) as f64 / guesses.len() as f64;
    Adversary::ALL
        .iter()
        .zip(&guesses)
        .map(|(adversary, guesses)| Candidate { adversary: *adversary, risk: risk(guesses) })
        .collect()
}

fn right(guesses: &[u32], secrets: &[u32]) -> u64 {
    guesses.iter().zip(secrets).filter(|(guess, secret)| guess == secret).count() as u64
}

/// The numbers below `count` in an order that depends on nothing else but the purpose.
#[expect(clippy::cast_possible_truncation, reason = "below the count")]
fn shuffled(count: usize, purpose: &str) -> Vec<usize> {
    let mut stream = Seed::from_u64(0).derive(purpose, 0).stream();
    let mut rows: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        rows.swap(last, (stream.next_u64() % (last as u64 + 1)) as usize);
    }
    rows
}
