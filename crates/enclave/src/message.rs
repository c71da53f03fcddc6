use minicbor::{Decode, Encode};
use sha2::{Digest, Sha512};
use sightline_lists::{Pin, SignedStatement};

/// What an enclave is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// To match with this list from now on.
    #[n(0)]
    Load {
        /// What the list authority signed.
        #[n(0)]
        statement: SignedStatement,
        /// The entries, 33 bytes each: hash, and 1 if it is a picture's. Empty where they were handed over before.
        #[cbor(n(1), with = "minicbor::bytes")]
        entries: Vec<u8>,
    },
    /// For a session for one content.
    #[n(1)]
    Hello {
        /// Whose device asks, as the host says.
        #[n(0)]
        account: u16,
        /// The device's nonce.
        #[cbor(n(1), with = "minicbor::bytes")]
        nonce: [u8; 32],
    },
    /// To open a content and match it.
    #[n(2)]
    Check {
        /// Whose device sent it, as the host says.
        #[n(0)]
        account: u16,
        /// The content.
        #[n(1)]
        sealed: Sealed,
    },
    /// To try what it must not be able to do, and say what came of it.
    #[n(3)]
    Attempt,
}

/// What an enclave answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// The list with this version is in use.
    #[n(0)]
    Loaded(#[n(0)] u64),
    /// A session.
    #[n(1)]
    Offer(#[n(0)] Offer),
    /// The verdict on a content.
    #[n(2)]
    Outcome(#[n(0)] Outcome),
    /// It was not done; why, in words.
    #[n(3)]
    Refused(#[n(0)] String),
    /// What came of each attempt.
    #[n(4)]
    Attempted(#[n(0)] Vec<Attempt>),
}

/// A session for one content, and proof of whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Offer {
    /// A quote about [`Offer::binding`].
    #[cbor(n(0), with = "minicbor::bytes")]
    pub quote: Vec<u8>,
    /// The X25519 key to seal to.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub channel: [u8; 32],
    /// The nonce of the device.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// Version of the list.
    #[n(3)]
    pub version: u64,
    /// Digest of the list.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Number of this session among the account's.
    #[n(5)]
    pub counter: u64,
}

impl Offer {
    /// The 64 bytes that a quote binds: SHA-512 over key, nonce, list and counter.
    pub fn binding(&self) -> [u8; 64] {
        Sha512::new_with_prefix(b"sightline enclave session")
            .chain_update(self.channel)
            .chain_update(self.nonce)
            .chain_update(self.version.to_be_bytes())
            .chain_update(self.digest)
            .chain_update(self.counter.to_be_bytes())
            .finalize()
            .into()
    }

    /// The list.
    pub const fn list(&self) -> Pin {
        Pin { version: self.version, digest: self.digest }
    }
}

/// A content sealed to an enclave's session (HPKE, RFC 9180, base mode: X25519, HKDF-SHA256, AES-128-GCM).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sealed {
    /// Number of the session.
    #[n(0)]
    pub counter: u64,
    /// Version of the list for which it is meant.
    #[n(1)]
    pub version: u64,
    /// The encapsulated key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub encapsulated: [u8; 32],
    /// The padded content, with tag.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub ciphertext: Vec<u8>,
}

/// What leaves the enclave about a content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Outcome {
    /// It is not a picture, or one that cannot be hashed.
    #[n(0)]
    Unchecked,
    /// It does not match.
    #[n(1)]
    NoMatch,
    /// It matches: the content.
    #[n(2)]
    Match(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
}

/// Something that an isolated enclave must not be able to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attempt {
    /// What was tried.
    #[n(0)]
    pub what: String,
    /// The error that the operating system gave, or nothing if it succeeded.
    #[n(1)]
    pub error: Option<String>,
}

/// The content inside of a sealed one: whether it is a picture, its length, its bytes, zeros.
pub(crate) const HEADER: usize = 5;
