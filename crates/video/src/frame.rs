use sightline_pictures::{Picture, PictureError};
use std::sync::LazyLock;

/// A frame: a picture and when it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Its number in the order of presentation, from 0.
    pub number: u64,
    /// When it is shown: seconds after the first one.
    pub seconds: f64,
    pub(crate) pixels: Pixels,
}

/// What a decoder gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pixels {
    Rgb(Picture),
    Yuv(Yuv),
}

/// Brightness, and colour at half the resolution (4:2:0), without padding: rows of `width`, then twice rows of half of it,
/// rounded up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Yuv {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) planes: Vec<u8>,
}

impl Frame {
    /// The first one.
    #[cfg(feature = "h264")]
    pub(crate) fn of(yuv: Yuv) -> Self {
        Self { number: 0, seconds: 0.0, pixels: Pixels::Yuv(yuv) }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        match &self.pixels {
            Pixels::Rgb(picture) => (picture.width(), picture.height()),
            Pixels::Yuv(yuv) => (yuv.width, yuv.height),
        }
    }

    /// The frame's picture. Colours are converted as the reference of vPDQ does it, whatever the file says: by the tables
    /// that ffmpeg's swscale has for every machine, of ITU-R BT.601 with black at 16 and white at 235, each colour sample
    /// for four pixels.
    ///
    /// # Errors
    /// [`PictureError`] if it is larger than pictures may be.
    pub fn picture(&self) -> Result<Picture, PictureError> {
        match &self.pixels {
            Pixels::Rgb(picture) => Ok(picture.clone()),
            Pixels::Yuv(yuv) => Picture::new(yuv.width, yuv.height, yuv.rgb()),
        }
    }
}

impl Yuv {
    /// How many bytes the planes of such a picture take.
    pub(crate) fn length(width: u32, height: u32) -> usize {
        let half = |side: u32| side.div_ceil(2) as usize;
        width as usize * height as usize + 2 * half(width) * half(height)
    }

    fn rgb(&self) -> Vec<u8> {
        let (width, half) = (self.width as usize, self.width.div_ceil(2) as usize);
        let (luma, colour) = self.planes.split_at(width * self.height as usize);
        let (blue, red) = colour.split_at(colour.len() / 2);
        let levels: &[u8; LEVELS] = &LEVEL;
        let mut rgb = vec![0; 3 * luma.len()];
        for (row, (out, values)) in rgb.chunks_exact_mut(3 * width).zip(luma.chunks_exact(width)).enumerate() {
            let colours = blue[row / 2 * half..].iter().zip(&red[row / 2 * half..]);
            for ((out, pair), (u, v)) in out.chunks_mut(6).zip(values.chunks(2)).zip(colours) {
                let shifts = shifts(*u, *v);
                for (out, y) in out.as_chunks_mut::<3>().0.iter_mut().zip(pair) {
                    *out = shifts.map(|shift| levels[usize::from(*y) + shift]);
                }
            }
        }
        rgb
    }
}

/// 255/219 in 16 fractional bits, as swscale has it.
const SCALE: i32 = 65_536 * 255 / 219;
/// More than colour can take from brightness or add to it.
const ROOM: i32 = 256;
const LEVELS: usize = 256 + 2 * ROOM as usize;

/// What brightness of `index − ROOM` becomes, after colour is added. swscale (libswscale/yuv2rgb.c) starts its table 1.5
/// steps too low: white becomes 253 and not 255. It is followed, since the reference's hashes are of what it gives.
static LEVEL: LazyLock<[u8; LEVELS]> = LazyLock::new(|| {
    let level = |y: i32| ((326 + y) * SCALE - (400 << 16) + 32_768) >> 16;
    let level = |index| level(i32::try_from(index).unwrap_or(0) - ROOM).clamp(0, 255);
    std::array::from_fn(|index| u8::try_from(level(index)).unwrap_or(u8::MAX))
});

/// Where in [`LEVEL`] red, green and blue of brightness 0 lie. Colour is rounded to whole steps of brightness, as in swscale.
fn shifts(u: u8, v: u8) -> [usize; 3] {
    const fn factor(coefficient: i64) -> i64 {
        ((coefficient << 16) + 0x8000) / SCALE as i64
    }
    let step = |value: u8, factor: i64| ((i64::from(value) * factor) >> 16) - (factor >> 9);
    let green = step(u, const { factor(-25_675) }) + step(v, const { factor(-53_279) });
    let sums = [step(v, const { factor(104_597) }), green, step(u, const { factor(132_201) })];
    sums.map(|sum| usize::try_from(sum + i64::from(ROOM)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(y: u8, u: u8, v: u8) -> [u8; 3] {
        let yuv = Yuv { width: 1, height: 1, planes: vec![y, u, v] };
        yuv.rgb().try_into().unwrap()
    }

    #[test]
    fn colours_are_those_of_swscale() {
        // Measured with ffmpeg 5.1 (`-cpuflags 0`, so that it uses the tables that every machine has).
        for (y, grey) in [(16, 0), (56, 45), (64, 54), (120, 119), (128, 129), (160, 166), (200, 212)] {
            assert_eq!(converted(y, 128, 128), [grey; 3]);
        }
        assert_eq!(converted(0, 128, 128), [0; 3]);
        assert_eq!(converted(255, 128, 128), [255; 3]);
        // Pure red, green and blue as BT.601 writes them, all within three levels.
        for (y, u, v, rgb) in [(81, 90, 240, [255, 0, 0]), (145, 54, 34, [0, 255, 0]), (41, 240, 110, [0, 0, 255])] {
            let found = converted(y, u, v);
            assert!(found.iter().zip(rgb).all(|(a, b): (&u8, u8)| a.abs_diff(b) <= 3), "{found:?}");
        }
        for (u, v) in [(0, 0), (255, 0), (0, 255), (255, 255)] {
            assert_eq!(converted(0, u, v).len(), 3);
        }
    }

    #[test]
    fn each_colour_sample_is_for_four_pixels_and_odd_sides_have_one_more() {
        let (width, height) = (3, 3);
        let mut planes = vec![126; 9];
        planes.extend([128, 240, 128, 128]);
        planes.extend([128; 4]);
        assert_eq!(planes.len(), Yuv::length(width, height));
        let frame = Frame { number: 0, seconds: 0.0, pixels: Pixels::Yuv(Yuv { width, height, planes }) };
        let picture = frame.picture().unwrap();
        let blue: Vec<u8> = picture.rgb().chunks_exact(3).map(|pixel| pixel[2]).collect();
        assert_eq!(blue, [126, 126, 255, 126, 126, 255, 126, 126, 126]);
    }
}
