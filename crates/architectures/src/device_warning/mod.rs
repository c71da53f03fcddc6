//! `device-warning` (beyond the paper): the device matches what its user sends or receives with a list that lies on it, warns,
//! and tells nobody. What detection costs without reporting.

mod device;
mod provider;

use crate::courier::{self, Client, Courier, Mailbox};
use crate::listing::{self, ListAuthority};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_lists::SignedStatement;
use sightline_messenger::{Delivery, Request};
use sightline_protocol::{
    Architecture, Clause, Datum, Decision, Deployment, Disclosure, Endpoint, MatchRelation, PartyId, PartyProfile,
    Policy, Profile, Role, Setup, SetupError, Step, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `device-warning`.
#[derive(Debug, Clone, Copy)]
pub struct DeviceWarning {
    policy: Policy,
    strategy: Strategy,
    client: Client,
}

/// What the provider does with the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// Passes it on.
    Honest,
    /// Passes on one that it signed itself.
    OwnList,
}

impl DeviceWarning {
    /// The architecture with an honest provider.
    pub const fn under(policy: Policy) -> Self {
        Self { policy, strategy: Strategy::Honest, client: Client::Honest }
    }
}

/// What travels between its machines.
#[derive(Debug, Encode, Decode, From)]
pub(crate) enum Message {
    /// Device to provider: the messenger's.
    #[n(0)]
    #[from]
    Request(#[n(0)] Request),
    /// Provider to device: the messenger's.
    #[n(1)]
    #[from]
    Delivery(#[n(0)] Delivery),
    /// List authority to provider, and on to every device.
    #[n(2)]
    #[from]
    List(#[n(0)] SignedStatement),
}

impl Message {
    const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::List(_) => "list",
        }
    }
}

impl Courier for Message {}

impl Architecture for DeviceWarning {
    fn profile(&self) -> Profile {
        let mut parties = courier::parties();
        parties.push(PartyProfile { name: "list-authority", title: "List authority", outsider: true });
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let before = "before anything is sent";
        let flow = vec![
            step("list-authority", "provider", "signed list", before, false),
            step("provider", "device", "signed list", before, false),
            step("device", "user", "warning", "the picture matches", false),
            step("device", "provider", "sealed attachment, MLS message", "", true),
            step("provider", "recipient", "MLS message, sealed attachment", "", true),
        ];
        Profile {
            name: "device-warning",
            title: "Matching on the device, which warns and reports nothing",
            row: "beyond the paper",
            source: "The open letter's alternative: the same technology in the hands of the user",
            summary: "The device holds the list and compares every picture with it before it is sent, and where the scenario \
                      says so when it is received. On a match it warns its user. Nobody else is told, and the picture is sent \
                      if the user goes on.",
            parties,
            flow,
            match_relation: MatchRelation::Radius,
            disclosure: Disclosure::None,
            decisions: vec![
                Decision { what: "what is on the list", who: "the list authority, by its signature" },
                Decision { what: "what is checked", who: "the device's software: every picture" },
                Decision { what: "what becomes of a match", who: "the user, who is warned" },
            ],
            parameters: self
                .policy
                .parameters()
                .into_iter()
                .filter(|parameter| ["scanned", "hide_timing"].contains(&parameter.name))
                .collect(),
            limits: vec![
                "Nobody learns of a match: who means harm goes on.",
                "The list lies on every device: whoever owns one can try pictures on it.",
                "Whoever changes the device's software can make it report; nothing here detects that.",
                "Only pictures are checked.",
                "The user is idealised: goes on in spite of a warning.",
            ],
            deviations: vec!["Devices have the list's entries from their installation; what is signed binds them."],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users("device-warning", setup)?;
        let ledger = Ledger::recording();
        let authority = listing::authority(seed);
        let device = |index| {
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            let device = device::Device::new(setup, self.policy, authority.key(), mailbox);
            (PartyId::device(index), Endpoint::boxed(device.acting(self.client.of(index))))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider::Provider::new(setup, self.strategy, &authority))));
        parties.push((PartyId::LIST_AUTHORITY, Endpoint::boxed(ListAuthority::<Message>::new(setup, seed))));
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        vec![PartyId::PROVIDER, PartyId::NETWORK, PartyId::LIST_AUTHORITY]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        // Unless it takes as long for everything, hashing delays pictures by their length.
        let timing = [Datum::Kind, Datum::Length].map(Clause::every);
        let timing = timing.into_iter().filter(|_| !self.policy.hide_timing);
        match role {
            Role::Provider | Role::Network => std::iter::once(Clause::every(Datum::Metadata)).chain(timing).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn strategies(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        vec![("own-list", Box::new(Self { strategy: Strategy::OwnList, ..*self }))]
    }

    fn clients(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        vec![("omit-check", Box::new(Self { client: Client::Omits, ..*self }))]
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}
