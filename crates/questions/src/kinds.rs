//! Which kinds of content does a system check at all? Listed pictures are sent as pictures, as documents and as texts, and it
//! is counted which of them arrive at the report authority.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Run, System};
use crate::scenario::ENDPOINTS_ONLY;
use crate::world::{Half, Picture, shuffle};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::Game;
use sightline_protocol::{Content, ContentKind, Observer, PartyId};

/// Contents of each kind.
const EACH: usize = 4;
const KINDS: [ContentKind; 3] = [ContentKind::Picture, ContentKind::Document, ContentKind::Text];

/// Steps for one system.
pub(crate) const STEPS: u64 = 10;

/// What is reported of each kind, in every system with a report authority.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("kinds", 0);
    let mut listed: Vec<&Picture> = run.world.halves.iter().flat_map(Half::listed).collect();
    shuffle(&mut listed, &mut seed.derive("pictures", 0).stream());
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        if !architecture.outsiders().contains(&PartyId::REPORT_AUTHORITY) {
            run.progress.advance(STEPS);
            continue;
        }
        let sent: Vec<(ContentKind, Content)> = KINDS
            .into_iter()
            .zip(listed.chunks_exact(EACH))
            .flat_map(|(kind, some)| some.iter().map(move |picture| (kind, Content { kind, ..picture.content() })))
            .collect();
        let observers = vec![Observer::curious([PartyId::REPORT_AUTHORITY])];
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), observers);
        let history = conversation(run.scenario.users, sent.iter().map(|(_, content)| (0, content.clone())).collect());
        let found: Result<Vec<bool>, String> = run.part(&format!("{name}: kinds"), STEPS, || {
            let exposed = game.expose(&run.world.setup, &history, &[], &seed.derive(name, 0));
            run.progress.advance(STEPS);
            Ok(exposed.map(|exposed| exposed.readable.concat()).map_err(|error| error.to_string()))
        })?;
        for kind in KINDS {
            let row = Row::new("contents-reported", "1")
                .question(ENDPOINTS_ONLY)
                .game("expose")
                .architecture(name.as_str())
                .observer(PartyId::REPORT_AUTHORITY.to_string())
                .corruption("curious")
                .content("listed")
                .parameter("kind", kind)
                .method("saturated views")
                .seed(run.scenario.seed);
            let of_kind = |readable: &Vec<bool>| {
                let own = sent.iter().zip(readable).filter(|((other, _), _)| *other == kind);
                own.map(|(_, readable)| u64::from(*readable)).collect::<Vec<_>>()
            };
            rows.push(match found.as_ref().map(of_kind) {
                Err(_) => row.status(Status::Failed),
                Ok(own) if own.is_empty() => row.status(Status::NotApplicable),
                Ok(own) => {
                    let reported = own.iter().sum::<u64>() as f64;
                    row.exact(reported * 1e6 / own.len() as f64).n(own.len() as u64)
                }
            });
        }
    }
    Ok(rows)
}
