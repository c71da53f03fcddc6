//! `lawful-requests`: what a warrant asks for is given out, to whom it was given, and everybody can see that it was; nothing
//! else is, and whoever has nothing to do with it sees no difference.

use minicbor::{Decode, Encode};
use sightline_accountability::warrant::{
    Clerk, Condition, Data, Finding, Judge, Revocation, Rules, SignedRevocation, SignedWarrant, VERSION, Warrant, deal,
};
use sightline_architectures::by_name;
use sightline_crypto::Seed;
use sightline_messenger::{MemberId, Sent};
use sightline_protocol::{
    Architecture, Command, Content, ContentKind, Frame, History, Network, Notice, Observer, Order, PartyId, Policy,
    Runner, Span, Time, Transcript, Views, Wire,
};
use sightline_testing::speaker::Speaker;
use sightline_testing::world::World;

/// When runs begin, in seconds since 1970.
const BEGIN: u64 = 1_767_225_600;

/// What law enforcement sends to the provider, in the system's encoding.
#[derive(Encode, Decode)]
enum Message {
    #[n(2)]
    Proceeding(#[n(0)] Proceeding),
}

#[derive(Encode, Decode)]
enum Proceeding {
    #[n(4)]
    Warrant(#[n(0)] SignedWarrant),
    #[n(5)]
    Revocation(#[n(0)] SignedRevocation),
}

#[derive(Decode, Encode)]
#[cbor(map)]
struct Traffic {
    #[n(0)]
    at: u64,
    #[n(1)]
    sent: Sent,
}

fn system(log_days: u16) -> Box<dyn Architecture> {
    by_name("lawful-requests", &Policy { log_days, ..Policy::default() }).expect("an architecture")
}

fn at(second: u64) -> Time {
    Time::after_start(Span::seconds(second))
}

fn text(text: &str) -> Content {
    Content { kind: ContentKind::Text, bytes: text.into() }
}

/// Users 0, 1 and 2 converse, and users 3, 4 and 5.
fn history(world: &World) -> History {
    let send = |group, content| Command::Send(group, content);
    History::new()
        .then(at(1), 0, Command::CreateGroup(1, vec![1, 2]))
        .then(at(2), 3, Command::CreateGroup(2, vec![4, 5]))
        .then(at(10), 0, send(1, world.picture(0)))
        .then(at(20), 3, send(2, world.picture(1)))
        .then(at(30), 1, send(1, text("an answer to the picture, in some forty bytes")))
        .then(at(40), 4, send(2, text("another answer to another picture of another group")))
        .then(at(200), 0, send(1, world.picture(2)))
}

/// Runs it on a network without chance, with another party in the place of one.
fn play(system: &dyn Architecture, world: &World, other: Option<(PartyId, Speaker)>) -> Transcript {
    let seed = Seed::from_u64(4);
    let mut deployment = system.deploy(&world.setup, &seed).expect("it deploys");
    if let Some((id, speaker)) = other {
        deployment.parties.retain(|(party, _)| *party != id);
        deployment.parties.push((id, Box::new(speaker)));
    }
    let network = Network { jitter: Span::ZERO, loss: 0.0, ..Network::default() };
    Runner::new(deployment, &seed).network(network).run(&history(world), &[]).expect("it runs")
}

/// The account 0 for the first 100 seconds.
fn world() -> World {
    let mut world = World::new(6);
    world.setup.order = Some(Order { accounts: [0].into(), applied: at(0), from: at(0), until: at(100) });
    world
}

/// What law enforcement was given: from whom to whom, and when in seconds.
fn answer(transcript: &Transcript) -> Option<Vec<(u64, MemberId, Vec<MemberId>)>> {
    let memory = &transcript.memory()[&PartyId::LAW_ENFORCEMENT];
    let (_, bytes) = memory.entries().find(|(name, _)| name.starts_with("answer/"))?;
    let records: Vec<Traffic> = Wire::from_wire(bytes).expect("an answer");
    Some(
        records
            .into_iter()
            .map(|record| (record.at / 1_000 - BEGIN, record.sent.sender, record.sent.recipients))
            .collect(),
    )
}

fn counts(transcript: &Transcript) -> Vec<(String, u64)> {
    let memory = transcript.memory()[&PartyId::AUDITOR].entries();
    let counts = memory.filter(|(name, _)| *name != "checkpoint" && !name.starts_with("link/"));
    let counts = counts.map(|(name, bytes)| (name.to_owned(), u64::from_be_bytes(bytes.try_into().expect("a number"))));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn refusals(transcript: &Transcript) -> Vec<String> {
    // A party that only speaks acknowledges nothing.
    let reasons = transcript.refusals().map(ToString::to_string);
    reasons.filter(|refusal| !refusal.ends_with("no acknowledgement after 10 attempts")).collect()
}

#[test]
fn what_the_warrant_asks_for_is_given_out_counted_and_told() {
    let transcript = play(system(0).as_ref(), &world(), None);
    assert_eq!(refusals(&transcript), Vec::<String>::new());
    let [zero, one, two] = [0, 1, 2].map(MemberId);
    // Not the other group's, and not what came after.
    assert_eq!(answer(&transcript), Some(vec![(10, zero, vec![one, two]), (30, one, vec![zero, two])]));
    let counted =
        [("accounts", 1), ("answered", 1), ("correspondents", 2), ("notified", 1), ("records", 2), ("served", 1)];
    assert_eq!(counts(&transcript), counted.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(transcript.notices(), [(PartyId::user(0), Notice::Accessed(1, 2))]);
    // When the notice is given the dates are over, and nothing was kept.
    let memory = &transcript.memory()[&PartyId::PROVIDER];
    let kept: Vec<&[u8]> =
        memory.entries().filter(|(name, _)| name.ends_with("/records")).map(|(_, bytes)| bytes).collect();
    assert_eq!(kept, [Vec::<Traffic>::new().to_wire()]);
}

#[test]
fn nobody_but_the_endpoints_holds_a_content() {
    let (system, world) = (system(0), world());
    let transcript = play(system.as_ref(), &world, None);
    let view = Views::new(&transcript).of(&Observer::curious(system.outsiders()));
    for (.., content) in history(&world).sends() {
        let part = &content.bytes[..40];
        assert!(!view.byte_strings().any(|bytes| bytes.windows(part.len()).any(|window| window == part)));
    }
}

#[test]
fn whoever_has_nothing_to_do_with_a_warrant_sees_no_difference() {
    let (system, ordered) = (system(0), world());
    let mut unordered = world();
    unordered.setup.order = None;
    let [with, without] = [&ordered, &unordered].map(|world| play(system.as_ref(), world, None));
    assert!(answer(&with).is_some() && answer(&without).is_none());
    let mut views = [Views::new(&with), Views::new(&without)];
    for user in 1..6 {
        let observer = Observer::curious([PartyId::device(user)]);
        let [one, other] = views.each_mut().map(|views| views.of(&observer));
        assert_eq!((one.seen, one.memory), (other.seen, other.memory), "user {user}");
    }
}

#[test]
fn where_providers_keep_data_a_warrant_reaches_back() {
    let mut world = world();
    world.setup.order = Some(Order { accounts: [4].into(), applied: at(35), from: at(0), until: at(100) });
    let transcript = play(system(1).as_ref(), &world, None);
    assert_eq!(answer(&transcript).map(|records| records.len()), Some(2));
    let memory = &transcript.memory()[&PartyId::PROVIDER];
    assert_eq!(memory.entries().filter(|(name, _)| name.starts_with("access/kept/")).count(), 5, "everybody's");
    let transcript = play(system(0).as_ref(), &world, None);
    assert_eq!(answer(&transcript).map(|records| records.len()), Some(1));
    let memory = &transcript.memory()[&PartyId::PROVIDER];
    assert_eq!(memory.entries().filter(|(name, _)| name.starts_with("access/kept/")).count(), 0);
}

#[test]
fn without_a_log_nothing_is_given_out() {
    for silent in [PartyId::LOG, PartyId::AUDITOR] {
        let transcript = play(system(0).as_ref(), &world(), Some((silent, Speaker(Vec::new()))));
        assert_eq!(answer(&transcript), None, "{silent}");
        assert_eq!(transcript.displays().len(), 10, "messages are delivered all the same");
    }
}

/// A warrant for the account 0, signed by judges of the court of these runs.
fn warrant() -> Warrant {
    let finding = |condition: Condition| Finding {
        condition,
        grounds: "as the test has it".into(),
        accounts: if condition == Condition::Suspicion { vec![0] } else { Vec::new() },
    };
    Warrant {
        version: VERSION,
        number: 7,
        applicant: "law enforcement".into(),
        addressee: "provider".into(),
        accounts: vec![0],
        data: vec![Data::Communications],
        from: BEGIN,
        until: BEGIN + 100,
        issued: BEGIN,
        expires: BEGIN + 1_000,
        notify: BEGIN + 200,
        findings: Condition::ALL.map(finding).into(),
        salt: [9; 32],
    }
}

/// The court of these runs, which signs on anything that keeps the rules.
fn signed(
    make: impl FnOnce(sightline_accountability::warrant::CourtKey) -> Clerk,
    sign: &dyn Fn(&mut Judge, &[u8]) -> Vec<u8>,
) -> Clerk {
    let rules = Rules::new("law enforcement", [Data::Communications]);
    let (key, mut bench) = deal(3, 2, &rules, *Seed::from_u64(4).derive("court", 0).as_bytes()).expect("a court");
    let mut clerk = make(key);
    let mut package = None;
    for judge in &mut bench[..2] {
        let commitment = judge.commit([u8::try_from(judge.number()).expect("few"); 32]);
        package = clerk.commitment(judge.number(), &commitment).expect("a commitment").or(package);
    }
    let package = package.expect("two of two").bytes;
    for judge in &mut bench[..2] {
        let share = sign(judge, &package);
        clerk.share(judge.number(), &share).expect("a share");
    }
    clerk
}

/// Law enforcement that only says these, one after the other.
fn police(said: Vec<Proceeding>) -> (PartyId, Speaker) {
    let frame = |(number, said)| Frame::Data(number, Message::Proceeding(said).to_wire()).to_wire();
    let frames = (0..).zip(said).map(frame).map(|bytes| (PartyId::PROVIDER, bytes));
    (PartyId::LAW_ENFORCEMENT, Speaker(frames.collect()))
}

#[test]
fn a_warrant_is_acted_upon_once_and_a_forged_one_never() {
    let true_one = || {
        signed(|key| Clerk::new(key, warrant()), &|judge, package| {
            judge.sign(&warrant(), package).expect("it keeps the rules")
        })
        .warrant()
        .expect("signed")
    };
    let once = play(system(0).as_ref(), &world(), Some(police(vec![Proceeding::Warrant(true_one())])));
    assert_eq!(refusals(&once), Vec::<String>::new());
    let served = |transcript: &Transcript| counts(transcript).into_iter().find(|(name, _)| name == "served");
    assert_eq!(served(&once), Some(("served".to_owned(), 1)));

    let twice = vec![Proceeding::Warrant(true_one()), Proceeding::Warrant(true_one())];
    let twice = play(system(0).as_ref(), &world(), Some(police(twice)));
    assert!(
        matches!(&refusals(&twice)[..], [one] if one.contains("warrant 7 was served before")),
        "{:?}",
        refusals(&twice)
    );
    assert_eq!(served(&twice), Some(("served".to_owned(), 1)));

    let mut bytes = true_one().as_bytes().to_vec();
    *bytes.last_mut().expect("some") ^= 1;
    let forged = vec![Proceeding::Warrant(SignedWarrant::from_bytes(bytes))];
    let forged = play(system(0).as_ref(), &world(), Some(police(forged)));
    assert!(matches!(&refusals(&forged)[..], [one] if one.contains("forged or altered")), "{:?}", refusals(&forged));
    assert_eq!(counts(&forged), []);
}

#[test]
fn a_revoked_warrant_gives_nothing_and_is_told_of_all_the_same() {
    let warrant_signed = signed(|key| Clerk::new(key, warrant()), &|judge, package| {
        judge.sign(&warrant(), package).expect("it keeps the rules")
    });
    let revocation = Revocation { number: 7, at: BEGIN };
    let revoked = signed(|key| Clerk::revoking(key, revocation.clone()), &|judge, package| {
        judge.sign_revocation(&revocation, package).expect("a revocation")
    });
    let said = vec![
        Proceeding::Warrant(warrant_signed.warrant().expect("signed")),
        Proceeding::Revocation(revoked.revocation().expect("signed")),
    ];
    let transcript = play(system(0).as_ref(), &world(), Some(police(said)));
    assert_eq!(refusals(&transcript), Vec::<String>::new());
    let counted = [("accounts", 1), ("notified", 1), ("revoked", 1), ("served", 1)];
    assert_eq!(counts(&transcript), counted.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(transcript.notices(), [(PartyId::user(0), Notice::Accessed(7, 0))]);
}
