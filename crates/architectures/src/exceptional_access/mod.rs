//! `exceptional-access` (row 0c): on a warrant, what accounts write reaches law enforcement. Three ways: law enforcement joins
//! their groups and everybody is told (`visible-member`); it joins and devices hide it (`ghost`); everything that anybody
//! writes is sealed to a key of law enforcement as well (`escrow`).

mod device;
mod investigator;
mod provider;

use crate::courier::{self, Courier, Mailbox};
use crate::courts::{self, Court, Hears, Proceeding};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_accountability::warrant::Data;
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Delivery, EscrowSecret, EscrowedMessage, MemberId, Request};
use sightline_protocol::{
    Architecture, Clause, Datum, Decision, Deployment, Disclosure, Display, Endpoint, GroupNumber, MatchRelation,
    PartyId, Profile, Role, Setup, SetupError, Shown, Sighting, Step, View, Wire, WireError,
};
use std::collections::BTreeSet;

/// Days before a warrant that an escrow reaches back to.
const REACH: u16 = 90;

/// How law enforcement gets at contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It joins as a member that everybody is shown.
    VisibleMember,
    /// It joins as a member that devices hide.
    Ghost,
    /// It holds a key that everything is sealed to.
    Escrow,
}

/// The architecture `exceptional-access`.
#[derive(Debug, Clone, Copy)]
pub struct ExceptionalAccess {
    way: Way,
    /// Devices other than user 0's show their users who is in a group, whatever they are told.
    careful: bool,
    /// The provider does not wait for a warrant.
    rogue: bool,
}

impl ExceptionalAccess {
    /// The architecture, in one of its ways.
    pub const fn by(way: Way) -> Self {
        Self { way, careful: false, rogue: false }
    }

    /// The same where the devices of all users but the first check who is in their groups and tell their users.
    #[must_use]
    pub const fn with_careful_clients(self) -> Self {
        Self { careful: true, ..self }
    }

    /// The name under which law enforcement is a member of groups: after all users.
    const fn guest(setup: &Setup) -> MemberId {
        MemberId(setup.users)
    }
}

/// What travels between its machines.
#[derive(Debug, Encode, Decode, From)]
pub(crate) enum Message {
    /// Device or law enforcement to provider: the messenger's.
    #[n(0)]
    #[from]
    Request(#[n(0)] Request),
    /// Provider to device or law enforcement: the messenger's.
    #[n(1)]
    #[from]
    Delivery(#[n(0)] Delivery),
    /// About a warrant.
    #[n(2)]
    #[from]
    Proceeding(#[n(0)] Proceeding),
    /// Provider to device: let law enforcement into the group, or out of it.
    #[n(3)]
    Guest(#[n(0)] GroupNumber, #[n(1)] bool),
    /// Provider to law enforcement: what the escrow's key opens.
    #[n(4)]
    Escrowed(#[n(0)] EscrowedMessage),
}

impl Message {
    const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::Proceeding(proceeding) => proceeding.name(),
            Self::Guest(..) => "guest",
            Self::Escrowed(_) => "escrowed message",
        }
    }
}

impl Courier for Message {}

impl Hears for Message {
    fn into_proceeding(self) -> Result<Proceeding, &'static str> {
        match self {
            Self::Proceeding(proceeding) => Ok(proceeding),
            other => Err(other.name()),
        }
    }
}

impl Architecture for ExceptionalAccess {
    fn profile(&self) -> Profile {
        let mut parties = courier::parties();
        parties.extend(courts::profiles());
        let (title, summary) = match self.way {
            Way::VisibleMember => (
                "Law enforcement joins a group, and everybody sees it",
                "Contents are end-to-end encrypted. On a warrant the provider tells the target's device to let law \
                 enforcement into the target's groups; every member's device says so. What is written from then on reaches \
                 law enforcement like any other member.",
            ),
            Way::Ghost => (
                "Law enforcement joins a group, and devices hide it",
                "Contents are end-to-end encrypted. On a warrant the provider tells the target's device to let law \
                 enforcement into the target's groups, and devices are made to hide it. What is written from then on \
                 reaches law enforcement like any other member.",
            ),
            Way::Escrow => (
                "Everything is sealed to a key of law enforcement as well",
                "Contents are end-to-end encrypted, and whatever anybody writes is sealed to one key of law enforcement as \
                 well. The provider keeps all of it. On a warrant it hands out what the target wrote and received, the past \
                 included, and law enforcement opens it.",
            ),
        };
        let mut limits = match self.way {
            Way::VisibleMember => vec![
                "Who is told that law enforcement listens writes something else.",
                "Devices obey the provider, and cannot see whether there is a warrant.",
            ],
            Way::Ghost => vec![
                "A client that shows who is in a group, as MLS authenticates it, shows the ghost: all clients must be made \
                 to lie.",
                "Devices obey the provider, and cannot see whether there is a warrant.",
            ],
            Way::Escrow => vec![
                "Who has the key and the provider's store reads everything that anybody ever wrote, warrant or not; nothing \
                 is forward secret towards them.",
                "A client that seals something else to the escrow is not noticed before that is opened.",
            ],
        };
        limits.extend(courts::LIMITS);
        Profile {
            name: match self.way {
                Way::VisibleMember => "exceptional-access-visible",
                Way::Ghost => "exceptional-access",
                Way::Escrow => "exceptional-access-escrow",
            },
            title,
            row: "0c",
            source: match self.way {
                Way::VisibleMember | Way::Ghost => {
                    "Row 0c of the Commission's 2020 technical paper, as secondary sources report it; for the ghost Levy and \
                     Robinson, Principles for a More Informed Exceptional Access Debate, 2018"
                }
                Way::Escrow => {
                    "Row 0c of the Commission's 2020 technical paper, as secondary sources report it; for escrow Abelson et \
                     al., The Risks of Key Recovery, Key Escrow, and Trusted Third-Party Encryption, 1997"
                }
            },
            summary,
            parties,
            flow: self.flow(),
            match_relation: MatchRelation::None,
            disclosure: Disclosure::Warrant,
            decisions: vec![
                courts::DECISION,
                Decision {
                    what: "whether access is given",
                    who: match self.way {
                        Way::Escrow => {
                            "whoever holds the key and the provider's store together; nothing else binds them"
                        }
                        Way::VisibleMember | Way::Ghost => "the provider: devices obey it, warrant or not",
                    },
                },
            ],
            parameters: Vec::new(),
            limits,
            deviations: vec!["The text of the 2020 paper could not be read: the flow follows secondary sources."],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users(self.profile().name, setup)?;
        let ledger = Ledger::recording();
        let days = if self.way == Way::Escrow { REACH } else { 0 };
        let court = Court::new(days, &[Data::Content], seed);
        let guest = Self::guest(setup);
        let (secret, key) = EscrowSecret::new(seed.derive("escrow", 0).as_bytes(), &ledger);
        let mailbox = |index| Mailbox::new(setup, index, seed, ledger.clone());
        let device = |index| {
            let mailbox = mailbox(index);
            let mailbox = if self.way == Way::Escrow { mailbox.escrowing(key) } else { mailbox };
            let shows = self.way == Way::VisibleMember || (self.careful && index > 0);
            let device = device::Device::new(mailbox, court.keys.clone(), guest, self.way, shows);
            (PartyId::device(index), Endpoint::boxed(device))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        let provider = provider::Provider::new(court.access(setup), self.way, guest, self.rogue);
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider)));
        let ear = match self.way {
            Way::Escrow => investigator::Ear::Key(secret),
            Way::VisibleMember | Way::Ghost => investigator::Ear::Member(Box::new(mailbox(guest.0))),
        };
        let investigator = investigator::Investigator::new(court.police(setup), ear);
        parties.push((PartyId::LAW_ENFORCEMENT, Endpoint::boxed(investigator)));
        parties.extend(court.parties::<Message>());
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        [PartyId::PROVIDER, PartyId::NETWORK].into_iter().chain(courts::outsiders()).collect()
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        match role {
            Role::Provider | Role::Network => [Clause::every(Datum::Metadata)].into(),
            Role::LawEnforcement => [Datum::Metadata, Datum::Content].map(Clause::ordered).into(),
            Role::Log | Role::Auditor => [Clause::ordered(Datum::Count)].into(),
            _ => BTreeSet::new(),
        }
    }

    fn pooled(&self, roles: &BTreeSet<Role>) -> BTreeSet<Clause> {
        let both =
            self.way == Way::Escrow && [Role::Provider, Role::LawEnforcement].iter().all(|role| roles.contains(role));
        both.then_some(Clause::every(Datum::Content)).into_iter().collect()
    }

    fn strategies(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        vec![("without-warrant", Box::new(Self { rogue: true, ..*self }))]
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let of_law_enforcement = view.memory.iter().filter(|(_, party, _)| *party == PartyId::LAW_ENFORCEMENT);
        let heard = of_law_enforcement.flat_map(|(at, _, memory)| {
            let heard = memory.entries().filter(|(name, _)| name.starts_with(investigator::HEARD));
            heard.filter_map(|(_, bytes)| Display::from_wire(bytes).ok()).map(|display| Sighting {
                at: *at,
                account: display.sender,
                shown: Shown::Content(display.content),
            })
        });
        heard.collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}

impl ExceptionalAccess {
    fn flow(self) -> Vec<Step> {
        const ORDERED: &str = "a warrant is in force";
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let mut flow = courts::steps();
        match self.way {
            Way::VisibleMember | Way::Ghost => {
                flow.push(step("provider", "device", "let law enforcement in", ORDERED, false));
                if self.way == Way::VisibleMember {
                    flow.push(step("device", "user", "law enforcement is in the group", ORDERED, false));
                }
                flow.extend([
                    step("device", "provider", "sealed attachment, MLS message", "", true),
                    step("provider", "recipient", "MLS message, sealed attachment", "", true),
                    step(
                        "provider",
                        "law-enforcement",
                        "MLS message, sealed attachment, which it opens",
                        ORDERED,
                        false,
                    ),
                ]);
            }
            Way::Escrow => flow.extend([
                step("device", "provider", "sealed attachment, MLS message", "", true),
                step("device", "provider", "envelope sealed to the escrow's key", "", true),
                step("provider", "recipient", "MLS message, sealed attachment", "", true),
                step("provider", "law-enforcement", "sealed envelope and attachment, which it opens", ORDERED, false),
            ]),
        }
        flow.extend(courts::afterwards());
        flow
    }
}
