use super::{MACHINE, Message};
use crate::courier::{Client as Conduct, Mailbox};
use crate::listing;
use rand_core::Rng;
use sightline_crypto::Ledger;
use sightline_enclave::attestation::{CodeLog, Measurement};
use sightline_enclave::{Client, ListRule, Subject, Waiting as Nonce};
use sightline_lists::Pin;
use sightline_protocol::{
    Command, Content, ContentKind, DeliveryRule, GroupNumber, Lists, Machine, Memory, Outage, PartyId, Policy, Reason,
    Scanned, Setup, Span, Time, Turn, Wire, Work,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Time after which a device no longer waits for an enclave that it accepts, and forgets the content.
const PATIENCE: Span = Span::seconds(10);
/// The date of every run, 2026-06-01, in seconds since 1970.
const DATE: u64 = 1_780_272_000;

/// A device that seals every attachment to an enclave which it has verified.
pub(super) struct Device {
    mailbox: Mailbox,
    setup: Setup,
    policy: Policy,
    client: Client,
    conduct: Conduct,
    /// The list that it accepts, if it accepts one alone.
    pin: Option<Pin>,
    checks: u64,
    counters: Counters,
    awaiting: BTreeMap<u64, Waiting>,
}

/// What became of contents.
#[derive(Default)]
struct Counters {
    /// Sent without having been sealed to an enclave.
    unchecked: u64,
    /// Kept back because a match was claimed.
    blocked: u64,
    /// Kept back because no verdict came.
    withheld: u64,
}

/// A content on its way to an enclave.
struct Waiting {
    content: Content,
    nonce: [u8; 32],
    /// Whether it was sealed already.
    sealed: bool,
    /// The group to which it goes once the verdict allows.
    held_for: Option<GroupNumber>,
    until: Time,
}

impl Device {
    pub(super) fn new(setup: &Setup, policy: Policy, mailbox: Mailbox, code: Measurement, ledger: Ledger) -> Self {
        let pin = match policy.lists {
            Lists::One => Some(listing::statement(&setup.list, None).pin()),
            Lists::PerUser => None,
        };
        let rule = pin.map_or(ListRule::AnySigned, ListRule::Published);
        let (_, verifier) = &*MACHINE;
        Self {
            mailbox,
            setup: setup.clone(),
            policy,
            client: Client::new(Arc::clone(verifier), CodeLog::new([code]), rule, ledger),
            conduct: Conduct::Honest,
            pin,
            checks: 0,
            counters: Counters::default(),
            awaiting: BTreeMap::new(),
        }
    }

    /// The device of a user who may not follow the protocol.
    pub(super) fn acting(self, conduct: Conduct) -> Self {
        Self { conduct, ..self }
    }

    /// Has a content checked. Returns it if this is not done with such contents.
    fn check(
        &mut self,
        content: Content,
        held_for: Option<GroupNumber>,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Option<Content> {
        if content.kind == ContentKind::Text || self.conduct == Conduct::Omits {
            self.counters.unchecked += 1;
            return Some(content);
        }
        self.checks += 1;
        let mut nonce = [0; 32];
        turn.rng().fill_bytes(&mut nonce);
        turn.send(PartyId::PROVIDER, &Message::Hello(self.checks, nonce));
        let until = turn.now() + PATIENCE;
        self.awaiting.insert(self.checks, Waiting { content, nonce, sealed: false, held_for, until });
        self.set_alarm(turn);
        None
    }

    fn set_alarm(&self, turn: &mut Turn<'_, '_, Message>) {
        turn.wake_at(self.awaiting.values().map(|waiting| waiting.until).min());
    }

    fn offer(
        &mut self,
        number: u64,
        offer: &sightline_enclave::Offer,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Result<(), Reason> {
        let rejected = |detail: String| Reason::Rejected { message: "offer", detail };
        let waiting = self.awaiting.get_mut(&number).filter(|waiting| !waiting.sealed);
        let waiting = waiting.ok_or_else(|| rejected(format!("no content {number} waits for one")))?;
        turn.spend(Work::Quote);
        let none = || rejected("nothing is to be checked".into());
        let Content { kind, bytes } = self.conduct.presents(&waiting.content).ok_or_else(none)?;
        let length = waiting.content.bytes.len();
        let padded = usize::try_from(self.setup.padding.padded(length as u64)).unwrap_or(length);
        let subject = Subject { picture: kind == ContentKind::Picture, bytes };
        let fresh = turn.secret();
        let now = DATE + (turn.now() - Time::START).whole_seconds();
        let sealed = self
            .client
            .seal(Nonce(waiting.nonce), offer, &subject, padded, now, &fresh)
            .map_err(|error| rejected(error.to_string()))?;
        turn.spend(Work::Bytes(sealed.ciphertext.len()));
        waiting.sealed = true;
        turn.send(PartyId::PROVIDER, &Message::Sealed(number, sealed));
        if waiting.held_for.is_none() {
            self.awaiting.remove(&number);
        }
        self.set_alarm(turn);
        Ok(())
    }

    fn verdict(&mut self, number: u64, matched: bool, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let unknown = || Reason::Rejected { message: "verdict", detail: format!("no content {number} waits for one") };
        if !self.awaiting.get(&number).is_some_and(|waiting| waiting.sealed) {
            return Err(unknown());
        }
        let Waiting { content, held_for, .. } = self.awaiting.remove(&number).ok_or_else(unknown)?;
        self.set_alarm(turn);
        match held_for {
            Some(_) if matched => {
                self.counters.blocked += 1;
                Ok(())
            }
            Some(group) => self.mailbox.command(Command::Send(group, content), turn),
            None => Ok(()),
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
            Message::Offer(number, offer) => self.offer(number, &offer, turn),
            Message::Verdict(number, matched) => self.verdict(number, matched, turn),
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: "a device takes deliveries, offers and verdicts".into(),
            }),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let now = turn.now();
        let (kept, late): (BTreeMap<u64, Waiting>, BTreeMap<u64, Waiting>) =
            std::mem::take(&mut self.awaiting).into_iter().partition(|(_, waiting)| waiting.until > now);
        self.awaiting = kept;
        self.set_alarm(turn);
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
        let pin = self.pin.map(|Pin { version, digest }| [version.to_be_bytes().as_slice(), &digest].concat());
        let pin = pin.map(|pin| ("pin".to_owned(), pin));
        Memory::new(awaiting.chain(counters).chain(pin)).with("messenger", self.mailbox.memory())
    }
}
