//! Two runs are the same, or what differs is named: answers first, then rows, told apart by what they measure.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use serde_json::json;
use sightline_evidence::{
    Answer, Change, Changed, Comparison, Control, E2e, EvidenceError, Profile, Provenance, Row, RunFolder, Statement,
    Status, Summary, Verdict,
};
use tempfile::TempDir;

/// What a test run holds.
struct Run {
    rows: Vec<Row>,
    timings: Vec<Row>,
    statements: Vec<Statement>,
    profiles: Vec<Profile>,
    answers: Vec<Answer>,
    passed: bool,
    radius: u32,
}

/// An answer about two systems; that of the first is `Stands`.
fn answer(all: Verdict, second: Verdict) -> Answer {
    let line = |architecture: &str, verdict: Verdict| {
        json!({
            "architecture": architecture, "shortlisted": true, "sentence": "", "value": null, "low": null, "high": null,
            "verdict": verdict, "row": null,
        })
    };
    let answer = json!({
        "question": "mandate", "asked": "Does it hold?", "procedure": "", "sentence": "So it is.", "measure": "", "unit": "share", "changed_from": "",
        "threshold": "", "limit": null, "verdict": all, "would_change": "",
        "lines": [line("device-hashing", Verdict::Stands), line("e2ee", second)],
    });
    serde_json::from_value(answer).unwrap()
}

/// A system that declares to the provider that it learns `learns`.
fn profile(name: &str, learns: &str) -> Profile {
    let profile = json!({
        "name": name, "title": name, "row": "", "source": "", "to_be_checked_against_primary": false, "parties": [],
        "flow": [], "match_relation": "", "disclosure": "", "decisions": [], "parameters": [],
        "leakage": { "provider": [learns] }, "limits": [], "deviations": [],
    });
    serde_json::from_value(profile).unwrap()
}

impl Run {
    fn new() -> Self {
        let statement = |observer: &str, end_to_end| Statement {
            architecture: "device-hashing".to_owned(),
            observer: observer.to_owned(),
            corruption: "curious".to_owned(),
            end_to_end,
            sentence: format!("What the {observer} learns."),
            learns: Vec::new(),
            beyond_encryption: Vec::new(),
            beyond_detection: Vec::new(),
            evidence: Vec::new(),
        };
        let row = |observer: &str| {
            Row::new("advantage", "1").question("endpoints-only").architecture("device-hashing").observer(observer)
        };
        Self {
            rows: vec![
                row("network").lower(0.01, 0.0, 0.05).n(1000),
                row("provider").lower(0.99, 0.97, 1.0).n(1000).parameter("radius", 31),
                Row::new("bytes-sent", "B").exact(100.0).parameter("list", 1000),
                Row::new("bytes-sent", "B").exact(200.0).parameter("list", 10_000),
            ],
            timings: vec![Row::new("cpu-time", "s").exact(1.0)],
            statements: vec![statement("network", E2e::Yes), statement("provider", E2e::No)],
            profiles: vec![profile("device-hashing", "a hash")],
            answers: vec![answer(Verdict::Stands, Verdict::Stands)],
            passed: true,
            radius: 31,
        }
    }

    fn write(&self) -> (TempDir, RunFolder) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::create(folder.path()).unwrap();
        run.write_scenario("seed = 1\n").unwrap();
        run.write_lock(&json!({ "version": "0.1.0", "scenario": { "seed": 1, "list": { "radius": self.radius } } }))
            .unwrap();
        let table = self.rows.iter().cloned().collect();
        run.write_evidence(&table).unwrap();
        run.write_timings(&self.timings.iter().cloned().collect()).unwrap();
        run.write_profiles(&self.profiles).unwrap();
        run.write_statements(&self.statements).unwrap();
        run.write_answers(&self.answers).unwrap();
        let control =
            Control { name: "null channel".to_owned(), repetitions: 20, passed: self.passed, detail: String::new() };
        let summary = Summary::new(&table, vec![control], self.statements.clone(), Provenance::default());
        run.finish(summary).unwrap();
        (folder, run)
    }
}

fn compare(a: &Run, b: &Run) -> Comparison {
    let ((_a, a), (_b, b)) = (a.write(), b.write());
    Comparison::of(&a, &b, false).unwrap()
}

fn changes(found: &Comparison) -> Vec<(Change, &str)> {
    found.rows.iter().map(|row| (row.change, row.row().observer.as_str())).collect()
}

#[test]
fn a_run_is_the_same_as_itself_whatever_its_clock_said() {
    let mut slower = Run::new();
    slower.timings = vec![Row::new("cpu-time", "s").exact(2.0)];
    let ((_a, a), (_b, b)) = (Run::new().write(), slower.write());
    let found = Comparison::of(&a, &b, false).unwrap();
    assert!(!found.differs());
    assert_eq!((found.rows.len(), found.same_rows, &found.timings), (0, 4, &None));
    let found = Comparison::of(&a, &b, true).unwrap();
    assert!(!found.differs(), "timings are no difference");
    assert_eq!(found.timings.unwrap()[0].change, Change::Beyond);
}

#[test]
fn numbers_differ_when_their_intervals_do_not_meet() {
    let mut other = Run::new();
    other.rows[0] = other.rows[0].clone().lower(0.02, 0.0, 0.06);
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found), [(Change::Within, "network")]);
    assert!(!found.differs());

    other.rows[0] = other.rows[0].clone().lower(0.2, 0.1, 0.3);
    other.rows[2] = other.rows[2].clone().exact(101.0);
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found), [(Change::Beyond, "network"), (Change::Beyond, "")]);
    assert!(found.differs());
}

#[test]
fn an_undecided_row_is_not_compared_by_its_numbers() {
    let mut other = Run::new();
    other.rows[1] = other.rows[1].clone().status(Status::Undecided);
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found), [(Change::Status, "provider")]);
    other.rows[0] = other.rows[0].clone().lower(0.9, 0.8, 1.0).status(Status::Undecided);
    let mut first = Run::new();
    first.rows[0] = first.rows[0].clone().status(Status::Undecided);
    let found = compare(&first, &other);
    assert_eq!(changes(&found)[0], (Change::Within, "network"), "neither run decided it");
}

#[test]
fn a_row_of_one_run_only_is_named() {
    let mut other = Run::new();
    other.rows.remove(0);
    other.rows.push(Row::new("bytes-sent", "B").exact(300.0).parameter("list", 100_000));
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found), [(Change::OnlyA, "network"), (Change::OnlyB, "")]);
    assert!(found.differs());
}

/// `radius` is 31 throughout in one run and 20 in the other: the same measurement under another setting. The list is
/// swept, so that its lengths are different measurements.
#[test]
fn a_setting_does_not_keep_rows_apart_and_a_sweep_does() {
    let mut other = Run::new();
    other.radius = 20;
    other.rows[1] = other.rows[1].clone().parameter("radius", 20);
    other.rows[3] = Row::new("bytes-sent", "B").exact(900.0).parameter("list", 90_000);
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found), [(Change::OnlyA, ""), (Change::OnlyB, "")]);
    assert_eq!(found.settings.len(), 1);
    assert_eq!(found.settings[0].name, "list.radius");
    assert_eq!((found.settings[0].a.as_deref(), found.settings[0].b.as_deref()), (Some("31"), Some("20")));

    other.rows[1] = other.rows[1].clone().lower(0.5, 0.4, 0.6);
    let found = compare(&Run::new(), &other);
    assert_eq!(changes(&found)[0], (Change::Beyond, "provider"));
    assert_eq!(found.rows[0].under[0].name, "radius");
}

/// Refusals are counted by their reason, which is the method: two reasons are two rows.
#[test]
fn rows_that_measure_the_same_are_told_apart_by_their_method() {
    let refused = |times, why: &str| Row::new("inputs-refused", "1").exact(times).method(why);
    let mut first = Run::new();
    first.rows = vec![refused(5.0, "forged"), refused(3.0, "replayed")];
    let mut other = Run::new();
    other.rows = vec![refused(3.0, "replayed"), refused(5.0, "too long")];
    let found = compare(&first, &other);
    assert_eq!(found.same_rows, 1);
    let methods: Vec<_> = found.rows.iter().map(|row| (row.change, row.row().method.as_str())).collect();
    assert_eq!(methods, [(Change::OnlyA, "forged"), (Change::OnlyB, "too long")]);
    // A single row keeps its place whoever wins.
    first.rows.truncate(1);
    other.rows = vec![refused(5.0, "another adversary")];
    assert_eq!(compare(&first, &other).rows[0].change, Change::Within);
}

#[test]
fn changed_answers_come_first() {
    let mut other = Run::new();
    other.statements[0].sentence = "The network learns nothing.".to_owned();
    other.statements[1].end_to_end = E2e::Yes;
    other.statements[1].learns = vec!["a hash".to_owned()];
    let found = compare(&Run::new(), &other);
    let said: Vec<_> = found.statements.iter().map(|change| (change.change, change.observer.as_str())).collect();
    assert_eq!(said, [(Changed::EndToEnd, "provider"), (Changed::Words, "network")]);
    assert_eq!(found.statements[0].gained, ["a hash"]);
    assert_eq!(found.statements[0].answers(), [Some(E2e::No), Some(E2e::Yes)]);
    assert!(found.differs());

    other.statements.truncate(1);
    let found = compare(&Run::new(), &other);
    assert_eq!(found.statements[0].change, Changed::OnlyA);
    other.statements[0].learns = vec!["sizes".to_owned()];
    assert_eq!(compare(&Run::new(), &other).statements[0].change, Changed::Learns);
}

#[test]
fn a_changed_verdict_is_a_difference_and_another_sentence_is_none() {
    let mut other = Run::new();
    other.answers[0].sentence = "So it is, said otherwise.".to_owned();
    assert!(!compare(&Run::new(), &other).differs());
    other.answers = vec![answer(Verdict::Stands, Verdict::Undecided)];
    let found = compare(&Run::new(), &other);
    assert!(found.differs());
    let systems: Vec<_> = found.questions[0].systems.iter().map(|one| (one.name.as_str(), one.b.as_deref())).collect();
    assert_eq!(systems, [("e2ee", Some("undecided"))]);
    other.answers.clear();
    let found = compare(&Run::new(), &other);
    assert_eq!(found.questions[0].verdicts, [Some(Verdict::Stands), None]);
}

#[test]
fn a_failed_control_is_a_difference_and_a_setting_is_none() {
    let mut other = Run::new();
    other.radius = 20;
    assert!(!compare(&Run::new(), &other).differs());
    other.passed = false;
    let found = compare(&Run::new(), &other);
    assert_eq!((found.controls.len(), found.controls[0].name.as_str()), (1, "null channel"));
    assert!(found.differs());
}

/// Of a system that one run lacks, its name is enough.
#[test]
fn systems_that_declare_something_else_or_are_missing_are_named() {
    let mut other = Run::new();
    other.profiles = vec![profile("device-hashing", "a hash of every picture"), profile("e2ee", "nothing")];
    let found = compare(&Run::new(), &other);
    let named: Vec<_> =
        found.systems.iter().map(|one| (one.name.as_str(), one.a.as_deref(), one.b.as_deref())).collect();
    assert_eq!(
        named,
        [
            ("device-hashing: declared to provider", Some("a hash"), Some("a hash of every picture")),
            ("e2ee", None, Some("e2ee")),
        ]
    );
    assert!(found.differs());
}

#[test]
fn an_unfinished_run_is_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    let unfinished = RunFolder::create(folder.path()).unwrap();
    let (_kept, finished) = Run::new().write();
    assert!(matches!(Comparison::of(&finished, &unfinished, false), Err(EvidenceError::NotFinished { .. })));
}

#[test]
fn a_comparison_is_json_with_the_columns_of_the_table() {
    let mut other = Run::new();
    other.rows[1] = other.rows[1].clone().lower(0.1, 0.0, 0.2);
    let json = serde_json::to_value(compare(&Run::new(), &other)).unwrap();
    assert_eq!(json["rows"][0]["change"], "beyond");
    assert_eq!(json["rows"][0]["a"]["parameter"], "radius=31");
    assert_eq!(json["rows"][0]["b"]["high"], 0.2);
    assert_eq!(json["rows"][0]["a"]["status"], "decided");
}
