//! Digests of the file as it is, the baselines of exact matching: SHA-256 (FIPS 180-4) and MD5 (RFC 1321). MD5 is here
//! because lists of known files use it; collisions can be made at will.

use crate::{Algorithm, Fingerprint, FingerprintError};
use sha2::Digest as _;

/// SHA-256 of the encoded bytes, whatever they are.
#[derive(Debug)]
pub struct Sha256;

impl Algorithm for Sha256 {
    fn name(&self) -> &'static str {
        "sha256"
    }

    fn bits(&self) -> u32 {
        256
    }

    fn threshold(&self) -> u32 {
        0
    }

    fn source(&self) -> &'static str {
        "FIPS 180-4 (2015)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(Fingerprint { bytes: sha2::Sha256::digest(encoded).to_vec(), quality: None })
    }
}

/// MD5 of the encoded bytes, whatever they are.
#[derive(Debug)]
pub struct Md5;

impl Algorithm for Md5 {
    fn name(&self) -> &'static str {
        "md5"
    }

    fn bits(&self) -> u32 {
        128
    }

    fn threshold(&self) -> u32 {
        0
    }

    fn source(&self) -> &'static str {
        "RFC 1321 (1992)"
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(Fingerprint { bytes: md5::Md5::digest(encoded).to_vec(), quality: None })
    }
}
