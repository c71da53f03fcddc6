use crate::grey::Grey;
use crate::{FingerprintError, ahash, blockhash, dhash, exact, pdq, phash, whash};
use sightline_pictures::Picture;
use std::cell::OnceCell;
use std::ops::Deref;

/// A way to make a fingerprint of a picture file.
pub trait Algorithm: Sync {
    /// Its name on the command line and in tables.
    fn name(&self) -> &'static str;

    /// Length of a fingerprint in bits, a multiple of eight.
    fn bits(&self) -> u32;

    /// Hamming distance in bits up to which two pictures are taken for the same unless something else is said; 0 for
    /// exact digests.
    fn threshold(&self) -> u32;

    /// The paper or the implementation whose bits are meant.
    fn source(&self) -> &'static str;

    /// The fingerprint of an encoded picture.
    ///
    /// # Errors
    /// [`FingerprintError`] if the bytes are no picture, or none that can be hashed; exact digests take any bytes.
    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError>;

    /// The fingerprint of decoded pixels, as [`Algorithm::compute`] gives it for a file of them; nothing where files are
    /// fingerprinted and not pixels.
    ///
    /// # Errors
    /// As [`Algorithm::compute`].
    fn of_picture(&self, _picture: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        None
    }

    /// What is computed on the way, in order; nothing for exact digests.
    ///
    /// # Errors
    /// As [`Algorithm::compute`].
    fn stages(&self, _encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        Ok(Vec::new())
    }

    /// Hamming distance in bits, or nothing if the lengths differ.
    fn distance(&self, a: &Fingerprint, b: &Fingerprint) -> Option<u32> {
        let distance = || a.bytes.iter().zip(&b.bytes).map(|(a, b)| (a ^ b).count_ones()).sum();
        (a.bytes.len() == b.bytes.len()).then(distance)
    }
}

/// A decoded picture, with what several algorithms make of it first and need make only once.
#[derive(Debug)]
pub struct Pixels<'a> {
    picture: &'a Picture,
    grey: OnceCell<Grey>,
}

impl<'a> Pixels<'a> {
    /// Those of `picture`.
    pub fn of(picture: &'a Picture) -> Self {
        Self { picture, grey: OnceCell::new() }
    }

    pub(crate) fn grey(&self) -> &Grey {
        self.grey.get_or_init(|| Grey::of(self.picture))
    }
}

impl Deref for Pixels<'_> {
    type Target = Picture;

    fn deref(&self) -> &Picture {
        self.picture
    }
}

/// A fingerprint of any algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its bits, most significant first.
    pub bytes: Vec<u8>,
    /// Amount of detail, 0 to 100, where the algorithm has such a thing.
    pub quality: Option<u8>,
}

impl Fingerprint {
    /// A fingerprint without quality from its bits, the first of which is the most significant.
    pub(crate) fn from_bits(bits: impl IntoIterator<Item = bool>) -> Self {
        let bits: Vec<bool> = bits.into_iter().collect();
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Self { bytes: bits.chunks(8).map(byte).collect(), quality: None }
    }

    /// The bits in hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.bytes)
    }
}

/// An intermediate of a hash: a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What it is.
    pub name: &'static str,
    /// Number of columns.
    pub width: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

/// Every algorithm: the perceptual ones, then the exact ones.
pub const ALGORITHMS: [&dyn Algorithm; 8] = [
    &pdq::Meta,
    &phash::PHash,
    &dhash::DHash,
    &ahash::AHash,
    &whash::WHash,
    &blockhash::BlockHash,
    &exact::Sha256,
    &exact::Md5,
];

/// The algorithm of this name.
pub fn by_name(name: &str) -> Option<&'static dyn Algorithm> {
    ALGORITHMS.into_iter().find(|algorithm| algorithm.name() == name)
}

/// The mean of the two middle ones of an even number of values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[values.len() / 2 - 1], sorted[values.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_and_their_file_have_one_fingerprint() {
        for index in 0..6 {
            let encoded = sightline_pictures::generate(&[8; 32], index).picture.to_jpeg(80);
            let picture = sightline_pictures::decode(&encoded).unwrap();
            let pixels = Pixels::of(&picture);
            for algorithm in ALGORITHMS {
                let of_file = algorithm.compute(&encoded);
                let of_pixels = algorithm.of_picture(&pixels);
                assert!(of_pixels.is_none() == (algorithm.threshold() == 0), "{}", algorithm.name());
                assert!(of_pixels.is_none_or(|of_pixels| of_pixels == of_file), "{}", algorithm.name());
            }
        }
    }
}
