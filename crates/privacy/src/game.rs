//! One trial of a game: a fresh deployment runs one of two histories, and every observer's saturated view is turned
//! into what the estimator works on.

use crate::derived::{Derivations, Mark, Marked, Matcher, windows};
use crate::distinguish::Trial;
use crate::identify::{Catalogue, Clues};
use crate::reconstruct::{Grey, Prior};
use crate::{Feature, simulate};
use sightline_crypto::Seed;
use sightline_protocol::{
    Action, Adversary, Architecture, Challenge, Clause, Content, Display, Facts, GroupNumber, History, Leakage,
    Network, Notice, Observer, PartyId, Refusal, Role, RunError, Runner, Setup, SetupError, Shown, Sighting, Time,
    Transcript, View, Views,
};
use std::collections::BTreeSet;
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

impl Round {
    /// The history that is run.
    pub fn history(&self) -> &History {
        &self.histories[usize::from(self.truth)]
    }
}

/// What one trial gives for one observer.
#[derive(Debug)]
pub struct Observation {
    /// What the estimator works on.
    pub trial: Trial,
    /// Whether the observer's declared leakage is the same for both histories.
    pub declared_equal: bool,
}

/// What one run of `expose` gives.
#[derive(Debug)]
pub struct Exposure {
    /// Per observer: which of the contents that were sent are in its saturated view, in order.
    pub readable: Vec<Vec<bool>>,
    /// How many contents were sent.
    pub sent: u64,
    /// How many of them reached everyone on the roster.
    pub delivered: u64,
    /// What was refused: the role that refused, and why.
    pub refused: Vec<String>,
}

/// What one run of `trace` gives.
#[derive(Debug)]
pub struct Tracing {
    /// Per observer: what its saturated view shows whoever knows how the system works.
    pub sightings: Vec<Vec<Sighting>>,
    /// Users whose device warned them of a match, once for every warning.
    pub warned: Vec<u16>,
    /// How many contents were sent.
    pub sent: u64,
    /// How many of them reached everyone on the roster.
    pub delivered: u64,
    /// What was refused: the role that refused, and why.
    pub refused: Vec<String>,
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
    /// An honest party refused what another sent, so that nothing can be said of the system.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Recipients did not get what was sent to them.
    #[error("{shown} of {sent} contents reached their recipients")]
    Undelivered {
        /// Contents, each counted once per recipient.
        sent: usize,
        /// Contents shown to recipients.
        shown: usize,
    },
}

/// A system under test with its adversaries and observers.
pub struct Game<'a> {
    architecture: &'a dyn Architecture,
    network: Network,
    observers: Vec<Observer>,
    declared: Vec<BTreeSet<Clause>>,
    adversaries: Vec<Box<dyn Adversary>>,
    derivations: Derivations,
    /// The honest system, which the simulator runs.
    honest: &'a dyn Architecture,
    /// Whether what does not arrive, or is refused, ends a trial.
    strict: bool,
}

impl<'a> Game<'a> {
    /// A game on `architecture`, watched by `observers`.
    pub fn new(architecture: &'a dyn Architecture, network: Network, observers: Vec<Observer>) -> Self {
        let declared = observers.iter().map(|observer| {
            let roles: BTreeSet<Role> = observer.members().map(PartyId::role).collect();
            let each = roles.iter().flat_map(|role| architecture.declared(*role));
            each.chain(architecture.pooled(&roles)).collect()
        });
        Self {
            architecture,
            network,
            declared: declared.collect(),
            adversaries: architecture.adversaries(),
            observers,
            derivations: Derivations::default(),
            honest: architecture,
            strict: true,
        }
    }

    /// Lets the simulator run `honest` where the system under test is a mutation of it.
    #[must_use]
    pub fn against(mut self, honest: &'a dyn Architecture) -> Self {
        self.honest = honest;
        self
    }

    /// Goes on when something is refused or does not arrive, as it may where a party deviates.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.strict = false;
        self
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
        self.adversaries.iter().map(|adversary| adversary.name()).chain(Mark::ALL.map(Mark::name)).collect()
    }

    /// Runs one trial; everything random in it derives from `seed`.
    ///
    /// # Errors
    /// [`GameError`] if the deployment cannot be made, does not come to rest, or does not do what its users command.
    pub fn play(&self, round: &Round, seed: &Seed) -> Result<Vec<Observation>, GameError> {
        let runner = self.runner(self.architecture, &round.setup, seed)?.reading(self.members());
        let transcript = runner.run(round.history(), &[])?;
        self.complete(&transcript, &round.setup, round.history())?;
        let facts = round.histories.each_ref().map(|history| Facts::of(&round.setup, history));
        let challenge = Challenge {
            setup: &round.setup,
            histories: round.histories.each_ref(),
            facts: facts.each_ref().map(Vec::as_slice),
        };
        let mut views = Views::new(&transcript);
        let mut sides = Sides::new(&challenge, &self.derivations);
        let observe = |(observer, declared): (&Observer, &BTreeSet<Clause>)| {
            let view = views.of(observer);
            let mut scores: Vec<f32> =
                self.adversaries.iter().map(|adversary| adversary.score(&view, &challenge)).collect();
            scores.extend(sides.scores(&view));
            let [first, second]: [Leakage; 2] = facts.each_ref().map(|facts| Clause::evaluate(declared, facts));
            Observation {
                trial: Trial { truth: round.truth, scores, features: Feature::of(&view) },
                declared_equal: first == second,
            }
        };
        Ok(self.observers.iter().zip(&self.declared).map(observe).collect())
    }

    /// Runs the history that `round` says.
    ///
    /// # Errors
    /// As [`Game::play`], but refusals and what is not delivered are left to the caller.
    pub fn run(&self, round: &Round, seed: &Seed) -> Result<Transcript, GameError> {
        Ok(self.runner(self.architecture, &round.setup, seed)?.run(round.history(), &[])?)
    }

    /// One trial of `identify`: what every observer's view of `history` shows of the candidates.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn identify(
        &self,
        setup: &Setup,
        history: &History,
        catalogue: &Catalogue,
        seed: &Seed,
    ) -> Result<Vec<Clues>, GameError> {
        let transcript = self.runner(self.architecture, setup, seed)?.reading(self.members()).run(history, &[])?;
        self.complete(&transcript, setup, history)?;
        let (mut views, mut reader) = (Views::new(&transcript), catalogue.reader());
        let clues = |observer: &Observer| {
            let view = views.of(observer);
            let hash = |sighting: Sighting| match sighting.shown {
                Shown::Hash(pdq) => Some(pdq.hash),
                Shown::Content(_) | Shown::Traffic => None,
            };
            let hashes: Vec<_> = self.architecture.sightings(&view).into_iter().filter_map(hash).collect();
            reader.clues(&view, &hashes)
        };
        Ok(self.observers.iter().map(clues).collect())
    }

    /// One run of `reconstruct`: per observer, the best picture of the one content of `history` that can be made of its
    /// saturated view; nothing if the view holds nothing of it.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn reconstruct(
        &self,
        setup: &Setup,
        history: &History,
        prior: &Prior,
        seed: &Seed,
    ) -> Result<Vec<Option<Box<Grey>>>, GameError> {
        let transcript = self.runner(self.architecture, setup, seed)?.reading(self.members()).run(history, &[])?;
        self.complete(&transcript, setup, history)?;
        let Some((.., content)) = history.sends().next() else { return Ok(vec![None; self.observers.len()]) };
        let parts: Vec<Arc<[u8]>> = windows(&content.bytes).collect();
        let (mut views, mut matcher) = (Views::new(&transcript), Matcher::new(parts.iter().cloned()));
        let picture = |observer: &Observer| {
            let view = views.of(observer);
            let found = matcher.find(&view);
            if !parts.is_empty() && (0..parts.len()).all(|part| found.contains(&part)) {
                let known = setup.memo.look(&content.bytes);
                return known.marks.as_ref().ok().map(|marks| marks.filtered.clone());
            }
            let given = self.architecture.intermediates(&view);
            given.iter().min_by_key(|given| given.cut()).map(|given| prior.rebuild(given))
        };
        Ok(self.observers.iter().map(picture).collect())
    }

    /// One run of `expose`, with memories read at each of `snapshots`.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn expose(
        &self,
        setup: &Setup,
        history: &History,
        snapshots: &[Time],
        seed: &Seed,
    ) -> Result<Exposure, GameError> {
        let transcript =
            self.runner(self.architecture, setup, seed)?.reading(self.members()).run(history, snapshots)?;
        self.complete(&transcript, setup, history)?;
        let sent: Vec<&Content> = history.sends().map(|(.., content)| content).collect();
        let parts: Vec<Vec<Arc<[u8]>>> = sent.iter().map(|content| windows(&content.bytes).collect()).collect();
        let mut matcher = Matcher::new(parts.iter().flatten().cloned());
        let mut views = Views::new(&transcript);
        let readable = |observer: &Observer| {
            let found = matcher.find(&views.of(observer));
            let mut first = 0;
            let all_found = |parts: &Vec<Arc<[u8]>>| {
                let own = first..first + parts.len();
                first = own.end;
                !parts.is_empty() && own.into_iter().all(|part| found.contains(&part))
            };
            parts.iter().map(all_found).collect()
        };
        Ok(Exposure {
            readable: self.observers.iter().map(readable).collect(),
            sent: sent.len() as u64,
            delivered: delivered(&transcript, history),
            refused: refused(&transcript),
        })
    }

    /// One run of `trace`: what every observer can tell of which account.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn trace(&self, setup: &Setup, history: &History, seed: &Seed) -> Result<Tracing, GameError> {
        let transcript = self.runner(self.architecture, setup, seed)?.reading(self.members()).run(history, &[])?;
        self.complete(&transcript, setup, history)?;
        let mut views = Views::new(&transcript);
        let warned = |(user, notice): (PartyId, Notice)| (notice == Notice::Matches).then_some(user.index());
        Ok(Tracing {
            sightings: self.observers.iter().map(|one| self.architecture.sightings(&views.of(one))).collect(),
            warned: transcript.notices().into_iter().filter_map(warned).collect(),
            sent: history.sends().count() as u64,
            delivered: delivered(&transcript, history),
            refused: refused(&transcript),
        })
    }

    /// One trial of the simulator test (PRIVACY §5): per observer, what it sees of `history` if `real`, and otherwise
    /// what the simulator makes of the observer's declared leakage of it, beside strings derived from `history`.
    ///
    /// # Errors
    /// As [`Game::play`].
    pub fn real_or_ideal(
        &self,
        setup: &Setup,
        history: &History,
        real: bool,
        seed: &Seed,
    ) -> Result<Vec<Trial>, GameError> {
        let facts = Facts::of(setup, history);
        let contents = history.sends().zip(&facts);
        let marked: Vec<Marked> =
            contents.flat_map(|((.., content), facts)| self.derivations.of(setup, content, facts).to_vec()).collect();
        let matcher = || Matcher::new(marked.iter().map(|(_, string)| Arc::clone(string)));
        let trial = |views: &mut Views<'_>, matcher: &mut Matcher, observer: &Observer| {
            let view = views.of(observer);
            let mut features = Feature::with_verdict(&view, Some(facts.iter().any(|facts| facts.matched)));
            for found in matcher.find(&view) {
                *features.entry(Feature::Match(marked[found].0)).or_insert(0.0) += 1.0;
            }
            Trial { truth: real, scores: Vec::new(), features }
        };
        if real {
            let transcript = self.runner(self.architecture, setup, seed)?.reading(self.members()).run(history, &[])?;
            self.complete(&transcript, setup, history)?;
            let (mut views, mut matcher) = (Views::new(&transcript), matcher());
            return Ok(self.observers.iter().map(|observer| trial(&mut views, &mut matcher, observer)).collect());
        }
        let ideal = |(observer, clauses): (&Observer, &BTreeSet<Clause>)| {
            let mut stream = seed.derive("simulator", 0).stream();
            let (setup, dummy) = simulate::dummy(clauses, setup, history, &facts, &mut stream);
            let transcript = self.runner(self.honest, &setup, seed)?.reading(self.members()).run(&dummy, &[])?;
            Ok(trial(&mut Views::new(&transcript), &mut matcher(), observer))
        };
        self.observers.iter().zip(&self.declared).map(ideal).collect()
    }

    /// Nobody refused anything, and every recipient was shown every content, but those that the system keeps back.
    fn complete(&self, transcript: &Transcript, setup: &Setup, history: &History) -> Result<(), GameError> {
        if !self.strict {
            return Ok(());
        }
        if let Some(refusal) = transcript.refusals().next() {
            return Err(refusal.clone().into());
        }
        let recipients =
            |(action, group, _): &(&Action, GroupNumber, &Content)| history.roster(*group, action.at).len() - 1;
        let sent: usize = history.sends().map(|send| recipients(&send)).sum();
        let least = if self.architecture.blocks() {
            let facts = Facts::of(setup, history);
            let unmatched = history.sends().zip(&facts).filter(|(_, facts)| !facts.matched);
            unmatched.map(|(send, _)| recipients(&send)).sum()
        } else {
            sent
        };
        let shown = transcript.shown();
        if (least..=sent).contains(&shown) { Ok(()) } else { Err(GameError::Undelivered { sent, shown }) }
    }

    /// All members of all observers.
    fn members(&self) -> BTreeSet<PartyId> {
        self.observers.iter().flat_map(Observer::members).collect()
    }

    fn runner(&self, system: &dyn Architecture, setup: &Setup, seed: &Seed) -> Result<Runner, GameError> {
        let deployment = system.deploy(setup, &seed.derive("deployment", 0))?;
        Ok(Runner::new(deployment, &seed.derive("run", 0)).network(self.network))
    }
}

/// How many contents reached everyone on the roster.
fn delivered(transcript: &Transcript, history: &History) -> u64 {
    let shown = transcript.displays();
    let delivered = history.sends().filter(|(action, group, content)| {
        let recipients = history.roster(*group, action.at).into_iter().filter(|user| *user != action.user);
        let reached = |user| {
            let own = |(at, display): &(PartyId, Display)| *at == PartyId::user(user) && display.content == **content;
            shown.iter().any(own)
        };
        recipients.into_iter().all(reached)
    });
    delivered.count() as u64
}

/// What was refused: the role that refused, and why.
fn refused(transcript: &Transcript) -> Vec<String> {
    transcript.refusals().map(|refusal| format!("{}: {}", refusal.party.role(), refusal.reason)).collect()
}

/// For each mark, how many strings that only H₁'s contents show are in a view, less those that only H₀'s show.
struct Sides {
    matcher: Matcher,
    /// Per string: its mark, and +1 if it stands for H₁, −1 for H₀.
    sides: Vec<(Mark, f32)>,
}

impl Sides {
    fn new(challenge: &Challenge<'_>, derivations: &Derivations) -> Self {
        let strings = [0, 1].map(|side: usize| {
            let contents = challenge.histories[side].sends().zip(challenge.facts[side]);
            let marked = contents.map(|((.., content), facts)| derivations.of(challenge.setup, content, facts));
            marked.flat_map(|marked| marked.to_vec()).collect::<BTreeSet<Marked>>()
        });
        let only = |own: usize, sign: f32| {
            strings[own].difference(&strings[1 - own]).map(move |(mark, string)| ((*mark, sign), Arc::clone(string)))
        };
        let (sides, strings): (Vec<_>, Vec<_>) = only(0, -1.0).chain(only(1, 1.0)).unzip();
        Self { matcher: Matcher::new(strings), sides }
    }

    fn scores(&mut self, view: &View<'_>) -> [f32; Mark::ALL.len()] {
        let found = self.matcher.find(view);
        Mark::ALL.map(|mark| {
            let own = found.iter().map(|string| self.sides[*string]).filter(|(other, _)| *other == mark);
            own.map(|(_, sign)| sign).sum()
        })
    }
}
