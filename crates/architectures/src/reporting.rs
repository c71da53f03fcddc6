//! What happens to content that was found to match: a reviewer looks, a report authority receives, and where the
//! architecture says so law enforcement is told.

use minicbor::{Decode, Encode};
use sightline_protocol::{Content, Machine, Memory, PartyId, Reason, Setup, Turn, Wire, Work};
use std::marker::PhantomData;

/// A content on its way from the provider to those who judge it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Report {
    /// Number of the report at this provider.
    #[n(0)]
    pub(crate) number: u64,
    /// The account that sent the content.
    #[n(1)]
    pub(crate) account: u16,
    /// The content.
    #[n(2)]
    pub(crate) content: Content,
}

/// A message type in which reports travel.
pub(crate) trait Carries: Wire + Send + From<Report> {
    /// The report, if the message is one.
    ///
    /// # Errors
    /// The message's name, if it is something else.
    fn into_report(self) -> Result<Report, &'static str>;
}

/// Looks at reported content and passes on what is recognised. Idealised: see [`Setup::recognises`].
pub(crate) struct Reviewer<M> {
    setup: Setup,
    dismissed: u64,
    confirmed: u64,
    message: PhantomData<fn(M)>,
}

impl<M> Reviewer<M> {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self { setup: setup.clone(), dismissed: 0, confirmed: 0, message: PhantomData }
    }
}

impl<M: Carries> Machine for Reviewer<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let report = expect_report(from, PartyId::PROVIDER, message)?;
        turn.spend(Work::Bytes(report.content.bytes.len()));
        if self.setup.recognises(&report.content.bytes) {
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
pub(crate) struct Desk<M> {
    accepts_from: PartyId,
    passes_to: Option<PartyId>,
    held: Vec<Report>,
    message: PhantomData<fn(M)>,
}

impl<M> Desk<M> {
    pub(crate) fn new(accepts_from: PartyId, passes_to: Option<PartyId>) -> Self {
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
