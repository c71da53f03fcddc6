//! A world of devices around one delivery service. Everything travels as bytes, first in, first out.

use sha2::{Digest, Sha256};
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Content, DeliveryService, Event, GroupId, MemberId, Padding, Request, Session};
use std::collections::VecDeque;

pub(crate) const GROUP: GroupId = GroupId(77);

pub(crate) struct World {
    pub(crate) devices: Vec<Session>,
    pub(crate) service: DeliveryService,
    pub(crate) events: Vec<(MemberId, Event)>,
    /// Every byte string that crossed the wire, in order.
    pub(crate) wire: Vec<Vec<u8>>,
    requests: VecDeque<(MemberId, Vec<u8>)>,
}

pub(crate) fn member(index: usize) -> MemberId {
    MemberId(u16::try_from(index).unwrap())
}

impl World {
    /// `devices` devices that have introduced themselves.
    pub(crate) fn new(devices: usize, seed: u64, ledger: &Ledger) -> Self {
        let seed = Seed::from_u64(seed);
        let session =
            |index| Session::new(member(index), &seed.derive("party", index as u64), ledger.clone(), Padding::Padme);
        let devices = (0..devices).map(session).collect();
        let service = DeliveryService::default();
        let mut world = Self { devices, service, events: Vec::new(), wire: Vec::new(), requests: VecDeque::new() };
        for index in 0..world.devices.len() {
            let requests = world.devices[index].start().unwrap();
            world.post(index, requests);
        }
        world
    }

    /// A world in which the first device has made [`GROUP`] with all others.
    pub(crate) fn with_group(devices: usize, seed: u64, ledger: &Ledger) -> Self {
        let mut world = Self::new(devices, seed, ledger);
        let everybody: Vec<MemberId> = (0..devices).map(member).collect();
        world.command(0, |device| device.create_group(GROUP, &everybody).unwrap());
        world.settle();
        world
    }

    /// Gives a device a command and puts its requests on the wire, undelivered yet.
    pub(crate) fn command(&mut self, index: usize, command: impl FnOnce(&mut Session) -> Vec<Request>) {
        let requests = command(&mut self.devices[index]);
        self.post(index, requests);
    }

    pub(crate) fn say(&mut self, index: usize, text: &str) {
        self.command(index, |device| device.send(GROUP, Content::text(text)).unwrap());
        self.settle();
    }

    /// Delivers everything until the wire is empty.
    pub(crate) fn settle(&mut self) {
        while let Some((from, request)) = self.requests.pop_front() {
            for (to, delivery) in self.service.handle_bytes(from, &request).unwrap() {
                self.wire.push(delivery.clone());
                let index = usize::from(to.0);
                let (requests, events) = self.devices[index].receive_bytes(&delivery).unwrap();
                self.post(index, requests);
                self.events.extend(events.into_iter().map(|event| (to, event)));
            }
        }
    }

    /// Everything that happened since this was last called.
    pub(crate) fn news(&mut self) -> Vec<(MemberId, Event)> {
        std::mem::take(&mut self.events)
    }

    /// The contents that arrived since [`World::news`] was last called.
    pub(crate) fn received(&mut self) -> Vec<(MemberId, MemberId, Content)> {
        let received = self.news().into_iter().filter_map(|(to, event)| match event {
            Event::Received { sender, content, .. } => Some((to, sender, content)),
            _ => None,
        });
        received.collect()
    }

    /// A digest over every byte of the wire and of all memories.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        let memories = self.devices.iter().flat_map(Session::memory).chain(self.service.memory());
        let memories = memories.flat_map(|(name, value)| [name.into_bytes(), value]);
        for bytes in self.wire.iter().cloned().chain(memories) {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
        digest.finalize().into()
    }

    fn post(&mut self, index: usize, requests: Vec<Request>) {
        for request in requests {
            let bytes = request.encode();
            assert_eq!(Request::decode(&bytes).unwrap(), request);
            self.wire.push(bytes.clone());
            self.requests.push_back((member(index), bytes));
        }
    }
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
