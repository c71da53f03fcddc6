//! `any-content`: is anything specific to the content that it is meant for? The list is swapped for pictures of one kind
//! after another, recompressed copies are sent, and it is counted of which of them the report authority learns, or the sender is
//! warned.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::ANY_CONTENT;
use crate::scenes::{self, Form, Scene};
use crate::trace::{self, Found, Plan};
use rayon::prelude::*;
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::SceneKind;
use sightline_privacy::game::Game;
use sightline_protocol::{Content, Setup};
use std::sync::Arc;

/// People in one run.
const HOLDERS: usize = 20;

/// Pictures of each kind: with all of 80 found, no kind can be 5 points worse.
fn each(scenario: &Scenario) -> usize {
    (scenario.trials / 12).clamp(10, 80) as usize
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    (SceneKind::ALL.len() * each(scenario)) as u64
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("any content", 0);
    let count = each(run.scenario);
    let plans = |kind: SceneKind| -> Vec<Plan> {
        let scenes = scenes::of_kind(&run.world.setup, kind, count, &seed);
        let copy = |(number, scene): (usize, &Scene)| Form::Recompressed.of(scene, seed.as_bytes(), number as u64).ok();
        let copies: Vec<Content> = scenes.par_iter().enumerate().filter_map(copy).collect();
        let entry = |scene: &Scene| Entry { hash: scene.hash, provenance: Provenance::Picture };
        let wanted = Arc::new(HashList::new(scenes.iter().map(entry)));
        let plan = |holders: &[Content]| {
            let users = u16::try_from(2 * holders.len()).unwrap_or(u16::MAX);
            let setup = Setup { users, list: Arc::clone(&wanted), order: None, ..run.world.setup.clone() };
            Plan { setup, wanted: Arc::clone(&wanted), holders: holders.to_vec(), innocents: Vec::new() }
        };
        copies.chunks(HOLDERS).map(plan).collect()
    };
    let plans = SceneKind::ALL.map(|kind| (kind, plans(kind)));
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), trace::singles(architecture.as_ref()));
        for (kind, plans) in &plans {
            let found: Result<Found, String> =
                run.part(&format!("{name}: a list of {}", kind.name()), count as u64, || {
                    trace::play(run, &game, plans, &seed.derive(name, 0))
                })?;
            let row = Row::new("detected", "1")
                .question(ANY_CONTENT)
                .game("trace")
                .architecture(name.as_str())
                .content("listed")
                .parameter("kind", kind.name())
                .parameter("radius", run.scenario.list.radius)
                .method("reports, warnings; exact binomial, 95 %")
                .seed(run.scenario.seed);
            rows.push(match found {
                Err(_) => row.status(Status::Failed),
                Ok(found) => found.detected.put(row),
            });
        }
    }
    Ok(rows)
}
