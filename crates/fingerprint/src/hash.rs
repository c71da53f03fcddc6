use std::fmt;

/// A 256-bit PDQ hash. Bit `16 i + j` tells whether coefficient (i, j) of the DCT is above the median; it is stored and
/// written most significant bit first, so that the text agrees with the reference's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PdqHash([u8; 32]);

/// Text that is no PDQ hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no PDQ hash: 64 hexadecimal digits are expected")]
pub struct HashError {
    /// The text.
    pub text: String,
}

impl PdqHash {
    /// Number of bits.
    pub const BITS: u32 = 256;

    /// The hash with these bytes, most significant bit first.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, most significant bit first.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash whose bit `k` is `bit(k)`.
    pub fn from_bits(bit: impl Fn(usize) -> bool) -> Self {
        let mut bytes = [0; 32];
        for k in (0..256).filter(|k| bit(*k)) {
            bytes[31 - k / 8] |= 1 << (k % 8);
        }
        Self(bytes)
    }

    /// The hash that a hexadecimal text stands for.
    ///
    /// # Errors
    /// [`HashError`] if the text is not 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, HashError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError { text: text.chars().take(80).collect() })?;
        Ok(Self(bytes))
    }

    /// Hamming distance, 0 to 256 bits.
    pub fn distance(&self, other: &Self) -> u32 {
        self.words().iter().zip(other.words()).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The hash with these bits flipped; a bit named twice is flipped back.
    #[must_use]
    pub fn with_flipped(mut self, bits: impl IntoIterator<Item = u8>) -> Self {
        for bit in bits {
            self.0[31 - usize::from(bit) / 8] ^= 1 << (bit % 8);
        }
        self
    }

    /// Bit `k`, 0 to 255, numbered as in [`PdqHash::from_bits`].
    ///
    /// # Panics
    /// If there is no such bit.
    pub fn bit(&self, k: usize) -> bool {
        self.0[31 - k / 8] >> (k % 8) & 1 == 1
    }

    /// The hash as four words, for comparing many.
    pub fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(self.0.as_chunks::<8>().0) {
            *word = u64::from_be_bytes(*chunk);
        }
        words
    }
}

impl fmt::Display for PdqHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn distance_is_a_metric(a: [u8; 32], b: [u8; 32], c: [u8; 32]) {
            let (a, b, c) = (PdqHash(a), PdqHash(b), PdqHash(c));
            prop_assert_eq!(a.distance(&a), 0);
            prop_assert_eq!(a.distance(&b), b.distance(&a));
            prop_assert!(a.distance(&c) <= a.distance(&b) + b.distance(&c));
        }

        #[test]
        fn text_and_back(bytes: [u8; 32]) {
            let hash = PdqHash(bytes);
            prop_assert_eq!(PdqHash::from_hex(&hash.to_string()), Ok(hash));
        }

        #[test]
        fn flipping_distinct_bits_gives_their_number_as_distance(bytes: [u8; 32], bits in prop::collection::btree_set(any::<u8>(), 0..=256)) {
            let hash = PdqHash(bytes);
            prop_assert_eq!(hash.distance(&hash.with_flipped(bits.iter().copied())) as usize, bits.len());
        }
    }

    #[test]
    fn bit_zero_is_the_last_bit_of_the_text() {
        let hash = PdqHash::from_bits(|bit| bit == 0 || bit == 255);
        assert_eq!(hash.to_string(), format!("8{}1", "0".repeat(62)));
        assert_eq!((0..256).filter(|k| hash.bit(*k)).collect::<Vec<_>>(), [0, 255]);
        assert!(PdqHash::from_hex("8").is_err());
        assert!(PdqHash::from_hex(&"g".repeat(64)).is_err());
    }
}
