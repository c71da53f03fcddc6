use std::io;

/// Why an archive cannot be read, or not further. Members that came before are whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The operating system refused.
    #[error("it cannot be read from byte {at} on: {source}")]
    Unreadable {
        /// Where, in bytes from the start.
        at: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The end is missing.
    #[error("it is cut off: it ends at byte {at}, {place}; copy it again")]
    CutOff {
        /// Where, in bytes from the start.
        at: u64,
        /// What is there.
        place: String,
    },
    /// No header of a member where one should be.
    #[error("it is damaged at byte {at}: {reason}; copy it again")]
    Damaged {
        /// Where, in bytes from the start.
        at: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A table that the Parquet reader refuses.
    #[error("it is damaged, or no Parquet table that is read here, {place}: {reason}")]
    Table {
        /// Where: `at its start`, or the row.
        place: String,
        /// The reader's words.
        reason: String,
    },
    /// No column, or more than one, could be meant.
    #[error("{wanted}; its binary columns are: {found}")]
    Column {
        /// What was looked for.
        wanted: String,
        /// Binary columns there are.
        found: String,
    },
}

/// Why a member has no bytes. Others are not affected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// Longer than was asked for.
    #[error("{bytes} bytes are too many; at most {limit} are read")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// The most.
        limit: u64,
    },
    /// A sparse file, of which an archive holds parts.
    #[error("it is stored as a sparse file, which is not read; unpack the archive")]
    Sparse,
    /// A row with no value.
    #[error("the row holds no bytes")]
    Null,
}
