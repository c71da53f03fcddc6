//! What is put over a picture, and a plain sheet to draw on.

use crate::generate::font;
use crate::generate::random::Random;
use crate::picture::check_size;
use crate::{Picture, PictureError};

/// A sheet of pixels; what lies outside is cut off.
pub(super) struct Sheet {
    width: i64,
    height: i64,
    rgb: Vec<u8>,
}

impl Sheet {
    pub(super) fn of(picture: &Picture) -> Self {
        Self { width: picture.width().into(), height: picture.height().into(), rgb: picture.rgb().to_vec() }
    }

    pub(super) fn blank(width: u32, height: u32, colour: [u8; 3]) -> Result<Self, PictureError> {
        check_size(width, height)?;
        let rgb = colour.repeat(width as usize * height as usize);
        Ok(Self { width: width.into(), height: height.into(), rgb })
    }

    pub(super) fn rectangle(&mut self, (left, top): (i64, i64), (width, height): (i64, i64), colour: [u8; 3]) {
        let (start, end) = (left.clamp(0, self.width), (left + width).clamp(0, self.width));
        for y in top.clamp(0, self.height)..(top + height).clamp(0, self.height) {
            let row = 3 * (y * self.width) as usize;
            let span = &mut self.rgb[row + 3 * start as usize..row + 3 * end.max(start) as usize];
            for pixel in span.as_chunks_mut().0 {
                *pixel = colour;
            }
        }
    }

    /// A line of text, a pixel of the font being a square of `dot` pixels.
    pub(super) fn write(&mut self, (left, top): (i64, i64), dot: i64, colour: [u8; 3], text: &str) {
        for (number, character) in (0..).zip(text.chars()) {
            for (row, bits) in (0..).zip(font::glyph(character)) {
                for column in (0..font::WIDTH).filter(|column| bits >> (font::WIDTH - 1 - column) & 1 == 1) {
                    let x = left + dot * (number * i64::from(font::ADVANCE) + i64::from(column));
                    self.rectangle((x, top + dot * row), (dot, dot), colour);
                }
            }
        }
    }

    pub(super) fn paste(&mut self, (left, top): (u32, u32), picture: &Picture) {
        let row = 3 * picture.width() as usize;
        for (y, from) in picture.rgb().chunks_exact(row).enumerate() {
            let to = 3 * ((top as usize + y) * self.width as usize + left as usize);
            self.rgb[to..to + row].copy_from_slice(from);
        }
    }

    pub(super) fn into_picture(self) -> Result<Picture, PictureError> {
        Picture::new(self.width as u32, self.height as u32, self.rgb)
    }
}

/// White letters with a black edge across the lower part: as many as fit, of a height of `share` of the picture.
pub(super) fn text(picture: &Picture, share: f64) -> Result<Picture, PictureError> {
    const CAPTION: &str = "WHEN THE WEEKEND COMES AND NOBODY HAS ANY PLANS AT ALL";
    let mut sheet = Sheet::of(picture);
    let dot = ((f64::from(picture.height()) * share / f64::from(font::HEIGHT)).round() as i64).max(1);
    let fits = (sheet.width / (dot * i64::from(font::ADVANCE))).max(1) as usize;
    let shown: String = CAPTION.chars().take(fits).collect();
    let wide = dot * i64::from(font::ADVANCE) * shown.chars().count() as i64;
    let (left, top) = ((sheet.width - wide) / 2, sheet.height - dot * i64::from(font::HEIGHT) - dot);
    let edge = (dot / 2).max(1);
    for (dx, dy) in [(-edge, 0), (edge, 0), (0, -edge), (0, edge)] {
        sheet.write((left + dx, top + dy), dot, [0; 3], &shown);
    }
    sheet.write((left, top), dot, [255; 3], &shown);
    sheet.into_picture()
}

/// A red square with a white letter in one of the corners.
pub(super) fn logo(picture: &Picture, share: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let mut sheet = Sheet::of(picture);
    let side = ((f64::from(picture.width().min(picture.height())) * share).round() as i64).max(1);
    let margin = side / 10;
    let left = if random.chance(0.5) { margin } else { sheet.width - margin - side };
    let top = if random.chance(0.5) { margin } else { sheet.height - margin - side };
    sheet.rectangle((left, top), (side, side), [200, 30, 45]);
    let dot = (side / 9).max(1);
    sheet.write((left + (side - 5 * dot) / 2, top + (side - 7 * dot) / 2), dot, [255; 3], "S");
    sheet.into_picture()
}
