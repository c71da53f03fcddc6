//! wHash as ImageHash 4.3.2 has it (`imagehash.whash` with Haar wavelets, after D. Petrov, *Wavelet image hash in Python*,
//! 2016): grey, a square whose side is the greatest power of two within the shorter side (8 at least) by Lanczos, the
//! 8 × 8 approximation of the Haar transform without the picture's mean, bits above the median.
//!
//! The approximation is the sum over each of 8 × 8 blocks times a power of two, and taking the mean away shifts all of
//! them alike; so whole sums of blocks are compared here, without rounding. ImageHash transforms in floating point: where
//! several blocks lie exactly at the median, its bits there are those of rounding errors, and ours are 0.

use crate::algorithm::median;
use crate::grey::Grey;
use crate::{Algorithm, Fingerprint, FingerprintError, Pixels, Stage};

/// [The module](self)'s algorithm.
#[derive(Debug)]
pub struct WHash;

impl Algorithm for WHash {
    fn name(&self) -> &'static str {
        "whash"
    }

    fn bits(&self) -> u32 {
        64
    }

    fn threshold(&self) -> u32 {
        10
    }

    fn source(&self) -> &'static str {
        "ImageHash 4.3.2, whash (haar); D. Petrov, Wavelet image hash in Python (2016)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(hash(&Grey::of(&sightline_pictures::decode(encoded)?)))
    }

    fn of_picture(&self, pixels: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Ok(hash(pixels.grey())))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        Ok(vec![Stage { name: "blocks", width: 8, values: blocks(&Grey::of(&sightline_pictures::decode(encoded)?)) }])
    }
}

fn hash(grey: &Grey) -> Fingerprint {
    let blocks = blocks(grey);
    let median = median(&blocks);
    Fingerprint::from_bits(blocks.into_iter().map(|sum| sum > median))
}

/// Sums of 8 × 8 blocks, row by row.
fn blocks(grey: &Grey) -> Vec<f64> {
    let shorter = grey.width.min(grey.height);
    let side = (1_usize << shorter.ilog2()).max(8);
    let grey = grey.resized(side, side);
    let block = side / 8;
    let mut sums = vec![0_u32; 64];
    for (y, row) in grey.values.chunks_exact(side).enumerate() {
        for (sum, values) in sums[y / block * 8..].iter_mut().zip(row.chunks_exact(block)) {
            *sum += values.iter().map(|value| u32::from(*value)).sum::<u32>();
        }
    }
    sums.into_iter().map(f64::from).collect()
}
