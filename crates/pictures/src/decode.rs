use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::PictureError;
use crate::picture::{Picture, check_size};

/// The most encoded bytes a picture may have: 256 MiB.
pub const MAX_BYTES: u64 = 256 << 20;

/// The most memory a decoder may ask for: 16-bit RGBA at [`MAX_PIXELS`](crate::MAX_PIXELS), and some room.
const MAX_DECODER_MEMORY: u64 = 1 << 30;

/// Decodes JPEG, PNG, GIF (first frame) or WebP; the format is told from the content, never from a name.
///
/// Follows what Meta's PDQ reference implementation feeds its hash, so that hashes can be compared with its own:
/// stored pixels are taken as they are (EXIF orientation and colour profiles are not applied), an alpha channel is
/// dropped rather than composited, grey becomes equal red, green and blue, and sixteen-bit samples lose their lower
/// byte. JPEG is decoded with an integer inverse DCT and triangle-filter chroma upsampling, as libjpeg does by
/// default. Sizes are checked before memory is taken for the pixels.
pub fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(PictureError::TooManyBytes { bytes: bytes.len() as u64, limit: MAX_BYTES });
    }
    let format = Format::of(bytes).ok_or(PictureError::UnknownFormat)?;
    let damaged = |error: image::ImageError| PictureError::Damaged { format, reason: error.to_string() };

    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.codec());
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Picture::new(width, height, pixels.into_rgb8().into_raw())
}

/// The same picture as JPEG at `quality` (see [`Picture::to_jpeg`]): what forwarding through many services does.
pub fn recompress(bytes: &[u8], quality: u8) -> Result<Vec<u8>, PictureError> {
    Ok(decode(bytes)?.to_jpeg(quality))
}

/// A picture file format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG (ITU-T T.81), baseline and progressive.
    Jpeg,
    /// PNG (W3C Portable Network Graphics).
    Png,
    /// GIF 87a and 89a.
    Gif,
    /// WebP (RFC 9649), lossy and lossless.
    WebP,
}

impl Format {
    /// The format that `bytes` begin like; `None` when it is none that is read.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match image::guess_format(bytes).ok()? {
            ImageFormat::Jpeg => Some(Self::Jpeg),
            ImageFormat::Png => Some(Self::Png),
            ImageFormat::Gif => Some(Self::Gif),
            ImageFormat::WebP => Some(Self::WebP),
            _ => None,
        }
    }

    fn codec(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::Gif => ImageFormat::Gif,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
        })
    }
}
