//! Conformance suites, reference vectors and adversarial peers.

pub mod browser;
pub mod conformance;
pub mod foreign;
pub mod hostile;
pub mod world;

pub mod speaker;

/// The code of docs/adding.md, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../docs/adding.md")]
mod adding {}
