use crate::{FingerprintError, Intermediate, Level, Luma, Pdq, pdq};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Remembers what was computed from encoded pictures, by their BLAKE3 digest, so that thousands of protocol trials need
/// not decode the same picture again. Hashing is a pure function: remembering changes no result.
#[derive(Debug)]
pub struct Memo {
    /// Entries kept at most; what comes later is computed each time.
    most: usize,
    known: Mutex<HashMap<[u8; 32], Arc<Known>>>,
    /// Luma of what was planted with luma.
    planted: Mutex<HashMap<[u8; 32], Arc<Luma>>>,
}

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
    /// BLAKE3 of [`Stages::luma`](crate::Stages::luma) as [`Intermediate::to_bytes`](crate::Intermediate::to_bytes)
    /// writes it.
    pub luma: [u8; 32],
}

impl Marks {
    /// The marks and the luma of a picture that nobody has: with this hash, flipped in as few bits as make half of them
    /// ones, as those of nearly all pictures are; with this quality, and high contrast. For simulators, which know a hash or
    /// a verdict alone: whichever cut a system hashes to, it finishes to this hash.
    pub fn imagined(pdq: Pdq) -> (Self, Luma) {
        const CONTRAST: f32 = 500.0;
        const SIDE: usize = 64;
        let surplus = (0..256).filter(|bit| pdq.hash.bit(*bit)).count();
        let flipped =
            (0..=255u8).filter(|bit| pdq.hash.bit(usize::from(*bit)) == (surplus > 128)).take(surplus.abs_diff(128));
        let hash = pdq.hash.with_flipped(flipped);
        let sign = |bit: usize| if hash.bit(bit) { CONTRAST } else { -CONTRAST };
        let filtered = pdq::untransform(&std::array::from_fn(|i| std::array::from_fn(|j| sign(16 * i + j))));
        // At 64 × 64 the filter takes every sample as it is.
        let luma = Luma::new(SIDE, SIDE, filtered.iter().flatten().copied().collect()).expect("64 rows of 64");
        let digest = *blake3::hash(&Intermediate::Luma(luma.clone()).to_bytes()).as_bytes();
        let dct = pdq::transform(Level::best(), &filtered);
        (Self { pdq: Pdq { hash, quality: pdq.quality }, filtered, dct, luma: digest }, luma)
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self { most: 1 << 16, known: Mutex::default(), planted: Mutex::default() }
    }
}

impl Memo {
    /// One that computes everything each time, so that what it takes can be measured.
    pub fn forgetful() -> Self {
        Self { most: 0, ..Self::default() }
    }

    /// What is known of `encoded`, computed if need be.
    pub fn look(&self, encoded: &[u8]) -> Arc<Known> {
        let digest = *blake3::hash(encoded).as_bytes();
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&digest) {
            return Arc::clone(known);
        }
        let marks = crate::stages(encoded).map(|stages| {
            let pdq = stages.pdq();
            let luma = *blake3::hash(&Intermediate::Luma(stages.luma).to_bytes()).as_bytes();
            Arc::new(Marks { pdq, filtered: stages.filtered, dct: stages.dct, luma })
        });
        self.keep(Known { digest, marks })
    }

    /// The luma of an encoded picture, computed each time unless it was planted; nothing if it has none.
    pub fn luma(&self, encoded: &[u8]) -> Option<Luma> {
        let digest = *blake3::hash(encoded).as_bytes();
        let planted = self.planted.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).map(Arc::clone);
        planted.map(Arc::unwrap_or_clone).or_else(|| crate::stages(encoded).ok().map(|stages| stages.luma))
    }

    /// Makes `encoded` known as something with these marks and this luma, or as no picture, whatever it is: for
    /// simulators, which stand in for a picture of which they know a part alone.
    pub fn plant(&self, encoded: &[u8], marks: Option<Arc<Marks>>, luma: Option<Luma>) {
        let digest = *blake3::hash(encoded).as_bytes();
        if let Some(luma) = luma {
            self.planted.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::new(luma));
        }
        self.keep(Known { digest, marks: marks.ok_or(FingerprintError::TooSmall { width: 0, height: 0 }) });
    }

    /// Makes `encoded` known to show what `same` shows, without decoding it: for the same file with bytes behind its end,
    /// which no decoder reads.
    pub fn alias(&self, encoded: &[u8], same: &Known) {
        let digest = *blake3::hash(encoded).as_bytes();
        self.keep(Known { digest, marks: same.marks.clone() });
    }

    fn keep(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut memory = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() < self.most {
            memory.insert(known.digest, Arc::clone(&known));
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What costs are measured with must do the work each time.
    #[test]
    fn a_forgetful_memo_computes_each_time_and_the_same() {
        let encoded = sightline_pictures::generate(&[3; 32], 0).picture.to_jpeg(85);
        let (remembering, forgetful) = (Memo::default(), Memo::forgetful());
        assert!(Arc::ptr_eq(&remembering.look(&encoded), &remembering.look(&encoded)));
        let [first, second] = [0, 1].map(|_| forgetful.look(&encoded));
        assert!(!Arc::ptr_eq(&first, &second));
        assert_eq!(first, second);
    }
}
