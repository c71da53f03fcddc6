//! The one entrance for checks, tests and benchmarks.
fn main() {}
