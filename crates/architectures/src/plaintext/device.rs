use super::Message;
use sightline_protocol::{Command, Display, Machine, Memory, PartyId, Reason, Turn, Work};

/// A device that trusts the provider with everything and keeps nothing.
pub(super) struct Device;

impl Machine for Device {
    type Message = Message;

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let message = match command {
            Command::CreateGroup(group, members) => Message::CreateGroup(group, members),
            Command::Add(group, member) => Message::Add(group, member),
            Command::Remove(group, member) => Message::Remove(group, member),
            Command::Update(_) => return Ok(()),
            Command::Report(..) => return Err(command.unsupported()),
            Command::Send(group, content) => {
                turn.spend(Work::Bytes(content.bytes.len()));
                Message::Post(group, content)
            }
        };
        turn.send(PartyId::PROVIDER, &message);
        Ok(())
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Deliver(group, sender, content) if from == PartyId::PROVIDER => {
                turn.spend(Work::Bytes(content.bytes.len()));
                turn.show(&Display { group, sender, content });
                Ok(())
            }
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: "a device takes deliveries from the provider".into(),
            }),
        }
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}
