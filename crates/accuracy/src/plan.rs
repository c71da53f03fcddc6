use sightline_fingerprint::{ALGORITHMS, Algorithm};
use sightline_pictures::transform::Transform;
use sightline_pictures::{Corpus, SceneKind, Source};
use std::sync::Arc;

/// What is measured, and how carefully.
#[derive(Clone)]
pub struct Plan {
    /// What everything random derives from.
    pub seed: u64,
    /// The algorithms, in order of appearance.
    pub algorithms: Vec<&'static dyn Algorithm>,
    /// Whether PDQ is also asked with the eight turned and mirrored variants of every entry.
    pub dihedral: bool,
    /// What is done to the pictures.
    pub transforms: Vec<Transform>,
    /// Times that pictures are drawn again for an interval.
    pub replicates: u32,
}

/// A picture as somebody has it, in memory.
#[derive(Debug, Clone)]
pub struct Original {
    /// Its name, unique among the originals.
    pub id: String,
    /// What it shows, or `own`.
    pub kind: &'static str,
    /// The encoded picture; it decodes.
    pub bytes: Arc<[u8]>,
}

impl Plan {
    /// Every algorithm and every transform.
    pub fn full(seed: u64) -> Self {
        let (algorithms, transforms) = (ALGORITHMS.to_vec(), Transform::suite());
        Self { seed, algorithms, dihedral: false, transforms, replicates: 400 }
    }

    /// Every algorithm, half of the transforms' strengths, and coarser intervals.
    pub fn quick(seed: u64) -> Self {
        Self { transforms: Transform::short_suite(), replicates: 200, ..Self::full(seed) }
    }
}

impl Original {
    /// The pictures of a corpus; generated ones are of the kind that they show, others `own`.
    pub fn all(corpus: &Corpus) -> Vec<Self> {
        let kind = |index: usize| match &corpus.source {
            Source::Generated { seed } => SceneKind::of(seed, index as u64).name(),
            Source::Folder { .. } => "own",
        };
        let original = |(index, picture): (usize, &sightline_pictures::CorpusPicture)| Self {
            id: picture.id.to_string(),
            kind: kind(index),
            bytes: Arc::clone(&picture.bytes),
        };
        corpus.pictures.iter().enumerate().map(original).collect()
    }
}
