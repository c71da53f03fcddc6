//! Kernels for x86-64. Queries are taken in groups that stay in registers, codes in steps of one vector's lanes.

use super::{Found, Work};
use std::arch::x86_64::{
    __m256i, __m512i, _mm256_add_epi8, _mm256_add_epi64, _mm256_and_si256, _mm256_castsi256_pd, _mm256_cmpgt_epi64,
    _mm256_loadu_si256, _mm256_min_epi32, _mm256_movemask_pd, _mm256_sad_epu8, _mm256_set_epi64x, _mm256_set1_epi8,
    _mm256_set1_epi64x, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
    _mm256_storeu_si256, _mm256_unpackhi_epi64, _mm256_unpacklo_epi64, _mm256_xor_si256, _mm512_add_epi64,
    _mm512_cmple_epu64_mask, _mm512_loadu_si512, _mm512_min_epu64, _mm512_popcnt_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_storeu_si512, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64, _mm512_xor_si512,
};

/// [`crate::oblivious::fewest`], compiled for AVX-512F and VPOPCNTDQ. The caller has seen that both are there.
pub(super) fn fewest_512(codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    fn compiled(codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
        crate::oblivious::fewest(codes, query)
    }
    // SAFETY: `Kernel::fewest` calls this only after `runs_here` detected both features.
    unsafe { compiled(codes, query) }
}

/// The same for AVX2. The caller has seen that it is there.
pub(super) fn fewest_avx2(codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
    #[target_feature(enable = "avx2")]
    fn compiled(codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
        crate::oblivious::fewest(codes, query)
    }
    // SAFETY: `Kernel::fewest` calls this only after `runs_here` detected AVX2.
    unsafe { compiled(codes, query) }
}

/// Random codes are within so many of 128 bits once in 40 000.
const ONE_PLANE: u32 = 41;

/// Compares all whole steps of eight codes. Returns the first code that is left over, and how many pairs were
/// not rejected on their first bits. The caller has seen that AVX-512F and VPOPCNTDQ are there.
pub(super) fn avx512(work: &Work<'_>, found: &mut Vec<Found>) -> (usize, usize) {
    let mut finished = 0;
    let mut first = work.asked.start;
    // One plane of eight queries fits into the registers, or two of four, for limits that random codes are often within
    // on 128 bits; other planes follow step by step.
    let two = work.codes.len() > 1 && !(work.reject && work.limit <= ONE_PLANE);
    while first < work.asked.end {
        // SAFETY: `Kernel::compare` calls this only after `runs_here` detected both features.
        unsafe {
            first += match work.asked.end - first {
                4.. if two => group_512::<4, 2>(work, first, &mut finished, found),
                1.. if two => group_512::<1, 2>(work, first, &mut finished, found),
                8.. => group_512::<8, 1>(work, first, &mut finished, found),
                4.. => group_512::<4, 1>(work, first, &mut finished, found),
                2.. => group_512::<2, 1>(work, first, &mut finished, found),
                _ => group_512::<1, 1>(work, first, &mut finished, found),
            };
        }
    }
    (work.range.end - work.range.len() % 8, finished)
}

/// Compares all whole steps of four codes, as above with AVX2.
pub(super) fn avx2(work: &Work<'_>, found: &mut Vec<Found>) -> (usize, usize) {
    let mut finished = 0;
    let mut first = work.asked.start;
    while first < work.asked.end {
        // SAFETY: `Kernel::compare` calls this only after `runs_here` detected AVX2.
        unsafe {
            first += match work.asked.end - first {
                4.. => avx2_group::<4>(work, first, &mut finished, found),
                2.. => avx2_group::<2>(work, first, &mut finished, found),
                _ => avx2_group::<1>(work, first, &mut finished, found),
            };
        }
    }
    (work.range.end - work.range.len() % 4, finished)
}

/// Eight elements of a plane as their first words and their second words; lane `i` holds code `ORDER_512[i]`.
#[inline]
#[target_feature(enable = "avx512f")]
fn words_512(step: &[[u64; 2]; 8]) -> (__m512i, __m512i) {
    // SAFETY: a step is 128 bytes, which the two loads read; they need no alignment.
    let (low, high) =
        unsafe { (_mm512_loadu_si512(step.as_ptr().cast()), _mm512_loadu_si512(step.as_ptr().add(4).cast())) };
    (_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high))
}

const ORDER_512: [usize; 8] = [0, 4, 1, 5, 2, 6, 3, 7];

/// `G` queries from `first` on, with every whole step of codes, on their first `P` planes. Steps with something within
/// the limit there go to [`rest_512`]. Returns `G`.
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn group_512<const G: usize, const P: usize>(
    work: &Work<'_>,
    first: usize,
    finished: &mut usize,
    found: &mut Vec<Found>,
) -> usize {
    let zero = _mm512_setzero_si512();
    let limit = _mm512_set1_epi64(i64::from(work.limit));
    let mut asked = [[[zero; 2]; G]; P];
    let mut planes: [&[[[u64; 2]; 8]]; P] = [&[]; P];
    for plane in 0..P {
        for (vectors, words) in asked[plane].iter_mut().zip(&work.queries[plane][first..first + G]) {
            *vectors = [_mm512_set1_epi64(words[0].cast_signed()), _mm512_set1_epi64(words[1].cast_signed())];
        }
        planes[plane] = work.codes[plane][work.range.clone()].as_chunks().0;
    }
    for step in 0..work.range.len() / 8 {
        let mut sums = [zero; G];
        for (plane, asked) in planes.iter().zip(&asked) {
            let Some(codes) = plane.get(step) else { break };
            let (even, odd) = words_512(codes);
            for (sum, words) in sums.iter_mut().zip(asked) {
                let even = _mm512_popcnt_epi64(_mm512_xor_si512(even, words[0]));
                let odd = _mm512_popcnt_epi64(_mm512_xor_si512(odd, words[1]));
                *sum = _mm512_add_epi64(*sum, _mm512_add_epi64(even, odd));
            }
        }
        let mut least = _mm512_set1_epi64(-1);
        for sum in &sums {
            least = _mm512_min_epu64(least, *sum);
        }
        if _mm512_cmple_epu64_mask(least, limit) != 0 {
            *finished += 8 * G;
            rest_512::<G>(work, first, work.range.start + 8 * step, found);
        }
    }
    G
}

/// `G` queries from `first` on, with eight codes from `start` on, on all planes.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn rest_512<const G: usize>(work: &Work<'_>, first: usize, start: usize, found: &mut Vec<Found>) {
    let limit = _mm512_set1_epi64(i64::from(work.limit));
    let mut sums = [_mm512_setzero_si512(); G];
    for (codes, queries) in work.codes.iter().zip(work.queries) {
        let Some(step) = codes[start..].first_chunk() else { return };
        let (even, odd) = words_512(step);
        let mut least = _mm512_set1_epi64(-1);
        for (sum, words) in sums.iter_mut().zip(&queries[first..first + G]) {
            let even = _mm512_xor_si512(even, _mm512_set1_epi64(words[0].cast_signed()));
            let odd = _mm512_xor_si512(odd, _mm512_set1_epi64(words[1].cast_signed()));
            let ones = _mm512_add_epi64(_mm512_popcnt_epi64(even), _mm512_popcnt_epi64(odd));
            *sum = _mm512_add_epi64(*sum, ones);
            least = _mm512_min_epu64(least, *sum);
        }
        if work.reject && _mm512_cmple_epu64_mask(least, limit) == 0 {
            return;
        }
    }
    for (query, sum) in sums.iter().enumerate() {
        if _mm512_cmple_epu64_mask(*sum, limit) != 0 {
            let mut distances = [0; 8];
            // SAFETY: eight words are 64 bytes; the store needs no alignment.
            unsafe { _mm512_storeu_si512(distances.as_mut_ptr().cast(), *sum) };
            note(work.limit, first + query, start, &distances, &ORDER_512, found);
        }
    }
}

/// Adds the lanes within the limit.
#[cold]
#[expect(clippy::cast_possible_truncation, reason = "numbers are at most Codes::MOST, distances at most 1024")]
fn note(limit: u32, query: usize, start: usize, distances: &[u64], order: &[usize], found: &mut Vec<Found>) {
    for (distance, place) in distances.iter().zip(order) {
        if *distance <= u64::from(limit) {
            found.push((query as u32, (start + place) as u32, *distance as u32));
        }
    }
}

/// Ones of each half of 128 bits of `low` and `high`; lane `i` holds code `ORDER_256[i]`.
#[inline]
#[target_feature(enable = "avx2")]
fn ones_256(low: __m256i, high: __m256i) -> __m256i {
    let zero = _mm256_setzero_si256();
    let (low, high) = (_mm256_sad_epu8(bytes_256(low), zero), _mm256_sad_epu8(bytes_256(high), zero));
    _mm256_add_epi64(_mm256_unpacklo_epi64(low, high), _mm256_unpackhi_epi64(low, high))
}

/// Ones of each byte.
#[inline]
#[target_feature(enable = "avx2")]
fn bytes_256(bits: __m256i) -> __m256i {
    let table = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    );
    let half = _mm256_set1_epi8(15);
    let low = _mm256_shuffle_epi8(table, _mm256_and_si256(bits, half));
    let high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16::<4>(bits), half));
    _mm256_add_epi8(low, high)
}

/// Four elements of a plane as two vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn pairs_256(step: &[[u64; 2]; 4]) -> (__m256i, __m256i) {
    // SAFETY: a step is 64 bytes, which the two loads read; they need no alignment.
    unsafe { (_mm256_loadu_si256(step.as_ptr().cast()), _mm256_loadu_si256(step.as_ptr().add(2).cast())) }
}

const ORDER_256: [usize; 4] = [0, 2, 1, 3];

/// `G` queries from `first` on, with every whole step of codes. Returns `G`.
#[target_feature(enable = "avx2")]
fn avx2_group<const G: usize>(work: &Work<'_>, first: usize, finished: &mut usize, found: &mut Vec<Found>) -> usize {
    let limit = _mm256_set1_epi64x(i64::from(work.limit));
    let most = _mm256_set1_epi64x(i64::from(i32::MAX));
    let (steps, _) = work.codes[0][work.range.clone()].as_chunks::<4>();
    'steps: for number in 0..steps.len() {
        let start = work.range.start + 4 * number;
        let mut sums = [_mm256_setzero_si256(); G];
        let mut least = most;
        for (codes, queries) in work.codes.iter().zip(work.queries) {
            let Some(step) = codes[start..].first_chunk() else { continue 'steps };
            let (low, high) = pairs_256(step);
            least = most;
            for (sum, words) in sums.iter_mut().zip(&queries[first..first + G]) {
                let [even, odd] = words.map(u64::cast_signed);
                let words = _mm256_set_epi64x(odd, even, odd, even);
                let ones = ones_256(_mm256_xor_si256(low, words), _mm256_xor_si256(high, words));
                *sum = _mm256_add_epi64(*sum, ones);
                // Sums are below 2^31, and the upper halves of all lanes are zero.
                least = _mm256_min_epi32(least, *sum);
            }
            if work.reject && beyond_256(least, limit) == 15 {
                continue 'steps;
            }
            *finished += 4 * G;
        }
        if beyond_256(least, limit) == 15 {
            continue;
        }
        for (query, sum) in sums.iter().enumerate() {
            if beyond_256(*sum, limit) != 15 {
                let mut distances = [0; 4];
                // SAFETY: four words are 32 bytes; the store needs no alignment.
                unsafe { _mm256_storeu_si256(distances.as_mut_ptr().cast(), *sum) };
                note(work.limit, first + query, start, &distances, &ORDER_256, found);
            }
        }
    }
    G
}

/// A bit for each lane above the limit.
#[inline]
#[target_feature(enable = "avx2")]
fn beyond_256(sums: __m256i, limit: __m256i) -> i32 {
    _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(sums, limit)))
}
