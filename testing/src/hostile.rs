//! Peers that lie: a party of a deployment, or a stranger, that goes on with its work and says hostile things beside it.
//!
//! Goal: whatever a peer says is accepted, or refused with a typed reason that names who and whom; what only another role
//! says is refused; what is refused leaves nothing behind; nobody is shown what was not sent, or twice; and no honest party loses what it was given, unless the
//! liar is the provider, through whose hands everything goes. What is *not* a failure: lies that are believed where the
//! design gives no way of telling, which is what the games measure.

use crate::speaker::Speaker;
use crate::world::World;
use rand_core::Rng;
use sightline_crypto::{Seed, Stream};
use sightline_protocol::{
    Architecture, Context, Deployment, Display, Frame, History, Memory, Network, Party, PartyId, Reason, Refusal, Role,
    RunError, Runner, Span, Time, Transcript, Wire,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// A kind of hostile message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bytes that are no frame.
    NoFrame,
    /// A message with bits flipped.
    Malformed,
    /// A message that breaks off, or goes on after its end.
    CutOff,
    /// More bytes than any message may have.
    Oversized,
    /// What this peer said to this party before.
    Replayed,
    /// What this peer says to this party at another time of an honest run.
    Reordered,
    /// What someone of the same role says, or says to someone else.
    Borrowed,
    /// What only someone of another role says.
    Forged,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::NoFrame,
        Self::Malformed,
        Self::CutOff,
        Self::Oversized,
        Self::Replayed,
        Self::Reordered,
        Self::Borrowed,
        Self::Forged,
    ];
}

/// The stranger, whom nobody knows.
pub const STRANGER: PartyId = PartyId::device(999);

/// What came of one run with a liar in it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many messages of each kind were said to parties of each role, and how many of them were refused.
    pub said: BTreeMap<(Kind, Role), [u64; 2]>,
    /// What must not be, in words.
    pub violations: Vec<String>,
    /// What users were shown that nobody sent, in words: a violation wherever senders are authenticated.
    pub shown: Vec<String>,
}

/// An honest message: when, from whom, to whom, its name, the payload.
type Message = (Time, PartyId, PartyId, &'static str, Vec<u8>);
/// Those of a run.
type Said = Vec<Message>;

/// Runs `history` with `liar` hostile, and says what came of it. Lies come now and then, from `seed`.
///
/// # Errors
/// In words, if the honest system does not run.
pub fn run(
    architecture: &dyn Architecture,
    world: &World,
    history: &History,
    liar: PartyId,
    seed: u64,
) -> Result<Outcome, String> {
    let seed = Seed::from_u64(seed);
    let deploy = || architecture.deploy(&world.setup, &seed.derive("deployment", 0)).map_err(|error| error.to_string());
    // Nothing overtakes anything, so that a party handles one message at a time.
    let network = Network { jitter: Span::ZERO, loss: 0.0, ..Network::default() };
    let run = |deployment| Runner::new(deployment, &seed).network(network).run(history, &[]);
    let honest = run(deploy()?).map_err(|error: RunError| error.to_string())?;
    let said: Arc<Said> = Arc::new(said(architecture, &honest));

    let Deployment { mut parties, ledger } = deploy()?;
    if liar == STRANGER {
        parties.push((STRANGER, Box::new(Speaker(Vec::new()))));
    }
    let peers: Vec<PartyId> = parties.iter().map(|(id, _)| *id).filter(|id| *id != liar).collect();
    let log = Arc::new(Mutex::new(Log { largest: largest(&honest), ..Log::default() }));
    let wrap = |(id, inner): (PartyId, Box<dyn Party>)| {
        let party: Box<dyn Party> = if id == liar {
            let stream = seed.derive("lies", u64::from(liar.index())).stream();
            let (said, peers, log) = (Arc::clone(&said), peers.clone(), Arc::clone(&log));
            Box::new(Liar { inner, said, peers, log, stream, slots: BTreeMap::new(), wake: None, oversized: false })
        } else {
            Box::new(Watched { inner, liar, log: Arc::clone(&log) })
        };
        (id, party)
    };
    let parties = parties.into_iter().map(wrap).collect();
    let result = run(Deployment { parties, ledger });
    let Log { said, mut violations, .. } = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    let mut shown = Vec::new();
    match result {
        Ok(transcript) => {
            let [believed, lost] = service(history, &transcript, liar);
            shown = believed;
            violations.extend(lost);
        }
        Err(error) => violations.push(error.to_string()),
    }
    violations.sort();
    violations.dedup();
    Ok(Outcome { said, violations, shown })
}

/// What machines said to each other.
fn said(architecture: &dyn Architecture, transcript: &Transcript) -> Said {
    let payload = |event: &sightline_protocol::Event| match Frame::from_wire(&event.bytes) {
        Ok(Frame::Data(_, payload)) => {
            let (name, _) = architecture.describe(&payload).ok()?;
            Some((event.sent, event.from, event.to, name, payload))
        }
        _ => None,
    };
    let events = transcript.events().iter();
    events
        .filter(|event| event.to.role() != Role::User && event.from.role() != Role::User)
        .filter_map(payload)
        .collect()
}

/// Bytes of the largest memory of any party.
fn largest(transcript: &Transcript) -> usize {
    transcript.memory().values().map(size).max().unwrap_or(0)
}

fn size(memory: &Memory) -> usize {
    memory.entries().map(|(_, bytes)| bytes.len()).sum()
}

/// What users were shown that was not sent, or twice; and honest contents that did not arrive, unless the provider lies.
fn service(history: &History, transcript: &Transcript, liar: PartyId) -> [Vec<String>; 2] {
    let honest = |user: &u16| PartyId::device(*user) != liar;
    let mut due: Vec<(PartyId, Display, bool)> = Vec::new();
    for (action, group, content) in history.sends() {
        let recipients = history.roster(group, action.at).into_iter().filter(|user| *user != action.user);
        due.extend(recipients.map(|recipient| {
            let display = Display { group, sender: action.user, content: content.clone() };
            (PartyId::user(recipient), display, honest(&action.user) && honest(&recipient))
        }));
    }
    let (mut believed, mut missing) = (Vec::new(), Vec::new());
    // A device may say what it likes in its own name, and show its own user what it likes.
    let own = |user: u16| PartyId::device(user) == liar;
    for (user, shown) in transcript.displays() {
        match due.iter().position(|(other, display, _)| (*other, display) == (user, &shown)) {
            Some(place) => drop(due.swap_remove(place)),
            None if own(user.index()) || own(shown.sender) => {}
            None => believed.push(format!("{user} was shown a {} that was not sent, or twice", shown.content.kind)),
        }
    }
    if liar.role() != Role::Provider {
        let lost = due.into_iter().filter(|(.., honest)| *honest);
        missing.extend(lost.map(|(user, display, _)| {
            format!("a {} of user {} did not reach {user}", display.content.kind, display.sender)
        }));
    }
    [believed, missing]
}

/// What liar and watched parties write down.
#[derive(Default)]
struct Log {
    said: BTreeMap<(Kind, Role), [u64; 2]>,
    violations: Vec<String>,
    /// Frames of the liar that were said and not yet heard: receiver, bytes and kind.
    underway: Vec<(PartyId, Vec<u8>, Kind)>,
    /// Largest memory in the honest run, and bytes of what the liar said that was accepted.
    largest: usize,
    accepted: usize,
}

/// No message is longer than this, as the protocol says.
const LONGEST: usize = 64 << 20;
/// What a party may hold beyond what anyone holds in an honest run and what it accepted from the liar.
const SLACK: usize = 1 << 20;

/// A party that goes on with its work and lies beside it. Its lies travel in frames with the right numbers, so that they
/// reach the machine behind the link.
struct Liar {
    inner: Box<dyn Party>,
    said: Arc<Said>,
    peers: Vec<PartyId>,
    log: Arc<Mutex<Log>>,
    stream: Stream,
    /// Per peer, for every frame on the wire: whether it is the inner party's.
    slots: BTreeMap<PartyId, Vec<bool>>,
    /// When the inner party wants to be woken.
    wake: Option<Time>,
    oversized: bool,
}

/// A lie now and then, for as long as the history takes.
const PACE: Span = Span::seconds(17);
const LIES: u64 = 60;

impl Liar {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.stream.next_u64() % bound.max(1) as u64).unwrap_or(0)
    }

    /// Lets the inner party work, gives its frames their numbers on the wire, and sets the next alarm.
    fn work(
        &mut self,
        cx: &mut Context<'_>,
        call: impl FnOnce(&mut dyn Party, &mut Context<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        cx.wake_at(self.wake);
        let result = call(self.inner.as_mut(), cx);
        self.wake = cx.deadline();
        for (_, to, bytes) in cx.outgoing() {
            if let Ok(Frame::Data(number, payload)) = Frame::from_wire(bytes) {
                let slots = self.slots.entry(*to).or_default();
                let own = |slots: &[bool]| slots.iter().filter(|inner| **inner).count() as u64;
                if number >= own(slots) {
                    slots.push(true);
                }
                let places = slots.iter().enumerate().filter(|(_, inner)| **inner);
                let place = places.map(|(place, _)| place as u64).nth(usize::try_from(number).unwrap_or(usize::MAX));
                *bytes = Frame::Data(place.unwrap_or(number), payload).to_wire();
            }
        }
        self.alarm(cx);
        result
    }

    /// Also wakes for the next lie, at whole multiples of the pace.
    fn alarm(&self, cx: &mut Context<'_>) {
        let next = cx.now().as_nanoseconds() / PACE.as_nanoseconds() + 1;
        let lie = Time::after_start(Span::nanoseconds(next * PACE.as_nanoseconds()));
        let alarms = self.wake.into_iter().chain((next <= LIES).then_some(lie));
        cx.wake_at(alarms.min());
    }

    /// One lie of each kind, each to somebody.
    fn lie(&mut self, cx: &mut Context<'_>) {
        for kind in Kind::ALL {
            let place = self.below(self.peers.len());
            let peer = self.peers[place];
            // One is enough: they are long.
            if kind == Kind::Oversized && std::mem::replace(&mut self.oversized, true) {
                continue;
            }
            let Some(payload) = self.payload(kind, peer, cx) else { continue };
            let bytes = if kind == Kind::NoFrame {
                payload
            } else {
                let slots = self.slots.entry(peer).or_default();
                let number = slots.len() as u64;
                // What is too long for a frame is not counted by the link either.
                if kind != Kind::Oversized {
                    slots.push(false);
                }
                Frame::Data(number, payload).to_wire()
            };
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.said.entry((kind, peer.role())).or_default()[0] += 1;
            log.underway.push((peer, bytes.clone(), kind));
            drop(log);
            cx.send(peer, bytes);
        }
    }

    fn payload(&mut self, kind: Kind, peer: PartyId, cx: &Context<'_>) -> Option<Vec<u8>> {
        let (party, now) = (cx.party(), cx.now());
        let said = Arc::clone(&self.said);
        // A device that says early what another will say takes the name of a group that is yet to be founded.
        let may = |time: Time| time < now || party.role() != Role::Device;
        let mut pick = |wanted: &dyn Fn(&Message) -> bool| -> Option<Vec<u8>> {
            let fitting: Vec<&Vec<u8>> = said.iter().filter(|one| wanted(one)).map(|(.., bytes)| bytes).collect();
            let place = self.below(fitting.len());
            fitting.get(place).map(|bytes| (*bytes).clone())
        };
        let own = |from: PartyId, to: PartyId| from == party && to == peer;
        let mut bytes = match kind {
            Kind::NoFrame => return Some(vec![0xff; 20]),
            Kind::Oversized => return Some(vec![0; LONGEST]),
            Kind::Replayed => return pick(&|(time, from, to, ..)| own(*from, *to) && *time < now),
            Kind::Reordered => return pick(&|(time, from, to, ..)| own(*from, *to) && may(*time)),
            Kind::Borrowed => {
                return pick(&|(time, from, to, ..)| !own(*from, *to) && from.role() == party.role() && may(*time));
            }
            // What one role passes on for another is said by both, and what a role says to a peer anyway is its own to say.
            Kind::Forged => {
                let own = || said.iter().filter(|(_, from, ..)| from.role() == party.role());
                let bytes: BTreeSet<&[u8]> = own().map(|(.., bytes)| bytes.as_slice()).collect();
                let to_peer = own().filter(|(_, _, to, ..)| to.role() == peer.role());
                let names: BTreeSet<&str> = to_peer.map(|(.., name, _)| *name).collect();
                return pick(&|(time, from, _, name, one)| {
                    from.role() != party.role()
                        && may(*time)
                        && !bytes.contains(one.as_slice())
                        && !names.contains(name)
                });
            }
            Kind::Malformed | Kind::CutOff => pick(&|(time, _, to, ..)| *to == peer && may(*time))?,
        };
        if kind == Kind::Malformed {
            for _ in 0..=self.below(3) {
                let at = self.below(bytes.len());
                *bytes.get_mut(at)? ^= 1 << self.below(8);
            }
        } else if self.below(2) == 0 {
            bytes.truncate(self.below(bytes.len()));
        } else {
            bytes.push(0);
        }
        Some(bytes)
    }
}

impl Party for Liar {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.work(cx, |inner, cx| inner.start(cx))
    }

    fn receive(&mut self, from: PartyId, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal> {
        // The inner party knows nothing of the lies, so they are not acknowledged to it.
        let own = |below: u64| {
            let slots = self.slots.get(&from).map_or(&[][..], Vec::as_slice);
            slots.iter().zip(0..below).filter(|(inner, _)| **inner).count() as u64
        };
        let bytes = match Frame::from_wire(bytes) {
            Ok(Frame::Acknowledge(below)) => Frame::Acknowledge(own(below)).to_wire(),
            _ => bytes.to_vec(),
        };
        // What others make of lies may make no sense to it.
        let _ = self.work(cx, |inner, cx| inner.receive(from, &bytes, cx));
        Ok(())
    }

    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        if self.wake.is_some_and(|at| at <= cx.now()) {
            let _ = self.work(cx, |inner, cx| inner.wake(cx));
        } else {
            self.lie(cx);
            self.alarm(cx);
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        self.inner.memory()
    }
}

/// An honest party, watched while it hears the liar.
struct Watched {
    inner: Box<dyn Party>,
    liar: PartyId,
    log: Arc<Mutex<Log>>,
}

impl Watched {
    fn note(&self, violation: String) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).violations.push(violation);
    }

    /// What it holds beside the state of its links and of its queue of deliveries, in which a refused one keeps its place.
    fn holds(&self) -> BTreeMap<String, Vec<u8>> {
        let memory = self.inner.memory();
        let own =
            memory.entries().filter(|(name, _)| !name.starts_with("link/") && !name.ends_with("session/counters"));
        own.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect()
    }
}

impl Party for Watched {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.inner.start(cx)
    }

    fn receive(&mut self, from: PartyId, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal> {
        let party = cx.party();
        if from != self.liar {
            return self.inner.receive(from, bytes, cx);
        }
        let before = self.holds();
        let result = self.inner.receive(from, bytes, cx);
        let kind = {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            let heard = log.underway.iter().position(|(to, said, _)| *to == party && said == bytes);
            heard.map(|place| log.underway.swap_remove(place).2)
        };
        let Some(kind) = kind else { return result };
        if let Err(refusal) = &result {
            if (refusal.party, refusal.peer) != (party, from) {
                self.note(format!("{party}: a refusal of {from}'s message names others: {refusal}"));
            }
            // Erasing is allowed: a key that was tried is gone.
            let after = self.holds();
            let left = after.into_iter().find(|(name, bytes)| before.get(name) != Some(bytes));
            if let Some((name, _)) = left {
                self.note(format!("{party}: a refused message ({kind:?}) left something behind in {name}: {refusal}"));
            }
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            log.said.entry((kind, party.role())).or_default()[1] += 1;
        } else {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).accepted += bytes.len();
        }
        if kind == Kind::Forged && result.is_ok() {
            self.note(format!("{party}: believed what {from} says in the place of another role"));
        }
        let never = matches!(kind, Kind::NoFrame | Kind::CutOff | Kind::Oversized);
        let malformed = matches!(&result, Err(Refusal { reason: Reason::Malformed(_), .. }));
        if never && !malformed {
            self.note(format!("{party}: {kind:?} is not refused as malformed: {result:?}"));
        }
        let size = size(&self.inner.memory());
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let most = log.largest + log.accepted + SLACK;
        drop(log);
        if size > most {
            self.note(format!("{party}: holds {size} bytes after {kind:?}, more than it accepted"));
        }
        result
    }

    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.inner.wake(cx)
    }

    fn memory(&self) -> Memory {
        self.inner.memory()
    }
}
