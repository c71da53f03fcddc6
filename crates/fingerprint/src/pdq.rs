//! PDQ, after Meta's C++ reference (`ThreatExchange`, `pdq/cpp`) and its description (*The TMK+PDQF Video-Hashing
//! Algorithm and the PDQ Image-Hashing Algorithm*, Facebook 2019).
//!
//! Stages: luma → nearest neighbour to 512 × 512 where a side exceeds 512 → two passes of a box filter → every picture
//! decimated to 64 × 64 → quality, and the 16 × 16 lowest DCT coefficients without the constant one → bits above the
//! median. Arithmetic is in single precision and in the reference's order, so that equal luma gives equal bits.

use crate::kernels::{self, Level};
use crate::{Algorithm, Fingerprint, FingerprintError, Luma, PdqHash, Pixels, Stage};
use sightline_pictures::Picture;
use std::sync::LazyLock;

/// Distance up to which the reference recommends to take two pictures for the same.
pub const DEFAULT_RADIUS: u32 = 31;
/// Quality below which the reference recommends to disregard a hash.
pub const MINIMUM_QUALITY: u8 = 50;
/// Shortest side of a picture that can be hashed, in pixels.
pub const SMALLEST_SIDE: usize = 5;
/// Longest side that is hashed at its own size, in pixels.
pub const WORKING_SIDE: usize = 512;

/// A PDQ hash and the quality of the picture it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdq {
    /// The hash.
    pub hash: PdqHash,
    /// Amount of detail, 0 to 100.
    pub quality: u8,
}

impl From<Pdq> for Fingerprint {
    fn from(Pdq { hash, quality }: Pdq) -> Self {
        Self { bytes: hash.as_bytes().to_vec(), quality: Some(quality) }
    }
}

/// PDQ as an [`Algorithm`] among others.
#[derive(Debug)]
pub struct Meta;

impl Algorithm for Meta {
    fn name(&self) -> &'static str {
        "pdq"
    }

    fn bits(&self) -> u32 {
        PdqHash::BITS
    }

    fn threshold(&self) -> u32 {
        DEFAULT_RADIUS
    }

    fn source(&self) -> &'static str {
        "Meta's C++ reference, ThreatExchange pdq/cpp; The TMK+PDQF and PDQ algorithms (2019)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(crate::fingerprint(encoded)?.into())
    }

    fn of_picture(&self, picture: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Stages::of(picture).map(|stages| stages.pdq().into()))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        let stages = crate::stages(encoded)?;
        let stage =
            |name, width, values: &[f32]| Stage { name, width, values: values.iter().map(|v| (*v).into()).collect() };
        Ok(vec![
            stage("luma", stages.luma.width(), stages.luma.values()),
            stage("filtered", 64, stages.filtered.as_flattened()),
            stage("dct", 16, stages.dct.as_flattened()),
        ])
    }
}

/// Every intermediate of one hash, from the picture to the bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    /// Luma at the working size: the picture's own, or 512 × 512.
    pub luma: Luma,
    /// Filtered and decimated: 64 rows of 64.
    pub filtered: Box<[[f32; 64]; 64]>,
    /// Coefficients 1 to 16 of the two-dimensional DCT: 16 rows of 16.
    pub dct: Box<[[f32; 16]; 16]>,
}

impl Stages {
    /// All stages for `picture`.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if a side is below [`SMALLEST_SIDE`].
    pub fn of(picture: &Picture) -> Result<Self, FingerprintError> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let luma = if width > WORKING_SIDE || height > WORKING_SIDE {
            Luma::sampled(picture, WORKING_SIDE, WORKING_SIDE)
        } else {
            Luma::of(picture)
        };
        Self::of_luma(luma)
    }

    /// All stages from luma at the working size on.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if a side is below [`SMALLEST_SIDE`].
    pub fn of_luma(luma: Luma) -> Result<Self, FingerprintError> {
        Self::of_luma_by(Level::best(), luma)
    }

    /// As [`Stages::of_luma`], with the kernels of `level`: for comparisons, since all levels give the same bits.
    ///
    /// # Errors
    /// [`FingerprintError::TooSmall`] if a side is below [`SMALLEST_SIDE`].
    pub fn of_luma_by(level: Level, luma: Luma) -> Result<Self, FingerprintError> {
        let (width, height) = (luma.width(), luma.height());
        if width < SMALLEST_SIDE || height < SMALLEST_SIDE {
            return Err(FingerprintError::TooSmall { width, height });
        }
        let filtered = filter(level, &luma);
        let dct = transform(level, &filtered);
        Ok(Self { luma, filtered, dct })
    }

    /// The hash and its quality.
    pub fn pdq(&self) -> Pdq {
        self.pdq_by(Level::best())
    }

    /// The hashes of the picture turned and mirrored, in the order of [`Dihedral::ALL`], from one DCT; the quality is the
    /// same. As in the reference they are not those of the turned file: boxes of even length and sample positions are
    /// not symmetric, and sums round differently.
    pub fn dihedral(&self) -> [PdqHash; 8] {
        Dihedral::ALL.map(|variant| bits(Level::best(), &variant.applied(&self.dct)))
    }

    /// As [`Stages::pdq`], with the kernels of `level`.
    pub fn pdq_by(&self, level: Level) -> Pdq {
        Pdq { hash: bits(level, &self.dct), quality: quality(level, &self.filtered) }
    }
}

/// What can be done to a picture by turns of 90° and mirrors, named as in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dihedral {
    /// Nothing.
    Original,
    /// A quarter turn counterclockwise.
    Rotate90,
    /// Half a turn.
    Rotate180,
    /// A quarter turn clockwise.
    Rotate270,
    /// Top and bottom exchanged.
    FlipX,
    /// Left and right exchanged.
    FlipY,
    /// Mirrored at the diagonal from the top left, a transposition.
    FlipPlus1,
    /// Mirrored at the diagonal from the top right.
    FlipMinus1,
}

impl Dihedral {
    /// All eight, in the reference's order.
    pub const ALL: [Self; 8] = [
        Self::Original,
        Self::Rotate90,
        Self::Rotate180,
        Self::Rotate270,
        Self::FlipX,
        Self::FlipY,
        Self::FlipPlus1,
        Self::FlipMinus1,
    ];

    /// Its name in texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Rotate90 => "rotate-90",
            Self::Rotate180 => "rotate-180",
            Self::Rotate270 => "rotate-270",
            Self::FlipX => "flip-x",
            Self::FlipY => "flip-y",
            Self::FlipPlus1 => "flip-plus-1",
            Self::FlipMinus1 => "flip-minus-1",
        }
    }

    /// Whether top and bottom, and whether left and right are exchanged, and whether the result is then transposed.
    fn steps(self) -> (bool, bool, bool) {
        match self {
            Self::Original => (false, false, false),
            Self::Rotate90 => (false, true, true),
            Self::Rotate180 => (true, true, false),
            Self::Rotate270 => (true, false, true),
            Self::FlipX => (true, false, false),
            Self::FlipY => (false, true, false),
            Self::FlipPlus1 => (false, false, true),
            Self::FlipMinus1 => (true, true, true),
        }
    }

    /// The coefficients of the changed picture: a mirror negates those of odd frequency (the first row and column here
    /// have frequency 1), a transposition exchanges rows and columns.
    fn applied(self, dct: &[[f32; 16]; 16]) -> [[f32; 16]; 16] {
        let (down, across, transposed) = self.steps();
        let value = |i: usize, j: usize| {
            let odd = (down && i.is_multiple_of(2)) != (across && j.is_multiple_of(2));
            if odd { -dct[i][j] } else { dct[i][j] }
        };
        std::array::from_fn(|i| std::array::from_fn(|j| if transposed { value(j, i) } else { value(i, j) }))
    }
}

/// Two passes of a box filter along rows and columns, then 64 × 64 samples.
fn filter(level: Level, luma: &Luma) -> Box<[[f32; 64]; 64]> {
    let mut out = Box::new([[0.0; 64]; 64]);
    if (luma.width(), luma.height()) == (64, 64) {
        out.as_flattened_mut().copy_from_slice(luma.values());
    } else {
        kernels::filter(level, luma.values(), luma.width(), &mut out);
    }
    out
}

/// Sum of gradients between neighbouring samples in percent of the range, scaled and cut at 100.
pub(crate) fn quality(level: Level, samples: &[[f32; 64]; 64]) -> u8 {
    u8::try_from((kernels::gradients(level, samples) / 90).min(100)).expect("at most 100")
}

/// Rows 1 to 16 of the 64-point DCT-II matrix.
static DCT: LazyLock<[[f32; 64]; 16]> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps the matrix in single precision")]
    let entry = |i: usize, j: usize| {
        let scale = f64::from((2.0_f64 / 64.0).sqrt() as f32);
        let angle = std::f64::consts::FRAC_PI_2 / 64.0 * (i + 1) as f64 * (2 * j + 1) as f64;
        (scale * angle.cos()) as f32
    };
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
});

/// The transpose of [`DCT`].
static TURNED: LazyLock<[[f32; 16]; 64]> =
    LazyLock::new(|| std::array::from_fn(|j| std::array::from_fn(|i| DCT[i][j])));

/// D A Dᵀ, sums in ascending order.
pub(crate) fn transform(level: Level, samples: &[[f32; 64]; 64]) -> Box<[[f32; 16]; 16]> {
    let mut out = Box::new([[0.0; 16]; 16]);
    kernels::transform(level, &DCT, &TURNED, samples, &mut out);
    out
}

/// The samples of which these are the coefficients 1 to 16, without a constant term and without finer detail: `DᵀCD`, where
/// the rows of D are rows 1 to 16 of the orthonormal DCT-II, so that `D(DᵀCD)Dᵀ = C`.
pub fn untransform(dct: &[[f32; 16]; 16]) -> Box<[[f32; 64]; 64]> {
    const SIDE: usize = 64;
    let row = |i: usize, j: usize| {
        let angle = std::f64::consts::PI / SIDE as f64 * (i + 1) as f64 * (j as f64 + 0.5);
        (2.0 / SIDE as f64).sqrt() * angle.cos()
    };
    let half: [[f64; SIDE]; 16] =
        std::array::from_fn(|i| std::array::from_fn(|x| (0..16).map(|j| f64::from(dct[i][j]) * row(j, x)).sum()));
    #[expect(clippy::cast_possible_truncation, reason = "stages are in single precision")]
    let sample = |y: usize, x: usize| (0..16).map(|i| half[i][x] * row(i, y)).sum::<f64>() as f32;
    Box::new(std::array::from_fn(|y| std::array::from_fn(|x| sample(y, x))))
}

/// Which coefficients are above the median, the lower of the two middle values.
pub(crate) fn bits(level: Level, dct: &[[f32; 16]; 16]) -> PdqHash {
    let values: &[f32; 256] = dct.as_flattened().try_into().expect("16 × 16 values");
    let median = kernels::median(level, values);
    PdqHash::from_bits(|bit| values[bit] > median)
}
