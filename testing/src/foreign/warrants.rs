use super::{part, parts};
use sightline_accountability::warrant::{
    Clerk, Condition, CourtKey, Data, Finding, Judge, Registrar, Revocation, Rules, SignedRevocation, SignedWarrant,
    VERSION, Warrant, deal,
};
use sightline_messenger::franking::{Opening, Proof};
use sightline_messenger::{Content, FrankingKey, GroupId, MemberId};
use sightline_protocol::Wire;
use std::sync::LazyLock;

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;

fn rules() -> Rules {
    Rules::new("police", [Data::Communications])
}

fn court() -> (CourtKey, Vec<Judge>) {
    deal(3, 2, &rules(), [1; 32]).expect("two of three")
}

fn honest() -> Warrant {
    let finding = |condition: Condition| Finding {
        condition,
        grounds: "grounds".into(),
        accounts: if condition == Condition::Suspicion { vec![4] } else { Vec::new() },
    };
    Warrant {
        version: VERSION,
        number: 3,
        applicant: "police".into(),
        addressee: "provider".into(),
        accounts: vec![4],
        data: vec![Data::Communications],
        from: NOW,
        until: NOW + 1_000,
        issued: NOW,
        expires: NOW + 2_000,
        notify: NOW + 3_000,
        findings: Condition::ALL.map(finding).into(),
        salt: [6; 32],
    }
}

/// What two judges of the court say in the course of signing: commitments, the package, shares, and what comes of it.
struct Course {
    commitments: Vec<Vec<u8>>,
    package: Vec<u8>,
    shares: Vec<Vec<u8>>,
    signed: Vec<u8>,
}

fn course(revokes: bool) -> Course {
    let (key, mut bench) = court();
    let revocation = Revocation { number: 3, at: NOW };
    let mut clerk = if revokes { Clerk::revoking(key, revocation.clone()) } else { Clerk::new(key, honest()) };
    let mut package = None;
    let mut commitments = Vec::new();
    for (judge, seed) in bench[..2].iter_mut().zip(1..) {
        let commitment = judge.commit([seed; 32]);
        package = clerk.commitment(judge.number(), &commitment).expect("a commitment").or(package);
        commitments.push(commitment);
    }
    let package = package.expect("two of two").bytes;
    let mut shares = Vec::new();
    for judge in &mut bench[..2] {
        let share =
            if revokes { judge.sign_revocation(&revocation, &package) } else { judge.sign(&honest(), &package) };
        let share = share.expect("it keeps the rules");
        clerk.share(judge.number(), &share).expect("a share");
        shares.push(share);
    }
    let signed = if revokes {
        clerk.revocation().expect("both signed").as_bytes().to_vec()
    } else {
        clerk.warrant().expect("both signed").as_bytes().to_vec()
    };
    Course { commitments, package, shares, signed }
}

static COURSES: LazyLock<[Course; 2]> = LazyLock::new(|| [false, true].map(course));

/// What travels between a court and whoever is served: each part is of the kind that its tag says. No warrant is accepted but
/// the one that was signed.
pub fn warrants(bytes: &[u8]) {
    let (key, mut bench) = court();
    let mut registrar = Registrar::new("provider", key.clone(), rules());
    let mut clerk = Clerk::new(key, honest());
    bench[0].commit([1; 32]);
    for (tag, part) in parts(bytes) {
        match tag % 5 {
            0 => {
                if let Ok(found) = registrar.accept(&SignedWarrant::from_bytes(part.to_vec()), "police", NOW, |_| true)
                {
                    assert_eq!(found, honest(), "a warrant that nobody signed");
                }
            }
            1 => {
                if let Ok(found) = registrar.revoke(&SignedRevocation::from_bytes(part.to_vec())) {
                    assert_eq!(found, Revocation { number: 3, at: NOW }, "a revocation that nobody signed");
                }
            }
            2 => _ = clerk.commitment(1 + u16::from(tag / 5) % 3, part),
            3 => _ = clerk.share(1 + u16::from(tag / 5) % 3, part),
            _ => _ = bench[0].sign(&honest(), part),
        }
    }
}

pub(super) fn warrant_seeds() -> Vec<Vec<u8>> {
    let [warrant, revocation] = &*COURSES;
    let mut all = vec![part(1, &revocation.signed), part(0, &warrant.signed)];
    all.extend((0..).zip(&warrant.commitments).map(|(judge, bytes)| part(2 + 5 * judge, bytes)));
    all.extend((0..).zip(&warrant.shares).map(|(judge, bytes)| part(3 + 5 * judge, bytes)));
    all.push(part(4, &warrant.package));
    vec![all.concat(), part(0, &warrant.signed), part(4, &warrant.package), all[2..].concat()]
}

/// What it takes to report a content: the proof holds for that content alone.
pub fn franking(bytes: &[u8]) {
    let key = FrankingKey::new([1; 32]);
    if let Ok(proof) = Proof::from_wire(bytes)
        && key.check(&content(), &proof).is_ok()
    {
        assert_eq!(proof, proven(), "a proof that nobody made");
    }
}

fn content() -> Content {
    Content::text("a word")
}

fn proven() -> Proof {
    let opening = Opening::new([2; 32]);
    let stamp = FrankingKey::new([1; 32]).stamp(opening.commit(&content()), MemberId(3), GroupId(9), 7);
    Proof { opening, stamp }
}

pub(super) fn franking_seeds() -> Vec<Vec<u8>> {
    vec![proven().to_wire()]
}
