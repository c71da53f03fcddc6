use super::court::deal;
use super::signed::Paper;
use super::*;
use coset::{CborSerializable, CoseSign1, iana};
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use std::collections::BTreeSet;

const DAY: u64 = 24 * 60 * 60;
const NOW: u64 = 1_767_225_600;
const POLICE: &str = "law enforcement";
const PROVIDER: &str = "provider";

fn rules() -> Rules {
    Rules::new(POLICE, [Data::Communications])
}

fn court() -> (CourtKey, Vec<Judge>) {
    deal(5, 3, &rules(), [1; 32]).unwrap()
}

fn warrant() -> Warrant {
    let finding = |condition: Condition| Finding {
        condition,
        grounds: format!("the court heard why access is {condition}"),
        accounts: if condition == Condition::Suspicion { vec![4, 7] } else { Vec::new() },
    };
    Warrant {
        version: VERSION,
        number: 12,
        applicant: POLICE.into(),
        addressee: PROVIDER.into(),
        accounts: vec![4, 7],
        data: vec![Data::Communications],
        from: NOW,
        until: NOW + 30 * DAY,
        issued: NOW,
        expires: NOW + 60 * DAY,
        notify: NOW + 90 * DAY,
        findings: Condition::ALL.map(finding).into(),
        salt: [9; 32],
    }
}

/// What comes of it if `judges` sign, who sign anything.
fn by(court: &(CourtKey, Vec<Judge>), judges: &[usize], paper: &Paper) -> Result<Vec<u8>, CourtError> {
    let mut bench = deal(5, 3, &rules(), [1; 32]).unwrap().1;
    let mut clerk = match paper {
        Paper::Warrant(warrant) => Clerk::new(court.0.clone(), warrant.clone()),
        Paper::Revocation(revocation) => Clerk::revoking(court.0.clone(), revocation.clone()),
    };
    let mut package = None;
    for judge in judges {
        let commitment = bench[*judge].commit([u8::try_from(*judge).unwrap() + 50; 32]);
        package = clerk.commitment(bench[*judge].number(), &commitment)?.or(package);
    }
    for judge in judges {
        let bytes = package.as_ref().map(|package| package.bytes.clone()).unwrap_or_default();
        let share = bench[*judge].share(paper, &bytes)?;
        clerk.share(bench[*judge].number(), &share)?;
    }
    match paper {
        Paper::Warrant(_) => clerk.warrant().map(|warrant| warrant.as_bytes().to_vec()),
        Paper::Revocation(_) => clerk.revocation().map(|revocation| revocation.as_bytes().to_vec()),
    }
}

fn signed(warrant: &Warrant) -> SignedWarrant {
    SignedWarrant::from_bytes(by(&court(), &[0, 2, 4], &Paper::Warrant(warrant.clone())).unwrap())
}

fn registrar() -> Registrar {
    Registrar::new(PROVIDER, court().0, rules())
}

fn serve(registrar: &mut Registrar, signed: &SignedWarrant) -> Result<Warrant, Defect> {
    registrar.accept(signed, POLICE, NOW + 1, |account| account < 100)
}

/// The defect of a warrant that is altered and signed by the court.
fn altered(alter: impl FnOnce(&mut Warrant)) -> Defect {
    let mut defective = warrant();
    alter(&mut defective);
    serve(&mut registrar(), &signed(&defective)).unwrap_err()
}

/// The defect of a signed warrant whose message is altered.
fn tampered(alter: impl FnOnce(&mut CoseSign1)) -> Defect {
    let mut message = CoseSign1::from_slice(signed(&warrant()).as_bytes()).unwrap();
    message.protected.original_data = None;
    alter(&mut message);
    serve(&mut registrar(), &SignedWarrant::from_bytes(message.to_vec().unwrap())).unwrap_err()
}

/// The defect of something else than a warrant that the court's whole key signed.
fn payload(payload: Vec<u8>) -> Defect {
    // A court of which the dealer is also all judges, so that anything can be signed.
    let key = SigningKey::from_bytes(&[3; 32]);
    let (mut court, _) = court();
    court = court.with_key(key.verifying_key());
    let mut message = CoseSign1::from_slice(signed(&warrant()).as_bytes()).unwrap();
    message.protected.original_data = None;
    message.protected.header.key_id = court::key_id(key.verifying_key().as_bytes()).to_vec();
    message.payload = Some(payload);
    message.signature = key.sign(&message.tbs_data(b"sightline warrant")).to_bytes().to_vec();
    let signed = SignedWarrant::from_bytes(message.to_vec().unwrap());
    Registrar::new(PROVIDER, court, rules()).accept(&signed, POLICE, NOW + 1, |_| true).unwrap_err()
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
/// Every kind of defect: what is done to a warrant, and how it is refused.
fn defects() -> Vec<(&'static str, Defect)> {
    let finding = |warrant: &mut Warrant, condition: Condition, alter: fn(&mut Finding)| {
        alter(warrant.findings.iter_mut().find(|finding| finding.condition == condition).unwrap());
    };
    let without = |condition| altered(|warrant| warrant.findings.retain(|finding| finding.condition != condition));
    let at = |now| registrar().accept(&signed(&warrant()), POLICE, now, |_| true).unwrap_err();
    let judge = SigningKey::from_bytes(&[8; 32]);
    let served_twice = |second: &Warrant| {
        let mut registrar = registrar();
        serve(&mut registrar, &signed(&warrant())).unwrap();
        serve(&mut registrar, &signed(second)).unwrap_err()
    };
    let revoked = || {
        let revocation = Revocation { number: 12, at: NOW };
        let bytes = by(&court(), &[1, 2, 3], &Paper::Revocation(revocation)).unwrap();
        let mut registrar = registrar();
        registrar.revoke(&SignedRevocation::from_bytes(bytes)).unwrap();
        serve(&mut registrar, &signed(&warrant())).unwrap_err()
    };
    let single =
        |public: [u8; 32]| tampered(|message| message.protected.header.key_id = court::key_id(&public).to_vec());
    let long = || serve(&mut registrar(), &SignedWarrant::from_bytes(vec![0; 20_000])).unwrap_err();
    let mut trailing = warrant().encode();
    trailing.push(0);
    vec![
        ("longer than any warrant", long()),
        (
            "bytes that are no COSE_Sign1",
            serve(&mut registrar(), &SignedWarrant::from_bytes(vec![1, 2, 3])).unwrap_err(),
        ),
        (
            "another signature algorithm",
            tampered(|message| {
                message.protected.header.alg =
                    Some(coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::ES256));
            }),
        ),
        ("headers outside the signature", tampered(|message| message.unprotected.key_id = vec![1])),
        ("headers that are not known", tampered(|message| message.protected.header.iv = vec![1])),
        ("signed by another court", tampered(|message| message.protected.header.key_id = vec![7; 8])),
        ("signed by one judge", single(court().0.judge(0))),
        ("signed by nobody, with the court's key named", tampered(|message| message.signature = vec![0; 64])),
        ("an altered warrant under a true signature", tampered(|message| message.payload.as_mut().unwrap()[20] ^= 1)),
        (
            "signed with a key that is nobody's",
            tampered(|message| message.signature = judge.sign(b"anything").to_bytes().to_vec()),
        ),
        ("nothing signed", payload(Vec::new())),
        ("something else signed", payload(vec![0x83, 1, 2, 3])),
        ("another encoding", payload(trailing)),
        ("another version", altered(|warrant| warrant.version = 2)),
        ("addressed to another provider", altered(|warrant| warrant.addressee = "another provider".into())),
        ("an applicant whom no law empowers", altered(|warrant| warrant.applicant = "a newspaper".into())),
        (
            "served by somebody who did not apply for it",
            registrar().accept(&signed(&warrant()), "a newspaper", NOW + 1, |_| true).unwrap_err(),
        ),
        ("nobody named", altered(|warrant| warrant.accounts.clear())),
        ("too many named", altered(|warrant| warrant.accounts = (0..11).collect())),
        ("one named twice", altered(|warrant| warrant.accounts.push(4))),
        (
            "an account that does not exist",
            registrar().accept(&signed(&warrant()), POLICE, NOW + 1, |account| account == 4).unwrap_err(),
        ),
        ("no kind of data", altered(|warrant| warrant.data.clear())),
        ("a kind of data twice", altered(|warrant| warrant.data.push(Data::Communications))),
        ("data that are not given out", altered(|warrant| warrant.data.push(Data::Content))),
        ("issued in the future", at(NOW - 1)),
        ("expired", at(NOW + 60 * DAY)),
        ("expiry before issue", altered(|warrant| warrant.expires = NOW - 1)),
        ("to be served for too long", altered(|warrant| warrant.expires = NOW + 181 * DAY)),
        ("an end before the beginning", altered(|warrant| warrant.until = warrant.from)),
        (
            "too long a time",
            altered(|warrant| {
                warrant.until = NOW + 91 * DAY;
                warrant.expires = NOW + 100 * DAY;
                warrant.notify = NOW + 100 * DAY;
            }),
        ),
        ("a time before the court decided", altered(|warrant| warrant.from = NOW - 1)),
        ("a time after its expiry", altered(|warrant| warrant.expires = warrant.until - 1)),
        ("no finding that access is authorised", without(Condition::Authorised)),
        ("no finding that it is narrow", without(Condition::Narrow)),
        ("no finding of suspicion", without(Condition::Suspicion)),
        ("no finding that it is necessary", without(Condition::Necessary)),
        ("no finding that it is proportionate", without(Condition::Proportionate)),
        (
            "two findings on one condition",
            altered(|warrant| {
                let again = warrant.findings[1].clone();
                warrant.findings.push(again);
            }),
        ),
        (
            "a finding without grounds",
            altered(|warrant| finding(warrant, Condition::Necessary, |finding| finding.grounds = "  ".into())),
        ),
        (
            "an account that nobody suspects",
            altered(|warrant| finding(warrant, Condition::Suspicion, |finding| finding.accounts = vec![4])),
        ),
        (
            "suspicion of somebody else",
            altered(|warrant| finding(warrant, Condition::Suspicion, |finding| finding.accounts.push(5))),
        ),
        ("no notice to those concerned", altered(|warrant| warrant.notify = 0)),
        ("notice too late", altered(|warrant| warrant.notify = NOW + 396 * DAY)),
        ("no salt", altered(|warrant| warrant.salt = [0; 32])),
        ("served before", served_twice(&warrant())),
        ("another warrant of the same number", served_twice(&Warrant { until: NOW + DAY, ..warrant() })),
        ("revoked by the court", revoked()),
    ]
}

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
    let defects = defects();
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
