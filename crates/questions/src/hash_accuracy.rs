//! `hash-accuracy`: how well does matching survive ordinary handling? Pictures of the run go through every kind of handling,
//! in memory, and it is counted how often the fingerprint that systems match by finds the original at the radius of the list,
//! and how often it takes another picture for it. Others stand beside it at their own thresholds.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::Run;
use crate::scenario::HASH_ACCURACY;
use crate::world::shuffle;
use sightline_accuracy::{AccuracyError, Doing, Measured, Original, Plan, measure};
use sightline_crypto::Seed;
use sightline_evidence::{Bound, Row, Status, Table};
use sightline_fingerprint::{Algorithm, by_name};
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

/// Steps: one for each changed picture.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    (scenario.hash_accuracy.pictures * Plan::spread(scenario.hash_accuracy.strengths).len()) as u64
}

/// Asks fingerprints, which are no system's own.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let plan = plan(run.scenario);
    let broken = |why: String| AssessmentError::Part(format!("handling: {why}"));
    // Rows as the table writes them, which reads back the same.
    let kept: String = run.part("handling", steps(run.scenario), || {
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
            Err(error) => {
                let row = Row::new("true-positive-rate", "1").question(HASH_ACCURACY).content("any");
                vec![row.method(error.to_string()).seed(run.scenario.seed).status(Status::Failed)]
            }
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
