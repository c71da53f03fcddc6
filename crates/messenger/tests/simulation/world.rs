//! Devices and their service on links that lose, repeat and reorder, beside the [`Model`].

use crate::model::{Model, Stream};
use crate::operation::{Link, Operation};
use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq};
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{
    Content, ContentKind, Delivery, DeliveryBody, DeliveryService, Error, Event, GroupId, MemberId, Padding, Refusal,
    Request, Session,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many devices a world has.
pub(crate) const DEVICES: usize = 4;
const GROUPS: [GroupId; 2] = [GroupId(0), GroupId(1)];
/// More rounds than any list needs until nothing is on its way.
const MOST_ROUNDS: usize = 200;

/// Runs a list, lets everything arrive, has every member of every group say one thing more, and compares with the model.
pub(crate) fn run(operations: &[Operation]) -> TestCaseResult {
    let mut world = World::new()?;
    for operation in operations {
        world.step(*operation)?;
    }
    world.settle()?;
    world.check_rosters()?;
    for group in GROUPS {
        for index in 0..DEVICES {
            world.say(index, group, false)?;
        }
    }
    world.settle()?;
    world.check()
}

struct World {
    service: DeliveryService,
    devices: Vec<Device>,
    model: Model,
    /// Who left a group, or could not create it: what waited there is gone.
    parted: BTreeSet<(MemberId, GroupId)>,
}

struct Device {
    /// None once it has vanished.
    session: Option<Session>,
    /// Every request it made, and whether it reached the service.
    requests: BTreeMap<u64, (Request, bool)>,
    up: Vec<Vec<u8>>,
    down: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Result<Self, TestCaseError> {
        let seed = Seed::from_u64(1);
        let device = |index| {
            let seed = seed.derive("party", index as u64);
            let session = Session::new(member(index), &seed, Ledger::off(), Padding::Padme);
            Device { session: Some(session), requests: BTreeMap::new(), up: Vec::new(), down: Vec::new() }
        };
        let devices = (0..DEVICES).map(device).collect();
        let mut world =
            Self { service: DeliveryService::default(), devices, model: Model::default(), parted: BTreeSet::new() };
        for index in 0..DEVICES {
            world.command(index, Session::start)?;
        }
        Ok(world)
    }

    fn step(&mut self, operation: Operation) -> TestCaseResult {
        match operation {
            Operation::Create(index, group, members) => {
                let members: Vec<MemberId> =
                    (0..DEVICES).filter(|index| members >> index & 1 == 1).map(member).collect();
                self.command(index, |session| session.create_group(GroupId(group), &members))?;
            }
            Operation::Add(index, group, other) => {
                self.command(index, |session| session.add(GroupId(group), member(other)))?;
            }
            Operation::Remove(index, group, other) => {
                self.command(index, |session| session.remove(GroupId(group), member(other)))?;
            }
            Operation::Update(index, group) => _ = self.command(index, |session| session.update(GroupId(group)))?,
            Operation::Text(index, group) => self.say(index, GroupId(group), false)?,
            Operation::Picture(index, group) => self.say(index, GroupId(group), true)?,
            Operation::Arrive(link, place) => {
                if let Some(bytes) = self.take(link, place) {
                    self.arrive(link, &bytes)?;
                }
            }
            Operation::Repeat(link, place) => {
                if let Some(bytes) = self.take(link, place) {
                    self.on(link).extend([bytes.clone(), bytes]);
                }
            }
            Operation::Lose(link, place) => _ = self.take(link, place),
            Operation::Meet(index) => self.meet(index)?,
            Operation::Reconnect(index) => self.reconnect(index),
            Operation::Vanish(index) => self.devices[index].session = None,
        }
        Ok(())
    }

    /// Lets a device say the next thing, if it is in the group or waits for it.
    fn say(&mut self, index: usize, group: GroupId, attached: bool) -> TestCaseResult {
        let text = self.model.say(Stream { sender: member(index), group, attached });
        let content = if attached { Content::picture(text.into()) } else { Content::text(&text) };
        if !self.command(index, |session| session.send(group, content))? {
            self.model.unsay();
        }
        Ok(())
    }

    /// Whether the device is there and took the command.
    fn command(
        &mut self,
        index: usize,
        command: impl FnOnce(&mut Session) -> Result<Vec<Request>, Error>,
    ) -> Result<bool, TestCaseError> {
        let Some(session) = &mut self.devices[index].session else { return Ok(false) };
        match command(session) {
            Ok(requests) => {
                self.post(index, requests)?;
                Ok(true)
            }
            Err(
                Error::GroupExists(_)
                | Error::UnknownGroup(_)
                | Error::AlreadyAMember(..)
                | Error::NotAMember(..)
                | Error::Unsupported(_),
            ) => Ok(false),
            Err(other) => Err(TestCaseError::fail(format!("a command failed: {other}"))),
        }
    }

    fn post(&mut self, index: usize, requests: Vec<Request>) -> TestCaseResult {
        let device = &mut self.devices[index];
        for request in requests {
            prop_assert_eq!(request.number, device.requests.len() as u64 + 1, "requests are numbered without gaps");
            device.up.push(request.encode());
            device.requests.insert(request.number, (request, false));
        }
        Ok(())
    }

    fn on(&mut self, link: Link) -> &mut Vec<Vec<u8>> {
        match link {
            Link::Up(index) => &mut self.devices[index].up,
            Link::Down(index) => &mut self.devices[index].down,
        }
    }

    fn take(&mut self, link: Link, place: usize) -> Option<Vec<u8>> {
        let on = self.on(link);
        (!on.is_empty()).then(|| on.remove(place % on.len()))
    }

    fn arrive(&mut self, link: Link, bytes: &[u8]) -> TestCaseResult {
        match link {
            Link::Up(index) => self.serve(index, bytes),
            Link::Down(index) => self.deliver(index, bytes),
        }
    }

    fn serve(&mut self, index: usize, bytes: &[u8]) -> TestCaseResult {
        let from = member(index);
        let number = Request::decode(bytes).map_err(|error| TestCaseError::fail(error.to_string()))?.number;
        self.devices[index].requests.entry(number).and_modify(|(_, arrived)| *arrived = true);
        let deliveries =
            self.service.handle_bytes(from, bytes).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
        for (to, delivery) in deliveries {
            let device = &mut self.devices[usize::from(to.0)];
            if let Ok(Delivery { body: DeliveryBody::Accepted { request }, .. }) = Delivery::decode(&delivery) {
                prop_assert_eq!(to, from, "an acceptance goes to who asked");
                self.model.accept(from, &device.requests[&request].0.body)?;
            }
            device.down.push(delivery);
        }
        for group in GROUPS {
            let expected = self.model.groups.get(&group).map(|group| &group.roster);
            prop_assert_eq!(self.service.roster(group), expected, "the service's roster of {}", group);
        }
        Ok(())
    }

    fn deliver(&mut self, index: usize, bytes: &[u8]) -> TestCaseResult {
        let Some(session) = &mut self.devices[index].session else { return Ok(()) };
        let (requests, events) =
            session.receive_bytes(bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for event in events {
            self.happened(member(index), event)?;
        }
        self.post(index, requests)
    }

    fn happened(&mut self, device: MemberId, event: Event) -> TestCaseResult {
        match event {
            Event::Sent { group, .. } => self.model.sent(device, group),
            Event::Received { group, sender, content, .. } => {
                let attached = content.kind != ContentKind::Text;
                self.model.received(device, Stream { sender, group, attached }, &content.bytes)?;
            }
            // Two create one group, or someone acts who has been removed.
            Event::Left { group }
            | Event::Failed { group, error: Error::GroupExists(_) }
            | Event::Refused {
                group: Some(group),
                refusal: Refusal::GroupExists { .. } | Refusal::NotAMember { .. },
            } => _ = self.parted.insert((device, group)),
            // Two add or remove the same member, or one itself.
            Event::Joined { .. }
            | Event::RosterChanged { .. }
            | Event::Failed {
                error: Error::AlreadyAMember(..) | Error::NotAMember(..) | Error::Unsupported(_), ..
            } => {}
            other => return Err(TestCaseError::fail(format!("{device}: {other:?}"))),
        }
        Ok(())
    }

    fn meet(&mut self, index: usize) -> TestCaseResult {
        for link in [Link::Up(index), Link::Down(index), Link::Up(index)] {
            for bytes in std::mem::take(self.on(link)) {
                self.arrive(link, &bytes)?;
            }
        }
        Ok(())
    }

    fn reconnect(&mut self, index: usize) {
        let device = &mut self.devices[index];
        if device.session.is_none() {
            return;
        }
        let waiting = device.requests.values().filter(|(_, arrived)| !arrived);
        device.up = waiting.map(|(request, _)| request.encode()).collect();
        device.down = self.service.unacknowledged(member(index)).iter().map(Delivery::encode).collect();
    }

    /// Reconnects and meets until nothing is on its way.
    fn settle(&mut self) -> TestCaseResult {
        for _ in 0..MOST_ROUNDS {
            for index in 0..DEVICES {
                self.reconnect(index);
                self.meet(index)?;
            }
            if self.devices.iter().all(|device| device.session.is_none() || device.down.is_empty()) {
                return Ok(());
            }
        }
        Err(TestCaseError::fail("devices and service answer each other without end"))
    }

    fn live(&self) -> BTreeSet<MemberId> {
        (0..DEVICES).filter(|index| self.devices[*index].session.is_some()).map(member).collect()
    }

    fn check_rosters(&self) -> TestCaseResult {
        for device in &self.devices {
            let Some(session) = &device.session else { continue };
            for id in GROUPS {
                let roster = self.model.groups.get(&id).map(|group| group.roster.iter().copied().collect::<Vec<_>>());
                let expected =
                    roster.filter(|roster| roster.contains(&session.member())).ok_or(Error::UnknownGroup(id));
                prop_assert_eq!(session.roster(id), expected, "the roster that {} knows", session.member());
            }
        }
        Ok(())
    }

    fn check(&mut self) -> TestCaseResult {
        let live = self.live();
        self.check_rosters()?;
        self.model.check_messages(&live)?;
        self.model.check_order()?;
        for device in &live {
            for group in GROUPS {
                let ready = self.model.groups.get(&group).is_some_and(|group| group.roster.contains(device));
                let stayed = ready && !self.parted.contains(&(*device, group));
                self.model.check_sender(*device, group, stayed)?;
            }
        }
        if live.len() == DEVICES { self.check_rest() } else { Ok(()) }
    }

    /// With everybody there, nothing waits for anything.
    fn check_rest(&self) -> TestCaseResult {
        let sessions = self.devices.iter().filter_map(|device| device.session.as_ref());
        let held = sessions.flat_map(Session::memory).chain(self.service.memory()).map(|(name, _)| name);
        let waits = ["session/early", "session/group", "session/open", "queue", "early-request", "waiting-fetch"];
        let waiting: Vec<String> = held.filter(|name| waits.iter().any(|wait| name.starts_with(wait))).collect();
        prop_assert!(waiting.is_empty(), "something waits without end: {waiting:?}");
        Ok(())
    }
}

fn member(index: usize) -> MemberId {
    MemberId(u16::try_from(index).expect("a handful of devices"))
}
