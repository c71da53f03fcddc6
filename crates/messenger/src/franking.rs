//! Message franking: a recipient can show the provider one message with proof of who sent it, and nothing else.
//!
//! The sender commits to the content with HMAC-SHA-256 under a fresh opening, which travels sealed with the content
//! (Grubbs, Lu, Ristenpart: Message Franking via Committing Authenticated Encryption, CRYPTO 2017, §3 and §6; a commitment
//! beside the ciphertext, because the usual AEADs commit to nothing). The provider stamps the commitment with sender, group
//! and time under a key of its own, and keeps nothing. A recipient refuses what does not open its commitment, so all that
//! is shown can be reported.
//!
//! The stamp is a MAC: it convinces the provider alone, who could have made it for anything.

use crate::{Content, GroupId, MemberId, wire};
use hmac::{Hmac, KeyInit, Mac};
use minicbor::{Decode, Encode};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Keeps the two uses of HMAC apart.
const CONTENT: &[u8] = b"sightline franking: content";
const STAMP: &[u8] = b"sightline franking: stamp";

/// What opens a commitment: 32 fresh bytes that sender and recipients know.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct Opening(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// A sender's commitment to a content, which says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Commitment(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// What the provider says about a commitment: who sent it, where and when.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stamp {
    /// The commitment.
    #[n(0)]
    pub commitment: Commitment,
    /// Who sent it.
    #[n(1)]
    pub sender: MemberId,
    /// To which group.
    #[n(2)]
    pub group: GroupId,
    /// When, in seconds of the provider's clock.
    #[n(3)]
    pub time: u64,
    #[cbor(n(4), with = "minicbor::bytes")]
    tag: [u8; 32],
}

/// What a recipient keeps beside a content, to be able to report it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Proof {
    /// Opens the commitment.
    #[n(0)]
    pub opening: Opening,
    /// The provider's word on the commitment.
    #[n(1)]
    pub stamp: Stamp,
}

/// The provider's key for stamps. Whoever holds it can stamp anything.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FrankingKey([u8; 32]);

/// Why a message cannot be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrankingError {
    /// Neither opening nor stamp may be missing.
    #[error("it came without {0}, so it could not be reported")]
    Missing(&'static str),
    /// The commitment is to another content.
    #[error(
        "the commitment does not open to this content: the sender committed to another one, or the content was altered"
    )]
    Opening,
    /// The stamp names someone or somewhere else.
    #[error("the provider's stamp is for another {0} than the message")]
    Elsewhere(&'static str),
    /// The stamp is not this provider's.
    #[error(
        "the stamp was not made by this provider for this commitment, sender, group and time: it was forged or altered"
    )]
    Stamp,
}

impl Opening {
    /// An opening of these bytes, which must be uniform, secret and new.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The commitment to `content`, its kind and name included.
    pub fn commit(&self, content: &Content) -> Commitment {
        Commitment(self.mac(content).finalize().into_bytes().into())
    }

    /// Whether `commitment` is to `content`.
    ///
    /// # Errors
    /// [`FrankingError::Opening`].
    pub fn check(&self, content: &Content, commitment: &Commitment) -> Result<(), FrankingError> {
        self.mac(content).verify_slice(&commitment.0).map_err(|_| FrankingError::Opening)
    }

    fn mac(&self, content: &Content) -> Hmac<Sha256> {
        mac(&self.0, CONTENT, &[&wire::encode(&(content.kind, &content.name)), &content.bytes])
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opening(..)")
    }
}

impl FrankingKey {
    /// A key of these bytes, which must be uniform and secret.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes. Handle as a secret.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Stamps a commitment.
    pub fn stamp(&self, commitment: Commitment, sender: MemberId, group: GroupId, time: u64) -> Stamp {
        let tag = self.mac(commitment, sender, group, time).finalize().into_bytes().into();
        Stamp { commitment, sender, group, time, tag }
    }

    /// Whether `content` was sent as the proof says.
    ///
    /// # Errors
    /// [`FrankingError::Stamp`] or [`FrankingError::Opening`].
    pub fn check(&self, content: &Content, proof: &Proof) -> Result<(), FrankingError> {
        let Stamp { commitment, sender, group, time, tag } = &proof.stamp;
        let expected = self.mac(*commitment, *sender, *group, *time);
        expected.verify_slice(tag).map_err(|_| FrankingError::Stamp)?;
        proof.opening.check(content, commitment)
    }

    fn mac(&self, commitment: Commitment, sender: MemberId, group: GroupId, time: u64) -> Hmac<Sha256> {
        mac(&self.0, STAMP, &[&wire::encode(&(commitment, sender, group, time))])
    }
}

impl fmt::Debug for FrankingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FrankingKey(..)")
    }
}

/// What a recipient checks before a content is shown.
///
/// # Errors
/// [`FrankingError`].
pub(crate) fn accept(
    content: &Content,
    opening: Option<Opening>,
    stamp: Option<Stamp>,
    sender: MemberId,
    group: GroupId,
) -> Result<Proof, FrankingError> {
    let opening = opening.ok_or(FrankingError::Missing("an opening"))?;
    let stamp = stamp.ok_or(FrankingError::Missing("the provider's stamp"))?;
    if stamp.sender != sender {
        return Err(FrankingError::Elsewhere("sender"));
    }
    if stamp.group != group {
        return Err(FrankingError::Elsewhere("group"));
    }
    opening.check(content, &stamp.commitment)?;
    Ok(Proof { opening, stamp })
}

fn mac(key: &[u8; 32], purpose: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in std::iter::once(&purpose).chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContentKind;
    use proptest::prelude::*;

    const SENDER: MemberId = MemberId(3);
    const GROUP: GroupId = GroupId(9);

    fn proven(content: &Content) -> (FrankingKey, Proof) {
        let (key, opening) = (FrankingKey::new([1; 32]), Opening::new([2; 32]));
        let stamp = key.stamp(opening.commit(content), SENDER, GROUP, 77);
        (key, Proof { opening, stamp })
    }

    #[test]
    fn a_report_holds_for_its_content_sender_group_and_time_alone() {
        let content = Content::picture(b"a picture".into());
        let (key, proof) = proven(&content);
        assert_eq!(key.check(&content, &proof), Ok(()));
        let altered = |alter: &dyn Fn(&mut Proof)| {
            let mut altered = proof.clone();
            alter(&mut altered);
            key.check(&content, &altered)
        };
        assert_eq!(altered(&|proof| proof.stamp.sender = MemberId(4)), Err(FrankingError::Stamp));
        assert_eq!(altered(&|proof| proof.stamp.group = GroupId(8)), Err(FrankingError::Stamp));
        assert_eq!(altered(&|proof| proof.stamp.time += 1), Err(FrankingError::Stamp));
        assert_eq!(altered(&|proof| proof.stamp.commitment.0[0] ^= 1), Err(FrankingError::Stamp));
        assert_eq!(altered(&|proof| proof.stamp.tag[31] ^= 1), Err(FrankingError::Stamp));
        assert_eq!(altered(&|proof| proof.opening = Opening::new([3; 32])), Err(FrankingError::Opening));
        assert_eq!(FrankingKey::new([9; 32]).check(&content, &proof), Err(FrankingError::Stamp));
        let renamed = Content { name: Some("x".into()), ..content.clone() };
        let retyped = Content { kind: ContentKind::Document, ..content };
        for other in [renamed, retyped, Content::picture(b"a picturE".into()), Content::picture(Vec::new())] {
            assert_eq!(key.check(&other, &proof), Err(FrankingError::Opening));
        }
    }

    #[test]
    fn what_could_not_be_reported_is_not_accepted() {
        let content = Content::text("hello");
        let (_, Proof { opening, stamp }) = proven(&content);
        let accept = |content: &Content, opening: Option<&Opening>, stamp: Option<&Stamp>, sender, group| {
            accept(content, opening.cloned(), stamp.cloned(), sender, group).map(drop)
        };
        let (some_opening, some_stamp) = (Some(&opening), Some(&stamp));
        assert_eq!(accept(&content, some_opening, some_stamp, SENDER, GROUP), Ok(()));
        assert!(matches!(accept(&content, None, some_stamp, SENDER, GROUP), Err(FrankingError::Missing(_))));
        assert!(matches!(accept(&content, some_opening, None, SENDER, GROUP), Err(FrankingError::Missing(_))));
        let elsewhere = accept(&content, some_opening, some_stamp, MemberId(1), GROUP);
        assert_eq!(elsewhere, Err(FrankingError::Elsewhere("sender")));
        let elsewhere = accept(&content, some_opening, some_stamp, SENDER, GroupId(1));
        assert_eq!(elsewhere, Err(FrankingError::Elsewhere("group")));
        let other = accept(&Content::text("hallo"), some_opening, some_stamp, SENDER, GROUP);
        assert_eq!(other, Err(FrankingError::Opening));
    }

    #[test]
    fn whoever_holds_the_providers_key_can_stamp_what_was_never_sent() {
        // So a stamp convinces nobody but the provider: a recipient's proof is worth nothing to others.
        let never_sent = Content::text("never sent");
        let (key, proof) = proven(&never_sent);
        assert_eq!(key.check(&never_sent, &proof), Ok(()));
    }

    proptest! {
        #[test]
        fn contents_do_not_share_a_commitment(a: (Option<String>, Vec<u8>), b: (Option<String>, Vec<u8>)) {
            let content = |(name, bytes): (Option<String>, Vec<u8>)| Content { kind: ContentKind::Document, bytes, name };
            let opening = Opening::new([5; 32]);
            prop_assert_eq!(opening.commit(&content(a.clone())) == opening.commit(&content(b.clone())), a == b);
        }
    }
}
