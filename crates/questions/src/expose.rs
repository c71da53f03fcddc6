//! The game `expose` (PRIVACY §3): how many contents become readable when one party is corrupted at a time t, among those
//! sent before and those sent after? Counted on saturated views, never by what code says of itself.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Run, System};
use crate::scenario::ENDPOINTS_ONLY;
use crate::world::{Half, Picture, World, below, shuffle};
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_lists::{Entry, Provenance};
use sightline_privacy::game::{Exposure, Game, GameError};
use sightline_protocol::{Architecture, Content, Corruption, Observer, Order, PartyId, Role, Setup, Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Contents of each class that are sent before t, and as many after.
pub(crate) const CONTENTS: [(Class, usize); 4] =
    [(Class::Ordinary, 6), (Class::Near, 3), (Class::Listed, 3), (Class::Planted, 2)];

/// What a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Ordinary,
    Near,
    Listed,
    /// One lawful picture that a malicious party is after, in files that differ behind its end.
    Planted,
}

impl Class {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Near => "near",
            Self::Listed => "listed",
            Self::Planted => "planted",
        }
    }
}

/// Runs of one system.
pub(crate) fn runs(scenario: &Scenario) -> u32 {
    (scenario.trials / 50).clamp(2, 100)
}

/// Steps per system: a run takes about as long as so many trials.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    u64::from(runs(scenario)) * STEPS
}

/// Steps of one run.
pub(crate) const STEPS: u64 = 10;

/// Every outsider, curious or corrupted at `t`; a user's device corrupted at `t`, alone and beside a curious provider.
fn observers(architecture: &dyn Architecture, t: Time) -> Vec<Observer> {
    let corruptions = [Corruption::Snapshot(t), Corruption::Persistent(t)];
    let outsiders = architecture.observers().into_iter().flat_map(|party| {
        let corrupted = corruptions.map(|corruption| Observer::single(party, corruption));
        std::iter::once(Observer::curious([party])).chain(corrupted)
    });
    let devices = [0, 1].map(PartyId::device).into_iter().flat_map(|device| {
        corruptions.into_iter().flat_map(move |corruption| {
            let alone = Observer::single(device, corruption);
            [alone.clone(), alone.and(PartyId::PROVIDER, Corruption::Curious)]
        })
    });
    // What one party holds may open what the provider keeps.
    let keys = architecture
        .observers()
        .into_iter()
        .filter(|party| !architecture.pooled(&[Role::Provider, party.role()].into()).is_empty());
    let stolen =
        keys.map(|party| Observer::single(party, Corruption::Snapshot(t)).and(PartyId::PROVIDER, Corruption::Curious));
    outsiders.chain(devices).chain(stolen).collect()
}

/// A conversation of which half is sent before t and half after.
struct Conversation {
    setup: Setup,
    /// The contents with their class, in order.
    sent: Vec<(Class, Content)>,
}

/// 250 ms after the last content of the first half, in the order of [`conversation`].
fn middle() -> Time {
    let half: u64 = CONTENTS.iter().map(|(_, count)| *count as u64).sum();
    Time::after_start(Span::milliseconds(2_750 + 500 * half))
}

/// Contents that all differ; nothing if there are too few pictures. Near ones are ordinary pictures beside which an entry
/// is put on the list. No planted ones if no picture has bytes behind its end that can differ.
fn draw(world: &World, stream: &mut Stream) -> Option<Conversation> {
    let mut ordinary: Vec<&Picture> = world.halves.iter().flat_map(Half::ordinary).collect();
    let mut listed: Vec<&Picture> = world.halves.iter().flat_map(Half::listed).collect();
    shuffle(&mut ordinary, stream);
    shuffle(&mut listed, stream);
    let near = ordinary.split_off(ordinary.len().checked_sub(2 * count(Class::Near))?);
    let mut list = (*world.setup.list).clone();
    for picture in &near {
        let distance = 1 + below(stream, world.setup.radius.bits() as usize);
        let mut bits: Vec<u8> = (0..=255).collect();
        shuffle(&mut bits, stream);
        let hash = picture.pdq.hash.with_flipped(bits.into_iter().take(distance));
        list = list.with(Entry { hash, provenance: Provenance::Code });
    }
    // A court decides in the middle, about all that was and all that comes.
    let order = world.setup.order.clone().map(|order| Order { applied: middle(), ..order });
    let mut setup = Setup { list: Arc::new(list), order, ..world.setup.clone() };
    ordinary.retain(|picture| !setup.matches(&picture.pdq));
    let target = ordinary.iter().position(|picture| picture.padding() >= 16).map(|at| ordinary.swap_remove(at));
    setup.target = target.map(|target| target.pdq.hash);
    ordinary.retain(|picture| !setup.matches_target(&picture.pdq));

    let mut halves = [Vec::new(), Vec::new()];
    for (class, mut pictures) in [(Class::Ordinary, ordinary), (Class::Near, near), (Class::Listed, listed)] {
        for half in &mut halves {
            let rest = pictures.len().checked_sub(count(class))?;
            half.extend(pictures.split_off(rest).into_iter().map(|picture| (class, picture.content())));
        }
    }
    for half in &mut halves {
        for _ in 0..count(Class::Planted) {
            let Some(target) = target else { continue };
            let mut content = target.content();
            stream.fill_bytes(&mut content.bytes[target.original().len()..]);
            setup.memo.alias(&content.bytes, &setup.memo.look(&target.bytes));
            half.push((Class::Planted, content));
        }
        shuffle(half, stream);
    }
    Some(Conversation { setup, sent: halves.into_iter().flatten().collect() })
}

fn count(class: Class) -> usize {
    CONTENTS.iter().filter(|(other, _)| *other == class).map(|(_, count)| count).sum()
}

/// Contents of one class sent before or after t: how many, how many of them were readable, and bytes of these.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Exposed {
    sent: u64,
    readable: u64,
    bytes: u64,
}

impl Exposed {
    /// These and others.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { sent: self.sent + other.sent, readable: self.readable + other.readable, bytes: self.bytes + other.bytes }
    }

    /// What is readable per 10⁶ contents sent.
    pub(crate) fn rows(self, row: impl Fn(&str, &str) -> Row) -> Vec<Row> {
        if self.sent == 0 {
            return vec![row("contents-readable", "1").status(Status::NotApplicable)];
        }
        let per_million = |count: u64| count as f64 * 1e6 / self.sent as f64;
        vec![
            row("contents-readable", "1").exact(per_million(self.readable)).n(self.sent),
            row("bytes-readable", "B").exact(per_million(self.bytes)).n(self.sent),
        ]
    }
}

/// Those of each class in the order of [`CONTENTS`], before and after.
pub(crate) type Counts = [[Exposed; 2]; CONTENTS.len()];

/// What a game gave over all its runs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Per observer.
    pub(crate) readable: Vec<Counts>,
    /// Contents sent.
    pub(crate) sent: u64,
    /// Contents that reached everyone on the roster, and input that was refused, by reason.
    pub(crate) delivered: u64,
    pub(crate) refused: BTreeMap<String, u64>,
}

/// Plays the game on every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), observers(architecture.as_ref(), middle()));
        let found =
            run.part(&format!("{name}: expose"), steps(run.scenario), || play(run, &game, name, runs(run.scenario)))?;
        for (number, observer) in game.observers().iter().enumerate() {
            for (place, half) in (0..CONTENTS.len()).flat_map(|place| [(place, 0), (place, 1)]) {
                let row = |quantity: &str, unit: &str| {
                    Row::new(quantity, unit)
                        .question(ENDPOINTS_ONLY)
                        .game("expose")
                        .architecture(name.as_str())
                        .observer(observer.name())
                        .corruption(observer.corruption())
                        .content(CONTENTS[place].0.name())
                        .parameter("list", run.scenario.list.entries)
                        .parameter("radius", run.scenario.list.radius)
                        .parameter("sent", ["before", "after"][half])
                        .method("saturated views")
                        .seed(run.scenario.seed)
                };
                match found.as_ref().map(|found| found.readable.get(number)) {
                    Err(_) => rows.push(row("contents-readable", "1").status(Status::Failed)),
                    Ok(None) => rows.push(row("contents-readable", "1").status(Status::NotApplicable)),
                    Ok(Some(counts)) => rows.extend(counts[place][half].rows(row)),
                }
            }
        }
    }
    Ok(rows)
}

/// What came of all runs; nothing if there are too few pictures; in words, what failed.
pub(crate) fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    runs: u32,
) -> Result<Result<Outcome, String>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive(&format!("expose {name}"), 0);
    let one = |number: u64| -> Result<Option<(Vec<Counts>, Exposure)>, GameError> {
        let seed = seed.derive("run", number);
        let Some(drawn) = draw(run.world, &mut seed.derive("contents", 0).stream()) else { return Ok(None) };
        // Two users take turns.
        let sends = (0..).zip(&drawn.sent).map(|(number, (_, content))| (number % 2, content.clone()));
        let history = conversation(drawn.setup.users, sends.collect());
        let mut exposure = game.expose(&drawn.setup, &history, &[middle()], &seed)?;
        run.progress.advance(STEPS);
        let counted = |readable: Vec<bool>| {
            let mut counts = Counts::default();
            for (number, ((class, content), readable)) in drawn.sent.iter().zip(readable).enumerate() {
                let half = 2 * number / drawn.sent.len();
                for (counts, _) in counts.iter_mut().zip(CONTENTS).filter(|(_, (other, _))| other == class) {
                    counts[half].sent += 1;
                    counts[half].readable += u64::from(readable);
                    counts[half].bytes += if readable { content.bytes.len() as u64 } else { 0 };
                }
            }
            counts
        };
        let readable = std::mem::take(&mut exposure.readable);
        Ok(Some((readable.into_iter().map(counted).collect(), exposure)))
    };
    Ok(run.repeat(u64::from(runs), one)?.map(|played| {
        let mut outcome = Outcome::default();
        for (counts, exposure) in played {
            outcome.readable.resize(counts.len(), Counts::default());
            let totals = outcome.readable.iter_mut().flatten().flatten();
            for (total, counts) in totals.zip(counts.into_iter().flatten().flatten()) {
                *total = total.and(counts);
            }
            outcome.sent += exposure.sent;
            outcome.delivered += exposure.delivered;
            count_refusals(&mut outcome.refused, &exposure.refused);
        }
        outcome
    }))
}

/// Adds refusals to the counts of their kinds.
pub(crate) fn count_refusals(counts: &mut BTreeMap<String, u64>, refused: &[String]) {
    for reason in refused {
        *counts.entry(without_numbers(reason)).or_default() += 1;
    }
}

/// A reason with `#` for every word that holds a digit, so that refusals of one kind count together.
fn without_numbers(reason: &str) -> String {
    let word = |word: &str| {
        let mark = word.trim_end_matches(|letter: char| letter.is_ascii_punctuation());
        let holds = mark.contains(|letter: char| letter.is_ascii_digit());
        if holds { format!("#{}", &word[mark.len()..]) } else { word.to_owned() }
    };
    reason.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_one_kind_count_together() {
        assert_eq!(
            without_numbers("enclave: session 13 of account 0 is not open: signed with key 79ab01, not 12"),
            "enclave: session # of account # is not open: signed with key #, not #"
        );
    }
}
