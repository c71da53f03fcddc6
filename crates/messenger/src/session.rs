//! A device's side of the messenger: MLS, attachments and the delivery service's protocol in one state machine.
//!
//! Everything but short text is sent as an attachment, so that contents of one padded length look alike. Sends wait
//! until the group is ready and while a commit of this device is under way. A commit that lost its epoch is made again
//! on top of the winner; a message refused for its epoch is encrypted again, before later ones.

use crate::attachment::{self, SealedAttachment};
use crate::client::Processed;
use crate::escrow::{EscrowKey, Escrowed};
use crate::franking::{self, Commitment, Opening, Proof, Stamp};
use crate::message::{Envelope, LONGEST_INLINE_TEXT, LONGEST_NAME};
use crate::sequence::Sequence;
use crate::{
    BlobId, Client, Content, ContentKind, Delivery, DeliveryBody, Error, GroupId, KeyPackage, MemberId, MessageId,
    Padding, Refusal, Request, RequestBody, wire,
};
use minicbor::bytes::ByteVec;
use rand_core::Rng;
use sightline_crypto::{Ledger, Seed, Stream};
use std::collections::{BTreeMap, VecDeque};

/// What happened on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// This device created a group or was added to one.
    Joined {
        /// The group.
        group: GroupId,
        /// Its members, ascending, this device included.
        roster: Vec<MemberId>,
    },
    /// Members came or went, by this device's commit or another's. Both lists are empty after an update of keys.
    RosterChanged {
        /// The group.
        group: GroupId,
        /// Its new epoch.
        epoch: u64,
        /// Who joined.
        added: Vec<MemberId>,
        /// Who was removed.
        removed: Vec<MemberId>,
    },
    /// This device was removed; its keys of the group are erased.
    Left {
        /// The group.
        group: GroupId,
    },
    /// The service took a message of this device.
    Sent {
        /// The group.
        group: GroupId,
        /// The message.
        id: MessageId,
    },
    /// A message came and, if it has one, its attachment opened.
    Received {
        /// The group.
        group: GroupId,
        /// Who sent it.
        sender: MemberId,
        /// The message.
        id: MessageId,
        /// What it carries.
        content: Content,
        /// What it takes to report it, where messages can be reported.
        proof: Option<Proof>,
    },
    /// The service refused something for good: the group or member is gone, or a limit was hit.
    Refused {
        /// The group it was for, if for one.
        group: Option<GroupId>,
        /// Why.
        refusal: Refusal,
    },
    /// Something that was delivered or asked for could not be done; the rest goes on.
    Failed {
        /// The group it was for.
        group: GroupId,
        /// Why.
        error: Error,
    },
}

/// A device: hand it commands and deliveries, send the requests it returns.
#[derive(Debug)]
pub struct Session {
    client: Client,
    ledger: Ledger,
    padding: Padding,
    /// Messages can be reported: it commits to what it sends, and takes nothing that is not committed to.
    franking: bool,
    /// Whom every envelope is sealed to as well.
    escrow: Option<EscrowKey>,
    randomness: Stream,
    last_request: u64,
    sent: u64,
    deliveries: Sequence<DeliveryBody>,
    conversations: BTreeMap<GroupId, Conversation>,
    /// Requests that will be answered, by number.
    open: BTreeMap<u64, Open>,
}

/// What waits in one group.
#[derive(Debug, Default)]
struct Conversation {
    /// This device is creating the group, and the service has yet to accept it.
    creating: bool,
    /// The request that its creation or change under way waits for.
    asked: u64,
    /// The change that is under way.
    change: Option<Change>,
    changes: VecDeque<Change>,
    outgoing: VecDeque<Outgoing>,
    /// A commit of `change` is at the service.
    committed: bool,
}

/// A change to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Add(MemberId, Option<Vec<u8>>),
    Remove(MemberId),
    Update,
}

/// A message on its way.
#[derive(Debug, Clone)]
struct Outgoing {
    /// How many messages the user sent before.
    place: u64,
    id: MessageId,
    envelope: Vec<u8>,
    commitment: Option<Commitment>,
    escrowed: Option<Escrowed>,
    blob: Option<BlobId>,
    /// The blob itself, until it is stored.
    upload: Option<Vec<u8>>,
}

/// What a request was for.
#[derive(Debug)]
enum Open {
    Create(GroupId, Vec<MemberId>),
    Created(GroupId),
    KeyPackage(GroupId),
    Commit(GroupId),
    /// With the epoch in which it was encrypted.
    Send(GroupId, u64, Outgoing),
    Fetch(GroupId, MemberId, Envelope, Option<Stamp>),
}

/// What a step of the session brings out.
#[derive(Debug, Default)]
struct Output {
    requests: Vec<Request>,
    events: Vec<Event>,
}

impl Session {
    /// The device of `member`. All it will ever draw follows from `seed`.
    pub fn new(member: MemberId, seed: &Seed, ledger: Ledger, padding: Padding) -> Self {
        Self {
            client: Client::new(member, &seed.derive("client", 0), ledger.clone()),
            ledger,
            padding,
            franking: false,
            escrow: None,
            randomness: seed.derive("attachments", 0).stream(),
            last_request: 0,
            sent: 0,
            deliveries: Sequence::default(),
            conversations: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// The same device where messages can be reported.
    #[must_use]
    pub const fn franking(mut self) -> Self {
        self.franking = true;
        self
    }

    /// The same device where every envelope is sealed to `key` as well.
    #[must_use]
    pub const fn escrowing(mut self, key: EscrowKey) -> Self {
        self.escrow = Some(key);
        self
    }

    /// Who this is.
    pub const fn member(&self) -> MemberId {
        self.client.member()
    }

    /// The members of a group that this device is in, ascending.
    pub fn roster(&self, group: GroupId) -> Result<Vec<MemberId>, Error> {
        self.client.roster(group)
    }

    /// The groups that this device is in or creates, ascending.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.conversations.keys().copied()
    }

    /// Introduces the device to the service: publishes a key package. More follow when the service asks.
    pub fn start(&mut self) -> Result<Vec<Request>, Error> {
        let mut output = Output::default();
        self.publish_key_package(&mut output)?;
        Ok(output.requests)
    }

    /// Creates a group with `members` (this device need not be named). It is ready, as [`Event::Joined`] says, once all
    /// of them have published a key package; what is sent before waits.
    pub fn create_group(&mut self, group: GroupId, members: &[MemberId]) -> Result<Vec<Request>, Error> {
        if self.conversations.contains_key(&group) {
            return Err(Error::GroupExists(group));
        }
        let mut members: Vec<MemberId> = members.iter().copied().filter(|member| *member != self.member()).collect();
        members.sort_unstable();
        members.dedup();
        let mut output = Output::default();
        let body = RequestBody::FetchKeyPackages { members: members.clone() };
        let asked = self.ask(body, Open::Create(group, members), &mut output);
        self.conversations.insert(group, Conversation { creating: true, asked, ..Conversation::default() });
        Ok(output.requests)
    }

    /// Adds `member` to a group.
    pub fn add(&mut self, group: GroupId, member: MemberId) -> Result<Vec<Request>, Error> {
        self.change(group, Change::Add(member, None))
    }

    /// Removes `member` from a group.
    pub fn remove(&mut self, group: GroupId, member: MemberId) -> Result<Vec<Request>, Error> {
        self.change(group, Change::Remove(member))
    }

    /// Refreshes this device's keys in a group.
    pub fn update(&mut self, group: GroupId) -> Result<Vec<Request>, Error> {
        self.change(group, Change::Update)
    }

    /// Sends `content` to a group; [`Event::Sent`] follows once the service has it.
    pub fn send(&mut self, group: GroupId, content: Content) -> Result<Vec<Request>, Error> {
        let found = content.name.as_ref().map_or(0, String::len);
        if found > LONGEST_NAME {
            return Err(Error::TooLong { what: "name", limit: LONGEST_NAME, found });
        }
        if !self.conversations.contains_key(&group) {
            return Err(Error::UnknownGroup(group));
        }
        let opening = self.franking.then(|| Opening::new(self.fresh()));
        let commitment = opening.as_ref().map(|opening| opening.commit(&content));
        let Content { kind, bytes, name } = content;
        let mut id = MessageId([0; 16]);
        self.randomness.fill_bytes(&mut id.0);
        let mut envelope = Envelope { id, kind, name, text: None, attachment: None, opening };
        let mut upload = None;
        if kind == ContentKind::Text && bytes.len() <= LONGEST_INLINE_TEXT {
            envelope.text = Some(bytes);
        } else {
            let SealedAttachment { blob, key } =
                attachment::seal(&bytes, self.padding, &mut self.randomness, &self.ledger);
            envelope.attachment = Some(key);
            upload = Some(blob);
        }
        let blob = envelope.attachment.as_ref().map(attachment::AttachmentKey::blob);
        let envelope = envelope.encode()?;
        let escrowed = self.escrow.map(|key| {
            let fresh = self.fresh();
            key.seal(&envelope, fresh, &self.ledger)
        });
        let outgoing = Outgoing { place: self.sent, id, envelope, commitment, escrowed, blob, upload };
        self.sent += 1;
        self.conversations.entry(group).or_default().outgoing.push_back(outgoing);
        self.advance_now(group)
    }

    /// Takes a delivery: processes it, and whichever came early, in order; what was processed before is dropped.
    ///
    /// A delivery that is in order but cannot be used gives [`Event::Failed`], so that nobody can hold up the queue.
    ///
    /// # Errors
    /// [`Error::TooFarAhead`], if it cannot be put in order.
    pub fn receive(&mut self, delivery: Delivery) -> Result<(Vec<Request>, Vec<Event>), Error> {
        let found = delivery.number;
        let ready =
            self.deliveries.accept(found, delivery.body).map_err(|expected| Error::TooFarAhead { expected, found })?;
        let mut output = Output::default();
        for (_, body) in ready {
            self.process(body, &mut output);
        }
        let up_to = self.deliveries.last();
        if found <= up_to {
            self.ask(RequestBody::Acknowledge { up_to }, None, &mut output);
        }
        Ok((output.requests, output.events))
    }

    /// As [`Session::receive`], for bytes from the wire.
    ///
    /// # Errors
    /// [`Error::Malformed`] beside those of [`Session::receive`].
    pub fn receive_bytes(&mut self, delivery: &[u8]) -> Result<(Vec<Request>, Vec<Event>), Error> {
        self.receive(Delivery::decode(delivery)?)
    }

    /// Everything this device holds now, sorted by name; what it erased is absent. See [`Client::memory`]. Received
    /// contents are the user's and no longer here.
    pub fn memory(&self) -> Vec<(String, Vec<u8>)> {
        let mut entries = self.client.memory();
        entries.push(("session/counters".into(), wire::encode(&(self.last_request, self.deliveries.last()))));
        for (number, body) in self.deliveries.ahead() {
            entries.push((format!("session/early-delivery/{number:020}"), wire::encode(body)));
        }
        for (group, conversation) in &self.conversations {
            let name = format!("session/group/{:020}", group.0);
            for (place, outgoing) in conversation.outgoing.iter().enumerate() {
                remember(&mut entries, &format!("{name}/outgoing/{place:010}"), outgoing);
            }
            for (place, change) in conversation.change.iter().chain(&conversation.changes).enumerate() {
                let change = match change {
                    Change::Add(member, package) => (0, Some(member), package.clone().map(ByteVec::from)),
                    Change::Remove(member) => (1, Some(member), None),
                    Change::Update => (2, None, None),
                };
                entries.push((format!("{name}/change/{place:010}"), wire::encode(&change)));
            }
        }
        for (number, open) in &self.open {
            let name = format!("session/open/{number:020}");
            match open {
                Open::Send(group, _, outgoing) => {
                    remember(&mut entries, &format!("{name}/send/{:020}", group.0), outgoing);
                }
                Open::Fetch(group, sender, envelope, stamp) => {
                    entries.push((name, wire::encode(&(group, sender, envelope, stamp))));
                }
                Open::Create(group, members) => entries.push((name, wire::encode(&(group, members)))),
                Open::Created(group) | Open::KeyPackage(group) | Open::Commit(group) => {
                    entries.push((name, wire::encode(group)));
                }
            }
        }
        entries.sort_unstable();
        entries
    }

    fn change(&mut self, group: GroupId, change: Change) -> Result<Vec<Request>, Error> {
        let conversation = self.conversations.get_mut(&group).ok_or(Error::UnknownGroup(group))?;
        conversation.changes.push_back(change);
        self.advance_now(group)
    }

    fn process(&mut self, body: DeliveryBody, output: &mut Output) {
        match body {
            DeliveryBody::Accepted { request } => self.accepted(request, output),
            DeliveryBody::Refused { request, refusal } => self.refused(request, refusal, output),
            DeliveryBody::KeyPackages { request, packages } => self.key_packages(request, packages, output),
            DeliveryBody::Welcome { group, welcome } => self.welcomed(group, &welcome, output),
            DeliveryBody::Commit { group, commit } => self.mls(group, &commit, None, output),
            DeliveryBody::Message { group, message, stamp } => self.mls(group, &message, stamp, output),
            DeliveryBody::KeyPackageWanted => {
                // Making one fails only if memory cannot be written; then others cannot add this device, no more.
                _ = self.publish_key_package(output);
            }
            DeliveryBody::Blob { request, blob } => self.blob(request, &blob, output),
        }
    }

    fn mls(&mut self, group: GroupId, message: &[u8], stamp: Option<Stamp>, output: &mut Output) {
        match self.client.process(group, message) {
            Ok(Processed::Application { sender, plaintext, .. }) => {
                self.message(group, sender, &plaintext, stamp, output);
            }
            Ok(Processed::Commit { self_removed: true, .. }) => {
                self.conversations.remove(&group);
                output.events.push(Event::Left { group });
            }
            Ok(Processed::Commit { epoch, added, removed, .. }) => {
                output.events.push(Event::RosterChanged { group, epoch, added, removed });
            }
            Err(error) => output.events.push(Event::Failed { group, error }),
        }
    }

    fn accepted(&mut self, request: u64, output: &mut Output) {
        match self.open.remove(&request) {
            Some(Open::Created(group)) => {
                let Some(conversation) = self.asking(group, request) else { return };
                conversation.creating = false;
                if let Ok(roster) = self.client.roster(group) {
                    output.events.push(Event::Joined { group, roster });
                }
                self.advance(group, output);
            }
            Some(Open::Commit(group)) => {
                let Some(conversation) = self.asking(group, request) else { return };
                conversation.committed = false;
                let (added, removed) = match conversation.change.take() {
                    Some(Change::Add(member, _)) => (vec![member], vec![]),
                    Some(Change::Remove(member)) => (vec![], vec![member]),
                    Some(Change::Update) | None => (vec![], vec![]),
                };
                output.events.push(match self.client.accept(group) {
                    Ok(epoch) => Event::RosterChanged { group, epoch, added, removed },
                    Err(error) => Event::Failed { group, error },
                });
                self.advance(group, output);
            }
            Some(Open::Send(group, _, outgoing)) => {
                output.events.push(Event::Sent { group, id: outgoing.id });
                self.advance(group, output);
            }
            // The service accepts nothing else; a second acceptance finds nothing.
            Some(other) => _ = self.open.insert(request, other),
            None => {}
        }
    }

    fn refused(&mut self, request: u64, refusal: Refusal, output: &mut Output) {
        // Every commit that the service had then was delivered before this, so this device has caught up.
        let stale = matches!(refusal, Refusal::WrongEpoch { group, epoch } if self.client.epoch(group) == Ok(epoch));
        let group = match self.open.remove(&request) {
            Some(Open::Commit(group)) => {
                let Some(conversation) = self.asking(group, request) else { return };
                conversation.committed = false;
                if let Some(change) = conversation.change.take().filter(|_| stale) {
                    conversation.changes.push_front(change);
                }
                if let Err(error) = self.client.discard(group) {
                    output.events.push(Event::Failed { group, error });
                }
                Some(group)
            }
            Some(Open::Send(group, _, outgoing)) if stale => {
                let Some(conversation) = self.conversations.get_mut(&group) else { return };
                let later = conversation.outgoing.partition_point(|waiting| waiting.place < outgoing.place);
                conversation.outgoing.insert(later, outgoing);
                Some(group)
            }
            Some(Open::Create(group, _)) => {
                if self.asking(group, request).is_none() {
                    return;
                }
                self.conversations.remove(&group);
                Some(group)
            }
            Some(Open::Created(group)) => {
                if self.asking(group, request).is_none() {
                    return;
                }
                self.conversations.remove(&group);
                if let Err(error) = self.client.forget(group) {
                    output.events.push(Event::Failed { group, error });
                }
                Some(group)
            }
            Some(Open::KeyPackage(group)) => {
                let Some(conversation) = self.asking(group, request) else { return };
                conversation.change = None;
                Some(group)
            }
            Some(Open::Send(group, ..) | Open::Fetch(group, ..)) => Some(group),
            None => None,
        };
        if !stale {
            output.events.push(Event::Refused { group, refusal });
        }
        if let Some(group) = group {
            self.advance(group, output);
        }
    }

    fn key_packages(&mut self, request: u64, packages: Vec<KeyPackage>, output: &mut Output) {
        match self.open.remove(&request) {
            Some(Open::Create(group, members)) => {
                if self.asking(group, request).is_none() {
                    return;
                }
                let created = check_owners(&members, &packages).and_then(|()| {
                    let packages: Vec<&[u8]> = packages.iter().map(|package| package.bytes.as_slice()).collect();
                    self.client.create_group(group, &packages)
                });
                match created {
                    Ok(created) => {
                        let body =
                            RequestBody::CreateGroup { group, epoch: created.epoch, members, welcome: created.welcome };
                        let asked = self.ask(body, Open::Created(group), output);
                        self.conversations.entry(group).or_default().asked = asked;
                    }
                    Err(error) => {
                        self.conversations.remove(&group);
                        output.events.push(Event::Failed { group, error });
                    }
                }
            }
            Some(Open::KeyPackage(group)) => {
                let Some(conversation) = self.asking(group, request) else { return };
                let Some(Change::Add(member, _)) = conversation.change.take() else { return };
                match check_owners(&[member], &packages) {
                    Ok(()) => {
                        let package = packages.into_iter().next().map(|package| package.bytes);
                        let conversation = self.conversations.entry(group).or_default();
                        conversation.changes.push_front(Change::Add(member, package));
                    }
                    Err(error) => output.events.push(Event::Failed { group, error }),
                }
                self.advance(group, output);
            }
            Some(other) => _ = self.open.insert(request, other),
            None => {}
        }
    }

    fn welcomed(&mut self, group: GroupId, welcome: &[u8], output: &mut Output) {
        // Another has created the group first, so the service will not take ours.
        if self.conversations.get(&group).is_some_and(|conversation| conversation.creating) {
            self.conversations.remove(&group);
            _ = self.client.forget(group);
            output.events.push(Event::Failed { group, error: Error::GroupExists(group) });
        }
        let joined =
            self.client.join(welcome).and_then(|joined| self.client.roster(joined).map(|roster| (joined, roster)));
        match joined {
            Ok((group, roster)) => {
                self.conversations.entry(group).or_default();
                output.events.push(Event::Joined { group, roster });
                self.advance(group, output);
            }
            Err(error) => output.events.push(Event::Failed { group, error }),
        }
    }

    fn message(
        &mut self,
        group: GroupId,
        sender: MemberId,
        plaintext: &[u8],
        stamp: Option<Stamp>,
        output: &mut Output,
    ) {
        match Envelope::decode(plaintext) {
            Ok(Envelope { id, kind, name, text: Some(bytes), opening, .. }) => {
                let content = Content { kind, bytes, name };
                output.events.push(self.received(group, sender, id, content, opening, stamp));
            }
            Ok(envelope) => {
                if let Some(blob) = envelope.attachment.as_ref().map(attachment::AttachmentKey::blob) {
                    self.ask(RequestBody::FetchBlob { blob }, Open::Fetch(group, sender, envelope, stamp), output);
                }
            }
            Err(error) => output.events.push(Event::Failed { group, error }),
        }
    }

    fn blob(&mut self, request: u64, blob: &[u8], output: &mut Output) {
        let (group, sender, envelope, stamp) = match self.open.remove(&request) {
            Some(Open::Fetch(group, sender, envelope, stamp)) => (group, sender, envelope, stamp),
            Some(other) => {
                self.open.insert(request, other);
                return;
            }
            None => return,
        };
        let Envelope { id, kind, name, attachment: Some(key), opening, .. } = envelope else { return };
        output.events.push(match attachment::open(blob, &key) {
            Ok(bytes) => self.received(group, sender, id, Content { kind, bytes, name }, opening, stamp),
            Err(error) => Event::Failed { group, error: error.into() },
        });
    }

    /// What is shown, unless messages can be reported and this one could not.
    fn received(
        &self,
        group: GroupId,
        sender: MemberId,
        id: MessageId,
        content: Content,
        opening: Option<Opening>,
        stamp: Option<Stamp>,
    ) -> Event {
        let proof = self.franking.then(|| franking::accept(&content, opening, stamp, sender, group)).transpose();
        match proof {
            Ok(proof) => Event::Received { group, sender, id, content, proof },
            Err(error) => Event::Failed { group, error: error.into() },
        }
    }

    fn fresh(&mut self) -> [u8; 32] {
        let mut fresh = [0; 32];
        self.randomness.fill_bytes(&mut fresh);
        fresh
    }

    /// [`Session::advance`] after a command: what fails at once is the command's error.
    fn advance_now(&mut self, group: GroupId) -> Result<Vec<Request>, Error> {
        let mut output = Output::default();
        self.advance(group, &mut output);
        match output.events.pop() {
            Some(Event::Failed { error, .. }) if output.requests.is_empty() => Err(error),
            _ => Ok(output.requests),
        }
    }

    /// Starts the next change of a group and sends what waits, as far as that is possible now.
    fn advance(&mut self, group: GroupId, output: &mut Output) {
        if self.conversations.get(&group).is_none_or(|conversation| conversation.creating) {
            return;
        }
        while let Some(conversation) = self.conversations.get_mut(&group)
            && conversation.change.is_none()
            && let Some(change) = conversation.changes.pop_front()
        {
            conversation.change = Some(change.clone());
            if let Err(error) = self.begin(group, change, output) {
                self.conversations.entry(group).or_default().change = None;
                output.events.push(Event::Failed { group, error });
            }
        }
        // What was encrypted in a past epoch may yet be refused, and then goes first.
        let epoch = self.client.epoch(group);
        let past = |open: &Open| matches!(open, Open::Send(to, sent, _) if *to == group && epoch != Ok(*sent));
        let overtaken = self.open.values().any(past);
        while let Some(conversation) = self.conversations.get_mut(&group)
            && !conversation.committed
            && !overtaken
            && let Some(outgoing) = conversation.outgoing.pop_front()
        {
            if let Err(error) = self.dispatch(group, outgoing, output) {
                output.events.push(Event::Failed { group, error });
            }
        }
    }

    fn begin(&mut self, group: GroupId, change: Change, output: &mut Output) -> Result<(), Error> {
        let mut added = Vec::new();
        let mut removed = Vec::new();
        let made = match change {
            Change::Add(member, _) if self.client.roster(group)?.contains(&member) => {
                return Err(Error::AlreadyAMember(group, member));
            }
            Change::Add(member, None) => {
                let body = RequestBody::FetchKeyPackages { members: vec![member] };
                let asked = self.ask(body, Open::KeyPackage(group), output);
                self.conversations.entry(group).or_default().asked = asked;
                return Ok(());
            }
            Change::Add(member, Some(package)) => {
                added.push(member);
                self.client.add(group, &package)?
            }
            Change::Remove(member) => {
                removed.push(member);
                self.client.remove(group, member)?
            }
            Change::Update => self.client.update(group)?,
        };
        let body = RequestBody::Commit {
            group,
            epoch: made.epoch,
            commit: made.commit,
            welcome: made.welcome,
            added,
            removed,
        };
        let asked = self.ask(body, Open::Commit(group), output);
        let conversation = self.conversations.entry(group).or_default();
        conversation.committed = true;
        conversation.asked = asked;
        Ok(())
    }

    fn dispatch(&mut self, group: GroupId, mut outgoing: Outgoing, output: &mut Output) -> Result<(), Error> {
        let epoch = self.client.epoch(group)?;
        let message = self.client.encrypt(group, &outgoing.envelope)?;
        if let Some(blob) = outgoing.upload.take() {
            self.ask(RequestBody::PutBlob { blob }, None, output);
        }
        let (blob, commitment) = (outgoing.blob, outgoing.commitment);
        let escrowed = outgoing.escrowed.clone();
        let body = RequestBody::Send { group, epoch, message, blob, commitment, escrowed };
        self.ask(body, Open::Send(group, epoch, outgoing), output);
        Ok(())
    }

    fn publish_key_package(&mut self, output: &mut Output) -> Result<(), Error> {
        let package = KeyPackage { member: self.member(), bytes: self.client.key_package()? };
        self.ask(RequestBody::PublishKeyPackages { packages: vec![package] }, None, output);
        Ok(())
    }

    /// The conversation, if its creation or change under way waits for `request`: what was asked before this device
    /// left the group has no bearing on it.
    fn asking(&mut self, group: GroupId, request: u64) -> Option<&mut Conversation> {
        self.conversations.get_mut(&group).filter(|conversation| conversation.asked == request)
    }

    /// Returns the request's number.
    fn ask(&mut self, body: RequestBody, open: impl Into<Option<Open>>, output: &mut Output) -> u64 {
        self.last_request += 1;
        let number = self.last_request;
        if let Some(open) = open.into() {
            self.open.insert(number, open);
        }
        output.requests.push(Request { number, body });
        number
    }
}

/// The service must hand out one key package of each of `members`, ascending, and each must name its owner.
fn check_owners(members: &[MemberId], packages: &[KeyPackage]) -> Result<(), Error> {
    let owners = packages.iter().map(|package| Client::claimed_owner(&package.bytes)).collect::<Result<Vec<_>, _>>()?;
    if owners == members {
        return Ok(());
    }
    Err(Error::WrongCredential { expected: format!("{members:?}"), found: format!("{owners:?}") })
}

fn remember(entries: &mut Vec<(String, Vec<u8>)>, name: &str, outgoing: &Outgoing) {
    entries.push((format!("{name}/envelope"), outgoing.envelope.clone()));
    entries.extend(outgoing.upload.iter().map(|blob| (format!("{name}/blob"), blob.clone())));
}
