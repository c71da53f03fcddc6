use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Bound, Status, Table};

/// What `evidence.json` holds: the run at a glance, and the digest of every file beside it.
///
/// The published schema is `schema/evidence.schema.json` in this crate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// The program that made the run.
    pub tool: Tool,
    /// Whether the run came to its end.
    pub state: RunState,
    /// SHA-256 of `scenario.lock.json`; empty until the lock is written.
    pub lock_digest: String,
    /// Rows of `evidence` by status.
    pub counts: StatusCounts,
    /// What the controls say of the run as a whole.
    pub control_status: ControlStatus,
    /// Every control.
    pub controls: Vec<Control>,
    /// One statement per system, observer and corruption.
    pub statements: Vec<Statement>,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// Every file of the run except this one, `ro-crate-metadata.json` and `log.jsonl`, by path.
    pub files: Vec<FileEntry>,
}

impl Summary {
    /// The summary of a finished run; counts and control status follow from `evidence` and `controls`, and the file
    /// list and lock digest are filled in when the summary is written.
    pub fn new(evidence: &Table, controls: Vec<Control>, statements: Vec<Statement>, provenance: Provenance) -> Self {
        Self {
            tool: Tool { name: TOOL.to_owned(), version: provenance.version.clone() },
            state: RunState::Finished,
            lock_digest: String::new(),
            counts: StatusCounts::of(evidence),
            control_status: ControlStatus::of(&controls),
            controls,
            statements,
            provenance,
            files: Vec::new(),
        }
    }

    pub(crate) fn unfinished() -> Self {
        Self { state: RunState::Unfinished, ..Self::new(&Table::new(), Vec::new(), Vec::new(), Provenance::default()) }
    }
}

pub(crate) const TOOL: &str = "sightline";

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Whether a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Still running, or interrupted.
    Unfinished,
    /// Every table is complete.
    Finished,
}

/// Rows by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusCounts {
    /// Rows whose number stands.
    pub decided: u64,
    /// Rows for which the trials did not suffice.
    pub undecided: u64,
    /// Rows whose question has no meaning there.
    pub not_applicable: u64,
    /// Rows whose measurement broke off.
    pub failed: u64,
}

impl StatusCounts {
    /// Counts the rows of a table.
    pub fn of(table: &Table) -> Self {
        let mut counts = Self::default();
        for row in table.rows() {
            match row.status {
                Status::Decided => counts.decided += 1,
                Status::Undecided => counts.undecided += 1,
                Status::NotApplicable => counts.not_applicable += 1,
                Status::Failed => counts.failed += 1,
            }
        }
        counts
    }
}

/// What the controls say of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControlStatus {
    /// Every control passed.
    Passed,
    /// At least one failed: no number of the run should be quoted.
    Failed,
    /// None was run.
    NotRun,
}

impl ControlStatus {
    /// The status that `controls` add up to.
    pub fn of(controls: &[Control]) -> Self {
        if controls.is_empty() {
            Self::NotRun
        } else if controls.iter().all(|control| control.passed) {
            Self::Passed
        } else {
            Self::Failed
        }
    }
}

/// A test of the instrument itself: a leak of known size that must be found, or a channel without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// What was planted, in a few words.
    pub name: String,
    /// How often it was run.
    pub repetitions: u64,
    /// Whether the instrument did as it must.
    pub passed: bool,
    /// What was seen and what would have been refused, in one sentence.
    pub detail: String,
}

/// One system as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Identifier of the system, as in the `architecture` column.
    pub name: String,
    /// Its name in words.
    pub title: String,
    /// Row of the 2020 technical paper (`1b`), or where else the design comes from; empty for none.
    pub row: String,
    /// Publication that the design follows.
    pub source: String,
    /// Whether the flow is known from secondary sources only.
    pub to_be_checked_against_primary: bool,
    /// Every party, senders first.
    pub parties: Vec<ProfileParty>,
    /// What is sent, in order.
    pub flow: Vec<FlowStep>,
    /// How contents are compared with the list: `radius`, `exact`, `bucketed`, `model`; empty for none.
    pub match_relation: String,
    /// How matched content gets out: `on-demand`, `held`, `escrowed`, `consent`, `warrant`; empty for none.
    pub disclosure: String,
    /// Who decides what.
    pub decisions: Vec<ProfileDecision>,
    /// Parameters with the values that were used.
    pub parameters: Vec<ProfileParameter>,
    /// What each observer learns beyond plain end-to-end encryption, as the design declares it, in words. An observer
    /// with an empty list learns nothing more; an observer that is absent does not exist in this system.
    pub leakage: BTreeMap<String, Vec<String>>,
    /// What its provider can do instead of following the protocol, in words, by variant.
    #[serde(default)]
    pub strategies: BTreeMap<String, String>,
    /// What this implementation does not show.
    pub limits: Vec<String>,
    /// Where it departs from its source.
    pub deviations: Vec<String>,
}

impl Profile {
    /// Whether the 2020 paper shortlists it: its row says so.
    pub fn is_shortlisted(&self) -> bool {
        self.row.contains("shortlisted")
    }
}

/// A party of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileParty {
    /// Identifier, as in the `observer` column.
    pub id: String,
    /// Name in words.
    pub title: String,
    /// Whether it is no endpoint of the message.
    pub outsider: bool,
}

/// One arrow of a system's sequence diagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowStep {
    /// Identifier of the sending party.
    pub from: String,
    /// Identifier of the receiving party; equal to `from` for something done alone.
    pub to: String,
    /// What is sent or done.
    pub label: String,
    /// When it happens; always, if absent.
    pub condition: Option<String>,
    /// Whether it can be opened by endpoints alone.
    pub sealed: bool,
}

/// Something that has to be decided in a system, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileDecision {
    /// What.
    pub what: String,
    /// By whom, and what binds them.
    pub who: String,
}

/// A parameter of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileParameter {
    /// Name.
    pub name: String,
    /// Value used.
    pub value: String,
    /// Unit; empty for none.
    pub unit: String,
    /// What it does, in words.
    pub meaning: String,
}

/// What one observer learns in one system (PRIVACY.md §6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// System.
    pub architecture: String,
    /// Coalition, as in the `observer` column.
    pub observer: String,
    /// Corruption, as in the `corruption` column.
    pub corruption: String,
    /// Whether the system is end-to-end encrypted for this observer.
    pub end_to_end: E2e,
    /// The answer in one sentence.
    pub sentence: String,
    /// What is learnt by declaration, item by item.
    pub learns: Vec<String>,
    /// L ∖ F₀: which of it plain end-to-end encryption would not tell; empty for nothing.
    pub beyond_encryption: Vec<String>,
    /// L ∖ `F_det`: which of it ideal detection would not tell either; empty for nothing.
    pub beyond_detection: Vec<String>,
    /// The numbers that it rests on.
    pub evidence: Vec<KeyNumber>,
}

/// Whether a system is end-to-end encrypted for an observer (PRIVACY.md §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum E2e {
    /// By its declaration, and no test contradicts it.
    Yes,
    /// By its declaration or by a test it is not.
    No,
    /// The tests did not suffice.
    Undecided,
}

/// A number that a statement rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyNumber {
    /// What it is, in words, with its unit.
    pub label: String,
    /// The point value.
    pub value: Option<f64>,
    /// The low end.
    pub low: Option<f64>,
    /// What the number is.
    pub bound: Bound,
}

/// Where the numbers of a run come from, and how to get them again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of the program.
    pub version: String,
    /// Target for which it was compiled (`x86_64-unknown-linux-gnu`).
    pub target: String,
    /// Day of the run, ISO 8601 (`2026-01-31`); the only date in the folder besides the log.
    pub date: String,
    /// Seed of every random choice.
    pub seed: u64,
    /// SHA-256 of the scenario as given.
    pub scenario_digest: String,
    /// The pictures.
    pub corpus: CorpusSummary,
    /// Command that makes the same evidence again.
    pub command: String,
}

/// The pictures of a run, without their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorpusSummary {
    /// What they are, in words: `generated`, `a folder of photographs`.
    pub description: String,
    /// SHA-256 over all of them.
    pub digest: String,
    /// Pictures used.
    pub pictures: u64,
    /// Files that were not used: reason and count.
    pub rejected: BTreeMap<String, u64>,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path in the run folder, with `/`.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// The JSON schema of `evidence.json`, as committed in `schema/evidence.schema.json`.
pub fn summary_schema() -> String {
    let schema = schemars::schema_for!(Summary);
    format!("{:#}\n", schema.as_value())
}
