use crate::wire::{Frame, LONGEST};
use crate::{Command, Context, Display, Memory, Notice, Party, PartyId, Reason, Refusal, Role, Span, Time, Wire, Work};
use sightline_crypto::{Ledger, Stream};
use std::collections::BTreeMap;

/// A role as a typed state machine. [`Endpoint`] turns it into a [`Party`] that speaks bytes.
pub trait Machine: Send {
    /// The messages that travel between machines of this system.
    type Message: Wire;

    /// The run begins.
    ///
    /// # Errors
    /// [`Reason`] if it cannot begin.
    fn start(&mut self, _turn: &mut Turn<'_, '_, Self::Message>) -> Result<(), Reason> {
        Ok(())
    }

    /// Its user commands something. Only devices have users.
    ///
    /// # Errors
    /// [`Reason`] if it cannot be done.
    fn command(&mut self, command: Command, _turn: &mut Turn<'_, '_, Self::Message>) -> Result<(), Reason> {
        Err(Reason::Unexpected { message: command.name(), detail: "only a device takes commands".into() })
    }

    /// A message arrived, exactly once and in the order in which `from` sent it.
    ///
    /// # Errors
    /// [`Reason`] if it is not accepted; the state is then as before.
    fn receive(
        &mut self,
        from: PartyId,
        message: Self::Message,
        turn: &mut Turn<'_, '_, Self::Message>,
    ) -> Result<(), Reason>;

    /// The time that it asked for with [`Turn::wake_at`] has come.
    ///
    /// # Errors
    /// [`Reason`] if something it waited for did not happen.
    fn wake(&mut self, _turn: &mut Turn<'_, '_, Self::Message>) -> Result<(), Reason> {
        Ok(())
    }

    /// Everything it holds now.
    fn memory(&self) -> Memory;
}

/// What a [`Machine`] may use while it handles one input.
pub struct Turn<'a, 'b, M> {
    context: &'a mut Context<'b>,
    links: &'a mut Links,
    alarm: &'a mut Option<Time>,
    message: std::marker::PhantomData<fn(M)>,
}

impl<M: Wire> Turn<'_, '_, M> {
    /// Who handles the input.
    pub fn party(&self) -> PartyId {
        self.context.party()
    }

    /// Virtual time.
    pub fn now(&self) -> Time {
        self.context.now()
    }

    /// The party's own random stream.
    pub fn rng(&mut self) -> &mut Stream {
        self.context.rng()
    }

    /// 32 bytes drawn from it for a secret, as [`Context::secret`].
    pub fn secret(&mut self) -> [u8; 32] {
        self.context.secret()
    }

    /// Where its cryptography is recorded.
    pub fn ledger(&self) -> &Ledger {
        self.context.ledger()
    }

    /// Charges work to virtual time.
    pub fn spend(&mut self, work: Work) {
        self.context.spend(work);
    }

    /// Asks to be woken at `time`; `None` cancels. A machine has one such time, and the last call counts.
    pub fn wake_at(&mut self, time: Option<Time>) {
        *self.alarm = time;
    }

    /// Sends `message`, to arrive exactly once and in order.
    pub fn send(&mut self, to: PartyId, message: &M) {
        self.links.send(to, message.to_wire(), self.context);
    }

    /// Shows something to the device's user.
    pub fn show(&mut self, display: &Display) {
        let user = PartyId::user(self.context.party().index());
        self.context.send(user, display.to_wire());
    }

    /// Tells the device's user something.
    pub fn tell(&mut self, notice: &Notice) {
        let user = PartyId::user(self.context.party().index());
        self.context.send(user, notice.to_wire());
    }
}

/// A [`Machine`] as a [`Party`]: messages in their encoding, on links that deliver exactly once and in order whatever
/// the network drops, repeats or reorders.
pub struct Endpoint<M> {
    machine: M,
    links: Links,
    alarm: Option<Time>,
}

impl<M: Machine> Endpoint<M> {
    /// The party that runs `machine`.
    pub fn new(machine: M) -> Self {
        Self { machine, links: Links::default(), alarm: None }
    }

    /// The same, boxed for a deployment.
    pub fn boxed(machine: M) -> Box<dyn Party>
    where
        M: 'static,
    {
        Box::new(Self::new(machine))
    }

    /// Lets the machine work, and asks to be woken when it or a link needs it next.
    fn work<T>(&mut self, cx: &mut Context<'_>, work: impl FnOnce(&mut M, &mut Turn<'_, '_, M::Message>) -> T) -> T {
        let mut turn = Turn {
            context: &mut *cx,
            links: &mut self.links,
            alarm: &mut self.alarm,
            message: std::marker::PhantomData,
        };
        let done = work(&mut self.machine, &mut turn);
        self.set_alarm(cx);
        done
    }

    fn set_alarm(&self, cx: &mut Context<'_>) {
        cx.wake_at(self.links.deadline().into_iter().chain(self.alarm).min());
    }
}

impl<M: Machine> Party for Endpoint<M> {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        let party = cx.party();
        let result = self.work(cx, Machine::start);
        result.map_err(|reason| Refusal { party, peer: party, reason })
    }

    fn receive(&mut self, from: PartyId, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), Refusal> {
        let party = cx.party();
        let refuse = |reason| Refusal { party, peer: from, reason };
        cx.spend(Work::Message);
        if from.role() == Role::User {
            let command = Command::from_wire(bytes).map_err(|error| refuse(error.into()))?;
            return self.work(cx, |machine, turn| machine.command(command, turn)).map_err(refuse);
        }
        let frame = Frame::from_wire(bytes).map_err(|error| refuse(error.into()))?;
        let mut first_refusal = None;
        for payload in self.links.receive(from, frame, cx) {
            let result = M::Message::from_wire(&payload)
                .map_err(Reason::from)
                .and_then(|message| self.work(cx, |machine, turn| machine.receive(from, message, turn)));
            if let Err(reason) = result {
                first_refusal.get_or_insert(refuse(reason));
            }
        }
        self.set_alarm(cx);
        first_refusal.map_or(Ok(()), Err)
    }

    fn wake(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        let party = cx.party();
        let resent = self.links.resend(cx).map_err(|(peer, reason)| Refusal { party, peer, reason });
        let mut woken = Ok(());
        if self.alarm.is_some_and(|at| at <= cx.now()) {
            self.alarm = None;
            woken = self.work(cx, Machine::wake).map_err(|reason| Refusal { party, peer: party, reason });
        }
        self.set_alarm(cx);
        resent.and(woken)
    }

    fn memory(&self) -> Memory {
        self.machine.memory().with("link", self.links.memory())
    }
}

/// First wait for an acknowledgement; doubled with every attempt.
const PATIENCE: Span = Span::seconds(2);
/// After so many attempts a peer is given up.
const ATTEMPTS: u32 = 10;
/// A frame further ahead than this is not kept, nor are frames that have to wait and are more than [`LONGEST`] together:
/// their sender sends them again.
const WINDOW: u64 = 1 << 16;

/// Reliable links to every peer: numbered frames, kept until acknowledged, delivered once and in order.
#[derive(Default)]
struct Links(BTreeMap<PartyId, Link>);

#[derive(Default)]
struct Link {
    next_out: u64,
    unacknowledged: BTreeMap<u64, Vec<u8>>,
    next_in: u64,
    early: BTreeMap<u64, Vec<u8>>,
    attempts: u32,
    resend_at: Option<Time>,
}

impl Links {
    fn send(&mut self, to: PartyId, payload: Vec<u8>, cx: &mut Context<'_>) {
        let link = self.0.entry(to).or_default();
        let frame = Frame::Data(link.next_out, payload).to_wire();
        link.unacknowledged.insert(link.next_out, frame.clone());
        link.next_out += 1;
        link.resend_at.get_or_insert(cx.now() + PATIENCE);
        cx.send(to, frame);
    }

    /// The payloads that are now due, in order.
    fn receive(&mut self, from: PartyId, frame: Frame, cx: &mut Context<'_>) -> Vec<Vec<u8>> {
        let link = self.0.entry(from).or_default();
        match frame {
            Frame::Acknowledge(below) => {
                link.unacknowledged = link.unacknowledged.split_off(&below);
                link.attempts = 0;
                link.resend_at = (!link.unacknowledged.is_empty()).then(|| cx.now() + PATIENCE);
                Vec::new()
            }
            Frame::Data(number, payload) => {
                let kept: usize = link.early.values().map(Vec::len).sum();
                let room = number == link.next_in || kept + payload.len() <= LONGEST;
                if number >= link.next_in && number - link.next_in < WINDOW && room {
                    link.early.entry(number).or_insert(payload);
                }
                let mut due = Vec::new();
                while let Some(payload) = link.early.remove(&link.next_in) {
                    due.push(payload);
                    link.next_in += 1;
                }
                cx.send(from, Frame::Acknowledge(link.next_in).to_wire());
                due
            }
        }
    }

    fn resend(&mut self, cx: &mut Context<'_>) -> Result<(), (PartyId, Reason)> {
        let mut result = Ok(());
        for (peer, link) in &mut self.0 {
            if link.resend_at.is_none_or(|time| time > cx.now()) {
                continue;
            }
            link.attempts += 1;
            if link.attempts >= ATTEMPTS {
                link.resend_at = None;
                result = Err((*peer, Reason::Unreachable { attempts: link.attempts }));
                continue;
            }
            for frame in link.unacknowledged.values() {
                cx.send(*peer, frame.clone());
            }
            let wait = Span::nanoseconds(PATIENCE.as_nanoseconds() << link.attempts);
            link.resend_at = Some(cx.now() + wait);
        }
        result
    }

    fn deadline(&self) -> Option<Time> {
        self.0.values().filter_map(|link| link.resend_at).min()
    }

    fn memory(&self) -> Memory {
        let entries = self.0.iter().flat_map(|(peer, link)| {
            let counters = [link.next_out.to_be_bytes(), link.next_in.to_be_bytes()].concat();
            let waiting =
                link.unacknowledged.iter().map(move |(n, frame)| (format!("{peer}/out/{n:020}"), frame.clone()));
            let early = link.early.iter().map(move |(n, payload)| (format!("{peer}/in/{n:020}"), payload.clone()));
            std::iter::once((format!("{peer}/counters"), counters)).chain(waiting).chain(early)
        });
        Memory::new(entries)
    }
}
