use crate::{AttachmentError, FrankingError, GroupId, MemberId};

/// What goes wrong on a device. Nothing of the device's state has changed when one is returned, except where a
/// variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no message of the wire format.
    #[error("not a {what}: {reason}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What was found.
        reason: String,
    },
    /// A delivery's number is further ahead than a device buffers.
    #[error("delivery {found} is too far ahead of {expected}, the next one expected; ask the service to deliver again")]
    TooFarAhead {
        /// The next number in order.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// OpenMLS refused.
    #[error("MLS, {step}: {reason}")]
    Mls {
        /// What the device was doing.
        step: &'static str,
        /// OpenMLS's reason.
        reason: String,
    },
    /// This device is in no such group.
    #[error("this device is not in {0}; create it or be added first")]
    UnknownGroup(GroupId),
    /// This device is already in the group, or creating it.
    #[error("{0} already exists on this device; choose another id")]
    GroupExists(GroupId),
    /// The group has no such member.
    #[error("{1} is not in {0}")]
    NotAMember(GroupId, MemberId),
    /// The group has this member already.
    #[error("{1} is already in {0}")]
    AlreadyAMember(GroupId, MemberId),
    /// A key package or credential names someone else than asked for, or nobody this crate knows.
    #[error("a credential names {found} where {expected} was expected")]
    WrongCredential {
        /// Who was asked for.
        expected: String,
        /// Who came.
        found: String,
    },
    /// A valid MLS message of a kind that this messenger does not use (standalone proposals, external commits).
    #[error("{0} is not used by this messenger and was ignored")]
    Unsupported(&'static str),
    /// A name or text does not fit the envelope.
    #[error("{what} has {found} bytes; at most {limit} fit")]
    TooLong {
        /// Which part.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
        /// The length found in bytes.
        found: usize,
    },
    /// A received attachment does not open.
    #[error("attachment: {0}")]
    Attachment(#[from] AttachmentError),
    /// A received message could not be reported, and was not shown.
    #[error("message refused: {0}")]
    Unreportable(#[from] FrankingError),
}
