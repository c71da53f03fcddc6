//! The delivery service (RFC 9750 §5): a directory of key packages, the order of each group's commits, a queue for
//! every device, and a store of sealed blobs. A pure state machine; it holds no key.

use crate::escrow::Escrowed;
use crate::franking::{Commitment, FrankingKey};
use crate::sequence::Sequence;
use crate::{BlobId, Delivery, DeliveryBody, GroupId, KeyPackage, MemberId, Request, RequestBody, wire};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Largest sealed blob in bytes.
pub const LARGEST_BLOB: usize = 128 << 20;
/// Largest MLS message (commit, Welcome, application message, key package) in bytes.
pub const LARGEST_MESSAGE: usize = 1 << 20;
/// Most members of a group, and most members that one request may name.
pub const MOST_MEMBERS: usize = 1000;
/// Most key packages that the directory keeps for a member.
pub const MOST_KEY_PACKAGES: usize = 100;
/// Most deliveries that wait for a member.
pub const LONGEST_QUEUE: usize = 1 << 14;
/// Most requests of one member that wait for others' key packages.
pub const MOST_WAITING_FETCHES: usize = 64;

/// Why the service does not do what it was asked. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, thiserror::Error)]
#[cbor(map)]
#[non_exhaustive]
pub enum Refusal {
    /// The bytes are no request.
    #[n(0)]
    #[error("not a request of the wire format")]
    Malformed,
    /// The request's number is further ahead than the service buffers.
    #[n(1)]
    #[error("request {found} is too far ahead of {expected}, the next one expected")]
    TooFarAhead {
        /// The next number in order.
        #[n(0)]
        expected: u64,
        /// The number that came.
        #[n(1)]
        found: u64,
    },
    /// Something is larger, or there is more of it, than the service takes.
    #[n(2)]
    #[error("{found} is above the service's limit of {limit}")]
    TooLarge {
        /// The limit, in bytes or items.
        #[n(0)]
        limit: u64,
        /// What came.
        #[n(1)]
        found: u64,
    },
    /// A key package is published in another's name.
    #[n(3)]
    #[error("a member publishes key packages in its own name only")]
    NotYours,
    /// Too many requests wait for key packages already.
    #[n(4)]
    #[error("{member} has no key package left, and too many requests wait already")]
    OutOfKeyPackages {
        /// Whose are missing.
        #[n(0)]
        member: MemberId,
    },
    /// There is no such group.
    #[n(5)]
    #[error("there is no {group}")]
    UnknownGroup {
        /// The group asked for.
        #[n(0)]
        group: GroupId,
    },
    /// The group's id is taken.
    #[n(6)]
    #[error("{group} exists already")]
    GroupExists {
        /// The group.
        #[n(0)]
        group: GroupId,
    },
    /// The member named, or the sender, is not in the group.
    #[n(7)]
    #[error("{member} is not in {group}")]
    NotAMember {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// Who is not in it.
        #[n(1)]
        member: MemberId,
    },
    /// The member added is in the group, or named twice.
    #[n(8)]
    #[error("{member} is in {group} already")]
    AlreadyAMember {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// Who is in it.
        #[n(1)]
        member: MemberId,
    },
    /// Another commit of that epoch came first, or the message is of a past or future epoch.
    #[n(9)]
    #[error("{group} is in epoch {epoch}")]
    WrongEpoch {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The epoch it is in.
        #[n(1)]
        epoch: u64,
    },
    /// A Welcome without anybody added, or the reverse.
    #[n(10)]
    #[error("a Welcome goes with added members, and only with them")]
    WelcomeMismatch,
    /// There is no such blob, or not any more.
    #[n(11)]
    #[error("there is no such blob: every recipient has fetched it, or it was never stored")]
    UnknownBlob {
        /// The blob asked for.
        #[n(0)]
        blob: BlobId,
    },
    /// A member's queue is full.
    #[n(12)]
    #[error("the queue of {member} is full")]
    QueueFull {
        /// Whose.
        #[n(0)]
        member: MemberId,
    },
    /// A delivery is acknowledged that was never made.
    #[n(13)]
    #[error("delivery {found} was not made yet; the last one is {last}")]
    NotDelivered {
        /// Number of the last delivery.
        #[n(0)]
        last: u64,
        /// The number acknowledged.
        #[n(1)]
        found: u64,
    },
    /// A message without a commitment, where messages can be reported.
    #[n(14)]
    #[error("messages are delivered with a commitment to their content only, so that recipients can report them")]
    Uncommitted,
    /// A message without a copy for the escrow, where there is one.
    #[n(15)]
    #[error("messages are delivered with their envelope sealed to the escrow only")]
    Unescrowed,
}

/// The delivery service's state. Start from [`DeliveryService::default`].
#[derive(Debug, Default)]
pub struct DeliveryService {
    members: BTreeMap<MemberId, Mailbox>,
    groups: BTreeMap<GroupId, Group>,
    blobs: BTreeMap<BlobId, Blob>,
    fetches: Vec<Fetch>,
    /// Stamps messages, if they can be reported.
    stamps: Option<FrankingKey>,
    /// Its clock, in seconds.
    now: u64,
    /// What the last request sent.
    sent: Vec<Sent>,
    /// The same with what the escrow can open, where there is one.
    escrow: Option<Vec<EscrowedMessage>>,
}

/// A message as an escrow gets it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EscrowedMessage {
    /// What the service knows of it.
    #[n(0)]
    pub sent: Sent,
    /// Its envelope.
    #[n(1)]
    pub envelope: Escrowed,
    /// The blob that it refers to.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub blob: Option<Vec<u8>>,
}

/// What the service knows of a message: what plain end-to-end encryption shows it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sent {
    /// Who sent it.
    #[n(0)]
    pub sender: MemberId,
    /// To which group.
    #[n(1)]
    pub group: GroupId,
    /// Who was in the group beside the sender.
    #[n(2)]
    pub recipients: Vec<MemberId>,
    /// Bytes of the message and of the blob that it refers to.
    #[n(3)]
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Mailbox {
    requests: Sequence<RequestBody>,
    key_packages: VecDeque<Vec<u8>>,
    queue: BTreeMap<u64, DeliveryBody>,
    last_delivery: u64,
    /// It was asked for a key package and has not sent one.
    wanted: bool,
}

#[derive(Debug)]
struct Group {
    epoch: u64,
    roster: BTreeSet<MemberId>,
}

#[derive(Debug)]
struct Blob {
    bytes: Vec<u8>,
    /// Who may and has yet to fetch it; none before a message refers to it.
    awaited_by: Option<BTreeSet<MemberId>>,
}

/// A request for key packages that are not all there yet.
#[derive(Debug)]
struct Fetch {
    from: MemberId,
    request: u64,
    members: Vec<MemberId>,
}

type Deliveries = Vec<(MemberId, Delivery)>;

impl DeliveryService {
    /// A service that stamps messages with `key`, so that they can be reported, and takes none that cannot.
    pub fn stamping(key: FrankingKey) -> Self {
        Self { stamps: Some(key), ..Self::default() }
    }

    /// A service that takes no message without a copy for the escrow.
    pub fn escrowing() -> Self {
        Self { escrow: Some(Vec::new()), ..Self::default() }
    }

    /// The messages that the last request sent, as the escrow gets them. They are not kept.
    pub fn take_escrowed(&mut self) -> Vec<EscrowedMessage> {
        self.escrow.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The messages that the last request sent. They are not kept.
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// Sets its clock, in seconds: stamps name the time.
    pub const fn set_clock(&mut self, now: u64) {
        self.now = now;
    }

    /// Carries out a request of `from`, whom the connection authenticates, and whichever of its requests waited for
    /// this one. What is refused in the course of it is delivered to `from` as [`DeliveryBody::Refused`].
    ///
    /// # Errors
    /// [`Refusal::TooFarAhead`], if the request cannot be put in order.
    pub fn handle(&mut self, from: MemberId, request: Request) -> Result<Deliveries, Refusal> {
        let found = request.number;
        self.sent.clear();
        let ready = self.members.entry(from).or_default().requests.accept(found, request.body);
        let mut deliveries = Vec::new();
        for (number, body) in ready.map_err(|expected| Refusal::TooFarAhead { expected, found })? {
            if let Err(refusal) = self.carry_out(from, number, body, &mut deliveries) {
                self.deliver(from, DeliveryBody::Refused { request: number, refusal }, &mut deliveries);
            }
        }
        Ok(deliveries)
    }

    /// As [`DeliveryService::handle`], for bytes from the wire.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] and [`Refusal::TooLarge`] beside those of [`DeliveryService::handle`].
    pub fn handle_bytes(&mut self, from: MemberId, request: &[u8]) -> Result<Vec<(MemberId, Vec<u8>)>, Refusal> {
        limit(LARGEST_BLOB + LARGEST_MESSAGE, request.len())?;
        let request = Request::decode(request).map_err(|_| Refusal::Malformed)?;
        Ok(self.handle(from, request)?.into_iter().map(|(to, delivery)| (to, delivery.encode())).collect())
    }

    /// What was delivered to `member` and not acknowledged, in order: to be delivered again when it reconnects.
    pub fn unacknowledged(&self, member: MemberId) -> Vec<Delivery> {
        let queue = self.members.get(&member).into_iter().flat_map(|mailbox| &mailbox.queue);
        queue.map(|(number, body)| Delivery { number: *number, body: body.clone() }).collect()
    }

    /// The members of a group, as far as the service knows.
    pub fn roster(&self, group: GroupId) -> Option<&BTreeSet<MemberId>> {
        self.groups.get(&group).map(|group| &group.roster)
    }

    /// All groups with their members, as far as the service knows.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &BTreeSet<MemberId>)> {
        self.groups.iter().map(|(id, group)| (*id, &group.roster))
    }

    /// Everything the service holds now, sorted by name.
    pub fn memory(&self) -> Vec<(String, Vec<u8>)> {
        let mut entries = Vec::new();
        for (member, mailbox) in &self.members {
            let member = member.0;
            for (place, package) in mailbox.key_packages.iter().enumerate() {
                entries.push((format!("key-package/{member:05}/{place:05}"), package.clone()));
            }
            for (number, body) in &mailbox.queue {
                entries.push((format!("queue/{member:05}/{number:020}"), wire::encode(body)));
            }
            for (number, body) in mailbox.requests.ahead() {
                entries.push((format!("early-request/{member:05}/{number:020}"), wire::encode(body)));
            }
            let counters = (mailbox.requests.last(), mailbox.last_delivery, mailbox.wanted);
            entries.push((format!("counters/{member:05}"), wire::encode(&counters)));
        }
        for (id, group) in &self.groups {
            let roster: Vec<MemberId> = group.roster.iter().copied().collect();
            entries.push((format!("group/{:020}", id.0), wire::encode(&(group.epoch, roster))));
        }
        for (place, (id, blob)) in self.blobs.iter().enumerate() {
            let awaited_by: Option<Vec<MemberId>> =
                blob.awaited_by.as_ref().map(|members| members.iter().copied().collect());
            entries.push((format!("blob/{place:010}/about"), wire::encode(&(id, awaited_by))));
            entries.push((format!("blob/{place:010}/bytes"), blob.bytes.clone()));
        }
        for (place, fetch) in self.fetches.iter().enumerate() {
            entries.push((
                format!("waiting-fetch/{place:05}"),
                wire::encode(&(fetch.from, fetch.request, &fetch.members)),
            ));
        }
        entries.extend(self.stamps.iter().map(|key| ("franking-key".to_owned(), key.as_bytes().to_vec())));
        entries.sort_unstable();
        entries
    }

    /// Checks everything first, then changes; so a refusal leaves the state as it was.
    fn carry_out(
        &mut self,
        from: MemberId,
        request: u64,
        body: RequestBody,
        to: &mut Deliveries,
    ) -> Result<(), Refusal> {
        match body {
            RequestBody::PublishKeyPackages { packages } => self.publish(from, packages, to),
            RequestBody::FetchKeyPackages { members } => self.fetch_key_packages(from, request, members, to),
            RequestBody::CreateGroup { group, epoch, members, welcome } => {
                self.create_group(from, group, epoch, &members, &welcome, to)?;
                self.deliver(from, DeliveryBody::Accepted { request }, to);
                Ok(())
            }
            RequestBody::Commit { group, epoch, commit, welcome, added, removed } => {
                self.check_epoch(from, group, epoch)?;
                self.commit(from, group, &commit, &welcome, &added, &removed, to)?;
                self.deliver(from, DeliveryBody::Accepted { request }, to);
                Ok(())
            }
            RequestBody::Send { group, epoch, message, blob, commitment, escrowed } => {
                self.check_epoch(from, group, epoch)?;
                if self.escrow.is_some() && escrowed.is_none() {
                    return Err(Refusal::Unescrowed);
                }
                let copy = blob.and_then(|id| self.blobs.get(&id)).map(|blob| blob.bytes.clone());
                self.send(from, group, &message, blob, commitment, to)?;
                if let (Some(escrow), Some(envelope), Some(sent)) = (&mut self.escrow, escrowed, self.sent.last()) {
                    escrow.push(EscrowedMessage { sent: sent.clone(), envelope, blob: copy });
                }
                self.deliver(from, DeliveryBody::Accepted { request }, to);
                Ok(())
            }
            RequestBody::PutBlob { blob } => {
                limit(LARGEST_BLOB, blob.len())?;
                self.blobs.entry(BlobId::of(&blob)).or_insert(Blob { bytes: blob, awaited_by: None });
                Ok(())
            }
            RequestBody::FetchBlob { blob } => self.fetch_blob(from, request, blob, to),
            RequestBody::Acknowledge { up_to } => {
                let mailbox = self.members.entry(from).or_default();
                if up_to > mailbox.last_delivery {
                    return Err(Refusal::NotDelivered { last: mailbox.last_delivery, found: up_to });
                }
                mailbox.queue.retain(|number, _| *number > up_to);
                Ok(())
            }
        }
    }

    fn publish(&mut self, from: MemberId, packages: Vec<KeyPackage>, to: &mut Deliveries) -> Result<(), Refusal> {
        let mailbox = self.members.entry(from).or_default();
        limit(MOST_KEY_PACKAGES, mailbox.key_packages.len() + packages.len())?;
        for package in &packages {
            limit(LARGEST_MESSAGE, package.bytes.len())?;
            if package.member != from {
                return Err(Refusal::NotYours);
            }
        }
        mailbox.key_packages.extend(packages.into_iter().map(|package| package.bytes));
        mailbox.wanted = false;
        for fetch in std::mem::take(&mut self.fetches) {
            if self.missing(&fetch.members).is_some() {
                self.fetches.push(fetch);
            } else {
                self.hand_out(&fetch, to);
            }
        }
        self.want(to);
        Ok(())
    }

    fn fetch_key_packages(
        &mut self,
        from: MemberId,
        request: u64,
        members: Vec<MemberId>,
        to: &mut Deliveries,
    ) -> Result<(), Refusal> {
        limit(MOST_MEMBERS, members.len())?;
        let fetch = Fetch { from, request, members };
        match self.missing(&fetch.members) {
            None => self.hand_out(&fetch, to),
            Some(member) => {
                if self.fetches.iter().filter(|waiting| waiting.from == from).count() >= MOST_WAITING_FETCHES {
                    return Err(Refusal::OutOfKeyPackages { member });
                }
                self.fetches.push(fetch);
                self.want(to);
            }
        }
        Ok(())
    }

    /// The first of `members` who has no key package (a member named twice needs one all the same).
    fn missing(&self, members: &[MemberId]) -> Option<MemberId> {
        let has_one = |member| self.members.get(member).is_some_and(|mailbox| !mailbox.key_packages.is_empty());
        members.iter().find(|member| !has_one(member)).copied()
    }

    /// Asks whoever holds up a fetch for a key package. One who never spoke will publish its first anyway.
    fn want(&mut self, to: &mut Deliveries) {
        let named: BTreeSet<MemberId> = self.fetches.iter().flat_map(|fetch| &fetch.members).copied().collect();
        for member in named {
            let Some(mailbox) = self.members.get_mut(&member) else { continue };
            if mailbox.key_packages.is_empty() && !mailbox.wanted && mailbox.requests.last() > 0 {
                mailbox.wanted = true;
                self.deliver(member, DeliveryBody::KeyPackageWanted, to);
            }
        }
    }

    fn hand_out(&mut self, fetch: &Fetch, to: &mut Deliveries) {
        let distinct: BTreeSet<MemberId> = fetch.members.iter().copied().collect();
        let mut packages = Vec::with_capacity(distinct.len());
        for member in distinct {
            let package = self.members.get_mut(&member).and_then(|mailbox| mailbox.key_packages.pop_front());
            packages.extend(package.map(|bytes| KeyPackage { member, bytes }));
        }
        self.deliver(fetch.from, DeliveryBody::KeyPackages { request: fetch.request, packages }, to);
    }

    fn create_group(
        &mut self,
        from: MemberId,
        group: GroupId,
        epoch: u64,
        members: &[MemberId],
        welcome: &[u8],
        to: &mut Deliveries,
    ) -> Result<(), Refusal> {
        if self.groups.contains_key(&group) {
            return Err(Refusal::GroupExists { group });
        }
        let roster = BTreeSet::from([from]);
        let roster = checked_additions(group, &roster, members, welcome)?;
        self.check_queues(&roster)?;
        self.groups.insert(group, Group { epoch, roster });
        for member in members {
            self.deliver(*member, DeliveryBody::Welcome { group, welcome: welcome.to_owned() }, to);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one request")]
    fn commit(
        &mut self,
        from: MemberId,
        group: GroupId,
        commit: &[u8],
        welcome: &[u8],
        added: &[MemberId],
        removed: &[MemberId],
        to: &mut Deliveries,
    ) -> Result<(), Refusal> {
        limit(LARGEST_MESSAGE, commit.len())?;
        let Some(current) = self.groups.get(&group) else { return Err(Refusal::UnknownGroup { group }) };
        if let Some(stranger) = removed.iter().find(|member| !current.roster.contains(member)) {
            return Err(Refusal::NotAMember { group, member: *stranger });
        }
        let recipients: Vec<MemberId> = current.roster.iter().copied().filter(|member| *member != from).collect();
        let mut roster = checked_additions(group, &current.roster, added, welcome)?;
        roster.retain(|member| !removed.contains(member));
        // A full queue must not keep its owner in the group.
        self.check_queues(&roster)?;
        let epoch = current.epoch + 1;
        self.groups.insert(group, Group { epoch, roster });
        for member in recipients {
            self.deliver(member, DeliveryBody::Commit { group, commit: commit.to_owned() }, to);
        }
        for member in added {
            self.deliver(*member, DeliveryBody::Welcome { group, welcome: welcome.to_owned() }, to);
        }
        Ok(())
    }

    fn send(
        &mut self,
        from: MemberId,
        group: GroupId,
        message: &[u8],
        blob: Option<BlobId>,
        commitment: Option<Commitment>,
        to: &mut Deliveries,
    ) -> Result<(), Refusal> {
        limit(LARGEST_MESSAGE, message.len())?;
        if self.stamps.is_some() && commitment.is_none() {
            return Err(Refusal::Uncommitted);
        }
        let stamp = self.stamps.as_ref().zip(commitment);
        let stamp = stamp.map(|(key, commitment)| key.stamp(commitment, from, group, self.now));
        let Some(current) = self.groups.get(&group) else { return Err(Refusal::UnknownGroup { group }) };
        self.check_queues(&current.roster)?;
        let recipients: BTreeSet<MemberId> = current.roster.iter().copied().filter(|member| *member != from).collect();
        let mut bytes = message.len() as u64;
        if let Some(id) = blob {
            let stored = self.blobs.get_mut(&id).ok_or(Refusal::UnknownBlob { blob: id })?;
            bytes += stored.bytes.len() as u64;
            stored.awaited_by.get_or_insert_default().extend(&recipients);
            if recipients.is_empty() {
                self.blobs.remove(&id);
            }
        }
        self.sent.push(Sent { sender: from, group, recipients: recipients.iter().copied().collect(), bytes });
        for member in recipients {
            let body = DeliveryBody::Message { group, message: message.to_owned(), stamp: stamp.clone() };
            self.deliver(member, body, to);
        }
        Ok(())
    }

    fn fetch_blob(&mut self, from: MemberId, request: u64, id: BlobId, to: &mut Deliveries) -> Result<(), Refusal> {
        let unknown = Refusal::UnknownBlob { blob: id };
        let Some(blob) = self.blobs.get_mut(&id) else { return Err(unknown) };
        let Some(awaited_by) = &mut blob.awaited_by else { return Err(unknown) };
        if !awaited_by.remove(&from) {
            return Err(unknown);
        }
        let bytes = if awaited_by.is_empty() {
            self.blobs.remove(&id).map(|blob| blob.bytes)
        } else {
            Some(blob.bytes.clone())
        };
        self.deliver(from, DeliveryBody::Blob { request, blob: bytes.unwrap_or_default() }, to);
        Ok(())
    }

    fn check_epoch(&self, from: MemberId, group: GroupId, epoch: u64) -> Result<(), Refusal> {
        let current = self.groups.get(&group).ok_or(Refusal::UnknownGroup { group })?;
        if !current.roster.contains(&from) {
            return Err(Refusal::NotAMember { group, member: from });
        }
        if current.epoch != epoch {
            return Err(Refusal::WrongEpoch { group, epoch: current.epoch });
        }
        Ok(())
    }

    fn check_queues(&self, recipients: &BTreeSet<MemberId>) -> Result<(), Refusal> {
        let is_full = |member| self.members.get(member).is_some_and(|mailbox| mailbox.queue.len() >= LONGEST_QUEUE);
        recipients
            .iter()
            .find(|member| is_full(member))
            .map_or(Ok(()), |member| Err(Refusal::QueueFull { member: *member }))
    }

    fn deliver(&mut self, member: MemberId, body: DeliveryBody, to: &mut Deliveries) {
        let mailbox = self.members.entry(member).or_default();
        mailbox.last_delivery += 1;
        mailbox.queue.insert(mailbox.last_delivery, body.clone());
        to.push((member, Delivery { number: mailbox.last_delivery, body }));
    }
}

/// `roster` with `added`, if that may be.
fn checked_additions(
    group: GroupId,
    roster: &BTreeSet<MemberId>,
    added: &[MemberId],
    welcome: &[u8],
) -> Result<BTreeSet<MemberId>, Refusal> {
    limit(LARGEST_MESSAGE, welcome.len())?;
    limit(MOST_MEMBERS, roster.len() + added.len())?;
    if added.is_empty() != welcome.is_empty() {
        return Err(Refusal::WelcomeMismatch);
    }
    let mut roster = roster.clone();
    for member in added {
        if !roster.insert(*member) {
            return Err(Refusal::AlreadyAMember { group, member: *member });
        }
    }
    Ok(roster)
}

const fn limit(limit: usize, found: usize) -> Result<(), Refusal> {
    if found > limit { Err(Refusal::TooLarge { limit: limit as u64, found: found as u64 }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: MemberId = MemberId(1);
    const B: MemberId = MemberId(2);
    const C: MemberId = MemberId(3);
    const GROUP: GroupId = GroupId(9);

    #[derive(Default)]
    struct Bench {
        service: DeliveryService,
        numbers: BTreeMap<MemberId, u64>,
    }

    impl Bench {
        fn ask(&mut self, from: MemberId, body: RequestBody) -> Vec<(MemberId, DeliveryBody)> {
            let number = self.numbers.entry(from).or_default();
            *number += 1;
            let deliveries = self.service.handle(from, Request { number: *number, body }).unwrap();
            deliveries.into_iter().map(|(to, delivery)| (to, delivery.body)).collect()
        }

        /// Asks, and returns the refusal; the state must not change, apart from queue and counters of the sender.
        fn refused(&mut self, from: MemberId, body: RequestBody) -> Refusal {
            let state = |service: &DeliveryService| {
                let own = [format!("queue/{:05}/", from.0), format!("counters/{:05}", from.0)];
                service
                    .memory()
                    .into_iter()
                    .filter(|(name, _)| !own.iter().any(|own| name.starts_with(own)))
                    .collect::<Vec<_>>()
            };
            let before = state(&self.service);
            let answer = self.ask(from, body);
            assert_eq!(state(&self.service), before);
            match answer.as_slice() {
                [(to, DeliveryBody::Refused { refusal, .. })] if *to == from => refusal.clone(),
                other => panic!("not refused: {other:?}"),
            }
        }
    }

    fn create(members: &[MemberId]) -> RequestBody {
        RequestBody::CreateGroup { group: GROUP, epoch: 1, members: members.into(), welcome: b"welcome".into() }
    }

    fn commit(epoch: u64, added: &[MemberId], removed: &[MemberId]) -> RequestBody {
        let welcome = if added.is_empty() { Vec::new() } else { b"welcome".into() };
        RequestBody::Commit {
            group: GROUP,
            epoch,
            commit: b"commit".into(),
            welcome,
            added: added.into(),
            removed: removed.into(),
        }
    }

    fn send(epoch: u64, blob: Option<BlobId>) -> RequestBody {
        RequestBody::Send { group: GROUP, epoch, message: b"message".into(), blob, commitment: None, escrowed: None }
    }

    fn publish(member: MemberId) -> RequestBody {
        RequestBody::PublishKeyPackages { packages: vec![KeyPackage { member, bytes: b"package".into() }] }
    }

    #[test]
    fn the_first_commit_of_an_epoch_wins() {
        let mut bench = Bench::default();
        bench.ask(A, create(&[B]));
        let won = bench.ask(B, commit(1, &[C], &[]));
        assert!(matches!(
            won.as_slice(),
            [(A, DeliveryBody::Commit { .. }), (C, DeliveryBody::Welcome { .. }), (B, DeliveryBody::Accepted { .. })]
        ));
        assert_eq!(bench.refused(A, commit(1, &[], &[])), Refusal::WrongEpoch { group: GROUP, epoch: 2 });
        assert_eq!(bench.refused(A, send(1, None)), Refusal::WrongEpoch { group: GROUP, epoch: 2 });
        // A removed member learns of its removal and is out.
        let removal = bench.ask(A, commit(2, &[], &[B]));
        assert!(matches!(
            removal.as_slice(),
            [(B, DeliveryBody::Commit { .. }), (C, DeliveryBody::Commit { .. }), (A, _)]
        ));
        assert_eq!(bench.refused(B, send(3, None)), Refusal::NotAMember { group: GROUP, member: B });
    }

    #[test]
    fn every_refusal_is_typed_and_changes_nothing() {
        let mut bench = Bench::default();
        bench.ask(A, create(&[B]));
        assert_eq!(bench.refused(B, create(&[C])), Refusal::GroupExists { group: GROUP });
        assert_eq!(bench.refused(C, send(1, None)), Refusal::NotAMember { group: GROUP, member: C });
        assert_eq!(bench.refused(A, commit(1, &[B], &[])), Refusal::AlreadyAMember { group: GROUP, member: B });
        assert_eq!(bench.refused(A, commit(1, &[C, C], &[])), Refusal::AlreadyAMember { group: GROUP, member: C });
        assert_eq!(bench.refused(A, commit(1, &[], &[C])), Refusal::NotAMember { group: GROUP, member: C });
        let message = |group, epoch, message| RequestBody::Send {
            group,
            epoch,
            message,
            blob: None,
            commitment: None,
            escrowed: None,
        };
        let elsewhere = message(GroupId(1), 0, vec![]);
        assert_eq!(bench.refused(A, elsewhere), Refusal::UnknownGroup { group: GroupId(1) });
        let RequestBody::Commit { group, epoch, commit: bytes, added, removed, .. } = commit(1, &[C], &[]) else {
            unreachable!()
        };
        let silent = RequestBody::Commit { group, epoch, commit: bytes, welcome: Vec::new(), added, removed };
        assert_eq!(bench.refused(A, silent), Refusal::WelcomeMismatch);
        assert_eq!(bench.refused(A, publish(B)), Refusal::NotYours);
        let blob = BlobId([7; 32]);
        assert_eq!(bench.refused(A, send(1, Some(blob))), Refusal::UnknownBlob { blob });
        assert_eq!(bench.refused(A, RequestBody::FetchBlob { blob }), Refusal::UnknownBlob { blob });
        assert!(matches!(
            bench.refused(A, RequestBody::Acknowledge { up_to: 99 }),
            Refusal::NotDelivered { found: 99, .. }
        ));
        let huge = message(GROUP, 1, vec![0; LARGEST_MESSAGE + 1]);
        assert!(matches!(bench.refused(A, huge), Refusal::TooLarge { .. }));
        assert!(matches!(
            bench.refused(A, RequestBody::PutBlob { blob: vec![0; LARGEST_BLOB + 1] }),
            Refusal::TooLarge { .. }
        ));
        for _ in 0..MOST_WAITING_FETCHES {
            bench.ask(A, RequestBody::FetchKeyPackages { members: vec![C] });
        }
        assert_eq!(
            bench.refused(A, RequestBody::FetchKeyPackages { members: vec![C] }),
            Refusal::OutOfKeyPackages { member: C }
        );

        assert_eq!(bench.service.handle_bytes(A, b"\xff"), Err(Refusal::Malformed));
        let far = Request { number: u64::MAX, body: publish(A) };
        assert!(matches!(bench.service.handle(A, far), Err(Refusal::TooFarAhead { .. })));
    }

    #[test]
    fn key_packages_are_handed_out_once_and_waited_for() {
        let mut bench = Bench::default();
        let fetch = RequestBody::FetchKeyPackages { members: vec![B, C] };
        assert!(bench.ask(A, fetch.clone()).is_empty());
        assert!(bench.ask(B, publish(B)).is_empty());
        let [(to, DeliveryBody::KeyPackages { request: 1, packages })] = &bench.ask(C, publish(C))[..] else {
            panic!()
        };
        assert_eq!((*to, packages.iter().map(|package| package.member).collect::<Vec<_>>()), (A, vec![B, C]));
        // The second time both are asked for more.
        let asked = bench.ask(A, fetch);
        assert_eq!(asked, [(B, DeliveryBody::KeyPackageWanted), (C, DeliveryBody::KeyPackageWanted)]);
        bench.ask(B, publish(B));
        assert!(matches!(bench.ask(C, publish(C)).as_slice(), [(A, DeliveryBody::KeyPackages { .. })]));
    }

    #[test]
    fn a_blob_goes_to_every_recipient_once_and_is_then_deleted() {
        let mut bench = Bench::default();
        bench.ask(A, create(&[B, C]));
        let (bytes, blob) = (vec![5; 99], BlobId::of(&[5; 99]));
        bench.ask(A, RequestBody::PutBlob { blob: bytes.clone() });
        assert_eq!(bench.refused(B, RequestBody::FetchBlob { blob }), Refusal::UnknownBlob { blob });
        bench.ask(A, send(1, Some(blob)));
        assert_eq!(bench.refused(A, RequestBody::FetchBlob { blob }), Refusal::UnknownBlob { blob });
        for recipient in [B, C] {
            let got = bench.ask(recipient, RequestBody::FetchBlob { blob });
            assert!(
                matches!(got.as_slice(), [(to, DeliveryBody::Blob { blob, .. })] if *to == recipient && *blob == bytes)
            );
        }
        assert!(bench.service.blobs.is_empty());
    }

    #[test]
    fn a_member_with_a_full_queue_stops_the_group_until_it_is_removed() {
        let mut bench = Bench::default();
        bench.ask(A, create(&[B]));
        let queue = &mut bench.service.members.get_mut(&B).unwrap().queue;
        queue.extend((2..=LONGEST_QUEUE as u64).map(|number| (number, DeliveryBody::KeyPackageWanted)));
        assert_eq!(bench.refused(A, send(1, None)), Refusal::QueueFull { member: B });
        assert_eq!(bench.refused(A, commit(1, &[], &[])), Refusal::QueueFull { member: B });
        let removal = bench.ask(A, commit(1, &[], &[B]));
        assert!(matches!(removal.as_slice(), [(B, DeliveryBody::Commit { .. }), (A, DeliveryBody::Accepted { .. })]));
        assert_eq!(bench.refused(A, commit(2, &[B], &[])), Refusal::QueueFull { member: B });
    }

    #[test]
    fn deliveries_stay_until_acknowledged_and_requests_are_put_in_order() {
        let mut bench = Bench::default();
        bench.ask(A, create(&[B]));
        let late = Request { number: 3, body: send(1, None) };
        assert_eq!(bench.service.handle(A, late.clone()).unwrap(), []);
        let both = bench.service.handle(A, Request { number: 2, body: send(1, None) }).unwrap();
        assert_eq!(both.len(), 4);
        assert_eq!(bench.service.handle(A, late).unwrap(), [], "a duplicate does nothing");
        let numbers = |service: &DeliveryService| {
            service.unacknowledged(B).iter().map(|delivery| delivery.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&bench.service), [1, 2, 3]);
        bench.ask(B, RequestBody::Acknowledge { up_to: 2 });
        assert_eq!(numbers(&bench.service), [3]);
    }
}
