//! A Gaussian filter, cut off at three standard deviations; beyond the edge the last pixel goes on.

use super::{arithmetic, byte};
use crate::{Picture, PictureError};

pub(super) fn blur(picture: &Picture, deviation: f64) -> Result<Picture, PictureError> {
    let reach = (3.0 * deviation).ceil() as usize;
    let weight = |offset: usize| {
        let distance = offset as f64 - reach as f64;
        arithmetic::exp(-distance * distance / (2.0 * deviation * deviation))
    };
    let weights: Vec<f64> = (0..=2 * reach).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|weight| (weight / sum) as f32).collect();

    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let row = 3 * width;
    let mut between = vec![0.0_f32; row * height];
    let mut padded = vec![0.0_f32; row + 6 * reach];
    for (from, to) in picture.rgb().chunks_exact(row).zip(between.chunks_exact_mut(row)) {
        for (place, value) in padded.iter_mut().enumerate() {
            let x = (place / 3).saturating_sub(reach).min(width - 1);
            *value = f32::from(from[3 * x + place % 3]);
        }
        for (offset, weight) in weights.iter().enumerate() {
            for (sum, value) in to.iter_mut().zip(&padded[3 * offset..]) {
                *sum += weight * value;
            }
        }
    }
    let mut rgb = Vec::with_capacity(row * height);
    let mut sums = vec![0.0_f32; row];
    for y in 0..height {
        sums.fill(0.0);
        for (offset, weight) in weights.iter().enumerate() {
            let from = (y + offset).saturating_sub(reach).min(height - 1);
            for (sum, value) in sums.iter_mut().zip(&between[from * row..][..row]) {
                *sum += weight * value;
            }
        }
        rgb.extend(sums.iter().map(|sum| byte(*sum)));
    }
    Picture::new(picture.width(), picture.height(), rgb)
}
