//! A scan whose instructions and memory accesses are the same whatever is compared and whatever is found, for use inside an
//! enclave whose host watches both.

use crate::{Kernel, Neighbour};

/// Whether a code is within `radius` bits of `query`. Every code is read once and in order, nothing is left early, and no
/// branch or address depends on codes or query; what shows is the number of codes.
pub fn any_within(codes: &[[u64; 4]], query: [u64; 4], radius: u32) -> bool {
    any_within_by(Kernel::best(), codes, query, radius)
}

/// [`any_within`] by one kernel.
pub fn any_within_by(kernel: Kernel, codes: &[[u64; 4]], query: [u64; 4], radius: u32) -> bool {
    kernel.fewest(codes, query) <= u64::from(radius)
}

/// The nearest code to `query` if it is within `radius` bits, of equally near ones the first. The scan is the one of
/// [`any_within`], which is as fast as any over codes that lie in memory like this; what it finds is then looked for, so that
/// this one is *not* oblivious.
pub fn nearest_within(codes: &[[u64; 4]], query: [u64; 4], radius: u32) -> Option<Neighbour> {
    let least = Kernel::best().fewest(codes, query);
    let distance = u32::try_from(least).ok().filter(|least| *least <= radius)?;
    let apart = |code: &[u64; 4]| code.iter().zip(query).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
    Some(Neighbour { code: codes.iter().position(|code| apart(code) == distance)?, distance })
}

/// The smallest distance of a code to `query`, in bits; [`u64::MAX`] if there is no code. The smaller of two is chosen by
/// arithmetic.
// Compiled for the instructions of each caller; a call would be portable code.
#[inline(always)]
pub(crate) fn fewest(codes: &[[u64; 4]], query: [u64; 4]) -> u64 {
    // Eight at a time, so that a vector holds one distance a lane.
    const LANES: usize = 8;
    let apart = |code: &[u64; 4]| {
        let bits = |word: usize| u64::from((code[word] ^ query[word]).count_ones());
        bits(0) + bits(1) + bits(2) + bits(3)
    };
    let mut least = [u64::MAX >> 1; LANES];
    let (steps, rest) = codes.as_chunks::<LANES>();
    for step in steps {
        for (least, code) in least.iter_mut().zip(step) {
            *least = smaller(*least, apart(code));
        }
    }
    for code in rest {
        least[0] = smaller(least[0], apart(code));
    }
    least.into_iter().fold(u64::MAX >> 1, smaller)
}

/// The smaller of two numbers below 2⁶³, without a branch.
#[inline]
const fn smaller(a: u64, b: u64) -> u64 {
    // All ones if a < b.
    let mask = (a.wrapping_sub(b).cast_signed() >> 63).cast_unsigned();
    b ^ ((a ^ b) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flipped(code: [u64; 4], bits: &[usize]) -> [u64; 4] {
        bits.iter().fold(code, |mut code, bit| {
            code[bit / 64] ^= 1 << (bit % 64);
            code
        })
    }

    fn clear(codes: &[[u64; 4]], query: [u64; 4], radius: u32) -> bool {
        let apart = |code: &[u64; 4]| code.iter().zip(query).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        codes.iter().any(|code| apart(code) <= radius)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn it_agrees_with_a_clear_scan(
            query: [u64; 4],
            others in prop::collection::vec(any::<[u64; 4]>(), 0..20),
            near in prop::collection::hash_set(0_usize..256, 0..64),
            radius in 20_u32..45,
        ) {
            let near: Vec<usize> = near.into_iter().collect();
            let codes: Vec<[u64; 4]> = others.into_iter().chain([flipped(query, &near)]).collect();
            for kernel in Kernel::available() {
                prop_assert_eq!(any_within_by(kernel, &codes, query, radius), clear(&codes, query, radius));
            }
        }
    }

    #[test]
    fn at_the_radius_is_within_and_one_bit_further_is_not() {
        let query = [0x0123_4567_89ab_cdef; 4];
        let bits: Vec<usize> = (0..32).map(|bit| bit * 7).collect();
        for kernel in Kernel::available() {
            assert!(any_within_by(kernel, &[flipped(query, &bits[..31])], query, 31));
            assert!(!any_within_by(kernel, &[flipped(query, &bits)], query, 31));
            assert!(!any_within_by(kernel, &[], query, 256));
        }
    }
}
