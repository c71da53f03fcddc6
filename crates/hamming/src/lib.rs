//! Exact radius and nearest-neighbour search over binary codes of 64 to 1024 bits, by Hamming distance.
#![deny(unsafe_code)]

mod codes;
pub mod file;
mod index;
mod kernels;
mod mapping;
mod multi;
pub mod oblivious;
pub mod scan;
mod slab;

pub use codes::{Codes, CodesError};
pub use index::{Explanation, Index, Way};
pub use kernels::Kernel;
pub use mapping::Mapping;
pub use multi::{MultiIndex, Slice};

/// A code found, and how far it is from the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Neighbour {
    /// Its place among the codes.
    pub code: usize,
    /// Its distance in bits.
    pub distance: u32,
}
