use super::Message;
use crate::courier::{Client, Mailbox};
use crate::listing;
use sightline_lists::AuthorityKey;
use sightline_protocol::{
    Command, Content, ContentKind, Machine, Memory, Notice, PartyId, Policy, Reason, Scanned, Setup, Turn, Work,
};

/// A device that compares pictures with the list and warns its user.
pub(super) struct Device {
    mailbox: Mailbox,
    setup: Setup,
    policy: Policy,
    authority: AuthorityKey,
    client: Client,
    /// Whether the list was signed by the authority.
    listed: bool,
    warned: u64,
    unchecked: u64,
}

impl Device {
    pub(super) fn new(setup: &Setup, policy: Policy, authority: AuthorityKey, mailbox: Mailbox) -> Self {
        let (setup, client) = (setup.clone(), Client::Honest);
        Self { mailbox, setup, policy, authority, client, listed: false, warned: 0, unchecked: 0 }
    }

    /// The device of a user who may not follow the protocol.
    pub(super) fn acting(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// Compares a content with the list, if it is a picture and there is a list.
    fn check(&mut self, content: &Content, turn: &mut Turn<'_, '_, Message>) {
        let Some(content) = &self.client.presents(content) else { return };
        let picture = content.kind == ContentKind::Picture;
        // The time that hashing takes must not tell pictures from other attachments.
        if picture || self.policy.hide_timing && content.kind != ContentKind::Text {
            turn.spend(self.policy.fingerprint_work(&self.setup, content.bytes.len()));
            turn.spend(Work::Compare(self.setup.list.len()));
        }
        match self.setup.fingerprint(&content.bytes).filter(|_| picture && self.listed) {
            Some(pdq) if self.setup.matches(&pdq) => {
                self.warned += 1;
                turn.tell(&Notice::Matches);
            }
            Some(_) => {}
            None => self.unchecked += 1,
        }
    }
}

impl Machine for Device {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.start(turn)
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if let Command::Send(_, content) = &command {
            self.check(content, turn);
        }
        self.mailbox.command(command, turn)
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if from != PartyId::PROVIDER {
            let detail = format!("a device hears from the provider alone, not from {from}");
            return Err(Reason::Unexpected { message: message.name(), detail });
        }
        match message {
            Message::Delivery(delivery) => {
                let mut shown = Vec::new();
                let delivered = self.mailbox.deliver(delivery, &mut shown, turn);
                if self.policy.scanned == Scanned::Everyone {
                    for content in &shown {
                        self.check(content, turn);
                    }
                }
                delivered
            }
            Message::List(signed) => {
                listing::verify(&signed, self.authority, &self.setup.list)?;
                self.listed = true;
                Ok(())
            }
            Message::Request(_) => {
                Err(Reason::Unexpected { message: "request", detail: "a device takes deliveries and lists".into() })
            }
        }
    }

    fn memory(&self) -> Memory {
        let counters = [("listed", u64::from(self.listed)), ("unchecked", self.unchecked), ("warned", self.warned)];
        let counters = counters.map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        let entries = self.setup.list.entries().iter().flat_map(|entry| *entry.hash.as_bytes()).collect();
        Memory::new(counters.into_iter().chain([("list".to_owned(), entries)])).with("messenger", self.mailbox.memory())
    }
}
