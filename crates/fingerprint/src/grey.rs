//! Grey pictures as Pillow has them, which ImageHash starts from: fixed-point luma and a fixed-point Lanczos filter.

use sightline_pictures::Picture;
use std::f64::consts::PI;

/// Brightness in whole numbers, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u8>,
}

/// Fractional bits of a filter's weights.
const FRACTION: u32 = 22;

/// What one value of a shrunk or grown line is made of: the first value and the weights from there on.
struct Tap {
    first: usize,
    weights: Vec<i64>,
}

impl Grey {
    /// (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶, Pillow's `convert("L")`.
    pub(crate) fn of(picture: &Picture) -> Self {
        let grey = |pixel: &[u8; 3]| {
            let [red, green, blue] = pixel.map(u32::from);
            ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).to_le_bytes()[0]
        };
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: picture.rgb().as_chunks().0.iter().map(grey).collect(),
        }
    }

    /// Pillow's `resize((width, height), LANCZOS)`: along rows first, rounded to bytes between the passes; a side that
    /// keeps its length is left alone. Pillow 13 takes columns first for some pictures higher than wide; we never do.
    pub(crate) fn resized(mut self, width: usize, height: usize) -> Self {
        if width != self.width {
            let taps = taps(self.width, width);
            let rows = self.values.chunks_exact(self.width);
            self.values = rows.flat_map(|row| taps.iter().map(|tap| weigh(tap, &row[tap.first..]))).collect();
            self.width = width;
        }
        if height != self.height {
            let weigh_column = |tap: &Tap, column: usize| {
                let rows = self.values[tap.first * width..].chunks_exact(width);
                round(tap.weights.iter().zip(rows).map(|(weight, row)| weight * i64::from(row[column])).sum())
            };
            let taps = taps(self.height, height);
            self.values = taps.iter().flat_map(|tap| (0..width).map(|column| weigh_column(tap, column))).collect();
            self.height = height;
        }
        self
    }
}

fn weigh(tap: &Tap, values: &[u8]) -> u8 {
    round(tap.weights.iter().zip(values).map(|(weight, value)| weight * i64::from(*value)).sum())
}

fn round(sum: i64) -> u8 {
    u8::try_from(((sum + (1 << (FRACTION - 1))) >> FRACTION).clamp(0, 255)).expect("clamped to a byte")
}

/// The filter of three lobes for a side brought `from` one length `to` another, its weights rounded to 22 bits.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) };
    let lanczos = |x: f64| if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Pillow truncates; lengths are short")]
    let tap = |place: usize| {
        let centre = (place as f64 + 0.5) * scale;
        let first = (centre - 3.0 * stretch + 0.5).max(0.0) as usize;
        let end = ((centre + 3.0 * stretch + 0.5) as usize).min(from);
        let inverse = 1.0 / stretch;
        let weights: Vec<f64> = (first..end).map(|x| lanczos((x as f64 - centre + 0.5) * inverse)).collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: &f64| {
            let scaled = weight / sum * f64::from(1 << FRACTION);
            (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i64
        };
        Tap { first, weights: weights.iter().map(fixed).collect() }
    };
    (0..to).map(tap).collect()
}
