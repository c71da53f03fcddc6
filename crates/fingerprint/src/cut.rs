use crate::{Level, Luma, Memo, Pdq, PdqHash, pdq};

/// A place at which the way from a picture to its PDQ hash can be cut. Whoever is given what is there can finish the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cut {
    /// Luma at the working size: the picture in grey, 512 × 512 at most.
    Luma,
    /// Filtered luma: a thumbnail of 64 × 64.
    Filtered,
    /// The 16 × 16 coefficients of the DCT, before the median, and the quality.
    Dct,
    /// The hash and its quality: nothing is left to finish.
    Hash,
}

impl Cut {
    /// All cuts, from the picture on.
    pub const ALL: [Self; 4] = [Self::Luma, Self::Filtered, Self::Dct, Self::Hash];

    /// Whether `later` can be computed from what is here.
    pub fn gives(self, later: Self) -> bool {
        self <= later
    }
}

/// Bytes of luma of any size.
const LUMA_BYTES: usize = 4 + 4 * pdq::WORKING_SIDE * pdq::WORKING_SIDE;

/// What is at a cut.
#[derive(Debug, Clone, PartialEq)]
pub enum Intermediate {
    /// At [`Cut::Luma`].
    Luma(Luma),
    /// At [`Cut::Filtered`]: 64 rows of 64.
    Filtered(Box<[[f32; 64]; 64]>),
    /// At [`Cut::Dct`]: 16 rows of 16, and the quality.
    Dct(Box<[[f32; 16]; 16]>, u8),
    /// At [`Cut::Hash`].
    Hash(Pdq),
}

/// Bytes that hold no intermediate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntermediateError {
    /// Too few or too many.
    #[error("{found} bytes are no intermediate at this cut")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A number that luma cannot lead to: infinite, or not a number.
    #[error("value {index} is not a finite number")]
    NotFinite {
        /// Which value, from 0.
        index: usize,
    },
    /// A quality above 100.
    #[error("a quality of {found} is above 100")]
    Quality {
        /// The quality.
        found: u8,
    },
}

impl Intermediate {
    /// What is at `cut` for an encoded picture; nothing if it has no hash.
    pub fn of(memo: &Memo, encoded: &[u8], cut: Cut) -> Option<Self> {
        let known = memo.look(encoded);
        let marks = known.marks.as_ref().ok()?;
        Some(match cut {
            Cut::Luma => Self::Luma(memo.luma(encoded)?),
            Cut::Filtered => Self::Filtered(marks.filtered.clone()),
            Cut::Dct => Self::Dct(marks.dct.clone(), marks.pdq.quality),
            Cut::Hash => Self::Hash(marks.pdq),
        })
    }

    /// Where it is.
    pub const fn cut(&self) -> Cut {
        match self {
            Self::Luma(_) => Cut::Luma,
            Self::Filtered(_) => Cut::Filtered,
            Self::Dct(..) => Cut::Dct,
            Self::Hash(_) => Cut::Hash,
        }
    }

    /// The hash, finished from here.
    pub fn finish(&self) -> Option<Pdq> {
        let level = Level::best();
        match self {
            Self::Luma(luma) => crate::Stages::of_luma(luma.clone()).ok().map(|stages| stages.pdq()),
            Self::Filtered(filtered) => Some(Pdq {
                hash: pdq::bits(level, &pdq::transform(level, filtered)),
                quality: pdq::quality(level, filtered),
            }),
            Self::Dct(dct, quality) => Some(Pdq { hash: pdq::bits(level, dct), quality: *quality }),
            Self::Hash(pdq) => Some(*pdq),
        }
    }

    /// As bytes, as many at a cut for every picture: for luma width and height, two bytes each; then the values row by row
    /// in single precision, and for luma zeros up to 512 × 512 values; for the DCT, and after the hash, the quality. Numbers
    /// are little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let values = |values: &mut dyn Iterator<Item = &f32>| values.flat_map(|value| value.to_le_bytes()).collect();
        match self {
            Self::Luma(luma) => {
                let side = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
                let mut bytes = [side(luma.width()), side(luma.height())].concat();
                bytes.extend(luma.values().iter().flat_map(|value| value.to_le_bytes()));
                bytes.resize(LUMA_BYTES, 0);
                bytes
            }
            Self::Filtered(filtered) => values(&mut filtered.iter().flatten()),
            Self::Dct(dct, quality) => {
                let mut bytes: Vec<u8> = values(&mut dct.iter().flatten());
                bytes.push(*quality);
                bytes
            }
            Self::Hash(pdq) => [pdq.hash.as_bytes().as_slice(), &[pdq.quality]].concat(),
        }
    }

    /// The intermediate at `cut` that these bytes hold.
    ///
    /// # Errors
    /// [`IntermediateError`] if they hold none.
    pub fn from_bytes(cut: Cut, bytes: &[u8]) -> Result<Self, IntermediateError> {
        let length = || IntermediateError::Length { found: bytes.len() };
        let quality = |found: u8| if found <= 100 { Ok(found) } else { Err(IntermediateError::Quality { found }) };
        match cut {
            Cut::Luma => {
                let (sides, rest) = bytes.split_first_chunk::<4>().ok_or_else(length)?;
                let [width, height] = [[sides[0], sides[1]], [sides[2], sides[3]]].map(u16::from_le_bytes);
                let (width, height) = (usize::from(width), usize::from(height));
                let fits = [width, height].iter().all(|side| (pdq::SMALLEST_SIDE..=pdq::WORKING_SIDE).contains(side));
                if !fits || bytes.len() != LUMA_BYTES || rest[4 * width * height..].iter().any(|byte| *byte != 0) {
                    return Err(length());
                }
                Luma::new(width, height, values(&rest[..4 * width * height])?).map(Self::Luma).ok_or_else(length)
            }
            Cut::Filtered => {
                let rows = values(bytes)?;
                let rows = rows.as_chunks::<64>().0;
                let rows: Box<[[f32; 64]; 64]> = rows.to_vec().try_into().map_err(|_| length())?;
                if bytes.len() == 4 * 64 * 64 { Ok(Self::Filtered(rows)) } else { Err(length()) }
            }
            Cut::Dct => {
                let (last, bytes) = bytes.split_last().ok_or_else(length)?;
                let rows = values(bytes)?;
                let rows: Box<[[f32; 16]; 16]> = rows.as_chunks::<16>().0.to_vec().try_into().map_err(|_| length())?;
                if bytes.len() == 4 * 16 * 16 { Ok(Self::Dct(rows, quality(*last)?)) } else { Err(length()) }
            }
            Cut::Hash => {
                let (last, hash) = bytes.split_last().ok_or_else(length)?;
                let hash = PdqHash::from_bytes(hash.try_into().map_err(|_| length())?);
                Ok(Self::Hash(Pdq { hash, quality: quality(*last)? }))
            }
        }
    }
}

fn values(bytes: &[u8]) -> Result<Vec<f32>, IntermediateError> {
    let values = bytes.as_chunks::<4>().0.iter().enumerate().map(|(index, bytes)| {
        let value = f32::from_le_bytes(*bytes);
        if value.is_finite() { Ok(value) } else { Err(IntermediateError::NotFinite { index }) }
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_pictures::generate;

    #[test]
    fn every_cut_finishes_to_the_same_hash() {
        let memo = Memo::default();
        for index in 0..6 {
            let encoded = generate(&[3; 32], index).picture.to_jpeg(85);
            let whole = crate::fingerprint(&encoded).unwrap();
            for cut in Cut::ALL {
                let given = Intermediate::of(&memo, &encoded, cut).unwrap();
                let read = Intermediate::from_bytes(cut, &given.to_bytes());
                assert_eq!(read.as_ref(), Ok(&given));
                assert_eq!(given.finish(), Some(whole), "picture {index}, {cut:?}");
            }
        }
    }

    #[test]
    fn an_imagined_picture_has_the_hash_at_every_cut() {
        let real = crate::fingerprint(&generate(&[3; 32], 0).picture.to_jpeg(85)).unwrap().hash;
        for (hash, distance) in [(real, 0), (real.with_flipped(0..20), 20), (PdqHash::from_bytes([0; 32]), 128)] {
            let (marks, luma) = crate::Marks::imagined(Pdq { hash, quality: 100 });
            assert!(marks.pdq.hash.distance(&hash) <= distance);
            let memo = Memo::default();
            memo.plant(b"imagined", Some(std::sync::Arc::new(marks.clone())), Some(luma));
            for cut in Cut::ALL {
                let given = Intermediate::of(&memo, b"imagined", cut).unwrap();
                assert_eq!(given.finish(), Some(marks.pdq), "{cut:?}");
            }
        }
    }

    #[test]
    fn what_is_no_intermediate_is_refused() {
        for cut in Cut::ALL {
            for length in [0, 1, 32, 1024, 16_385] {
                let found = Intermediate::from_bytes(cut, &vec![0; length]);
                assert!(matches!(found, Err(IntermediateError::Length { .. })), "{cut:?}, {length} bytes");
            }
        }
        let mut dct = vec![0; 1025];
        dct[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(Intermediate::from_bytes(Cut::Dct, &dct), Err(IntermediateError::NotFinite { index: 1 }));
        let hash = [vec![7; 32], vec![101]].concat();
        assert_eq!(Intermediate::from_bytes(Cut::Hash, &hash), Err(IntermediateError::Quality { found: 101 }));
    }
}
