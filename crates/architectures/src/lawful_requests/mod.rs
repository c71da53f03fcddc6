//! `lawful-requests` (the open letter's alternative): plain end-to-end encryption; on a warrant the provider gives out the
//! communications data of named accounts within dates, keeps nothing before, and writes all of it into a public log.

mod device;
mod provider;

use crate::courier::{self, Courier, Mailbox};
use crate::courts::{self, Court, Hears, Proceeding};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_accountability::warrant::Data;
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Delivery, Request};
use sightline_protocol::{
    Architecture, Clause, Datum, Decision, Deployment, Disclosure, Endpoint, MatchRelation, Parameter, PartyId, Policy,
    Profile, Role, Setup, SetupError, Shown, Sighting, Step, View, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `lawful-requests`.
#[derive(Debug, Clone, Copy)]
pub struct LawfulRequests {
    policy: Policy,
}

impl LawfulRequests {
    /// The architecture; of the policy, for how many days communications data are kept without a warrant.
    pub const fn under(policy: Policy) -> Self {
        Self { policy }
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
    /// About a warrant.
    #[n(2)]
    #[from]
    Proceeding(#[n(0)] Proceeding),
}

impl Message {
    const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::Proceeding(proceeding) => proceeding.name(),
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

impl Architecture for LawfulRequests {
    fn profile(&self) -> Profile {
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let mut flow = courts::steps();
        flow.extend([
            step("device", "provider", "sealed attachment, MLS message", "", true),
            step("provider", "recipient", "MLS message, sealed attachment", "", true),
            step("provider", "law-enforcement", "who wrote to whom, when, how big", "when the dates are over", false),
        ]);
        flow.extend(courts::afterwards());
        let mut parties = courier::parties();
        parties.extend(courts::profiles());
        let mut limits = vec!["No content is given out: nobody but the endpoints has it."];
        limits.extend(courts::LIMITS);
        Profile {
            name: "lawful-requests",
            title: "Communications data on a court's order",
            row: "beyond the paper",
            source: "The open letter of October 2020: access to communications data, judicially authorised, narrow, based \
                     on suspicion, necessary and proportionate",
            summary: "Contents are end-to-end encrypted. Law enforcement applies to judges for the communications data of \
                      named accounts within dates. A quorum of judges signs a warrant with a finding on each of five \
                      conditions. The provider checks it, commits to it in a public log, and keeps what the warrant asks for \
                      from then on; when the dates are over it gives that out, and then those concerned are told.",
            parties,
            flow,
            match_relation: MatchRelation::None,
            disclosure: Disclosure::Warrant,
            decisions: vec![
                courts::DECISION,
                Decision { what: "what is kept without a warrant", who: "the law; here the parameter `log_days`" },
            ],
            parameters: vec![Parameter {
                name: "log_days",
                value: self.policy.log_days.to_string(),
                meaning: "days for which an honest provider keeps everybody's communications data without a warrant; a \
                          curious one remembers everything",
            }],
            limits,
            deviations: Vec::new(),
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users("lawful-requests", setup)?;
        let ledger = Ledger::recording();
        let court = Court::new(self.policy.log_days, &[Data::Communications], seed);
        let device = |index| {
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            (PartyId::device(index), Endpoint::boxed(device::Device { mailbox, keys: court.keys.clone() }))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        let provider = provider::Provider::new(court.access(setup));
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider)));
        parties.push((PartyId::LAW_ENFORCEMENT, Endpoint::boxed(court.police::<Message>(setup))));
        parties.extend(court.parties::<Message>());
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        [PartyId::PROVIDER, PartyId::NETWORK].into_iter().chain(courts::outsiders()).collect()
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        match role {
            Role::Provider | Role::Network => [Clause::every(Datum::Metadata)].into(),
            Role::LawEnforcement => [Clause::ordered(Datum::Metadata)].into(),
            Role::Log | Role::Auditor => [Clause::ordered(Datum::Count)].into(),
            _ => BTreeSet::new(),
        }
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let answers = view.seen.iter().filter_map(|seen| match Message::from_wire(&seen.payload()?).ok()? {
            Message::Proceeding(Proceeding::Answer(_, records)) => Some((seen.at, records)),
            _ => None,
        });
        let people = answers.flat_map(|(at, records)| {
            let people = records.into_iter().flat_map(|record| record.people().collect::<Vec<u16>>());
            people.map(move |account| Sighting { at, account, shown: Shown::Traffic })
        });
        people.collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}
