//! Sealed attachments: a fresh key each, padded, and *committing*.
//!
//! AES-256-GCM binds neither key nor plaintext: one can make a ciphertext that opens to two contents under two keys
//! (Dodis, Grubbs, Ristenpart, Woodage: Fast Message Franking, CRYPTO 2018, §3). So the MLS message carries, beside
//! the key, SHA-256 over key and padded content, which is checked at opening.

use crate::BlobId;
use minicbor::{Decode, Encode};
use rand_core::Rng;
use sha2::{Digest, Sha256};
use sightline_crypto::{Ledger, aead};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use zeroize::Zeroize;

/// How contents are padded before they are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Padding {
    /// Not at all.
    None,
    /// To a multiple of 256 bytes.
    Block256,
    /// PADMÉ: at most 12 % more, O(log log n) bits leak (Nikitin et al., PETS 2019, §4 and algorithm 1).
    #[default]
    Padme,
    /// Signal's buckets: max(541, ⌊1.05^⌈log₁.₀₅ n⌉⌋).
    Signal,
    /// To a power of two.
    PowerOfTwo,
}

impl Padding {
    /// All paddings, from the least to the most hiding.
    pub const ALL: [Self; 5] = [Self::None, Self::Block256, Self::Padme, Self::Signal, Self::PowerOfTwo];

    /// The padded length of a content of `length` bytes. Only [`Padding::None`] keeps an empty content empty.
    pub fn padded(self, length: u64) -> u64 {
        let some = length.max(1);
        match self {
            Self::None => length,
            Self::Block256 => some.next_multiple_of(256),
            Self::Padme => padme(some),
            Self::Signal => signal(some),
            Self::PowerOfTwo => some.next_power_of_two(),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Block256 => "block-256",
            Self::Padme => "padme",
            Self::Signal => "signal",
            Self::PowerOfTwo => "power-of-two",
        }
    }
}

impl fmt::Display for Padding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Padding {
    type Err = AttachmentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|padding| padding.name() == name);
        found.ok_or_else(|| AttachmentError::UnknownPadding(name.into()))
    }
}

/// Everything a recipient needs to fetch, open and check an attachment; travels inside the MLS message.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AttachmentKey {
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    digest: [u8; 32],
    #[n(2)]
    length: u64,
    #[n(3)]
    blob: BlobId,
}

impl AttachmentKey {
    /// Where the sealed blob lies at the provider.
    pub const fn blob(&self) -> BlobId {
        self.blob
    }

    /// Length of the content before padding, in bytes.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The AES-256-GCM key, for whoever must check what is held where. Handle as a secret.
    pub const fn secret(&self) -> &[u8; 32] {
        &self.key
    }

    #[cfg(test)]
    pub(crate) const fn for_tests(blob: BlobId) -> Self {
        Self { key: [1; 32], digest: [2; 32], length: u64::MAX, blob }
    }
}

impl fmt::Debug for AttachmentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AttachmentKey")
            .field("length", &self.length)
            .field("blob", &self.blob)
            .finish_non_exhaustive()
    }
}

impl Drop for AttachmentKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// A content that was padded and sealed.
#[derive(Debug, Clone)]
pub struct SealedAttachment {
    /// What the provider stores: padded length + 16 bytes of tag.
    pub blob: Vec<u8>,
    /// What the recipients get.
    pub key: AttachmentKey,
}

/// Why an attachment does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentError {
    /// The blob is shorter than its content.
    #[error("the blob has {found} bytes, at least {expected} are needed: fetch it again")]
    Truncated {
        /// Fewest bytes possible.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// The key does not open the blob.
    #[error("the key in the message does not open the blob: it was altered, or belongs to another message")]
    WrongKey,
    /// The blob opens, but not to what the sender committed to.
    #[error("the blob opens to something else than the sender committed to")]
    WrongDigest,
    /// The bytes after the content are not zero.
    #[error("the padding is not zero")]
    BadPadding,
    /// No padding has this name.
    #[error("no padding is called {0:?}; choose none, block-256, padme, signal or power-of-two")]
    UnknownPadding(String),
}

/// Pads and seals `content` under a fresh key from `randomness`.
pub fn seal(content: &[u8], padding: Padding, randomness: &mut impl Rng, ledger: &Ledger) -> SealedAttachment {
    let mut key = [0; 32];
    randomness.fill_bytes(&mut key);
    let length = content.len() as u64;
    let padded_length = usize::try_from(padding.padded(length)).expect("a padded content fits in memory");
    let mut padded = Vec::with_capacity(padded_length);
    padded.extend_from_slice(content);
    padded.resize(padded_length, 0);
    let digest = commitment(&key, &padded);
    let blob = aead::seal(ledger, &key, &NONCE, CONTEXT, &padded);
    SealedAttachment { key: AttachmentKey { key, digest, length, blob: BlobId::of(&blob) }, blob }
}

/// The content of `blob`, if it is what the sender committed to.
pub fn open(blob: &[u8], key: &AttachmentKey) -> Result<Vec<u8>, AttachmentError> {
    let found = blob.len() as u64;
    let expected = key.length.saturating_add(TAG);
    if found < expected {
        return Err(AttachmentError::Truncated { expected, found });
    }
    let mut content = aead::open(&key.key, &NONCE, CONTEXT, blob).map_err(|_| AttachmentError::WrongKey)?;
    if commitment(&key.key, &content) != key.digest {
        return Err(AttachmentError::WrongDigest);
    }
    let length = usize::try_from(key.length).expect("the content is no longer than the blob, which is in memory");
    if content[length..].iter().any(|byte| *byte != 0) {
        return Err(AttachmentError::BadPadding);
    }
    content.truncate(length);
    Ok(content)
}

/// A key seals one attachment only, so one nonce serves.
const NONCE: [u8; 12] = [0; 12];
const CONTEXT: &[u8] = b"sightline attachment";
/// Length of the AES-GCM tag in bytes.
const TAG: u64 = 16;

fn commitment(key: &[u8; 32], padded: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update(padded).finalize().into()
}

/// Keeps only as many leading bits of the length as its exponent's length says.
fn padme(length: u64) -> u64 {
    let Some(kept) = length.ilog2().checked_ilog2() else { return length };
    let cleared = length.ilog2() - (kept + 1);
    length.next_multiple_of(1 << cleared)
}

/// The smallest bucket that holds `length`.
fn signal(length: u64) -> u64 {
    let buckets = &*SIGNAL_BUCKETS;
    buckets[buckets.partition_point(|bucket| *bucket < length).min(buckets.len() - 1)]
}

/// ⌊1.05ᵏ⌋ from 541 on. No power of 1.05 beyond the zeroth is an integer, so the rounded-down power holds an integer
/// exactly if the power does; 64 fractional bits make it the same on every machine. The last bucket is beyond any memory.
static SIGNAL_BUCKETS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    const FRACTION: u32 = 64;
    let powers = std::iter::successors(Some(1_u128 << FRACTION), |power| Some(power.checked_mul(21)? / 20));
    let buckets = powers.filter_map(|power| u64::try_from(power >> FRACTION).ok());
    buckets.skip_while(|bucket| *bucket < 541).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sightline_crypto::Seed;
    use statrs::distribution::{ContinuousCDF, Normal};
    use std::collections::BTreeSet;

    fn sealed(content: &[u8], padding: Padding) -> SealedAttachment {
        seal(content, padding, &mut Seed::from_u64(1).stream(), &Ledger::off())
    }

    #[test]
    fn distinct_padded_sizes_of_the_catalogue_are_the_published_ones() {
        // sizeᵢ = max(2000, ⌊300 000·exp(0.8·Φ⁻¹((i+½)/10⁶))⌋), 10⁶ pictures; counts published with the definition.
        let normal = Normal::new(0.0, 1.0).unwrap();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "sizes are positive and below 2^40"
        )]
        let sizes: Vec<u64> = (0..1_000_000)
            .map(|i| {
                (300_000.0 * (0.8 * normal.inverse_cdf((f64::from(i) + 0.5) / 1e6)).exp()).floor().max(2000.0) as u64
            })
            .collect();
        for (padding, distinct) in Padding::ALL.into_iter().zip([717_993, 13_521, 287, 155, 12]) {
            let found = sizes.iter().map(|size| padding.padded(*size)).collect::<BTreeSet<_>>().len();
            assert_eq!(found, distinct, "{padding}");
        }
    }

    #[test]
    fn padded_lengths_by_hand() {
        for (padding, length, padded) in [
            (Padding::None, 0, 0),
            (Padding::Block256, 0, 256),
            (Padding::Block256, 257, 512),
            (Padding::Padme, 1, 1),
            (Padding::Padme, 3, 3),
            (Padding::Padme, 9, 10),
            (Padding::Padme, 100, 104),
            (Padding::Padme, 1_000_001, 1_015_808),
            (Padding::Signal, 0, 541),
            (Padding::Signal, 541, 541),
            // ⌊1.05^130⌋ = 568 holds 542; ⌊1.05^129⌋ = 541.
            (Padding::Signal, 542, 568),
            (Padding::PowerOfTwo, 513, 1024),
        ] {
            assert_eq!(padding.padded(length), padded, "{padding} {length}");
        }
    }

    #[test]
    fn names_read_back() {
        for padding in Padding::ALL {
            assert_eq!(padding.to_string().parse(), Ok(padding));
        }
        assert_eq!("Padme".parse::<Padding>(), Err(AttachmentError::UnknownPadding("Padme".into())));
    }

    #[test]
    fn every_way_of_not_opening_is_named() {
        let SealedAttachment { blob, key } = sealed(b"content", Padding::Block256);
        let mut altered = blob.clone();
        altered[3] ^= 1;
        assert_eq!(open(&altered, &key), Err(AttachmentError::WrongKey));
        assert_eq!(open(&blob[..20], &key), Err(AttachmentError::Truncated { expected: 23, found: 20 }));
        assert_eq!(open(&blob[..100], &key), Err(AttachmentError::WrongKey));
        let other = AttachmentKey { key: [9; 32], ..key.clone() };
        assert_eq!(open(&blob, &other), Err(AttachmentError::WrongKey));
        let uncommitted = AttachmentKey { digest: [9; 32], ..key.clone() };
        assert_eq!(open(&blob, &uncommitted), Err(AttachmentError::WrongDigest));
        let shortened = AttachmentKey { length: 3, ..key.clone() };
        assert_eq!(open(&blob, &shortened), Err(AttachmentError::BadPadding));
        let endless = AttachmentKey { length: u64::MAX, ..key };
        assert!(matches!(open(&blob, &endless), Err(AttachmentError::Truncated { .. })));
    }

    #[test]
    fn the_key_is_fresh_and_not_printed() {
        let mut randomness = Seed::from_u64(1).stream();
        let [a, b] = [(); 2].map(|()| seal(b"x", Padding::None, &mut randomness, &Ledger::off()));
        assert_ne!(a.key.secret(), b.key.secret());
        assert!(!format!("{:?}", a.key).contains("key:"));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(content: Vec<u8>, padding in prop::sample::select(&Padding::ALL)) {
            let SealedAttachment { blob, key } = sealed(&content, padding);
            prop_assert_eq!(blob.len() as u64, padding.padded(content.len() as u64) + TAG);
            prop_assert_eq!(open(&blob, &key), Ok(content));
        }

        #[test]
        fn padding_never_shrinks_and_is_monotone(a in 0_u64..1 << 40, b in 0_u64..1 << 40, padding in prop::sample::select(&Padding::ALL)) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(padding.padded(low) >= low);
            prop_assert!(padding.padded(low) <= padding.padded(high));
            prop_assert_eq!(padding.padded(padding.padded(low)), padding.padded(low));
        }
    }
}
