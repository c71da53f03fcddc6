//! H.264 in MP4 by Cisco's `openh264`. The decoder keeps frames until it is their turn to be shown, so frames come out in
//! the order of presentation; it is asked for what it kept only at the end, since asking earlier loses frames.

use crate::frame::{Pixels, Yuv};
use crate::mp4::{self, Movie, START, Sample};
use crate::{Form, Frame, Info, Limits, Video, VideoError};
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};

pub(crate) fn open<'a>(
    mut source: impl Read + Seek + 'a,
    length: u64,
    limits: Limits,
) -> Result<Video<'a>, VideoError> {
    let movie = mp4::read(&mut source, length, limits)?;
    let info = Info {
        form: Form::Mp4,
        width: movie.width,
        height: movie.height,
        rate: movie.rate,
        frames: Some(movie.samples.len() as u64),
    };
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    let decoder = Decoder::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| VideoError::Damaged { form: Form::Mp4, reason: words(&error) })?;
    let frames = Frames {
        source,
        length,
        limits,
        movie,
        decoder,
        next: 0,
        given: 0,
        ready: VecDeque::new(),
        encoded: Vec::new(),
        flushed: false,
    };
    Video::new(info, limits, frames)
}

struct Frames<R> {
    source: R,
    length: u64,
    limits: Limits,
    movie: Movie,
    decoder: Decoder,
    /// The sample that is decoded next.
    next: usize,
    /// How many frames were given.
    given: u64,
    /// Decoded, not yet given: one, or at the end what the decoder kept, at most 16.
    ready: VecDeque<Yuv>,
    /// A sample, kept for its memory.
    encoded: Vec<u8>,
    flushed: bool,
}

impl<R: Read + Seek> Iterator for Frames<R> {
    type Item = Result<Frame, VideoError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(yuv) = self.ready.pop_front() {
                return Some(Ok(self.frame(yuv)));
            }
            let decoded = if let Some(sample) = self.movie.samples.get(self.next).copied() {
                self.next += 1;
                self.decode(sample)
            } else if self.flushed {
                return None;
            } else {
                self.flushed = true;
                self.flush()
            };
            if let Err(error) = decoded {
                return Some(Err(error));
            }
        }
    }
}

impl<R: Read + Seek> Frames<R> {
    fn frame(&mut self, yuv: Yuv) -> Frame {
        let number = self.given;
        self.given += 1;
        let time = usize::try_from(number).ok().and_then(|number| self.movie.times.get(number));
        // A sample ought to be one frame; what is more follows at the average rate.
        let seconds = time.copied().unwrap_or_else(|| number as f64 / self.movie.rate.unwrap_or(1.0));
        Frame { number, seconds, pixels: Pixels::Yuv(yuv) }
    }

    fn decode(&mut self, sample: Sample) -> Result<(), VideoError> {
        let (number, decoded) = (self.next as u64 - 1, self.given);
        let damaged = |reason: String| VideoError::DamagedFrame { number, decoded, reason };
        Limits::check("bytes in an encoded frame", sample.length.into(), self.limits.part)?;
        if sample.offset.checked_add(sample.length.into()).is_none_or(|end| end > self.length) {
            return Err(damaged("it lies beyond the end of the file".into()));
        }
        self.source.seek(SeekFrom::Start(sample.offset))?;
        let mut bytes = Vec::with_capacity(sample.length as usize);
        self.source.by_ref().take(sample.length.into()).read_to_end(&mut bytes)?;
        self.encoded.clear();
        if number == 0 {
            self.encoded.extend_from_slice(&self.movie.parameters.sets);
        }
        units(&bytes, self.movie.parameters.length_bytes, &mut self.encoded)
            .ok_or_else(|| damaged("a unit is longer than its frame".into()))?;
        if self.encoded.is_empty() {
            return Ok(());
        }
        if let Some(yuv) = self.decoder.decode(&self.encoded).map_err(|error| damaged(words(&error)))? {
            self.ready.push_back(copied(&yuv, self.limits)?);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), VideoError> {
        let (number, decoded) = (self.next as u64, self.given);
        let damaged = |reason: String| VideoError::DamagedFrame { number, decoded, reason };
        for yuv in self.decoder.flush_remaining().map_err(|error| damaged(words(&error)))? {
            self.ready.push_back(copied(&yuv, self.limits)?);
        }
        Ok(())
    }
}

/// The decoder's words, without what it says of itself.
fn words(error: &openh264::Error) -> String {
    let said = error.to_string();
    let code = said.split("Native:").nth(1).and_then(|rest| rest.split('.').next()).unwrap_or_default();
    format!("the decoder says {code}; it reads neither interlaced nor lossless pictures")
}

/// The units of a sample, each with a start code instead of its length; nothing if one is cut off.
fn units(mut sample: &[u8], length_bytes: usize, into: &mut Vec<u8>) -> Option<()> {
    while !sample.is_empty() {
        let (length, rest) = sample.split_at_checked(length_bytes)?;
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let (unit, rest) = rest.split_at_checked(length)?;
        if !unit.is_empty() {
            into.extend_from_slice(&START);
            into.extend_from_slice(unit);
        }
        sample = rest;
    }
    Some(())
}

/// The decoder's picture without its padding.
pub(crate) fn copied(yuv: &DecodedYUV<'_>, limits: Limits) -> Result<Yuv, VideoError> {
    let damaged = || VideoError::Damaged { form: Form::Mp4, reason: "the decoder gave an incomplete picture".into() };
    let (width, height) = yuv.dimensions();
    Limits::check("pixels in a frame", (width as u64).saturating_mul(height as u64), limits.pixels)?;
    let sides = (u32::try_from(width), u32::try_from(height));
    let (Ok(sides_width), Ok(sides_height)) = sides else { return Err(damaged()) };
    let mut planes = Vec::with_capacity(Yuv::length(sides_width, sides_height));
    let (y, u, v) = yuv.strides();
    let half = (width.div_ceil(2), height.div_ceil(2));
    for (plane, stride, (width, height)) in [(yuv.y(), y, (width, height)), (yuv.u(), u, half), (yuv.v(), v, half)] {
        for row in 0..height {
            let row = plane.get(row * stride..).and_then(|rest| rest.get(..width)).ok_or_else(damaged)?;
            planes.extend_from_slice(row);
        }
    }
    Ok(Yuv { width: sides_width, height: sides_height, planes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_get_start_codes_or_are_refused() {
        let mut into = Vec::new();
        assert_eq!(units(&[0, 2, 7, 8, 0, 0, 0, 1, 9], 2, &mut into), Some(()));
        assert_eq!(into, [0, 0, 0, 1, 7, 8, 0, 0, 0, 1, 9]);
        assert_eq!(units(&[0], 2, &mut into), None);
        assert_eq!(units(&[0, 2, 7], 2, &mut into), None);
    }
}
