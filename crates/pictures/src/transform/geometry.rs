//! Where pixels lie.

use super::{arithmetic, byte};
use crate::generate::random::Random;
use crate::{MAX_SIDE, Picture, PictureError};

/// Both sides times `factor`, at least one pixel.
pub(super) fn scale(picture: &Picture, factor: f64) -> Result<Picture, PictureError> {
    let side = |length: u32| ((f64::from(length) * factor).round() as u32).clamp(1, MAX_SIDE);
    picture.scale(side(picture.width()), side(picture.height()))
}

/// Without `share` of each side, at least one pixel being kept; how much of that is cut off left and above is left to chance.
pub(super) fn crop(picture: &Picture, share: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let mut part = |length: u32| {
        let cut = ((f64::from(length) * share).round() as u32).min(length - 1);
        (random.integer(0, cut as i32) as u32, length - cut)
    };
    let ((left, width), (top, height)) = (part(picture.width()), part(picture.height()));
    let row = 3 * picture.width() as usize;
    let rows = picture.rgb().chunks_exact(row).skip(top as usize).take(height as usize);
    let rgb = rows.flat_map(|row| &row[3 * left as usize..][..3 * width as usize]).copied().collect();
    Picture::new(width, height, rgb)
}

/// 1 left and right exchanged, 2 top and bottom; 0 and what lies between change nothing.
pub(super) fn mirror(picture: &Picture, which: f64) -> Result<Picture, PictureError> {
    let row = 3 * picture.width() as usize;
    let rows = picture.rgb().chunks_exact(row);
    let rgb = if which >= 2.0 {
        rows.rev().flatten().copied().collect()
    } else if which >= 1.0 {
        rows.flat_map(|row| row.as_chunks::<3>().0.iter().rev().flatten()).copied().collect()
    } else {
        picture.rgb().to_vec()
    };
    Picture::new(picture.width(), picture.height(), rgb)
}

/// Turned by `degrees` in either direction about the centre, bilinear; by 90 and 180 exactly. The frame keeps its size (by 90
/// its sides are exchanged), what comes from outside is black.
pub(super) fn rotate(picture: &Picture, degrees: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let clockwise = random.chance(0.5);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    if degrees >= 180.0 {
        return Picture::new(picture.width(), picture.height(), pixels.iter().rev().flatten().copied().collect());
    }
    #[expect(clippy::float_cmp, reason = "exactly a quarter")]
    if degrees == 90.0 {
        let place = |x: usize, y: usize| if clockwise { (y, height - 1 - x) } else { (width - 1 - y, x) };
        let pixel = |(x, y): (usize, usize)| pixels[y * width + x];
        let rgb = (0..width).flat_map(|y| (0..height).flat_map(move |x| pixel(place(x, y)))).collect();
        return Picture::new(picture.height(), picture.width(), rgb);
    }
    let (cos, sin) = arithmetic::direction(if clockwise { degrees } else { -degrees });
    let (cos, sin) = (cos as f32, sin as f32);
    let (middle_x, middle_y) = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
    let at = |x: f32, y: f32| {
        let outside = x < 0.0 || y < 0.0 || x >= width as f32 || y >= height as f32;
        if outside { [0.0; 3] } else { pixels[y as usize * width + x as usize].map(f32::from) }
    };
    let mut rgb = Vec::with_capacity(picture.rgb().len());
    for y in 0..height {
        for x in 0..width {
            let (dx, dy) = (x as f32 - middle_x, y as f32 - middle_y);
            let (from_x, from_y) = (middle_x + dx * cos + dy * sin, middle_y - dx * sin + dy * cos);
            let (left, top) = (from_x.floor(), from_y.floor());
            let (right, below) = (from_x - left, from_y - top);
            let corners = [at(left, top), at(left + 1.0, top), at(left, top + 1.0), at(left + 1.0, top + 1.0)];
            rgb.extend([0, 1, 2].map(|i| {
                let upper = corners[0][i] * (1.0 - right) + corners[1][i] * right;
                let lower = corners[2][i] * (1.0 - right) + corners[3][i] * right;
                byte(upper * (1.0 - below) + lower * below)
            }));
        }
    }
    Picture::new(picture.width(), picture.height(), rgb)
}
