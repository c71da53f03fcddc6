//! Messages that can be reported, and messages that an escrow can read.

use crate::world::member;
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::franking::{Commitment, Opening};
use sightline_messenger::{
    Content, DeliveryService, Error, EscrowSecret, Event, FrankingError, FrankingKey, GroupId, Padding, Refusal,
    Request, RequestBody, Session,
};
use std::collections::VecDeque;

const GROUP: GroupId = GroupId(5);

fn key() -> FrankingKey {
    FrankingKey::new([7; 32])
}

/// Two devices made by `device` at a service; the first founds a group and sends `contents`. `meddle` may change requests
/// on their way to the service.
fn conversation(
    mut service: DeliveryService,
    device: impl Fn(Session) -> Session,
    contents: &[Content],
    mut meddle: impl FnMut(&mut RequestBody),
) -> Vec<Event> {
    let seed = Seed::from_u64(1);
    let session = |index: u16| {
        Session::new(member(index.into()), &seed.derive("party", index.into()), Ledger::off(), Padding::Padme)
    };
    let mut devices = [0, 1].map(|index| device(session(index)));
    let mut requests: VecDeque<(usize, Request)> = VecDeque::new();
    for (index, device) in devices.iter_mut().enumerate() {
        requests.extend(device.start().unwrap().into_iter().map(|request| (index, request)));
    }
    let created = devices[0].create_group(GROUP, &[member(1)]).unwrap();
    requests.extend(created.into_iter().map(|request| (0, request)));
    for content in contents {
        requests.extend(devices[0].send(GROUP, content.clone()).unwrap().into_iter().map(|request| (0, request)));
    }
    let mut all = Vec::new();
    service.set_clock(99);
    while let Some((from, mut request)) = requests.pop_front() {
        meddle(&mut request.body);
        for (to, delivery) in service.handle(member(from), request).unwrap() {
            let to = usize::from(to.0);
            let (more, events) = devices[to].receive(delivery).unwrap();
            requests.extend(more.into_iter().map(|request| (to, request)));
            all.extend(events);
        }
    }
    all
}

fn contents() -> [Content; 2] {
    [Content::text("a text"), Content { name: Some("b.jpg".into()), ..Content::picture(vec![3; 5_000]) }]
}

#[test]
fn everything_that_is_shown_can_be_reported() {
    let events = conversation(DeliveryService::stamping(key()), Session::franking, &contents(), |_| {});
    let shown: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Received { content, proof, .. } => Some((content, proof.as_ref().unwrap())),
            _ => None,
        })
        .collect();
    assert_eq!(shown.len(), 2);
    for (content, proof) in shown {
        assert_eq!(key().check(content, proof), Ok(()));
        assert_eq!((proof.stamp.sender, proof.stamp.group, proof.stamp.time), (member(0), GROUP, 99));
    }
}

#[test]
fn a_message_that_could_not_be_reported_is_not_shown() {
    let false_commitment = |body: &mut RequestBody| {
        if let RequestBody::Send { commitment, .. } = body {
            *commitment = Some(Opening::new([1; 32]).commit(&Content::text("something else")));
        }
    };
    let events = conversation(DeliveryService::stamping(key()), Session::franking, &contents(), false_commitment);
    let failed =
        |event: &&Event| matches!(event, Event::Failed { error: Error::Unreportable(FrankingError::Opening), .. });
    assert_eq!(events.iter().filter(failed).count(), 2);
    assert!(!events.iter().any(|event| matches!(event, Event::Received { .. })));

    let without = |body: &mut RequestBody| {
        if let RequestBody::Send { commitment, .. } = body {
            *commitment = None;
        }
    };
    let events = conversation(DeliveryService::stamping(key()), Session::franking, &contents(), without);
    let refused = |event: &&Event| matches!(event, Event::Refused { refusal: Refusal::Uncommitted, .. });
    assert_eq!(events.iter().filter(refused).count(), 2);
    assert!(!events.iter().any(|event| matches!(event, Event::Received { .. })));

    // A sender whose messenger knows no commitments.
    let devices = std::cell::Cell::new(0);
    let old_sender = |session: Session| {
        devices.set(devices.get() + 1);
        if devices.get() == 1 { session } else { session.franking() }
    };
    let invented = |body: &mut RequestBody| {
        if let RequestBody::Send { commitment, .. } = body {
            *commitment = Some(Commitment([0; 32]));
        }
    };
    let events = conversation(DeliveryService::stamping(key()), old_sender, &contents(), invented);
    assert!(!events.iter().any(|event| matches!(event, Event::Received { .. })));
}

#[test]
fn a_service_that_stamps_nothing_delivers_nothing_that_is_shown() {
    let events = conversation(DeliveryService::default(), Session::franking, &contents(), |_| {});
    let failed =
        |event: &&Event| matches!(event, Event::Failed { error: Error::Unreportable(FrankingError::Missing(_)), .. });
    assert_eq!(events.iter().filter(failed).count(), 2);
}

#[test]
fn the_escrow_opens_what_was_sent_and_nobody_else_does() {
    let (secret, public) = EscrowSecret::new(&[1; 32], &Ledger::off());
    let (stranger, _) = EscrowSecret::new(&[2; 32], &Ledger::off());
    let (mut blobs, mut sealed) = (Vec::new(), Vec::new());
    let watch = |body: &mut RequestBody| match body {
        RequestBody::PutBlob { blob } => blobs.push(blob.clone()),
        RequestBody::Send { escrowed, .. } => sealed.push(escrowed.clone().unwrap()),
        _ => {}
    };
    conversation(DeliveryService::default(), |session| session.escrowing(public), &contents(), watch);
    let open = |place: usize| secret.open(&sealed[place]).unwrap();
    assert_eq!(open(0).content(None).as_ref(), Ok(&contents()[0]));
    assert_eq!(open(1).content(Some(&blobs[0])).as_ref(), Ok(&contents()[1]));
    assert!(matches!(open(1).content(None), Err(Error::Attachment(_))));
    assert!(matches!(stranger.open(&sealed[0]), Err(Error::Malformed { .. })));
}
