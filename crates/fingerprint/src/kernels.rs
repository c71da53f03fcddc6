//! The arithmetic of PDQ and, in [`bytes`], of brightness and the grey filter, compiled for several instruction sets and chosen at run time.
//!
//! There is one text for all of them: loops over fixed numbers of independent rows or columns, which the compiler turns
//! into vectors of whatever width there is. Nothing is contracted or summed in another order, so every level gives the
//! same bits. Only the transposition is written per instruction set.

#![expect(unsafe_code, reason = "calls into code compiled for instructions found at run time")]
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the caller's instructions")]

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
    filter_by::<Plain<f32>>(luma, width, out),
    filter_by::<x86::Avx2>(luma, width, out),
    filter_by::<x86::Avx512>(luma, width, out)
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

mod bytes;

pub(crate) use bytes::{FRACTION, Tap, grey, luma, weigh};

/// The positions of 64 samples along a side of `length`: centres of what they stand for, not corners.
pub(crate) fn centres(length: usize) -> [usize; 64] {
    std::array::from_fn(|sample| (2 * sample + 1) * length / 128)
}

/// Values that are worked on side by side: one register of AVX-512, two of AVX2.
const LANES: usize = 16;

/// [`LANES`] values in the registers of one instruction set; arithmetic is lane by lane and rounds each result.
trait Vector: Copy {
    fn all(value: f32) -> Self;
    fn of(values: [f32; LANES]) -> Self;
    fn values(self) -> [f32; LANES];
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// Transposes a tile.
    fn turn(tile: &mut [Self; LANES]);
}

/// What the compiler makes of it.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Plain<T>([T; LANES]);

impl<T: Copy> Plain<T> {
    #[inline(always)]
    fn transpose(tile: &mut [Self; LANES]) {
        for row in 0..LANES {
            for column in 0..row {
                let kept = tile[row].0[column];
                tile[row].0[column] = tile[column].0[row];
                tile[column].0[row] = kept;
            }
        }
    }
}

impl Plain<f32> {
    #[inline(always)]
    fn zip(self, other: Self, with: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| with(self.0[lane], other.0[lane])))
    }
}

impl Vector for Plain<f32> {
    #[inline(always)]
    fn all(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn of(values: [f32; LANES]) -> Self {
        Self(values)
    }

    #[inline(always)]
    fn values(self) -> [f32; LANES] {
        self.0
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn turn(tile: &mut [Self; LANES]) {
        Self::transpose(tile);
    }
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

/// Moves the box `LANES` steps on: `strip` holds the `window` values behind its front, then those that enter.
/// `means[step]` becomes the mean of the box after each step.
#[inline(always)]
fn slide<V: Vector>(strip: &[V], sum: &mut V, scale: &Scale<'_>, means: &mut [V; LANES]) {
    run(strip, sum, means);
    match scale {
        Scale::Multiply(by) => {
            let by = V::all(*by);
            for mean in means {
                *mean = mean.mul(by);
            }
        }
        Scale::Divide(sizes) => {
            for (mean, size) in means.iter_mut().zip(*sizes) {
                *mean = mean.div(V::all(*size));
            }
        }
    }
}

/// As [`slide`], with the sum after each step instead of the mean.
#[inline(always)]
fn run<V: Vector>(strip: &[V], sum: &mut V, sums: &mut [V; LANES]) {
    let window = strip.len() - LANES;
    let entering = &strip[window..];
    for (after, (entering, leaving)) in sums.iter_mut().zip(entering.iter().zip(&strip[..LANES])) {
        *sum = sum.add(*entering).sub(*leaving);
        *after = *sum;
    }
}

/// The values that enter a box.
#[inline(always)]
fn entering<V>(strip: &mut [V]) -> &mut [V; LANES] {
    strip.last_chunk_mut().expect("a strip is longer than a tile")
}

/// Copies; boxes of four, as at 512 pixels, without a call.
#[inline(always)]
fn carry<V: Vector>(from: &[V], to: &mut [V]) {
    if let (Ok(from), Ok(to)) = (<&[V; 4]>::try_from(from), <&mut [V; 4]>::try_from(&mut *to)) {
        *to = *from;
    } else {
        to.copy_from_slice(from);
    }
}

/// Makes the last `window` values of a strip the ones behind the front.
#[inline(always)]
fn follow<V: Vector>(strip: &mut [V], window: usize) {
    let (behind, entered) = strip.split_at_mut(LANES.max(window));
    if window <= LANES {
        carry(&entered[entered.len() - window..], &mut behind[..window]);
    } else {
        strip.copy_within(LANES.., 0);
    }
}

/// All four passes tile by tile, `LANES` rows of `LANES` columns at a time, so that nothing of the size of the picture is
/// written between them. A tile goes through: rows into lanes, first pass along rows, columns into lanes, first pass
/// along columns, rows into lanes, second pass along rows, of which the 64 sampled columns are kept. What comes out of a
/// pass lags behind what goes in; passes do not depend on where tiles begin, so the lag is carried as an offset.
#[inline(always)]
fn filter_by<V: Vector>(luma: &[f32], width: usize, out: &mut [[f32; 64]; 64]) {
    let (across, down) = (Side::new(width), Side::new(luma.len() / width));
    let height = down.length;
    // Two lags across: the second pass along rows ends that much after the picture. Likewise down.
    let tiles = (width + 2 * across.ahead).div_ceil(LANES);
    let bands = (height + 2 * down.ahead).div_ceil(LANES);
    let (widths, heights) = (across.sizes(tiles * LANES), down.sizes(bands * LANES));
    let (columns, rows) = (centres(width), centres(height));

    // Per tile the box of the first pass down: its sum and its strip.
    let strip = down.window + LANES;
    let mut sums = vec![V::all(0.0); tiles];
    let mut strips = vec![V::all(0.0); tiles * down.window];
    let mut column = vec![V::all(0.0); strip];
    let mut first = vec![V::all(0.0); across.window + LANES];
    let mut second = first.clone();
    // The second pass down, over 64 columns.
    let mut narrow = [V::all(0.0); 64];
    let mut narrow_strip = vec![[0.0_f32; 64]; strip];
    let mut narrow_sum = [0.0_f32; 64];
    let mut next_row = 0;
    let mut sampled = [V::all(0.0); LANES];

    for band in 0..bands {
        let top = band * LANES;
        first[..across.window].fill(V::all(0.0));
        second[..across.window].fill(V::all(0.0));
        let (mut first_sum, mut second_sum) = (V::all(0.0), V::all(0.0));
        let mut next_column = 0;
        let down_scale = down.scale(&heights, top);
        for (number, (sum, kept)) in sums.iter_mut().zip(strips.chunks_exact_mut(down.window)).enumerate() {
            let left = number * LANES;
            load(luma, width, top, left, entering(&mut first));
            V::turn(entering(&mut first));
            slide(&first, &mut first_sum, &across.scale(&widths, left), entering(&mut column));
            follow(&mut first, across.window);

            V::turn(entering(&mut column));
            carry(kept, &mut column[..down.window]);
            slide(&column, sum, &down_scale, entering(&mut second));
            carry(&column[LANES..], kept);

            // Column `step` of the tile is column `left + step − ahead` of the picture.
            let tile = entering(&mut second);
            V::turn(tile);
            if left < across.ahead || left + LANES > width + across.ahead {
                for (step, values) in tile.iter_mut().enumerate() {
                    if left + step < across.ahead || left + step >= width + across.ahead {
                        *values = V::all(0.0);
                    }
                }
            }
            run(&second, &mut second_sum, &mut sampled);
            follow(&mut second, across.window);
            // The front is `ahead` before the value in the coordinates of this pass, which lag by `ahead` themselves.
            while next_column < 64 && columns[next_column] + 2 * across.ahead < left + LANES {
                let front = columns[next_column] + across.ahead;
                narrow[next_column] = sampled[front + across.ahead - left].div(V::all(widths[front]));
                next_column += 1;
            }
        }

        // Lane `step` is row `top + step − ahead` of the picture.
        for (place, group) in narrow.as_chunks().0.iter().enumerate() {
            let mut tile = *group;
            V::turn(&mut tile);
            for (step, values) in tile.iter().enumerate() {
                let inside = top + step >= down.ahead && top + step < height + down.ahead;
                let values = if inside { values.values() } else { [0.0; LANES] };
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
fn load<V: Vector>(luma: &[f32], width: usize, top: usize, left: usize, tile: &mut [V; LANES]) {
    if left + LANES <= width && (top + LANES) * width <= luma.len() {
        for (row, values) in tile.iter_mut().enumerate() {
            *values = V::of(luma[(top + row) * width + left..].as_chunks().0[0]);
        }
        return;
    }
    let mut rows = luma.chunks_exact(width).skip(top);
    for values in tile {
        let row = rows.next().and_then(|row| row.get(left..)).unwrap_or_default();
        *values = V::of(std::array::from_fn(|lane| row.get(lane).copied().unwrap_or(0.0)));
    }
}

/// Vectors of x86-64. They are used by functions alone that are compiled for their instruction set, and these only where
/// the processor has it; without `#[inline(always)]` the instructions would be calls.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Vector};
    use std::arch::x86_64::{
        __m256, __m512, _mm256_add_ps, _mm256_div_ps, _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_set1_ps,
        _mm256_shuffle_ps, _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_ps, _mm512_div_ps,
        _mm512_mul_ps, _mm512_set1_ps, _mm512_shuffle_f32x4, _mm512_shuffle_ps, _mm512_sub_ps, _mm512_unpackhi_ps,
        _mm512_unpacklo_ps,
    };
    use std::mem::transmute;

    #[derive(Clone, Copy)]
    #[repr(C, align(64))]
    pub(super) struct Avx2([__m256; 2]);

    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(super) struct Avx512(__m512);

    /// Defines the methods that do not depend on the shape.
    macro_rules! both {
        () => {
            #[inline(always)]
            fn of(values: [f32; LANES]) -> Self {
                // SAFETY: both are 64 bytes of which every pattern is valid.
                unsafe { transmute(values) }
            }

            #[inline(always)]
            fn values(self) -> [f32; LANES] {
                // SAFETY: as above.
                unsafe { transmute(self) }
            }
        };
    }

    macro_rules! pairwise {
        ($($name:ident $instruction:ident),*) => {$(
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: runs only where there is AVX2, see the module.
                unsafe { Self([$instruction(self.0[0], other.0[0]), $instruction(self.0[1], other.0[1])]) }
            }
        )*};
    }

    macro_rules! single {
        ($($name:ident $instruction:ident),*) => {$(
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: runs only where there is AVX-512, see the module.
                unsafe { Self($instruction(self.0, other.0)) }
            }
        )*};
    }

    impl Vector for Avx2 {
        both!();
        pairwise!(add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps);

        #[inline(always)]
        fn all(value: f32) -> Self {
            // SAFETY: runs only where there is AVX2, see the module.
            unsafe { Self([_mm256_set1_ps(value); 2]) }
        }

        #[inline(always)]
        fn turn(tile: &mut [Self; LANES]) {
            // SAFETY: runs only where there is AVX2, see the module.
            unsafe { turn_avx2(tile) }
        }
    }

    impl Vector for Avx512 {
        both!();
        single!(add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps);

        #[inline(always)]
        fn all(value: f32) -> Self {
            // SAFETY: runs only where there is AVX-512, see the module.
            unsafe { Self(_mm512_set1_ps(value)) }
        }

        #[inline(always)]
        fn turn(tile: &mut [Self; LANES]) {
            // SAFETY: runs only where there is AVX-512, see the module.
            unsafe { turn_avx512(tile) }
        }
    }

    /// A transposition as four of 8 × 8.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn turn_avx2(tile: &mut [Avx2; LANES]) {
        let from = *tile;
        for (down, across) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut rows = [from[0].0[0]; 8];
            for (row, values) in rows.iter_mut().enumerate() {
                *values = from[down * 8 + row].0[across];
            }
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
                tile[across * 8 + k].0[down] = _mm256_permute2f128_ps::<0x20>(fours[k], fours[k + 4]);
                tile[across * 8 + k + 4].0[down] = _mm256_permute2f128_ps::<0x31>(fours[k], fours[k + 4]);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
    fn turn_avx512(tile: &mut [Avx512; LANES]) {
        // SAFETY: the wrapper is transparent.
        let rows: [__m512; LANES] = unsafe { transmute(*tile) };
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
        // SAFETY: the wrapper is transparent.
        *tile = unsafe { transmute::<[__m512; LANES], [Avx512; LANES]>(to) };
    }
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

/// The same in plain words: the twins that every level is held to.
#[cfg(test)]
mod twin {
    use super::centres;

    /// Two passes of a box filter along rows and columns, then 64 × 64 samples. The second pass writes only what is sampled.
    pub(super) fn filter(luma: &[f32], width: usize) -> Box<[[f32; 64]; 64]> {
        let height = luma.len() / width;
        let mut out = Box::new([[0.0; 64]; 64]);
        let samples = out.as_flattened_mut();
        let mut full = vec![0.0; width * height];
        along_rows(luma, width, &(0..width).collect::<Vec<_>>(), &mut full);
        along_columns(&mut full, width);
        let mut narrow = vec![0.0; 64 * height];
        along_rows(&full, width, &centres(width), &mut narrow);
        along_columns(&mut narrow, 64);
        for (row, centre) in samples.chunks_exact_mut(64).zip(centres(height)) {
            row.copy_from_slice(&narrow[centre * 64..][..64]);
        }
        out
    }

    /// Filters every row of `input` and writes the columns in `picks` to `output`. Rows are turned into columns, a few at a
    /// time, so that they can be filtered side by side.
    fn along_rows(input: &[f32], width: usize, picks: &[usize], output: &mut [f32]) {
        const ROWS: usize = 32;
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
    pub(super) fn gradients(samples: &[[f32; 64]; 64]) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "the reference truncates, and values are within ±100")]
        let gradient = |u: f32, v: f32| u64::from(((((u - v) * 100.0) / 255.0) as i32).unsigned_abs());
        let down = samples.windows(2).flat_map(|rows| rows[0].iter().zip(&rows[1]));
        let across = samples.iter().flat_map(|row| row.iter().zip(&row[1..]));
        down.chain(across).map(|(u, v)| gradient(*u, *v)).sum()
    }

    /// D A Dᵀ, sums in ascending order.
    pub(super) fn transform(matrix: &[[f32; 64]; 16], samples: &[[f32; 64]; 64]) -> Box<[[f32; 16]; 16]> {
        let half: [[f32; 64]; 16] = std::array::from_fn(|i| {
            let mut row = [0.0_f32; 64];
            for (factor, values) in matrix[i].iter().zip(samples) {
                for (sum, value) in row.iter_mut().zip(values) {
                    *sum += factor * value;
                }
            }
            row
        });
        let coefficient =
            |i: usize, j: usize| half[i].iter().zip(&matrix[j]).fold(0.0, |sum, (value, factor)| sum + value * factor);
        Box::new(std::array::from_fn(|i| std::array::from_fn(|j| coefficient(i, j))))
    }

    /// The lower of the two middle values.
    pub(super) fn median(values: &[f32; 256]) -> f32 {
        let mut sorted = *values;
        sorted.sort_by(f32::total_cmp);
        sorted[127]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What pictures hold, and what only a hostile caller gives: huge, tiny, negative, −0, infinite, no number.
    fn value() -> impl Strategy<Value = f32> {
        prop_oneof![8 => 0.0_f32..=255.0, 1 => any::<f32>(), 1 => prop::sample::select(vec![-0.0, 0.0, 255.0])]
    }

    /// Values of which most are possible in a picture, or all are the same, or anything.
    fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
        let vec = |strategy: BoxedStrategy<f32>| prop::collection::vec(strategy, count);
        prop_oneof![
            vec((0.0_f32..=255.0).boxed()),
            vec(value().boxed()),
            value().prop_map(move |value| vec![value; count])
        ]
    }

    fn picture() -> impl Strategy<Value = (usize, Vec<f32>)> {
        let side = || prop_oneof![8 => 5_usize..=140, 1 => 250_usize..=270, 1 => 505_usize..=520];
        (side(), side()).prop_flat_map(|(width, height)| (Just(width), values(width * height)))
    }

    /// The same bits, or both no number.
    fn same(a: &[f32], b: &[f32]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_level_filters_as_its_twin((width, luma) in picture()) {
            let expected = twin::filter(&luma, width);
            for level in Level::available() {
                let mut found = [[0.0; 64]; 64];
                filter(level, &luma, width, &mut found);
                prop_assert!(same(found.as_flattened(), expected.as_flattened()), "{level:?}, width {width}");
            }
        }

        #[test]
        fn every_level_transforms_and_judges_as_its_twin(samples in values(4096), matrix in values(1024)) {
            let samples: &[[f32; 64]; 64] = samples.as_chunks().0.try_into().unwrap();
            let matrix: &[[f32; 64]; 16] = matrix.as_chunks().0.try_into().unwrap();
            let turned = std::array::from_fn(|j| std::array::from_fn(|i| matrix[i][j]));
            let expected = twin::transform(matrix, samples);
            for level in Level::available() {
                let mut found = [[0.0; 16]; 16];
                transform(level, matrix, &turned, samples, &mut found);
                prop_assert!(same(found.as_flattened(), expected.as_flattened()), "{level:?}");
                prop_assert_eq!(gradients(level, samples), twin::gradients(samples));
            }
        }

        #[test]
        fn every_level_finds_the_median(values in values(256), few in prop::collection::vec(-2_i8..=2, 256)) {
            for values in [values, few.into_iter().map(f32::from).collect()] {
                let values: &[f32; 256] = values.as_slice().try_into().unwrap();
                for level in Level::available() {
                    prop_assert_eq!(median(level, values).to_bits(), twin::median(values).to_bits());
                }
            }
        }
    }

    #[test]
    fn sides_beyond_the_working_size_and_one_pixel_wide() {
        for (width, height) in [(2100, 40), (7, 2600), (1, 1), (1, 600), (600, 1), (4500, 3)] {
            let luma: Vec<f32> = (0..width * height).map(|at| (at * at % 1021) as f32 / 4.0).collect();
            let expected = twin::filter(&luma, width);
            for level in Level::available() {
                let mut found = [[0.0; 64]; 64];
                filter(level, &luma, width, &mut found);
                assert!(same(found.as_flattened(), expected.as_flattened()), "{level:?}, {width} × {height}");
            }
        }
    }
}
