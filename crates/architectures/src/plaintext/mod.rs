//! `plaintext` (row 0a): no end-to-end encryption; the provider holds, hashes and matches every content.

mod device;
mod provider;

use crate::listing::{self, ListAuthority};
use crate::reporting::{self, Carries, Desk, Paper, Reviewer};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_lists::SignedStatement;
use sightline_protocol::{
    Action, Adversary, Architecture, Challenge, Clause, Content, Datum, Decision, DeliveryRule, Deployment, Disclosure,
    Endpoint, GroupNumber, History, MatchRelation, PartyId, PartyProfile, Policy, Profile, Role, Seen, Setup,
    SetupError, Shown, Sighting, Step, Time, View, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `plaintext`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plaintext {
    policy: Policy,
}

impl Plaintext {
    /// The architecture under a policy.
    pub const fn under(policy: Policy) -> Self {
        Self { policy }
    }
}

/// What travels between its machines.
#[derive(Debug, Encode, Decode, From)]
pub(crate) enum Message {
    /// Device to provider: a new group.
    #[n(0)]
    CreateGroup(#[n(0)] GroupNumber, #[n(1)] Vec<u16>),
    /// Device to provider: one more member.
    #[n(1)]
    Add(#[n(0)] GroupNumber, #[n(1)] u16),
    /// Device to provider: one member fewer.
    #[n(2)]
    Remove(#[n(0)] GroupNumber, #[n(1)] u16),
    /// Device to provider: a content.
    #[n(3)]
    Post(#[n(0)] GroupNumber, #[n(1)] Content),
    /// Provider to device: a content, and who sent it.
    #[n(4)]
    Deliver(#[n(0)] GroupNumber, #[n(1)] u16, #[n(2)] Content),
    /// Provider to reviewer and back, and on to report authority and law enforcement.
    #[n(5)]
    #[from]
    Paper(#[n(0)] Paper),
    /// List authority to provider: what its list must be.
    #[n(6)]
    #[from]
    List(#[n(0)] SignedStatement),
}

impl Message {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::CreateGroup(..) => "create-group",
            Self::Add(..) => "add",
            Self::Remove(..) => "remove",
            Self::Post(..) => "post",
            Self::Deliver(..) => "deliver",
            Self::Paper(paper) => paper.name(),
            Self::List(_) => "list",
        }
    }
}

impl Carries for Message {
    fn into_paper(self) -> Result<Paper, &'static str> {
        match self {
            Self::Paper(paper) => Ok(paper),
            other => Err(other.name()),
        }
    }
}

impl Architecture for Plaintext {
    fn profile(&self) -> Profile {
        let party = |name, title, outsider| PartyProfile { name, title, outsider };
        let step = |from, to, label, condition| Step { from, to, label, condition, sealed: false };
        let delivered = if self.blocks() { "it does not match" } else { "" };
        let mut parties = crate::courier::parties();
        parties.extend(reporting::parties());
        parties.push(party("law-enforcement", "Law enforcement", true));
        let mut flow = vec![
            step("list-authority", "provider", "signed list", "before anything is sent"),
            step("device", "provider", "content", ""),
            step("provider", "recipient", "content", delivered),
        ];
        flow.extend(reporting::steps(&self.policy));
        flow.push(step("report-authority", "law-enforcement", "content, account", "it is reported"));
        // Nothing is checked elsewhere, nothing can be down, and nobody is shown a list.
        let shown = ["threshold", "delivery", "review", "hide_timing"];
        let parameters = self.policy.parameters().into_iter().filter(|parameter| shown.contains(&parameter.name));
        Profile {
            name: "plaintext",
            title: "No end-to-end encryption, matching at the provider",
            row: "0a",
            source: "Row 0a of the Commission's 2020 technical paper, as secondary sources report it",
            summary: "The provider receives every content, compares pictures with the list and delivers. What matches \
                      goes to a reviewer, and if confirmed to a report authority and law enforcement.",
            parties,
            flow,
            match_relation: MatchRelation::Radius,
            disclosure: Disclosure::Held,
            decisions: vec![
                Decision { what: "what is on the list", who: "the list authority, by its signature" },
                Decision { what: "what is checked", who: "the provider: every picture" },
                Decision { what: "whether a picture matches", who: "the provider" },
                reporting::decision(&self.policy),
            ],
            parameters: parameters.collect(),
            limits: vec![
                "Channels to the provider are encrypted in transit only.",
                "The reviewer is idealised: recognises exactly the listed pictures, in 30 s each.",
            ],
            deviations: vec!["The text of the 2020 paper could not be read: the flow follows secondary sources."],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        let device = |index| (PartyId::device(index), Endpoint::boxed(device::Device));
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        let authority = Desk::<Message>::authority(&self.policy, Some(PartyId::LAW_ENFORCEMENT));
        let police = Desk::<Message>::new(PartyId::REPORT_AUTHORITY, None);
        parties.push((
            PartyId::PROVIDER,
            Endpoint::boxed(provider::Provider::new(setup, self.policy, listing::authority(seed).key())),
        ));
        parties.push((PartyId::REVIEWER, Endpoint::boxed(Reviewer::<Message>::new(setup))));
        parties.push((PartyId::REPORT_AUTHORITY, Endpoint::boxed(authority)));
        parties.push((PartyId::LAW_ENFORCEMENT, Endpoint::boxed(police)));
        parties.push((PartyId::LIST_AUTHORITY, Endpoint::boxed(ListAuthority::<Message>::new(setup, seed))));
        Ok(Deployment { parties, ledger: Ledger::recording() })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        use PartyId as P;
        vec![P::PROVIDER, P::NETWORK, P::REVIEWER, P::REPORT_AUTHORITY, P::LIST_AUTHORITY, P::LAW_ENFORCEMENT]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        match role {
            Role::Provider => [Datum::Metadata, Datum::Content]
                .map(Clause::every)
                .into_iter()
                .chain(reporting::decision_shows(&self.policy, true))
                .collect(),
            // Records are not padded, reports are traffic of their own, and a picture is delivered later than another
            // content if it alone is hashed first.
            Role::Network => {
                let kind = (!self.policy.hide_timing).then_some(Clause::every(Datum::Kind));
                [Datum::Metadata, Datum::Length, Datum::Verdict]
                    .map(Clause::every)
                    .into_iter()
                    .chain(kind)
                    .chain(reporting::decision_shows(&self.policy, false))
                    .collect()
            }
            Role::Reviewer => reporting::reviewer_learns(&self.policy),
            Role::ReportAuthority | Role::LawEnforcement => reporting::authority_learns(&self.policy),
            _ => BTreeSet::new(),
        }
    }

    fn blocks(&self) -> bool {
        self.policy.delivery == DeliveryRule::Blocking
    }

    fn receivers(&self) -> BTreeSet<Role> {
        [Role::Provider, Role::Reviewer, Role::ReportAuthority].into()
    }

    fn adversaries(&self) -> Vec<Box<dyn Adversary>> {
        vec![Box::new(ReadContent)]
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let posts = posts(view).into_iter();
        let posts = posts.map(|(at, account, content)| Sighting { at, account, shown: Shown::Content(content) });
        posts.chain(reporting::sightings::<Message>(view)).collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}

/// What devices posted: when, from which account, what.
fn posts(view: &View<'_>) -> Vec<(Time, u16, Content)> {
    let post = |seen: &Seen<'_>| match Message::from_wire(&seen.payload()?).ok()? {
        Message::Post(_, content) => Some((seen.at, seen.from.index(), content)),
        _ => None,
    };
    view.seen.iter().filter(|seen| seen.from.role() == Role::Device).filter_map(post).collect()
}

/// Reads the posted contents and compares them with both histories.
struct ReadContent;

impl Adversary for ReadContent {
    fn name(&self) -> &'static str {
        "read-content"
    }

    fn score(&self, view: &View<'_>, challenge: &Challenge<'_>) -> f32 {
        let posts = posts(view);
        let agreement = |history: &History| {
            let agrees = |(action, _, content): (&Action, GroupNumber, &Content),
                          (_, user, seen): &(Time, u16, Content)| {
                action.user == *user && content == seen
            };
            history.sends().zip(&posts).filter(|(sent, seen)| agrees(*sent, seen)).count() as f32
        };
        agreement(challenge.histories[1]) - agreement(challenge.histories[0])
    }
}
