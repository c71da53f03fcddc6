//! PDQ from luma on: known answers computed with Meta's C++ reference (`pdqHash256FromFloatLuma`, g++ -O2) on luma that a
//! formula gives exactly. Equal luma must give equal bits and equal quality.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sightline_fingerprint::{Dihedral, Level, Luma, PdqHash, Stages};

/// Width, height, hash, quality; case number n uses the n-th formula.
const KNOWN: [(usize, usize, &str, u8); 12] = [
    (5, 5, "6cdb148d9324ce73c4f1d4b564d92b4a9b26398c6cdb148d9324ce73c4f1d4b5", 2),
    (5, 300, "c6f13f0f96a57e1f96276e5b3c0f3c1fc3706c5b9b26c1f031c881e0318c93e0", 100),
    (64, 64, "333d3268735b6316e31dc7248e1f0e1cfe7efc3c403802fc6ff8ffe0ac40a440", 100),
    (63, 65, "67326714e66ec734cf5d0e380e1a7e7bf838c07488fd8dfcbff04de0ddc00400", 100),
    (128, 128, "67e4db34ccbeb729dd4dff1ca456be54ea486fadb288d611c848a940a9883a8a", 100),
    (129, 127, "feb7ffb97ff6f6f5bee9fad3bae5ee44ba22f245d8506400d0012c0048003180", 100),
    (200, 333, "9cc054df3703b1fc881aafc8b13bbf8062b5f8b0caad7e6d0ff78005fd470448", 100),
    (512, 512, "0343f4fccb4370f107298022fc2da7f669430f84efb61f2d0008f620fff77a4b", 100),
    (511, 512, "d15c1f5147cf8bdc9671e23ceaae0cf9638055ec9836590d66c41d7847dce107", 100),
    (512, 384, "de8142950575be02e50abd5f01f257a8fa11f28b353da47c25daaa56ca865aee", 100),
    (375, 500, "9e962e2f9178568ca4b5727117179b3a4cd9223216585bec5647869b339362df", 100),
    (33, 512, "4e74f16dbea213b8c55d5fa846e77bf4b6141a20c533bb255e1079049772330e", 100),
];

fn luma(n: usize, x: usize, y: usize) -> f32 {
    let whole = x * x * (n + 3) / 16 + x * y * 7 / 8 + y * y * (2 * n + 1) / 32 + (x / 9) * (y / 11) * 5;
    (whole % 256) as f32 + ((x * 31 + y * 17) % 8) as f32 / 8.0
}

#[test]
fn equal_luma_gives_the_reference_s_bits_and_quality() {
    for (n, (width, height, hash, quality)) in KNOWN.into_iter().enumerate() {
        let values = (0..width * height).map(|at| luma(n, at % width, at / width)).collect();
        let pdq = Stages::of_luma(Luma::new(width, height, values).unwrap()).unwrap().pdq();
        assert_eq!((pdq.hash.to_string().as_str(), pdq.quality), (hash, quality), "{width} × {height}");
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

/// The reference's `pdqDihedralHash256esFromFloatLuma` on cases 2 and 9.
const DIHEDRAL: [[&str; 8]; 2] = [
    [
        "333d3268735b6316e31dc7248e1f0e1cfe7efc3c403802fc6ff8ffe0ac40a440",
        "0cc7c313f8cf1f3b03cef830ff9c43f3001cdf60c4fc4407e3f8602f128055ff",
        "666898c2260ec9bcb6416d8edb4ba4b6ab2f5696156da8563aad554af9150eea",
        "59926989ad9ab590569b529aaac9e9595549354a91a9eeadb6adca0545d57555",
        "333ccd9773599ce9e31438db0e1cf1e3fe3a03c30038bd036ff8001fac404bbf",
        "6668677d260c3643b64092715b4a5b49ab2ba969156d57a93aadaab5f915f115",
        "0ec73cecf8cfe0c403ce07cfff9cbc0c001c609fc4fcbbf8ebf89fd03280aa00",
        "5b929646ad9a4a6e569bad65aac916a65549ca3591a91152b6ad35fa67d50aaa",
    ],
    [
        "de8142950575be02e50abd5f01f257a8fa11f28b353da47c25daaa56ca865aee",
        "9cd6363c1cfc6a3e948642c7d1c3d0d74349d9e2233199430d719bce1c4f3b1f",
        "8bd4e83f502114a8b05f17f554a7fd02af44582171680fde709f02fcdfd7f844",
        "c983dc9649a9c1b4c1d3ed6d84967a7d961c7349766433e9582c35764b1a91b5",
        "de81fd6a057441fde50a46a401f2bc57fa110d74353d5b8725da57adca06ad51",
        "8b5417c05021eb57b05fe80a54a502fdaf44a7de7068f1297087fd079f5707bb",
        "9cd6c9c31cfc95e19487bd38d1c72f28c34b261d233166bc0d7964371e4fe4e0",
        "c983636b49a93f6bc1d31792849685b2961e8cb77664cc1e583cce9f4b1a6e4a",
    ],
];

#[test]
fn turned_and_mirrored_hashes_are_the_reference_s() {
    for (stages, expected) in [stages(2, 64, 64), stages(9, 512, 384)].iter().zip(DIHEDRAL) {
        assert_eq!(stages.dihedral().map(|hash| hash.to_string()), expected);
    }
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

#[test]
fn every_level_gives_the_reference_s_bits() {
    for level in Level::available() {
        for (n, (width, height, hash, quality)) in KNOWN.into_iter().enumerate() {
            let values = (0..width * height).map(|at| luma(n, at % width, at / width)).collect();
            let pdq = Stages::of_luma_by(level, Luma::new(width, height, values).unwrap()).unwrap().pdq_by(level);
            assert_eq!((pdq.hash.to_string().as_str(), pdq.quality), (hash, quality), "{level:?}, {width} × {height}");
        }
    }
}
