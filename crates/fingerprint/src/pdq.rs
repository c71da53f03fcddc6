//! PDQ, after Meta's C++ reference (`ThreatExchange`, `pdq/cpp`) and its description (*The TMK+PDQF Video-Hashing
//! Algorithm and the PDQ Image-Hashing Algorithm*, Facebook 2019).
//!
//! Stages: luma → nearest neighbour to 512 × 512 where a side exceeds 512 → two passes of a box filter → every picture
//! decimated to 64 × 64 → quality, and the 16 × 16 lowest DCT coefficients without the constant one → bits above the
//! median. Arithmetic is in single precision and in the reference's order, so that equal luma gives equal bits.

use crate::{FingerprintError, Luma, PdqHash};
use sightline_pictures::Picture;
use std::sync::LazyLock;

/// Distance up to which the reference recommends to take two pictures for the same.
pub const DEFAULT_RADIUS: u32 = 31;
/// Quality below which the reference recommends to disregard a hash.
pub const MINIMUM_QUALITY: u8 = 50;
/// Shortest side of a picture that can be hashed, in pixels.
pub const SMALLEST_SIDE: usize = 5;
/// Longest side that is hashed at its own size, in pixels.
pub const WORKING_SIDE: usize = 512;

/// A PDQ hash and the quality of the picture it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdq {
    /// The hash.
    pub hash: PdqHash,
    /// Amount of detail, 0 to 100.
    pub quality: u8,
}

/// Every intermediate of one hash, from the picture to the bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// Luma at the working size: the picture's own, or 512 × 512.
    pub luma: Luma,
    /// Filtered and decimated: 64 rows of 64.
    pub filtered: Box<[[f32; 64]; 64]>,
    /// Coefficients 1 to 16 of the two-dimensional DCT: 16 rows of 16.
    pub dct: Box<[[f32; 16]; 16]>,
}

impl Stages {
    /// All stages for `picture`.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if a side is below [`SMALLEST_SIDE`].
    pub fn of(picture: &Picture) -> Result<Self, FingerprintError> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let luma = if width > WORKING_SIDE || height > WORKING_SIDE {
            Luma::sampled(picture, WORKING_SIDE, WORKING_SIDE)
        } else {
            Luma::of(picture)
        };
        Self::of_luma(luma)
    }

    /// All stages from luma at the working size on.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if a side is below [`SMALLEST_SIDE`].
    pub fn of_luma(luma: Luma) -> Result<Self, FingerprintError> {
        let (width, height) = (luma.width(), luma.height());
        if width < SMALLEST_SIDE || height < SMALLEST_SIDE {
            return Err(FingerprintError::TooSmall { width, height });
        }
        let filtered = filter(&luma);
        let dct = transform(&filtered);
        Ok(Self { luma, filtered, dct })
    }

    /// The hash and its quality.
    pub fn pdq(&self) -> Pdq {
        Pdq { hash: bits(&self.dct), quality: quality(&self.filtered) }
    }
}

/// Two passes of a box filter along rows and columns, then 64 × 64 samples. The second pass writes only what is sampled.
fn filter(luma: &Luma) -> Box<[[f32; 64]; 64]> {
    let (width, height) = (luma.width(), luma.height());
    let mut out = Box::new([[0.0; 64]; 64]);
    let samples = out.as_flattened_mut();
    if (width, height) == (64, 64) {
        samples.copy_from_slice(luma.values());
        return out;
    }
    let mut full = vec![0.0; width * height];
    along_rows(luma.values(), width, &(0..width).collect::<Vec<_>>(), &mut full);
    along_columns(&mut full, width);
    let mut narrow = vec![0.0; 64 * height];
    along_rows(&full, width, &centres(width), &mut narrow);
    along_columns(&mut narrow, 64);
    for (row, centre) in samples.chunks_exact_mut(64).zip(centres(height)) {
        row.copy_from_slice(&narrow[centre * 64..][..64]);
    }
    out
}

/// The positions of 64 samples along a side of `length`: centres of what they stand for, not corners.
fn centres(length: usize) -> Vec<usize> {
    (0..64).map(|sample| (2 * sample + 1) * length / 128).collect()
}

/// Filters every row of `input` and writes the columns in `picks` to `output`. Rows are turned into columns, a few at a
/// time, so that they can be filtered side by side.
fn along_rows(input: &[f32], width: usize, picks: &[usize], output: &mut [f32]) {
    const ROWS: usize = 16;
    let mut turned = vec![0.0; width * ROWS];
    for (rows, filtered) in input.chunks(width * ROWS).zip(output.chunks_mut(picks.len() * ROWS)) {
        for (lane, row) in rows.chunks_exact(width).enumerate() {
            for (values, value) in turned.as_chunks_mut::<ROWS>().0.iter_mut().zip(row) {
                values[lane] = *value;
            }
        }
        along_columns(&mut turned, ROWS);
        let turned = turned.as_chunks::<ROWS>().0;
        for (lane, row) in filtered.chunks_exact_mut(picks.len()).enumerate() {
            for (value, pick) in row.iter_mut().zip(picks) {
                *value = turned[*pick][lane];
            }
        }
    }
}

/// Replaces each value by the mean of the box around it in its column, cut at the ends. A box is half as long as what one
/// of 64 samples stands for, rounded up. The sum is carried from box to box in single precision; the value that enters is
/// added before the one that leaves is subtracted, as in the reference.
#[inline]
fn along_columns(values: &mut [f32], width: usize) {
    let height = values.len() / width;
    let window = height.div_ceil(128);
    let ahead = window / 2;
    let mut sums = vec![0.0_f32; width];
    // The rows in the box: what enters takes the place of what leaves. Before the first row and after the last there is
    // nothing, and adding or subtracting zero changes no sum.
    let mut boxed = vec![0.0_f32; width * window];
    for front in 0..height + ahead {
        let slot = &mut boxed[front % window * width..][..width];
        if front < height {
            let entering = &values[front * width..][..width];
            for ((sum, old), new) in sums.iter_mut().zip(slot).zip(entering) {
                *sum += new;
                *sum -= *old;
                *old = *new;
            }
        } else {
            for (sum, old) in sums.iter_mut().zip(slot) {
                *sum -= *old;
            }
        }
        if front >= ahead {
            let size = (height.min(front + 1) - (front + 1).saturating_sub(window)) as f32;
            for (mean, sum) in values[(front - ahead) * width..][..width].iter_mut().zip(&sums) {
                *mean = sum / size;
            }
        }
    }
}

/// Sum of gradients between neighbouring samples, each in percent of the range and truncated to a whole number.
pub(crate) fn quality(samples: &[[f32; 64]; 64]) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "the reference truncates, and values are within ±100")]
    let gradient = |u: f32, v: f32| u64::from(((((u - v) * 100.0) / 255.0) as i32).unsigned_abs());
    let down = samples.windows(2).flat_map(|rows| rows[0].iter().zip(&rows[1]));
    let across = samples.iter().flat_map(|row| row.iter().zip(&row[1..]));
    let sum: u64 = down.chain(across).map(|(u, v)| gradient(*u, *v)).sum();
    u8::try_from((sum / 90).min(100)).expect("at most 100")
}

/// Rows 1 to 16 of the 64-point DCT-II matrix.
static DCT: LazyLock<[[f32; 64]; 16]> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps the matrix in single precision")]
    let entry = |i: usize, j: usize| {
        let scale = f64::from((2.0_f64 / 64.0).sqrt() as f32);
        let angle = std::f64::consts::FRAC_PI_2 / 64.0 * (i + 1) as f64 * (2 * j + 1) as f64;
        (scale * angle.cos()) as f32
    };
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
});

/// D A Dᵀ, sums in ascending order.
pub(crate) fn transform(samples: &[[f32; 64]; 64]) -> Box<[[f32; 16]; 16]> {
    let half: [[f32; 64]; 16] = std::array::from_fn(|i| {
        let mut row = [0.0_f32; 64];
        for (factor, values) in DCT[i].iter().zip(samples) {
            for (sum, value) in row.iter_mut().zip(values) {
                *sum += factor * value;
            }
        }
        row
    });
    let coefficient =
        |i: usize, j: usize| half[i].iter().zip(&DCT[j]).fold(0.0, |sum, (value, factor)| sum + value * factor);
    Box::new(std::array::from_fn(|i| std::array::from_fn(|j| coefficient(i, j))))
}

/// Which coefficients are above the median, the lower of the two middle values.
pub(crate) fn bits(dct: &[[f32; 16]; 16]) -> PdqHash {
    let mut sorted: Vec<f32> = dct.iter().flatten().copied().collect();
    let (_, median, _) = sorted.select_nth_unstable_by(127, f32::total_cmp);
    PdqHash::from_bits(|bit| dct[bit / 16][bit % 16] > *median)
}
