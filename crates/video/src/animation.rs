//! GIF and WebP, moving or still, through the `image` crate. Frames are whole pictures: what an encoder left out is filled
//! in from the frames before. Alpha is dropped, as everywhere.

use crate::frame::Pixels;
use crate::{Form, Frame, Info, Limits, Video, VideoError};
use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, Delay, DynamicImage, ImageDecoder, ImageError};
use sightline_pictures::Picture;
use std::io::{BufRead, Seek};

/// A shorter time than this, in seconds, means [`USUAL_DELAY`], as in browsers and ffmpeg.
const SHORTEST_DELAY: f64 = 0.02;
/// How long a frame is shown that says nothing sensible, in seconds.
const USUAL_DELAY: f64 = 0.1;

pub(crate) fn gif<'a>(source: impl BufRead + Seek + 'a, limits: Limits) -> Result<Video<'a>, VideoError> {
    let mut decoder = GifDecoder::new(source).map_err(damaged(Form::Gif))?;
    prepare(&mut decoder, Form::Gif, limits)?;
    let info = info(&decoder, Form::Gif);
    Video::new(info, limits, frames(decoder, Form::Gif))
}

pub(crate) fn webp<'a>(source: impl BufRead + Seek + 'a, limits: Limits) -> Result<Video<'a>, VideoError> {
    let mut decoder = WebPDecoder::new(source).map_err(damaged(Form::WebP))?;
    prepare(&mut decoder, Form::WebP, limits)?;
    let info = info(&decoder, Form::WebP);
    if decoder.has_animation() {
        return Video::new(info, limits, frames(decoder, Form::WebP));
    }
    let picture = move || {
        let pixels = DynamicImage::from_decoder(decoder).map_err(damaged(Form::WebP))?;
        let picture = Picture::new(info.width, info.height, pixels.into_rgb8().into_raw())?;
        Ok(Frame { number: 0, seconds: 0.0, pixels: Pixels::Rgb(picture) })
    };
    Video::new(Info { frames: Some(1), ..info }, limits, std::iter::once_with(picture))
}

/// Refuses canvases that are too large, and bounds what the decoder allocates: the canvas, what it keeps of the last frame,
/// and some room.
fn prepare(decoder: &mut impl ImageDecoder, form: Form, limits: Limits) -> Result<(), VideoError> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    Limits::check("pixels in a frame", pixels, limits.pixels)?;
    if pixels == 0 {
        return Err(VideoError::Damaged { form, reason: "a side is zero".into() });
    }
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(pixels * 16 + (16 << 20));
    decoder.set_limits(bounds).map_err(damaged(form))
}

fn info(decoder: &impl ImageDecoder, form: Form) -> Info {
    let (width, height) = decoder.dimensions();
    Info { form, width, height, rate: None, frames: None }
}

fn frames<'a, D: AnimationDecoder<'a>>(
    decoder: D,
    form: Form,
) -> impl Iterator<Item = Result<Frame, VideoError>> + use<'a, D> {
    let mut seconds = 0.0;
    (0..).zip(decoder.into_frames()).map(move |(number, frame)| {
        let frame = frame.map_err(damaged(form))?;
        let shown = seconds;
        seconds += delay(frame.delay());
        let (width, height) = frame.buffer().dimensions();
        let rgb = frame.buffer().pixels().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Ok(Frame { number, seconds: shown, pixels: Pixels::Rgb(Picture::new(width, height, rgb)?) })
    })
}

fn delay(delay: Delay) -> f64 {
    let (milliseconds, of) = delay.numer_denom_ms();
    let seconds = f64::from(milliseconds) / f64::from(of.max(1)) / 1000.0;
    if seconds < SHORTEST_DELAY { USUAL_DELAY } else { seconds }
}

fn damaged(form: Form) -> impl Fn(ImageError) -> VideoError {
    move |error| VideoError::Damaged { form, reason: error.to_string() }
}
