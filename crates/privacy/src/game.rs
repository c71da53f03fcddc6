//! One trial of a game: a fresh deployment runs one of two histories, and every observer's saturated view is turned
//! into what the estimator works on.

use crate::distinguish::Trial;
use sha2::{Digest, Sha256};
use sightline_crypto::{Search, Seed};
use sightline_protocol::{
    Adversary, Architecture, Challenge, Clause, Content, Facts, History, Leakage, Network, Observer, RunError, Runner,
    Setup, SetupError, Transcript, View, Views,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Two histories, one of which is run.
#[derive(Clone)]
pub struct Round {
    /// The setting.
    pub setup: Setup,
    /// The histories H₀ and H₁.
    pub histories: [History; 2],
    /// Whether H₁ is run.
    pub truth: bool,
}

/// What one trial gives for one observer.
#[derive(Debug)]
pub struct Observation {
    /// What the estimator works on.
    pub trial: Trial,
    /// Whether the observer's declared leakage is the same for both histories.
    pub declared_equal: bool,
}

/// A trial that could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GameError {
    /// The deployment could not be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The run did not end.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A system under test with its adversaries and observers.
pub struct Game<'a> {
    architecture: &'a dyn Architecture,
    network: Network,
    observers: Vec<Observer>,
    declared: Vec<BTreeSet<Clause>>,
    adversaries: Vec<Box<dyn Adversary>>,
}

/// Name of the adversary that searches views for strings derived from the histories.
const MATCHER: &str = "string-match";

impl<'a> Game<'a> {
    /// A game on `architecture`, watched by `observers`.
    pub fn new(architecture: &'a dyn Architecture, network: Network, observers: Vec<Observer>) -> Self {
        let declared = observers
            .iter()
            .map(|observer| observer.members().flat_map(|member| architecture.declared(member.role())).collect());
        Self { architecture, network, declared: declared.collect(), adversaries: architecture.adversaries(), observers }
    }

    /// The observers, in the order of [`Game::play`]'s results.
    pub fn observers(&self) -> &[Observer] {
        &self.observers
    }

    /// The system under test.
    pub fn architecture(&self) -> &'a dyn Architecture {
        self.architecture
    }

    /// Names of the fixed adversaries, in the order of their scores.
    pub fn adversaries(&self) -> Vec<&'static str> {
        self.adversaries.iter().map(|adversary| adversary.name()).chain([MATCHER]).collect()
    }

    /// Runs one trial; everything random in it derives from `seed`.
    ///
    /// # Errors
    /// [`GameError`] if the deployment cannot be made or does not come to rest.
    pub fn play(&self, round: &Round, seed: &Seed) -> Result<Vec<Observation>, GameError> {
        let transcript = self.run(round, seed)?;
        let facts = round.histories.each_ref().map(|history| Facts::of(&round.setup, history));
        let challenge = Challenge {
            setup: &round.setup,
            histories: round.histories.each_ref(),
            facts: facts.each_ref().map(Vec::as_slice),
        };
        let mut views = Views::new(&transcript);
        let mut matcher = Matcher::new(&challenge);
        let observe = |(observer, declared): (&Observer, &BTreeSet<Clause>)| {
            let view = views.of(observer);
            let mut scores: Vec<f32> =
                self.adversaries.iter().map(|adversary| adversary.score(&view, &challenge)).collect();
            scores.push(matcher.score(&view));
            let [first, second]: [Leakage; 2] = facts.each_ref().map(|facts| Clause::evaluate(declared, facts));
            Observation {
                trial: Trial { truth: round.truth, scores, features: features(&view) },
                declared_equal: first == second,
            }
        };
        Ok(self.observers.iter().zip(&self.declared).map(observe).collect())
    }

    /// Runs the history that `round` says.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn run(&self, round: &Round, seed: &Seed) -> Result<Transcript, GameError> {
        let deployment = self.architecture.deploy(&round.setup, &seed.derive("deployment", 0))?;
        let runner = Runner::new(deployment, &seed.derive("run", 0)).network(self.network);
        Ok(runner.run(&round.histories[usize::from(round.truth)], &[])?)
    }
}

/// Searches a view for strings derived from the contents of one history and not of the other: windows of the content,
/// digests, the perceptual hash.
struct Matcher {
    search: Search,
    /// Per needle: +1 if it stands for H₁, −1 for H₀.
    sides: Vec<f32>,
    /// What was found in a byte string, by its place in memory: views of one trial share their strings.
    found: HashMap<(usize, usize), Vec<usize>>,
}

impl Matcher {
    fn new(challenge: &Challenge<'_>) -> Self {
        let strings = [0, 1].map(|side: usize| {
            let contents = challenge.histories[side].sends().zip(challenge.facts[side]);
            contents.flat_map(|((.., content), facts)| derived(content, facts)).collect::<BTreeSet<_>>()
        });
        let only = |own: usize| strings[own].difference(&strings[1 - own]).map(|needle| Arc::from(needle.as_slice()));
        let sides: Vec<f32> = only(0).map(|_: Arc<[u8]>| -1.0).chain(only(1).map(|_: Arc<[u8]>| 1.0)).collect();
        Self { search: Search::new(only(0).chain(only(1))), sides, found: HashMap::new() }
    }

    fn score(&mut self, view: &View<'_>) -> f32 {
        let mut needles = BTreeSet::new();
        for bytes in view.byte_strings() {
            let search = &self.search;
            let key = (bytes.as_ptr() as usize, bytes.len());
            needles.extend(self.found.entry(key).or_insert_with(|| search.find(bytes)).iter().copied());
        }
        needles.into_iter().map(|needle| self.sides[needle]).sum()
    }
}

/// Strings that show a content: six windows of 24 bytes, two digests, the hash.
fn derived(content: &Content, facts: &Facts) -> Vec<Vec<u8>> {
    const WINDOW: usize = 24;
    let end = content.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut strings: Vec<Vec<u8>> = Vec::new();
    if end >= WINDOW {
        let places = (0..6).map(|k| k * (end - WINDOW) / 5);
        strings.extend(places.map(|at| content.bytes[at..at + WINDOW].to_vec()));
    }
    strings.push(Sha256::digest(&content.bytes).to_vec());
    strings.push(facts.digest.to_vec());
    strings.extend(facts.fingerprint.map(|pdq| pdq.hash.as_bytes().to_vec()));
    strings
}

/// Messages up to this length are looked at byte by byte.
const SHORT: usize = 32;
/// So many of the first short messages on every link.
const FIRST: usize = 4;

/// Shapes of a view: messages, bytes, lengths and times on every link, the bytes of short messages, what memory holds,
/// what was opened.
fn features(view: &View<'_>) -> BTreeMap<Arc<str>, f32> {
    let mut features: BTreeMap<Arc<str>, f32> = BTreeMap::new();
    let mut put = |name: String, value: f32, join: fn(f32, f32) -> f32| {
        features.entry(name.into()).and_modify(|old| *old = join(*old, value)).or_insert(value);
    };
    let milliseconds = |time: sightline_protocol::Time| time.as_nanoseconds() as f32 / 1e6;
    let mut short: BTreeMap<_, usize> = BTreeMap::new();
    for seen in &view.seen {
        let link = format!("{}>{}", seen.from, seen.to);
        put(format!("messages {link}"), 1.0, |a, b| a + b);
        put(format!("bytes {link}"), seen.length as f32, |a, b| a + b);
        put(format!("longest {link}"), seen.length as f32, f32::max);
        put(format!("last-time {link}"), milliseconds(seen.at), f32::max);
        if let Some(bytes) = seen.bytes.filter(|bytes| bytes.len() <= SHORT) {
            let number = short.entry((seen.from, seen.to)).or_insert(0);
            *number += 1;
            if *number <= FIRST {
                for (place, byte) in bytes.iter().enumerate() {
                    put(format!("byte {place} of short message {number} {link}"), f32::from(*byte), f32::max);
                }
            }
        }
    }
    for (_, party, memory) in &view.memory {
        let bytes: usize = memory.entries().map(|(_, bytes)| bytes.len()).sum();
        put(format!("memory-entries {party}"), memory.entries().count() as f32, |a, b| a + b);
        put(format!("memory-bytes {party}"), bytes as f32, |a, b| a + b);
    }
    put("opened".into(), view.opened.len() as f32, |a, b| a + b);
    put(
        "opened-bytes".into(),
        view.opened.iter().map(|opened| opened.plaintext.len()).sum::<usize>() as f32,
        |a, b| a + b,
    );
    features
}
