//! `mandate`: can an order turn the system on whistleblowers' documents? The legitimate authority lists pages; people send
//! them as they are, compressed again, as screenshots, or photographed. The game `trace` says who is found.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::MANDATE;
use crate::scenes::{self, Form, Scene};
use crate::trace::{self, Found, Plan};
use crate::world::{Half, Picture};
use rayon::prelude::*;
use sightline_crypto::Seed;
use sightline_evidence::Row;
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::SceneKind;
use sightline_privacy::game::Game;
use sightline_protocol::{Content, Setup};
use std::sync::Arc;

/// What pages look like.
const KINDS: [SceneKind; 2] = [SceneKind::Document, SceneKind::Screen];

/// People in one run who send a page, and as many who do not.
const PEOPLE: usize = 10;

/// Pages of each kind, each of which one person sends: 200 for the usual 1 000 trials. Of 400 people in all, none found means
/// less than 1 % with 95 % confidence; more would decide nothing else.
fn pages(scenario: &Scenario) -> usize {
    (scenario.trials / 5).clamp(5, 200) as usize
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    (Form::ALL.len() * 4 * pages(scenario)) as u64
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("mandate", 0);
    let count = pages(run.scenario);
    let of_kind = |kind| scenes::of_kind(&run.world.setup, kind, count, &seed);
    let pages: Vec<Scene> = KINDS.into_iter().flat_map(of_kind).collect();
    let wanted = HashList::new(pages.iter().map(|page| Entry { hash: page.hash, provenance: Provenance::Picture }));
    let far = |content: &Content| {
        let hash = run.world.setup.fingerprint(&content.bytes);
        hash.is_none_or(|pdq| wanted.nearest_within(&pdq.hash, run.world.setup.radius).is_none())
    };
    let others = run.world.halves.iter().flat_map(Half::ordinary).map(Picture::content).filter(far);
    let innocents: Vec<Content> = others.take(pages.len()).collect();
    let wanted = Arc::new(wanted);
    let setup = trace::listing(&run.world.setup, pages.iter().map(|page| page.hash), Provenance::Picture);
    let copies = |form: Form| {
        let copy = |(number, page): (usize, &Scene)| form.of(page, seed.as_bytes(), number as u64).ok();
        pages.par_iter().enumerate().filter_map(copy).collect::<Vec<Content>>()
    };
    let copies = Form::ALL.map(|form| (form, copies(form)));
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), trace::singles(architecture.as_ref()));
        for (form, copies) in &copies {
            let steps = 4 * count as u64;
            let found: Result<Found, String> = run.part(&format!("{name}: pages as {}", form.name()), steps, || {
                // There may be fewer innocent people than pages.
                run.progress.advance((pages.len() - innocents.len()) as u64);
                let mut innocents = innocents.chunks(PEOPLE);
                let plan = |holders: &[Content]| {
                    let [holders, innocents] = [holders, innocents.next().unwrap_or_default()].map(<[Content]>::to_vec);
                    let users = u16::try_from(2 * (holders.len() + innocents.len())).unwrap_or(u16::MAX);
                    let (setup, wanted) = (Setup { users, ..setup.clone() }, Arc::clone(&wanted));
                    Plan { setup, wanted, holders, innocents }
                };
                let plans: Vec<Plan> = copies.chunks(PEOPLE).map(plan).collect();
                trace::play(run, &game, &plans, &seed.derive(name, 0))
            })?;
            let row = |quantity: &str, unit: &str| {
                Row::new(quantity, unit)
                    .question(MANDATE)
                    .game("trace")
                    .architecture(name.as_str())
                    .content("planted")
                    .parameter("copy", form.name())
                    .parameter("planted", pages.len())
                    .parameter("radius", run.scenario.list.radius)
                    .seed(run.scenario.seed)
            };
            rows.extend(trace::of_observers(&game, found.as_ref(), row));
        }
        let row = |quantity: &str| {
            let row = Row::new(quantity, "1").question(MANDATE).architecture(name.as_str()).content("planted");
            row.parameter("planted", pages.len()).seed(run.scenario.seed)
        };
        let before = &run.world.setup;
        rows.push(trace::client_updates(row("client-updates"), architecture.as_ref(), before, &setup, &seed));
        let deciding = architecture.profile().decisions;
        let about_the_list = deciding.iter().filter(|decision| decision.what == "what is on the list").count();
        let row = row("approvals").method("who decides what is on the list, by the system's profile");
        rows.push(row.exact(about_the_list as f64).n(1));
    }
    Ok(rows)
}
