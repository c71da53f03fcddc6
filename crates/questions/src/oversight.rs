//! `oversight`: can outsiders check list and matching? Auditors with what any device is given, with a picture that they suspect
//! to be listed, and who compare what two devices are given: what do they notice of k planted entries? Noticing rests on what
//! the list does not hide, so that where nothing is noticed the list is well hidden.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Run, System};
use crate::scenario::OVERSIGHT;
use crate::trace::{self, Share};
use crate::world::{Half, Picture, shuffle};
use serde::{Deserialize, Serialize};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_fingerprint::PdqHash;
use sightline_lists::Provenance;
use sightline_privacy::game::{Game, GameError, Round};
use sightline_protocol::{
    Architecture, MatchRelation, Network, Observer, PartyId, Role, Setup, Span, Transcript, Views,
};

/// Planted entries.
const PLANTED: [usize; 4] = [1, 10, 100, 1_000];
/// The device whose owner lends it to an auditor; users 0 and 1 converse.
const LENT: PartyId = PartyId::device(1);

/// Steps for one system.
pub(crate) const STEPS: u64 = 30;

/// What was noticed of so many planted entries.
#[derive(Serialize, Deserialize)]
struct Noticed {
    planted: usize,
    /// The device's view differs from one beside the list without them.
    change: bool,
    /// It differs from one beside a list with as many other entries: which entries they are, or their digest, shows.
    which: bool,
    /// Hashes of pictures that the auditor suspects, all of them on the list, that are in the device's view.
    suspected: Share,
}

/// What came of one system.
#[derive(Serialize, Deserialize)]
struct Found {
    noticed: Vec<Noticed>,
    /// Per strategy that gives one user another list: whether a device refuses something, or two devices hold different
    /// statements about the list.
    split: Vec<(String, bool)>,
}

/// Asks every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let row = |quantity: &str| {
            let row = Row::new(quantity, "1").question(OVERSIGHT).architecture(name.as_str()).content("planted");
            row.observer("auditor").corruption("curious").seed(run.scenario.seed)
        };
        if architecture.profile().match_relation == MatchRelation::None {
            run.progress.advance(STEPS);
            rows.push(row("change-noticed").status(Status::NotApplicable));
            continue;
        }
        let found: Result<Found, String> =
            run.part(&format!("{name}: oversight"), STEPS, || Ok(play(run, name, architecture.as_ref())))?;
        let Ok(found) = found else {
            rows.push(row("change-noticed").status(Status::Failed));
            continue;
        };
        let bit = |row: Row, holds: bool| row.exact(f64::from(u8::from(holds))).n(1);
        for Noticed { planted, change, which, suspected } in found.noticed {
            let row = |quantity: &str| {
                row(quantity).parameter("list", run.scenario.list.entries).parameter("planted", planted)
            };
            rows.push(bit(row("change-noticed").method("a device's view, beside the list before"), change));
            rows.push(bit(row("other-entries-noticed").method("a device's view, beside as many others"), which));
            let entries = row("entries-noticed").method("a suspected picture's hash in a device's view");
            rows.push(suspected.exactly(entries));
        }
        for (strategy, noticed) in found.split {
            let row = row("split-view-noticed").variant(strategy).method("refusals, and what two devices compare");
            rows.push(bit(row, noticed));
        }
        rows.push(
            row("certified-entries-refused").status(Status::NotApplicable).method("no system here has certifiers"),
        );
    }
    Ok(rows)
}

fn play(run: &Run<'_>, name: &str, architecture: &dyn Architecture) -> Result<Found, String> {
    let seed = Seed::from_u64(run.scenario.seed).derive("oversight", 0);
    let mut stream = seed.derive("pictures", 0).stream();
    let mut ordinary: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
    shuffle(&mut ordinary, &mut stream);
    let base = Setup { users: 2, order: None, ..run.world.setup.clone() };
    let Some(sent) = ordinary.pop() else { return Err("there are too few pictures".into()) };
    let base = Setup { target: ordinary.first().map(|picture| picture.pdq.hash), ..base };
    let history = conversation(2, vec![(0, sent.content())]);
    let network = Network { jitter: Span::ZERO, loss: 0.0, ..run.scenario.wires() };
    let carried = |system: &dyn Architecture, setup: &Setup| -> Result<Transcript, GameError> {
        let round = Round { setup: setup.clone(), histories: [history.clone(), history.clone()], truth: false };
        Game::new(system, network, trace::singles(system)).run(&round, &seed.derive(name, 0))
    };
    let differs = |one: &Transcript, other: &Transcript| {
        let seen = |transcript: &Transcript| {
            let to_device = transcript.events().iter().filter(|event| event.to == LENT);
            to_device.map(|event| std::sync::Arc::clone(&event.bytes)).collect::<Vec<_>>()
        };
        one.memory().get(&LENT) != other.memory().get(&LENT) || seen(one) != seen(other)
    };
    let mut codes = |count: usize| -> Vec<PdqHash> {
        let mut bytes = [0; 32];
        let code = |_| {
            rand_core::Rng::fill_bytes(&mut stream, &mut bytes);
            PdqHash::from_bytes(bytes)
        };
        (0..count).map(code).collect()
    };
    let mut measured = || -> Result<Found, GameError> {
        let mut noticed = Vec::new();
        let before = carried(architecture, &base)?;
        for planted in PLANTED {
            // A tenth are pictures that somebody may suspect to be listed, at least one.
            let suspected: Vec<PdqHash> =
                ordinary.iter().take((planted / 10).max(1)).map(|picture| picture.pdq.hash).collect();
            let others = codes(planted - suspected.len().min(planted));
            let list = suspected.iter().copied().chain(others);
            let with = carried(architecture, &trace::listing(&base, list, Provenance::Picture))?;
            let instead = carried(architecture, &trace::listing(&base, codes(planted), Provenance::Picture))?;
            let mut views = Views::new(&with);
            let view = views.of(&Observer::curious([LENT]));
            let held: Vec<&[u8]> = view.byte_strings().collect();
            let seen = |hash: &PdqHash| held.iter().any(|bytes| bytes.windows(32).any(|part| part == hash.as_bytes()));
            noticed.push(Noticed {
                planted,
                change: differs(&before, &with),
                which: differs(&with, &instead),
                suspected: Share::count(&suspected, seen),
            });
        }
        let splits = architecture.strategies().into_iter().filter(|(strategy, _)| *strategy == "split-view");
        let split = splits.map(|(strategy, system)| {
            let transcript = carried(system.as_ref(), &base)?;
            let refused = transcript.refusals().any(|refusal| refusal.party.role() == Role::Device);
            let held = |device: u16| {
                let memory = transcript.memory().get(&PartyId::device(device));
                let about = |(name, bytes): (&str, &[u8])| matches!(name, "pin" | "list").then(|| bytes.to_vec());
                memory.map(|memory| memory.entries().filter_map(about).collect::<Vec<_>>())
            };
            Ok((strategy.to_owned(), refused || held(0) != held(1)))
        });
        let split = split.collect::<Result<_, GameError>>()?;
        Ok(Found { noticed, split })
    };
    let found = measured();
    run.progress.advance(STEPS);
    found.map_err(|error| error.to_string())
}
