use crate::audit::{Audit, Thumbnail};
use crate::bootstrap::{percentile, weights};
use crate::metrics::{auc, eer, roc};
use crate::subject::{Code, Query, Subject};
use crate::tail::{self, Pareto, Tail};
use crate::{
    AccuracyError, BitStatistics, Estimate, Histogram, LEVEL, Original, PerPair, PerPicture, Plan, RocPoint, Share,
};
use rand_core::Rng as _;
use rayon::prelude::*;
use sightline_crypto::Seed;
use sightline_fingerprint::Pixels;
use sightline_pictures::transform::{Family, Transform};
use sightline_privacy::interval::upper_bound;
use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Fewer originals than these give no numbers worth having.
const LEAST_PICTURES: usize = 8;

/// The most other pictures that each changed picture is compared with, and the most such pairs a transform.
const MOST_OTHERS: usize = 100;
const MOST_PAIRS: usize = 50_000;

/// All that was measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The seed.
    pub seed: u64,
    /// Names of all pictures given, in order.
    pub given: Vec<String>,
    /// Near-duplicates among them.
    pub audit: Audit,
    /// Places, among those given, of the pictures that served.
    pub pictures: Vec<usize>,
    /// What each of these shows.
    pub kinds: Vec<&'static str>,
    /// What was done to them.
    pub transforms: Vec<Transform>,
    /// One for each algorithm.
    pub algorithms: Vec<OfAlgorithm>,
}

/// What was measured of an algorithm.
#[derive(Debug, Clone)]
pub struct OfAlgorithm {
    /// Its name.
    pub name: String,
    /// Bits of a fingerprint.
    pub bits: u32,
    /// The distance up to which it matches, fixed in advance.
    pub threshold: u32,
    /// Whether it is a digest of files.
    pub exact: bool,
    /// Originals that have a fingerprint of enough quality; others cannot be on a list and are left out.
    pub pictures: usize,
    /// Detection, for each transform (first for pictures left as they are) and each kind of picture (first for all).
    pub detections: Vec<Detection>,
    /// How well changed pictures are told from others: for all handling together, each kind of it, each transform.
    pub separations: Vec<Separation>,
    /// The characteristic for all handling together.
    pub roc: Vec<RocBand>,
    /// Distances between changed pictures and their originals, all handling together.
    pub same: Histogram,
    /// Distances between different originals, each pair once.
    pub different: Histogram,
    /// Matches of different originals.
    pub false_positives: FalsePositives,
    /// The bits of originals; nothing for digests and for several variants.
    pub bit_statistics: Option<BitStatistics>,
    /// As many independent bits would vary as much in distance: p (1 − p) / variance of the share of bits that differ.
    pub effective_bits: Option<Estimate>,
    /// The near end of the distances between different originals, where there is enough of it.
    pub tail: Option<Tail>,
    /// Every distance of a changed picture from its original.
    pub distances: Vec<Distance>,
}

/// How many changed pictures match their originals at the algorithm's own threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// What was done; nothing for pictures left as they are.
    pub transform: Option<Transform>,
    /// What they show; nothing for all.
    pub kind: Option<&'static str>,
    /// Those that match.
    pub caught: Share,
    /// Those among the others that have no fingerprint, or too little detail.
    pub refused: u64,
    /// Median distance in bits; nothing if half of them never match.
    pub median: Option<u32>,
}

/// What pictures have in common that are told from others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scope {
    /// Handled in any way.
    All,
    /// Handled in one way, at any strength.
    Family(Family),
    /// Handled in one way at one strength.
    One(Transform),
}

/// How well changed pictures are told from others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separation {
    /// Which.
    pub scope: Scope,
    /// Area under the characteristic.
    pub auc: Estimate,
    /// Equal error rate.
    pub eer: Estimate,
    /// Share of the changed pictures that match their originals at the algorithm's threshold.
    pub true_positives: Estimate,
    /// Share of the pairs of a changed picture and another original that match there.
    pub false_positives: Estimate,
    /// Number of such pairs.
    pub pairs: u64,
}

/// A point of the characteristic with its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocBand {
    /// The largest distance that counts as a match.
    pub threshold: u32,
    /// Share of the pairs that belong together that match.
    pub true_positives: Estimate,
    /// Share of the others that match.
    pub false_positives: Estimate,
}

/// How often different originals match.
#[derive(Debug, Clone, PartialEq)]
pub struct FalsePositives {
    /// Pairs that match.
    pub matches: u64,
    /// All pairs.
    pub pairs: u64,
    /// Per pair: value, low end, high end.
    pub per_pair: [PerPair; 3],
    /// The same for pairs that show the same kind of thing.
    pub within_kind: Vec<WithinKind>,
    /// Half of the pictures looked up in a list of the others: those that match something.
    pub flagged: Share,
    /// Per picture, against that list: value, low end, high end.
    pub per_picture: [PerPicture; 3],
}

/// Matches of different originals that show the same kind of thing.
#[derive(Debug, Clone, PartialEq)]
pub struct WithinKind {
    /// The kind.
    pub kind: &'static str,
    /// Pairs that match.
    pub matches: u64,
    /// All pairs.
    pub pairs: u64,
    /// Per pair: value, low end, high end.
    pub per_pair: [PerPair; 3],
}

/// A changed picture and its original.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Place among [`Measured::pictures`].
    pub picture: usize,
    /// What was done; nothing for one left as it is.
    pub transform: Option<Transform>,
    /// Distance in bits; nothing without a fingerprint, and for digests that differ.
    pub distance: Option<u32>,
    /// Quality of the changed picture.
    pub quality: Option<u8>,
    /// Whether it matches.
    pub matched: bool,
}

/// All fingerprints of one picture.
struct Prints {
    /// For each subject, what it is looked up by as it is, and its codes on a list.
    entries: Vec<Option<(Query, Vec<Code>)>>,
    /// For each transform and subject.
    queries: Vec<Vec<Option<Query>>>,
}

/// What a measurement is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Near-duplicates among the originals are looked for.
    Auditing,
    /// Pictures go through every transform, and the results are fingerprinted.
    Handling,
    /// The fingerprints of one algorithm after another are compared.
    Comparing,
}

impl Doing {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auditing => "looking for near-duplicates",
            Self::Handling => "fingerprinting changed pictures",
            Self::Comparing => "comparing",
        }
    }
}

/// Measures. `progress` hears what is being done, how much of it is done, and how much there is, and says whether to go on.
/// The same originals and plan give the same numbers.
///
/// # Errors
/// [`AccuracyError::Stopped`] if `progress` says so; others of [`AccuracyError`] if too few pictures are left after near-duplicates and those without a fingerprint, or a fingerprint is
/// too long to be compared.
pub fn measure(
    originals: &[Original],
    plan: &Plan,
    progress: &(dyn Fn(Doing, u64, u64) -> ControlFlow<()> + Sync),
) -> Result<Measured, AccuracyError> {
    let subjects = Subject::all(plan)?;
    let seed = Seed::from_u64(plan.seed).derive("accuracy", 0);
    let done = AtomicU64::new(0);
    let tell = |doing, done, of: usize| match progress(doing, done, of as u64) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AccuracyError::Stopped),
    };
    let step = |doing, of: usize| tell(doing, done.fetch_add(1, Ordering::Relaxed) + 1, of);

    let thumbnail = |original: &Original| {
        let thumbnail = sightline_pictures::decode(&original.bytes).ok().map(|picture| Thumbnail::of(&picture));
        step(Doing::Auditing, originals.len()).map(|()| thumbnail)
    };
    let thumbnails = originals.par_iter().map(thumbnail).collect::<Result<Vec<Option<Thumbnail>>, _>>()?;
    let readable: Vec<usize> = (0..originals.len()).filter(|place| thumbnails[*place].is_some()).collect();
    let mut audit = Audit::of(&thumbnails.into_iter().flatten().collect::<Vec<_>>());
    for pair in &mut audit.pairs {
        (pair.first, pair.second) = (readable[pair.first], readable[pair.second]);
    }
    audit.left_out.iter_mut().for_each(|place| *place = readable[*place]);
    let pictures: Vec<usize> =
        readable.into_iter().filter(|place| audit.left_out.binary_search(place).is_err()).collect();

    done.store(0, Ordering::Relaxed);
    let chance = seed.derive("transforms", 0);
    // The largest first and one at a time, so that all cores come to an end together.
    let mut order: Vec<usize> = (0..pictures.len()).collect();
    order.sort_by_key(|number| Reverse(originals[pictures[*number]].bytes.len()));
    let prints_of = |number: usize| {
        let place = pictures[number];
        let prints = prints(&originals[place], place as u64, &subjects, &plan.transforms, chance.as_bytes());
        step(Doing::Handling, pictures.len()).map(|()| (number, prints))
    };
    let mut prints = order.into_iter().par_bridge().map(prints_of).collect::<Result<Vec<_>, _>>()?;
    prints.sort_by_key(|(number, _)| *number);
    let prints: Vec<Prints> = prints.into_iter().map(|(_, prints)| prints).collect();

    let kinds: Vec<&'static str> = pictures.iter().map(|place| originals[*place].kind).collect();
    done.store(0, Ordering::Relaxed);
    tell(Doing::Comparing, 0, subjects.len())?;
    let of_subject = |(number, subject): (usize, &Subject)| {
        let task = Task { subject: *subject, number, prints: &prints, kinds: &kinds, plan, seed: &seed };
        let compared = task.run().map_err(|usable| AccuracyError::TooFew {
            algorithm: subject.name(),
            usable,
            given: originals.len(),
            duplicates: audit.left_out.len(),
            needed: LEAST_PICTURES,
        })?;
        step(Doing::Comparing, subjects.len()).map(|()| compared)
    };
    let algorithms: Vec<Result<OfAlgorithm, _>> = subjects.par_iter().enumerate().map(of_subject).collect();
    let algorithms = algorithms.into_iter().collect::<Result<_, _>>()?;
    let given = originals.iter().map(|original| original.id.clone()).collect();
    Ok(Measured { seed: plan.seed, given, audit, pictures, kinds, transforms: plan.transforms.clone(), algorithms })
}

fn prints(original: &Original, index: u64, subjects: &[Subject], transforms: &[Transform], seed: &[u8; 32]) -> Prints {
    let Ok(picture) = sightline_pictures::decode(&original.bytes) else {
        return Prints {
            entries: vec![None; subjects.len()],
            queries: vec![vec![None; subjects.len()]; transforms.len()],
        };
    };
    let of_transform = |transform: &Transform| match transform.apply(&picture, seed, index) {
        Ok(changed) => {
            let changed = Pixels::of(&changed);
            subjects.iter().map(|subject| subject.query(&changed)).collect()
        }
        Err(_) => vec![None; subjects.len()],
    };
    let pixels = Pixels::of(&picture);
    Prints {
        entries: subjects.iter().map(|subject| subject.entry(&original.bytes, &pixels)).collect(),
        queries: transforms.iter().map(of_transform).collect(),
    }
}

/// One algorithm's share of the work.
struct Task<'a> {
    subject: Subject,
    number: usize,
    prints: &'a [Prints],
    kinds: &'a [&'static str],
    plan: &'a Plan,
    seed: &'a Seed,
}

/// The usable pictures of a task: what they are looked up by, unchanged and after each transform, and their codes.
struct Usable<'a> {
    /// Places among the pictures that served.
    places: Vec<usize>,
    entries: Vec<(Query, &'a [Code])>,
    /// For each transform, the unchanged picture first.
    queries: Vec<Vec<Option<Query>>>,
    /// How far away the other pictures stand that each is compared with.
    offsets: Vec<usize>,
}

impl Task<'_> {
    fn run(&self) -> Result<OfAlgorithm, usize> {
        let usable = self.usable();
        let count = usable.places.len();
        if count < LEAST_PICTURES {
            return Err(count);
        }
        let subject = self.subject;
        let (bits, threshold) = (subject.bits(), subject.threshold());
        let never = bits as usize + 1;
        let place = |distance: Option<u32>| distance.map_or(never, |distance| distance as usize);
        // Places in a histogram: of each changed picture and its original, and of it and others.
        let same: Vec<Vec<u16>> = usable
            .queries
            .iter()
            .map(|queries| {
                let pairs = queries.iter().zip(&usable.entries);
                pairs.map(|(query, (_, codes))| short(place(subject.distance(*query, codes)))).collect()
            })
            .collect();
        let other: Vec<Vec<u16>> = usable
            .queries
            .par_iter()
            .map(|queries| {
                let to_others = |i: usize| {
                    let others = usable.offsets.iter().map(move |offset| (i + offset) % count);
                    others.map(move |j| (i, j))
                };
                let pairs = (0..count).flat_map(to_others);
                pairs.map(|(i, j)| short(place(subject.distance(queries[i], usable.entries[j].1)))).collect()
            })
            .collect();

        let counts = Counts { same: &same, other: &other, offsets: &usable.offsets, bits, threshold };
        let transforms = &self.plan.transforms;
        let drawn = self.seed.derive("pictures", 0);
        let point = counts.scopes(&vec![1; count], transforms);
        let replicates: Vec<Scopes> = (0..self.plan.replicates)
            .into_par_iter()
            .map(|replicate| counts.scopes(&weights(&drawn, replicate, count), transforms))
            .collect();

        let pairs = Pairs::of(subject, &usable.entries);
        let different = pairs.histogram.clone();
        let plain = subject.is_plain() && !subject.is_exact();
        let codes = || usable.entries.iter().map(|(query, _)| query.code).collect::<Vec<_>>();
        let mut pooled = Histogram::new(bits);
        same[1..].iter().flatten().for_each(|place| pooled.add(Some((*place).into()), 1.0));
        Ok(OfAlgorithm {
            name: subject.name(),
            bits,
            threshold,
            exact: subject.is_exact(),
            pictures: count,
            detections: self.detections(&usable, &same),
            separations: separations(&point, &replicates, count),
            roc: bands(&point, &replicates, count),
            same: pooled,
            different,
            false_positives: self.false_positives(&usable, &pairs),
            bit_statistics: plain.then(|| BitStatistics::of(&codes(), bits)),
            effective_bits: plain
                .then(|| percentile(point.effective_bits, replicates.iter().map(|one| one.effective_bits))),
            tail: if subject.is_exact() { None } else { self.tail(&usable, &pairs) },
            distances: self.distances(&usable),
        })
    }

    fn usable(&self) -> Usable<'_> {
        let mut places = Vec::new();
        let mut entries = Vec::new();
        for (place, prints) in self.prints.iter().enumerate() {
            if let Some((query, codes)) = &prints.entries[self.number]
                && query.may_match()
            {
                places.push(place);
                entries.push((*query, codes.as_slice()));
            }
        }
        let unchanged = entries.iter().map(|(query, _)| Some(*query)).collect();
        let changed = (0..self.plan.transforms.len())
            .map(|transform| places.iter().map(|place| self.prints[*place].queries[transform][self.number]).collect());
        let queries = std::iter::once(unchanged).chain(changed).collect();
        let count = entries.len();
        let others = (MOST_PAIRS / count.max(1)).clamp(4, MOST_OTHERS);
        let mut offsets = shuffled(&self.seed.derive("others", 0), 1..count.max(1));
        offsets.truncate(others);
        Usable { places, entries, queries, offsets }
    }

    fn transform(&self, number: usize) -> Option<Transform> {
        number.checked_sub(1).map(|number| self.plan.transforms[number])
    }

    fn detections(&self, usable: &Usable<'_>, same: &[Vec<u16>]) -> Vec<Detection> {
        let (bits, threshold) = (self.subject.bits(), self.subject.threshold());
        let kind_of = |i: usize| self.kinds[usable.places[i]];
        let mut kinds: Vec<&'static str> = (0..usable.places.len()).map(kind_of).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut all = Vec::new();
        for (number, places) in same.iter().enumerate() {
            let of = |kind: Option<&'static str>| {
                let chosen = |i: &usize| kind.is_none_or(|kind| kind == kind_of(*i));
                let of_kind: Vec<usize> = (0..places.len()).filter(chosen).collect();
                let refused = |i: &&usize| !usable.queries[number][**i].is_some_and(Query::may_match);
                let hits = of_kind.iter().filter(|i| u32::from(places[**i]) <= threshold).count();
                let mut histogram = Histogram::new(bits);
                for i in &of_kind {
                    histogram.add(Some(places[*i].into()), 1.0);
                }
                Detection {
                    transform: self.transform(number),
                    kind,
                    caught: Share { hits: hits as u64, of: of_kind.len() as u64 },
                    refused: of_kind.iter().filter(refused).count() as u64,
                    median: histogram.quantile(0.5),
                }
            };
            all.push(of(None));
            if kinds.len() > 1 {
                all.extend(kinds.iter().map(|kind| of(Some(*kind))));
            }
        }
        all
    }

    fn distances(&self, usable: &Usable<'_>) -> Vec<Distance> {
        let mut all = Vec::new();
        for (number, queries) in usable.queries.iter().enumerate() {
            for ((query, (_, codes)), place) in queries.iter().zip(&usable.entries).zip(&usable.places) {
                let matched = self.subject.distance(*query, codes);
                let matched = matched.is_some_and(|distance| distance <= self.subject.threshold());
                // Beyond what counts: the distance of what has too little detail as well.
                let whole = query.map(|query| Query { quality: None, ..query });
                all.push(Distance {
                    picture: *place,
                    transform: self.transform(number),
                    distance: self.subject.distance(whole, codes),
                    quality: query.and_then(|query| query.quality),
                    matched,
                });
            }
        }
        all
    }

    fn false_positives(&self, usable: &Usable<'_>, pairs: &Pairs<'_>) -> FalsePositives {
        let (subject, count) = (self.subject, usable.places.len());
        let near = pairs.within(subject.threshold());
        let kind_of = |i: usize| self.kinds[usable.places[i]];
        let mut kinds: Vec<&'static str> = (0..count).map(kind_of).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let drawn = self.seed.derive("pictures", 0);
        let rate = |kind: Option<&'static str>| {
            let chosen: Vec<bool> = (0..count).map(|i| kind.is_none_or(|kind| kind == kind_of(i))).collect();
            let matching: Vec<(usize, usize)> =
                near.iter().map(|(i, j, _)| (*i, *j)).filter(|(i, j)| chosen[*i] && chosen[*j]).collect();
            let size = chosen.iter().filter(|chosen| **chosen).count();
            let all = size * size.saturating_sub(1) / 2;
            let value = if all == 0 { f64::NAN } else { matching.len() as f64 / all as f64 };
            let again = |replicate| {
                let weights = weights(&drawn, replicate, count);
                let of = |i: usize| f64::from(weights[i]);
                let (sum, squares) = (0..count)
                    .filter(|i| chosen[*i])
                    .fold((0.0, 0.0), |(sum, squares), i| (sum + of(i), squares + of(i) * of(i)));
                matching.iter().map(|(i, j)| of(*i) * of(*j)).sum::<f64>() / ((sum * sum - squares) / 2.0)
            };
            let estimate = percentile(value, (0..self.plan.replicates).map(again));
            let estimate = rare(estimate, size);
            ([estimate.value, estimate.low, estimate.high].map(PerPair), matching.len() as u64, all as u64)
        };
        let (per_pair, matches, all) = rate(None);
        let within = |kind: &&'static str| {
            let (per_pair, matches, pairs) = rate(Some(kind));
            WithinKind { kind, matches, pairs, per_pair }
        };
        let order = shuffled(&self.seed.derive("halves", 0), 0..count);
        let (list, queries) = order.split_at(count / 2);
        let matches_list = |i: &&usize| {
            let distance = |j: &usize| subject.distance(Some(usable.entries[**i].0), usable.entries[*j].1);
            list.iter().any(|j| distance(j).is_some_and(|distance| distance <= subject.threshold()))
        };
        let hits = queries.par_iter().filter(|i| matches_list(i)).count() as u64;
        let flagged = Share { hits, of: queries.len() as u64 };
        let share = flagged.estimate();
        let entries = list.len() as u64;
        FalsePositives {
            matches,
            pairs: all,
            per_pair,
            within_kind: if kinds.len() > 1 { kinds.iter().map(within).collect() } else { Vec::new() },
            flagged,
            per_picture: [share.value, share.low, share.high].map(|probability| PerPicture { probability, entries }),
        }
    }

    fn tail(&self, usable: &Usable<'_>, pairs: &Pairs<'_>) -> Option<Tail> {
        let (start, step) = tail::start(&pairs.histogram)?;
        let counts = tail::steps(&pairs.histogram, start, step);
        let pareto = Pareto::fit(&counts)?;
        let total = pairs.histogram.total();
        let share = pairs.histogram.within(start);
        let near = pairs.within(start);
        let count = usable.places.len();
        let drawn = self.seed.derive("pictures", 0);
        let again = |replicate| {
            let weights = weights(&drawn, replicate, count);
            let of = |i: usize| f64::from(weights[i]);
            let mut counts = vec![0.0; (start / step) as usize + 1];
            for (i, j, distance) in &near {
                counts[((start - distance) / step) as usize] += of(*i) * of(*j);
            }
            let squares: f64 = (0..count).map(|i| of(i) * of(i)).sum();
            let all = ((count * count) as f64 - squares) / 2.0;
            Some((Pareto::fit(&counts)?, counts.iter().sum::<f64>() / all))
        };
        let replicates: Vec<(Pareto, f64)> = (0..self.plan.replicates).into_par_iter().filter_map(again).collect();
        let at = |steps: u32| {
            let distance = start - steps * step;
            let value = tail::within(pareto, share, start, step, distance);
            let again = replicates.iter().map(|(pareto, share)| tail::within(*pareto, *share, start, step, distance));
            (distance, percentile(value, again))
        };
        Some(Tail {
            start,
            step,
            pairs: near.len() as u64,
            share,
            pareto,
            scale: percentile(pareto.scale, replicates.iter().map(|(pareto, _)| pareto.scale)),
            shape: percentile(pareto.shape, replicates.iter().map(|(pareto, _)| pareto.shape)),
            model: (0..=start / step).map(at).collect(),
            seen: 3.0 / total,
        })
    }
}

/// Pairs of different originals.
struct Pairs<'a> {
    subject: Subject,
    entries: &'a [(Query, &'a [Code])],
    histogram: Histogram,
}

impl<'a> Pairs<'a> {
    fn of(subject: Subject, entries: &'a [(Query, &'a [Code])]) -> Self {
        let bits = subject.bits();
        let of_one = |i: usize| {
            let mut histogram = Histogram::new(bits);
            let later = &entries[i + 1..];
            for (_, codes) in later {
                histogram.add(subject.distance(Some(entries[i].0), codes), 1.0);
            }
            histogram
        };
        let merged = |mut one: Histogram, other: Histogram| {
            one.merge(&other);
            one
        };
        // Whole numbers add up to the same in any order.
        let histogram = (0..entries.len()).into_par_iter().map(of_one).reduce(|| Histogram::new(bits), merged);
        Self { subject, entries, histogram }
    }

    /// The pairs within a distance, in order.
    fn within(&self, limit: u32) -> Vec<(usize, usize, u32)> {
        let (subject, entries) = (self.subject, self.entries);
        let of_one = |i: usize| {
            let near = move |j: usize| {
                let distance = subject.distance(Some(entries[i].0), entries[j].1)?;
                (distance <= limit).then_some((i, j, distance))
            };
            (i + 1..entries.len()).filter_map(near).collect::<Vec<_>>()
        };
        let found: Vec<_> = (0..entries.len()).into_par_iter().map(of_one).collect();
        found.into_iter().flatten().collect()
    }
}

/// Places in histograms, from which every replicate counts.
struct Counts<'a> {
    /// For each transform (unchanged first), of each picture and its original.
    same: &'a [Vec<u16>],
    /// Of each picture and the others, side by side.
    other: &'a [Vec<u16>],
    offsets: &'a [usize],
    bits: u32,
    threshold: u32,
}

/// What one way of counting the pictures gives.
struct Scopes {
    /// For each scope: area, equal error rate, true and false positives at the threshold, pairs.
    numbers: Vec<(Scope, [f64; 5])>,
    roc: Vec<RocPoint>,
    effective_bits: f64,
}

impl Counts<'_> {
    fn scopes(&self, weights: &[u32], transforms: &[Transform]) -> Scopes {
        let length = self.bits as usize + 2;
        // Pairs that count at all, with their weights: less than half of them where pictures are drawn again.
        let pairs = weights.iter().enumerate().flat_map(|(i, weight)| {
            self.offsets.iter().map(move |offset| weight * weights[(i + offset) % weights.len()])
        });
        let pairs: Vec<(usize, u32)> = pairs.enumerate().filter(|(_, weight)| *weight > 0).collect();
        let count = |number: usize| {
            let (mut same, mut other) = (vec![0_u32; length], vec![0_u32; length]);
            for (place, weight) in self.same[number].iter().zip(weights) {
                same[usize::from(*place)] += weight;
            }
            let places = &self.other[number];
            for (pair, weight) in &pairs {
                other[usize::from(places[*pair])] += weight;
            }
            [same, other].map(|counts| Histogram::from_counts(&counts))
        };
        let number = |[same, other]: &[Histogram; 2]| {
            let within = |histogram: &Histogram| histogram.within(self.threshold);
            [auc(same, other), eer(same, other), within(same), within(other), other.total()]
        };
        let empty = || [(); 2].map(|()| Histogram::new(self.bits));
        let (mut all, mut family) = (empty(), empty());
        let mut single = Vec::new();
        let mut families = Vec::new();
        for (place, transform) in transforms.iter().enumerate() {
            let one = count(place + 1);
            single.push((Scope::One(*transform), number(&one)));
            for (sum, one) in family.iter_mut().zip(&one) {
                sum.merge(one);
            }
            if transforms.get(place + 1).is_none_or(|next| next.family() != transform.family()) {
                families.push((Scope::Family(transform.family()), number(&family)));
                for (sum, family) in all.iter_mut().zip(&family) {
                    sum.merge(family);
                }
                family = empty();
            }
        }
        let [_, unchanged] = count(0);
        let (mean, variance) = unchanged.moments();
        let rate = mean / f64::from(self.bits);
        let mut numbers = vec![(Scope::All, number(&all))];
        numbers.extend(families);
        numbers.extend(single);
        Scopes {
            numbers,
            roc: roc(&all[0], &all[1]),
            effective_bits: rate * (1.0 - rate) / (variance / f64::from(self.bits).powi(2)),
        }
    }
}

/// Ends for what was never seen in a sample of `pictures`, where drawing again shows nothing: none of ⌊n/2⌋ pairs that share
/// no picture.
fn rare(estimate: Estimate, pictures: usize) -> Estimate {
    if estimate.value > 0.0 {
        return estimate;
    }
    let disjoint = (pictures / 2) as u64;
    let high = if disjoint == 0 { 1.0 } else { upper_bound(0, disjoint, LEVEL / 2.0) };
    Estimate { high, low: 0.0, ..estimate }
}

fn separations(point: &Scopes, replicates: &[Scopes], pictures: usize) -> Vec<Separation> {
    // None of n pictures went wrong.
    let unseen = upper_bound(0, pictures as u64, LEVEL / 2.0);
    let of = |(place, (scope, numbers)): (usize, &(Scope, [f64; 5]))| {
        let estimate = |which: usize| {
            percentile(numbers[which], replicates.iter().map(|replicate| replicate.numbers[place].1[which]))
        };
        let [mut auc, mut eer, mut true_positives] = [0, 1, 2].map(estimate);
        if auc.value >= 1.0 {
            auc.low = 1.0 - unseen;
        }
        if eer.value <= 0.0 {
            eer.high = unseen;
        }
        if true_positives.value <= 0.0 {
            true_positives.high = unseen;
        }
        if true_positives.value >= 1.0 {
            true_positives.low = 1.0 - unseen;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of pairs")]
        let pairs = numbers[4] as u64;
        Separation { scope: *scope, auc, eer, true_positives, false_positives: rare(estimate(3), pictures), pairs }
    };
    point.numbers.iter().enumerate().map(of).collect()
}

fn bands(point: &Scopes, replicates: &[Scopes], pictures: usize) -> Vec<RocBand> {
    let band = |(place, at): (usize, &RocPoint)| {
        let again = |value: f64, of: fn(&RocPoint) -> f64| {
            percentile(value, replicates.iter().map(|replicate| of(&replicate.roc[place])))
        };
        RocBand {
            threshold: at.threshold,
            true_positives: again(at.true_positives, |point| point.true_positives),
            false_positives: rare(again(at.false_positives, |point| point.false_positives), pictures),
        }
    };
    point.roc.iter().enumerate().map(band).collect()
}

/// Numbers in an order drawn for the seed (Fisher and Yates).
fn shuffled(seed: &Seed, range: std::ops::Range<usize>) -> Vec<usize> {
    let mut stream = seed.stream();
    let mut numbers: Vec<usize> = range.collect();
    for place in (1..numbers.len()).rev() {
        let other = (u64::from(stream.next_u32()) * (place as u64 + 1)) >> 32;
        numbers.swap(place, usize::try_from(other).expect("at most place"));
    }
    numbers
}

fn short(place: usize) -> u16 {
    u16::try_from(place).expect("at most 257 places")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_pictures::transform::Family;

    /// Uniform below `below`.
    fn draw(stream: &mut sightline_crypto::Stream, below: u32) -> u32 {
        (stream.next_u32() >> 8) % below
    }

    /// Distances in which every picture has an effect of its own, on both sides of a comparison: a + e against b + c + e, all
    /// uniform, so that the area is known by counting. Of 200 samples of 30 pictures, intervals of 95 % must hold it in 170:
    /// if they did in 92 % of all samples, this would fail once in 5000.
    #[test]
    fn intervals_hold_the_area_as_often_as_they_say() {
        const PICTURES: usize = 30;
        let transform = Transform::new(Family::Blur, 1.0).unwrap();
        let same = Histogram::of(64, (0..10).flat_map(|a| (0..5).map(move |e| Some(a + e))));
        let others = (0..10).flat_map(|b| (0..10).flat_map(move |c| (0..5).map(move |e| Some(b + c + e))));
        let truth = auc(&same, &Histogram::of(64, others));
        let offsets: Vec<usize> = (1..PICTURES).collect();
        let held = (0..200).filter(|sample| {
            let seed = Seed::from_u64(*sample);
            let mut stream = seed.stream();
            let effects: Vec<[u32; 3]> = (0..PICTURES).map(|_| [(); 3].map(|()| draw(&mut stream, 10))).collect();
            let mut same = Vec::new();
            let mut other = Vec::new();
            for i in 0..PICTURES {
                same.push(short((effects[i][0] + draw(&mut stream, 5)) as usize));
                for offset in &offsets {
                    let j = (i + offset) % PICTURES;
                    other.push(short((effects[i][1] + effects[j][2] + draw(&mut stream, 5)) as usize));
                }
            }
            let (same, other) = ([same.clone(), same], [other.clone(), other]);
            let counts = Counts { same: &same, other: &other, offsets: &offsets, bits: 64, threshold: 5 };
            let point = counts.scopes(&[1; PICTURES], &[transform]);
            let replicates: Vec<_> =
                (0..200).map(|replicate| counts.scopes(&weights(&seed, replicate, PICTURES), &[transform])).collect();
            let found = separations(&point, &replicates, PICTURES)[0].auc;
            found.low <= truth && truth <= found.high
        });
        let held = held.count();
        assert!(held >= 170, "{held} of 200");
    }

    #[test]
    fn what_was_never_seen_is_bounded_by_disjoint_pairs() {
        let none = Estimate { value: 0.0, low: 0.0, high: 0.0 };
        // 1 − 0.025^(1/50), by hand.
        assert!((rare(none, 100).high - 0.071_121_7).abs() < 1e-6, "{:?}", rare(none, 100));
        assert!((rare(none, 1).high - 1.0).abs() < f64::EPSILON);
        let some = Estimate { value: 0.1, low: 0.0, high: 0.2 };
        assert_eq!(rare(some, 100), some);
    }
}
