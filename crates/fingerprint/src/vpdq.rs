//! vPDQ: the PDQ hashes of a video's frames, after Meta's C++ reference (`ThreatExchange`, `vpdq/cpp`, 2024).
//!
//! Frames are hashed at their own size: the reference of PDQ shrinks what is larger than 512 × 512 first, that of vPDQ does
//! not, and so a frame of a video and the same frame in a picture file may have different hashes.
//!
//! A video's hash is a list of [`Feature`]s, one for each frame that [`Sampling`] takes, in the reference's text form
//! [`read`] and [`write`]. Two videos are compared as bags of frames: which share of each has a near one in the other.

use crate::{FingerprintError, Luma, PdqHash, Stages};
use sightline_pictures::Picture;
use std::fmt::Write;

/// Seconds between frames unless something else is said, as in the reference's Python package.
pub const DEFAULT_SECONDS: f64 = 1.0;
/// The most lines a text may have: 2²⁰ frames, 9.7 hours at 30 a second.
pub const MAX_FEATURES: usize = 1 << 20;

/// The hash of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// The frame's number in the video, from 0.
    pub number: u64,
    /// Amount of detail, 0 to 100.
    pub quality: u8,
    /// Its PDQ hash.
    pub hash: PdqHash,
    /// When it is shown, in seconds.
    pub seconds: f64,
}

/// Which frames are hashed: the first one, and then one every so many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Frames a second, if they are shown at a rate.
    rate: Option<f64>,
    seconds: f64,
    /// Time from which on the next one is taken.
    next: f64,
}

impl Sampling {
    /// Every `seconds`, rounded down to whole frames and to at least one, as the reference does it; 0 takes every frame.
    /// A video without a `rate` (frames a second) is sampled by the times of its frames, which is not in the reference.
    pub fn new(rate: Option<f64>, seconds: f64) -> Self {
        let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
        Self { rate, seconds: seconds.max(0.0), next: 0.0 }
    }

    /// Whether the frame of this number and time is hashed. Frames are asked about in their order.
    pub fn takes(&mut self, number: u64, seconds: f64) -> bool {
        if let Some(rate) = self.rate {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the reference truncates")]
            let step = (self.seconds * rate) as u64;
            return number.is_multiple_of(step.max(1));
        }
        let taken = seconds >= self.next;
        if taken {
            self.next = seconds + self.seconds;
        }
        taken
    }

    /// The feature of a frame that is taken. As in the reference its time is its number divided by the rate, where there is
    /// one, and else the time at which it is shown.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if the frame is too small for PDQ.
    pub fn feature(&self, number: u64, seconds: f64, frame: &Picture) -> Result<Feature, FingerprintError> {
        let pdq = Stages::of_luma(Luma::of(frame))?.pdq();
        let seconds = self.rate.map_or(seconds, |rate| number as f64 / rate);
        Ok(Feature { number, quality: pdq.quality, hash: pdq.hash, seconds })
    }
}

/// Which share of each video's frames, of those with enough quality, has one within the distance in the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Percent of the query's frames, 0 to 100.
    pub query: f64,
    /// Percent of the other's frames.
    pub compared: f64,
}

/// Compares two videos. Frames below `quality` are left out on both sides; two agree if they are *less* than `distance` bits
/// apart, as in the reference's code (its description says at most). Equal frames count as often as they occur. Without a
/// frame of enough quality on either side both shares are 0.
pub fn compare(query: &[Feature], compared: &[Feature], distance: u32, quality: u8) -> Agreement {
    let hashes = |features: &[Feature]| -> Vec<PdqHash> {
        features.iter().filter(|feature| feature.quality >= quality).map(|feature| feature.hash).collect()
    };
    let (query, compared) = (hashes(query), hashes(compared));
    let share = |of: &[PdqHash], among: &[PdqHash]| {
        if of.is_empty() || among.is_empty() {
            return 0.0;
        }
        let near = |hash: &&PdqHash| among.iter().any(|other| hash.distance(other) < distance);
        of.iter().filter(near).count() as f64 * 100.0 / of.len() as f64
    };
    Agreement { query: share(&query, &compared), compared: share(&compared, &query) }
}

/// Text that is no vPDQ hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VpdqError {
    /// A line is not `number,quality,hash,seconds`.
    #[error("line {line} is no frame: number,quality,PDQ hash,seconds are expected")]
    Line {
        /// Which one, from 1.
        line: usize,
    },
    /// There are no lines.
    #[error("there are no frames in it")]
    Empty,
    /// There are more than [`MAX_FEATURES`].
    #[error("there are more than {MAX_FEATURES} frames in it")]
    TooMany,
}

/// Reads the reference's text form: a line a frame, `number,quality,hash,seconds`.
///
/// # Errors
/// [`VpdqError`] names the first line that is none.
pub fn read(text: &[u8]) -> Result<Vec<Feature>, VpdqError> {
    let mut features = Vec::new();
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let text = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if text.is_empty() {
            continue;
        }
        if features.len() == MAX_FEATURES {
            return Err(VpdqError::TooMany);
        }
        features.push(std::str::from_utf8(text).ok().and_then(feature).ok_or(VpdqError::Line { line })?);
    }
    if features.is_empty() { Err(VpdqError::Empty) } else { Ok(features) }
}

fn feature(line: &str) -> Option<Feature> {
    let mut fields = line.split(',');
    let mut field = || fields.next();
    let number = field()?.parse().ok()?;
    let quality = field()?.parse().ok().filter(|quality| *quality <= 100)?;
    let hash = PdqHash::from_hex(field()?).ok()?;
    let seconds = field()?.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)?;
    fields.next().is_none().then_some(Feature { number, quality, hash, seconds })
}

/// The reference's text form, times to the millisecond.
pub fn write(features: &[Feature]) -> String {
    let mut text = String::new();
    for Feature { number, quality, hash, seconds } in features {
        writeln!(text, "{number},{quality},{hash},{seconds:.3}").expect("a text can be written to");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(number: u64, quality: u8, flipped: impl IntoIterator<Item = u8>) -> Feature {
        let hash = PdqHash::from_bytes([0x5a; 32]).with_flipped(flipped);
        Feature { number, quality, hash, seconds: number as f64 / 4.0 }
    }

    fn taken(rate: Option<f64>, seconds: f64, times: impl IntoIterator<Item = f64>) -> Vec<u64> {
        let mut sampling = Sampling::new(rate, seconds);
        (0..).zip(times).filter(|(number, time)| sampling.takes(*number, *time)).map(|(number, _)| number).collect()
    }

    #[test]
    fn steps_are_rounded_down_to_whole_frames_and_to_at_least_one() {
        let times = || (0..90).map(|number| f64::from(number) / 29.97);
        assert_eq!(taken(Some(29.97), 1.0, times()), [0, 29, 58, 87]);
        assert_eq!(taken(Some(29.97), 0.0, times()).len(), 90);
        assert_eq!(taken(Some(0.5), 1.0, times()).len(), 90);
        assert_eq!(taken(None, 1.0, [0.0, 0.5, 1.0, 1.9, 2.5, 3.4, 3.5]), [0, 2, 4, 6]);
        assert_eq!(taken(Some(f64::NAN), 0.0, times()).len(), 90);
    }

    #[test]
    fn shares_count_frames_of_quality_that_are_less_than_the_distance_apart() {
        let one = [feature(0, 100, []), feature(1, 100, 0..100), feature(2, 49, []), feature(3, 50, 0..200)];
        let other = [feature(0, 100, 0..31), feature(1, 80, 0..90)];
        assert_eq!(compare(&one, &other, 31, 50), Agreement { query: 100.0 / 3.0, compared: 50.0 });
        assert_eq!(compare(&one, &other, 32, 50), Agreement { query: 200.0 / 3.0, compared: 100.0 });
        assert_eq!(compare(&one, &[], 31, 50), Agreement { query: 0.0, compared: 0.0 });
    }

    #[test]
    fn text_and_back() {
        let features = [feature(0, 100, []), feature(7, 3, [255])];
        assert_eq!(read(write(&features).as_bytes()), Ok(features.to_vec()));
        let hash = "0f".repeat(32);
        for line in ["", "1,2", &format!("1,101,{hash},0"), &format!("1,1,{hash},-1"), &format!("1,1,{hash},0,x")] {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
        assert_eq!(read(format!("1,1,{hash},0\n\n1,1,00,0").as_bytes()), Err(VpdqError::Line { line: 3 }));
    }
}
