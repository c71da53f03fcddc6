//! The reader's side, built from the specifications alone: RFC 6962 §2.1 and RFC 9162 §2.1 for trees and proofs, C2SP's
//! signed-note, tlog-checkpoint, tlog-cosignature and tlog-tiles for the rest. It uses nothing of the operator's side.

mod checkpoint;
mod key;
mod note;
mod tiles;
mod tree;

pub use checkpoint::Checkpoint;
pub use key::{LogKey, WitnessKey};
pub use tree::{leaf_hash, root};

pub(super) use key::cosigned_text;
pub(super) use note::{Note, signature_line};
pub(super) use tree::consistency;
