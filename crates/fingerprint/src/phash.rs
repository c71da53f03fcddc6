//! pHash by DCT as ImageHash 4.3.2 has it (`imagehash.phash`, after N. Krawetz, *Looks Like It*, 2011): grey, 32 × 32 by
//! Lanczos, DCT-II along columns and rows, the 8 × 8 lowest coefficients with the constant one, bits above their median.
//! It is not the hash of the `pHash` library, which filters differently and leaves out the constant.

use crate::algorithm::median;
use crate::grey::Grey;
use crate::{Algorithm, Fingerprint, FingerprintError, Pixels, Stage};
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Side of the shrunk picture.
const SIDE: usize = 32;

/// [The module](self)'s algorithm.
#[derive(Debug)]
pub struct PHash;

impl Algorithm for PHash {
    fn name(&self) -> &'static str {
        "phash"
    }

    fn bits(&self) -> u32 {
        64
    }

    fn threshold(&self) -> u32 {
        10
    }

    fn source(&self) -> &'static str {
        "ImageHash 4.3.2, phash; N. Krawetz, Looks Like It (2011)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(hash(&Grey::of(&sightline_pictures::decode(encoded)?)))
    }

    fn of_picture(&self, pixels: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Ok(hash(pixels.grey())))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        let grey = shrunk(&Grey::of(&sightline_pictures::decode(encoded)?));
        let low = low(&grey);
        let values = grey.values.into_iter().map(f64::from).collect();
        Ok(vec![Stage { name: "grey", width: SIDE, values }, Stage { name: "dct", width: 8, values: low }])
    }
}

fn hash(grey: &Grey) -> Fingerprint {
    let low = low(&shrunk(grey));
    let median = median(&low);
    Fingerprint::from_bits(low.into_iter().map(|value| value > median))
}

fn shrunk(grey: &Grey) -> Grey {
    grey.resized(SIDE, SIDE)
}

/// The 8 × 8 lowest coefficients, row by row.
fn low(grey: &Grey) -> Vec<f64> {
    let column = |x: usize| std::array::from_fn(|y| f64::from(grey.values[y * SIDE + x]));
    let columns: [[f64; 8]; SIDE] = std::array::from_fn(|x| lowest(column(x)));
    (0..8).flat_map(|i| lowest(std::array::from_fn(|x| columns[x][i]))).collect()
}

/// cos(π k (2 n + 1) / 64), row by row for k; folding halves k and the length alike and leaves the angle.
static COSINES: LazyLock<[[f64; SIDE / 2]; 8]> = LazyLock::new(|| {
    let angle = |k: usize, n: usize| PI * k as f64 * (2 * n + 1) as f64 / (2 * SIDE) as f64;
    std::array::from_fn(|k| std::array::from_fn(|n| angle(k, n).cos()))
});

/// The eight lowest coefficients of the DCT-II 2 Σ xₙ cos(π k (2 n + 1) / 64). Halves are folded before they are weighed,
/// so that what cancels gives exactly 0, as a fast transform has it.
fn lowest(values: [f64; SIDE]) -> [f64; 8] {
    std::array::from_fn(|k| {
        let (mut values, mut length, cosines) = (values, SIDE, &COSINES[k]);
        let mut k = k;
        while k.is_multiple_of(2) && length > 1 {
            length /= 2;
            for n in 0..length {
                values[n] += values[2 * length - 1 - n];
            }
            k /= 2;
        }
        if length == 1 {
            return 2.0 * values[0];
        }
        let weigh = |n: usize| (values[n] - values[length - 1 - n]) * cosines[n];
        2.0 * (0..length / 2).map(weigh).sum::<f64>()
    })
}
