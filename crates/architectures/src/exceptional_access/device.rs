use super::{Message, Way};
use crate::courier::Mailbox;
use crate::courts::{Keys, Proceeding, told};
use sightline_messenger::MemberId;
use sightline_protocol::{Command, GroupNumber, Machine, Memory, Notice, PartyId, Reason, Turn};
use std::collections::BTreeSet;

/// A device that lets law enforcement in when the provider says so.
pub(super) struct Device {
    mailbox: Mailbox,
    keys: Keys,
    guest: MemberId,
    way: Way,
    /// Whether it tells its user of a member who is no user.
    shows: bool,
    /// Groups of which it told.
    told: BTreeSet<GroupNumber>,
}

impl Device {
    pub(super) const fn new(mailbox: Mailbox, keys: Keys, guest: MemberId, way: Way, shows: bool) -> Self {
        Self { mailbox, keys, guest, way, shows, told: BTreeSet::new() }
    }

    /// Tells the user of groups that the guest is in, each once.
    fn show_guests(&mut self, turn: &mut Turn<'_, '_, Message>) {
        if !self.shows {
            return;
        }
        let with_guest = self.mailbox.groups_with(self.guest);
        for group in with_guest.difference(&self.told) {
            turn.tell(&Notice::Stranger(*group));
        }
        self.told = with_guest;
    }
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
                let taken = self.mailbox.deliver(delivery, &mut Vec::new(), turn);
                self.show_guests(turn);
                taken
            }
            Message::Guest(group, enters) if from == PartyId::PROVIDER && self.way != Way::Escrow => {
                let guest = self.guest.0;
                let command = if enters { Command::Add(group, guest) } else { Command::Remove(group, guest) };
                self.mailbox.command(command, turn)
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
