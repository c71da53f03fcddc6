//! The runner, links and views on the smallest system there is: devices that send sealed text through a relay.

use rand_core::Rng;
use sightline_crypto::{Ledger, Seed, aead};
use sightline_protocol::{
    Command, Content, ContentKind, Context, Corruption, Deployment, Display, Endpoint, Event, Faults, Frame, History,
    Machine, Memory, Meter, Observer, Party, PartyId, Reason, Refusal, Runner, Span, Time, Transcript, Turn, Views,
    Wire,
};
use std::collections::BTreeSet;

#[derive(minicbor::Encode, minicbor::Decode)]
enum Message {
    #[n(0)]
    Sealed(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
}

/// Seals with a key both devices hold; the leaky one puts the key beside the ciphertext.
struct Device {
    key: [u8; 32],
    leaks_key: bool,
}

impl Machine for Device {
    type Message = Message;

    fn command(&mut self, command: Command, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let Command::Send(_, content) = command else {
            return Err(Reason::Unexpected { message: command.name(), detail: "this device only sends".into() });
        };
        let mut nonce = [0; 12];
        turn.rng().fill_bytes(&mut nonce);
        let mut sealed = nonce.to_vec();
        sealed.extend(aead::seal(turn.ledger(), &self.key, &nonce, b"", &content.bytes));
        let beside = if self.leaks_key { self.key.to_vec() } else { vec![0; 32] };
        turn.send(PartyId::PROVIDER, &Message::Sealed(sealed, beside));
        Ok(())
    }

    fn receive(&mut self, _: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let Message::Sealed(sealed, _) = message;
        let rejected = |detail: String| Reason::Rejected { message: "sealed", detail };
        let (nonce, ciphertext) = sealed.split_first_chunk().ok_or_else(|| rejected("too short".into()))?;
        let bytes = aead::open(&self.key, nonce, b"", ciphertext).map_err(|error| rejected(error.to_string()))?;
        turn.show(&Display { group: 0, sender: 0, content: Content { kind: ContentKind::Text, bytes } });
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::new([("key".into(), self.key.to_vec())])
    }
}

struct Relay;

impl Machine for Relay {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        turn.send(PartyId::device(1 - from.index()), &message);
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}

fn run(seed: u64, faults: Faults, leaks_key: bool) -> Transcript {
    watched(seed, faults, leaks_key, &mut |_, _| {})
}

fn watched(seed: u64, faults: Faults, leaks_key: bool, watch: &mut dyn FnMut(usize, &Event)) -> Transcript {
    let device = |index| {
        let mut key = [0; 32];
        Seed::from_u64(seed).derive("key", 0).stream().fill_bytes(&mut key);
        (PartyId::device(index), Endpoint::boxed(Device { key, leaks_key }))
    };
    let parties = vec![device(0), device(1), (PartyId::PROVIDER, Endpoint::boxed(Relay))];
    let send = |text: u8| Command::Send(0, Content { kind: ContentKind::Text, bytes: vec![text; 40] });
    let history = (0..20).fold(History::new(), |history, number| {
        history.then(Time::after_start(Span::milliseconds(u64::from(number))), 0, send(number))
    });
    let deployment = Deployment { parties, ledger: Ledger::recording() };
    let runner = Runner::new(deployment, &Seed::from_u64(seed)).faults(faults);
    let snapshots = [Time::after_start(Span::milliseconds(10))];
    runner.run_watched(&history, &snapshots, watch).expect("the run comes to rest")
}

fn shown(transcript: &Transcript) -> Vec<u8> {
    transcript.displays().iter().map(|(_, display)| display.content.bytes[0]).collect()
}

#[test]
fn everything_arrives_once_and_in_order_whatever_the_network_does() {
    let faults = Faults { drop: 0.3, duplicate: 0.3, replay: 0.3, reorder: 0.3 };
    for seed in 0..20 {
        let transcript = run(seed, faults, false);
        assert_eq!(shown(&transcript), (0..20).collect::<Vec<u8>>(), "seed {seed}");
        assert_eq!(transcript.refusals().count(), 0);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let faults = Faults { drop: 0.1, ..Faults::default() };
    assert_eq!(run(1, faults, false).digest(), run(1, faults, false).digest());
    assert_ne!(run(1, faults, false).digest(), run(2, faults, false).digest());
}

#[test]
fn who_watches_a_run_is_told_of_every_event_in_the_order_of_arrival() {
    let faults = Faults { drop: 0.1, duplicate: 0.1, replay: 0.1, reorder: 0.2 };
    let mut seen = Vec::new();
    let transcript = watched(3, faults, false, &mut |place, event| seen.push((place, event.clone())));
    assert!(seen.iter().is_sorted_by_key(|(_, event)| event.arrives));
    assert!(seen.iter().all(|(place, event)| transcript.events()[*place] == *event));
    let places: BTreeSet<usize> = seen.iter().map(|(place, _)| *place).collect();
    let arrived = transcript.events().iter().enumerate().filter(|(_, event)| event.arrives.is_some());
    assert!(places.into_iter().eq(arrived.map(|(place, _)| place)), "each once, and no others");
    assert!(seen.len() < transcript.events().len(), "some never arrive");
}

#[test]
fn a_view_opens_what_its_keys_open() {
    let opened = |leaks_key, observer: &Observer| {
        let transcript = run(3, Faults::default(), leaks_key);
        Views::new(&transcript).of(observer).opened.len()
    };
    let provider = Observer::curious([PartyId::PROVIDER]);
    assert_eq!(opened(false, &provider), 0);
    assert_eq!(opened(true, &provider), 20);
    // The wire carries the key as well, but who holds the wire sees lengths only.
    assert_eq!(opened(true, &Observer::curious([PartyId::NETWORK])), 0);
    assert_eq!(opened(false, &Observer::curious([PartyId::PROVIDER, PartyId::device(1)])), 20);
    // A seized device that keeps no messages opens nothing, together with the provider's record everything.
    let snapshot = Corruption::Snapshot(Time::after_start(Span::milliseconds(10)));
    assert_eq!(opened(false, &Observer::single(PartyId::device(1), snapshot)), 0);
}

#[test]
fn a_view_until_a_time_holds_what_was_there_by_then() {
    let transcript = run(3, Faults::default(), true);
    let (provider, at) = (Observer::curious([PartyId::PROVIDER]), |count| Time::after_start(Span::milliseconds(count)));
    let mut views = Views::new(&transcript);
    let whole = views.of(&provider);
    let all = views.until(&provider, transcript.end());
    assert_eq!((&all.seen, &all.opened), (&whole.seen, &whole.opened));
    // The run was asked to read memories after 10 ms, and that is what a view has of them from then on.
    assert!(all.memory.iter().map(|(time, ..)| *time).eq([at(10)]));
    let early = views.until(&provider, at(9));
    assert!(early.memory.is_empty());
    let middle = whole.seen[whole.seen.len() / 2].at;
    let half = views.until(&provider, middle);
    assert!(half.seen.iter().eq(whole.seen.iter().filter(|seen| seen.at <= middle)));
    assert!(!half.opened.is_empty() && half.opened.len() < whole.opened.len());
}

#[test]
fn the_network_sees_lengths_and_the_provider_bytes() {
    let transcript = run(4, Faults::default(), false);
    let mut views = Views::new(&transcript);
    let network = views.of(&Observer::curious([PartyId::NETWORK]));
    assert!(network.seen.iter().all(|seen| seen.bytes.is_none()));
    let sent: usize = network.seen.iter().map(|seen| seen.length).sum();
    assert_eq!(sent as u64, transcript.bytes_by_link().values().sum::<u64>());
    let provider = views.of(&Observer::curious([PartyId::PROVIDER]));
    assert_eq!(provider.seen.len(), network.seen.len());
    assert!(provider.seen.iter().all(|seen| seen.bytes.is_some()));
    assert!(views.of(&Observer::curious([PartyId::REVIEWER])).seen.is_empty());
}

/// Burns what the clock of this thread counts: 3 ms for every input, 1 ms of modelled work for every message.
struct Burner;

thread_local! {
    static BURNT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl Machine for Burner {
    type Message = Message;

    fn start(&mut self, _: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        BURNT.set(BURNT.get() + 3);
        Ok(())
    }

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        BURNT.set(BURNT.get() + 3);
        turn.spend(sightline_protocol::Work::Bytes(1_000_000));
        Relay.receive(from, message, turn)
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}

#[test]
fn a_meter_charges_each_party_what_it_uses_and_changes_nothing() {
    let deployment = || {
        let device = |index| (PartyId::device(index), Endpoint::boxed(Device { key: [9; 32], leaks_key: false }));
        let parties = vec![device(0), device(1), (PartyId::PROVIDER, Endpoint::boxed(Burner))];
        Deployment { parties, ledger: Ledger::recording() }
    };
    let at = |seconds| Time::after_start(Span::seconds(seconds));
    let send = |text: u8| Command::Send(0, Content { kind: ContentKind::Text, bytes: vec![text; 40] });
    let history = [1, 10, 11].iter().fold(History::new(), |history, second| history.then(at(*second), 0, send(1)));
    let run = |deployment| Runner::new(deployment, &Seed::from_u64(6)).run(&history, &[]).expect("it comes to rest");

    let (metered, meter) = Meter::attach(deployment(), at(5), || Span::milliseconds(BURNT.get()));
    let transcript = run(metered);
    assert_eq!(transcript.digest(), run(deployment()).digest());
    let used = meter.used();
    // A start and one message before the cut, two after; each message is acknowledged to the relay, which burns nothing.
    let [before, after] = used[&PartyId::PROVIDER];
    assert_eq!([before, after].map(|used| used.measured), [6, 6].map(Span::milliseconds));
    let messages = Span::microseconds(10);
    assert_eq!(before.modelled, Span::milliseconds(1) + messages + messages);
    assert_eq!(after.modelled, Span::milliseconds(2) + messages + messages + messages + messages);
    assert_eq!([before.inputs, after.inputs], [3, 4]);
    for party in [PartyId::device(0), PartyId::device(1)] {
        assert!(used[&party].iter().all(|used| used.measured == Span::ZERO));
    }
    let worked = used.iter().map(|(party, [before, after])| (*party, before.modelled + after.modelled));
    assert_eq!(&worked.collect::<std::collections::BTreeMap<_, _>>(), transcript.work());
}

/// Says these bytes to device 1 when the run begins.
struct Vandal(Vec<Vec<u8>>);

impl Party for Vandal {
    fn start(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        for bytes in self.0.drain(..) {
            cx.send(PartyId::device(1), bytes);
        }
        Ok(())
    }

    fn receive(&mut self, _: PartyId, _: &[u8], _: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn wake(&mut self, _: &mut Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}

/// A run of device 1 and a vandal.
fn vandalised(bytes: Vec<Vec<u8>>) -> Transcript {
    let device = Endpoint::boxed(Device { key: [9; 32], leaks_key: false });
    let vandal: Box<dyn Party> = Box::new(Vandal(bytes));
    let parties = vec![(PartyId::device(1), device), (PartyId::REVIEWER, vandal)];
    let deployment = Deployment { parties, ledger: Ledger::off() };
    Runner::new(deployment, &Seed::from_u64(1)).run(&History::new(), &[]).expect("it comes to rest")
}

/// Frames that wait for an earlier one are kept, but not without bound: 64 MiB, the length of the longest message.
#[test]
fn frames_that_wait_take_bounded_memory() {
    const LENGTH: usize = 12 << 20;
    let frames = (1..=8).map(|number| Frame::Data(number, vec![0; LENGTH]).to_wire()).collect();
    let transcript = vandalised(frames);
    let memory = &transcript.memory()[&PartyId::device(1)];
    let waiting = memory.entries().filter(|(name, _)| name.contains("/in/")).count();
    assert_eq!(waiting, (64 << 20) / LENGTH);
}

#[test]
fn garbage_is_refused_and_the_party_goes_on() {
    let garbage = vec![vec![], vec![0xff; 9], vec![0x82, 0, 0x82, 0, 0x40], vec![0x9f; 4000]];
    let transcript = vandalised(garbage);
    assert_eq!(transcript.refusals().count(), 4);
    assert!(transcript.refusals().all(|refusal| refusal.party == PartyId::device(1)));
}
