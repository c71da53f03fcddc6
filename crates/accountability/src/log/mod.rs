//! A transparency log: what its operator once wrote down can be neither taken back nor changed, shown to one person and
//! hidden from another, or given an earlier date, without somebody holding a proof of it.
//!
//! | who | holds | does |
//! |---|---|---|
//! | operator, [`Log`] | the records, the log's key | appends, signs checkpoints, hands out records and proofs |
//! | [`Witness`] | a key, the newest checkpoint it saw | cosigns a checkpoint that extends that one, with the time |
//! | [`Follower`] | keys of the log and its witnesses | accepts what enough witnesses cosigned, reads every record |
//! | anybody, [`verify`] | the log's key | checks one record, or a whole log from its files |
//!
//! Formats are those of C2SP, so that other tools can read a log: [tlog-tiles], [tlog-checkpoint], [signed-note],
//! [tlog-cosignature]; trees are those of RFC 6962 §2.1. The operator's side is built with other people's code (in the
//! module `writer` alone); all others are built from the specifications and share no code with it but the types that
//! pass between them: [`Record`], [`Proof`], [`LogKey`]. No side reads a clock, draws at random, or does input or output.
//!
//! **Times.** A [`Record`] carries the time that the operator says it was appended. Nobody can check it, but it can be
//! held between two times that witnesses vouch for. See [`Follower::advance`].
//!
//! Stricter than the specifications: checkpoints with extension lines are refused, since nobody audits those and they
//! could tell readers apart; the origin must be the name of the log's key.
//!
//! [tlog-tiles]: https://c2sp.org/tlog-tiles
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-cosignature]: https://c2sp.org/tlog-cosignature

mod error;
mod follower;
mod proof;
mod record;
pub mod verify;
mod witness;
mod writer;

pub use error::LogError;
pub use follower::{Equivocation, Follower};
pub use proof::Proof;
pub use record::Record;
pub use verify::{Checkpoint, LogKey, WitnessKey};
pub use witness::Witness;
pub use writer::Log;
