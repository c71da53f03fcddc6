/// Why accuracy was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccuracyError {
    /// Too few pictures are left.
    #[error(
        "{algorithm} has {usable} pictures to work with ({given} were given, {duplicates} of them near-duplicates); at least \
         {needed} are needed"
    )]
    TooFew {
        /// The algorithm, or `the measurement`.
        algorithm: String,
        /// Pictures that can serve as originals.
        usable: usize,
        /// Pictures given.
        given: usize,
        /// Pictures left out because they are near-duplicates of others.
        duplicates: usize,
        /// The least number.
        needed: usize,
    },
    /// A fingerprint longer than what is compared here.
    #[error("{algorithm} has {bits} bits; at most {} are compared", crate::subject::MOST_BITS)]
    TooLong {
        /// The algorithm.
        algorithm: &'static str,
        /// Its length in bits.
        bits: u32,
    },
    /// Whoever was told of the progress did not want to go on.
    #[error("stopped before the end")]
    Stopped,
    /// A table could not be written as CSV.
    #[error("the table cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A table could not be written as Parquet.
    #[error("the table cannot be written as Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
}
