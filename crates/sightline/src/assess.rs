use crate::arguments::Assess;
use crate::failure::{self, Failure};
use crate::progress::{self, Bar};
use crate::{clock, pdf, print, say};
use sightline_evidence::{
    ControlStatus, Expectation, Provenance, Row, RunFolder, Summary, Table, Unfinished, Verdict, digest,
};
use sightline_questions::{Assessment, Parts, Scenario, assess, prepare};
use std::path::Path;
use std::time::Duration;

pub(crate) fn run(options: &Assess) -> Result<(), Failure> {
    if options.pdf {
        pdf::offered()?;
    }
    progress::listen();
    let start = clock::now();
    let (scenario, text) = scenario(options)?;
    scenario.check_pictures().map_err(|error| Failure::environment(&error))?;
    RunFolder::claim(&options.out).map_err(|error| Failure::folder(&error))?;

    let bar = Bar::new();
    let world = prepare(&scenario, &bar).map_err(Failure::assessment)?;
    let key = key(&scenario, &world.summary().digest);
    let under_way = Unfinished::begin(&options.out, &key).map_err(|error| Failure::folder(&error))?;
    if under_way.resumed() {
        say(&format!("Going on with the run that was stopped in {}.", options.out.display()));
    }
    let result = assess(&scenario, &world, &Kept(&under_way), &bar, clock::thread);
    let parts = bar.finish();
    let found = result.map_err(Failure::assessment)?;
    let run = under_way.replace().map_err(|error| Failure::folder(&error))?;
    let summary = write(&run, &scenario, &text, &found, &parts).map_err(|error| Failure::folder(&error))?;
    sightline_presentation::render(&run).map_err(|error| Failure::environment(&error))?;
    under_way.forget().map_err(|error| Failure::folder(&error))?;
    if options.pdf {
        pdf::render(&run)?;
    }

    if options.json {
        let bytes = run.read("evidence.json").map_err(|error| Failure::environment(&error))?;
        print(String::from_utf8_lossy(&bytes).trim_end())?;
    } else {
        show(&found, &options.out, clock::since(start))?;
    }
    if summary.control_status == ControlStatus::Failed {
        return Err(Failure::new(
            failure::CONTROL,
            "a control failed: the numbers of this run mean nothing; see the report",
        ));
    }
    let complaint = |what: &str, which: &[String]| {
        let lines = which.iter().map(|line| format!("\n  {line}"));
        (!which.is_empty()).then(|| format!("{what}:{}", lines.collect::<String>()))
    };
    let leaks = complaint("leaks that are not declared", &found.undeclared);
    let broken = complaint("systems that did not work", &found.broken);
    let unmet = complaint("expectations that are not met", &unmet(&scenario.expect, &found.evidence));
    let complaints: Vec<String> = leaks.into_iter().chain(broken).chain(unmet).collect();
    if complaints.is_empty() { Ok(()) } else { Err(Failure::new(failure::UNDECLARED, complaints.join("\n"))) }
}

/// What speaks against expectations, in words.
pub(crate) fn unmet(expectations: &[Expectation], evidence: &Table) -> Vec<String> {
    let against = |claim: &Expectation| {
        let said = claim.judge(evidence);
        (!said.is_empty()).then(|| format!("{claim}: {}", said.join("; ")))
    };
    expectations.iter().filter_map(against).collect()
}

/// Keeps finished parts in the run folder.
struct Kept<'a>(&'a Unfinished);

impl Parts for Kept<'_> {
    fn find(&self, name: &str) -> Option<Vec<u8>> {
        self.0.part(name)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        self.0.keep(name, bytes).map_err(|error| error.to_string())
    }
}

/// The scenario in a file, with its text; the default and nothing without one.
pub(crate) fn read(path: Option<&Path>) -> Result<(Scenario, String), Failure> {
    let text = path.map_or_else(|| Ok(String::new()), std::fs::read_to_string).map_err(|error| {
        let shown = path.unwrap_or(Path::new("")).display();
        Failure::new(failure::ENVIRONMENT, format!("the scenario {shown} cannot be read: {error}"))
    })?;
    let scenario = Scenario::parse(&text).map_err(|error| Failure::scenario(error, path, &text))?;
    Ok((scenario, text))
}

/// The scenario with the options applied; and its text as given, or written out if none was.
fn scenario(options: &Assess) -> Result<(Scenario, String), Failure> {
    let path = options.scenario.as_deref();
    let (mut scenario, text) = read(path)?;
    if let Some(folder) = &options.pictures {
        scenario.pictures.folder = Some(folder.clone());
    }
    scenario.pictures.include |= options.include_pictures;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    if let Some(names) = &options.architectures {
        scenario.architectures.clone_from(names);
    }
    if let Some(ids) = &options.questions {
        scenario.questions.clone_from(ids);
    }
    if options.quick {
        scenario = scenario.quick();
    }
    scenario.check().map_err(|error| Failure::scenario(error, path, &text))?;
    let text = if path.is_some() {
        text
    } else {
        format!("# No scenario was given: the defaults, with the options of the command.\n\n{}", scenario.to_toml())
    };
    Ok((scenario, text))
}

/// The lock: every default resolved, and what the numbers depend on beside it.
pub(crate) fn lock(scenario: &Scenario, corpus_digest: &str) -> serde_json::Value {
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": scenario,
        "corpus_digest": corpus_digest,
    })
}

/// What parts of a run depend on: the lock, and the program itself, which may have changed within a version.
fn key(scenario: &Scenario, corpus_digest: &str) -> serde_json::Value {
    let mut key = lock(scenario, corpus_digest);
    let program = std::env::current_exe().and_then(std::fs::read).map(|bytes| digest(&bytes));
    key["program"] = program.unwrap_or_default().into();
    key
}

fn write(
    run: &RunFolder,
    scenario: &Scenario,
    text: &str,
    found: &Assessment,
    parts: &[(String, Duration)],
) -> Result<Summary, sightline_evidence::EvidenceError> {
    run.write_scenario(text)?;
    run.write_lock(&lock(scenario, &found.corpus.digest))?;
    run.write_evidence(&found.evidence)?;
    run.write_timings(&found.timings.rows().iter().cloned().chain(wall_times(scenario, parts)).collect())?;
    run.write_profiles(&found.profiles)?;
    run.write_statements(&found.statements)?;
    run.write_answers(&found.answers)?;
    run.write_gallery(&found.gallery)?;
    let log: Vec<String> = parts
        .iter()
        .map(|(part, took)| serde_json::json!({ "part": part, "seconds": took.as_secs_f64() }).to_string() + "\n")
        .collect();
    run.write("log.jsonl", log.concat().as_bytes())?;
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        date: clock::today(),
        seed: scenario.seed,
        scenario_digest: digest(text.as_bytes()),
        corpus: found.corpus.clone(),
        command: command(),
    };
    let summary = Summary::new(&found.evidence, found.controls.clone(), found.statements.clone(), provenance);
    run.finish(summary.clone())?;
    Ok(summary)
}

/// The command as typed, without the path of the program.
fn command() -> String {
    std::iter::once("sightline".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" ")
}

/// What each part of the assessment took.
fn wall_times(scenario: &Scenario, parts: &[(String, Duration)]) -> impl Iterator<Item = Row> {
    parts.iter().map(|(part, took)| {
        let row = Row::new("wall-time", "s").exact(took.as_secs_f64()).n(1).method("monotonic clock");
        row.seed(scenario.seed).parameter("part", part)
    })
}

/// The answer in a few lines, and where to read on.
fn show(found: &Assessment, out: &Path, took: Duration) -> Result<(), Failure> {
    let mut last = "";
    for statement in &found.statements {
        if statement.architecture != last {
            print(&format!("\n{}", statement.architecture))?;
            last = &statement.architecture;
        }
        print(&format!("  {:17} learns {}", statement.observer, statement.learns.join("; ")))?;
        print(&format!("  {:17} {}", "", statement.sentence))?;
        if !statement.beyond_encryption.is_empty() && statement.beyond_detection.is_empty() {
            print(&format!("  {:17} Ideal detection would tell it as much.", ""))?;
        } else if !statement.beyond_detection.is_empty() {
            print(&format!("  {:17} Beyond ideal detection: {}.", "", statement.beyond_detection.join("; ")))?;
        }
    }
    if !found.answers.is_empty() {
        print("\nThe letter's questions")?;
    }
    for answer in &found.answers {
        let says = match answer.verdict {
            Verdict::Contradicted => "contradicts it",
            Verdict::Stands => "as it says",
            Verdict::Undecided => "undecided",
            Verdict::NoThreshold => "",
            Verdict::NotApplicable => "not applicable",
            Verdict::NotRun => "not run",
            Verdict::Failed => "failed",
        };
        print(&format!("  {:20} {says:14} {}", answer.question, answer.sentence))?;
    }
    print("")?;
    for control in &found.controls {
        let state = if control.passed { "passed" } else { "FAILED" };
        print(&format!("Control {state}: {} — {}", control.name.to_lowercase(), control.detail))?;
    }
    let rejected: u64 = found.corpus.rejected.values().sum();
    if rejected > 0 {
        print(&format!("{rejected} pictures or files were left out; the report says why."))?;
    }
    say(&format!("Done in {:.1} s.", took.as_secs_f64()));
    print(&format!("Report: {}", out.join("report.html").display()))?;
    print(&format!("Next: sightline verify {} --rerun", out.display()))
}
