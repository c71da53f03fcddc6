//! The game `trace` (PRIVACY §3): people in pairs send each other contents, some of which an observer is after. Whose are
//! they? Answered by what each observer's saturated view shows whoever knows how the system works.

use crate::assessment::AssessmentError;
use crate::run::Run;
use serde::{Deserialize, Serialize};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_fingerprint::PdqHash;
use sightline_lists::{Entry, HashList, Provenance};
use sightline_privacy::game::{Game, GameError, Tracing};
use sightline_privacy::interval::{lower_bound, upper_bound};
use sightline_protocol::{
    Architecture, Command, Content, GroupNumber, History, Observer, PartyId, Role, Setup, Shown, Sighting, Span, Time,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Every outsider by itself, curious.
pub(crate) fn singles(architecture: &dyn Architecture) -> Vec<Observer> {
    architecture.observers().into_iter().map(|party| Observer::curious([party])).collect()
}

/// Whether it is the report authority: what a system detects arrives there.
pub(crate) fn receives_reports(observer: &Observer) -> bool {
    observer.members().any(|party| party == PartyId::REPORT_AUTHORITY)
}

/// Milliseconds from the last content to the first report, and between reports.
const UNTIL_REPORT: u64 = 60_000;

/// A content, and whether its recipient reports it.
pub(crate) type Sent = (Content, bool);

/// User 2i sends the contents of pair i to user 2i + 1; all contents are a quarter of a second apart.
pub(crate) fn pairs(sends: &[Vec<Sent>]) -> History {
    let at = |milliseconds| Time::after_start(Span::milliseconds(milliseconds));
    let pairs = || (0_u16..).step_by(2).zip(1..).zip(sends);
    let founded = pairs().fold(History::new(), |history, ((user, group), _)| {
        history.then(at(1_000 + 5 * group), user, Command::CreateGroup(group, vec![user + 1]))
    });
    let all: Vec<(u16, GroupNumber, &Sent)> =
        pairs().flat_map(|((user, group), sends)| sends.iter().map(move |sent| (user, group, sent))).collect();
    let last = 4_000 + 250 * all.len() as u64;
    let sent = (0..).zip(&all).fold(founded, |history, (number, (user, group, (content, _)))| {
        history.then(at(4_000 + 250 * number), *user, Command::Send(*group, content.clone()))
    });
    let reported = all.iter().filter(|(.., (_, reported))| *reported);
    (1..).zip(reported).fold(sent, |history, (number, (user, group, (content, _)))| {
        history.then(at(last + UNTIL_REPORT * number), user + 1, Command::Report(*group, content.clone()))
    })
}

/// People who send what an observer is after, and people who do not.
pub(crate) struct Plan {
    pub(crate) setup: Setup,
    /// What the observer is after.
    pub(crate) wanted: Arc<HashList>,
    /// What holders send, one content each.
    pub(crate) holders: Vec<Content>,
    /// What innocent people send, one content each.
    pub(crate) innocents: Vec<Content>,
}

impl Plan {
    /// Steps that it takes: one for each person who sends.
    fn steps(&self) -> u64 {
        (self.holders.len() + self.innocents.len()) as u64
    }

    fn history(&self) -> History {
        let each = self.holders.iter().chain(&self.innocents);
        pairs(&each.map(|content| vec![(content.clone(), false)]).collect::<Vec<_>>())
    }

    /// Whether a sighting shows something that is wanted.
    fn shows(&self, sighting: &Sighting) -> bool {
        let hash = match &sighting.shown {
            Shown::Hash(pdq) => Some(*pdq),
            Shown::Content(content) => self.setup.fingerprint(&content.bytes),
            Shown::Traffic => None,
        };
        hash.is_some_and(|pdq| self.wanted.nearest_within(&pdq.hash, self.setup.radius).is_some())
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) hits: u64,
    pub(crate) of: u64,
}

impl Share {
    pub(crate) fn count<T>(all: impl IntoIterator<Item = T>, hit: impl Fn(T) -> bool) -> Self {
        let mut share = Self::default();
        for one in all {
            share.of += 1;
            share.hits += u64::from(hit(one));
        }
        share
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.of += other.of;
    }

    /// The row with this share and no interval: its parts belong together.
    pub(crate) fn exactly(self, row: Row) -> Row {
        if self.of == 0 {
            return row.status(Status::NotApplicable);
        }
        row.exact(self.hits as f64 / self.of as f64).n(self.of)
    }

    /// The row with this share of independent parts, and its two-sided exact 95 % interval.
    pub(crate) fn put(self, row: Row) -> Row {
        const SIDE: f64 = 0.025;
        if self.of == 0 {
            return row.status(Status::NotApplicable);
        }
        let (low, high) = (lower_bound(self.hits, self.of, SIDE), upper_bound(self.hits, self.of, SIDE));
        row.interval(self.hits as f64 / self.of as f64, low, high).n(self.of)
    }
}

/// What came of plans.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Per observer: holders found, innocents taken for holders, contents of holders that it can read.
    pub(crate) observers: Vec<[Share; 3]>,
    /// Holders of whom the report authority learns, or who were warned.
    pub(crate) detected: Share,
}

/// Carries out plans.
pub(crate) fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    plans: &[Plan],
    seed: &Seed,
) -> Result<Result<Found, String>, AssessmentError> {
    let one = |number: u64| -> Result<Option<Found>, GameError> {
        let Some(plan) = usize::try_from(number).ok().and_then(|place| plans.get(place)) else { return Ok(None) };
        let traced = game.trace(&plan.setup, &plan.history(), &seed.derive("run", number))?;
        run.progress.advance(plan.steps());
        Ok(Some(plan.tally(game, traced)))
    };
    Ok(run.repeat(plans.len() as u64, one)?.map(|played| {
        let mut total = Found::default();
        for found in played {
            total.observers.resize(found.observers.len(), Default::default());
            for (total, found) in total.observers.iter_mut().flatten().zip(found.observers.into_iter().flatten()) {
                total.add(found);
            }
            total.detected.add(found.detected);
        }
        total
    }))
}

impl Plan {
    fn tally(&self, game: &Game<'_>, traced: Tracing) -> Found {
        let holders = self.holders.len();
        let users = || (0_u16..).step_by(2);
        let innocent = || users().skip(holders).take(self.innocents.len());
        let mut detected: BTreeSet<u16> = traced.warned.into_iter().collect();
        let mut observers = Vec::new();
        for (observer, sightings) in game.observers().iter().zip(&traced.sightings) {
            let found: BTreeSet<u16> =
                sightings.iter().filter(|sighting| self.shows(sighting)).map(|sighting| sighting.account).collect();
            let read = |(user, content): (u16, &Content)| {
                let whole = |sighting: &Sighting| matches!(&sighting.shown, Shown::Content(seen) if seen == content);
                sightings.iter().any(|sighting| sighting.account == user && whole(sighting))
            };
            if receives_reports(observer) {
                detected.extend(&found);
            }
            observers.push([
                Share::count(users().take(holders), |user| found.contains(&user)),
                Share::count(innocent(), |user| found.contains(&user)),
                Share::count(users().zip(&self.holders), read),
            ]);
        }
        let detected = Share::count(users().take(holders), |user| detected.contains(&user));
        Found { observers, detected }
    }
}

/// `setup` with these hashes on its list too, and without a court's order.
pub(crate) fn listing(setup: &Setup, entries: impl IntoIterator<Item = PdqHash>, provenance: Provenance) -> Setup {
    let old = setup.list.entries().iter().copied();
    let planted = entries.into_iter().map(|hash| Entry { hash, provenance });
    let list = HashList::of_version(setup.list.version() + 1, old.chain(planted));
    Setup { list: Arc::new(list), order: None, ..setup.clone() }
}

/// What each observer finds.
pub(crate) fn of_observers(
    game: &Game<'_>,
    found: Result<&Found, &String>,
    row: impl Fn(&str, &str) -> Row,
) -> Vec<Row> {
    const QUANTITIES: [&str; 3] = ["true-positive-rate", "false-positive-rate", "contents-obtained"];
    let mut rows = Vec::new();
    for (number, observer) in game.observers().iter().enumerate() {
        for (place, quantity) in QUANTITIES.into_iter().enumerate() {
            let row = row(quantity, "1").observer(observer.name()).corruption(observer.corruption());
            let row = row.method("sightings; exact binomial, 95 %");
            rows.push(match found {
                Err(_) => row.status(Status::Failed),
                Ok(found) => found.observers.get(number).copied().unwrap_or_default()[place].put(row),
            });
        }
    }
    rows
}

/// `row` with 1 if users' devices must be given something else before the list `after` works.
pub(crate) fn client_updates(
    row: Row,
    architecture: &dyn Architecture,
    before: &Setup,
    after: &Setup,
    seed: &Seed,
) -> Row {
    match changed(architecture, &Setup { order: None, ..before.clone() }, after, seed) {
        Err(_) => row.status(Status::Failed),
        Ok(changed) => {
            let whose: Vec<&str> = changed.iter().map(|role| role.name()).collect();
            let method = match &whose[..] {
                [] => "nothing that is installed differs".to_owned(),
                some => format!("what is installed differs: {}", some.join(", ")),
            };
            row.exact(f64::from(u8::from(changed.contains(&Role::Device)))).n(1).method(method)
        }
    }
}

/// Roles whose machines hold something else from the start once the list is changed: devices among them need an update.
fn changed(
    architecture: &dyn Architecture,
    before: &Setup,
    after: &Setup,
    seed: &Seed,
) -> Result<BTreeSet<Role>, GameError> {
    let memories = |setup: &Setup| {
        let deployed = architecture.deploy(setup, &seed.derive("deployment", 0))?;
        let memory = |(id, party): &(_, Box<dyn sightline_protocol::Party>)| (*id, party.memory());
        Ok::<BTreeMap<_, _>, GameError>(deployed.parties.iter().map(memory).collect())
    };
    let (before, after) = (memories(before)?, memories(after)?);
    let differs = before.iter().filter(|(id, memory)| after.get(id) != Some(memory));
    Ok(differs.map(|(id, _): (&PartyId, _)| id.role()).collect())
}
