//! The page and its server, from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

mod browser;
mod client;
mod http;
