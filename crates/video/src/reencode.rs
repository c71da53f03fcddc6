//! What sending a video on does to it: encoded anew by Cisco's `openh264`, and decoded again, in memory.

#[cfg(feature = "h264")]
pub use built::Reencoder;
#[cfg(not(feature = "h264"))]
pub use lacking::Reencoder;

/// Without an encoder.
#[cfg(not(feature = "h264"))]
mod lacking {
    use crate::VideoError;
    use sightline_pictures::Picture;
    use std::convert::Infallible;

    /// An encoder that this build has not: it cannot be made.
    pub struct Reencoder(Infallible);

    impl Reencoder {
        /// None.
        ///
        /// # Errors
        /// [`VideoError::NoEncoder`].
        pub fn new(_: u32, _: u32, _: f64, _: f64) -> Result<Self, VideoError> {
            Err(VideoError::NoEncoder)
        }

        /// Never called.
        ///
        /// # Errors
        /// None.
        pub fn next(&mut self, _: &Picture) -> Result<Picture, VideoError> {
            match self.0 {}
        }

        /// Never called.
        pub fn bits(&self) -> f64 {
            match self.0 {}
        }
    }
}

#[cfg(feature = "h264")]
mod built {
    use crate::{Form, Frame, Limits, VideoError, h264};
    use openh264::OpenH264API;
    use openh264::decoder::Decoder;
    use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, RateControlMode};
    use openh264::formats::{RgbSliceU8, YUVBuffer};
    use sightline_pictures::Picture;

    /// An encoder, and a decoder of what it writes, for pictures of one size.
    pub struct Reencoder {
        encoder: Encoder,
        decoder: Decoder,
        width: u32,
        height: u32,
        frames: u64,
        bits: u64,
    }

    impl Reencoder {
        /// For pictures of `width` and `height` pixels (cut to even lengths of 16 or more, which H.264 wants), shown `rate` times a second, at
        /// `bits` for each pixel of each frame; as near as the encoder comes to it.
        ///
        /// # Errors
        /// [`VideoError`] if the encoder refuses such pictures.
        pub fn new(width: u32, height: u32, rate: f64, bits: f64) -> Result<Self, VideoError> {
            let even = |length: u32| (length & !1).max(16);
            let (width, height) = (even(width), even(height));
            Limits::check("pixels in a frame", u64::from(width) * u64::from(height), Limits::default().pixels)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to what the encoder takes"
            )]
            let target = (f64::from(width) * f64::from(height) * rate * bits).clamp(1e3, 2e9) as u32;
            #[expect(clippy::cast_possible_truncation, reason = "a rate")]
            let config = EncoderConfig::new()
                .bitrate(BitRate::from_bps(target))
                .rate_control_mode(RateControlMode::Bitrate)
                .max_frame_rate(FrameRate::from_hz(rate.clamp(1.0, 240.0) as f32))
                .skip_frames(false);
            let encoder =
                Encoder::with_api_config(OpenH264API::from_source(), config).map_err(|error| refused(&error))?;
            let decoder = Decoder::new().map_err(|error| refused(&error))?;
            Ok(Self { encoder, decoder, width, height, frames: 0, bits: 0 })
        }

        /// What becomes of the next picture, brought to the size of all.
        ///
        /// # Errors
        /// [`VideoError`] if the encoder or the decoder gives up.
        pub fn next(&mut self, picture: &Picture) -> Result<Picture, VideoError> {
            let scaled = picture.scale(self.width, self.height)?;
            let sides = (self.width as usize, self.height as usize);
            let stream = self.encoder.encode(&YUVBuffer::from_rgb_source(RgbSliceU8::new(scaled.rgb(), sides)));
            let stream = stream.map_err(|error| refused(&error))?.to_vec();
            self.frames += 1;
            self.bits += 8 * stream.len() as u64;
            let decoded = self.decoder.decode(&stream).map_err(|error| refused(&error))?;
            let lost = || VideoError::Damaged { form: Form::Mp4, reason: "the encoder left out a frame".into() };
            let yuv = h264::copied(&decoded.ok_or_else(lost)?, Limits::default())?;
            Ok(Frame::of(yuv).picture()?)
        }

        /// Bits for each pixel of each frame, so far.
        pub fn bits(&self) -> f64 {
            self.bits as f64 / (self.frames.max(1) as f64 * f64::from(self.width) * f64::from(self.height))
        }
    }

    fn refused(error: &openh264::Error) -> VideoError {
        VideoError::Damaged { form: Form::Mp4, reason: format!("it cannot be encoded anew: {error}") }
    }
}

#[cfg(all(test, feature = "h264"))]
mod tests {
    use super::*;
    use sightline_pictures::Picture;

    fn difference(one: &Picture, two: &Picture) -> f64 {
        let sum: u64 = one.rgb().iter().zip(two.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / one.rgb().len() as f64
    }

    /// Fewer bits are fewer, and change pictures more; many leave them nearly as they are.
    #[test]
    fn fewer_bits_change_more() {
        let scene = sightline_pictures::generate(&[3; 32], 0).picture.scale(160, 96).unwrap();
        let run = |bits: f64| {
            let mut reencoder = Reencoder::new(160, 96, 12.0, bits).unwrap();
            let changed: Vec<f64> = (0..12).map(|_| difference(&scene, &reencoder.next(&scene).unwrap())).collect();
            (reencoder.bits(), changed.iter().sum::<f64>() / 12.0)
        };
        let ((many, little), (few, much)) = (run(1.0), run(0.01));
        assert!(many > 2.0 * few && much > little, "{many} bits: {little}; {few} bits: {much}");
        assert!(little < 6.0, "{little} levels");
    }

    #[test]
    fn odd_and_tiny_pictures_have_a_size_that_can_be_encoded() {
        for (width, height) in [(1, 1), (33, 17), (15, 400)] {
            let picture = Picture::new(width, height, vec![90; 3 * (width * height) as usize]).unwrap();
            let found = Reencoder::new(width, height, 25.0, 0.1).unwrap().next(&picture).unwrap();
            assert_eq!((found.width() % 2, found.height() % 2), (0, 0));
            assert!(found.rgb().iter().all(|level| level.abs_diff(90) < 8));
        }
    }
}
