//! `planted-list`: if the list, or whoever feeds it, is compromised, are people who hold lawful pictures found? The game
//! `trace` with k planted entries, each a lawful picture of which somebody sends a recompressed copy.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::PLANTED_LIST;
use crate::trace::{self, Found, Plan, Share};
use crate::world::{Half, Picture, shuffle};
use rand_core::Rng;
use rayon::prelude::*;
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_fingerprint::PdqHash;
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::{decode, transform::Transform};
use sightline_privacy::game::Game;
use sightline_protocol::{Architecture, Content, ContentKind, Setup};
use std::collections::BTreeSet;
use std::sync::Arc;

/// JPEG quality of the copies that people send.
const QUALITY: u8 = 75;
/// Planted entries, and what the reviewer makes of them: with the picture of the entry beside it a reviewer confirms.
const PLANTED: [(usize, Provenance); 6] = [
    (0, Provenance::Picture),
    (1, Provenance::Picture),
    (1, Provenance::Code),
    (10, Provenance::Picture),
    (100, Provenance::Picture),
    (1_000, Provenance::Picture),
];
/// The number of entries at which the threshold lies, and for which most people are asked.
pub(crate) const ONE: usize = 1;
/// People in one run who send a copy of what was planted, and as many who do not.
const HOLDERS: usize = 15;

/// Radii of the sweep, in bits of 256.
const RADII: [u32; 8] = [0, 8, 16, 24, 31, 40, 48, 64];
/// Pictures of the sweep.
fn swept(scenario: &Scenario) -> usize {
    (scenario.trials / 5).clamp(30, 200) as usize
}

/// Runs for so many planted entries. With nobody found, 368 people are what it takes to say that fewer than 1 % are.
fn runs(scenario: &Scenario, planted: usize, provenance: Provenance) -> u64 {
    let headline = planted == ONE && provenance == Provenance::Picture;
    u64::from(scenario.trials / if headline { 40 } else { 350 }).clamp(1, 25)
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    let runs: u64 = PLANTED.iter().map(|(planted, provenance)| runs(scenario, *planted, *provenance)).sum();
    runs * Plan::steps(2 * HOLDERS)
}

const fn reviewer(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Picture => "confirms",
        Provenance::Code => "dismisses",
    }
}

/// Lawful pictures, and a recompressed copy of each.
struct Pool<'a>(Vec<(&'a Picture, Content)>);

impl<'a> Pool<'a> {
    fn new(run: &Run<'a>) -> Self {
        let ordinary: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
        let copy = |picture: &&'a Picture| {
            let bytes = decode(picture.original()).ok()?.to_jpeg(QUALITY);
            Some((*picture, Content { kind: ContentKind::Picture, bytes }))
        };
        Self(ordinary.par_iter().filter_map(copy).collect())
    }

    /// A plan with so many planted entries; nothing if there are too few pictures.
    fn plan(&self, setup: &Setup, planted: usize, provenance: Provenance, stream: &mut Stream) -> Option<Plan> {
        let mut pool: Vec<&(&Picture, Content)> = self.0.iter().collect();
        shuffle(&mut pool, stream);
        let targets = pool.split_off(pool.len().checked_sub(planted.clamp(1, self.0.len() / 2))?);
        let hashes: Vec<PdqHash> = targets.iter().map(|(picture, _)| picture.pdq.hash).collect();
        let others = (hashes.len()..planted).map(|_| {
            let mut bytes = [0; 32];
            stream.fill_bytes(&mut bytes);
            PdqHash::from_bytes(bytes)
        });
        let others: Vec<PdqHash> = others.collect();
        let wanted = HashList::new(hashes.iter().map(|hash| Entry { hash: *hash, provenance }));
        let entries: Vec<PdqHash> = hashes.into_iter().chain(others).take(planted).collect();
        let innocent =
            |(picture, _): &&&(&Picture, Content)| wanted.nearest_within(&picture.pdq.hash, setup.radius).is_none();
        let innocents: Vec<Content> =
            pool.iter().filter(innocent).take(HOLDERS).map(|(_, copy)| copy.clone()).collect();
        let holders: Vec<Content> = targets.iter().cycle().take(HOLDERS).map(|(_, copy)| copy.clone()).collect();
        let users = u16::try_from(2 * (holders.len() + innocents.len())).ok()?;
        let setup = Setup { users, ..trace::listing(setup, entries, provenance) };
        (innocents.len() == HOLDERS).then_some(Plan { setup, wanted: Arc::new(wanted), holders, innocents })
    }
}

/// Asks every system, then the arithmetic of radii.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let pool = Pool::new(run);
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), trace::singles(architecture.as_ref()));
        for (planted, provenance) in PLANTED {
            let part = format!("{name}: {planted} planted, reviewer {}", reviewer(provenance));
            let seed = Seed::from_u64(run.scenario.seed).derive(&format!("planted {planted}"), 0);
            let runs = runs(run.scenario, planted, provenance);
            let found: Result<Found, String> = run.part(&part, runs * Plan::steps(2 * HOLDERS), || {
                let plan = |number| {
                    let mut stream = seed.derive("plan", number).stream();
                    pool.plan(&run.world.setup, planted, provenance, &mut stream)
                };
                let plans: Vec<Plan> = (0..runs).filter_map(plan).collect();
                trace::play(run, &game, &plans, &seed.derive(name, 0))
            })?;
            let row = |quantity: &str, unit: &str| {
                Row::new(quantity, unit)
                    .question(PLANTED_LIST)
                    .game("trace")
                    .architecture(name.as_str())
                    .content("planted")
                    .parameter("list", run.scenario.list.entries)
                    .parameter("planted", planted)
                    .parameter("radius", run.scenario.list.radius)
                    .parameter("reviewer", reviewer(provenance))
                    .seed(run.scenario.seed)
            };
            rows.extend(of_observers(&game, found.as_ref(), row));
        }
        rows.push(updates(run, name, architecture.as_ref(), &pool));
    }
    run.progress.begin("radius sweep");
    rows.extend(sweep(run, &pool));
    rows.push(published());
    Ok(rows)
}

/// What each observer finds.
pub(crate) fn of_observers(
    game: &Game<'_>,
    found: Result<&Found, &String>,
    row: impl Fn(&str, &str) -> Row,
) -> Vec<Row> {
    const QUANTITIES: [&str; 3] = ["true-positive-rate", "false-positive-rate", "contents-obtained"];
    let mut rows = Vec::new();
    for (number, observer) in game.observers().iter().enumerate() {
        for (place, quantity) in QUANTITIES.into_iter().enumerate() {
            let row = row(quantity, "1").observer(observer.name()).corruption(observer.corruption());
            let row = row.method("sightings; exact binomial, 95 %");
            rows.push(match found {
                Err(_) => row.status(Status::Failed),
                Ok(found) => found.observers.get(number).copied().unwrap_or_default()[place].put(row),
            });
        }
    }
    rows
}

/// Whether users' devices must be given something else before a planted entry works.
fn updates(run: &Run<'_>, name: &str, architecture: &dyn Architecture, pool: &Pool<'_>) -> Row {
    let seed = Seed::from_u64(run.scenario.seed).derive("client updates", 0);
    let before = Setup { order: None, ..run.world.setup.clone() };
    let entry = pool.0.first().map(|(picture, _)| picture.pdq.hash);
    let after = trace::listing(&run.world.setup, entry, Provenance::Picture);
    let row = Row::new("client-updates", "1")
        .question(PLANTED_LIST)
        .architecture(name)
        .content("planted")
        .parameter("list", run.scenario.list.entries)
        .parameter("planted", 1)
        .seed(run.scenario.seed);
    match trace::changed(architecture, &before, &after, &seed) {
        Err(_) => row.status(Status::Failed),
        Ok(changed) => {
            let with = |roles: BTreeSet<String>| roles.into_iter().collect::<Vec<_>>().join(", ");
            let devices = f64::from(u8::from(changed.contains("device")));
            let method = if changed.is_empty() {
                "nothing that is installed differs".to_owned()
            } else {
                format!("what is installed differs: {}", with(changed))
            };
            row.exact(devices).n(1).method(method)
        }
    }
}

/// How far a picture's copies, and other pictures, are found at other radii: arithmetic on hashes, the same for every system
/// that matches by distance.
fn sweep(run: &Run<'_>, pool: &Pool<'_>) -> Vec<Row> {
    let swept = &pool.0[..pool.0.len().min(swept(run.scenario))];
    let key = *Seed::from_u64(run.scenario.seed).derive("handled", 0).as_bytes();
    let hash = |bytes: &[u8]| run.world.setup.fingerprint(bytes).map(|pdq| pdq.hash);
    let handled: Vec<Transform> = ["recompress", "scale", "crop", "screenshot"]
        .into_iter()
        .filter_map(sightline_pictures::transform::Family::by_name)
        .filter_map(|family| {
            let strengths = family.strengths();
            Transform::new(family, strengths[strengths.len() / 2]).ok()
        })
        .collect();
    let mut rows = Vec::new();
    let row = |quantity: &str, radius: u32| {
        Row::new(quantity, "1")
            .question(PLANTED_LIST)
            .task("radius-sweep")
            .content("planted")
            .parameter("radius", radius)
            .method("arithmetic on hashes; exact binomial, 95 %")
            .seed(run.scenario.seed)
    };
    for transform in handled {
        let distance = |(number, (picture, _)): (usize, &(&Picture, Content))| {
            let copy = transform.apply(&decode(picture.original()).ok()?, &key, number as u64).ok()?;
            Some(hash(&copy.to_jpeg(QUALITY))?.distance(&picture.pdq.hash))
        };
        let distances: Vec<u32> = swept.par_iter().enumerate().filter_map(distance).collect();
        for radius in RADII {
            let row = row("true-positive-rate", radius);
            let row = row.parameter("copy", format!("{}-{}", transform.family().name(), transform.strength()));
            rows.push(Share::count(&distances, |distance| *distance <= radius).put(row));
        }
    }
    // Pairs share pictures, so that no interval is stated.
    let hashes: Vec<PdqHash> = swept.iter().map(|(picture, _)| picture.pdq.hash).collect();
    let pairs =
        || hashes.iter().enumerate().flat_map(|(number, one)| hashes[..number].iter().map(move |other| (one, other)));
    for radius in RADII {
        let share = Share::count(pairs(), |(one, other)| one.distance(other) <= radius);
        if share.of > 0 {
            let row = row("false-positive-rate-per-pair", radius).method("arithmetic on hashes, all pairs");
            rows.push(row.exact(share.hits as f64 / share.of as f64).n(share.of));
        }
    }
    rows
}

/// What others found.
fn published() -> Row {
    Row::new("surveillance-rate", "1")
        .question(PLANTED_LIST)
        .content("planted")
        .parameter("planted", "5 %")
        .published(0.4)
        .method("Hooda et al., arXiv 2212.04107: over 40 %, by another definition, on other hashes; not checked here")
}
