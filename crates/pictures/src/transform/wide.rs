//! Loops over many samples, compiled for the widest registers that a machine has. All give the same numbers: nothing is
//! contracted or summed in another order.
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the caller's instructions")]

use pulp::{Arch, Simd};

/// Rounded to a byte, and the nearest byte to what is none. The cast does both without a branch.
#[inline(always)]
pub(super) fn byte(level: f32) -> u8 {
    (level + 0.5) as u8
}

/// Bytes as levels.
#[pulp::with_simd(levels = Arch::new())]
#[inline(always)]
pub(super) fn levels_with<'a, S: Simd>(_: S, bytes: &'a [u8], levels: &'a mut [f32]) {
    for (level, byte) in levels.iter_mut().zip(bytes) {
        *level = f32::from(*byte);
    }
}

/// Levels rounded to bytes.
#[pulp::with_simd(round = Arch::new())]
#[inline(always)]
pub(super) fn round_with<'a, S: Simd>(_: S, levels: &'a [f32], bytes: &'a mut [u8]) {
    for (rounded, level) in bytes.iter_mut().zip(levels) {
        *rounded = byte(*level);
    }
}

/// The weighed sum of lines, piece by piece so that sums stay in registers.
#[pulp::with_simd(weigh = Arch::new())]
#[inline(always)]
pub(super) fn weigh_with<'a, S: Simd>(_: S, weights: &'a [f32], lines: &'a [&'a [f32]], out: &'a mut [f32]) {
    const PIECE: usize = 128;
    let whole = out.len() / PIECE * PIECE;
    let (pieces, rest) = out.split_at_mut(whole);
    for (number, piece) in pieces.as_chunks_mut::<PIECE>().0.iter_mut().enumerate() {
        let mut sums = [0.0; PIECE];
        for (weight, line) in weights.iter().zip(lines) {
            let values: &[f32; PIECE] =
                line[number * PIECE..].first_chunk().expect("lines are as long as what comes out");
            for i in 0..PIECE {
                sums[i] += weight * values[i];
            }
        }
        *piece = sums;
    }
    for (place, sum) in (whole..).zip(rest) {
        *sum = 0.0;
        for (weight, line) in weights.iter().zip(lines) {
            *sum += weight * line[place];
        }
    }
}
