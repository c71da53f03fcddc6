//! A seeded painter of scenes.
//!
//! Pictures are a pure function of seed and index: random numbers come from `ChaCha20` keyed by the seed with the index
//! as stream, and arithmetic is limited to what IEEE 754 defines exactly (`+ − × ÷ √`), so every platform paints the
//! same bytes. Trigonometric and exponential functions, whose last bits differ between mathematics libraries, do not
//! occur: directions are drawn in the disc, and textures are sums of octaves.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "pixel coordinates are below 2^11 and colours are clamped before they become bytes"
)]

mod canvas;
mod colour;
mod dead_leaves;
mod document;
mod field;
pub(crate) mod font;
mod landscape;
pub(crate) mod random;
mod screen;
mod shapes;
mod texture;
mod words;

use crate::picture::Picture;
use random::Random;

/// Scene number `index` of `seed`.
pub fn generate(seed: &[u8; 32], index: u64) -> Generated {
    let mut random = Random::new(seed, index);
    let kind = SceneKind::draw(&mut random);
    let (width, height) = draw_size(&mut random, kind);
    let jpeg_quality = random.integer(85, 95) as u8;
    let paint = match kind {
        SceneKind::DeadLeaves => dead_leaves::paint,
        SceneKind::Texture => texture::paint,
        SceneKind::Gradient => landscape::paint,
        SceneKind::ShapesAndText => shapes::paint,
        SceneKind::Screen => screen::paint,
        SceneKind::Document => document::paint,
    };
    Generated { kind, picture: paint(&mut random, width, height).into_picture(), jpeg_quality }
}

/// A painted scene.
#[derive(Clone, Debug)]
pub struct Generated {
    /// What it shows.
    pub kind: SceneKind,
    /// The pixels.
    pub picture: Picture,
    /// The JPEG quality drawn for it, 85 to 95.
    pub jpeg_quality: u8,
}

/// What a scene shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SceneKind {
    /// Occluding, shaded leaves with a power law of sizes: the statistics of photographs.
    DeadLeaves,
    /// Clouds, rock, marble and wood with equal contrast in every octave.
    Texture,
    /// Skies over hills, and soft lights.
    Gradient,
    /// Posters: geometric shapes and large letters.
    ShapesAndText,
    /// Screenshots: chats, lists, galleries, dashboards.
    Screen,
    /// Pages of text with headings, tables and figures.
    Document,
}

impl SceneKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::DeadLeaves, Self::Texture, Self::Gradient, Self::ShapesAndText, Self::Screen, Self::Document];

    /// What scene number `index` of `seed` shows, without painting it.
    pub fn of(seed: &[u8; 32], index: u64) -> Self {
        Self::draw(&mut Random::new(seed, index))
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeadLeaves => "dead-leaves",
            Self::Texture => "texture",
            Self::Gradient => "gradient",
            Self::ShapesAndText => "poster",
            Self::Screen => "screen",
            Self::Document => "document",
        }
    }

    fn draw(random: &mut Random) -> Self {
        match random.integer(0, 99) {
            0..=34 => Self::DeadLeaves,
            35..=47 => Self::Texture,
            48..=59 => Self::Gradient,
            60..=71 => Self::ShapesAndText,
            72..=85 => Self::Screen,
            _ => Self::Document,
        }
    }
}

/// Sides between 240 and 1280 pixels, the longer one above 512 in a third of the pictures.
fn draw_size(random: &mut Random, kind: SceneKind) -> (u32, u32) {
    let longer = if random.chance(1.0 / 3.0) {
        // The lesser of two draws: large pictures become rarer with size.
        random.integer(513, 1280).min(random.integer(513, 1280))
    } else {
        random.integer(320, 512)
    };
    let ratio = random.pick(&[1.0, 1.25, 4.0 / 3.0, 4.0 / 3.0, 1.5, 1.5, 16.0 / 9.0]);
    let shorter = ((longer as f32 / ratio) as i32).max(240);
    let portrait = match kind {
        SceneKind::Document => random.chance(0.85),
        SceneKind::Screen => random.chance(0.4),
        _ => random.chance(0.3),
    };
    let (longer, shorter) = (longer as u32, shorter as u32);
    if portrait { (shorter, longer) } else { (longer, shorter) }
}

#[cfg(test)]
mod tests;
