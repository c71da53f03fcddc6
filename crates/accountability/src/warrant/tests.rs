use super::court::deal;
use super::signed::Paper;
use super::specimens::{DAY, NOW, by, court, defective, registrar, rules, serve, signed, warrant};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn a_warrant_that_a_quorum_signed_is_accepted_once() {
    let mut registrar = registrar();
    let (one, two) = (signed(&warrant()), signed(&Warrant { number: 13, ..warrant() }));
    assert_eq!(serve(&mut registrar, &one), Ok(warrant()));
    assert_eq!(serve(&mut registrar, &two).map(|warrant| warrant.number), Ok(13));
    assert_eq!(serve(&mut registrar, &one), Err(Defect::ServedBefore(12)));
    assert_eq!(registrar.served().map(|(number, _)| number).collect::<Vec<_>>(), [12, 13]);
    assert!(warrant().covers(Data::Communications, NOW, [1, 7].into_iter()));
    assert!(!warrant().covers(Data::Content, NOW, [7].into_iter()));
    assert!(!warrant().covers(Data::Communications, NOW + 30 * DAY, [7].into_iter()));
    assert!(!warrant().covers(Data::Communications, NOW, [1].into_iter()));
}

#[test]
fn every_kind_of_defect_is_refused_with_its_own_reason_and_the_book_names_it() {
    let refused = |(what, defect): (&'static str, Option<Defect>)| (what, defect.expect(what));
    let defects: Vec<_> = defective().into_iter().map(refused).collect();
    let reasons: BTreeSet<String> = defects.iter().map(|(_, defect)| defect.to_string()).collect();
    // Two more ways of not being signed by the court are one thing to whoever is served.
    assert_eq!(reasons.len(), defects.len() - 2, "{reasons:#?}");
    assert!(reasons.len() >= 30);
    let row = |(what, defect): &(&str, Defect)| format!("| {what} | {defect} |\n");
    let table: String = defects.iter().map(row).collect();
    let book = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/warrants.md")).unwrap();
    assert!(book.contains(&table), "the table in docs/warrants.md should be:\n{table}");
}

#[test]
fn judges_refuse_what_breaks_the_rules_and_what_they_were_not_shown() {
    let (key, mut bench) = court();
    let bad = Warrant { accounts: Vec::new(), ..warrant() };
    let mut clerk = Clerk::new(key.clone(), warrant());
    let mut package = None;
    for judge in &mut bench[..3] {
        let commitment = judge.commit([judge.number().to_be_bytes()[1]; 32]);
        package = clerk.commitment(judge.number(), &commitment).unwrap().or(package);
    }
    let package = package.unwrap();
    assert_eq!(package.judges, [1, 2, 3]);
    let refused = |defect| Err(CourtError::Refused { judge: 1, defect });
    assert_eq!(bench[0].sign(&bad, &package.bytes), refused(Defect::NoAccounts));
    let other = Warrant { number: 99, ..warrant() };
    assert_eq!(bench[0].sign(&other, &package.bytes), Err(CourtError::SomethingElse { judge: 1 }));
    assert_eq!(bench[3].sign(&warrant(), &package.bytes), Err(CourtError::NoCommitment { judge: 4 }));
    // What was refused uses nothing up; what was signed does.
    let share = bench[0].sign(&warrant(), &package.bytes).unwrap();
    assert_eq!(bench[0].sign(&warrant(), &package.bytes), Err(CourtError::NoCommitment { judge: 1 }));
    clerk.share(1, &share).unwrap();
    assert_eq!(clerk.share(1, &share), Err(CourtError::Twice { judge: 1, what: "share" }));
    let again = bench[3].commit([77; 32]);
    assert_eq!(clerk.commitment(2, &again), Err(CourtError::Twice { judge: 2, what: "commitment" }));
    let too_few = CourtError::TooFew { threshold: 3, found: 1, what: "shares" };
    assert_eq!(clerk.warrant(), Err(too_few));
    assert_eq!(clerk.share(4, &share), Err(CourtError::NoSuchJudge { judge: 4 }));
    assert!(matches!(clerk.share(2, &[0xff; 32]), Err(CourtError::Malformed { judge: 2, .. })));
    let second = bench[1].sign(&warrant(), &package.bytes).unwrap();
    assert_eq!(clerk.share(2, &share), Err(CourtError::BadShare { judge: 2 }));
    clerk.share(3, &bench[2].sign(&warrant(), &package.bytes).unwrap()).unwrap();
    clerk.share(2, &second).unwrap();
    assert_eq!(serve(&mut registrar(), &clerk.warrant().unwrap()), Ok(warrant()));
    assert!(matches!(deal(3, 4, &rules(), [0; 32]), Err(CourtError::Size { .. })));
    assert!(matches!(deal(3, 1, &rules(), [0; 32]), Err(CourtError::Size { .. })));
    assert!(matches!(deal(300, 2, &rules(), [0; 32]), Err(CourtError::Size { .. })));
}

#[test]
fn any_quorum_signs_and_no_smaller_one_does() {
    let paper = Paper::Warrant(warrant());
    for judges in [[0, 1, 2], [1, 3, 4], [0, 2, 4]] {
        let bytes = by(&court(), &judges, &paper).unwrap();
        assert!(serve(&mut registrar(), &SignedWarrant::from_bytes(bytes)).is_ok(), "{judges:?}");
    }
    assert!(by(&court(), &[0, 1], &paper).is_err());
    // A revocation is no warrant, and the reverse.
    let revocation = by(&court(), &[0, 1, 2], &Paper::Revocation(Revocation { number: 12, at: NOW })).unwrap();
    assert_eq!(serve(&mut registrar(), &SignedWarrant::from_bytes(revocation)), Err(Defect::Forged));
    let warrant = SignedRevocation::from_bytes(by(&court(), &[0, 1, 2], &paper).unwrap());
    assert_eq!(registrar().revoke(&warrant), Err(Defect::Forged));
}

#[test]
fn a_revocation_holds_from_its_time_on() {
    let bytes = by(&court(), &[0, 1, 2], &Paper::Revocation(Revocation { number: 12, at: NOW + 50 })).unwrap();
    let mut registrar = registrar();
    serve(&mut registrar, &signed(&warrant())).unwrap();
    registrar.revoke(&SignedRevocation::from_bytes(bytes)).unwrap();
    assert!(!registrar.revoked(12, NOW + 49) && registrar.revoked(12, NOW + 50) && !registrar.revoked(13, NOW + 50));
}

#[test]
fn a_commitment_hides_the_warrant_and_binds_to_it() {
    let one = signed(&warrant());
    let salted = Warrant { salt: [8; 32], ..warrant() };
    assert_ne!(one.commitment(&[9; 32]), signed(&salted).commitment(&[8; 32]));
    assert_ne!(one.commitment(&[9; 32]), one.commitment(&[8; 32]));
}

proptest! {
    #[test]
    fn no_altered_byte_is_accepted(place in 0_usize..2_000, flip in 1_u8..=255) {
        let mut bytes = signed(&warrant()).as_bytes().to_vec();
        let place = place % bytes.len();
        bytes[place] ^= flip;
        prop_assert!(serve(&mut registrar(), &SignedWarrant::from_bytes(bytes)).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        prop_assert!(serve(&mut registrar(), &SignedWarrant::from_bytes(bytes.clone())).is_err());
        let (_, mut bench) = court();
        bench[0].commit([1; 32]);
        prop_assert!(bench[0].sign(&warrant(), &bytes).is_err());
        let mut clerk = Clerk::new(court().0, warrant());
        prop_assert!(clerk.commitment(1, &bytes).is_err());
    }
}
