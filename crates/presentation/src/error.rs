use sightline_evidence::EvidenceError;

/// Why a report could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresentationError {
    /// The run folder could not be read or written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// A figure could not be drawn.
    #[error("figure `{figure}` cannot be drawn: {detail}")]
    Figure {
        /// Identifier of the figure.
        figure: String,
        /// What the drawing library said.
        detail: String,
    },
    /// A picture of the gallery is no PNG.
    #[error("`data/gallery/{file}` is not a PNG picture")]
    Picture {
        /// Name of the file.
        file: String,
    },
    /// The page could not be filled in.
    #[error("the page cannot be written: {0}")]
    Page(#[from] askama::Error),
}
