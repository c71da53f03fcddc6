//! Warrants and revocations as they travel.

use super::court::{CourtKey, key_id};
use super::{Defect, Revocation, Warrant, digest, encode, hexadecimal};
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, Header, HeaderBuilder, RegisteredLabelWithPrivate, iana};
use ed25519_dalek::Signature;
use minicbor::{Decode, Encode};

/// Bind signatures to their purpose (the external data of RFC 9052 §4.3).
const WARRANT: &[u8] = b"sightline warrant";
const REVOCATION: &[u8] = b"sightline revocation";
/// Longest signed warrant that is read, in bytes.
const LONGEST: usize = 16_384;

/// A warrant with a court's signature, encoded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SignedWarrant(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

/// A revocation with a court's signature, encoded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SignedRevocation(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

/// What a court is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Paper {
    Warrant(Warrant),
    Revocation(Revocation),
}

impl Paper {
    fn parts(&self) -> (&'static [u8], Vec<u8>) {
        match self {
            Self::Warrant(warrant) => (WARRANT, warrant.encode()),
            Self::Revocation(revocation) => (REVOCATION, encode(revocation)),
        }
    }

    /// The bytes that are signed: `Sig_structure` of RFC 9052 §4.4.
    pub(super) fn to_be_signed(&self, key: &[u8; 32]) -> Vec<u8> {
        let mut signed = Vec::new();
        self.cose(key, |bytes| {
            signed = bytes.to_vec();
            Vec::new()
        });
        signed
    }

    /// The message with this signature.
    pub(super) fn signed(&self, key: &[u8; 32], signature: &[u8]) -> Vec<u8> {
        self.cose(key, |_| signature.to_vec())
    }

    fn cose(&self, key: &[u8; 32], sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let (purpose, payload) = self.parts();
        let protected = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(key_id(key).to_vec()).build();
        let message =
            CoseSign1Builder::new().protected(protected).payload(payload).create_signature(purpose, sign).build();
        message.to_vec().expect("a message made of bytes and numbers can be encoded")
    }
}

impl SignedWarrant {
    /// A signed warrant from its bytes; nothing is checked before it is accepted.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, `COSE_Sign1`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a public log holds of it: SHA-256 over its salt and itself. It says nothing of the warrant until that is shown.
    pub fn commitment(&self, salt: &[u8; 32]) -> [u8; 32] {
        digest(&[b"sightline warrant commitment", salt, &self.0])
    }
}

impl SignedRevocation {
    /// A signed revocation from its bytes; nothing is checked before it is accepted.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, `COSE_Sign1`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl CourtKey {
    /// The warrant, if the court signed it. Its content is not checked.
    ///
    /// # Errors
    /// A [`Defect`] of form.
    pub fn open(&self, signed: &SignedWarrant) -> Result<Warrant, Defect> {
        Warrant::decode(&self.payload(WARRANT, &signed.0)?)
    }

    /// The revocation, if the court signed it.
    ///
    /// # Errors
    /// A [`Defect`] of form.
    pub fn open_revocation(&self, signed: &SignedRevocation) -> Result<Revocation, Defect> {
        let payload = self.payload(REVOCATION, &signed.0)?;
        let revocation: Revocation = minicbor::decode(&payload).map_err(|error| Defect::Payload(error.to_string()))?;
        if encode(&revocation) == payload { Ok(revocation) } else { Err(Defect::NotCanonical) }
    }

    fn payload(&self, purpose: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Defect> {
        if bytes.len() > LONGEST {
            return Err(Defect::Oversized { most: LONGEST, found: bytes.len() });
        }
        let message = CoseSign1::from_slice(bytes).map_err(|error| Defect::NotCose(error.to_string()))?;
        if message.unprotected != Header::default() {
            return Err(Defect::UnprotectedHeaders);
        }
        let header = &message.protected.header;
        if header.alg != Some(RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA)) {
            return Err(Defect::Algorithm);
        }
        let known = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(header.key_id.clone()).build();
        if *header != known {
            return Err(Defect::UnknownHeaders);
        }
        if header.key_id != self.id() {
            let found = hexadecimal(&header.key_id);
            return Err(if self.is_a_judge(&header.key_id) {
                Defect::OneJudge { found, threshold: self.threshold() }
            } else {
                Defect::WrongCourt { expected: self.name(), found }
            });
        }
        message.verify_signature(purpose, |signature, bytes| {
            let signature = Signature::from_slice(signature).map_err(|_| Defect::Forged)?;
            self.verifying().verify_strict(bytes, &signature).map_err(|_| Defect::Forged)
        })?;
        message.payload.filter(|payload| !payload.is_empty()).ok_or(Defect::Empty)
    }
}
