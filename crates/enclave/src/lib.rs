//! An enclave that matches pictures on a machine whose owner is not trusted.
//!
//! The code in the enclave is an [`Enclave`]: a state machine that has never heard of its host. A [`Client`] sends it nothing
//! before a quote has shown which code it is, which list it matches with, and that the key to seal to is its own. A
//! [`Host`] runs it: [`Inline`] in the same process, for thousands of trials, or [`Process`] in a process of its own from
//! which nothing can be opened, connected or started.
//!
//! **There is no hardware TEE.** A host of this crate can read what it runs; what the real thing would promise is what
//! [`attestation`] says of its software root.

pub mod attestation;
mod client;
mod enclave;
mod host;
mod message;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod sandbox;

pub use client::{Client, ClientError, ListRule, Subject, Waiting};
pub use enclave::{Enclave, EnclaveError};
pub use host::{Host, HostError, Inline};
pub use message::{Attempt, Offer, Outcome, Reply, Request, Sealed};
#[cfg(target_os = "linux")]
pub use process::{Launch, Process, program, serve};
#[cfg(target_os = "linux")]
pub use sandbox::{SandboxError, enter as enter_sandbox};

use attestation::Measurement;

/// Largest content that is sealed or opened, in bytes.
pub const LARGEST_CONTENT: usize = 32 << 20;

/// The measurement of an enclave that runs [`Inline`]: it names the code instead of measuring it, and says so.
pub fn inline_measurement() -> Measurement {
    Measurement::of(concat!("sightline-enclave ", env!("CARGO_PKG_VERSION"), ", inline: not measured").as_bytes())
}
