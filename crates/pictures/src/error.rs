use std::path::PathBuf;

use crate::corpus::Rejected;
use crate::decode::Format;

/// Why bytes or pixels are no usable picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// There are no bytes, or a side has length zero.
    #[error("the picture is empty")]
    Empty,
    /// The bytes begin like none of the formats that are read.
    #[error("the content is not JPEG, PNG, GIF or WebP")]
    UnknownFormat,
    /// The bytes begin like `format`, but do not decode.
    #[error("the {format} data is damaged: {reason}")]
    Damaged {
        /// The format that the content claims.
        format: Format,
        /// The decoder's words.
        reason: String,
    },
    /// More pixels than [`MAX_PIXELS`](crate::MAX_PIXELS), or a side longer than [`MAX_SIDE`](crate::MAX_SIDE).
    #[error(
        "{width}×{height} pixels are too many: at most {limit}, and {} on a side; scale the picture down first",
        crate::MAX_SIDE
    )]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// [`MAX_PIXELS`](crate::MAX_PIXELS).
        limit: u64,
    },
    /// More encoded bytes than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error("{bytes} bytes are too many for one picture: at most {limit}")]
    TooManyBytes {
        /// Encoded length.
        bytes: u64,
        /// [`MAX_BYTES`](crate::MAX_BYTES).
        limit: u64,
    },
    /// The pixel buffer does not hold three bytes for each of width × height pixels.
    #[error("{width}×{height} RGB pixels take three bytes each; {found} bytes were given")]
    WrongLength {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Length of the buffer in bytes.
        found: usize,
    },
}

/// Why a folder gave no corpus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// Nothing exists at the path.
    #[error("there is no folder {}; check the spelling, or leave it out to use generated pictures", path.display())]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("{} is not a folder; give the folder that holds the pictures", path.display())]
    NotAFolder {
        /// The path as given.
        path: PathBuf,
    },
    /// The operating system refused to list the folder.
    #[error("the folder {} cannot be read; check its permissions", path.display())]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No file in the folder is a picture.
    #[error(
        "the folder {} holds no picture that can be read ({} rejected{}); put JPEG, PNG, GIF or WebP files there, or \
         leave it out to use generated pictures",
        path.display(),
        rejected.len(),
        first_reason(rejected)
    )]
    NoPicture {
        /// The path as given.
        path: PathBuf,
        /// Every file that was looked at.
        rejected: Vec<Rejected>,
    },
}

fn first_reason(rejected: &[Rejected]) -> String {
    rejected.first().map_or(String::new(), |first| format!(", first {}: {}", first.path.display(), first.reason))
}
