//! Defective warrants of every kind, each made and served: what a provider that checks says to it. `docs/warrants.md` has
//! the same table, and a test holds the two to each other.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what is made here is fixed, and tests make all of it"
)]

use super::court::{self, deal};
use super::signed::Paper;
use super::{
    Clerk, Condition, CourtError, CourtKey, Data, Defect, Finding, Judge, Registrar, Revocation, Rules,
    SignedRevocation, SignedWarrant, VERSION, Warrant,
};
use coset::{CborSerializable, CoseSign1, iana};
use ed25519_dalek::{Signer, SigningKey};

pub(super) const DAY: u64 = 24 * 60 * 60;
pub(super) const NOW: u64 = 1_767_225_600;
pub(super) const POLICE: &str = "law enforcement";
pub(super) const PROVIDER: &str = "provider";

pub(super) fn rules() -> Rules {
    Rules::new(POLICE, [Data::Communications])
}

pub(super) fn court() -> (CourtKey, Vec<Judge>) {
    deal(5, 3, &rules(), [1; 32]).unwrap()
}

pub(super) fn warrant() -> Warrant {
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
pub(super) fn by(court: &(CourtKey, Vec<Judge>), judges: &[usize], paper: &Paper) -> Result<Vec<u8>, CourtError> {
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

pub(super) fn signed(warrant: &Warrant) -> SignedWarrant {
    SignedWarrant::from_bytes(by(&court(), &[0, 2, 4], &Paper::Warrant(warrant.clone())).unwrap())
}

pub(super) fn registrar() -> Registrar {
    Registrar::new(PROVIDER, court().0, rules())
}

pub(super) fn serve(registrar: &mut Registrar, signed: &SignedWarrant) -> Result<Warrant, Defect> {
    registrar.accept(signed, POLICE, NOW + 1, |account| account < 100)
}

/// The defect of a warrant that is altered and signed by the court.
fn altered(alter: impl FnOnce(&mut Warrant)) -> Option<Defect> {
    let mut defective = warrant();
    alter(&mut defective);
    serve(&mut registrar(), &signed(&defective)).err()
}

/// The defect of a signed warrant whose message is altered.
fn tampered(alter: impl FnOnce(&mut CoseSign1)) -> Option<Defect> {
    let mut message = CoseSign1::from_slice(signed(&warrant()).as_bytes()).unwrap();
    message.protected.original_data = None;
    alter(&mut message);
    serve(&mut registrar(), &SignedWarrant::from_bytes(message.to_vec().unwrap())).err()
}

/// The defect of something else than a warrant that the court's whole key signed.
fn payload(payload: Vec<u8>) -> Option<Defect> {
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
    Registrar::new(PROVIDER, court, rules()).accept(&signed, POLICE, NOW + 1, |_| true).err()
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
/// Every kind of defect: what is done to a warrant, and what a provider says to it. Nothing is said to a warrant that is
/// accepted.
pub fn defective() -> Vec<(&'static str, Option<Defect>)> {
    let finding = |warrant: &mut Warrant, condition: Condition, alter: fn(&mut Finding)| {
        alter(warrant.findings.iter_mut().find(|finding| finding.condition == condition).unwrap());
    };
    let without = |condition| altered(|warrant| warrant.findings.retain(|finding| finding.condition != condition));
    let at = |now| registrar().accept(&signed(&warrant()), POLICE, now, |_| true).err();
    let judge = SigningKey::from_bytes(&[8; 32]);
    let served_twice = |second: &Warrant| {
        let mut registrar = registrar();
        serve(&mut registrar, &signed(&warrant())).unwrap();
        serve(&mut registrar, &signed(second)).err()
    };
    let revoked = || {
        let revocation = Revocation { number: 12, at: NOW };
        let bytes = by(&court(), &[1, 2, 3], &Paper::Revocation(revocation)).unwrap();
        let mut registrar = registrar();
        registrar.revoke(&SignedRevocation::from_bytes(bytes)).unwrap();
        serve(&mut registrar, &signed(&warrant())).err()
    };
    let single =
        |public: [u8; 32]| tampered(|message| message.protected.header.key_id = court::key_id(&public).to_vec());
    let long = || serve(&mut registrar(), &SignedWarrant::from_bytes(vec![0; 20_000])).err();
    let mut trailing = warrant().encode();
    trailing.push(0);
    vec![
        ("longer than any warrant", long()),
        ("bytes that are no COSE_Sign1", serve(&mut registrar(), &SignedWarrant::from_bytes(vec![1, 2, 3])).err()),
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
            registrar().accept(&signed(&warrant()), "a newspaper", NOW + 1, |_| true).err(),
        ),
        ("nobody named", altered(|warrant| warrant.accounts.clear())),
        ("too many named", altered(|warrant| warrant.accounts = (0..11).collect())),
        ("one named twice", altered(|warrant| warrant.accounts.push(4))),
        (
            "an account that does not exist",
            registrar().accept(&signed(&warrant()), POLICE, NOW + 1, |account| account == 4).err(),
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
