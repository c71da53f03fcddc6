//! Escrow: whoever holds one key can open every message, without being on any roster. Not part of a private messenger; here
//! so that a design with it can be measured.
//!
//! Beside each message travels its envelope, sealed to the escrow key with HPKE (RFC 9180, base mode,
//! DHKEM(X25519, HKDF-SHA256), AES-128-GCM). The envelope holds the text, or the key of the attachment.

use crate::message::Envelope;
use crate::{AttachmentKey, Content, Error, attachment, wire};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use minicbor::{Decode, Encode};
use rand_core::SeedableRng;
use sightline_crypto::{Ledger, Stream};

type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Private = <X25519HkdfSha256 as Kem>::PrivateKey;

/// Binds sealed envelopes to their purpose.
const INFO: &[u8] = b"sightline escrow";

/// The key that everything is sealed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscrowKey([u8; 32]);

/// The key that opens everything.
pub struct EscrowSecret([u8; 32]);

/// An envelope that the escrow's key opens.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Escrowed {
    #[cbor(n(0), with = "minicbor::bytes")]
    encapsulated: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    ciphertext: Vec<u8>,
}

/// What an escrowed message turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsealed {
    /// A text, at once.
    Text(Content),
    /// An attachment, once its blob is there: its kind and name, and what opens it.
    Attachment(crate::ContentKind, Option<String>, AttachmentKey),
}

impl EscrowSecret {
    /// A key pair from `secret`, which must be uniform and secret.
    pub fn new(secret: &[u8; 32], ledger: &Ledger) -> (Self, EscrowKey) {
        let (private, public) = X25519HkdfSha256::derive_keypair(secret);
        let (private, public) = (private.to_bytes(), public.to_bytes());
        ledger.key_pair(&private, &public);
        (Self(private.into()), EscrowKey(public.into()))
    }

    /// The bytes. Handle as a secret.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Opens a sealed envelope.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it was not sealed to this key, or holds no envelope.
    pub fn open(&self, sealed: &Escrowed) -> Result<Unsealed, Error> {
        let malformed = |reason: &str| Error::Malformed { what: "escrowed envelope", reason: reason.into() };
        let secret = Private::from_bytes(&self.0).map_err(|_| malformed("the escrow's key is none"))?;
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed.encapsulated)
            .map_err(|_| malformed("its encapsulated key is none"))?;
        let opened = hpke::single_shot_open::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &encapsulated,
            INFO,
            &sealed.ciphertext,
            &[],
        );
        let envelope = Envelope::decode(&opened.map_err(|_| malformed("it was not sealed to the escrow's key"))?)?;
        let Envelope { kind, name, text, attachment, .. } = envelope;
        match (text, attachment) {
            (Some(bytes), _) => Ok(Unsealed::Text(Content { kind, bytes, name })),
            (None, Some(key)) => Ok(Unsealed::Attachment(kind, name, key)),
            (None, None) => Err(malformed("it holds neither text nor attachment")),
        }
    }
}

impl Unsealed {
    /// The content, from the blob if it lies in one.
    ///
    /// # Errors
    /// [`Error::Attachment`] if the blob does not open, or is not there.
    pub fn content(self, blob: Option<&[u8]>) -> Result<Content, Error> {
        match self {
            Self::Text(content) => Ok(content),
            Self::Attachment(kind, name, key) => {
                Ok(Content { kind, bytes: attachment::open(blob.unwrap_or_default(), &key)?, name })
            }
        }
    }
}

impl EscrowKey {
    /// The bytes of the X25519 public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals an encoded envelope. `fresh` must be uniform, secret and new.
    pub(crate) fn seal(&self, envelope: &[u8], fresh: [u8; 32], ledger: &Ledger) -> Escrowed {
        let public = Public::from_bytes(&self.0).expect("it was made as a public key");
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            INFO,
            envelope,
            &[],
            &mut Stream::from_seed(fresh),
        )
        .expect("the key is valid and the envelope short");
        ledger.seal_to(&self.0, &ciphertext, envelope);
        Escrowed { encapsulated: encapsulated.to_bytes().to_vec(), ciphertext }
    }
}

impl Escrowed {
    /// The bytes as they travel.
    pub fn encode(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// Reads what [`Escrowed::encode`] wrote; trailing bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        wire::decode("escrowed envelope", bytes)
    }
}
