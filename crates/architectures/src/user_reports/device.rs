use super::{Complaint, Message};
use crate::courier::Mailbox;
use sightline_protocol::{Command, Machine, Memory, PartyId, Reason, Turn, Work};

/// A device whose user can report what was shown.
pub(super) struct Device {
    pub(super) mailbox: Mailbox,
    /// Reports what it was never sent with the proof of something else.
    pub(super) forges: bool,
}

impl Machine for Device {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.start(turn)
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let name = command.name();
        let Command::Report(group, content) = command else { return self.mailbox.command(command, turn) };
        turn.spend(Work::Bytes(content.bytes.len()));
        let other = || self.mailbox.proofs().first().filter(|_| self.forges);
        let Some(proof) = self.mailbox.proof(group, &content).or_else(other).cloned() else {
            let detail = format!("no such {} was received in group {group}", content.kind);
            return Err(Reason::Rejected { message: name, detail });
        };
        turn.send(PartyId::PROVIDER, &Complaint { content, proof }.into());
        Ok(())
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Delivery(delivery) if from == PartyId::PROVIDER => {
                self.mailbox.deliver(delivery, &mut Vec::new(), turn)
            }
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: format!("a device takes the provider's deliveries, and this came from {from}"),
            }),
        }
    }

    fn memory(&self) -> Memory {
        self.mailbox.memory()
    }
}
