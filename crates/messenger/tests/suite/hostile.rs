//! Goal: whatever bytes come, a device or the service answers with a typed error or event, never panics, and goes on
//! working. Failure: a panic, or a later honest message that does not arrive. A device whose queue was filled with
//! others' bytes under honest numbers is *not* a failure: the provider can always withhold.

use crate::world::{GROUP, World, member};
use proptest::prelude::*;
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{
    Client, Content, Delivery, DeliveryBody, Error, Event, GroupId, Padding, Refusal, Request, RequestBody, Session,
};

/// What the service would deliver to device 1 next.
fn next_number(world: &World) -> u64 {
    let counters = world.devices[1].memory().into_iter().find(|(name, _)| name == "session/counters").unwrap().1;
    minicbor::decode::<(u64, u64)>(&counters).unwrap().1 + 1
}

/// An MLS message of each kind, as device 0 of a group would make them for device 1.
fn genuine() -> (Client, Client, [Vec<u8>; 3]) {
    let seed = Seed::from_u64(3);
    let mut clients =
        [0, 1].map(|index| Client::new(member(index), &seed.derive("client", index as u64), Ledger::off()));
    let package = clients[1].key_package().unwrap();
    let created = clients[0].create_group(GROUP, &[&package]).unwrap();
    clients[1].join(&created.welcome).unwrap();
    let message = clients[0].encrypt(GROUP, b"genuine").unwrap();
    let update = clients[0].update(GROUP).unwrap();
    let [a, b] = clients;
    (a, b, [created.welcome, message, update.commit])
}

fn damaged(bytes: &[u8], position: prop::sample::Index, kind: u8) -> Vec<u8> {
    let at = position.index(bytes.len());
    let mut damaged = bytes.to_vec();
    match kind {
        0 => damaged[at] ^= 1 << (at % 8),
        1 => damaged.truncate(at),
        2 => damaged.insert(at, 0xff),
        _ => damaged.extend_from_slice(&bytes[..at.max(1)]),
    }
    damaged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_mls_messages_leave_the_state_intact(position: prop::sample::Index, kind in 0_u8..4, which in 1_usize..3) {
        let (_, mut client, messages) = genuine();
        let before = client.memory();
        prop_assert!(client.process(GROUP, &damaged(&messages[which], position, kind)).is_err());
        prop_assert_eq!(client.memory(), before);
        prop_assert!(client.process(GROUP, &messages[1]).is_ok());
        prop_assert!(client.process(GROUP, &messages[2]).is_ok());
    }

    #[test]
    fn damaged_welcomes_leave_the_key_package_in_place(position: prop::sample::Index, kind in 0_u8..4) {
        let seed = Seed::from_u64(3);
        let mut creator = Client::new(member(0), &seed, Ledger::off());
        let mut joiner = Client::new(member(1), &seed.derive("other", 0), Ledger::off());
        let package = joiner.key_package().unwrap();
        let welcome = creator.create_group(GROUP, &[&package]).unwrap().welcome;
        let before = joiner.memory();
        prop_assert!(joiner.join(&damaged(&welcome, position, kind)).is_err());
        prop_assert_eq!(joiner.memory(), before);
        prop_assert_eq!(joiner.join(&welcome), Ok(GROUP));
    }

    #[test]
    fn damaged_key_packages_are_refused(position: prop::sample::Index, kind in 0_u8..4) {
        let seed = Seed::from_u64(3);
        let mut creator = Client::new(member(0), &seed, Ledger::off());
        let package = Client::new(member(1), &seed.derive("other", 0), Ledger::off()).key_package().unwrap();
        let before = creator.memory();
        prop_assert!(creator.create_group(GROUP, &[&damaged(&package, position, kind)]).is_err());
        prop_assert_eq!(creator.memory(), before);
        prop_assert!(creator.create_group(GROUP, &[&package]).is_ok());
    }

    #[test]
    fn damaged_deliveries_never_panic(seed in 0_u64..4, position: prop::sample::Index, kind in 0_u8..4, which: prop::sample::Index) {
        let mut world = World::with_group(2, seed, &Ledger::off());
        world.say(0, "hello");
        let deliveries: Vec<Vec<u8>> = world.wire.iter().filter(|bytes| Delivery::decode(bytes).is_ok()).cloned().collect();
        let bytes = damaged(&deliveries[which.index(deliveries.len())], position, kind);
        // What it does to a device that has seen nothing, and to one that has seen all.
        let mut fresh = Session::new(member(5), &Seed::from_u64(1), Ledger::off(), Padding::default());
        let _ = fresh.receive_bytes(&bytes);
        let _ = world.devices[1].receive_bytes(&bytes);
    }

    #[test]
    fn damaged_requests_never_panic(position: prop::sample::Index, kind in 0_u8..4, which: prop::sample::Index) {
        let mut world = World::with_group(2, 1, &Ledger::off());
        let requests: Vec<Vec<u8>> = world.wire.iter().filter(|bytes| Request::decode(bytes).is_ok()).cloned().collect();
        let _ = world.service.handle_bytes(member(0), &damaged(&requests[which.index(requests.len())], position, kind));
        let _ = world.service.handle_bytes(member(9), &damaged(&requests[which.index(requests.len())], position, kind));
    }

    #[test]
    fn arbitrary_bytes_are_malformed(bytes: Vec<u8>) {
        let mut world = World::with_group(2, 1, &Ledger::off());
        let number = next_number(&world);
        match world.devices[1].receive_bytes(&bytes) {
            Ok(_) | Err(Error::Malformed { .. } | Error::TooFarAhead { .. }) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
        // A member's garbage is reported and does not hold up the queue.
        let garbage = Delivery { number, body: DeliveryBody::Message { group: GROUP, message: bytes, stamp: None } };
        let (requests, events) = world.devices[1].receive(garbage).unwrap();
        let reported = matches!(events.as_slice(), [Event::Failed { group: GROUP, .. }]);
        let acknowledged = requests.iter().map(|request| request.body.clone()).eq([RequestBody::Acknowledge { up_to: number }]);
        prop_assert!(reported && acknowledged);
    }
}

#[test]
fn a_members_garbage_does_not_stop_the_group() {
    let mut world = World::with_group(3, 1, &Ledger::off());
    world.news();
    let (_, counters) = world.service.memory().into_iter().find(|(name, _)| name == "counters/00002").unwrap();
    let number = minicbor::decode::<(u64, u64, bool)>(&counters).unwrap().0 + 1;
    let body = RequestBody::Send {
        group: GROUP,
        epoch: 1,
        message: vec![1; 999],
        blob: None,
        commitment: None,
        escrowed: None,
    };
    world.command(2, |_| vec![Request { number, body }]);
    world.settle();
    assert_eq!(world.news().iter().filter(|(_, event)| matches!(event, Event::Failed { .. })).count(), 2);
    world.say(0, "unimpressed");
    assert_eq!(world.received().len(), 2);
}

#[test]
fn messages_are_bound_to_their_group_and_processed_once() {
    let (mut sender, mut client, [_, message, commit]) = genuine();
    assert!(matches!(client.process(GroupId(1), &message), Err(Error::UnknownGroup(_))));
    assert!(client.process(GROUP, &message).is_ok());
    assert!(matches!(client.process(GROUP, &message), Err(Error::Mls { .. })), "a replay");
    assert!(client.process(GROUP, &commit).is_ok());
    assert!(matches!(client.process(GROUP, &commit), Err(Error::Mls { .. })), "a past epoch");
    // One's own message, reflected by the provider.
    let own = sender.encrypt(GROUP, b"mine").unwrap();
    assert!(sender.process(GROUP, &own).is_err());
}

#[test]
fn deliveries_out_of_order_or_twice_change_nothing() {
    let mut world = World::with_group(2, 5, &Ledger::off());
    let mut deliveries = Vec::new();
    for text in ["one", "two"] {
        for request in world.devices[0].send(GROUP, Content::text(text)).unwrap() {
            deliveries.extend(world.service.handle(member(0), request).unwrap());
        }
    }
    let to_1: Vec<Delivery> =
        deliveries.into_iter().filter(|(to, _)| *to == member(1)).map(|(_, delivery)| delivery).collect();
    let [one, two] = to_1.try_into().unwrap();
    let device = &mut world.devices[1];
    assert_eq!(device.receive(two).unwrap(), (vec![], vec![]), "it waits for the first");
    let (_, events) = device.receive(one.clone()).unwrap();
    let texts = events.into_iter().filter_map(|event| match event {
        Event::Received { content, .. } => Some(content),
        _ => None,
    });
    assert!(texts.eq([Content::text("one"), Content::text("two")]));
    let (requests, events) = device.receive(one).unwrap();
    assert!(events.is_empty() && requests.len() == 1, "a duplicate is acknowledged again, no more");
    let far = Delivery { number: u64::MAX, body: DeliveryBody::Accepted { request: 1 } };
    assert!(matches!(world.devices[1].receive(far), Err(Error::TooFarAhead { .. })));
}

#[test]
fn a_service_that_lies_is_noticed() {
    let seed = Seed::from_u64(8);
    let mut session = Session::new(member(0), &seed, Ledger::off(), Padding::default());
    let requests = session.create_group(GROUP, &[member(1)]).unwrap();
    // It hands out its own key package in place of the member's.
    let bytes = Client::new(member(66), &seed.derive("evil", 0), Ledger::off()).key_package().unwrap();
    let packages = vec![sightline_messenger::KeyPackage { member: member(1), bytes }];
    let body = DeliveryBody::KeyPackages { request: requests[0].number, packages };
    let (_, events) = session.receive(Delivery { number: 1, body }).unwrap();
    assert!(matches!(events.as_slice(), [Event::Failed { error: Error::WrongCredential { .. }, .. }]));
    // It answers what was never asked, and refuses what was never sent.
    for (number, body) in [
        (2, DeliveryBody::Accepted { request: 500 }),
        (3, DeliveryBody::Blob { request: 500, blob: vec![] }),
        (4, DeliveryBody::KeyPackages { request: 500, packages: vec![] }),
        (5, DeliveryBody::Refused { request: 500, refusal: Refusal::Malformed }),
        (6, DeliveryBody::Welcome { group: GROUP, welcome: vec![] }),
        (7, DeliveryBody::Commit { group: GROUP, commit: vec![] }),
    ] {
        assert!(session.receive(Delivery { number, body }).is_ok());
    }
    assert!(session.create_group(GROUP, &[member(1)]).is_ok(), "the failed group is gone");
}
