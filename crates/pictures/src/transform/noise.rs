//! Independent noise.

use super::wide;
use crate::generate::random::Random;
use crate::{Picture, PictureError};

/// On every sample the sum of three uniform draws, which is nearly normal and has finite ends.
pub(super) fn noise(picture: &Picture, deviation: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let mut levels = vec![0.0; picture.rgb().len()];
    wide::levels(picture.rgb(), &mut levels);
    for _ in 0..3 {
        // Uniform in ±a has variance a²/3, so three have a².
        random.add_noise(&mut levels, deviation as f32);
    }
    let mut rgb = vec![0; levels.len()];
    wide::round(&levels, &mut rgb);
    Picture::new(picture.width(), picture.height(), rgb)
}
