use sightline_fingerprint::{ALGORITHMS, Algorithm, DEFAULT_RADIUS};
use sightline_pictures::transform::{Family, Transform};
use sightline_pictures::{Corpus, SceneKind, Source};
use std::sync::Arc;

/// What is measured, and how carefully.
#[derive(Clone)]
pub struct Plan {
    /// What everything random derives from.
    pub seed: u64,
    /// The algorithms, in order of appearance.
    pub algorithms: Vec<&'static dyn Algorithm>,
    /// Distance up to which PDQ matches; every other algorithm has its own.
    pub pdq_radius: u32,
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
        Self { seed, algorithms, pdq_radius: DEFAULT_RADIUS, dihedral: false, transforms, replicates: 400 }
    }

    /// Every algorithm, half of the transforms' strengths, and coarser intervals.
    pub fn quick(seed: u64) -> Self {
        Self { transforms: Transform::short_suite(), replicates: 200, ..Self::full(seed) }
    }

    /// Every kind of handling at `each` of its strengths, spread evenly; at all if it has no more.
    pub fn spread(each: usize) -> Vec<Transform> {
        let of = |family: Family| {
            let strengths = family.strengths();
            let count = each.min(strengths.len());
            let chosen = (0..count).map(move |number| ((2 * number + 1) * strengths.len() - 1) / (2 * count));
            chosen.filter_map(move |place| Transform::new(family, strengths[place]).ok())
        };
        Family::ALL.into_iter().flat_map(of).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strengths_are_spread_over_every_kind() {
        let places = |each, family: Family| -> Vec<f64> {
            let of_family = Plan::spread(each).into_iter().filter(|transform| transform.family() == family);
            of_family.map(Transform::strength).collect()
        };
        assert_eq!(places(1, Family::Mirror), [1.0]);
        assert_eq!(places(1, Family::Recompress), [50.0]);
        assert_eq!(places(3, Family::Recompress), [90.0, 50.0, 15.0]);
        assert_eq!(places(3, Family::Rotate), [1.0, 5.0, 90.0]);
        assert_eq!(places(3, Family::Mirror), [1.0, 2.0]);
        assert_eq!(Plan::spread(8), Transform::suite());
        assert_eq!(Plan::spread(0), []);
    }
}
