//! Seeded randomness and recorded cryptography.
//!
//! A run of the laboratory is a function of its seed: every party draws from a stream of its own ([`Seed`]). Whatever
//! a party seals, derives or generates is noted in the run's [`Ledger`], so that a view can be *saturated* exactly
//! (PRIVACY §1): [`Records::saturate`] opens all that can be opened with what a view contains, and nothing else.

pub mod aead;
mod ledger;
mod search;
mod seed;

pub use ledger::{Haystack, Ledger, Opened, Records};
pub use search::Search;
pub use seed::{Seed, Stream};
