use super::Message;
use crate::courier::Mailbox;
use sightline_fingerprint::{Cut, Intermediate};
use sightline_protocol::{Command, Content, ContentKind, Machine, Memory, PartyId, Reason, Setup, Turn, Wire, Work};
use std::collections::BTreeMap;

/// A device that has every picture checked and obeys the verdict.
pub(super) struct Device {
    mailbox: Mailbox,
    setup: Setup,
    cut: Cut,
    checks: u64,
    unchecked: u64,
    /// Contents whose verdict is awaited.
    awaiting: BTreeMap<u64, Content>,
}

impl Device {
    pub(super) fn new(setup: &Setup, cut: Cut, mailbox: Mailbox) -> Self {
        Self { mailbox, setup: setup.clone(), cut, checks: 0, unchecked: 0, awaiting: BTreeMap::new() }
    }

    fn check(&mut self, content: &Content, turn: &mut Turn<'_, '_, Message>) {
        turn.spend(Work::Fingerprint(content.bytes.len()));
        let Some(given) = Intermediate::of(&self.setup.memo, &content.bytes, self.cut) else {
            self.unchecked += 1;
            return;
        };
        self.checks += 1;
        self.awaiting.insert(self.checks, content.clone());
        turn.send(PartyId::PROVIDER, &Message::Check(self.checks, given.to_bytes()));
    }
}

impl Machine for Device {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.start(turn)
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if let Command::Send(_, content) = &command {
            match content.kind {
                ContentKind::Picture => self.check(content, turn),
                _ => self.unchecked += 1,
            }
        }
        self.mailbox.command(command, turn)
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if from != PartyId::PROVIDER {
            let detail = format!("a device hears from the provider alone, not from {from}");
            return Err(Reason::Unexpected { message: message.name(), detail });
        }
        match message {
            Message::Delivery(delivery) => self.mailbox.deliver(delivery, turn),
            Message::Verdict(number, matched) => {
                let unknown = || Reason::Rejected { message: "verdict", detail: format!("no check {number} is open") };
                let content = self.awaiting.remove(&number).ok_or_else(unknown)?;
                if matched {
                    turn.send(PartyId::PROVIDER, &Message::Disclosure(number, content));
                }
                Ok(())
            }
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: "a device takes deliveries and verdicts".into(),
            }),
        }
    }

    fn memory(&self) -> Memory {
        let awaiting =
            self.awaiting.iter().map(|(number, content)| (format!("awaiting/{number:020}"), content.to_wire()));
        let counters = [("checks", self.checks), ("unchecked", self.unchecked)];
        let counters = counters.map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        Memory::new(awaiting.chain(counters)).with("messenger", self.mailbox.memory())
    }
}
