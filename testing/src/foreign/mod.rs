//! Every parser of foreign bytes, as a function that may return anything but must not panic, hang or take memory
//! without bounds; the same functions serve libFuzzer (folder `fuzz`) and the test that replays and mutates.
//!
//! A target whose input is a sequence reads it as parts: a tag of one byte, a length of two (big-endian), the bytes.

mod archive;
mod enclave;
mod files;
mod log;
mod messenger;
mod protocol;
mod video;
mod warrants;

pub use archive::{rows, tar};
pub use enclave::{enclave, offers, quotes, statements};
pub use files::{codes, exchange, hashes, picture, run_folder, samples, scenario, table};
pub use log::{checkpoints, log_files, log_keys, log_proofs, log_records};
pub use messenger::{service, session, wire};
pub use protocol::{messages, parties};
pub use video::{animation, movie, tmk, vpdq};
pub use warrants::{franking, warrants};

use rand_core::Rng;
use sightline_crypto::Stream;

/// A parser, or several that read the same kind of bytes.
pub struct Target {
    /// Its name, as in `fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Well-formed inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The parser, and checks of what it made of the bytes.
    pub run: fn(&[u8]),
    /// How many mutated inputs a test tries: about a second's worth.
    pub cases: u32,
}

/// All of them.
pub const TARGETS: [Target; 30] = [
    Target { name: "wire", seeds: messenger::wire_seeds, run: wire, cases: 20_000 },
    Target { name: "service", seeds: messenger::service_seeds, run: service, cases: 2_000 },
    Target { name: "session", seeds: messenger::session_seeds, run: session, cases: 200 },
    Target { name: "messages", seeds: protocol::message_seeds, run: messages, cases: 20_000 },
    Target { name: "parties", seeds: protocol::party_seeds, run: parties, cases: 100 },
    Target { name: "scenario", seeds: files::scenario_seeds, run: scenario, cases: 10_000 },
    Target { name: "table", seeds: files::table_seeds, run: table, cases: 10_000 },
    Target { name: "run_folder", seeds: files::run_folder_seeds, run: run_folder, cases: 200 },
    Target { name: "samples", seeds: files::samples_seeds, run: samples, cases: 2_000 },
    Target { name: "hashes", seeds: files::hashes_seeds, run: hashes, cases: 20_000 },
    Target { name: "exchange", seeds: files::exchange_seeds, run: exchange, cases: 10_000 },
    Target { name: "codes", seeds: files::codes_seeds, run: codes, cases: 20_000 },
    Target { name: "statements", seeds: enclave::statement_seeds, run: statements, cases: 5_000 },
    Target { name: "quotes", seeds: enclave::quote_seeds, run: quotes, cases: 500 },
    Target { name: "offers", seeds: enclave::offer_seeds, run: offers, cases: 500 },
    Target { name: "enclave", seeds: enclave::enclave_seeds, run: enclave, cases: 1_000 },
    Target { name: "checkpoints", seeds: log::checkpoint_seeds, run: checkpoints, cases: 20_000 },
    Target { name: "log_proofs", seeds: log::proof_seeds, run: log_proofs, cases: 10_000 },
    Target { name: "log_records", seeds: log::record_seeds, run: log_records, cases: 20_000 },
    Target { name: "log_keys", seeds: log::key_seeds, run: log_keys, cases: 10_000 },
    Target { name: "log_files", seeds: log::file_seeds, run: log_files, cases: 5_000 },
    Target { name: "warrants", seeds: warrants::warrant_seeds, run: warrants, cases: 200 },
    Target { name: "franking", seeds: warrants::franking_seeds, run: franking, cases: 20_000 },
    Target { name: "movie", seeds: video::movie_seeds, run: movie, cases: 500 },
    Target { name: "animation", seeds: video::animation_seeds, run: animation, cases: 2_000 },
    Target { name: "tmk", seeds: video::tmk_seeds, run: tmk, cases: 2_000 },
    Target { name: "vpdq", seeds: video::vpdq_seeds, run: vpdq, cases: 20_000 },
    Target { name: "tar", seeds: archive::tar_seeds, run: tar, cases: 20_000 },
    Target { name: "rows", seeds: archive::rows_seeds, run: rows, cases: 5_000 },
    Target { name: "picture", seeds: files::picture_seeds, run: picture, cases: 1_000 },
];

/// One part of a sequence, as bytes.
///
/// # Panics
/// If the part is longer than 65535 bytes.
pub fn part(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("parts are short");
    [&[tag], length.to_be_bytes().as_slice(), bytes].concat()
}

/// The parts of a sequence; the last one may be cut off.
pub fn parts(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let ([tag, high, low], after) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (part, after) = after.split_at(length);
        rest = after;
        Some((*tag, part))
    })
}

/// One of `seeds` with some bits, bytes and stretches changed, or parts of another put into it.
pub fn mutated(seeds: &[Vec<u8>], stream: &mut Stream) -> Vec<u8> {
    const TELLING: [u8; 8] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x1b, 0x9f, b'"'];
    let below =
        |limit: usize, stream: &mut Stream| usize::try_from(stream.next_u64() % limit.max(1) as u64).unwrap_or(0);
    let mut bytes = seeds[below(seeds.len(), stream)].clone();
    for _ in 0..=below(6, stream) {
        let at = below(bytes.len() + 1, stream);
        let end = (at + 1 + below(8 << below(8, stream), stream)).min(bytes.len());
        match below(8, stream) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << below(8, stream),
            2 if at < bytes.len() => bytes[at] = TELLING[below(TELLING.len(), stream)],
            3 if at < end => bytes[at..end].fill(TELLING[below(TELLING.len(), stream)]),
            4 if at < end => drop(bytes.drain(at..end)),
            5 if at < end => {
                let stretch = bytes[at..end].to_vec();
                let to = below(bytes.len() + 1, stream);
                bytes.splice(to..to, stretch);
            }
            6 => {
                let other = &seeds[below(seeds.len(), stream)];
                let from = below(other.len() + 1, stream);
                let until = (from + below(256, stream)).min(other.len());
                bytes.splice(at..end.max(at), other[from..until].iter().copied());
            }
            7 if below(4, stream) == 0 => bytes.truncate(at),
            _ => bytes.insert(at, TELLING[below(TELLING.len(), stream)]),
        }
    }
    bytes
}
