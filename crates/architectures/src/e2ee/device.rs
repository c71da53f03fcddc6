use super::Message;
use crate::courier::Mailbox;
use sightline_protocol::{Command, Machine, Memory, PartyId, Reason, Turn};

/// A device with the messenger and nothing beside it.
pub(super) struct Device {
    pub(super) mailbox: Mailbox,
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
            _ => Err(Reason::Unexpected {
                message: "message",
                detail: "a device takes the provider's deliveries".into(),
            }),
        }
    }

    fn memory(&self) -> Memory {
        self.mailbox.memory()
    }
}
