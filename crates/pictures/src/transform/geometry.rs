//! Where pixels lie.

use super::{arithmetic, wide};
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
    let rows: Vec<&[u8]> = rows.map(|row| &row[3 * left as usize..][..3 * width as usize]).collect();
    Picture::new(width, height, rows.concat())
}

/// 1 left and right exchanged, 2 top and bottom; 0 and what lies between change nothing.
pub(super) fn mirror(picture: &Picture, which: f64) -> Result<Picture, PictureError> {
    let row = 3 * picture.width() as usize;
    let mut rgb = picture.rgb().to_vec();
    if which >= 2.0 {
        rgb = picture.rgb().chunks_exact(row).rev().collect::<Vec<_>>().concat();
    } else if which >= 1.0 {
        rgb.chunks_exact_mut(row).for_each(|row| row.as_chunks_mut::<3>().0.reverse());
    }
    Picture::new(picture.width(), picture.height(), rgb)
}

/// Turned by `degrees` in either direction about the centre, bilinear; by 90 and 180 exactly. The frame keeps its size (by 90
/// its sides are exchanged), what comes from outside is black.
pub(super) fn rotate(picture: &Picture, degrees: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let clockwise = random.chance(0.5);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    if degrees >= 180.0 {
        let mut rgb = picture.rgb().to_vec();
        rgb.as_chunks_mut::<3>().0.reverse();
        return Picture::new(picture.width(), picture.height(), rgb);
    }
    #[expect(clippy::float_cmp, reason = "exactly a quarter")]
    if degrees == 90.0 {
        return quarter(picture, clockwise);
    }
    let (cos, sin) = arithmetic::direction(if clockwise { degrees } else { -degrees });
    let (cos, sin) = (cos as f32, sin as f32);
    let (middle_x, middle_y) = ((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
    // Without a call of a library, as `f32::floor` is where the processor's instructions for it may not be used.
    let floor = |x: f32| x as i32 - i32::from((x as i32 as f32) > x);
    // A frame of black of one pixel, so that corners need not be asked where they lie; the fourth value fills registers.
    let row = width + 2;
    let mut framed = vec![[0_u8; 4]; row * (height + 2)];
    for (from, to) in pixels.chunks_exact(width).zip(framed[row..].chunks_exact_mut(row)) {
        for (to, [red, green, blue]) in to[1..].iter_mut().zip(from) {
            *to = [*red, *green, *blue, 0];
        }
    }
    let mix = |a: [f32; 4], b: [f32; 4], share: f32| -> [f32; 4] {
        std::array::from_fn(|i| a[i] * (1.0 - share) + b[i] * share)
    };
    let mut rgb = vec![0; picture.rgb().len()];
    let (turned, _) = rgb.as_chunks_mut::<3>();
    let mut levels = vec![[0.0; 4]; width];
    let mut rounded = vec![[0; 4]; width];
    // Where each pixel of a line comes from: the corner left above in the frame, and how far right of it and below it.
    let mut corner = vec![[0_i32; 2]; width];
    let mut share = vec![[0.0_f32; 2]; width];
    for (y, line) in turned.chunks_exact_mut(width).enumerate() {
        let dy = y as f32 - middle_y;
        for (x, (corner, share)) in corner.iter_mut().zip(&mut share).enumerate() {
            let dx = x as f32 - middle_x;
            let (from_x, from_y) = (middle_x + dx * cos + dy * sin, middle_y - dx * sin + dy * cos);
            let (left, top) = (floor(from_x), floor(from_y));
            *corner = [left + 1, top + 1];
            *share = [from_x - left as f32, from_y - top as f32];
        }
        for ((levels, [left, top]), [right, below]) in levels.iter_mut().zip(&corner).zip(&share) {
            if !(0..=width as i32).contains(left) || !(0..=height as i32).contains(top) {
                *levels = [0.0; 4];
                continue;
            }
            let corners = &framed[*top as usize * row + *left as usize..][..row + 2];
            let level = |place: usize| corners[place].map(f32::from);
            let upper = mix(level(0), level(1), *right);
            let lower = mix(level(row), level(row + 1), *right);
            *levels = mix(upper, lower, *below);
        }
        wide::round(levels.as_flattened(), rounded.as_flattened_mut());
        for (pixel, [red, green, blue, _]) in line.iter_mut().zip(&rounded) {
            *pixel = [*red, *green, *blue];
        }
    }
    Picture::new(picture.width(), picture.height(), rgb)
}

/// Turned by 90 degrees, in squares that stay in the nearest cache.
fn quarter(picture: &Picture, clockwise: bool) -> Result<Picture, PictureError> {
    const SIDE: usize = 16;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (pixels, _) = picture.rgb().as_chunks::<3>();
    let mut rgb = vec![0; picture.rgb().len()];
    let (turned, _) = rgb.as_chunks_mut::<3>();
    for top in (0..height).step_by(SIDE) {
        for left in (0..width).step_by(SIDE) {
            for y in top..(top + SIDE).min(height) {
                for x in left..(left + SIDE).min(width) {
                    let (to_x, to_y) = if clockwise { (height - 1 - y, x) } else { (y, width - 1 - x) };
                    turned[to_y * height + to_x] = pixels[y * width + x];
                }
            }
        }
    }
    Picture::new(picture.height(), picture.width(), rgb)
}
