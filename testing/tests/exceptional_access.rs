//! `exceptional-access`: what each way gives law enforcement, from when on, and who could notice.

use sightline_architectures::{ExceptionalAccess, Way};
use sightline_protocol::{
    Architecture, Command, Content, Corruption, Faults, History, Notice, Observer, Order, PartyId, Span, Time,
    Transcript, Views,
};
use sightline_testing::conformance::run;
use sightline_testing::world::World;

const WAYS: [Way; 3] = [Way::VisibleMember, Way::Ghost, Way::Escrow];

fn at(second: u64) -> Time {
    Time::after_start(Span::seconds(second))
}

/// The account 0, from 100 to 200 seconds.
fn world() -> World {
    let mut world = World::new(5);
    world.setup.order = Some(Order { accounts: [0].into(), applied: at(0), from: at(100), until: at(200) });
    world
}

/// User 0 sends to users 1 and 2 before, during and after; user 3 sends to user 4.
fn sends(world: &World) -> [(u64, u16, u64, Content); 4] {
    let document = |byte| Content { kind: sightline_protocol::ContentKind::Document, bytes: vec![byte; 900] };
    [
        (50, 0, 1, world.picture(0)),
        (150, 0, 1, world.picture(1)),
        (160, 3, 2, document(7)),
        (300, 0, 1, world.picture(2)),
    ]
}

fn play(system: &dyn Architecture, world: &World) -> Transcript {
    let history = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1, 2])).then(
        at(2),
        3,
        Command::CreateGroup(2, vec![4]),
    );
    let history = sends(world).into_iter().fold(history, |history, (second, user, group, content)| {
        history.then(at(second), user, Command::Send(group, content))
    });
    let transcript = run(system, world, &history, 3, Faults::default(), false).expect("it runs");
    assert_eq!(transcript.refusals().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(transcript.displays().len(), 7, "contents arrive");
    transcript
}

/// Which of the contents an observer holds.
fn holds(world: &World, transcript: &Transcript, observer: &Observer) -> [bool; 4] {
    let view = Views::new(transcript).of(observer);
    sends(world).map(|(.., content)| {
        let part = &content.bytes[100..200];
        view.byte_strings().any(|bytes| bytes.windows(part.len()).any(|window| window == part))
    })
}

#[test]
fn law_enforcement_hears_what_the_warrant_names_and_an_escrow_reaches_no_further_by_itself() {
    let world = world();
    for way in WAYS {
        let system = ExceptionalAccess::by(way);
        let transcript = play(&system, &world);
        let hears = |party| holds(&world, &transcript, &Observer::curious([party]));
        assert_eq!(hears(PartyId::LAW_ENFORCEMENT), [false, true, false, false], "{way:?}");
        for other in system.outsiders().into_iter().filter(|party| *party != PartyId::LAW_ENFORCEMENT) {
            assert_eq!(hears(other), [false; 4], "{way:?}, {other}");
        }
    }
}

#[test]
fn a_warrant_on_the_past_opens_it_under_escrow_alone() {
    let mut world = world();
    world.setup.order = Some(Order { accounts: [0].into(), applied: at(100), from: at(0), until: at(200) });
    for way in WAYS {
        let transcript = play(&ExceptionalAccess::by(way), &world);
        let heard = holds(&world, &transcript, &Observer::curious([PartyId::LAW_ENFORCEMENT]));
        assert_eq!(heard, [way == Way::Escrow, true, false, false], "{way:?}");
    }
}

#[test]
fn one_stolen_key_and_the_providers_store_open_everything_under_escrow() {
    let mut world = world();
    world.setup.order = None;
    // The key, read once before anything else than the first content was sent; and what the provider keeps.
    let stolen = Observer::single(PartyId::LAW_ENFORCEMENT, Corruption::Snapshot(at(60)))
        .and(PartyId::PROVIDER, Corruption::Curious);
    for way in WAYS {
        let history = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1, 2]));
        let history = history.then(at(2), 3, Command::CreateGroup(2, vec![4]));
        let history = sends(&world).into_iter().fold(history, |history, (second, user, group, content)| {
            history.then(at(second), user, Command::Send(group, content))
        });
        let seed = sightline_crypto::Seed::from_u64(3);
        let system = ExceptionalAccess::by(way);
        let deployment = system.deploy(&world.setup, &seed).expect("it deploys");
        let transcript = sightline_protocol::Runner::new(deployment, &seed).run(&history, &[at(60)]).expect("it runs");
        let opened = holds(&world, &transcript, &stolen);
        assert_eq!(opened, [way == Way::Escrow; 4], "{way:?}");
        assert_eq!(holds(&world, &transcript, &Observer::curious([PartyId::LAW_ENFORCEMENT])), [false; 4], "{way:?}");
    }
}

#[test]
fn a_visible_member_is_seen_by_everyone_a_ghost_by_clients_that_look_and_an_escrow_by_nobody() {
    let world = world();
    let strangers = |system: ExceptionalAccess| -> Vec<PartyId> {
        let told = play(&system, &world).notices().into_iter();
        let strangers = told.filter(|(_, notice)| matches!(notice, Notice::Stranger(1)));
        let mut users: Vec<PartyId> = strangers.map(|(user, _)| user).collect();
        users.sort();
        users
    };
    let users = |users: &[u16]| users.iter().map(|user| PartyId::user(*user)).collect::<Vec<_>>();
    assert_eq!(strangers(ExceptionalAccess::by(Way::VisibleMember)), users(&[0, 1, 2]));
    assert_eq!(strangers(ExceptionalAccess::by(Way::Ghost)), []);
    assert_eq!(strangers(ExceptionalAccess::by(Way::Ghost).with_careful_clients()), users(&[1, 2]));
    assert_eq!(strangers(ExceptionalAccess::by(Way::Escrow).with_careful_clients()), []);
}

#[test]
fn a_provider_that_needs_no_warrant_needs_none() {
    let mut world = world();
    world.setup.order = None;
    for way in WAYS {
        let (name, rogue) = ExceptionalAccess::by(way).strategies().into_iter().next().expect("a strategy");
        assert_eq!(name, "without-warrant");
        let transcript = play(rogue.as_ref(), &world);
        let heard = holds(&world, &transcript, &Observer::curious([PartyId::LAW_ENFORCEMENT]));
        assert_eq!(heard, [true; 4], "{way:?}");
    }
}

#[test]
fn those_concerned_are_told_afterwards() {
    let world = world();
    for way in WAYS {
        let told = play(&ExceptionalAccess::by(way), &world).notices();
        let accessed: Vec<_> = told.into_iter().filter(|(_, notice)| matches!(notice, Notice::Accessed(..))).collect();
        assert_eq!(accessed, [(PartyId::user(0), Notice::Accessed(1, 1))], "{way:?}");
    }
}
