//! What systems with warrants share: law enforcement applies to judges, a quorum of whom sign; the provider checks what it is
//! served, writes it into a public log before it acts, and again when it has answered and told those concerned; an auditor
//! reads the log for everybody.

mod access;
mod auditor;
mod judge;
mod keeper;
mod police;

pub(crate) use access::{Access, Change, told};
pub(crate) use police::Police;

use crate::listing;
use minicbor::{Decode, Encode};
use sightline_accountability::log::{Follower, Log, LogKey, Proof, Witness, WitnessKey};
use sightline_accountability::warrant::{self, CourtKey, Data, Judge, Rules, SignedRevocation, SignedWarrant, Warrant};
use sightline_crypto::Seed;
use sightline_messenger::Sent;
use sightline_protocol::{Decision, Endpoint, Party, PartyId, PartyProfile, Reason, Setup, Step, Time, Wire};

/// Judges, and how many of them must sign.
const JUDGES: u16 = 3;
const THRESHOLD: u16 = 2;
/// Whom warrants name.
const APPLICANT: &str = "law enforcement";
const ADDRESSEE: &str = "provider";
/// The log's and its witness's names.
const ORIGIN: &str = "log.example/warrants";
const WITNESS: &str = "auditor.example/witness";
/// Seconds from the end of what a warrant is about until those concerned are told. Far shorter than any law's, so that a run
/// shows it.
const NOTICE: u64 = 60;
const DAY: u64 = 24 * 60 * 60;

/// What travels between law enforcement, judges, provider, log, auditor and devices.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) enum Proceeding {
    /// Law enforcement to a judge: what it asks for.
    #[n(0)]
    Application(#[n(0)] Warrant),
    /// A judge to law enforcement: a commitment, the first round.
    #[n(1)]
    Commitment(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// Law enforcement to a judge: who signs with whom.
    #[n(2)]
    Package(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// A judge to law enforcement: a share of the signature, the second round.
    #[n(3)]
    Share(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// Law enforcement to the provider.
    #[n(4)]
    Warrant(#[n(0)] SignedWarrant),
    /// A court to the provider, by way of law enforcement.
    #[n(5)]
    Revocation(#[n(0)] SignedRevocation),
    /// The provider to law enforcement: number of the warrant, and what it asks for.
    #[n(6)]
    Answer(#[n(0)] u64, #[n(1)] Vec<Traffic>),
    /// The provider to the device of an account that a warrant names.
    #[n(7)]
    Notice(#[n(0)] SignedWarrant, #[n(1)] u64, #[n(2)] Logged),
    /// The provider to the log: what to append.
    #[n(8)]
    Append(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The log to the auditor: a checkpoint, that it extends the one before, and what it adds.
    #[n(9)]
    Checkpoint(
        #[cbor(n(0), with = "minicbor::bytes")] Vec<u8>,
        #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>,
        #[n(2)] Vec<minicbor::bytes::ByteVec>,
    ),
    /// The auditor to the log: a cosignature.
    #[n(10)]
    Cosignature(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The log to the provider.
    #[n(11)]
    Logged(#[n(0)] Logged),
}

/// One message's communications data.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Traffic {
    /// When the provider took it, in milliseconds since 1970 (UTC).
    #[n(0)]
    at: u64,
    /// Who, to whom, and how big.
    #[n(1)]
    sent: Sent,
}

impl Traffic {
    /// The accounts that it is between, the sender first.
    pub(crate) fn people(&self) -> impl Iterator<Item = u16> {
        std::iter::once(&self.sent.sender).chain(&self.sent.recipients).map(|member| member.0)
    }
}

/// A record with proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Logged {
    /// Its place.
    #[n(0)]
    index: u64,
    /// The record, encoded.
    #[cbor(n(1), with = "minicbor::bytes")]
    record: Vec<u8>,
    /// A checkpoint, cosigned.
    #[cbor(n(2), with = "minicbor::bytes")]
    note: Vec<u8>,
    /// That the record is in it.
    #[cbor(n(3), with = "minicbor::bytes")]
    proof: Vec<u8>,
}

impl Proceeding {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Application(_) => "application",
            Self::Commitment(_) => "commitment",
            Self::Package(_) => "signing package",
            Self::Share(_) => "share",
            Self::Warrant(_) => "warrant",
            Self::Revocation(_) => "revocation",
            Self::Answer(..) => "answer",
            Self::Notice(..) => "notice",
            Self::Append(_) => "append",
            Self::Checkpoint(..) => "checkpoint",
            Self::Cosignature(_) => "cosignature",
            Self::Logged(_) => "log receipt",
        }
    }

    /// The refusal of what has no place here.
    fn unexpected(&self, from: PartyId) -> Reason {
        Reason::Unexpected { message: self.name(), detail: format!("it is not taken here, or not from {from}") }
    }
}

/// A message type in which proceedings travel.
pub(crate) trait Hears: Wire + Send + From<Proceeding> {
    /// The proceeding, if the message is one.
    ///
    /// # Errors
    /// The message's name, if it is something else.
    fn into_proceeding(self) -> Result<Proceeding, &'static str>;

    /// The same, with the refusal of everything else.
    ///
    /// # Errors
    /// [`Reason::Unexpected`].
    fn expect_proceeding(self) -> Result<Proceeding, Reason> {
        let refused = |message| Reason::Unexpected { message, detail: "only papers of a court are taken here".into() };
        self.into_proceeding().map_err(refused)
    }
}

/// The keys that everybody knows.
#[derive(Clone)]
pub(crate) struct Keys {
    court: CourtKey,
    log: LogKey,
    witness: WitnessKey,
}

/// A court with its log, of a deployment with this seed.
pub(crate) struct Court {
    pub(crate) keys: Keys,
    rules: Rules,
    judges: Vec<Judge>,
    log: Log,
    witness: Witness,
}

impl Court {
    /// One that gives out these kinds of data, from up to so many days before a warrant.
    pub(crate) fn new(days: u16, data: &[Data], seed: &Seed) -> Self {
        let secret = |purpose| *seed.derive(purpose, 0).as_bytes();
        let rules = Rules { furthest_back: u64::from(days) * DAY, ..Rules::new(APPLICANT, data.iter().copied()) };
        let (court, judges) =
            warrant::deal(JUDGES, THRESHOLD, &rules, secret("court")).expect("a court of three of whom two sign");
        let log = Log::new(ORIGIN, &secret("log")).expect("a name");
        let witness = Witness::new(WITNESS, &secret("witness"), log.key().clone()).expect("a name");
        let keys = Keys { court, log: log.key().clone(), witness: witness.key().clone() };
        Self { keys, rules, judges, log, witness }
    }

    /// The provider's part.
    pub(crate) fn access(&self, setup: &Setup) -> Access {
        Access::new(self, setup)
    }

    /// Law enforcement's part.
    pub(crate) fn police<M>(&self, setup: &Setup) -> Police<M> {
        Police::new(setup, &self.rules, self.keys.court.clone())
    }

    /// Judges, log and auditor.
    pub(crate) fn parties<M: Hears + 'static>(self) -> Vec<(PartyId, Box<dyn Party>)> {
        let Self { keys, judges, log, witness, .. } = self;
        let follower = Follower::new(keys.log, vec![keys.witness], 1).expect("one witness of one");
        let mut parties = vec![
            (PartyId::LOG, Endpoint::boxed(keeper::Keeper::<M>::new(log))),
            (PartyId::AUDITOR, Endpoint::boxed(auditor::Auditor::<M>::new(witness, follower))),
        ];
        let judge = |(number, judge)| (PartyId::judge(number), Endpoint::boxed(judge::Bench::<M>::new(judge)));
        parties.extend((0..).zip(judges).map(judge));
        parties
    }
}

/// Those of them that are outsiders.
pub(crate) fn outsiders() -> impl Iterator<Item = PartyId> {
    [PartyId::LAW_ENFORCEMENT]
        .into_iter()
        .chain((0..JUDGES).map(PartyId::judge))
        .chain([PartyId::LOG, PartyId::AUDITOR])
}

/// The same as profiles show them.
pub(crate) fn profiles() -> [PartyProfile; 4] {
    let party = |name, title| PartyProfile { name, title, outsider: true };
    [
        party("law-enforcement", "Law enforcement"),
        party("judge", "Judges"),
        party("log", "Keeper of the public log"),
        party("auditor", "Auditor of the log"),
    ]
}

/// The steps until a provider acts.
pub(crate) fn steps() -> Vec<Step> {
    let step = |from, to, label| Step { from, to, label, condition: "before the provider acts", sealed: false };
    vec![
        step("law-enforcement", "judge", "application: accounts, data, dates, grounds"),
        step("judge", "law-enforcement", "share of a signature"),
        step("law-enforcement", "provider", "warrant"),
        step("provider", "log", "commitment to the warrant, counts"),
        step("log", "auditor", "checkpoint, what was appended"),
        step("auditor", "log", "cosignature"),
        step("log", "provider", "proof that it is in the log"),
    ]
}

/// The steps afterwards.
pub(crate) fn afterwards() -> Vec<Step> {
    let step = |from, to, label| Step { from, to, label, condition: "when the dates are over", sealed: false };
    vec![step("provider", "log", "counts of what was given out"), step("provider", "device", "warrant, proof, counts")]
}

/// Who decides on access.
pub(crate) const DECISION: Decision = Decision {
    what: "whose data are given out",
    who: "judges, two of three of whom sign a finding on each of five conditions; the provider refuses what lacks one",
};

/// What is idealised or left out.
pub(crate) const LIMITS: [&str; 4] = [
    "Judges are idealised: they sign whatever keeps the rules. What they find is not measured, only that they found it.",
    "The court's key is dealt by one dealer who forgets it.",
    "A provider that gives out data without a warrant is not seen by the log.",
    "Those concerned are told a minute after the dates are over; a law would say months.",
];

/// Seconds since 1970 of a time of the run, which begins in 2026.
fn unix(time: Time) -> u64 {
    listing::ISSUED + (time - Time::START).whole_seconds()
}

/// Whether a record is in a log that the auditor cosigned.
fn verified(keys: &Keys, logged: &Logged) -> Result<sightline_accountability::Entry, Reason> {
    let rejected = |detail: String| Reason::Rejected { message: "log receipt", detail };
    let check = || {
        let checkpoint = keys.log.open(&logged.note)?;
        let record = sightline_accountability::log::Record::from_bytes(&logged.record)?;
        checkpoint.includes(logged.index, &record, &Proof::from_bytes(&logged.proof)?)?;
        let cosigned = keys.witness.cosigned(&logged.note)?.is_some();
        Ok((cosigned, sightline_accountability::Entry::decode(&record)?))
    };
    match check() {
        Ok((true, entry)) => Ok(entry),
        Ok((false, _)) => Err(rejected("the auditor did not cosign the checkpoint".into())),
        Err(error) => Err(rejected(sightline_accountability::log::LogError::to_string(&error))),
    }
}
