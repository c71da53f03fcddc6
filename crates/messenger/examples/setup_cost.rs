//! Time of a fresh 1:1 deployment: two devices, a group, one message. `cargo run --release --example setup_cost`.

use sightline_crypto::{Ledger, Seed};
use sightline_messenger::{Content, DeliveryService, Event, GroupId, MemberId, Padding, Session};
use std::collections::VecDeque;
use std::io::Write as _;

const RUNS: u32 = 500;

fn main() -> std::io::Result<()> {
    for (name, content) in [("text", Content::text("hello")), ("40 kB picture", Content::picture(vec![1; 40_000]))] {
        for (recorded, ledger) in [("off", Ledger::off as fn() -> Ledger), ("recording", Ledger::recording)] {
            #[expect(clippy::disallowed_methods, reason = "an example that measures")]
            let start = std::time::Instant::now();
            for run in 0..RUNS {
                deploy(u64::from(run), &ledger(), content.clone());
            }
            writeln!(std::io::stdout(), "{name}, ledger {recorded}: {:?}", start.elapsed() / RUNS)?;
        }
    }
    Ok(())
}

fn deploy(seed: u64, ledger: &Ledger, content: Content) {
    let seed = Seed::from_u64(seed);
    let session =
        |member| Session::new(MemberId(member), &seed.derive("party", member.into()), ledger.clone(), Padding::Padme);
    let mut devices = [session(0), session(1)];
    let mut service = DeliveryService::default();
    let group = GroupId(1);
    let mut requests = VecDeque::new();
    for (index, device) in devices.iter_mut().enumerate() {
        requests.extend(device.start().expect("a key package").into_iter().map(|request| (index, request)));
    }
    requests.extend(
        devices[0].create_group(group, &[MemberId(1)]).expect("a new group").into_iter().map(|request| (0, request)),
    );
    requests.extend(devices[0].send(group, content).expect("a known group").into_iter().map(|request| (0, request)));
    let mut received = 0;
    while let Some((from, request)) = requests.pop_front() {
        let from = MemberId(u16::from(from == 1));
        for (to, delivery) in service.handle(from, request).expect("in order") {
            let to = usize::from(to.0);
            let (more, events) = devices[to].receive(delivery).expect("in order");
            requests.extend(more.into_iter().map(|request| (to, request)));
            received += events.iter().filter(|event| matches!(event, Event::Received { .. })).count();
        }
    }
    assert_eq!(received, 1);
}
