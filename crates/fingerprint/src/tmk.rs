//! TMK+PDQF: a video as averages of its frames' features, after Meta's C++ reference (`ThreatExchange`, `tmk/cpp`) and
//! *The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm* (Facebook 2019); the temporal match kernel is
//! Poullot, Tsukatani, Nguyen, Jégou, Satoh, *Temporal Matching Kernel with Explicit Feature Maps* (ACM Multimedia 2015).
//!
//! Frames are brought to 15 a second and to 64 × 64; a frame's feature is the 16 × 16 coefficients that PDQ takes bits from.
//! A [`Tmk`] holds their plain average, and averages weighed by cosines and sines of four periods and 32 frequencies each.
//! [`Tmk::level1`] compares the former, [`Tmk::level2`] the latter at the best shift in time.

use crate::kernels::Level;
use crate::{Luma, pdq};
use sightline_pictures::Picture;
use std::sync::LazyLock;

/// Frames a second that videos are brought to.
pub const FRAMES_PER_SECOND: u32 = 15;
/// Above this value of both levels the reference takes two videos for the same.
pub const THRESHOLD: f64 = 0.7;
/// Numbers in the feature of a frame.
pub const DIMENSION: usize = 256;
/// The most frames a video may have at 15 a second: 77 hours.
pub const MAX_FRAMES: u32 = 1 << 22;

/// Periods of Poullot et al., in frames.
const PERIODS: [u32; 4] = [2731, 4391, 9767, 14653];
/// Frequencies, the constant one included.
const FREQUENCIES: usize = 32;
/// Most offsets times frequencies of a file: fifteen times those of [`PERIODS`].
const MOST_OFFSETS: u64 = 1 << 24;
/// Side of the picture that frames are shrunk to.
const SIDE: usize = 64;

/// The weights of the frequencies: those of Poullot et al. for a kernel of von Mises with β = 32, which are
/// (I₀(β) − e^−β) / (2 sinh β) and Iⱼ(β) / sinh β.
static WEIGHTS: LazyLock<[f32; FREQUENCIES]> = LazyLock::new(|| {
    const BETA: f64 = 32.0;
    // The power series has positive terms only.
    let bessel = |order: usize| {
        let mut term = (1..=order).fold(1.0, |term, k| term * BETA / 2.0 / k as f64);
        (1..200).fold(term, |sum, k| {
            term *= BETA * BETA / 4.0 / (k * (k + order)) as f64;
            sum + term
        })
    };
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps them in single precision")]
    std::array::from_fn(|order| match order {
        0 => ((bessel(0) - (-BETA).exp()) / (2.0 * BETA.sinh())) as f32,
        order => (bessel(order) / BETA.sinh()) as f32,
    })
});

/// A video that has no TMK hash, a file that holds none, or two that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TmkError {
    /// There was no frame.
    #[error("the video has no frames")]
    NoFrames,
    /// More than [`MAX_FRAMES`].
    #[error("the video is longer than {MAX_FRAMES} frames at {FRAMES_PER_SECOND} a second")]
    TooLong,
    /// The time of a frame is no number, or before that of the last.
    #[error("frame {number} is shown before the one before it")]
    Order {
        /// Which one, from 0.
        number: u64,
    },
    /// The bytes do not begin as such a file does.
    #[error("it is no TMK file with features of PDQF")]
    NotTmk,
    /// The file is too short or too long for what its header says.
    #[error("the TMK file has {found} bytes, its header says {expected}")]
    Length {
        /// What there is.
        found: u64,
        /// What there should be.
        expected: u64,
    },
    /// A number in the file is not in its range.
    #[error("{what} in the TMK file is out of range")]
    OutOfRange {
        /// Which.
        what: &'static str,
    },
    /// The two were computed differently.
    #[error("the two hashes differ in {what}, so they cannot be compared")]
    Incompatible {
        /// In what.
        what: &'static str,
    },
}

/// The feature of a frame: the 16 × 16 coefficients, row by row.
pub type Feature = [f32; DIMENSION];

/// The feature of a frame.
pub fn feature(frame: &Picture) -> Feature {
    let luma = shrunk(&Luma::of(frame));
    let mut samples = Box::new([[0.0; SIDE]; SIDE]);
    samples.as_flattened_mut().copy_from_slice(&luma);
    let dct = pdq::transform(Level::best(), &samples);
    dct.as_flattened().try_into().expect("16 × 16 coefficients")
}

/// 64 × 64 samples by ffmpeg's default filter, a bicubic one (B = 0, C = 0.6) that is as wide as what it shrinks; edges are
/// continued. The reference filters planes of whole numbers and rounds twice, we filter brightness once without rounding.
fn shrunk(luma: &Luma) -> Vec<f32> {
    let (across, down) = (taps(luma.width()), taps(luma.height()));
    let mut out = vec![0.0; SIDE * SIDE];
    let mut narrow = [0.0; SIDE];
    for (y, row) in luma.values().chunks_exact(luma.width()).enumerate() {
        for (value, tap) in narrow.iter_mut().zip(&across) {
            *value = tap.weights.iter().zip(&row[tap.first..]).map(|(weight, value)| weight * value).sum();
        }
        for (tap, out) in down.iter().zip(out.chunks_exact_mut(SIDE)) {
            let Some(weight) = y.checked_sub(tap.first).and_then(|index| tap.weights.get(index)) else { continue };
            out.iter_mut().zip(&narrow).for_each(|(out, value)| *out += weight * value);
        }
    }
    out
}

/// Which values make up one: the weights from the first on.
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize) -> [Tap; SIDE] {
    let scale = from as f64 / SIDE as f64;
    let stretch = scale.max(1.0);
    let cubic = |x: f64| match x.abs() {
        x if x < 1.0 => 1.4 * x.powi(3) - 2.4 * x.powi(2) + 1.0,
        x if x < 2.0 => -0.6 * x.powi(3) + 3.0 * x.powi(2) - 4.8 * x + 2.4,
        _ => 0.0,
    };
    std::array::from_fn(|place| {
        let centre = (place as f64 + 0.5) * scale - 0.5;
        #[expect(clippy::cast_possible_truncation, reason = "sides are short")]
        let (low, high) = ((centre - 2.0 * stretch).floor() as i64, (centre + 2.0 * stretch).ceil() as i64);
        let inside = |x: i64| usize::try_from(x).unwrap_or(0).min(from - 1);
        let (first, last) = (inside(low), inside(high));
        let mut weights = vec![0.0; last - first + 1];
        for x in low..=high {
            weights[inside(x) - first] += cubic((x as f64 - centre) / stretch);
        }
        let sum: f64 = weights.iter().sum();
        #[expect(clippy::cast_possible_truncation, reason = "pictures are in single precision")]
        let weights = weights.into_iter().map(|weight| (weight / sum) as f32).collect();
        Tap { first, weights }
    })
}

/// Hashes a video, frame by frame. It holds two frames' features and the averages, however long the video is.
#[derive(Debug)]
pub struct Hasher {
    /// How long a frame is shown on average, in frames of the output.
    usual: f64,
    steady: Steady,
    /// The frame that came last, which waits for the next one to tell how long it was shown.
    waiting: Option<(f64, Box<Feature>)>,
    /// The frame before it.
    before: Option<Box<Feature>>,
    /// How long that was shown; the last frame is taken to be shown as long.
    shown: f64,
    seen: u64,
    tmk: Tmk,
}

impl Hasher {
    /// A hasher for a video with `rate` frames a second, if that is known.
    pub fn new(rate: Option<f64>) -> Self {
        let output = f64::from(FRAMES_PER_SECOND);
        let usual = rate.filter(|rate| rate.is_finite() && *rate > 0.0).map_or(1.0, |rate| (output / rate).min(1.0));
        let tmk = Tmk {
            frames_per_second: FRAMES_PER_SECOND,
            frames: 0,
            periods: PERIODS.to_vec(),
            weights: WEIGHTS.to_vec(),
            average: vec![0.0; DIMENSION],
            cosines: vec![0.0; PERIODS.len() * FREQUENCIES * DIMENSION],
            sines: vec![0.0; PERIODS.len() * FREQUENCIES * DIMENSION],
        };
        Self { usual, steady: Steady::default(), waiting: None, before: None, shown: 0.0, seen: 0, tmk }
    }

    /// Adds the next frame, shown `seconds` after the first one.
    ///
    /// # Errors
    /// [`TmkError::Order`] or [`TmkError::TooLong`].
    pub fn add(&mut self, seconds: f64, frame: &Picture) -> Result<(), TmkError> {
        self.add_feature(seconds, feature(frame))
    }

    /// As [`Hasher::add`], from the feature.
    ///
    /// # Errors
    /// As [`Hasher::add`].
    pub fn add_feature(&mut self, seconds: f64, feature: Feature) -> Result<(), TmkError> {
        let number = self.seen;
        self.seen += 1;
        let at = seconds * f64::from(FRAMES_PER_SECOND);
        let shown = self.waiting.as_ref().map_or(0.0, |(start, _)| at - start);
        if !at.is_finite() || shown < 0.0 {
            return Err(TmkError::Order { number });
        }
        self.settle(shown)?;
        self.shown = shown;
        self.waiting = Some((at, Box::new(feature)));
        Ok(())
    }

    /// Gives the waiting frame, shown for so long, to the averages.
    fn settle(&mut self, shown: f64) -> Result<(), TmkError> {
        let Some((at, feature)) = self.waiting.take() else { return Ok(()) };
        let whole = shown.round_ties_even();
        let (before, this) = self.steady.copies(at, if whole > 0.0 { whole } else { self.usual });
        if before.saturating_add(this) > u64::from(MAX_FRAMES - self.tmk.frames) {
            return Err(TmkError::TooLong);
        }
        let earlier = self.before.take();
        for _ in 0..before {
            ingest(&mut self.tmk, earlier.as_deref().unwrap_or(&feature));
        }
        for _ in 0..this {
            ingest(&mut self.tmk, &feature);
        }
        self.before = Some(feature);
        Ok(())
    }

    /// The hash of the video.
    ///
    /// # Errors
    /// [`TmkError::NoFrames`], or [`TmkError::TooLong`].
    pub fn finish(mut self) -> Result<Tmk, TmkError> {
        self.settle(self.shown)?;
        if self.tmk.frames == 0 {
            return Err(TmkError::NoFrames);
        }
        let Tmk { frames, average, cosines, sines, .. } = &mut self.tmk;
        for value in average.iter_mut() {
            *value /= *frames as f32;
        }
        for (index, (cosines, sines)) in
            cosines.chunks_exact_mut(DIMENSION).zip(sines.chunks_exact_mut(DIMENSION)).enumerate()
        {
            let weight = WEIGHTS[index % FREQUENCIES].sqrt();
            for values in [cosines, sines] {
                normalize(values);
                for value in values {
                    *value *= weight;
                }
            }
        }
        Ok(self.tmk)
    }
}

/// How ffmpeg 4 and 5 make a video's rate constant (`-r 15`): frames are repeated and left out so that none is far off its
/// place, and the output may run two frames ahead.
#[derive(Debug, Default)]
struct Steady {
    /// How many frames were given out.
    given: u64,
}

impl Steady {
    /// How often the frame before, and then this one, is given out; `at` is its time and `shown` how long it is shown, both
    /// in frames of the output.
    fn copies(&mut self, at: f64, shown: f64) -> (u64, u64) {
        let early = at - self.given as f64;
        let late = early + shown;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and is limited by the caller"
        )]
        let whole = |frames: f64| frames.round_ties_even().max(0.0) as u64;
        let (before, copies) = match (early, late) {
            // Begins early and is still to be seen at its place.
            (early, late) if early < 0.0 && late > 0.0 => (0, if late > 1.1 { whole(late) } else { 1 }),
            (_, late) if late < -1.1 => (0, 0),
            (early, late) if late > 1.1 => (if early > 1.1 { whole(early - 0.6) } else { 0 }, whole(late)),
            _ => (0, 1),
        };
        let before = before.min(copies);
        self.given = self.given.saturating_add(copies);
        (before, copies - before)
    }
}

/// Adds a frame to all averages, in the precision and order of the reference.
fn ingest(tmk: &mut Tmk, feature: &Feature) {
    let frame = f64::from(tmk.frames);
    tmk.frames += 1;
    tmk.average.iter_mut().zip(feature).for_each(|(sum, value)| *sum += value);
    let mut unit = *feature;
    normalize(&mut unit);
    for (index, (cosines, sines)) in
        tmk.cosines.chunks_exact_mut(DIMENSION).zip(tmk.sines.chunks_exact_mut(DIMENSION)).enumerate()
    {
        let (period, frequency) = (PERIODS[index / FREQUENCIES], index % FREQUENCIES);
        if frequency == 0 {
            cosines.iter_mut().zip(&unit).for_each(|(sum, value)| *sum += value);
            continue;
        }
        let angle = std::f64::consts::TAU * frequency as f64 * frame / f64::from(period);
        let (sine, cosine) = angle.sin_cos();
        for (sums, factor) in [(cosines, cosine), (sines, sine)] {
            #[expect(clippy::cast_possible_truncation, reason = "as in the reference")]
            let add = |(sum, value): (&mut f32, &f32)| *sum = (f64::from(*sum) + f64::from(*value) * factor) as f32;
            sums.iter_mut().zip(&unit).for_each(add);
        }
    }
}

/// Divides by the Euclidean length, unless that is 0.
fn normalize(values: &mut [f32]) {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in values {
            *value /= length;
        }
    }
}

/// The hash of a video: 256 KiB, however long the video is.
#[derive(Debug, Clone, PartialEq)]
pub struct Tmk {
    frames_per_second: u32,
    frames: u32,
    periods: Vec<u32>,
    weights: Vec<f32>,
    average: Vec<f32>,
    /// By period, then frequency, then place in the feature.
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Tmk {
    /// How many frames went in, at 15 a second.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The plain average of the frames' features.
    pub fn average(&self) -> &[f32] {
        &self.average
    }

    /// Cosine similarity of the plain averages, −1 to 1. It tells whether the dearer [`Tmk::level2`] is worth its while.
    ///
    /// # Errors
    /// [`TmkError::Incompatible`].
    pub fn level1(&self, other: &Self) -> Result<f64, TmkError> {
        self.comparable(other)?;
        let length = |values: &[f32]| dot(values, values).sqrt();
        let lengths = length(&self.average) * length(&other.average);
        Ok(if lengths > 0.0 { dot(&self.average, &other.average) / lengths } else { 0.0 })
    }

    /// The temporal match kernel at the best shift in time of the best period, divided by its value for equal videos.
    ///
    /// # Errors
    /// [`TmkError::Incompatible`].
    pub fn level2(&self, other: &Self) -> Result<f64, TmkError> {
        self.comparable(other)?;
        let frequencies = self.weights.len();
        let full: f64 = (0..).zip(&self.weights).map(|(j, w)| f64::from(*w) * if j == 0 { 1.0 } else { 2.0 }).sum();
        let mut best: Option<f64> = None;
        for (index, period) in self.periods.iter().enumerate() {
            // Value at a shift δ: c₀ + Σ cos(jδ) (cos·cos + sin·sin) + sin(jδ) (sin·cos − cos·sin).
            let parts: Vec<(f64, f64)> = (0..frequencies)
                .map(|frequency| {
                    let of = |values: &[f32]| -> Vec<f32> {
                        values[(index * frequencies + frequency) * DIMENSION..][..DIMENSION].to_vec()
                    };
                    let (c, s) = (of(&self.cosines), of(&self.sines));
                    let (d, t) = (of(&other.cosines), of(&other.sines));
                    if frequency == 0 {
                        (dot(&c, &d), 0.0)
                    } else {
                        (dot(&c, &d) + dot(&s, &t), dot(&s, &d) - dot(&c, &t))
                    }
                })
                .collect();
            for offset in 0..*period {
                let (sine, cosine) = (std::f64::consts::TAU * f64::from(offset) / f64::from(*period)).sin_cos();
                // The powers of cos δ + i sin δ are cos jδ + i sin jδ.
                let mut power = (1.0, 0.0);
                let mut value = 0.0;
                for (even, odd) in &parts {
                    value += power.0 * even + power.1 * odd;
                    power = (power.0 * cosine - power.1 * sine, power.0 * sine + power.1 * cosine);
                }
                best = Some(best.map_or(value, |best| best.max(value)));
            }
        }
        Ok(best.map_or(0.0, |best| if full > 0.0 { best / full } else { 0.0 }))
    }

    fn comparable(&self, other: &Self) -> Result<(), TmkError> {
        let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
        let weights = self.weights.len() == other.weights.len() && self.weights.iter().zip(&other.weights).all(near);
        let what = match () {
            () if self.frames_per_second != other.frames_per_second => "frames a second",
            () if self.periods != other.periods => "periods",
            () if !weights => "weights of frequencies",
            () => return Ok(()),
        };
        Err(TmkError::Incompatible { what })
    }

    /// The file that the reference writes: little-endian; a header of 32 bytes, periods, weights, average, cosines, sines.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = |count: usize| u32::try_from(count).expect("read from 32 bits, or a constant");
        let header = [
            self.frames_per_second,
            numbers(self.periods.len()),
            numbers(self.weights.len()),
            numbers(DIMENSION),
            self.frames,
        ];
        let mut bytes = MAGIC.to_vec();
        bytes.extend(header.iter().chain(&self.periods).flat_map(|number| number.to_le_bytes()));
        let values = self.weights.iter().chain(&self.average).chain(&self.cosines).chain(&self.sines);
        bytes.extend(values.flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// [`TmkError`] says what is wrong with it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TmkError> {
        let (numbers, []) = bytes.strip_prefix(MAGIC).ok_or(TmkError::NotTmk)?.as_chunks::<4>() else {
            return Err(TmkError::NotTmk);
        };
        let Some(([frames_per_second, periods, weights, dimension, frames], mut rest)) = numbers.split_first_chunk()
        else {
            return Err(TmkError::NotTmk);
        };
        let count = |number: &[u8; 4]| u64::from(u32::from_le_bytes(*number));
        let (frames_per_second, frames) = (u32::from_le_bytes(*frames_per_second), u32::from_le_bytes(*frames));
        let (periods, weights) = (count(periods), count(weights));
        if count(dimension) != DIMENSION as u64 {
            return Err(TmkError::OutOfRange { what: "the length of a feature" });
        }
        // Both fit into 32 bits, and a sum that does not fit into 64 is no file's length.
        let values = 2_u64.checked_mul(DIMENSION as u64 * periods).and_then(|values| values.checked_mul(weights));
        let expected = values.and_then(|values| values.checked_add(periods + weights + DIMENSION as u64));
        if expected != Some(rest.len() as u64) {
            let expected = expected.and_then(|numbers| numbers.checked_mul(4)?.checked_add(32)).unwrap_or(u64::MAX);
            return Err(TmkError::Length { found: bytes.len() as u64, expected });
        }
        let mut take = |count: u64| {
            let (taken, after) = rest.split_at(usize::try_from(count).unwrap_or(rest.len()).min(rest.len()));
            rest = after;
            taken
        };
        let period_list: Vec<u32> = take(periods).iter().map(|number| u32::from_le_bytes(*number)).collect();
        let offsets = period_list.iter().map(|period| u64::from(*period)).sum::<u64>().saturating_mul(weights);
        if period_list.contains(&0) || offsets > MOST_OFFSETS {
            return Err(TmkError::OutOfRange { what: "a period" });
        }
        let mut floats =
            |count: u64| -> Vec<f32> { take(count).iter().map(|bytes| f32::from_le_bytes(*bytes)).collect() };
        let tmk = Self {
            frames_per_second,
            frames,
            periods: period_list,
            weights: floats(weights),
            average: floats(DIMENSION as u64),
            cosines: floats(periods * weights * DIMENSION as u64),
            sines: floats(periods * weights * DIMENSION as u64),
        };
        let mut all = tmk.weights.iter().chain(&tmk.average).chain(&tmk.cosines).chain(&tmk.sines);
        if tmk.weights.iter().any(|weight| *weight < 0.0) {
            return Err(TmkError::OutOfRange { what: "a weight" });
        }
        if !all.all(|value| value.is_finite()) {
            return Err(TmkError::OutOfRange { what: "a value" });
        }
        Ok(tmk)
    }
}

/// How a file begins: project, kind of file, kind of feature.
const MAGIC: &[u8] = b"TMK1FVECPDQF";

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame's feature that changes with time.
    fn moving(number: u32, speed: f32) -> Feature {
        std::array::from_fn(|k| (number as f32 * speed + k as f32 * (0.37 + speed)).sin() * 40.0)
    }

    fn video(numbers: impl IntoIterator<Item = u32>, speed: f32) -> Tmk {
        let mut hasher = Hasher::new(Some(15.0));
        for (place, number) in (0_u32..).zip(numbers) {
            hasher.add_feature(f64::from(place) / 15.0, moving(number, speed)).unwrap();
        }
        hasher.finish().unwrap()
    }

    #[test]
    fn a_video_is_like_itself_and_its_shifted_self_and_not_like_another() {
        let whole = video(0..300, 0.05);
        assert!((whole.level1(&whole).unwrap() - 1.0).abs() < 1e-6);
        assert!((whole.level2(&whole).unwrap() - 1.0).abs() < 1e-3, "{:?}", whole.level2(&whole));
        let part = video(20..300, 0.05);
        assert!(whole.level2(&part).unwrap() > 0.9, "{:?}", whole.level2(&part));
        let other = video(0..300, 0.9);
        assert!(whole.level2(&other).unwrap() < 0.5, "{:?}", whole.level2(&other));
    }

    #[test]
    fn rates_are_made_constant_as_ffmpeg_does_it() {
        let given = |rate: f64, frames: u32| {
            let mut hasher = Hasher::new(Some(rate));
            for number in 0..frames {
                hasher.add_feature(f64::from(number) / rate, moving(number, 0.1)).unwrap();
            }
            hasher.finish().unwrap().frames()
        };
        // The published hashes, by ffmpeg 4.1.
        assert_eq!(given(30.0, 564), 284);
        assert_eq!(given(30.0, 673), 338);
        // What `ffmpeg -r 15` (5.1) made of 100 frames of these rates.
        let rates = [5.0, 10.0, 12.0, 24.0, 25.0, 30_000.0 / 1001.0, 30.0, 50.0, 60.0];
        assert_eq!(rates.map(|rate| given(rate, 100)), [300, 151, 125, 64, 62, 52, 52, 32, 27]);
        assert_eq!(given(15.0, 100), 100);
    }

    #[test]
    fn what_cannot_be_a_video_is_refused() {
        assert_eq!(Hasher::new(None).finish().unwrap_err(), TmkError::NoFrames);
        let mut hasher = Hasher::new(None);
        hasher.add_feature(1.0, moving(0, 1.0)).unwrap();
        assert_eq!(hasher.add_feature(0.5, moving(0, 1.0)), Err(TmkError::Order { number: 1 }));
        assert_eq!(hasher.add_feature(f64::NAN, moving(0, 1.0)), Err(TmkError::Order { number: 2 }));
        let mut hasher = Hasher::new(None);
        hasher.add_feature(0.0, moving(0, 1.0)).unwrap();
        assert_eq!(hasher.add_feature(1e18, moving(0, 1.0)), Err(TmkError::TooLong));
    }

    #[test]
    fn bytes_and_back() {
        let tmk = video(0..20, 0.3);
        let bytes = tmk.to_bytes();
        assert_eq!(Tmk::from_bytes(&bytes), Ok(tmk.clone()));
        for end in [0, 11, 12, 31, 32, 40, bytes.len() - 4, bytes.len() - 1] {
            assert!(Tmk::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let changed = |at: usize, number: u32| {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            Tmk::from_bytes(&bytes)
        };
        assert!(matches!(changed(16, u32::MAX), Err(TmkError::Length { .. })));
        assert_eq!(changed(24, 255), Err(TmkError::OutOfRange { what: "the length of a feature" }));
        assert_eq!(changed(32, 0), Err(TmkError::OutOfRange { what: "a period" }));
        assert_eq!(changed(32, u32::MAX), Err(TmkError::OutOfRange { what: "a period" }));
        assert_eq!(changed(bytes.len() - 4, f32::NAN.to_bits()), Err(TmkError::OutOfRange { what: "a value" }));
        let slower = changed(12, 10).unwrap();
        assert_eq!(tmk.level1(&slower), Err(TmkError::Incompatible { what: "frames a second" }));
    }

    #[test]
    fn shrinking_keeps_what_is_flat_and_what_is_of_that_size() {
        let flat = Luma::new(301, 77, vec![80.0; 301 * 77]).unwrap();
        assert!(shrunk(&flat).iter().all(|value| (value - 80.0).abs() < 1e-3));
        let values: Vec<f32> = (0..SIDE * SIDE).map(|k| (k * 37 % 251) as f32).collect();
        let same = Luma::new(SIDE, SIDE, values.clone()).unwrap();
        assert!(shrunk(&same).iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-3));
        let tiny = Luma::new(1, 2, vec![0.0, 255.0]).unwrap();
        assert_eq!(shrunk(&tiny).len(), SIDE * SIDE);
    }
}
