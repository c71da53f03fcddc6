use sightline_fingerprint::PdqHash;
use sightline_fingerprint::tmk::Tmk;
use sightline_fingerprint::vpdq::{self, Feature};
use sightline_video::{Limits, Video};
use std::io::Cursor;

/// Small enough for a case to take milliseconds.
const LIMITS: Limits = Limits { bytes: 1 << 20, part: 1 << 20, pixels: 1 << 16, frames: 64, work: 1 << 20 };

/// A file of any form: its frames are within the limits, and nothing comes after an error.
fn frames(bytes: &[u8]) {
    let Ok(mut video) = Video::open_within(Cursor::new(bytes), LIMITS) else { return };
    let (mut count, mut work) = (0, 0);
    for frame in video.by_ref().map_while(Result::ok) {
        let (width, height) = frame.size();
        let picture = frame.picture().expect("the limits are narrower than those of pictures");
        assert_eq!((picture.width(), picture.height()), (width, height));
        assert!(frame.seconds.is_finite() && frame.seconds >= 0.0);
        assert_eq!(frame.number, count);
        count += 1;
        work += u64::from(width) * u64::from(height);
    }
    assert!(count <= LIMITS.frames && work <= LIMITS.work);
    assert!(video.next().is_none());
}

/// An MP4 file with H.264.
pub fn movie(bytes: &[u8]) {
    frames(bytes);
}

pub(super) fn movie_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../../crates/video/tests/data/small.mp4").into()]
}

/// A GIF or WebP file.
pub fn animation(bytes: &[u8]) {
    frames(bytes);
}

pub(super) fn animation_seeds() -> Vec<Vec<u8>> {
    // Two frames of one pixel each: GIF, and lossless WebP (RFC 9649, section 2.7).
    let mut gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00".to_vec();
    for delay in [10, 0] {
        gif.extend([b'!', 0xf9, 4, 0, delay, 0, 0, 0]);
        gif.extend(b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00");
    }
    gif.push(b';');
    let chunk = |name: &[u8; 4], contents: &[u8]| {
        let length = u32::try_from(contents.len()).expect("it is short").to_le_bytes();
        [name, &length[..], contents, &vec![0; contents.len() % 2]].concat()
    };
    let still = chunk(b"VP8L", b"\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07");
    let frame = chunk(b"ANMF", &[&[0; 12][..], &[100, 0, 0, 0], &still].concat());
    let canvas = chunk(b"VP8X", &[2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let webp = [&b"WEBP"[..], &canvas, &chunk(b"ANIM", &[0; 6]), &frame, &frame].concat();
    vec![gif, chunk(b"RIFF", &webp)]
}

/// A file of TMK+PDQF: what is read is written as the same, and compares with itself.
pub fn tmk(bytes: &[u8]) {
    let Ok(tmk) = Tmk::from_bytes(bytes) else { return };
    assert_eq!(tmk.to_bytes(), bytes);
    let (one, two) = (tmk.level1(&tmk), tmk.level2(&tmk));
    assert!(one.is_ok_and(f64::is_finite) && two.is_ok_and(f64::is_finite));
}

pub(super) fn tmk_seeds() -> Vec<Vec<u8>> {
    let file = |periods: &[u32], weights: &[f32]| {
        let count = |count: usize| u32::try_from(count).expect("it is short");
        let header = [15, count(periods.len()), count(weights.len()), 256, 7];
        let values = 256 * (1 + 2 * periods.len() * weights.len());
        let mut bytes = b"TMK1FVECPDQF".to_vec();
        bytes.extend(header.iter().chain(periods).flat_map(|number| number.to_le_bytes()));
        bytes.extend(weights.iter().flat_map(|weight| weight.to_le_bytes()));
        bytes.extend((0..count(values)).flat_map(|number| (number as f32 * 0.7 - 100.0).to_le_bytes()));
        bytes
    };
    vec![file(&[3], &[0.5]), file(&[5, 7], &[0.3, 0.4]), file(&[], &[])]
}

/// The frames of vPDQ as text: what is read can be written and read as nearly the same.
pub fn vpdq(bytes: &[u8]) {
    let Ok(features) = vpdq::read(bytes) else { return };
    let again = vpdq::read(vpdq::write(&features).as_bytes()).expect("what was written can be read");
    // Times are written to the millisecond.
    let same = |(one, other): (&Feature, &Feature)| {
        (one.number, one.quality, one.hash) == (other.number, other.quality, other.hash)
            && (one.seconds - other.seconds).abs() <= 0.0006 * one.seconds.max(1.0)
    };
    assert!(features.len() == again.len() && features.iter().zip(&again).all(same));
    let agreement = vpdq::compare(&features, &again, 31, 50);
    assert!([0.0, 100.0].contains(&agreement.query) && (agreement.query - agreement.compared).abs() < 1e-9);
}

pub(super) fn vpdq_seeds() -> Vec<Vec<u8>> {
    let feature = |number: u8| Feature {
        number: number.into(),
        quality: number * 40,
        hash: PdqHash::from_bytes([number; 32]),
        seconds: f64::from(number) / 29.97,
    };
    vec![vpdq::write(&[0, 1, 2].map(feature)).into(), b"7,100,".to_vec()]
}
