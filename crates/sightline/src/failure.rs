use crate::say;
use miette::{Diagnostic, NamedSource, SourceSpan};
use sightline_evidence::EvidenceError;
use sightline_questions::{AssessmentError, ScenarioError, WorldError};
use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

pub(crate) const UNDECLARED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const CONTROL: u8 = 3;
pub(crate) const ENVIRONMENT: u8 = 4;
pub(crate) const BUG: u8 = 70;
pub(crate) const INTERRUPTED: u8 = 130;

/// Why the program ends, and with which exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    report: Option<miette::Report>,
}

/// A scenario error with its place in the file.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the scenario cannot be used: {message}")]
struct InScenario {
    message: String,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
    #[help]
    help: Option<String>,
}

impl Failure {
    /// An end with nothing to say.
    pub(crate) fn quiet(code: u8) -> Self {
        Self { code, report: None }
    }

    pub(crate) fn new(code: u8, message: impl Display) -> Self {
        Self { code, report: Some(miette::Report::msg(message.to_string())) }
    }

    /// Something about a file or folder.
    pub(crate) fn environment(error: &(impl std::error::Error + ?Sized)) -> Self {
        Self::new(ENVIRONMENT, chain(error))
    }

    /// Something about the folder of a run.
    pub(crate) fn folder(error: &EvidenceError) -> Self {
        match error {
            EvidenceError::Unfinished { .. } => Self::new(USAGE, error),
            _ => Self::environment(error),
        }
    }

    /// A scenario error, shown in the text it comes from.
    pub(crate) fn scenario(error: ScenarioError, path: Option<&Path>, text: &str) -> Self {
        let (message, span, help) = match error {
            ScenarioError::Syntax { message, span, suggestion } => (message, span, suggestion),
            other => (other.to_string(), None, None),
        };
        let Some(path) = path else {
            return Self::new(USAGE, message);
        };
        let text = NamedSource::new(path.display().to_string(), text.to_owned());
        let span = span.map(SourceSpan::from);
        Self { code: USAGE, report: Some(InScenario { message, text, span, help }.into()) }
    }

    pub(crate) fn assessment(error: AssessmentError) -> Self {
        match error {
            AssessmentError::Cancelled => Self::new(INTERRUPTED, "interrupted; the same command goes on from here"),
            AssessmentError::Part(_) => Self::environment(&error),
            AssessmentError::Scenario(error) => Self::scenario(error, None, ""),
            AssessmentError::World(WorldError::Corpus(error)) => Self::environment(&error),
            AssessmentError::World(error) => Self::new(USAGE, error),
            other => Self::new(BUG, format!("this is a bug, please report it: {}", chain(&other))),
        }
    }

    pub(crate) fn explain(self) -> ExitCode {
        if let Some(report) = self.report {
            say(&format!("{report:?}"));
        }
        ExitCode::from(self.code)
    }
}

/// An error and what caused it, on one line.
fn chain(error: &(impl std::error::Error + ?Sized)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
