//! Fingerprints of pictures: perceptual hashes in inspectable stages, and exact digests beside them.

#![deny(unsafe_code)]

pub mod ahash;
mod algorithm;
pub mod blockhash;
mod cut;
pub mod dhash;
pub mod exact;
mod grey;
mod hash;
mod kernels;
mod luma;
mod memo;
pub mod pdq;
pub mod phash;
pub mod tmk;
pub mod vpdq;
pub mod whash;

pub use algorithm::{ALGORITHMS, Algorithm, Fingerprint, Pixels, Stage, by_name};
pub use cut::{Cut, Intermediate, IntermediateError};
pub use hash::{HashError, PdqHash};
pub use kernels::Level;
pub use luma::Luma;
pub use memo::{Known, Marks, Memo};
pub use pdq::{DEFAULT_RADIUS, Dihedral, MINIMUM_QUALITY, Pdq, Stages};

pub use sightline_pictures::MAX_BYTES;

use sightline_pictures::PictureError;

/// A picture that has no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// The bytes are no picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A side is too short; the reference returns quality 0 and no hash.
    #[error(
        "a picture of {width} × {height} pixels is too small for PDQ, which needs {} on each side",
        pdq::SMALLEST_SIDE
    )]
    TooSmall {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// An algorithm that is not made here has none.
    #[error("{algorithm} {problem}")]
    Outside {
        /// Its name.
        algorithm: &'static str,
        /// Why, after the name.
        problem: String,
    },
}

/// The PDQ hash of an encoded picture.
///
/// # Errors
/// [`FingerprintError`] if the bytes are no picture, or one too small.
pub fn fingerprint(encoded: &[u8]) -> Result<Pdq, FingerprintError> {
    Ok(stages(encoded)?.pdq())
}

/// Every stage of the PDQ hash of an encoded picture.
///
/// # Errors
/// [`FingerprintError`] if the bytes are no picture, or one too small.
pub fn stages(encoded: &[u8]) -> Result<Stages, FingerprintError> {
    Stages::of(&sightline_pictures::decode(encoded)?)
}
