//! Levels by a table.

use super::wide::byte;
use super::{arithmetic, pixelwise};
use crate::{Picture, PictureError};

/// `added` to every level.
pub(super) fn brightness(picture: &Picture, added: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| level + added)
}

/// Distance from 127.5 times `factor`.
pub(super) fn contrast(picture: &Picture, factor: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| 127.5 + factor * (level - 127.5))
}

/// Levels, as a share of 255, raised to `exponent`.
pub(super) fn gamma(picture: &Picture, exponent: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| {
        if level == 0.0 { 0.0 } else { 255.0 * arithmetic::exp(exponent * arithmetic::ln(level / 255.0)) }
    })
}

fn by_table(picture: &Picture, change: impl Fn(f64) -> f64) -> Result<Picture, PictureError> {
    let table: [u8; 256] = std::array::from_fn(|level| byte(change(level as f64) as f32));
    pixelwise(picture, |pixel| pixel.map(|level| table[usize::from(level)]))
}
