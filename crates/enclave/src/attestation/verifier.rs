use super::Measurement;
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::quote::Report;
use dcap_qvl::verify::QuoteVerifier;

/// Longest quote that is read, in bytes.
const LONGEST: usize = 1 << 16;

/// The certificate under which everything must be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCertificate {
    name: &'static str,
    /// DER; nothing for Intel's, which the verifying library holds.
    certificate: Option<Vec<u8>>,
}

impl RootCertificate {
    /// Intel's, for real hardware.
    pub const fn intel() -> Self {
        Self { name: "Intel's root", certificate: None }
    }

    pub(super) const fn software(certificate: Vec<u8>) -> Self {
        Self { name: "the software root (no hardware TEE)", certificate: Some(certificate) }
    }

    /// Its name in words.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// What a verifier needs beside a quote, published by the chip maker: security levels, identity of the quoting enclave,
/// revocation lists, all signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collateral(QuoteCollateralV3);

impl Collateral {
    /// Collateral as the verifying library has it.
    pub const fn new(collateral: QuoteCollateralV3) -> Self {
        Self(collateral)
    }
}

/// Verifies quotes under one root. The same code for every root.
pub struct Verifier {
    root: RootCertificate,
    quotes: QuoteVerifier,
    collateral: QuoteCollateralV3,
    accepted: Vec<String>,
}

/// What a verified quote says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The code: `MRENCLAVE`, or the first 32 bytes of `MRTD` for a virtual machine under TDX.
    pub measurement: Measurement,
    /// What the code says: 64 bytes of its choice.
    pub data: [u8; 64],
    /// How up to date the platform is, in Intel's words.
    pub status: String,
}

/// Why a quote is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// Not a quote, or one of a kind that is not accepted.
    #[error("not a quote that can be read: {0}")]
    Malformed(String),
    /// Certificates that do not lead to the root.
    #[error("its certificates do not lead to {root}")]
    WrongRoot {
        /// The root that was expected.
        root: &'static str,
    },
    /// A signature that does not fit what it is on.
    #[error("a signature in it does not fit: it was forged or altered ({0})")]
    Forged(String),
    /// Certificates, revocation lists or security levels that are not valid at this time.
    #[error("it is not valid at this time: {0}")]
    Stale(String),
    /// A platform whose keys were revoked.
    #[error("its platform was revoked")]
    Revoked,
    /// A platform below the security level that is asked for.
    #[error("its platform is {status}, which is not accepted")]
    Outdated {
        /// Intel's word for it.
        status: String,
    },
    /// Code whose memory the owner of the machine can read.
    #[error("the code runs in debug mode: its host can read it")]
    Debug,
    /// Anything else that the verifying library refuses.
    #[error("refused: {0}")]
    Refused(String),
}

impl Verifier {
    /// A verifier under `root` that accepts platforms which are up to date.
    pub fn new(root: RootCertificate, collateral: Collateral) -> Self {
        let verifier = root.certificate.clone().map_or_else(QuoteVerifier::new_prod, QuoteVerifier::new);
        // Debug mode has an error of its own.
        Self {
            root,
            quotes: verifier.allow_debug(true),
            collateral: collateral.0,
            accepted: vec!["UpToDate".to_owned()],
        }
    }

    /// Accepts platforms of these levels too, in Intel's words (`SWHardeningNeeded`).
    #[must_use]
    pub fn accepting(mut self, levels: impl IntoIterator<Item = &'static str>) -> Self {
        self.accepted.extend(levels.into_iter().map(str::to_owned));
        self
    }

    /// What the quote says, if all of it holds at `now`, in seconds since 1970 (UTC).
    ///
    /// # Errors
    /// [`AttestationError`], the first thing that does not hold.
    pub fn verify(&self, quote: &[u8], now: u64) -> Result<Attested, AttestationError> {
        if quote.len() > LONGEST {
            let detail = format!("{} bytes, where at most {LONGEST} are allowed", quote.len());
            return Err(AttestationError::Malformed(detail));
        }
        let verified =
            self.quotes.verify(quote, &self.collateral, now).map_err(|error| self.classify(&format!("{error:#}")))?;
        if !self.accepted.contains(&verified.status) {
            return Err(AttestationError::Outdated { status: verified.status });
        }
        let tdx = |report: &dcap_qvl::quote::TDReport10| {
            (first_32(&report.mr_td), report.report_data, report.td_attributes[0] & 1 != 0)
        };
        let (measurement, data, debug) = match &verified.report {
            Report::SgxEnclave(report) => (report.mr_enclave, report.report_data, report.attributes[0] & 2 != 0),
            Report::TD10(report) => tdx(report),
            Report::TD15(report) => tdx(&report.base),
            Report::TD15Ex(report) => tdx(&report.base.base),
        };
        if debug {
            return Err(AttestationError::Debug);
        }
        Ok(Attested { measurement: Measurement::from_bytes(measurement), data, status: verified.status })
    }

    /// The library says why in words alone; tests hold every one that matters here.
    fn classify(&self, why: &str) -> AttestationError {
        let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
        if says(&["Failed to decode quote", "Unsupported", "Unknown QE vendor", "TEE quote must have"]) {
            AttestationError::Malformed(why.to_owned())
        } else if says(&["CertRevoked", "Revoked"]) {
            AttestationError::Revoked
        } else if says(&["expired", "in the future", "CertExpired", "CertNotValidYet", "CrlExpired"]) {
            AttestationError::Stale(why.to_owned())
        } else if says(&["root CA CRL", "UnknownIssuer", "Failed to verify certificate chain"]) {
            AttestationError::WrongRoot { root: self.root.name }
        } else if says(&["ignature", "QE report hash mismatch"]) {
            AttestationError::Forged(why.to_owned())
        } else {
            AttestationError::Refused(why.to_owned())
        }
    }
}

fn first_32(bytes: &[u8; 48]) -> [u8; 32] {
    std::array::from_fn(|place| bytes[place])
}
