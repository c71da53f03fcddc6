//! What is put around a picture.

use super::overlay::Sheet;
use crate::generate::font;
use crate::generate::random::Random;
use crate::{Picture, PictureError};

/// A border of `share` of each side, white, black or grey.
pub(super) fn pad(picture: &Picture, share: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let border = |length: u32| (f64::from(length) * share).round() as u32;
    let (across, down) = (border(picture.width()), border(picture.height()));
    let colour = [random.pick(&[0_u8, 128, 255]); 3];
    let mut sheet = Sheet::blank(picture.width() + 2 * across, picture.height() + 2 * down, colour)?;
    sheet.paste((across, down), picture);
    sheet.into_picture()
}

/// Black bars above and below that take `share` of the height that results.
pub(super) fn letterbox(picture: &Picture, share: f64) -> Result<Picture, PictureError> {
    let bar = (f64::from(picture.height()) * share / (1.0 - share) / 2.0).round() as u32;
    let mut sheet = Sheet::blank(picture.width(), picture.height() + 2 * bar, [0; 3])?;
    sheet.paste((0, bar), picture);
    sheet.into_picture()
}

/// A screen around it, light or dark: a status line, a title bar with a name, a narrow margin, and below lines of text and a
/// row of buttons. A third of `share` of the height lies above, the rest below.
pub(super) fn screenshot(picture: &Picture, share: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let around = f64::from(picture.height()) * share / (1.0 - share);
    let (above, below) = ((around / 3.0).round() as u32, (around * 2.0 / 3.0).round() as u32);
    let margin = (picture.width() / 50).max(1);
    let (back, bar, ink) = if random.chance(0.5) { (250, 228, 30) } else { (18, 44, 225) };
    let (width, height) = (picture.width() + 2 * margin, picture.height() + above + below);
    let mut sheet = Sheet::blank(width, height, [back; 3])?;
    let (wide, tall) = (i64::from(width), i64::from(height));

    sheet.rectangle((0, 0), (wide, i64::from(above) * 9 / 10), [bar; 3]);
    let dot = (i64::from(above) / 20).max(1);
    sheet.write((2 * dot, dot), dot, [ink; 3], "12:47");
    sheet.write((wide - 20 * dot, dot), dot, [ink; 3], "81");
    sheet.write((8 * dot, dot * 11), dot, [ink; 3], "Alex");

    let line = i64::from(font::HEIGHT + 5);
    let dot = (i64::from(below) / 48).max(1);
    let mut top = i64::from(above + picture.height()) + 2 * dot;
    while top + line * dot < tall - 2 * line * dot {
        let length = random.integer(10, 40) as usize;
        let words: String = "Look at this, it was taken last Sunday on the hill".chars().take(length).collect();
        sheet.write((i64::from(margin) + dot, top), dot, [ink; 3], &words);
        top += line * dot;
    }
    sheet.rectangle((0, tall - i64::from(below) / 4), (wide, i64::from(below) / 4), [bar; 3]);
    for button in 1..=4 {
        let side = i64::from(below) / 10;
        sheet.rectangle((wide * button / 5 - side / 2, tall - side * 7 / 4), (side, side), [ink; 3]);
    }
    sheet.paste((margin, above), picture);
    sheet.into_picture()
}
