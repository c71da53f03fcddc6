use crate::LARGEST_CONTENT;
use crate::attestation::{AttestationError, CodeLog, Verifier};
use crate::enclave::INFO;
use crate::message::{HEADER, Offer, Sealed};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use rand_core::SeedableRng;
use sightline_crypto::{Ledger, Stream};
use sightline_lists::{Pin, SignatureError};
use std::fmt;
use std::sync::Arc;

type Public = <X25519HkdfSha256 as Kem>::PublicKey;

/// The device's side: sends nothing before it has seen what it would send it to.
pub struct Client {
    verifier: Arc<Verifier>,
    code: CodeLog,
    rule: ListRule,
    ledger: Ledger,
    /// Number of the last session that was accepted.
    counter: u64,
}

/// With which lists a client has its contents matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRule {
    /// The published one alone.
    Published(Pin),
    /// Any that the enclave accepts, hence any that the list authority signed.
    AnySigned,
}

/// A content, as an enclave looks at it.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// Whether it is said to be a picture.
    pub picture: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A session that was asked for: the nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting(pub [u8; 32]);

/// Why a client seals nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The quote does not hold.
    #[error("the enclave's quote is refused: {0}")]
    Attestation(#[from] AttestationError),
    /// Code that nobody published.
    #[error("the enclave runs code {measurement}, which is not in the code log")]
    UnknownCode {
        /// Its measurement.
        measurement: String,
    },
    /// An answer to another question.
    #[error("the offer answers another nonce: it was replayed")]
    Replayed,
    /// A session number that was there before.
    #[error("session {found} is not later than session {last}: the enclave's state was rolled back")]
    Counter {
        /// Number of the last session.
        last: u64,
        /// Number offered.
        found: u64,
    },
    /// A quote about something else.
    #[error("the quote is not about this key, nonce, list and counter")]
    Unbound,
    /// Another list than the published one.
    #[error("the enclave would match with another list: {0}")]
    List(SignatureError),
    /// A list that was not published yet.
    #[error("the enclave would match with version {found} of the list, and version {published} is the published one")]
    Unpublished {
        /// The version published.
        published: u64,
        /// The version offered.
        found: u64,
    },
    /// A key that is none.
    #[error("the enclave's key is no X25519 key")]
    Key,
    /// A content that is too long.
    #[error("a content of {length} bytes, where at most {LARGEST_CONTENT} can be checked")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl Client {
    /// A client that trusts the verifier's root, the code in `code`, and lists by `rule`.
    pub const fn new(verifier: Arc<Verifier>, code: CodeLog, rule: ListRule, ledger: Ledger) -> Self {
        Self { verifier, code, rule, ledger, counter: 0 }
    }

    /// The published list is another one from now on.
    ///
    /// # Errors
    /// [`SignatureError::RolledBack`] or [`SignatureError::Forked`] against the one before.
    pub fn publish(&mut self, statement: &sightline_lists::Statement) -> Result<(), SignatureError> {
        match &mut self.rule {
            ListRule::Published(pin) => pin.advance(statement),
            ListRule::AnySigned => Ok(()),
        }
    }

    /// Seals `subject` for the offered session, padded to `padded` bytes, if everything about the offer holds at `now`
    /// (seconds since 1970, UTC). `fresh` must be uniform, secret and new.
    ///
    /// # Errors
    /// [`ClientError`]; nothing has been sealed then.
    pub fn seal(
        &mut self,
        waiting: Waiting,
        offer: &Offer,
        subject: &Subject,
        padded: usize,
        now: u64,
        fresh: &[u8; 32],
    ) -> Result<Sealed, ClientError> {
        if subject.bytes.len() > LARGEST_CONTENT {
            return Err(ClientError::TooLong { length: subject.bytes.len() });
        }
        self.accept(waiting, offer, now)?;
        let public = Public::from_bytes(&offer.channel).map_err(|_| ClientError::Key)?;
        let plaintext = subject.to_padded(padded);
        let mut randomness = Stream::from_seed(*fresh);
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            INFO,
            &plaintext,
            &offer.binding(),
            &mut randomness,
        )
        .map_err(|_| ClientError::Key)?;
        self.ledger.seal_to(&offer.channel, &ciphertext, &plaintext);
        self.counter = offer.counter;
        Ok(Sealed {
            counter: offer.counter,
            version: offer.version,
            encapsulated: encapsulated.to_bytes().into(),
            ciphertext,
        })
    }

    fn accept(&self, waiting: Waiting, offer: &Offer, now: u64) -> Result<(), ClientError> {
        if offer.nonce != waiting.0 {
            return Err(ClientError::Replayed);
        }
        let attested = self.verifier.verify(&offer.quote, now)?;
        if !self.code.contains(attested.measurement) {
            return Err(ClientError::UnknownCode { measurement: attested.measurement.to_string() });
        }
        if attested.data != offer.binding() {
            return Err(ClientError::Unbound);
        }
        if offer.counter <= self.counter {
            return Err(ClientError::Counter { last: self.counter, found: offer.counter });
        }
        let ListRule::Published(published) = self.rule else { return Ok(()) };
        let found = offer.list();
        if found.version < published.version {
            let (seen, found) = (published.version, found.version);
            Err(ClientError::List(SignatureError::RolledBack { seen, found }))
        } else if found.version > published.version {
            Err(ClientError::Unpublished { published: published.version, found: found.version })
        } else if found.digest != published.digest {
            Err(ClientError::List(SignatureError::Forked { version: found.version }))
        } else {
            Ok(())
        }
    }
}

impl Subject {
    /// Kind, length and bytes, with zeros up to `padded` bytes of content.
    fn to_padded(&self, padded: usize) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).expect("contents above the limit were refused");
        let mut plaintext = Vec::with_capacity(HEADER + padded.max(self.bytes.len()));
        plaintext.push(u8::from(self.picture));
        plaintext.extend_from_slice(&length.to_be_bytes());
        plaintext.extend_from_slice(&self.bytes);
        plaintext.resize(HEADER + padded.max(self.bytes.len()), 0);
        plaintext
    }

    pub(crate) fn from_padded(plaintext: &[u8]) -> Option<Self> {
        let (header, content) = plaintext.split_at_checked(HEADER)?;
        let [kind @ (0 | 1), length @ ..] = header else { return None };
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let (bytes, padding) = content.split_at_checked(usize::try_from(length).ok()?)?;
        padding.iter().all(|byte| *byte == 0).then(|| Self { picture: *kind == 1, bytes: bytes.to_vec() })
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Subject");
        shown.field("picture", &self.picture).field("length", &self.bytes.len()).finish()
    }
}
