use super::{part, parts};
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::franking::Opening;
use sightline_messenger::message::Envelope;
use sightline_messenger::{
    Content, ContentKind, Delivery, DeliveryBody, DeliveryService, Error, GroupId, KeyPackage, MemberId, MessageId,
    Padding, Request, Session,
};
use std::sync::LazyLock;

const GROUP: GroupId = GroupId(7);

/// Requests, deliveries and envelopes: what is read is written and read as the same.
pub fn wire(bytes: &[u8]) {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
    if let Ok(delivery) = Delivery::decode(bytes) {
        assert_eq!(Delivery::decode(&delivery.encode()), Ok(delivery));
    }
    if let Ok(envelope) = Envelope::decode(bytes) {
        match envelope.encode() {
            Ok(again) => assert_eq!(Envelope::decode(&again), Ok(envelope)),
            Err(error) => assert!(matches!(error, Error::TooLong { .. }), "{error}"),
        }
    }
}

pub(super) fn wire_seeds() -> Vec<Vec<u8>> {
    let text = Envelope {
        id: MessageId([1; 16]),
        kind: ContentKind::Text,
        name: Some("name".into()),
        text: Some(b"text".into()),
        attachment: None,
        opening: Some(Opening::new([2; 32])),
    };
    let deliveries = HONEST.deliveries.iter().flatten().cloned().zip(1..);
    let deliveries = deliveries.map(|(body, number)| Delivery { number, body }.encode());
    let requests = HONEST.requests.iter().map(|(_, request)| request.encode());
    requests.chain(deliveries).chain(text.encode()).collect()
}

/// The delivery service: each part is a request of the member that its tag says.
pub fn service(bytes: &[u8]) {
    let mut service = DeliveryService::default();
    for (tag, request) in parts(bytes) {
        for (_, delivery) in service.handle_bytes(MemberId(u16::from(tag)), request).unwrap_or_default() {
            assert!(Delivery::decode(&delivery).is_ok(), "the service speaks its own language");
        }
    }
    service.memory();
}

pub(super) fn service_seeds() -> Vec<Vec<u8>> {
    vec![HONEST.requests.iter().flat_map(|(from, request)| part(from.to_be_bytes()[1], &request.encode())).collect()]
}

/// A device: the first byte says which of two; each part is the next honest delivery, one with these bytes in its
/// place, or a delivery as such.
pub fn session(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let which = usize::from(which % 2);
    let (mut session, _) = device(which);
    let mut honest = HONEST.deliveries[which].iter().cloned();
    for (number, (tag, payload)) in (1..).zip(parts(bytes)) {
        let payload = payload.to_vec();
        let request = number;
        let body = match tag {
            0 => match honest.next() {
                Some(body) => body,
                None => return,
            },
            1 => DeliveryBody::Message { group: GROUP, message: payload, stamp: None },
            2 => DeliveryBody::Commit { group: GROUP, commit: payload },
            3 => DeliveryBody::Welcome { group: GROUP, welcome: payload },
            4 => DeliveryBody::Blob { request, blob: payload },
            5 => DeliveryBody::KeyPackages {
                request,
                packages: vec![KeyPackage { member: MemberId(1), bytes: payload }],
            },
            _ => {
                let _ = session.receive_bytes(&payload);
                continue;
            }
        };
        match session.receive(Delivery { number, body }) {
            Ok(_) | Err(Error::TooFarAhead { .. }) => {}
            Err(error) => panic!("a delivery in order holds up the queue: {error}"),
        }
    }
    session.memory();
}

pub(super) fn session_seeds() -> Vec<Vec<u8>> {
    let bodies = |which: usize| HONEST.deliveries[which].iter();
    let foreign = |body: &DeliveryBody| match body {
        DeliveryBody::Message { message, .. } => Some(part(1, message)),
        DeliveryBody::Commit { commit, .. } => Some(part(2, commit)),
        DeliveryBody::Welcome { welcome, .. } => Some(part(3, welcome)),
        DeliveryBody::Blob { blob, .. } => Some(part(4, blob)),
        DeliveryBody::KeyPackages { packages, .. } => Some(part(5, &packages[0].bytes)),
        other => Some(part(6, &Delivery { number: 1, body: other.clone() }.encode())),
    };
    let seeds = (0..2_usize).flat_map(|which| {
        bodies(which).enumerate().filter_map(move |(before, body)| {
            let first = vec![u8::try_from(which).unwrap_or(0)];
            Some([first, part(0, &[]).repeat(before), foreign(body)?].concat())
        })
    });
    seeds.collect()
}

/// What two devices and their service say to each other when they are left in peace.
struct Honest {
    requests: Vec<(u16, Request)>,
    deliveries: [Vec<DeliveryBody>; 2],
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let (first, second) = (device(0), device(1));
    let mut devices = [first.0, second.0];
    let mut waiting: Vec<(u16, Request)> = second.1.into_iter().map(|request| (1, request)).collect();
    waiting.extend(first.1.into_iter().map(|request| (0, request)));
    let mut honest = Honest { requests: Vec::new(), deliveries: [Vec::new(), Vec::new()] };
    let mut service = DeliveryService::default();
    let mut answered = false;
    while !waiting.is_empty() {
        let (from, request) = waiting.remove(0);
        honest.requests.push((from, request.clone()));
        for (to, delivery) in service.handle(MemberId(from), request).expect("honest requests are taken") {
            let to = usize::from(to.0);
            honest.deliveries[to].push(delivery.body.clone());
            let (requests, _) = devices[to].receive(delivery).expect("honest deliveries are taken");
            waiting.extend(requests.into_iter().map(|request| (u16::from(to == 1), request)));
        }
        if waiting.is_empty() && !std::mem::replace(&mut answered, true) {
            let picture = devices[1].send(GROUP, Content::picture(vec![9; 300])).expect("it has joined");
            let update = devices[1].update(GROUP).expect("it has joined");
            waiting.extend(picture.into_iter().chain(update).map(|request| (1, request)));
        }
    }
    honest
});

/// A device that has introduced itself; the first also makes a group with the second, and speaks.
fn device(index: usize) -> (Session, Vec<Request>) {
    let seed = Seed::from_u64(5).derive("device", index as u64);
    let member = MemberId(u16::from(index == 1));
    let mut session = Session::new(member, &seed, Ledger::off(), Padding::Padme);
    let mut requests = session.start().expect("a new device can introduce itself");
    if index == 0 {
        let mut told = |made: Result<Vec<Request>, Error>| requests.extend(made.expect("a new group takes commands"));
        told(session.create_group(GROUP, &[MemberId(1)]));
        told(session.send(GROUP, Content::text("hello")));
        told(session.send(GROUP, Content::picture(vec![7; 300])));
        told(session.update(GROUP));
    }
    (session, requests)
}
