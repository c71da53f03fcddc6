//! Warrants: what a court orders, as a signed statement that a provider can check by itself.
//!
//! A warrant names accounts, kinds of data and dates, and holds a finding on each of five [`Condition`]s: that access is
//! judicially authorised, narrow, based on suspicion, necessary and proportionate. It is a `COSE_Sign1` (RFC 9052 §4.2)
//! signed with the one key of a court (Ed25519, RFC 8032), of which judges hold shares: t of n must sign
//! ([`court`]; FROST, RFC 9591). Whoever is served a warrant checks it with a [`Registrar`], which refuses every
//! [`Defect`] by name.

pub mod court;
mod defect;
mod rules;
mod signed;
mod specimens;
#[cfg(test)]
mod tests;

pub use court::{Clerk, CourtError, CourtKey, Judge, Package, deal};
pub use defect::Defect;
pub use rules::{Registrar, Rules};
pub use signed::{SignedRevocation, SignedWarrant};
pub use specimens::defective;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;

/// The version of warrants that this crate writes and reads.
pub const VERSION: u64 = 1;

/// What a court orders. Times are seconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Warrant {
    /// [`VERSION`].
    #[n(0)]
    pub version: u64,
    /// The court's number for it.
    #[n(1)]
    pub number: u64,
    /// The authority that applied for it and to which data go.
    #[n(2)]
    pub applicant: String,
    /// The provider that has to act.
    #[n(3)]
    pub addressee: String,
    /// Whose data.
    #[n(4)]
    pub accounts: Vec<u64>,
    /// Which data.
    #[n(5)]
    pub data: Vec<Data>,
    /// From when on.
    #[n(6)]
    pub from: u64,
    /// Until when, that second not included.
    #[n(7)]
    pub until: u64,
    /// When the court decided.
    #[n(8)]
    pub issued: u64,
    /// Until when it may be served.
    #[n(9)]
    pub expires: u64,
    /// When those whose data it is have to be told, at the latest.
    #[n(10)]
    pub notify: u64,
    /// What the court found.
    #[n(11)]
    pub findings: Vec<Finding>,
    /// Hides the warrant behind its [`SignedWarrant::commitment`] until it is shown.
    #[cbor(n(12), with = "minicbor::bytes")]
    pub salt: [u8; 32],
}

/// A kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Data {
    /// Who wrote to whom, when, and how big: what plain end-to-end encryption shows a provider.
    #[n(0)]
    Communications,
    /// What they wrote.
    #[n(1)]
    Content,
}

/// A condition under which access is lawful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Condition {
    /// A court decided, independent of the applicant.
    #[n(0)]
    Authorised,
    /// It is about no more accounts, data and days than the case needs.
    #[n(1)]
    Narrow,
    /// There is reasonable suspicion of each account named.
    #[n(2)]
    Suspicion,
    /// Nothing less would do.
    #[n(3)]
    Necessary,
    /// What is gained outweighs what is intruded upon.
    #[n(4)]
    Proportionate,
}

impl Condition {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Authorised, Self::Narrow, Self::Suspicion, Self::Necessary, Self::Proportionate];
}

/// What the court found on one condition.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Finding {
    /// Which condition.
    #[n(0)]
    pub condition: Condition,
    /// Why it holds, in words.
    #[n(1)]
    pub grounds: String,
    /// Of suspicion, the accounts it is about; else empty.
    #[n(2)]
    pub accounts: Vec<u64>,
}

/// A court takes a warrant back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Revocation {
    /// The warrant's number.
    #[n(0)]
    pub number: u64,
    /// From when on, in seconds since 1970 (UTC).
    #[n(1)]
    pub at: u64,
}

impl Warrant {
    /// The encoding that is signed: CBOR with integer keys.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what [`Warrant::encode`] wrote.
    ///
    /// # Errors
    /// [`Defect::Payload`] or [`Defect::NotCanonical`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Defect> {
        let warrant: Self = minicbor::decode(bytes).map_err(|error| Defect::Payload(error.to_string()))?;
        if warrant.encode() == bytes { Ok(warrant) } else { Err(Defect::NotCanonical) }
    }

    /// The finding on a condition, if there is one.
    pub fn finding(&self, condition: Condition) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.condition == condition)
    }

    /// Whether a record of this kind of data about these accounts, from this time, is in its scope.
    pub fn covers(&self, data: Data, at: u64, mut accounts: impl Iterator<Item = u64>) -> bool {
        let dated = self.from <= at && at < self.until;
        dated && self.data.contains(&data) && accounts.any(|account| self.accounts.contains(&account))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authorised => "judicially authorised",
            Self::Narrow => "narrow",
            Self::Suspicion => "based on suspicion",
            Self::Necessary => "necessary",
            Self::Proportionate => "proportionate",
        })
    }
}

impl fmt::Display for Data {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Communications => "communications data",
            Self::Content => "content",
        })
    }
}

fn encode(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to a vector cannot fail")
}

/// SHA-256 over parts, each preceded by its length.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
