//! Systems that leak on purpose, for tests of the tests (PRIVACY §5): an honest one whose messages carry random padding,
//! and mutations of what is deployed. The simulator never sees a mutation.

use rand_core::Rng;
use sightline_crypto::{Seed, aead};
use sightline_fingerprint::{Intermediate, Pdq};
use sightline_messenger::Padding;
use sightline_protocol::{
    Adversary, Architecture, Clause, Command, Content, ContentKind, Context, Deployment, Memory, Party, PartyId,
    Profile, Refusal, Role, Setup, SetupError, Sighting, View, Wire, WireError, Work,
};
use std::collections::BTreeSet;

/// A leak that is planted in the devices of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// One bit of the padding says whether the content matches, in one of so many messages.
    Bit(u8),
    /// The padding is the picture's hash.
    Hash,
    /// The padding is the picture's hash, sealed to a key that the provider holds.
    SealedHash,
    /// One more message if the content matches.
    Message,
    /// So many microseconds more work if the content matches.
    Work(u32),
    /// Messages leave in the opposite order if the content matches.
    Order,
    /// Attachments are not padded.
    Unpadded,
    /// A byte of the padding counts the matches so far.
    Counter,
    /// The device's randomness begins anew for every content, so that keys come again.
    Reuse,
}

impl Mutation {
    /// The mutations that are tried, with a ladder of ever smaller ones of two kinds.
    pub const ALL: [Self; 15] = [
        Self::Bit(1),
        Self::Bit(2),
        Self::Bit(4),
        Self::Bit(8),
        Self::Hash,
        Self::SealedHash,
        Self::Message,
        Self::Work(5_000),
        Self::Work(1_000),
        Self::Work(200),
        Self::Work(50),
        Self::Order,
        Self::Unpadded,
        Self::Counter,
        Self::Reuse,
    ];

    /// What it does, in words.
    pub fn describe(self) -> String {
        match self {
            Self::Bit(1) => "one bit of padding tells the verdict".into(),
            Self::Bit(messages) => format!("one bit of padding in 1 of {messages} messages tells the verdict"),
            Self::Hash => "the hash in place of padding".into(),
            Self::SealedHash => "the hash sealed to a key of the provider".into(),
            Self::Message => "one more message on a match".into(),
            Self::Work(microseconds) => format!("{} ms more work on a match", f64::from(microseconds) / 1000.0),
            Self::Order => "messages leave in another order on a match".into(),
            Self::Unpadded => "attachments are not padded".into(),
            Self::Counter => "a byte of padding counts matches".into(),
            Self::Reuse => "keys are used again for every content".into(),
        }
    }
}

/// A system whose messages carry random padding, mutated or honest.
pub struct Mutant<'a> {
    /// The system.
    pub base: &'a dyn Architecture,
    /// What is wrong with it.
    pub mutation: Option<Mutation>,
}

impl Architecture for Mutant<'_> {
    fn profile(&self) -> Profile {
        self.base.profile()
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        let mut setup = setup.clone();
        if self.mutation == Some(Mutation::Unpadded) {
            setup.padding = Padding::None;
        }
        let Deployment { parties, ledger } = self.base.deploy(&setup, seed)?;
        let mut key = [0; 32];
        seed.derive("mutation", 0).stream().fill_bytes(&mut key);
        let wrap = |(id, inner): (PartyId, Box<dyn Party>)| {
            let mutation = self.mutation.filter(|_| id.role() == Role::Device);
            let party = Padded { inner, id, setup: setup.clone(), mutation, key, sent: None, matches: 0 };
            (id, Box::new(party) as Box<dyn Party>)
        };
        Ok(Deployment { parties: parties.into_iter().map(wrap).collect(), ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        self.base.outsiders()
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        self.base.declared(role)
    }

    fn receivers(&self) -> BTreeSet<Role> {
        self.base.receivers()
    }

    fn adversaries(&self) -> Vec<Box<dyn Adversary>> {
        self.base.adversaries()
    }

    fn intermediates(&self, view: &View<'_>) -> Vec<Intermediate> {
        self.base.intermediates(view)
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        self.base.sightings(view)
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        self.base.describe(payload)
    }
}

/// Bytes of padding behind every message between machines.
const PADDING: usize = 48;

/// A party whose messages are padded behind their end. An empty message is padding alone.
struct Padded {
    inner: Box<dyn Party>,
    id: PartyId,
    setup: Setup,
    mutation: Option<Mutation>,
    /// The key that the provider holds.
    key: [u8; 32],
    /// Hash and verdict of the last content sent.
    sent: Option<(Option<Pdq>, bool)>,
    /// How many contents matched so far.
    matches: u8,
}

impl Padded {
    fn see(&mut self, content: &Content) {
        let picture = content.kind == ContentKind::Picture;
        let pdq = picture.then(|| self.setup.fingerprint(&content.bytes)).flatten();
        let matched = pdq.is_some_and(|pdq| self.setup.matches(&pdq));
        self.matches = self.matches.wrapping_add(matched.into());
        self.sent = Some((pdq, matched));
    }

    /// Lets the party act, and pads what it sends.
    fn act(
        &mut self,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut dyn Party, &mut Context<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let before = cx.outgoing().len();
        let result = act(self.inner.as_mut(), cx);
        let matched = self.sent.is_some_and(|(_, matched)| matched);
        if self.mutation == Some(Mutation::Order) && matched {
            let mut messages: Vec<_> = cx.outgoing().drain(before..).collect();
            messages.reverse();
            cx.outgoing().append(&mut messages);
        }
        for number in before..cx.outgoing().len() {
            if cx.outgoing()[number].1.role() != Role::User {
                let padding = self.padding(cx);
                cx.outgoing()[number].2.extend(padding);
            }
        }
        result
    }

    fn padding(&self, cx: &mut Context<'_>) -> [u8; PADDING] {
        let mut padding = [0; PADDING];
        cx.rng().fill_bytes(&mut padding);
        let hash = self.sent.and_then(|(pdq, _)| pdq).map(|pdq| *pdq.hash.as_bytes());
        match (self.mutation, self.sent) {
            (Some(Mutation::Bit(messages)), Some((_, matched)))
                if cx.rng().next_u64().is_multiple_of(messages.into()) =>
            {
                padding[0] = padding[0] & !1 | u8::from(matched);
            }
            (Some(Mutation::Counter), _) => padding[PADDING - 1] = self.matches,
            (Some(Mutation::Hash), _) => {
                if let Some(hash) = hash {
                    padding[..32].copy_from_slice(&hash);
                }
            }
            (Some(Mutation::SealedHash), _) => {
                if let Some(hash) = hash {
                    let nonce = [padding[0]; 12];
                    padding.copy_from_slice(&aead::seal(cx.ledger(), &self.key, &nonce, b"mutation", &hash));
                }
            }
            _ => {}
        }
        padding
    }
}

impl Party for Padded {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.act(cx, |party, cx| party.start(cx))
    }

    fn receive(&mut self, from: PartyId, message: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal> {
        if from.role() != Role::User {
            let message = &message[..message.len().saturating_sub(PADDING)];
            return if message.is_empty() {
                Ok(())
            } else {
                self.act(cx, |party, cx| party.receive(from, message, cx))
            };
        }
        let command = Command::from_wire(message);
        if let Ok(Command::Send(_, content)) = &command {
            self.see(content);
            let matched = self.sent.is_some_and(|(_, matched)| matched);
            match self.mutation {
                Some(Mutation::Reuse) => *cx.rng() = Seed::from_u64(0).stream(),
                // A byte of work is a nanosecond.
                Some(Mutation::Work(microseconds)) if matched => cx.spend(Work::Bytes(microseconds as usize * 1000)),
                Some(Mutation::Message) if matched => {
                    let padding = self.padding(cx);
                    cx.send(PartyId::PROVIDER, padding.into());
                }
                _ => {}
            }
        }
        self.act(cx, |party, cx| party.receive(from, message, cx))
    }

    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.act(cx, |party, cx| party.wake(cx))
    }

    fn memory(&self) -> Memory {
        let memory = self.inner.memory();
        if self.id == PartyId::PROVIDER {
            Memory::new([("padding-key".into(), self.key.to_vec())]).with("system", memory)
        } else {
            memory
        }
    }
}
