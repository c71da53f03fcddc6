//! Small files of every form, sound and damaged. `data/small.mp4` is made by the example `small_video`.
#![expect(clippy::unwrap_used, reason = "tests")]

use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, ExtendedColorType, RgbaImage};
use sightline_video::{Ffmpeg, Form, Frame, Info, Limits, Video, VideoError};
use std::io::Cursor;
use std::path::Path;

const MP4: &[u8] = include_bytes!("data/small.mp4");

/// The frames up to the first error, and that.
fn frames(bytes: &[u8], limits: Limits) -> (Vec<Frame>, Option<VideoError>) {
    let video = match Video::open_within(Cursor::new(bytes), limits) {
        Ok(video) => video,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let (mut frames, mut failed) = (Vec::new(), None);
    for frame in video {
        match frame {
            Ok(frame) => frames.push(frame),
            Err(error) => failed = Some(error),
        }
    }
    (frames, failed)
}

fn error(bytes: &[u8]) -> VideoError {
    frames(bytes, Limits::default()).1.unwrap()
}

/// `bytes` with `found` replaced where it is first.
fn with(bytes: &[u8], found: &[u8], by: &[u8]) -> Vec<u8> {
    let at = place(bytes, found);
    [&bytes[..at], by, &bytes[at + found.len()..]].concat()
}

fn place(bytes: &[u8], found: &[u8]) -> usize {
    bytes.windows(found.len()).position(|window| window == found).unwrap()
}

/// `MP4` with a number changed that lies so many bytes after a name.
fn patched(name: &[u8], after: usize, number: u32) -> Vec<u8> {
    let mut bytes = MP4.to_vec();
    let at = place(&bytes, name) + name.len() + after;
    bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[test]
fn an_mp4_gives_its_frames_with_their_times() {
    let info = Video::open(Cursor::new(MP4)).unwrap().info();
    assert_eq!(info, Info { form: Form::Mp4, width: 96, height: 64, rate: Some(12.0), frames: Some(24) });
    let (frames, failed) = frames(MP4, Limits::default());
    assert!(failed.is_none());
    assert_eq!(frames.len(), 24);
    for (number, frame) in (0..).zip(&frames) {
        assert_eq!((frame.number, frame.size()), (number, (96, 64)));
        assert!((frame.seconds - number as f64 / 12.0).abs() < 1e-9);
    }
    // The scene changes in the middle, and moves slowly before.
    let difference = |one: usize, other: usize| {
        let [one, other] = [one, other].map(|number| frames[number].picture().unwrap());
        one.rgb().iter().zip(other.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
    };
    assert!(difference(11, 12) > 2 * difference(10, 11), "{} {}", difference(11, 12), difference(10, 11));
    assert!(difference(10, 11) > 0);
}

#[test]
fn a_file_that_is_cut_off_gives_what_is_there_and_says_so() {
    for end in (0..MP4.len()).step_by(7) {
        let (frames, failed) = frames(&MP4[..end], Limits::default());
        assert!(frames.len() < 24);
        assert!(failed.is_some(), "{end}");
    }
    let (frames, failed) = frames(&MP4[..MP4.len() - 1], Limits::default());
    assert_eq!(frames.len(), 23);
    assert!(matches!(failed, Some(VideoError::DamagedFrame { number: 23, decoded: 23, .. })), "{failed:?}");
}

#[test]
fn what_is_not_h264_is_named() {
    let hevc = with(&with(MP4, b"avc1\0\0\0\0", b"hvc1\0\0\0\0"), b"avcC", b"hvcC");
    assert!(matches!(error(&hevc), VideoError::Codec { codec } if codec == "HEVC"), "{:?}", error(&hevc));
    // Names and contents that do not go together.
    assert!(matches!(error(&with(MP4, b"avc1\0\0\0\0", b"vp09\0\0\0\0")), VideoError::Damaged { .. }));
    assert!(matches!(error(&with(MP4, b"vide", b"soun")), VideoError::NoVideoTrack | VideoError::Damaged { .. }));
    assert!(matches!(error(&with(MP4, b"vide", b"text")), VideoError::NoVideoTrack));
    assert!(matches!(error(b"not a video at all"), VideoError::UnknownForm));
    assert!(matches!(error(b""), VideoError::UnknownForm));
}

#[test]
fn tables_that_lie_are_refused() {
    // Sides as the file says, sizes, runs and places of frames.
    assert!(matches!(
        error(&patched(b"avc1\0\0\0\0", 20, u32::MAX)),
        VideoError::TooMany { what: "pixels in a frame", .. }
    ));
    assert!(matches!(error(&patched(b"stsz", 4, 100)), VideoError::DamagedFrame { .. } | VideoError::Damaged { .. }));
    assert!(matches!(error(&patched(b"stts", 8, 3)), VideoError::Damaged { .. }));
    assert!(matches!(error(&patched(b"stsc", 12, 3)), VideoError::Damaged { .. }));
    assert!(matches!(error(&patched(b"stco", 8, u32::MAX)), VideoError::DamagedFrame { number: 0, .. }));
    assert!(matches!(error(&patched(b"mdhd", 12, 0)), VideoError::Damaged { .. }));
    let endless = patched(b"stts", 8, u32::MAX);
    let at = place(MP4, b"stsz") + 8;
    let endless = [&endless[..at], &1_u32.to_be_bytes(), &endless[at + 4..]].concat();
    assert!(matches!(error(&endless), VideoError::TooMany { what: "frames", .. }));
    // A table of contents that is longer than the file, and one longer than any.
    let at = place(MP4, b"moov") - 4;
    for length in [4, 7, 40_000, u32::MAX] {
        let bytes = [&MP4[..at], &length.to_be_bytes(), &MP4[at + 4..]].concat();
        assert!(matches!(error(&bytes), VideoError::Damaged { .. } | VideoError::TooMany { .. }), "{length}");
    }
}

#[test]
fn no_frames_and_fragments_are_told_apart() {
    let mut empty = patched(b"stsz", 8, 0);
    assert!(matches!(error(&empty), VideoError::NoFrames));
    // The same with a box that says that fragments follow.
    let at = place(&empty, b"moov");
    let length = u32::from_be_bytes(empty[at - 4..at].try_into().unwrap());
    let extends = b"\0\0\0\x28mvex\0\0\0\x20trex\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0";
    empty[at - 4..at].copy_from_slice(&(length + 0x28).to_be_bytes());
    empty.splice(at - 4 + length as usize..at - 4 + length as usize, extends.iter().copied());
    assert!(matches!(error(&empty), VideoError::Fragmented), "{:?}", error(&empty));
}

#[test]
fn limits_hold() {
    let usual = Limits::default();
    let what = |limits| match frames(MP4, limits) {
        (_, Some(VideoError::TooMany { what, .. })) => what,
        (frames, other) => panic!("{} frames, {other:?}", frames.len()),
    };
    assert_eq!(what(Limits { bytes: 1000, ..usual }), "bytes");
    assert_eq!(what(Limits { part: 100, ..usual }), "bytes in the table of contents");
    assert_eq!(what(Limits { pixels: 96 * 64 - 1, ..usual }), "pixels in a frame");
    assert_eq!(what(Limits { frames: 23, ..usual }), "frames");
    assert_eq!(what(Limits { work: 96 * 64 * 20, ..usual }), "pixels in all frames");
    assert_eq!(frames(MP4, Limits { work: 96 * 64 * 20, ..usual }).0.len(), 20);
    let gif = gif(5, 100);
    assert_eq!(frames(&gif, Limits { frames: 3, ..usual }).0.len(), 3);
}

/// A picture that changes with `number`.
fn painted(number: u8) -> RgbaImage {
    RgbaImage::from_fn(20, 10, |x, y| {
        image::Rgba([number * 40, if x < 10 { 200 } else { 10 }, if y < 5 { 0 } else { 90 }, 255])
    })
}

fn gif(count: u8, milliseconds: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for number in 0..count {
        let delay = Delay::from_numer_denom_ms(milliseconds, 1);
        encoder.encode_frame(image::Frame::from_parts(painted(number), 0, 0, delay)).unwrap();
    }
    drop(encoder);
    bytes
}

/// An animation of lossless frames, put together from still pictures (RFC 9649, section 2.7).
fn webp(count: u8, milliseconds: u32) -> Vec<u8> {
    let chunk = |name: &[u8; 4], contents: &[u8]| {
        let length = u32::try_from(contents.len()).unwrap().to_le_bytes();
        [name, &length[..], contents, &vec![0; contents.len() % 2]].concat()
    };
    let [w, h] = [19_u32, 9].map(|side| side.to_le_bytes()[..3].to_vec());
    let mut chunks = chunk(b"VP8X", &[&[2, 0, 0, 0][..], &w, &h].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for number in 0..count {
        let mut still = Vec::new();
        WebPEncoder::new_lossless(&mut still).encode(&painted(number), 20, 10, ExtendedColorType::Rgba8).unwrap();
        let header = [&[0; 6][..], &w, &h, &milliseconds.to_le_bytes()[..3], &[0]].concat();
        chunks.extend(chunk(b"ANMF", &[&header, &still[12..]].concat()));
    }
    chunk(b"RIFF", &[&b"WEBP"[..], &chunks].concat())
}

#[test]
fn animations_give_whole_frames_with_their_times() {
    // Of 5 ms browsers and ffmpeg make 100.
    for (milliseconds, shown) in [(250, 0.25), (0, 0.1)] {
        for (form, bytes) in [(Form::Gif, gif(4, milliseconds)), (Form::WebP, webp(4, milliseconds))] {
            let info = Video::open(Cursor::new(&bytes)).unwrap().info();
            assert_eq!(info, Info { form, width: 20, height: 10, rate: None, frames: None });
            let (frames, failed) = frames(&bytes, Limits::default());
            assert!(failed.is_none(), "{failed:?}");
            assert_eq!(frames.len(), 4, "{form}");
            for (number, frame) in (0_u8..).zip(&frames) {
                assert!((frame.seconds - f64::from(number) * shown).abs() < 1e-9, "{form}: {}", frame.seconds);
                let expected: Vec<u8> =
                    painted(number).pixels().flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
                let found = frame.picture().unwrap();
                let off = found.rgb().iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(off <= Some(2), "{form} {number}: {off:?}");
            }
            // The first frame is the picture that a still of the same file gives.
            assert_eq!(frames[0].picture(), sightline_pictures::decode(&bytes));
        }
    }
}

#[test]
fn a_still_picture_is_a_video_of_one_frame() {
    let mut still = Vec::new();
    WebPEncoder::new_lossless(&mut still).encode(&painted(1), 20, 10, ExtendedColorType::Rgba8).unwrap();
    let (frames, failed) = frames(&still, Limits::default());
    assert!(failed.is_none());
    assert_eq!((frames.len(), frames[0].seconds), (1, 0.0));
}

#[test]
fn canvases_that_are_too_large_are_refused_before_they_are_painted() {
    let mut gif = gif(2, 100);
    gif[6..10].fill(0xff);
    assert!(matches!(error(&gif), VideoError::TooMany { what: "pixels in a frame", .. }));
    let mut webp = webp(2, 100);
    let at = place(&webp, b"VP8X") + 12;
    webp[at..at + 6].fill(0xff);
    assert!(matches!(error(&webp), VideoError::TooMany { .. } | VideoError::Damaged { .. }));
}

#[test]
fn ffmpeg_reads_the_rest() {
    let Some(ffmpeg) = Ffmpeg::installed() else {
        eprintln!("SKIPPED: ffmpeg is not installed, so it is not asked for frames");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/small.mp4");
    let other = folder.path().join("-other.avi");
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(&small)
        .args(["-c:v", "mpeg4", "-q:v", "2"])
        .arg(folder.path().join("other.avi"))
        .status();
    assert!(made.unwrap().success());
    std::fs::rename(folder.path().join("other.avi"), &other).unwrap();
    let video = Video::open_file(&other).unwrap();
    let info = video.info();
    assert_eq!(info, Info { form: Form::Ffmpeg, width: 96, height: 64, rate: Some(12.0), frames: None });
    let found: Vec<Frame> = video.map(Result::unwrap).collect();
    let (expected, _) = frames(MP4, Limits::default());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found.seconds - expected.seconds).abs() < 1e-9);
        let (found, expected) = (found.picture().unwrap(), expected.picture().unwrap());
        let off: u64 = found.rgb().iter().zip(expected.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(off < 6 * found.rgb().len() as u64, "{off}");
    }
    // What is no video is refused with its words, and a video that nobody finishes ends the program.
    let text = folder.path().join("text.avi");
    std::fs::write(&text, "no video").unwrap();
    assert!(matches!(Video::open_file(&text), Err(VideoError::Ffmpeg { reason }) if !reason.is_empty()));
    assert!(ffmpeg.open(&other, Limits::default()).unwrap().next().unwrap().is_ok());
    assert!(matches!(ffmpeg.open(&other, Limits { pixels: 10, ..Limits::default() }), Err(VideoError::TooMany { .. })));
}
