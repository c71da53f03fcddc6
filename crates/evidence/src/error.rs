use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong with a run folder, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The operating system refused to read or write.
    #[error("cannot {action} `{}`: {source}; check that the folder exists, that you may write to it and that the disk has room", path.display())]
    Io {
        /// What was tried, as a verb: `create`, `read`, `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The folder for a new run holds something that is not a run.
    #[error("`{}` already holds `{found}` and is not a sightline run: choose another folder, or empty this one", path.display())]
    Occupied {
        /// The folder asked for.
        path: PathBuf,
        /// One of the entries found in it.
        found: String,
    },
    /// Another run was stopped in the folder for a new one.
    #[error("`{}` holds an unfinished run with {key} = {there}, not {here}: finish that one with the options it had, choose another folder, or delete `{}`", path.display(), path.join("unfinished").display())]
    Unfinished {
        /// The folder asked for.
        path: PathBuf,
        /// What differs.
        key: String,
        /// Its value in the unfinished run.
        there: String,
        /// Its value in the new one.
        here: String,
    },
    /// The folder to be read is not a run.
    #[error("`{}` is not a sightline run: it has no readable `evidence.json` of ours", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The run in the folder did not come to its end.
    #[error("the run in `{}` did not finish: the command that began it goes on with it", path.display())]
    NotFinished {
        /// The folder.
        path: PathBuf,
    },
    /// A name given for a file of the run leads outside the run folder, or is reserved.
    #[error("`{name}` cannot name a file of a run: use a relative path of plain names")]
    BadName {
        /// The name given.
        name: String,
    },
    /// A cell or header of a CSV table is not what the column holds.
    #[error("line {line}, column `{column}`: expected {expected}, found `{found}`")]
    Cell {
        /// Line of the table, the header being line 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The bytes are not CSV with the right number of cells.
    #[error("line {line}: not a table row: {detail}")]
    Csv {
        /// Line of the table, the header being line 1.
        line: u64,
        /// What the CSV reader said.
        detail: String,
    },
    /// A row cannot be written as it stands.
    #[error("row {row} ({quantity}), column `{column}`: cannot write `{found}`; expected {expected}")]
    Unwritable {
        /// Index of the row in the table, from 0.
        row: usize,
        /// Quantity of the row.
        quantity: String,
        /// Name of the column.
        column: &'static str,
        /// What the column can hold.
        expected: &'static str,
        /// What was given.
        found: String,
    },
    /// The bytes are not a Parquet table of evidence.
    #[error("not a Parquet table of evidence: {detail}")]
    Parquet {
        /// What the Parquet reader or writer said.
        detail: String,
    },
    /// A JSON file of the run does not hold what it should.
    #[error("`{file}`: {source}")]
    Json {
        /// Name of the file in the run folder.
        file: String,
        /// What the JSON reader said, with line and column.
        source: serde_json::Error,
    },
    /// Another error, with the name of the file of the run in which it occurred.
    #[error("`{file}`: {source}")]
    InFile {
        /// Name of the file in the run folder.
        file: String,
        /// What went wrong in it.
        source: Box<EvidenceError>,
    },
}

impl EvidenceError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn in_file(self, file: &str) -> Self {
        Self::InFile { file: file.to_owned(), source: Box::new(self) }
    }
}

impl From<parquet::errors::ParquetError> for EvidenceError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet { detail: error.to_string() }
    }
}
