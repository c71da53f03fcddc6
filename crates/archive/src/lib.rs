//! Files in tar archives ([`Tar`]) and in columns of Parquet tables ([`Rows`]), one after the other: iterators of [`Member`]s
//! that end with an [`ArchiveError`] where an archive is damaged or cut off. Nothing here opens files or knows what they hold.

mod error;
mod rows;
mod tar;

pub use error::{ArchiveError, MemberError};
pub use parquet::file::reader::ChunkReader;
pub use rows::Rows;
pub use tar::{BLOCK, Tar};

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path in a tar archive, or its row in a table, from 0.
    pub name: String,
    /// What it holds.
    pub bytes: Result<Vec<u8>, MemberError>,
}
