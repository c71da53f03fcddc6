//! Kernels on bytes: brightness of pixels, and the filter that shrinks a grey picture, in whole numbers.

use super::{LANES, Level, Plain};

kernel!(
    /// (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶ of as many pixels as there are places in `out`.
    grey(pixels: &[[u8; 3]], out: &mut [u8]),
    brightness_by::<Plain<i32>, u8>(pixels, out),
    brightness_by::<x86::Avx2, u8>(pixels, out),
    brightness_by::<x86::Avx512, u8>(pixels, out)
);

kernel!(
    /// 0.299 R + 0.587 G + 0.114 B in single precision, in this order, of as many pixels as there are places in `out`.
    luma(pixels: &[[u8; 3]], out: &mut [f32]),
    brightness_by::<Plain<i32>, f32>(pixels, out),
    brightness_by::<x86::Avx2, f32>(pixels, out),
    brightness_by::<x86::Avx512, f32>(pixels, out)
);

kernel!(
    /// What each of `taps` makes of each row of `values` (rows of `width`), rounded to bytes: a row for each of them.
    weigh(values: &[u8], width: usize, taps: &[Tap]) -> Vec<u8>,
    weigh_by::<Plain<i32>>(values, width, taps),
    weigh_by::<x86::Avx2>(values, width, taps),
    weigh_by::<x86::Avx512>(values, width, taps)
);

/// Fractional bits of a filter's weights.
pub(crate) const FRACTION: u32 = 22;

/// Columns that are turned into [`LANES`] pairs of columns at once.
const COLUMNS: usize = 2 * LANES;

/// The lower bits of a weight, which are multiplied apart from the higher ones, so that both fit into 16 bits.
const LOWER: u32 = 11;

/// What one value of a shrunk or grown row is made of, two values at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tap {
    /// Half of the place of the first value.
    first: usize,
    /// Weights of pairs of values, each as higher bits and lower bits.
    pairs: Vec<[Pair; 2]>,
}

/// Two whole numbers of 16 bits in one of 32, the first one in the lower half.
type Pair = i32;

impl Tap {
    /// From the place of the first value and the weights from there on, in units of 2⁻²² and below 2²⁵.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut into parts of 16 bits")]
    pub(crate) fn new(first: usize, weights: &[i32]) -> Self {
        let even = first / 2 * 2;
        let padded: Vec<i32> = std::iter::repeat_n(0, first - even).chain(weights.iter().copied()).collect();
        let pair = |first: i32, second: i32| i32::from(first as i16 as u16) | i32::from(second as i16) << 16;
        let parts = |two: &[i32]| {
            let (first, second) = (two[0], two.get(1).copied().unwrap_or(0));
            let lower = |weight: i32| weight & ((1 << LOWER) - 1);
            [pair(first >> LOWER, second >> LOWER), pair(lower(first), lower(second))]
        };
        Self { first: even / 2, pairs: padded.chunks(2).map(parts).collect() }
    }
}

/// [`LANES`] whole numbers of 32 bits in the registers of one instruction set.
trait Whole: Copy {
    const ZERO: Self;
    /// Pairs of bytes, each as two numbers of 16 bits.
    fn pairs(bytes: &[u8; COLUMNS]) -> Self;
    /// With the products of two numbers of 16 bits and the two of `weights` added to each lane, without a look at overflow.
    fn plus(self, pairs: Self, weights: Pair) -> Self;
    fn values(self) -> [i32; LANES];
    /// Transposes a tile.
    fn turn(tile: &mut [Self; LANES]);
    /// Red, green and blue of pixels.
    fn channels(pixels: &[u8; 3 * LANES]) -> [[i32; LANES]; 3];
}

/// What is made of pixels. No closures here and below, nor functions of the library that take one: they would not be
/// compiled for their caller's instructions.
trait Brightness: Copy + Default {
    fn of(channels: [[i32; LANES]; 3]) -> [Self; LANES];
}

impl Brightness for u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "weights sum to 2¹⁶")]
    #[inline(always)]
    fn of([red, green, blue]: [[i32; LANES]; 3]) -> [Self; LANES] {
        let mut out = [0; LANES];
        for i in 0..LANES {
            out[i] = ((red[i] * 19595 + green[i] * 38470 + blue[i] * 7471 + 0x8000) >> 16) as Self;
        }
        out
    }
}

impl Brightness for f32 {
    #[inline(always)]
    fn of([red, green, blue]: [[i32; LANES]; 3]) -> [Self; LANES] {
        let mut out = [0.0; LANES];
        for i in 0..LANES {
            out[i] = 0.299 * red[i] as Self + 0.587 * green[i] as Self + 0.114 * blue[i] as Self;
        }
        out
    }
}

/// The brightness of as many pixels as there are places in `out`, [`LANES`] at a time, the last ones filled up with black.
#[inline(always)]
fn brightness_by<V: Whole, T: Brightness>(pixels: &[[u8; 3]], out: &mut [T]) {
    let (groups, rest) = pixels[..out.len()].as_chunks::<LANES>();
    let (places, last) = out.as_chunks_mut::<LANES>();
    for (group, out) in groups.iter().zip(places) {
        let bytes = group.as_flattened().try_into().expect("three bytes a pixel");
        *out = T::of(V::channels(bytes));
    }
    if !rest.is_empty() {
        let mut padded = [[0; 3]; LANES];
        padded[..rest.len()].copy_from_slice(rest);
        let bytes = padded.as_flattened().try_into().expect("three bytes a pixel");
        last.copy_from_slice(&T::of(V::channels(bytes))[..rest.len()]);
    }
}

/// [`LANES`] rows at a time, side by side in registers, whatever the number of weights.
#[inline(always)]
fn weigh_by<V: Whole>(values: &[u8], width: usize, taps: &[Tap]) -> Vec<u8> {
    let height = values.len() / width;
    // The last rows first: what is written beyond them is overwritten.
    let mut out = vec![0; taps.len() * height + LANES];
    // For each two columns, the values of all rows.
    let mut lanes = vec![V::ZERO; LANES * width.div_ceil(COLUMNS)];
    for (band, rows) in values.chunks(LANES * width).enumerate().rev() {
        for (left, lanes) in (0..width).step_by(COLUMNS).zip(lanes.as_chunks_mut::<LANES>().0) {
            for (lane, row) in lanes.iter_mut().zip(rows.chunks_exact(width)) {
                *lane = if let Some(bytes) = row[left..].first_chunk() {
                    V::pairs(bytes)
                } else {
                    let mut bytes = [0; COLUMNS];
                    bytes[..width - left].copy_from_slice(&row[left..]);
                    V::pairs(&bytes)
                };
            }
            V::turn(lanes);
        }
        for (number, tap) in taps.iter().enumerate() {
            let out =
                out[number * height + band * LANES..].first_chunk_mut().expect("there is room beyond the last row");
            *out = weighed(tap, &lanes);
        }
    }
    out.truncate(taps.len() * height);
    out
}

/// What a tap makes of [`LANES`] rows. What is lost above 32 bits on the way is lost in the sum as well, which fits: weights
/// of a filter sum to less than twice 2²² without their signs.
#[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
#[inline(always)]
fn weighed<V: Whole>(tap: &Tap, lanes: &[V]) -> [u8; LANES] {
    let (mut high, mut low) = (V::ZERO, V::ZERO);
    for ([higher, lower], pairs) in tap.pairs.iter().zip(&lanes[tap.first..]) {
        high = high.plus(*pairs, *higher);
        low = low.plus(*pairs, *lower);
    }
    let (high, low) = (high.values(), low.values());
    let mut levels = [0; LANES];
    for i in 0..LANES {
        let sum = (high[i] << LOWER).wrapping_add(low[i]).wrapping_add(1 << (FRACTION - 1));
        levels[i] = (sum >> FRACTION).clamp(0, 255) as u8;
    }
    levels
}

/// Both numbers of 16 bits.
#[expect(clippy::cast_possible_truncation, reason = "cut into parts of 16 bits")]
#[inline(always)]
fn both(pair: Pair) -> [i32; 2] {
    [i32::from(pair as i16), pair >> 16]
}

impl Whole for Plain<i32> {
    const ZERO: Self = Self([0; LANES]);

    #[inline(always)]
    fn pairs(bytes: &[u8; COLUMNS]) -> Self {
        let pairs = bytes.as_chunks::<2>().0;
        Self(std::array::from_fn(|lane| i32::from(pairs[lane][0]) | i32::from(pairs[lane][1]) << 16))
    }

    #[inline(always)]
    fn plus(self, pairs: Self, weights: Pair) -> Self {
        let weights = both(weights);
        Self(std::array::from_fn(|lane| {
            let [first, second] = both(pairs.0[lane]);
            self.0[lane].wrapping_add(first * weights[0] + second * weights[1])
        }))
    }

    #[inline(always)]
    fn values(self) -> [i32; LANES] {
        self.0
    }

    #[inline(always)]
    fn turn(tile: &mut [Self; LANES]) {
        Self::transpose(tile);
    }

    #[inline(always)]
    fn channels(pixels: &[u8; 3 * LANES]) -> [[i32; LANES]; 3] {
        std::array::from_fn(|channel| std::array::from_fn(|i| i32::from(pixels[3 * i + channel])))
    }
}

/// As [`super::x86`], of whole numbers.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::super::{Vector, x86 as single};
    use super::{COLUMNS, LANES, Pair, Whole};
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm256_add_epi32, _mm256_broadcastsi128_si256, _mm256_cvtepu8_epi16,
        _mm256_madd_epi16, _mm256_permutevar8x32_epi32, _mm256_set_m128i, _mm256_set1_epi32, _mm256_setr_epi32,
        _mm256_shuffle_epi8, _mm512_add_epi32, _mm512_broadcast_i32x4, _mm512_cvtepu8_epi16, _mm512_madd_epi16,
        _mm512_permutexvar_epi32, _mm512_set1_epi32, _mm512_setr_epi32, _mm512_shuffle_epi8,
    };
    use std::mem::transmute;

    #[derive(Clone, Copy)]
    #[repr(C, align(64))]
    pub(super) struct Avx2([__m256i; 2]);

    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(super) struct Avx512(__m512i);

    /// A place from which nothing comes.
    const X: u8 = 0x80;

    /// For each channel, which bytes of four pixels become the lowest ones of four numbers; the others become 0.
    const CHANNELS: [[u8; 16]; 3] = [
        [0, X, X, X, 3, X, X, X, 6, X, X, X, 9, X, X, X],
        [1, X, X, X, 4, X, X, X, 7, X, X, X, 10, X, X, X],
        [2, X, X, X, 5, X, X, X, 8, X, X, X, 11, X, X, X],
    ];

    /// The sixteen bytes.
    #[inline(always)]
    fn load(bytes: &[u8; LANES]) -> __m128i {
        // SAFETY: 16 bytes of which every pattern is valid.
        unsafe { transmute(*bytes) }
    }

    /// Defines the methods that do not depend on the shape.
    macro_rules! common {
        ($turned:ty) => {
            // SAFETY: 64 bytes of which every pattern is valid.
            const ZERO: Self = unsafe { transmute([0_i32; LANES]) };

            #[inline(always)]
            fn values(self) -> [i32; LANES] {
                // SAFETY: as above.
                unsafe { transmute(self) }
            }

            #[inline(always)]
            fn turn(tile: &mut [Self; LANES]) {
                // SAFETY: as above, and transpositions move bits whatever they mean.
                let mut turned = unsafe { transmute::<[Self; LANES], [$turned; LANES]>(*tile) };
                <$turned as Vector>::turn(&mut turned);
                // SAFETY: as above.
                *tile = unsafe { transmute::<[$turned; LANES], [Self; LANES]>(turned) };
            }
        };
    }

    impl Whole for Avx2 {
        common!(single::Avx2);

        #[inline(always)]
        fn pairs(bytes: &[u8; COLUMNS]) -> Self {
            let halves: &[[u8; LANES]] = bytes.as_chunks().0;
            // SAFETY: runs only where there is AVX2, see the module.
            let half = |half: usize| unsafe { _mm256_cvtepu8_epi16(load(&halves[half])) };
            Self([half(0), half(1)])
        }

        #[inline(always)]
        fn plus(self, pairs: Self, weights: Pair) -> Self {
            // SAFETY: runs only where there is AVX2, see the module.
            unsafe {
                let weights = _mm256_set1_epi32(weights);
                let half = |half: usize| _mm256_add_epi32(self.0[half], _mm256_madd_epi16(pairs.0[half], weights));
                Self([half(0), half(1)])
            }
        }

        #[inline(always)]
        fn channels(pixels: &[u8; 3 * LANES]) -> [[i32; LANES]; 3] {
            let third: &[[u8; LANES]] = pixels.as_chunks().0;
            // SAFETY: runs only where there is AVX2, see the module; every pattern of 64 bytes is valid.
            unsafe {
                let first = _mm256_set_m128i(load(&third[1]), load(&third[0]));
                let second = _mm256_set_m128i(load(&third[2]), load(&third[1]));
                // Twelve bytes, four pixels, to each half of a register.
                let first = _mm256_permutevar8x32_epi32(first, _mm256_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0));
                let second = _mm256_permutevar8x32_epi32(second, _mm256_setr_epi32(2, 3, 4, 0, 5, 6, 7, 0));
                let mut channels = [[0; LANES]; 3];
                for (channel, which) in channels.iter_mut().zip(&CHANNELS) {
                    let which = _mm256_broadcastsi128_si256(load(which));
                    let halves = [_mm256_shuffle_epi8(first, which), _mm256_shuffle_epi8(second, which)];
                    *channel = transmute::<[__m256i; 2], [i32; LANES]>(halves);
                }
                channels
            }
        }
    }

    impl Whole for Avx512 {
        common!(single::Avx512);

        #[inline(always)]
        fn pairs(bytes: &[u8; COLUMNS]) -> Self {
            // SAFETY: runs only where there is AVX-512, see the module; every pattern of 32 bytes is valid.
            unsafe { Self(_mm512_cvtepu8_epi16(transmute::<[u8; COLUMNS], __m256i>(*bytes))) }
        }

        #[inline(always)]
        fn plus(self, pairs: Self, weights: Pair) -> Self {
            // SAFETY: runs only where there is AVX-512, see the module.
            unsafe { Self(_mm512_add_epi32(self.0, _mm512_madd_epi16(pairs.0, _mm512_set1_epi32(weights)))) }
        }

        #[inline(always)]
        fn channels(pixels: &[u8; 3 * LANES]) -> [[i32; LANES]; 3] {
            let third: &[[u8; LANES]] = pixels.as_chunks().0;
            // SAFETY: runs only where there is AVX-512, see the module; every pattern of 64 bytes is valid.
            unsafe {
                let bytes = transmute::<[__m128i; 4], __m512i>([
                    load(&third[0]),
                    load(&third[1]),
                    load(&third[2]),
                    load(&third[2]),
                ]);
                // Twelve bytes, four pixels, to each quarter of the register.
                let places = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
                let quarters = _mm512_permutexvar_epi32(places, bytes);
                let mut channels = [[0; LANES]; 3];
                for (channel, which) in channels.iter_mut().zip(&CHANNELS) {
                    let which = _mm512_broadcast_i32x4(load(which));
                    *channel = transmute::<__m512i, [i32; LANES]>(_mm512_shuffle_epi8(quarters, which));
                }
                channels
            }
        }
    }
}

/// The same in plain words: the twins that every level is held to.
#[cfg(test)]
mod twin {
    pub(super) fn grey([red, green, blue]: [u8; 3]) -> u8 {
        let sum = u32::from(red) * 19595 + u32::from(green) * 38470 + u32::from(blue) * 7471;
        u8::try_from((sum + (1 << 15)) >> 16).expect("weights sum to 2¹⁶")
    }

    pub(super) fn luma(pixel: [u8; 3]) -> f32 {
        let [red, green, blue] = pixel.map(f32::from);
        0.299 * red + 0.587 * green + 0.114 * blue
    }

    /// Each row of values weighed by each tap.
    pub(super) fn weigh(values: &[u8], width: usize, taps: &[(usize, Vec<i32>)]) -> Vec<u8> {
        let weigh = |(first, weights): &(usize, Vec<i32>), row: &[u8]| {
            let products = weights.iter().zip(&row[*first..]);
            let sum: i64 = products.map(|(weight, value)| i64::from(*weight) * i64::from(*value)).sum();
            u8::try_from(((sum + (1 << 21)) >> 22).clamp(0, 255)).expect("clamped to a byte")
        };
        taps.iter().flat_map(|tap| values.chunks_exact(width).map(|row| weigh(tap, row))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grey::taps;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_level_sees_the_brightness_of_its_twin(pixels in prop::collection::vec(any::<[u8; 3]>(), 0..200)) {
            let grey_expected: Vec<u8> = pixels.iter().copied().map(twin::grey).collect();
            let expected: Vec<u32> = pixels.iter().map(|pixel| twin::luma(*pixel).to_bits()).collect();
            for level in Level::available() {
                let mut found = vec![0; pixels.len()];
                grey(level, &pixels, &mut found);
                prop_assert_eq!(&found, &grey_expected);
                let mut found = vec![0.0; pixels.len()];
                luma(level, &pixels, &mut found);
                prop_assert_eq!(found.into_iter().map(f32::to_bits).collect::<Vec<_>>(), expected.clone());
            }
        }

        #[test]
        fn every_level_weighs_as_its_twin(
            (width, values) in (1_usize..140, 1_usize..80)
                .prop_flat_map(|(width, height)| (Just(width), prop::collection::vec(any::<u8>(), width * height))),
            to in 1_usize..90,
        ) {
            let plain = taps(width, to);
            let expected = twin::weigh(&values, width, &plain);
            let taps: Vec<Tap> = plain.iter().map(|(first, weights)| Tap::new(*first, weights)).collect();
            for level in Level::available() {
                prop_assert_eq!(&weigh(level, &values, width, &taps), &expected);
            }
        }
    }

    #[test]
    fn long_rows_of_the_greatest_values() {
        for (width, to) in [(30_000, 8), (4097, 9), (2, 30_000), (1, 5), (5, 1)] {
            let plain = taps(width, to);
            let taps: Vec<Tap> = plain.iter().map(|(first, weights)| Tap::new(*first, weights)).collect();
            // A row of the greatest values, and one of them where weights are positive.
            let mut values = vec![255; 2 * width];
            for (first, weights) in &plain {
                for (value, weight) in values[width + first..].iter_mut().zip(weights) {
                    *value = if *weight > 0 { 255 } else { 0 };
                }
            }
            let expected = twin::weigh(&values, width, &plain);
            for level in Level::available() {
                assert_eq!(weigh(level, &values, width, &taps), expected, "{level:?}, {width} to {to}");
            }
        }
    }

    /// What sums in 32 bits rely on.
    #[test]
    fn weights_sum_to_less_than_two_without_their_signs() {
        for from in (1..200).chain([255, 512, 1000, 4096]) {
            for to in [1, 2, 3, 7, 8, 9, 31, 32, 64, 100, 256, 511, 512, 1024] {
                for (first, weights) in taps(from, to) {
                    let sum: i64 = weights.iter().map(|weight| i64::from(weight.abs())).sum();
                    assert!(sum * 255 + (1 << 21) < 1 << 31, "{from} to {to} at {first}: {sum}");
                }
            }
        }
    }
}
