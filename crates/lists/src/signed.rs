//! What a list authority says about a version of a list, signed: `COSE_Sign1` (RFC 9052 §4.2) with Ed25519 (RFC 8032) over
//! a CBOR statement. Entries travel beside it and are bound by their digest.

use crate::HashList;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, iana};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;

/// Binds signatures to their purpose (the external data of RFC 9052 §4.3).
const PURPOSE: &[u8] = b"sightline hash list";
/// Longest signed statement that is read, in bytes.
const LONGEST: usize = 4_096;

/// What a list authority says about one version of a list.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Statement {
    /// Which list, in words.
    #[n(0)]
    pub name: String,
    /// Its version, from 1 on.
    #[n(1)]
    pub version: u64,
    /// Digest of the version before; none before the first.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub previous: Option<[u8; 32]>,
    /// [`HashList::digest`] of this version.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Number of entries.
    #[n(4)]
    pub entries: u64,
    /// When it was issued, in seconds since 1970 (UTC).
    #[n(5)]
    pub issued: u64,
}

/// A statement with the authority's signature, encoded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SignedStatement(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

/// A list authority's signing key.
pub struct Authority(SigningKey);

/// The public key by which an authority is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorityKey(VerifyingKey);

/// The newest version seen, so that an older one or another one of the same number is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Its number.
    pub version: u64,
    /// Its digest.
    pub digest: [u8; 32],
}

/// Why a signed statement is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Not a signed statement at all.
    #[error("not a signed list statement: {0}")]
    Malformed(String),
    /// Signed with a key that is not this authority's.
    #[error("signed with key {found}, not with the list authority's {expected}")]
    WrongKey {
        /// The authority's key id.
        expected: String,
        /// The key id in the statement.
        found: String,
    },
    /// The signature does not fit the statement.
    #[error("the signature does not fit the statement: it was forged or altered")]
    Forged,
    /// The list is not the one that was signed.
    #[error("the entries of version {version} are not the ones that were signed")]
    WrongList {
        /// The version stated.
        version: u64,
    },
    /// An older version than one that was seen before.
    #[error("version {found} of the list is older than version {seen}, which was seen before")]
    RolledBack {
        /// The newest version seen.
        seen: u64,
        /// The version offered.
        found: u64,
    },
    /// Another list under the number of one that was seen before.
    #[error("there are two lists with version number {version}: not everyone is shown the same one")]
    Forked {
        /// The number.
        version: u64,
    },
}

impl Statement {
    /// What there is to say about `list`. `previous` is the version before, if there is one.
    pub fn about(name: &str, list: &HashList, previous: Option<&HashList>, issued: u64) -> Self {
        Self {
            name: name.to_owned(),
            version: list.version(),
            previous: previous.map(HashList::digest),
            digest: list.digest(),
            entries: list.len() as u64,
            issued,
        }
    }

    /// Whether `list` is the one that this is about.
    ///
    /// # Errors
    /// [`SignatureError::WrongList`].
    pub fn check(&self, list: &HashList) -> Result<(), SignatureError> {
        if list.version() == self.version && list.digest() == self.digest {
            Ok(())
        } else {
            Err(SignatureError::WrongList { version: self.version })
        }
    }

    /// Version and digest, to remember.
    pub const fn pin(&self) -> Pin {
        Pin { version: self.version, digest: self.digest }
    }
}

impl Authority {
    /// The authority whose Ed25519 key is `secret` (RFC 8032 §5.1.5).
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// Its public key.
    pub fn key(&self) -> AuthorityKey {
        AuthorityKey(self.0.verifying_key())
    }

    /// Signs a statement.
    pub fn sign(&self, statement: &Statement) -> SignedStatement {
        let protected = HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(self.key().id().to_vec()).build();
        let payload = minicbor::to_vec(statement).expect("writing to a vector cannot fail");
        let signed = CoseSign1Builder::new()
            .protected(protected)
            .payload(payload)
            .create_signature(PURPOSE, |bytes| self.0.sign(bytes).to_bytes().to_vec())
            .build();
        SignedStatement(signed.to_vec().expect("a message made of bytes and numbers can be encoded"))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Authority").field(&self.key().name()).finish()
    }
}

impl AuthorityKey {
    /// The key with these 32 bytes.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`] if they are no point of the curve.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|error| SignatureError::Malformed(error.to_string()))
    }

    /// The key's 32 bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The first 8 bytes of the key's SHA-256.
    fn id(self) -> [u8; 8] {
        let digest: [u8; 32] = Sha256::digest(self.to_bytes()).into();
        std::array::from_fn(|place| digest[place])
    }

    /// Its id in hexadecimal digits.
    pub fn name(self) -> String {
        hexadecimal(&self.id())
    }

    /// The statement, if this authority signed it.
    ///
    /// # Errors
    /// [`SignatureError::Malformed`], [`SignatureError::WrongKey`] or [`SignatureError::Forged`].
    pub fn verify(self, signed: &SignedStatement) -> Result<Statement, SignatureError> {
        let malformed = |detail: String| SignatureError::Malformed(detail);
        if signed.0.len() > LONGEST {
            return Err(malformed(format!("{} bytes, where at most {LONGEST} are allowed", signed.0.len())));
        }
        let message = CoseSign1::from_slice(&signed.0).map_err(|error| malformed(error.to_string()))?;
        let key_id = &message.protected.header.key_id;
        if *key_id != self.id() {
            return Err(SignatureError::WrongKey { expected: self.name(), found: hexadecimal(key_id) });
        }
        message.verify_signature(PURPOSE, |signature, bytes| {
            let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Forged)?;
            self.0.verify_strict(bytes, &signature).map_err(|_| SignatureError::Forged)
        })?;
        let payload = message.payload.ok_or_else(|| malformed("there is no statement in it".into()))?;
        let statement: Statement = minicbor::decode(&payload).map_err(|error| malformed(error.to_string()))?;
        if self::encoded(&statement) != payload {
            return Err(malformed("the statement is not in its canonical encoding".into()));
        }
        Ok(statement)
    }
}

impl SignedStatement {
    /// A signed statement from its bytes; nothing is checked before [`AuthorityKey::verify`].
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes, `COSE_Sign1`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Pin {
    /// Remembers `statement` if it is newer, or the same.
    ///
    /// # Errors
    /// [`SignatureError::RolledBack`] or [`SignatureError::Forked`]; the pin stays as it was.
    pub fn advance(&mut self, statement: &Statement) -> Result<(), SignatureError> {
        if statement.version < self.version {
            Err(SignatureError::RolledBack { seen: self.version, found: statement.version })
        } else if statement.version == self.version && statement.digest != self.digest {
            Err(SignatureError::Forked { version: self.version })
        } else {
            *self = statement.pin();
            Ok(())
        }
    }
}

fn encoded(statement: &Statement) -> Vec<u8> {
    minicbor::to_vec(statement).expect("writing to a vector cannot fail")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, Provenance};
    use proptest::prelude::*;
    use sightline_fingerprint::PdqHash;

    fn authority(byte: u8) -> Authority {
        Authority::new(&[byte; 32])
    }

    fn list(bytes: &[u8]) -> HashList {
        HashList::new(
            bytes.iter().map(|byte| Entry { hash: PdqHash::from_bytes([*byte; 32]), provenance: Provenance::Picture }),
        )
    }

    fn statement(list: &HashList) -> Statement {
        Statement::about("test list", list, None, 1_767_225_600)
    }

    #[test]
    fn a_signed_statement_is_verified_against_key_and_list() {
        let (ours, other) = (authority(1), authority(2));
        let listed = list(&[1, 2, 3]);
        let signed = ours.sign(&statement(&listed));
        let verified = ours.key().verify(&signed).unwrap();
        assert_eq!(verified, statement(&listed));
        assert_eq!(verified.check(&listed), Ok(()));
        assert_eq!(verified.check(&list(&[1, 2])), Err(SignatureError::WrongList { version: 1 }));
        assert!(matches!(other.key().verify(&signed), Err(SignatureError::WrongKey { .. })));
    }

    #[test]
    fn older_and_forked_versions_are_refused() {
        let first = list(&[1]);
        let entry = |byte| Entry { hash: PdqHash::from_bytes([byte; 32]), provenance: Provenance::Picture };
        let (second, fork) = (first.with(entry(2)), first.with(entry(3)));
        let mut pin = statement(&first).pin();
        assert_eq!(pin.advance(&statement(&first)), Ok(()));
        assert_eq!(pin.advance(&statement(&second)), Ok(()));
        assert_eq!(pin.advance(&statement(&first)), Err(SignatureError::RolledBack { seen: 2, found: 1 }));
        assert_eq!(pin.advance(&statement(&fork)), Err(SignatureError::Forked { version: 2 }));
        assert_eq!(pin, statement(&second).pin());
    }

    proptest! {
        #[test]
        fn no_altered_byte_is_accepted(place in 0_usize..1_000, flip in 1_u8..=255) {
            let ours = authority(1);
            let signed = ours.sign(&statement(&list(&[1, 2, 3])));
            let mut bytes = signed.as_bytes().to_vec();
            let place = place % bytes.len();
            bytes[place] ^= flip;
            // The unprotected header is outside the signature; nothing is read from it.
            if let Ok(found) = ours.key().verify(&SignedStatement::from_bytes(bytes)) {
                prop_assert_eq!(found, statement(&list(&[1, 2, 3])));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            prop_assert!(authority(1).key().verify(&SignedStatement::from_bytes(bytes)).is_err());
        }
    }
}
