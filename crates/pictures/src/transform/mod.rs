//! What happens to pictures on their way: recompression, scaling, cropping and so on, each at several strengths, so that
//! what comes of it is a curve.
//!
//! The result is a [`Picture`] in memory, the same for a seed on every platform: as in the generator, arithmetic is
//! limited to what IEEE 754 defines exactly, and [`arithmetic`] has the few functions that need more. Each transform is
//! applied to the original and depends on nothing but it, its strength and chance: none looks at a fingerprint.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "coordinates are below 2^17 and levels are clamped before they become bytes"
)]

mod arithmetic;
mod blur;
mod colour;
mod frame;
mod geometry;
mod light;
mod noise;
mod overlay;
mod palette;
mod rotate;
mod wide;

use crate::generate::random::Random;
use crate::{Picture, PictureError};
use sha2::{Digest, Sha256};
use std::fmt;

/// A kind of handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// JPEG at a quality, as a service writes it.
    Recompress,
    /// Both sides times a factor.
    Scale,
    /// A share of each side cut off, from both ends at random.
    Crop,
    /// A border of one grey around it, as a share of each side.
    Pad,
    /// Turned about its centre by an angle in either direction; the corners become black.
    Rotate,
    /// Mirrored: 1 left and right, 2 top and bottom.
    Mirror,
    /// A Gaussian filter of a standard deviation in pixels.
    Blur,
    /// Independent noise on every sample, of a standard deviation in levels.
    Noise,
    /// Distance from grey times a factor.
    Saturation,
    /// Hues turned by an angle, brightness kept.
    Hue,
    /// Levels added.
    Brightness,
    /// Distance from middle grey times a factor.
    Contrast,
    /// Levels raised to a power.
    Gamma,
    /// A caption across the lower edge, of a height as a share of the picture's.
    Text,
    /// An opaque logo in a corner, of a side as a share of the shorter side.
    Logo,
    /// A screen around it, with bars and lines of text that take a share of its height.
    Screenshot,
    /// Black bars above and below, together a share of the height that results.
    Letterbox,
    /// A number of colours, as in a GIF.
    Palette,
}

/// A kind of handling at a strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    family: Family,
    strength: f64,
}

/// A strength that a kind of handling has not.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("`{}` has no strength {strength}: {} to {}", family.name(), family.range().0, family.range().1)]
pub struct StrengthError {
    /// The kind.
    pub family: Family,
    /// The strength as given.
    pub strength: f64,
}

impl Family {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Recompress,
        Self::Scale,
        Self::Crop,
        Self::Pad,
        Self::Rotate,
        Self::Mirror,
        Self::Blur,
        Self::Noise,
        Self::Saturation,
        Self::Hue,
        Self::Brightness,
        Self::Contrast,
        Self::Gamma,
        Self::Text,
        Self::Logo,
        Self::Screenshot,
        Self::Letterbox,
        Self::Palette,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recompress => "recompress",
            Self::Scale => "scale",
            Self::Crop => "crop",
            Self::Pad => "pad",
            Self::Rotate => "rotate",
            Self::Mirror => "mirror",
            Self::Blur => "blur",
            Self::Noise => "noise",
            Self::Saturation => "saturation",
            Self::Hue => "hue",
            Self::Brightness => "brightness",
            Self::Contrast => "contrast",
            Self::Gamma => "gamma",
            Self::Text => "text",
            Self::Logo => "logo",
            Self::Screenshot => "screenshot",
            Self::Letterbox => "letterbox",
            Self::Palette => "palette",
        }
    }

    /// What a strength is.
    pub fn measure(self) -> &'static str {
        match self {
            Self::Recompress => "JPEG quality",
            Self::Scale | Self::Saturation | Self::Contrast => "factor",
            Self::Crop => "share of each side cut off",
            Self::Pad => "border, share of each side",
            Self::Rotate | Self::Hue => "degrees",
            Self::Mirror => "1 left and right, 2 top and bottom",
            Self::Blur => "standard deviation, pixels",
            Self::Noise => "standard deviation, levels",
            Self::Brightness => "levels added",
            Self::Gamma => "exponent",
            Self::Text => "share of the height",
            Self::Logo => "share of the shorter side",
            Self::Screenshot => "share of the height that is not the picture",
            Self::Letterbox => "share of the height that is bars",
            Self::Palette => "colours",
        }
    }

    /// The strengths of the suite, from the least change to the greatest, or in order where there is change both ways.
    pub fn strengths(self) -> &'static [f64] {
        match self {
            Self::Recompress => &[90.0, 75.0, 50.0, 30.0, 15.0, 5.0],
            Self::Scale => &[1.5, 0.75, 0.5, 0.25, 0.125],
            Self::Crop => &[0.02, 0.05, 0.1, 0.2, 0.3],
            Self::Pad => &[0.02, 0.05, 0.1, 0.2],
            Self::Rotate => &[0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 90.0, 180.0],
            Self::Mirror => &[1.0, 2.0],
            Self::Blur => &[0.5, 1.0, 2.0, 4.0, 8.0],
            Self::Noise => &[2.0, 5.0, 10.0, 20.0, 40.0],
            Self::Saturation => &[0.0, 0.5, 1.5, 2.0],
            Self::Hue => &[10.0, 30.0, 60.0, 120.0, 180.0],
            Self::Brightness => &[-60.0, -30.0, 30.0, 60.0],
            Self::Contrast => &[0.4, 0.7, 1.3, 1.8],
            Self::Gamma => &[0.5, 0.75, 1.33, 2.0],
            Self::Logo | Self::Screenshot => &[0.1, 0.2, 0.3, 0.5],
            Self::Text | Self::Letterbox => &[0.05, 0.1, 0.2, 0.3],
            Self::Palette => &[256.0, 64.0, 16.0, 4.0, 2.0],
        }
    }

    /// The least and the greatest strength there is.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Recompress => (1.0, 100.0),
            Self::Scale => (0.01, 8.0),
            Self::Crop | Self::Logo | Self::Text | Self::Screenshot | Self::Letterbox => (0.0, 0.9),
            Self::Pad | Self::Mirror => (0.0, 2.0),
            Self::Rotate | Self::Hue => (0.0, 180.0),
            Self::Blur => (0.0, 50.0),
            Self::Noise => (0.0, 100.0),
            Self::Saturation | Self::Contrast => (0.0, 4.0),
            Self::Brightness => (-255.0, 255.0),
            Self::Gamma => (0.1, 10.0),
            Self::Palette => (2.0, 256.0),
        }
    }

    /// The strength that changes nothing, where there is one.
    pub fn identity(self) -> Option<f64> {
        match self {
            Self::Scale | Self::Saturation | Self::Contrast | Self::Gamma => Some(1.0),
            Self::Recompress | Self::Palette => None,
            _ => Some(0.0),
        }
    }

    /// The kind of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

impl Transform {
    /// A kind at a strength.
    ///
    /// # Errors
    /// [`StrengthError`] if the strength lies outside of [`Family::range`].
    pub fn new(family: Family, strength: f64) -> Result<Self, StrengthError> {
        let (least, most) = family.range();
        if (least..=most).contains(&strength) {
            Ok(Self { family, strength })
        } else {
            Err(StrengthError { family, strength })
        }
    }

    /// Every kind at each of its strengths.
    pub fn suite() -> Vec<Self> {
        let of = |family: Family| family.strengths().iter().map(move |strength| Self { family, strength: *strength });
        Family::ALL.into_iter().flat_map(of).collect()
    }

    /// Every kind at every second of its strengths.
    pub fn short_suite() -> Vec<Self> {
        let of = |family: Family| {
            let strengths = family.strengths();
            strengths.iter().skip(1).step_by(2).map(move |strength| Self { family, strength: *strength })
        };
        Family::ALL.into_iter().flat_map(of).collect()
    }

    /// Its kind.
    pub fn family(self) -> Family {
        self.family
    }

    /// Its strength, in [`Family::measure`].
    pub fn strength(self) -> f64 {
        self.strength
    }

    /// The picture after it. What is left to chance (where a crop lies, in which direction something is turned, noise) is
    /// drawn for `seed`, this transform and picture number `index`.
    ///
    /// # Errors
    /// [`PictureError::TooLarge`] if the result would have too many pixels.
    pub fn apply(self, picture: &Picture, seed: &[u8; 32], index: u64) -> Result<Picture, PictureError> {
        if self.family.identity() == Some(self.strength) {
            return Ok(picture.clone());
        }
        let mut hash = Sha256::new();
        hash.update(b"sightline transform v1\0");
        hash.update(seed);
        hash.update(self.family.name());
        hash.update(self.strength.to_bits().to_le_bytes());
        let random = &mut Random::new(&hash.finalize().into(), index);
        let strength = self.strength;
        match self.family {
            Family::Recompress => crate::decode(&picture.to_jpeg(strength.round() as u8)),
            Family::Scale => geometry::scale(picture, strength),
            Family::Crop => geometry::crop(picture, strength, random),
            Family::Pad => frame::pad(picture, strength, random),
            Family::Rotate => rotate::rotate(picture, strength, random),
            Family::Mirror => geometry::mirror(picture, strength),
            Family::Blur => blur::blur(picture, strength),
            Family::Noise => noise::noise(picture, strength, random),
            Family::Saturation => colour::saturation(picture, strength),
            Family::Hue => colour::hue(picture, strength, random),
            Family::Brightness => light::brightness(picture, strength),
            Family::Contrast => light::contrast(picture, strength),
            Family::Gamma => light::gamma(picture, strength),
            Family::Text => overlay::text(picture, strength),
            Family::Logo => overlay::logo(picture, strength, random),
            Family::Screenshot => frame::screenshot(picture, strength, random),
            Family::Letterbox => frame::letterbox(picture, strength),
            Family::Palette => palette::palette(picture, strength.round() as usize),
        }
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family.name(), self.strength)
    }
}

/// Every pixel by itself.
fn pixelwise(picture: &Picture, change: impl Fn([u8; 3]) -> [u8; 3]) -> Result<Picture, PictureError> {
    let mut rgb = picture.rgb().to_vec();
    rgb.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = change(*pixel));
    Picture::new(picture.width(), picture.height(), rgb)
}

/// Every pixel by itself, in levels that are rounded to bytes.
fn by_levels(picture: &Picture, change: impl Fn([f32; 3]) -> [f32; 3]) -> Result<Picture, PictureError> {
    let mut rgb = picture.rgb().to_vec();
    let mut levels = vec![0.0; 3 * picture.width() as usize];
    for row in rgb.chunks_exact_mut(levels.len()) {
        wide::levels(row, &mut levels);
        levels.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = change(*pixel));
        wide::round(&levels, row);
    }
    Picture::new(picture.width(), picture.height(), rgb)
}

#[cfg(test)]
mod tests;
