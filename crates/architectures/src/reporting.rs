//! What happens to content that was found to match: a reviewer looks, a report authority receives, and where the
//! architecture says so law enforcement is told.

use minicbor::{CborLen, Decode, Encode};
use sha2::{Digest, Sha256};
use sightline_protocol::{Content, Machine, Memory, PartyId, Reason, Setup, Turn, Wire, Work};
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

/// A content on its way from the provider to those who judge it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct Report {
    /// Number of the report at this provider.
    #[n(0)]
    pub number: u64,
    /// The account that sent the content.
    #[n(1)]
    pub account: u16,
    /// The content.
    #[n(2)]
    pub content: Content,
}

/// A message type in which reports travel.
pub trait Carries: Wire + Send + From<Report> {
    /// The report, if the message is one.
    ///
    /// # Errors
    /// The message's name, if it is something else.
    fn into_report(self) -> Result<Report, &'static str>;
}

/// Looks at reported content and passes on what is recognised. Idealised: never errs.
pub struct Reviewer<M> {
    recognised: Arc<BTreeSet<[u8; 32]>>,
    dismissed: u64,
    confirmed: u64,
    message: PhantomData<fn(M)>,
}

impl<M> Reviewer<M> {
    pub fn new(setup: &Setup) -> Self {
        Self { recognised: Arc::clone(&setup.recognised), dismissed: 0, confirmed: 0, message: PhantomData }
    }
}

impl<M: Carries> Machine for Reviewer<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let report = expect_report(from, PartyId::PROVIDER, message)?;
        turn.spend(Work::Bytes(report.content.bytes.len()));
        let digest: [u8; 32] = Sha256::digest(&report.content.bytes).into();
        if self.recognised.contains(&digest) {
            self.confirmed += 1;
            turn.send(PartyId::REPORT_AUTHORITY, &report.into());
        } else {
            self.dismissed += 1;
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::new([
            ("confirmed".into(), self.confirmed.to_be_bytes().into()),
            ("dismissed".into(), self.dismissed.to_be_bytes().into()),
        ])
    }
}

/// Keeps what it receives and, if told so, passes it on.
pub struct Desk<M> {
    accepts_from: PartyId,
    passes_to: Option<PartyId>,
    held: Vec<Report>,
    message: PhantomData<fn(M)>,
}

impl<M> Desk<M> {
    pub fn new(accepts_from: PartyId, passes_to: Option<PartyId>) -> Self {
        Self { accepts_from, passes_to, held: Vec::new(), message: PhantomData }
    }
}

impl<M: Carries> Machine for Desk<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let report = expect_report(from, self.accepts_from, message)?;
        if let Some(next) = self.passes_to {
            turn.send(next, &report.clone().into());
        }
        self.held.push(report);
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::new(self.held.iter().map(|report| (format!("report/{:020}", report.number), report.to_wire())))
    }
}

fn expect_report<M: Carries>(from: PartyId, expected: PartyId, message: M) -> Result<Report, Reason> {
    let report = message
        .into_report()
        .map_err(|message| Reason::Unexpected { message, detail: "only reports are taken here".into() })?;
    if from == expected {
        Ok(report)
    } else {
        Err(Reason::Unexpected { message: "report", detail: format!("reports come from {expected}, not from {from}") })
    }
}
