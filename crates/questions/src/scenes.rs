//! Generated pictures of one kind, for questions about kinds of content.

use rayon::prelude::*;
use sightline_crypto::Seed;
use sightline_fingerprint::{MINIMUM_QUALITY, PdqHash};
use sightline_pictures::transform::{Family, Transform};
use sightline_pictures::{Picture, PictureError, SceneKind, generate};
use sightline_protocol::{Content, ContentKind, Setup};

/// A picture with its hash.
pub(crate) struct Scene {
    pub(crate) picture: Picture,
    /// As it was first published.
    pub(crate) original: Content,
    pub(crate) hash: PdqHash,
}

/// So many pictures of a kind that can be hashed with sufficient quality; fewer only if such are rare.
pub(crate) fn of_kind(setup: &Setup, kind: SceneKind, count: usize, seed: &Seed) -> Vec<Scene> {
    let key = *seed.derive("scenes", 0).as_bytes();
    let numbers: Vec<u64> = (0..).filter(|number| SceneKind::of(&key, *number) == kind).take(2 * count).collect();
    let scene = |number: &u64| {
        let generated = generate(&key, *number);
        let original = photo(generated.picture.to_jpeg(generated.jpeg_quality));
        let pdq = setup.fingerprint(&original.bytes).filter(|pdq| pdq.quality >= MINIMUM_QUALITY)?;
        Some(Scene { picture: generated.picture, original, hash: pdq.hash })
    };
    let mut scenes: Vec<Scene> = Vec::new();
    for some in numbers.chunks(count.max(1)) {
        let missing = count - scenes.len();
        scenes.extend(some.par_iter().filter_map(scene).collect::<Vec<_>>().into_iter().take(missing));
    }
    scenes
}

/// A file as a picture that is sent.
pub(crate) fn photo(bytes: Vec<u8>) -> Content {
    Content { kind: ContentKind::Picture, bytes }
}

/// How a copy of a published page comes to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The file itself.
    Page,
    /// Compressed again.
    Recompressed,
    /// Photographed off a screen with its bars around it.
    Screenshot,
    /// As a camera might take it, simulated: slightly turned, out of focus, noisy, unevenly bright, compressed.
    Photograph,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Page, Self::Recompressed, Self::Screenshot, Self::Photograph];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Recompressed => "jpeg-75",
            Self::Screenshot => "screenshot",
            Self::Photograph => "photograph",
        }
    }

    /// The copy of a scene in this form.
    pub(crate) fn of(self, scene: &Scene, key: &[u8; 32], number: u64) -> Result<Content, PictureError> {
        let steps: &[(Family, f64)] = match self {
            Self::Page => return Ok(scene.original.clone()),
            Self::Recompressed => &[],
            Self::Screenshot => &[(Family::Screenshot, 0.1)],
            Self::Photograph => &[
                (Family::Rotate, 1.0),
                (Family::Crop, 0.02),
                (Family::Blur, 1.0),
                (Family::Gamma, 1.2),
                (Family::Noise, 4.0),
            ],
        };
        let steps = steps.iter().filter_map(|(family, strength)| Transform::new(*family, *strength).ok());
        let copy = steps.into_iter().try_fold(scene.picture.clone(), |copy, step| step.apply(&copy, key, number))?;
        Ok(photo(copy.to_jpeg(75)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_a_form_exists() {
        for (family, strength) in [
            (Family::Screenshot, 0.1),
            (Family::Rotate, 1.0),
            (Family::Crop, 0.02),
            (Family::Blur, 1.0),
            (Family::Gamma, 1.2),
            (Family::Noise, 4.0),
        ] {
            assert!(Transform::new(family, strength).is_ok(), "{family:?} {strength}");
        }
    }
}
