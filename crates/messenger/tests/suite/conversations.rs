//! Goal: devices that speak through the delivery service agree, in groups of 2, 3 and 20, whatever changes meanwhile;
//! two runs with one seed are the same to the byte; a memory opens what it should and nothing that was erased.

use crate::world::{GROUP, World, contains, member};
use sightline_crypto::Ledger;
use sightline_messenger::{Content, ContentKind, Error, Event, GroupId, MemberId, Padding};

fn members(indices: &[usize]) -> Vec<MemberId> {
    indices.iter().copied().map(member).collect()
}

#[test]
fn two_people_exchange_text_and_a_picture() {
    let mut world = World::new(2, 1, &Ledger::off());
    // Everything at once, before the group exists.
    world.command(0, |device| {
        let mut requests = device.create_group(GROUP, &[member(1)]).unwrap();
        requests.extend(device.send(GROUP, Content::text("hello")).unwrap());
        let picture = Content { name: Some("beach.jpg".into()), ..Content::picture(vec![7; 5000]) };
        requests.extend(device.send(GROUP, picture).unwrap());
        requests
    });
    world.settle();
    let news = world.news();
    assert!(news.contains(&(member(0), Event::Joined { group: GROUP, roster: members(&[0, 1]) })));
    assert!(news.contains(&(member(1), Event::Joined { group: GROUP, roster: members(&[0, 1]) })));
    assert_eq!(news.iter().filter(|(_, event)| matches!(event, Event::Sent { .. })).count(), 2);
    world.events = news;
    let picture = Content { name: Some("beach.jpg".into()), ..Content::picture(vec![7; 5000]) };
    assert_eq!(world.received(), [(member(1), member(0), Content::text("hello")), (member(1), member(0), picture)]);
    world.say(1, "hi yourself");
    assert_eq!(world.received(), [(member(0), member(1), Content::text("hi yourself"))]);
}

#[test]
fn commits_race_and_everybody_ends_in_the_same_epoch() {
    let mut world = World::with_group(3, 2, &Ledger::off());
    world.news();
    // All of this crosses: two updates, a removal, and messages encrypted in an epoch that will be past.
    for index in [1, 2] {
        world.command(index, |device| device.update(GROUP).unwrap());
    }
    world.command(0, |device| device.send(GROUP, Content::text("in between")).unwrap());
    world.command(0, |device| device.send(GROUP, Content::picture(vec![1; 3000])).unwrap());
    world.command(0, |device| device.remove(GROUP, member(2)).unwrap());
    world.settle();
    for device in &world.devices[..2] {
        assert_eq!(device.roster(GROUP).unwrap(), members(&[0, 1]));
    }
    assert!(world.devices[2].roster(GROUP).is_err());
    let news = world.news();
    assert!(news.contains(&(member(2), Event::Left { group: GROUP })));
    assert!(news.iter().all(|(_, event)| !matches!(event, Event::Failed { .. } | Event::Refused { .. })), "{news:?}");
    world.events = news;
    assert!(world.received().iter().filter(|(to, _, _)| *to == member(1)).count() == 2);
    world.say(1, "still here");
    assert_eq!(world.received(), [(member(0), member(1), Content::text("still here"))]);
}

#[test]
fn a_member_that_is_added_reads_what_comes_and_not_what_was() {
    let mut world = World::new(3, 3, &Ledger::off());
    world.command(0, |device| device.create_group(GROUP, &[member(1)]).unwrap());
    world.say(0, "before");
    world.command(1, |device| device.add(GROUP, member(2)).unwrap());
    world.settle();
    world.say(0, "after");
    let heard: Vec<Content> =
        world.received().into_iter().filter(|(to, _, _)| *to == member(2)).map(|heard| heard.2).collect();
    assert_eq!(heard, [Content::text("after")]);
    // Asking twice, or for a stranger, fails without harm.
    assert_eq!(world.devices[0].add(GROUP, member(2)), Err(Error::AlreadyAMember(GROUP, member(2))));
    assert_eq!(world.devices[0].remove(GROUP, MemberId(99)), Err(Error::NotAMember(GROUP, MemberId(99))));
    world.say(2, "fine");
    assert_eq!(world.received().len(), 2);
}

#[test]
fn a_device_joins_many_groups_at_once() {
    let mut world = World::new(4, 11, &Ledger::off());
    for index in 0..3 {
        let group = GroupId(u64::try_from(index).unwrap());
        world.command(index, |device| device.create_group(group, &[member(3)]).unwrap());
    }
    world.settle();
    let joined =
        world.news().into_iter().filter(|(to, event)| *to == member(3) && matches!(event, Event::Joined { .. }));
    assert_eq!(joined.count(), 3);
}

/// Twenty members join, update, leave and talk.
fn busy(seed: u64) -> World {
    let mut world = World::new(20, seed, &Ledger::off());
    let first: Vec<MemberId> = (0..12).map(member).collect();
    world.command(3, |device| device.create_group(GROUP, &first).unwrap());
    world.settle();
    for (step, joining) in (12..20).enumerate() {
        world.command(step, |device| device.add(GROUP, member(joining)).unwrap());
        world.command(step + 1, |device| device.update(GROUP).unwrap());
        world.settle();
        world.say(joining, "here I am");
    }
    for index in [4, 9, 14] {
        world.command(0, |device| device.remove(GROUP, member(index)).unwrap());
        world.command(index + 1, |device| device.send(GROUP, Content::picture(vec![3; 40_000])).unwrap());
        world.settle();
    }
    world
}

#[test]
fn twenty_members_agree_and_two_runs_are_the_same_to_the_byte() {
    let mut world = busy(4);
    let roster: Vec<MemberId> = (0..20).filter(|index| ![4, 9, 14].contains(index)).map(member).collect();
    for member in &roster {
        assert_eq!(world.devices[usize::from(member.0)].roster(GROUP).unwrap(), roster);
    }
    let news = world.news();
    assert!(news.iter().all(|(_, event)| !matches!(event, Event::Failed { .. } | Event::Refused { .. })));
    world.say(19, "all still hear me");
    assert_eq!(world.received().len(), roster.len() - 1);

    assert_eq!(busy(4).digest(), busy(4).digest());
    assert_ne!(busy(4).digest(), busy(5).digest());
}

#[test]
fn contents_of_one_padded_length_look_alike_on_the_wire() {
    let shape = |kind, length: u64, name: Option<&str>| {
        let mut world = World::with_group(3, 6, &Ledger::off());
        let start = world.wire.len();
        let bytes = vec![9; usize::try_from(length).unwrap()];
        world.command(0, |device| device.send(GROUP, Content { kind, bytes, name: name.map(Into::into) }).unwrap());
        world.settle();
        world.wire[start..].iter().map(Vec::len).collect::<Vec<_>>()
    };
    let padded = Padding::Padme.padded(100_000);
    let picture = shape(ContentKind::Picture, 100_000, None);
    assert_eq!(picture, shape(ContentKind::Document, padded, Some("a long name.pdf")));
    assert_eq!(picture, shape(ContentKind::Video, 100_000, Some("v")));
    assert_ne!(picture, shape(ContentKind::Picture, padded + 1, None));
    assert_eq!(shape(ContentKind::Text, 0, None), shape(ContentKind::Text, 500, None));
}

#[test]
fn a_memory_opens_what_comes_and_not_what_was_erased() {
    let ledger = Ledger::recording();
    let mut world = World::with_group(3, 7, &ledger);
    let flat = |world: &World, index: usize| {
        let entries = world.devices[index].memory();
        entries.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    let before: Vec<_> = (0..3).map(|index| flat(&world, index)).collect();
    let start = world.wire.len();
    world.say(0, "the eagle lands at midnight");
    let wire = world.wire[start..].to_vec();
    let after: Vec<_> = (0..3).map(|index| flat(&world, index)).collect();

    let records = ledger.records();
    let reads = |memory: &[Vec<u8>], wire: &[Vec<u8>]| {
        let opened = records.saturate(memory.iter().chain(wire).map(Vec::as_slice));
        opened.iter().any(|opened| contains(&opened.plaintext, b"the eagle lands"))
    };
    for index in 0..3 {
        assert!(reads(&before[index], &wire), "device {index} holds the secrets of its epoch");
        assert!(!reads(&after[index], &wire), "device {index} has erased the message key");
        assert!(!reads(&before[index], &[]), "nothing opens without the ciphertext");
    }
    // The provider, with everything it ever saw and holds, opens nothing at all.
    let held = world.service.memory();
    let view: Vec<&[u8]> =
        world.wire.iter().map(Vec::as_slice).chain(held.iter().map(|(_, value)| value.as_slice())).collect();
    assert!(records.saturate(view).is_empty());
}

#[test]
fn a_removed_member_erases_its_keys_and_reads_no_more() {
    let ledger = Ledger::recording();
    let mut world = World::with_group(3, 8, &ledger);
    world.say(0, "to all three of us");
    let kept: Vec<Vec<u8>> = world.devices[2].memory().into_iter().map(|(_, value)| value).collect();
    world.command(1, |device| device.remove(GROUP, member(2)).unwrap());
    world.settle();
    world.say(0, "now that we are alone");
    let wire = world.wire.iter().map(Vec::as_slice);
    // Even with the memory it had before its removal.
    let opened = ledger.records().saturate(kept.iter().map(Vec::as_slice).chain(wire));
    assert!(opened.iter().all(|opened| !contains(&opened.plaintext, b"now that we are alone")));
    assert!(world.devices[2].memory().iter().all(|(name, _)| !name.contains("Secrets")));
    assert!(world.devices[0].memory().iter().any(|(name, _)| name.contains("Secrets")));
}

#[test]
fn an_update_heals_a_device_whose_memory_was_read() {
    let ledger = Ledger::recording();
    let mut world = World::with_group(2, 9, &ledger);
    let stolen: Vec<Vec<u8>> = world.devices[1].memory().into_iter().map(|(_, value)| value).collect();
    let reads = |world: &World, text: &[u8]| {
        let wire = world.wire.iter().map(Vec::as_slice);
        let opened = ledger.records().saturate(stolen.iter().map(Vec::as_slice).chain(wire));
        opened.iter().any(|opened| contains(&opened.plaintext, text))
    };
    world.command(0, |device| device.update(GROUP).unwrap());
    world.settle();
    world.say(0, "the other's update is no help");
    assert!(reads(&world, b"the other's update is no help"));
    world.command(1, |device| device.update(GROUP).unwrap());
    world.settle();
    world.say(0, "now it has healed itself");
    assert!(!reads(&world, b"now it has healed itself"));
}

#[test]
fn an_attachment_key_is_held_until_the_blob_is_there_and_then_erased() {
    let mut world = World::with_group(2, 10, &Ledger::off());
    world.command(0, |device| device.send(GROUP, Content::picture(vec![4; 2000])).unwrap());
    world.settle();
    assert_eq!(world.received().len(), 1);
    for device in &world.devices {
        assert!(device.memory().iter().all(|(name, _)| !name.contains("open") && !name.contains("outgoing")));
    }
    assert!(world.service.memory().iter().all(|(name, _)| !name.starts_with("blob") && !name.starts_with("queue")));
}
