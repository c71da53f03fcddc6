use super::{Instance, MACHINE, Message, ServerEnclave};
use sightline_crypto::Ledger;
use sightline_enclave::attestation::{Measurement, Quoting};
use sightline_enclave::{Enclave, Host as _, Inline, Outcome, Reply, Request, inline_measurement};
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
    running: BTreeMap<Instance, Inline>,
}

impl Host {
    pub(super) fn new(setup: &Setup, policy: Policy, authority: &Authority, ledger: Ledger) -> Self {
        Self {
            setup: setup.clone(),
            policy,
            authority: authority.key(),
            ledger,
            other_list: ServerEnclave::other_list(setup),
            running: BTreeMap::new(),
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
        let bytes = request.to_wire();
        if !self.running.contains_key(&instance) {
            let enclave = self.launched(instance);
            self.running.insert(instance, enclave);
        }
        let enclave = self.running.get_mut(&instance).expect("it was started");
        let rejected = |detail: String| Reason::Rejected { message: "ask", detail };
        let answer = enclave.call(&bytes, &fresh).map_err(|error| rejected(error.to_string()))?;
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
    /// Whether the last content was hashed.
    fn hashed(&self, instance: Instance) -> bool {
        self.running.get(&instance).is_some_and(|enclave| enclave.0.hashed_last())
    }
}
