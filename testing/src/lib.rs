//! Conformance suites, reference vectors and adversarial peers.
