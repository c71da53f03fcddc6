use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// The columns of `evidence` and `timings`, in order.
pub const COLUMNS: [&str; 19] = [
    "question",
    "game",
    "task",
    "architecture",
    "variant",
    "observer",
    "corruption",
    "content",
    "parameter",
    "quantity",
    "unit",
    "value",
    "low",
    "high",
    "bound",
    "status",
    "n",
    "method",
    "seed",
];

/// One measured number: what was asked, of which system and observer, and what came out.
///
/// Identifiers are empty where none applies. The builder methods are named after the columns:
///
/// ```
/// use sightline_evidence::{Row, Status};
/// let row = Row::new("advantage", "1")
///     .question("endpoints-only").game("distinguish").task("ordinary-pair")
///     .architecture("device-hashing").observer("provider").corruption("curious")
///     .parameter("list", 1000).parameter("radius", 31)
///     .lower(1.0, 0.986, 1.0).n(1_000).method("lookup").seed(1);
/// assert_eq!(row.parameters.to_string(), "list=1000;radius=31");
/// assert_eq!(row.status, Status::Decided);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Question asked, or `control`.
    pub question: String,
    /// Game played.
    pub game: String,
    /// Task within the game.
    pub task: String,
    /// System under test.
    pub architecture: String,
    /// Variant of the system.
    pub variant: String,
    /// Coalition, members joined by `+` in alphabetical order.
    pub observer: String,
    /// Corruption of each member, joined likewise.
    pub corruption: String,
    /// Content class: `ordinary`, `near`, `listed`, `planted` or `any`.
    pub content: String,
    /// Parameters under which the number was measured.
    #[serde(rename = "parameter")]
    pub parameters: Parameters,
    /// What was measured.
    pub quantity: String,
    /// SI unit, `bit`, `B`, or `1` for a pure number.
    pub unit: String,
    /// Point value, in `unit`.
    pub value: Option<f64>,
    /// Low end, in `unit`.
    pub low: Option<f64>,
    /// High end, in `unit`.
    pub high: Option<f64>,
    /// What `value`, `low` and `high` are.
    pub bound: Bound,
    /// Whether the question was decided.
    pub status: Status,
    /// Trials behind the number.
    pub n: u64,
    /// Estimator or adversary.
    pub method: String,
    /// Seed of the run.
    pub seed: u64,
}

impl Row {
    /// A decided, exact row without a value yet; every identifier is empty.
    pub fn new(quantity: impl Into<String>, unit: impl Into<String>) -> Self {
        Self {
            question: String::new(),
            game: String::new(),
            task: String::new(),
            architecture: String::new(),
            variant: String::new(),
            observer: String::new(),
            corruption: String::new(),
            content: String::new(),
            parameters: Parameters::default(),
            quantity: quantity.into(),
            unit: unit.into(),
            value: None,
            low: None,
            high: None,
            bound: Bound::Exact,
            status: Status::Decided,
            n: 0,
            method: String::new(),
            seed: 0,
        }
    }

    /// Sets the question.
    #[must_use]
    pub fn question(mut self, id: impl Into<String>) -> Self {
        self.question = id.into();
        self
    }

    /// Sets the game.
    #[must_use]
    pub fn game(mut self, id: impl Into<String>) -> Self {
        self.game = id.into();
        self
    }

    /// Sets the task of the game.
    #[must_use]
    pub fn task(mut self, id: impl Into<String>) -> Self {
        self.task = id.into();
        self
    }

    /// Sets the architecture.
    #[must_use]
    pub fn architecture(mut self, id: impl Into<String>) -> Self {
        self.architecture = id.into();
        self
    }

    /// Sets the variant of the architecture.
    #[must_use]
    pub fn variant(mut self, id: impl Into<String>) -> Self {
        self.variant = id.into();
        self
    }

    /// Sets the observer.
    #[must_use]
    pub fn observer(mut self, id: impl Into<String>) -> Self {
        self.observer = id.into();
        self
    }

    /// Sets the corruption.
    #[must_use]
    pub fn corruption(mut self, id: impl Into<String>) -> Self {
        self.corruption = id.into();
        self
    }

    /// Sets the content class.
    #[must_use]
    pub fn content(mut self, id: impl Into<String>) -> Self {
        self.content = id.into();
        self
    }

    /// Adds one parameter.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.parameters = self.parameters.with(key, value);
        self
    }

    /// Sets all parameters.
    #[must_use]
    pub fn parameters(mut self, parameters: Parameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// An exact value: `low` and `high` equal it.
    #[must_use]
    pub fn exact(self, value: f64) -> Self {
        self.measured(Bound::Exact, value, value, value)
    }

    /// A lower bound: only `low` is published as a bound; `value` and `high` are this adversary's interval.
    #[must_use]
    pub fn lower(self, value: f64, low: f64, high: f64) -> Self {
        self.measured(Bound::Lower, value, low, high)
    }

    /// A value with an interval of two sides.
    #[must_use]
    pub fn interval(self, value: f64, low: f64, high: f64) -> Self {
        self.measured(Bound::Interval, value, low, high)
    }

    /// A value that follows from a model.
    #[must_use]
    pub fn model(self, value: f64, low: f64, high: f64) -> Self {
        self.measured(Bound::Model, value, low, high)
    }

    /// A published value, not measured here.
    #[must_use]
    pub fn published(self, value: f64) -> Self {
        Self { value: Some(value), bound: Bound::Published, ..self }
    }

    /// Sets the status; [`Status::Decided`] until then.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Sets the number of trials.
    #[must_use]
    pub fn n(mut self, trials: u64) -> Self {
        self.n = trials;
        self
    }

    /// Sets the estimator or adversary.
    #[must_use]
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.method = name.into();
        self
    }

    /// Sets the seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn measured(self, bound: Bound, value: f64, low: f64, high: f64) -> Self {
        Self { value: Some(value), low: Some(low), high: Some(high), bound, ..self }
    }
}

/// What the numbers of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Computed, not estimated.
    Exact,
    /// At least `low`; `value` and `high` belong to the adversary that was tried.
    Lower,
    /// Between `low` and `high`.
    Interval,
    /// Follows from a model with the stated parameters.
    Model,
    /// Taken from a publication.
    Published,
}

/// Whether a question was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The number stands.
    Decided,
    /// The trials did not suffice.
    Undecided,
    /// The question has no meaning here.
    NotApplicable,
    /// The measurement broke off.
    Failed,
}

/// A word that is not one of an enumeration's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct UnknownWord {
    /// The words that would do.
    pub expected: &'static str,
    /// The word that stands there.
    pub found: String,
}

impl Bound {
    /// The word written in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lower => "lower",
            Self::Interval => "interval",
            Self::Model => "model",
            Self::Published => "published",
        }
    }
}

impl Status {
    /// The word written in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Undecided => "undecided",
            Self::NotApplicable => "not-applicable",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Bound {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Exact, Self::Lower, Self::Interval, Self::Model, Self::Published]
            .into_iter()
            .find(|bound| bound.as_str() == word)
            .ok_or_else(|| UnknownWord {
                expected: "exact, lower, interval, model or published",
                found: word.to_owned(),
            })
    }
}

impl FromStr for Status {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Decided, Self::Undecided, Self::NotApplicable, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| UnknownWord {
                expected: "decided, undecided, not-applicable or failed",
                found: word.to_owned(),
            })
    }
}

/// Parameters of a row, written `key=value;key=value` in the order of the keys.
///
/// A key holds neither `=` nor `;` and is not empty; a value holds no `;`. A table with others refuses to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same parameters with one more, or with one replaced.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.insert(key.into(), value.to_string());
        self
    }

    /// The value of one parameter.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Every parameter, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn are_writable(&self) -> bool {
        self.iter().all(|(key, value)| !key.is_empty() && !key.contains(['=', ';']) && !value.contains(';'))
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Parameters {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let expected = "key=value pairs joined by `;`, sorted by key";
        let unknown = || UnknownWord { expected, found: text.to_owned() };
        let mut parameters = Self::new();
        for pair in text.split(';').filter(|_| !text.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(unknown)?;
            parameters.0.insert(key.to_owned(), value.to_owned());
        }
        if parameters.are_writable() && parameters.to_string() == text { Ok(parameters) } else { Err(unknown()) }
    }
}

/// A finite number in the shortest decimal form that reads back as the same number.
///
/// Very large and very small magnitudes are written with an exponent; negative zero is written `0`.
pub fn format_number(value: f64) -> String {
    let value = value + 0.0;
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-6..1e16).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}
