//! The messenger from outside: what devices say to each other, and what hostile bytes do.
#![expect(clippy::unwrap_used, reason = "clippy knows test functions, but not their helpers")]

mod conversations;
mod hostile;
mod reports;
mod world;
