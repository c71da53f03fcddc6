use super::{Complaint, Message};
use crate::courier::PostOffice;
use crate::reporting::Casework;
use sightline_messenger as messenger;
use sightline_messenger::FrankingKey;
use sightline_messenger::franking::Commitment;
use sightline_protocol::{Machine, Memory, PartyId, Policy, Reason, Role, Setup, Turn, Wire, Work};
use std::collections::{BTreeMap, BTreeSet};

/// A provider that stamps what it delivers and takes reports of it.
pub(super) struct Provider {
    post: PostOffice,
    cases: Casework,
    key: FrankingKey,
    /// Who reported what was sent under a commitment: a second report of it opens no second case.
    reported: BTreeMap<Commitment, BTreeSet<u16>>,
}

impl Provider {
    pub(super) fn new(setup: &Setup, policy: &Policy, key: [u8; 32]) -> Self {
        let key = FrankingKey::new(key);
        Self {
            post: PostOffice::stamping(key.clone()),
            cases: Casework::new(setup, policy),
            key,
            reported: BTreeMap::new(),
        }
    }

    fn complaint(
        &mut self,
        from: PartyId,
        complaint: Complaint,
        turn: &mut Turn<'_, '_, Message>,
    ) -> Result<(), Reason> {
        let rejected = |detail: String| Reason::Rejected { message: "user report", detail };
        if from.role() != Role::Device {
            let detail = format!("reports come from devices, not from {from}");
            return Err(Reason::Unexpected { message: "user report", detail });
        }
        let Complaint { content, proof } = complaint;
        turn.spend(Work::Bytes(content.bytes.len()));
        let sent = messenger::Content { kind: content.kind, bytes: content.bytes, name: None };
        self.key.check(&sent, &proof).map_err(|error| rejected(error.to_string()))?;
        let reporters = self.reported.entry(proof.stamp.commitment).or_default();
        let first = reporters.is_empty();
        if !reporters.insert(from.index()) {
            return Err(rejected("this account has reported it before".into()));
        }
        if first {
            let content = sightline_protocol::Content { kind: sent.kind, bytes: sent.bytes };
            self.cases.open(proof.stamp.sender.0, content, turn);
        }
        Ok(())
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Request(request) => self.post.serve(from, request, turn),
            Message::Complaint(complaint) => self.complaint(from, complaint, turn),
            Message::Paper(paper) => self.cases.receive(from, &paper, turn),
            Message::Delivery(_) => Err(Reason::Unexpected {
                message: "delivery",
                detail: "the provider takes requests and reports".into(),
            }),
        }
    }

    fn memory(&self) -> Memory {
        let reported = self.reported.iter().map(|(Commitment(commitment), reporters)| {
            let name: String = commitment[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            let reporters: Vec<u16> = reporters.iter().copied().collect();
            (format!("reported/{name}"), (commitment.to_vec(), reporters).to_wire())
        });
        Memory::new(reported).with("messenger", self.post.memory()).with("cases", self.cases.memory())
    }
}
