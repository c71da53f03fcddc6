use super::{Hears, Proceeding, unix};
use sightline_accountability::Entry;
use sightline_accountability::log::{Follower, LogError, Proof, Witness};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Turn, Wire, Work};
use std::marker::PhantomData;

/// Reads the log for everybody: cosigns what extends what was there, and adds up what it says.
pub(super) struct Auditor<M> {
    witness: Witness,
    follower: Follower,
    counts: Counts,
    message: PhantomData<fn(M)>,
}

/// What everybody may know.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    served: u64,
    accounts: u64,
    answered: u64,
    records: u64,
    correspondents: u64,
    revoked: u64,
    notified: u64,
}

impl Counts {
    const fn add(mut self, entry: &Entry) -> Self {
        match entry {
            Entry::Served { accounts, .. } => {
                self.served += 1;
                self.accounts = self.accounts.saturating_add(*accounts);
            }
            Entry::Answered { records, correspondents, .. } => {
                self.answered += 1;
                self.records = self.records.saturating_add(*records);
                self.correspondents = self.correspondents.saturating_add(*correspondents);
            }
            Entry::Revoked { .. } => self.revoked += 1,
            Entry::Notified { .. } => self.notified += 1,
        }
        self
    }

    const fn entries(self) -> [(&'static str, u64); 7] {
        [
            ("served", self.served),
            ("accounts", self.accounts),
            ("answered", self.answered),
            ("records", self.records),
            ("correspondents", self.correspondents),
            ("revoked", self.revoked),
            ("notified", self.notified),
        ]
    }
}

impl<M> Auditor<M> {
    pub(super) fn new(witness: Witness, follower: Follower) -> Self {
        Self { witness, follower, counts: Counts::default(), message: PhantomData }
    }

    /// The cosignature, if all is in order; else nothing has changed.
    fn audit(&mut self, note: &[u8], proof: &[u8], added: &[Vec<u8>], now: u64) -> Result<Vec<u8>, LogError> {
        let proof = Proof::from_bytes(proof)?;
        let (mut witness, mut follower, mut counts) = (self.witness.clone(), self.follower.clone(), self.counts);
        let line = witness.cosign(note, &proof, now)?;
        let records = follower.advance(&[note, &line].concat(), &proof, added)?;
        for record in &records {
            counts = counts.add(&Entry::decode(record)?);
        }
        (self.witness, self.follower, self.counts) = (witness, follower, counts);
        Ok(line)
    }
}

impl<M: Hears> Machine for Auditor<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        match message.expect_proceeding()? {
            Proceeding::Checkpoint(note, proof, added) if from == PartyId::LOG => {
                turn.spend(Work::Signature);
                let added: Vec<Vec<u8>> = added.into_iter().map(Into::into).collect();
                let rejected = |error: LogError| Reason::Rejected { message: "checkpoint", detail: error.to_string() };
                let line = self.audit(&note, &proof, &added, unix(turn.now())).map_err(rejected)?;
                turn.send(from, &Proceeding::Cosignature(line).into());
                Ok(())
            }
            other => Err(other.unexpected(from)),
        }
    }

    fn memory(&self) -> Memory {
        let counts = self.counts.entries().map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        let newest = self.follower.checkpoint();
        let newest = ("checkpoint".to_owned(), (newest.size, newest.root.to_vec()).to_wire());
        Memory::new(counts.into_iter().chain([newest]))
    }
}
