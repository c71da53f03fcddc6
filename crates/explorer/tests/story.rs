//! Stories of real runs: what is told of each system is what its parties hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use sightline_architectures::{NAMES, VARIANTS};
use sightline_explorer::choice::{Choice, ChoiceError, Listing, offers};
use sightline_explorer::library::Library;
use sightline_explorer::story::{Break, Carries, Closing, Event, Holding, Message, Opening, Sight, StoryError, tell};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

/// A story, sorted.
struct Told {
    opening: Opening,
    messages: Vec<Message>,
    holdings: Vec<Holding>,
    breaks: Vec<Break>,
    closing: Closing,
}

impl Told {
    fn of(choice: &Choice) -> Self {
        let (mut opening, mut closing) = (None, None);
        let (mut messages, mut holdings, mut breaks) = (Vec::new(), Vec::new(), Vec::new());
        let mut sort = |event| match event {
            Event::Opening(told) => opening = Some(told),
            Event::Message(told) => messages.push(told),
            Event::Holding(told) => holdings.push(told),
            Event::Break(told) => breaks.push(told),
            Event::Closing(told) => closing = Some(told),
            Event::Progress { .. } => {}
            Event::Failed { why } => panic!("{why}"),
        };
        tell(&LIBRARY, &LIBRARY.samples()[0], choice, &mut sort).unwrap();
        Self { opening: opening.unwrap(), messages, holdings, breaks, closing: closing.unwrap() }
    }

    /// What a party holds at the end.
    fn last(&self, party: &str) -> &Holding {
        self.holdings.iter().rfind(|holding| holding.party == party).unwrap()
    }

    /// Whether a party could read the picture at some point.
    fn reads(&self, party: &str) -> bool {
        self.holdings.iter().any(|holding| holding.party == party && holding.sight == Sight::Picture)
    }
}

fn choice(system: &str, listing: Listing) -> Choice {
    Choice { system: system.into(), listing, ..Choice::default() }
}

#[test]
fn every_system_tells_of_a_listed_and_of_an_ordinary_picture() {
    for system in NAMES.into_iter().chain(VARIANTS) {
        for listing in [Listing::Listed, Listing::Ordinary] {
            let told = Told::of(&choice(system, listing));
            assert_eq!(told.opening.matched, listing == Listing::Listed, "{system}");
            assert!(told.reads("device-0") && told.reads("device-1"), "{system}: the endpoints read it");
            assert_eq!(told.closing.shown, 1, "{system}");
            assert_eq!(told.closing.refusals, Vec::<[String; 2]>::new(), "{system}");
            assert!(told.messages.iter().map(|message| message.number).eq(1..=told.messages.len()), "{system}");
            assert!(told.messages.iter().is_sorted_by_key(|message| message.arrives), "{system}");
            let known = |id: &String| told.opening.lanes.contains(id);
            assert!(told.messages.iter().all(|message| known(&message.from) && known(&message.to)), "{system}");
            assert!(told.messages.iter().all(|message| message.name != "not understood"), "{system}");
            // Nobody reads more than its honest system declares, and every party is told of.
            assert!(told.holdings.iter().all(|holding| !holding.undeclared), "{system}");
            for party in &told.opening.parties {
                let last = told.last(&party.id);
                assert_eq!(last.learnt.len(), party.declared.len(), "{system}: {}", party.id);
                assert!(last.learnt.iter().all(|learnt| learnt.happened.is_some()), "{system}: {}", party.id);
            }
        }
    }
}

#[test]
fn plain_encryption_shows_nobody_the_picture_and_plaintext_shows_the_provider_all_of_it() {
    for listing in [Listing::Listed, Listing::Ordinary, Listing::Planted] {
        let told = Told::of(&choice("e2ee", listing));
        assert!(!told.reads("provider"));
        assert_eq!(told.last("provider").sight, Sight::Sealed);
        assert!(!told.last("provider").hash);
        assert_eq!(told.last("network").sight, Sight::Lengths);
        assert!(told.messages.iter().all(|message| !matches!(message.carries, Carries::Hash | Carries::Stage)));
        let told = Told::of(&choice("plaintext", listing));
        assert!(told.reads("provider"));
        assert!(told.messages.iter().any(|message| message.to == "provider" && message.carries == Carries::Picture));
        assert!(told.messages.iter().all(|message| message.carries != Carries::Sealed));
    }
}

#[test]
fn device_hashing_shows_the_provider_every_hash_and_the_picture_if_it_matches() {
    for (listing, reads) in [(Listing::Ordinary, false), (Listing::Listed, true), (Listing::Planted, true)] {
        let told = Told::of(&choice("device-hashing", listing));
        assert!(told.last("provider").hash);
        assert!(told.messages.iter().any(|message| message.name == "check" && message.carries == Carries::Hash));
        assert_eq!(told.reads("provider"), reads, "{listing:?}");
        // A planted entry brings it before the reviewer, who does not recognise it.
        assert_eq!(told.reads("reviewer"), reads, "{listing:?}");
        assert_eq!(told.reads("report-authority"), listing == Listing::Listed, "{listing:?}");
    }
}

#[test]
fn the_later_the_cut_the_less_the_provider_holds() {
    let sight = |system| Told::of(&choice(system, Listing::Ordinary)).last("provider").sight.clone();
    let cut = |system| match sight(system) {
        Sight::Stage { cut, grey } => (cut, grey.len()),
        other => panic!("{system}: {other:?}"),
    };
    assert_eq!(cut("partial-hashing-luma"), ("luma", 5464));
    assert_eq!(cut("partial-hashing-filtered"), ("filtered", 5464));
    assert_eq!(cut("partial-hashing"), ("dct", 5464));
    assert_eq!(sight("device-hashing"), Sight::Hash);
}

#[test]
fn an_entry_counts_within_the_radius_alone_and_from_the_threshold_on() {
    let at = |distance, radius| {
        let told = Told::of(&Choice { distance, radius, ..choice("device-hashing", Listing::Listed) });
        (told.opening.matched, told.reads("provider"))
    };
    assert_eq!(at(31, 31), (true, true));
    assert_eq!(at(32, 31), (false, false));
    let times = |times| {
        let choice = Choice { threshold: 3, times, ..choice("device-hashing", Listing::Listed) };
        Told::of(&choice).reads("provider")
    };
    assert_eq!([1, 2, 3].map(times), [false, false, true]);
}

#[test]
fn a_provider_that_lies_reads_what_no_declaration_covers() {
    let lies = |system: &str, strategy: &str| {
        Told::of(&Choice { strategy: Some(strategy.into()), ..choice(system, Listing::Ordinary) })
    };
    let told = lies("device-hashing", "claim-every-match");
    assert!(told.reads("provider") && told.last("provider").undeclared);
    // Devices accept published code alone, and say why they refuse the rest.
    let told = lies("server-enclave", "modified-enclave");
    assert!(!told.reads("provider") && !told.closing.refusals.is_empty());
    let told = lies("server-enclave", "stolen-key");
    assert!(told.last("provider").undeclared);
    // The enclave is never asked, so that nothing of its declaration comes true.
    assert!(told.last("enclave").learnt.iter().all(|learnt| learnt.happened == Some(false)));
}

#[test]
fn courts_and_reports_open_what_they_are_about() {
    let told = |system: &str, order, report| Told::of(&Choice { order, report, ..choice(system, Listing::Ordinary) });
    for system in ["exceptional-access", "exceptional-access-visible", "exceptional-access-escrow"] {
        assert!(told(system, true, false).reads("law-enforcement"), "{system}");
        assert!(!told(system, false, true).reads("law-enforcement"), "{system}");
    }
    assert!(!told("lawful-requests", true, true).reads("law-enforcement"));
    assert!(told("user-reports", false, true).reads("provider"));
    assert!(!told("user-reports", true, false).reads("provider"));
}

#[test]
fn a_broken_enclave_opens_what_comes_and_not_what_was() {
    let told = Told::of(&Choice { broken: true, ..choice("server-enclave", Listing::Ordinary) });
    let of = |party: &str| told.breaks.iter().filter(|entry| entry.party == party).cloned().collect::<Vec<_>>();
    let enclave = of("enclave");
    assert_eq!(enclave.first().unwrap().persistent, [true; 3], "watched from the beginning");
    let last = enclave.last().unwrap();
    assert_eq!((last.snapshot, last.persistent), ([false; 3], [false; 3]), "nothing is left to read in the end");
    let ways: BTreeSet<[bool; 3]> = enclave.iter().map(|entry| entry.persistent).collect();
    assert!(ways.contains(&[false, true, true]) && ways.contains(&[false, false, true]), "{ways:?}");
    // What matches is in its memory until it is handed out; what does not match is forgotten at once.
    let read = |told: &Told| -> BTreeSet<[bool; 3]> {
        told.breaks.iter().filter(|entry| entry.party == "enclave").map(|entry| entry.snapshot).collect()
    };
    assert_eq!(read(&told), [[false; 3]].into());
    let listed = Told::of(&Choice { broken: true, ..choice("server-enclave", Listing::Listed) });
    assert_eq!(read(&listed), [[false; 3], [false, true, false]].into());
    // Session keys that are in its memory open what the provider kept, as long as they are there.
    let kept: BTreeSet<[bool; 3]> = enclave.iter().map(|entry| entry.snapshot_beside_provider).collect();
    assert_eq!(kept, [[false; 3], [true, false, false], [false, true, false], [false, false, true]].into());
    assert!(of("provider").iter().all(|entry| entry.persistent == [false; 3]));
    assert!(of("network").is_empty());
    assert!(Told::of(&choice("server-enclave", Listing::Ordinary)).breaks.is_empty());
}

#[test]
fn the_same_choice_gives_the_same_story() {
    let events = || {
        let mut events = Vec::new();
        let choice = Choice { broken: true, ..choice("device-hashing", Listing::Listed) };
        tell(&LIBRARY, &LIBRARY.samples()[1], &choice, &mut |event| events.push(event)).unwrap();
        events
    };
    assert_eq!(events(), events());
}

#[test]
fn what_cannot_be_chosen_is_named() {
    let fails = |choice: Choice| {
        let told = tell(&LIBRARY, &LIBRARY.samples()[0], &choice, &mut |event| panic!("{event:?}"));
        match told.unwrap_err() {
            StoryError::Choice(error) => error,
            other => panic!("{other}"),
        }
    };
    // The reference systems show the instrument, and are not for choosing.
    let error = fails(choice("sees-everything", Listing::Listed));
    assert_eq!(error, ChoiceError::System("sees-everything".into()));
    let error = fails(Choice { strategy: Some("bribe".into()), ..choice("device-hashing", Listing::Listed) });
    assert!(error.to_string().contains("claim-every-match"), "{error}");
    let error = fails(Choice { times: 6, ..Choice::default() });
    assert_eq!(error, ChoiceError::Range { key: "times", least: 1, most: 5, found: 6 });
    assert_eq!(offers().len(), NAMES.len() + VARIANTS.len());
}

#[test]
fn a_device_that_is_read_opens_what_comes_and_not_what_was_even_beside_the_provider() {
    let told = Told::of(&Choice { broken: true, ..choice("e2ee", Listing::Ordinary) });
    let device: Vec<&Break> = told.breaks.iter().filter(|entry| entry.party == "device-1").collect();
    assert!(device.iter().all(|entry| entry.snapshot == [false; 3]), "alone it opens nothing: it keeps no messages");
    let beside = |entry: &&Break| entry.snapshot_beside_provider;
    assert_eq!(device.first().map(beside), Some([true; 3]));
    assert_eq!(device.last().map(beside), Some([false; 3]), "keys are gone with the messages");
    let falls = |[one, other]: [&[bool; 3]; 2]| one.iter().zip(other).all(|(before, after)| before >= after);
    let opens: Vec<[bool; 3]> = device.iter().map(beside).collect();
    assert!(opens.array_windows().all(|[one, other]| falls([one, other])), "{opens:?}");
}

#[test]
fn an_escrow_that_is_read_opens_all_that_the_provider_kept() {
    let escrow = Choice { broken: true, order: false, ..choice("exceptional-access-escrow", Listing::Ordinary) };
    let told = Told::of(&escrow);
    let read: Vec<&Break> = told.breaks.iter().filter(|entry| entry.party == "law-enforcement").collect();
    assert!(read.iter().all(|entry| entry.snapshot == [false; 3]));
    assert!(read.iter().all(|entry| entry.snapshot_beside_provider == [true; 3]), "at any time, past and future");
}

#[test]
fn nobody_confirmed_what_no_reviewer_saw() {
    // Below the threshold nobody asks the reviewer; above it the network can tell that it confirmed.
    for (times, confirmed) in [(1, false), (3, true)] {
        let told = Told::of(&Choice { times, threshold: 3, ..choice("device-hashing", Listing::Listed) });
        let network = told.opening.parties.iter().find(|party| party.id == "network").unwrap();
        let at = network.declared.iter().position(|clause| clause.contains("confirmed the match")).unwrap();
        assert_eq!(told.last("network").learnt[at].happened, Some(confirmed), "{times}");
    }
}

#[test]
fn who_got_nothing_of_a_refused_sending_learnt_nothing_of_it() {
    // Devices refuse the modified enclave: what would have told provider, network and enclave something is never sent.
    let said = |strategy: Option<&str>, party: &str| -> BTreeSet<String> {
        let strategy = strategy.map(Into::into);
        let told = Told::of(&Choice { strategy, ..choice("server-enclave", Listing::Ordinary) });
        let declared = &told.opening.parties.iter().find(|one| one.id == party).unwrap().declared;
        let learnt = declared.iter().zip(&told.last(party).learnt);
        learnt.filter(|(_, learnt)| learnt.happened == Some(true)).map(|(clause, _)| clause.clone()).collect()
    };
    // Provider and network still carry the message; the enclave hears that somebody asks for it.
    for (party, left) in [("provider", 1), ("network", 1), ("enclave", 0)] {
        let (honest, refused) = (said(None, party), said(Some("modified-enclave"), party));
        assert!(honest.len() > 1 && refused.len() == left, "{party}: {honest:?}, {refused:?}");
        assert!(refused.iter().all(|clause| clause.contains("who writes to whom")), "{party}: {refused:?}");
    }
    // A lie that is not refused takes nothing away.
    for party in ["provider", "enclave"] {
        assert!(said(Some("later-list"), party).is_superset(&said(None, party)), "{party}");
    }
}
