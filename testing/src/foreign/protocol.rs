use super::{part, parts};
use crate::speaker::Speaker;
use crate::world::World;
use sightline_architectures::{NAMES, VARIANTS, by_name};
use sightline_crypto::Seed;
use sightline_protocol::{
    Architecture, Command, Content, ContentKind, Display, Faults, History, Notice, Observer, PartyId, Policy, Role,
    Runner, Seen, Span, Time, Views, Wire,
};
use std::sync::LazyLock;

/// Commands, displays, frames and every architecture's messages: what is read has one encoding.
pub fn messages(bytes: &[u8]) {
    canonical::<Command>(bytes);
    canonical::<Display>(bytes);
    canonical::<Notice>(bytes);
    let at = Time::START;
    let seen = Seen { at, from: PartyId::PROVIDER, to: PartyId::PROVIDER, length: bytes.len(), bytes: Some(bytes) };
    let _ = seen.payload();
    for architecture in architectures() {
        if let Ok((name, canonical)) = architecture.describe(bytes) {
            assert_eq!(canonical, bytes, "{name} in another encoding");
        }
    }
}

fn canonical<M: Wire>(bytes: &[u8]) {
    if let Ok(message) = M::from_wire(bytes) {
        assert_eq!(message.to_wire(), bytes);
    }
}

pub(super) fn message_seeds() -> Vec<Vec<u8>> {
    let commands = history().actions().iter().map(|action| action.command.to_wire()).collect::<Vec<_>>();
    let frames = (0..architectures().len()).flat_map(honest_run);
    let payloads = frames.map(|(_, bytes)| {
        let (from, to) = (PartyId::PROVIDER, PartyId::PROVIDER);
        let seen = Seen { at: Time::START, from, to, length: bytes.len(), bytes: Some(&bytes) };
        seen.payload().unwrap_or_else(|| bytes.clone())
    });
    commands.into_iter().chain(payloads).collect()
}

/// Whole parties: the first byte names an architecture; each part goes to the party that its tag says, from a device
/// nobody knows. (It may take the name of the users' group, so their messages need not arrive.)
pub fn parties(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let all = architectures();
    let architecture = &all[usize::from(*which) % all.len()];
    let seed = Seed::from_u64(3);
    let mut deployment = architecture.deploy(&WORLD.setup, &seed).expect("it can be deployed");
    let everyone: Vec<PartyId> = deployment.parties.iter().map(|(id, _)| *id).collect();
    let said = parts(bytes).map(|(tag, bytes)| (everyone[usize::from(tag) % everyone.len()], bytes.to_vec())).collect();
    deployment.parties.push((PartyId::device(999), Box::new(Speaker(said))));
    Runner::new(deployment, &seed).run(&history(), &[]).expect("it comes to rest");
}

pub(super) fn party_seeds() -> Vec<Vec<u8>> {
    let seed = |which: usize| {
        let said = honest_run(which).into_iter().filter(|(_, bytes)| bytes.len() < 4000);
        let said = said.flat_map(|(to, bytes)| part(to, &bytes));
        std::iter::once(u8::try_from(which).unwrap_or(0)).chain(said).collect()
    };
    (0..architectures().len()).map(seed).collect()
}

fn architectures() -> Vec<Box<dyn Architecture>> {
    NAMES.iter().chain(&VARIANTS).filter_map(|name| by_name(name, &Policy::default())).collect()
}

fn history() -> History {
    let at = |minute: u64| Time::after_start(Span::seconds(60 * minute));
    let text = Content { kind: ContentKind::Text, bytes: b"hello".into() };
    History::new()
        .then(at(1), 0, Command::CreateGroup(1, vec![1]))
        .then(at(2), 0, Command::Send(1, text))
        .then(at(3), 1, Command::Send(1, Content { kind: ContentKind::Document, bytes: vec![5; 300] }))
        .then(at(4), 0, Command::Send(1, WORLD.picture(0)))
}

static WORLD: LazyLock<World> = LazyLock::new(|| World::new(2));

/// What machines say to each other in an honest run: the number of the receiver among the parties, and the bytes.
fn honest_run(which: usize) -> Vec<(u8, Vec<u8>)> {
    let seed = Seed::from_u64(3);
    let deployment = architectures()[which].deploy(&WORLD.setup, &seed).expect("it can be deployed");
    let everyone: Vec<PartyId> = deployment.parties.iter().map(|(id, _)| *id).collect();
    let transcript = Runner::new(deployment, &seed).faults(Faults::default()).run(&history(), &[]);
    let transcript = transcript.expect("it comes to rest");
    let view = Views::new(&transcript).of(&Observer::curious(everyone.iter().copied()));
    let said = view.seen.iter().filter(|seen| seen.from.role() != Role::User);
    said.filter_map(|seen| {
        let to = everyone.iter().position(|id| *id == seen.to)?;
        Some((u8::try_from(to).ok()?, seen.bytes?.to_vec()))
    })
    .collect()
}
