//! The comparison of many codes with many queries, once for every machine and once for some processors. This module, the
//! kernels of `fingerprint` and `mapping` are the only ones of the project with unsafe code.
//!
//! All kernels take planes of 128 bits (`Codes`), add up distances plane by plane, and leave a step of codes as soon as
//! none of them is within the limit for any query of the group: random codes are rejected on their first 128 bits.
//! The AVX2 kernel counts bits by table look-up of half bytes (Muła, Kurz and Lemire, The Computer Journal 2018, §3.1);
//! their Harley–Seal variant pays from 256 bytes a code on, more than any code here.

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "vector loads, and calls of functions compiled for processors that were detected")]
mod x86;

use std::ops::Range;

/// How codes are compared; all give the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// Word by word: any processor.
    Portable,
    /// Four codes a step: x86-64 with AVX2.
    Avx2,
    /// Eight codes a step: x86-64 with AVX-512F and VPOPCNTDQ.
    Avx512,
}

/// A pair within the limit: query, code, distance in bits.
pub(crate) type Found = (u32, u32, u32);

/// 128 bits of every code, wherever they lie.
pub(crate) type Plane<'a> = &'a [[u64; 2]];

/// What a kernel compares.
#[derive(Clone)]
pub(crate) struct Work<'a> {
    /// Planes of the codes, equally long.
    pub(crate) codes: &'a [Plane<'a>],
    /// Which codes.
    pub(crate) range: Range<usize>,
    /// Planes of the queries, as many.
    pub(crate) queries: &'a [Plane<'a>],
    /// Which queries.
    pub(crate) asked: Range<usize>,
    /// The largest distance that counts, in bits.
    pub(crate) limit: u32,
    /// Whether to leave codes whose first planes are beyond the limit already.
    pub(crate) reject: bool,
}

impl Kernel {
    /// All that this processor can run, the fastest last.
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(|kernel| kernel.runs_here()).collect()
    }

    /// The fastest that this processor can run.
    pub fn best() -> Self {
        [Self::Avx512, Self::Avx2].into_iter().find(|kernel| kernel.runs_here()).unwrap_or(Self::Portable)
    }

    fn runs_here(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq"),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// [`crate::oblivious::fewest`] in instructions of this kernel, or portable ones where the processor has none.
    pub(crate) fn fewest(self, codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.runs_here() => x86::fewest_avx2(codes, query),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.runs_here() => x86::fewest_512(codes, query),
            _ => crate::oblivious::fewest(codes, query),
        }
    }

    /// Adds every pair within the limit to `found`, in no order. What this processor cannot run is done by the portable
    /// kernel. Returns how many pairs, taken by whole steps and groups of queries, were not rejected on their first bits.
    pub(crate) fn compare(self, work: &Work<'_>, found: &mut Vec<Found>) -> usize {
        let (done, finished) = match self {
            Self::Portable => (work.range.start, 0),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.runs_here() => x86::avx2(work, found),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 if self.runs_here() => x86::avx512(work, found),
            _ => (work.range.start, 0),
        };
        portable(&Work { range: done..work.range.end, ..work.clone() }, found);
        finished
    }
}

#[expect(clippy::cast_possible_truncation, reason = "codes and queries are at most Codes::MOST")]
fn portable(work: &Work<'_>, found: &mut Vec<Found>) {
    for code in work.range.clone() {
        for query in work.asked.clone() {
            let mut distance = 0;
            for (codes, queries) in work.codes.iter().zip(work.queries) {
                distance += apart(codes[code], queries[query]);
                if work.reject && distance > work.limit {
                    break;
                }
            }
            if distance <= work.limit {
                found.push((query as u32, code as u32, distance));
            }
        }
    }
}

/// Distance of two elements of a plane, in bits.
pub(crate) fn apart(a: [u64; 2], b: [u64; 2]) -> u32 {
    (a[0] ^ b[0]).count_ones() + (a[1] ^ b[1]).count_ones()
}

/// Asks for the memory of `all[at]` ahead of its use; a hint that changes no result.
#[inline]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "a prefetch"))]
pub(crate) fn prefetch<T>(all: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(place) = all.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64, and the address is that of a reference.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (all, at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn planes(count: usize, codes: &[[u64; 16]]) -> Vec<Vec<[u64; 2]>> {
        (0..count).map(|plane| codes.iter().map(|code| [code[2 * plane], code[2 * plane + 1]]).collect()).collect()
    }

    proptest! {
            #[test]
            fn every_kernel_agrees_with_the_portable_one(
                start: [u64; 16],
                flips in prop::collection::vec(prop::collection::vec(0_usize..1024, 0..60), 0..70),
                asked in 0_usize..20, from in 0_usize..9, count in 1_usize..=8, limit in 0_u32..80, reject: bool,
            ) {
                let flipped = |bits: &Vec<usize>| {
                    let mut code = start;
                    for bit in bits {
     code[bit / 64] ^= 1 << (bit % 64);
    }
                    code
                };
                let codes: Vec<[u64; 16]> = flips.iter().map(flipped).collect();
                let (queries, codes) = (planes(count, &codes[..asked.min(codes.len())]), planes(count, &codes));
                let queries: Vec<Plane> = queries.iter().map(Vec::as_slice).collect();
                let codes: Vec<Plane> = codes.iter().map(Vec::as_slice).collect();
                let range = from.min(codes[0].len())..codes[0].len();
                let asked = 0..queries[0].len();
                let work = Work { codes: &codes, range, queries: &queries, asked, limit, reject };
                let mut expected = Vec::new();
                for code in work.range.clone() {
                    for query in work.asked.clone() {
                        let distance = (0..count).map(|plane| apart(codes[plane][code], queries[plane][query])).sum();
                        if distance <= limit {
                            expected.push((u32::try_from(query).unwrap(), u32::try_from(code).unwrap(), distance));
                        }
                    }
                }
                expected.sort_unstable();
                for kernel in Kernel::available() {
                    let mut found = Vec::new();
                    kernel.compare(&work, &mut found);
                    found.sort_unstable();
                    prop_assert_eq!(&found, &expected, "{:?}", kernel);
                }
            }
        }
}
