//! Two processes with the same seed give the same transcript, for a group of twenty with joins, updates and removes.

use sightline_architectures::E2ee;
use sightline_protocol::{Command, Content, ContentKind, Faults, History, Span, Time};
use sightline_testing::conformance::run;
use sightline_testing::world::World;

/// Set in the second process, which prints its digest instead of comparing.
const CHILD: &str = "SIGHTLINE_TEST_PRINT_DIGEST";

fn digest() -> String {
    let world = World::new(20);
    let at = |second| Time::after_start(Span::seconds(second));
    let send = |number: u8| Command::Send(1, Content { kind: ContentKind::Document, bytes: vec![number; 2_000] });
    let mut history = History::new().then(at(1), 0, Command::CreateGroup(1, (1..16).collect()));
    for (number, second) in (0_u16..4).zip((5..).step_by(5)) {
        history = history
            .then(at(second), number, Command::Add(1, 16 + number))
            .then(at(second + 1), 10 + number, Command::Update(1))
            .then(at(second + 2), number, Command::Remove(1, 5 + number))
            .then(at(second + 3), number, send(1));
    }
    let transcript = run(&E2ee, &world, &history, 1, Faults::default(), false).expect("the run comes to rest");
    assert_eq!(transcript.refusals().count(), 0);
    assert!(transcript.displays().len() > 50, "{} contents arrived", transcript.displays().len());
    transcript.digest().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn two_processes_agree() {
    let own = digest();
    if std::env::var_os(CHILD).is_some() {
        println!("digest {own}");
        return;
    }
    let other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "two_processes_agree", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8(other.stdout).unwrap();
    let theirs = output.split("digest ").nth(1).and_then(|rest| rest.split_whitespace().next());
    assert_eq!(theirs, Some(own.as_str()));
}
