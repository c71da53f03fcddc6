//! What every end-to-end encrypted architecture shares: the messenger's session on the device and its delivery service
//! at the provider, carried in messages of the architecture.

use sightline_crypto::Seed;
use sightline_messenger as messenger;
use sightline_messenger::{
    ContentKind, Delivery, DeliveryService, EscrowKey, EscrowedMessage, Event, FrankingKey, GroupId, MemberId, Padding,
    Proof, Request, Sent, Session,
};
use sightline_pictures::Picture;
use sightline_protocol::{
    Command, Content, Display, GroupNumber, Memory, PartyId, PartyProfile, Reason, Role, Setup, SetupError, Time, Turn,
    Wire, Work,
};

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A message type in which the messenger's requests and deliveries travel.
pub(crate) trait Courier: Wire + From<Request> + From<Delivery> {}

/// What a device that is to have contents checked does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// Has them checked.
    Honest,
    /// Has nothing checked.
    Omits,
    /// Has a grey picture checked in place of every content.
    Falsifies,
}

impl Client {
    pub(crate) const DEVIATING: [(&'static str, Self); 2] =
        [("omit-check", Self::Omits), ("check-another", Self::Falsifies)];

    /// What the device of user `index` does: user 0 alone deviates.
    pub(crate) const fn of(self, index: u16) -> Self {
        if index == 0 { self } else { Self::Honest }
    }

    /// What it has checked in place of `content`; nothing to have nothing checked.
    pub(crate) fn presents(self, content: &Content) -> Option<Content> {
        match self {
            Self::Honest => Some(content.clone()),
            Self::Omits => None,
            Self::Falsifies => Some(Content { kind: content.kind, bytes: INNOCENT.clone() }),
        }
    }
}

/// A picture that is on no list: a grey gradient with some detail.
static INNOCENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let level = |place: u32| u8::try_from((place % 64) * 3 + (place / 64 % 16) * 4).unwrap_or(u8::MAX);
    let rgb = (0..64 * 64).flat_map(|place| [level(place); 3]).collect();
    Picture::new(64, 64, rgb).map(|picture| picture.to_jpeg(90)).unwrap_or_default()
});

/// The messenger on a device.
pub(crate) struct Mailbox {
    session: Session,
    padding: Padding,
    /// What it takes to report the contents that were shown, where they can be reported.
    proofs: Vec<Proof>,
}

impl Mailbox {
    /// The mailbox of user `index`; its secrets derive from `seed`.
    pub(crate) fn new(setup: &Setup, index: u16, seed: &Seed, ledger: sightline_crypto::Ledger) -> Self {
        let seed = seed.derive("messenger", u64::from(index));
        let session = Session::new(MemberId(index), &seed, ledger, setup.padding);
        Self { session, padding: setup.padding, proofs: Vec::new() }
    }

    /// The same mailbox where contents can be reported.
    pub(crate) fn franking(self) -> Self {
        Self { session: self.session.franking(), ..self }
    }

    /// The same mailbox where everything is sealed to `key` as well.
    pub(crate) fn escrowing(self, key: EscrowKey) -> Self {
        Self { session: self.session.escrowing(key), ..self }
    }

    /// The groups of this device that somebody is in, as MLS authenticates it.
    pub(crate) fn groups_with(&self, member: MemberId) -> BTreeSet<GroupNumber> {
        let with = |group: &GroupId| self.session.roster(*group).is_ok_and(|roster| roster.contains(&member));
        self.session.groups().filter(with).map(|group| group.0).collect()
    }

    /// What it takes to report a content that was shown in a group, if it was.
    pub(crate) fn proof(&self, group: GroupNumber, content: &Content) -> Option<&Proof> {
        let content = messenger::Content { kind: content.kind, bytes: content.bytes.clone(), name: None };
        let of_group = self.proofs.iter().filter(|proof| proof.stamp.group.0 == group);
        of_group.into_iter().find(|proof| proof.opening.check(&content, &proof.stamp.commitment).is_ok())
    }

    /// What it takes to report any content that was shown.
    pub(crate) fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// Sealing and opening a content. What is padded takes the time of its padded length, or the time would tell the length.
    fn work(&self, kind: ContentKind, bytes: &[u8]) -> Work {
        let padded = |length: usize| usize::try_from(self.padding.padded(length as u64)).unwrap_or(usize::MAX);
        Work::Bytes(if kind == ContentKind::Text { bytes.len() } else { padded(bytes.len()) })
    }

    pub(crate) fn start<M: Courier>(&mut self, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let requests = self.session.start().map_err(rejected("start"))?;
        dispatch(requests, turn);
        Ok(())
    }

    pub(crate) fn command<M: Courier>(&mut self, command: Command, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let name = command.name();
        let requests = match command {
            Command::CreateGroup(group, members) => {
                turn.spend(Work::Group(members.len() + 1));
                let members: Vec<MemberId> = members.into_iter().map(MemberId).collect();
                self.session.create_group(GroupId(group), &members)
            }
            Command::Add(group, member) => {
                turn.spend(Work::Group(2));
                self.session.add(GroupId(group), MemberId(member))
            }
            Command::Remove(group, member) => {
                turn.spend(Work::Group(2));
                self.session.remove(GroupId(group), MemberId(member))
            }
            Command::Update(group) => {
                turn.spend(Work::Group(2));
                self.session.update(GroupId(group))
            }
            Command::Send(group, content) => {
                turn.spend(self.work(content.kind, &content.bytes));
                let content = messenger::Content { kind: content.kind, bytes: content.bytes, name: None };
                self.session.send(GroupId(group), content)
            }
            Command::Report(..) => return Err(command.unsupported()),
        };
        dispatch(requests.map_err(rejected(name))?, turn);
        Ok(())
    }

    /// Takes a delivery and shows its contents to the user. What was shown is left in `shown`, also when something else in
    /// the delivery is refused.
    pub(crate) fn deliver<M: Courier>(
        &mut self,
        delivery: Delivery,
        shown: &mut Vec<Content>,
        turn: &mut Turn<'_, '_, M>,
    ) -> Result<(), Reason> {
        let mut displays = Vec::new();
        let taken = self.overhear(delivery, &mut displays, turn);
        for display in displays {
            turn.show(&display);
            shown.push(display.content);
        }
        taken
    }

    /// Takes a delivery and shows nothing. What would have been shown is left in `displays`.
    pub(crate) fn overhear<M: Courier>(
        &mut self,
        delivery: Delivery,
        displays: &mut Vec<Display>,
        turn: &mut Turn<'_, '_, M>,
    ) -> Result<(), Reason> {
        let (requests, events) = self.session.receive(delivery).map_err(rejected("delivery"))?;
        dispatch(requests, turn);
        let mut failed = None;
        for event in events {
            match event {
                Event::Received { group, sender, content, proof, .. } => {
                    self.proofs.extend(proof);
                    turn.spend(self.work(content.kind, &content.bytes));
                    let content = Content { kind: content.kind, bytes: content.bytes };
                    displays.push(Display { group: group.0, sender: sender.0, content });
                }
                Event::Refused { refusal, .. } => {
                    failed.get_or_insert_with(|| rejected("request")(refusal));
                }
                Event::Failed { error, .. } => {
                    failed.get_or_insert_with(|| rejected("delivery")(error));
                }
                // What users do to groups is shown to nobody.
                _ => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }

    pub(crate) fn memory(&self) -> Memory {
        let proofs = self.proofs.iter().enumerate();
        let proofs = proofs.map(|(number, proof)| (format!("proof/{number:010}"), proof.to_wire()));
        Memory::new(self.session.memory().into_iter().chain(proofs))
    }
}

/// The delivery service at the provider.
#[derive(Default)]
pub(crate) struct PostOffice {
    service: DeliveryService,
    /// A member that is no user's device.
    guest: Option<(MemberId, PartyId)>,
}

impl PostOffice {
    /// One that stamps what it delivers with `key`.
    pub(crate) fn stamping(key: FrankingKey) -> Self {
        Self { service: DeliveryService::stamping(key), guest: None }
    }

    /// One with an escrow.
    pub(crate) fn escrowing() -> Self {
        Self { service: DeliveryService::escrowing(), guest: None }
    }

    /// One that `party` uses as well, under the name `member`.
    pub(crate) fn with_guest(member: MemberId, party: PartyId) -> Self {
        Self { service: DeliveryService::default(), guest: Some((member, party)) }
    }

    pub(crate) fn serve<M: Courier>(
        &mut self,
        from: PartyId,
        request: Request,
        turn: &mut Turn<'_, '_, M>,
    ) -> Result<(), Reason> {
        let guest = self.guest.filter(|(_, party)| *party == from).map(|(member, _)| member);
        let device = (from.role() == Role::Device).then_some(MemberId(from.index()));
        let Some(member) = guest.or(device) else {
            return Err(Reason::Unexpected { message: "request", detail: "requests come from devices".into() });
        };
        self.service.set_clock((turn.now() - Time::START).whole_seconds());
        let deliveries = self.service.handle(member, request).map_err(rejected("request"))?;
        for (to, delivery) in deliveries {
            let party = self.guest.filter(|(member, _)| *member == to).map(|(_, party)| party);
            turn.send(party.unwrap_or(PartyId::device(to.0)), &M::from(delivery));
        }
        Ok(())
    }

    /// The messages that the last request sent, as the escrow gets them.
    pub(crate) fn take_escrowed(&mut self) -> Vec<EscrowedMessage> {
        self.service.take_escrowed()
    }

    /// The messages that the last request sent.
    pub(crate) fn sent(&self) -> &[Sent] {
        self.service.sent()
    }

    /// The groups that a user is in, with their members.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (GroupId, &BTreeSet<MemberId>)> {
        self.service.groups()
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::new(self.service.memory())
    }
}

/// The parties that every messenger has.
pub(crate) fn parties() -> Vec<PartyProfile> {
    let party = |name, title, outsider| PartyProfile { name, title, outsider };
    vec![
        party("device", "Users' devices", false),
        party("provider", "Provider (ESP)", true),
        party("network", "Network", true),
    ]
}

/// At most as many users as one deployment is tested with.
const MOST_USERS: u16 = 1_000;

/// Refuses a number of users that does not make a messenger.
pub(crate) fn check_users(architecture: &'static str, setup: &Setup) -> Result<(), SetupError> {
    let most = MOST_USERS;
    if (2..=most).contains(&setup.users) {
        Ok(())
    } else {
        Err(SetupError::Users { architecture, users: setup.users, most })
    }
}

fn dispatch<M: Courier>(requests: Vec<Request>, turn: &mut Turn<'_, '_, M>) {
    for request in requests {
        turn.send(PartyId::PROVIDER, &M::from(request));
    }
}

fn rejected<E: std::fmt::Display>(message: &'static str) -> impl FnOnce(E) -> Reason {
    move |error| Reason::Rejected { message, detail: error.to_string() }
}
