//! The other perceptual hashes: known answers of ImageHash 4.3.2 (Pillow 13.0.0, SciPy 1.17.1, PyWavelets 1.9.0) and
//! phash-blockhashio 0.1.4 on pixels that a formula gives; digests of FIPS 180-4's and RFC 1321's own examples.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sightline_fingerprint::{ALGORITHMS, by_name};
use sightline_pictures::Picture;

/// Width, height, pHash, dHash, aHash, wHash, blockHash; case number n uses the n-th formula.
const KNOWN: [(usize, usize, [&str; 5]); 5] = [
    (
        8,
        8,
        [
            "ab5ac227d90ceb98",
            "ffffffffffffffff",
            "000103070f3fffff",
            "000103070f3fffff",
            "2aaa0000aaaa0000aaaa0000aaaa0000aaaa0000aaaa0000aaaa0000aaaa0000",
        ],
    ),
    (
        33,
        20,
        [
            "952d6a166d175c55",
            "fefefefefcfcfcfd",
            "07070f0f0e1e3e3e",
            "07070f0e1e1e3e3f",
            "007f00ff00ff01ff00fe01fe01fe03fe01fc03fc03fc07fc03f803f807f907f9",
        ],
    ),
    (
        64,
        48,
        [
            "81061cb3bfa827ed",
            "f4e5e5ebcad89b37",
            "16343565e6ecc9db",
            "16143465e2eec9db",
            "07be07bc0f740f700f101f303e337e676c44dcac3c7c7878f0e1f1c1e18fe198",
        ],
    ),
    (
        100,
        75,
        [
            "8300030ffe06fefd",
            "ccdb96a92a44dad4",
            "266d52d58a352a6d",
            "266d52ddaa262a75",
            "17371539397338667346f158f3136662e4ccc999cea619ac166d99932d963935",
        ],
    ),
    (
        257,
        300,
        [
            "ff00ff00ff00ff00",
            "914494224941aa11",
            "4d82589f69a13fd8",
            "1966529d3d63d299",
            "56c9cb66a5325a95e1c8271d5ab1b56a3e4dc893b5485a97c9e627485a97e1ca",
        ],
    ),
];

fn png(n: usize, width: usize, height: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        [x * (n + 2) + y * 3 + x * y / 7, x * x / (n + 3) + y * 5, y * y / 4 + x * (7 + n)]
    };
    let rgb = (0..width * height).flat_map(pixel).map(|value| u8::try_from(value % 256).unwrap()).collect();
    let side = |length: usize| u32::try_from(length).unwrap();
    Picture::new(side(width), side(height), rgb).unwrap().to_png()
}

#[test]
fn perceptual_hashes_have_the_reference_implementations_bits() {
    for (n, (width, height, expected)) in KNOWN.into_iter().enumerate() {
        let png = png(n, width, height);
        for (name, expected) in ["phash", "dhash", "ahash", "whash", "blockhash"].into_iter().zip(expected) {
            let found = by_name(name).unwrap().compute(&png).unwrap();
            assert_eq!((name, found.to_hex().as_str()), (name, expected), "{width} × {height}");
        }
    }
}

#[test]
fn digests_have_the_standards_bits() {
    let digest = |name| by_name(name).unwrap().compute(b"abc").unwrap().to_hex();
    assert_eq!(digest("sha256"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(digest("md5"), "900150983cd24fb0d6963f7d28e17f72");
}

#[test]
fn every_algorithm_says_how_long_it_is_and_measures_distances() {
    let (a, b) = (png(1, 60, 40), png(2, 60, 40));
    for algorithm in ALGORITHMS {
        let (a, b) = (algorithm.compute(&a).unwrap(), algorithm.compute(&b).unwrap());
        assert_eq!(a.bytes.len() * 8, algorithm.bits() as usize, "{}", algorithm.name());
        assert_eq!(algorithm.distance(&a, &a), Some(0));
        assert_eq!(algorithm.distance(&a, &b), algorithm.distance(&b, &a));
        assert!(algorithm.distance(&a, &b) > Some(algorithm.threshold()), "{}", algorithm.name());
        assert_eq!(a.quality.is_some(), algorithm.name() == "pdq");
        assert!(algorithm.threshold() < algorithm.bits() / 2 && !algorithm.source().is_empty());
    }
}
