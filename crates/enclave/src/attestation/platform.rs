use super::Measurement;
use super::root::{CPU_SVN, PCE_SVN, QE_ATTRIBUTES, QE_SIGNER, QE_SVN, signing_key};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};
use sightline_crypto::Seed;
use std::sync::Arc;

/// `INIT | MODE64BIT`, and `DEBUG` beside them (*Intel SDM* volume 3D, table 35-3).
const ATTRIBUTES: u8 = 0x05;
const DEBUG: u8 = 0x02;
/// Length of a report body in bytes.
const REPORT: usize = 384;

/// A machine of a [`SoftwareRoot`](super::SoftwareRoot): it measures the code that is loaded, and signs what that code says.
/// Simulated: nothing but the type system keeps its owner from the key.
#[derive(Clone)]
pub struct Platform(Arc<Keys>);

struct Keys {
    attestation: SigningKey,
    /// Everything in a quote after the report's signature: the key's certification.
    certification: Vec<u8>,
}

/// The right of one piece of loaded code to have quotes made about itself.
#[derive(Clone)]
pub struct Quoting {
    platform: Platform,
    measurement: Measurement,
    debug: bool,
}

/// A platform's attestation key in the hands of somebody who can claim any measurement with it: how the compromise of an
/// enclave's hardware is modelled.
#[derive(Clone)]
pub struct StolenKey(Platform);

impl Platform {
    pub(super) fn new(pck: &SigningKey, pck_chain: &str, seed: &Seed) -> Self {
        let attestation = signing_key(seed, "attestation key");
        let point = attestation.verifying_key().to_sec1_point(false);
        let public = &point.as_bytes()[1..];
        let authentication = [0_u8; 32];
        let key_digest: [u8; 32] = Sha256::new().chain_update(public).chain_update(authentication).finalize().into();
        let mut data = [0; 64];
        data[..32].copy_from_slice(&key_digest);
        let report = report(&Report {
            attributes: QE_ATTRIBUTES,
            measurement: QE_SIGNER,
            signer: QE_SIGNER,
            product: 1,
            svn: QE_SVN,
            data,
        });
        let signature: Signature = pck.sign(&report);
        let length = u32::try_from(pck_chain.len()).expect("a chain of three certificates is short");
        let certification = [
            public,
            &report,
            &signature.to_bytes(),
            &32_u16.to_le_bytes(),
            &authentication,
            // The certificate chain in PEM (table 9 of the appendix).
            &5_u16.to_le_bytes(),
            &length.to_le_bytes(),
            pck_chain.as_bytes(),
        ]
        .concat();
        Self(Arc::new(Keys { attestation, certification }))
    }

    /// Loads code, measures it, and gives it the right to quotes about itself. Code in debug mode can be read by the owner of
    /// the machine, and its quotes say so.
    pub fn load(&self, code: Measurement, debug: bool) -> Quoting {
        Quoting { platform: self.clone(), measurement: code, debug }
    }

    /// The attestation key, for an adversary who broke the hardware.
    pub fn stolen(&self) -> StolenKey {
        StolenKey(self.clone())
    }
}

impl StolenKey {
    /// Quotes that claim this measurement, whatever runs.
    pub fn claiming(&self, measurement: Measurement) -> Quoting {
        self.0.load(measurement, false)
    }
}

impl Quoting {
    /// What runs, or is said to run.
    pub const fn measurement(&self) -> Measurement {
        self.measurement
    }

    /// A quote about the code with these 64 bytes of its choice: version 3, ECDSA-P256.
    pub fn quote(&self, data: &[u8; 64]) -> Vec<u8> {
        let mut attributes = [0; 16];
        attributes[0] = ATTRIBUTES | if self.debug { DEBUG } else { 0 };
        let mut quote = Vec::with_capacity(4_096);
        for field in [3_u16.to_le_bytes(), 2_u16.to_le_bytes()] {
            quote.extend_from_slice(&field);
        }
        quote.extend_from_slice(&[0; 4]);
        quote.extend_from_slice(&QE_SVN.to_le_bytes());
        quote.extend_from_slice(&PCE_SVN.to_le_bytes());
        quote.extend_from_slice(&dcap_qvl::INTEL_QE_VENDOR_ID);
        quote.extend_from_slice(&[0; 20]);
        quote.extend_from_slice(&report(&Report {
            attributes,
            measurement: *self.measurement.as_bytes(),
            signer: [0; 32],
            product: 1,
            svn: 1,
            data: *data,
        }));
        let keys = &self.platform.0;
        let signature: Signature = keys.attestation.sign(&quote);
        let length = u32::try_from(64 + keys.certification.len()).expect("certification is short");
        quote.extend_from_slice(&length.to_le_bytes());
        quote.extend_from_slice(&signature.to_bytes());
        quote.extend_from_slice(&keys.certification);
        quote
    }
}

struct Report {
    attributes: [u8; 16],
    measurement: [u8; 32],
    signer: [u8; 32],
    product: u16,
    svn: u16,
    data: [u8; 64],
}

/// A report body (table 5 of the appendix).
fn report(report: &Report) -> [u8; REPORT] {
    let mut bytes = [0; REPORT];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0, &CPU_SVN);
    put(48, &report.attributes);
    put(64, &report.measurement);
    put(128, &report.signer);
    put(256, &report.product.to_le_bytes());
    put(258, &report.svn.to_le_bytes());
    put(320, &report.data);
    bytes
}
