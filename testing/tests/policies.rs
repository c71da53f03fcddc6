//! What the proposals leave open does what its setting says, in every system that has the setting.

use sightline_architectures::by_name;
use sightline_lists::{Entry, Provenance};
use sightline_protocol::{
    Command, Content, DeliveryRule, Faults, History, Observer, Outage, PartyId, Policy, Review, Scanned, Span, Time,
    Transcript, Views,
};
use sightline_testing::conformance::{run, violations};
use sightline_testing::world::World;
use std::sync::Arc;

const SCANNING: [&str; 3] = ["plaintext", "device-hashing", "partial-hashing"];

fn send_all(contents: &[Content]) -> History {
    let at = |second| Time::after_start(Span::seconds(second));
    let founded = History::new().then(at(1), 0, Command::CreateGroup(1, vec![1]));
    let sent = contents.iter().zip((10..).step_by(100));
    sent.fold(founded, |history, (content, second)| history.then(at(second), 0, Command::Send(1, content.clone())))
}

/// User 0 sends these to user 1, a hundred seconds apart.
fn play(name: &str, policy: &Policy, world: &World, contents: &[Content]) -> Transcript {
    let system = by_name(name, policy).expect("an architecture");
    run(system.as_ref(), world, &send_all(contents), 1, Faults::default(), false).expect("it runs")
}

fn shown(transcript: &Transcript) -> Vec<Content> {
    transcript.displays().into_iter().map(|(_, display)| display.content).collect()
}

/// Whether the content, byte for byte, is in what a party sees and can open.
fn holds(transcript: &Transcript, party: PartyId, content: &Content) -> bool {
    let view = Views::new(transcript).of(&Observer::curious([party]));
    let all = content.bytes.as_slice();
    view.byte_strings().any(|bytes| bytes.windows(all.len()).any(|window| window == all))
}

/// How many contents a party was sent with reports.
fn reports(transcript: &Transcript, party: PartyId) -> usize {
    let memory = &transcript.memory()[&party];
    memory.entries().filter(|(name, _)| name.starts_with("report/")).count()
}

#[test]
fn matched_content_is_reported_byte_for_byte_and_other_content_is_in_nobodys_hands() {
    let world = World::new(2);
    let (listed, ordinary) = (world.picture(0), world.picture(1));
    for name in SCANNING {
        let transcript = play(name, &Policy::default(), &world, &[listed.clone(), ordinary.clone()]);
        assert_eq!(shown(&transcript), [listed.clone(), ordinary.clone()], "{name}");
        assert!(holds(&transcript, PartyId::REPORT_AUTHORITY, &listed), "{name}");
        let outsiders = by_name(name, &Policy::default()).unwrap().outsiders();
        for party in outsiders.into_iter().filter(|party| name != "plaintext" || *party != PartyId::PROVIDER) {
            assert!(!holds(&transcript, party, &ordinary), "{name}: {party}");
        }
    }
}

#[test]
fn a_blocking_system_keeps_back_what_matches_and_delivers_the_rest() {
    let world = World::new(2);
    let policy = Policy { delivery: DeliveryRule::Blocking, ..Policy::default() };
    for name in SCANNING {
        let transcript = play(name, &policy, &world, &[world.picture(0), world.picture(1)]);
        assert_eq!(shown(&transcript), [world.picture(1)], "{name}");
        assert_eq!(reports(&transcript, PartyId::REPORT_AUTHORITY), 1, "{name}");
    }
}

#[test]
fn below_the_threshold_nothing_is_reported() {
    let world = World::new(2);
    for (threshold, expected) in [(1, 3), (2, 2), (3, 1), (4, 0)] {
        let policy = Policy { threshold, ..Policy::default() };
        let mut sent = vec![world.picture(0); 3];
        sent.push(world.picture(1));
        for name in SCANNING {
            let transcript = play(name, &policy, &world, &sent);
            assert_eq!(reports(&transcript, PartyId::REPORT_AUTHORITY), expected, "{name}, {threshold}");
        }
    }
}

#[test]
fn recipients_are_scanned_where_everyone_is() {
    let world = World::new(2);
    let policy = Policy { scanned: Scanned::Everyone, ..Policy::default() };
    for name in ["device-hashing", "partial-hashing"] {
        let transcript = play(name, &policy, &world, &[world.picture(0)]);
        assert_eq!(reports(&transcript, PartyId::REPORT_AUTHORITY), 2, "{name}");
    }
}

#[test]
fn without_a_verdict_content_passes_or_stays_as_the_policy_says() {
    let world = World::new(2);
    for (outage, expected) in [(Outage::Open, vec![world.picture(1)]), (Outage::Closed, Vec::new())] {
        let policy = Policy { delivery: DeliveryRule::Blocking, outage, ..Policy::default() };
        for name in ["device-hashing", "partial-hashing"] {
            let strategies = by_name(name, &policy).unwrap().strategies();
            let (_, silent) = strategies.into_iter().find(|(strategy, _)| *strategy == "later-list").unwrap();
            let history = send_all(&[world.picture(1)]);
            let transcript = run(silent.as_ref(), &world, &history, 1, Faults::default(), false).unwrap();
            assert_eq!(shown(&transcript), expected, "{name}, {outage:?}");
        }
    }
}

#[test]
fn a_reviewer_sees_what_the_policy_says() {
    let world = World::new(2);
    let listed = world.picture(0);
    for (review, reads) in [(Review::Content, true), (Review::Thumbnail, false), (Review::None, false)] {
        let policy = Policy { review, ..Policy::default() };
        for name in SCANNING {
            let transcript = play(name, &policy, &world, &[listed.clone(), world.picture(1)]);
            assert_eq!(holds(&transcript, PartyId::REVIEWER, &listed), reads, "{name}, {review:?}");
            assert!(holds(&transcript, PartyId::REPORT_AUTHORITY, &listed), "{name}, {review:?}");
        }
    }
}

#[test]
fn an_honest_provider_keeps_a_log_for_as_long_as_the_policy_says() {
    let world = World::new(2);
    for (log_days, kept) in [(0, 0), (1, 2)] {
        let policy = Policy { log_days, ..Policy::default() };
        for name in ["device-hashing", "partial-hashing"] {
            let transcript = play(name, &policy, &world, &[world.picture(0), world.picture(1)]);
            let memory = &transcript.memory()[&PartyId::PROVIDER];
            assert_eq!(memory.entries().filter(|(name, _)| name.starts_with("log/")).count(), kept, "{name}");
        }
    }
}

#[test]
fn systems_conform_under_other_policies() {
    let everything = Policy {
        scanned: Scanned::Everyone,
        threshold: 2,
        log_days: 1,
        review: Review::Thumbnail,
        hide_timing: false,
        ..Policy::default()
    };
    for policy in [everything, Policy { review: Review::None, ..Policy::default() }] {
        for name in SCANNING {
            assert_eq!(violations(by_name(name, &policy).unwrap().as_ref()), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn settings_have_one_encoding_in_scenarios() {
    let text = "[detection]\nscanned = \"everyone\"\nreview = \"thumbnail\"\ndelivery = \"blocking\"\n";
    let scenario = sightline_questions::Scenario::parse(text).unwrap();
    assert_eq!(scenario.detection.review, Review::Thumbnail);
    assert_eq!(sightline_questions::Scenario::parse(&scenario.to_toml()), Ok(scenario));
    assert!(sightline_questions::Scenario::parse("[detection]\nreview = \"none of it\"\n").is_err());
}

/// A false match is dismissed before a listed picture is sent: the report authority cannot tell that there was one.
#[test]
fn numbers_of_reports_do_not_tell_what_was_dismissed() {
    let mut world = World::new(2);
    let false_match = world.setup.fingerprint(&world.picture(1).bytes).expect("a picture").hash;
    let entry = Entry { hash: false_match, provenance: Provenance::Code };
    world.setup.list = Arc::new(world.setup.list.with(entry));
    let contents = [world.picture(1), world.picture(0)];
    for review in [Review::Content, Review::Thumbnail] {
        let policy = Policy { review, ..Policy::default() };
        for name in SCANNING.into_iter().chain(["server-enclave"]) {
            let transcript = play(name, &policy, &world, &contents);
            let memory = &transcript.memory()[&PartyId::REPORT_AUTHORITY];
            let numbers = memory.entries().filter_map(|(name, _)| name.strip_prefix("report/")?.parse::<u64>().ok());
            assert_eq!(numbers.collect::<Vec<_>>(), [1], "{name}, {review:?}");
        }
    }
}
