//! `server-enclave` (row 2a, shortlisted): the device verifies what runs in an enclave at the provider, seals every
//! attachment to it, and the enclave lets nothing out but verdicts and what matches.

mod device;
mod host;
mod provider;

use crate::courier::{self, Client, Courier, Mailbox};
use crate::listing::{self, ListAuthority};
use crate::reporting::{self, Carries, Desk, Paper, Reviewer};
use derive_more::From;
use minicbor::{Decode, Encode};
use sightline_crypto::{Ledger, Seed};
use sightline_enclave as enclave;
use sightline_enclave::attestation::{Measurement, Platform, SoftwareRoot, Verifier};
use sightline_enclave::{Offer, Reply, Sealed};
use sightline_lists::{Entry, Provenance, SignedStatement};
use sightline_messenger::{Delivery, Request};
use sightline_protocol::{
    Adversary, Architecture, Challenge, Clause, Datum, Decision, DeliveryRule, Deployment, Disclosure, Endpoint,
    History, Lists, MatchRelation, PartyId, PartyProfile, Policy, Profile, Role, Setup, SetupError, Sighting, Step,
    View, Wire, WireError,
};
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// The architecture `server-enclave`.
#[derive(Debug, Clone, Copy)]
pub struct ServerEnclave {
    policy: Policy,
    strategy: Strategy,
    client: Client,
}

/// `server-enclave` whose enclave is a process of its own, from which nothing can be opened, connected or started, instead of
/// code in the process of the laboratory. What the enclave holds is not seen, so games cannot be played on it.
#[derive(Debug, Clone)]
pub struct Isolated {
    system: ServerEnclave,
    program: Program,
}

/// A program that answers as an enclave ([`enclave::serve`]), and its digest.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    measurement: Measurement,
}

impl Program {
    /// The program at `path`, started with these arguments.
    ///
    /// # Errors
    /// What the operating system says if it cannot be read.
    pub fn at(path: PathBuf, arguments: Vec<String>) -> io::Result<Self> {
        let measurement = Measurement::of(&std::fs::read(&path)?);
        Ok(Self { path, arguments, measurement })
    }
}

impl Isolated {
    /// The system with an honest provider.
    pub const fn new(policy: Policy, program: Program) -> Self {
        Self { system: ServerEnclave::under(policy), program }
    }
}

impl Architecture for Isolated {
    fn profile(&self) -> Profile {
        self.system.profile()
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        self.system.deploy_with(setup, seed, Some(&self.program))
    }

    fn outsiders(&self) -> Vec<PartyId> {
        self.system.outsiders()
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        self.system.declared(role)
    }

    fn receivers(&self) -> BTreeSet<Role> {
        self.system.receivers()
    }

    fn blocks(&self) -> bool {
        self.system.blocks()
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        self.system.describe(payload)
    }
}

/// What the provider does with the enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Passes on what it is given.
    Honest,
    /// Claims that everything matches.
    EveryMatch,
    /// Keeps what devices sealed, and after a minute has it matched with a list that it signed itself.
    LaterList,
    /// Has the first user's contents matched with another list, which the list authority signed for it.
    SplitView,
    /// Starts code that was changed.
    ModifiedCode,
    /// Starts the code in debug mode.
    DebugMode,
    /// Pretends to be the enclave, with the platform's attestation key.
    StolenKey,
}

impl Strategy {
    const DEVIATING: [(&'static str, Self); 6] = [
        ("claim-every-match", Self::EveryMatch),
        ("later-list", Self::LaterList),
        ("split-view", Self::SplitView),
        ("modified-enclave", Self::ModifiedCode),
        ("debug-enclave", Self::DebugMode),
        ("stolen-key", Self::StolenKey),
    ];

    /// The enclave that serves an account; a provider may start as many as it likes.
    const fn instance(self, account: u16) -> Instance {
        match self {
            Self::SplitView if account == 0 => Instance::OtherList,
            Self::ModifiedCode => Instance::Modified,
            Self::DebugMode => Instance::Debug,
            _ => Instance::Genuine,
        }
    }
}

/// An enclave that a provider has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) enum Instance {
    /// The published code, with the published list.
    #[n(0)]
    Genuine,
    /// The published code, with another list.
    #[n(1)]
    OtherList,
    /// Other code.
    #[n(2)]
    Modified,
    /// The published code, in debug mode.
    #[n(3)]
    Debug,
}

/// Seed of root and platform.
const MACHINE_SEED: u64 = 0;

/// The one made-up machine of all deployments: its root, itself, and the verifier of every device.
static MACHINE: LazyLock<(Platform, Arc<Verifier>)> = LazyLock::new(|| {
    let seed = Seed::from_u64(MACHINE_SEED);
    let root = SoftwareRoot::new(&seed);
    (root.platform(&seed), Arc::new(Verifier::new(root.certificate(), root.collateral())))
});

impl ServerEnclave {
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
    /// Device to provider: number of a content to be checked, and a nonce for the enclave.
    #[n(2)]
    Hello(#[n(0)] u64, #[cbor(n(1), with = "minicbor::bytes")] [u8; 32]),
    /// Provider to device: the enclave's session for it.
    #[n(3)]
    Offer(#[n(0)] u64, #[n(1)] Offer),
    /// Device to provider: the content, sealed to the enclave.
    #[n(4)]
    Sealed(#[n(0)] u64, #[n(1)] Sealed),
    /// Provider to device, where contents wait for it: whether it matched, so the provider says.
    #[n(5)]
    Verdict(#[n(0)] u64, #[n(1)] bool),
    /// Provider to reviewer and back, and on to the report authority.
    #[n(6)]
    #[from]
    Paper(#[n(0)] Paper),
    /// List authority to provider.
    #[n(7)]
    #[from]
    List(#[n(0)] SignedStatement),
    /// Provider to enclave: which one, number of the request, the request.
    #[n(8)]
    Ask(#[n(0)] Instance, #[n(1)] u64, #[n(2)] enclave::Request),
    /// Enclave to provider: which one, number of the request, its reply.
    #[n(9)]
    Answer(#[n(0)] Instance, #[n(1)] u64, #[n(2)] Reply),
}

impl Message {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Delivery(_) => "delivery",
            Self::Hello(..) => "hello",
            Self::Offer(..) => "offer",
            Self::Sealed(..) => "sealed",
            Self::Verdict(..) => "verdict",
            Self::Paper(paper) => paper.name(),
            Self::List(_) => "list",
            Self::Ask(..) => "ask",
            Self::Answer(..) => "answer",
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

impl ServerEnclave {
    fn flow(&self) -> Vec<Step> {
        let step = |from, to, label, condition, sealed| Step { from, to, label, condition, sealed };
        let blocking = self.policy.delivery == DeliveryRule::Blocking;
        let sent = if blocking { "no match is claimed" } else { "" };
        let message = [
            step("device", "provider", "sealed attachment, MLS message", sent, true),
            step("provider", "recipient", "MLS message, sealed attachment", sent, true),
        ];
        let attachment = "it is an attachment";
        let check = [
            step("device", "enclave", "nonce", attachment, false),
            step("enclave", "device", "quote, key, list version", attachment, false),
            step("device", "provider", "content for the enclave", attachment, true),
            step("provider", "enclave", "content", attachment, false),
            step("enclave", "provider", "verdict", attachment, false),
        ];
        let mut flow = vec![step("list-authority", "enclave", "signed list", "before anything is sent", false)];
        if !blocking {
            flow.extend(message.clone());
        }
        flow.extend(check);
        if blocking {
            flow.push(step("provider", "device", "verdict", attachment, false));
            flow.extend(message);
        }
        flow.push(step("enclave", "provider", "content", "it matches", false));
        flow.extend(reporting::steps(&self.policy));
        flow
    }

    /// Fresh parties; the enclave runs here, or as `program`.
    fn deploy_with(&self, setup: &Setup, seed: &Seed, program: Option<&Program>) -> Result<Deployment, SetupError> {
        courier::check_users("server-enclave", setup)?;
        let (policy, ledger) = (self.policy, Ledger::recording());
        let authority = listing::authority(seed);
        let code = program.map_or_else(enclave::inline_measurement, |program| program.measurement);
        let device = |index| {
            let mailbox = Mailbox::new(setup, index, seed, ledger.clone());
            let device = device::Device::new(setup, policy, mailbox, code, ledger.clone());
            (PartyId::device(index), Endpoint::boxed(device.acting(self.client.of(index))))
        };
        let mut parties: Vec<_> = (0..setup.users).map(device).collect();
        let provider = provider::Provider::new(setup, *self, &authority, ledger.clone());
        parties.push((PartyId::PROVIDER, Endpoint::boxed(provider)));
        parties.push((
            PartyId::ENCLAVE,
            Endpoint::boxed(host::Host::new(setup, policy, &authority, program.cloned(), ledger.clone())),
        ));
        parties.push((PartyId::REVIEWER, Endpoint::boxed(Reviewer::<Message>::new(setup))));
        parties.push((PartyId::REPORT_AUTHORITY, Endpoint::boxed(Desk::<Message>::authority(&policy, None))));
        parties.push((PartyId::LIST_AUTHORITY, Endpoint::boxed(ListAuthority::<Message>::new(setup, seed))));
        Ok(Deployment { parties, ledger })
    }

    /// The list with the picture that a malicious party is after.
    fn other_list(setup: &Setup) -> Arc<sightline_lists::HashList> {
        let with = |hash| Arc::new(setup.list.with(Entry { hash, provenance: Provenance::Picture }));
        setup.target.map_or_else(|| Arc::clone(&setup.list), with)
    }
}

impl Architecture for ServerEnclave {
    fn profile(&self) -> Profile {
        let party = |name, title, outsider| PartyProfile { name, title, outsider };
        let mut parties = vec![
            party("device", "Users' devices", false),
            party("provider", "Provider (ESP)", true),
            party("enclave", "Enclave at the provider", true),
            party("network", "Network", true),
        ];
        parties.extend(reporting::parties());
        Profile {
            name: "server-enclave",
            title: "Matching in an enclave at the provider",
            row: "2a, shortlisted",
            source: "Row 2a of the Commission's 2020 technical paper, as secondary sources report it",
            summary: "The device has an enclave at the provider prove which code it runs and which list it matches with, and \
                      seals every attachment to it. The enclave hashes and matches; out come the verdict and, on a match, \
                      the content, for which the provider opens a case. The recipient gets an ordinary end-to-end encrypted \
                      message.",
            parties,
            flow: self.flow(),
            match_relation: MatchRelation::Radius,
            disclosure: Disclosure::Held,
            decisions: vec![
                Decision { what: "what is on the list", who: "the list authority, by its signature" },
                Decision {
                    what: "which list is used",
                    who: match self.policy.lists {
                        Lists::One => "the device: the published one alone",
                        Lists::PerUser => "the provider, among those that the list authority signed",
                    },
                },
                Decision { what: "which code runs", who: "the provider; the device accepts published code alone" },
                Decision { what: "what is checked", who: "the device's software: every attachment" },
                Decision { what: "whether a picture matches", who: "the enclave" },
                Decision { what: "whether the content is handed over", who: "the enclave: it comes with the match" },
                reporting::decision(&self.policy),
            ],
            parameters: self.policy.parameters(),
            limits: vec![
                "There is no hardware TEE: the enclave's memory is protected by nothing here, and its quotes are signed by a \
                 software root.",
                "An enclave that is broken, by its maker's key or by a side channel, sees every attachment.",
                "Nothing binds what is sealed to the enclave to the picture that is sent: a modified client can lie.",
                "Only pictures are checked; other attachments are sealed to the enclave too, which counts them as unchecked.",
                "The reviewer is idealised: recognises exactly the listed pictures, in 30 s each.",
            ],
            deviations: vec![
                "The text of the 2020 paper could not be read: the flow follows secondary sources.",
                "The paper's open settings are the parameters above.",
                "Devices know the published list's version and digest, and the published code, from their installation.",
                "A device forgets a content for which it gets no acceptable session within 10 s.",
            ],
        }
    }

    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError> {
        self.deploy_with(setup, seed, None)
    }

    fn outsiders(&self) -> Vec<PartyId> {
        vec![
            PartyId::PROVIDER,
            PartyId::ENCLAVE,
            PartyId::NETWORK,
            PartyId::REVIEWER,
            PartyId::REPORT_AUTHORITY,
            PartyId::LIST_AUTHORITY,
        ]
    }

    fn declared(&self, role: Role) -> BTreeSet<Clause> {
        let policy = &self.policy;
        // Checking takes as long as the content is, and longer for pictures.
        let timing = || {
            let shows = [Datum::Kind, Datum::Length].map(Clause::every);
            shows.into_iter().filter(|_| !policy.hide_timing)
        };
        match role {
            Role::Provider => {
                [Clause::every(Datum::Metadata), Clause::every(Datum::Verdict), Clause::matched(Datum::Content)]
                    .into_iter()
                    .chain(timing())
                    .chain(reporting::decision_shows(policy, true))
                    .collect()
            }
            Role::Enclave => [Datum::Metadata, Datum::Content, Datum::Kind, Datum::Length].map(Clause::every).into(),
            // A report is traffic of its own, as long as the content.
            Role::Network => {
                [Clause::every(Datum::Metadata), Clause::every(Datum::Verdict), Clause::matched(Datum::Length)]
                    .into_iter()
                    .chain(timing())
                    .chain(reporting::decision_shows(policy, false))
                    .collect()
            }
            Role::Reviewer => reporting::reviewer_learns(policy),
            Role::ReportAuthority => reporting::authority_learns(&self.policy),
            _ => BTreeSet::new(),
        }
    }

    fn blocks(&self) -> bool {
        self.policy.delivery == DeliveryRule::Blocking
    }

    fn receivers(&self) -> BTreeSet<Role> {
        [Role::Provider, Role::Enclave, Role::Reviewer, Role::ReportAuthority].into()
    }

    fn adversaries(&self) -> Vec<Box<dyn Adversary>> {
        vec![Box::new(Opens)]
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
        reporting::sightings::<Message>(view)
    }

    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError> {
        Message::from_wire(payload).map(|message| (message.name(), message.to_wire()))
    }
}

/// Counts which history's contents are in what the view holds or can open.
struct Opens;

impl Adversary for Opens {
    fn name(&self) -> &'static str {
        "open-sealed"
    }

    fn score(&self, view: &View<'_>, challenge: &Challenge<'_>) -> f32 {
        let held: Vec<&[u8]> = view.byte_strings().collect();
        let holds = |history: &History| {
            let contents = history.sends().map(|(_, _, content)| &content.bytes);
            contents.filter(|content| held.iter().any(|bytes| contains(bytes, content))).count() as f32
        };
        holds(challenge.histories[1]) - holds(challenge.histories[0])
    }
}

/// Whether `bytes` has `content` in it; a place where the first 16 bytes agree is looked at whole.
fn contains(bytes: &[u8], content: &[u8]) -> bool {
    if content.is_empty() || bytes.len() < content.len() {
        return false;
    }
    let start = &content[..content.len().min(16)];
    (0..=bytes.len() - content.len())
        .any(|at| bytes[at..].starts_with(start) && bytes[at..at + content.len()] == *content)
}
