//! `benefit`: what does each design detect that end-to-end encryption with user reports does not? Pairs of people send the
//! same listed and ordinary pictures in every system, one listed picture twice. Where recipients can report, a share of them
//! does; that share is an assumption, and several are tried.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::BENEFIT;
use crate::trace::{Sent, Share, pairs, singles};
use crate::world::{Half, Picture, below, shuffle};
use serde::{Deserialize, Serialize};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::{Game, GameError};
use sightline_privacy::scaling::median;
use sightline_protocol::{Architecture, Content, Disclosure, History, PartyId, Setup, Shown, Sighting};
use std::collections::BTreeSet;

/// Pairs in one run.
const PAIRS: u16 = 5;
/// Percent of recipients who report a listed picture.
const REPORTING: [usize; 3] = [10, 50, 100];
/// Level of the intervals of medians: 95 %.
const LEVEL: f64 = 0.05;
/// Who may learn of what is detected.
const TOLD: [PartyId; 2] = [PartyId::REPORT_AUTHORITY, PartyId::LAW_ENFORCEMENT];

fn runs(scenario: &Scenario) -> u64 {
    u64::from(scenario.trials / 50).clamp(2, 20)
}

/// Shares of recipients who report, in percent; none where nobody can.
fn shares(architecture: &dyn Architecture) -> &'static [usize] {
    if architecture.profile().disclosure == Disclosure::OnCommand { &REPORTING } else { &[0] }
}

/// Steps for one system: a pair sends four contents.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    shares(architecture).len() as u64 * runs(scenario) * 4 * u64::from(PAIRS)
}

/// What came of one share.
#[derive(Default, Serialize, Deserialize)]
struct Found {
    /// For each of [`TOLD`], if there is such a party: listed contents that it has, ordinary ones, and seconds until it
    /// had each listed one.
    told: [Option<Told>; 2],
    /// Listed contents before which their sender was warned.
    warned: Share,
}

#[derive(Default, Clone, Serialize, Deserialize)]
struct Told {
    listed: Share,
    ordinary: Share,
    seconds: Vec<f64>,
    /// Reports of listed contents, and different pictures in them.
    reports: u64,
    distinct: u64,
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), singles(architecture.as_ref()));
        for share in shares(architecture.as_ref()) {
            let steps = runs(run.scenario) * 4 * u64::from(PAIRS);
            let found =
                run.part(&format!("{name}: benefit, {share} % report"), steps, || play(run, &game, name, *share))?;
            let row = |quantity: &str, unit: &str| {
                Row::new(quantity, unit)
                    .question(BENEFIT)
                    .game("trace")
                    .architecture(name.as_str())
                    .content("listed")
                    .parameter("radius", run.scenario.list.radius)
                    .parameter("reporting", format!("{share} %"))
                    .method("sightings, each sender and picture once; exact binomial, 95 %")
                    .seed(run.scenario.seed)
            };
            let Ok(found) = found else {
                rows.push(row("detected", "1").status(Status::Failed));
                continue;
            };
            for (party, told) in TOLD.into_iter().zip(&found.told) {
                let Some(told) = told else { continue };
                let row =
                    |quantity: &str, unit: &str| row(quantity, unit).observer(party.to_string()).corruption("curious");
                rows.push(told.listed.put(row("detected", "1")));
                rows.push(told.ordinary.put(row("detected", "1").content("ordinary")));
                if told.distinct > 0 {
                    let row = row("reports-per-picture", "1").method("reports that it has, per different picture");
                    rows.push(row.exact(told.reports as f64 / told.distinct as f64).n(told.reports));
                }
                if let Some(time) = median(told.seconds.clone(), LEVEL) {
                    let row = row("time-to-report", "s").method("median, 95 %; a reviewer takes 30 s a case");
                    rows.push(row.interval(time.value, time.low, time.high).n(told.seconds.len() as u64));
                }
            }
            rows.push(found.warned.exactly(row("warned", "1").observer("user-0").method("warnings")));
        }
    }
    Ok(rows)
}

fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    reporting: usize,
) -> Result<Result<Found, String>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("benefit", 0);
    let setup = Setup { users: 2 * PAIRS, ..run.world.setup.clone() };
    let outsiders = game.architecture().outsiders();
    let one = |number: u64| -> Result<Option<Found>, GameError> {
        let mut stream = seed.derive("pictures", number).stream();
        let mut ordinary: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
        let mut listed: Vec<&Picture> = run.world.halves.iter().flat_map(Half::listed).collect();
        shuffle(&mut ordinary, &mut stream);
        shuffle(&mut listed, &mut stream);
        // The first listed picture is known to all: every pair sends it, and another one twice.
        let Some(common) = listed.pop().map(Picture::content) else { return Ok(None) };
        let mut pair = || -> Option<Vec<Sent>> {
            let (own, innocent) = (listed.pop()?.content(), ordinary.pop()?.content());
            let mut reports = || below(&mut stream, 100) < reporting;
            Some(vec![(common.clone(), reports()), (innocent, false), (own.clone(), reports()), (own, false)])
        };
        let Some(sent) = (0..PAIRS).map(|_| pair()).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let history = pairs(&sent);
        let traced = game.trace(&setup, &history, &seed.derive(name, number))?;
        run.progress.advance(4 * u64::from(PAIRS));
        let is_listed = |content: &Content| setup.recognises(&content.bytes);
        let told = TOLD.map(|party| {
            let place = game.observers().iter().position(|observer| observer.members().eq([party]));
            let sightings = place.filter(|_| outsiders.contains(&party)).map(|place| &traced.sightings[place])?;
            Some(told(&history, sightings, &is_listed))
        });
        let warned = traced.warned.len() as u64;
        let sent = history.sends().filter(|(.., content)| is_listed(content)).count() as u64;
        Ok(Some(Found { told, warned: Share { hits: warned.min(sent), of: sent } }))
    };
    Ok(run.repeat(runs(run.scenario), one)?.map(|played| {
        let mut total = Found::default();
        for found in played {
            total.warned.add(found.warned);
            for (total, found) in total.told.iter_mut().zip(found.told) {
                let Some(found) = found else { continue };
                let total = total.get_or_insert_default();
                total.listed.add(found.listed);
                total.ordinary.add(found.ordinary);
                total.seconds.extend(found.seconds);
                total.reports += found.reports;
                total.distinct += found.distinct;
            }
        }
        total
    }))
}

/// What one party has of what was sent.
fn told(history: &History, sightings: &[Sighting], listed: &dyn Fn(&Content) -> bool) -> Told {
    let mut told = Told::default();
    let mut pictures = BTreeSet::new();
    let shown = |sighting: &Sighting| matches!(&sighting.shown, Shown::Content(content) if listed(content));
    told.reports = sightings.iter().filter(|sighting| shown(sighting)).count() as u64;
    let mut sent = BTreeSet::new();
    for (action, _, content) in history.sends() {
        // What one person sends again counts once.
        if !sent.insert((action.user, &content.bytes)) {
            continue;
        }
        let of_it = |sighting: &&Sighting| {
            sighting.account == action.user && matches!(&sighting.shown, Shown::Content(seen) if seen == content)
        };
        let seen = sightings.iter().find(of_it);
        let hit = Share { hits: u64::from(seen.is_some()), of: 1 };
        if !listed(content) {
            told.ordinary.add(hit);
            continue;
        }
        told.listed.add(hit);
        if let Some(seen) = seen {
            told.seconds.push((seen.at - action.at).as_seconds());
            pictures.insert(&content.bytes);
        }
    }
    told.distinct = pictures.len() as u64;
    told
}
