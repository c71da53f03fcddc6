//! What a scenario claims of its numbers, and whether a run bears it out.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Row, Status, Table, format_number};

/// A claim about rows of the evidence: every row that fits must keep within the limits.
///
/// The columns `question`, `architecture` and `quantity` are named always, others where they matter; `parameter` names
/// some of a row's parameters as the table writes them, `key=value;key=value`. An empty text fits an empty cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Question asked.
    pub question: String,
    /// System.
    pub architecture: String,
    /// What is measured.
    pub quantity: String,
    /// Game played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub game: Option<String>,
    /// Task within the game.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Variant of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Coalition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer: Option<String>,
    /// Corruption of its members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corruption: Option<String>,
    /// Content class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Parameters, all of which a row must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The number is less than this, in the row's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// The number is more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// The number is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<f64>,
    /// Which number of the row; without it the one that proves the claim: `high` for `below`, `low` for `above`, `value`
    /// for `equals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<End>,
}

/// One of the three numbers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The low end.
    Low,
    /// The point value.
    Value,
    /// The high end.
    High,
}

impl Expectation {
    /// Whether it can be judged at all: it has a limit, and every limit is a number.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn check(&self) -> Result<(), String> {
        let limits: Vec<f64> = [self.below, self.above, self.equals].into_iter().flatten().collect();
        if limits.is_empty() {
            return Err(format!("{self} has no limit: give `below`, `above` or `equals`"));
        }
        if limits.iter().any(|limit| !limit.is_finite()) {
            return Err(format!("{self} has a limit that is no finite number"));
        }
        match self.parameters().find(|pair| !pair.contains('=')) {
            Some(pair) => Err(format!("{self} has the parameter `{pair}`, which is not key=value")),
            None => Ok(()),
        }
    }

    /// The rows that it is about.
    pub fn fitting<'a>(&self, evidence: &'a Table) -> Vec<&'a Row> {
        evidence.rows().iter().filter(|row| self.misfits(row).is_empty()).collect()
    }

    /// Everything that speaks against it in `evidence`, in words; nothing if it holds. A row that is not decided bears
    /// nothing out, and neither does a table without such a row.
    pub fn judge(&self, evidence: &Table) -> Vec<String> {
        let fitting = self.fitting(evidence);
        if fitting.is_empty() {
            return vec![self.nearest(evidence)];
        }
        fitting.into_iter().filter_map(|row| self.refuse(row)).collect()
    }

    /// What speaks against it in one row that fits.
    fn refuse(&self, row: &Row) -> Option<String> {
        let at = place(row);
        match row.status {
            Status::Decided => {}
            Status::Undecided => return Some(format!("{at} is undecided: the trials did not suffice")),
            Status::NotApplicable => return Some(format!("{at} is not applicable")),
            Status::Failed => return Some(format!("{at} failed")),
        }
        let refused = |limit: f64, word: &str, proves: End, holds: fn(f64, f64) -> bool| {
            let end = self.bound.unwrap_or(proves);
            match end.of(row) {
                None => Some(format!("{at} has no {end}")),
                Some(found) if holds(found, limit) => None,
                Some(found) => {
                    let (found, limit) = (format_number(found), format_number(limit));
                    Some(format!("{at} has a {end} of {found}, which is not {word} {limit}"))
                }
            }
        };
        let below = self.below.and_then(|limit| refused(limit, "below", End::High, |found, limit| found < limit));
        let above = self.above.and_then(|limit| refused(limit, "above", End::Low, |found, limit| found > limit));
        #[expect(clippy::float_cmp, reason = "a count or a number copied from the table")]
        let equals =
            self.equals.and_then(|limit| refused(limit, "equal to", End::Value, |found, limit| found == limit));
        below.or(above).or(equals)
    }

    /// No row fits: which rows are nearest, and what keeps them apart.
    fn nearest(&self, evidence: &Table) -> String {
        const SHOWN: usize = 3;
        let mut apart: Vec<(Vec<String>, &Row)> = evidence.rows().iter().map(|row| (self.misfits(row), row)).collect();
        apart.sort_by_key(|(misfits, _)| misfits.len());
        // One row for each way of being wrong.
        let mut shown: Vec<(Vec<String>, &Row)> = Vec::new();
        for (misfits, row) in apart {
            if shown.len() < SHOWN && shown.iter().all(|(other, _)| *other != misfits) {
                shown.push((misfits, row));
            }
        }
        let lines = shown.iter().map(|(misfits, row)| format!("; {} has {}", place(row), misfits.join(" and ")));
        format!("no row fits{}", lines.collect::<String>())
    }

    /// The cells in which a row differs from what is named.
    fn misfits(&self, row: &Row) -> Vec<String> {
        let columns = self.columns().into_iter().zip(cells(row));
        let named = columns.filter_map(|((name, wanted), cell)| Some((name, wanted?, cell)));
        let misfits =
            named.filter(|(_, wanted, cell)| wanted != cell).map(|(name, _, cell)| format!("{name} `{cell}`"));
        let pairs = self
            .parameters()
            .filter(|pair| !row.parameters.iter().any(|(key, value)| *pair == format!("{key}={value}")));
        let pairs = pairs.map(|pair| {
            let key = pair.split('=').next().unwrap_or_default();
            match row.parameters.value(key) {
                Some(value) => format!("parameter `{key}={value}`"),
                None => format!("no parameter `{key}`"),
            }
        });
        misfits.chain(pairs).collect()
    }

    fn columns(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("question", Some(&self.question)),
            ("architecture", Some(&self.architecture)),
            ("quantity", Some(&self.quantity)),
            ("game", self.game.as_deref()),
            ("task", self.task.as_deref()),
            ("variant", self.variant.as_deref()),
            ("observer", self.observer.as_deref()),
            ("corruption", self.corruption.as_deref()),
            ("content", self.content.as_deref()),
        ]
    }

    fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parameter.iter().flat_map(|text| text.split(';')).map(str::trim).filter(|pair| !pair.is_empty())
    }
}

/// The claim as a reader would say it: `endpoints-only, e2ee, provider: advantage below 0.1`.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.columns().into_iter().skip(3).filter_map(|(_, cell)| cell).chain(self.parameters());
        let named = [self.question.as_str(), self.architecture.as_str()].into_iter().chain(named);
        let named: Vec<&str> = named.filter(|name| !name.is_empty()).collect();
        write!(f, "{}: {}", named.join(", "), self.quantity)?;
        let limits = [("below", self.below), ("above", self.above), ("equal to", self.equals)];
        for (word, limit) in limits {
            if let Some(limit) = limit {
                write!(f, " {word} {limit}")?;
            }
        }
        self.bound.map_or(Ok(()), |end| write!(f, " by its {end}"))
    }
}

impl End {
    /// The number of a row; a published value has no ends and stands for itself.
    fn of(self, row: &Row) -> Option<f64> {
        let published = (row.bound == crate::Bound::Published).then_some(row.value).flatten();
        match self {
            Self::Low => row.low.or(published),
            Self::Value => row.value,
            Self::High => row.high.or(published),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low end",
            Self::Value => "value",
            Self::High => "high end",
        })
    }
}

fn cells(row: &Row) -> [&str; 9] {
    [
        &row.question,
        &row.architecture,
        &row.quantity,
        &row.game,
        &row.task,
        &row.variant,
        &row.observer,
        &row.corruption,
        &row.content,
    ]
}

/// Where a row is, in words.
fn place(row: &Row) -> String {
    let [question, architecture, quantity, others @ ..] = cells(row);
    let parameters = row.parameters.to_string();
    let named = [architecture, question].into_iter().chain(others).chain([parameters.as_str()]);
    let named: Vec<&str> = named.filter(|cell| !cell.is_empty()).collect();
    format!("{quantity} of {}", named.join(", "))
}
