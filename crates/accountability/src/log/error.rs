use super::Equivocation;

/// Why something about a log is not accepted: one variant for each way of cheating, and of being malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Not a signed note, or not one of a checkpoint.
    #[error("not a signed checkpoint: {0}; ask for it again")]
    MalformedNote(String),
    /// Not a key of the kind that is needed.
    #[error("not a key of a log or witness: {0}; write it as NAME+ID+KEY, as its owner publishes it")]
    MalformedKey(String),
    /// A proof with the wrong number of hashes.
    #[error("not a proof of this: {0}; ask the log for one between these sizes")]
    MalformedProof(String),
    /// Not a record.
    #[error("not a record of a log: {0}; ask for it again")]
    MalformedRecord(String),
    /// A file of a log that is missing or cannot be read.
    #[error("the log's file {path} cannot be used: {detail}")]
    MalformedTile {
        /// Its path within the log.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A place that the log does not have.
    #[error("there is no {index} in a log of size {size}; ask for a newer checkpoint")]
    OutOfRange {
        /// The place, or size, asked for.
        index: u64,
        /// The size of the log.
        size: u64,
    },

    /// A checkpoint of another log.
    #[error("the checkpoint is one of the log {found:?}, not of {expected:?}; ask the log that you follow")]
    WrongOrigin {
        /// The log's origin.
        expected: String,
        /// The origin in the checkpoint.
        found: String,
    },
    /// No signature by the log.
    #[error("the checkpoint is not signed with the log's key {expected}; do not rely on it")]
    WrongKey {
        /// The log's key.
        expected: String,
    },
    /// A signature that does not fit.
    #[error(
        "the signature in the name of {signer} does not fit the checkpoint: it was forged or altered; do not rely on it"
    )]
    ForgedSignature {
        /// Who is said to have signed.
        signer: String,
    },

    /// Fewer witnesses than asked for.
    #[error(
        "{found} of the witnesses cosigned the checkpoint, where {needed} are needed \
         ({unknown} signatures are by nobody known); wait for more"
    )]
    TooFewWitnesses {
        /// How many must.
        needed: usize,
        /// How many did.
        found: usize,
        /// Signatures that are neither the log's nor a known witness's.
        unknown: usize,
    },
    /// One witness that would count twice.
    #[error(
        "the witness {witness} is there twice, or is the log itself: it would count for more than it is; name it once"
    )]
    RepeatedWitness {
        /// Its name.
        witness: String,
    },
    /// A threshold that cannot be reached.
    #[error("{needed} of {witnesses} witnesses cannot be asked for; lower the threshold or name more")]
    Threshold {
        /// How many must cosign.
        needed: usize,
        /// How many there are.
        witnesses: usize,
    },
    /// A witness whose clock went back.
    #[error("the witness cosigned at {last} and is to cosign at {now}, before that; set its clock")]
    ClockBehind {
        /// The time of its last cosignature.
        last: u64,
        /// The time now.
        now: u64,
    },

    /// A smaller log than one that was seen.
    #[error("the checkpoint of size {found} is older than the one of size {seen} that was seen; ask for the newest")]
    RolledBack {
        /// The size seen.
        seen: u64,
        /// The size offered.
        found: u64,
    },
    /// A log that is not shown to extend what it was.
    #[error(
        "the log of size {to} is not shown to extend what it was at size {from}: it was forked, or the proof is wrong; \
         keep both checkpoints and show them to others"
    )]
    Forked {
        /// The size before.
        from: u64,
        /// The size now.
        to: u64,
    },
    /// Two logs under one key, with the proof.
    #[error(
        "the log's operator signed two logs that contradict each other: not everyone is shown the same one; publish both"
    )]
    SplitView(Box<Equivocation>),
    /// Evidence of a split view that is none.
    #[error("the two checkpoints do not contradict each other; accuse nobody with them")]
    NoContradiction,

    /// A record that is not at this place.
    #[error("the record is not the one at place {index} of the log of size {size}; ask what is there")]
    NotIncluded {
        /// The place.
        index: u64,
        /// The log's size.
        size: u64,
    },
    /// Fewer records than were logged.
    #[error("{found} records were handed out, where {expected} were logged: some are withheld; ask for all of them")]
    Omitted {
        /// How many were logged.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// More records than were logged.
    #[error("{found} records were handed out, where {expected} were logged: some are made up; ask for them again")]
    Invented {
        /// How many were logged.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Other records than were logged.
    #[error(
        "the records from place {from} up to {to} are not those that were logged there: some were altered or exchanged; ask another follower for them"
    )]
    Altered {
        /// The first place.
        from: u64,
        /// The place after the last.
        to: u64,
    },
    /// Records in another order than their times'.
    #[error(
        "the record at place {index} is earlier than the one before it: their order was changed; keep both and the checkpoint"
    )]
    Reordered {
        /// The place of the later one.
        index: u64,
    },
    /// A record that says it is older than it can be.
    #[error(
        "the record at place {index} says {time}, yet witnesses saw the log without it at {earliest}: it was back-dated; keep it and both checkpoints"
    )]
    BackDated {
        /// Its place.
        index: u64,
        /// Its time.
        time: u64,
        /// The earliest that it can be of.
        earliest: u64,
    },
    /// A record that says it is from after it was seen.
    #[error(
        "the record at place {index} says {time}, yet witnesses saw it at {latest}: it was post-dated; keep it and the checkpoint"
    )]
    PostDated {
        /// Its place.
        index: u64,
        /// Its time.
        time: u64,
        /// The latest that it can be of.
        latest: u64,
    },
}
