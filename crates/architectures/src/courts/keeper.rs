use super::{Hears, Logged, Proceeding, unix};
use sightline_accountability::log::{Log, Record};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Turn, Work};
use std::collections::VecDeque;
use std::marker::PhantomData;

/// Keeps the log. One record at a time: the next is appended when the auditor has cosigned the one before.
pub(super) struct Keeper<M> {
    log: Log,
    /// The checkpoint that waits for its cosignature.
    waiting: Option<Vec<u8>>,
    bodies: VecDeque<Vec<u8>>,
    message: PhantomData<fn(M)>,
}

impl<M> Keeper<M> {
    pub(super) const fn new(log: Log) -> Self {
        Self { log, waiting: None, bodies: VecDeque::new(), message: PhantomData }
    }
}

impl<M: Hears> Keeper<M> {
    fn next(&mut self, turn: &mut Turn<'_, '_, M>) {
        if self.waiting.is_some() {
            return;
        }
        let Some(record) = self.bodies.pop_front().and_then(|body| Record::new(unix(turn.now()), body).ok()) else {
            return;
        };
        turn.spend(Work::Signature);
        let index = self.log.append(&record);
        let note = self.log.checkpoint();
        let proof = self.log.consistency(index, index + 1).map(|proof| proof.to_bytes()).unwrap_or_default();
        let added = vec![record.to_bytes().into()];
        turn.send(PartyId::AUDITOR, &Proceeding::Checkpoint(note.clone(), proof, added).into());
        self.waiting = Some(note);
    }
}

impl<M: Hears> Machine for Keeper<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        match message.expect_proceeding()? {
            Proceeding::Append(body) if from == PartyId::PROVIDER => {
                // Records are bounded; the time takes at most nine bytes, lengths and keys as many.
                if body.len() > Record::LONGEST - 32 {
                    let detail = format!("{} bytes are more than a record holds", body.len());
                    return Err(Reason::Rejected { message: "append", detail });
                }
                self.bodies.push_back(body);
                self.next(turn);
                Ok(())
            }
            Proceeding::Cosignature(line) if from == PartyId::AUDITOR => {
                let rejected = |detail: &str| Reason::Rejected { message: "cosignature", detail: detail.to_owned() };
                let note = self.waiting.as_ref().ok_or_else(|| rejected("no checkpoint waits for one"))?;
                let index = self.log.size() - 1;
                let record = self.log.record(index).map(Record::to_bytes).unwrap_or_default();
                let note = [note.as_slice(), &line].concat();
                let proof = self.log.inclusion(index, index + 1).map(|proof| proof.to_bytes()).unwrap_or_default();
                turn.send(PartyId::PROVIDER, &Proceeding::Logged(Logged { index, record, note, proof }).into());
                self.waiting = None;
                self.next(turn);
                Ok(())
            }
            other => Err(other.unexpected(from)),
        }
    }

    fn memory(&self) -> Memory {
        let records = self.log.entries(0..self.log.size());
        let records = records.into_iter().enumerate();
        let records = records.map(|(index, record)| (format!("record/{index:010}"), record));
        let bodies = self.bodies.iter().enumerate().map(|(place, body)| (format!("queue/{place:010}"), body.clone()));
        let waiting = self.waiting.iter().map(|note| ("checkpoint".to_owned(), note.clone()));
        Memory::new(records.chain(bodies).chain(waiting))
    }
}
