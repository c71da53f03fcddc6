//! Independent noise.

use super::byte;
use crate::generate::random::Random;
use crate::{Picture, PictureError};

/// On every sample the sum of three uniform draws, which is nearly normal and has finite ends.
pub(super) fn noise(picture: &Picture, deviation: f64, random: &mut Random) -> Result<Picture, PictureError> {
    let mut levels: Vec<f32> = picture.rgb().iter().map(|level| f32::from(*level)).collect();
    for _ in 0..3 {
        // Uniform in ±a has variance a²/3, so three have a².
        random.add_noise(&mut levels, deviation as f32);
    }
    Picture::new(picture.width(), picture.height(), levels.into_iter().map(byte).collect())
}
