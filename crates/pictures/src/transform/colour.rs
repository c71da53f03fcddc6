//! Colours with their brightness kept: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

use super::{arithmetic, by_levels};
use crate::generate::random::Random;
use crate::{Picture, PictureError};

/// Distance from grey times `factor`.
pub(super) fn saturation(picture: &Picture, factor: f64) -> Result<Picture, PictureError> {
    let factor = factor as f32;
    by_levels(picture, |[red, green, blue]| {
        let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
        [red, green, blue].map(|level| grey + factor * (level - grey))
    })
}

/// Chrominance, I and Q of NTSC (SMPTE 170M), turned by `degrees` in either direction.
pub(super) fn hue(picture: &Picture, degrees: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let (cos, sin) = arithmetic::direction(if random.chance(0.5) { degrees } else { -degrees });
    let (cos, sin) = (cos as f32, sin as f32);
    by_levels(picture, |[red, green, blue]| {
        let grey = 0.299 * red + 0.587 * green + 0.114 * blue;
        let i = 0.5959 * red - 0.2746 * green - 0.3213 * blue;
        let q = 0.2115 * red - 0.5227 * green + 0.3112 * blue;
        let (i, q) = (i * cos - q * sin, i * sin + q * cos);
        [grey + 0.956 * i + 0.619 * q, grey - 0.272 * i - 0.647 * q, grey - 1.106 * i + 1.703 * q]
    })
}
