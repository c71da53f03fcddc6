//! Conformance suites, reference vectors and adversarial peers.

pub mod conformance;
pub mod foreign;
pub mod hostile;
pub mod world;

pub mod speaker;
