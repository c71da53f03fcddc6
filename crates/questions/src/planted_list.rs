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
use sightline_crypto::Seed;
use sightline_evidence::Row;
use sightline_fingerprint::PdqHash;
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::{decode, transform::Transform};
use sightline_privacy::game::Game;
use sightline_protocol::{Content, ContentKind, Setup};
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
const ONE: usize = 1;

/// Radii of the sweep, in bits of 256.
const RADII: [u32; 8] = [0, 8, 16, 24, 31, 40, 48, 64];
/// Pictures of the sweep.
fn swept(scenario: &Scenario) -> usize {
    (scenario.trials / 5).clamp(30, 200) as usize
}

/// People in one run who send a copy of what was planted, and as many who do not. Each sends another picture: what is found
/// of two people with one picture would count once.
fn holders(planted: usize) -> usize {
    planted.clamp(1, 15)
}

/// Runs for so many planted entries. With nobody found, 368 people are what it takes to say that fewer than 1 % are.
fn runs(scenario: &Scenario, planted: usize, provenance: Provenance) -> u64 {
    let headline = planted == ONE && provenance == Provenance::Picture;
    let people = u64::from(scenario.trials) * 3 / if headline { 8 } else { 75 };
    (people / holders(planted) as u64).clamp(1, 400)
}

/// Steps of so many runs.
fn steps_of(runs: u64, planted: usize) -> u64 {
    runs * 2 * holders(planted) as u64
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    PLANTED.iter().map(|(planted, provenance)| steps_of(runs(scenario, *planted, *provenance), *planted)).sum()
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

    /// Plans with so many planted entries, none if there are too few pictures. As long as there are pictures, none is what
    /// somebody is after in two plans.
    fn plans(&self, setup: &Setup, planted: usize, provenance: Provenance, runs: u64, seed: &Seed) -> Vec<Plan> {
        let mut stream = seed.derive("plans", 0).stream();
        let mut pool: Vec<&(&Picture, Content)> = self.0.iter().collect();
        shuffle(&mut pool, &mut stream);
        let mut plan = |_| {
            let targets: Vec<_> = pool.iter().copied().take(planted.clamp(1, pool.len() / 2)).collect();
            let holders = holders(planted).min(targets.len());
            let hashes = targets.iter().map(|(picture, _)| picture.pdq.hash);
            let wanted = HashList::new(hashes.clone().map(|hash| Entry { hash, provenance }));
            let codes = (targets.len()..planted).map(|_| {
                let mut bytes = [0; 32];
                stream.fill_bytes(&mut bytes);
                PdqHash::from_bytes(bytes)
            });
            let entries: Vec<PdqHash> = hashes.take(planted).chain(codes).collect();
            let far =
                |(picture, _): &&(&Picture, Content)| wanted.nearest_within(&picture.pdq.hash, setup.radius).is_none();
            let others = pool[targets.len()..].iter().copied().filter(far).take(holders);
            let innocents: Vec<Content> = others.map(|(_, copy)| copy.clone()).collect();
            let holders: Vec<Content> = targets.into_iter().take(holders).map(|(_, copy)| copy.clone()).collect();
            pool.rotate_left(holders.len());
            let users = u16::try_from(2 * (holders.len() + innocents.len())).ok()?;
            let setup = Setup { users, ..trace::listing(setup, entries, provenance) };
            (innocents.len() == holders.len()).then_some(Plan { setup, wanted: Arc::new(wanted), holders, innocents })
        };
        if self.0.len() < 2 { Vec::new() } else { (0..runs).filter_map(&mut plan).collect() }
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
            let found: Result<Found, String> = run.part(&part, steps_of(runs, planted), || {
                let plans = pool.plans(&run.world.setup, planted, provenance, runs, &seed);
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
            rows.extend(trace::of_observers(&game, found.as_ref(), row));
        }
        let row = Row::new("client-updates", "1").question(PLANTED_LIST).architecture(name.as_str()).content("planted");
        let row = row.parameter("list", run.scenario.list.entries).parameter("planted", ONE).seed(run.scenario.seed);
        let before = &run.world.setup;
        let after = trace::listing(before, pool.0.first().map(|(picture, _)| picture.pdq.hash), Provenance::Picture);
        let seed = Seed::from_u64(run.scenario.seed).derive("client updates", 0);
        rows.push(trace::client_updates(row, architecture.as_ref(), before, &after, &seed));
    }
    run.progress.begin("radius sweep");
    rows.extend(sweep(run, &pool));
    rows.push(published());
    Ok(rows)
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
        let row = row("false-positive-rate-per-pair", radius).method("arithmetic on hashes, all pairs");
        rows.push(Share::count(pairs(), |(one, other)| one.distance(other) <= radius).exactly(row));
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
