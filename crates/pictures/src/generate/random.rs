#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the caller's instructions")]

use pulp::{Arch, Simd};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Random draws for one picture.
#[derive(Clone)]
pub(crate) struct Random(ChaCha20Rng);

/// Values that [`Random::add_noise`] draws for at once, two bytes each.
pub(crate) const TOGETHER: usize = 256;

impl Random {
    /// Stream `index` of `ChaCha20` keyed by `seed`.
    pub(crate) fn new(seed: &[u8; 32], index: u64) -> Self {
        let mut rng = ChaCha20Rng::from_seed(*seed);
        rng.set_stream(index);
        Self(rng)
    }

    /// Uniform in [0, 1), 24 bits.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// Uniform in [low, high).
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in low..=high; the ranges in use are so small that the bias of the product is below 2⁻²⁰.
    pub(crate) fn integer(&mut self, low: i32, high: i32) -> i32 {
        let span = u64::from(high.abs_diff(low)) + 1;
        low + ((u64::from(self.0.next_u32()) * span) >> 32) as i32
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// One of several values.
    pub(crate) fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.integer(0, values.len() as i32 - 1) as usize]
    }

    /// A unit vector in a uniform direction: a point of the disc, divided by its length.
    pub(crate) fn direction(&mut self) -> (f32, f32) {
        loop {
            let (x, y) = (self.range(-1.0, 1.0), self.range(-1.0, 1.0));
            let square = x * x + y * y;
            if (0.01..=1.0).contains(&square) {
                let length = square.sqrt();
                return (x / length, y / length);
            }
        }
    }

    /// A radius between `low` and `high` with density proportional to r⁻³ (inverse distribution function).
    pub(crate) fn inverse_cube(&mut self, low: f32, high: f32) -> f32 {
        let (least, most) = (1.0 / (high * high), 1.0 / (low * low));
        1.0 / (most - self.unit() * (most - least)).sqrt()
    }

    /// Adds uniform noise in ±`amplitude` to every value.
    pub(crate) fn add_noise(&mut self, values: &mut [f32], amplitude: f32) {
        let mut block = [0_u8; 2 * TOGETHER];
        for chunk in values.chunks_mut(TOGETHER) {
            self.0.fill_bytes(&mut block);
            add(chunk, block.as_chunks().0, amplitude);
        }
    }

    /// As if noise had been drawn for so many values.
    pub(crate) fn after_noise(&self, values: usize) -> Self {
        let mut after = self.clone();
        let words = values.div_ceil(TOGETHER) * TOGETHER / 2;
        after.0.set_word_pos(self.0.get_word_pos() + words as u128);
        after
    }
}

#[pulp::with_simd(add = Arch::new())]
#[inline(always)]
fn add_with<'a, S: Simd>(_: S, values: &'a mut [f32], draws: &'a [[u8; 2]], amplitude: f32) {
    for (value, draw) in values.iter_mut().zip(draws) {
        *value += amplitude * (f32::from(i16::from_le_bytes(*draw)) + 0.5) / 32_768.0;
    }
}
