//! Near-duplicates among the originals. Two of them would count as a match of different pictures, so all but the first of
//! each group are left out before anything is measured.
//!
//! They are told by pixels, not by a fingerprint: one that decided which pictures are the same would have no false matches
//! left. Each picture is shrunk to 32 × 32 greys, and two are near-duplicates if these correlate at [`SAME`] or more. That
//! finds copies, recompressed, scaled or mildly changed in light and colour; it does not find crops, turned or mirrored ones.

use rayon::prelude::*;
use sightline_pictures::Picture;

/// The least correlation of near-duplicates.
pub const SAME: f32 = 0.99;

/// Side of the shrunk picture.
const SIDE: u32 = 32;

/// A picture shrunk to greys, without their mean and of length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Thumbnail {
    values: Vec<f32>,
    /// The mean, where all is of one grey and nothing can correlate.
    flat: Option<f32>,
}

/// Two pictures by their places, and how they correlate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The earlier one.
    pub first: usize,
    /// The later one.
    pub second: usize,
    /// Correlation of their greys.
    pub correlation: f32,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// Near-duplicates, sorted.
    pub pairs: Vec<Pair>,
    /// The places of those left out: all but the first of each group that hangs together.
    pub left_out: Vec<usize>,
}

impl Thumbnail {
    /// The thumbnail of a picture.
    pub fn of(picture: &Picture) -> Self {
        let small = picture.scale(SIDE, SIDE).expect("a small size is allowed");
        let grey = |[red, green, blue]: &[u8; 3]| {
            0.299 * f32::from(*red) + 0.587 * f32::from(*green) + 0.114 * f32::from(*blue)
        };
        let mut values: Vec<f32> = small.rgb().as_chunks().0.iter().map(grey).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        for value in &mut values {
            *value -= mean;
        }
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        // Half a level on the mean.
        let flat = (length < 0.5 * SIDE as f32).then_some(mean);
        for value in &mut values {
            *value /= length.max(1.0);
        }
        Self { values, flat }
    }

    /// Correlation with another; 1 for two of the same grey.
    pub fn correlation(&self, other: &Self) -> f32 {
        match (self.flat, other.flat) {
            (Some(one), Some(two)) => f32::from((one - two).abs() < 2.0),
            (None, None) => {
                let mut sums = [0.0; 16];
                for (one, two) in self.values.as_chunks::<16>().0.iter().zip(other.values.as_chunks::<16>().0) {
                    for lane in 0..16 {
                        sums[lane] += one[lane] * two[lane];
                    }
                }
                sums.iter().sum()
            }
            _ => 0.0,
        }
    }
}

impl Audit {
    /// Compares every picture with every other.
    pub fn of(thumbnails: &[Thumbnail]) -> Self {
        let of_one = |first: usize| {
            let pair = move |second: usize| {
                let correlation = thumbnails[first].correlation(&thumbnails[second]);
                (correlation >= SAME).then_some(Pair { first, second, correlation })
            };
            (first + 1..thumbnails.len()).filter_map(pair).collect::<Vec<_>>()
        };
        let found: Vec<Vec<Pair>> = (0..thumbnails.len()).into_par_iter().map(of_one).collect();
        let pairs: Vec<Pair> = found.into_iter().flatten().collect();
        // The first of each group stands for it.
        let mut group: Vec<usize> = (0..thumbnails.len()).collect();
        for pair in &pairs {
            let (one, two) = (group[pair.first], group[pair.second]);
            let (keep, give_up) = (one.min(two), one.max(two));
            group.iter_mut().filter(|leader| **leader == give_up).for_each(|leader| *leader = keep);
        }
        let left_out = (0..group.len()).filter(|place| group[*place] != *place).collect();
        Self { pairs, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sightline_pictures::transform::{Family, Transform};

    fn thumbnails(pictures: &[Picture]) -> Vec<Thumbnail> {
        pictures.iter().map(Thumbnail::of).collect()
    }

    #[test]
    fn copies_are_found_and_others_are_not() {
        let mut pictures: Vec<Picture> = (0..40).map(|n| sightline_pictures::generate(&[2; 32], n).picture).collect();
        assert_eq!(Audit::of(&thumbnails(&pictures)), Audit::default());
        let changed = |place: usize, family, strength| {
            let transform = Transform::new(family, strength).unwrap();
            transform.apply(&pictures[place], &[0; 32], 0).unwrap()
        };
        let copies = [
            changed(3, Family::Recompress, 50.0),
            changed(3, Family::Scale, 0.5),
            changed(7, Family::Saturation, 0.5),
            changed(9, Family::Noise, 5.0),
        ];
        pictures.extend(copies);
        let audit = Audit::of(&thumbnails(&pictures));
        assert_eq!(audit.left_out, [40, 41, 42, 43]);
        let pairs: Vec<_> = audit.pairs.iter().map(|pair| (pair.first, pair.second)).collect();
        assert_eq!(pairs, [(3, 40), (3, 41), (7, 42), (9, 43), (40, 41)]);
    }

    #[test]
    fn flat_pictures_are_the_same_if_their_grey_is() {
        let flat = |level: u8| Picture::new(40, 30, vec![level; 3600]).unwrap();
        let audit = Audit::of(&thumbnails(&[flat(9), flat(200), flat(10)]));
        assert_eq!(audit.left_out, [2]);
    }
}
