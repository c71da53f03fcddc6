//! Codes of one width, in planes of 128 bits.

use crate::kernels::Plane;
use crate::slab::Slab;

/// Bits of a plane's element.
const PLANE: u32 = 128;

/// Codes of one width, numbered from 0; a batch of queries is one too. Plane `k` holds bits `128 k` to `128 k + 127` of
/// every code, so that a scan that rejects on the first 128 bits reads no others; a width that is no multiple of 128 is
/// filled up with zero bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    bits: u32,
    planes: Vec<Slab<[u64; 2]>>,
}

/// Codes that cannot be held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodesError {
    /// A width that is not supported.
    #[error("codes of {found} bits are not supported: the width is a multiple of 64 from 64 to 1024")]
    Width {
        /// The width given, in bits.
        found: u32,
    },
    /// A code of another width.
    #[error("a code of {found} bits does not go with codes of {expected} bits")]
    Mixed {
        /// Bits of the codes held.
        expected: u32,
        /// Bits of the code given.
        found: usize,
    },
    /// More codes than can be numbered.
    #[error("there is no room for more than {} codes", Codes::MOST)]
    Many,
}

impl Codes {
    /// The largest number of codes: their numbers are kept in 32 bits.
    pub const MOST: usize = u32::MAX as usize;

    /// No codes, of `bits` bits each.
    ///
    /// # Errors
    /// [`CodesError::Width`] if `bits` is not a multiple of 64 from 64 to 1024.
    pub fn new(bits: u32) -> Result<Self, CodesError> {
        if bits == 0 || bits > 1024 || !bits.is_multiple_of(64) {
            return Err(CodesError::Width { found: bits });
        }
        let planes = (0..bits.div_ceil(PLANE)).map(|_| Vec::new().into()).collect();
        Ok(Self { bits, planes })
    }

    /// These codes, each of `W` words.
    ///
    /// # Errors
    /// [`CodesError::Width`] if a code of `W` words is not supported, [`CodesError::Many`] if there is no room.
    pub fn from_words<const W: usize>(codes: &[[u64; W]]) -> Result<Self, CodesError> {
        let bits = u32::try_from(64 * W).unwrap_or(u32::MAX);
        let mut all = Self::new(bits)?;
        all.planes.iter_mut().for_each(|plane| plane.to_mut().reserve_exact(codes.len()));
        codes.iter().try_for_each(|code| all.push(code))?;
        Ok(all)
    }

    /// Codes from their planes, which are equally long.
    pub(crate) fn from_planes(bits: u32, planes: Vec<Slab<[u64; 2]>>) -> Result<Self, CodesError> {
        let all = Self { bits, planes };
        Self::new(bits)?;
        if all.len() > Self::MOST { Err(CodesError::Many) } else { Ok(all) }
    }

    /// Adds a code, given as `bits / 64` words.
    ///
    /// # Errors
    /// [`CodesError::Mixed`] for another number of words, [`CodesError::Many`] if there is no room.
    pub fn push(&mut self, words: &[u64]) -> Result<(), CodesError> {
        if words.len() * 64 != self.bits as usize {
            return Err(CodesError::Mixed { expected: self.bits, found: words.len() * 64 });
        }
        if self.len() == Self::MOST {
            return Err(CodesError::Many);
        }
        for (plane, pair) in self.planes.iter_mut().zip(words.chunks(2)) {
            plane.to_mut().push([pair[0], pair.get(1).copied().unwrap_or(0)]);
        }
        Ok(())
    }

    /// Adds all of `batch`.
    ///
    /// # Errors
    /// [`CodesError::Mixed`] if its codes have another width, [`CodesError::Many`] if there is no room.
    pub fn extend(&mut self, batch: &Self) -> Result<(), CodesError> {
        if batch.bits != self.bits {
            return Err(CodesError::Mixed { expected: self.bits, found: batch.bits as usize });
        }
        if self.len() + batch.len() > Self::MOST {
            return Err(CodesError::Many);
        }
        for (plane, more) in self.planes.iter_mut().zip(&batch.planes) {
            plane.to_mut().extend_from_slice(more);
        }
        Ok(())
    }

    /// Bits of a code.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.planes[0].len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The words of code `number`, if there is one.
    pub fn words(&self, number: usize) -> Option<Vec<u64>> {
        let mut words: Vec<u64> =
            self.planes.iter().map(|plane| plane.get(number).copied()).collect::<Option<Vec<_>>>()?.concat();
        words.truncate(self.bits as usize / 64);
        Some(words)
    }

    /// The codes numbered `range`, as a batch of their own.
    ///
    /// # Panics
    /// If `range` goes beyond the last code.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        let planes = self.planes.iter().map(|plane| plane[range.clone()].to_vec().into()).collect();
        Self { bits: self.bits, planes }
    }

    pub(crate) fn planes(&self) -> &[Slab<[u64; 2]>] {
        &self.planes
    }

    /// The planes, to be read many times.
    pub(crate) fn slices(&self) -> Vec<Plane<'_>> {
        self.planes.iter().map(|plane| &**plane).collect()
    }

    /// Bytes that the codes take in memory of our own; a mapped file takes none.
    pub fn bytes(&self) -> usize {
        self.planes.iter().map(Slab::bytes).sum()
    }
}
