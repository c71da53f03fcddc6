//! PDQ from luma on: known answers computed with Meta's C++ reference (`pdqHash256FromFloatLuma`, g++ -O2) on luma that a
//! formula gives exactly. Equal luma must give equal bits and equal quality.

use sightline_fingerprint::{Luma, Stages};

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
