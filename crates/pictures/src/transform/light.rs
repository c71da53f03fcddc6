//! Levels by a table.

use super::wide::byte;
use super::{arithmetic, pixelwise};
use crate::{Picture, PictureError};
use std::sync::LazyLock;

/// `added` to every level.
pub(super) fn brightness(picture: &Picture, added: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| level as f64 + added)
}

/// Distance from 127.5 times `factor`.
pub(super) fn contrast(picture: &Picture, factor: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| 127.5 + factor * (level as f64 - 127.5))
}

/// Levels, as a share of 255, raised to `exponent`.
pub(super) fn gamma(picture: &Picture, exponent: f64) -> Result<Picture, PictureError> {
    by_table(picture, |level| if level == 0 { 0.0 } else { 255.0 * arithmetic::exp(exponent * LOGARITHMS[level]) })
}

/// Of levels above 0, as shares of 255.
static LOGARITHMS: LazyLock<[f64; 256]> =
    LazyLock::new(|| std::array::from_fn(|level| if level == 0 { 0.0 } else { arithmetic::ln(level as f64 / 255.0) }));

fn by_table(picture: &Picture, change: impl Fn(usize) -> f64) -> Result<Picture, PictureError> {
    let table: [u8; 256] = std::array::from_fn(|level| byte(change(level) as f32));
    pixelwise(picture, |pixel| pixel.map(|level| table[usize::from(level)]))
}
