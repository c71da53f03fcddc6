//! Where pixels lie.

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
