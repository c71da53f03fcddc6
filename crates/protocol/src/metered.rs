use crate::{Context, Deployment, Memory, Party, PartyId, Refusal, Span, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells how much CPU time the calling thread has used. Whoever may look at clocks hands one in.
pub type Clock = fn() -> Span;

/// What a party used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Inputs that it handled.
    pub inputs: u64,
    /// Work by the fixed table of [`Work`](crate::Work): the same in every run.
    pub modelled: Span,
    /// CPU time by the clock, with what the laboratory records on the way.
    pub measured: Span,
}

/// What every party of a deployment used before a time, and from then on.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<BTreeMap<PartyId, [Used; 2]>>>);

impl Meter {
    /// Meters every party of `deployment`, before and from `cut` on. The runner's own work is not metered, nor is the reading
    /// of memories.
    pub fn attach(deployment: Deployment, cut: Time, clock: Clock) -> (Deployment, Self) {
        let meter = Self::default();
        let metered = |(id, party): (PartyId, Box<dyn Party>)| {
            let party: Box<dyn Party> = Box::new(Metered { party, cut, clock, meter: meter.clone() });
            (id, party)
        };
        let parties = deployment.parties.into_iter().map(metered).collect();
        (Deployment { parties, ledger: deployment.ledger }, meter)
    }

    /// What each party used before the cut, and from then on.
    pub fn used(&self) -> BTreeMap<PartyId, [Used; 2]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A party with a meter around it.
struct Metered {
    party: Box<dyn Party>,
    cut: Time,
    clock: Clock,
    meter: Meter,
}

impl Metered {
    fn measure<T>(&mut self, cx: &mut Context<'_>, call: impl FnOnce(&mut dyn Party, &mut Context<'_>) -> T) -> T {
        let (worked, half) = (cx.spent, usize::from(cx.now >= self.cut));
        let begun = (self.clock)();
        let result = call(self.party.as_mut(), cx);
        let ended = (self.clock)();
        let since = |earlier: Span, later: Span| {
            Span::nanoseconds(later.as_nanoseconds().saturating_sub(earlier.as_nanoseconds()))
        };
        let mut meter = self.meter.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = &mut meter.entry(cx.party).or_default()[half];
        used.inputs += 1;
        used.modelled = used.modelled + since(worked, cx.spent);
        used.measured = used.measured + since(begun, ended);
        result
    }
}

impl Party for Metered {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.measure(cx, |party, cx| party.start(cx))
    }

    fn receive(&mut self, from: PartyId, message: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.measure(cx, |party, cx| party.receive(from, message, cx))
    }

    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        self.measure(cx, |party, cx| party.wake(cx))
    }

    fn memory(&self) -> Memory {
        self.party.memory()
    }
}
