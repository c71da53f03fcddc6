use super::{Condition, Data};

/// What is wrong with a warrant that is not acted upon. Every kind has a reason of its own; `docs/warrants.md` lists them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    // Form.
    /// Longer than any warrant.
    #[error("it has {found} bytes, and no warrant has more than {most}")]
    Oversized {
        /// The limit in bytes.
        most: usize,
        /// Its length in bytes.
        found: usize,
    },
    /// Not a `COSE_Sign1`.
    #[error("it is no COSE_Sign1 message: {0}")]
    NotCose(String),
    /// Signed with another algorithm.
    #[error("it does not say that it is signed with EdDSA; courts use Ed25519 alone")]
    Algorithm,
    /// Headers that no signature protects.
    #[error("it has headers outside the signature, which anybody could have added")]
    UnprotectedHeaders,
    /// A protected header that must be understood and is not.
    #[error("it has critical or unknown headers, and what they ask for is not known here")]
    UnknownHeaders,
    /// Signed with a key that is not the court's.
    #[error("it is signed with key {found}, and the court's is {expected}")]
    WrongCourt {
        /// The court's key id.
        expected: String,
        /// The key id in it.
        found: String,
    },
    /// Signed by one judge.
    #[error("it is signed by a single judge, with key {found}; a warrant takes {threshold} of them")]
    OneJudge {
        /// The judge's key id.
        found: String,
        /// Judges needed.
        threshold: u16,
    },
    /// The signature does not fit.
    #[error(
        "the signature is not the court's on this warrant: it was forged or altered, or fewer judges signed than it takes"
    )]
    Forged,
    /// Nothing is in it.
    #[error("there is no warrant in it")]
    Empty,
    /// Something else is in it.
    #[error("what is signed is no warrant: {0}")]
    Payload(String),
    /// Another encoding than the one a warrant has.
    #[error("the warrant is not in its one encoding")]
    NotCanonical,
    /// A version that is not known here.
    #[error("it is a warrant of version {0}, and only version 1 is known here")]
    Version(u64),

    // Who.
    /// Addressed to somebody else.
    #[error("it is addressed to {found:?}, not to {expected:?}")]
    WrongAddressee {
        /// Who was served.
        expected: String,
        /// The addressee.
        found: String,
    },
    /// An applicant that no law empowers.
    #[error("{0:?} is no authority that may apply for warrants")]
    UnknownApplicant(String),
    /// Served by somebody who did not apply for it.
    #[error("{presenter:?} serves a warrant that was given to {applicant:?}")]
    WrongPresenter {
        /// Who served it.
        presenter: String,
        /// Who applied for it.
        applicant: String,
    },
    /// Nobody is named.
    #[error("it names no account; access to everybody's data is refused")]
    NoAccounts,
    /// Too many are named.
    #[error("it names {found} accounts, and a warrant may name {most}")]
    TooManyAccounts {
        /// The limit.
        most: usize,
        /// Accounts named.
        found: usize,
    },
    /// One is named twice.
    #[error("it names account {0} twice")]
    RepeatedAccount(u64),
    /// One does not exist.
    #[error("there is no account {0} at this provider")]
    UnknownAccount(u64),

    // What.
    /// No kind of data is named.
    #[error("it names no kind of data")]
    NoData,
    /// A kind of data is named twice.
    #[error("it names {0} twice")]
    RepeatedData(Data),
    /// A kind of data that this system does not give out.
    #[error("it asks for {0}, which is not given out here")]
    DataNotGiven(Data),

    // When.
    /// Decided in the future.
    #[error("it was issued at {issued}, which is later than now, {now}")]
    NotYetIssued {
        /// When it was issued.
        issued: u64,
        /// When it was served.
        now: u64,
    },
    /// Not to be served any more.
    #[error("it expired at {expires}, and now it is {now}")]
    Expired {
        /// When it expired.
        expires: u64,
        /// When it was served.
        now: u64,
    },
    /// It expires before it was issued.
    #[error("it expires before it was issued")]
    ExpiresBeforeIssued,
    /// To be served for too long.
    #[error("it may be served for {found} s, and {most} s are the most")]
    ValidTooLong {
        /// The limit in seconds.
        most: u64,
        /// From issue to expiry, in seconds.
        found: u64,
    },
    /// No dates, or reversed ones.
    #[error("the data it asks for end before they begin")]
    NoPeriod,
    /// About too long a time.
    #[error("it asks for the data of {found} s, and {most} s are the most")]
    PeriodTooLong {
        /// The limit in seconds.
        most: u64,
        /// From begin to end, in seconds.
        found: u64,
    },
    /// About a time before the court decided, for which nothing may be kept.
    #[error(
        "it asks for data from {found} s before it was issued, and {most} s are the most that may be kept without a warrant"
    )]
    TooFarBack {
        /// The limit in seconds.
        most: u64,
        /// From begin to issue, in seconds.
        found: u64,
    },
    /// About a time after its expiry.
    #[error("it asks for data from after its expiry")]
    EndsAfterExpiry,

    // Why.
    /// A condition without a finding.
    #[error("the court did not find that access is {0}")]
    NoFinding(Condition),
    /// A condition with two findings.
    #[error("there are two findings that access is {0}: which one holds?")]
    RepeatedFinding(Condition),
    /// A finding without grounds.
    #[error("the court gives no grounds for its finding that access is {0}")]
    NoGrounds(Condition),
    /// An account without suspicion.
    #[error("account {0} is named, and the court found no suspicion of it")]
    NotSuspected(u64),
    /// Suspicion of an account that is not named.
    #[error("the court found suspicion of account {0}, which the warrant does not name")]
    SuspicionElsewhere(u64),

    // Afterwards.
    /// Those concerned are never told.
    #[error("it does not say when those concerned are told, or only before the period ends")]
    NoNotification,
    /// Those concerned are told too late.
    #[error("those concerned would be told {found} s after the period ends, and {most} s are the most")]
    NotifiedTooLate {
        /// The limit in seconds.
        most: u64,
        /// From the end of the period to the notice, in seconds.
        found: u64,
    },
    /// Served before.
    #[error("warrant {0} was served before")]
    ServedBefore(u64),
    /// Another warrant under the number of one that was served.
    #[error("there are two warrants with number {0}")]
    NumberTaken(u64),
    /// Taken back by the court.
    #[error("the court revoked warrant {0}")]
    Revoked(u64),
    /// A salt that hides nothing.
    #[error("its salt is all zeros, so that its commitment in the log would hide nothing")]
    NoSalt,
}
