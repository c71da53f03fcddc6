use crate::LARGEST_CONTENT;
use crate::attestation::{Measurement, Quoting};
use crate::client::Subject;
use crate::message::{HEADER, Offer, Outcome, Reply, Request, Sealed};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, Serializable};
use sightline_crypto::Ledger;
use sightline_fingerprint::{MINIMUM_QUALITY, Memo, PdqHash};
use sightline_hamming::oblivious;
use sightline_lists::{AuthorityKey, Entry, HashList, Pin, Provenance, Radius, SignatureError, SignedStatement};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// Sessions of one account that may be open at a time.
const MOST_SESSIONS: usize = 64;
/// Length of an entry as [`Request::Load`] carries it.
const ENTRY: usize = 33;

type Secret = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The code in the enclave. Knows whose signature a list must carry, and nothing else before it is told; does no input or
/// output, and reads no clock and no randomness but what its caller hands it.
///
/// A session serves one content: its key is fresh and is erased when the content has been looked at, whatever comes of it.
pub struct Enclave {
    quoting: Quoting,
    authority: AuthorityKey,
    radius: Radius,
    memo: Arc<Memo>,
    ledger: Ledger,
    /// Lists handed over beside the requests.
    supply: Vec<Arc<HashList>>,
    list: Option<(Pin, Arc<HashList>)>,
    sessions: BTreeMap<(u16, u64), Session>,
    /// Sessions that every account has had.
    counters: BTreeMap<u16, u64>,
    /// Contents that could not be checked.
    unchecked: u64,
    /// Whether the last content was hashed.
    hashed: bool,
}

struct Session {
    secret: Zeroizing<[u8; 32]>,
    binding: [u8; 64],
}

/// Why an enclave does not do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnclaveError {
    /// There is no list yet.
    #[error("no list was loaded: load one that the list authority signed")]
    NoList,
    /// A list that is not accepted.
    #[error("the list is refused: {0}")]
    List(#[from] SignatureError),
    /// Entries that are none.
    #[error("{length} bytes of entries, which is not a multiple of {ENTRY}")]
    Entries {
        /// Their length in bytes.
        length: usize,
    },
    /// Too many sessions at a time.
    #[error("account {account} has {MOST_SESSIONS} open sessions: use them first")]
    TooManySessions {
        /// Whose.
        account: u16,
    },
    /// A session that does not exist any more, or never did.
    #[error("session {counter} of account {account} is not open: it was used before, or never offered")]
    NoSession {
        /// Whose.
        account: u16,
        /// Its number.
        counter: u64,
    },
    /// A content that was sealed for another version of the list.
    #[error("sealed for version {sealed_for} of the list, which is at version {current} now")]
    OtherList {
        /// The version for which it was sealed.
        sealed_for: u64,
        /// The version in use.
        current: u64,
    },
    /// A content that does not open.
    #[error("the content does not open with the session's key: it was altered, or sealed for something else")]
    DoesNotOpen,
    /// A content that is too long.
    #[error("a content of {length} bytes, where at most {LARGEST_CONTENT} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A content that opens to something else than a padded content.
    #[error("what was sealed is no padded content")]
    Padding,
    /// This host has nothing to attempt.
    #[error("only an enclave in a process of its own can try what its sandbox forbids")]
    NotIsolated,
}

impl Enclave {
    /// The code as `quoting` says, for lists of `authority`, at this radius. `memo` remembers pictures already hashed and
    /// changes no result.
    pub fn launch(quoting: Quoting, authority: AuthorityKey, radius: Radius, memo: Arc<Memo>, ledger: Ledger) -> Self {
        Self {
            quoting,
            authority,
            radius,
            memo,
            ledger,
            supply: Vec::new(),
            list: None,
            sessions: BTreeMap::new(),
            counters: BTreeMap::new(),
            unchecked: 0,
            hashed: false,
        }
    }

    /// Hands over a list without its bytes travelling in a request. It is not used before a signed statement about it.
    #[must_use]
    pub fn supplied_with(mut self, lists: impl IntoIterator<Item = Arc<HashList>>) -> Self {
        self.supply.extend(lists);
        self
    }

    /// What it is, or says it is.
    pub const fn measurement(&self) -> Measurement {
        self.quoting.measurement()
    }

    /// Answers a request. The host is not told which contents could not be checked; they are counted here. `fresh` must be uniform, secret and new for each one.
    pub fn handle(&mut self, request: Request, fresh: &[u8; 32]) -> Reply {
        let answer = match request {
            Request::Load { statement, entries } => self.load(&statement, &entries).map(Reply::Loaded),
            Request::Hello { account, nonce } => self.hello(account, nonce, fresh).map(Reply::Offer),
            // That a content could not be checked would tell its kind.
            Request::Check { account, sealed } => self
                .check(account, &sealed)
                .map(|outcome| Reply::Outcome(if outcome == Outcome::Unchecked { Outcome::NoMatch } else { outcome })),
            Request::Attempt => Err(EnclaveError::NotIsolated),
        };
        answer.unwrap_or_else(|error| Reply::Refused(error.to_string()))
    }

    /// Matches with another list from now on; open sessions end. Returns its version.
    ///
    /// # Errors
    /// [`EnclaveError::List`] if the authority did not sign it, if it is older than the one in use, or another of the same
    /// version; [`EnclaveError::Entries`].
    pub fn load(&mut self, signed: &SignedStatement, entries: &[u8]) -> Result<u64, EnclaveError> {
        let statement = self.authority.verify(signed)?;
        let mut pin = self.list.as_ref().map_or(statement.pin(), |(pin, _)| *pin);
        pin.advance(&statement)?;
        let list = if entries.is_empty() {
            let supplied = self.supply.iter().find(|list| statement.check(list).is_ok());
            Arc::clone(supplied.ok_or(SignatureError::WrongList { version: statement.version })?)
        } else {
            let list = HashList::of_version(statement.version, read_entries(entries)?);
            statement.check(&list)?;
            Arc::new(list)
        };
        self.sessions.clear();
        self.list = Some((pin, list));
        Ok(pin.version)
    }

    /// Opens a session for one content.
    ///
    /// # Errors
    /// [`EnclaveError::NoList`], [`EnclaveError::TooManySessions`].
    pub fn hello(&mut self, account: u16, nonce: [u8; 32], fresh: &[u8; 32]) -> Result<Offer, EnclaveError> {
        let (pin, _) = self.list.as_ref().ok_or(EnclaveError::NoList)?;
        if self.sessions.range((account, 0)..=(account, u64::MAX)).count() >= MOST_SESSIONS {
            return Err(EnclaveError::TooManySessions { account });
        }
        let (secret, public) = X25519HkdfSha256::derive_keypair(fresh);
        let (secret, public) =
            (Zeroizing::new(<[u8; 32]>::from(secret.to_bytes())), <[u8; 32]>::from(public.to_bytes()));
        self.ledger.derive(&[fresh], &*secret);
        self.ledger.key_pair(&*secret, &public);
        let counter = self.counters.entry(account).or_default();
        *counter += 1;
        let mut offer = Offer {
            quote: Vec::new(),
            channel: public,
            nonce,
            version: pin.version,
            digest: pin.digest,
            counter: *counter,
        };
        let binding = offer.binding();
        offer.quote = self.quoting.quote(&binding);
        self.sessions.insert((account, *counter), Session { secret, binding });
        Ok(offer)
    }

    /// Opens a content and erases the session.
    ///
    /// For whoever runs this code outside of an enclave: a request cannot ask for it.
    ///
    /// # Errors
    /// [`EnclaveError`]; the session is erased all the same if the content does not open.
    pub fn open(&mut self, account: u16, sealed: &Sealed) -> Result<Subject, EnclaveError> {
        let (pin, _) = self.list.as_ref().ok_or(EnclaveError::NoList)?;
        if sealed.version != pin.version {
            return Err(EnclaveError::OtherList { sealed_for: sealed.version, current: pin.version });
        }
        if sealed.ciphertext.len() > LARGEST_CONTENT + HEADER + 16 {
            return Err(EnclaveError::TooLong { length: sealed.ciphertext.len() });
        }
        let no_session = EnclaveError::NoSession { account, counter: sealed.counter };
        let session = self.sessions.remove(&(account, sealed.counter)).ok_or(no_session)?;
        let secret = Secret::from_bytes(&*session.secret).map_err(|_| EnclaveError::DoesNotOpen)?;
        let encapsulated = Encapsulated::from_bytes(&sealed.encapsulated).map_err(|_| EnclaveError::DoesNotOpen)?;
        let opened = hpke::single_shot_open::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &encapsulated,
            INFO,
            &sealed.ciphertext,
            &session.binding,
        );
        let mut opened = opened.map_err(|_| EnclaveError::DoesNotOpen)?;
        let subject = Subject::from_padded(&opened);
        opened.zeroize();
        subject.ok_or(EnclaveError::Padding)
    }

    /// Opens a content, matches it if it can be checked, and forgets it.
    ///
    /// # Errors
    /// As [`Enclave::open`].
    pub fn check(&mut self, account: u16, sealed: &Sealed) -> Result<Outcome, EnclaveError> {
        let mut subject = self.open(account, sealed)?;
        let (_, list) = self.list.as_ref().ok_or(EnclaveError::NoList)?;
        let known = subject.picture.then(|| self.memo.look(&subject.bytes));
        self.hashed = subject.picture;
        let Some(pdq) = known.and_then(|known| Some(known.marks.as_ref().ok()?.pdq)) else {
            self.unchecked += 1;
            subject.bytes.zeroize();
            return Ok(Outcome::Unchecked);
        };
        let near = oblivious::any_within(list.words(), pdq.hash.words(), self.radius.bits());
        if near && pdq.quality >= MINIMUM_QUALITY {
            Ok(Outcome::Match(subject.bytes))
        } else {
            subject.bytes.zeroize();
            Ok(Outcome::NoMatch)
        }
    }

    /// Whether the last content was hashed, for whoever charges the work.
    pub const fn hashed_last(&self) -> bool {
        self.hashed
    }

    /// Everything it holds now; keys of used sessions are gone.
    pub fn memory(&self) -> Vec<(String, Vec<u8>)> {
        let sessions = self.sessions.iter().map(|((account, counter), session)| {
            (format!("session/{account:05}/{counter:020}"), session.secret.to_vec())
        });
        let counters = self
            .counters
            .iter()
            .map(|(account, counter)| (format!("counter/{account:05}"), counter.to_be_bytes().to_vec()));
        let list = self.list.iter().map(|(pin, _)| ("list".to_owned(), pin.digest.to_vec()));
        let code = [("measurement".to_owned(), self.measurement().as_bytes().to_vec())];
        let unchecked = [("unchecked".to_owned(), self.unchecked.to_be_bytes().to_vec())];
        sessions.chain(counters).chain(list).chain(code).chain(unchecked).collect()
    }
}

/// Binds sealed contents to their use (RFC 9180 §5.1, `info`).
pub(crate) const INFO: &[u8] = b"sightline enclave content";

/// Entries as [`Request::Load`] carries them.
pub(crate) fn write_entries(list: &HashList) -> Vec<u8> {
    let entry = |entry: &Entry| {
        let mut bytes = entry.hash.as_bytes().to_vec();
        bytes.push(u8::from(entry.provenance == Provenance::Picture));
        bytes
    };
    list.entries().iter().flat_map(entry).collect()
}

fn read_entries(bytes: &[u8]) -> Result<Vec<Entry>, EnclaveError> {
    let (entries, []) = bytes.as_chunks::<ENTRY>() else {
        return Err(EnclaveError::Entries { length: bytes.len() });
    };
    let entry = |bytes: &[u8; ENTRY]| Entry {
        hash: PdqHash::from_bytes(std::array::from_fn(|place| bytes[place])),
        provenance: if bytes[ENTRY - 1] == 1 { Provenance::Picture } else { Provenance::Code },
    };
    Ok(entries.iter().map(entry).collect())
}
