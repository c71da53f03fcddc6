//! The simulator test (PRIVACY §5): is what an observer sees more than what is declared? On histories of every kind of
//! content, real views beside those that the simulator makes from the declared leakage alone.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::endpoints_only::{RESOLUTION, Task, outsiders_and_all};
use crate::run::{Progress, Run, System};
use crate::scenario::ENDPOINTS_ONLY;
use crate::world::{Half, World};
use rand_core::Rng;
use rayon::prelude::*;
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_privacy::advantage;
use sightline_privacy::distinguish::{Estimate, Trial, estimate};
use sightline_privacy::game::{Game, GameError};
use sightline_protocol::{Architecture, Command, Disclosure, History, Observer, Setup, Span};

/// What was found for one system and observer.
pub(crate) struct Comparison {
    pub(crate) architecture: String,
    pub(crate) observer: Observer,
    /// What failed where the system did not do what its users commanded.
    pub(crate) result: Result<Estimate, String>,
    minimum_detectable: f64,
}

impl Comparison {
    /// The real view was told from the ideal one: there is a leak beyond the declared one.
    pub(crate) fn differs(&self) -> bool {
        self.result.as_ref().is_ok_and(|estimate| estimate.advantage.low > 0.0)
    }

    /// As of the tasks of `distinguish`: no difference is a finding only if one that matters would have been seen.
    fn status(&self) -> Status {
        if self.differs() || self.minimum_detectable <= RESOLUTION { Status::Decided } else { Status::Undecided }
    }

    pub(crate) fn rows(&self, scenario: &Scenario) -> Vec<Row> {
        let row = |quantity: &str| {
            Row::new(quantity, "1")
                .question(ENDPOINTS_ONLY)
                .game("real-or-ideal")
                .architecture(self.architecture.as_str())
                .observer(self.observer.name())
                .corruption(self.observer.corruption())
                .content("any")
                .parameter("list", scenario.list.entries)
                .parameter("padding", &scenario.messenger.padding)
                .parameter("radius", scenario.list.radius)
                .seed(scenario.seed)
        };
        let Ok(estimate) = &self.result else {
            return vec![row("advantage").status(Status::Failed)];
        };
        let method = estimate
            .feature
            .as_ref()
            .map_or_else(|| estimate.adversary.clone(), |feature| format!("{} ({feature})", estimate.adversary));
        let advantage = &estimate.advantage;
        vec![
            row("advantage")
                .lower(advantage.point, advantage.low, advantage.high)
                .status(self.status())
                .n(advantage.trials)
                .method(method),
            row("minimum-detectable-advantage")
                .exact(self.minimum_detectable)
                .status(Status::Decided)
                .n(advantage.trials)
                .method("exact binomial, power 0.8"),
        ]
    }
}

/// Trials to choose the adversary on, and to report.
fn halves(scenario: &Scenario) -> [u32; 2] {
    Scenario::halves(scenario.trials).map(|trials| trials.div_ceil(2))
}

/// Runs per system, about: half of the trials are one real run, half are a simulation for every observer.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    let observers = outsiders_and_all(architecture).len() as u64;
    halves(scenario).map(u64::from).iter().sum::<u64>() * (1 + observers) / 2
}

/// Tests of one system.
pub(crate) fn tests(architecture: &dyn Architecture) -> usize {
    outsiders_and_all(architecture).len()
}

/// Compares real and ideal views of every system.
pub(crate) fn of_all_systems(run: &Run<'_>, level: f64) -> Result<Vec<Comparison>, AssessmentError> {
    let mut comparisons = Vec::new();
    for System { name, architecture } in &run.systems {
        let system = architecture.as_ref();
        let found = run.part(&format!("{name}: real or ideal"), steps(run.scenario, system), || {
            let found = self::run(run.scenario, run.world, name, system, system, level, run.progress)?;
            Ok(found.into_iter().map(|one| (one.result, one.minimum_detectable)).collect::<Vec<_>>())
        })?;
        let named = outsiders_and_all(system).into_iter().zip(found);
        comparisons.extend(named.map(|(observer, (result, minimum_detectable))| Comparison {
            architecture: name.clone(),
            observer,
            result,
            minimum_detectable,
        }));
    }
    Ok(comparisons)
}

/// Compares real and ideal views of `architecture`; where it is a mutation, `honest` is what the simulator runs.
pub(crate) fn run(
    scenario: &Scenario,
    world: &World,
    name: &str,
    architecture: &dyn Architecture,
    honest: &dyn Architecture,
    level: f64,
    progress: &dyn Progress,
) -> Result<Vec<Comparison>, AssessmentError> {
    let game = Game::new(architecture, scenario.wires(), outsiders_and_all(architecture)).against(honest);
    let seed = Seed::from_u64(scenario.seed).derive(&format!("real-or-ideal {name}"), 0);
    let observers = game.observers().len() as u64;
    let reports = architecture.profile().disclosure == Disclosure::OnCommand;
    let play = |half: usize, number: u32| -> Result<Option<Vec<Trial>>, GameError> {
        if progress.cancelled() {
            return Ok(None);
        }
        let seed = seed.derive(["selection", "evaluation"][half], u64::from(number));
        let mut stream = seed.derive("round", 0).stream();
        let Some((setup, history)) = history(&world.setup, &world.halves[half], &mut stream) else { return Ok(None) };
        let history = if reports { reported(history, &mut stream) } else { history };
        let real = stream.next_u64() & 1 == 1;
        let trials = game.real_or_ideal(&setup, &history, real, &seed)?;
        progress.advance(if real { 1 } else { observers });
        Ok(Some(trials))
    };
    let played = [0, 1].map(|half| {
        let numbers = (0..halves(scenario)[half]).into_par_iter();
        numbers.map(|number| play(half, number)).collect::<Result<Option<Vec<Vec<Trial>>>, GameError>>()
    });
    progress.check()?;
    let minimum_detectable = advantage::minimum_detectable(u64::from(halves(scenario)[1]), level, 0.8);
    let comparison = |observer: &Observer, result| Comparison {
        architecture: name.to_owned(),
        observer: observer.clone(),
        result,
        minimum_detectable,
    };
    let [selection, evaluation] = match played {
        [Ok(Some(selection)), Ok(Some(evaluation))] => [selection, evaluation],
        [Err(error), _] | [_, Err(error)] => {
            let failed = |observer| comparison(observer, Err(error.to_string()));
            return Ok(game.observers().iter().map(failed).collect());
        }
        _ => return Ok(Vec::new()),
    };
    let compare = |(number, observer): (usize, &Observer)| {
        let of = |trials: &[Vec<Trial>]| -> Vec<Trial> { trials.iter().map(|all| all[number].clone()).collect() };
        let mut guess = seed.derive("guess", number as u64).stream();
        comparison(observer, Ok(estimate(&of(&selection), &of(&evaluation), &[], level, &mut guess)))
    };
    Ok(game.observers().par_iter().enumerate().map(compare).collect())
}

/// In half of the histories a recipient reports the first content.
fn reported(history: History, stream: &mut Stream) -> History {
    if stream.next_u64() & 1 == 1 {
        return history;
    }
    let first = history.sends().next().map(|(action, group, content)| (action.at, action.user, group, content.clone()));
    let Some((at, sender, group, content)) = first else { return history };
    let recipient = history.roster(group, at).into_iter().find(|user| *user != sender);
    match recipient {
        Some(recipient) => history.then(at + Span::seconds(60), recipient, Command::Report(group, content)),
        None => history,
    }
}

/// A history of a random task: in half of them a content matches, so that what happens on a match shows most; the others
/// hold ordinary pictures and documents.
fn history(setup: &Setup, half: &Half, stream: &mut Stream) -> Option<(Setup, History)> {
    let matches = stream.next_u64() & 1 == 1;
    let matching = [Task::Listed, Task::Near];
    (0..20).find_map(|_| {
        let tasks = if matches { &matching[..] } else { &Task::ALL[..] };
        let task = tasks[crate::world::below(stream, tasks.len())];
        let round = task.round(setup, half, stream)?;
        let side = if matches { 1 } else { usize::from(round.truth && !matching.contains(&task)) };
        Some((round.setup.clone(), round.histories[side].clone()))
    })
}
