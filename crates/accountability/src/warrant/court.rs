//! A court: n judges, t of whom sign with one key that none of them has (FROST(Ed25519, SHA-512), RFC 9591). What they sign
//! is an ordinary Ed25519 signature.
//!
//! A [`Clerk`] collects: commitments of t judges, then their shares. Each [`Judge`] reads what is asked for before signing,
//! and refuses what breaks the rules; so a warrant that breaks them takes t judges who do not.
//!
//! The key is dealt by one dealer who forgets it (RFC 9591 appendix C); a distributed generation is not part of this version.

use super::signed::Paper;
use super::{Defect, Revocation, Rules, SignedRevocation, SignedWarrant, Warrant, hexadecimal};
use ed25519_dalek::VerifyingKey;
use frost_ed25519 as frost;
use rand_core_06 as old;
use sha2::{Digest, Sha256};
use sightline_crypto::Stream;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The public key by which a court is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourtKey {
    key: VerifyingKey,
    threshold: u16,
    /// The judges' verifying shares.
    judges: Vec<[u8; 32]>,
    shared: frost::keys::PublicKeyPackage,
}

/// One judge's share of the key.
pub struct Judge {
    number: u16,
    key: frost::keys::KeyPackage,
    court: CourtKey,
    rules: Rules,
    /// Nonces that were committed to and not used, with their commitments.
    nonces: Option<(frost::round1::SigningNonces, frost::round1::SigningCommitments)>,
}

/// Collects the signatures of judges on one warrant or revocation.
pub struct Clerk {
    court: CourtKey,
    paper: Paper,
    /// Everyone who committed, also those who came too late to sign.
    committed: BTreeSet<u16>,
    commitments: BTreeMap<u16, frost::round1::SigningCommitments>,
    shares: BTreeMap<u16, frost::round2::SignatureShare>,
}

/// What judges need to sign together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Who signs.
    pub judges: Vec<u16>,
    /// For [`Judge::sign`] of each of them.
    pub bytes: Vec<u8>,
}

/// Why a court does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CourtError {
    /// A court that cannot be.
    #[error(
        "a court of {judges} judges of whom {threshold} sign: at least 2 of at most 255 must, and no more than there are"
    )]
    Size {
        /// Judges.
        judges: u16,
        /// Judges that must sign.
        threshold: u16,
    },
    /// The judge will not have it.
    #[error("judge {judge} refuses: {defect}")]
    Refused {
        /// Who.
        judge: u16,
        /// Why.
        defect: Defect,
    },
    /// The judge is asked to sign without having committed, or twice.
    #[error("judge {judge} has no unused commitment: ask for one first")]
    NoCommitment {
        /// Who.
        judge: u16,
    },
    /// The clerk asks for a signature on something else than it shows.
    #[error("judge {judge} is asked to sign something else than what it was shown, or without its own commitment")]
    SomethingElse {
        /// Who.
        judge: u16,
    },
    /// Bytes that are not what they should be.
    #[error("judge {judge} sent no {what}")]
    Malformed {
        /// Who.
        judge: u16,
        /// What was expected.
        what: &'static str,
    },
    /// Nobody of that number.
    #[error("there is no judge {judge}, or not among those who sign")]
    NoSuchJudge {
        /// Who.
        judge: u16,
    },
    /// Not enough yet.
    #[error("{found} of {threshold} judges have sent their {what}")]
    TooFew {
        /// Judges needed.
        threshold: u16,
        /// Judges there are.
        found: usize,
        /// What they send.
        what: &'static str,
    },
    /// The same thing again.
    #[error("judge {judge} has sent its {what} before")]
    Twice {
        /// Who.
        judge: u16,
        /// What.
        what: &'static str,
    },
    /// A share that does not fit.
    #[error("judge {judge} signed something else: no signature comes of it")]
    BadShare {
        /// Who.
        judge: u16,
    },
}

/// The stream of one use, as the FROST crate wants it.
struct Fresh(Stream);

impl old::RngCore for Fresh {
    fn next_u32(&mut self) -> u32 {
        rand_core::Rng::next_u32(&mut self.0)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::Rng::next_u64(&mut self.0)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::Rng::fill_bytes(&mut self.0, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), old::Error> {
        rand_core::Rng::fill_bytes(&mut self.0, bytes);
        Ok(())
    }
}

impl old::CryptoRng for Fresh {}

fn fresh(seed: [u8; 32]) -> Fresh {
    Fresh(<Stream as rand_core::SeedableRng>::from_seed(seed))
}

/// A court of `judges` judges, `threshold` of whom sign, each after a check of `rules`. `seed` must be uniform and secret;
/// whoever has it has the court's key.
///
/// # Errors
/// [`CourtError::Size`].
pub fn deal(judges: u16, threshold: u16, rules: &Rules, seed: [u8; 32]) -> Result<(CourtKey, Vec<Judge>), CourtError> {
    let size = CourtError::Size { judges, threshold };
    if judges > 255 {
        return Err(size);
    }
    let identifiers = frost::keys::IdentifierList::Default;
    let (shares, shared) =
        frost::keys::generate_with_dealer(judges, threshold, identifiers, fresh(seed)).map_err(|_| size.clone())?;
    let bytes = |serialized: Result<Vec<u8>, frost::Error>| -> Option<[u8; 32]> { serialized.ok()?.try_into().ok() };
    let key = bytes(shared.verifying_key().serialize()).and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let verifying = shared.verifying_shares().values().map(|share| bytes(share.serialize())).collect::<Option<_>>();
    let (Some(key), Some(verifying)) = (key, verifying) else { return Err(size) };
    let court = CourtKey { key, threshold, judges: verifying, shared };
    let mut bench = Vec::new();
    for number in 1..=judges {
        let share = identifier(number).and_then(|identifier| shares.get(&identifier));
        let key = share.and_then(|share| frost::keys::KeyPackage::try_from(share.clone()).ok());
        let Some(key) = key else { return Err(size) };
        bench.push(Judge { number, key, court: court.clone(), rules: rules.clone(), nonces: None });
    }
    Ok((court, bench))
}

fn identifier(judge: u16) -> Option<frost::Identifier> {
    frost::Identifier::try_from(judge).ok()
}

/// The first 8 bytes of a key's SHA-256.
pub(super) fn key_id(key: &[u8; 32]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(key).into();
    std::array::from_fn(|place| digest[place])
}

impl CourtKey {
    pub(super) fn id(&self) -> [u8; 8] {
        key_id(self.key.as_bytes())
    }

    pub(super) const fn verifying(&self) -> &VerifyingKey {
        &self.key
    }

    pub(super) fn is_a_judge(&self, id: &[u8]) -> bool {
        self.judges.iter().any(|judge| key_id(judge) == id)
    }

    /// The same court under another key, all of which somebody holds.
    pub(super) fn with_key(self, key: VerifyingKey) -> Self {
        Self { key, ..self }
    }

    /// The verifying share of the judge at a place.
    pub(super) fn judge(&self, place: usize) -> [u8; 32] {
        self.judges[place]
    }

    /// The key's id in hexadecimal digits.
    pub fn name(&self) -> String {
        hexadecimal(&self.id())
    }

    /// Judges that must sign.
    pub const fn threshold(&self) -> u16 {
        self.threshold
    }
}

impl Judge {
    /// Its number, from 1 on.
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Its secret share, encoded. Handle as a secret.
    pub fn secret(&self) -> Vec<u8> {
        self.key.signing_share().serialize()
    }

    /// The nonces that it committed to and has not used, encoded; empty if there are none. Handle as a secret.
    pub fn nonces(&self) -> Vec<u8> {
        let nonces = self.nonces.as_ref().and_then(|(nonces, _)| nonces.serialize().ok());
        nonces.unwrap_or_default()
    }

    /// The first round: commits to nonces. `seed` must be uniform, secret and new. What was committed to before is forgotten.
    pub fn commit(&mut self, seed: [u8; 32]) -> Vec<u8> {
        let (nonces, commitments) = frost::round1::commit(self.key.signing_share(), &mut fresh(seed));
        let bytes = commitments.serialize().unwrap_or_default();
        self.nonces = Some((nonces, commitments));
        bytes
    }

    /// The second round: its share of the signature on a warrant, if the warrant keeps the rules. The commitment is used up
    /// only if it signs.
    ///
    /// # Errors
    /// [`CourtError`].
    pub fn sign(&mut self, warrant: &Warrant, package: &[u8]) -> Result<Vec<u8>, CourtError> {
        self.rules.check(warrant).map_err(|defect| CourtError::Refused { judge: self.number, defect })?;
        self.share(&Paper::Warrant(warrant.clone()), package)
    }

    /// The second round for a revocation.
    ///
    /// # Errors
    /// [`CourtError`].
    pub fn sign_revocation(&mut self, revocation: &Revocation, package: &[u8]) -> Result<Vec<u8>, CourtError> {
        self.share(&Paper::Revocation(revocation.clone()), package)
    }

    /// Signs whatever it is shown.
    pub(super) fn share(&mut self, paper: &Paper, package: &[u8]) -> Result<Vec<u8>, CourtError> {
        let judge = self.number;
        let something_else = CourtError::SomethingElse { judge };
        let package = frost::SigningPackage::deserialize(package).map_err(|_| something_else.clone())?;
        if *package.message() != paper.to_be_signed(self.court.key.as_bytes()) {
            return Err(something_else);
        }
        let (nonces, commitments) = self.nonces.take().ok_or(CourtError::NoCommitment { judge })?;
        let own = package.signing_commitment(self.key.identifier());
        let signed =
            if own == Some(commitments) { frost::round2::sign(&package, &nonces, &self.key).ok() } else { None };
        if let Some(share) = signed {
            Ok(share.serialize())
        } else {
            self.nonces = Some((nonces, commitments));
            Err(something_else)
        }
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Judge").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Clerk {
    /// For a warrant.
    pub const fn new(court: CourtKey, warrant: Warrant) -> Self {
        Self::on(court, Paper::Warrant(warrant))
    }

    /// For a revocation.
    pub const fn revoking(court: CourtKey, revocation: Revocation) -> Self {
        Self::on(court, Paper::Revocation(revocation))
    }

    const fn on(court: CourtKey, paper: Paper) -> Self {
        Self { court, paper, committed: BTreeSet::new(), commitments: BTreeMap::new(), shares: BTreeMap::new() }
    }

    /// Takes a judge's commitment. Once there are as many as must sign, what each of them needs; later ones change nothing.
    ///
    /// # Errors
    /// [`CourtError::NoSuchJudge`], [`CourtError::Malformed`] or [`CourtError::Twice`].
    pub fn commitment(&mut self, judge: u16, bytes: &[u8]) -> Result<Option<Package>, CourtError> {
        if judge == 0 || usize::from(judge) > self.court.judges.len() {
            return Err(CourtError::NoSuchJudge { judge });
        }
        let commitments = frost::round1::SigningCommitments::deserialize(bytes)
            .map_err(|_| CourtError::Malformed { judge, what: "commitment" })?;
        if !self.committed.insert(judge) {
            return Err(CourtError::Twice { judge, what: "commitment" });
        }
        let threshold = usize::from(self.court.threshold);
        if self.commitments.len() == threshold {
            return Ok(None);
        }
        self.commitments.insert(judge, commitments);
        if self.commitments.len() < threshold {
            return Ok(None);
        }
        let package = self.package()?.serialize().map_err(|_| CourtError::Malformed { judge, what: "commitment" })?;
        Ok(Some(Package { judges: self.commitments.keys().copied().collect(), bytes: package }))
    }

    fn package(&self) -> Result<frost::SigningPackage, CourtError> {
        let (threshold, found) = (self.court.threshold, self.commitments.len());
        if found < usize::from(threshold) {
            return Err(CourtError::TooFew { threshold, found, what: "commitments" });
        }
        let commitments = self.commitments.iter().filter_map(|(judge, own)| Some((identifier(*judge)?, *own)));
        let message = self.paper.to_be_signed(self.court.key.as_bytes());
        Ok(frost::SigningPackage::new(commitments.collect(), &message))
    }

    /// Takes a judge's share, if it fits: one that does not is refused before it can spoil the signature.
    ///
    /// # Errors
    /// [`CourtError::NoSuchJudge`], [`CourtError::Twice`], [`CourtError::TooFew`] commitments, [`CourtError::Malformed`] or
    /// [`CourtError::BadShare`].
    pub fn share(&mut self, judge: u16, bytes: &[u8]) -> Result<(), CourtError> {
        if !self.commitments.contains_key(&judge) {
            return Err(CourtError::NoSuchJudge { judge });
        }
        if self.shares.contains_key(&judge) {
            return Err(CourtError::Twice { judge, what: "share" });
        }
        let share = frost::round2::SignatureShare::deserialize(bytes)
            .map_err(|_| CourtError::Malformed { judge, what: "share of a signature" })?;
        let package = self.package()?;
        let bad = CourtError::BadShare { judge };
        let number = identifier(judge).ok_or_else(|| bad.clone())?;
        let verifying = self.court.shared.verifying_shares().get(&number).ok_or_else(|| bad.clone())?;
        let whole = self.court.shared.verifying_key();
        frost_core::verify_signature_share(number, verifying, &share, &package, whole).map_err(|_| bad)?;
        self.shares.insert(judge, share);
        Ok(())
    }

    /// The signed warrant.
    ///
    /// # Errors
    /// [`CourtError::TooFew`].
    pub fn warrant(&self) -> Result<SignedWarrant, CourtError> {
        self.finish().map(SignedWarrant::from_bytes)
    }

    /// The signed revocation.
    ///
    /// # Errors
    /// As [`Clerk::warrant`].
    pub fn revocation(&self) -> Result<SignedRevocation, CourtError> {
        self.finish().map(SignedRevocation::from_bytes)
    }

    fn finish(&self) -> Result<Vec<u8>, CourtError> {
        let (threshold, found) = (self.court.threshold, self.shares.len());
        if found < usize::from(threshold) {
            return Err(CourtError::TooFew { threshold, found, what: "shares" });
        }
        let package = self.package()?;
        let shares = self.shares.iter().filter_map(|(judge, share)| Some((identifier(*judge)?, *share)));
        let signature = frost::aggregate(&package, &shares.collect(), &self.court.shared)
            .map_err(|_| CourtError::TooFew { threshold, found, what: "shares" })?;
        let signature = signature.serialize().unwrap_or_default();
        Ok(self.paper.signed(self.court.key.as_bytes(), &signature))
    }
}
