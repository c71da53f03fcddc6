//! What keeps those who are given access accountable: warrants that a quorum of judges signs, and an append-only log that
//! everybody can check.

mod entry;
pub mod log;
pub mod warrant;

pub use entry::Entry;
