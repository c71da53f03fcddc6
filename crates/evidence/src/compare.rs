//! What changed from one run to another.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::{
    Answer, Control, ControlStatus, E2e, EvidenceError, Profile, Provenance, Row, RunFolder, RunState, Statement,
    Status, Verdict,
};

/// What differs between two runs. "A" is the first, "B" the second; differences are what [`Comparison::of`] can tell from
/// the two folders alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How each run was made.
    pub runs: [Provenance; 2],
    /// Whether the instrument of each worked.
    pub control_status: [ControlStatus; 2],
    /// Settings of the scenario locks that differ, `corpus_digest` and `version` among them, by key.
    pub settings: Vec<Difference>,
    /// Systems that are in one run alone, or that are described or declared otherwise, by name.
    pub systems: Vec<Difference>,
    /// Questions whose verdict changed, for all systems together or for one of them.
    pub questions: Vec<QuestionChange>,
    /// Statements that are in one run alone or say something else: changed answers first.
    pub statements: Vec<StatementChange>,
    /// Controls that are in one run alone, or that passed in one and failed in the other.
    pub controls: Vec<Difference>,
    /// Rows that differ, in the order of the tables.
    pub rows: Vec<RowChange>,
    /// Rows with the same numbers in both.
    pub same_rows: usize,
    /// Rows of the timings that differ; absent unless asked for.
    pub timings: Option<Vec<RowChange>>,
}

/// Something that has another value in each run; absent where a run does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub name: String,
    /// In A.
    pub a: Option<String>,
    /// In B.
    pub b: Option<String>,
}

/// How the answer to a question changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuestionChange {
    /// Identifier of the question.
    pub question: String,
    /// The question in words.
    pub asked: String,
    /// The verdicts of A and B; absent where a run did not ask.
    pub verdicts: [Option<Verdict>; 2],
    /// The sentences of A and B.
    pub sentences: [Option<String>; 2],
    /// Systems for which the verdict is another.
    pub systems: Vec<Difference>,
}

/// How a statement changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementChange {
    /// System.
    pub architecture: String,
    /// Coalition.
    pub observer: String,
    /// Corruption of its members.
    pub corruption: String,
    /// What changed.
    pub change: Changed,
    /// What is learnt in B and was not in A.
    pub gained: Vec<String>,
    /// What is learnt in A and not in B.
    pub lost: Vec<String>,
    /// The statement of A.
    pub a: Option<Statement>,
    /// The statement of B.
    pub b: Option<Statement>,
}

/// What changed in a statement, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// Whether the system is end-to-end encrypted for the observer.
    EndToEnd,
    /// What is learnt.
    Learns,
    /// Only A says anything.
    OnlyA,
    /// Only B says anything.
    OnlyB,
    /// The words or the numbers behind them; the answer is the same.
    Words,
}

/// How a row changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChange {
    /// What changed.
    pub change: Change,
    /// Parameters that the scenarios set differently, so that the two rows are not measured under the same: `padding`.
    pub under: Vec<Difference>,
    /// The row of A.
    pub a: Option<Row>,
    /// The row of B.
    pub b: Option<Row>,
}

/// What changed in a row, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Decided in one run and not in the other, or failed.
    Status,
    /// The intervals do not meet; exact numbers differ.
    Beyond,
    /// Only A has it.
    OnlyA,
    /// Only B has it.
    OnlyB,
    /// The numbers, their trials or their method differ, and the intervals meet.
    Within,
}

impl Comparison {
    /// Compares two finished runs. Timings, which no two runs share, are compared only if `timings` says so.
    ///
    /// Rows are the same measurement if all their columns before `value` agree, but for `bound`; where several rows do,
    /// the `method` tells them apart. A parameter that has one value throughout a measurement in each run, and not the
    /// same, is a setting and does not keep rows apart.
    ///
    /// # Errors
    /// [`EvidenceError::NotARun`] and [`EvidenceError::NotFinished`] for a folder that holds no finished run; others if
    /// a file of it cannot be read.
    pub fn of(a: &RunFolder, b: &RunFolder, timings: bool) -> Result<Self, EvidenceError> {
        let summaries = [a.summary()?, b.summary()?];
        for (run, summary) in [a, b].into_iter().zip(&summaries) {
            if summary.state == RunState::Unfinished {
                return Err(EvidenceError::NotFinished { path: run.path().to_owned() });
            }
        }
        let [one, other] = summaries;
        let (rows, same_rows) = rows(a.evidence()?.rows(), b.evidence()?.rows());
        let clocked = || -> Result<_, EvidenceError> { Ok(self::rows(a.timings()?.rows(), b.timings()?.rows()).0) };
        Ok(Self {
            settings: differences(&leaves(&a.lock()?), &leaves(&b.lock()?)),
            systems: systems(&a.profiles()?, &b.profiles()?),
            questions: questions(&a.answers()?, &b.answers()?),
            statements: statements(&one.statements, &other.statements),
            controls: differences(&controls(&one.controls), &controls(&other.controls)),
            control_status: [one.control_status, other.control_status],
            rows,
            same_rows,
            timings: timings.then(clocked).transpose()?,
            runs: [one.provenance, other.provenance],
        })
    }

    /// Whether an answer, a system, a control or a number beyond its interval changed, or one of the runs has what the
    /// other lacks. Settings, timings, words and numbers within their intervals do not count.
    pub fn differs(&self) -> bool {
        self.statements.iter().any(|change| change.change != Changed::Words)
            || self.rows.iter().any(|row| row.change != Change::Within)
            || !self.questions.is_empty()
            || !self.systems.is_empty()
            || !self.controls.is_empty()
    }

    /// How many rows changed so.
    pub fn count(&self, change: Change) -> usize {
        self.rows.iter().filter(|row| row.change == change).count()
    }
}

impl RowChange {
    /// The row of B, or of A where B has none.
    pub fn row(&self) -> &Row {
        self.b.as_ref().or(self.a.as_ref()).expect("a change has a row on one side at least")
    }
}

impl StatementChange {
    /// The answers of A and B; absent where a run says nothing.
    pub fn answers(&self) -> [Option<E2e>; 2] {
        [&self.a, &self.b].map(|statement| statement.as_ref().map(|one| one.end_to_end))
    }
}

/// What has another value in each of two maps, by key.
fn differences(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let of = |name: &String| Difference { name: name.clone(), a: a.get(name).cloned(), b: b.get(name).cloned() };
    names.into_iter().map(of).filter(|found| found.a != found.b).collect()
}

/// Every leaf of a lock by its path; a list is a leaf. What belongs to the scenario goes without that word.
fn leaves(lock: &Value) -> BTreeMap<String, String> {
    fn descend(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields {
                    let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    descend(&below, field, into);
                }
            }
            Value::Null => {}
            Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                into.insert(path.to_owned(), items.collect::<Vec<_>>().join(", "));
            }
            other => drop(into.insert(path.to_owned(), other.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    descend("", lock, &mut found);
    let plain = |(path, value): (String, String)| (path.strip_prefix("scenario.").unwrap_or(&path).to_owned(), value);
    found.into_iter().map(plain).collect()
}

/// Systems of one run only, and what is declared or described differently of those of both. Parameters are left out: they
/// are settings.
fn systems(a: &[Profile], b: &[Profile]) -> Vec<Difference> {
    let described = |of: &[Profile], others: &[Profile]| -> BTreeMap<String, String> {
        let shared = |profile: &&Profile| others.iter().any(|other| other.name == profile.name);
        let titles = of.iter().map(|profile| (profile.name.clone(), profile.title.clone()));
        titles.chain(of.iter().filter(shared).flat_map(description)).collect()
    };
    differences(&described(a, b), &described(b, a))
}

fn description(profile: &Profile) -> Vec<(String, String)> {
    let name = &profile.name;
    let learns = profile.leakage.iter().map(|(observer, learns)| {
        let learns = if learns.is_empty() { "nothing".to_owned() } else { learns.join("; ") };
        (format!("{name}: declared to {observer}"), learns)
    });
    let flow = profile.flow.iter().map(|step| format!("{} to {}: {}", step.from, step.to, step.label));
    let decisions = profile.decisions.iter().map(|decision| format!("{}: {}", decision.what, decision.who));
    let told = [
        (format!("{name}: flow"), flow.collect::<Vec<_>>().join("; ")),
        (format!("{name}: who decides"), decisions.collect::<Vec<_>>().join("; ")),
    ];
    learns.chain(told).collect()
}

fn controls(controls: &[Control]) -> BTreeMap<String, String> {
    let state = |control: &Control| if control.passed { "passed" } else { "failed" }.to_owned();
    controls.iter().map(|control| (control.name.clone(), state(control))).collect()
}

fn questions(a: &[Answer], b: &[Answer]) -> Vec<QuestionChange> {
    let asked: BTreeSet<&str> = a.iter().chain(b).map(|answer| answer.question.as_str()).collect();
    let change = |question: &str| {
        let of = [a, b].map(|answers| answers.iter().find(|answer| answer.question == question));
        let systems = of.map(|answer| {
            let lines = answer.into_iter().flat_map(|answer| &answer.lines);
            lines.map(|line| (line.architecture.clone(), line.verdict.name().to_owned())).collect()
        });
        let found = QuestionChange {
            question: question.to_owned(),
            asked: of.into_iter().flatten().next().map(|answer| answer.asked.clone()).unwrap_or_default(),
            verdicts: of.map(|answer| answer.map(|answer| answer.verdict)),
            sentences: of.map(|answer| answer.map(|answer| answer.sentence.clone())),
            systems: if of.iter().all(Option::is_some) { differences(&systems[0], &systems[1]) } else { Vec::new() },
        };
        (found.verdicts[0] != found.verdicts[1] || !found.systems.is_empty()).then_some(found)
    };
    asked.into_iter().filter_map(change).collect()
}

fn statements(a: &[Statement], b: &[Statement]) -> Vec<StatementChange> {
    let key = |of: &Statement| (of.architecture.clone(), of.observer.clone(), of.corruption.clone());
    let mut pairs: Vec<(_, [Option<&Statement>; 2])> = Vec::new();
    for (side, statement) in a.iter().map(|one| (0, one)).chain(b.iter().map(|one| (1, one))) {
        let known = pairs.iter().position(|(other, pair)| *other == key(statement) && pair[side].is_none());
        let place = known.unwrap_or(pairs.len());
        if place == pairs.len() {
            pairs.push((key(statement), [None, None]));
        }
        pairs[place].1[side] = Some(statement);
    }
    let mut changes: Vec<StatementChange> = pairs.into_iter().filter_map(|(key, [a, b])| changed(key, a, b)).collect();
    changes.sort_by_key(|change| change.change);
    changes
}

fn changed(key: (String, String, String), a: Option<&Statement>, b: Option<&Statement>) -> Option<StatementChange> {
    let learnt = |of: Option<&Statement>| -> BTreeSet<String> {
        of.into_iter().flat_map(|one| one.learns.iter().chain(&one.beyond_encryption)).cloned().collect()
    };
    let (before, after) = (learnt(a), learnt(b));
    let change = match (a, b) {
        (Some(a), Some(b)) if a == b => return None,
        (Some(a), Some(b)) if a.end_to_end != b.end_to_end => Changed::EndToEnd,
        (Some(a), Some(b)) if before != after || a.beyond_detection != b.beyond_detection => Changed::Learns,
        (Some(_), Some(_)) => Changed::Words,
        (_, None) => Changed::OnlyA,
        (None, _) => Changed::OnlyB,
    };
    let (architecture, observer, corruption) = key;
    Some(StatementChange {
        architecture,
        observer,
        corruption,
        change,
        gained: after.difference(&before).cloned().collect(),
        lost: before.difference(&after).cloned().collect(),
        a: a.cloned(),
        b: b.cloned(),
    })
}

/// What is measured: every column that says what a row is about, but for the parameters.
fn measurement(row: &Row) -> [&str; 10] {
    [
        &row.question,
        &row.game,
        &row.task,
        &row.architecture,
        &row.variant,
        &row.observer,
        &row.corruption,
        &row.content,
        &row.quantity,
        &row.unit,
    ]
}

/// The rows that differ, and how many do not.
fn rows(a: &[Row], b: &[Row]) -> (Vec<RowChange>, usize) {
    // In the order of A, then of B.
    let mut places = BTreeMap::new();
    let mut groups: Vec<[Vec<&Row>; 2]> = Vec::new();
    for (side, row) in a.iter().map(|row| (0, row)).chain(b.iter().map(|row| (1, row))) {
        let place = *places.entry(measurement(row)).or_insert(groups.len());
        if place == groups.len() {
            groups.push([Vec::new(), Vec::new()]);
        }
        groups[place][side].push(row);
    }
    let pairs: Vec<_> = groups.into_iter().flat_map(|[a, b]| pair(&a, &b)).collect();
    let all = pairs.len();
    let changes: Vec<_> = pairs.into_iter().filter_map(|(under, a, b)| change(under, a, b)).collect();
    let same = all - changes.len();
    (changes, same)
}

type Pair<'a> = (Vec<Difference>, Option<&'a Row>, Option<&'a Row>);

/// Rows of one measurement, each with its counterpart.
fn pair<'a>(a: &[&'a Row], b: &[&'a Row]) -> Vec<Pair<'a>> {
    let under = settings(a, b);
    let conditions = |row: &'a Row| -> Vec<(&str, &str)> {
        row.parameters.iter().filter(|(key, _)| under.iter().all(|setting| setting.name != *key)).collect()
    };
    let alike =
        |rows: &[&'a Row], row: &'a Row| rows.iter().filter(|other| conditions(row) == conditions(other)).count();
    let mut left = b.to_vec();
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for row in a {
        let alone = alike(a, row) == 1 && alike(b, row) == 1;
        let found =
            left.iter().position(|other| conditions(row) == conditions(other) && (alone || other.method == row.method));
        match found.map(|place| left.remove(place)) {
            Some(other) => pairs.push((under.clone(), Some(row), Some(other))),
            None => pairs.push((Vec::new(), Some(row), None)),
        }
    }
    pairs.extend(left.into_iter().map(|row| (Vec::new(), None, Some(row))));
    pairs
}

/// Parameters that have one value in all of `a` and another in all of `b`.
fn settings(a: &[&Row], b: &[&Row]) -> Vec<Difference> {
    let one_value = |rows: &[&Row], key: &str| {
        let mut values = rows.iter().map(|row| row.parameters.value(key));
        let first = values.next().flatten()?;
        values.all(|value| value == Some(first)).then(|| first.to_owned())
    };
    let keys: BTreeSet<&str> = a.iter().flat_map(|row| row.parameters.iter()).map(|(key, _)| key).collect();
    let of = |key: &str| Difference { name: key.to_owned(), a: one_value(a, key), b: one_value(b, key) };
    keys.into_iter().map(of).filter(|found| found.a.is_some() && found.b.is_some() && found.a != found.b).collect()
}

fn change(under: Vec<Difference>, a: Option<&Row>, b: Option<&Row>) -> Option<RowChange> {
    let change = match (a, b) {
        (Some(a), Some(b)) if a.status != b.status => Change::Status,
        (Some(a), Some(b)) if numbers(a) == numbers(b) => return None,
        (Some(a), Some(b)) if a.status == Status::Decided && apart(a, b) => Change::Beyond,
        (Some(_), Some(_)) => Change::Within,
        (_, None) => Change::OnlyA,
        (None, _) => Change::OnlyB,
    };
    Some(RowChange { change, under, a: a.cloned(), b: b.cloned() })
}

/// What a row says; its seed is the run's.
fn numbers(row: &Row) -> (Option<f64>, Option<f64>, Option<f64>, crate::Bound, u64, &str) {
    (row.value, row.low, row.high, row.bound, row.n, &row.method)
}

/// Whether the intervals do not meet; a number without an interval is one of length zero.
fn apart(a: &Row, b: &Row) -> bool {
    let ends = |row: &Row| Some((row.low.or(row.value)?, row.high.or(row.value)?));
    match (ends(a), ends(b)) {
        (Some((low, high)), Some((other_low, other_high))) => high < other_low || other_high < low,
        (None, None) => false,
        _ => true,
    }
}
