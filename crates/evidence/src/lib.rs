//! The tidy result table, scenario lock and provenance of a run.
//!
//! A run is a folder ([`RunFolder`]). Its heart is a [`Table`] with one [`Row`] per measured number, written as CSV
//! and as Parquet. Around it stand the scenario, the [`Profile`] of every system, the [`Statement`] for every
//! observer, the [`Control`]s, the [`Provenance`], and a [`Summary`] that lists every file with its SHA-256 digest so
//! that [`verify`] can say what no longer agrees. Nothing is computed here: numbers come in, files go out.

mod answer;
mod columnar;
mod compare;
mod digest;
mod error;
mod expectation;
mod ro_crate;
mod row;
mod run_folder;
mod summary;
mod table;
mod unfinished;
mod verification;

pub use answer::{Answer, AnswerLine, Unit, Verdict};
pub use compare::{Change, Changed, Comparison, Difference, QuestionChange, RowChange, StatementChange};
pub use digest::{digest, digest_value};
pub use error::EvidenceError;
pub use expectation::{End, Expectation};
pub use ro_crate::check_ro_crate;
pub use row::{Bound, COLUMNS, Parameters, Row, Status, UnknownWord, format_number};
pub use run_folder::{GalleryPicture, RunFolder};
pub use summary::{
    Control, ControlStatus, CorpusSummary, E2e, FileEntry, FlowStep, KeyNumber, Profile, ProfileDecision,
    ProfileParameter, ProfileParty, Provenance, RunState, Statement, StatusCounts, Summary, Tool, summary_schema,
};
pub use table::Table;
pub use unfinished::Unfinished;
pub use verification::{Disagreement, Verification, verify};
