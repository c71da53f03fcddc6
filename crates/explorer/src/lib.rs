//! A local page on which real protocol runs are watched message by message.
//!
//! [`story`] runs a system and tells of it; [`Explorer`] serves that to browsers on this machine.

pub mod choice;
pub mod library;
mod measured;
mod server;
mod shelf;
pub mod story;

pub use server::{Explorer, ExplorerError, MOST_BYTES};
