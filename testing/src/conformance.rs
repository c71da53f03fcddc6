//! What every architecture has to do, whatever it detects.
//!
//! Goal: contents reach their recipients once and unaltered, messages have one encoding, runs repeat, and neither a bad
//! network nor a hostile peer breaks that. What is *not* a failure: an architecture that learns or leaks something; that
//! is measured by the games.

use crate::speaker::Speaker;
use crate::world::World;
use sightline_crypto::Seed;
use sightline_protocol::{
    Architecture, Command, Content, ContentKind, Disclosure, Display, Faults, Frame, History, Observer, PartyId,
    Runner, Span, Time, Transcript, Views, Wire,
};

/// Runs the whole suite and says what failed; empty if nothing.
pub fn violations(architecture: &dyn Architecture) -> Vec<String> {
    let world = World::new(5);
    let history = history_for(architecture, &world);
    let mut found = Vec::new();
    let run = |seed: u64, faults: Faults, hostile: bool| run(architecture, &world, &history, seed, faults, hostile);

    let plain = match run(1, Faults::default(), false) {
        Ok(transcript) => transcript,
        Err(error) => return vec![format!("it does not run: {error}")],
    };
    found.extend(incomplete(&history, &plain).map(|missing| format!("completeness: {missing}")));
    found.extend(plain.refusals().map(|refusal| format!("an honest run has no refusals: {refusal}")));
    found.extend(encodings(architecture, &plain));

    match run(1, Faults::default(), false) {
        Ok(again) if again.digest() == plain.digest() => {}
        _ => found.push("determinism: the same seed gives another transcript".into()),
    }
    let cases = [
        ("drop", Faults { drop: 0.2, ..Faults::default() }),
        ("duplicate", Faults { duplicate: 0.5, ..Faults::default() }),
        ("reorder", Faults { reorder: 0.5, ..Faults::default() }),
        ("replay", Faults { replay: 0.5, ..Faults::default() }),
    ];
    for (name, faults) in cases {
        match run(2, faults, false) {
            Ok(transcript) => found.extend(incomplete(&history, &transcript).map(|what| format!("{name}: {what}"))),
            Err(error) => found.push(format!("{name}: {error}")),
        }
    }
    match run(3, Faults::default(), true) {
        Ok(transcript) => {
            found.extend(incomplete(&history, &transcript).map(|what| format!("hostile peer: {what}")));
            if transcript.refusals().count() == 0 {
                found.push("hostile peer: its garbage was accepted".into());
            }
        }
        Err(error) => found.push(format!("hostile peer: {error}")),
    }
    found
}

/// A group of five with joins, key refreshes, a removal, and contents of every kind, a listed picture among them.
pub fn history(world: &World) -> History {
    let at = |minute: u64| Time::after_start(Span::seconds(60 * minute));
    let send = |group, content| Command::Send(group, content);
    let text = |text: &str| Content { kind: ContentKind::Text, bytes: text.into() };
    History::new()
        .then(at(1), 0, Command::CreateGroup(1, vec![1, 2]))
        .then(at(2), 0, send(1, text("hello")))
        .then(at(3), 1, send(1, world.picture(1)))
        .then(at(4), 0, Command::Add(1, 3))
        .then(at(5), 3, send(1, world.picture(0)))
        .then(at(6), 2, Command::Update(1))
        .then(at(7), 2, send(1, Content { kind: ContentKind::Document, bytes: vec![5; 3000] }))
        .then(at(8), 0, Command::Remove(1, 1))
        .then(at(9), 0, send(1, world.picture(2)))
        .then(at(10), 4, Command::CreateGroup(2, vec![0]))
        .then(at(11), 0, send(2, text("to one")))
        .then(at(12), 4, send(2, world.picture(1)))
}

/// The same; where users can report, two of them do.
pub fn history_for(architecture: &dyn Architecture, world: &World) -> History {
    let history = history(world);
    if architecture.profile().disclosure != Disclosure::OnCommand {
        return history;
    }
    let at = |second: u64| Time::after_start(Span::seconds(second));
    history
        .then(at(60 * 5 + 20), 2, Command::Report(1, world.picture(0)))
        .then(at(60 * 5 + 40), 0, Command::Report(1, world.picture(0)))
        .then(at(60 * 9 + 20), 2, Command::Report(1, world.picture(2)))
}

/// Runs the architecture on its own, or with a peer that sends garbage to everyone.
///
/// # Errors
/// Says what could not be deployed or run.
pub fn run(
    architecture: &dyn Architecture,
    world: &World,
    history: &History,
    seed: u64,
    faults: Faults,
    hostile: bool,
) -> Result<Transcript, String> {
    let seed = Seed::from_u64(seed);
    let mut deployment =
        architecture.deploy(&world.setup, &seed.derive("deployment", 0)).map_err(|error| error.to_string())?;
    if hostile {
        let targets = deployment.parties.iter().map(|(id, _)| *id);
        let said = targets.flat_map(|target| garbage().map(|bytes| (target, bytes))).collect();
        deployment.parties.push((PartyId::device(999), Box::new(Speaker(said))));
    }
    Runner::new(deployment, &seed).faults(faults).run(history, &[]).map_err(|error| error.to_string())
}

/// Contents that did not reach a recipient exactly once and unaltered, or came too often.
fn incomplete<'a>(history: &'a History, transcript: &Transcript) -> impl Iterator<Item = String> + 'a {
    let mut shown = transcript.displays();
    let mut missing = Vec::new();
    for (action, group, content) in history.sends() {
        let recipients = history.roster(group, action.at).into_iter().filter(|user| *user != action.user);
        for recipient in recipients {
            let display = Display { group, sender: action.user, content: content.clone() };
            let wanted = (PartyId::user(recipient), display);
            match shown.iter().position(|found| *found == wanted) {
                Some(place) => drop(shown.remove(place)),
                None => {
                    missing.push(format!("{} of user {} did not reach user {recipient}", content.kind, action.user));
                }
            }
        }
    }
    missing.extend(shown.into_iter().map(|(user, display)| {
        format!("{user} was shown a {} of user {} that was not for it, or twice", display.content.kind, display.sender)
    }));
    missing.into_iter()
}

/// Messages whose bytes are not the one encoding of a message of the architecture.
fn encodings(architecture: &dyn Architecture, transcript: &Transcript) -> Vec<String> {
    let everyone = Observer::curious(transcript.memory().keys().copied());
    let view = Views::new(transcript).of(&everyone);
    let wire = view.seen.iter().filter(|seen| seen.from.role() != sightline_protocol::Role::User);
    let wire = wire.filter(|seen| seen.to.role() != sightline_protocol::Role::User);
    wire.filter_map(|seen| {
        let payload = seen.payload()?;
        match architecture.describe(&payload) {
            Ok((_, canonical)) if canonical == payload => None,
            Ok((name, canonical)) => Some(format!("{name}: {} bytes sent, {} encoded", payload.len(), canonical.len())),
            Err(error) => Some(format!("{} to {}: {error}", seen.from, seen.to)),
        }
    })
    .collect()
}

/// Malformed frames, frames of garbage, and frames of CBOR that is no message.
fn garbage() -> [Vec<u8>; 5] {
    let frame = |number, payload: &[u8]| Frame::Data(number, payload.to_vec()).to_wire();
    [vec![], vec![0xff; 100], frame(0, &[0xff; 40]), frame(1, &[0x82, 0x18, 0x63, 0x80]), frame(200, &[])]
}
