//! How well fingerprints match through ordinary handling, and how often they match what is different.
//!
//! [`measure`] takes pictures and a [`Plan`] and gives [`Measured`]: first near-duplicates among the originals are found and
//! left out ([`audit`]), then every picture goes through every transform, and each algorithm is asked how far the result is
//! from its original and from others. [`Measured::rows`] puts the numbers into rows of evidence, [`table`] into files.
//! Nothing here draws, and no changed picture leaves the function that makes it.

pub mod audit;
mod bits;
mod bootstrap;
mod error;
mod measure;
pub mod metrics;
mod plan;
mod rates;
mod rows;
mod subject;
pub mod table;
pub mod tail;

pub use bits::BitStatistics;
pub use error::AccuracyError;
pub use measure::{
    Detection, Distance, Doing, FalsePositives, Measured, OfAlgorithm, RocBand, Scope, Separation, WithinKind, measure,
};
pub use metrics::{Histogram, RocPoint};
pub use plan::{Original, Plan};
pub use rates::{Estimate, PerPair, PerPicture, Share};
pub use tail::{Pareto, Tail};

/// The question that all rows belong to.
pub const QUESTION: &str = "hash-accuracy";

/// Probability that an interval misses, one half at each end.
pub const LEVEL: f64 = 0.05;
