//! `rogue-provider`: if the provider lies, what does it obtain? The game `expose` without a break-in, for every strategy of
//! a system beside its honest provider, on the same contents. One lawful picture is what some strategies are after: its
//! contents are the class `planted`.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::expose::{self, CONTENTS, Outcome};
use crate::run::{Run, System};
use crate::scenario::ROGUE_PROVIDER;
use crate::trace::singles;
use sightline_architectures::by_name;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::Game;
use sightline_protocol::{Architecture, Disclosure, Lists, Policy, Review};

/// The variant in which everyone follows the protocol.
pub(crate) const HONEST: &str = "honest";
/// The parameter that says which safeguard there is beside the scenario's settings.
pub(crate) const SAFEGUARD: &str = "safeguard";

/// A policy in place of another.
type Setting = fn(Policy) -> Policy;

/// Settings of detection that might stop a strategy, each tried by itself in place of the scenario's.
const SAFEGUARDS: [(&str, Setting); 3] = [
    ("threshold-10", |policy| Policy { threshold: 10, ..policy }),
    ("lists-per-user", |policy| Policy { lists: Lists::PerUser, ..policy }),
    ("review-thumbnail", |policy| Policy { review: Review::Thumbnail, ..policy }),
];

/// Runs beside a safeguard; none in a run of few trials.
fn runs_beside(scenario: &Scenario) -> u32 {
    expose::runs(scenario) / 4
}

/// Whether settings of detection make a difference.
fn detects(architecture: &dyn Architecture) -> bool {
    architecture.profile().disclosure != Disclosure::None && !architecture.receivers().is_empty()
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    let systems = 1 + architecture.strategies().len() as u64;
    let beside = if systems > 1 && detects(architecture) { SAFEGUARDS.len() as u64 } else { 0 };
    systems * (expose::steps(scenario) + beside * u64::from(runs_beside(scenario)) * expose::STEPS)
}

/// What every outsider can read under every strategy, and again beside every safeguard.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        rows.extend(of_system(run, name, architecture.as_ref(), None, expose::runs(run.scenario))?);
        let beside = runs_beside(run.scenario);
        if beside == 0 || architecture.strategies().is_empty() || !detects(architecture.as_ref()) {
            continue;
        }
        for (safeguard, set) in SAFEGUARDS {
            let Some(system) = by_name(name, &set(run.scenario.detection)) else { continue };
            rows.extend(of_system(run, name, system.as_ref(), Some(safeguard), beside)?);
        }
    }
    Ok(rows)
}

/// The same of one system under one setting.
fn of_system(
    run: &Run<'_>,
    name: &str,
    architecture: &dyn Architecture,
    safeguard: Option<&str>,
    runs: u32,
) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    let observers = singles(architecture);
    let strategies = architecture.strategies();
    let deviating = strategies.iter().map(|(strategy, system)| (*strategy, system.as_ref()));
    let beside = safeguard.map_or_else(String::new, |safeguard| format!(", {safeguard}"));
    for (strategy, system) in std::iter::once((HONEST, architecture)).chain(deviating) {
        let game = Game::new(system, run.scenario.wires(), observers.clone());
        let game = if strategy == HONEST { game } else { game.lenient() };
        let steps = u64::from(runs) * expose::STEPS;
        let found = run.part(&format!("{name}: provider, {strategy}{beside}"), steps, || {
            expose::play(run, &game, &format!("rogue {name}"), runs)
        })?;
        let row = |quantity: &str, unit: &str| {
            let row = Row::new(quantity, unit)
                .question(ROGUE_PROVIDER)
                .game("expose")
                .architecture(name)
                .variant(strategy)
                .parameter("list", run.scenario.list.entries)
                .parameter("radius", run.scenario.list.radius)
                .seed(run.scenario.seed);
            match safeguard {
                Some(safeguard) => row.parameter(SAFEGUARD, safeguard),
                None => row,
            }
        };
        for (number, observer) in observers.iter().enumerate() {
            for (place, (class, _)) in CONTENTS.iter().enumerate() {
                let row = |quantity: &str, unit: &str| {
                    row(quantity, unit)
                        .observer(observer.name())
                        .corruption(observer.corruption())
                        .content(class.name())
                        .method("saturated views")
                };
                match found.as_ref().map(|found| found.readable.get(number)) {
                    Err(_) => rows.push(row("contents-readable", "1").status(Status::Failed)),
                    Ok(None) => rows.push(row("contents-readable", "1").status(Status::NotApplicable)),
                    Ok(Some(counts)) => {
                        let [before, after] = counts[place];
                        rows.extend(before.and(after).rows(row));
                    }
                }
            }
        }
        if let Ok(outcome) = &found {
            rows.extend(service(outcome, row));
        }
    }
    Ok(rows)
}

/// What became of the service: contents that arrived, and input that parties refused, which is what stops a strategy.
fn service(outcome: &Outcome, row: impl Fn(&str, &str) -> Row) -> Vec<Row> {
    if outcome.sent == 0 {
        return Vec::new();
    }
    let per_million = |count: u64| count as f64 * 1e6 / outcome.sent as f64;
    let mut rows = vec![
        row("contents-delivered", "1")
            .content("any")
            .exact(per_million(outcome.delivered))
            .n(outcome.sent)
            .method("displays"),
    ];
    rows.extend(outcome.refused.iter().map(|(reason, count)| {
        row("inputs-refused", "1").content("any").exact(per_million(*count)).n(outcome.sent).method(reason.as_str())
    }));
    rows
}
