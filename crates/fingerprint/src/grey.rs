//! Grey pictures as Pillow has them, which ImageHash starts from: fixed-point luma and a fixed-point Lanczos filter.

use crate::Level;
use crate::kernels::{self, FRACTION, Tap};
use sightline_pictures::Picture;
use std::cell::RefCell;
use std::f64::consts::PI;
use std::rc::Rc;

/// Brightness in whole numbers, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u8>,
}

impl Grey {
    /// (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶, Pillow's `convert("L")`.
    pub(crate) fn of(picture: &Picture) -> Self {
        let (pixels, _) = picture.rgb().as_chunks();
        let mut values = vec![0; pixels.len()];
        kernels::grey(Level::best(), pixels, &mut values);
        Self { width: picture.width() as usize, height: picture.height() as usize, values }
    }

    /// Pillow's `resize((width, height), LANCZOS)`: along rows first, rounded to bytes between the passes; a side that
    /// keeps its length is left alone. Pillow 13 takes columns first for some pictures higher than wide; we never do.
    pub(crate) fn resized(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        // Each pass exchanges rows and columns; one that keeps a length has the single weight 1.
        let level = Level::best();
        let turned = kernels::weigh(level, &self.values, self.width, &remembered(self.width, width));
        let values = kernels::weigh(level, &turned, self.height, &remembered(self.height, height));
        Self { width, height, values }
    }
}

/// Filters that a thread remembers: pictures of one size come one after the other, and each goes to a few sizes.
const REMEMBERED: usize = 32;

/// [`taps`], from the last ones that this thread made.
fn remembered(from: usize, to: usize) -> Rc<[Tap]> {
    type Known = Vec<((usize, usize), Rc<[Tap]>)>;
    thread_local!(static KNOWN: RefCell<Known> = const { RefCell::new(Vec::new()) });
    KNOWN.with_borrow_mut(|known| {
        if let Some(place) = known.iter().position(|(lengths, _)| *lengths == (from, to)) {
            known[..=place].rotate_right(1);
        } else {
            known.truncate(REMEMBERED - 1);
            let taps = taps(from, to).iter().map(|(first, weights)| Tap::new(*first, weights)).collect();
            known.insert(0, ((from, to), taps));
        }
        Rc::clone(&known[0].1)
    })
}

/// The filter of three lobes for a side brought `from` one length `to` another: for each place the first value that counts and
/// the weights from there on, in units of 2⁻²².
pub(crate) fn taps(from: usize, to: usize) -> Vec<(usize, Vec<i32>)> {
    if from == to {
        return (0..to).map(|first| (first, vec![1 << FRACTION])).collect();
    }
    let lanczos = |x: f64| {
        if x == 0.0 {
            return 1.0;
        }
        // sinc x · sinc (x / 3) by one sine: sin 3a = 3 sin a − 4 sin³ a.
        let third = x * PI / 3.0;
        let sine = third.sin();
        if (-3.0..3.0).contains(&x) { sine * sine * (3.0 - 4.0 * sine * sine) / (3.0 * third * third) } else { 0.0 }
    };
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
            (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
        };
        (first, weights.iter().map(fixed).collect())
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights of Pillow's `precompute_coeffs`, with a sine for each sinc.
    fn plain(from: usize, to: usize) -> Vec<Vec<i32>> {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) };
        let lanczos = |x: f64| if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 };
        let scale = from as f64 / to as f64;
        let stretch = scale.max(1.0);
        let of = |(place, (first, weights)): (usize, &(usize, Vec<i32>))| {
            let centre = (place as f64 + 0.5) * scale;
            let x = |at: usize| ((first + at) as f64 - centre + 0.5) * (1.0 / stretch);
            let weights: Vec<f64> = (0..weights.len()).map(|at| lanczos(x(at))).collect();
            let sum: f64 = weights.iter().sum();
            #[expect(clippy::cast_possible_truncation, reason = "weights are below 2")]
            weights.iter().map(|weight| (weight / sum * f64::from(1 << FRACTION)).round() as i32).collect()
        };
        taps(from, to).iter().enumerate().map(of).collect()
    }

    #[test]
    fn one_sine_gives_the_weights_of_two() {
        let lengths = (1_usize..700).step_by(3).chain([1000, 1024, 4096, 30_000]);
        for from in lengths.filter(|from| ![8, 9, 32].contains(from)) {
            let square = 1_usize << from.ilog2();
            for to in [8, 9, 32, square].into_iter().filter(|to| *to != from) {
                let found: Vec<Vec<i32>> = taps(from, to).into_iter().map(|(_, weights)| weights).collect();
                assert!(found == plain(from, to), "{from} to {to}");
            }
        }
    }
}
