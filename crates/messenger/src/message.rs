//! What an MLS application message carries: an [`Envelope`] of constant length, so that neither the kind of content
//! nor its name shows in the length of the ciphertext.

use crate::franking::Opening;
use crate::{AttachmentKey, Error, wire};
use minicbor::{Decode, Encode};

/// Length of every encoded envelope in bytes.
pub const ENVELOPE_LENGTH: usize = 1024;
/// Longest text that is carried inside the envelope, in bytes; longer text becomes an attachment.
pub const LONGEST_INLINE_TEXT: usize = 512;
/// Longest name of a content, in bytes.
pub const LONGEST_NAME: usize = 255;

/// The random name of a message, known to the members of its group alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct MessageId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// What kind of thing a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ContentKind {
    /// A still picture.
    #[n(0)]
    Picture,
    /// A moving picture.
    #[n(1)]
    Video,
    /// Any other file.
    #[n(2)]
    Document,
    /// UTF-8 text.
    #[n(3)]
    Text,
}

impl std::fmt::Display for ContentKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Picture => "picture",
            Self::Video => "video",
            Self::Document => "document",
            Self::Text => "text",
        })
    }
}

/// What a user sends and receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is.
    pub kind: ContentKind,
    /// The content itself, e.g. a JPEG file.
    pub bytes: Vec<u8>,
    /// A file name, at most [`LONGEST_NAME`] bytes.
    pub name: Option<String>,
}

impl Content {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self { kind: ContentKind::Text, bytes: text.into(), name: None }
    }

    /// A nameless picture file.
    pub const fn picture(bytes: Vec<u8>) -> Self {
        Self { kind: ContentKind::Picture, bytes, name: None }
    }
}

/// The plaintext of an application message. Exactly one of `text` and `attachment` is there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Envelope {
    /// The message's name.
    #[n(0)]
    pub id: MessageId,
    /// What kind of thing it carries.
    #[n(1)]
    pub kind: ContentKind,
    /// The content's file name.
    #[n(2)]
    pub name: Option<String>,
    /// A short text.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub text: Option<Vec<u8>>,
    /// Where the content lies and how to open it.
    #[n(4)]
    pub attachment: Option<AttachmentKey>,
    /// Opens the sender's commitment to the content, where messages can be reported.
    #[n(5)]
    pub opening: Option<Opening>,
}

impl Envelope {
    /// [`ENVELOPE_LENGTH`] bytes: the CBOR encoding, then the byte 0x80, then zeros (ISO/IEC 7816-4 padding).
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        check("name", self.name.as_ref().map_or(0, String::len), LONGEST_NAME)?;
        check("text", self.text.as_ref().map_or(0, Vec::len), LONGEST_INLINE_TEXT)?;
        let mut bytes = wire::encode(self);
        bytes.push(0x80);
        debug_assert!(bytes.len() <= ENVELOPE_LENGTH, "name, text and key are bounded");
        bytes.resize(ENVELOPE_LENGTH, 0);
        Ok(bytes)
    }

    /// Reads what [`Envelope::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let malformed = |reason: &str| Error::Malformed { what: "envelope", reason: reason.into() };
        if bytes.len() != ENVELOPE_LENGTH {
            return Err(malformed("its length is not the one length every envelope has"));
        }
        let end = bytes.iter().rposition(|byte| *byte != 0).filter(|at| bytes[*at] == 0x80);
        let end = end.ok_or_else(|| malformed("the padding is wrong"))?;
        let envelope: Self = wire::decode("envelope", &bytes[..end])?;
        if envelope.text.is_some() == envelope.attachment.is_some() {
            return Err(malformed("it must hold a text or an attachment"));
        }
        Ok(envelope)
    }
}

const fn check(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found > limit { Err(Error::TooLong { what, limit, found }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlobId;

    fn envelope(name: usize, text: Option<usize>) -> Envelope {
        let attachment = text.is_none().then(|| AttachmentKey::for_tests(BlobId([3; 32])));
        Envelope {
            id: MessageId([1; 16]),
            kind: ContentKind::Picture,
            name: (name > 0).then(|| "x".repeat(name)),
            text: text.map(|length| vec![b't'; length]),
            attachment,
            opening: Some(Opening::new([4; 32])),
        }
    }

    #[test]
    fn every_envelope_has_one_length_and_reads_back() {
        for (name, text) in [(0, None), (LONGEST_NAME, None), (0, Some(0)), (LONGEST_NAME, Some(LONGEST_INLINE_TEXT))] {
            let envelope = envelope(name, text);
            let bytes = envelope.encode().unwrap();
            assert_eq!(bytes.len(), ENVELOPE_LENGTH);
            assert_eq!(Envelope::decode(&bytes).unwrap(), envelope);
        }
        assert!(matches!(envelope(LONGEST_NAME + 1, None).encode(), Err(Error::TooLong { what: "name", .. })));
        assert!(matches!(
            envelope(0, Some(LONGEST_INLINE_TEXT + 1)).encode(),
            Err(Error::TooLong { what: "text", .. })
        ));
    }

    #[test]
    fn a_wrong_envelope_is_refused() {
        let good = envelope(3, Some(9)).encode().unwrap();
        let mut no_padding = good.clone();
        *no_padding.last_mut().unwrap() = 1;
        for bad in [&good[1..], &no_padding, &[0; ENVELOPE_LENGTH]] {
            assert!(matches!(Envelope::decode(bad), Err(Error::Malformed { .. })));
        }
        let both = Envelope { attachment: envelope(0, None).attachment, ..envelope(0, Some(1)) };
        assert!(matches!(Envelope::decode(&both.encode().unwrap()), Err(Error::Malformed { .. })));
    }
}
