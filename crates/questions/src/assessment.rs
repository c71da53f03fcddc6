use crate::answers::{Findings, answers, who};
use crate::cost;
use crate::endpoints_only::Finding;
use crate::real_or_ideal::Comparison;
use crate::run::{Parts, Progress, Run, System};
use crate::scenario::{
    ANY_CONTENT, BENEFIT, COST, ENDPOINTS_ONLY, FRAME, HASH_ACCURACY, HASH_IDENTIFIES, LAWFUL_ACCESS, MANDATE,
    ONE_HOLE, OVERSIGHT, PLANTED_LIST, ROGUE_PROVIDER, UNCOOPERATIVE_CLIENT,
};
use crate::world::{World, WorldError};
use crate::{
    Scenario, ScenarioError, any_content, benefit, controls, endpoints_only, expose, frame, gallery, hash_accuracy,
    identify, kinds, lawful_access, mandate, metadata, one_hole, oversight, planted_list, profile, real_or_ideal,
    reconstruct, rogue_provider, uncooperative_client,
};
use sightline_evidence::{
    Answer, Bound, Control, CorpusSummary, E2e, GalleryPicture, KeyNumber, Profile, Row, Statement, Status, Table,
};
use sightline_privacy::game::GameError;
use sightline_protocol::{
    Architecture, Clause, Clock, Observer, Scope, beyond, ideal_detection, plain_encryption, words,
};
use std::collections::BTreeSet;

/// An assessment that did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssessmentError {
    /// The scenario cannot be used.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The pictures cannot be used.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A run failed.
    #[error("{architecture}, {task}: {source}")]
    Game {
        /// The system.
        architecture: String,
        /// The task.
        task: &'static str,
        /// What failed.
        source: GameError,
    },
    /// A finished part could not be kept.
    #[error("{0}")]
    Part(String),
    /// The user stopped it.
    #[error("stopped before the end")]
    Cancelled,
}

/// All that an assessment found.
pub struct Assessment {
    /// One row per measured number.
    pub evidence: Table,
    /// What depends on a clock.
    pub timings: Table,
    /// The systems.
    pub profiles: Vec<Profile>,
    /// One statement per system and outsider.
    pub statements: Vec<Statement>,
    /// The answers to the questions.
    pub answers: Vec<Answer>,
    /// The state of the instrument.
    pub controls: Vec<Control>,
    /// Pictures as parties hold them.
    pub gallery: Vec<(GalleryPicture, Vec<u8>)>,
    /// The pictures used.
    pub corpus: CorpusSummary,
    /// Leaks that were found and not declared, in words.
    pub undeclared: Vec<String>,
    /// Systems that did not do what their users commanded, in words.
    pub broken: Vec<String>,
}

/// A question that gives rows and nothing else.
struct Question {
    id: &'static str,
    /// Steps for one system.
    steps: fn(&Scenario, &dyn Architecture) -> u64,
    run: fn(&Run<'_>) -> Result<Vec<Row>, AssessmentError>,
}

const ASKED: [Question; 10] = [
    Question { id: ROGUE_PROVIDER, steps: rogue_provider::steps, run: rogue_provider::run },
    Question { id: PLANTED_LIST, steps: |scenario, _| planted_list::steps(scenario), run: planted_list::run },
    Question { id: MANDATE, steps: |scenario, _| mandate::steps(scenario), run: mandate::run },
    Question { id: ONE_HOLE, steps: |_, _| one_hole::STEPS, run: one_hole::run },
    Question { id: ANY_CONTENT, steps: |scenario, _| any_content::steps(scenario), run: any_content::run },
    Question { id: UNCOOPERATIVE_CLIENT, steps: uncooperative_client::steps, run: uncooperative_client::run },
    Question { id: FRAME, steps: frame::steps, run: frame::run },
    Question { id: BENEFIT, steps: benefit::steps, run: benefit::run },
    Question { id: LAWFUL_ACCESS, steps: |_, _| lawful_access::STEPS, run: lawful_access::run },
    Question { id: OVERSIGHT, steps: |_, _| oversight::STEPS, run: oversight::run },
];

/// Family-wise error level over all tests of one assessment (PRIVACY §4).
const FAMILY_LEVEL: f64 = 1e-3;
/// Steps of progress for a picture; a step is about what a trial takes.
const PICTURE: u64 = 6;

/// Reads or makes the pictures of `scenario`: the first part of an assessment.
///
/// # Errors
/// [`AssessmentError`].
pub fn prepare(scenario: &Scenario, progress: &dyn Progress) -> Result<World, AssessmentError> {
    scenario.check()?;
    let systems = System::of(scenario);
    let steps = |of: &dyn Fn(&System) -> u64| systems.iter().map(of).sum::<u64>();
    let mut plan = scenario.pictures.count as u64 * PICTURE + controls::steps(scenario);
    if scenario.asks(ENDPOINTS_ONLY) {
        plan += steps(&|_| endpoints_only::steps(scenario));
        plan += steps(&|system| real_or_ideal::steps(scenario, system.architecture.as_ref()));
        plan += steps(&|_| expose::steps(scenario) + kinds::STEPS) + metadata::STEPS;
    }
    if scenario.asks(HASH_IDENTIFIES) {
        plan += steps(&|_| identify::steps(scenario) + reconstruct::steps(scenario));
    }
    for question in ASKED.iter().filter(|question| scenario.asks(question.id)) {
        plan += steps(&|system| (question.steps)(scenario, system.architecture.as_ref()));
    }
    if scenario.asks(HASH_ACCURACY) {
        plan += hash_accuracy::steps(scenario, &systems);
    }
    if scenario.asks(COST) {
        plan += cost::all_steps(scenario, &systems);
    }
    progress.plan(plan);
    progress.begin("pictures");
    let mut done = 0;
    let world = World::new(scenario, &mut |now, _| {
        progress.advance((now.saturating_sub(done)) as u64 * PICTURE);
        done = now;
    })?;
    progress.check()?;
    Ok(world)
}

/// Assesses what `scenario` says on the pictures of `world`, which [`prepare`] made. The same scenario gives the same
/// result, byte for byte, but for the timings, which `clock` gives: CPU time of the calling thread.
///
/// # Errors
/// [`AssessmentError`].
pub fn assess(
    scenario: &Scenario,
    world: &World,
    parts: &dyn Parts,
    progress: &dyn Progress,
    clock: Clock,
) -> Result<Assessment, AssessmentError> {
    let systems = System::of(scenario);
    let level = level(scenario, &systems);
    let run = Run { scenario, world, systems, progress, parts, clock };
    let (mut rows, controls) = controls::run(&run)?;
    let (mut findings, mut comparisons) = (Vec::new(), Vec::new());
    if scenario.asks(ENDPOINTS_ONLY) {
        findings = endpoints_only::run(&run, level)?;
        comparisons = real_or_ideal::of_all_systems(&run, level)?;
        rows.extend(comparisons.iter().flat_map(|comparison| comparison.rows(scenario)));
        rows.extend(findings.iter().flat_map(|finding| finding.rows(scenario)));
        rows.extend(expose::run(&run)?);
        rows.extend(kinds::run(&run)?);
        progress.begin("metadata");
        rows.extend(metadata::rows(scenario.seed));
        rows.extend(metadata::adversary(&run)?);
    }
    if scenario.asks(HASH_IDENTIFIES) {
        rows.extend(identify::run(&run, level)?);
        rows.extend(reconstruct::run(&run, level)?);
    }
    for question in ASKED.iter().filter(|question| scenario.asks(question.id)) {
        rows.extend((question.run)(&run)?);
    }
    if scenario.asks(HASH_ACCURACY) {
        rows.extend(hash_accuracy::run(&run)?);
    }
    let mut timings = Vec::new();
    if scenario.asks(COST) {
        let (evidence, clocked) = cost::run(&run)?;
        rows.extend(evidence);
        timings = clocked;
    }
    let gallery = gallery::pictures(&run)?;

    let statements: Vec<Statement> = if scenario.asks(ENDPOINTS_ONLY) {
        let of = |system: &System| statements(&system.name, system.architecture.as_ref(), &findings, &comparisons);
        run.systems.iter().flat_map(of).collect()
    } else {
        Vec::new()
    };
    let profiles: Vec<Profile> = run.systems.iter().map(|system| profile(system.architecture.as_ref())).collect();
    let found =
        Findings { rows: &rows, profiles: &profiles, statements: &statements, thresholds: &scenario.thresholds, level };
    let answers = answers(&found, &scenario.questions);
    Ok(Assessment {
        evidence: rows.into_iter().collect(),
        timings: timings.into_iter().collect(),
        profiles,
        statements,
        answers,
        controls,
        gallery,
        corpus: world.summary(),
        undeclared: findings
            .iter()
            .filter(|finding| finding.undeclared())
            .map(undeclared)
            .chain(comparisons.iter().filter(|comparison| comparison.differs()).map(told_apart))
            .collect(),
        broken: findings.iter().filter_map(broken).collect::<BTreeSet<_>>().into_iter().collect(),
    })
}

/// The rows that one game of a question gives.
pub(crate) fn rows_of(run: &Run<'_>, level: f64, question: &str, game: &str) -> Result<Vec<Row>, AssessmentError> {
    let rows = match (question, game) {
        ("control", _) => controls::run(run)?.0,
        (ENDPOINTS_ONLY, "distinguish") => {
            endpoints_only::run(run, level)?.iter().flat_map(|finding| finding.rows(run.scenario)).collect()
        }
        (ENDPOINTS_ONLY, "real-or-ideal") => {
            let comparisons = real_or_ideal::of_all_systems(run, level)?;
            comparisons.iter().flat_map(|comparison| comparison.rows(run.scenario)).collect()
        }
        (ENDPOINTS_ONLY, "expose") => [expose::run(run)?, kinds::run(run)?].concat(),
        (ENDPOINTS_ONLY, _) => [metadata::rows(run.scenario.seed), metadata::adversary(run)?].concat(),
        (HASH_IDENTIFIES, "reconstruct") => reconstruct::run(run, level)?,
        (HASH_IDENTIFIES, _) => identify::run(run, level)?,
        (HASH_ACCURACY, _) => hash_accuracy::run(run)?,
        (COST, _) => cost::run(run)?.0,
        (other, _) => match ASKED.iter().find(|asked| asked.id == other) {
            Some(asked) => (asked.run)(run)?,
            None => Vec::new(),
        },
    };
    Ok(rows)
}

/// The error level of every bound that is published: each counts as a test.
pub(crate) fn level(scenario: &Scenario, systems: &[System]) -> f64 {
    let of = |system: &System| {
        let system = system.architecture.as_ref();
        let endpoints_only = endpoints_only::tests(system) + real_or_ideal::tests(system);
        usize::from(scenario.asks(ENDPOINTS_ONLY)) * endpoints_only
            + usize::from(scenario.asks(HASH_IDENTIFIES)) * (identify::tests(system) + reconstruct::tests(system))
    };
    FAMILY_LEVEL / systems.iter().map(of).sum::<usize>().max(1) as f64
}

fn undeclared(finding: &Finding) -> String {
    let measured = finding.measured().map(|measured| &measured.estimate);
    let told = measured.map(|estimate| estimate.feature.as_ref().unwrap_or(&estimate.adversary).as_str());
    format!(
        "{}: {} wins {} although its declared leakage is the same for both histories; told by: {}",
        finding.architecture,
        finding.observer.name(),
        finding.task.name(),
        told.unwrap_or_default()
    )
}

fn told_apart(comparison: &Comparison) -> String {
    let estimate = comparison.result.as_ref().ok();
    let told = estimate.map(|estimate| estimate.feature.as_ref().unwrap_or(&estimate.adversary).as_str());
    format!(
        "{}: what {} sees differs from what its declared leakage makes of it; told by: {}",
        comparison.architecture,
        comparison.observer.name(),
        told.unwrap_or_default()
    )
}

fn broken(finding: &Finding) -> Option<String> {
    finding.failure().map(|why| format!("{}, {}: {why}", finding.architecture, finding.task.name()))
}

/// One statement per single outsider.
fn statements(
    name: &str,
    architecture: &dyn Architecture,
    findings: &[Finding],
    comparisons: &[Comparison],
) -> Vec<Statement> {
    architecture
        .observers()
        .into_iter()
        .map(|party| {
            let observer = Observer::curious([party]);
            let own: Vec<&Finding> =
                findings.iter().filter(|found| found.architecture == name && found.observer == observer).collect();
            let declared = architecture.declared(party.role());
            let mut comparisons =
                comparisons.iter().filter(|found| found.architecture == name && found.observer == observer);
            let undeclared = comparisons.any(Comparison::differs);
            let price = |ideal| difference(&beyond(&declared, &ideal));
            let end_to_end = if undeclared { E2e::No } else { end_to_end(&declared, &own) };
            let mut sentence = sentence(&who(&party.to_string()), end_to_end, &declared, &own);
            if undeclared {
                sentence += " It sees more than is declared.";
            }
            Statement {
                architecture: name.into(),
                observer: observer.name(),
                corruption: observer.corruption(),
                end_to_end,
                sentence,
                learns: words(&declared),
                beyond_encryption: price(plain_encryption()),
                beyond_detection: price(ideal_detection(architecture.receivers().contains(&party.role()))),
                evidence: key_numbers(&own),
            }
        })
        .collect()
}

/// The clauses in words; nothing for none.
fn difference(clauses: &BTreeSet<Clause>) -> Vec<String> {
    if clauses.is_empty() { Vec::new() } else { words(clauses) }
}

/// End-to-end encrypted for an observer if its declared leakage is part of L₀ and no test says otherwise.
fn end_to_end(declared: &BTreeSet<Clause>, own: &[&Finding]) -> E2e {
    let metadata_only = beyond(declared, &plain_encryption()).is_empty();
    let content: Vec<&&Finding> = own.iter().filter(|found| found.task.is_about_content()).collect();
    if !metadata_only || content.iter().any(|found| found.won()) {
        E2e::No
    } else if !content.is_empty() && content.iter().all(|found| found.status() == Status::Decided) {
        E2e::Yes
    } else {
        E2e::Undecided
    }
}

fn sentence(party: &str, end_to_end: E2e, declared: &BTreeSet<Clause>, own: &[&Finding]) -> String {
    if let Some(why) = own.iter().find_map(|found| found.failure()) {
        return format!("Not measured for {party}: the system did not do what its users commanded: {why}.");
    }
    let content = || own.iter().filter(|found| found.task.is_about_content());
    let won: Vec<&str> = content().filter(|found| found.won()).map(|found| found.task.told_apart()).collect();
    let resolution =
        content().filter_map(|found| found.measured()).map(|measured| measured.minimum_detectable).fold(0.0, f64::max);
    let unwon = format!(
        "no tested adversary told two contents apart; a leak above {resolution:.2} would have been seen with probability 0.8"
    );
    let only = |scopes: &[Scope]| declared.iter().all(|clause| scopes.contains(&clause.scope));
    let condition = if only(&[Scope::Ordered]) {
        Some("under a court's order")
    } else if only(&[Scope::Matched, Scope::Confirmed]) {
        Some("once a content is claimed to match")
    } else {
        None
    };
    match end_to_end {
        E2e::Yes => format!("End-to-end encrypted for {party}: {unwon}."),
        E2e::Undecided => format!("Undecided for {party}: {unwon}, which is too coarse to decide."),
        E2e::No if won.is_empty() => {
            format!("By declaration not end-to-end encrypted for {party}; here {unwon}.")
        }
        E2e::No => match condition {
            Some(when) => {
                format!("Not end-to-end encrypted for {party} {when}; it tells apart {}.", won.join("; "))
            }
            None => format!("Not end-to-end encrypted for {party}: it tells apart {}.", won.join("; ")),
        },
    }
}

/// The advantage of every task, and the largest that could have been missed.
fn key_numbers(own: &[&Finding]) -> Vec<KeyNumber> {
    let measured = || own.iter().filter_map(|finding| Some((finding.task, finding.measured()?)));
    let advantages = measured().map(|(task, measured)| KeyNumber {
        label: format!("advantage, {}", task.name()),
        value: Some(measured.estimate.advantage.point),
        low: Some(measured.estimate.advantage.low),
        bound: Bound::Lower,
    });
    let detectable = measured().map(|(_, measured)| measured.minimum_detectable).reduce(f64::max);
    let detectable = detectable.map(|value| KeyNumber {
        label: "minimum detectable advantage".into(),
        value: Some(value),
        low: None,
        bound: Bound::Exact,
    });
    advantages.chain(detectable).collect()
}
