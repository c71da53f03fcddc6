//! `user-reports` (beyond the paper): plain end-to-end encryption with message franking. A recipient can report one content
//! to the provider, with proof of who sent it; nothing is disclosed that a recipient does not report.

mod device;
mod provider;

use crate::courier::{self, Courier, Mailbox};
use crate::reporting::{self, Carries, Desk, Paper, Reviewer};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Delivery, Proof, Request};
use sightline_protocol::{
    Architecture, Clause, Content, Datum, Decision, Deployment, Disclosure, Endpoint, MatchRelation, PartyId,
    PartyProfile, Policy, Profile, Review, Role, Seen, Setup, SetupError, Shown, Sighting, Step, View, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `user-reports`.
#[derive(Debug, Clone, Copy)]
pub struct UserReports {
    policy: Policy,
    client: Client,
}

/// What the device of user 0 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Follows the protocol.
    Honest,
    /// Commits to nothing that it sends, so that it could not be reported.
    CommitsToNothing,
    /// Reports what it was never sent, with the proof of something else.
    Forges,
}

impl UserReports {
    /// The architecture; of the policy, how reports are reviewed.
    pub const fn under(policy: Policy) -> Self {
        Self { policy, client: Client::Honest }
    }
}

/// A recipient's report of a content.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Complaint {
    /// The content.
    #[n(0)]
    content: Content,
    /// Proof of who sent it where and when.
    #[n(1)]
    proof: Proof,
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
    /// Device to provider: what its user reports.
    #[n(2)]
    #[from]
    Complaint(#[n(0)] Complaint),
    /// Between provider, reviewer and report authority.
    #[n(3)]
    #[from]
    Paper(#[n(0)] Paper),
}

impl Message {
    const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::Complaint(_) => "user report",
            Self::Paper(paper) => paper.name(),
        }
    }
}

impl Courier for Message {}

impl Carries for Message {
    fn into_paper(self) -> Result<Paper, &'static str> {
        match self {
            Self::Paper(paper) => Ok(paper),
            other => Err(other.name()),
        }
    }
}

impl Architecture for UserReports {
    fn profile(&self) -> Profile {
        const REPORTED: &str = "a recipient reports it";
        let party = |name, title, outsider| PartyProfile { name, title, outsider };
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let mut flow = vec![
            step("device", "provider", "sealed attachment, MLS message", "", true),
            step("device", "provider", "commitment to the content", "", true),
            step("provider", "recipient", "MLS message, sealed attachment, stamp", "", true),
            step("recipient", "provider", "content, opening, stamp", REPORTED, false),
        ];
        flow.extend(reporting::steps(&self.policy).into_iter().map(|step| match step.condition {
            "the reviewer confirms" => step,
            _ => Step { condition: REPORTED, ..step },
        }));
        let mut parties = courier::parties();
        if self.policy.review != Review::None {
            parties.push(party("reviewer", "Reviewer", true));
        }
        parties.push(party("report-authority", "Report authority", true));
        Profile {
            name: "user-reports",
            title: "Reports by recipients, with proof of the sender",
            row: "beyond the paper",
            source: "Grubbs, Lu, Ristenpart: Message Franking via Committing Authenticated Encryption, CRYPTO 2017",
            summary: "Contents are end-to-end encrypted. Beside each travels a commitment that says nothing about it, which \
                      the provider stamps with sender, group and time. A recipient who wants to can report one content: the \
                      provider checks that it is what the sender committed to and opens a case for a reviewer. A content \
                      that could not be reported is not shown.",
            parties,
            flow,
            match_relation: MatchRelation::None,
            disclosure: Disclosure::OnCommand,
            decisions: vec![
                Decision { what: "what is reported", who: "a recipient, one content at a time" },
                reporting::decision(&self.policy),
            ],
            parameters: self.policy.parameters().into_iter().filter(|parameter| parameter.name == "review").collect(),
            limits: vec![
                "What no recipient reports stays unknown: a sender and a recipient who agree are not found.",
                "A stamp convinces the provider alone, and whoever holds its key can make one for anything: towards others \
                 a report proves nothing, and towards the provider its own key must be trusted.",
                "MLS signs every message (RFC 9420, section 6.1): a recipient who keeps its signature can show others who \
                 sent it, report or no report.",
                "The reviewer is idealised: recognises exactly the listed pictures, in 30 s each.",
            ],
            deviations: vec![
                "The commitment is HMAC-SHA-256 beside MLS's own encryption, as MLS's does not commit.",
                "A device keeps what it takes to report for as long as it runs; contents are the user's to keep.",
            ],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users("user-reports", setup)?;
        let ledger = Ledger::recording();
        let device = |index| {
            let client = if index == 0 { self.client } else { Client::Honest };
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            let mailbox = if client == Client::CommitsToNothing { mailbox } else { mailbox.franking() };
            (PartyId::device(index), Endpoint::boxed(device::Device { mailbox, forges: client == Client::Forges }))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        let provider = provider::Provider::new(setup, &self.policy, *seed.derive("franking key", 0).as_bytes());
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider)));
        if self.policy.review != Review::None {
            parties.push((PartyId::REVIEWER, Endpoint::boxed(Reviewer::<Message>::new(setup))));
        }
        parties.push((PartyId::REPORT_AUTHORITY, Endpoint::boxed(Desk::<Message>::authority(&self.policy, None))));
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        let reviewer = (self.policy.review != Review::None).then_some(PartyId::REVIEWER);
        let others = [PartyId::PROVIDER, PartyId::NETWORK].into_iter().chain(reviewer);
        others.chain([PartyId::REPORT_AUTHORITY]).collect()
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        let report = [Datum::Report, Datum::Reporter].map(Clause::matched);
        let clauses: Vec<Clause> = match role {
            Role::Provider => [Clause::every(Datum::Metadata), Clause::matched(Datum::Content)]
                .into_iter()
                .chain(report)
                .chain(reporting::decision_shows(&self.policy, true))
                .collect(),
            // A report is traffic of its own, as long as the content.
            Role::Network => {
                [Clause::every(Datum::Metadata), Clause::matched(Datum::Length), Clause::matched(Datum::Kind)]
                    .into_iter()
                    .chain(report)
                    .chain(reporting::decision_shows(&self.policy, false))
                    .collect()
            }
            Role::Reviewer if self.policy.review != Review::None => {
                reporting::reviewer_learns(&self.policy).into_iter().chain([Clause::matched(Datum::Report)]).collect()
            }
            Role::ReportAuthority => {
                let reported = match self.policy.review {
                    Review::None => Clause::matched(Datum::Report),
                    Review::Content | Review::Thumbnail => Clause::confirmed(Datum::Report),
                };
                reporting::authority_learns(&self.policy).into_iter().chain([reported]).collect()
            }
            _ => Vec::new(),
        };
        reporting::of_reports(clauses)
    }

    fn clients(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        let deviating = [("commit-to-nothing", Client::CommitsToNothing), ("forge-report", Client::Forges)];
        let system = |(name, client)| (name, Box::new(Self { client, ..*self }) as Box<dyn Architecture>);
        deviating.map(system).into()
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let complaint = |seen: &Seen<'_>| match Message::from_wire(&seen.payload()?).ok()? {
            Message::Complaint(Complaint { content, proof }) => {
                Some(Sighting { at: seen.at, account: proof.stamp.sender.0, shown: Shown::Content(content) })
            }
            _ => None,
        };
        let complaints = view.seen.iter().filter_map(complaint);
        complaints.chain(reporting::sightings::<Message>(view)).collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}
