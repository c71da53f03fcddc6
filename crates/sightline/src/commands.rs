use crate::failure::{self, Failure};
use crate::progress::{self, Bar};
use crate::{assess, clock, pdf, print, say};
use sightline_architectures::{NAMES, REFERENCES, VARIANTS, by_name};
use sightline_evidence::{FlowStep, Row, RunFolder};
use sightline_explorer::{Explorer, ExplorerError};
use sightline_questions::{Afresh, Scenario, World, prepare, profile, too_many_alarms};
use std::path::Path;

pub(crate) fn architectures() -> Result<(), Failure> {
    let defaults = Scenario::default().detection;
    let titles = |names: &[&'static str]| -> Vec<(&str, &str)> {
        names.iter().filter_map(|name| Some((*name, by_name(name, &defaults)?.profile().title))).collect()
    };
    let more = [
        ("", &NAMES[..]),
        ("\nVariants, where a source leaves something open:", &VARIANTS),
        ("\nReference systems, to see the instrument work:", &REFERENCES),
    ];
    for (heading, names) in more {
        if !heading.is_empty() {
            print(heading)?;
        }
        for (name, title) in titles(names) {
            print(&format!("{name:26} {title}"))?;
        }
    }
    print("\nNext: sightline explain NAME")
}

pub(crate) fn explain(name: &str, scenario: Option<&Path>) -> Result<(), Failure> {
    let (scenario, text) = assess::read(scenario)?;
    scenario.check().map_err(|error| Failure::scenario(error, None, &text))?;
    let Some(architecture) = by_name(name, &scenario.detection) else {
        let known = [&NAMES[..], &VARIANTS[..], &REFERENCES[..]].concat().join(", ");
        return Err(Failure::new(failure::USAGE, format!("there is no architecture `{name}`; there are: {known}")));
    };
    let profile = profile(architecture.as_ref());
    print(&format!("{} — {}\n\n{}\n", profile.name, profile.title, architecture.profile().summary))?;
    print("When one content is sent:\n")?;
    for line in diagram(&profile.flow) {
        print(&line)?;
    }
    print("\nWho learns what, by declaration:")?;
    for (party, learns) in &profile.leakage {
        print(&format!("  {party:17} {}", learns.join("; ")))?;
    }
    if !profile.decisions.is_empty() {
        print("\nWho decides:")?;
    }
    for decision in &profile.decisions {
        print(&format!("  {}: {}", decision.what, decision.who))?;
    }
    print(&format!("\nMatch relation: {}. Disclosure: {}.", profile.match_relation, profile.disclosure))?;
    for parameter in &profile.parameters {
        print(&format!("  {} = {}: {}", parameter.name, parameter.value, parameter.meaning))?;
    }
    print("\nWhat it does not give, and what is idealised:")?;
    for limit in &profile.limits {
        print(&format!("  - {limit}"))?;
    }
    print(&format!("\nSource: {}", profile.source))?;
    profile.deviations.iter().try_for_each(|deviation| print(&format!("  - {deviation}")))
}

/// A sequence diagram: one column per party, one numbered arrow per step, and what they mean below. `~` lines carry what
/// the receiver cannot read.
fn diagram(flow: &[FlowStep]) -> Vec<String> {
    const WIDTH: usize = 17;
    const NUMBER: usize = 3;
    let mut parties: Vec<&str> = vec!["device", "provider"];
    parties.retain(|name| flow.iter().any(|step| step.from == *name || step.to == *name));
    for name in flow.iter().flat_map(|step| [step.from.as_str(), step.to.as_str()]) {
        if !parties.contains(&name) {
            parties.push(name);
        }
    }
    let column = |name: &str| parties.iter().position(|party| *party == name).unwrap_or(0) * WIDTH + NUMBER + WIDTH / 2;
    let mut lines =
        vec![parties.iter().map(|name| format!("{name:^WIDTH$}")).collect::<String>().trim_end().to_owned()];
    lines[0].insert_str(0, &" ".repeat(NUMBER));
    let lifelines = || {
        let mut line = vec![' '; NUMBER + parties.len() * WIDTH];
        for party in &parties {
            line[column(party)] = '|';
        }
        line
    };
    let text = |line: Vec<char>| line.into_iter().collect::<String>().trim_end().to_owned();
    for (number, step) in (1..).zip(flow) {
        let (from, to) = (column(&step.from), column(&step.to));
        let mut line = lifelines();
        for place in &mut line[from.min(to) + 1..from.max(to)] {
            *place = if step.sealed { '~' } else { '-' };
        }
        line[if from < to { to - 1 } else { to + 1 }] = if from < to { '>' } else { '<' };
        for (place, digit) in line.iter_mut().zip(format!("{number:>2}").chars()) {
            *place = digit;
        }
        lines.push(text(line));
    }
    lines.push(text(lifelines()));
    lines.push(String::new());
    for (number, step) in (1..).zip(flow) {
        let when = step.condition.as_ref().map_or(String::new(), |condition| format!(" ({condition})"));
        lines.push(format!("{number:>2} {} to {}: {}{when}", step.from, step.to, step.label));
    }
    lines.push("--> readable by the receiver   ~~> sealed: the receiver cannot read it".into());
    lines
}

pub(crate) fn verify(path: &Path, rerun: bool) -> Result<(), Failure> {
    let found = sightline_evidence::verify(path).map_err(|error| Failure::environment(&error))?;
    for disagreement in &found.disagreements {
        say(&format!("{}: {}", disagreement.file, disagreement.detail));
    }
    if !found.is_sound() {
        let count = found.disagreements.len();
        return Err(Failure::new(failure::UNDECLARED, format!("the run does not verify: {count} disagreements")));
    }
    print(&format!("{}: every file is as it was written", path.display()))?;
    expected(path)?;
    if rerun { again(path) } else { print("Next: sightline verify RUN --rerun computes the numbers again") }
}

/// Judges again what the scenario of a run claims of its numbers.
fn expected(path: &Path) -> Result<(), Failure> {
    let environment = |error: sightline_evidence::EvidenceError| Failure::environment(&error);
    let run = RunFolder::open(path).map_err(environment)?;
    let expectations = run.expectations().map_err(environment)?;
    let unmet = assess::unmet(&expectations, &run.evidence().map_err(environment)?);
    for line in &unmet {
        say(line);
    }
    match (expectations.len(), unmet.len()) {
        (0, _) => Ok(()),
        (all, 0) => print(&format!("{all} of {all} expectations of its scenario are met")),
        (all, some) => {
            Err(Failure::new(failure::UNDECLARED, format!("{some} of {all} expectations of the scenario are not met")))
        }
    }
}

/// The run in a folder, its scenario, and its pictures.
fn locked(path: &Path, bar: &Bar) -> Result<(RunFolder, Scenario, World), Failure> {
    let environment = |error: sightline_evidence::EvidenceError| Failure::environment(&error);
    let run = RunFolder::open(path).map_err(environment)?;
    let lock = run.lock().map_err(environment)?;
    let scenario: Scenario = serde_json::from_value(lock["scenario"].clone()).map_err(|error| {
        Failure::new(failure::USAGE, format!("{}: the lock holds no scenario of this version: {error}", path.display()))
    })?;
    let world = prepare(&scenario, bar).map_err(Failure::assessment)?;
    if assess::lock(&scenario, &world.summary().digest) != lock {
        let message = "the run was made by another version or from other pictures; its numbers cannot be compared";
        return Err(Failure::new(failure::UNDECLARED, message));
    }
    Ok((run, scenario, world))
}

/// Computes one row of a run's evidence again, alone.
pub(crate) fn replay(path: &Path, number: u64) -> Result<(), Failure> {
    progress::listen();
    let evidence =
        RunFolder::open(path).and_then(|run| run.evidence()).map_err(|error| Failure::environment(&error))?;
    let place = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
    let row = evidence.rows().get(place).ok_or_else(|| {
        let rows = evidence.rows().len();
        Failure::new(failure::USAGE, format!("there is no row {number}: evidence.csv has {rows}, counted from 1"))
    })?;
    let bar = Bar::new();
    let (_, scenario, world) = locked(path, &bar)?;
    let result = sightline_questions::replay(&scenario, &world, row, &bar, clock::thread);
    bar.finish();
    let again = result.map_err(Failure::assessment)?;
    let shown = |row: &Row| {
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), sightline_evidence::format_number);
        let ends = format!("{} to {}", number(row.low), number(row.high));
        format!("{} {} ({ends}), {} {}", row.quantity, number(row.value), row.n, row.status.as_str())
    };
    print(&format!("row {number}: {} {} {}", row.question, row.architecture, row.observer))?;
    print(&format!("as written: {}", shown(row)))?;
    match again {
        Some(again) if again == *row => print("again:      the same"),
        Some(again) => {
            print(&format!("again:      {}", shown(&again)))?;
            Err(Failure::new(failure::UNDECLARED, "the number comes out differently"))
        }
        None => Err(Failure::new(failure::UNDECLARED, "nothing gives this row again")),
    }
}

/// Computes a run's evidence again and compares it byte by byte.
fn again(path: &Path) -> Result<(), Failure> {
    let environment = |error: sightline_evidence::EvidenceError| Failure::environment(&error);
    progress::listen();
    let bar = Bar::new();
    let (run, scenario, world) = locked(path, &bar)?;
    let result = sightline_questions::assess(&scenario, &world, &Afresh, &bar, clock::thread);
    bar.finish();
    let found = result.map_err(Failure::assessment)?;
    let csv = found.evidence.to_csv().map_err(environment)?;
    if csv.as_bytes() == run.read("evidence.csv").map_err(environment)? {
        print("the numbers come out the same, byte for byte")
    } else {
        Err(Failure::new(
            failure::UNDECLARED,
            "the numbers come out differently: evidence.csv is not what this version computes",
        ))
    }
}

/// A table of planted leaks. A leak where nothing was planted is a failed control.
pub(crate) fn calibrate(architectures: Vec<String>, seed: u64, repetitions: u32, quick: bool) -> Result<(), Failure> {
    let scenario = Scenario { architectures, seed, ..Scenario::default() };
    // A leak has to be found, not only a first look taken.
    let scenario = if quick { Scenario { trials: 150, ..scenario.quick() } } else { scenario };
    scenario.check().map_err(|error| Failure::scenario(error, None, ""))?;
    progress::listen();
    let bar = Bar::new();
    let result = sightline_questions::calibrate(&scenario, repetitions, &bar);
    bar.finish();
    let found = result.map_err(Failure::assessment)?;
    let times = if repetitions > 1 { "found     median" } else { "advantage" };
    print(&format!("{:16} {:57} {:10} {times:18} told by", "system", "planted", "observer"))?;
    for line in &found {
        let median = line.lows.get(line.lows.len() / 2);
        let low = match median {
            None => "failed".to_owned(),
            Some(low) if *low > 0.0 => format!("≥ {low:.2}"),
            Some(_) if repetitions > 1 => String::new(),
            Some(_) => "not found".to_owned(),
        };
        let often =
            if repetitions > 1 { format!("{:3} of {:<3}", line.found(), line.lows.len()) } else { String::new() };
        let told_by = if median.is_some() && line.found() == 0 { "" } else { line.told_by.as_str() };
        let amount = format!("{often}{}{low}", if often.is_empty() { "" } else { " " });
        let text = format!("{:16} {:57} {:10} {amount:18} {told_by}", line.architecture, line.planted, line.observer);
        print(text.trim_end())?;
    }
    let failed = found.iter().filter(|line| line.lows.is_empty()).count();
    if too_many_alarms(&scenario, &found) {
        Err(Failure::new(failure::CONTROL, "leaks were seen where none was planted, more often than chance allows"))
    } else if failed > 0 {
        Err(Failure::new(failure::CONTROL, format!("{failed} systems did not work")))
    } else {
        Ok(())
    }
}

pub(crate) fn report(path: &Path, with_pdf: bool) -> Result<(), Failure> {
    if with_pdf {
        pdf::offered()?;
    }
    let run = RunFolder::open(path).map_err(|error| Failure::environment(&error))?;
    sightline_presentation::render(&run).map_err(|error| Failure::environment(&error))?;
    print(&path.join("report.html").display().to_string())?;
    if with_pdf { pdf::render(&run) } else { Ok(()) }
}

/// Serves the page, with the report of a run if there is one, until the program is ended; refusals go to standard error.
pub(crate) fn explore(port: u16, run: Option<&Path>) -> Result<(), Failure> {
    let failed = |error: ExplorerError| Failure::environment(&error);
    let drawn = |path| {
        let run = RunFolder::open(path).map_err(|error| Failure::environment(&error))?;
        sightline_presentation::Report::draw(&run).map_err(|error| Failure::environment(&error))
    };
    let report = run.map(drawn).transpose()?;
    let mut explorer = Explorer::bind(port, say).map_err(failed)?;
    if let Some(report) = report {
        explorer = explorer.with_report(report.html);
    }
    print(&format!("http://{}/", explorer.address()))?;
    say("Open this address in a browser on this machine. Ctrl-C ends it.");
    match explorer.serve().map_err(failed)? {}
}
