//! Systems of known leakage, for controls and for tests of the tests: nothing, everything, a bit now and then, failure.
//!
//! Contents go from device to device directly over the ideal channel, in messages of one length, so that nobody else
//! learns anything; what leaks is added on purpose.

use minicbor::{Decode, Encode};
use rand_core::Rng;
use sightline_crypto::{Ledger, Seed};
use sightline_protocol::{
    Architecture, Clause, Command, Content, ContentKind, Datum, Deployment, Disclosure, Display, Endpoint, GroupNumber,
    Machine, MatchRelation, Memory, PartyId, PartyProfile, Profile, Reason, Role, Seen, Setup, SetupError, Shown,
    Sighting, Turn, View, Wire, WireError,
};
use std::collections::{BTreeMap, BTreeSet};

/// A system of known leakage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference {
    /// Does nothing beside delivering.
    Null,
    /// Hands every content to the provider.
    SeesEverything,
    /// Tells the provider whether a content is a picture, truthfully with probability (1 + advantage) / 2.
    Leaky {
        /// The best possible advantage at the task `kind`, between 0 and 1.
        advantage: f64,
    },
    /// Like [`Reference::Leaky`], but declares nothing: an undeclared leak.
    Undeclared {
        /// As in [`Reference::Leaky`].
        advantage: f64,
    },
    /// Refuses everything.
    Failing,
}

#[derive(Debug, Encode, Decode)]
enum Message {
    #[n(0)]
    Join(#[n(0)] GroupNumber, #[n(1)] Vec<u16>),
    #[n(1)]
    Deliver(#[n(0)] GroupNumber, #[n(1)] Content),
    #[n(2)]
    Copy(#[n(0)] Content),
    #[n(3)]
    Bit(#[n(0)] bool),
}

impl Message {
    const fn name(&self) -> &'static str {
        match self {
            Self::Join(..) => "join",
            Self::Deliver(..) => "deliver",
            Self::Copy(_) => "copy",
            Self::Bit(_) => "bit",
        }
    }
}

impl Architecture for Reference {
    fn profile(&self) -> Profile {
        let (name, title) = match self {
            Self::Null => ("null", "Nothing beside delivery"),
            Self::SeesEverything => ("sees-everything", "A provider that sees everything"),
            Self::Leaky { .. } => ("leaky", "A leak of known size"),
            Self::Undeclared { .. } => ("undeclared", "A leak that is not declared"),
            Self::Failing => ("failing", "Refuses everything"),
        };
        let party = |name, title, outsider| PartyProfile { name, title, outsider };
        Profile {
            name,
            title,
            row: "",
            source: "a reference system of this project",
            summary: "A system of known leakage, for controls.",
            parties: vec![
                party("device", "Devices", false),
                party("provider", "Provider", true),
                party("network", "Network", true),
            ],
            flow: Vec::new(),
            match_relation: MatchRelation::None,
            disclosure: Disclosure::None,
            decisions: Vec::new(),
            parameters: Vec::new(),
            limits: vec!["Not a proposal: contents travel over the ideal channel without encryption of their own."],
            deviations: Vec::new(),
        }
    }

    fn deploy(&self, setup: &Setup, _: &Seed) -> Result<Deployment, SetupError> {
        let device = |index| {
            let device = Device { reference: *self, groups: BTreeMap::new() };
            (PartyId::device(index), Endpoint::boxed(device))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        parties.push((PartyId::PROVIDER, Endpoint::boxed(Sink::default())));
        Ok(Deployment { parties, ledger: Ledger::recording() })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        vec![PartyId::PROVIDER, PartyId::NETWORK]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        let clauses: &[Datum] = match (self, role) {
            (Self::Failing, _) => &[],
            // Contents cross the ideal channel as they are: the wire shows their length.
            (_, Role::Network) => &[Datum::Metadata, Datum::Length],
            (Self::SeesEverything, Role::Provider) => &[Datum::Metadata, Datum::Length, Datum::Content, Datum::Kind],
            (Self::Leaky { .. }, Role::Provider) => &[Datum::Metadata, Datum::Kind],
            _ => &[],
        };
        clauses.iter().map(|datum| Clause::every(*datum)).collect()
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let copy = |seen: &Seen<'_>| match Message::from_wire(&seen.payload()?).ok()? {
            Message::Copy(content) => {
                Some(Sighting { at: seen.at, account: seen.from.index(), shown: Shown::Content(content) })
            }
            _ => None,
        };
        view.seen.iter().filter_map(copy).collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}

struct Device {
    reference: Reference,
    groups: BTreeMap<GroupNumber, BTreeSet<u16>>,
}

impl Device {
    fn roster(&mut self, group: GroupNumber) -> Result<&mut BTreeSet<u16>, Reason> {
        let unknown = || Reason::Unexpected { message: "command", detail: format!("group {group} is unknown") };
        self.groups.get_mut(&group).ok_or_else(unknown)
    }

    fn leak(&self, content: &Content, turn: &mut Turn<'_, '_, Message>) {
        match self.reference {
            Reference::SeesEverything => turn.send(PartyId::PROVIDER, &Message::Copy(content.clone())),
            Reference::Leaky { advantage } | Reference::Undeclared { advantage } => {
                let uniform = (turn.rng().next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                let truthful = uniform < f64::midpoint(1.0, advantage);
                let picture = content.kind == ContentKind::Picture;
                turn.send(PartyId::PROVIDER, &Message::Bit(picture == truthful));
            }
            Reference::Null | Reference::Failing => {}
        }
    }

    fn announce(roster: &BTreeSet<u16>, group: GroupNumber, turn: &mut Turn<'_, '_, Message>) {
        for member in roster {
            turn.send(PartyId::device(*member), &Message::Join(group, roster.iter().copied().collect()));
        }
    }
}

impl Machine for Device {
    type Message = Message;

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if self.reference == Reference::Failing {
            return Err(Reason::Rejected { message: command.name(), detail: "this system always fails".into() });
        }
        match command {
            Command::CreateGroup(group, members) => {
                let own = turn.party().index();
                let roster: BTreeSet<u16> = members.into_iter().chain([own]).collect();
                Self::announce(&roster, group, turn);
                self.groups.insert(group, roster);
            }
            Command::Add(group, member) => {
                let roster = self.roster(group)?;
                roster.insert(member);
                Self::announce(&roster.clone(), group, turn);
            }
            Command::Remove(group, member) => {
                let roster = self.roster(group)?;
                turn.send(PartyId::device(member), &Message::Join(group, Vec::new()));
                roster.remove(&member);
                Self::announce(&roster.clone(), group, turn);
            }
            Command::Update(group) => {
                self.roster(group)?;
            }
            Command::Send(group, content) => {
                let own = turn.party().index();
                let recipients: Vec<u16> = self.roster(group)?.iter().copied().filter(|user| *user != own).collect();
                for recipient in recipients {
                    turn.send(PartyId::device(recipient), &Message::Deliver(group, content.clone()));
                }
                self.leak(&content, turn);
            }
            Command::Report(..) => return Err(command.unsupported()),
        }
        Ok(())
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Join(group, roster) => {
                self.groups.insert(group, roster.into_iter().collect());
                Ok(())
            }
            Message::Deliver(group, content) => {
                turn.show(&Display { group, sender: from.index(), content });
                Ok(())
            }
            other => Err(Reason::Unexpected { message: other.name(), detail: "devices take deliveries".into() }),
        }
    }

    fn memory(&self) -> Memory {
        Memory::new(self.groups.iter().map(|(group, roster)| {
            (format!("group/{group:020}"), roster.iter().flat_map(|user| user.to_be_bytes()).collect())
        }))
    }
}

/// The provider: keeps what it is given.
#[derive(Default)]
struct Sink(Vec<Vec<u8>>);

impl Machine for Sink {
    type Message = Message;

    fn receive(&mut self, _: PartyId, message: Message, _: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.0.push(message.to_wire());
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::new(self.0.iter().enumerate().map(|(number, bytes)| (format!("kept/{number:020}"), bytes.clone())))
    }
}
