//! Adversaries that guess a secret from an observation.

use super::neighbours::{Points, Tree, distance};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::fmt;

/// A way to guess. Whatever else is equal, the more frequent secret is guessed, then the one whose label comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Adversary {
    /// Always the most frequent secret.
    Prior,
    /// The secret seen most often at the same observation; the prior guess where there was none.
    Lookup,
    /// The majority of the nearest samples, all as far away as the last of them included. The first neighbour looks up
    /// what was seen before.
    Neighbours(Count),
    /// The likeliest secret if all noise is Gaussian, of the same width around each secret's mean.
    Gaussian,
    /// The likeliest secret if all noise falls off exponentially, of the same width around each secret's median.
    Exponential,
    /// The likeliest secret if noise is Gaussian with a width of its own for each secret and column.
    Widths,
}

/// How many neighbours of n samples have a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Count {
    /// 1.
    One,
    /// log₁₀ n.
    Log10,
    /// ln n.
    Ln,
    /// (ln n)².
    LnSquared,
    /// √n.
    Root,
}

impl Adversary {
    /// All, simple ones first.
    pub const ALL: [Self; 10] = [
        Self::Prior,
        Self::Lookup,
        Self::Neighbours(Count::One),
        Self::Neighbours(Count::Log10),
        Self::Neighbours(Count::Ln),
        Self::Neighbours(Count::LnSquared),
        Self::Neighbours(Count::Root),
        Self::Gaussian,
        Self::Exponential,
        Self::Widths,
    ];
}

impl fmt::Display for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prior => "most frequent secret",
            Self::Lookup => "look-up",
            Self::Neighbours(Count::One) => "nearest neighbour",
            Self::Neighbours(Count::Log10) => "log10 n neighbours",
            Self::Neighbours(Count::Ln) => "ln n neighbours",
            Self::Neighbours(Count::LnSquared) => "(ln n)^2 neighbours",
            Self::Neighbours(Count::Root) => "sqrt n neighbours",
            Self::Gaussian => "Gaussian noise",
            Self::Exponential => "exponential noise",
            Self::Widths => "Gaussian noise, own widths",
        })
    }
}

impl Count {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 2^26")]
    pub(super) fn of(self, samples: usize) -> u64 {
        let n = samples as f64;
        let count = match self {
            Self::One => 1.0,
            Self::Log10 => n.log10(),
            Self::Ln => n.ln(),
            Self::LnSquared => n.ln().powi(2),
            Self::Root => n.sqrt(),
        };
        count.ceil().clamp(1.0, n.max(1.0)) as u64
    }
}

/// What all adversaries know after training.
pub(super) struct Knowledge {
    samples: usize,
    /// How often each secret was seen.
    counts: Vec<u64>,
    /// Factor of each column.
    scales: Vec<f64>,
    tree: Tree,
    /// The most frequent secrets.
    shapes: Vec<Shape>,
    /// Common width of the exponential noise.
    decay: f64,
    /// Common variance of each column.
    variances: Vec<f64>,
}

/// How the observations of a secret lie.
struct Shape {
    secret: u32,
    count: f64,
    mean: Vec<f64>,
    median: Vec<f64>,
    /// Per column, drawn towards the common one.
    variances: Vec<f64>,
}

/// So many secrets, the most frequent ones, are described by a shape: each guess tries them all.
const SHAPES: usize = 2048;

impl Knowledge {
    /// Learns from observations and secrets below `number`.
    pub(super) fn new(points: &Points, secrets: &[u32], number: usize) -> Self {
        let mut groups = vec![Vec::new(); number];
        for (row, secret) in secrets.iter().enumerate() {
            groups[*secret as usize].push(row);
        }
        let counts: Vec<u64> = groups.iter().map(|rows: &Vec<usize>| rows.len() as u64).collect();
        let scales = scales(points, &groups);
        let points = scaled(points, &scales);
        let mut ranked: Vec<u32> =
            (0..).zip(&counts).filter(|(_, count)| **count > 0).map(|(secret, _)| secret).collect();
        ranked.sort_by_key(|secret| Reverse(counts[*secret as usize]));
        ranked.truncate(SHAPES);
        let mut shapes: Vec<Shape> =
            ranked.iter().map(|secret| Shape::new(*secret, &points, &groups[*secret as usize])).collect();
        let variances = common(&mut shapes);
        let radii = shapes.iter().flat_map(|shape| {
            groups[shape.secret as usize].iter().map(|row| distance(&shape.median, points.at(*row)).sqrt())
        });
        let decay = decay(radii.collect(), points.columns);
        let tree = Tree::new(&points, secrets);
        Self { samples: secrets.len(), counts, scales, tree, shapes, decay, variances }
    }

    /// What each adversary guesses for each point.
    pub(super) fn guess(&self, adversaries: &[Adversary], points: &Points) -> Vec<Vec<u32>> {
        let points = scaled(points, &self.scales);
        let rows = points.sorted();
        let distinct: Vec<&[usize]> = rows.chunk_by(|a, b| points.at(*a) == points.at(*b)).collect();
        let guesses: Vec<Vec<u32>> = distinct
            .par_iter()
            .map_init(
                || Votes::new(self.counts.len()),
                |votes, rows| self.guess_one(adversaries, points.at(rows[0]), votes),
            )
            .collect();
        let mut all = vec![vec![0; points.len()]; adversaries.len()];
        for (rows, guesses) in distinct.iter().zip(guesses) {
            for (guess, all) in guesses.into_iter().zip(&mut all) {
                for row in *rows {
                    all[*row] = guess;
                }
            }
        }
        all
    }

    fn guess_one(&self, adversaries: &[Adversary], point: &[f64], votes: &mut Votes) -> Vec<u32> {
        let count = |adversary: &Adversary| match adversary {
            Adversary::Lookup => Some(1),
            Adversary::Neighbours(count) => Some(count.of(self.samples)),
            _ => None,
        };
        let prior = self.shapes[0].secret;
        let mut polls = adversaries.iter().filter_map(count).collect::<Vec<_>>();
        polls.sort_unstable();
        let (polls, seen_before) = votes.poll(self, point, &polls);
        let poll = |k| polls.iter().find(|(asked, _)| *asked == k).map_or(prior, |(_, secret)| *secret);
        let guess = |adversary: &Adversary| match adversary {
            Adversary::Prior => prior,
            Adversary::Lookup if !seen_before => prior,
            Adversary::Lookup | Adversary::Neighbours(_) => poll(count(adversary).unwrap_or(1)),
            Adversary::Gaussian => self.likeliest(|shape| -0.5 * standardised(point, &shape.mean, &self.variances)),
            Adversary::Exponential => self.likeliest(|shape| -distance(point, &shape.median).sqrt() / self.decay),
            Adversary::Widths => self.likeliest(|shape| {
                let widths: f64 = shape.variances.iter().map(|variance| variance.ln()).sum();
                -0.5 * (widths + standardised(point, &shape.mean, &shape.variances))
            }),
        };
        adversaries.iter().map(guess).collect()
    }

    /// The secret with the largest sum of log-prior and log-density.
    fn likeliest(&self, log_density: impl Fn(&Shape) -> f64) -> u32 {
        let scores = self.shapes.iter().map(|shape| (shape.secret, shape.count.ln() + log_density(shape)));
        // The shapes come by falling frequency, so that the first of equals is the right one.
        scores.reduce(|best, next| if next.1 > best.1 { next } else { best }).map_or(0, |(secret, _)| secret)
    }
}

/// Votes of neighbours; kept between guesses for the memory.
struct Votes {
    tally: Vec<u64>,
    voted: Vec<u32>,
    found: Vec<(f64, usize)>,
}

impl Votes {
    fn new(secrets: usize) -> Self {
        Self { tally: vec![0; secrets], voted: Vec::new(), found: Vec::new() }
    }

    /// Per number of neighbours, which come sorted, the winner; and whether the point was seen in training.
    fn poll(&mut self, knowledge: &Knowledge, point: &[f64], numbers: &[u64]) -> (Vec<(u64, u32)>, bool) {
        let Some(most) = numbers.last() else { return (Vec::new(), false) };
        knowledge.tree.nearest(point, *most, &mut self.found);
        let mut open = numbers.iter().copied().peekable();
        let mut winners = Vec::with_capacity(numbers.len());
        let mut inside = 0;
        #[expect(clippy::float_cmp, reason = "ties are exact")]
        for group in self.found.chunk_by(|a, b| a.0 == b.0) {
            for (_, cell) in group {
                inside += knowledge.tree.weight(*cell);
                for (secret, count) in knowledge.tree.ballots(*cell) {
                    let votes = &mut self.tally[*secret as usize];
                    if *votes == 0 {
                        self.voted.push(*secret);
                    }
                    *votes += u64::from(*count);
                }
            }
            if open.peek().is_some_and(|number| *number <= inside) {
                let rank = |secret: &u32| {
                    let index = *secret as usize;
                    (self.tally[index], knowledge.counts[index], Reverse(*secret))
                };
                let winner = self.voted.iter().copied().max_by_key(rank).unwrap_or(0);
                while let Some(number) = open.next_if(|number| *number <= inside) {
                    winners.push((number, winner));
                }
            }
        }
        for secret in self.voted.drain(..) {
            self.tally[secret as usize] = 0;
        }
        (winners, self.found.first().is_some_and(|(distance, _)| *distance == 0.0))
    }
}

/// Powers of two that bring the columns to about the same noise as the first: distances that are equal on a lattice stay
/// exactly equal. Noise is the median distance from the secret's median, zeros left out; where no secret varies, from the
/// median of all.
fn scales(points: &Points, groups: &[Vec<usize>]) -> Vec<f64> {
    let all: Vec<usize> = (0..points.len()).collect();
    let noise = |column: usize| {
        let deviations = |rows: &[usize]| {
            let mut values: Vec<f64> = rows.iter().map(|row| points.at(*row)[column]).collect();
            let centre = median(&mut values);
            values.into_iter().map(move |value| (value - centre).abs()).filter(|deviation| *deviation > 0.0)
        };
        let mut within: Vec<f64> = groups.iter().flat_map(|rows| deviations(rows)).collect();
        if within.is_empty() {
            within = deviations(&all).collect();
        }
        if within.is_empty() { 1.0 } else { median(&mut within) }
    };
    let noises: Vec<f64> = (0..points.columns).map(noise).collect();
    noises.iter().map(|noise| (noises[0].log2() - noise.log2()).round().clamp(-100.0, 100.0).exp2()).collect()
}

fn scaled(points: &Points, scales: &[f64]) -> Points {
    let values =
        points.values.chunks(points.columns).flat_map(|row| row.iter().zip(scales).map(|(value, scale)| value * scale));
    Points { values: values.collect(), columns: points.columns }
}

/// The median, the upper one of two; 0 of none. Sorts partly.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

impl Shape {
    fn new(secret: u32, points: &Points, rows: &[usize]) -> Self {
        let count = rows.len() as f64;
        let column = |column: usize| rows.iter().map(move |row| points.at(*row)[column]);
        let mean: Vec<f64> = (0..points.columns).map(|index| column(index).sum::<f64>() / count).collect();
        let squares = |(index, mean): (usize, &f64)| column(index).map(|value| (value - mean).powi(2)).sum::<f64>();
        Self {
            secret,
            count,
            median: (0..points.columns).map(|index| median(&mut column(index).collect::<Vec<_>>())).collect(),
            variances: mean.iter().enumerate().map(squares).collect(),
            mean,
        }
    }
}

/// The common variance of each column; turns the shapes' sums of squares into variances, each as if two more samples
/// with the common one had been seen.
fn common(shapes: &mut [Shape]) -> Vec<f64> {
    let freedom: f64 = shapes.iter().map(|shape| shape.count - 1.0).sum();
    let columns = shapes.first().map_or(0, |shape| shape.mean.len());
    let variance = |column: usize| {
        let squares: f64 = shapes.iter().map(|shape| shape.variances[column]).sum();
        let largest = shapes.iter().map(|shape| shape.mean[column].abs()).fold(0.0, f64::max);
        // A column without noise gets a width that no two different observations share.
        (squares / freedom.max(1.0)).max((largest * 1e-9).powi(2)).max(1e-200)
    };
    let common: Vec<f64> = (0..columns).map(variance).collect();
    for shape in shapes {
        for (own, common) in shape.variances.iter_mut().zip(&common) {
            *own = (*own + 2.0 * common) / (shape.count + 1.0);
        }
    }
    common
}

/// The width b of noise with density exp(-r/b): its median radius is about (columns − 1/3) b.
fn decay(mut radii: Vec<f64>, columns: usize) -> f64 {
    let middle = median(&mut radii);
    let typical = if middle > 0.0 { middle } else { radii.iter().sum::<f64>() / radii.len() as f64 };
    (typical / (columns as f64 - 1.0 / 3.0)).max(1e-100)
}

fn standardised(point: &[f64], mean: &[f64], variances: &[f64]) -> f64 {
    point.iter().zip(mean).zip(variances).map(|((value, mean), variance)| (value - mean).powi(2) / variance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Votes of the k nearest and all as far away, counted one by one.
    fn slowly(knowledge: &Knowledge, train: &Points, secrets: &[u32], point: &[f64], adversary: Adversary) -> u32 {
        let count = |secret: u32| secrets.iter().filter(|other| **other == secret).count();
        let best = |votes: BTreeMap<u32, usize>| {
            votes
                .into_iter()
                .max_by_key(|(secret, votes)| (*votes, count(*secret), Reverse(*secret)))
                .map_or(0, |best| best.0)
        };
        let prior = best(secrets.iter().map(|secret| (*secret, 0)).collect());
        let (train, point) =
            (scaled(train, &knowledge.scales), point.iter().zip(&knowledge.scales).map(|(value, scale)| value * scale));
        let point: Vec<f64> = point.collect();
        let distances: Vec<f64> = (0..train.len()).map(|row| distance(&point, train.at(row))).collect();
        let mut sorted = distances.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let radius = match adversary {
            Adversary::Neighbours(count) => sorted[usize::try_from(count.of(secrets.len())).unwrap_or(0) - 1],
            Adversary::Lookup if sorted[0] == 0.0 => 0.0,
            _ => return prior,
        };
        let mut votes = BTreeMap::new();
        for (secret, _) in secrets.iter().zip(distances).filter(|(_, distance)| *distance <= radius) {
            *votes.entry(*secret).or_insert(0) += 1;
        }
        best(votes)
    }

    /// Rows on a coarse lattice, full of ties, or off it, and points to guess at.
    fn cases() -> impl Strategy<Value = (Points, Vec<u32>, Points)> {
        let lattice = prop_oneof![(-3..4_i32).prop_map(f64::from), (-3..4_i32).prop_map(|step| f64::from(step) * 0.1)];
        let value = prop_oneof![9 => lattice, 1 => -1e3..1e3];
        (1..4_usize, 1..120_usize, 1..6_u32).prop_flat_map(move |(columns, rows, secrets)| {
            let points = |rows: usize| {
                proptest::collection::vec(value.clone(), rows * columns)
                    .prop_map(move |values| Points { values, columns })
            };
            (points(rows), proptest::collection::vec(0..secrets, rows), points(20))
        })
    }

    proptest! {
        #[test]
        fn guesses_are_those_of_the_slow_twin((train, secrets, test) in cases()) {
            let knowledge = Knowledge::new(&train, &secrets, 6);
            let adversaries = &Adversary::ALL[..7];
            let test = Points { values: [&test.values[..], &train.values].concat(), ..test };
            for (adversary, guesses) in adversaries.iter().zip(knowledge.guess(adversaries, &test)) {
                for (row, guess) in guesses.iter().enumerate() {
                    let expected = slowly(&knowledge, &train, &secrets, test.at(row), *adversary);
                    prop_assert_eq!(*guess, expected, "{} at {:?}", adversary, test.at(row));
                }
            }
        }
    }

    #[test]
    fn a_far_point_does_not_spoil_the_scale_and_a_lattice_stays_one() {
        let values = (0..100_u32).flat_map(|row| [f64::from(row % 3), 1000.0 * f64::from(row % 3)]);
        let far = Points { values: values.chain([3e10, 3e10]).collect(), columns: 2 };
        let groups = [(0..101).collect::<Vec<_>>()];
        let scales = scales(&far, &groups);
        assert_eq!(scales, [1.0, 2.0_f64.powi(-10)]);
    }

    /// Secrets 0 and 1 around 1 and 10, width about 1, the first twice as frequent; secret 2 around 10, width 10.
    #[test]
    fn shapes_weigh_frequency_and_distance() {
        let of = |values: &[f64]| Points { values: values.to_vec(), columns: 1 };
        let train = of(&[0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0, 0.0, 20.0]);
        let knowledge = Knowledge::new(&train, &[0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2], 3);
        let guess = |adversary, at: f64| knowledge.guess(&[adversary], &of(&[at]))[0][0];
        for adversary in [Adversary::Gaussian, Adversary::Exponential, Adversary::Widths] {
            assert_eq!((guess(adversary, 1.0), guess(adversary, 9.9)), (0, 1), "{adversary}");
        }
        // Only a width of its own tells secret 2 (mean 10) from secret 1, which is as near and more frequent.
        assert_eq!((guess(Adversary::Widths, 19.0), guess(Adversary::Gaussian, 18.0)), (2, 1));
        // Half-way the more frequent one.
        assert_eq!((guess(Adversary::Gaussian, 5.5), guess(Adversary::Exponential, 5.5)), (0, 0));
    }

    #[test]
    fn numbers_of_neighbours() {
        let of = |samples| {
            [Count::One, Count::Log10, Count::Ln, Count::LnSquared, Count::Root].map(|count| count.of(samples))
        };
        assert_eq!(of(80_000), [1, 5, 12, 128, 283]);
        assert_eq!(of(1), [1; 5]);
    }
}
