//! Every answer can come out the other way: a system for which the letter would be wrong, beside one that sees everything.

use sightline_evidence::{Answer, Status, Verdict};
use sightline_questions::{Afresh, Assessment, Progress, Scenario, Span, World, assess, prepare, replay};

struct Silent;

impl Progress for Silent {
    fn plan(&self, _: u64) {}
    fn begin(&self, _: &str) {}
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn run(text: &str) -> (Scenario, World, Assessment) {
    let scenario = Scenario::parse(text).unwrap();
    let world = prepare(&scenario, &Silent).unwrap();
    let found = assess(&scenario, &world, &Afresh, &Silent, || Span::ZERO).unwrap();
    (scenario, world, found)
}

fn verdict(answers: &[Answer], question: &str, system: &str) -> Verdict {
    let answer = answers.iter().find(|answer| answer.question == question).unwrap();
    answer.lines.iter().find(|line| line.architecture == system).unwrap().verdict
}

#[test]
fn a_system_for_which_the_letter_is_wrong_contradicts_it_and_one_that_sees_everything_does_not() {
    let (.., found) = run("architectures = [\"null\", \"sees-everything\"]\n\
         questions = [\"planted-list\", \"mandate\"]\ntrials = 1000\npictures.count = 120\n");
    for question in ["planted-list", "mandate"] {
        assert_eq!(verdict(&found.answers, question, "null"), Verdict::Contradicted, "{question}");
        assert_eq!(verdict(&found.answers, question, "sees-everything"), Verdict::Stands, "{question}");
    }
    // Too few trials decide nothing, and say so.
    let (.., found) =
        run("architectures = [\"null\"]\nquestions = [\"planted-list\"]\ntrials = 40\npictures.count = 120\n");
    assert_eq!(verdict(&found.answers, "planted-list", "null"), Verdict::Undecided);
    let line = &found.answers[0].lines[0];
    assert!(line.sentence.contains("368 people would decide it"), "{}", line.sentence);
}

#[test]
fn what_one_broken_party_opens_decides_whether_one_hole_is_enough() {
    let (.., found) = run("architectures = [\"null\", \"e2ee\", \"sees-everything\", \"server-enclave\"]\n\
         questions = [\"one-hole\", \"broken-enclave\", \"rogue-provider\"]\ntrials = 60\npictures.count = 120\n");
    for (question, system, expected) in [
        ("one-hole", "null", Verdict::Contradicted),
        ("one-hole", "e2ee", Verdict::Contradicted),
        ("one-hole", "sees-everything", Verdict::Stands),
        ("one-hole", "server-enclave", Verdict::Stands),
        ("broken-enclave", "e2ee", Verdict::NotApplicable),
        ("broken-enclave", "server-enclave", Verdict::Stands),
        ("rogue-provider", "server-enclave", Verdict::Stands),
    ] {
        assert_eq!(verdict(&found.answers, question, system), expected, "{question} {system}");
    }
    let whole = found.answers.iter().find(|answer| answer.question == "broken-enclave").unwrap();
    assert!(whole.sentence.contains("server-enclave 100 %"), "{}", whole.sentence);
}

#[test]
fn a_changed_threshold_changes_the_verdict_and_is_in_the_scenario() {
    let text = "architectures = [\"device-hashing\"]\nquestions = [\"uncooperative-client\"]\ntrials = 40\n\
                pictures.count = 120\n";
    let (_, _, found) = run(text);
    assert_eq!(found.answers[0].verdict, Verdict::Stands);
    let (scenario, _, found) = run(&format!("{text}[thresholds]\ndetection_lost = 1.0\n"));
    assert_ne!(found.answers[0].verdict, Verdict::Stands);
    assert!(found.answers[0].threshold.contains("100 %"), "{}", found.answers[0].threshold);
    assert!(scenario.to_toml().contains("detection_lost = 1.0"));
}

#[test]
fn any_number_comes_again_alone() {
    let (scenario, world, found) = run("architectures = [\"e2ee\", \"device-hashing\"]\n\
         questions = [\"endpoints-only\", \"planted-list\", \"frame\", \"oversight\"]\ntrials = 20\npictures.count = 120\n");
    let rows = found.evidence.rows();
    let mut tried = std::collections::BTreeSet::new();
    for row in rows.iter().filter(|row| row.status == Status::Decided && row.architecture != "e2ee") {
        if tried.insert((row.question.clone(), row.game.clone())) {
            let again = replay(&scenario, &world, row, &Silent, || Span::ZERO).unwrap();
            assert_eq!(again.as_ref(), Some(row));
        }
    }
    assert!(tried.len() >= 5, "{tried:?}");
}
