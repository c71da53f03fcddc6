//! Checks of the instrument itself, through the same deployments, views and estimator as every measurement: a system
//! without a leak must rarely be flagged, and the bound on a leak of known size must rarely exceed it.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Progress, Run};
use rand_core::Rng;
use rayon::prelude::*;
use sightline_architectures::reference::Reference;
use sightline_crypto::Seed;
use sightline_evidence::{Control, Row, Status};
use sightline_privacy::control::{ControlVerdict, bound_verdict, null_verdict};
use sightline_privacy::distinguish::{Estimate, Trial, estimate};
use sightline_privacy::game::{Game, Round};
use sightline_protocol::{Content, ContentKind, Observer, PartyId, Setup};

/// Level of each repetition: a null channel is flagged with this probability at most.
const LEVEL: f64 = 0.05;
/// Trials of each half of a repetition.
const TRIALS: u64 = 60;
/// The planted leak: its true advantage.
const PLANTED: f64 = 0.4;

/// Repetitions of both controls.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    u64::from(scenario.controls.repetitions) * 2
}

pub(crate) fn run(run: &Run<'_>) -> Result<(Vec<Row>, Vec<Control>), AssessmentError> {
    let Run { scenario, world, progress, .. } = run;
    let repetitions = u64::from(scenario.controls.repetitions);
    let [null, planted] = run.part("controls", steps(scenario), || {
        let repeat = |system| repeat(scenario, &world.setup, system, *progress);
        Ok([repeat(Reference::Null)?, repeat(Reference::Leaky { advantage: PLANTED })?])
    })?;

    let count = |estimates: &[Estimate], holds: &dyn Fn(&Estimate) -> bool| {
        estimates.iter().filter(|estimate| holds(estimate)).count() as u64
    };
    let flagged = null_verdict(count(&null, &|estimate| estimate.advantage.low > 0.0), repetitions);
    let valid = bound_verdict(count(&planted, &|estimate| estimate.advantage.low <= PLANTED), repetitions);
    let found = count(&planted, &|estimate| estimate.advantage.low > 0.0);

    let row = |quantity: &str, architecture: &str, verdict: &ControlVerdict| {
        Row::new(quantity, "1")
            .question("control")
            .game("distinguish")
            .task("kind")
            .architecture(architecture)
            .observer("provider")
            .corruption("curious")
            .content("ordinary")
            .parameter("level", LEVEL)
            .parameter("trials", TRIALS)
            .exact(verdict.share)
            .n(repetitions)
            .seed(scenario.seed)
            .status(if verdict.passed { Status::Decided } else { Status::Failed })
            .method("exact binomial test at 1e-4")
    };
    let rows = vec![
        row("null-flagged", "null", &flagged),
        row("lower-bound-valid", "leaky", &valid).parameter("advantage", PLANTED),
        row("planted-found", "leaky", &ControlVerdict { share: found as f64 / repetitions as f64, ..valid })
            .parameter("advantage", PLANTED),
    ];
    let control = |name: &str, verdict: &ControlVerdict, detail: String| Control {
        name: name.into(),
        repetitions,
        passed: verdict.passed,
        detail,
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let judged = |verdict: &ControlVerdict| if verdict.passed { "within chance of" } else { "beyond chance of" };
    let controls = vec![
        control(
            "A system without a leak",
            &flagged,
            format!(
                "flagged in {} of {repetitions} repetitions; at most 5 % is right, and by an exact test this is {} that",
                percent(flagged.share),
                judged(&flagged)
            ),
        ),
        control(
            "A planted leak of advantage 0.4",
            &valid,
            format!(
                "the lower bound did not exceed the truth in {} of {repetitions} repetitions; at least 95 % is right, and by an \
                 exact test this is {} that; the leak was found in {}",
                percent(valid.share),
                judged(&valid),
                percent(found as f64 / repetitions as f64)
            ),
        ),
    ];
    Ok((rows, controls))
}

fn repeat(
    scenario: &Scenario,
    setup: &Setup,
    system: Reference,
    progress: &dyn Progress,
) -> Result<Vec<Estimate>, AssessmentError> {
    let game = Game::new(&system, scenario.wires(), vec![Observer::curious([PartyId::PROVIDER])]);
    let name = game.architecture().profile().name;
    let one = |repetition: u32| {
        progress.check()?;
        let seed = Seed::from_u64(scenario.seed).derive(&format!("control {name}"), u64::from(repetition));
        let half = |purpose: &str| -> Result<Vec<Trial>, AssessmentError> {
            (0..TRIALS)
                .map(|number| {
                    let seed = seed.derive(purpose, number);
                    let truth = seed.derive("truth", 0).stream().next_u64() & 1 == 1;
                    let content = |kind| Content { kind, bytes: vec![7; 64] };
                    let histories = [ContentKind::Document, ContentKind::Picture]
                        .map(|kind| conversation(setup.users, vec![(0, content(kind))]));
                    let round = Round { setup: setup.clone(), histories, truth };
                    let observations = game.play(&round, &seed).map_err(|source| AssessmentError::Game {
                        architecture: name.into(),
                        task: "kind",
                        source,
                    })?;
                    Ok(observations.into_iter().next().expect("one observer, one observation").trial)
                })
                .collect()
        };
        let (selection, evaluation) = (half("selection")?, half("evaluation")?);
        progress.advance(1);
        Ok(estimate(&selection, &evaluation, &game.adversaries(), LEVEL, &mut seed.derive("guess", 0).stream()))
    };
    (0..scenario.controls.repetitions).into_par_iter().map(one).collect()
}
