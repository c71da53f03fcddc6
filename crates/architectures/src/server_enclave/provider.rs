use super::{Instance, MACHINE, Message, ServerEnclave, Strategy, host};
use crate::courier::PostOffice;
use crate::listing;
use crate::reporting::Casework;
use sightline_crypto::Ledger;
use sightline_enclave::{Enclave, Outcome, Reply, Request, Sealed, inline_measurement};
use sightline_lists::{Authority, AuthorityKey, SignedStatement};
use sightline_protocol::{
    Content, ContentKind, DeliveryRule, Machine, Memory, PartyId, Reason, Role, Setup, Span, Turn, Wire,
};
use std::collections::{BTreeMap, BTreeSet};

/// How long the strategy [`Strategy::LaterList`] waits for the later list.
const LATER: Span = Span::seconds(60);

/// Passes requests to the enclave and answers to devices, and opens cases for what comes out.
pub(super) struct Provider {
    post: PostOffice,
    setup: Setup,
    system: ServerEnclave,
    authority: AuthorityKey,
    casework: Casework,
    /// The signed list, once it came.
    list: Option<SignedStatement>,
    /// Enclaves that were told to load their list, and whether they have.
    loaded: BTreeMap<Instance, bool>,
    asked: u64,
    /// Requests that are not answered yet: for which device, under which number of its own.
    open: BTreeMap<u64, Asked>,
    /// Sessions asked for before the list came.
    early: Vec<(PartyId, u64, [u8; 32])>,
    deviation: Deviation,
}

/// What an enclave was asked for.
struct Asked {
    device: PartyId,
    number: u64,
}

/// What a deviating provider has beside.
struct Deviation {
    ledger: Ledger,
    /// A list that the list authority signed for it alone.
    other_list: SignedStatement,
    /// A list that it signed itself.
    own_list: SignedStatement,
    /// The enclave's code, running where the provider can read it.
    impostor: Option<Enclave>,
    /// What it read.
    read: Vec<Content>,
    /// What it stored.
    stored: Vec<(u16, Sealed)>,
}

impl Provider {
    pub(super) fn new(setup: &Setup, system: ServerEnclave, authority: &Authority, ledger: Ledger) -> Self {
        let other = listing::statement(&ServerEnclave::other_list(setup), Some(&setup.list));
        Self {
            post: PostOffice::default(),
            setup: setup.clone(),
            system,
            authority: authority.key(),
            casework: Casework::new(setup, &system.policy),
            list: None,
            loaded: BTreeMap::new(),
            asked: 0,
            open: BTreeMap::new(),
            early: Vec::new(),
            deviation: Deviation {
                ledger,
                other_list: authority.sign(&other),
                own_list: Authority::new(&[0x5a; 32]).sign(&other),
                impostor: None,
                read: Vec::new(),
                stored: Vec::new(),
            },
        }
    }

    fn ask(&mut self, instance: Instance, request: Request, asked: Asked, turn: &mut Turn<'_, '_, Message>) {
        self.asked += 1;
        self.open.insert(self.asked, asked);
        turn.send(PartyId::ENCLAVE, &Message::Ask(instance, self.asked, request));
    }

    /// Has an enclave started with its list, unless it was.
    fn start(&mut self, instance: Instance, turn: &mut Turn<'_, '_, Message>) {
        let Some(list) = self.list.clone() else { return };
        if self.loaded.contains_key(&instance) {
            return;
        }
        self.loaded.insert(instance, false);
        let statement = if instance == Instance::OtherList { self.deviation.other_list.clone() } else { list };
        let asked = Asked { device: PartyId::PROVIDER, number: 0 };
        self.ask(instance, Request::Load { statement, entries: Vec::new() }, asked, turn);
    }

    fn hello(&mut self, from: PartyId, number: u64, nonce: [u8; 32], turn: &mut Turn<'_, '_, Message>) {
        let account = from.index();
        if self.system.strategy == Strategy::StolenKey {
            self.impersonate(from, number, nonce, turn);
            return;
        }
        let instance = self.system.strategy.instance(account);
        self.start(instance, turn);
        if self.list.is_some() {
            self.ask(instance, Request::Hello { account, nonce }, Asked { device: from, number }, turn);
        } else {
            self.early.push((from, number, nonce));
        }
    }

    /// Runs the enclave's code itself, with quotes made by the stolen key.
    fn impersonate(&mut self, from: PartyId, number: u64, nonce: [u8; 32], turn: &mut Turn<'_, '_, Message>) {
        let Some(list) = self.list.clone() else {
            self.early.push((from, number, nonce));
            return;
        };
        let fresh = turn.secret();
        let (setup, authority, ledger) = (&self.setup, self.authority, &self.deviation.ledger);
        let impostor = self.deviation.impostor.get_or_insert_with(|| {
            let quoting = MACHINE.0.stolen().claiming(inline_measurement());
            let mut code = host::launch(quoting, setup, authority, ledger, &setup.list);
            // It is the published list; if it were refused, no session could be offered.
            let _ = code.load(&list, &[]);
            code
        });
        if let Ok(offer) = impostor.hello(from.index(), nonce, &fresh) {
            turn.send(from, &Message::Offer(number, offer));
        }
    }

    fn sealed(
        &mut self,
        from: PartyId,
        number: u64,
        sealed: Sealed,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Result<(), Reason> {
        let account = from.index();
        if let Some(impostor) = &mut self.deviation.impostor {
            let opened = impostor.open(account, &sealed);
            let subject = opened.map_err(|error| Reason::Rejected { message: "sealed", detail: error.to_string() })?;
            let kind = if subject.picture { ContentKind::Picture } else { ContentKind::Document };
            let content = Content { kind, bytes: subject.bytes };
            let pdq = self.setup.fingerprint(&content.bytes).filter(|_| subject.picture);
            let matched = pdq.is_some_and(|pdq| self.setup.matches(&pdq));
            self.deviation.read.push(content.clone());
            self.verdict(from, number, matched.then_some(content.bytes), turn);
            return Ok(());
        }
        if self.system.strategy == Strategy::LaterList {
            if self.deviation.stored.is_empty() {
                turn.wake_at(Some(turn.now() + LATER));
            }
            self.deviation.stored.push((account, sealed.clone()));
        }
        let instance = self.system.strategy.instance(account);
        self.ask(instance, Request::Check { account, sealed }, Asked { device: from, number }, turn);
        Ok(())
    }

    fn verdict(&mut self, device: PartyId, number: u64, matched: Option<Vec<u8>>, turn: &mut Turn<'_, '_, Message>) {
        let account = device.index();
        let deviates = self.system.strategy != Strategy::Honest;
        let acted_upon = matched.is_some() && (self.casework.count(account) || deviates);
        let claimed = acted_upon || self.system.strategy == Strategy::EveryMatch;
        // Where nobody waits for a verdict, a device that is told of one has no use for it: a lying provider tries.
        if self.system.policy.delivery == DeliveryRule::Blocking || self.system.strategy == Strategy::EveryMatch {
            turn.send(device, &Message::Verdict(number, claimed));
        }
        if let Some(bytes) = matched.filter(|_| acted_upon) {
            self.casework.open(account, Content { kind: ContentKind::Picture, bytes }, turn);
        }
    }

    fn answer(
        &mut self,
        instance: Instance,
        number: u64,
        reply: Reply,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Result<(), Reason> {
        let unknown = || Reason::Rejected { message: "answer", detail: format!("request {number} is not open") };
        let asked = self.open.remove(&number).ok_or_else(unknown)?;
        match reply {
            Reply::Loaded(_) => {
                self.loaded.insert(instance, true);
            }
            Reply::Offer(offer) => turn.send(asked.device, &Message::Offer(asked.number, offer)),
            Reply::Outcome(Outcome::Match(bytes)) => self.verdict(asked.device, asked.number, Some(bytes), turn),
            Reply::Outcome(Outcome::NoMatch | Outcome::Unchecked) => {
                self.verdict(asked.device, asked.number, None, turn);
            }
            // The enclave's refusal is in the record; a device that waits runs out of patience.
            Reply::Refused(_) | Reply::Attempted(_) => {}
        }
        Ok(())
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match (message, from.role()) {
            (Message::Request(request), Role::Device) => self.post.serve(from, request, turn),
            (Message::Hello(number, nonce), Role::Device) => {
                self.hello(from, number, nonce, turn);
                Ok(())
            }
            (Message::Sealed(number, sealed), Role::Device) => self.sealed(from, number, sealed, turn),
            (Message::Answer(instance, number, reply), Role::Enclave) => self.answer(instance, number, reply, turn),
            (Message::Paper(paper), Role::Reviewer) => self.casework.receive(from, &paper, turn),
            (Message::List(signed), _) => {
                listing::check(from, &signed, self.authority, &self.setup.list)?;
                self.list = Some(signed);
                if self.system.strategy != Strategy::StolenKey {
                    self.start(self.system.strategy.instance(u16::MAX), turn);
                }
                for (from, number, nonce) in std::mem::take(&mut self.early) {
                    self.hello(from, number, nonce, turn);
                }
                Ok(())
            }
            (other, _) => Err(Reason::Unexpected {
                message: other.name(),
                detail: "the provider takes requests, hellos and sealed contents of devices, answers of the enclave, lists, \
                         and decisions of the reviewer"
                    .into(),
            }),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let nobody = || Asked { device: PartyId::PROVIDER, number: 0 };
        let statement = self.deviation.own_list.clone();
        self.ask(Instance::Genuine, Request::Load { statement, entries: Vec::new() }, nobody(), turn);
        for (account, sealed) in std::mem::take(&mut self.deviation.stored) {
            self.ask(Instance::Genuine, Request::Check { account, sealed }, nobody(), turn);
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let open = self.open.iter().map(|(number, asked)| {
            (
                format!("open/{number:020}"),
                [u64::from(asked.device.index()), asked.number].map(u64::to_be_bytes).concat(),
            )
        });
        let early =
            self.early.iter().map(|(from, number, nonce)| (format!("early/{from}/{number:020}"), nonce.to_vec()));
        let list = self.list.iter().map(|signed| ("list".to_owned(), signed.as_bytes().to_vec()));
        let loaded: BTreeSet<Instance> =
            self.loaded.iter().filter(|(_, loaded)| **loaded).map(|(one, _)| *one).collect();
        let loaded = loaded.into_iter().map(|instance| (format!("loaded/{instance:?}"), Vec::new()));
        let read = self
            .deviation
            .read
            .iter()
            .zip(0_u64..)
            .map(|(content, number)| (format!("read/{number:020}"), content.to_wire()));
        let stored = self
            .deviation
            .stored
            .iter()
            .zip(0_u64..)
            .map(|((account, sealed), number)| (format!("stored/{account:05}/{number:020}"), sealed.to_wire()));
        Memory::new(open.chain(early).chain(list).chain(loaded).chain(read).chain(stored))
            .with("casework", self.casework.memory())
            .with("messenger", self.post.memory())
    }
}
