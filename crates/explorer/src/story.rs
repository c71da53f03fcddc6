//! A real run of one system, told message by message: what was handed over, and what each party holds then.
//!
//! Nothing here decides what a party can read: that is looked up in the saturated views of the run.

use crate::choice::{Choice, ChoiceError, Listing};
use crate::library::{Library, Sample};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sightline_crypto::{Search, Seed};
use sightline_fingerprint::{Cut, Intermediate};
use sightline_lists::{Entry, Provenance};
use sightline_messenger::Padding;
use sightline_privacy::reconstruct::Grey;
use sightline_protocol::{
    Architecture, Clause, Command, Content, ContentKind, Corruption, Datum, Display, Event as Handed, Facts, Frame,
    History, Notice, Observer, Order, PartyId, Role, RunError, Runner, Setup, SetupError, Shown, Sighting, Span, Time,
    Transcript, View, Views, Wire, words,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Bytes of a message that are shown.
const HEAD: usize = 24;
/// Bytes of a sealed message that are drawn as noise.
const NOISE: usize = 1024;
/// Entries of a memory that are shown, the longest ones.
const ENTRIES: usize = 8;
/// Bytes of contents that snapshots of all memories may take, in about as many copies as there are parties.
const ROOM: usize = 128 << 20;
/// When the picture, or what is sent before it, is sent.
const FIRST: Time = Time::after_start(Span::seconds(3));

/// What is told of a run, in this order: one opening; messages, each as the run hands it over; what parties hold after them;
/// where parties are broken into, what that opens; one closing. Between these it is said how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// What is being done.
    Progress {
        /// In words.
        what: &'static str,
        /// How many messages of how many it has come to.
        #[serde(skip_serializing_if = "Option::is_none")]
        done: Option<[usize; 2]>,
    },
    /// Who takes part, and what is sent.
    Opening(Opening),
    /// Something was handed over.
    Message(Message),
    /// What a party holds after a message.
    Holding(Holding),
    /// What opens if a party is broken into after a message.
    Break(Break),
    /// The run came to rest.
    Closing(Closing),
    /// There is no run to be told of.
    Failed {
        /// Why, in words.
        why: String,
    },
}

/// Who takes part, and what is sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opening {
    /// The system's name.
    pub system: String,
    /// Its name for people.
    pub title: &'static str,
    /// Ids of the parties between which messages can be drawn, from left to right.
    pub lanes: Vec<String>,
    /// All parties, endpoints first.
    pub parties: Vec<Party>,
    /// Length of the picture in bytes.
    pub length: usize,
    /// Its perceptual hash.
    pub hash: String,
    /// Its quality, 0 to 100; below 50 it is not matched.
    pub quality: u8,
    /// Whether the list holds an entry within the radius.
    pub matched: bool,
    /// Whether a reviewer recognises it.
    pub confirmed: bool,
    /// Entries of the list.
    pub entries: usize,
}

/// A party, and what an honest run shows it by declaration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Party {
    /// Its id.
    pub id: String,
    /// Whether the content is meant for it.
    pub endpoint: bool,
    /// What it learns by declaration, a clause each, in words.
    pub declared: Vec<String>,
}

/// Something that was handed over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Its number, from 1, in the order of arrival.
    pub number: usize,
    /// Lane that it comes from.
    pub from: String,
    /// Lane that it goes to; a person and the device share one.
    pub to: String,
    /// What it is.
    pub name: String,
    /// Its length on the wire, in bytes.
    pub length: usize,
    /// Its first bytes, hexadecimal.
    pub head: String,
    /// When it left, in seconds of virtual time.
    pub sent: f64,
    /// When it was handled.
    pub arrives: f64,
    /// Whether it came before anything was sent: keys, groups, lists, warrants.
    pub preparing: bool,
    /// What of the picture is in it, as it is.
    pub carries: Carries,
    /// Some of its bytes if it is sealed, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<String>,
}

/// What of the picture is in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carries {
    /// All of its bytes.
    Picture,
    /// A grey copy, thumbnail or coefficients.
    Stage,
    /// Its perceptual hash.
    Hash,
    /// None of these, but it is as long as the picture: ciphertext.
    Sealed,
    /// Nothing.
    Nothing,
}

/// What a party holds after a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holding {
    /// Whose it is.
    pub party: String,
    /// After which message.
    pub after: usize,
    /// What it can make of the picture.
    pub sight: Sight,
    /// Whether it can tell the picture's perceptual hash.
    pub hash: bool,
    /// A guess at the picture from the hash alone: 64 × 64 grey bytes, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guess: Option<String>,
    /// Number of the longest sealed message that it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed: Option<usize>,
    /// For each clause of [`Party::declared`]: whether it has come true.
    pub learnt: Vec<Learnt>,
    /// Whether it can read the picture although no declaration says so.
    pub undeclared: bool,
    /// Bytes in its memory; nothing for the network, which has none.
    pub memory: usize,
    /// The longest entries of its memory.
    pub entries: Vec<Kept>,
}

/// What a party can make of the picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Sight {
    /// It can read every byte.
    Picture,
    /// It has what is at a cut before the hash.
    Stage {
        /// Which.
        cut: &'static str,
        /// What can be rebuilt of it: 64 × 64 grey bytes, base64.
        grey: String,
    },
    /// It knows the perceptual hash.
    Hash,
    /// It holds ciphertext that it cannot open.
    Sealed,
    /// It sees lengths and times on the wire.
    Lengths,
    /// It holds nothing of it.
    Nothing,
}

/// Whether a clause of a declaration has come true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Learnt {
    /// Whether it has; nothing as long as the run may still bring it.
    pub happened: Option<bool>,
    /// What was learnt, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// An entry of a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub length: usize,
    /// Its first bytes, hexadecimal.
    pub head: String,
}

/// What opens if a party is broken into after a message: of what was sent before, of the picture, and of what is sent after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Which party.
    pub party: String,
    /// After which message.
    pub after: usize,
    /// If its memory is read once.
    pub snapshot: [bool; 3],
    /// If it is watched from then on.
    pub persistent: [bool; 3],
    /// If its memory is read once, beside a provider that kept everything that it saw.
    pub snapshot_beside_provider: [bool; 3],
    /// If it is watched from then on, beside such a provider.
    pub persistent_beside_provider: [bool; 3],
}

/// The run came to rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Closing {
    /// Virtual seconds that it took.
    pub seconds: f64,
    /// Contents sent.
    pub sent: usize,
    /// Contents shown to the recipient.
    pub shown: usize,
    /// Acknowledgements of the channel, which are left out.
    pub left_out: usize,
    /// What parties refused: who, and why.
    pub refusals: Vec<[String; 2]>,
    /// Messages after which memories were read.
    pub read: usize,
}

/// A story that cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoryError {
    /// There is no such choice.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The deployment could not be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The run did not end.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs the chosen system on the picture and tells of it. The same choice and picture give the same story.
///
/// # Errors
/// [`StoryError`] if the choice is none, or the run cannot be made.
pub fn tell(
    library: &Library,
    sample: &Sample,
    choice: &Choice,
    tell: &mut dyn FnMut(Event),
) -> Result<(), StoryError> {
    let system = choice.system()?;
    let scene = Scene::new(library, sample, choice, system.as_ref());
    tell(Event::Opening(scene.opening()));
    tell(Event::Progress { what: "running the protocol", done: None });
    let search = scene.search();
    let mut steps = Vec::new();
    scene.run(&[], &mut |place, event| {
        let Some(step) = scene.step(&search, place, event) else { return };
        tell(Event::Message(step.message(steps.len() + 1, event)));
        steps.push(step);
    })?;
    // The same run once more: only now it is known when memories are to be read.
    let mut next = 0;
    let transcript = scene.run(&moments(&steps, sample), &mut |place, _| {
        if steps.get(next).is_some_and(|step| step.event == place) {
            next += 1;
            let what = "running it again, reading every party's memory after each message";
            tell(Event::Progress { what, done: Some([next, steps.len()]) });
        }
    })?;
    let usual = if choice.strategy.is_some() {
        tell(Event::Progress { what: "running it with an honest provider, to compare", done: None });
        Some(usual(library, sample, choice)?)
    } else {
        None
    };
    Teller::new(&scene, &transcript, steps, usual, search).tell(tell);
    Ok(())
}

/// What is handed over if the provider is honest.
fn usual(library: &Library, sample: &Sample, choice: &Choice) -> Result<Vec<Step>, StoryError> {
    let honest = Choice { strategy: None, ..choice.clone() };
    let system = honest.system()?;
    let scene = Scene::new(library, sample, &honest, system.as_ref());
    let nothing = Search::new([]);
    let mut steps = Vec::new();
    scene.run(&[], &mut |place, event| steps.extend(scene.step(&nothing, place, event)))?;
    Ok(steps)
}

/// Everything that a run is made of.
struct Scene<'a> {
    library: &'a Library,
    sample: &'a Sample,
    choice: &'a Choice,
    system: &'a dyn Architecture,
    setup: Setup,
    history: History,
    /// What is true of the picture.
    facts: Facts,
}

impl<'a> Scene<'a> {
    fn new(library: &'a Library, sample: &'a Sample, choice: &'a Choice, system: &'a dyn Architecture) -> Self {
        let hash = sample.marks.pdq.hash;
        let provenance = match choice.listing {
            Listing::Ordinary => None,
            Listing::Listed => Some(Provenance::Picture),
            Listing::Planted => Some(Provenance::Code),
        };
        let order = || Order {
            accounts: [0].into(),
            applied: Time::START,
            from: Time::START,
            until: Time::after_start(Span::seconds(300)),
        };
        let setup = Setup {
            users: 2,
            padding: Padding::default(),
            list: Arc::new(library.list(provenance.map(|provenance| Entry { hash: choice.entry(hash), provenance }))),
            radius: choice.radius(),
            target: choice.strategy.is_some().then_some(hash),
            memo: Arc::clone(&sample.memo),
            order: choice.order.then(order),
        };
        let history = history(library, sample, choice, system);
        let own = |facts: &Facts| facts.digest == *blake3::hash(&sample.bytes).as_bytes();
        let facts = Facts::of(&setup, &history).into_iter().find(own).expect("the picture is sent");
        Self { library, sample, choice, system, setup, history, facts }
    }

    fn run(&self, snapshots: &[Time], watch: &mut dyn FnMut(usize, &Handed)) -> Result<Transcript, StoryError> {
        let seed = Seed::from_u64(1);
        let deployment = self.system.deploy(&self.setup, &seed.derive("deployment", 0))?;
        Ok(Runner::new(deployment, &seed.derive("run", 0)).run_watched(&self.history, snapshots, watch)?)
    }

    /// What is looked for in bytes: the picture, what is at each cut, what is sent before and after.
    fn search(&self) -> Search {
        let stage = |cut| {
            Intermediate::of(&self.sample.memo, &self.sample.bytes, cut).map(|given| match given {
                Intermediate::Hash(pdq) => pdq.hash.as_bytes().to_vec(),
                other => other.to_bytes(),
            })
        };
        let stages = Cut::ALL.map(|cut| stage(cut).unwrap_or_default().into());
        let around = self.library.around().each_ref().map(|sample| Arc::clone(&sample.bytes));
        Search::new([Arc::clone(&self.sample.bytes)].into_iter().chain(stages).chain(around))
    }

    /// Endpoints' devices, and one outsider of each role.
    fn parties(&self) -> Vec<PartyId> {
        [0, 1].map(PartyId::device).into_iter().chain(self.system.observers()).collect()
    }

    fn opening(&self) -> Opening {
        let Self { sample, choice, system, setup, facts, .. } = self;
        let place = |party: &PartyId| match *party {
            PartyId::PROVIDER => 1,
            PartyId::ENCLAVE => 2,
            party if party.role() == Role::Device => 3 * party.index(),
            _ => 4,
        };
        let mut lanes = self.parties();
        lanes.retain(|party| *party != PartyId::NETWORK);
        lanes.sort_by_key(place);
        let party = |party: PartyId| Party {
            id: party.to_string(),
            endpoint: party.role() == Role::Device,
            declared: clauses(*system, party).into_iter().flat_map(|clause| words(&[clause].into())).collect(),
        };
        Opening {
            system: choice.system.clone(),
            title: system.profile().title,
            lanes: lanes.iter().map(ToString::to_string).collect(),
            parties: self.parties().into_iter().map(party).collect(),
            length: sample.bytes.len(),
            hash: hex::encode(sample.marks.pdq.hash.as_bytes()),
            quality: sample.marks.pdq.quality,
            matched: facts.matched,
            confirmed: facts.confirmed,
            entries: setup.list.len(),
        }
    }

    /// What is told of something that was handed over; nothing of acknowledgements.
    fn step(&self, search: &Search, place: usize, event: &Handed) -> Option<Step> {
        let name = match (event.from.role(), event.to.role()) {
            (Role::User, _) => Command::from_wire(&event.bytes).ok()?.name().trim_start_matches("command ").to_owned(),
            (_, Role::User) => shown(&event.bytes)?,
            _ => match Frame::from_wire(&event.bytes).ok()? {
                Frame::Data(_, payload) => self
                    .system
                    .describe(&payload)
                    .map_or_else(|_| "not understood".to_owned(), |(name, _)| name.to_owned()),
                Frame::Acknowledge(_) => return None,
            },
        };
        let found = search.find(&event.bytes);
        let carries = if found.contains(&PICTURE) {
            Carries::Picture
        } else if (1..HASH).any(|stage| found.contains(&stage)) {
            Carries::Stage
        } else if found.contains(&HASH) {
            Carries::Hash
        } else if found.is_empty() && event.sent >= self.facts.at && event.bytes.len() >= self.sample.bytes.len() {
            Carries::Sealed
        } else {
            Carries::Nothing
        };
        let (from, to, length) = (event.from, event.to, event.bytes.len());
        Some(Step { event: place, from, to, name, length, arrives: event.arrives?, carries })
    }
}

/// User 0 founds a group with user 1 and sends.
fn history(library: &Library, sample: &Sample, choice: &Choice, system: &dyn Architecture) -> History {
    const GROUP: u64 = 1;
    let content = |sample: &Sample| Content { kind: ContentKind::Picture, bytes: sample.bytes.to_vec() };
    let own = std::iter::repeat_n(sample, usize::from(choice.times.max(1)));
    let [before, after] = library.around();
    let sent: Vec<&Sample> =
        if choice.broken { std::iter::once(before).chain(own).chain([after]).collect() } else { own.collect() };
    let founded = History::new().then(Time::after_start(Span::seconds(1)), 0, Command::CreateGroup(GROUP, vec![1]));
    let at = |number: u64| FIRST + Span::milliseconds(500 * number);
    let history = (0..)
        .zip(&sent)
        .fold(founded, |history, (number, sample)| history.then(at(number), 0, Command::Send(GROUP, content(sample))));
    let reports = choice.report && system.profile().disclosure == sightline_protocol::Disclosure::OnCommand;
    let last = at(sent.len() as u64) + Span::seconds(2);
    if reports { history.then(last, 1, Command::Report(GROUP, content(sample))) } else { history }
}

/// Something that was handed over, without acknowledgements.
struct Step {
    /// Its place in the transcript.
    event: usize,
    from: PartyId,
    to: PartyId,
    name: String,
    length: usize,
    arrives: Time,
    carries: Carries,
}

impl Step {
    fn message(&self, number: usize, event: &Handed) -> Message {
        let middle = event.bytes.len() / 2;
        let noise = || BASE64_STANDARD.encode(event.bytes.get(middle..middle + NOISE).unwrap_or(&event.bytes));
        Message {
            number,
            from: lane(self.from).to_string(),
            to: lane(self.to).to_string(),
            name: self.name.clone(),
            length: self.length,
            head: head(&event.bytes),
            sent: seconds(event.sent),
            arrives: seconds(self.arrives),
            preparing: self.arrives < FIRST,
            carries: self.carries,
            noise: (self.carries == Carries::Sealed).then(noise),
        }
    }
}

/// What a person is shown.
fn shown(bytes: &[u8]) -> Option<String> {
    if Display::from_wire(bytes).is_ok() {
        return Some("is shown it".into());
    }
    Some(match Notice::from_wire(bytes).ok()? {
        Notice::Matches => "is told: it matches the list".into(),
        Notice::Stranger(_) => "is told: a stranger is in the group".into(),
        Notice::Accessed(..) => "is told: your data were handed out".into(),
    })
}

/// When memories are read: after each message from the first sending on, or after every so many where the picture is so long that
/// they would take too much room.
fn moments(steps: &[Step], sample: &Sample) -> Vec<Time> {
    let mut times: Vec<Time> = steps.iter().map(|step| step.arrives).filter(|at| *at >= FIRST).collect();
    let ready = steps.iter().map(|step| step.arrives).rfind(|at| *at < FIRST);
    times.dedup();
    let most = (ROOM / sample.bytes.len().max(1)).max(4);
    let every = times.len().div_ceil(most).max(1);
    ready.into_iter().chain(times.into_iter().step_by(every)).collect()
}

/// Numbers of what a [`Finder`] looks for: the picture; what is at each cut; what is sent before and after.
const PICTURE: usize = 0;
const HASH: usize = 4;
const AROUND: [usize; 2] = [5, 6];

/// Looks for the picture and what comes of it.
struct Finder {
    search: Search,
    /// What was found in a byte string, by its place in memory: views of one run share their strings.
    found: HashMap<(usize, usize), Vec<usize>>,
}

impl Finder {
    fn look(&mut self, bytes: &[u8]) -> &[usize] {
        let search = &self.search;
        self.found.entry((bytes.as_ptr() as usize, bytes.len())).or_insert_with(|| search.find(bytes))
    }

    fn find(&mut self, view: &View<'_>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for bytes in view.byte_strings() {
            found.extend(self.look(bytes));
        }
        found
    }
}

/// Tells what a run left with its parties.
struct Teller<'a> {
    scene: &'a Scene<'a>,
    transcript: &'a Transcript,
    steps: Vec<Step>,
    /// What would have been handed over if the provider were honest, where it is not.
    usual: Option<Vec<Step>>,
    views: Views<'a>,
    finder: Finder,
}

impl<'a> Teller<'a> {
    fn new(
        scene: &'a Scene<'a>,
        transcript: &'a Transcript,
        steps: Vec<Step>,
        usual: Option<Vec<Step>>,
        search: Search,
    ) -> Self {
        let finder = Finder { search, found: HashMap::new() };
        Self { scene, transcript, steps, usual, views: Views::new(transcript), finder }
    }

    fn tell(mut self, tell: &mut dyn FnMut(Event)) {
        let parties = self.scene.parties();
        let times: Vec<Time> = self.steps.iter().map(|step| step.arrives).collect();
        let ready = times.iter().filter(|at| **at < FIRST).count();
        for (number, at) in (1..).zip(&times) {
            if number >= ready {
                tell(Event::Progress {
                    what: "looking up what each party can open",
                    done: Some([number, times.len()]),
                });
            }
            for party in &parties {
                let concerns = |step: &Step| involves(step, *party);
                if number == ready || (number > ready && concerns(&self.steps[number - 1])) {
                    let last = !self.steps[number..].iter().any(concerns);
                    tell(Event::Holding(self.holding(*party, number, *at, last)));
                }
            }
        }
        if self.scene.choice.broken {
            for party in parties.into_iter().filter(|party| *party != PartyId::NETWORK) {
                for (number, at) in (1..).zip(&times) {
                    if *at >= FIRST && self.transcript.snapshot(*at).is_some() {
                        tell(Event::Break(self.broken(party, number, *at)));
                    }
                }
            }
        }
        tell(Event::Closing(self.closing()));
    }

    fn holding(&mut self, party: PartyId, after: usize, at: Time, last: bool) -> Holding {
        let view = self.views.until(&Observer::curious([party]), at);
        let found = self.finder.find(&view);
        let marks = &self.scene.sample.marks;
        let near = |hash: &sightline_fingerprint::PdqHash| *hash == marks.pdq.hash;
        let finished = |one: &Sighting| matches!(&one.shown, Shown::Hash(pdq) if near(&pdq.hash));
        let hash = found.contains(&HASH) || self.scene.system.sightings(&view).iter().any(finished);
        let stage = (1..HASH).find(|stage| found.contains(stage)).map(|stage| Cut::ALL[stage - 1]);
        let rebuild = |cut| {
            let given = Intermediate::of(&self.scene.sample.memo, &self.scene.sample.bytes, cut);
            given.map(|given| encode(&self.scene.library.prior.rebuild(&given)))
        };
        let sealed = self.sealed(party, after);
        let picture = found.contains(&PICTURE);
        let sight = if picture {
            Sight::Picture
        } else if let Some((cut, grey)) = stage.and_then(|cut| Some((cut, rebuild(cut)?))) {
            Sight::Stage { cut: cut_name(cut), grey }
        } else if hash {
            Sight::Hash
        } else if sealed.is_some() {
            Sight::Sealed
        } else if party == PartyId::NETWORK {
            Sight::Lengths
        } else {
            Sight::Nothing
        };
        let declared = clauses(self.scene.system, party);
        let says = |clause: &Clause| clause.datum == Datum::Content && clause.covers(&self.scene.facts);
        let ended = last.then_some(!view.seen.is_empty());
        let learnt = |clause: &Clause| self.learnt(party, *clause, &found, hash, ended);
        let memory: Vec<(&str, &[u8])> =
            view.memory.last().map(|(.., memory)| memory.entries().collect()).unwrap_or_default();
        let mut longest = memory.clone();
        longest.sort_by_key(|(_, bytes)| std::cmp::Reverse(bytes.len()));
        let kept =
            |(name, bytes): (&str, &[u8])| Kept { name: name.to_owned(), length: bytes.len(), head: head(bytes) };
        Holding {
            party: party.to_string(),
            after,
            guess: (sight == Sight::Hash).then(|| rebuild(Cut::Hash)).flatten(),
            sight,
            hash,
            sealed,
            learnt: declared.iter().map(learnt).collect(),
            undeclared: picture && party.role() != Role::Device && !declared.iter().any(says),
            memory: memory.iter().map(|(_, bytes)| bytes.len()).sum(),
            entries: longest.into_iter().take(ENTRIES).map(kept).collect(),
        }
    }

    /// The number of the longest sealed message that a party has after so many steps.
    fn sealed(&self, party: PartyId, after: usize) -> Option<usize> {
        let held = |number: &usize| {
            let step = &self.steps[number - 1];
            step.carries == Carries::Sealed && (step.from == party || step.to == party)
        };
        let length = |number: &usize| self.steps[number - 1].length;
        (1..=after).filter(held).max_by_key(length)
    }

    /// Whether a clause has come true. What is found in a view has; of the rest it is said at the end whether the declaration
    /// covers the picture, for parties that took part at all.
    fn learnt(
        &self,
        party: PartyId,
        clause: Clause,
        found: &BTreeSet<usize>,
        hash: bool,
        ended: Option<bool>,
    ) -> Learnt {
        let facts = &self.scene.facts;
        let picture = found.contains(&PICTURE);
        let seen = match clause.datum {
            Datum::Content => Some(picture),
            Datum::Fingerprint(Cut::Hash) => Some(picture || hash),
            Datum::Fingerprint(cut) => {
                let place = 1 + Cut::ALL.iter().position(|other| *other == cut).unwrap_or(0);
                Some(picture || (1..=place).any(|stage| found.contains(&stage)))
            }
            _ => None,
        };
        let happened = match seen {
            Some(true) => Some(true),
            Some(false) => ended.map(|_| false),
            None => ended.map(|took_part| {
                took_part && clause.covers(facts) && (picture || self.came_about(party, clause.datum))
            }),
        };
        let value = || match clause.datum {
            Datum::Metadata => {
                let (at, length) = (seconds(facts.at), facts.size_class.0);
                Some(format!("from the sender to the recipient, at {at} s, {length} bytes when padded"))
            }
            Datum::Length => Some(format!("{} bytes", facts.length)),
            Datum::Kind => Some("a picture".into()),
            Datum::Verdict => Some(if facts.matched { "it matched" } else { "it did not match" }.into()),
            Datum::Confirmation => Some(if facts.confirmed { "confirmed" } else { "not confirmed" }.into()),
            Datum::Report => facts.reports.first().map(|(at, _)| format!("at {} s", seconds(*at))),
            Datum::Reporter => facts
                .reports
                .first()
                .map(|(_, user)| if *user == facts.sender { "the sender" } else { "the recipient" }.into()),
            _ => None,
        };
        Learnt { happened, value: (happened == Some(true)).then(value).flatten() }
    }

    /// Whether a run got as far as to what a declaration speaks of, which bytes do not show: nobody confirmed what no reviewer
    /// was asked about, and who lacks messages because a lie was refused was not told what they tell.
    fn came_about(&self, party: PartyId, datum: Datum) -> bool {
        let count = |steps: &[Step], name: &str| {
            let concerns = |step: &&Step| step.arrives >= FIRST && step.name == name && involves(step, party);
            steps.iter().filter(concerns).count()
        };
        let all =
            |usual: &Vec<Step>| usual.iter().all(|step| count(usual, &step.name) <= count(&self.steps, &step.name));
        let carries = |step: &Step| step.carries != Carries::Nothing && involves(step, party);
        let reviews = |step: &Step| [step.from, step.to].iter().any(|party| party.role() == Role::Reviewer);
        match datum {
            Datum::Metadata if self.steps.iter().any(carries) => true,
            Datum::Confirmation => self.steps.iter().any(reviews),
            _ => self.usual.as_ref().is_none_or(all),
        }
    }

    fn broken(&mut self, party: PartyId, after: usize, at: Time) -> Break {
        let mut opens = |observer: &Observer| {
            let found = self.finder.find(&self.views.of(observer));
            [AROUND[0], PICTURE, AROUND[1]].map(|content| found.contains(&content))
        };
        let observers = [Corruption::Snapshot(at), Corruption::Persistent(at)]
            .map(|corruption| Observer::single(party, corruption));
        let [snapshot, persistent] = observers.each_ref().map(&mut opens);
        let beside = observers.map(|observer| observer.and(PartyId::PROVIDER, Corruption::Curious));
        let [snapshot_beside_provider, persistent_beside_provider] = beside.each_ref().map(&mut opens);
        let party = party.to_string();
        Break { party, after, snapshot, persistent, snapshot_beside_provider, persistent_beside_provider }
    }

    fn closing(&self) -> Closing {
        let (steps, transcript) = (&self.steps, self.transcript);
        Closing {
            seconds: seconds(transcript.end()),
            sent: self.scene.history.sends().count(),
            shown: transcript.displays().len(),
            left_out: transcript.events().len() - steps.len(),
            refusals: transcript
                .refusals()
                .map(|refusal| [refusal.party.to_string(), refusal.reason.to_string()])
                .collect(),
            read: steps.iter().filter(|step| transcript.snapshot(step.arrives).is_some()).count(),
        }
    }
}

/// Where a party is drawn: people with their devices, judges as one.
fn lane(party: PartyId) -> PartyId {
    match party.role() {
        Role::User => PartyId::device(party.index()),
        Role::Judge => PartyId::judge(0),
        _ => party,
    }
}

/// Whether a step changes what is shown of a party.
fn involves(step: &Step, party: PartyId) -> bool {
    lane(step.from) == party
        || lane(step.to) == party
        || (party == PartyId::NETWORK && !step.from.shares_machine(step.to))
}

/// The first bytes, hexadecimal.
fn head(bytes: &[u8]) -> String {
    hex::encode(&bytes[..bytes.len().min(HEAD)])
}

/// What a party learns by declaration.
fn clauses(system: &dyn Architecture, party: PartyId) -> BTreeSet<Clause> {
    system.declared(party.role())
}

const fn cut_name(cut: Cut) -> &'static str {
    match cut {
        Cut::Luma => "luma",
        Cut::Filtered => "filtered",
        Cut::Dct => "dct",
        Cut::Hash => "hash",
    }
}

fn encode(grey: &Grey) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    let byte = |value: &f32| value.round().clamp(0.0, 255.0) as u8;
    BASE64_STANDARD.encode(grey.iter().flatten().map(byte).collect::<Vec<u8>>())
}

fn seconds(time: Time) -> f64 {
    (time - Time::START).as_seconds()
}
