//! `user-reports`: what a recipient reports reaches those who judge it, with its sender; nothing else does, and no report
//! holds that names another content or another sender.

use minicbor::{Decode, Encode};
use sightline_architectures::by_name;
use sightline_crypto::Seed;
use sightline_messenger::{Delivery, MemberId, Proof, Request};
use sightline_protocol::{
    Architecture, Command, Content, ContentKind, Facts, Frame, History, Observer, PartyId, Policy, Review, Runner,
    Span, Time, Transcript, View, Views, Wire,
};
use sightline_testing::conformance;
use sightline_testing::speaker::Speaker;
use sightline_testing::world::World;

/// The messages of the system that these tests make, in its encoding.
#[derive(Encode, Decode)]
enum Message {
    #[n(0)]
    Request(#[n(0)] Request),
    #[n(1)]
    Delivery(#[n(0)] Delivery),
    #[n(2)]
    Complaint(#[n(0)] Complaint),
}

#[derive(Clone, Encode, Decode)]
struct Complaint {
    #[n(0)]
    content: Content,
    #[n(1)]
    proof: Proof,
}

fn system(review: Review) -> Box<dyn Architecture> {
    by_name("user-reports", &Policy { review, ..Policy::default() }).expect("an architecture")
}

fn at(second: u64) -> Time {
    Time::after_start(Span::seconds(second))
}

fn text() -> Content {
    Content { kind: ContentKind::Text, bytes: b"a private word, some forty bytes of it in all".into() }
}

/// User 0 sends a listed picture, a lawful one and a text to user 1, who reports `reported`.
fn history(world: &World, reported: &[Content]) -> History {
    let sent = [world.picture(0), world.picture(1), text()];
    let founded = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1]));
    let history = sent
        .into_iter()
        .zip((10..).step_by(10))
        .fold(founded, |history, (content, second)| history.then(at(second), 0, Command::Send(1, content)));
    let reports = reported.iter().zip((100..).step_by(100));
    reports.fold(history, |history, (content, second)| history.then(at(second), 1, Command::Report(1, content.clone())))
}

fn play(system: &dyn Architecture, world: &World, history: &History, strangers: Vec<(PartyId, Speaker)>) -> Transcript {
    let seed = Seed::from_u64(4);
    let mut deployment = system.deploy(&world.setup, &seed).expect("it deploys");
    for (id, speaker) in strangers {
        deployment.parties.push((id, Box::new(speaker)));
    }
    Runner::new(deployment, &seed).run(history, &[]).expect("it runs")
}

fn holds(view: &View<'_>, content: &Content) -> bool {
    let part = &content.bytes[..40.min(content.bytes.len())];
    view.byte_strings().any(|bytes| bytes.windows(part.len()).any(|window| window == part))
}

/// What each outsider holds of each content that was sent.
fn held(system: &dyn Architecture, world: &World, transcript: &Transcript) -> Vec<(PartyId, [bool; 3])> {
    let mut views = Views::new(transcript);
    let sent = [world.picture(0), world.picture(1), text()];
    let of = |party: PartyId, views: &mut Views<'_>| {
        let view = views.of(&Observer::curious([party]));
        sent.each_ref().map(|content| holds(&view, content))
    };
    system.outsiders().into_iter().map(|party| (party, of(party, &mut views))).collect()
}

#[test]
fn what_nobody_reports_nobody_learns() {
    let world = World::new(2);
    let system = system(Review::Content);
    let transcript = play(system.as_ref(), &world, &history(&world, &[]), Vec::new());
    assert_eq!(transcript.refusals().count(), 0);
    assert_eq!(transcript.displays().len(), 3);
    for (party, held) in held(system.as_ref(), &world, &transcript) {
        assert_eq!(held, [false; 3], "{party}");
    }
}

#[test]
fn what_is_reported_is_revealed_and_nothing_else() {
    let world = World::new(2);
    for (review, reviewer) in [(Review::Content, true), (Review::Thumbnail, false), (Review::None, false)] {
        let system = system(review);
        // The listed picture and the lawful text: the reviewer confirms the first.
        let history = history(&world, &[world.picture(0), text()]);
        let transcript = play(system.as_ref(), &world, &history, Vec::new());
        assert_eq!(transcript.refusals().count(), 0, "{review:?}");
        for (party, held) in held(system.as_ref(), &world, &transcript) {
            let expected = match party {
                PartyId::PROVIDER => [true, false, true],
                PartyId::REVIEWER => [reviewer, false, reviewer],
                PartyId::REPORT_AUTHORITY => [true, false, review == Review::None],
                _ => [false; 3],
            };
            assert_eq!(held, expected, "{review:?}, {party}");
        }
        let facts = Facts::of(&world.setup, &history);
        assert_eq!(facts.iter().map(|fact| fact.reports.len()).collect::<Vec<_>>(), [1, 0, 1]);
    }
}

#[test]
fn a_report_names_the_account_that_sent_and_a_second_one_opens_no_second_case() {
    let mut world = World::new(5);
    world.setup.users = 5;
    let system = system(Review::Content);
    let transcript = play(system.as_ref(), &world, &conformance::history_for(system.as_ref(), &world), Vec::new());
    assert_eq!(transcript.refusals().count(), 0);
    // The listed picture was sent by user 3, and two users reported it.
    let memory = &transcript.memory()[&PartyId::REPORT_AUTHORITY];
    let reports: Vec<&[u8]> =
        memory.entries().filter(|(name, _)| name.starts_with("report/")).map(|(_, bytes)| bytes).collect();
    let [report] = reports[..] else { panic!("{} reports", reports.len()) };
    let (_, account, content): (u64, u16, Content) = Wire::from_wire(report).expect("a report");
    assert_eq!((account, content), (3, world.picture(0)));
}

#[test]
fn what_was_not_received_cannot_be_reported() {
    let world = World::new(2);
    let history = history(&world, &[world.picture(2)]);
    let transcript = play(system(Review::Content).as_ref(), &world, &history, Vec::new());
    let refusals: Vec<String> = transcript.refusals().map(ToString::to_string).collect();
    assert!(matches!(&refusals[..], [one] if one.contains("no such picture was received in group 1")), "{refusals:?}");
}

/// A true report, taken from a run.
fn report(world: &World) -> Complaint {
    let transcript = play(system(Review::Content).as_ref(), world, &history(world, &[world.picture(1)]), Vec::new());
    let found = transcript.events().iter().find_map(|event| match Frame::from_wire(&event.bytes) {
        Ok(Frame::Data(_, payload)) => match Message::from_wire(&payload) {
            Ok(Message::Complaint(complaint)) => Some(complaint),
            _ => None,
        },
        _ => None,
    });
    found.expect("a report")
}

#[test]
fn forged_and_misattributed_reports_are_refused() {
    let world = World::new(2);
    let report = report(&world);
    let altered = |alter: &dyn Fn(&mut Complaint)| {
        let mut altered = report.clone();
        alter(&mut altered);
        altered
    };
    let other = world.picture(2);
    let reports = [
        (altered(&|report| report.content = other.clone()), "does not open to this content"),
        (altered(&|report| report.content.kind = ContentKind::Document), "does not open to this content"),
        (altered(&|report| report.proof.stamp.sender = MemberId(1)), "forged or altered"),
        (altered(&|report| report.proof.stamp.group.0 = 2), "forged or altered"),
        (altered(&|report| report.proof.stamp.time += 1), "forged or altered"),
        (altered(&|report| report.proof.stamp.commitment.0[0] ^= 1), "forged or altered"),
    ];
    // A stranger who got hold of what a recipient has.
    let stranger = PartyId::device(77);
    for (number, (forged, reason)) in reports.into_iter().enumerate() {
        let said = vec![(PartyId::PROVIDER, Frame::Data(0, Message::Complaint(forged).to_wire()).to_wire())];
        let speaker = vec![(stranger, Speaker(said))];
        let transcript = play(system(Review::Content).as_ref(), &world, &history(&world, &[]), speaker);
        let refusals: Vec<String> = transcript.refusals().map(ToString::to_string).collect();
        assert!(matches!(&refusals[..], [one] if one.contains(reason)), "case {number}: {refusals:?}");
        let memory = &transcript.memory()[&PartyId::PROVIDER];
        assert!(!memory.entries().any(|(name, _)| name.starts_with("reported/")), "case {number}");
    }
}
