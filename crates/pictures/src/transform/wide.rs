//! Loops over many samples, compiled for the widest registers that a machine has. All give the same numbers: nothing is
//! contracted or summed in another order.
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the caller's instructions")]

use pulp::{Arch, Simd};

/// The greatest whole number that is not above `x`, of a magnitude below 2²², as an integer and as it is. Adding a number whose
/// last bit stands for 1 rounds; casts of a float, which say what becomes of every value, are compiled one value at a time.
#[inline(always)]
pub(super) fn floor(x: f32) -> (i32, f32) {
    const NO_FRACTION: f32 = 12_582_912.0; // 1.5 · 2²³
    let sum = x + NO_FRACTION;
    let nearest = sum - NO_FRACTION;
    let above = nearest > x;
    let whole = sum.to_bits() as i32 - NO_FRACTION.to_bits() as i32;
    (whole - i32::from(above), nearest - f32::from(u8::from(above)))
}

/// Rounded to a byte, and the nearest byte to what is none.
#[inline(always)]
pub(super) fn byte(level: f32) -> u8 {
    floor((level + 0.5).clamp(0.0, 255.0)).0 as u8
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

/// Values whose sums stay in registers.
pub(super) const PIECE: usize = 128;

/// The weighed sum of lines, piece by piece.
#[pulp::with_simd(weigh = Arch::new())]
#[inline(always)]
pub(super) fn weigh_with<'a, S: Simd>(_: S, weights: &'a [f32], lines: &'a [&'a [f32]], out: &'a mut [f32]) {
    let length = out.len();
    if length >= PIECE {
        // The last piece overlaps with the one before it.
        for start in (0..length).step_by(PIECE) {
            piece::<PIECE>(weights, lines, out, start.min(length - PIECE));
        }
    } else {
        for start in 0..length {
            piece::<1>(weights, lines, out, start);
        }
    }
}

#[inline(always)]
fn piece<const LENGTH: usize>(weights: &[f32], lines: &[&[f32]], out: &mut [f32], start: usize) {
    let mut sums = [0.0; LENGTH];
    for (weight, line) in weights.iter().zip(lines) {
        let values: &[f32; LENGTH] = line[start..].first_chunk().expect("lines are as long as what comes out");
        for i in 0..LENGTH {
            sums[i] += weight * values[i];
        }
    }
    out[start..][..LENGTH].copy_from_slice(&sums);
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Scalar;

    #[test]
    fn whole_numbers_are_those_of_the_library() {
        let near = |x: f32| [x.next_down(), x, x.next_up()];
        let quarters = (-40_000..40_000).map(|quarter| quarter as f32 / 4.0);
        for x in quarters.chain([1_000_000.25, -1_000_000.25]).flat_map(near) {
            assert_eq!(floor(x), (x.floor() as i32, x.floor()), "{x}");
            // The cast goes to the nearest byte.
            assert_eq!(byte(x), (x + 0.5) as u8, "{x}");
        }
    }

    #[test]
    fn every_width_of_registers_gives_the_same() {
        for length in [1, 7, 64, 127, 128, 129, 1000] {
            let levels: Vec<f32> = (0..5 * length).map(|i| (i as f32 * 0.37).sin() * 200.0 + 100.0).collect();
            let (mut wide, mut narrow) = (vec![0; levels.len()], vec![0; levels.len()]);
            round(&levels, &mut wide);
            round_with(Scalar::new(), &levels, &mut narrow);
            assert_eq!(wide, narrow);
            let lines: Vec<&[f32]> = levels.chunks_exact(length).collect();
            let weights = [0.1, 0.2, 0.3, 0.25, 0.15];
            let (mut wide, mut narrow) = (vec![0.0; length], vec![0.0; length]);
            weigh(&weights, &lines, &mut wide);
            weigh_with(Scalar::new(), &weights, &lines, &mut narrow);
            assert_eq!(wide, narrow);
        }
    }
}
