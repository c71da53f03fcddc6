//! dHash as ImageHash 4.3.2 has it (`imagehash.dhash`, after N. Krawetz, *Kind of Like That*, 2013): grey, 9 × 8 by
//! Lanczos, bits where a value is above the one to its left.

use crate::grey::Grey;
use crate::{Algorithm, Fingerprint, FingerprintError, Stage};
use sightline_pictures::Picture;

/// [The module](self)'s algorithm.
#[derive(Debug)]
pub struct DHash;

impl Algorithm for DHash {
    fn name(&self) -> &'static str {
        "dhash"
    }

    fn bits(&self) -> u32 {
        64
    }

    fn threshold(&self) -> u32 {
        10
    }

    fn source(&self) -> &'static str {
        "ImageHash 4.3.2, dhash; N. Krawetz, Kind of Like That (2013)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(hash(&sightline_pictures::decode(encoded)?))
    }

    fn of_picture(&self, picture: &Picture) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Ok(hash(picture)))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        let values = shrunk(&sightline_pictures::decode(encoded)?).values.into_iter().map(f64::from).collect();
        Ok(vec![Stage { name: "grey", width: 9, values }])
    }
}

fn hash(picture: &Picture) -> Fingerprint {
    let grey = shrunk(picture);
    let rows = grey.values.chunks_exact(9);
    Fingerprint::from_bits(rows.flat_map(|row| row.windows(2).map(|pair| pair[1] > pair[0])))
}

fn shrunk(picture: &Picture) -> Grey {
    Grey::of(picture).resized(9, 8)
}
