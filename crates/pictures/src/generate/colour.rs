use super::random::Random;

/// Red, green and blue from 0 to 255; values outside are clamped when painted.
#[derive(Clone, Copy)]
pub(super) struct Colour(pub(super) [f32; 3]);

impl Colour {
    pub(super) const BLACK: Self = Self([0.0; 3]);
    pub(super) const WHITE: Self = Self([255.0; 3]);

    pub(super) fn grey(level: f32) -> Self {
        Self([level; 3])
    }

    /// Hue in turns (wrapped), saturation and value from 0 to 1 (Smith 1978, hexcone model).
    pub(super) fn hsv(hue: f32, saturation: f32, value: f32) -> Self {
        let hue = hue - hue.floor();
        Self([0.0, 2.0 / 3.0, 1.0 / 3.0].map(|shift| {
            let turn = hue + shift;
            let distance = (6.0 * (turn - turn.floor()) - 3.0).abs();
            255.0 * value * (1.0 - saturation * (1.0 - (distance - 1.0).clamp(0.0, 1.0)))
        }))
    }

    /// `(1 − t)` of this colour and `t` of the other.
    pub(super) fn mix(self, other: Self, t: f32) -> Self {
        Self([0, 1, 2].map(|i| self.0[i] + (other.0[i] - self.0[i]) * t))
    }

    /// Brighter (above 1) or darker (below 1).
    pub(super) fn times(self, factor: f32) -> Self {
        Self(self.0.map(|value| value * factor))
    }
}

/// The colours of one scene: hues near one or two bases, all brightnesses.
pub(super) struct Palette {
    hues: [f32; 2],
    spread: f32,
    saturation: f32,
    darkest: f32,
}

impl Palette {
    pub(super) fn new(random: &mut Random) -> Self {
        // Mostly the hues of earth, plants, water and sky.
        let first = match random.integer(0, 9) {
            0..=3 => random.range(0.03, 0.16),
            4..=5 => random.range(0.2, 0.42),
            6..=7 => random.range(0.5, 0.65),
            _ => random.unit(),
        };
        let second = first + random.pick(&[0.08, 0.33, 0.5]);
        Self {
            hues: [first, second],
            spread: random.range(0.02, 0.12),
            saturation: random.range(0.1, 0.7),
            darkest: random.range(0.04, 0.2),
        }
    }

    /// A colour of any brightness.
    pub(super) fn any(&self, random: &mut Random) -> Colour {
        let value = random.range(self.darkest, 1.0);
        self.at(random, value)
    }

    /// A colour of brightness `value`.
    pub(super) fn at(&self, random: &mut Random, value: f32) -> Colour {
        let hue = random.pick(&[self.hues[0], self.hues[0], self.hues[1]]) + random.range(-self.spread, self.spread);
        Colour::hsv(hue, self.saturation * random.range(0.4, 1.2).min(1.0), value)
    }

    /// `count` colours that alternate between dark and bright.
    pub(super) fn ramp(&self, random: &mut Random, count: usize) -> Vec<Colour> {
        let mut bright = random.chance(0.5);
        (0..count)
            .map(|_| {
                bright = !bright;
                let value = if bright { random.range(0.65, 1.0) } else { random.range(self.darkest, 0.4) };
                self.at(random, value)
            })
            .collect()
    }
}

/// The colour at `t` (0 to 1, clamped) of a ramp whose colours are evenly spaced.
pub(super) fn along(ramp: &[Colour], t: f32) -> Colour {
    let position = t.clamp(0.0, 1.0) * (ramp.len() - 1) as f32;
    let index = (position as usize).min(ramp.len() - 2);
    ramp[index].mix(ramp[index + 1], position - index as f32)
}
