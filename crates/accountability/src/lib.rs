//! What keeps those who run detection accountable: an append-only log that everybody can check.

pub mod log;
