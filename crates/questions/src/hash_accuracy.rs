//! `hash-accuracy`: how well does matching survive ordinary handling? Pictures of the run go through every kind of handling,
//! in memory, and it is counted how often the fingerprint that systems match by finds the original at the radius of the list,
//! and how often it takes another picture for it. Others stand beside it at their own thresholds.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::HASH_ACCURACY;
use crate::world::shuffle;
use sightline_accuracy::{AccuracyError, Doing, Measured, Original, Plan, measure};
use sightline_crypto::Seed;
use sightline_evidence::{Bound, Row, Status, Table};
use sightline_fingerprint::{Algorithm, by_name};
use sightline_protocol::MatchRelation;
use std::ops::ControlFlow;

/// The fingerprint that every system matches by, however it divides the work of making it.
pub(crate) const DEPLOYED: &str = "pdq";

/// Times that pictures are drawn again for an interval.
const REPLICATES: u32 = 200;

/// The plan of a scenario.
fn plan(scenario: &Scenario) -> Plan {
    let settings = &scenario.hash_accuracy;
    let mut names = vec![DEPLOYED];
    for name in &settings.beside {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let algorithms: Vec<&'static dyn Algorithm> = names.into_iter().filter_map(by_name).collect();
    Plan {
        algorithms,
        pdq_radius: scenario.list.radius,
        transforms: Plan::spread(settings.strengths),
        replicates: REPLICATES,
        ..Plan::full(scenario.seed)
    }
}

/// Whether a system compares pictures with a list.
fn compares(system: &System) -> bool {
    system.architecture.profile().match_relation != MatchRelation::None
}

/// Steps: one for each changed picture; none where no system compares any.
pub(crate) fn steps(scenario: &Scenario, systems: &[System]) -> u64 {
    let changed = scenario.hash_accuracy.pictures * Plan::spread(scenario.hash_accuracy.strengths).len();
    if systems.iter().any(compares) { changed as u64 } else { 0 }
}

/// Asks fingerprints, which are no system's own.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let nothing = |status, why: &str| {
        let row = Row::new("true-positive-rate", "1").question(HASH_ACCURACY).content("any");
        vec![row.method(why).seed(run.scenario.seed).status(status)]
    };
    if !run.systems.iter().any(compares) {
        return Ok(nothing(Status::NotApplicable, "no system compares pictures with a list"));
    }
    let plan = plan(run.scenario);
    let broken = |why: String| AssessmentError::Part(format!("handling: {why}"));
    // Rows as the table writes them, which reads back the same.
    let kept: String = run.part("handling", steps(run.scenario, &run.systems), || {
        let mut originals = Original::all(&run.world.corpus);
        shuffle(&mut originals, &mut Seed::from_u64(run.scenario.seed).derive("handling", 0).stream());
        originals.truncate(run.scenario.hash_accuracy.pictures);
        let tell = |doing: Doing, _: u64, _: u64| {
            if doing == Doing::Handling {
                run.progress.advance(plan.transforms.len() as u64);
            }
            if run.progress.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let rows = match measure(&originals, &plan, &tell) {
            Err(AccuracyError::Stopped) => return Err(AssessmentError::Cancelled),
            Err(error) => nothing(Status::Failed, &error.to_string()),
            Ok(measured) => rows(&measured),
        };
        rows.into_iter().collect::<Table>().to_csv().map_err(|error| broken(error.to_string()))
    })?;
    Table::from_csv(&kept).map(|table| table.rows().to_vec()).map_err(|error| broken(error.to_string()))
}

/// What an assessment keeps: what was counted, by kind of picture and by strength for the deployed fingerprint. Statistics of
/// bits and models of the tail take more pictures than are handled here.
fn rows(measured: &Measured) -> Vec<Row> {
    const KEPT: [&str; 8] = [
        "pictures",
        "near-duplicates-left-out",
        "true-positive-rate",
        "median-distance",
        "auc",
        "equal-error-rate",
        "false-positive-rate-per-pair",
        "false-positive-rate-per-picture",
    ];
    let wanted = |row: &Row| {
        let value = |key| row.parameters.value(key).unwrap_or_default();
        let deployed = ["", DEPLOYED].contains(&value("algorithm"));
        let any_kind = ["", "any"].contains(&value("kind"));
        let one_strength = !["", "any"].contains(&value("strength"));
        let found = row.quantity == "true-positive-rate";
        KEPT.contains(&row.quantity.as_str())
            && row.bound != Bound::Model
            && (any_kind || deployed && found)
            && (deployed || found || !one_strength)
    };
    let mut rows: Vec<Row> = measured.rows().into_iter().filter(wanted).collect();
    rows.extend(measured.characteristic());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::World;
    use crate::run::{Afresh, Progress};
    use crate::scenes::{self, photo};
    use crate::trace::{self, singles};
    use sightline_architectures::{NAMES, VARIANTS};
    use sightline_lists::{Entry, HashList, Provenance};
    use sightline_pictures::SceneKind;
    use sightline_pictures::transform::{Family, Transform};
    use sightline_privacy::game::Game;
    use sightline_protocol::{Content, Setup, Span};
    use std::sync::Arc;

    struct Silent;

    impl Progress for Silent {
        fn plan(&self, _: u64) {}
        fn begin(&self, _: &str) {}
        fn advance(&self, _: u64) {}
        fn cancelled(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_first_look_handles_few_pictures() {
        let quick = Scenario::default().quick();
        assert!((1..=40 * 18).contains(&steps(&quick, &System::of(&quick))));
        let plain = Scenario { architectures: vec!["e2ee".into()], ..quick };
        assert_eq!(steps(&plain, &System::of(&plain)), 0);
        assert_eq!(plan(&Scenario::default().quick()).algorithms.len(), 1);
        let twice = ["ahash", "ahash"].map(str::to_owned).into();
        let settings = crate::scenario::HashAccuracy { beside: twice, ..Scenario::default().hash_accuracy };
        assert_eq!(plan(&Scenario { hash_accuracy: settings, ..Scenario::default() }).algorithms.len(), 2);
    }

    /// Every system that compares with a list detects just those changed pictures whose hash, as it is measured here, is near
    /// enough.
    #[test]
    fn systems_match_by_the_fingerprint_that_is_measured() {
        let all = NAMES.iter().chain(&VARIANTS).map(|name| (*name).to_owned()).collect();
        let scenario = Scenario { architectures: all, ..Scenario::default() };
        let scenario = Scenario::parse(&scenario.to_toml()).map(Scenario::quick).expect("what is written reads back");
        let small = crate::scenario::Pictures { count: 20, ..scenario.pictures.clone() };
        let scenario = Scenario { pictures: small, ..scenario };
        let world = World::new(&scenario, &mut |_, _| {}).expect("pictures are generated");
        let seed = Seed::from_u64(5);
        let scenes = scenes::of_kind(&world.setup, SceneKind::ALL[0], 10, &seed);
        let changes = [(Family::Recompress, 50.0), (Family::Crop, 0.02), (Family::Mirror, 1.0)];
        let copy = |(number, scene): (u64, &scenes::Scene)| -> Option<Content> {
            let (family, strength) = changes[usize::try_from(number).ok()? % changes.len()];
            let changed = Transform::new(family, strength).ok()?.apply(&scene.picture, seed.as_bytes(), number).ok()?;
            Some(photo(changed.to_jpeg(95)))
        };
        let copies: Vec<Content> = (0..).zip(&scenes).filter_map(copy).collect();
        let entry = |scene: &scenes::Scene| Entry { hash: scene.hash, provenance: Provenance::Picture };
        let wanted = Arc::new(HashList::new(scenes.iter().map(entry)));
        let setup = Setup { users: 20, list: Arc::clone(&wanted), order: None, ..world.setup.clone() };
        let measured = by_name(DEPLOYED).expect("there is one");
        let near = |copy: &&Content| {
            let found = measured.compute(&copy.bytes).expect("a picture");
            let bytes: [u8; 32] = found.bytes.clone().try_into().expect("256 bits");
            let hash = sightline_fingerprint::PdqHash::from_bytes(bytes);
            let detailed = found.quality.is_some_and(|quality| quality >= sightline_fingerprint::MINIMUM_QUALITY);
            detailed && wanted.nearest_within(&hash, scenario.radius()).is_some()
        };
        let expected = copies.iter().filter(near).count() as u64;
        assert!(expected > 0 && expected < copies.len() as u64, "{expected}");
        let systems = System::of(&scenario);
        let run = Run {
            scenario: &scenario,
            world: &world,
            systems: Vec::new(),
            progress: &Silent,
            parts: &Afresh,
            clock: || Span::ZERO,
        };
        let mut compared = 0;
        for System { name, architecture } in systems.iter().filter(|system| compares(system)) {
            let game = Game::new(architecture.as_ref(), scenario.wires(), singles(architecture.as_ref()));
            let plan = trace::Plan {
                setup: setup.clone(),
                wanted: Arc::clone(&wanted),
                holders: copies.clone(),
                innocents: Vec::new(),
            };
            let found = trace::play(&run, &game, &[plan], &seed).expect("not cancelled").expect("it runs");
            assert_eq!(found.detected.hits, expected, "{name}");
            compared += 1;
        }
        assert_eq!(compared, 7, "plaintext, device-warning, server-enclave, device-hashing and three cuts");
    }
}
