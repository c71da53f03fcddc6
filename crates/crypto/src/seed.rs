use rand_core::SeedableRng;
use zeroize::Zeroize;

/// The random stream of one (run, party, purpose): `ChaCha20`, RFC 8439 §2.4, 20 rounds.
pub type Stream = rand_chacha::ChaCha20Rng;

/// A 256-bit seed from which seeds for narrower purposes are derived with BLAKE3's key derivation.
///
/// # Example
/// ```
/// use sightline_crypto::Seed;
/// let run = Seed::from_u64(1);
/// assert_ne!(run.derive("party", 0).as_bytes(), run.derive("party", 1).as_bytes());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed a user writes as a number.
    pub fn from_u64(number: u64) -> Self {
        Self(blake3::derive_key("sightline 2026 run seed", &number.to_le_bytes()))
    }

    /// A seed from 32 bytes that are already uniform.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The independent seed for `purpose` number `index`.
    #[must_use]
    pub fn derive(&self, purpose: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(&index.to_le_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The stream that starts at this seed.
    pub fn stream(&self) -> Stream {
        Stream::from_seed(self.0)
    }

    /// The seed's bytes: they predict everything drawn from its stream.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Seed(…)")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
