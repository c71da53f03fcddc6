//! Quotes that say which code runs in an enclave, in the layout of Intel's DCAP (*Intel SGX ECDSA Quote Library Reference*,
//! appendix A.4), and their verification under a root certificate: Intel's, or a software root that is made here.
//!
//! **No hardware is involved.** A software root signs whatever its owner wants; it stands in for Intel's so that the whole
//! path from measurement to verdict runs and can be attacked.

mod platform;
mod root;
mod verifier;

pub use platform::{Platform, Quoting, StolenKey};
pub use root::SoftwareRoot;
pub use verifier::{AttestationError, Attested, Collateral, RootCertificate, Verifier};

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// What was loaded into an enclave: SHA-256 of the code (`MRENCLAVE`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measurement([u8; 32]);

impl Measurement {
    /// The measurement with these 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The measurement of this code.
    pub fn of(code: &[u8]) -> Self {
        Self(Sha256::digest(code).into())
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Measurement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Measurement({self})")
    }
}

/// The code that clients accept: measurements of published, audited builds. Clients hold it whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeLog(BTreeSet<Measurement>);

impl CodeLog {
    /// A log of these builds.
    pub fn new(builds: impl IntoIterator<Item = Measurement>) -> Self {
        Self(builds.into_iter().collect())
    }

    /// Whether this build was published.
    pub fn contains(&self, build: Measurement) -> bool {
        self.0.contains(&build)
    }
}
