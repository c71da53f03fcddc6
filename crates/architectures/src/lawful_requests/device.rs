use super::Message;
use crate::courier::Mailbox;
use crate::courts::{Keys, Proceeding, told};
use sightline_protocol::{Command, Machine, Memory, PartyId, Reason, Turn};

/// A device with the messenger, which tells its user of access to the account.
pub(super) struct Device {
    pub(super) mailbox: Mailbox,
    pub(super) keys: Keys,
}

impl Machine for Device {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.start(turn)
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.command(command, turn)
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Delivery(delivery) if from == PartyId::PROVIDER => {
                self.mailbox.deliver(delivery, &mut Vec::new(), turn)
            }
            Message::Proceeding(Proceeding::Notice(signed, records, logged)) if from == PartyId::PROVIDER => {
                told(&self.keys, &signed, records, &logged, turn)
            }
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: format!("a device takes the provider's deliveries and notices, and this came from {from}"),
            }),
        }
    }

    fn memory(&self) -> Memory {
        self.mailbox.memory()
    }
}
