//! `endpoints-only`: is content readable by sender and recipients alone? The game `distinguish`, on every system, task and
//! coalition of outsiders.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::ENDPOINTS_ONLY;
use crate::world::{Group, Half, Picture, below, shuffle};
use rand_core::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_lists::{Entry, Provenance};
use sightline_privacy::advantage;
use sightline_privacy::distinguish::{Estimate, Trial, estimate};
use sightline_privacy::game::{Game, GameError, Round};
use sightline_protocol::{
    Architecture, Command, Content, ContentKind, GroupNumber, History, Observer, PartyId, Setup, Span, Time,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Power at which the minimum detectable advantage is stated.
const POWER: f64 = 0.8;
/// A task nobody wins is decided when an advantage above this would have been seen.
pub(crate) const RESOLUTION: f64 = 0.25;

/// A task of the game `distinguish`: what H₀ and H₁ are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    OrdinaryPair,
    Listed,
    Near,
    Kind,
    SameTwice,
    SameHash,
    WhichUser,
}

impl Task {
    pub(crate) const ALL: [Self; 7] =
        [Self::OrdinaryPair, Self::Listed, Self::Near, Self::Kind, Self::SameTwice, Self::SameHash, Self::WhichUser];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OrdinaryPair => "ordinary-pair",
            Self::Listed => "listed",
            Self::Near => "near",
            Self::Kind => "kind",
            Self::SameTwice => "same-twice",
            Self::SameHash => "same-hash",
            Self::WhichUser => "which-user",
        }
    }

    /// What is told apart, in words.
    pub(crate) const fn told_apart(self) -> &'static str {
        match self {
            Self::OrdinaryPair => "two ordinary pictures",
            Self::Listed => "a listed picture from an ordinary one",
            Self::Near => "a false match from an ordinary picture",
            Self::Kind => "a picture from something else",
            Self::SameTwice => "one picture sent twice from two pictures",
            Self::SameHash => "two files of one picture",
            Self::WhichUser => "two senders",
        }
    }

    /// Whether it asks for something of a content. Who sends is metadata, which plain encryption shows too.
    pub(crate) const fn is_about_content(self) -> bool {
        !matches!(self, Self::WhichUser)
    }

    /// Trials to choose the adversary on, and to report. The first task is the headline; the others need no finer a
    /// resolution than decides.
    fn halves(self, scenario: &Scenario) -> [u32; 2] {
        match self {
            Self::OrdinaryPair => Scenario::halves(scenario.trials),
            _ => Scenario::halves((scenario.trials * 3).div_ceil(5)),
        }
    }

    const fn content(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Near => "near",
            _ => "ordinary",
        }
    }

    /// One round of this task on pictures of `half`; nothing if the half has no fitting pictures.
    pub(crate) fn round(self, setup: &Setup, half: &Half, stream: &mut Stream) -> Option<Round> {
        let mut setup = setup.clone();
        let conversation = |sends: Vec<(u16, Content)>| conversation(setup.users, sends);
        let truth = stream.next_u64() & 1 == 1;
        let histories = match self {
            Self::OrdinaryPair => {
                let pair = half.draw(|group| pairs(group.ordinary.len()), stream)?.ordinary_pair(stream)?;
                pair.map(|picture| conversation(vec![(0, picture.content())]))
            }
            Self::Listed => {
                let group = half.draw(|group| group.ordinary.len() * group.listed.len(), stream)?;
                let ordinary = &group.ordinary[below(stream, group.ordinary.len())];
                let listed = &group.listed[below(stream, group.listed.len())];
                [ordinary, listed].map(|picture| conversation(vec![(0, picture.content())]))
            }
            Self::Near => {
                let [ordinary, near] = half.draw(|group| pairs(group.ordinary.len()), stream)?.ordinary_pair(stream)?;
                let distance = 1 + below(stream, setup.radius.bits() as usize);
                let mut bits: Vec<u8> = (0..=255).collect();
                shuffle(&mut bits, stream);
                let hash = near.pdq.hash.with_flipped(bits.into_iter().take(distance));
                if hash.distance(&ordinary.pdq.hash) <= setup.radius.bits() {
                    return None;
                }
                let histories = [ordinary, near].map(|picture| conversation(vec![(0, picture.content())]));
                setup.list = Arc::new(setup.list.with(Entry { hash, provenance: Provenance::Code }));
                histories
            }
            Self::Kind => {
                let group = half.draw(|group| group.ordinary.len(), stream)?;
                let picture = &group.ordinary[below(stream, group.ordinary.len())];
                let mut bytes = vec![0; picture.bytes.len()];
                stream.fill_bytes(&mut bytes);
                let document = Content { kind: ContentKind::Document, bytes };
                [document, picture.content()].map(|content| conversation(vec![(0, content)]))
            }
            Self::SameTwice => {
                let [one, other] = half.draw(|group| pairs(group.ordinary.len()), stream)?.ordinary_pair(stream)?;
                [other, one].map(|second| conversation(vec![(0, one.content()), (0, second.content())]))
            }
            Self::SameHash => {
                let roomy = |group: &Group| group.ordinary.iter().filter(|picture| picture.padding() >= 16).count();
                let group = half.draw(roomy, stream)?;
                let pictures: Vec<&Picture> = group.ordinary.iter().filter(|picture| picture.padding() >= 16).collect();
                let picture = pictures[below(stream, pictures.len())];
                let mut other = picture.content();
                stream.fill_bytes(&mut other.bytes[picture.original().len()..]);
                setup.memo.alias(&other.bytes, &setup.memo.look(&picture.bytes));
                [picture.content(), other].map(|content| conversation(vec![(0, content)]))
            }
            Self::WhichUser => {
                let group = half.draw(|group| group.ordinary.len(), stream)?;
                let picture = &group.ordinary[below(stream, group.ordinary.len())];
                [0, 1].map(|user| conversation(vec![(user, picture.content())]))
            }
        };
        Some(Round { setup, histories, truth })
    }
}

const fn pairs(count: usize) -> usize {
    count * count.saturating_sub(1)
}

/// User 0 founds a group with all others, and then these contents are sent, half a second apart.
pub(crate) fn conversation(users: u16, sends: Vec<(u16, Content)>) -> History {
    const GROUP: GroupNumber = 1;
    let at = |milliseconds| Time::after_start(Span::milliseconds(milliseconds));
    let founded = History::new().then(at(1_000), 0, Command::CreateGroup(GROUP, (1..users).collect()));
    sends.into_iter().zip(0..).fold(founded, |history, ((user, content), number)| {
        history.then(at(3_000 + 500 * number), user, Command::Send(GROUP, content))
    })
}

/// Single outsiders and all of them together, each member curious.
pub(crate) fn outsiders_and_all(architecture: &dyn Architecture) -> Vec<Observer> {
    let singles = architecture.observers().into_iter().map(|party| vec![party]);
    let all: BTreeSet<Vec<PartyId>> = singles.chain([architecture.outsiders()]).collect();
    all.into_iter().map(Observer::curious).collect()
}

/// Singles, pairs and all outsiders together, each member curious.
pub(crate) fn coalitions(architecture: &dyn Architecture) -> Vec<Observer> {
    let outsiders = architecture.observers();
    let mut coalitions: BTreeSet<Vec<PartyId>> = outsiders.iter().map(|party| vec![*party]).collect();
    for (number, first) in outsiders.iter().enumerate() {
        coalitions.extend(outsiders[number + 1..].iter().map(|second| vec![*first, *second]));
    }
    let mut all = architecture.outsiders();
    all.sort_unstable();
    for coalition in coalitions.clone() {
        let mut sorted = coalition.clone();
        sorted.sort_unstable();
        if sorted != coalition {
            coalitions.remove(&coalition);
            coalitions.insert(sorted);
        }
    }
    coalitions.insert(all);
    coalitions.into_iter().map(Observer::curious).collect()
}

/// What was found for one system, task and observer.
pub(crate) struct Finding {
    pub(crate) architecture: String,
    pub(crate) task: Task,
    pub(crate) observer: Observer,
    /// The observer's declared leakage was the same for both histories of every round.
    pub(crate) declared_equal: bool,
    pub(crate) outcome: Outcome,
}

/// What became of a task.
#[derive(Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// The pictures do not allow it.
    NotApplicable,
    /// The system did not do what its users commanded.
    Failed(String),
    Measured(Measured),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) estimate: Estimate,
    pub(crate) minimum_detectable: f64,
}

impl Finding {
    /// Someone won a game that the declared leakage says cannot be won.
    pub(crate) fn undeclared(&self) -> bool {
        self.declared_equal && self.won()
    }

    pub(crate) fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::NotApplicable | Outcome::Failed(_) => None,
        }
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(why) => Some(why),
            Outcome::NotApplicable | Outcome::Measured(_) => None,
        }
    }

    pub(crate) fn won(&self) -> bool {
        self.measured().is_some_and(|measured| measured.estimate.advantage.low > 0.0)
    }

    pub(crate) fn status(&self) -> Status {
        match &self.outcome {
            Outcome::NotApplicable => Status::NotApplicable,
            Outcome::Failed(_) => Status::Failed,
            Outcome::Measured(measured) if self.won() || measured.minimum_detectable <= RESOLUTION => Status::Decided,
            Outcome::Measured(_) => Status::Undecided,
        }
    }

    pub(crate) fn rows(&self, scenario: &Scenario) -> Vec<Row> {
        let row = |quantity: &str| {
            Row::new(quantity, "1")
                .question(ENDPOINTS_ONLY)
                .game("distinguish")
                .task(self.task.name())
                .architecture(self.architecture.as_str())
                .observer(self.observer.name())
                .corruption(self.observer.corruption())
                .content(self.task.content())
                .parameter("list", scenario.list.entries)
                .parameter("padding", &scenario.messenger.padding)
                .parameter("radius", scenario.list.radius)
                .status(self.status())
                .seed(scenario.seed)
        };
        let Some(measured) = self.measured() else {
            return vec![row("advantage")];
        };
        let found = &measured.estimate;
        let trials = found.advantage.trials;
        let method = match &found.feature {
            Some(feature) => format!("{} ({feature})", found.adversary),
            None => found.adversary.clone(),
        };
        let declared = f64::from(u8::from(!self.declared_equal));
        vec![
            row("advantage")
                .lower(found.advantage.point, found.advantage.low, found.advantage.high)
                .n(trials)
                .method(method),
            row("minimum-detectable-advantage")
                .exact(measured.minimum_detectable)
                .n(trials)
                .method("exact binomial, power 0.8"),
            row("declared-distinguishable").exact(declared).n(trials).method("declared leakage"),
        ]
    }
}

/// Trials per system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    Task::ALL.iter().flat_map(|task| task.halves(scenario)).map(u64::from).sum()
}

/// Tests of one system.
pub(crate) fn tests(architecture: &dyn Architecture) -> usize {
    coalitions(architecture).len() * Task::ALL.len()
}

/// Runs every task on every system and lets every coalition guess, each test at `level`.
pub(crate) fn run(run: &Run<'_>, level: f64) -> Result<Vec<Finding>, AssessmentError> {
    let mut findings = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), coalitions(architecture.as_ref()));
        for task in Task::ALL {
            let steps = task.halves(run.scenario).map(u64::from).iter().sum();
            let found =
                run.part(&format!("{name}: {}", task.name()), steps, || found(run, &game, name, task, level))?;
            findings.extend(game.observers().iter().zip(found).map(|(observer, (declared_equal, outcome))| Finding {
                architecture: name.clone(),
                task,
                observer: observer.clone(),
                declared_equal,
                outcome,
            }));
        }
    }
    Ok(findings)
}

/// Per observer: whether the declared leakage never differed, and what became of the task.
fn found(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    task: Task,
    level: f64,
) -> Result<Vec<(bool, Outcome)>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive(&format!("distinguish {name} {}", task.name()), 0);
    let halves = [0, 1].map(|half| trials(run, game, task, half, &seed));
    run.progress.check()?;
    let [selection, evaluation] = match halves {
        [Ok(selection), Ok(evaluation)] => [selection, evaluation],
        [Err(error), _] | [_, Err(error)] => {
            return Ok(game.observers().iter().map(|_| (false, Outcome::Failed(error.to_string()))).collect());
        }
    };
    let adversaries = game.adversaries();
    let minimum_detectable = advantage::minimum_detectable(u64::from(task.halves(run.scenario)[1]), level, POWER);
    let one = |number: usize| {
        let of = |half: &Option<HalfTrials>| half.as_ref().map(|half| half[number].0.clone());
        let equal = |half: &Option<HalfTrials>| half.as_ref().is_none_or(|half| half[number].1);
        let mut guess = seed.derive("guess", number as u64).stream();
        let measured = of(&selection).zip(of(&evaluation)).map(|(selection, evaluation)| Measured {
            estimate: estimate(&selection, &evaluation, &adversaries, level, &mut guess),
            minimum_detectable,
        });
        (equal(&selection) && equal(&evaluation), measured.map_or(Outcome::NotApplicable, Outcome::Measured))
    };
    Ok((0..game.observers().len()).into_par_iter().map(one).collect())
}

/// Per observer: the trials, and whether the declared leakage never differed.
type HalfTrials = Vec<(Vec<Trial>, bool)>;

/// The trials of one half; nothing if the pictures do not allow the task.
fn trials(
    run: &Run<'_>,
    game: &Game<'_>,
    task: Task,
    half: usize,
    seed: &Seed,
) -> Result<Option<HalfTrials>, GameError> {
    let Run { scenario, world, progress, .. } = run;
    let play = |number: u32| {
        if progress.cancelled() {
            return Ok(None);
        }
        let seed = seed.derive(["selection", "evaluation"][half], u64::from(number));
        let mut stream = seed.derive("round", 0).stream();
        // A near entry that falls beside the ordinary picture as well is drawn again; with real pictures it never does.
        let round = (0..10).find_map(|_| task.round(&world.setup, &world.halves[half], &mut stream));
        let Some(round) = round else { return Ok(None) };
        let observations = game.play(&round, &seed)?;
        progress.advance(1);
        Ok(Some(observations))
    };
    let played: Vec<_> = (0..task.halves(scenario)[half])
        .into_par_iter()
        .map(play)
        .collect::<Result<Option<Vec<_>>, GameError>>()?
        .unwrap_or_default();
    if played.is_empty() {
        return Ok(None);
    }
    let mut by_observer: HalfTrials = game.observers().iter().map(|_| (Vec::new(), true)).collect();
    for observations in played {
        for ((trials, equal), observation) in by_observer.iter_mut().zip(observations) {
            trials.push(observation.trial);
            *equal &= observation.declared_equal;
        }
    }
    Ok(Some(by_observer))
}
