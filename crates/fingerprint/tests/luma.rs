//! PDQ from luma on: `docs/vectors/pdq-luma.csv`, computed with Meta's C++ reference on luma that formulas give exactly. Equal
//! luma must give equal stages, bits and quality.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sha2::{Digest as _, Sha256};
use sightline_fingerprint::{Dihedral, Level, Luma, PdqHash, Stages};

const VECTORS: &[u8] = include_bytes!("../../../docs/vectors/pdq-luma.csv");

/// The fields of every line by their name.
fn vectors() -> Vec<impl Fn(&str) -> String> {
    let mut reader = csv::Reader::from_reader(VECTORS);
    let names = reader.headers().unwrap().clone();
    let fields = |record: Result<csv::StringRecord, csv::Error>| {
        let (names, record) = (names.clone(), record.unwrap());
        move |name: &str| record[names.iter().position(|known| known == name).unwrap()].to_owned()
    };
    let all: Vec<_> = reader.records().map(fields).collect();
    assert_eq!(all.len(), 53);
    all
}

/// A picture of the README's formulas.
#[expect(clippy::cast_possible_truncation, reason = "values are at most 256")]
fn drawn(formula: &str, n: u64, width: usize, height: usize) -> Luma {
    let value = |x: u64, y: u64| match formula {
        "flat" => n as f32,
        "ramp" => ((x * n + y) % 256) as f32,
        "checks" => ((x / n + y / n) % 2 * 255) as f32,
        "noise" => {
            let mut word = (n << 40 | y << 20 | x).wrapping_add(0x9e37_79b9_7f4a_7c15);
            word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((word ^ word >> 31) >> 56) as f32
        }
        "mixed" => luma(n as usize, x as usize, y as usize),
        other => panic!("there is no formula {other}"),
    };
    let values = (0..width * height).map(|at| value((at % width) as u64, (at / width) as u64)).collect();
    Luma::new(width, height, values).unwrap()
}

fn luma(n: usize, x: usize, y: usize) -> f32 {
    let whole = x * x * (n + 3) / 16 + x * y * 7 / 8 + y * y * (2 * n + 1) / 32 + (x / 9) * (y / 11) * 5;
    (whole % 256) as f32 + ((x * 31 + y * 17) % 8) as f32 / 8.0
}

fn digest(values: &[f32]) -> String {
    hex::encode(Sha256::digest(values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()))
}

#[test]
fn equal_luma_gives_the_reference_s_stages_bits_and_quality() {
    for of in vectors() {
        let number = |name: &str| of(name).parse::<usize>().unwrap();
        let (n, width, height) = (number("n"), number("width"), number("height"));
        let luma = drawn(&of("formula"), n as u64, width, height);
        let what = format!("{} {n}, {width} × {height}", of("formula"));
        assert_eq!(digest(luma.values()), of("luma_sha256"), "{what}");
        for level in Level::available() {
            let stages = Stages::of_luma_by(level, luma.clone()).unwrap();
            assert_eq!(digest(stages.filtered.as_flattened()), of("samples_64_sha256"), "{level:?}, {what}");
            assert_eq!(digest(stages.dct.as_flattened()), of("dct_16_sha256"), "{level:?}, {what}");
            let pdq = stages.pdq_by(level);
            assert_eq!(
                (pdq.hash.to_string(), pdq.quality.to_string()),
                (of("pdq_hex"), of("quality")),
                "{level:?}, {what}"
            );
            for (variant, hash) in Dihedral::ALL.into_iter().zip(stages.dihedral()).skip(1) {
                let column = format!("{}_hex", variant.name().replace('-', "_"));
                assert_eq!(hash.to_string(), of(&column), "{what}, {}", variant.name());
            }
        }
    }
}

#[test]
fn pictures_below_five_pixels_are_refused() {
    assert!(Stages::of_luma(Luma::new(4, 100, vec![0.0; 400]).unwrap()).is_err());
    assert!(Luma::new(4, 100, vec![0.0; 399]).is_none());
}

fn stages(n: usize, width: usize, height: usize) -> Stages {
    let values = (0..width * height).map(|at| luma(n, at % width, at / width)).collect();
    Stages::of_luma(Luma::new(width, height, values).unwrap()).unwrap()
}

/// Hashes of turned luma and the variants of the original's, in bits. At 64 × 64 nothing is filtered and sums alone round
/// differently; elsewhere positions and even boxes lie half a step off.
#[test]
fn turned_hashes_are_near_the_hashes_of_turned_luma() {
    for (n, width, height, most) in [(2, 64, 64, 0), (9, 512, 384, 80), (3, 63, 65, 0)] {
        let found = stages(n, width, height).dihedral();
        for (variant, found) in Dihedral::ALL.into_iter().zip(found) {
            let swapped = matches!(variant.name(), "rotate-90" | "rotate-270" | "flip-plus-1" | "flip-minus-1");
            let (w, h) = if swapped { (height, width) } else { (width, height) };
            let from = |at: usize| {
                let (x, y) = (at % w, at / w);
                let (x, y) = match variant {
                    Dihedral::Original => (x, y),
                    Dihedral::Rotate90 => (width - 1 - y, x),
                    Dihedral::Rotate180 => (width - 1 - x, height - 1 - y),
                    Dihedral::Rotate270 => (y, height - 1 - x),
                    Dihedral::FlipX => (x, height - 1 - y),
                    Dihedral::FlipY => (width - 1 - x, y),
                    Dihedral::FlipPlus1 => (y, x),
                    Dihedral::FlipMinus1 => (width - 1 - y, height - 1 - x),
                };
                luma(n, x, y)
            };
            let turned = Luma::new(w, h, (0..w * h).map(from).collect()).unwrap();
            let hash: PdqHash = Stages::of_luma(turned).unwrap().pdq().hash;
            let distance = hash.distance(&found);
            assert!(distance <= most, "{width} × {height}, {}: {distance} bits", variant.name());
        }
    }
}
