//! dHash as ImageHash 4.3.2 has it (`imagehash.dhash`, after N. Krawetz, *Kind of Like That*, 2013): grey, 9 × 8 by
//! Lanczos, bits where a value is above the one to its left.

use crate::grey::Grey;
use crate::{Algorithm, Fingerprint, FingerprintError, Pixels, Stage};

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
        Ok(hash(&Grey::of(&sightline_pictures::decode(encoded)?)))
    }

    fn of_picture(&self, pixels: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(Ok(hash(pixels.grey())))
    }

    fn stages(&self, encoded: &[u8]) -> Result<Vec<Stage>, FingerprintError> {
        let values =
            shrunk(&Grey::of(&sightline_pictures::decode(encoded)?)).values.into_iter().map(f64::from).collect();
        Ok(vec![Stage { name: "grey", width: 9, values }])
    }
}

fn hash(grey: &Grey) -> Fingerprint {
    let grey = shrunk(grey);
    let rows = grey.values.chunks_exact(9);
    Fingerprint::from_bits(rows.flat_map(|row| row.windows(2).map(|pair| pair[1] > pair[0])))
}

fn shrunk(grey: &Grey) -> Grey {
    grey.resized(9, 8)
}
