//! The page: everything it shows, prepared for the template.

pub(crate) mod printed;

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sightline_evidence::{Bound, ControlStatus, E2e, KeyNumber, Profile, Row, Statement, Status};

use crate::broken::Opened;
use crate::figure::slug;
use crate::matrix::{self, Cell, State};
use crate::metadata::{self, percent};
use crate::reading::{Judged, Outcome, Reading, is_coalition};
use crate::short::{Design, Provider};
use crate::words::{self, count, detectable, number};
use crate::{
    Figure, PresentationError, Report, advantage, answers, broken, cost, expose, identify, real_or_ideal, reconstruct,
    sequence, short,
};

pub(crate) fn draw(reading: &Reading) -> Result<Report, PresentationError> {
    let observers = reading.observers();
    let mut figures = Vec::new();
    let systems = reading.systems();
    let (columns, folded) = columns(reading, &systems, &observers);
    let sections = reading
        .profiles
        .iter()
        .enumerate()
        .map(|(index, profile)| {
            let figure = sequence::figure(index, profile);
            let section = system_section(reading, index, profile, &figure);
            figures.push(figure);
            section
        })
        .collect();
    let mut tasks = Vec::new();
    for (index, task) in reading.tasks().iter().enumerate() {
        let figure = advantage::figure(reading, index, task)?;
        tasks.push(task_section(reading, task, &figure));
        figures.push(figure);
    }
    let identified = identify::figure(reading)?;
    let sizes = metadata::figure(reading)?;
    let growth = cost::figure(reading)?;
    let answers = answers::sections(reading)?;
    let short = short::designs(reading);
    let page = Page {
        title: list_of_systems(&systems),
        lead: lead(reading, systems.len()),
        facts: facts(reading, &systems),
        controls: controls(reading),
        expected: expected(reading),
        coarse: coarse(reading),
        conclusion: short::conclusion(&short),
        short,
        heads: columns.iter().map(|id| Head { title: reading.party(id), role: words::role(id) }).collect(),
        folded,
        matrix: systems
            .iter()
            .enumerate()
            .map(|(index, system)| MatrixRow {
                anchor: reading.profile(system).map(|_| slug("system", index, system)).unwrap_or_default(),
                title: reading.profile(system).map_or_else(|| words::title(system), |profile| profile.title.clone()),
                name: system.clone(),
                verdict: matrix::verdict(reading, system, &observers),
                cells: columns.iter().map(|observer| MatrixCell::of(reading, system, observer)).collect(),
            })
            .collect(),
        systems: sections,
        answers: answers.iter().map(Answered::of).collect(),
        changed: answers::changed_thresholds(reading),
        overview: overview(reading, &systems, &observers),
        tasks,
        sizes: Drawn::of(&sizes),
        catalogue: metadata::catalogue(reading).map(count).unwrap_or_default(),
        paddings: metadata::paddings(reading).into_iter().map(padding).collect(),
        flagged: metadata::flagged(reading),
        known_sizes: metadata::adversary(reading),
        identified: Identified {
            most: identify::most(reading).map(count).unwrap_or_default(),
            heads: identify::heads(),
            figure: identified.as_ref().map(Drawn::of),
            groups: identify::groups(reading),
        },
        rebuilt: reconstruct::groups(reading),
        guess: reconstruct::guess(reading).unwrap_or_default(),
        exposed: expose::groups(reading),
        kinds: expose::kinds(reading),
        strategies: expose::strategies(reading),
        obstacles: expose::obstacles(reading),
        real_or_ideal: real_or_ideal::groups(reading),
        cost: Cost {
            lines: cost::lines(reading),
            groups: cost::groups(reading),
            figure: growth.as_ref().map(Drawn::of),
            exponents: cost::exponents(reading),
        },
        traffic: traffic(reading),
        gallery: gallery(reading)?,
        other: other_rows(reading),
        limits: reading.profiles.iter().filter(|profile| !profile.limits.is_empty()).collect(),
        provenance: provenance(reading),
        rejected: reading
            .summary
            .provenance
            .corpus
            .rejected
            .iter()
            .map(|(reason, files)| (reason.clone(), count(*files)))
            .collect(),
        command: reading.summary.provenance.command.clone(),
        settings: settings(&reading.lock),
    };
    figures.extend(answers.iter().filter_map(|section| section.figure.clone()));
    figures.push(sizes);
    figures.extend(identified);
    figures.extend(growth);
    Ok(Report { html: page.render()?, figures })
}

/// Observers with a column in the answer; and, where there are many, in words those of whom nothing was found anywhere.
fn columns(reading: &Reading, systems: &[String], observers: &[String]) -> (Vec<String>, Vec<String>) {
    const MOST: usize = 7;
    const ALWAYS: [&str; 2] = ["provider", "network"];
    if observers.len() <= MOST {
        return (observers.to_vec(), Vec::new());
    }
    let states = |observer: &String| -> Vec<State> {
        systems.iter().map(|system| matrix::cell(reading, system, observer).state).collect()
    };
    let absent = |state: &State| matches!(state, State::NoSuchParty | State::NotRun);
    let (mut columns, mut nothing, mut undecided) = (Vec::new(), Vec::new(), Vec::new());
    for observer in observers {
        let states = states(observer);
        if ALWAYS.contains(&observer.as_str()) || states.iter().all(absent) {
            columns.push(observer.clone());
        } else if states.iter().all(|state| absent(state) || *state == State::Nothing) {
            nothing.push(reading.party(observer));
        } else if states.iter().all(|state| absent(state) || matches!(state, State::Nothing | State::Undecided)) {
            undecided.push(reading.party(observer));
        } else {
            columns.push(observer.clone());
        }
    }
    let sentence =
        |what: &str, parties: &[String]| (!parties.is_empty()).then(|| format!("{what} {}.", parties.join("; ")));
    let folded = [
        sentence("Without a column, as no tested attack learnt anything about content in any system:", &nothing),
        sentence(
            "Without a column, as nothing was found in any system, though more trials are needed to say:",
            &undecided,
        ),
    ];
    (columns, folded.into_iter().flatten().collect())
}

/// A line of the table of paddings.
fn padding(padding: metadata::Padding) -> [String; 5] {
    let shown = |value: Option<f64>| value.map_or_else(|| "not run".to_owned(), number);
    [
        padding.title,
        shown(padding.sizes),
        shown(padding.min_entropy),
        shown(padding.shannon),
        padding.overhead.map_or_else(|| "not run".to_owned(), percent),
    ]
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    lead: String,
    facts: Vec<(&'static str, String)>,
    controls: Controls,
    /// None if the scenario claims nothing.
    expected: Option<Expected>,
    /// How few trials decide, in words; none if they suffice.
    coarse: Option<String>,
    short: Vec<Design>,
    conclusion: String,
    heads: Vec<Head>,
    /// Observers without a column, in words.
    folded: Vec<String>,
    matrix: Vec<MatrixRow>,
    systems: Vec<SystemSection<'a>>,
    answers: Vec<Answered<'a>>,
    /// Thresholds that were changed, in words.
    changed: Vec<String>,
    overview: Overview,
    tasks: Vec<TaskSection>,
    sizes: Drawn,
    catalogue: String,
    paddings: Vec<[String; 5]>,
    /// Numbers of known sizes, and per padding what is flagged.
    flagged: (Vec<String>, Vec<(String, Vec<String>)>),
    known_sizes: Option<String>,
    identified: Identified,
    rebuilt: Vec<reconstruct::Group>,
    guess: String,
    exposed: Vec<expose::Group>,
    kinds: Vec<expose::Kinds>,
    strategies: Vec<expose::Strategies>,
    obstacles: Vec<expose::Obstacles>,
    real_or_ideal: Vec<real_or_ideal::Group>,
    cost: Cost,
    traffic: Vec<[String; 6]>,
    gallery: Vec<Shown>,
    other: (Vec<[String; 10]>, usize),
    limits: Vec<&'a Profile>,
    provenance: Vec<(&'static str, String)>,
    rejected: Vec<(String, String)>,
    command: String,
    settings: Vec<(String, String)>,
}

impl Page<'_> {
    fn states() -> [State; 7] {
        State::ALL
    }

    fn providers() -> [Provider; 3] {
        Provider::ALL
    }

    fn contents() -> [&'static str; 3] {
        short::CONTENTS.map(|(_, heading)| heading)
    }
}

/// The game `identify`.
struct Identified {
    /// The largest number of candidates.
    most: String,
    heads: [&'static str; 4],
    figure: Option<Drawn>,
    groups: Vec<identify::Group>,
}

/// The question `cost`.
struct Cost {
    lines: Vec<cost::Line>,
    groups: Vec<cost::Group>,
    figure: Option<Drawn>,
    exponents: Vec<String>,
}

struct Controls {
    class: &'static str,
    symbol: &'static str,
    short: String,
    rows: Vec<[String; 4]>,
    measured: Vec<[String; 5]>,
}

/// What the scenario claims of the numbers.
struct Expected {
    class: &'static str,
    symbol: &'static str,
    short: String,
    /// Claim, what was found, and what speaks against it.
    rows: Vec<(String, String, Vec<String>)>,
}

struct Head {
    title: String,
    role: &'static str,
}

struct MatrixRow {
    anchor: String,
    title: String,
    name: String,
    verdict: String,
    cells: Vec<MatrixCell>,
}

struct MatrixCell {
    party: String,
    cell: Cell,
    /// The same party, something being broken; none where it does not exist.
    broken: Option<Opened>,
}

impl MatrixCell {
    fn of(reading: &Reading, system: &str, observer: &str) -> Self {
        let cell = matrix::cell(reading, system, observer);
        let broken = (cell.state != State::NoSuchParty).then(|| broken::worst(reading, system, observer));
        Self { party: reading.party(observer), cell, broken }
    }
}

struct SystemSection<'a> {
    anchor: String,
    profile: &'a Profile,
    diagram: Drawn,
    steps: Vec<String>,
    leakage: Vec<(String, &'a [String])>,
    statements: Vec<StatementCard<'a>>,
    coalitions: Vec<StatementCard<'a>>,
}

struct StatementCard<'a> {
    observer: String,
    corruption: &'a str,
    state: State,
    verdict: &'static str,
    statement: &'a Statement,
    numbers: Vec<(String, String)>,
}

/// A figure placed in the page.
struct Drawn {
    id: String,
    title: String,
    svg: String,
    file: String,
    data: Option<String>,
}

impl Drawn {
    fn of(figure: &Figure) -> Self {
        Self {
            id: figure.id.clone(),
            title: figure.title.clone(),
            svg: figure.inline(),
            file: figure.file(),
            data: figure.data.as_ref().map(|_| figure.data_file()),
        }
    }
}

/// A question, placed in the page.
struct Answered<'a> {
    section: &'a answers::Section<'a>,
    figure: Option<Drawn>,
}

impl<'a> Answered<'a> {
    fn of(section: &'a answers::Section<'a>) -> Self {
        Self { section, figure: section.figure.as_ref().map(Drawn::of) }
    }
}

struct Overview {
    tasks: Vec<String>,
    /// By system: name, and a line for every observer that exists in it.
    groups: Vec<(String, Vec<ObserverLine>)>,
}

/// An observer, and what it won of every task.
type ObserverLine = (String, Vec<OutcomeCell>);

/// A class of the page, a symbol and words.
type OutcomeCell = (&'static str, &'static str, String);

struct TaskSection {
    label: String,
    asked: String,
    figure: Drawn,
    singles: Vec<[String; 10]>,
    coalitions: Vec<[String; 10]>,
}

/// A picture as each party of each system holds it.
struct Shown {
    title: &'static str,
    systems: Vec<Held>,
}

struct Held {
    title: String,
    name: String,
    pictures: Vec<Picture>,
    /// What is said of parties that hold nothing to draw, and who they are.
    nothing: Vec<(String, Vec<String>)>,
}

struct Picture {
    party: String,
    caption: String,
    /// Its place among the distinct ones: many parties hold the same.
    number: usize,
    /// Its file in base64, where it is shown for the first time.
    data: Option<String>,
    /// In pixels.
    sides: [u32; 2],
}

fn list_of_systems(systems: &[String]) -> String {
    if systems.is_empty() { "no system".to_owned() } else { words::list(systems) }
}

fn lead(reading: &Reading, systems: usize) -> String {
    let corpus = &reading.summary.provenance.corpus;
    let kind = if corpus.description.is_empty() { "pictures".to_owned() } else { corpus.description.clone() };
    let systems = match systems {
        0 => return "No system was run, so there is nothing to say about any.".to_owned(),
        1 => "One messaging system was run".to_owned(),
        2 => "Two messaging systems were run".to_owned(),
        3 => "Three messaging systems were run".to_owned(),
        4 => "Four messaging systems were run".to_owned(),
        5 => "Five messaging systems were run".to_owned(),
        6 => "Six messaging systems were run".to_owned(),
        many => format!("{many} messaging systems were run"),
    };
    format!(
        "{systems}, with real encryption, on {} ({kind}). Everything that each party received, sent and held was recorded; then attacks \
         on these records showed what the party can learn of what people send. Only benign pictures were sent; detection in text and of \
         grooming is out of scope.",
        if corpus.pictures == 1 { "one picture".to_owned() } else { format!("{} pictures", count(corpus.pictures)) }
    )
}

/// That a run is quick, or too small to decide what it asks first, with the numbers that say how small.
fn coarse(reading: &Reading) -> Option<String> {
    let quick = reading.summary.provenance.command.split_whitespace().any(|word| word == "--quick");
    let pairs = || reading.distinguish().filter(|row| row.task == "ordinary-pair");
    let undecided = pairs().any(|row| row.status == Status::Undecided);
    let trials = pairs().map(|row| row.n).max()?;
    let seen = pairs().filter_map(|row| reading.detectable(row)).fold(0.0, f64::max);
    (quick || undecided).then(|| {
        format!(
            "{}: {} trials decide whether two ordinary pictures can be told apart, where a leak below {} of 1 can be missed; other \
             counts stand beside their numbers. What is undecided here needs more trials.",
            if quick { "A quick run on small numbers" } else { "Too few trials to decide everything" },
            count(trials),
            detectable(seen)
        )
    })
}

fn facts(reading: &Reading, systems: &[String]) -> Vec<(&'static str, String)> {
    let summary = &reading.summary;
    let rejected: u64 = summary.provenance.corpus.rejected.values().sum();
    let unused = if rejected == 0 { String::new() } else { format!(", {} files not used", count(rejected)) };
    vec![
        ("Systems", if systems.is_empty() { "none".to_owned() } else { systems.join(", ") }),
        ("Pictures", format!("{}{unused}", count(summary.provenance.corpus.pictures))),
        ("Date", dash(&summary.provenance.date)),
    ]
}

fn controls(reading: &Reading) -> Controls {
    let all = &reading.summary.controls;
    let passed = all.iter().filter(|control| control.passed).count();
    let (class, symbol, short) = match ControlStatus::of(all) {
        ControlStatus::Passed => ("passed", "✓", format!("Controls passed: {passed} of {}", all.len())),
        ControlStatus::Failed => ("failed", "✕", format!("Controls failed: {} of {}", all.len() - passed, all.len())),
        ControlStatus::NotRun => ("not-run", "…", "Controls were not run".to_owned()),
    };
    let rows = all
        .iter()
        .map(|control| {
            let result = if control.passed { "✓ passed" } else { "✕ failed" };
            [control.name.clone(), count(control.repetitions), result.to_owned(), control.detail.clone()]
        })
        .collect();
    let measured = reading
        .rows
        .iter()
        .filter(|row| row.question == "control")
        .map(|row| {
            let name = match row.quantity.as_str() {
                "null-flagged" => "Share of channels without a leak that were flagged".to_owned(),
                "lower-bound-valid" => "Share of planted leaks whose lower end was right".to_owned(),
                other => words::title(other),
            };
            [name, dash(&conditions(row)), value(row), count(row.n), dash(&row.method)]
        })
        .collect();
    Controls { class, symbol, short, rows, measured }
}

fn expected(reading: &Reading) -> Option<Expected> {
    let all = &reading.expectations;
    let unmet = all.iter().filter(|judged| !judged.against.is_empty()).count();
    let (class, symbol, short) = match (all.len(), unmet) {
        (0, _) => return None,
        (all, 0) => ("passed", "✓", format!("Expectations met: {all} of {all}")),
        (all, unmet) => ("failed", "✕", format!("Expectations not met: {unmet} of {all}")),
    };
    let row = |judged: &Judged| (judged.claim.to_string(), found(&judged.rows), first(&judged.against));
    Some(Expected { class, symbol, short, rows: all.iter().map(row).collect() })
}

/// The first of many reasons, and how many more there are.
fn first(reasons: &[String]) -> Vec<String> {
    const SHOWN: usize = 3;
    let more = reasons.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("and {} more rows", count(more as u64)));
    reasons.iter().take(SHOWN).cloned().chain(more).collect()
}

/// The numbers of some rows: each, or the smallest and the largest of many.
fn found(rows: &[Row]) -> String {
    const EACH: usize = 3;
    if rows.len() <= EACH {
        return dash(&rows.iter().map(value).collect::<Vec<_>>().join("; "));
    }
    let values = || rows.iter().filter_map(|row| row.value);
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let rows = count(rows.len() as u64);
    if least <= most { format!("{rows} rows, {} to {}", number(least), number(most)) } else { format!("{rows} rows") }
}

fn system_section<'a>(reading: &'a Reading, index: usize, profile: &'a Profile, figure: &Figure) -> SystemSection<'a> {
    let mut leakage: Vec<_> = profile.leakage.iter().collect();
    let order = reading.observers();
    leakage.sort_by_key(|(id, _)| order.iter().position(|observer| observer == *id).unwrap_or(usize::MAX));
    let (coalitions, singles): (Vec<&Statement>, Vec<&Statement>) = reading
        .statements
        .iter()
        .filter(|statement| statement.architecture == profile.name)
        .partition(|statement| is_coalition(&statement.observer));
    let cards = |statements: Vec<&'a Statement>| {
        let mut cards = statements;
        cards.sort_by_key(|one| order.iter().position(|observer| *observer == one.observer).unwrap_or(usize::MAX));
        cards.into_iter().map(|statement| card(reading, statement)).collect::<Vec<_>>()
    };
    SystemSection {
        anchor: slug("system", index, &profile.name),
        profile,
        diagram: Drawn::of(figure),
        steps: sequence::in_words(profile),
        leakage: leakage.into_iter().map(|(id, items)| (reading.party(id), items.as_slice())).collect(),
        statements: cards(singles),
        coalitions: cards(coalitions),
    }
}

fn card<'a>(reading: &Reading, statement: &'a Statement) -> StatementCard<'a> {
    let curious = statement.corruption.split('+').all(|member| member == "curious");
    let state = if curious && !is_coalition(&statement.observer) {
        matrix::cell(reading, &statement.architecture, &statement.observer).state
    } else {
        match statement.end_to_end {
            E2e::Yes => State::Nothing,
            E2e::No => State::EveryPicture,
            E2e::Undecided => State::Undecided,
        }
    };
    let verdict = match (statement.end_to_end, state) {
        (E2e::Yes, State::EveryPicture | State::SomePictures) => "Declared end-to-end encrypted; a test says otherwise",
        (E2e::Yes, _) => "End-to-end encrypted against it",
        (E2e::No, _) => "Not end-to-end encrypted against it",
        (E2e::Undecided, _) => "Undecided",
    };
    StatementCard {
        observer: reading.party(&statement.observer),
        corruption: if curious { "" } else { &statement.corruption },
        state,
        verdict,
        statement,
        numbers: statement.evidence.iter().map(|key| card_number(reading, statement, curious, key)).collect(),
    }
}

/// A number of a card; of a task, what the tables of the games say of it.
fn card_number(reading: &Reading, statement: &Statement, curious: bool, key: &KeyNumber) -> (String, String) {
    match key.label.strip_prefix("advantage, ") {
        Some("which-user") => ("advantage, which-user (no content; expected)".to_owned(), key_number(key)),
        Some(task) if curious => {
            let outcome = reading.outcome(&statement.architecture, &statement.observer, task);
            let said = match outcome {
                Outcome::NoneFound(..) => "none found".to_owned(),
                ref other => overview_cell(task, other).2,
            };
            (key.label.clone(), said)
        }
        _ => (key.label.clone(), key_number(key)),
    }
}

fn key_number(key: &KeyNumber) -> String {
    match (key.bound, key.low, key.value) {
        (Bound::Lower, Some(low), _) if low > 0.0 => words::low(low),
        (Bound::Lower, Some(_), _) => "none found".to_owned(),
        (Bound::Published, _, Some(value)) => format!("{} (published)", number(value)),
        (Bound::Model, _, Some(value)) => format!("{} (model)", number(value)),
        (_, _, Some(value)) => number(value),
        _ => "no number".to_owned(),
    }
}

fn overview(reading: &Reading, systems: &[String], observers: &[String]) -> Overview {
    let tasks = reading.tasks();
    let line = |system: &str, observer: &String| {
        let cells: Vec<_> =
            tasks.iter().map(|task| overview_cell(task, &reading.outcome(system, observer, task))).collect();
        let exists = cells.iter().any(|(class, ..)| *class != State::NoSuchParty.class());
        exists.then(|| (reading.party(observer), cells))
    };
    let groups = systems
        .iter()
        .map(|system| {
            (system.clone(), observers.iter().filter_map(|observer| line(system, observer)).collect::<Vec<_>>())
        })
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    Overview { tasks: tasks.iter().map(|task| words::task(task).label).collect(), groups }
}

/// Class, symbol and words. Who sent it is no content, and whoever delivers learns it in every system: no alarm.
fn overview_cell(task: &str, outcome: &Outcome<'_>) -> OutcomeCell {
    let of = |state: State, words: String| (state.class(), state.symbol(), words);
    match outcome {
        Outcome::Found(row) if task == "which-user" => {
            ("", "", format!("{}, as expected", words::low(row.low.unwrap_or(0.0))))
        }
        Outcome::Found(row) => of(State::EveryPicture, words::low(row.low.unwrap_or(0.0))),
        Outcome::NoneFound(_, Some(seen)) => of(State::Nothing, format!("none ({})", detectable(*seen))),
        Outcome::NoneFound(_, None) => of(State::Nothing, "none".to_owned()),
        Outcome::Undecided(_) => of(State::Undecided, "undecided".to_owned()),
        Outcome::Failed => of(State::Failed, "failed".to_owned()),
        Outcome::NoSuchParty => of(State::NoSuchParty, "no such party".to_owned()),
        Outcome::NotRun => of(State::NotRun, "not run".to_owned()),
    }
}

fn task_section(reading: &Reading, task: &str, figure: &Figure) -> TaskSection {
    let words = words::task(task);
    let (coalitions, singles): (Vec<&Row>, Vec<&Row>) =
        reading.distinguish().filter(|row| row.task == task).partition(|row| is_coalition(&row.observer));
    let lines = |rows: Vec<&Row>| rows.into_iter().map(|row| distinguish_line(reading, row)).collect();
    TaskSection {
        label: words.label,
        asked: words.asked,
        figure: Drawn::of(figure),
        singles: lines(singles),
        coalitions: lines(coalitions),
    }
}

fn distinguish_line(reading: &Reading, row: &Row) -> [String; 10] {
    let ends = |row: &Row| match (row.value, row.low, row.high) {
        (Some(value), Some(low), Some(high)) => format!("{} ({} to {})", number(value), number(low), number(high)),
        (Some(value), ..) => number(value),
        _ => "–".to_owned(),
    };
    let low = match (row.status, row.low) {
        (Status::Decided, Some(low)) if low > 0.0 => words::low(low),
        (Status::Decided, Some(_)) => "none found".to_owned(),
        (status, _) => status_word(status).to_owned(),
    };
    let variant = if row.variant.is_empty() { String::new() } else { format!(", {}", row.variant) };
    [
        format!("{}{variant}", row.architecture),
        reading.party(&row.observer),
        row.corruption.clone(),
        dash(&conditions(row)),
        low,
        ends(row),
        reading.detectable(row).map_or_else(|| "not stated".to_owned(), detectable),
        count(row.n),
        dash(&row.method),
        status_word(row.status).to_owned(),
    ]
}

fn traffic(reading: &Reading) -> Vec<[String; 6]> {
    reading
        .rows
        .iter()
        .filter(|row| is_traffic(row) && row.quantity != "ratio-to-e2ee")
        .map(|row| {
            let link = row.parameters.value("link").unwrap_or_default();
            let link = link.split('>').map(|end| reading.party(end)).collect::<Vec<_>>().join(" → ");
            let others: Vec<String> = row
                .parameters
                .iter()
                .filter(|(key, _)| *key != "link")
                .map(|(key, value)| format!("{key} = {value}"))
                .collect();
            let content = if row.task == "set-up" { "none yet".to_owned() } else { dash(&row.content) };
            [row.architecture.clone(), link, content, dash(&others.join(", ")), words::title(&row.quantity), value(row)]
        })
        .collect()
}

fn is_traffic(row: &Row) -> bool {
    row.parameters.value("link").is_some()
}

/// Rows that no section shows, and how many more there are.
fn other_rows(reading: &Reading) -> (Vec<[String; 10]>, usize) {
    const SHOWN: usize = 400;
    let rows: Vec<&Row> = reading
        .rows
        .iter()
        .filter(|row| {
            !["distinguish", "real-or-ideal", "identify", "expose", "reconstruct"].contains(&row.game.as_str())
                && !["control", "cost"].contains(&row.question.as_str())
                && !reading.answers.iter().any(|answer| answer.question == row.question)
                && !is_traffic(row)
                && row.parameters.value("padding").is_none()
        })
        .collect();
    let hidden = rows.len().saturating_sub(SHOWN);
    let lines = rows.into_iter().take(SHOWN).map(|row| {
        [
            dash(&row.question),
            dash(
                &[row.game.as_str(), row.task.as_str()]
                    .into_iter()
                    .filter(|id| !id.is_empty())
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            dash(&row.architecture),
            dash(&reading.party(&row.observer)),
            dash(&row.corruption),
            dash(&conditions(row)),
            words::title(&row.quantity),
            value(row),
            count(row.n),
            dash(&row.method),
        ]
    });
    (lines.collect(), hidden)
}

fn value(row: &Row) -> String {
    let unit = if row.unit == "1" || row.unit.is_empty() { String::new() } else { format!("\u{a0}{}", row.unit) };
    match (row.status, row.value) {
        (Status::Decided, Some(value)) => match (row.bound, row.low, row.high) {
            (Bound::Lower, Some(low), _) => format!("{}{unit}", words::low(low)),
            (Bound::Interval | Bound::Model, Some(low), Some(high)) => {
                let mark = if row.bound == Bound::Model { " (model)" } else { "" };
                format!("{}{unit} ({} to {}){mark}", number(value), number(low), number(high))
            }
            (Bound::Published, ..) => format!("{}{unit} (published)", number(value)),
            _ => format!("{}{unit}", number(value)),
        },
        (status, _) => status_word(status).to_owned(),
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Decided => "decided",
        Status::Undecided => "? undecided",
        Status::NotApplicable => "– not applicable",
        Status::Failed => "✕ failed",
    }
}

fn conditions(row: &Row) -> String {
    let content = (!row.content.is_empty()).then(|| format!("{} content", row.content));
    let parameters = row.parameters.iter().map(|(key, value)| format!("{key} = {value}"));
    content.into_iter().chain(parameters).collect::<Vec<_>>().join(", ")
}

impl Picture {
    /// Whether its dots stand for bytes, bits or samples, to be drawn as squares.
    fn dots(&self) -> bool {
        self.sides[0] <= 64
    }
}

fn gallery(reading: &Reading) -> Result<Vec<Shown>, PresentationError> {
    let mut all: Vec<Shown> = Vec::new();
    let mut distinct: Vec<&[u8]> = Vec::new();
    for (picture, png) in &reading.gallery {
        let system = &picture.architecture;
        let title = match picture.content.as_str() {
            "ordinary" | "" => "An ordinary picture",
            "listed" => "A picture that is on the list",
            _ => "Another picture",
        };
        if all.last().is_none_or(|shown| shown.title != title) {
            all.push(Shown { title, systems: Vec::new() });
        }
        let Some(Shown { systems, .. }) = all.last_mut() else { continue };
        if systems.last().is_none_or(|group| group.name != *system) {
            let title = reading.profile(system).map_or_else(|| words::title(system), |profile| profile.title.clone());
            systems.push(Held { title, name: system.clone(), pictures: Vec::new(), nothing: Vec::new() });
        }
        let Some(group) = systems.last_mut() else { continue };
        let (party, caption) = (reading.party(&picture.party), picture.caption.clone());
        if picture.file.is_empty() {
            match group.nothing.iter_mut().find(|(same, _)| *same == caption) {
                Some((_, parties)) => parties.push(party),
                None => group.nothing.push((caption, vec![party])),
            }
        } else {
            let sides = sides(png).ok_or_else(|| PresentationError::Picture { file: picture.file.clone() })?;
            let known = distinct.iter().position(|known| known == png);
            let data = known.is_none().then(|| BASE64_STANDARD.encode(png));
            let number = known.unwrap_or(distinct.len());
            if known.is_none() {
                distinct.push(png);
            }
            group.pictures.push(Picture { party, caption, number, data, sides });
        }
    }
    Ok(all)
}

/// Width and height of a PNG picture in pixels, from its header.
fn sides(png: &[u8]) -> Option<[u32; 2]> {
    let (sides, _) = png.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(8..16)?.as_chunks::<4>();
    Some([u32::from_be_bytes(sides[0]), u32::from_be_bytes(sides[1])])
}

fn provenance(reading: &Reading) -> Vec<(&'static str, String)> {
    let provenance = &reading.summary.provenance;
    vec![
        ("Program", format!("{} {}", reading.summary.tool.name, provenance.version)),
        ("Compiled for", dash(&provenance.target)),
        ("Date", dash(&provenance.date)),
        ("Seed", provenance.seed.to_string()),
        ("Pictures", format!("{} ({})", count(provenance.corpus.pictures), dash(&provenance.corpus.description))),
        ("Corpus, SHA-256", dash(&provenance.corpus.digest)),
        ("Scenario, SHA-256", dash(&provenance.scenario_digest)),
        ("Resolved scenario, SHA-256", dash(&reading.summary.lock_digest)),
    ]
}

/// Every leaf of the resolved scenario, by its path.
fn settings(lock: &Value) -> Vec<(String, String)> {
    fn descend(path: &str, value: &Value, into: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    descend(&below, field, into);
                }
            }
            Value::Null => {}
            Value::String(text) => into.push((path.to_owned(), text.clone())),
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                into.push((path.to_owned(), items.collect::<Vec<_>>().join(", ")));
            }
            other => into.push((path.to_owned(), other.to_string())),
        }
    }
    let mut settings = Vec::new();
    descend("", lock, &mut settings);
    settings
}

fn dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}
