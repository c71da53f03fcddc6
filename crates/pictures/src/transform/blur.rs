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
    let mut padded = Vec::with_capacity(row + 6 * reach);
    for (from, to) in picture.rgb().chunks_exact(row).zip(between.chunks_exact_mut(row)) {
        padded.clear();
        let ends = [&from[..3], &from[row - 3..]].map(|end| end.repeat(reach));
        for part in [&ends[0], from, &ends[1]] {
            padded.extend(part.iter().map(|level| f32::from(*level)));
        }
        let lines = (0..weights.len()).map(|offset| &padded[3 * offset..][..row]);
        weigh(&weights, &lines.collect::<Vec<_>>(), to);
    }
    let mut rgb = Vec::with_capacity(row * height);
    let mut sums = vec![0.0_f32; row];
    for y in 0..height {
        let line = |offset: usize| (y + offset).saturating_sub(reach).min(height - 1);
        let lines = (0..weights.len()).map(|offset| &between[line(offset) * row..][..row]);
        weigh(&weights, &lines.collect::<Vec<_>>(), &mut sums);
        rgb.extend(sums.iter().map(|sum| byte(*sum)));
    }
    Picture::new(picture.width(), picture.height(), rgb)
}

/// The weighed sum of lines, piece by piece so that sums stay in registers.
fn weigh(weights: &[f32], lines: &[&[f32]], out: &mut [f32]) {
    const PIECE: usize = 32;
    let whole = out.len() / PIECE * PIECE;
    let (pieces, rest) = out.split_at_mut(whole);
    for (number, piece) in pieces.as_chunks_mut::<PIECE>().0.iter_mut().enumerate() {
        let mut sums = [0.0; PIECE];
        for (weight, line) in weights.iter().zip(lines) {
            let values: &[f32; PIECE] =
                line[number * PIECE..].first_chunk().expect("lines are as long as what comes out");
            sums = std::array::from_fn(|i| sums[i] + weight * values[i]);
        }
        *piece = sums;
    }
    for (place, sum) in (whole..).zip(rest) {
        *sum = weights.iter().zip(lines).fold(0.0, |sum, (weight, line)| sum + weight * line[place]);
    }
}
