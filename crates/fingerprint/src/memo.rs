use crate::{FingerprintError, Pdq};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Remembers what was computed from encoded pictures, by their BLAKE3 digest, so that thousands of protocol trials need
/// not decode the same picture again. Hashing is a pure function: remembering changes no result.
#[derive(Debug, Default)]
pub struct Memo(Mutex<HashMap<[u8; 32], Arc<Known>>>);

/// What is remembered of an encoded picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// BLAKE3 of the encoded picture.
    pub digest: [u8; 32],
    /// Its hash and the small stages before it.
    pub marks: Result<Arc<Marks>, FingerprintError>,
}

/// A hash and the small stages before it, as in [`Stages`](crate::Stages).
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The hash and its quality.
    pub pdq: Pdq,
    /// [`Stages::filtered`](crate::Stages::filtered).
    pub filtered: Box<[[f32; 64]; 64]>,
    /// [`Stages::dct`](crate::Stages::dct).
    pub dct: Box<[[f32; 16]; 16]>,
}

impl Memo {
    /// Entries kept at most; what comes later is computed each time.
    const MOST: usize = 1 << 16;

    /// What is known of `encoded`, computed if need be.
    pub fn look(&self, encoded: &[u8]) -> Arc<Known> {
        let digest = *blake3::hash(encoded).as_bytes();
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&digest) {
            return Arc::clone(known);
        }
        let marks = crate::stages(encoded)
            .map(|stages| Arc::new(Marks { pdq: stages.pdq(), filtered: stages.filtered, dct: stages.dct }));
        self.keep(Known { digest, marks })
    }

    /// Makes `encoded` known as something with this hash, or as no picture, whatever it is: for simulators, which stand
    /// in for a picture of which they know the hash alone.
    pub fn plant(&self, encoded: &[u8], pdq: Option<Pdq>) {
        let digest = *blake3::hash(encoded).as_bytes();
        let marks = |pdq| Arc::new(Marks { pdq, filtered: Box::new([[0.0; 64]; 64]), dct: Box::new([[0.0; 16]; 16]) });
        self.keep(Known { digest, marks: pdq.map(marks).ok_or(FingerprintError::TooSmall { width: 0, height: 0 }) });
    }

    /// Makes `encoded` known to show what `same` shows, without decoding it: for the same file with bytes behind its end,
    /// which no decoder reads.
    pub fn alias(&self, encoded: &[u8], same: &Known) {
        let digest = *blake3::hash(encoded).as_bytes();
        self.keep(Known { digest, marks: same.marks.clone() });
    }

    fn keep(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() < Self::MOST {
            memory.insert(known.digest, Arc::clone(&known));
        }
        known
    }
}
