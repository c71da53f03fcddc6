//! What the writer proves holds for the reader, and with any one bit changed does not.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use proptest::prelude::*;
use sightline_accountability::log::{Checkpoint, Log, LogError, Proof, Record};

fn log(size: u64) -> Log {
    let mut log = Log::new("example.com/log", &[1; 32]).unwrap();
    for number in 0..size {
        log.append(&record(number));
    }
    log
}

fn record(number: u64) -> Record {
    Record::new(1_780_272_000 + number, number.to_be_bytes().to_vec()).unwrap()
}

/// The checkpoint of the first `size` records of any log that [`log`] makes.
fn checkpoint(size: u64) -> Checkpoint {
    let log = log(size);
    log.key().open(&log.checkpoint()).unwrap()
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// Every one of the single-bit changes of a proof.
fn altered(proof: &Proof) -> impl Iterator<Item = Proof> {
    let bytes = proof.to_bytes();
    (0..8 * bytes.len()).map(move |bit| Proof::from_bytes(&flipped(&bytes, bit)).unwrap())
}

fn rooted(checkpoint: &Checkpoint, bit: usize) -> Checkpoint {
    Checkpoint { root: flipped(&checkpoint.root, bit).try_into().unwrap(), ..checkpoint.clone() }
}

/// One hash more, one less.
fn resized(proof: &Proof) -> impl Iterator<Item = Proof> {
    let hashes = proof.hashes();
    let longer = Proof::new([hashes, &[[0; 32]]].concat());
    let shorter = hashes.split_last().map(|(_, rest)| Proof::new(rest.to_vec()));
    [Some(longer), shorter].into_iter().flatten()
}

#[test]
fn all_proofs_of_small_logs_hold() {
    let whole = log(40);
    let checkpoints: Vec<_> = (0..=40).map(checkpoint).collect();
    for to in 0..=40 {
        let newer = &checkpoints[usize::try_from(to).unwrap()];
        for index in 0..to {
            let proof = whole.inclusion(index, to).unwrap();
            assert_eq!(newer.includes(index, &record(index), &proof), Ok(()), "{index} in {to}");
        }
        for from in 0..=to {
            let proof = whole.consistency(from, to).unwrap();
            assert_eq!(newer.extends(&checkpoints[usize::try_from(from).unwrap()], &proof), Ok(()), "{from}, {to}");
        }
    }
    assert!(whole.inclusion(5, 41).is_err() && whole.inclusion(5, 5).is_err());
    assert!(whole.consistency(5, 41).is_err() && whole.consistency(5, 4).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inclusion_holds_and_nothing_near_it(size in 1_u64..600, place: prop::sample::Index, bit in 0_usize..256) {
        let (whole, index) = (log(size), place.index(usize::try_from(size).unwrap()) as u64);
        let (checkpoint, proof) = (checkpoint(size), whole.inclusion(index, size).unwrap());
        prop_assert_eq!(checkpoint.includes(index, &record(index), &proof), Ok(()));
        prop_assert!(rooted(&checkpoint, bit).includes(index, &record(index), &proof).is_err());
        for near in altered(&proof).chain(resized(&proof)) {
            prop_assert!(checkpoint.includes(index, &record(index), &near).is_err());
        }
        for other in (0..64).map(|bit| index ^ 1 << bit) {
            prop_assert!(checkpoint.includes(other, &record(index), &proof).is_err(), "at {}", other);
        }
        let bytes = record(index).to_bytes();
        for bit in 0..8 * bytes.len() {
            if let Ok(near) = Record::from_bytes(&flipped(&bytes, bit)) {
                prop_assert!(checkpoint.includes(index, &near, &proof).is_err());
            }
        }
    }

    #[test]
    fn consistency_holds_and_nothing_near_it(to in 1_u64..600, place: prop::sample::Index, bit in 0_usize..256) {
        let (whole, from) = (log(to), 1 + place.index(usize::try_from(to).unwrap()) as u64);
        let (older, newer, proof) = (checkpoint(from), checkpoint(to), whole.consistency(from, to).unwrap());
        prop_assert_eq!(newer.extends(&older, &proof), Ok(()));
        prop_assert!(rooted(&newer, bit).extends(&older, &proof).is_err());
        prop_assert!(newer.extends(&rooted(&older, bit), &proof).is_err());
        for near in altered(&proof).chain(resized(&proof)) {
            prop_assert!(newer.extends(&older, &near).is_err());
        }
        for other in (0..64).map(|bit| from ^ 1 << bit).filter(|other| *other > 0) {
            let moved = Checkpoint { size: other, ..older.clone() };
            prop_assert!(newer.extends(&moved, &proof).is_err(), "from {}", other);
        }
    }

    #[test]
    fn no_altered_byte_of_a_checkpoint_is_accepted(size in 0_u64..20, place: prop::sample::Index, flip in 1_u8..=255) {
        let whole = log(size);
        let mut note = whole.checkpoint();
        let place = place.index(note.len());
        note[place] ^= flip;
        prop_assert!(whole.key().open(&note).is_err());
    }

    #[test]
    fn files_hold_the_records_and_no_others(size in 1_u64..1_100, which: prop::sample::Index, bit: prop::sample::Index) {
        let (whole, checkpoint) = (log(size), checkpoint(size));
        let mut files: Vec<(String, Vec<u8>)> = whole.tiles().collect();
        let read = |files: &[(String, Vec<u8>)]| {
            let file = |path: &str| files.iter().find(|(found, _)| found == path).map(|(_, bytes)| bytes.clone());
            (checkpoint.records(file), checkpoint.check_tiles(file))
        };
        let records: Vec<Record> = (0..size).map(record).collect();
        prop_assert_eq!(read(&files), (Ok(records.clone()), Ok(())));
        let (path, bytes) = &mut files[which.index(whole.tiles().count())];
        let entries = path.starts_with("tile/entries/");
        *bytes = flipped(bytes, bit.index(8 * bytes.len()));
        let path = path.clone();
        let (found, tiles) = read(&files);
        prop_assert_eq!((found.is_err(), tiles.is_err()), (entries, !entries), "{}", path);
        let (_, bytes) = files.iter_mut().find(|(other, _)| *other == path).unwrap();
        *bytes = [whole.tiles().find(|(other, _)| *other == path).unwrap().1, vec![0]].concat();
        let (found, tiles) = read(&files);
        prop_assert_eq!((found.is_err(), tiles.is_err()), (entries, !entries), "{} is longer", path);
        files.retain(|(other, _)| *other != path);
        let (found, tiles) = read(&files);
        prop_assert_eq!((found.is_err(), tiles.is_err()), (entries, !entries), "without {}", path);
    }

    /// A log that has grown may have only the full file.
    #[test]
    fn files_of_a_larger_log_serve_for_a_smaller_one(size in 1_u64..256) {
        let files: std::collections::BTreeMap<_, _> = log(256).tiles().collect();
        let file = |path: &str| files.get(path).cloned();
        prop_assert_eq!(checkpoint(size).records(file).unwrap().len() as u64, size);
        prop_assert_eq!(checkpoint(size).check_tiles(file), Ok(()));
    }

    #[test]
    fn records_have_one_encoding(time: u64, body: Vec<u8>, bytes: Vec<u8>) {
        let record = Record::new(time, body).unwrap();
        prop_assert_eq!(Record::from_bytes(&record.to_bytes()), Ok(record.clone()));
        prop_assert!(Record::from_bytes(&[record.to_bytes(), vec![0]].concat()).is_err());
        if let Ok(found) = Record::from_bytes(&bytes) {
            prop_assert_eq!(found.to_bytes(), bytes);
        }
    }
}

#[test]
fn proofs_are_whole_hashes_and_not_too_many() {
    let most = vec![7; 32 * Proof::MOST];
    assert_eq!(Proof::from_bytes(&most).unwrap().to_bytes(), most);
    for length in [1, 31, 33, 32 * Proof::MOST + 1, 32 * (Proof::MOST + 1)] {
        assert!(matches!(Proof::from_bytes(&vec![7; length]), Err(LogError::MalformedProof(_))), "{length}");
    }
}

#[test]
fn records_are_bounded_and_strict() {
    let longest = Record::LONGEST - Record::new(u64::MAX, vec![0; 0x1000]).unwrap().to_bytes().len() + 0x1000;
    let record = Record::new(u64::MAX, vec![0; longest]).unwrap();
    assert_eq!(record.to_bytes().len(), Record::LONGEST);
    assert!(Record::new(u64::MAX, vec![0; longest + 1]).is_err());
    let mut log = log(0);
    log.append(&record);
    let checkpoint = log.key().open(&log.checkpoint()).unwrap();
    assert_eq!(
        checkpoint.records(|path| log.tiles().find(|(found, _)| found == path).map(|(_, bytes)| bytes)),
        Ok(vec![record])
    );
    // A map of the same with its keys exchanged, with a longer number, with a key more.
    for bytes in ["a2014100" /* cut off */, "a20141000005", "a200180501410a", "a300050141000200", "bf0005014100ff"] {
        assert!(Record::from_bytes(&hex::decode(bytes).unwrap()).is_err(), "{bytes}");
    }
    assert!(Record::from_bytes(&hex::decode("a20005014100").unwrap()).is_ok());
}
