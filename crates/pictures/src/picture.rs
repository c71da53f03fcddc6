use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{ExtendedColorType, ImageEncoder};

use crate::error::PictureError;

/// The most pixels a picture may have: 100 megapixels.
pub const MAX_PIXELS: u64 = 100_000_000;

/// The longest side a picture may have, in pixels: JPEG's limit (ITU-T T.81, B.2.2: sixteen bits).
pub const MAX_SIDE: u32 = 65_535;

/// A picture: `height` rows of `width` pixels, each one byte red, green and blue.
///
/// Neither side is zero or longer than [`MAX_SIDE`], and there are at most [`MAX_PIXELS`] pixels.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Picture {
    /// A picture from its pixels, row by row from the top, without padding.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, PictureError> {
        check_size(width, height)?;
        if rgb.len() as u64 != u64::from(width) * u64::from(height) * 3 {
            return Err(PictureError::WrongLength { width, height, found: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels: `3 × width × height` bytes, row by row from the top.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Baseline JPEG bytes at `quality` (1 to 100 on libjpeg's scale, clamped), colour at half resolution (4:2:0), as
    /// cameras and libjpeg write by default. The same picture gives the same bytes on every platform.
    pub fn to_jpeg(&self, quality: u8) -> Vec<u8> {
        let side = |length: u32| u16::try_from(length).expect("a side is at most MAX_SIDE = 65535");
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality.clamp(1, 100));
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        encoder
            .encode(&self.rgb, side(self.width), side(self.height), jpeg_encoder::ColorType::Rgb)
            .expect("the buffer has the stated size and writing to memory does not fail");
        bytes
    }

    /// PNG bytes, 8-bit RGB: lossless.
    pub fn to_png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
            .expect("the buffer has the stated size and writing to memory does not fail");
        bytes
    }

    /// The picture at another size. Shrinking averages over the covered area with a triangle filter, growing is
    /// bilinear; the aspect ratio is the caller's affair.
    pub fn scale(&self, width: u32, height: u32) -> Result<Self, PictureError> {
        check_size(width, height)?;
        let from = TypedImageRef::<U8x3>::from_buffer(self.width, self.height, &self.rgb);
        let mut rgb = vec![0; 3 * width as usize * height as usize];
        let to = TypedImage::<U8x3>::from_buffer(width, height, &mut rgb);
        let (from, mut to) = (from.expect("as many bytes as stated"), to.expect("as many bytes as stated"));
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        Resizer::new().resize_typed(&from, &mut to, &options).expect("the whole of a picture that is not empty");
        Ok(Self { width, height, rgb })
    }

    /// The picture with its longer side shrunk to `max_side` pixels (at least 1), its aspect ratio kept to the pixel.
    /// A picture that is small enough already is returned as it is.
    #[must_use]
    pub fn thumbnail(&self, max_side: u32) -> Self {
        let longer = self.width.max(self.height);
        let max_side = max_side.max(1);
        if longer <= max_side {
            return self.clone();
        }
        let (long, target) = (u64::from(longer), u64::from(max_side));
        let shrink = |length: u32| {
            let side = ((u64::from(length) * target + long / 2) / long).max(1);
            u32::try_from(side).expect("shrinking makes no side longer")
        };
        self.scale(shrink(self.width), shrink(self.height)).expect("a smaller picture is within the limits")
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}

/// Refuses sizes outside the limits; called before anything is allocated for the pixels.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Empty);
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge { width, height, limit: MAX_PIXELS });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: u32, height: u32) -> Picture {
        let pixel = |i: u32| [i % 251, i % 13 * 19, (i / width) % 256].map(|v| u8::try_from(v).unwrap());
        Picture::new(width, height, (0..width * height).flat_map(pixel).collect()).unwrap()
    }

    #[test]
    fn the_constructor_checks_sizes() {
        assert_eq!(Picture::new(0, 5, vec![]), Err(PictureError::Empty));
        assert_eq!(Picture::new(2, 2, vec![0; 11]), Err(PictureError::WrongLength { width: 2, height: 2, found: 11 }));
        assert!(matches!(Picture::new(70_000, 1, vec![0; 210_000]), Err(PictureError::TooLarge { .. })));
        assert!(Picture::new(2, 2, vec![0; 12]).is_ok());
    }

    #[test]
    fn png_is_lossless_and_jpeg_is_close() {
        let picture = ramp(37, 21);
        assert_eq!(crate::decode(&picture.to_png()), Ok(picture.clone()));
        let smooth = picture.scale(8, 8).unwrap().scale(64, 64).unwrap();
        let jpeg = crate::decode(&smooth.to_jpeg(95)).unwrap();
        let difference: u64 = smooth.rgb().iter().zip(jpeg.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(difference < 3 * smooth.rgb().len() as u64, "mean difference below 3 levels: {difference}");
    }

    #[test]
    fn lower_quality_is_smaller_and_out_of_range_is_clamped() {
        let picture = ramp(200, 150);
        assert!(picture.to_jpeg(40).len() < picture.to_jpeg(92).len());
        assert_eq!(picture.to_jpeg(0), picture.to_jpeg(1));
        assert_eq!(picture.to_jpeg(255), picture.to_jpeg(100));
    }

    #[test]
    fn scaling_keeps_flat_colour_and_thumbnails_keep_the_aspect_ratio() {
        let flat = Picture::new(30, 20, [10, 200, 77].repeat(600)).unwrap();
        let scaled = flat.scale(7, 91).unwrap();
        assert!(scaled.rgb().chunks(3).all(|pixel| pixel == [10, 200, 77]));
        let thumbnail = ramp(300, 100).thumbnail(60);
        assert_eq!((thumbnail.width(), thumbnail.height()), (60, 20));
        assert_eq!(ramp(1000, 1).thumbnail(10).height(), 1);
        assert_eq!(flat.thumbnail(30), flat);
        assert_eq!(flat.scale(0, 3), Err(PictureError::Empty));
    }
}
