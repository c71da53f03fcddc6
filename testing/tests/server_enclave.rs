//! What a lying provider obtains from an enclave, and what stops it.

use sightline_architectures::by_name;
use sightline_protocol::{
    Architecture, Command, Content, Faults, History, Lists, Observer, PartyId, Policy, Setup, Span, Time, Transcript,
    Views,
};
use sightline_testing::conformance::run;
use sightline_testing::world::World;

fn send_all(contents: &[Content]) -> History {
    let at = |second| Time::after_start(Span::seconds(second));
    let founded = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1]));
    let sent = contents.iter().zip((10..).step_by(100));
    sent.fold(founded, |history, (content, second)| history.then(at(second), 0, Command::Send(1, content.clone())))
}

/// User 0 sends a listed picture and an ordinary one, the latter being what the provider is after.
fn play(strategy: &str, policy: &Policy) -> (Transcript, Content, Content) {
    let mut world = World::new(2);
    let (listed, ordinary) = (world.picture(0), world.picture(1));
    world.setup = Setup { target: world.setup.fingerprint(&ordinary.bytes).map(|pdq| pdq.hash), ..world.setup };
    let honest = by_name("server-enclave", policy).expect("an architecture");
    let deviating: Vec<(&str, Box<dyn Architecture>)> = honest.strategies();
    let system = deviating.iter().find(|(name, _)| *name == strategy).map_or(&honest, |(_, system)| system);
    let contents = [listed.clone(), ordinary.clone()];
    let transcript = run(system.as_ref(), &world, &send_all(&contents), 1, Faults::default(), false).expect("it runs");
    (transcript, listed, ordinary)
}

fn provider_holds(transcript: &Transcript, content: &Content) -> bool {
    let view = Views::new(transcript).of(&Observer::curious([PartyId::PROVIDER]));
    let all = content.bytes.as_slice();
    view.byte_strings().any(|bytes| bytes.windows(all.len()).any(|window| window == all))
}

fn refusals(transcript: &Transcript) -> Vec<String> {
    transcript.refusals().map(ToString::to_string).collect()
}

#[test]
fn an_honest_provider_gets_what_matches_and_nothing_is_refused() {
    let (transcript, listed, ordinary) = play("honest", &Policy::default());
    assert!(provider_holds(&transcript, &listed) && !provider_holds(&transcript, &ordinary));
    assert_eq!(refusals(&transcript), Vec::<String>::new());
}

#[test]
fn lies_are_refused_and_gain_nothing() {
    for (strategy, why) in [
        ("claim-every-match", "no content"),
        ("later-list", "signed with key"),
        ("later-list", "it was used before"),
        ("split-view", "version 2"),
        ("modified-enclave", "not in the code log"),
        ("debug-enclave", "debug mode"),
    ] {
        let (transcript, _, ordinary) = play(strategy, &Policy::default());
        assert!(!provider_holds(&transcript, &ordinary), "{strategy}");
        let refusals = refusals(&transcript);
        assert!(refusals.iter().any(|refusal| refusal.contains(why)), "{strategy}: {refusals:?}");
    }
}

#[test]
fn a_stolen_key_opens_everything_and_nothing_notices() {
    let (transcript, listed, ordinary) = play("stolen-key", &Policy::default());
    assert!(provider_holds(&transcript, &listed) && provider_holds(&transcript, &ordinary));
    assert_eq!(refusals(&transcript), Vec::<String>::new());
}

#[test]
fn where_lists_may_differ_a_list_for_one_user_is_accepted() {
    let (transcript, _, ordinary) = play("split-view", &Policy { lists: Lists::PerUser, ..Policy::default() });
    assert!(provider_holds(&transcript, &ordinary));
    assert_eq!(refusals(&transcript), Vec::<String>::new());
}
