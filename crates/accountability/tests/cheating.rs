//! Operators that cheat, each made from an honest log and the log's own key, and what catches them.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use sightline_accountability::log::verify::{leaf_hash, root};
use sightline_accountability::log::{Follower, Log, LogError, LogKey, Proof, Record, Witness, WitnessKey};

const ORIGIN: &str = "example.com/requests";
const SECRET: [u8; 32] = [1; 32];
/// 2026-06-01.
const START: u64 = 1_780_272_000;

fn record(second: u64, body: &str) -> Record {
    Record::new(START + second, body.as_bytes().to_vec()).unwrap()
}

fn log<'a>(records: impl IntoIterator<Item = &'a Record>) -> Log {
    let mut log = Log::new(ORIGIN, &SECRET).unwrap();
    for record in records {
        log.append(record);
    }
    log
}

fn key() -> LogKey {
    Log::new(ORIGIN, &SECRET).unwrap().key().clone()
}

/// Witnesses that have seen nothing.
fn witnesses() -> Vec<Witness> {
    (1_u8..=3)
        .map(|number| Witness::new(&format!("example.org/w{number}"), &[10 + number; 32], key()).unwrap())
        .collect()
}

fn keys() -> Vec<WitnessKey> {
    witnesses().iter().map(|witness| witness.key().clone()).collect()
}

fn follower(threshold: usize) -> Follower {
    Follower::new(key(), keys(), threshold).unwrap()
}

/// Any words under the log's signature.
fn signed(text: &str) -> Vec<u8> {
    let id = key().to_string().split('+').nth(1).map(|id| hex::decode(id).unwrap()).unwrap();
    let signature = SigningKey::from_bytes(&SECRET).sign(text.as_bytes()).to_bytes();
    format!("{text}\n— {ORIGIN} {}\n", BASE64_STANDARD.encode([&id, signature.as_slice()].concat())).into_bytes()
}

/// A note with cosignatures at these seconds, of witnesses that do not look: each forgets what it cosigned.
fn cosigned_by(note: &[u8], seconds: &[(usize, u64)]) -> Vec<u8> {
    let lines = seconds.iter().map(|(number, second)| {
        witnesses()[*number].cosign(note, &Proof::default(), START + second).expect("all extend nothing")
    });
    [note.to_vec()].into_iter().chain(lines).collect::<Vec<_>>().concat()
}

fn cosigned(log: &Log, second: u64) -> Vec<u8> {
    cosigned_by(&log.checkpoint(), &[(0, second), (1, second), (2, second)])
}

/// Three records, and a follower who has them; witnesses saw them at second 30.
fn three() -> (Vec<Record>, Follower) {
    let records = vec![record(0, "a"), record(10, "b"), record(20, "c")];
    let mut follower = follower(2);
    let log = log(&records);
    let found = follower.advance(&cosigned(&log, 30), &Proof::default(), &log.entries(0..3));
    assert_eq!(found.as_ref(), Ok(&records));
    (records, follower)
}

/// The follower is asked to accept this log, witnessed at that second, with the entries that it adds.
fn accept(follower: &mut Follower, log: &Log, second: u64) -> Result<Vec<Record>, LogError> {
    let size = follower.checkpoint().size;
    let proof = log.consistency(size, log.size()).unwrap_or_default();
    follower.advance(&cosigned(log, second), &proof, &log.entries(size..log.size()))
}

/// An error, and a follower that stayed as it was.
fn refused(mut follower: Follower, log: &Log, second: u64) -> LogError {
    let before = follower.note().to_vec();
    let error = accept(&mut follower, log, second).unwrap_err();
    assert_eq!(follower.note(), before);
    error
}

fn with(records: &[Record], more: &[Record]) -> Log {
    log(records.iter().chain(more))
}

#[test]
fn an_honest_operator_is_followed() {
    let (records, mut follower) = three();
    let more = [record(30, "d"), record(40, "e")];
    let grown = with(&records, &more);
    assert_eq!(accept(&mut follower, &grown, 40), Ok(more.to_vec()));
    assert_eq!(accept(&mut follower, &grown, 50), Ok(Vec::new()), "the same again, cosigned anew");
    assert_eq!(follower.checkpoint().size, 5);
    let proof = grown.inclusion(3, 5).unwrap();
    assert_eq!(follower.holds(&more[0], 3, &proof), Ok(()));
    assert_eq!(follower.holds(&record(30, "x"), 3, &proof), Err(LogError::NotIncluded { index: 3, size: 5 }));
    assert_eq!(
        follower.holds(&more[0], 4, &proof).unwrap_err().to_string(),
        "not a proof of this: 3 hashes, where it takes 1; ask the log for one between these sizes"
    );
    assert_eq!(follower.holds(&more[0], 5, &proof), Err(LogError::OutOfRange { index: 5, size: 5 }));
    assert_eq!(Log::new(ORIGIN, &SECRET).unwrap().checkpoint(), log([]).checkpoint());
}

#[test]
fn records_withheld_or_made_up() {
    let (records, mut follower) = three();
    let grown = with(&records, &[record(31, "d"), record(32, "e")]);
    let (note, proof) = (cosigned(&grown, 40), grown.consistency(3, 5).unwrap());
    let mut entries = grown.entries(3..5);
    let last = entries.pop().unwrap();
    assert_eq!(follower.advance(&note, &proof, &entries), Err(LogError::Omitted { expected: 2, found: 1 }));
    entries.extend([last.clone(), last]);
    assert_eq!(follower.advance(&note, &proof, &entries), Err(LogError::Invented { expected: 2, found: 3 }));
}

#[test]
fn a_record_left_out_of_a_log_in_which_it_was() {
    let (records, follower) = three();
    let without = log([&records[0], &records[2], &record(31, "d"), &record(32, "e")]);
    assert_eq!(refused(follower, &without, 40), LogError::Forked { from: 3, to: 4 });
}

#[test]
fn records_altered_or_exchanged_on_the_way() {
    let (records, mut follower) = three();
    let grown = with(&records, &[record(31, "d"), record(31, "e"), record(33, "f")]);
    let (note, proof, entries) = (cosigned(&grown, 40), grown.consistency(3, 6).unwrap(), grown.entries(3..6));
    let altered = LogError::Altered { from: 3, to: 6 };
    let mut other = entries.clone();
    other[2] = record(33, "F").to_bytes();
    assert_eq!(follower.advance(&note, &proof, &other).as_ref(), Err(&altered));
    other[2] = b"no record".to_vec();
    assert_eq!(follower.advance(&note, &proof, &other).as_ref(), Err(&altered));
    let mut other = entries.clone();
    other.swap(0, 1);
    assert_eq!(follower.advance(&note, &proof, &other).as_ref(), Err(&altered), "of one time, so no order can be told");
    let mut other = entries.clone();
    other.swap(1, 2);
    assert_eq!(follower.advance(&note, &proof, &other), Err(LogError::Reordered { index: 5 }));
    assert!(follower.advance(&note, &proof, &entries).is_ok());
}

#[test]
fn a_record_altered_in_the_log_itself() {
    let (records, follower) = three();
    let rewritten = log([&records[0], &record(10, "B"), &records[2], &record(31, "d")]);
    assert_eq!(refused(follower, &rewritten, 40), LogError::Forked { from: 3, to: 4 });
}

#[test]
fn records_logged_in_another_order() {
    let (records, follower) = three();
    let grown = with(&records, &[record(32, "e"), record(31, "d")]);
    assert_eq!(refused(follower, &grown, 40), LogError::Reordered { index: 4 });
}

#[test]
fn records_dated_back_or_forward() {
    let (records, follower) = three();
    let back = with(&records, &[record(30, "in time"), record(29, "d")]);
    let expected = LogError::BackDated { index: 4, time: START + 29, earliest: START + 30 };
    assert_eq!(refused(follower.clone(), &back, 40), expected);
    let forward = with(&records, &[record(40, "in time"), record(41, "d")]);
    let expected = LogError::PostDated { index: 4, time: START + 41, latest: START + 40 };
    assert_eq!(refused(follower, &forward, 40), expected);
}

#[test]
fn a_checkpoint_cosigned_anew_moves_the_earliest_time() {
    let (records, mut follower) = three();
    assert_eq!(accept(&mut follower, &log(&records), 60), Ok(Vec::new()));
    let expected = LogError::BackDated { index: 3, time: START + 59, earliest: START + 60 };
    assert_eq!(refused(follower.clone(), &with(&records, &[record(59, "d")]), 70), expected);
    // Cosignatures of before do not move it back.
    assert_eq!(accept(&mut follower, &log(&records), 40), Ok(Vec::new()));
    assert_eq!(refused(follower, &with(&records, &[record(59, "d")]), 70), expected);
}

/// With a threshold of 2 of 3 one witness may lie about the time, and neither helps the operator nor harms it.
#[test]
fn one_lying_clock_of_three_changes_nothing() {
    let (records, follower) = three();
    for (lie, place) in [0, 1_000_000].into_iter().flat_map(|lie| (0..3).map(move |place| (lie, place))) {
        let times = |second| [0, 1, 2].map(|number| (number, if number == place { lie } else { second }));
        let mut follower = follower.clone();
        let try_at = |follower: &mut Follower, records: &[Record], second| {
            let (log, size) = (log(records), follower.checkpoint().size);
            let note = cosigned_by(&log.checkpoint(), &times(second));
            follower.advance(&note, &log.consistency(size, log.size()).unwrap(), &log.entries(size..log.size()))
        };
        let mut records = records.clone();
        records.push(record(40, "d"));
        assert!(try_at(&mut follower, &records, 40).is_ok(), "{lie} {place}");
        records.push(record(41, "post-dated"));
        assert!(matches!(try_at(&mut follower, &records, 40), Err(LogError::PostDated { .. })), "{lie} {place}");
        records[4] = record(39, "back-dated");
        assert!(matches!(try_at(&mut follower, &records, 50), Err(LogError::BackDated { .. })), "{lie} {place}");
        records[4] = record(40, "honest");
        assert!(try_at(&mut follower, &records, 50).is_ok(), "{lie} {place}");
    }
    // With two cosignatures in all, a lie can only make it stricter.
    let grown = with(&records, &[record(35, "d")]);
    let proof = grown.consistency(3, 4).unwrap();
    let early = cosigned_by(&grown.checkpoint(), &[(0, 40), (1, 0)]);
    let refused = follower.clone().advance(&early, &proof, &grown.entries(3..4));
    assert_eq!(refused, Err(LogError::PostDated { index: 3, time: START + 35, latest: START }));
}

#[test]
fn a_log_rolled_back() {
    let (records, follower) = three();
    assert_eq!(refused(follower, &log(&records[..2]), 40), LogError::RolledBack { seen: 3, found: 2 });
}

#[test]
fn a_forked_log_is_evidence_where_it_can_be() {
    let (records, follower) = three();
    let fork = [records[0].clone(), record(10, "B"), records[2].clone(), record(31, "d")];
    let evidence = |error| match error {
        LogError::SplitView(evidence) => *evidence,
        other => panic!("{other}"),
    };
    // Of one size, smaller, and larger.
    let same = evidence(refused(follower.clone(), &log(&fork[..3]), 40));
    let smaller = evidence(refused(follower.clone(), &log(&fork[..2]), 40));
    assert_eq!(refused(follower.clone(), &log(&fork), 40), LogError::Forked { from: 3, to: 4 });
    for found in [&same, &smaller] {
        assert_eq!(found.verify(&key()), Ok(()));
        let other = Log::new(ORIGIN, &[2; 32]).unwrap();
        assert!(matches!(found.verify(other.key()), Err(LogError::WrongKey { .. })));
    }
    // What is made up convinces nobody.
    let mut false_evidence = smaller.clone();
    false_evidence.first = log(&records[..2]).checkpoint();
    assert_eq!(false_evidence.verify(&key()), Err(LogError::NoContradiction));
    let mut false_evidence = smaller.clone();
    (false_evidence.first, false_evidence.root) = (log(&records[..2]).checkpoint(), [0; 32]);
    assert_eq!(false_evidence.verify(&key()), Err(LogError::Forked { from: 2, to: 3 }));
    let mut false_evidence = same;
    (false_evidence.second, false_evidence.root) = (false_evidence.first.clone(), [0; 32]);
    assert_eq!(false_evidence.verify(&key()), Err(LogError::Forked { from: 3, to: 3 }));
    let mut false_evidence = smaller;
    std::mem::swap(&mut false_evidence.first, &mut false_evidence.second);
    assert!(false_evidence.verify(&key()).is_err());
}

/// Witnesses that look cosign no fork, and a follower who is shown it anyway says what it is.
#[test]
fn a_fork_that_no_witness_cosigned_is_still_a_fork() {
    let (records, mut follower) = three();
    let fork = [records[0].clone(), records[1].clone(), record(20, "C"), record(31, "d")];
    let proof = log(&fork).consistency(3, 4).unwrap();
    let larger = follower.advance(&log(&fork).checkpoint(), &proof, &log(&fork).entries(3..4));
    assert_eq!(larger, Err(LogError::Forked { from: 3, to: 4 }));
    let same = follower.advance::<Vec<u8>>(&log(&fork[..3]).checkpoint(), &Proof::default(), &[]);
    assert!(matches!(same, Err(LogError::SplitView(_))));
}

#[test]
fn two_followers_who_are_shown_two_logs_find_out() {
    let (records, ours) = three();
    let (mut theirs, mut honest) = (follower(2), follower(2));
    let fork = log(&[records[0].clone(), records[1].clone(), record(20, "C"), record(30, "d"), record(30, "e")]);
    let same = with(&records, &[record(30, "d"), record(30, "e")]);
    assert!(
        accept(&mut theirs, &fork, 40).is_ok() && accept(&mut honest, &same, 40).is_ok(),
        "each alone sees nothing"
    );

    assert_eq!(ours.gossip(honest.note(), &same.consistency(3, 5).unwrap()), Ok(()));
    assert_eq!(honest.gossip(ours.note(), &Proof::default()), Ok(()));
    // Whoever has the smaller log cannot prove it; whoever has the larger can.
    let proof = fork.consistency(3, 5).unwrap();
    assert_eq!(ours.gossip(theirs.note(), &proof), Err(LogError::Forked { from: 3, to: 5 }));
    let Err(LogError::SplitView(evidence)) = theirs.gossip(ours.note(), &Proof::default()) else { panic!() };
    assert_eq!((evidence.first.as_slice(), evidence.second.as_slice()), (ours.note(), theirs.note()));
    assert_eq!(evidence.verify(&key()), Ok(()));
    let Err(LogError::SplitView(evidence)) = theirs.gossip(honest.note(), &Proof::default()) else { panic!() };
    assert_eq!(evidence.verify(&key()), Ok(()));
}

#[test]
fn too_few_witnesses_forged_ones_and_one_that_counts_twice() {
    let grown = log(&[record(0, "a")]);
    let (note, entries) = (grown.checkpoint(), grown.entries(0..1));
    let offer = |note: &[u8]| follower(2).advance(note, &Proof::default(), &entries);
    let one = cosigned_by(&note, &[(0, 9)]);
    assert_eq!(offer(&one), Err(LogError::TooFewWitnesses { needed: 2, found: 1, unknown: 0 }));
    let mut stranger = Witness::new("example.org/w2", &[99; 32], key()).unwrap();
    let line = stranger.cosign(&note, &Proof::default(), START + 9).unwrap();
    let unknown = [one.as_slice(), &line, &line].concat();
    assert_eq!(offer(&unknown), Err(LogError::TooFewWitnesses { needed: 2, found: 1, unknown: 2 }));
    let twice = cosigned_by(&note, &[(0, 9), (0, 9)]);
    assert_eq!(offer(&twice), Err(LogError::RepeatedWitness { witness: "example.org/w1".into() }));
    // A cosignature of another checkpoint, under this one.
    let other = cosigned_by(&log(&[record(0, "b")]).checkpoint(), &[(1, 9)]);
    let line = other.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
    assert_eq!(
        offer(&[one.as_slice(), line].concat()),
        Err(LogError::ForgedSignature { signer: "example.org/w2".into() })
    );
    assert!(offer(&cosigned_by(&note, &[(0, 9), (2, 9)])).is_ok());

    let same_key = Witness::new("example.org/w4", &[11; 32], key()).unwrap().key().clone();
    let log_itself = WitnessKey::new("example.org/w4", &key().to_bytes()).unwrap();
    let same_name = Witness::new("example.org/w3", &[14; 32], key()).unwrap().key().clone();
    let all = keys().into_iter().chain([same_name]).collect();
    assert_eq!(
        Follower::new(key(), all, 2).unwrap_err(),
        LogError::RepeatedWitness { witness: "example.org/w3".into() }
    );
    for repeated in [same_key, log_itself] {
        let all = keys().into_iter().chain([repeated]).collect();
        assert_eq!(
            Follower::new(key(), all, 2).unwrap_err(),
            LogError::RepeatedWitness { witness: "example.org/w4".into() }
        );
    }
    assert_eq!(Follower::new(key(), keys(), 4).unwrap_err(), LogError::Threshold { needed: 4, witnesses: 3 });
}

/// The time is signed too.
#[test]
fn no_altered_cosignature_is_accepted() {
    let grown = log(&[record(0, "a")]);
    let (note, entries) = (cosigned_by(&grown.checkpoint(), &[(0, 9)]), grown.entries(0..1));
    let start = note.len()
        - cosigned_by(&grown.checkpoint(), &[(0, 9)]).split_inclusive(|byte| *byte == b'\n').next_back().unwrap().len();
    for place in start..note.len() {
        for bit in 0..8 {
            let mut altered = note.clone();
            altered[place] ^= 1 << bit;
            let mut follower = Follower::new(key(), keys(), 1).unwrap();
            assert!(follower.advance(&altered, &Proof::default(), &entries).is_err(), "{place}.{bit}");
        }
    }
}

#[test]
fn another_logs_checkpoint_another_key_and_a_forged_signature() {
    let mut follower = follower(0);
    let mut offer = |note: &[u8]| follower.advance::<Vec<u8>>(note, &Proof::default(), &[]).unwrap_err();
    let elsewhere = Log::new("example.com/other", &SECRET).unwrap();
    let expected = LogError::WrongOrigin { expected: ORIGIN.into(), found: "example.com/other".into() };
    assert_eq!(offer(&elsewhere.checkpoint()), expected);
    let stranger = Log::new(ORIGIN, &[2; 32]).unwrap();
    assert_eq!(offer(&stranger.checkpoint()), LogError::WrongKey { expected: key().to_string() });
    let forged = String::from_utf8(log(&[record(0, "a")]).checkpoint()).unwrap().replacen("\n1\n", "\n2\n", 1);
    assert_eq!(offer(forged.as_bytes()), LogError::ForgedSignature { signer: ORIGIN.into() });
    let extended = format!("{ORIGIN}\n1\n{}\nfor you alone\n", BASE64_STANDARD.encode([7; 32]));
    assert!(matches!(offer(&signed(&extended)), LogError::MalformedNote(_)));
}

#[test]
fn an_entry_that_is_no_record_is_refused_even_if_logged() {
    let entry = b"no record".to_vec();
    let text = format!("{ORIGIN}\n1\n{}\n", BASE64_STANDARD.encode(root(&[leaf_hash(&entry)])));
    let found = follower(0).advance(&signed(&text), &Proof::default(), &[entry]);
    assert!(matches!(found, Err(LogError::MalformedRecord(_))));
}

/// Without witnesses an operator gets away with what only witnesses see.
#[test]
fn without_witnesses_times_are_the_operators_word() {
    let mut follower = follower(0);
    let first = log(&[record(5, "a")]);
    assert!(follower.advance(&first.checkpoint(), &Proof::default(), &first.entries(0..1)).is_ok());
    let mut offer = |second: &Record| {
        let grown = log([&record(5, "a"), second, &record(1 << 40, "post-dated")]);
        follower.advance(&grown.checkpoint(), &grown.consistency(1, 3).unwrap(), &grown.entries(1..3)).map(drop)
    };
    assert_eq!(offer(&record(4, "before the first")), Err(LogError::Reordered { index: 1 }));
    assert_eq!(offer(&record(5, "back-dated")), Ok(()));
}

#[test]
fn a_witness_cosigns_nothing_that_does_not_extend_what_it_cosigned() {
    let records: Vec<Record> = (0..9).map(|second| record(second, "r")).collect();
    let mut witness = witnesses().remove(0);
    let at = |size: usize| log(&records[..size]);
    let key = witness.key().clone();
    for (from, to) in [(0_usize, 0), (0, 5), (5, 5), (5, 8)] {
        let note = at(to).checkpoint();
        let line = witness.cosign(&note, &at(to).consistency(from as u64, to as u64).unwrap(), START + 10).unwrap();
        assert_eq!(key.cosigned(&[note.clone(), line].concat()), Ok(Some(START + 10)));
        assert_eq!((key.cosigned(&note), witness.size()), (Ok(None), to as u64));
    }
    let mut fork = records.clone();
    fork[3] = record(3, "R");
    let fork = |size: usize| log(&fork[..size]);
    let proof = |log: &Log| log.consistency(8, log.size()).unwrap_or_default();
    let mut refuse = |log: &Log, proof: &Proof, now| witness.cosign(&log.checkpoint(), proof, START + now).unwrap_err();

    assert_eq!(refuse(&at(7), &proof(&at(7)), 20), LogError::RolledBack { seen: 8, found: 7 });
    assert_eq!(refuse(&fork(9), &proof(&fork(9)), 20), LogError::Forked { from: 8, to: 9 });
    let LogError::SplitView(evidence) = refuse(&fork(8), &Proof::default(), 20) else { panic!() };
    assert_eq!(evidence.verify(&self::key()), Ok(()));
    assert!(matches!(refuse(&at(9), &Proof::default(), 20), LogError::MalformedProof(_)));
    let wrong = Proof::new(vec![[0; 32]; proof(&at(9)).hashes().len()]);
    assert_eq!(refuse(&at(9), &wrong, 20), LogError::Forked { from: 8, to: 9 });
    assert_eq!(refuse(&at(9), &proof(&at(9)), 9), LogError::ClockBehind { last: START + 10, now: START + 9 });
    let stranger = Log::new(ORIGIN, &[2; 32]).unwrap();
    assert!(matches!(refuse(&stranger, &Proof::default(), 20), LogError::WrongKey { .. }));
    assert!(witness.cosign(&at(9).checkpoint(), &proof(&at(9)), START + 10).is_ok(), "after all of that");
}

/// The specification ends time at 2^63 - 1; names are those of signed notes.
#[test]
fn times_and_names_that_cannot_be() {
    let mut witness = witnesses().remove(0);
    let note = log(&[record(0, "a")]).checkpoint();
    let key = witness.key().clone();
    let last = u64::MAX >> 1;
    let line = witness.cosign(&note, &Proof::default(), last).unwrap();
    assert_eq!(key.cosigned(&[note.clone(), line].concat()), Ok(Some(last)));
    let line = witness.cosign(&note, &Proof::default(), last + 1).unwrap();
    assert!(matches!(key.cosigned(&[note, line].concat()), Err(LogError::MalformedNote(_))));
    for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b"] {
        assert!(matches!(WitnessKey::new(name, &key.to_bytes()), Err(LogError::MalformedKey(_))), "{name}");
        assert!(matches!(Log::new(name, &SECRET), Err(LogError::MalformedKey(_))), "{name}");
    }
}

/// The line is that of C2SP tlog-cosignature, put together here by hand.
#[test]
fn a_cosignature_is_what_the_specification_says() {
    let secret = SigningKey::from_bytes(&[11; 32]);
    let mut witness = Witness::new("example.org/w1", &[11; 32], key()).unwrap();
    let note = log(&[record(0, "a")]).checkpoint();
    let line = String::from_utf8(witness.cosign(&note, &Proof::default(), 1_679_315_147).unwrap()).unwrap();
    let text = str::from_utf8(&note).unwrap().split_once("\n\n").unwrap().0;
    let signature = secret.sign(format!("cosignature/v1\ntime 1679315147\n{text}\n").as_bytes()).to_bytes();
    let id = hex::decode(witness.key().to_string().split('+').nth(1).unwrap()).unwrap();
    let bytes = [&id, 1_679_315_147_u64.to_be_bytes().as_slice(), &signature].concat();
    assert_eq!(line, format!("— example.org/w1 {}\n", BASE64_STANDARD.encode(bytes)));
    let text = witness.key().to_string();
    assert_eq!(text.parse::<WitnessKey>().as_ref(), Ok(witness.key()));
    assert!(text.parse::<LogKey>().is_err());
}
