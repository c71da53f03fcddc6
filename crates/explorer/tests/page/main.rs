//! The page and its server, from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod browser;
mod client;
mod http;
