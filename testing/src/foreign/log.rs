use super::{part, parts};
use sightline_accountability::log::{Checkpoint, Follower, Log, LogKey, Proof, Record, Witness, WitnessKey};
use std::sync::LazyLock;

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;
const SIZE: u64 = 11;
const PLACE: u64 = 6;

/// A log of a few records, and its checkpoint, cosigned.
static HONEST: LazyLock<(Log, Vec<u8>, WitnessKey)> = LazyLock::new(|| {
    let mut log = Log::new("example.com/log", &[1; 32]).expect("a name");
    for number in 0..SIZE {
        log.append(&Record::new(NOW + number, vec![7; 5]).expect("a short record"));
    }
    let mut witness = Witness::new("example.org/witness", &[2; 32], log.key().clone()).expect("a name");
    let mut note = log.checkpoint();
    note.extend(witness.cosign(&note, &Proof::default(), NOW + SIZE).expect("the first checkpoint"));
    let key = witness.key().clone();
    (log, note, key)
});

fn checkpoint() -> Checkpoint {
    let (log, note, _) = &*HONEST;
    log.key().open(note).expect("what the log signed")
}

/// A signed checkpoint with cosignatures: what opens is what was signed, and what counts was cosigned.
pub fn checkpoints(bytes: &[u8]) {
    let (log, _, witness) = &*HONEST;
    if let Ok(found) = log.key().open(bytes) {
        assert!(found == checkpoint() || found.size == 0, "a checkpoint that nobody signed: {found:?}");
    }
    if let Ok(Some(time)) = witness.cosigned(bytes) {
        assert_eq!(time, NOW + SIZE, "a cosignature that nobody made");
    }
    let mut follower = Follower::new(log.key().clone(), vec![witness.clone()], 1).expect("one of one witness");
    let _ = follower.gossip(bytes, &Proof::default());
    if follower.advance(bytes, &Proof::default(), &log.entries(0..SIZE)).is_ok() {
        assert_eq!(*follower.checkpoint(), checkpoint(), "a follower of what nobody signed");
    }
}

pub(super) fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let (log, note, _) = &*HONEST;
    vec![note.clone(), log.checkpoint(), Log::new("example.com/log", &[1; 32]).expect("a name").checkpoint()]
}

/// A proof: none but the right one shows anything.
pub fn log_proofs(bytes: &[u8]) {
    let (log, _, _) = &*HONEST;
    let Ok(proof) = Proof::from_bytes(bytes) else { return };
    assert_eq!(proof.to_bytes(), bytes);
    let record = log.record(PLACE).expect("it is in the log");
    if checkpoint().includes(PLACE, record, &proof).is_ok() {
        assert_eq!(Ok(&proof), log.inclusion(PLACE, SIZE).as_ref(), "another proof");
    }
    let older = Checkpoint { size: SIZE - 1, ..checkpoint() };
    assert!(checkpoint().extends(&older, &proof).is_err(), "that root is not of this size");
}

pub(super) fn proof_seeds() -> Vec<Vec<u8>> {
    let (log, _, _) = &*HONEST;
    let proofs = [log.inclusion(PLACE, SIZE), log.consistency(PLACE, SIZE), log.consistency(SIZE - 1, SIZE)];
    proofs.into_iter().map(|proof| proof.expect("within the log").to_bytes()).collect()
}

/// A record: it has one encoding.
pub fn log_records(bytes: &[u8]) {
    if let Ok(record) = Record::from_bytes(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
}

pub(super) fn record_seeds() -> Vec<Vec<u8>> {
    HONEST.0.entries(0..SIZE)
}

/// The key of a log or witness as text: it has one form.
pub fn log_keys(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(key) = text.parse::<LogKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = text.parse::<WitnessKey>() {
        assert_eq!(key.to_string(), text);
    }
}

pub(super) fn key_seeds() -> Vec<Vec<u8>> {
    vec![HONEST.0.key().to_string().into_bytes(), HONEST.2.to_string().into_bytes()]
}

/// The files of a log, first its entries, then its hashes: what is read from them is what was logged.
pub fn log_files(bytes: &[u8]) {
    let mut files = parts(bytes).map(|(_, file)| file.to_vec());
    let (entries, hashes) = (files.next(), files.next());
    if let Ok(records) = checkpoint().records(|_| entries.clone()) {
        assert_eq!(records.iter().map(Record::to_bytes).collect::<Vec<_>>(), HONEST.0.entries(0..SIZE));
    }
    if checkpoint().check_tiles(|_| hashes.clone()).is_ok() {
        let expected = HONEST.0.tiles().find(|(path, _)| path.starts_with("tile/0/")).map(|(_, file)| file);
        assert_eq!(hashes, expected, "hashes of another log");
    }
}

pub(super) fn file_seeds() -> Vec<Vec<u8>> {
    let mut files: Vec<_> = HONEST.0.tiles().collect();
    files.sort_by_key(|(path, _)| !path.starts_with("tile/entries/"));
    vec![files.iter().flat_map(|(_, file)| part(0, file)).collect()]
}
