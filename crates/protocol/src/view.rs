use crate::wire::Frame;
use crate::{Memory, PartyId, Span, Time, Transcript, Wire};
use sightline_crypto::{Haystack, Opened, Seed};
use std::collections::BTreeMap;
use std::fmt;

/// How a member of an observer departs from an honest party that forgets (PRIVACY §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Corruption {
    /// Follows the protocol and remembers everything.
    Curious,
    /// Its memory is read once.
    Snapshot(Time),
    /// It is watched from then on: what it sends and receives, and its memory whenever the run was asked to read it.
    Persistent(Time),
}

impl fmt::Display for Corruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: &Time| (*time - Time::START).as_seconds();
        match self {
            Self::Curious => formatter.write_str("curious"),
            Self::Snapshot(time) => write!(formatter, "snapshot@{}", seconds(time)),
            Self::Persistent(time) => write!(formatter, "persistent@{}", seconds(time)),
        }
    }
}

/// A coalition of parties, each with its corruption.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Observer(BTreeMap<PartyId, Corruption>);

impl Observer {
    /// A coalition of curious parties.
    pub fn curious(members: impl IntoIterator<Item = PartyId>) -> Self {
        Self(members.into_iter().map(|member| (member, Corruption::Curious)).collect())
    }

    /// One corrupted party.
    pub fn single(member: PartyId, corruption: Corruption) -> Self {
        Self(BTreeMap::from([(member, corruption)]))
    }

    /// This coalition with one more member.
    #[must_use]
    pub fn and(mut self, member: PartyId, corruption: Corruption) -> Self {
        self.0.insert(member, corruption);
        self
    }

    /// The members.
    pub fn members(&self) -> impl Iterator<Item = PartyId> {
        self.0.keys().copied()
    }

    /// The names of the members, joined by `+`, alphabetical.
    pub fn name(&self) -> String {
        self.sorted().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("+")
    }

    /// The corruptions of the members, in the order of [`Observer::name`].
    pub fn corruption(&self) -> String {
        self.sorted().iter().map(|(_, corruption)| corruption.to_string()).collect::<Vec<_>>().join("+")
    }

    fn sorted(&self) -> Vec<(String, Corruption)> {
        let mut members: Vec<_> = self.0.iter().map(|(id, corruption)| (id.to_string(), *corruption)).collect();
        members.sort();
        members
    }
}

/// One message as an observer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    /// When the observer sees it: on sending, or on arrival if only the receiver belongs to the observer.
    pub at: Time,
    /// Who sent it.
    pub from: PartyId,
    /// For whom.
    pub to: PartyId,
    /// Its encoded length in bytes.
    pub length: usize,
    /// Its bytes, unless the observer only holds the wire.
    pub bytes: Option<&'a [u8]>,
}

impl Seen<'_> {
    /// The message inside the link's frame; `None` for acknowledgements and where only the wire is seen.
    pub fn payload(&self) -> Option<Vec<u8>> {
        match Frame::from_wire(self.bytes?) {
            Ok(Frame::Data(_, payload)) => Some(payload),
            Ok(Frame::Acknowledge(_)) | Err(_) => None,
        }
    }
}

/// All that an observer gets, saturated: whatever can be opened with what it holds has been opened.
#[derive(Debug)]
pub struct View<'a> {
    /// Messages, in order of time.
    pub seen: Vec<Seen<'a>>,
    /// Memories that it reads: when, whose, what.
    pub memory: Vec<(Time, PartyId, &'a Memory)>,
    /// The randomness of members that remember everything, as the seed it was drawn from.
    pub randomness: Vec<(PartyId, &'a Seed)>,
    /// What its keys open.
    pub opened: Vec<Opened>,
}

impl View<'_> {
    /// Every byte string in the view.
    pub fn byte_strings(&self) -> impl Iterator<Item = &[u8]> {
        let messages = self.seen.iter().filter_map(|seen| seen.bytes);
        let memory = self.memory.iter().flat_map(|(_, _, memory)| memory.entries().map(|(_, bytes)| bytes));
        messages.chain(memory).chain(self.opened.iter().map(|opened| &*opened.plaintext))
    }
}

/// The views of one run. Bytes are searched for keys once, however many observers share them.
pub struct Views<'a> {
    transcript: &'a Transcript,
    haystack: Haystack<'a>,
    events: Vec<Option<usize>>,
    memories: BTreeMap<(Option<Time>, PartyId), Vec<usize>>,
    seeds: BTreeMap<PartyId, usize>,
}

impl<'a> Views<'a> {
    /// The views of the run that `transcript` records.
    pub fn new(transcript: &'a Transcript) -> Self {
        Self {
            transcript,
            haystack: Haystack::new(&transcript.records),
            events: vec![None; transcript.events.len()],
            memories: BTreeMap::new(),
            seeds: BTreeMap::new(),
        }
    }

    /// The saturated view of `observer`. A snapshot that the run did not take is absent.
    pub fn of(&mut self, observer: &Observer) -> View<'a> {
        self.cut(observer, None)
    }

    /// The same as it was at `until`: what was seen by then, and in place of the memory of the end the one that the run was
    /// asked to read last by then.
    pub fn until(&mut self, observer: &Observer, until: Time) -> View<'a> {
        self.cut(observer, Some(until))
    }

    fn cut(&mut self, observer: &Observer, until: Option<Time>) -> View<'a> {
        let transcript = self.transcript;
        let mut view = View { seen: Vec::new(), memory: Vec::new(), randomness: Vec::new(), opened: Vec::new() };
        let mut held = Vec::new();
        for (number, event) in transcript.events.iter().enumerate() {
            let Some((at, with_bytes)) = observer.sees(event) else { continue };
            if until.is_some_and(|until| at > until) {
                continue;
            }
            let bytes = with_bytes.then_some(&*event.bytes);
            view.seen.push(Seen { at, from: event.from, to: event.to, length: event.bytes.len(), bytes });
            if with_bytes {
                held.push(*self.events[number].get_or_insert_with(|| self.haystack.add(&event.bytes)));
            }
        }
        view.seen.sort_by_key(|seen| seen.at);
        for (party, corruption) in &observer.0 {
            let over = |at: &Time| until.is_none_or(|until| *at <= until);
            let read = transcript.snapshots.keys().copied().filter(over);
            let end = until.map_or(Some(None), |_| read.clone().next_back().map(Some));
            let times: Vec<Option<Time>> = match corruption {
                Corruption::Curious => end.into_iter().collect(),
                Corruption::Snapshot(time) => Some(*time).filter(over).map(Some).into_iter().collect(),
                Corruption::Persistent(time) => {
                    let end = end.filter(|end| end.is_none_or(|end| end >= *time));
                    read.filter(|at| at >= time).map(Some).chain(end).collect()
                }
            };
            for at in times {
                let memories = at.map_or(Some(&transcript.memory), |time| transcript.snapshots.get(&time));
                let Some(memory) = memories.and_then(|memories| memories.get(party)) else { continue };
                let haystack = &mut self.haystack;
                let ids = self.memories.entry((at, *party));
                let ids = ids.or_insert_with(|| memory.entries().map(|(_, bytes)| haystack.add(bytes)).collect());
                held.extend_from_slice(ids);
                view.memory.push((at.unwrap_or_else(|| transcript.end()), *party, memory));
            }
            // Whoever is watched cannot draw a secret unseen.
            if let Corruption::Persistent(from) = corruption {
                let drawn = transcript.drawn.iter().filter(|(drawer, at, _)| drawer == party && at >= from && over(at));
                held.extend(drawn.map(|(.., secret)| self.haystack.add(secret)));
            }
            if *corruption == Corruption::Curious
                && let Some(seed) = transcript.seeds.get(party)
            {
                let id = self.seeds.entry(*party).or_insert_with(|| self.haystack.add(seed.as_bytes()));
                held.push(*id);
                view.randomness.push((*party, seed));
            }
        }
        view.opened = self.haystack.saturate(held);
        view
    }
}

impl Observer {
    /// When the observer sees an event, and whether with its bytes.
    fn sees(&self, event: &crate::Event) -> Option<(Time, bool)> {
        let watches = |party: PartyId, at: Time| match self.0.get(&party)? {
            Corruption::Curious => Some(at),
            Corruption::Persistent(from) if at >= *from => Some(at),
            Corruption::Persistent(_) | Corruption::Snapshot(_) => None,
        };
        let as_sender = (!event.by_network).then(|| watches(event.from, event.sent)).flatten();
        let as_receiver = || event.arrives.and_then(|at| watches(event.to, at));
        let on_the_wire = || event.on_the_wire().then(|| watches(PartyId::NETWORK, event.sent)).flatten();
        let inside = as_sender.or_else(as_receiver).map(|at| (at, true));
        inside.or_else(|| on_the_wire().map(|at| (at, false)))
    }
}

impl Transcript {
    /// The time of the last thing that happened.
    pub fn end(&self) -> Time {
        self.events.iter().map(|event| event.arrives.unwrap_or(event.sent)).max().unwrap_or(Time::START)
    }

    /// How long the run took in virtual time.
    pub fn duration(&self) -> Span {
        self.end() - Time::START
    }
}
