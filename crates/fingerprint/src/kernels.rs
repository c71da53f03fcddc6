//! The arithmetic of PDQ, compiled for several instruction sets and chosen at run time.
//!
//! There is one text for all of them: loops over fixed numbers of independent rows or columns, which the compiler turns
//! into vectors of whatever width there is. Nothing is contracted or summed in another order, so every level gives the
//! same bits. Only the transposition is written per instruction set.

#![expect(unsafe_code, reason = "calls into code compiled for instructions found at run time")]

use std::sync::LazyLock;

/// An instruction set for which the kernels are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What every machine has.
    Portable,
    /// x86-64 with AVX2: eight values side by side.
    Avx2,
    /// x86-64 with AVX-512 F, VL, BW and DQ: sixteen values side by side.
    Avx512,
}

impl Level {
    /// The levels that this machine has, the fastest last.
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(|level| level.is_available()).collect()
    }

    /// The fastest level that this machine has.
    pub fn best() -> Self {
        static BEST: LazyLock<Level> = LazyLock::new(|| Level::available().pop().unwrap_or(Level::Portable));
        *BEST
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        }
    }

    fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let found = match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        let found = self == Self::Portable;
        found
    }
}

/// Defines a kernel: the same inlined function in a safe portable call and in one per instruction set. A level that the
/// machine lacks falls back to the portable one, so that no argument can make the call unsound.
macro_rules! kernel {
    ($(#[$note:meta])* $name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?,
     $portable:expr, $avx2:expr, $avx512:expr) => {
        $(#[$note])*
        pub(crate) fn $name(level: Level, $($argument: $kind),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $kind),*) $(-> $result)? {
                    $avx2
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
                fn avx512($($argument: $kind),*) $(-> $result)? {
                    $avx512
                }
                if level == Level::Avx512 && level.is_available() {
                    // SAFETY: the processor has the instructions that the function is compiled for.
                    return unsafe { avx512($($argument),*) };
                }
                if level == Level::Avx2 && level.is_available() {
                    // SAFETY: as above.
                    return unsafe { avx2($($argument),*) };
                }
            }
            let _ = level;
            $portable
        }
    };
}

kernel!(
    /// Two passes of a box filter along rows and columns of `luma` (rows of `width`), then 64 × 64 samples.
    filter(luma: &[f32], width: usize, out: &mut [[f32; 64]; 64]),
    filter_by(luma, width, out, turn_each),
    filter_by(luma, width, out, |tile| turn_avx2(tile)),
    filter_by(luma, width, out, |tile| turn_avx512(tile))
);

kernel!(
    /// D A Dᵀ for the 16 × 64 matrix D = `matrix`, given with its transpose; sums in ascending order.
    transform(matrix: &[[f32; 64]; 16], turned: &[[f32; 16]; 64], samples: &[[f32; 64]; 64], out: &mut [[f32; 16]; 16]),
    transform_by(matrix, turned, samples, out),
    transform_by(matrix, turned, samples, out),
    transform_by(matrix, turned, samples, out)
);

kernel!(
    /// Sum of gradients between neighbouring samples, each in percent of the range and truncated to a whole number.
    gradients(samples: &[[f32; 64]; 64]) -> u64,
    gradients_by(samples),
    gradients_by(samples),
    gradients_by(samples)
);

kernel!(
    /// The lower of the two middle values by `f32::total_cmp`.
    median(values: &[f32; 256]) -> f32,
    median_by(values),
    median_by(values),
    median_by(values)
);

/// The positions of 64 samples along a side of `length`: centres of what they stand for, not corners.
pub(crate) fn centres(length: usize) -> [usize; 64] {
    std::array::from_fn(|sample| (2 * sample + 1) * length / 128)
}

/// Values that are worked on side by side: one register of AVX-512, two of AVX2.
const LANES: usize = 16;

#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Lanes([f32; LANES]);

impl Lanes {
    const ZERO: Self = Self([0.0; LANES]);
}

/// A box that runs along a side. A box is half as long as what one of 64 samples stands for, rounded up, and cut at the
/// ends. Its sum is carried on in single precision; the value that enters is added before the one that leaves is
/// subtracted, as in the reference. Before the first value and after the last there are zeros, which change no sum:
/// a sum is never −0.
struct Side {
    length: usize,
    /// Length of the box.
    window: usize,
    /// How far the front of the box is ahead of the value it gives the mean for.
    ahead: usize,
}

/// How sums become means: by the box's size at each front, or by the reciprocal of a size that is a power of two, which
/// gives the same.
enum Scale<'a> {
    Divide(&'a [f32]),
    Multiply(f32),
}

impl Side {
    fn new(length: usize) -> Self {
        let window = length.div_ceil(128);
        Self { length, window, ahead: window / 2 }
    }

    /// Sizes of the boxes with their front at 0, 1, …; 1 where there is no box.
    fn sizes(&self, fronts: usize) -> Vec<f32> {
        let size = |front: usize| self.length.min(front + 1).saturating_sub((front + 1).saturating_sub(self.window));
        (0..fronts).map(|front| size(front).max(1) as f32).collect()
    }

    /// How to scale the boxes with their fronts from `front` on.
    #[inline(always)]
    fn scale<'a>(&self, sizes: &'a [f32], front: usize) -> Scale<'a> {
        let whole = front + 1 >= self.window && front + LANES <= self.length;
        if whole && self.window.is_power_of_two() {
            Scale::Multiply(1.0 / self.window as f32)
        } else {
            Scale::Divide(&sizes[front..front + LANES])
        }
    }
}

/// Moves the box `LANES` steps on: `strip` holds the `window` values behind its front, then those that enter, and is
/// left with the last `window` values at its beginning. `means[step]` becomes the mean of the box after each step.
#[inline(always)]
fn slide(strip: &mut [Lanes], sum: &mut Lanes, scale: &Scale<'_>, means: &mut [Lanes; LANES]) {
    let window = strip.len() - LANES;
    let mut running = *sum;
    for (step, mean) in means.iter_mut().enumerate() {
        let (leaving, entering) = (strip[step], strip[window + step]);
        for lane in 0..LANES {
            running.0[lane] += entering.0[lane];
            running.0[lane] -= leaving.0[lane];
        }
        *mean = running;
    }
    *sum = running;
    match scale {
        Scale::Multiply(by) => {
            for mean in means.iter_mut() {
                for value in &mut mean.0 {
                    *value *= by;
                }
            }
        }
        Scale::Divide(sizes) => {
            for (mean, size) in means.iter_mut().zip(*sizes) {
                for value in &mut mean.0 {
                    *value /= size;
                }
            }
        }
    }
    strip.copy_within(LANES.., 0);
}

/// All four passes tile by tile, `LANES` rows of `LANES` columns at a time, so that nothing of the size of the picture is
/// written between them. A tile goes through: rows into lanes, first pass along rows, columns into lanes, first pass
/// along columns, rows into lanes, second pass along rows, of which the 64 sampled columns are kept. What comes out of a
/// pass lags behind what goes in; passes do not depend on where tiles begin, so the lag is carried as an offset.
#[inline(always)]
fn filter_by(luma: &[f32], width: usize, out: &mut [[f32; 64]; 64], turn: impl Fn(&mut [Lanes; LANES])) {
    let (across, down) = (Side::new(width), Side::new(luma.len() / width));
    let height = down.length;
    // Two lags across: the second pass along rows ends that much after the picture. Likewise down.
    let tiles = (width + 2 * across.ahead).div_ceil(LANES);
    let bands = (height + 2 * down.ahead).div_ceil(LANES);
    let (widths, heights) = (across.sizes(tiles * LANES), down.sizes(bands * LANES));
    let (columns, rows) = (centres(width), centres(height));

    // Per tile the box of the first pass down: its sum and its strip.
    let strip = down.window + LANES;
    let mut sums = vec![Lanes::ZERO; tiles];
    let mut strips = vec![Lanes::ZERO; tiles * down.window];
    let mut column_strip = vec![Lanes::ZERO; strip];
    let mut first = vec![Lanes::ZERO; across.window + LANES];
    let mut second = first.clone();
    // The second pass down, over 64 columns.
    let mut narrow = [Lanes::ZERO; 64];
    let mut narrow_strip = vec![[0.0_f32; 64]; strip];
    let mut narrow_sum = [0.0_f32; 64];
    let mut next_row = 0;
    let mut tile = [Lanes::ZERO; LANES];
    let mut means = tile;

    for band in 0..bands {
        let top = band * LANES;
        first[..across.window].fill(Lanes::ZERO);
        second[..across.window].fill(Lanes::ZERO);
        let (mut first_sum, mut second_sum) = (Lanes::ZERO, Lanes::ZERO);
        let mut next_column = 0;
        let down_scale = down.scale(&heights, top);
        for (number, (sum, kept)) in sums.iter_mut().zip(strips.chunks_exact_mut(down.window)).enumerate() {
            let left = number * LANES;
            load(luma, width, top, left, &mut tile);
            turn(&mut tile);
            first[across.window..].copy_from_slice(&tile);
            slide(&mut first, &mut first_sum, &across.scale(&widths, left), &mut means);

            turn(&mut means);
            column_strip[..down.window].copy_from_slice(kept);
            column_strip[down.window..].copy_from_slice(&means);
            slide(&mut column_strip, sum, &down_scale, &mut tile);
            kept.copy_from_slice(&column_strip[..down.window]);

            // Column `step` of the tile is column `left + step − ahead` of the picture.
            turn(&mut tile);
            if left < across.ahead || left + LANES > width + across.ahead {
                for (step, values) in tile.iter_mut().enumerate() {
                    if left + step < across.ahead || left + step >= width + across.ahead {
                        *values = Lanes::ZERO;
                    }
                }
            }
            second[across.window..].copy_from_slice(&tile);
            let window = across.window;
            for step in 0..LANES {
                for lane in 0..LANES {
                    second_sum.0[lane] += second[window + step].0[lane];
                    second_sum.0[lane] -= second[step].0[lane];
                }
                tile[step] = second_sum;
            }
            second.copy_within(LANES.., 0);
            // The front is `ahead` before the value in the coordinates of this pass, which lag by `ahead` themselves.
            while next_column < 64 && columns[next_column] + 2 * across.ahead < left + LANES {
                let front = columns[next_column] + across.ahead;
                let size = widths[front];
                for (value, sum) in narrow[next_column].0.iter_mut().zip(tile[front + across.ahead - left].0) {
                    *value = sum / size;
                }
                next_column += 1;
            }
        }

        // Lane `step` is row `top + step − ahead` of the picture.
        for (place, group) in narrow.as_chunks().0.iter().enumerate() {
            tile = *group;
            turn(&mut tile);
            for (step, values) in tile.iter().enumerate() {
                let inside = top + step >= down.ahead && top + step < height + down.ahead;
                let values = if inside { values.0 } else { [0.0; LANES] };
                narrow_strip[down.window + step][place * LANES..][..LANES].copy_from_slice(&values);
            }
        }
        for step in 0..LANES {
            for column in 0..64 {
                narrow_sum[column] += narrow_strip[down.window + step][column];
                narrow_sum[column] -= narrow_strip[step][column];
            }
            while next_row < 64 && rows[next_row] + 2 * down.ahead == top + step {
                let size = heights[rows[next_row] + down.ahead];
                for (value, sum) in out[next_row].iter_mut().zip(narrow_sum) {
                    *value = sum / size;
                }
                next_row += 1;
            }
        }
        narrow_strip.copy_within(LANES.., 0);
    }
}

/// The `LANES` rows from `top` on, in the columns from `left` on; zeros outside of the picture.
#[inline(always)]
fn load(luma: &[f32], width: usize, top: usize, left: usize, tile: &mut [Lanes; LANES]) {
    if left + LANES <= width && (top + LANES) * width <= luma.len() {
        for (row, values) in tile.iter_mut().enumerate() {
            values.0.copy_from_slice(&luma[(top + row) * width + left..][..LANES]);
        }
        return;
    }
    *tile = [Lanes::ZERO; LANES];
    let rows = luma.chunks_exact(width).skip(top);
    for (row, values) in rows.zip(tile.iter_mut()) {
        for (value, from) in values.0.iter_mut().zip(row.iter().skip(left)) {
            *value = *from;
        }
    }
}

/// Transposes a tile.
#[inline(always)]
fn turn_each(tile: &mut [Lanes; LANES]) {
    let from = *tile;
    for (row, values) in tile.iter_mut().enumerate() {
        for (value, other) in values.0.iter_mut().zip(&from) {
            *value = other.0[row];
        }
    }
}

/// Transposes a tile as four of 8 × 8.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn turn_avx2(tile: &mut [Lanes; LANES]) {
    use std::arch::x86_64::{
        __m256, _mm256_permute2f128_ps, _mm256_shuffle_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    // SAFETY: both types are 1024 bytes of which every pattern is valid.
    let from: [[__m256; 2]; LANES] = unsafe { std::mem::transmute(*tile) };
    let mut to = from;
    for (down, across) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let rows: [__m256; 8] = std::array::from_fn(|row| from[down * 8 + row][across]);
        // Pairs of rows interleaved, then pairs of pairs, then halves.
        let mut pairs = rows;
        for k in 0..4 {
            pairs[2 * k] = _mm256_unpacklo_ps(rows[2 * k], rows[2 * k + 1]);
            pairs[2 * k + 1] = _mm256_unpackhi_ps(rows[2 * k], rows[2 * k + 1]);
        }
        let mut fours = pairs;
        for k in [0, 4] {
            fours[k] = _mm256_shuffle_ps::<0x44>(pairs[k], pairs[k + 2]);
            fours[k + 1] = _mm256_shuffle_ps::<0xee>(pairs[k], pairs[k + 2]);
            fours[k + 2] = _mm256_shuffle_ps::<0x44>(pairs[k + 1], pairs[k + 3]);
            fours[k + 3] = _mm256_shuffle_ps::<0xee>(pairs[k + 1], pairs[k + 3]);
        }
        for k in 0..4 {
            to[across * 8 + k][down] = _mm256_permute2f128_ps::<0x20>(fours[k], fours[k + 4]);
            to[across * 8 + k + 4][down] = _mm256_permute2f128_ps::<0x31>(fours[k], fours[k + 4]);
        }
    }
    // SAFETY: as above.
    *tile = unsafe { std::mem::transmute::<[[__m256; 2]; LANES], [Lanes; LANES]>(to) };
}

/// Transposes a tile.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn turn_avx512(tile: &mut [Lanes; LANES]) {
    use std::arch::x86_64::{__m512, _mm512_shuffle_f32x4, _mm512_shuffle_ps, _mm512_unpackhi_ps, _mm512_unpacklo_ps};
    // SAFETY: both types are 1024 bytes of which every pattern is valid.
    let rows: [__m512; LANES] = unsafe { std::mem::transmute(*tile) };
    // Pairs of rows interleaved, then pairs of pairs: in each quarter of a register four values of one column.
    let mut pairs = rows;
    for k in 0..8 {
        pairs[2 * k] = _mm512_unpacklo_ps(rows[2 * k], rows[2 * k + 1]);
        pairs[2 * k + 1] = _mm512_unpackhi_ps(rows[2 * k], rows[2 * k + 1]);
    }
    let mut fours = pairs;
    for k in [0, 4, 8, 12] {
        fours[k] = _mm512_shuffle_ps::<0x44>(pairs[k], pairs[k + 2]);
        fours[k + 1] = _mm512_shuffle_ps::<0xee>(pairs[k], pairs[k + 2]);
        fours[k + 2] = _mm512_shuffle_ps::<0x44>(pairs[k + 1], pairs[k + 3]);
        fours[k + 3] = _mm512_shuffle_ps::<0xee>(pairs[k + 1], pairs[k + 3]);
    }
    // Quarter q of fours[4 g + k] is column 4 q + k, rows 4 g to 4 g + 3: a transposition of quarters remains.
    let mut to = fours;
    for k in 0..4 {
        let even = _mm512_shuffle_f32x4::<0x88>(fours[k], fours[4 + k]);
        let odd = _mm512_shuffle_f32x4::<0xdd>(fours[k], fours[4 + k]);
        let even_below = _mm512_shuffle_f32x4::<0x88>(fours[8 + k], fours[12 + k]);
        let odd_below = _mm512_shuffle_f32x4::<0xdd>(fours[8 + k], fours[12 + k]);
        to[k] = _mm512_shuffle_f32x4::<0x88>(even, even_below);
        to[8 + k] = _mm512_shuffle_f32x4::<0xdd>(even, even_below);
        to[4 + k] = _mm512_shuffle_f32x4::<0x88>(odd, odd_below);
        to[12 + k] = _mm512_shuffle_f32x4::<0xdd>(odd, odd_below);
    }
    // SAFETY: as above.
    *tile = unsafe { std::mem::transmute::<[__m512; LANES], [Lanes; LANES]>(to) };
}

/// See [`transform`].
#[inline(always)]
fn transform_by(
    matrix: &[[f32; 64]; 16],
    turned: &[[f32; 16]; 64],
    samples: &[[f32; 64]; 64],
    out: &mut [[f32; 16]; 16],
) {
    for (factors, out) in matrix.iter().zip(out) {
        let mut half = [0.0_f32; 64];
        for (factor, values) in factors.iter().zip(samples) {
            for (sum, value) in half.iter_mut().zip(values) {
                *sum += factor * value;
            }
        }
        *out = [0.0; 16];
        for (value, factors) in half.iter().zip(turned) {
            for (sum, factor) in out.iter_mut().zip(factors) {
                *sum += value * factor;
            }
        }
    }
}

/// See [`gradients`].
#[inline(always)]
fn gradients_by(samples: &[[f32; 64]; 64]) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the reference truncates, and values are within ±100")]
    let gradient = |u: f32, v: f32| (((u - v) * 100.0) / 255.0) as i32;
    let mut sum = 0;
    for row in 0..64 {
        let mut line = [0_u64; 64];
        if row < 63 {
            for column in 0..64 {
                line[column] += u64::from(gradient(samples[row][column], samples[row + 1][column]).unsigned_abs());
            }
        }
        for column in 0..63 {
            line[column] += u64::from(gradient(samples[row][column], samples[row][column + 1]).unsigned_abs());
        }
        sum += line.iter().sum::<u64>();
    }
    sum
}

/// See [`median`]. The smallest of the 256 values that at least 128 do not exceed, found bit by bit.
#[inline(always)]
fn median_by(values: &[f32; 256]) -> f32 {
    // As `f32::total_cmp` orders, shifted to whole numbers without sign.
    let keys = values.map(|value| {
        let bits = value.to_bits();
        bits ^ (((bits.cast_signed() >> 31).cast_unsigned()) | 1 << 31)
    });
    let mut median = 0_u32;
    for bit in (0..32).rev() {
        let below = median | (1 << bit);
        let count: u32 = keys.iter().map(|key| u32::from(*key < below)).sum();
        if count < 128 {
            median = below;
        }
    }
    f32::from_bits(if median >> 31 == 1 { median ^ (1 << 31) } else { !median })
}
