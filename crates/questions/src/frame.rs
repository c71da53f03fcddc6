//! `frame`: can an innocent be made to look guilty, or reviewers be flooded? The game `frame`: an innocent user sends and
//! receives pictures while somebody tries one of several things. It is counted how often a reviewer, and how often the report
//! authority, is given something that names the innocent.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::FRAME;
use crate::trace::{self, Share, singles};
use crate::world::{Half, Picture, below, shuffle};
use serde::{Deserialize, Serialize};
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_lists::Provenance;
use sightline_privacy::game::{Game, GameError};
use sightline_protocol::{
    Architecture, Command, Content, Disclosure, GroupNumber, History, PartyId, Role, Setup, Sighting, Span, Time,
};

/// The innocent; user 0 is whoever means harm, user 2 a bystander.
const INNOCENT: u16 = 1;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// Nothing.
    Nothing,
    /// An entry without a picture stands on the list beside what the innocent sends.
    NearEntry,
    /// What the innocent sends stands on the list, and the reviewer believes the list.
    PlantedEntry,
    /// The innocent is sent a listed picture.
    Sent,
    /// The innocent is accused of having sent a listed picture: reported with the proof of another message.
    Forged,
}

impl Attempt {
    const ALL: [Self; 5] = [Self::Nothing, Self::NearEntry, Self::PlantedEntry, Self::Sent, Self::Forged];

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::NearEntry => "near-entry",
            Self::PlantedEntry => "planted-entry",
            Self::Sent => "send-listed",
            Self::Forged => "forge-report",
        }
    }
}

/// Runs of each attempt.
fn runs(scenario: &Scenario) -> u64 {
    u64::from(scenario.trials / 25).clamp(4, 40)
}

/// Steps for one system: a run sends three contents.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    (Attempt::ALL.len() + architecture.strategies().len()) as u64 * runs(scenario) * 3
}

/// What came of one attempt.
#[derive(Default, Serialize, Deserialize)]
struct Found {
    /// A reviewer, and the report authority, was given something that names the innocent.
    named: [Share; 2],
    /// Cases that a reviewer was given, of contents sent.
    cases: Share,
    refused: u64,
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let strategies = architecture.strategies();
        let forging = architecture.clients().into_iter().find(|(client, _)| *client == Attempt::Forged.name());
        let own = Attempt::ALL.map(|attempt| match (attempt, &forging) {
            (Attempt::Forged, Some((_, system))) => (attempt.name(), attempt, Some(system.as_ref())),
            (Attempt::Forged, None) => (attempt.name(), attempt, None),
            _ => (attempt.name(), attempt, Some(architecture.as_ref())),
        });
        let by_provider =
            strategies.iter().map(|(strategy, system)| (*strategy, Attempt::Nothing, Some(system.as_ref())));
        for (variant, attempt, system) in own.into_iter().chain(by_provider) {
            let row = |quantity: &str| {
                Row::new(quantity, "1")
                    .question(FRAME)
                    .game("frame")
                    .architecture(name.as_str())
                    .variant(variant)
                    .content("ordinary")
                    .parameter("radius", run.scenario.list.radius)
                    .method("sightings; exact binomial, 95 %")
                    .seed(run.scenario.seed)
            };
            let steps = runs(run.scenario) * 3;
            let Some(system) = system else {
                run.progress.advance(steps);
                rows.push(row("success-rate").status(Status::NotApplicable));
                continue;
            };
            let game = Game::new(system, run.scenario.wires(), singles(system)).lenient();
            let found = run.part(&format!("{name}: frame, {variant}"), steps, || play(run, &game, name, attempt))?;
            match found {
                Err(_) => rows.push(row("success-rate").status(Status::Failed)),
                Ok(found) => {
                    for (role, named) in [Role::Reviewer, Role::ReportAuthority].into_iter().zip(found.named) {
                        rows.push(named.put(row("success-rate").observer(role.name()).corruption("curious")));
                    }
                    let cases = row("cases-per-content").observer("reviewer").corruption("curious");
                    rows.push(found.cases.exactly(cases.method("sightings")));
                    let refused = row("inputs-refused").method("refusals by any party, per content");
                    rows.push(refused.exact(found.refused as f64 / found.cases.of.max(1) as f64).n(found.cases.of));
                }
            }
        }
    }
    Ok(rows)
}

/// The history and setting of one run; nothing if there are too few pictures.
fn draw(run: &Run<'_>, attempt: Attempt, reports: bool, stream: &mut Stream) -> Option<(Setup, History, u64)> {
    const GROUP: GroupNumber = 1;
    let mut ordinary: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
    let mut listed: Vec<&Picture> = run.world.halves.iter().flat_map(Half::listed).collect();
    shuffle(&mut ordinary, stream);
    shuffle(&mut listed, stream);
    let (own, other, guilty) = (ordinary.pop()?, ordinary.pop()?, listed.pop()?);
    let setup = Setup { users: 3, order: None, ..run.world.setup.clone() };
    let setup = match attempt {
        Attempt::NearEntry => {
            let mut bits: Vec<u8> = (0..=255).collect();
            shuffle(&mut bits, stream);
            let distance = 1 + below(stream, setup.radius.bits() as usize);
            let near = own.pdq.hash.with_flipped(bits.into_iter().take(distance));
            trace::listing(&setup, [near], Provenance::Code)
        }
        Attempt::PlantedEntry => trace::listing(&setup, [own.pdq.hash], Provenance::Picture),
        _ => Setup { target: Some(own.pdq.hash), ..setup },
    };
    let at = |seconds| Time::after_start(Span::seconds(seconds));
    let send = |history: History, second, user, content: Content| {
        history.then(at(second), user, Command::Send(GROUP, content))
    };
    let history = History::new().then(at(1), 0, Command::CreateGroup(GROUP, vec![INNOCENT, 2]));
    let history = send(history, 4, INNOCENT, own.content());
    let history = send(history, 5, 2, other.content());
    let sends_listed = matches!(attempt, Attempt::Sent);
    let last = if sends_listed { guilty.content() } else { ordinary.pop()?.content() };
    let mut history = send(history, 6, 0, last.clone());
    if reports && sends_listed {
        history = history.then(at(60), INNOCENT, Command::Report(GROUP, last));
    }
    if attempt == Attempt::Forged {
        history = history.then(at(60), 0, Command::Report(GROUP, guilty.content()));
    }
    Some((setup, history, 3))
}

fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    attempt: Attempt,
) -> Result<Result<Found, String>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive(&format!("frame {}", attempt.name()), 0);
    let reports = game.architecture().profile().disclosure == Disclosure::OnCommand;
    let one = |number: u64| -> Result<Option<Found>, GameError> {
        let mut stream = seed.derive("pictures", number).stream();
        let Some((setup, history, sent)) = draw(run, attempt, reports, &mut stream) else { return Ok(None) };
        let traced = game.trace(&setup, &history, &seed.derive(name, number))?;
        run.progress.advance(3);
        let of = |party: PartyId| -> Vec<&Sighting> {
            let own = game.observers().iter().zip(&traced.sightings);
            let own = own.filter(move |(observer, _)| observer.members().eq([party]));
            own.flat_map(|(_, sightings)| sightings).collect()
        };
        let parties = [PartyId::REVIEWER, PartyId::REPORT_AUTHORITY];
        let present = |party: &PartyId| game.architecture().outsiders().contains(party);
        let names = |party| present(&party) && of(party).iter().any(|sighting| sighting.account == INNOCENT);
        let named = parties.map(|party| Share { hits: u64::from(names(party)), of: 1 });
        // A reviewer's view shows what comes and what is passed on: a case is what comes.
        let cases = of(PartyId::REVIEWER).len().saturating_sub(of(PartyId::REPORT_AUTHORITY).len()) as u64;
        Ok(Some(Found {
            named,
            cases: Share { hits: cases.min(sent), of: sent },
            refused: traced.refused.len() as u64,
        }))
    };
    Ok(run.repeat(runs(run.scenario), one)?.map(|played| {
        let mut total = Found::default();
        for found in played {
            for (total, found) in total.named.iter_mut().zip(found.named) {
                total.add(found);
            }
            total.cases.add(found.cases);
            total.refused += found.refused;
        }
        total
    }))
}
