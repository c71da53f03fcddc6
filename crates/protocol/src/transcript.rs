use crate::{Display, Memory, Notice, PartyId, Refusal, Role, Span, Time, Wire};
use sightline_crypto::{Records, Seed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes handed from one party to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who sent them.
    pub from: PartyId,
    /// For whom.
    pub to: PartyId,
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// When they left.
    pub sent: Time,
    /// When they were handled; `None` if a faulty network lost them.
    pub arrives: Option<Time>,
    /// A copy made by a faulty network.
    pub by_network: bool,
}

impl Event {
    /// Whether the bytes crossed a wire between machines.
    pub fn on_the_wire(&self) -> bool {
        !self.from.shares_machine(self.to)
    }
}

/// All that happened in one run.
#[derive(Debug, Clone)]
pub struct Transcript {
    pub(crate) events: Vec<Event>,
    pub(crate) refusals: Vec<(Time, Refusal)>,
    /// Secrets that parties drew, and when.
    pub(crate) drawn: Vec<(PartyId, Time, [u8; 32])>,
    pub(crate) snapshots: BTreeMap<Time, BTreeMap<PartyId, Memory>>,
    pub(crate) memory: BTreeMap<PartyId, Memory>,
    pub(crate) seeds: BTreeMap<PartyId, Seed>,
    pub(crate) records: Records,
    pub(crate) work: BTreeMap<PartyId, Span>,
}

impl Transcript {
    /// What was handed over, in the order in which it was sent.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Input that parties refused.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter().map(|(_, refusal)| refusal)
    }

    /// The memory of every party that the run was asked to read, at the end.
    pub fn memory(&self) -> &BTreeMap<PartyId, Memory> {
        &self.memory
    }

    /// The same at a time that the run was asked to read it.
    pub fn snapshot(&self, at: Time) -> Option<&BTreeMap<PartyId, Memory>> {
        self.snapshots.get(&at)
    }

    /// Virtual time that each party worked.
    pub fn work(&self) -> &BTreeMap<PartyId, Span> {
        &self.work
    }

    /// Encoded bytes that parties sent to each other, by link.
    pub fn bytes_by_link(&self) -> BTreeMap<(PartyId, PartyId), u64> {
        let mut bytes = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.on_the_wire() && !event.by_network) {
            *bytes.entry((event.from, event.to)).or_default() += event.bytes.len() as u64;
        }
        bytes
    }

    /// What each user was shown, in order.
    pub fn displays(&self) -> Vec<(PartyId, Display)> {
        let shown = self.events.iter().filter(|event| event.to.role() == Role::User);
        shown.filter_map(|event| Some((event.to, Display::from_wire(&event.bytes).ok()?))).collect()
    }

    /// How many contents users were shown.
    pub fn shown(&self) -> usize {
        let to_users = self.events.iter().filter(|event| event.to.role() == Role::User);
        to_users.filter(|event| Notice::from_wire(&event.bytes).is_err()).count()
    }

    /// What each user was told beside contents, in order.
    pub fn notices(&self) -> Vec<(PartyId, Notice)> {
        let told = self.events.iter().filter(|event| event.to.role() == Role::User);
        told.filter_map(|event| Some((event.to, Notice::from_wire(&event.bytes).ok()?))).collect()
    }

    /// BLAKE3 over everything that was handed over, refused and remembered.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut put = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for event in &self.events {
            let arrives = event.arrives.map_or(u64::MAX, Time::as_nanoseconds);
            put(format!("{} {} {} {arrives}", event.from, event.to, event.sent.as_nanoseconds()).as_bytes());
            put(&event.bytes);
        }
        for (time, refusal) in &self.refusals {
            put(format!("{} {refusal}", time.as_nanoseconds()).as_bytes());
        }
        let memories = self.snapshots.values().chain([&self.memory]);
        for (party, memory) in memories.flatten() {
            put(party.to_string().as_bytes());
            for (name, bytes) in memory.entries() {
                put(name.as_bytes());
                put(bytes);
            }
        }
        *hasher.finalize().as_bytes()
    }
}
