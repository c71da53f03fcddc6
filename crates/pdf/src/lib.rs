//! The report as a PDF for reading: the same answers, figures and tables as `report.html`, set by typst and tagged after
//! PDF/UA-1 (ISO 14289-1), from a run folder alone.

mod world;

use sightline_evidence::{EvidenceError, RunFolder};
use sightline_presentation::{PresentationError, Printed};
use typst::diag::SourceDiagnostic;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use world::Folder;

/// Name of the file in the run folder.
pub const FILE: &str = "report.pdf";

/// Why a report could not be set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The run could not be read, or a figure of it not be drawn.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// The run folder could not be written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The typesetter refused.
    #[error("the report cannot be set as a PDF: {0}")]
    Typesetting(String),
}

/// The report of a run as PDF bytes. The same folder gives the same bytes.
///
/// # Errors
/// [`PdfError`] when the run cannot be read, or its contents cannot be set or tagged.
pub fn draw(run: &RunFolder) -> Result<Vec<u8>, PdfError> {
    let printed = Printed::of(run)?;
    let data = serde_json::to_string(&printed).map_err(|error| PdfError::Typesetting(error.to_string()))?;
    let mut folder = Folder::new(include_str!("../templates/report.typ"));
    folder.add_text("report.json", &data);
    for (name, bytes) in printed.files {
        match std::str::from_utf8(&bytes) {
            Ok(drawing) => folder.add_text(&name, drawing),
            Err(_) => folder.add(&name, bytes),
        }
    }
    let document: PagedDocument = typst::compile(&folder).output.map_err(|errors| refused(&errors))?;
    let standards =
        PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|error| PdfError::Typesetting(error.message().to_string()))?;
    typst_pdf::pdf(&document, &PdfOptions { standards, ..PdfOptions::default() }).map_err(|errors| refused(&errors))
}

/// Sets the report of a run and writes it into the run folder.
///
/// # Errors
/// As [`draw`], and when the folder cannot be written.
pub fn render(run: &RunFolder) -> Result<(), PdfError> {
    run.write(FILE, &draw(run)?)?;
    Ok(run.seal()?)
}

fn refused(errors: &[SourceDiagnostic]) -> PdfError {
    let said: Vec<String> = errors
        .iter()
        .map(|error| {
            let hints = error.hints.iter().map(|hint| format!(" ({})", hint.v));
            format!("{}{}", error.message, hints.collect::<String>())
        })
        .collect();
    PdfError::Typesetting(said.join("; "))
}
