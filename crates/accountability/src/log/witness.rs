use super::verify::{Note, cosigned_text, signature_line};
use super::{Checkpoint, Equivocation, LogError, LogKey, Proof, WitnessKey};
use ed25519_dalek::{Signer, SigningKey};
use std::fmt;

/// Somebody independent who cosigns checkpoints of one log (C2SP tlog-cosignature): each says that at its time this was
/// the largest log seen, and that it extends all those before. A witness does not read records.
#[derive(Clone)]
pub struct Witness {
    secret: SigningKey,
    key: WitnessKey,
    log: LogKey,
    newest: Checkpoint,
    /// The note with the newest checkpoint; empty before the first.
    note: Vec<u8>,
    time: u64,
}

impl Witness {
    /// A witness of `log` with the Ed25519 key `secret`. It has seen nothing yet.
    ///
    /// # Errors
    /// [`LogError::MalformedKey`] if `name` cannot be the name of a key.
    pub fn new(name: &str, secret: &[u8; 32], log: LogKey) -> Result<Self, LogError> {
        let secret = SigningKey::from_bytes(secret);
        let key = WitnessKey::new(name, &secret.verifying_key().to_bytes())?;
        let newest = Checkpoint::empty(log.origin());
        Ok(Self { secret, key, log, newest, note: Vec::new(), time: 0 })
    }

    /// Its public key.
    pub const fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The size of the log that it last cosigned: where a proof for it starts.
    pub const fn size(&self) -> u64 {
        self.newest.size
    }

    /// Cosigns the checkpoint in `note` at `now`, in seconds since 1970 (UTC) and below 2⁶³, if it extends the last one. What comes back
    /// is a line to append to the note.
    ///
    /// # Errors
    /// What [`LogKey::open`] and [`Checkpoint::extends`] say; [`LogError::SplitView`] if two checkpoints of this size are
    /// signed; [`LogError::ClockBehind`]. Then it has not cosigned, and what it last cosigned stays what it was.
    pub fn cosign(&mut self, note: &[u8], proof: &Proof, now: u64) -> Result<Vec<u8>, LogError> {
        let checkpoint = self.log.open(note)?;
        if checkpoint.size == self.newest.size && checkpoint.root != self.newest.root {
            let evidence = Equivocation::at_one_size(&self.note, note, checkpoint.root);
            return Err(LogError::SplitView(Box::new(evidence)));
        }
        checkpoint.extends(&self.newest, proof)?;
        if now < self.time {
            return Err(LogError::ClockBehind { last: self.time, now });
        }
        let signature = self.secret.sign(cosigned_text(now, Note::parse(note)?.text).as_bytes());
        (self.newest, self.note, self.time) = (checkpoint, note.to_vec(), now);
        Ok(signature_line(
            self.key.name(),
            self.key.id(),
            &[&now.to_be_bytes(), signature.to_bytes().as_slice()].concat(),
        ))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Witness").field("key", &self.key).field("newest", &self.newest).finish_non_exhaustive()
    }
}
