//! aHash as ImageHash 4.3.2 has it (`imagehash.average_hash`, after N. Krawetz, *Looks Like It*, 2011): grey, 8 × 8 by
//! Lanczos, bits above the mean.

use crate::grey::Grey;
use crate::{Algorithm, Fingerprint, FingerprintError, Pixels, Stage};

/// [The module](self)'s algorithm.
#[derive(Debug)]
pub struct AHash;

impl Algorithm for AHash {
    fn name(&self) -> &'static str {
        "ahash"
    }

    fn bits(&self) -> u32 {
        64
    }

    fn threshold(&self) -> u32 {
        10
    }

    fn source(&self) -> &'static str {
        "ImageHash 4.3.2, average_hash; N. Krawetz, Looks Like It (2011)"
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
        Ok(vec![Stage { name: "grey", width: 8, values }])
    }
}

fn hash(grey: &Grey) -> Fingerprint {
    let grey = shrunk(grey);
    let sum: u32 = grey.values.iter().map(|value| u32::from(*value)).sum();
    Fingerprint::from_bits(grey.values.into_iter().map(|value| u32::from(value) * 64 > sum))
}

fn shrunk(grey: &Grey) -> Grey {
    grey.resized(8, 8)
}
