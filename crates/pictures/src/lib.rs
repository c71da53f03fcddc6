//! Pictures: decoding, folders, a seeded generator with natural image statistics, recompression and scaling.
//!
//! - [`decode`] turns JPEG, PNG, GIF or WebP bytes into a [`Picture`] of RGB pixels;
//! - [`Picture`] encodes, scales and recompresses;
//! - [`generate`] paints scene number `index` of a seed;
//! - [`transform`] does what happens to pictures on their way;
//! - [`Corpus`] is a collection of encoded pictures, read from a folder or generated.
//!
//! Only [`Corpus::read_folder`] does input or output. Nothing here knows what a picture is used for.

mod corpus;
mod decode;
mod error;
mod generate;
mod parallel;
mod picture;
pub mod transform;

pub use corpus::{Corpus, CorpusPicture, PictureId, RejectReason, Rejected, Source};
pub use decode::{Format, MAX_BYTES, decode, recompress};
pub use error::{CorpusError, PictureError};
pub use generate::{Generated, SceneKind, generate};
pub use picture::{MAX_PIXELS, MAX_SIDE, Picture};
