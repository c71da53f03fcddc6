use super::tree::{leaf_hash, root, root_including, roots_extending};
use crate::log::{LogError, Proof, Record};
use base64::{Engine, prelude::BASE64_STANDARD};

/// What a log is at one size (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root of the tree of the records' encodings.
    pub root: [u8; 32],
}

impl Checkpoint {
    /// That of a log that has no records.
    pub(in crate::log) fn empty(origin: &str) -> Self {
        Self { origin: origin.to_owned(), size: 0, root: root(&[]) }
    }

    pub(super) fn parse(text: &str) -> Result<Self, LogError> {
        let malformed = |detail: &str| LogError::MalformedNote(detail.to_owned());
        let lines: Vec<&str> = text.split_terminator('\n').collect();
        let [origin, size, digest] = lines[..] else {
            return Err(malformed("it does not have three lines: origin, size, root"));
        };
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        let digest = BASE64_STANDARD.decode(digest).ok().and_then(|digest| digest.try_into().ok());
        let (Some(size), Some(digest), false) = (number, digest, origin.is_empty()) else {
            return Err(malformed("its origin, size or root cannot be read"));
        };
        if size == 0 && digest != root(&[]) {
            return Err(malformed("a log without records has another root"));
        }
        Ok(Self { origin: origin.to_owned(), size, root: digest })
    }

    /// Whether `record` is the one at `index`.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`], [`LogError::MalformedProof`] or [`LogError::NotIncluded`].
    pub fn includes(&self, index: u64, record: &Record, proof: &Proof) -> Result<(), LogError> {
        self.includes_leaf(index, leaf_hash(&record.to_bytes()), proof)
    }

    /// The same for an entry of any kind, of which this is the [`leaf_hash`].
    ///
    /// # Errors
    /// As [`Checkpoint::includes`].
    pub fn includes_leaf(&self, index: u64, leaf: [u8; 32], proof: &Proof) -> Result<(), LogError> {
        if index >= self.size {
            return Err(LogError::OutOfRange { index, size: self.size });
        }
        if root_including(leaf, index, self.size, proof)? == self.root {
            Ok(())
        } else {
            Err(LogError::NotIncluded { index, size: self.size })
        }
    }

    /// Whether this is the log of `older` with nothing but records appended.
    ///
    /// # Errors
    /// [`LogError::WrongOrigin`], [`LogError::RolledBack`], [`LogError::MalformedProof`] or [`LogError::Forked`].
    pub fn extends(&self, older: &Self, proof: &Proof) -> Result<(), LogError> {
        if self.origin != older.origin {
            return Err(LogError::WrongOrigin { expected: older.origin.clone(), found: self.origin.clone() });
        }
        if self.size < older.size {
            return Err(LogError::RolledBack { seen: older.size, found: self.size });
        }
        let same = self.size == older.size;
        let roots = if same || older.size == 0 {
            if !proof.hashes().is_empty() {
                return Err(LogError::MalformedProof("some hashes, where it takes none".into()));
            }
            (if same { self.root } else { root(&[]) }, self.root)
        } else {
            roots_extending(older.root, older.size, self.size, proof)?
        };
        if roots == (older.root, self.root) {
            Ok(())
        } else {
            Err(LogError::Forked { from: older.size, to: self.size })
        }
    }
}
