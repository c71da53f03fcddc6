//! blockHash as blockhash.io's Python package has it (`phash-blockhashio` 0.1.4, method `blockhash` with 16 bits a side;
//! after B. Yang, F. Gu, X. Niu, *Block Mean Value Based Image Perceptual Hashing*, 2006): sums of red, green and blue over
//! 16 × 16 blocks, pixels at a border shared out, bits above the median of each quarter of the rows; a block within 1 of
//! the median counts as above it in a bright quarter.
//!
//! Shares are sixteenths of a pixel along each side, so whole numbers give the package's sums exactly. The package counts
//! a fully transparent pixel as white; alpha is dropped here.

use crate::{Algorithm, Fingerprint, FingerprintError, Pixels, Stage};
use sightline_pictures::Picture;

/// [The module](self)'s algorithm.
#[derive(Debug)]
pub struct BlockHash;

impl Algorithm for BlockHash {
    fn name(&self) -> &'static str {
        "blockhash"
    }

    fn bits(&self) -> u32 {
        256
    }

    fn threshold(&self) -> u32 {
        10
    }

    fn source(&self) -> &'static str {
        "phash-blockhashio 0.1.4; Yang, Gu, Niu, Block Mean Value Based Image Perceptual Hashing (2006)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(hash(&sightline_pictures::decode(encoded)?))
    }

    fn of_picture(&self, picture: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Ok(hash(picture)))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        let blocks = blocks(&sightline_pictures::decode(encoded)?);
        let values = blocks.into_iter().map(|sum| sum as f64 / 256.0).collect();
        Ok(vec![Stage { name: "blocks", width: 16, values }])
    }
}

fn hash(picture: &Picture) -> Fingerprint {
    let blocks = blocks(picture);
    // Sums are in 256ths; doubled medians are the sums of the two middle ones.
    let bright = 768 * u64::from(picture.width()) * u64::from(picture.height());
    Fingerprint::from_bits(blocks.as_chunks::<64>().0.iter().flat_map(|quarter| {
        let mut sorted = *quarter;
        sorted.sort_unstable();
        let median = sorted[31] + sorted[32];
        quarter.map(|sum| 2 * sum > median || (2 * sum).abs_diff(median) < 512 && median > bright)
    }))
}

/// The share of one pixel in one or two blocks, in sixteenths.
fn shares(length: usize) -> Vec<[(usize, u64); 2]> {
    let share = |place: usize| {
        // Where the pixel ends in its block, in sixteenths.
        let end = 16 * (place + 1) % length;
        let (whole, part) = (end / 16, (end % 16) as u64);
        let block = 16 * place / length;
        let next = if whole > 0 || place + 1 == length { block } else { (16 * place).div_ceil(length) };
        [(block, 16 - part), (next, part)]
    };
    (0..length).map(share).collect()
}

/// 256 times the sum of each of 16 × 16 blocks, row by row.
fn blocks(picture: &Picture) -> Vec<u64> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (across, down) = (shares(width), shares(height));
    let mut blocks = vec![0; 256];
    for (row, rows) in picture.rgb().chunks_exact(3 * width).zip(down) {
        let mut line = [0; 16];
        for (pixel, columns) in row.as_chunks::<3>().0.iter().zip(&across) {
            let value: u64 = pixel.iter().map(|part| u64::from(*part)).sum();
            for (column, share) in columns {
                line[*column] += value * share;
            }
        }
        for (row, share) in rows.into_iter().filter(|(_, share)| *share > 0) {
            for (sum, value) in blocks[row * 16..][..16].iter_mut().zip(line) {
                *sum += value * share;
            }
        }
    }
    blocks
}
