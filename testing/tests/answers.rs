//! Every answer can come out the other way: a system for which the letter would be wrong, beside one that sees everything.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

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
    let (.., found) = run("architectures = [\"null\", \"server-enclave\", \"sees-everything\"]\n\
         questions = [\"planted-list\", \"mandate\"]\ntrials = 1000\npictures.count = 120\n");
    for question in ["planted-list", "mandate"] {
        assert_eq!(verdict(&found.answers, question, "null"), Verdict::Contradicted, "{question}");
        assert_eq!(verdict(&found.answers, question, "sees-everything"), Verdict::Stands, "{question}");
    }
    // That devices have to change decides, whoever is found then.
    assert_eq!(verdict(&found.answers, "mandate", "server-enclave"), Verdict::Contradicted);
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
        ("one-hole", "e2ee", Verdict::NotApplicable),
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

/// The radius of the list is that of the fingerprint: at 1 of 256 bits nearly every changed picture is lost, at 31 most are
/// found. Any number comes again, alone.
#[test]
fn handling_is_measured_at_the_radius_of_the_list() {
    let text = "architectures = [\"e2ee\", \"partial-hashing\"]\nquestions = [\"hash-accuracy\"]\ntrials = 20\n\
                pictures.count = 40\ncontrols.repetitions = 20\n\
                hash_accuracy = { pictures = 24, strengths = 1, beside = [\"dhash\"] }\n";
    let [(_, _, narrow), (scenario, world, wide)] =
        [1, 31].map(|radius| run(&format!("{text}[list]\nradius = {radius}\n")));
    let line = |found: &Assessment| found.answers[0].lines[1].clone();
    let [fewer, more] = [&narrow, &wide].map(|found| line(found).value.unwrap());
    assert!(fewer < 0.3 && more > 0.5, "{fewer} {more}");
    for (found, radius) in [(&narrow, 1), (&wide, 31)] {
        let answer = &found.answers[0];
        assert_eq!(answer.verdict, Verdict::NoThreshold);
        assert_eq!(answer.lines[0].verdict, Verdict::NotApplicable, "plain encryption compares nothing");
        assert!(answer.sentence.contains(&format!("within {radius} of 256 bits")), "{}", answer.sentence);
    }
    let rows = wide.evidence.rows();
    let own = line(&wide).row.and_then(|row| rows.get(usize::try_from(row).unwrap() - 1)).unwrap();
    assert_eq!((own.value, own.question.as_str(), own.architecture.as_str()), (Some(more), "hash-accuracy", ""));
    let measured: Vec<_> = rows.iter().filter(|row| row.question == "hash-accuracy").collect();
    for quantity in ["auc", "equal-error-rate", "false-positive-rate-per-pair", "false-positive-rate-per-picture"] {
        assert!(measured.iter().any(|row| row.quantity == quantity), "{quantity}");
    }
    for row in [own, measured[0], measured[measured.len() - 1]] {
        assert_eq!(replay(&scenario, &world, row, &Silent, || Span::ZERO).unwrap().as_ref(), Some(row));
    }
    let (.., plain) =
        run("architectures = [\"e2ee\"]\nquestions = [\"hash-accuracy\"]\ntrials = 20\npictures.count = 20\n\
                           controls.repetitions = 20\n");
    let own: Vec<_> = plain.evidence.rows().iter().filter(|row| row.question == "hash-accuracy").collect();
    assert_eq!(own.iter().map(|row| row.status).collect::<Vec<_>>(), [Status::NotApplicable], "nobody compares");
    // No two rows are one measurement.
    let names = measured.iter().map(|row| (row.parameters.to_string(), row.quantity.clone()));
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>().len(), measured.len());
}

/// The value of the only row with these names; an observer and a variant may be empty.
fn value(found: &Assessment, [question, system, quantity, observer, variant]: [&str; 5]) -> f64 {
    let rows = found.evidence.rows().iter().filter(|row| {
        let named = (row.question.as_str(), row.architecture.as_str(), row.quantity.as_str());
        named == (question, system, quantity) && row.observer == observer && row.variant == variant
    });
    let values: Vec<f64> =
        rows.filter(|row| row.content != "ordinary" || question == "frame").filter_map(|row| row.value).collect();
    assert!(!values.is_empty(), "{question} {system} {quantity} {observer} {variant}");
    values.into_iter().fold(0.0, f64::max)
}

/// What views show of whose contents, in every system that shows somebody something.
#[test]
fn detection_is_attributed_to_whom_it_is_of() {
    let (.., found) =
        run("architectures = [\"plaintext\", \"device-hashing\", \"partial-hashing\", \"server-enclave\",\
         \"device-warning\", \"user-reports\", \"exceptional-access\", \"exceptional-access-escrow\"]\n\
         questions = [\"benefit\", \"frame\"]\ntrials = 40\npictures.count = 120\n");
    let detected = |system, observer| value(&found, ["benefit", system, "detected", observer, ""]);
    for system in ["plaintext", "device-hashing", "partial-hashing", "server-enclave", "user-reports"] {
        assert!(detected(system, "report-authority") >= 1.0, "{system}");
    }
    // One account of five is under the order.
    for system in ["exceptional-access", "exceptional-access-escrow"] {
        assert!((detected(system, "law-enforcement") - 0.2).abs() < 1e-9, "{system}");
    }
    assert!(value(&found, ["benefit", "device-warning", "warned", "user-0", ""]) >= 1.0);
    let named = |system, observer, attempt| value(&found, ["frame", system, "success-rate", observer, attempt]);
    for system in ["plaintext", "device-hashing", "partial-hashing", "server-enclave"] {
        assert!(named(system, "report-authority", "planted-entry") >= 1.0, "{system}");
        assert!(named(system, "reviewer", "near-entry") >= 1.0, "{system}");
        assert!(named(system, "report-authority", "near-entry") <= 0.0, "{system}");
    }
    for attempt in ["nothing", "send-listed", "forge-report"] {
        assert!(named("user-reports", "report-authority", attempt) <= 0.0, "{attempt}");
    }
    assert!(value(&found, ["frame", "user-reports", "inputs-refused", "", "forge-report"]) > 0.0);
}

#[test]
fn an_order_touches_the_target_and_its_correspondents_and_auditors_notice_what_devices_hold() {
    let (.., found) =
        run("architectures = [\"device-hashing\", \"server-enclave\", \"device-warning\", \"lawful-requests\",\
         \"exceptional-access\"]\nquestions = [\"lawful-access\", \"oversight\"]\ntrials = 20\npictures.count = 120\n");
    let number = |system, quantity, observer| value(&found, ["lawful-access", system, quantity, observer, ""]);
    for (system, contents) in [("lawful-requests", 0.0), ("exceptional-access", 4.0)] {
        let police = "law-enforcement";
        let counted = ["persons-touched", "correspondents-touched", "contents-obtained"];
        let counted = counted.map(|quantity| number(system, quantity, police).to_string());
        assert_eq!(counted, [3.0, 2.0, contents].map(|count: f64| count.to_string()), "{system}");
        assert!(number(system, "views-changed-of-bystanders", "") <= 0.0, "{system}");
    }
    assert!(number("exceptional-access", "views-changed-of-correspondents", "") >= 2.0, "a ghost is in their groups");
    for quantity in ["defective-warrants-refused", "conditions-required", "cheating-logs-caught"] {
        assert!(value(&found, ["lawful-access", "", quantity, "", ""]) >= 1.0, "{quantity}");
    }
    let noticed = |system, quantity| value(&found, ["oversight", system, quantity, "auditor", ""]) >= 1.0;
    for (system, expected) in [
        ("device-hashing", [false, false, false]),
        ("server-enclave", [true, true, false]),
        ("device-warning", [true, true, true]),
    ] {
        let found = ["change-noticed", "other-entries-noticed", "entries-noticed"].map(|what| noticed(system, what));
        assert_eq!(found, expected, "{system}");
    }
    let split = |system| value(&found, ["oversight", system, "split-view-noticed", "auditor", "split-view"]);
    assert_eq!([split("device-hashing"), split("server-enclave")].map(|found| found > 0.0), [false, true]);
}
