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

/// Two passes of a box filter along rows and columns, then 64 × 64 samples. The second pass computes only what is
/// sampled.
fn filter(luma: &Luma) -> Box<[[f32; 64]; 64]> {
    let (width, height) = (luma.width(), luma.height());
    let mut out = Box::new([[0.0; 64]; 64]);
    if (width, height) == (64, 64) {
        for (row, values) in out.iter_mut().zip(luma.values().as_chunks::<64>().0) {
            *row = *values;
        }
        return out;
    }
    let rows = Sampling::new(width);
    let columns = Sampling::new(height);

    let mut first = vec![0.0; width * height];
    along_rows(luma.values(), width, &rows.all(), rows.window, &mut first);
    let mut second = vec![0.0; width * height];
    along_columns(&first, width, &columns.all(), columns.window, &mut second);
    let mut narrow = vec![0.0; 64 * height];
    along_rows(&second, width, &rows.picks, rows.window, &mut narrow);
    let mut small = vec![0.0; 64 * 64];
    along_columns(&narrow, 64, &columns.picks, columns.window, &mut small);
    for (row, values) in out.iter_mut().zip(small.as_chunks::<64>().0) {
        *row = *values;
    }
    out
}

/// How one side is filtered and sampled.
struct Sampling {
    length: usize,
    /// Width of the box: half of what one of the 64 samples covers, rounded up.
    window: usize,
    /// Positions of the 64 samples: centres, not corners.
    picks: Vec<usize>,
}

impl Sampling {
    fn new(length: usize) -> Self {
        let picks = (0..64).map(|k| (2 * k + 1) * length / 128).collect();
        Self { length, window: length.div_ceil(128), picks }
    }

    fn all(&self) -> Vec<usize> {
        (0..self.length).collect()
    }
}

/// Rows or columns that are filtered side by side.
const LANES: usize = 16;

/// Filters every row of `input` and keeps the columns in `picks`.
fn along_rows(input: &[f32], width: usize, picks: &[usize], window: usize, output: &mut [f32]) {
    let height = input.len() / width;
    let mut lanes = vec![[0.0; LANES]; width];
    let mut kept = vec![[0.0; LANES]; picks.len()];
    for top in (0..height).step_by(LANES) {
        let count = LANES.min(height - top);
        for lane in 0..count {
            for (slot, value) in lanes.iter_mut().zip(&input[(top + lane) * width..][..width]) {
                slot[lane] = *value;
            }
        }
        slide(&lanes, window, picks, &mut kept);
        for lane in 0..count {
            for (value, slot) in output[(top + lane) * picks.len()..][..picks.len()].iter_mut().zip(&kept) {
                *value = slot[lane];
            }
        }
    }
}

/// Filters every column of `input` and keeps the rows in `picks`.
fn along_columns(input: &[f32], width: usize, picks: &[usize], window: usize, output: &mut [f32]) {
    let height = input.len() / width;
    let mut lanes = vec![[0.0; LANES]; height];
    let mut kept = vec![[0.0; LANES]; picks.len()];
    for left in (0..width).step_by(LANES) {
        let count = LANES.min(width - left);
        for (slot, row) in lanes.iter_mut().zip(input.chunks_exact(width)) {
            slot[..count].copy_from_slice(&row[left..left + count]);
        }
        slide(&lanes, window, picks, &mut kept);
        for (row, slot) in output.chunks_exact_mut(width).zip(&kept) {
            row[left..left + count].copy_from_slice(&slot[..count]);
        }
    }
}

/// The running mean over `window` values around each position, fewer at the ends, at the ascending positions in
/// `picks`. The sum is carried from position to position, in single precision, as the reference does.
fn slide(input: &[[f32; LANES]], window: usize, picks: &[usize], output: &mut [[f32; LANES]]) {
    let ahead = window.midpoint(2) - 1;
    let mut sum = [0.0_f32; LANES];
    let mut size = 0_usize;
    let add = |sum: &mut [f32; LANES], position: usize| {
        for (total, value) in sum.iter_mut().zip(&input[position]) {
            *total += value;
        }
    };
    for position in 0..ahead {
        add(&mut sum, position);
        size += 1;
    }
    let mut wanted = picks.iter().zip(output).peekable();
    for position in 0..input.len() {
        if position + ahead < input.len() {
            add(&mut sum, position + ahead);
            size += 1;
        }
        // The box starts to leave values behind once it is full.
        if position + ahead >= window {
            for (total, value) in sum.iter_mut().zip(&input[position + ahead - window]) {
                *total -= value;
            }
            size -= 1;
        }
        if let Some((_, slot)) = wanted.next_if(|(pick, _)| **pick == position) {
            let divisor = size as f32;
            *slot = sum.map(|total| total / divisor);
            while let Some((_, again)) = wanted.next_if(|(pick, _)| **pick == position) {
                *again = sum.map(|total| total / divisor);
            }
        }
    }
}

/// Sum of gradients between neighbouring samples, each in percent of the range and truncated to a whole number.
fn quality(samples: &[[f32; 64]; 64]) -> u8 {
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
fn transform(samples: &[[f32; 64]; 64]) -> Box<[[f32; 16]; 16]> {
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
fn bits(dct: &[[f32; 16]; 16]) -> PdqHash {
    let mut sorted: Vec<f32> = dct.iter().flatten().copied().collect();
    let (_, median, _) = sorted.select_nth_unstable_by(127, f32::total_cmp);
    PdqHash::from_bits(|bit| dct[bit / 16][bit % 16] > *median)
}
