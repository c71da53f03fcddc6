//! `uncooperative-client`: what if the client does not play along? One user sends listed pictures with a device that departs
//! from the protocol, or encrypts them first; recipients who can report do so. It is counted of what the report
//! authority still learns, or the sender is warned, and whether anything stops or shows the departure.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::expose;
use crate::rogue_provider::HONEST;
use crate::run::{Run, System};
use crate::scenario::UNCOOPERATIVE_CLIENT;
use crate::trace::{Share, pairs, receives_reports, singles};
use crate::world::{Half, Picture, shuffle};
use serde::{Deserialize, Serialize};
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_privacy::game::{Game, GameError};
use sightline_protocol::{Architecture, Content, ContentKind, Disclosure, Setup, Shown};
use std::collections::BTreeMap;

/// Pictures that one run sends.
const SENT: usize = 10;

/// What becomes of a picture before it is sent.
type Change = fn(Content, &mut Stream) -> Content;

/// What anybody can do with any client: the conduct, and what becomes of a picture before it is sent.
const ANY_CLIENT: [(&str, Change); 2] = [("send-as-document", as_document), ("encrypt-first", encrypted)];

fn as_document(content: Content, _: &mut Stream) -> Content {
    Content { kind: ContentKind::Document, ..content }
}

/// Under a one-time pad that the two agreed on elsewhere.
fn encrypted(mut content: Content, pad: &mut Stream) -> Content {
    let mut mask = vec![0; content.bytes.len()];
    rand_core::Rng::fill_bytes(pad, &mut mask);
    content.bytes.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    content
}

/// Runs of each conduct.
fn runs(scenario: &Scenario) -> u64 {
    u64::from(scenario.trials / 200).clamp(1, 5)
}

/// Conducts of one system.
fn conducts(architecture: &dyn Architecture) -> usize {
    1 + ANY_CLIENT.len() + architecture.clients().len()
}

/// Steps for one system.
pub(crate) fn steps(scenario: &Scenario, architecture: &dyn Architecture) -> u64 {
    conducts(architecture) as u64 * runs(scenario) * SENT as u64
}

/// What came of one conduct.
#[derive(Default, Serialize, Deserialize)]
struct Found {
    detected: Share,
    delivered: Share,
    refused: BTreeMap<String, u64>,
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let clients = architecture.clients();
        let with = |conduct: &'static str| (conduct, architecture.as_ref(), None);
        let any = ANY_CLIENT.map(|(conduct, change)| (conduct, architecture.as_ref(), Some(change)));
        let own = clients.iter().map(|(conduct, system)| (*conduct, system.as_ref(), None));
        for (conduct, system, change) in std::iter::once(with(HONEST)).chain(any).chain(own) {
            let game = Game::new(system, run.scenario.wires(), singles(system)).lenient();
            let steps = runs(run.scenario) * SENT as u64;
            let found = run.part(&format!("{name}: client, {conduct}"), steps, || play(run, &game, name, change))?;
            let row = |quantity: &str| {
                Row::new(quantity, "1")
                    .question(UNCOOPERATIVE_CLIENT)
                    .game("trace")
                    .architecture(name.as_str())
                    .variant(conduct)
                    .content("listed")
                    .parameter("radius", run.scenario.list.radius)
                    .method("reports, warnings; exact binomial, 95 %")
                    .seed(run.scenario.seed)
            };
            match found {
                Err(_) => rows.push(row("detected").status(Status::Failed)),
                Ok(found) => {
                    rows.push(found.detected.put(row("detected")));
                    rows.push(found.delivered.exactly(row("delivered").method("displays")));
                    rows.extend(found.refused.iter().map(|(reason, count)| {
                        row("inputs-refused").exact(*count as f64).n(found.delivered.of).method(reason.as_str())
                    }));
                }
            }
        }
    }
    Ok(rows)
}

fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    change: Option<Change>,
) -> Result<Result<Found, String>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("uncooperative client", 0);
    let setup = Setup { users: 2, order: None, ..run.world.setup.clone() };
    let reported = game.architecture().profile().disclosure == Disclosure::OnCommand;
    let mut pictures: Vec<&Picture> = run.world.halves.iter().flat_map(Half::listed).collect();
    shuffle(&mut pictures, &mut seed.derive("pictures", 0).stream());
    let one = |number: u64| -> Result<Option<Found>, GameError> {
        let mut stream = seed.derive("pad", number).stream();
        let listed: Vec<&Picture> = pictures
            .iter()
            .copied()
            .cycle()
            .skip(SENT * usize::try_from(number).unwrap_or_default())
            .take(SENT)
            .collect();
        let mut sent = |picture: &&Picture| {
            let content = picture.content();
            (change.map_or(content.clone(), |change| change(content, &mut stream)), reported)
        };
        let sent: Vec<_> = listed.iter().map(&mut sent).collect();
        let traced = game.trace(&setup, &pairs(&[sent]), &seed.derive(name, number))?;
        let seen = game.observers().iter().zip(&traced.sightings).filter(|(observer, _)| receives_reports(observer));
        let seen: Vec<_> = seen.flat_map(|(_, sightings)| sightings).filter(|one| one.account == 0).collect();
        // Devices say that something matched, not what: as many warnings, as many contents.
        let warned = traced.warned.iter().filter(|user| **user == 0).count();
        let shows = |picture: &&Picture| {
            let near = |hash| picture.pdq.hash.distance(&hash) <= setup.radius.bits();
            seen.iter().any(|sighting| match &sighting.shown {
                Shown::Hash(pdq) => near(pdq.hash),
                Shown::Content(content) => setup.fingerprint(&content.bytes).is_some_and(|pdq| near(pdq.hash)),
                Shown::Traffic => false,
            })
        };
        let mut detected = Share::count(&listed, shows);
        detected.hits = detected.hits.max(warned.min(listed.len()) as u64);
        run.progress.advance(SENT as u64);
        let mut refused = BTreeMap::new();
        expose::count_refusals(&mut refused, &traced.refused);
        let delivered = Share { hits: traced.delivered, of: traced.sent };
        Ok(Some(Found { detected, delivered, refused }))
    };
    Ok(run.repeat(runs(run.scenario), one)?.map(|played| {
        let mut total = Found::default();
        for found in played {
            total.detected.add(found.detected);
            total.delivered.add(found.delivered);
            for (reason, count) in found.refused {
                *total.refused.entry(reason).or_default() += count;
            }
        }
        total
    }))
}
