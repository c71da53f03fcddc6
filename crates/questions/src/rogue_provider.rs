//! `rogue-provider`: if the provider lies, what does it obtain? The game `expose` without a break-in, for every strategy of
//! a system beside its honest provider, on the same contents.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::expose::{self, CONTENTS};
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
            architecture.outsiders().into_iter().map(|party| Observer::curious([party])).collect();
        let strategies = architecture.strategies();
        let deviating = strategies.iter().map(|(strategy, system)| (*strategy, system.as_ref()));
        for (strategy, system) in std::iter::once((HONEST, architecture.as_ref())).chain(deviating) {
            let game = Game::new(system, run.scenario.wires(), observers.clone());
            let found = run.part(&format!("{name}: provider, {strategy}"), expose::steps(run.scenario), || {
                expose::play(run, &game, &format!("rogue {name}"))
            })?;
            for (number, observer) in observers.iter().enumerate() {
                for (place, (class, _)) in CONTENTS.iter().enumerate() {
                    let row = |quantity: &str, unit: &str| {
                        Row::new(quantity, unit)
                            .question(ROGUE_PROVIDER)
                            .game("expose")
                            .architecture(name.as_str())
                            .variant(strategy)
                            .observer(observer.name())
                            .corruption(observer.corruption())
                            .content(class.name())
                            .parameter("list", run.scenario.list.entries)
                            .parameter("radius", run.scenario.list.radius)
                            .method("saturated views")
                            .seed(run.scenario.seed)
                    };
                    match found.as_ref().map(|by_observer| by_observer.get(number)) {
                        Err(_) => rows.push(row("contents-readable", "1").status(Status::Failed)),
                        Ok(None) => rows.push(row("contents-readable", "1").status(Status::NotApplicable)),
                        Ok(Some(counts)) => {
                            let [before, after] = counts[place];
                            rows.extend(before.and(after).rows(row));
                        }
                    }
                }
            }
        }
    }
    Ok(rows)
}
