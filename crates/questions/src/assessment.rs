use crate::endpoints_only::{Finding, Task};
use crate::real_or_ideal::Comparison;
use crate::world::{World, WorldError};
use crate::{Scenario, ScenarioError, controls, endpoints_only, gallery, metadata, profile, real_or_ideal};
use sightline_architectures::by_name;
use sightline_crypto::Seed;
use sightline_evidence::{
    Bound, Control, CorpusSummary, E2e, GalleryPicture, KeyNumber, Profile, Row, Statement, Status, Table,
};
use sightline_pictures::{RejectReason, Source};
use sightline_privacy::game::{Game, GameError, Round};
use sightline_protocol::{Architecture, Clause, Observer, Scope, beyond, ideal_detection, plain_encryption, words};
use std::collections::{BTreeMap, BTreeSet};

/// Told what an assessment is doing. Called from several threads.
pub trait Progress: Sync {
    /// The whole takes about so many steps.
    fn plan(&self, steps: u64);

    /// A part begins.
    fn begin(&self, name: &str);

    /// So many more steps are done.
    fn advance(&self, steps: u64);

    /// Whether the user wants to stop.
    fn cancelled(&self) -> bool;

    /// As [`Progress::cancelled`], as a result.
    ///
    /// # Errors
    /// [`AssessmentError::Cancelled`] if so.
    fn check(&self) -> Result<(), AssessmentError> {
        if self.cancelled() { Err(AssessmentError::Cancelled) } else { Ok(()) }
    }
}

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
    /// The user stopped it.
    #[error("stopped before the end")]
    Cancelled,
}

/// All that an assessment found.
pub struct Assessment {
    /// One row per measured number.
    pub evidence: Table,
    /// The systems.
    pub profiles: Vec<Profile>,
    /// One statement per system and outsider.
    pub statements: Vec<Statement>,
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

/// Family-wise error level over all tests of one assessment (PRIVACY §4).
const FAMILY_LEVEL: f64 = 1e-3;
/// Steps of progress for a picture; a step is about what a trial takes.
const PICTURE: u64 = 6;

/// Assesses what `scenario` says. The same scenario gives the same result, byte for byte.
///
/// # Errors
/// [`AssessmentError`].
pub fn assess(scenario: &Scenario, progress: &dyn Progress) -> Result<Assessment, AssessmentError> {
    scenario.check()?;
    let systems: Vec<(String, Box<dyn Architecture>)> =
        scenario.architectures.iter().filter_map(|name| Some((name.clone(), by_name(name)?))).collect();

    progress.plan(
        scenario.pictures.count as u64 * PICTURE
            + controls::steps(scenario)
            + systems.len() as u64 * endpoints_only::steps(scenario)
            + systems.iter().map(|(_, system)| real_or_ideal::steps(scenario, system.as_ref())).sum::<u64>(),
    );
    progress.begin("pictures");
    let mut done = 0;
    let world = World::new(scenario, &mut |now, _| {
        progress.advance((now.saturating_sub(done)) as u64 * PICTURE);
        done = now;
    })?;
    progress.check()?;
    let (mut rows, controls) = controls::run(scenario, &world.setup, progress)?;
    let tests = |system: &dyn Architecture| endpoints_only::tests(system) + real_or_ideal::tests(system);
    let level = FAMILY_LEVEL / systems.iter().map(|(_, system)| tests(system.as_ref())).sum::<usize>().max(1) as f64;
    let findings = endpoints_only::run(scenario, &world, &systems, level, progress)?;
    let mut comparisons = Vec::new();
    for (name, system) in &systems {
        progress.begin(&format!("{name}: real or ideal"));
        let system = system.as_ref();
        comparisons.extend(real_or_ideal::run(scenario, &world, name, system, system, level, progress)?);
    }
    rows.extend(comparisons.iter().flat_map(|comparison| comparison.rows(scenario)));
    rows.extend(findings.iter().flat_map(|finding| finding.rows(scenario)));
    progress.begin("metadata");
    rows.extend(metadata::rows(scenario.seed));
    rows.extend(traffic(scenario, &world, &systems)?);
    let gallery = gallery::pictures(scenario, &world, &systems)?;

    Ok(Assessment {
        evidence: rows.into_iter().collect(),
        profiles: systems.iter().map(|(_, architecture)| profile(architecture.as_ref())).collect(),
        statements: systems
            .iter()
            .flat_map(|(name, architecture)| statements(name, architecture.as_ref(), &findings, &comparisons))
            .collect(),
        controls,
        gallery,
        corpus: corpus(&world),
        undeclared: findings
            .iter()
            .filter(|finding| finding.undeclared())
            .map(undeclared)
            .chain(comparisons.iter().filter(|comparison| comparison.differs()).map(told_apart))
            .collect(),
        broken: findings.iter().filter_map(broken).collect::<BTreeSet<_>>().into_iter().collect(),
    })
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

/// Mean bytes on every link when one ordinary picture is sent, over some rounds of the reporting half.
fn traffic(
    scenario: &Scenario,
    world: &World,
    systems: &[(String, Box<dyn Architecture>)],
) -> Result<Vec<Row>, AssessmentError> {
    const ROUNDS: u64 = 20;
    let mut rows = Vec::new();
    for (name, architecture) in systems {
        let game = Game::new(architecture.as_ref(), scenario.wires(), Vec::new());
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        let mut rounds = 0;
        for number in 0..ROUNDS {
            // The same pictures for every system.
            let seed = Seed::from_u64(scenario.seed).derive("traffic", number);
            let round = Task::OrdinaryPair.round(&world.setup, &world.halves[1], &mut seed.stream());
            let Some(round) = round.map(|round| Round { truth: false, ..round }) else { continue };
            let transcript = game.run(&round, &seed).map_err(|source| AssessmentError::Game {
                architecture: name.clone(),
                task: "traffic",
                source,
            })?;
            for ((from, to), sent) in transcript.bytes_by_link() {
                *bytes.entry(format!("{from}>{to}")).or_default() += sent;
            }
            rounds += 1;
        }
        rows.extend(bytes.into_iter().map(|(link, sent)| {
            Row::new("bytes-sent", "B")
                .architecture(name.as_str())
                .content("ordinary")
                .parameter("link", link)
                .exact(sent as f64 / rounds as f64)
                .n(rounds)
                .method("encoded lengths, mean")
                .seed(scenario.seed)
        }));
    }
    Ok(rows)
}

fn corpus(world: &World) -> CorpusSummary {
    let description = match &world.corpus.source {
        Source::Generated { .. } => "generated pictures".to_owned(),
        Source::Folder { .. } => "a folder of pictures".to_owned(),
    };
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for file in &world.corpus.rejected {
        let reason = match &file.reason {
            RejectReason::Picture(error) => error.to_string(),
            other => other.to_string(),
        };
        *rejected.entry(reason).or_default() += 1;
    }
    if world.left_out > 0 {
        rejected.insert("too little detail, or near a list entry by chance".into(), world.left_out as u64);
    }
    CorpusSummary {
        description,
        digest: hex(&world.corpus.digest()),
        pictures: world.corpus.pictures.len() as u64,
        rejected,
    }
}

/// One statement per single outsider.
fn statements(
    name: &str,
    architecture: &dyn Architecture,
    findings: &[Finding],
    comparisons: &[Comparison],
) -> Vec<Statement> {
    architecture
        .outsiders()
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
            let mut sentence = sentence(&party.to_string(), end_to_end, &declared, &own);
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
                evidence: own.iter().flat_map(|found| key_numbers(found)).collect(),
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
    // Who sends is metadata: it tells nothing about content.
    let content: Vec<&&Finding> = own.iter().filter(|found| found.task != Task::WhichUser).collect();
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
        return format!("Not measured for the {party}: the system did not do what its users commanded: {why}.");
    }
    let won: Vec<&str> = own.iter().filter(|found| found.won()).map(|found| found.task.name()).collect();
    let resolution =
        own.iter().filter_map(|found| found.measured()).map(|measured| measured.minimum_detectable).fold(0.0, f64::max);
    let unwon = format!(
        "no tested adversary told two contents apart; a leak above {resolution:.2} would have been seen with probability 0.8"
    );
    let conditional = declared.iter().all(|clause| clause.scope == Scope::Matched);
    match end_to_end {
        E2e::Yes => format!("End-to-end encrypted for the {party}: {unwon}."),
        E2e::Undecided => format!("Undecided for the {party}: {unwon}, which is too coarse to decide."),
        E2e::No if won.is_empty() => {
            format!("By declaration not end-to-end encrypted for the {party}; here {unwon}.")
        }
        E2e::No if conditional => {
            format!(
                "Not end-to-end encrypted for the {party} once a content is claimed to match; it wins: {}.",
                won.join(", ")
            )
        }
        E2e::No => format!("Not end-to-end encrypted for the {party}: it wins {}.", won.join(", ")),
    }
}

fn key_numbers(finding: &Finding) -> Vec<KeyNumber> {
    let Some(measured) = finding.measured() else { return Vec::new() };
    let advantage = &measured.estimate.advantage;
    let task = finding.task.name();
    vec![
        KeyNumber {
            label: format!("advantage, {task}"),
            value: Some(advantage.point),
            low: Some(advantage.low),
            bound: Bound::Lower,
        },
        KeyNumber {
            label: format!("minimum detectable advantage, {task}"),
            value: Some(measured.minimum_detectable),
            low: None,
            bound: Bound::Exact,
        },
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
