//! `device-warning`: the device warns, nobody else learns of it, and it takes no list that the authority did not sign.

use sightline_architectures::by_name;
use sightline_protocol::{
    Architecture, Command, Faults, History, Notice, Observer, PartyId, Policy, Scanned, Span, Time, Transcript, Views,
};
use sightline_testing::conformance::run;
use sightline_testing::world::World;

/// User 0 sends a listed picture and two others to user 1.
fn play(system: &dyn Architecture) -> (Transcript, Vec<Vec<u8>>) {
    let world = World::new(2);
    let at = |second| Time::after_start(Span::seconds(second));
    let contents = [0, 1, 2].map(|number| world.picture(number));
    let founded = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1]));
    let history = contents
        .iter()
        .zip((10..).step_by(20))
        .fold(founded, |history, (content, second)| history.then(at(second), 0, Command::Send(1, content.clone())));
    let transcript = run(system, &world, &history, 1, Faults::default(), false).expect("it runs");
    (transcript, contents.map(|content| content.bytes).into())
}

/// A counter in the memory of a device.
fn count(transcript: &Transcript, device: u16, name: &str) -> u64 {
    let memory = &transcript.memory()[&PartyId::device(device)];
    let (_, bytes) = memory.entries().find(|(found, _)| *found == name).expect("such a counter");
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

#[test]
fn the_sender_is_warned_and_nobody_else_learns_anything() {
    let system = by_name("device-warning", &Policy::default()).expect("an architecture");
    let (transcript, contents) = play(system.as_ref());
    assert_eq!([0, 1].map(|device| count(&transcript, device, "warned")), [1, 0]);
    assert_eq!(transcript.notices(), [(PartyId::user(0), Notice::Matches)]);
    assert_eq!(transcript.displays().len(), 3, "a warning keeps nothing back");
    assert_eq!(transcript.refusals().count(), 0);
    let view = Views::new(&transcript).of(&Observer::curious(system.outsiders()));
    for content in contents {
        let found = view.byte_strings().any(|bytes| bytes.windows(64).any(|window| window == &content[100..164]));
        assert!(!found, "an outsider holds a content");
    }
}

#[test]
fn recipients_are_warned_where_everyone_is_scanned() {
    let policy = Policy { scanned: Scanned::Everyone, ..Policy::default() };
    let (transcript, _) = play(by_name("device-warning", &policy).expect("an architecture").as_ref());
    assert_eq!([0, 1].map(|device| count(&transcript, device, "warned")), [1, 1]);
}

#[test]
fn a_list_that_the_authority_did_not_sign_is_refused() {
    let honest = by_name("device-warning", &Policy::default()).expect("an architecture");
    let (_, system) = honest.strategies().into_iter().find(|(name, _)| *name == "own-list").expect("a strategy");
    let (transcript, _) = play(system.as_ref());
    let refusals: Vec<String> = transcript.refusals().map(ToString::to_string).collect();
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert!(refusals.iter().all(|refusal| refusal.contains("signed with key")), "{refusals:?}");
    assert_eq!([0, 1].map(|device| count(&transcript, device, "warned")), [0, 0]);
    assert_eq!(count(&transcript, 0, "unchecked"), 3);
}
