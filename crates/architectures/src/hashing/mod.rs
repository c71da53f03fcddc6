//! `device-hashing` (row 1b, shortlisted): the device sends the full hash of every picture, the provider matches, and on
//! a claimed match the device hands over the content. `partial-hashing` (row 1c, shortlisted): the same, but the device
//! stops at a [`Cut`] on the way to the hash, and the provider finishes it.

mod device;
mod provider;

use crate::courier::{self, Client, Courier, Mailbox};
use crate::listing::{self, ListAuthority};
use crate::reporting::{self, Carries, Desk, Paper, Reviewer};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_fingerprint::{Cut, Intermediate, Pdq, PdqHash};
use sightline_lists::SignedStatement;
use sightline_messenger::{Delivery, Request};
use sightline_protocol::{
    Adversary, Architecture, Challenge, Clause, Content, Datum, Decision, DeliveryRule, Deployment, Disclosure,
    Endpoint, Facts, MatchRelation, Parameter, PartyId, Policy, Profile, Role, Scanned, Seen, Setup, SetupError, Shown,
    Sighting, Step, View, Wire, WireError,
};
use std::collections::BTreeSet;

/// The architecture `device-hashing` where nothing is left to finish, and otherwise `partial-hashing`.
#[derive(Debug, Clone, Copy)]
pub struct Hashing {
    cut: Cut,
    policy: Policy,
    strategy: Strategy,
    client: Client,
}

/// What the provider does with verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// States them as they are.
    Honest,
    /// Claims that everything matches.
    EveryMatch,
    /// Claims that everything matches which the first user sends.
    OneUser,
    /// Claims a match of one lawful picture too, whoever sends it.
    OnePicture,
    /// Withholds its answers for a minute, and then matches with a list that holds that picture.
    LaterList,
    /// Matches the first user with a list that holds that picture, and everyone else with the published one.
    SplitView,
}

impl Strategy {
    const DEVIATING: [(&'static str, Self); 5] = [
        ("claim-every-match", Self::EveryMatch),
        ("claim-one-user", Self::OneUser),
        ("claim-one-picture", Self::OnePicture),
        ("later-list", Self::LaterList),
        ("split-view", Self::SplitView),
    ];
}

impl Hashing {
    /// The architecture with an honest provider, cut there.
    pub const fn cut_at(cut: Cut, policy: Policy) -> Self {
        Self { cut, policy, strategy: Strategy::Honest, client: Client::Honest }
    }

    /// Its id. The paper leaves the cut open, so `partial-hashing` is the last possible one, which shows least; the others
    /// are variants.
    pub const fn name(self) -> &'static str {
        match self.cut {
            Cut::Hash => "device-hashing",
            Cut::Dct => "partial-hashing",
            Cut::Filtered => "partial-hashing-filtered",
            Cut::Luma => "partial-hashing-luma",
        }
    }

    /// What is sent when one content is sent. `given` is what goes to the provider.
    fn flow(&self, given: &'static str) -> Vec<Step> {
        let blocking = self.policy.delivery == DeliveryRule::Blocking;
        let sent = if blocking { "no match is claimed" } else { "" };
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let message = [
            step("device", "provider", "sealed attachment, MLS message", sent, true),
            step("provider", "recipient", "MLS message, sealed attachment", sent, true),
        ];
        let mut flow = vec![
            step("list-authority", "provider", "signed list", "before anything is sent", false),
            step("device", "provider", given, "it is a picture", false),
        ];
        let verdict = step("provider", "device", "verdict", "it is a picture", false);
        if blocking {
            flow.push(verdict);
            flow.extend(message);
        } else {
            flow.extend(message);
            flow.push(verdict);
        }
        if self.policy.scanned == Scanned::Everyone {
            flow.push(step("recipient", "provider", given, "it is a picture", false));
            flow.push(step("provider", "recipient", "verdict", "it is a picture", false));
        }
        flow.push(step("device", "provider", "content", "a match is claimed", false));
        flow.extend(reporting::steps(&self.policy));
        flow
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
    /// Device to provider: number of a picture about to be sent, and what is at the cut.
    #[n(2)]
    Check(#[n(0)] u64, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// Provider to device: whether the check with this number matched, so the provider says.
    #[n(3)]
    Verdict(#[n(0)] u64, #[n(1)] bool),
    /// Device to provider: the content of a check that was said to match.
    #[n(4)]
    Disclosure(#[n(0)] u64, #[n(1)] Content),
    /// Provider to reviewer and back, and on to the report authority.
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
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::Check(..) => "check",
            Self::Verdict(..) => "verdict",
            Self::Disclosure(..) => "disclosure",
            Self::Paper(paper) => paper.name(),
            Self::List(_) => "list",
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

impl Architecture for Hashing {
    fn profile(&self) -> Profile {
        let (title, row, given) = match self.cut {
            Cut::Hash => {
                ("Hashing on the device, matching at the provider", "1b, shortlisted", "perceptual hash and quality")
            }
            Cut::Dct => (
                "Hashing begun on the device, finished and matched at the provider",
                "1c, shortlisted",
                "256 numbers before the hash, and quality",
            ),
            Cut::Filtered => (
                "Hashing begun on the device, finished and matched at the provider: cut at the thumbnail",
                "1c, shortlisted",
                "grey thumbnail, 64 × 64",
            ),
            Cut::Luma => (
                "Hashing begun on the device, finished and matched at the provider: cut at the grey copy",
                "1c, shortlisted",
                "grey copy, 512 × 512 at most",
            ),
        };
        let summary = if self.cut == Cut::Hash {
            "The device hashes every picture it sends and gives the hash to the provider, which compares it with the list \
             and answers. On a claimed match the device hands the content to the provider, which opens a case for a \
             reviewer, and if confirmed it goes to a report authority. The recipient gets an ordinary end-to-end encrypted \
             message."
        } else {
            "The device begins to hash every picture it sends and gives what it has to the provider, which finishes the \
             hash, compares it with the list and answers. On a claimed match the device hands the content to the \
             provider, which opens a case for a reviewer, and if confirmed it goes to a report authority. The recipient \
             gets an ordinary end-to-end encrypted message."
        };
        let mut parameters = self.policy.parameters();
        if self.cut != Cut::Hash {
            let meaning = "how far the device goes; the paper leaves it open, and the last cut shows least";
            parameters.insert(0, Parameter { name: "cut", value: given.to_owned(), meaning });
        }
        let mut parties = courier::parties();
        parties.extend(reporting::parties());
        Profile {
            name: self.name(),
            title,
            row,
            source: if self.cut == Cut::Hash {
                "Row 1b of the Commission's 2020 technical paper, as secondary sources report it"
            } else {
                "Row 1c of the Commission's 2020 technical paper, as secondary sources report it"
            },
            summary,
            parties,
            flow: self.flow(given),
            match_relation: MatchRelation::Radius,
            disclosure: Disclosure::OnDemand,
            decisions: vec![
                Decision {
                    what: "what is on the list",
                    who: "the list authority, by its signature; the provider is given the list, and nobody else",
                },
                Decision { what: "what is checked", who: "the device's software: every picture" },
                Decision { what: "whether a picture matches", who: "the provider alone; nothing proves its verdict" },
                Decision {
                    what: "whether the content is handed over",
                    who: "the provider: the device obeys a claimed match",
                },
                reporting::decision(&self.policy),
            ],
            parameters,
            limits: vec![
                "Nothing binds what is checked to the picture that is sent: a modified client can lie.",
                "The device obeys whatever verdict the provider states; it cannot check that the list was consulted.",
                "Only pictures are checked; other contents pass unchecked, and devices count them.",
                "The reviewer is idealised: recognises exactly the listed pictures, in 30 s each.",
            ],
            deviations: vec![
                "The text of the 2020 paper could not be read: the flow follows secondary sources.",
                "The paper's open settings are the parameters above.",
                "A device forgets a content whose verdict does not come within 10 s.",
            ],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        courier::check_users(self.name(), setup)?;
        let ledger = Ledger::recording();
        let device = |index| {
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            let client = self.client.of(index);
            let device = device::Device::new(setup, self.cut, self.policy, mailbox).acting(client);
            (PartyId::device(index), Endpoint::boxed(device))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        parties.push((
            PartyId::PROVIDER,
            Endpoint::boxed(provider::Provider::new(setup, *self, listing::authority(seed).key())),
        ));
        parties.push((PartyId::REVIEWER, Endpoint::boxed(Reviewer::<Message>::new(setup))));
        parties.push((PartyId::REPORT_AUTHORITY, Endpoint::boxed(Desk::<Message>::authority(&self.policy, None))));
        parties.push((PartyId::LIST_AUTHORITY, Endpoint::boxed(ListAuthority::<Message>::new(setup, seed))));
        Ok(Deployment { parties, ledger })
    }

    fn outsiders(&self) -> Vec<PartyId> {
        use PartyId as P;
        vec![P::PROVIDER, P::NETWORK, P::REVIEWER, P::REPORT_AUTHORITY, P::LIST_AUTHORITY]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        match role {
            Role::Provider => [
                Clause::every(Datum::Metadata),
                Clause::every(Datum::Kind),
                Clause::every(Datum::Fingerprint(self.cut)),
                Clause::every(Datum::Verdict),
                Clause::matched(Datum::Content),
            ]
            .into_iter()
            .chain(reporting::decision_shows(&self.policy, true))
            .collect(),
            // A check is traffic of its own, and so are a disclosure and a report, whose records are as long as the content.
            // How long hashing takes tells how long the picture is.
            Role::Network => [
                Clause::every(Datum::Metadata),
                Clause::every(Datum::Kind),
                Clause::every(Datum::Verdict),
                if self.policy.hide_timing { Clause::matched(Datum::Length) } else { Clause::every(Datum::Length) },
            ]
            .into_iter()
            .chain(reporting::decision_shows(&self.policy, false))
            .collect(),
            Role::Reviewer => reporting::reviewer_learns(&self.policy),
            Role::ReportAuthority => reporting::authority_learns(&self.policy),
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
        vec![Box::new(HashLookup(self.cut))]
    }

    fn strategies(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        let system = |(name, strategy)| (name, Box::new(Self { strategy, ..*self }) as Box<dyn Architecture>);
        Strategy::DEVIATING.map(system).into()
    }

    fn clients(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        let system = |(name, client)| (name, Box::new(Self { client, ..*self }) as Box<dyn Architecture>);
        Client::DEVIATING.map(system).into()
    }

    fn sightings(&self, view: &View<'_>) -> Vec<Sighting> {
        let given = |seen: &Seen<'_>| {
            let shown = match Message::from_wire(&seen.payload()?).ok()? {
                Message::Check(_, given) => Shown::Hash(Intermediate::from_bytes(self.cut, &given).ok()?.finish()?),
                Message::Disclosure(_, content) => Shown::Content(content),
                _ => return None,
            };
            Some(Sighting { at: seen.at, account: seen.from.index(), shown })
        };
        let given = view.seen.iter().filter(|seen| seen.from.role() == Role::Device).filter_map(given);
        given.chain(reporting::sightings::<Message>(view)).collect()
    }

    fn intermediates(&self, view: &View<'_>) -> Vec<Intermediate> {
        checks(self.cut, view).into_iter().map(|(_, given)| given).collect()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}

/// What devices gave to be checked in a view, with the devices.
fn checks(cut: Cut, view: &View<'_>) -> Vec<(u16, Intermediate)> {
    let checks = view.seen.iter().filter(|seen| seen.from.role() == Role::Device).filter_map(|seen| {
        match Message::from_wire(&seen.payload()?).ok()? {
            Message::Check(_, given) => Some((seen.from.index(), Intermediate::from_bytes(cut, &given).ok()?)),
            _ => None,
        }
    });
    checks.collect()
}

/// The hashes of the checks, finished.
fn finished(cut: Cut, view: &View<'_>) -> Vec<(u16, Pdq)> {
    checks(cut, view).into_iter().filter_map(|(device, given)| Some((device, given.finish()?))).collect()
}

/// Finishes the hashes of the checks and looks them up among the pictures of both histories.
struct HashLookup(Cut);

impl Adversary for HashLookup {
    fn name(&self) -> &'static str {
        "hash-lookup"
    }

    fn score(&self, view: &View<'_>, challenge: &Challenge<'_>) -> f32 {
        let checks = finished(self.0, view);
        let disagreement = |facts: &[Facts]| {
            let expected: Vec<(u16, Pdq)> =
                facts.iter().filter_map(|fact| Some((fact.sender, fact.fingerprint()?))).collect();
            let differs = |((user, pdq), (other, seen)): (&(u16, Pdq), &(u16, Pdq))| {
                pdq.hash.distance(&seen.hash) + PdqHash::BITS * u32::from(user != other)
            };
            let missing = expected.len().abs_diff(checks.len());
            expected.iter().zip(&checks).map(differs).sum::<u32>() as f32 + (missing * 512) as f32
        };
        if view.seen.iter().all(|seen| seen.bytes.is_none()) {
            return 0.0;
        }
        disagreement(challenge.facts[0]) - disagreement(challenge.facts[1])
    }
}
