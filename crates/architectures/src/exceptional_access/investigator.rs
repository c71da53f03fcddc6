use super::Message;
use crate::courier::Mailbox;
use crate::courts::Police;
use sightline_messenger::{EscrowSecret, EscrowedMessage};
use sightline_protocol::{Content, Display, Machine, Memory, PartyId, Reason, Turn, Wire, Work};
use std::collections::BTreeSet;

/// Name of what was heard, in its memory.
pub(super) const HEARD: &str = "heard/";

/// Law enforcement, which hears what warrants give it.
pub(super) struct Investigator {
    police: Police<Message>,
    ear: Ear,
    /// What it has heard.
    heard: Vec<Display>,
    /// Envelopes that it has opened: each is heard once.
    opened: BTreeSet<Vec<u8>>,
}

/// How it hears.
pub(super) enum Ear {
    /// As a member of groups.
    Member(Box<Mailbox>),
    /// With a key that everything is sealed to.
    Key(EscrowSecret),
}

impl Investigator {
    pub(super) const fn new(police: Police<Message>, ear: Ear) -> Self {
        Self { police, ear, heard: Vec::new(), opened: BTreeSet::new() }
    }

    fn open(&mut self, message: EscrowedMessage, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let EscrowedMessage { sent, envelope, blob } = message;
        let Ear::Key(secret) = &self.ear else {
            return Err(Reason::Unexpected { message: "escrowed message", detail: "there is no escrow here".into() });
        };
        let rejected = |detail: String| Reason::Rejected { message: "escrowed message", detail };
        if self.opened.contains(&envelope.encode()) {
            return Err(rejected("it was opened before".into()));
        }
        turn.spend(Work::Bytes(blob.as_ref().map_or(0, Vec::len)));
        let opened = secret.open(&envelope).and_then(|unsealed| unsealed.content(blob.as_deref()));
        let content = opened.map_err(|error| rejected(error.to_string()))?;
        self.opened.insert(envelope.encode());
        let content = Content { kind: content.kind, bytes: content.bytes };
        self.heard.push(Display { group: sent.group.0, sender: sent.sender.0, content });
        Ok(())
    }
}

impl Machine for Investigator {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if let Ear::Member(mailbox) = &mut self.ear {
            mailbox.start(turn)?;
        }
        self.police.start(turn)
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.police.wake(turn)
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match (message, &mut self.ear) {
            (Message::Delivery(delivery), Ear::Member(mailbox)) if from == PartyId::PROVIDER => {
                mailbox.overhear(delivery, &mut self.heard, turn)
            }
            (Message::Escrowed(message), Ear::Key(_)) if from == PartyId::PROVIDER => self.open(message, turn),
            (message @ Message::Proceeding(_), _) => self.police.receive(from, message, turn),
            (other, _) => Err(Reason::Unexpected {
                message: other.name(),
                detail: format!("law enforcement takes what warrants give it from the provider, not from {from}"),
            }),
        }
    }

    fn memory(&self) -> Memory {
        let heard = self.heard.iter().enumerate();
        let opened = self.opened.iter().enumerate();
        let opened = opened.map(|(place, envelope)| (format!("opened/{place:010}"), envelope.clone()));
        let heard = heard.map(|(place, heard)| (format!("{HEARD}{place:010}"), heard.to_wire()));
        let heard = Memory::new(heard.chain(opened));
        let heard = heard.with("police", self.police.memory());
        match &self.ear {
            Ear::Member(mailbox) => heard.with("messenger", mailbox.memory()),
            Ear::Key(secret) => heard.with("escrow", Memory::new([("key".to_owned(), secret.as_bytes().to_vec())])),
        }
    }
}
