use super::LogError;

/// Hashes of a tree from which a root can be recomputed: that a record is in it, or that it extends another tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof(Vec<[u8; 32]>);

impl Proof {
    /// Most hashes that any proof has: one a level, and one to start from.
    pub const MOST: usize = 65;

    /// The proof of these hashes, from the leaves up.
    pub const fn new(hashes: Vec<[u8; 32]>) -> Self {
        Self(hashes)
    }

    /// Its hashes, from the leaves up.
    pub fn hashes(&self) -> &[[u8; 32]] {
        &self.0
    }

    /// Its hashes, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// The proof whose hashes are these bytes.
    ///
    /// # Errors
    /// [`LogError::MalformedProof`] if they are not whole hashes, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        let (hashes, rest) = bytes.as_chunks();
        if !rest.is_empty() || hashes.len() > Self::MOST {
            let detail = format!("{} bytes, where up to {} hashes of 32 are allowed", bytes.len(), Self::MOST);
            return Err(LogError::MalformedProof(detail));
        }
        Ok(Self(hashes.to_vec()))
    }
}
