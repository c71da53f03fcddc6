//! AES-256-GCM (NIST SP 800-38D) with recording. It does **not** commit to key or plaintext; who needs that adds a
//! digest (see the messenger's attachments).

use crate::Ledger;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};

/// The ciphertext does not open under this key, nonce and associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not open under this key: it was altered, or the key, nonce or context is another")]
pub struct OpenError;

/// Ciphertext followed by the 16-byte tag; noted in `ledger`.
pub fn seal(ledger: &Ledger, key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let ciphertext = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(*nonce), Payload { msg: plaintext, aad: associated })
        .expect("AES-GCM seals any plaintext below 64 GiB, and memory is smaller");
    ledger.seal(key, &ciphertext, plaintext);
    ciphertext
}

/// The plaintext of what [`seal`] made.
///
/// # Errors
/// [`OpenError`] if the tag does not verify.
pub fn open(key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, OpenError> {
    Aes256Gcm::new(key.into())
        .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: associated })
        .map_err(|_| OpenError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_was_sealed_and_nothing_else() {
        let (key, nonce) = ([7; 32], [1; 12]);
        let sealed = seal(&Ledger::off(), &key, &nonce, b"context", b"plain");
        assert_eq!(open(&key, &nonce, b"context", &sealed).unwrap(), b"plain");
        assert_eq!(open(&key, &nonce, b"another", &sealed), Err(OpenError));
        assert_eq!(open(&[8; 32], &nonce, b"context", &sealed), Err(OpenError));
        let mut altered = sealed;
        altered[0] ^= 1;
        assert_eq!(open(&key, &nonce, b"context", &altered), Err(OpenError));
    }
}
