use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to one question: what the evidence says, and whether it contradicts what critics of scanning say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Identifier of the question, as in the `question` column.
    pub question: String,
    /// The question in words.
    pub asked: String,
    /// How it was asked of the running systems.
    pub procedure: String,
    /// How its number is counted.
    #[serde(default)]
    pub counted: String,
    /// What its number does not say.
    #[serde(default)]
    pub limits: String,
    /// The answer in one sentence, with its number.
    pub sentence: String,
    /// What the lines' numbers are, in words.
    pub measure: String,
    /// What they count in.
    pub unit: Unit,
    /// What would contradict the open letter of October 2020, fixed before the run; empty if nothing was fixed.
    pub threshold: String,
    /// What the project fixed, if the scenario has another threshold; empty if it has this.
    pub changed_from: String,
    /// The threshold on the scale of the lines' numbers, if it is one.
    pub limit: Option<f64>,
    /// Whether a shortlisted design crosses it.
    pub verdict: Verdict,
    /// What would change the answer.
    pub would_change: String,
    /// One line per system.
    pub lines: Vec<AnswerLine>,
}

/// The answer for one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerLine {
    /// The system.
    pub architecture: String,
    /// Whether the paper shortlists it; the others stand beside these for comparison, plain `e2ee` as control.
    pub shortlisted: bool,
    /// The answer in one sentence.
    pub sentence: String,
    /// The number, and its ends.
    pub value: Option<f64>,
    /// Low end.
    pub low: Option<f64>,
    /// High end.
    pub high: Option<f64>,
    /// Whether the threshold is crossed here.
    pub verdict: Verdict,
    /// Which row of `evidence.csv` the number is, counted from 1 behind the heading.
    pub row: Option<u64>,
}

/// What the numbers of an answer count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Shares, from 0 to 1.
    Share,
    /// Bits.
    Bit,
    /// Times as much as with plain end-to-end encryption.
    Ratio,
    /// People.
    People,
}

/// What an answer says of a statement of the open letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The threshold that was fixed in advance is crossed: the statement does not hold here.
    Contradicted,
    /// It is not crossed, and that is decided.
    Stands,
    /// It takes more trials to say.
    Undecided,
    /// Nothing was fixed that would contradict: the numbers speak.
    NoThreshold,
    /// The question has no meaning here.
    NotApplicable,
    /// What it is asked of was not measured.
    NotRun,
    /// The measurement broke off.
    Failed,
}

impl Verdict {
    /// Its name, as in `answers.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Stands => "stands",
            Self::Undecided => "undecided",
            Self::NoThreshold => "no-threshold",
            Self::NotApplicable => "not-applicable",
            Self::NotRun => "not-run",
            Self::Failed => "failed",
        }
    }

    /// What the verdicts on several systems add up to: what holds of one contradicts a statement about all.
    #[must_use]
    pub fn of_all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts
            .into_iter()
            .min_by_key(|verdict| match verdict {
                Self::Contradicted => 0,
                Self::Undecided => 1,
                Self::Failed => 2,
                Self::Stands => 3,
                Self::NoThreshold => 4,
                Self::NotRun => 5,
                Self::NotApplicable => 6,
            })
            .unwrap_or(Self::NotApplicable)
    }
}
