//! Does the instrument find what it should? Planted leaks of many kinds and sizes in a system, beside the system itself.

use crate::assessment::AssessmentError;
use crate::run::Progress;
use crate::world::World;
use crate::{Scenario, real_or_ideal};
use sightline_architectures::by_name;
use sightline_architectures::mutant::{Mutant, Mutation};
use sightline_protocol::PartyId;

/// What one outsider told from the simulator's view.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The system.
    pub architecture: String,
    /// What was planted.
    pub planted: String,
    /// Whether anything was.
    pub leaks: bool,
    /// Who looked.
    pub observer: String,
    /// Lower end of the advantage; nothing if the system did not work.
    pub low: Option<f64>,
    /// What told, or why the system did not work.
    pub told_by: String,
}

/// Family-wise error level over all tests of one calibration.
const LEVEL: f64 = 1e-3;

/// Plants every mutation in every system of `scenario`.
///
/// # Errors
/// As [`assess`](crate::assess).
pub fn calibrate(scenario: &Scenario, progress: &dyn Progress) -> Result<Vec<Calibration>, AssessmentError> {
    scenario.check()?;
    let systems: Vec<_> =
        scenario.architectures.iter().filter_map(|name| Some((name.as_str(), by_name(name)?))).collect();
    let planted = || std::iter::once(None).chain(Mutation::ALL.map(Some));
    let steps: u64 = systems.iter().map(|(_, system)| real_or_ideal::steps(scenario, system.as_ref())).sum();
    progress.plan(steps * planted().count() as u64);
    progress.begin("pictures");
    let world = World::new(scenario, &mut |_, _| {})?;
    let tests: usize = systems.iter().map(|(_, system)| real_or_ideal::tests(system.as_ref())).sum();
    let level = LEVEL / (tests * planted().count()).max(1) as f64;

    let mut found = Vec::new();
    for (name, system) in &systems {
        let honest = Mutant { base: system.as_ref(), mutation: None };
        for mutation in planted() {
            let planted = mutation.map_or("nothing".into(), Mutation::describe);
            progress.begin(&format!("{name}: {planted}"));
            let mutant = Mutant { base: system.as_ref(), mutation };
            let comparisons = real_or_ideal::run(scenario, &world, name, &mutant, &honest, level, progress)?;
            let single = [PartyId::PROVIDER, PartyId::NETWORK];
            for comparison in comparisons {
                let mut members = comparison.observer.members();
                let (first, second) = (members.next(), members.next());
                if second.is_some() || !first.is_some_and(|member| single.contains(&member)) {
                    continue;
                }
                let (low, told_by) = match &comparison.result {
                    Ok(estimate) => {
                        let told_by = estimate.feature.clone().unwrap_or_else(|| estimate.adversary.clone());
                        (Some(estimate.advantage.low), told_by)
                    }
                    Err(why) => (None, why.clone()),
                };
                found.push(Calibration {
                    architecture: (*name).into(),
                    planted: planted.clone(),
                    leaks: mutation.is_some(),
                    observer: comparison.observer.name(),
                    low,
                    told_by,
                });
            }
        }
    }
    Ok(found)
}
