//! `--pdf`, in a build that has the feature; the others say how to get it.

use crate::failure::{self, Failure};
#[cfg(feature = "pdf")]
use crate::say;
use sightline_evidence::RunFolder;

/// Whether this build can do it, asked before anything is computed.
pub(crate) fn offered() -> Result<(), Failure> {
    if cfg!(feature = "pdf") {
        return Ok(());
    }
    let message = "this build sets no PDF, since its typesetter takes minutes to compile: `cargo install --path \
                   crates/sightline --features pdf` makes one that does; or print report.html from a browser";
    Err(Failure::new(failure::USAGE, message))
}

/// Sets the report of a run as `report.pdf` in its folder.
#[cfg(feature = "pdf")]
pub(crate) fn render(run: &RunFolder) -> Result<(), Failure> {
    sightline_pdf::render(run).map_err(|error| Failure::environment(&error))?;
    say(&format!("PDF: {}", run.path().join(sightline_pdf::FILE).display()));
    Ok(())
}

#[cfg(not(feature = "pdf"))]
pub(crate) fn render(_: &RunFolder) -> Result<(), Failure> {
    offered()
}
