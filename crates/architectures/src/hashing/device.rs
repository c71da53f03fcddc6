use super::Message;
use crate::courier::{Client, Mailbox};
use sightline_fingerprint::{Cut, Intermediate};
use sightline_protocol::{
    Command, Content, ContentKind, DeliveryRule, GroupNumber, Machine, Memory, Outage, PartyId, Policy, Reason,
    Scanned, Setup, Span, Time, Turn, Wire,
};
use std::collections::BTreeMap;

/// Time after which a device no longer waits for a verdict, and forgets the content.
const PATIENCE: Span = Span::seconds(10);

/// A device that has every picture checked and obeys the verdict.
pub(super) struct Device {
    mailbox: Mailbox,
    setup: Setup,
    cut: Cut,
    policy: Policy,
    client: Client,
    checks: u64,
    counters: Counters,
    awaiting: BTreeMap<u64, Waiting>,
}

/// What became of contents.
#[derive(Default)]
struct Counters {
    /// Sent without a check.
    unchecked: u64,
    /// Kept back because a match was claimed.
    blocked: u64,
    /// Kept back because no verdict came.
    withheld: u64,
}

/// A content whose verdict is awaited.
struct Waiting {
    content: Content,
    /// The group to which it goes once the verdict allows.
    held_for: Option<GroupNumber>,
    until: Time,
}

impl Device {
    pub(super) fn new(setup: &Setup, cut: Cut, policy: Policy, mailbox: Mailbox) -> Self {
        Self {
            mailbox,
            setup: setup.clone(),
            cut,
            policy,
            client: Client::Honest,
            checks: 0,
            counters: Counters::default(),
            awaiting: BTreeMap::new(),
        }
    }

    /// The device of a user who may not follow the protocol.
    pub(super) fn acting(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// Has a content checked, and keeps it until the verdict. Returns it if it cannot be checked.
    fn check(
        &mut self,
        content: Content,
        held_for: Option<GroupNumber>,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Option<Content> {
        if content.kind != ContentKind::Picture {
            self.counters.unchecked += 1;
            return Some(content);
        }
        turn.spend(self.policy.fingerprint_work(&self.setup, content.bytes.len()));
        let presented = self.client.presents(&content);
        let given = presented.and_then(|content| Intermediate::of(&self.setup.memo, &content.bytes, self.cut));
        let Some(given) = given else {
            self.counters.unchecked += 1;
            return Some(content);
        };
        self.checks += 1;
        turn.send(PartyId::PROVIDER, &Message::Check(self.checks, given.to_bytes()));
        self.awaiting.insert(self.checks, Waiting { content, held_for, until: turn.now() + PATIENCE });
        self.set_alarm(turn);
        None
    }

    fn set_alarm(&self, turn: &mut Turn<'_, '_, Message>) {
        turn.wake_at(self.awaiting.values().map(|waiting| waiting.until).min());
    }

    fn verdict(&mut self, number: u64, matched: bool, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let unknown =
            || Reason::Rejected { message: "verdict", detail: format!("there is no check {number} to answer") };
        let Waiting { content, held_for, .. } = self.awaiting.remove(&number).ok_or_else(unknown)?;
        self.set_alarm(turn);
        if matched {
            self.counters.blocked += u64::from(held_for.is_some());
            if let Some(content) = self.client.presents(&content) {
                turn.send(PartyId::PROVIDER, &Message::Disclosure(number, content));
            }
            Ok(())
        } else if let Some(group) = held_for {
            self.mailbox.command(Command::Send(group, content), turn)
        } else {
            Ok(())
        }
    }
}

impl Machine for Device {
    type Message = Message;

    fn start(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.mailbox.start(turn)
    }

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match (command, self.policy.delivery) {
            (Command::Send(group, content), DeliveryRule::Blocking) => match self.check(content, Some(group), turn) {
                Some(unchecked) => self.mailbox.command(Command::Send(group, unchecked), turn),
                None => Ok(()),
            },
            (command, _) => {
                if let Command::Send(_, content) = &command {
                    self.check(content.clone(), None, turn);
                }
                self.mailbox.command(command, turn)
            }
        }
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
                    for content in shown {
                        self.check(content, None, turn);
                    }
                }
                delivered
            }
            Message::Verdict(number, matched) => self.verdict(number, matched, turn),
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: "a device takes deliveries and verdicts".into(),
            }),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let now = turn.now();
        let (kept, late) = std::mem::take(&mut self.awaiting).into_iter().partition(|(_, waiting)| waiting.until > now);
        self.awaiting = kept;
        self.set_alarm(turn);
        let late: BTreeMap<u64, Waiting> = late;
        for Waiting { content, held_for, .. } in late.into_values() {
            match (held_for, self.policy.outage) {
                (Some(group), Outage::Open) => {
                    self.counters.unchecked += 1;
                    self.mailbox.command(Command::Send(group, content), turn)?;
                }
                (Some(_), Outage::Closed) => self.counters.withheld += 1,
                (None, _) => self.counters.unchecked += 1,
            }
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let awaiting =
            self.awaiting.iter().map(|(number, waiting)| (format!("awaiting/{number:020}"), waiting.content.to_wire()));
        let Counters { unchecked, blocked, withheld } = self.counters;
        let counters =
            [("checks", self.checks), ("unchecked", unchecked), ("blocked", blocked), ("withheld", withheld)];
        let counters = counters.map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        Memory::new(awaiting.chain(counters)).with("messenger", self.mailbox.memory())
    }
}
