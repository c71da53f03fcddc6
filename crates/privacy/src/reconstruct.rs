//! The game `reconstruct` (PRIVACY §3): how much of a picture can an observer see? What its view holds, the picture itself
//! or what is at some place between picture and hash, is turned into the best picture that can be made of it, and compared
//! with what it shows, beside the best guess of someone who saw nothing.
//!
//! Only intermediates from views of the same run are turned back, and the statistics that this takes are computed from
//! pictures of the same run: there is no model, and none is kept.

use sightline_fingerprint::{Intermediate, Marks, Stages, pdq};

/// A grey picture of 64 rows of 64 samples, 0 black to 255 white: the size at which PDQ filters.
pub type Grey = [[f32; 64]; 64];

/// What is known of pictures before any is seen: their mean, and how large each coefficient of the DCT is on average.
#[derive(Debug, Clone)]
pub struct Prior {
    mean: Box<Grey>,
    brightness: f32,
    magnitudes: Box<[[f32; 16]; 16]>,
}

impl Prior {
    /// That of these pictures; nothing of none.
    pub fn of<'a>(pictures: impl IntoIterator<Item = &'a Marks>) -> Option<Self> {
        let (mut mean, mut magnitudes, mut count) = (Box::new([[0.0; 64]; 64]), Box::new([[0.0; 16]; 16]), 0.0_f32);
        for marks in pictures {
            count += 1.0;
            add(mean.as_flattened_mut(), marks.filtered.as_flattened(), |value| value);
            add(magnitudes.as_flattened_mut(), marks.dct.as_flattened(), f32::abs);
        }
        if count < 1.0 {
            return None;
        }
        for value in mean.as_flattened_mut().iter_mut().chain(magnitudes.as_flattened_mut()) {
            *value /= count;
        }
        let brightness = mean.as_flattened().iter().sum::<f32>() / 4096.0;
        Some(Self { mean, brightness, magnitudes })
    }

    /// The best guess of someone who saw nothing: the mean picture, which has the least squared error of all.
    pub fn guess(&self) -> &Grey {
        &self.mean
    }

    /// The best picture that can be made of this. From luma and thumbnail: what is there. From the DCT: its inverse, with the
    /// brightness of the mean picture, as the constant term is not there. From the hash: the same, with the signs that its
    /// bits say and magnitudes as they are on average.
    pub fn rebuild(&self, given: &Intermediate) -> Box<Grey> {
        let lit = |mut picture: Box<Grey>| {
            for value in picture.as_flattened_mut() {
                *value = (*value + self.brightness).clamp(0.0, 255.0);
            }
            picture
        };
        match given {
            Intermediate::Luma(luma) => {
                Stages::of_luma(luma.clone()).map_or_else(|_| self.mean.clone(), |stages| stages.filtered)
            }
            Intermediate::Filtered(filtered) => filtered.clone(),
            Intermediate::Dct(dct, _) => lit(pdq::untransform(dct)),
            Intermediate::Hash(pdq) => {
                let sign = |bit: usize| if pdq.hash.bit(bit) { 1.0 } else { -1.0 };
                let signed = |i: usize, j: usize| sign(16 * i + j) * self.magnitudes[i][j];
                lit(pdq::untransform(&std::array::from_fn(|i| std::array::from_fn(|j| signed(i, j)))))
            }
        }
    }
}

fn add(sums: &mut [f32], values: &[f32], of: impl Fn(f32) -> f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += of(*value);
    }
}

/// Side of the window of [`ssim`], and the standard deviation of its weights.
const WINDOW: usize = 11;
const DEVIATION: f64 = 1.5;

/// The mean structural similarity of two pictures, −1 to 1, with the window (Gaussian, 11 × 11, σ 1.5) and the constants (0.01
/// and 0.03) of Wang, Bovik, Sheikh and Simoncelli, *Image quality assessment*, IEEE TIP 13(4), 2004, §III; windows that lie
/// within the picture alone.
pub fn ssim(one: &Grey, other: &Grey) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let half = (WINDOW / 2) as f64;
    let weight = |place: usize| (-(place as f64 - half).powi(2) / (2.0 * DEVIATION * DEVIATION)).exp();
    let total: f64 = (0..WINDOW).map(weight).sum();
    let weights: [f64; WINDOW] = std::array::from_fn(|place| weight(place) / total);
    let moment = |value: fn(f64, f64) -> f64| -> Vec<Vec<f64>> {
        let value = |y: usize, x: usize| value(f64::from(one[y][x]), f64::from(other[y][x]));
        let along =
            |y: usize, x: usize| weights.iter().enumerate().map(|(i, weight)| weight * value(y, x + i)).sum::<f64>();
        let rows: Vec<Vec<f64>> = (0..64).map(|y| (0..=64 - WINDOW).map(|x| along(y, x)).collect()).collect();
        let down =
            |y: usize, x: usize| weights.iter().enumerate().map(|(i, weight)| weight * rows[y + i][x]).sum::<f64>();
        (0..=64 - WINDOW).map(|y| (0..=64 - WINDOW).map(|x| down(y, x)).collect()).collect()
    };
    let (mean, mean_other) = (moment(|a, _| a), moment(|_, b| b));
    let (square, square_other, product) = (moment(|a, _| a * a), moment(|_, b| b * b), moment(|a, b| a * b));
    let places = (0..=64 - WINDOW).flat_map(|y| (0..=64 - WINDOW).map(move |x| (y, x)));
    let local = places.map(|(y, x)| {
        let (a, b) = (mean[y][x], mean_other[y][x]);
        let (variance, variance_other) = (square[y][x] - a * a, square_other[y][x] - b * b);
        let covariance = product[y][x] - a * b;
        (2.0 * a * b + C1) * (2.0 * covariance + C2) / ((a * a + b * b + C1) * (variance + variance_other + C2))
    });
    local.sum::<f64>() / ((65 - WINDOW) * (65 - WINDOW)) as f64
}

/// The peak signal-to-noise ratio of two pictures in decibels, at most 100, which stands for no difference that could be seen.
pub fn psnr(one: &Grey, other: &Grey) -> f64 {
    let pairs = one.as_flattened().iter().zip(other.as_flattened());
    let error = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / 4096.0;
    (20.0 * 255_f64.log10() - 10.0 * error.log10()).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_fingerprint::{Cut, Memo};
    use sightline_pictures::generate;

    fn made(of: impl Fn(usize, usize) -> f64) -> Box<Grey> {
        #[expect(clippy::cast_possible_truncation, reason = "samples are in single precision")]
        Box::new(std::array::from_fn(|y| std::array::from_fn(|x| of(y, x) as f32)))
    }

    /// Against scikit-image's `structural_similarity(a, b, data_range=255, gaussian_weights=True, sigma=1.5,
    /// use_sample_covariance=False)` and `peak_signal_noise_ratio` on the same two pictures.
    #[test]
    fn similarity_agrees_with_a_peer() {
        let one = made(|y, x| ((7 * x + 3 * y) % 256) as f64);
        let other = made(|y, x| ((7 * x + 3 * y) % 256) as f64 * 0.8 + ((x * y) % 17) as f64);
        assert!((ssim(&one, &one) - 1.0).abs() < 1e-12);
        assert!((ssim(&one, &other) - SSIM_OF_PEER).abs() < 1e-6, "{}", ssim(&one, &other));
        assert!((psnr(&one, &other) - PSNR_OF_PEER).abs() < 1e-6, "{}", psnr(&one, &other));
        assert!((psnr(&one, &one) - 100.0).abs() < 1e-12);
    }

    const SSIM_OF_PEER: f64 = 0.906_528_997_926;
    const PSNR_OF_PEER: f64 = 20.459_611_218_761;

    /// The later the cut, the less is left; from the hash still more than from nothing.
    #[test]
    fn what_is_rebuilt_shrinks_with_the_cut() {
        let memo = Memo::default();
        let encoded: Vec<Vec<u8>> = (0..40).map(|index| generate(&[9; 32], index).picture.to_jpeg(90)).collect();
        let known: Vec<_> = encoded.iter().map(|bytes| memo.look(bytes)).collect();
        let marks = |range: std::ops::Range<usize>| known[range].iter().filter_map(|known| known.marks.as_ref().ok());
        let prior = Prior::of(marks(0..20).map(AsRef::as_ref)).unwrap();
        let mean = |of: &dyn Fn(&[u8], &Grey) -> f64| {
            let values: Vec<f64> = encoded[20..]
                .iter()
                .zip(&known[20..])
                .filter_map(|(bytes, known)| Some(of(bytes, &known.marks.as_ref().ok()?.filtered)))
                .collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let at = |cut: Cut| {
            mean(&|bytes, truth| {
                Intermediate::of(&memo, bytes, cut).map_or(0.0, |given| ssim(&prior.rebuild(&given), truth))
            })
        };
        let found = Cut::ALL.map(at);
        let guess = mean(&|_, truth| ssim(prior.guess(), truth));
        assert!((found[0] - 1.0).abs() < 1e-9 && (found[1] - 1.0).abs() < 1e-9, "{found:?}");
        assert!(found[1] > found[2] && found[2] > found[3] && found[3] > guess, "{found:?}, guess {guess}");
    }
}
