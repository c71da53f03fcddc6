use std::collections::BTreeSet;
use std::path::Path;

use crate::ro_crate::{self, check_ro_crate};
use crate::{ControlStatus, EvidenceError, FileEntry, RunFolder, RunState, StatusCounts, Summary, digest};

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Files whose digest was recomputed.
    pub files: usize,
    /// Rows of evidence read back.
    pub rows: usize,
    /// Everything that does not agree; empty for a sound run.
    pub disagreements: Vec<Disagreement>,
}

impl Verification {
    /// Whether everything agrees.
    pub fn is_sound(&self) -> bool {
        self.disagreements.is_empty()
    }
}

/// One thing in a run folder that does not agree with the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// File, by its path in the run folder.
    pub file: String,
    /// What is wrong with it.
    pub detail: String,
}

/// Checks a finished run against itself: the digest of every listed file, files that are not listed, the columns of
/// the tables, CSV against Parquet, the lock digest, counts, controls and statements, and the RO-Crate description.
///
/// # Errors
/// [`EvidenceError::NotARun`] when the folder is no run of ours, [`EvidenceError::Io`] when it cannot be listed. What
/// is merely wrong is a [`Disagreement`].
pub fn verify(path: impl AsRef<Path>) -> Result<Verification, EvidenceError> {
    let run = RunFolder::open(path.as_ref())?;
    let summary = run.summary()?;
    let mut found = Vec::new();
    let mut say = |file: &str, detail: String| found.push(Disagreement { file: file.to_owned(), detail });

    if summary.state == RunState::Unfinished {
        say("evidence.json", "the run did not finish; assess again".to_owned());
        return Ok(Verification { files: 0, rows: 0, disagreements: found });
    }
    check_files(&run, &summary, &mut say)?;
    let rows = check_tables(&run, &summary, &mut say);
    if summary.control_status != ControlStatus::of(&summary.controls) {
        say("evidence.json", "the control status does not follow from the controls".to_owned());
    }
    let lock = summary.files.iter().find(|file| file.path == "scenario.lock.json");
    if lock.is_some_and(|lock| lock.sha256 != summary.lock_digest) {
        say("scenario.lock.json", format!("the lock digest is not {}", summary.lock_digest));
    }
    match run.statements() {
        Ok(statements) if statements == summary.statements => {}
        Ok(_) => say("statements.json", "differs from the statements of evidence.json".to_owned()),
        Err(error) => say("statements.json", error.to_string()),
    }
    if let Err(error) = run.profiles() {
        say("profiles.json", error.to_string());
    }
    match run.read_json(ro_crate::FILE) {
        Ok(metadata) => {
            for detail in check_ro_crate(&metadata, &run.described(&summary)?) {
                say(ro_crate::FILE, detail);
            }
        }
        Err(error) => say(ro_crate::FILE, error.to_string()),
    }
    Ok(Verification { files: summary.files.len(), rows, disagreements: found })
}

fn check_files(run: &RunFolder, summary: &Summary, say: &mut impl FnMut(&str, String)) -> Result<(), EvidenceError> {
    for required in REQUIRED {
        if !summary.files.iter().any(|file| file.path == required) {
            say(required, "missing from the file list".to_owned());
        }
    }
    let listed: BTreeSet<_> = summary.files.iter().map(|file| file.path.as_str()).collect();
    let present = run.files()?;
    for file in &summary.files {
        match present.iter().find(|other| other.path == file.path) {
            None => say(&file.path, "listed, but not there".to_owned()),
            Some(other) if other.sha256 != file.sha256 => {
                say(&file.path, format!("SHA-256 is {}, listed as {}", other.sha256, file.sha256));
            }
            Some(other) if other.bytes != file.bytes => {
                say(&file.path, format!("{} bytes long, listed as {}", other.bytes, file.bytes));
            }
            Some(_) => {}
        }
    }
    for file in present.iter().filter(|file| !listed.contains(file.path.as_str())) {
        say(&file.path, "there, but not listed".to_owned());
    }
    Ok(())
}

fn check_tables(run: &RunFolder, summary: &Summary, say: &mut impl FnMut(&str, String)) -> usize {
    let mut rows = 0;
    for stem in ["evidence", "timings"] {
        let (csv, parquet) = (format!("{stem}.csv"), format!("{stem}.parquet"));
        let table = run.read_table(&csv);
        // One that was altered is named already, and no reader need be troubled with it.
        let intact = |file: &FileEntry| run.read(&file.path).is_ok_and(|bytes| digest(&bytes) == file.sha256);
        let listed = summary.files.iter().any(|file| file.path == parquet && intact(file));
        let columnar = listed.then(|| run.read_parquet(&parquet));
        match (&table, &columnar) {
            (Ok(table), Some(Ok(columnar))) if table != columnar => {
                let differ = table.rows().iter().zip(columnar.rows()).position(|(left, right)| left != right);
                let row = differ.unwrap_or_else(|| table.rows().len().min(columnar.rows().len()));
                say(&parquet, format!("differs from {csv} from row {row} on"));
            }
            _ => {}
        }
        if let Some(Err(error)) = &columnar {
            say(&parquet, error.to_string());
        }
        match table {
            Ok(table) if stem == "evidence" => {
                rows = table.rows().len();
                if StatusCounts::of(&table) != summary.counts {
                    say("evidence.json", "the counts by status are not those of evidence.csv".to_owned());
                }
            }
            Ok(_) => {}
            Err(error) => say(&csv, error.to_string()),
        }
    }
    rows
}

const REQUIRED: [&str; 8] = [
    "scenario.toml",
    "scenario.lock.json",
    "evidence.csv",
    "evidence.parquet",
    "timings.csv",
    "timings.parquet",
    "profiles.json",
    "statements.json",
];
