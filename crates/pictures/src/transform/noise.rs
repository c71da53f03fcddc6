//! Independent noise.

use super::wide;
use crate::generate::random::{Random, TOGETHER};
use crate::{Picture, PictureError};

/// On every sample the sum of three uniform draws, which is nearly normal and has finite ends. Draws for all samples follow
/// each other in the stream three times, and are taken from there piece by piece.
pub(super) fn noise(picture: &Picture, deviation: f64, random: &Random) -> Result<Picture, PictureError> {
    let mut rgb = picture.rgb().to_vec();
    let mut streams: [Random; 3] =
        std::array::from_fn(|times| (0..times).fold(random.clone(), |random, _| random.after_noise(rgb.len())));
    let mut levels = [0.0; TOGETHER];
    for samples in rgb.chunks_mut(TOGETHER) {
        let levels = &mut levels[..samples.len()];
        wide::levels(samples, levels);
        for random in &mut streams {
            // Uniform in ±a has variance a²/3, so three have a².
            random.add_noise(levels, deviation as f32);
        }
        wide::round(levels, samples);
    }
    Picture::new(picture.width(), picture.height(), rgb)
}
