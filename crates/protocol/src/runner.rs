use crate::transcript::{Event, Transcript};
use crate::{Context, Deployment, History, Memory, Party, PartyId, Role, Span, Time, Wire};
use rand_core::Rng;
use sightline_crypto::{Ledger, Seed, Stream};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

/// The simulated network between machines: an ideal secure channel (idealised: it shows endpoints, times and record
/// lengths to whoever holds the wire, and no contents) with latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Time a message takes at least.
    pub latency: Span,
    /// Further time, uniform between zero and this; messages may overtake each other within it.
    pub jitter: Span,
    /// Probability that a message is lost once; the channel repeats it, so that loss shows as delay.
    pub loss: f64,
    /// The delay that one loss costs.
    pub repeat: Span,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Span::milliseconds(20),
            jitter: Span::milliseconds(5),
            loss: 0.001,
            repeat: Span::milliseconds(200),
        }
    }
}

/// What a faulty network does beyond delay, as probabilities per message; for tests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// The message never arrives.
    pub drop: f64,
    /// It arrives twice.
    pub duplicate: f64,
    /// It arrives again much later.
    pub replay: f64,
    /// It is held up long enough for later ones to overtake it.
    pub reorder: f64,
}

/// A run that could not be completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The parties kept each other busy without end.
    #[error("the run did not come to rest after {steps} steps: two parties answer each other without end")]
    Endless {
        /// How many inputs were handled.
        steps: u64,
    },
}

/// No run of the laboratory needs more inputs than this.
const MOST_STEPS: u64 = 5_000_000;

/// Carries bytes between the parties of one deployment: one thread, virtual time, a seeded network. The same
/// deployment, history and seed give the same bytes.
pub struct Runner {
    parties: BTreeMap<PartyId, Running>,
    network: Network,
    faults: Faults,
    seed: Seed,
    stream: Stream,
    ledger: Ledger,
    queue: BinaryHeap<Reverse<(Time, u64, Due)>>,
    sequence: u64,
    events: Vec<Event>,
    refusals: Vec<(Time, crate::Refusal)>,
    /// Secrets that parties drew, and when.
    drawn: Vec<(PartyId, Time, [u8; 32])>,
    read: Option<BTreeSet<PartyId>>,
}

struct Running {
    party: Box<dyn Party>,
    stream: Stream,
    busy_until: Time,
    worked: Span,
    deadline: Option<Time>,
}

/// What the queue holds: numbers of commands and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Command(usize),
    Arrival(usize),
}

/// Why a party is called.
enum Input {
    Start,
    Message(PartyId, Arc<[u8]>),
    Wake,
}

impl Runner {
    /// A runner for `deployment`, all of whose randomness derives from `seed`.
    pub fn new(deployment: Deployment, seed: &Seed) -> Self {
        let start = |(id, party): (PartyId, Box<dyn Party>)| {
            let stream = id.seed(seed).stream();
            (id, Running { party, stream, busy_until: Time::START, worked: Span::ZERO, deadline: None })
        };
        Self {
            parties: deployment.parties.into_iter().map(start).collect(),
            network: Network::default(),
            faults: Faults::default(),
            seed: seed.clone(),
            stream: seed.derive("network", 0).stream(),
            ledger: deployment.ledger,
            queue: BinaryHeap::new(),
            sequence: 0,
            events: Vec::new(),
            refusals: Vec::new(),
            drawn: Vec::new(),
            read: None,
        }
    }

    /// Uses this network instead of the default one.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Reads the memory of these parties only, instead of everyone's: the transcript holds nothing of the others'.
    #[must_use]
    pub fn reading(mut self, parties: BTreeSet<PartyId>) -> Self {
        self.read = Some(parties);
        self
    }

    /// Makes the network faulty.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Lets the users do what `history` says, until everything has come to rest. Every party's memory is read at each
    /// time in `snapshots`, and at the end.
    ///
    /// # Errors
    /// [`RunError`] if the parties never come to rest.
    pub fn run(self, history: &History, snapshots: &[Time]) -> Result<Transcript, RunError> {
        self.run_watched(history, snapshots, &mut |_, _| {})
    }

    /// As [`Runner::run`], and tells `watch` of every event right before its receiver handles it, in this order, with its
    /// place in the transcript.
    ///
    /// # Errors
    /// [`RunError`] if the parties never come to rest.
    pub fn run_watched(
        mut self,
        history: &History,
        snapshots: &[Time],
        watch: &mut dyn FnMut(usize, &Event),
    ) -> Result<Transcript, RunError> {
        let mut pending: Vec<Time> = snapshots.to_vec();
        pending.sort_unstable();
        pending.dedup();
        let mut pending = pending.into_iter().peekable();
        let mut taken = BTreeMap::new();

        let ids: Vec<PartyId> = self.parties.keys().copied().collect();
        for id in ids {
            self.call(id, Time::START, Input::Start);
        }
        for (number, action) in history.actions().iter().enumerate() {
            self.enqueue(action.at, Due::Command(number));
        }
        let mut steps = 0;
        while let Some((time, next)) = self.next() {
            while let Some(at) = pending.next_if(|at| *at < time) {
                taken.insert(at, self.memories());
            }
            steps += 1;
            if steps > MOST_STEPS {
                return Err(RunError::Endless { steps });
            }
            match next {
                None => self.wake(time),
                Some(due) => self.handle(time, due, history, watch),
            }
        }
        for at in pending {
            taken.insert(at, self.memories());
        }
        let memory = self.memories();
        Ok(Transcript {
            work: self.parties.iter().map(|(id, running)| (*id, running.worked)).collect(),
            seeds: self.parties.keys().map(|id| (*id, id.seed(&self.seed))).collect(),
            events: self.events,
            refusals: self.refusals,
            drawn: self.drawn,
            snapshots: taken,
            memory,
            records: self.ledger.records(),
        })
    }

    /// The next thing to do and its time; `None` inside stands for the earliest deadline.
    fn next(&mut self) -> Option<(Time, Option<Due>)> {
        let deadline = self.parties.values().filter_map(|running| running.deadline).min();
        match (self.queue.peek().map(|Reverse((time, ..))| *time), deadline) {
            (None, None) => None,
            (Some(time), Some(deadline)) if deadline < time => Some((deadline, None)),
            (None, Some(deadline)) => Some((deadline, None)),
            (Some(_), _) => self.queue.pop().map(|Reverse((time, _, due))| (time, Some(due))),
        }
    }

    fn wake(&mut self, time: Time) {
        let due = self.parties.iter().find(|(_, running)| running.deadline.is_some_and(|at| at <= time));
        if let Some(id) = due.map(|(id, _)| *id) {
            self.call(id, time, Input::Wake);
        }
    }

    fn handle(&mut self, time: Time, due: Due, history: &History, watch: &mut dyn FnMut(usize, &Event)) {
        match due {
            Due::Command(number) => {
                let action = &history.actions()[number];
                let bytes: Arc<[u8]> = action.command.to_wire().into();
                let (from, to) = (PartyId::user(action.user), PartyId::device(action.user));
                self.events.push(Event { from, to, bytes, sent: time, arrives: Some(time), by_network: false });
                self.enqueue(time, Due::Arrival(self.events.len() - 1));
            }
            Due::Arrival(number) => {
                let event = &self.events[number];
                let (from, to, bytes) = (event.from, event.to, Arc::clone(&event.bytes));
                let busy = self.parties.get(&to).map_or(time, |running| running.busy_until);
                if busy > time {
                    self.events[number].arrives = Some(busy);
                    self.enqueue(busy, due);
                } else {
                    watch(number, event);
                    self.call(to, time, Input::Message(from, bytes));
                }
            }
        }
    }

    fn call(&mut self, id: PartyId, now: Time, input: Input) {
        let Some(running) = self.parties.get_mut(&id) else { return };
        let mut context = Context {
            party: id,
            now,
            stream: &mut running.stream,
            ledger: &self.ledger,
            run: &self.seed,
            spent: Span::ZERO,
            outgoing: Vec::new(),
            deadline: running.deadline,
            drawn: Vec::new(),
        };
        let result = match input {
            Input::Start => running.party.start(&mut context),
            Input::Message(from, bytes) => running.party.receive(from, &bytes, &mut context),
            Input::Wake => running.party.wake(&mut context),
        };
        let Context { spent, outgoing, deadline, drawn, .. } = context;
        self.drawn.extend(drawn.into_iter().map(|secret| (id, now, secret)));
        running.deadline = deadline;
        running.busy_until = now + spent;
        running.worked = running.worked + spent;
        if let Err(refusal) = result {
            self.refusals.push((now, refusal));
        }
        for (sent, to, bytes) in outgoing {
            self.carry(id, to, sent, bytes.into());
        }
    }

    /// The one place where bytes are handed over, and recorded.
    fn carry(&mut self, from: PartyId, to: PartyId, sent: Time, bytes: Arc<[u8]>) {
        if to.role() == Role::User {
            self.arrive(Event { from, to, bytes, sent, arrives: Some(sent), by_network: false });
            return;
        }
        let mut arrives = sent;
        if !from.shares_machine(to) {
            arrives = arrives + self.network.latency + self.up_to(self.network.jitter);
            while self.chance(self.network.loss) {
                arrives = arrives + self.network.repeat;
            }
        }
        if self.chance(self.faults.reorder) {
            arrives = arrives + self.up_to(Span::milliseconds(500));
        }
        let dropped = self.chance(self.faults.drop);
        let event = Event { from, to, bytes, sent, arrives: (!dropped).then_some(arrives), by_network: false };
        if self.chance(self.faults.duplicate) {
            self.arrive(Event { arrives: Some(arrives + Span::milliseconds(1)), by_network: true, ..event.clone() });
        }
        if self.chance(self.faults.replay) {
            self.arrive(Event { arrives: Some(arrives + Span::seconds(30)), by_network: true, ..event.clone() });
        }
        self.arrive(event);
    }

    fn arrive(&mut self, event: Event) {
        let arrives = event.arrives;
        self.events.push(event);
        if let Some(time) = arrives {
            self.enqueue(time, Due::Arrival(self.events.len() - 1));
        }
    }

    fn enqueue(&mut self, time: Time, due: Due) {
        self.queue.push(Reverse((time, self.sequence, due)));
        self.sequence += 1;
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && uniform(&mut self.stream) < probability
    }

    fn up_to(&mut self, most: Span) -> Span {
        let nanoseconds = (u128::from(most.as_nanoseconds()) * u128::from(self.stream.next_u64())) >> 64;
        Span::nanoseconds(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    fn memories(&self) -> BTreeMap<PartyId, Memory> {
        let read = |id: &PartyId| self.read.as_ref().is_none_or(|read| read.contains(id));
        let parties = self.parties.iter().filter(|(id, _)| read(id));
        parties.map(|(id, running)| (*id, running.party.memory())).collect()
    }
}

/// Uniform in [0, 1).
fn uniform(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
