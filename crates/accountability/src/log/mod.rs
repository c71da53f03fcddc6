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
//! ```
//! use sightline_accountability::log::{Follower, Log, LogError, Proof, Record, Witness};
//!
//! let mut log = Log::new("example.com/requests", &[1; 32])?;
//! let mut witness = Witness::new("example.org/witness", &[2; 32], log.key().clone())?;
//! let mut auditor = Follower::new(log.key().clone(), vec![witness.key().clone()], 1)?;
//!
//! let request = Record::new(1_780_272_000, b"a request".to_vec())?;
//! let place = log.append(&request);
//! let mut note = log.checkpoint();
//! note.extend(witness.cosign(&note, &log.consistency(witness.size(), log.size())?, 1_780_272_005)?);
//! let records = auditor.advance(&note, &log.consistency(0, 1)?, &log.entries(0..1))?;
//! assert_eq!(records, [request.clone()]);
//! auditor.holds(&request, place, &log.inclusion(place, log.size())?)?;
//!
//! // The operator starts anew, without it.
//! let mut other = Log::new("example.com/requests", &[1; 32])?;
//! other.append(&Record::new(1_780_272_000, b"nothing".to_vec())?);
//! let refused = witness.cosign(&other.checkpoint(), &Proof::default(), 1_780_272_010);
//! let Err(LogError::SplitView(evidence)) = refused else { panic!() };
//! evidence.verify(log.key())?;
//! # Ok::<(), LogError>(())
//! ```
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
