//! Times of attestation and oblivious matching on one thread, in microseconds, medians; beside each what it is to be compared
//! with. `cargo xtask bench enclave` runs it.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark")]

use sightline_crypto::{Ledger, Seed};
use sightline_enclave::attestation::{CodeLog, SoftwareRoot, Verifier};
use sightline_enclave::{Client, Enclave, ListRule, Subject, Waiting, inline_measurement};
use sightline_fingerprint::PdqHash;
use sightline_hamming::oblivious;
use sightline_lists::{Authority, Entry, HashList, Provenance, Radius, Statement};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;
const ENTRIES: u64 = 1_000_000;
const CONTENT: usize = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = SoftwareRoot::new(&Seed::from_u64(1));
    let quoting = root.platform(&Seed::from_u64(2)).load(inline_measurement(), false);
    let verifier = Verifier::new(root.certificate(), root.collateral());
    let quote = quoting.quote(&[7; 64]);
    let verify = median(50, || verifier.verify(&quote, NOW).is_ok());
    println!("{:60} {verify:>9.0}   {:.1} × the 900 µs aimed at", "verify a quote", verify / 900.0);
    println!("{:60} {:>9.0}", "make a quote", median(50, || quoting.quote(&[8; 64])));

    let entries = (0..ENTRIES).map(|number| {
        let mut bytes = [0; 32];
        for (word, part) in bytes.chunks_exact_mut(8).zip(1..) {
            word.copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 * part).to_le_bytes());
        }
        Entry { hash: PdqHash::from_bytes(bytes), provenance: Provenance::Code }
    });
    let list = Arc::new(HashList::new(entries));
    let query = PdqHash::from_bytes([0x5a; 32]);
    let scan = median(25, || oblivious::any_within(list.words(), query.words(), 31));
    let clear = median(25, || list.nearest_within(&query, Radius::default()));
    // What any scan has to read.
    let read = median(25, || list.words().iter().flatten().fold(0_u64, |sum, word| sum ^ word));
    println!(
        "{:60} {scan:>9.0}   {:.2} × the clear scan, {:.2} × reading the list, {:.2} × the 2 000 µs aimed at",
        "oblivious scan of 10⁶ entries of 256 bits",
        scan / clear,
        scan / read,
        scan / 2000.0
    );
    println!("{:60} {clear:>9.0}", "clear scan of the same");
    println!("{:60} {read:>9.0}", "reading the same");

    let authority = Authority::new(&[1; 32]);
    let statement = Statement::about("bench", &list, None, NOW);
    let enclave = Enclave::launch(quoting, authority.key(), Radius::default(), Arc::default(), Ledger::off());
    let mut enclave = enclave.supplied_with([Arc::clone(&list)]);
    println!(
        "{:60} {:>9.0}",
        "load a list of 10⁶ entries",
        median(5, || enclave.load(&authority.sign(&statement), &[]))
    );
    enclave.load(&authority.sign(&statement), &[])?;
    let rule = ListRule::Published(statement.pin());
    let mut client = Client::new(Arc::new(verifier), CodeLog::new([inline_measurement()]), rule, Ledger::off());
    let (mut offering, mut sealing, mut checking) = (Vec::new(), Vec::new(), Vec::new());
    let subject = Subject { picture: false, bytes: vec![3; CONTENT] };
    for round in 0..50 {
        let (offer, took) = timed(|| enclave.hello(1, [round; 32], &[round + 1; 32]));
        offering.push(took);
        let (sealed, took) = timed(|| {
            client.seal(
                Waiting([round; 32]),
                offer.as_ref().expect("a list is loaded"),
                &subject,
                1 << 17,
                NOW,
                &[round; 32],
            )
        });
        sealing.push(took);
        checking.push(timed(|| enclave.check(1, sealed.as_ref().expect("the offer is genuine"))).1);
    }
    println!("{:60} {:>9.0}", "offer a session: key and quote", middle(offering));
    println!("{:60} {:>9.0}", "seal 100 kB for it, the quote verified", middle(sealing));
    println!("{:60} {:>9.0}", "open 100 kB that cannot be hashed", middle(checking));
    Ok(())
}

/// The median of so many runs, in microseconds.
fn median<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    middle((0..runs).map(|_| timed(&mut run).1).collect())
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = black_box(run());
    (result, start.elapsed().as_secs_f64() * 1e6)
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
