//! Figures and the report, drawn from a run folder alone.
//!
//! [`render`] reads a [`RunFolder`], draws `figures/*.svg` with the rows behind each in `data/*.csv`, and writes
//! `report.html`: one file that needs neither network nor JavaScript. Nothing is measured or estimated here; what the
//! folder does not hold is shown as *not run*.

pub mod accuracy;
mod advantage;
mod answers;
mod broken;
pub mod compare;
mod cost;
mod error;
mod expose;
mod figure;
mod handling;
mod identify;
mod matrix;
mod metadata;
mod page;
mod published;
mod reading;
mod real_or_ideal;
mod reconstruct;
mod sequence;
mod short;
mod words;

use sightline_evidence::RunFolder;

pub use error::PresentationError;
pub use figure::Figure;
pub use page::printed::{
    Printed, PrintedCell, PrintedFigure, PrintedPicture, PrintedQuestion, PrintedRow, PrintedStatement, PrintedSystem,
    PrintedTable,
};

/// A report and its figures, not yet written.
#[derive(Debug, Clone)]
pub struct Report {
    /// The page, complete in itself.
    pub html: String,
    /// The figures in it, in order of appearance.
    pub figures: Vec<Figure>,
}

impl Report {
    /// Draws the report of a run without writing anything. The same folder gives the same bytes.
    ///
    /// # Errors
    /// [`PresentationError`] when a file of the run cannot be read or a figure cannot be drawn.
    pub fn draw(run: &RunFolder) -> Result<Self, PresentationError> {
        page::draw(&reading::Reading::of(run)?)
    }

    /// Writes the figures, their data and the page into the run folder, and lists the new files.
    ///
    /// # Errors
    /// [`PresentationError::Evidence`] when the folder cannot be written.
    pub fn write(&self, run: &RunFolder) -> Result<(), PresentationError> {
        for figure in &self.figures {
            run.write(&figure.file(), figure.standalone().as_bytes())?;
            if let Some(table) = &figure.data {
                run.write(&figure.data_file(), table.to_csv()?.as_bytes())?;
            }
        }
        run.write("report.html", self.html.as_bytes())?;
        Ok(run.seal()?)
    }
}

/// Draws the report of a run and writes it into the run folder.
///
/// # Errors
/// As [`Report::draw`] and [`Report::write`].
pub fn render(run: &RunFolder) -> Result<Report, PresentationError> {
    let report = Report::draw(run)?;
    report.write(run)?;
    Ok(report)
}
