//! An algorithm as it is asked here.

use crate::{AccuracyError, Plan};
use sightline_fingerprint::{Algorithm, Dihedral, MINIMUM_QUALITY, Pixels, Stages};

/// The longest fingerprint that is compared.
pub(crate) const MOST_BITS: u32 = 256;

/// The name of the algorithm whose threshold a plan chooses.
const PDQ: &str = "pdq";

/// A fingerprint as words.
pub(crate) type Code = [u64; 4];

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    algorithm: &'static dyn Algorithm,
    threshold: u32,
    /// Whether it is PDQ with eight variants of every entry.
    dihedral: bool,
}

/// What a picture is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) code: Code,
    pub(crate) quality: Option<u8>,
}

impl Query {
    /// Whether it has the detail that the algorithm asks for.
    pub(crate) fn may_match(self) -> bool {
        self.quality.is_none_or(|quality| quality >= MINIMUM_QUALITY)
    }
}

impl Subject {
    pub(crate) fn all(plan: &Plan) -> Result<Vec<Self>, AccuracyError> {
        let mut subjects = Vec::new();
        for algorithm in &plan.algorithms {
            if algorithm.bits() > MOST_BITS {
                return Err(AccuracyError::TooLong { algorithm: algorithm.name(), bits: algorithm.bits() });
            }
            let is_pdq = algorithm.name() == PDQ;
            let threshold = if is_pdq { plan.pdq_radius } else { algorithm.threshold() };
            let plain = Self { algorithm: *algorithm, threshold, dihedral: false };
            subjects.push(plain);
            if plan.dihedral && is_pdq {
                subjects.push(Self { dihedral: true, ..plain });
            }
        }
        Ok(subjects)
    }

    pub(crate) fn name(self) -> String {
        let name = self.algorithm.name();
        if self.dihedral { format!("{name}-dihedral") } else { name.to_owned() }
    }

    pub(crate) fn bits(self) -> u32 {
        self.algorithm.bits()
    }

    pub(crate) fn threshold(self) -> u32 {
        self.threshold
    }

    /// Whether an entry is one code.
    pub(crate) fn is_plain(self) -> bool {
        !self.dihedral
    }

    /// Digests of files have no distance: they are equal or not.
    pub(crate) fn is_exact(self) -> bool {
        self.algorithm.threshold() == 0
    }

    /// What is looked up for pixels. Exact digests take them as a PPM file, which keeps every sample: what counts is that it
    /// is another file.
    pub(crate) fn query(self, picture: &Pixels<'_>) -> Option<Query> {
        let found = self.algorithm.of_picture(picture).unwrap_or_else(|| {
            let mut file = format!("P6\n{} {}\n255\n", picture.width(), picture.height()).into_bytes();
            file.extend_from_slice(picture.rgb());
            self.algorithm.compute(&file)
        });
        found.ok().map(|found| Query { code: code(&found.bytes), quality: found.quality })
    }

    /// What is looked up for a file as it is, and the codes that stand for it on a list.
    pub(crate) fn entry(self, encoded: &[u8], picture: &Pixels<'_>) -> Option<(Query, Vec<Code>)> {
        let file = || self.algorithm.compute(encoded);
        let found = self.algorithm.of_picture(picture).unwrap_or_else(file).ok()?;
        let query = Query { code: code(&found.bytes), quality: found.quality };
        let codes = if self.dihedral {
            let hashes = Stages::of(picture).ok()?.dihedral();
            debug_assert_eq!(hashes.len(), Dihedral::ALL.len());
            hashes.iter().map(|hash| code(hash.as_bytes())).collect()
        } else {
            vec![query.code]
        };
        Some((query, codes))
    }

    /// Distance from the nearest of an entry's codes; nothing if it never matches.
    pub(crate) fn distance(self, query: Option<Query>, codes: &[Code]) -> Option<u32> {
        let query = query.filter(|query| query.may_match())?;
        let between = |code: &Code| query.code.iter().zip(code).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        let nearest = codes.iter().map(between).min()?;
        (nearest == 0 || !self.is_exact()).then_some(nearest)
    }
}

fn code(bytes: &[u8]) -> Code {
    let mut padded = [0; 32];
    padded[..bytes.len()].copy_from_slice(bytes);
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(padded.as_chunks::<8>().0) {
        *word = u64::from_be_bytes(*chunk);
    }
    words
}
