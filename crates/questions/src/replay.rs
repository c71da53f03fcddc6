//! One number again: what gave a row of evidence is run alone, under the error level of the whole assessment.

use crate::assessment::{AssessmentError, level, rows_of};
use crate::run::{Afresh, Progress, Run, System};
use crate::{Scenario, World};
use sightline_evidence::Row;
use sightline_protocol::Clock;

/// Runs what gives `row` under `scenario` on the pictures of `world`, and returns the row that says the same, if there is one.
///
/// # Errors
/// [`AssessmentError`].
pub fn replay(
    scenario: &Scenario,
    world: &World,
    row: &Row,
    progress: &dyn Progress,
    clock: Clock,
) -> Result<Option<Row>, AssessmentError> {
    let systems = System::of(scenario);
    let level = level(scenario, &systems);
    let named = |system: &System| row.architecture.is_empty() || system.name == row.architecture;
    let systems = systems.into_iter().filter(named).collect();
    let run = Run { scenario, world, systems, progress, parts: &Afresh, clock };
    let rows = rows_of(&run, level, &row.question, &row.game)?;
    Ok(rows.into_iter().find(|other| about_the_same(row, other)))
}

/// Whether two rows differ in nothing but what was found.
fn about_the_same(one: &Row, other: &Row) -> bool {
    let of = |row: &Row| {
        let Row { question, game, task, architecture, variant, observer, corruption, content, quantity, unit, .. } =
            row.clone();
        let names = [question, game, task, architecture, variant, observer, corruption, content, quantity, unit];
        (names, row.parameters.to_string())
    };
    // What was refused is told apart by its reason alone.
    of(one) == of(other) && (one.quantity != "inputs-refused" || one.method == other.method)
}
