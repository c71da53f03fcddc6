//! Turning.
#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for the caller's instructions")]

use super::arithmetic;
use super::wide::{byte, floor};
use crate::generate::random::Random;
use crate::{Picture, PictureError};
use pulp::{Arch, Simd};

/// Turned by `degrees` in either direction about the centre, bilinear; by 90 and 180 exactly. The frame keeps its size (by 90
/// its sides are exchanged), what comes from outside is black.
pub(super) fn rotate(picture: &Picture, degrees: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let clockwise = random.chance(0.5);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
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
    let turn = Turn { cos: cos as f32, sin: sin as f32, width: width as f32, height: height as f32 };
    let framed = Framed::of(picture);
    let mut rgb = vec![0; picture.rgb().len()];
    let mut places = Places::new(width);
    let mut corners = vec![[0; 4]; width];
    let mut mixed = vec![0; width];
    for (y, line) in rgb.as_chunks_mut::<3>().0.chunks_exact_mut(width).enumerate() {
        come_from(&turn, y as f32, &mut places);
        framed.corners(&places, &mut corners);
        mix(&corners, &places, &mut mixed);
        for (pixel, packed) in line.iter_mut().zip(&mixed) {
            let [red, green, blue, _] = packed.to_le_bytes();
            *pixel = [red, green, blue];
        }
    }
    Picture::new(picture.width(), picture.height(), rgb)
}

/// A turn, and the sides of what is turned.
struct Turn {
    cos: f32,
    sin: f32,
    width: f32,
    height: f32,
}

/// Where pixels come from: the corner left above, which may lie one pixel outside, and how far right of it and below it.
#[cfg_attr(test, derive(Debug, PartialEq))]
struct Places {
    left: Vec<i32>,
    top: Vec<i32>,
    right: Vec<f32>,
    below: Vec<f32>,
}

impl Places {
    fn new(width: usize) -> Self {
        let none = vec![0.0; width];
        Self { left: vec![0; width], top: vec![0; width], right: none.clone(), below: none }
    }
}

/// Where the pixels of line `y` come from; from the edge beyond the border if from farther outside, which is as black.
#[pulp::with_simd(come_from = Arch::new())]
#[inline(always)]
fn come_from_with<'a, S: Simd>(_: S, turn: &'a Turn, y: f32, places: &'a mut Places) {
    let Turn { cos, sin, width, height } = *turn;
    let (middle_x, middle_y) = ((width - 1.0) / 2.0, (height - 1.0) / 2.0);
    let dy = y - middle_y;
    let columns = places.left.iter_mut().zip(&mut places.right);
    let rows = places.top.iter_mut().zip(&mut places.below);
    for (x, ((left, right), (top, below))) in (0_i32..).zip(columns.zip(rows)) {
        let dx = x as f32 - middle_x;
        let from_x = (middle_x + dx * cos + dy * sin).clamp(-1.0, width);
        let from_y = (middle_y - dx * sin + dy * cos).clamp(-1.0, height);
        let ((whole_x, start_x), (whole_y, start_y)) = (floor(from_x), floor(from_y));
        (*left, *right) = (whole_x, from_x - start_x);
        (*top, *below) = (whole_y, from_y - start_y);
    }
}

/// A picture with black around it: a pixel left and above, and two right and below.
struct Framed {
    row: usize,
    /// Red in the lowest byte, then green and blue.
    pixels: Vec<i32>,
}

impl Framed {
    fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let row = width + 3;
        let mut pixels = vec![0; row * (height + 3)];
        let lines = picture.rgb().as_chunks::<3>().0.chunks_exact(width);
        for (from, to) in lines.zip(pixels[row..].chunks_exact_mut(row)) {
            for (to, [red, green, blue]) in to[1..].iter_mut().zip(from) {
                *to = i32::from_le_bytes([*red, *green, *blue, 0]);
            }
        }
        Self { row, pixels }
    }

    /// The four pixels around each place: two of a line, and the two below them.
    fn corners(&self, places: &Places, corners: &mut [[i32; 4]]) {
        for ((corners, left), top) in corners.iter_mut().zip(&places.left).zip(&places.top) {
            let pixels = &self.pixels[(top + 1) as usize * self.row + (left + 1) as usize..][..self.row + 2];
            *corners = [pixels[0], pixels[1], pixels[self.row], pixels[self.row + 1]];
        }
    }
}

/// What lies between corners, bilinear.
#[pulp::with_simd(mix = Arch::new())]
#[inline(always)]
fn mix_with<'a, S: Simd>(_: S, corners: &'a [[i32; 4]], places: &'a Places, mixed: &'a mut [i32]) {
    let shares = places.right.iter().zip(&places.below);
    for ((mixed, corners), (right, below)) in mixed.iter_mut().zip(corners).zip(shares) {
        *mixed = 0;
        for channel in [0, 8, 16] {
            let mut levels = [0.0; 4];
            for i in 0..4 {
                levels[i] = (corners[i] >> channel & 0xff) as f32;
            }
            let upper = levels[0] * (1.0 - right) + levels[1] * right;
            let lower = levels[2] * (1.0 - right) + levels[3] * right;
            *mixed |= i32::from(byte(upper * (1.0 - below) + lower * below)) << channel;
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use pulp::Scalar;

    #[test]
    fn every_width_of_registers_gives_the_same() {
        const WIDTH: usize = 333;
        let (cos, sin) = arithmetic::direction(7.0);
        let turn = Turn { cos: cos as f32, sin: sin as f32, width: WIDTH as f32, height: 200.0 };
        for y in [0.0, 1.0, 99.0, 199.0] {
            let (mut wide, mut narrow) = (Places::new(WIDTH), Places::new(WIDTH));
            come_from(&turn, y, &mut wide);
            come_from_with(Scalar::new(), &turn, y, &mut narrow);
            assert_eq!(wide, narrow);
            let corners: Vec<[i32; 4]> = (0..WIDTH as i32)
                .map(|x| [x * 7919, x * 104_729, x * 1299, x * 15_485].map(|bits| bits & 0x00ff_ffff))
                .collect();
            let (mut out, mut twin) = (vec![0; WIDTH], vec![0; WIDTH]);
            mix(&corners, &wide, &mut out);
            mix_with(Scalar::new(), &corners, &wide, &mut twin);
            assert_eq!(out, twin);
        }
    }
}
