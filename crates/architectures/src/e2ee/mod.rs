//! `e2ee` (row 0b): plain end-to-end encryption, the control that every design is compared with.

mod device;
mod provider;

use crate::courier::{self, Courier, Mailbox};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Delivery, Request};
use sightline_protocol::{
    Architecture, Clause, Datum, Deployment, Disclosure, Endpoint, MatchRelation, PartyId, Profile, Role, Setup,
    SetupError, Step, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `e2ee`.
#[derive(Debug, Clone, Copy)]
pub struct E2ee;

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
}

impl Courier for Message {}

impl Architecture for E2ee {
    fn profile(&self) -> Profile {
        let step = |from, to, label| Step { from, to, label, condition: "", sealed: true };
        Profile {
            name: "e2ee",
            title: "End-to-end encryption, no detection",
            row: "0b",
            source: "Messaging Layer Security, RFC 9420; row 0b of the Commission's 2020 technical paper, as secondary sources report it",
            summary: "Contents are sealed on the sender's device and opened on the recipients'. The provider stores and \
                      forwards ciphertext.",
            parties: courier::parties(),
            flow: vec![
                step("device", "provider", "sealed attachment"),
                step("device", "provider", "MLS message with the attachment's key"),
                step("provider", "recipient", "MLS message"),
                step("provider", "recipient", "sealed attachment"),
            ],
            match_relation: MatchRelation::None,
            disclosure: Disclosure::None,
            decisions: Vec::new(),
            parameters: Vec::new(),
            limits: vec![
                "Who writes to whom, when, and size classes are visible to the provider.",
                "The directory of keys is trusted: key transparency is not part of this version.",
            ],
            deviations: Vec::new(),
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users("e2ee", setup)?;
        let ledger = Ledger::recording();
        let device = |index| {
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            (PartyId::device(index), Endpoint::boxed(device::Device { mailbox }))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider::Provider::default())));
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        vec![PartyId::PROVIDER, PartyId::NETWORK]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        match role {
            Role::Provider | Role::Network => [Clause::every(Datum::Metadata)].into(),
            _ => BTreeSet::new(),
        }
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| {
            let name = match &message {
                Message::Request(_) => "request",
                Message::Delivery(_) => "delivery",
            };
            (name, message.to_wire())
        })
    }
}
