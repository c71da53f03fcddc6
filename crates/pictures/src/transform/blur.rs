//! A Gaussian filter, cut off at three standard deviations; beyond the edge the last pixel goes on.

use super::{arithmetic, wide};
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
    let mut padded = vec![0.0; row + 6 * reach];
    for (from, to) in picture.rgb().chunks_exact(row).zip(between.chunks_exact_mut(row)) {
        wide::levels(from, &mut padded[3 * reach..]);
        for (end, place) in [(&from[..3], 0), (&from[row - 3..], 3 * reach + row)] {
            for pixel in padded[place..][..3 * reach].as_chunks_mut::<3>().0 {
                wide::levels(end, pixel);
            }
        }
        let lines = (0..weights.len()).map(|offset| &padded[3 * offset..][..row]);
        wide::weigh(&weights, &lines.collect::<Vec<_>>(), to);
    }
    let mut rgb = vec![0; row * height];
    // Strip by strip, so that the lines that come together stay in the nearest cache; the last strip overlaps with another.
    let strip = row.min(wide::PIECE);
    let mut sums = [0.0_f32; wide::PIECE];
    let sums = &mut sums[..strip];
    for start in (0..row).step_by(strip).map(|start| start.min(row - strip)) {
        let line = |y: usize| y.saturating_sub(reach).min(height - 1);
        let lines: Vec<&[f32]> = (0..height + 2 * reach).map(|y| &between[line(y) * row + start..][..strip]).collect();
        for (lines, rgb) in lines.windows(weights.len()).zip(rgb.chunks_exact_mut(row)) {
            wide::weigh(&weights, lines, sums);
            wide::round(sums, &mut rgb[start..][..strip]);
        }
    }
    Picture::new(picture.width(), picture.height(), rgb)
}
