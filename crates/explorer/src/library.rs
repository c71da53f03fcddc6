//! The pictures that can be sent, and what a run needs beside the one that is.

use sightline_crypto::Seed;
use sightline_fingerprint::{FingerprintError, MINIMUM_QUALITY, Marks, Memo, PdqHash};
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::{PictureError, SceneKind, decode, generate};
use sightline_privacy::reconstruct::Prior;
use std::sync::Arc;

/// Longest side of a thumbnail, in pixels.
const SIDE: u32 = 240;
/// Entries of the list beside the picture's: random codes behind which there are no pictures.
const FILLER: usize = 1000;

/// A picture that can be sent.
pub struct Sample {
    /// The encoded picture.
    pub bytes: Arc<[u8]>,
    /// A small copy of it as PNG.
    pub thumbnail: Vec<u8>,
    /// Its hash and what comes before it.
    pub marks: Arc<Marks>,
    /// What it shows, in a word or two.
    pub name: &'static str,
    /// Remembers its hash, and is forgotten with it.
    pub(crate) memo: Arc<Memo>,
}

/// A file that cannot be sent as a picture.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Not a picture that can be read.
    #[error("this cannot be read as a picture: {0}")]
    Picture(#[from] PictureError),
    /// Not a picture that can be hashed.
    #[error("this picture has no perceptual hash: {0}")]
    Hash(#[from] FingerprintError),
}

impl Sample {
    /// The picture that these bytes encode (JPEG, PNG, GIF or WebP).
    ///
    /// # Errors
    /// [`SampleError`] if they encode none, or one that has no hash.
    pub fn new(bytes: Arc<[u8]>, name: &'static str) -> Result<Self, SampleError> {
        let thumbnail = decode(&bytes)?.thumbnail(SIDE).to_png();
        let memo = Arc::new(Memo::default());
        let marks = memo.look(&bytes).marks.clone()?;
        Ok(Self { bytes, thumbnail, marks, name, memo })
    }
}

/// Generated pictures, what is known of pictures before any is seen, and the filler of the list.
pub struct Library {
    samples: Vec<Sample>,
    around: [Sample; 2],
    pub(crate) prior: Prior,
    filler: Vec<Entry>,
}

impl Library {
    /// How many generated pictures there are.
    pub const COUNT: usize = SceneKind::ALL.len();

    /// The same pictures every time: one of each kind of scene, and some more.
    pub fn new() -> Self {
        let seed = Seed::from_u64(8);
        let generator = *seed.derive("pictures", 0).as_bytes();
        let paint = |index| {
            let scene = generate(&generator, index);
            let name = match scene.kind {
                SceneKind::DeadLeaves => "leaves",
                SceneKind::Texture => "texture",
                SceneKind::Gradient => "landscape",
                SceneKind::ShapesAndText => "poster",
                SceneKind::Screen => "screenshot",
                SceneKind::Document => "document",
            };
            Sample::new(scene.picture.to_jpeg(scene.jpeg_quality).into(), name).ok()
        };
        let clear = |sample: &Sample| sample.marks.pdq.quality >= MINIMUM_QUALITY;
        let of_kind = |kind| {
            let mut painted = (0..).filter(|index| SceneKind::of(&generator, *index) == kind).filter_map(paint);
            painted.find(clear).expect("nearly every scene has a hash of sufficient quality")
        };
        let samples: Vec<Sample> = SceneKind::ALL.map(of_kind).into();
        let mut others = (1_000..).filter_map(paint).filter(clear);
        let mut other = || others.next().expect("there is no end of scenes");
        let around = [other(), other()];
        let strangers: Vec<Sample> = (0..8).map(|_| other()).collect();
        let prior = Prior::of(strangers.iter().map(|sample| &*sample.marks)).expect("eight pictures are some");
        let mut stream = seed.derive("filler", 0).stream();
        let code = |_| Entry { hash: random(&mut stream), provenance: Provenance::Code };
        Self { samples, around, prior, filler: (0..FILLER).map(code).collect() }
    }

    /// The [`Library::COUNT`] generated pictures.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The pictures that are sent before and after.
    pub(crate) fn around(&self) -> &[Sample; 2] {
        &self.around
    }

    /// The list, with this entry if there is one.
    pub(crate) fn list(&self, entry: Option<Entry>) -> HashList {
        HashList::new(self.filler.iter().copied().chain(entry))
    }
}

impl Default for Library {
    fn default() -> Self {
        Self::new()
    }
}

fn random(stream: &mut sightline_crypto::Stream) -> PdqHash {
    let mut bytes = [0; 32];
    rand_core::Rng::fill_bytes(stream, &mut bytes);
    PdqHash::from_bytes(bytes)
}
