//! `hash-identifies`: does what an outsider gets identify a picture? The game `identify`, closed world: which of N known
//! pictures was sent, or a recompressed copy of it?
//!
//! The candidates are fixed and known to everyone; the secret is drawn uniformly and independently for every trial, in a
//! fresh deployment. So the count of right guesses is binomial, and its exact bound holds for these candidates.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::endpoints_only::{conversation, outsiders_and_all};
use crate::run::{Run, System};
use crate::scenario::HASH_IDENTIFIES;
use crate::trace::Share;
use crate::world::{Half, Picture, below, shuffle};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_fingerprint::Memo;
use sightline_pictures::decode;
use sightline_privacy::game::{Game, GameError};
use sightline_privacy::identify::{Catalogue, Clues};
use sightline_privacy::interval::{lower_bound, upper_bound};
use sightline_protocol::{Architecture, Content, ContentKind, History, Setup};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Numbers of candidates: powers of two with these exponents.
const EXPONENTS: std::ops::RangeInclusive<u32> = 2..=10;
/// JPEG quality of a recompressed copy.
const QUALITY: u8 = 75;

/// Whether lengths may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizes {
    /// Every content is padded with trailing zero bytes to one length.
    OneClass,
    /// Contents have the lengths they have.
    Included,
}

/// What is sent of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copy {
    /// The same file.
    Same,
    /// The picture, compressed again as JPEG.
    Recompressed,
}

const VARIANTS: [(Sizes, Copy); 4] = [
    (Sizes::OneClass, Copy::Same),
    (Sizes::OneClass, Copy::Recompressed),
    (Sizes::Included, Copy::Same),
    (Sizes::Included, Copy::Recompressed),
];

/// Trials from which the constant length that messages add is learnt, and trials that are reported.
fn halves(scenario: &Scenario) -> [u32; 2] {
    let reported = (scenario.trials / 5).max(12);
    [(reported / 10).max(5), reported]
}

/// Trials per system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    VARIANTS.len() as u64 * halves(scenario).map(u64::from).iter().sum::<u64>()
}

/// Bounds published for one system.
pub(crate) fn tests(architecture: &dyn Architecture) -> usize {
    outsiders_and_all(architecture).len() * VARIANTS.len() * EXPONENTS.count()
}

/// What came of one variant: per observer, counts for every number of candidates, and in the open world.
#[derive(Serialize, Deserialize)]
struct Played {
    closed: Vec<Vec<Count>>,
    open: Vec<Open>,
}

/// The open world: pictures that are recognised among all candidates, and others that are taken for one.
#[derive(Default, Serialize, Deserialize)]
struct Open {
    known: Share,
    unknown: Share,
}

/// What was counted for one observer and number of candidates.
#[derive(Serialize, Deserialize)]
struct Count {
    candidates: usize,
    right: u64,
    trials: u64,
}

/// Plays the game on every system, each bound at `level`.
pub(crate) fn run(run: &Run<'_>, level: f64) -> Result<Vec<Row>, AssessmentError> {
    let line_up = LineUp::new(run);
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), outsiders_and_all(architecture.as_ref()));
        for (sizes, copy) in VARIANTS {
            let part = format!("{name}: identify, {}, {}", sizes.name(), copy.name());
            let steps = steps(run.scenario) / VARIANTS.len() as u64;
            let found: Result<Played, String> =
                run.part(&part, steps, || line_up.play(run, &game, &part, sizes, copy))?;
            for (number, observer) in game.observers().iter().enumerate() {
                let row = |task: &str, candidates: usize, quantity: &str, unit: &str| {
                    Row::new(quantity, unit)
                        .question(HASH_IDENTIFIES)
                        .game("identify")
                        .task(task)
                        .architecture(name.as_str())
                        .observer(observer.name())
                        .corruption(observer.corruption())
                        .content("ordinary")
                        .parameter("candidates", candidates)
                        .parameter("copy", copy.name())
                        .parameter("list", run.scenario.list.entries)
                        .parameter("padding", &run.scenario.messenger.padding)
                        .parameter("sizes", sizes.name())
                        .seed(run.scenario.seed)
                };
                if sizes == Sizes::OneClass {
                    let open = |quantity: &str| {
                        let row = row("open-world", line_up.candidates.len(), quantity, "1");
                        row.method("strings, hash within radius 31; exact binomial, 95 %")
                    };
                    let [known, unknown] = ["true-positive-rate", "false-positive-rate"].map(open);
                    match found.as_ref().map(|found| &found.open[number]) {
                        Err(_) => rows.push(known.status(Status::Failed)),
                        Ok(open) => rows.extend([open.known.put(known), open.unknown.put(unknown)]),
                    }
                }
                for candidates in EXPONENTS.map(|exponent| 1 << exponent) {
                    let row = |quantity: &str, unit: &str| row("closed-world", candidates, quantity, unit);
                    let counted = found
                        .as_ref()
                        .map(|found| found.closed[number].iter().find(|counted| counted.candidates == candidates));
                    match counted {
                        Err(_) => rows.push(row("bayes-vulnerability", "1").status(Status::Failed)),
                        Ok(None) => rows.push(row("bayes-vulnerability", "1").status(Status::NotApplicable)),
                        Ok(Some(counted)) => {
                            let few = run.scenario.thresholds.identified_bits;
                            rows.extend(counted.rows(level, few, row));
                        }
                    }
                }
            }
        }
    }
    rows.push(line_up.per_pair(run.scenario));
    Ok(rows)
}

impl Count {
    /// That nothing was learnt is a finding only if as much as `few` bits is excluded.
    fn rows(&self, level: f64, few: f64, row: impl Fn(&str, &str) -> Row) -> [Row; 3] {
        let least = 1.0 / self.candidates as f64;
        // A guess is never worse than one at random.
        let vulnerability = [
            self.right as f64 / self.trials as f64,
            lower_bound(self.right, self.trials, level),
            upper_bound(self.right, self.trials, level),
        ]
        .map(|share| share.max(least));
        let [_, low, high] = vulnerability.map(|share| (share / least).log2());
        let status = if low > 0.0 || high < few { Status::Decided } else { Status::Undecided };
        let row = |quantity: &str, unit: &str, [value, low, high]: [f64; 3]| {
            row(quantity, unit)
                .lower(value, low, high)
                .status(status)
                .n(self.trials)
                .method("strings, nearest hash, length; exact binomial")
        };
        let bits = (self.candidates as f64).log2();
        [
            row("bayes-vulnerability", "1", vulnerability),
            row("min-entropy-leakage", "bit", vulnerability.map(|share| bits + share.log2())),
            row("shannon-leakage", "bit", vulnerability.map(|share| fano(self.candidates, share))),
        ]
    }
}

/// The least mutual information, in bits, that allows a guess among `candidates` equally likely ones to be right with
/// probability `right`: Fano's inequality (Cover and Thomas, *Elements of Information Theory*, §2.10).
fn fano(candidates: usize, right: f64) -> f64 {
    let wrong = 1.0 - right;
    let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    let n = candidates as f64;
    (n.log2() - part(wrong) - part(right) - wrong * (n - 1.0).log2()).max(0.0)
}

/// The candidates, and the copies of secrets that trials send.
struct LineUp<'a> {
    setup: &'a Setup,
    /// Ordinary pictures, a power of two of them: the shortest.
    candidates: Vec<&'a Picture>,
    /// Ordinary pictures that are no candidates.
    others: Vec<&'a Picture>,
    /// The secret of every trial, trials of both halves in a row.
    secrets: Vec<usize>,
    /// Recompressed copies of the secrets, by candidate.
    copies: BTreeMap<usize, Vec<u8>>,
    /// The length of the one class, in bytes.
    class: usize,
    /// The catalogue for each of [`Sizes`], which all systems and copies share.
    catalogues: [OnceLock<Catalogue>; 2],
}

impl<'a> LineUp<'a> {
    fn new(run: &Run<'a>) -> Self {
        let mut candidates: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
        candidates
            .sort_by(|one, other| one.original().len().cmp(&other.original().len()).then(one.bytes.cmp(&other.bytes)));
        let others = candidates.split_off(1 << candidates.len().max(1).ilog2().min(*EXPONENTS.end()));
        let trials = halves(run.scenario).iter().sum::<u32>();
        let seed = Seed::from_u64(run.scenario.seed).derive("identify", 0);
        let mut stream = seed.derive("secrets", 0).stream();
        let secrets: Vec<usize> = (0..trials).map(|_| below(&mut stream, candidates.len().max(1))).collect();
        let mut drawn = secrets.clone();
        drawn.sort_unstable();
        drawn.dedup();
        let copy = |number: &usize| {
            let picture = decode(candidates.get(*number)?.original()).ok()?;
            Some((*number, picture.to_jpeg(QUALITY)))
        };
        let copies: BTreeMap<usize, Vec<u8>> = drawn.par_iter().filter_map(copy).collect();
        let lengths = candidates.iter().map(|picture| picture.original().len());
        let class = lengths.chain(copies.values().map(Vec::len)).max().unwrap_or(0);
        // They have to fit into the one class.
        let class_fits = |picture: &&Picture| picture.original().len() <= class;
        let others = others.into_iter().filter(class_fits).collect();
        Self { setup: &run.world.setup, candidates, others, secrets, copies, class, catalogues: Default::default() }
    }

    /// The history in which these bytes of a picture are sent, known to show what `shown` shows.
    fn history(&self, sizes: Sizes, bytes: &[u8], shown: &[u8]) -> History {
        let mut bytes = bytes.to_vec();
        if sizes == Sizes::OneClass {
            bytes.resize(self.class, 0);
        }
        let memo: &Memo = &self.setup.memo;
        memo.alias(&bytes, &memo.look(shown));
        conversation(self.setup.users, vec![(0, Content { kind: ContentKind::Picture, bytes })])
    }

    fn catalogue(&self, sizes: Sizes) -> &Catalogue {
        self.catalogues[sizes as usize].get_or_init(|| {
            let known = self.candidates.iter().map(|picture| self.history(sizes, picture.original(), &picture.bytes));
            Catalogue::new(self.setup, known)
        })
    }

    /// Per observer, the counts for every number of candidates; in words, what failed.
    fn play(
        &self,
        run: &Run<'_>,
        game: &Game<'_>,
        part: &str,
        sizes: Sizes,
        copy: Copy,
    ) -> Result<Result<Played, String>, AssessmentError> {
        let catalogue = self.catalogue(sizes);
        let seed = Seed::from_u64(run.scenario.seed).derive(part, 0);
        let trial = |(number, secret): (usize, &usize)| -> Result<Option<Vec<Clues>>, GameError> {
            if run.progress.cancelled() {
                return Ok(None);
            }
            let picture = self.candidates[*secret];
            let history = match copy {
                Copy::Same => self.history(sizes, picture.original(), &picture.bytes),
                Copy::Recompressed => self.history(sizes, &self.copies[secret], &self.copies[secret]),
            };
            let clues = game.identify(self.setup, &history, catalogue, &seed.derive("trial", number as u64))?;
            run.progress.advance(1);
            Ok(Some(clues))
        };
        let enough = self.candidates.len() >= 1 << EXPONENTS.start();
        let secrets = if enough { self.secrets.as_slice() } else { &[] };
        let played = secrets.par_iter().enumerate().map(trial).collect::<Result<Option<Vec<_>>, GameError>>();
        let played = match played {
            Ok(played) => played.ok_or(AssessmentError::Cancelled)?,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let count = |observer: usize| self.count(run.scenario, catalogue, &seed, observer, &played);
        let closed = (0..game.observers().len()).into_par_iter().map(count).collect();
        let unknown = match self.unknown(run, game, catalogue, &seed, (sizes, copy))? {
            Ok(unknown) => unknown,
            Err(error) => return Ok(Err(error)),
        };
        let open = |observer: usize| Open {
            known: Share::count(self.secrets.iter().zip(&played), |(secret, clues): (&usize, &Vec<Clues>)| {
                catalogue.recognise(&clues[observer]) == Some(*secret)
            }),
            unknown: Share::count(&unknown, |clues| catalogue.recognise(&clues[observer]).is_some()),
        };
        Ok(Ok(Played { closed, open: (0..game.observers().len()).map(open).collect() }))
    }

    /// Trials of the open world in which what is sent is no candidate; none where lengths may tell.
    fn unknown(
        &self,
        run: &Run<'_>,
        game: &Game<'_>,
        catalogue: &Catalogue,
        seed: &Seed,
        (sizes, copy): (Sizes, Copy),
    ) -> Result<Result<Vec<Vec<Clues>>, String>, AssessmentError> {
        let trials = if sizes == Sizes::OneClass { u64::from(run.scenario.trials / 10).max(10) } else { 0 };
        run.repeat(trials.min(self.others.len() as u64), |number| {
            let place = usize::try_from(number).unwrap_or_default();
            let picture = self.others[place];
            let copied = match copy {
                Copy::Same => None,
                Copy::Recompressed => decode(picture.original()).ok().map(|picture| picture.to_jpeg(QUALITY)),
            };
            let history = match copied.filter(|copied| copied.len() <= self.class) {
                Some(copied) => self.history(sizes, &copied, &copied),
                None => self.history(sizes, picture.original(), &picture.bytes),
            };
            game.identify(self.setup, &history, catalogue, &seed.derive("unknown", number)).map(Some)
        })
    }

    /// How often different pictures lie within the radius, among all pairs of pictures that there are: arithmetic on hashes.
    fn per_pair(&self, scenario: &Scenario) -> Row {
        let all: Vec<_> = self.candidates.iter().chain(&self.others).map(|picture| picture.pdq.hash).collect();
        let radius = sightline_fingerprint::DEFAULT_RADIUS;
        let of_one = |(number, hash): (usize, &sightline_fingerprint::PdqHash)| {
            Share::count(&all[..number], |other| hash.distance(other) <= radius)
        };
        let mut share = Share::default();
        all.iter().enumerate().map(of_one).for_each(|one| share.add(one));
        let row = Row::new("false-positive-rate-per-pair", "1").question(HASH_IDENTIFIES).game("identify");
        let row = row.task("open-world").content("ordinary").parameter("radius", radius).seed(scenario.seed);
        // Pairs share pictures, so that no interval is stated.
        share.exactly(row.method("arithmetic on hashes, all pairs"))
    }

    /// Learns what messages add to a length on the first trials, and counts right guesses on the others.
    fn count(
        &self,
        scenario: &Scenario,
        catalogue: &Catalogue,
        seed: &Seed,
        observer: usize,
        played: &[Vec<Clues>],
    ) -> Vec<Count> {
        let [learnt, _] = halves(scenario);
        let trials = || self.secrets.iter().zip(played.iter().map(|clues| &clues[observer])).enumerate();
        let overhead = catalogue.overhead(trials().take(learnt as usize).map(|(_, (secret, clues))| (*secret, clues)));
        let sizes = EXPONENTS.map(|exponent| 1 << exponent).filter(|size| *size <= self.candidates.len());
        let mut counts: Vec<Count> = sizes.map(|candidates| Count { candidates, right: 0, trials: 0 }).collect();
        for (number, (secret, clues)) in trials().skip(learnt as usize) {
            let mut stream = seed.derive(&format!("choice {observer}"), number as u64).stream();
            let mut choice: Vec<usize> = (0..self.candidates.len()).filter(|other| other != secret).collect();
            shuffle(&mut choice, &mut stream);
            choice.insert(0, *secret);
            for count in &mut counts {
                let among = &choice[..count.candidates];
                let guess = catalogue.guess(clues, among, overhead, |equal| below(&mut stream, equal));
                count.right += u64::from(guess == *secret);
                count.trials += 1;
            }
        }
        counts
    }
}

impl Sizes {
    const fn name(self) -> &'static str {
        match self {
            Self::OneClass => "one-class",
            Self::Included => "included",
        }
    }
}

impl Copy {
    const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Recompressed => "jpeg-75",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these values are exact")]
    fn fano_gives_all_for_certainty_and_nothing_for_chance() {
        assert_eq!(fano(1024, 1.0), 10.0);
        assert!(fano(1024, 1.0 / 1024.0) < 1e-9);
        // A channel that is right with probability 1/2 and otherwise uniformly wrong among 3 others: 2 − 1 − ½ log₂ 3.
        assert!((fano(4, 0.5) - (1.0 - 0.5 * 3.0_f64.log2())).abs() < 1e-12);
    }
}
