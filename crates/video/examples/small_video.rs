//! Writes the MP4 file that tests start from, `tests/data/small.mp4`: a window that moves over generated scenes, 96 × 64
//! pixels, 24 frames, 12 a second.
//!
//! `cargo run -p sightline-video --example small_video -- FILE`
#![expect(clippy::unwrap_used, reason = "a program for developers")]

use openh264::OpenH264API;
use openh264::encoder::{BitRate, Encoder, EncoderConfig, FrameRate, IntraFramePeriod};
use openh264::formats::{RgbSliceU8, YUVBuffer};
use sightline_pictures::{Picture, generate};

const WIDTH: u16 = 96;
const HEIGHT: u16 = 64;
const FRAMES: u32 = 24;
const RATE: u32 = 12;

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(60_000))
        .max_frame_rate(FrameRate::from_hz(12.0))
        .intra_frame_period(IntraFramePeriod::from_num_frames(12));
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).unwrap();
    let scenes = [3, 8].map(|index| generate(&[7; 32], index).picture.scale(160, 120).unwrap());
    let (mut sets, mut samples) = (Vec::new(), Vec::new());
    for number in 0..FRAMES {
        let window = window(&scenes[usize::from(number >= FRAMES / 2)], number as usize * 2);
        let rgb = RgbSliceU8::new(&window, (WIDTH.into(), HEIGHT.into()));
        let stream = encoder.encode(&YUVBuffer::from_rgb_source(rgb)).unwrap().to_vec();
        let mut sample = Vec::new();
        for unit in openh264::nal_units(&stream) {
            let unit = unit.strip_prefix(&[0, 0, 0, 1]).or_else(|| unit.strip_prefix(&[0, 0, 1])).unwrap();
            match unit[0] & 0x1f {
                7 | 8 if number == 0 => sets.push(unit.to_vec()),
                7 | 8 => {}
                _ => sample.extend([&u32::try_from(unit.len()).unwrap().to_be_bytes(), unit].concat()),
            }
        }
        assert!(!sample.is_empty(), "the encoder left out frame {number}");
        samples.push(sample);
    }
    std::fs::write(file, movie(&sets[0], &sets[1], &samples)).unwrap();
}

/// The pixels of a window whose left edge is at `left`.
fn window(scene: &Picture, left: usize) -> Vec<u8> {
    let rows = scene.rgb().chunks_exact(3 * scene.width() as usize).skip(20).take(HEIGHT.into());
    rows.flat_map(|row| row[3 * left..][..3 * usize::from(WIDTH)].to_vec()).collect()
}

fn movie(sequence: &[u8], picture: &[u8], samples: &[Vec<u8>]) -> Vec<u8> {
    let kind = part(*b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isomavc1mp41"]);
    // The length of the table does not depend on where the frames lie.
    let place = kind.len() + table(sequence, picture, samples, 0).len() + 8;
    let table = table(sequence, picture, samples, u32::try_from(place).unwrap());
    [kind, table, part(*b"mdat", &[&samples.concat()])].concat()
}

fn table(sequence: &[u8], picture: &[u8], samples: &[Vec<u8>], place: u32) -> Vec<u8> {
    let count = u32::try_from(samples.len()).unwrap();
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let [w, h] = [WIDTH, HEIGHT].map(u16::to_be_bytes);
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let config = part(
        *b"avcC",
        &[&[1], &sequence[1..4], &[0xff, 0xe1], &length(sequence), sequence, &[1], &length(picture), picture],
    );
    let entry = part(
        *b"avc1",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &w,
            &h,
            &words(&[0x48_0000, 0x48_0000, 0]),
            &[0, 1],
            &[0; 32],
            &[0, 24, 0xff, 0xff],
            &config,
        ],
    );
    let sizes: Vec<u32> = samples.iter().map(|sample| u32::try_from(sample.len()).unwrap()).collect();
    let stbl = part(
        *b"stbl",
        &[
            &part(*b"stsd", &[&words(&[0, 1]), &entry]),
            &part(*b"stts", &[&words(&[0, 1, count, 1])]),
            &part(*b"stsc", &[&words(&[0, 1, 1, count, 1])]),
            &part(*b"stsz", &[&words(&[0, 0, count]), &words(&sizes)]),
            &part(*b"stco", &[&words(&[0, 1, place])]),
        ],
    );
    let here = part(*b"url ", &[&words(&[1])]);
    let minf = part(
        *b"minf",
        &[
            &part(*b"vmhd", &[&words(&[1, 0, 0])]),
            &part(*b"dinf", &[&part(*b"dref", &[&words(&[0, 1]), &here])]),
            &stbl,
        ],
    );
    let mdia = part(
        *b"mdia",
        &[
            &part(*b"mdhd", &[&words(&[0, 0, 0, RATE, count, 0x55c4_0000])]),
            &part(*b"hdlr", &[&words(&[0, 0]), b"vide", &words(&[0, 0, 0]), &[0]]),
            &minf,
        ],
    );
    let matrix = words(&[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
    let tkhd = part(*b"tkhd", &[&words(&[7, 0, 0, 1, 0, count, 0, 0, 0, 0]), &matrix, &w, &[0; 2], &h, &[0; 2]]);
    let mvhd = part(
        *b"mvhd",
        &[&words(&[0, 0, 0, RATE, count, 0x1_0000, 0x0100_0000, 0, 0]), &matrix, &words(&[0, 0, 0, 0, 0, 0, 2])],
    );
    part(*b"moov", &[&mvhd, &part(*b"trak", &[&tkhd, &mdia])])
}

/// A box: its length, its name and what is in it.
fn part(name: [u8; 4], contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let length = u32::try_from(contents.len() + 8).unwrap();
    [&length.to_be_bytes(), &name[..], &contents].concat()
}
