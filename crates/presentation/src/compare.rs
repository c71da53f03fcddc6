//! What changed from one run to another, for a terminal and as a page that needs neither network nor JavaScript.

use std::fmt::Write as _;

use askama::Template;
use sightline_evidence::{
    Change, Changed, Comparison, ControlStatus, Difference, E2e, Provenance, QuestionChange, Row, RowChange,
    StatementChange, Status, Verdict, format_number,
};

use crate::PresentationError;
use crate::answers::mark;
use crate::words::{count, list, number};

/// A comparison in words, for a terminal: answers, controls, what was made differently, systems and numbers, each only if
/// something changed. `names` are what the reader calls the runs. At most `most` rows are shown of each kind.
pub fn text(comparison: &Comparison, names: [&str; 2], most: usize) -> String {
    let mut text = String::new();
    for ((letter, name), run) in ["A", "B"].into_iter().zip(names).zip(&comparison.runs) {
        let _ = writeln!(text, "{letter}  {name}: {}", made(run));
    }
    let _ = writeln!(text, "\n{}", summary(comparison));
    for warning in warnings(comparison) {
        let _ = writeln!(text, "{warning}");
    }
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{title}");
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
        }
    };
    section("Questions", comparison.questions.iter().flat_map(question).collect());
    section(
        "Answers",
        comparison.statements.iter().filter(|one| one.change != Changed::Words).flat_map(answer).collect(),
    );
    section("Controls", aligned(&comparison.controls));
    section("Made differently", aligned(&comparison.settings));
    section("Systems", comparison.systems.iter().flat_map(difference).collect());
    section("Numbers", table(&comparison.rows, most));
    if let Some(timings) = &comparison.timings {
        section("Timings (they never make two runs differ)", table(timings, most));
    }
    text
}

/// A comparison as one page.
///
/// # Errors
/// [`PresentationError`] if the page cannot be filled in.
pub fn page(comparison: &Comparison, names: [&str; 2]) -> Result<String, PresentationError> {
    let rows = |change: Change| -> Vec<[String; 7]> {
        comparison.rows.iter().filter(|row| row.change == change).map(line).collect()
    };
    let kinds = [
        ("No longer decided, or only now", Change::Status),
        ("Beyond their intervals", Change::Beyond),
        ("Only in A", Change::OnlyA),
        ("Only in B", Change::OnlyB),
        ("Within their intervals", Change::Within),
    ];
    let page = Page {
        differs: comparison.differs(),
        summary: summary(comparison),
        warnings: warnings(comparison),
        runs: ["A", "B"]
            .into_iter()
            .zip(names)
            .zip(&comparison.runs)
            .map(|((letter, name), run)| Run {
                letter,
                name: name.to_owned(),
                made: made(run),
                corpus: run.corpus.digest.clone(),
                command: run.command.clone(),
            })
            .collect(),
        settings: &comparison.settings,
        questions: comparison.questions.iter().map(|change| (verdicts(change), change)).collect(),
        answers: comparison.statements.iter().filter(|one| one.change != Changed::Words).map(Card::of).collect(),
        words: comparison.statements.iter().filter(|one| one.change == Changed::Words).map(Card::of).collect(),
        systems: &comparison.systems,
        controls: &comparison.controls,
        same: count(comparison.same_rows as u64),
        groups: kinds
            .into_iter()
            .map(|(title, change)| Group {
                title,
                open: change == Change::Status || change == Change::Beyond,
                rows: rows(change),
            })
            .filter(|group| !group.rows.is_empty())
            .collect(),
        timings: comparison.timings.as_ref().map(|rows| rows.iter().map(line).collect()),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    differs: bool,
    summary: String,
    warnings: Vec<String>,
    runs: Vec<Run>,
    settings: &'a [Difference],
    questions: Vec<([&'static str; 2], &'a QuestionChange)>,
    answers: Vec<Card>,
    words: Vec<Card>,
    systems: &'a [Difference],
    controls: &'a [Difference],
    same: String,
    groups: Vec<Group>,
    timings: Option<Vec<[String; 7]>>,
}

struct Run {
    letter: &'static str,
    name: String,
    made: String,
    corpus: String,
    command: String,
}

/// Rows that changed in the same way.
struct Group {
    title: &'static str,
    open: bool,
    rows: Vec<[String; 7]>,
}

struct Card {
    class: &'static str,
    who: String,
    change: String,
    gained: Vec<String>,
    lost: Vec<String>,
    said: Vec<(&'static str, String)>,
}

impl Card {
    fn of(change: &StatementChange) -> Self {
        Self {
            class: match change.answers()[1] {
                Some(E2e::No) => "every",
                Some(E2e::Yes) => "nothing",
                _ => "undecided",
            },
            who: who(change),
            change: in_words(change),
            gained: change.gained.clone(),
            lost: change.lost.clone(),
            said: said(change),
        }
    }
}

fn made(run: &Provenance) -> String {
    let date = if run.date.is_empty() { String::new() } else { format!(", {}", run.date) };
    format!("version {}{date}, seed {}, {} pictures", run.version, run.seed, count(run.corpus.pictures))
}

/// The answer to "is it the same?".
fn summary(comparison: &Comparison) -> String {
    let some = |amount: usize, one: &str, many: &str| {
        (amount > 0).then(|| format!("{} {}", count(amount as u64), if amount == 1 { one } else { many }))
    };
    let statements = |wanted: &dyn Fn(Changed) -> bool| {
        comparison.statements.iter().filter(|statement| wanted(statement.change)).count()
    };
    let changed = [
        some(comparison.questions.len(), "verdict on a question", "verdicts on questions"),
        some(statements(&|change| change == Changed::EndToEnd), "answer", "answers"),
        some(
            statements(&|change| change == Changed::Learns),
            "observer learns something else",
            "observers learn something else",
        ),
        some(
            statements(&|change| matches!(change, Changed::OnlyA | Changed::OnlyB)),
            "statement in one run only",
            "statements in one run only",
        ),
        some(comparison.systems.len(), "difference of systems", "differences of systems"),
        some(comparison.controls.len(), "control", "controls"),
        some(comparison.count(Change::Status), "row decided in one run only", "rows decided in one run only"),
        some(comparison.count(Change::Beyond), "number beyond its interval", "numbers beyond their intervals"),
        some(comparison.count(Change::OnlyA), "row only in A", "rows only in A"),
        some(comparison.count(Change::OnlyB), "row only in B", "rows only in B"),
    ];
    let changed: Vec<String> = changed.into_iter().flatten().collect();
    let within = comparison.count(Change::Within);
    let same = count(comparison.same_rows as u64);
    let rest = match within {
        0 => format!("{same} rows are the same."),
        _ => format!("{} rows differ within their intervals, {same} are the same.", count(within as u64)),
    };
    if changed.is_empty() {
        format!("Nothing changed beyond what the intervals allow for: {rest}")
    } else {
        format!("Changed: {}. Beside these, {rest}", list(&changed))
    }
}

fn warnings(comparison: &Comparison) -> Vec<String> {
    let failed = ["A", "B"].into_iter().zip(comparison.control_status);
    let failed = failed.filter(|(_, status)| *status == ControlStatus::Failed);
    failed.map(|(run, _)| format!("A control failed in {run}: its numbers mean nothing.")).collect()
}

/// Names and both values, in columns.
fn aligned(differences: &[Difference]) -> Vec<String> {
    let width = differences.iter().map(|found| found.name.chars().count()).max().unwrap_or(0);
    differences
        .iter()
        .map(|found| format!("{:width$}  {} → {}", found.name, or_none(found.a.as_ref()), or_none(found.b.as_ref())))
        .collect()
}

/// A name, and both values below it.
fn difference(found: &Difference) -> [String; 3] {
    [found.name.clone(), format!("  A: {}", or_none(found.a.as_ref())), format!("  B: {}", or_none(found.b.as_ref()))]
}

fn or_none(value: Option<&String>) -> &str {
    value.map_or("–", String::as_str)
}

/// What is shown of a question.
fn question(change: &QuestionChange) -> Vec<String> {
    let [a, b] = verdicts(change);
    let mut lines = vec![format!("{}: {a} → {b}", change.asked)];
    lines.extend(
        change
            .systems
            .iter()
            .map(|found| format!("  {}: {} → {}", found.name, or_none(found.a.as_ref()), or_none(found.b.as_ref()))),
    );
    let said = ["A", "B"].into_iter().zip(&change.sentences);
    lines.extend(said.filter_map(|(run, sentence)| Some(format!("  {run}: {}", sentence.as_ref()?))));
    lines
}

fn verdicts(change: &QuestionChange) -> [&'static str; 2] {
    change.verdicts.map(|verdict| verdict.map_or("not asked", |verdict: Verdict| mark(verdict).2))
}

fn who(change: &StatementChange) -> String {
    format!("{}, {} ({})", change.architecture, change.observer, change.corruption)
}

fn in_words(change: &StatementChange) -> String {
    let answer = |answer: Option<E2e>| match answer {
        Some(E2e::Yes) => "end-to-end encrypted",
        Some(E2e::No) => "not end-to-end encrypted",
        Some(E2e::Undecided) => "undecided",
        None => "not asked",
    };
    let [a, b] = change.answers();
    match change.change {
        Changed::EndToEnd | Changed::OnlyA | Changed::OnlyB => format!("{} → {}", answer(a), answer(b)),
        Changed::Learns | Changed::Words => format!("still {}", answer(b)),
    }
}

fn said(change: &StatementChange) -> Vec<(&'static str, String)> {
    let of = |letter, statement: &Option<sightline_evidence::Statement>| {
        statement.as_ref().map(|statement| (letter, statement.sentence.clone()))
    };
    [of("A", &change.a), of("B", &change.b)].into_iter().flatten().collect()
}

fn answer(change: &StatementChange) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", who(change), in_words(change))];
    if matches!(change.change, Changed::OnlyA | Changed::OnlyB) {
        return lines;
    }
    let items = |what: &str, items: &[String]| (!items.is_empty()).then(|| format!("  {what}: {}", items.join("; ")));
    lines.extend(items("learns in B and not in A", &change.gained));
    lines.extend(items("learns in A and not in B", &change.lost));
    lines.extend(said(change).into_iter().map(|(run, sentence)| format!("  {run}: {sentence}")));
    lines
}

/// Changed rows in columns, gravest first; those within their intervals are counted.
fn table(rows: &[RowChange], most: usize) -> Vec<String> {
    let mut shown: Vec<&RowChange> = rows.iter().filter(|row| row.change != Change::Within).collect();
    shown.sort_by_key(|row| row.change);
    let hidden = shown.len().saturating_sub(most);
    shown.truncate(most);
    let cells: Vec<[String; 7]> = shown.into_iter().map(line).collect();
    let heads = ["", "system", "observer", "quantity", "A", "B", "measured as"].map(str::to_owned);
    let lines: Vec<&[String; 7]> = (!cells.is_empty()).then_some(&heads).into_iter().chain(&cells).collect();
    let widths: Vec<usize> =
        (0..7).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
    let padded = |line: &&[String; 7]| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let more = (hidden > 0).then(|| format!("… and {} more; --html or --json has all of them", count(hidden as u64)));
    lines.iter().map(padded).chain(more).collect()
}

/// The cells of a changed row: change, system, observer, quantity, A, B, and how it was measured.
fn line(change: &RowChange) -> [String; 7] {
    let row = change.row();
    let kind = match change.change {
        Change::Status => "status",
        Change::Beyond => "beyond",
        Change::OnlyA => "only in A",
        Change::OnlyB => "only in B",
        Change::Within => "within",
    };
    let ids = [&row.question, &row.game, &row.task, &row.variant, &row.corruption, &row.content];
    let ids = ids.into_iter().filter(|id| !id.is_empty()).cloned();
    let fixed = |key: &str| change.under.iter().all(|setting| setting.name != key);
    let parameters = row.parameters.iter().filter(|(key, _)| fixed(key)).map(|(key, value)| format!("{key}={value}"));
    let under = change
        .under
        .iter()
        .map(|found| format!("{}={} → {}", found.name, or_none(found.a.as_ref()), or_none(found.b.as_ref())));
    let sides = [change.a.as_ref(), change.b.as_ref()];
    let rounded = sides.map(|side| value(side, number));
    // What differs must not look the same.
    let [a, b] = if rounded[0] == rounded[1] { sides.map(|side| value(side, format_number)) } else { rounded };
    [
        kind.to_owned(),
        row.architecture.clone(),
        row.observer.clone(),
        row.quantity.clone(),
        a,
        b,
        ids.chain(parameters).chain(under).collect::<Vec<_>>().join(", "),
    ]
}

/// A number with its interval and unit, or why there is none.
fn value(row: Option<&Row>, number: fn(f64) -> String) -> String {
    let Some(row) = row else {
        return "–".to_owned();
    };
    let unit = if row.unit == "1" || row.unit.is_empty() { String::new() } else { format!(" {}", row.unit) };
    match (row.status, row.value, row.low, row.high) {
        (Status::Decided, Some(value), Some(low), Some(high)) if low < value || value < high => {
            format!("{}{unit} ({} to {})", number(value), number(low), number(high))
        }
        (Status::Decided, Some(value), ..) => format!("{}{unit}", number(value)),
        (status, ..) => status.to_string().replace('-', " "),
    }
}
