use crate::{PartyId, Span, Time, WireError};
use rand_core::Rng;
use sightline_crypto::{Ledger, Seed, Stream};

/// A party to a protocol. Never does input or output: the runner hands it bytes and time, and carries out what it asks
/// for through the [`Context`].
///
/// A [`Refusal`] is a measurement, not a crash: the party keeps its state, and the run goes on.
pub trait Party: Send {
    /// The run begins.
    ///
    /// # Errors
    /// [`Refusal`] if it cannot begin.
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal>;

    /// Bytes arrived from `from`, which the channel authenticates.
    ///
    /// # Errors
    /// [`Refusal`] if they are not what this party accepts now.
    fn receive(&mut self, from: PartyId, message: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal>;

    /// The time asked for by [`Context::wake_at`] has come.
    ///
    /// # Errors
    /// [`Refusal`] if something it waited for did not happen.
    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal>;

    /// Everything it holds now, in a canonical form; what it erased is absent.
    fn memory(&self) -> Memory;
}

/// What a party holds: named byte strings, sorted by name. Secrets appear as raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory(Vec<(String, Vec<u8>)>);

impl Memory {
    /// A memory of these entries.
    pub fn new(entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort();
        Self(entries)
    }

    /// The entries, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// This memory with the entries of `other`, each name preceded by `prefix` and a slash.
    #[must_use]
    pub fn with(self, prefix: &str, other: Self) -> Self {
        let other = other.0.into_iter().map(|(name, bytes)| (format!("{prefix}/{name}"), bytes));
        Self::new(self.0.into_iter().chain(other))
    }
}

/// A party's answer to input that it does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{party} refused a message from {peer}: {reason}")]
pub struct Refusal {
    /// Who refused.
    pub party: PartyId,
    /// Whose input it was.
    pub peer: PartyId,
    /// Why.
    pub reason: Reason,
}

/// Why input was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Not a message at all.
    #[error(transparent)]
    Malformed(#[from] WireError),
    /// A message that has no place at this point of the protocol.
    #[error("unexpected {message}: {detail}")]
    Unexpected {
        /// The message.
        message: &'static str,
        /// What was expected.
        detail: String,
    },
    /// The content of the message was rejected by a layer below.
    #[error("rejected {message}: {detail}")]
    Rejected {
        /// The message.
        message: &'static str,
        /// What that layer says.
        detail: String,
    },
    /// The peer did not acknowledge in time.
    #[error("no acknowledgement after {attempts} attempts")]
    Unreachable {
        /// How often the message was sent.
        attempts: u32,
    },
}

/// Work that costs time, charged to virtual time with a fixed table (PRIVACY §5, *Time*): an order of magnitude per
/// operation on a current processor, not a measurement of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Handling one message.
    Message,
    /// Sealing, opening or digesting this many bytes.
    Bytes(usize),
    /// Hashing a picture of this many encoded bytes.
    Fingerprint(usize),
    /// Comparing a hash with this many list entries.
    Compare(usize),
    /// An operation on an MLS group of this many members.
    Group(usize),
    /// Making or verifying an enclave's quote.
    Quote,
    /// Making or verifying a signature, or a share of one.
    Signature,
}

impl Work {
    /// The virtual time it takes.
    pub fn cost(self) -> Span {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        match self {
            Self::Message => Span::microseconds(10),
            Self::Bytes(bytes) => Span::nanoseconds(count(bytes)),
            Self::Fingerprint(bytes) => Span::nanoseconds(count(bytes).saturating_mul(20).saturating_add(500_000)),
            Self::Compare(entries) => Span::nanoseconds(count(entries).saturating_mul(2)),
            Self::Quote => Span::microseconds(1_000),
            Self::Signature => Span::microseconds(50),
            Self::Group(members) => Span::microseconds(count(members).saturating_mul(100).saturating_add(200)),
        }
    }
}

/// What a party may use while it handles one input.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) party: PartyId,
    pub(crate) now: Time,
    pub(crate) stream: &'a mut Stream,
    pub(crate) ledger: &'a Ledger,
    /// Seed of the run, from which the stream's derives.
    pub(crate) run: &'a Seed,
    pub(crate) spent: Span,
    pub(crate) outgoing: Vec<(Time, PartyId, Vec<u8>)>,
    pub(crate) deadline: Option<Time>,
    /// Secrets drawn on this input.
    pub(crate) drawn: Vec<[u8; 32]>,
}

impl Context<'_> {
    /// Who handles the input.
    pub fn party(&self) -> PartyId {
        self.party
    }

    /// Virtual time, work spent on this input included.
    pub fn now(&self) -> Time {
        self.now + self.spent
    }

    /// The party's own random stream.
    pub fn rng(&mut self) -> &mut Stream {
        self.stream
    }

    /// 32 bytes drawn from it for a secret. It is recorded that whoever has the party's randomness has them.
    pub fn secret(&mut self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.stream.fill_bytes(&mut secret);
        self.ledger.derive(&[self.party.seed(self.run).as_bytes()], &secret);
        self.drawn.push(secret);
        secret
    }

    /// Where its cryptography is recorded.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Sends `message` once the work spent so far is done.
    pub fn send(&mut self, to: PartyId, message: Vec<u8>) {
        self.outgoing.push((self.now(), to, message));
    }

    /// What was sent on this input so far: when, to whom, what. A wrapper around a party may change it.
    pub fn outgoing(&mut self) -> &mut Vec<(Time, PartyId, Vec<u8>)> {
        &mut self.outgoing
    }

    /// Asks to be woken at `time`; `None` cancels. A party has one such time, and the last call counts.
    pub fn wake_at(&mut self, time: Option<Time>) {
        self.deadline = time;
    }

    /// When the party is to be woken, as it asked last.
    pub fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// Charges work to virtual time.
    pub fn spend(&mut self, work: Work) {
        self.spent = self.spent + work.cost();
    }
}
