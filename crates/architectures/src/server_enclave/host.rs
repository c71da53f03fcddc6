use super::{Instance, MACHINE, MACHINE_SEED, Message, Program, ServerEnclave};
use sightline_crypto::{Ledger, Seed};
use sightline_enclave::attestation::{Measurement, Quoting};
use sightline_enclave::{Enclave, Host as _, HostError, Inline, Outcome, Reply, Request, inline_measurement};
#[cfg(target_os = "linux")]
use sightline_enclave::{Launch, Process};
use sightline_lists::{Authority, AuthorityKey, HashList};
use sightline_protocol::{Machine, Memory, PartyId, Policy, Reason, Setup, Turn, Wire, Work};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The enclaves that the provider has started; the honest one starts one.
pub(super) struct Host {
    setup: Setup,
    policy: Policy,
    authority: AuthorityKey,
    ledger: Ledger,
    other_list: Arc<HashList>,
    /// What is started for the published code, instead of running it here.
    program: Option<Program>,
    running: BTreeMap<Instance, Running>,
}

/// An enclave that was started.
enum Running {
    Here(Box<Inline>),
    #[cfg(target_os = "linux")]
    Apart(Process),
}

impl Running {
    fn call(&mut self, request: &Request, fresh: &[u8; 32], list: &HashList) -> Result<Vec<u8>, HostError> {
        match (self, request) {
            (Self::Here(enclave), request) => enclave.call(&request.to_wire(), fresh),
            // Nothing is handed over beside the requests.
            #[cfg(target_os = "linux")]
            (Self::Apart(process), Request::Load { statement, entries }) if entries.is_empty() => {
                process.load(statement.clone(), list)
            }
            #[cfg(target_os = "linux")]
            (Self::Apart(process), request) => process.call(&request.to_wire(), fresh),
        }
    }

    fn memory(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Here(enclave) => enclave.memory(),
            #[cfg(target_os = "linux")]
            Self::Apart(process) => process.memory(),
        }
    }
}

impl Host {
    pub(super) fn new(
        setup: &Setup,
        policy: Policy,
        authority: &Authority,
        program: Option<Program>,
        ledger: Ledger,
    ) -> Self {
        Self {
            setup: setup.clone(),
            policy,
            authority: authority.key(),
            ledger,
            other_list: ServerEnclave::other_list(setup),
            program,
            running: BTreeMap::new(),
        }
    }

    fn started(&self, instance: Instance) -> Result<Running, HostError> {
        match &self.program {
            #[cfg(target_os = "linux")]
            Some(program) if instance == Instance::Genuine => {
                let [root, platform] = [MACHINE_SEED; 2].map(|seed| *Seed::from_u64(seed).as_bytes());
                let (authority, radius) = (self.authority.to_bytes(), self.setup.radius.bits());
                let launch = Launch { root, platform, authority, radius };
                let arguments: Vec<&str> = program.arguments.iter().map(String::as_str).collect();
                Process::start(&program.path, &arguments, &launch).map(Running::Apart)
            }
            _ => Ok(Running::Here(Box::new(self.launched(instance)))),
        }
    }

    fn launched(&self, instance: Instance) -> Inline {
        let (platform, _) = &*MACHINE;
        let (code, debug) = match instance {
            Instance::Genuine | Instance::OtherList => (inline_measurement(), false),
            Instance::Modified => (Measurement::of(b"code that lets everything out"), false),
            Instance::Debug => (inline_measurement(), true),
        };
        Inline(launch(platform.load(code, debug), &self.setup, self.authority, &self.ledger, &self.other_list))
    }
}

/// The enclave's code, wherever it runs.
pub(super) fn launch(
    quoting: Quoting,
    setup: &Setup,
    authority: AuthorityKey,
    ledger: &Ledger,
    other_list: &Arc<HashList>,
) -> Enclave {
    Enclave::launch(quoting, authority, setup.radius, Arc::clone(&setup.memo), ledger.clone())
        .supplied_with([Arc::clone(&setup.list), Arc::clone(other_list)])
}

impl Machine for Host {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let name = message.name();
        let (Message::Ask(instance, number, request), PartyId::PROVIDER) = (message, from) else {
            let detail = "an enclave takes what its host asks".into();
            return Err(Reason::Unexpected { message: name, detail });
        };
        let sealed = match &request {
            Request::Hello { .. } => {
                turn.spend(Work::Quote);
                None
            }
            Request::Check { sealed, .. } => Some(sealed.ciphertext.len()),
            _ => None,
        };
        let fresh = turn.secret();
        let rejected = |detail: String| Reason::Rejected { message: "ask", detail };
        let failed = |error: HostError| rejected(error.to_string());
        if !self.running.contains_key(&instance) {
            let enclave = self.started(instance).map_err(failed)?;
            self.running.insert(instance, enclave);
        }
        let enclave = self.running.get_mut(&instance).expect("it was started");
        let answer = enclave.call(&request, &fresh, &self.setup.list).map_err(failed)?;
        let reply = Reply::from_wire(&answer)?;
        if let Some(length) = sealed {
            turn.spend(Work::Bytes(length));
            // Without hidden timing only a picture takes the time of hashing, and a match shows that it was one.
            if self.policy.hide_timing || matches!(reply, Reply::Outcome(Outcome::Match(_))) || self.hashed(instance) {
                turn.spend(self.policy.fingerprint_work(&self.setup, length));
                turn.spend(Work::Compare(self.setup.list.len()));
            }
        }
        turn.send(PartyId::PROVIDER, &Message::Answer(instance, number, reply.clone()));
        match reply {
            Reply::Refused(detail) => Err(rejected(detail)),
            _ => Ok(()),
        }
    }

    fn memory(&self) -> Memory {
        self.running.iter().fold(Memory::default(), |memory, (instance, enclave)| {
            memory.with(&format!("{instance:?}").to_lowercase(), Memory::new(enclave.memory()))
        })
    }
}

impl Host {
    /// Whether the last content was hashed, as far as can be seen: a process does not say.
    fn hashed(&self, instance: Instance) -> bool {
        matches!(self.running.get(&instance), Some(Running::Here(enclave)) if enclave.0.hashed_last())
    }
}
