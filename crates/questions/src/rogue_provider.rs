//! `rogue-provider`: if the provider lies, what does it obtain? The game `expose` without a break-in, for every strategy of
//! a system beside its honest provider, on the same contents. One lawful picture is what some strategies are after: its
//! contents are the class `planted`.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::expose::{self, CONTENTS, Outcome};
use crate::run::{Run, System};
use crate::scenario::ROGUE_PROVIDER;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::Game;
use sightline_protocol::{Architecture, Observer};

/// The variant in which everyone follows the protocol.
const HONEST: &str = "honest";

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    (1 + architecture.strategies().len() as u64) * expose::steps(scenario)
}

/// What every outsider can read under every strategy.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let observers: Vec<Observer> =
            architecture.observers().into_iter().map(|party| Observer::curious([party])).collect();
        let strategies = architecture.strategies();
        let deviating = strategies.iter().map(|(strategy, system)| (*strategy, system.as_ref()));
        for (strategy, system) in std::iter::once((HONEST, architecture.as_ref())).chain(deviating) {
            let game = Game::new(system, run.scenario.wires(), observers.clone());
            let game = if strategy == HONEST { game } else { game.lenient() };
            let found = run.part(&format!("{name}: provider, {strategy}"), expose::steps(run.scenario), || {
                expose::play(run, &game, &format!("rogue {name}"))
            })?;
            let row = |quantity: &str, unit: &str| {
                Row::new(quantity, unit)
                    .question(ROGUE_PROVIDER)
                    .game("expose")
                    .architecture(name.as_str())
                    .variant(strategy)
                    .parameter("list", run.scenario.list.entries)
                    .parameter("radius", run.scenario.list.radius)
                    .seed(run.scenario.seed)
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
