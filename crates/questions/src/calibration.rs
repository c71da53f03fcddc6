//! Does the instrument find what it should? Planted leaks of many kinds and sizes in a system, beside the system itself.

use crate::assessment::AssessmentError;
use crate::real_or_ideal::Comparison;
use crate::run::{Progress, System};
use crate::world::World;
use crate::{Scenario, real_or_ideal};
use sightline_architectures::mutant::{Mutant, Mutation};
use sightline_privacy::distinguish::Estimate;
use sightline_privacy::interval::upper_tail;
use sightline_protocol::{Observer, PartyId};

/// What one outsider told from the simulator's view, over all repetitions.
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
    /// Lower ends of the advantage, ascending; without the repetitions in which the system did not work.
    pub lows: Vec<f64>,
    /// What told where most was found, or why the system did not work.
    pub told_by: String,
}

impl Calibration {
    /// In how many repetitions a leak was found.
    pub fn found(&self) -> usize {
        self.lows.iter().filter(|low| **low > 0.0).count()
    }
}

/// Family-wise error level over all tests of one repetition.
const LEVEL: f64 = 1e-3;

/// The level of each test of a calibration.
fn level(systems: &[System]) -> f64 {
    let tests: usize = systems.iter().map(|system| real_or_ideal::tests(system.architecture.as_ref())).sum();
    LEVEL / (tests * (1 + Mutation::ALL.len())).max(1) as f64
}

/// Whether so many alarms where nothing was planted are too many: an exact test at 10⁻³.
pub fn too_many_alarms(scenario: &Scenario, found: &[Calibration]) -> bool {
    let nothing = || found.iter().filter(|line| !line.leaks);
    let (alarms, tests) =
        (nothing().map(Calibration::found).sum::<usize>(), nothing().map(|line| line.lows.len()).sum::<usize>());
    upper_tail(alarms as u64, tests as u64, level(&System::of(scenario))) < 1e-3
}

/// Plants every mutation in every system of `scenario`, so many times with trials of their own.
///
/// # Errors
/// As [`assess`](crate::assess).
pub fn calibrate(
    scenario: &Scenario,
    repetitions: u32,
    progress: &dyn Progress,
) -> Result<Vec<Calibration>, AssessmentError> {
    scenario.check()?;
    let systems = System::of(scenario);
    let planted = || std::iter::once(None).chain(Mutation::ALL.map(Some));
    let steps: u64 = systems.iter().map(|system| real_or_ideal::steps(scenario, system.architecture.as_ref())).sum();
    progress.plan(steps * planted().count() as u64 * u64::from(repetitions));
    progress.begin("pictures");
    let world = World::new(scenario, &mut |_, _| {})?;
    let level = level(&systems);

    let mut found = Vec::new();
    for System { name, architecture } in &systems {
        let honest = Mutant { base: architecture.as_ref(), mutation: None };
        for mutation in planted() {
            let planted = mutation.map_or("nothing".into(), Mutation::describe);
            progress.begin(&format!("{name}: {planted}"));
            let mutant = Mutant { base: architecture.as_ref(), mutation };
            let mut lines: Vec<Calibration> = Vec::new();
            for repetition in 0..u64::from(repetitions) {
                let scenario = Scenario { seed: scenario.seed.wrapping_add(repetition), ..scenario.clone() };
                let comparisons = real_or_ideal::run(&scenario, &world, name, &mutant, &honest, level, progress)?;
                let shown = |comparison: &Comparison| {
                    [PartyId::PROVIDER, PartyId::NETWORK]
                        .map(|party| Observer::curious([party]))
                        .contains(&comparison.observer)
                };
                for (number, comparison) in comparisons.into_iter().filter(shown).enumerate() {
                    if lines.len() <= number {
                        lines.push(Calibration {
                            architecture: name.clone(),
                            planted: planted.clone(),
                            leaks: mutation.is_some(),
                            observer: comparison.observer.name(),
                            lows: Vec::new(),
                            told_by: String::new(),
                        });
                    }
                    lines[number].add(comparison.result);
                }
            }
            found.append(&mut lines);
        }
    }
    Ok(found)
}

impl Calibration {
    fn add(&mut self, result: Result<Estimate, String>) {
        match result {
            Ok(estimate) => {
                let low = estimate.advantage.low;
                if self.lows.iter().all(|other| *other < low) {
                    self.told_by = estimate.feature.unwrap_or(estimate.adversary);
                }
                let place = self.lows.partition_point(|other| *other < low);
                self.lows.insert(place, low);
            }
            Err(why) => self.told_by = why,
        }
    }
}
