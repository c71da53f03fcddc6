use crate::{FingerprintError, Pdq, fingerprint};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Remembers the fingerprints of encoded pictures by their BLAKE3 digest, so that thousands of protocol trials need not
/// decode the same picture again. Hashing is a pure function: remembering changes no result.
#[derive(Debug, Default)]
pub struct Memo(Mutex<HashMap<[u8; 32], Result<Pdq, FingerprintError>>>);

impl Memo {
    /// Entries kept at most; what comes later is computed each time.
    const MOST: usize = 1 << 20;

    /// As [`fingerprint`].
    ///
    /// # Errors
    /// As [`fingerprint`].
    pub fn fingerprint(&self, encoded: &[u8]) -> Result<Pdq, FingerprintError> {
        let key = *blake3::hash(encoded).as_bytes();
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let result = fingerprint(encoded);
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() < Self::MOST {
            memory.insert(key, result.clone());
        }
        result
    }
}
