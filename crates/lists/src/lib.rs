//! Versioned lists of fingerprints with provenance.

mod signed;
mod text;
mod threat_exchange;

pub use signed::{Authority, AuthorityKey, Pin, SignatureError, SignedStatement, Statement};
pub use text::{HashRow, TextError, read_hashes};
pub use threat_exchange::{Descriptor, Exchange, ExchangeError, Indicator};

use sha2::{Digest, Sha256};
use sightline_fingerprint::{DEFAULT_RADIUS, PdqHash};
use sightline_hamming::oblivious;
use std::fmt;

/// A hash list: what a detection system compares pictures with. Entries are sorted and distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashList {
    version: u64,
    entries: Vec<Entry>,
    words: Vec<[u64; 4]>,
}

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The hash.
    pub hash: PdqHash,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Whether whoever made the list holds a picture with this hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// The hash of a picture.
    Picture,
    /// A code without a picture: filler, or made at a chosen distance from another hash.
    Code,
}

/// An entry within the radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its place in the list.
    pub entry: usize,
    /// Its distance in bits.
    pub distance: u32,
}

/// Hamming distance up to which a hash matches an entry, 0 to 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Radius(u32);

/// A radius that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Larger than any distance.
    #[error("radius {found} is not between 0 and {}, the number of bits of a hash", PdqHash::BITS)]
    Radius {
        /// The radius given.
        found: u32,
    },
}

impl Radius {
    /// The radius `bits`.
    ///
    /// # Errors
    /// [`ListError::Radius`] above 256.
    pub const fn new(bits: u32) -> Result<Self, ListError> {
        if bits > PdqHash::BITS { Err(ListError::Radius { found: bits }) } else { Ok(Self(bits)) }
    }

    /// The radius in bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl Default for Radius {
    fn default() -> Self {
        Self(DEFAULT_RADIUS)
    }
}

impl fmt::Display for Radius {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl HashList {
    /// Version 1 of a list of these entries. Of several with one hash, the one that comes from a picture is kept.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self::sorted(1, entries.into_iter().collect())
    }

    /// A list of these entries under this version number.
    pub fn of_version(version: u64, entries: impl IntoIterator<Item = Entry>) -> Self {
        Self::sorted(version, entries.into_iter().collect())
    }

    /// The next version, with one more entry.
    #[must_use]
    pub fn with(&self, entry: Entry) -> Self {
        Self::sorted(self.version + 1, self.entries.iter().copied().chain([entry]).collect())
    }

    fn sorted(version: u64, mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        entries.dedup_by_key(|entry| entry.hash);
        let words = entries.iter().map(|entry| entry.hash.words()).collect();
        Self { version, entries, words }
    }

    /// Its version, from 1 on.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The entries, sorted.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The hashes of the entries as words, in their order.
    pub fn words(&self) -> &[[u64; 4]] {
        &self.words
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The nearest entry within `radius`; of several, the first. A linear scan.
    pub fn nearest_within(&self, hash: &PdqHash, radius: Radius) -> Option<Match> {
        let found = oblivious::nearest_within(&self.words, hash.words(), radius.0)?;
        Some(Match { entry: found.code, distance: found.distance })
    }

    /// SHA-256 over version and entries.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new_with_prefix(self.version.to_be_bytes());
        for entry in &self.entries {
            hasher.update(entry.hash.as_bytes());
            hasher.update([u8::from(entry.provenance == Provenance::Picture)]);
        }
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(byte: u8, provenance: Provenance) -> Entry {
        Entry { hash: PdqHash::from_bytes([byte; 32]), provenance }
    }

    #[test]
    fn entries_are_sorted_distinct_and_versioned() {
        let list =
            HashList::new([entry(2, Provenance::Code), entry(1, Provenance::Code), entry(2, Provenance::Picture)]);
        assert_eq!(list.entries(), [entry(1, Provenance::Code), entry(2, Provenance::Picture)]);
        let next = list.with(entry(3, Provenance::Code));
        assert_eq!((next.len(), next.version), (3, 2));
        assert_ne!(next.digest(), list.digest());
        assert_eq!(Radius::new(257), Err(ListError::Radius { found: 257 }));
    }

    proptest! {
        #[test]
        fn the_scan_agrees_with_the_definition(
            hashes: Vec<[u8; 32]>, flips in prop::collection::vec(any::<u8>(), 0..40), radius in 0_u32..=256,
        ) {
            let code = |bytes| Entry { hash: PdqHash::from_bytes(bytes), provenance: Provenance::Code };
            let list = HashList::new(hashes.into_iter().map(code));
            let start = list.entries().first().map_or(PdqHash::from_bytes([0; 32]), |entry| entry.hash);
            let query = start.with_flipped(flips);
            let found = list.nearest_within(&query, Radius::new(radius).unwrap());
            let least = list.entries().iter().map(|entry| entry.hash.distance(&query)).min();
            prop_assert_eq!(found.map(|found| found.distance), least.filter(|least| *least <= radius));
            if let Some(found) = found {
                prop_assert_eq!(list.entries()[found.entry].hash.distance(&query), found.distance);
            }
        }
    }
}
