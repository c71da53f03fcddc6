use crate::Thresholds;
use crate::hash_accuracy::DEPLOYED;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sightline_architectures::{NAMES, REFERENCES, VARIANTS};
use sightline_evidence::Expectation;
use sightline_fingerprint::{ALGORITHMS, Algorithm};
use sightline_lists::Radius;
use sightline_messenger::Padding;
use sightline_pictures::{Corpus, CorpusError};
use sightline_protocol::{Network, Order, Policy, Span, Time};
use std::ops::Range;
use std::path::PathBuf;

/// Is content readable by sender and recipients alone?
pub(crate) const ENDPOINTS_ONLY: &str = "endpoints-only";
/// Does a hash identify a picture, so that sharing it is sharing content?
pub(crate) const HASH_IDENTIFIES: &str = "hash-identifies";

/// If the provider lies, what does it obtain?
pub(crate) const ROGUE_PROVIDER: &str = "rogue-provider";

/// If the list, or whoever feeds it, is compromised, are people who hold lawful pictures found?
pub(crate) const PLANTED_LIST: &str = "planted-list";
/// What follows when the enclave breaks?
pub(crate) const BROKEN_ENCLAVE: &str = "broken-enclave";
/// Can an order turn the system on whistleblowers' documents?
pub(crate) const MANDATE: &str = "mandate";
/// Does one hole make devices spy at large?
pub(crate) const ONE_HOLE: &str = "one-hole";
/// Is anything specific to the content that it is meant for?
pub(crate) const ANY_CONTENT: &str = "any-content";
/// What if the client does not play along?
pub(crate) const UNCOOPERATIVE_CLIENT: &str = "uncooperative-client";
/// Can an innocent be made to look guilty, or reviewers be flooded?
pub(crate) const FRAME: &str = "frame";
/// How well does matching survive ordinary handling?
pub(crate) const HASH_ACCURACY: &str = sightline_accuracy::QUESTION;
/// What does each design detect that end-to-end encryption with user reports does not?
pub(crate) const BENEFIT: &str = "benefit";
/// Can access be authorised, narrow, based on suspicion, necessary and proportionate?
pub(crate) const LAWFUL_ACCESS: &str = "lawful-access";
/// What can be done without weakening encryption?
pub(crate) const STILL_E2EE: &str = "still-e2ee";
/// Can outsiders check list and matching?
pub(crate) const OVERSIGHT: &str = "oversight";

/// What does each cost?
pub(crate) const COST: &str = "cost";

/// The questions that can be asked in this version.
pub const QUESTIONS: [&str; 16] = [
    ENDPOINTS_ONLY,
    HASH_IDENTIFIES,
    PLANTED_LIST,
    ROGUE_PROVIDER,
    BROKEN_ENCLAVE,
    MANDATE,
    ONE_HOLE,
    ANY_CONTENT,
    UNCOOPERATIVE_CLIENT,
    FRAME,
    HASH_ACCURACY,
    BENEFIT,
    LAWFUL_ACCESS,
    STILL_E2EE,
    OVERSIGHT,
    COST,
];

/// The questions that another rests on: its answer is drawn from their rows.
fn rests_on(question: &str) -> &'static [&'static str] {
    match question {
        BROKEN_ENCLAVE => &[ENDPOINTS_ONLY, ROGUE_PROVIDER],
        ONE_HOLE => &[ENDPOINTS_ONLY, ROGUE_PROVIDER, PLANTED_LIST],
        STILL_E2EE => &[ENDPOINTS_ONLY, FRAME, BENEFIT],
        _ => &[],
    }
}

/// What is assessed, with every default resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The number that everything random derives from.
    pub seed: u64,
    /// The systems to assess.
    pub architectures: Vec<String>,
    /// The questions to ask.
    pub questions: Vec<String>,
    /// Reporting trials of the task `ordinary-pair` for each system, and three fifths as many of the others; half as many
    /// more serve to choose the adversary.
    pub trials: u32,
    /// Users of a deployment, two of whom converse.
    pub users: u16,
    /// The pictures.
    pub pictures: Pictures,
    /// The hash list.
    pub list: List,
    /// What the proposals leave open.
    pub detection: Policy,
    /// What a court orders, where a system knows courts.
    pub order: CourtOrder,
    /// The messenger.
    pub messenger: Messenger,
    /// The simulated network.
    pub network: Wires,
    /// What is handled.
    pub hash_accuracy: HashAccuracy,
    /// What is costed.
    pub cost: Cost,
    /// The checks of the instrument itself.
    pub controls: Controls,
    /// What would contradict the open letter.
    pub thresholds: Thresholds,
    /// What is claimed of the numbers, and judged when they are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pictures {
    /// A folder of pictures; without one, pictures are generated.
    pub folder: Option<PathBuf>,
    /// How many pictures are generated.
    pub count: usize,
    /// Whether thumbnails of the folder's pictures go into the run folder. Generated ones always do.
    pub include: bool,
}

/// The hash list that is matched against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct List {
    /// Number of entries.
    pub entries: usize,
    /// Hamming distance up to which a hash matches, in bits.
    pub radius: u32,
}

/// Access to what accounts do, as a court orders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CourtOrder {
    /// Numbers of the accounts; without any, nothing is ordered. Users are numbered from 0, and 0 and 1 converse.
    pub accounts: Vec<u16>,
    /// How many seconds of a run it is about.
    pub seconds: u32,
}

/// Settings of the messenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Messenger {
    /// Padding of attachments: `none`, `block-256`, `padme`, `signal` or `power-of-two`.
    pub padding: String,
}

/// Settings of the simulated network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wires {
    /// Least time a message takes, in milliseconds.
    pub latency_ms: f64,
    /// Further time, uniform from zero to this, in milliseconds.
    pub jitter_ms: f64,
    /// Probability that a message is lost once; loss shows as delay.
    pub loss: f64,
}

/// Settings of the question `hash-accuracy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HashAccuracy {
    /// How many of the run's pictures are handled.
    pub pictures: usize,
    /// Strengths of each kind of handling, spread evenly over those that there are, at most 8.
    pub strengths: usize,
    /// Fingerprints that are measured beside the one that systems match by.
    pub beside: Vec<String>,
}

/// Settings of the question `cost`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cost {
    /// Entries of the longest list that costs are measured beside: lists of 10³, 10⁴, … entries, up to this.
    pub largest_list: usize,
}

/// Settings of the controls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Controls {
    /// How often each control is repeated.
    pub repetitions: u32,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 1,
            architectures: NAMES.map(str::to_owned).into(),
            questions: QUESTIONS.map(str::to_owned).into(),
            trials: 1000,
            users: 2,
            pictures: Pictures::default(),
            list: List::default(),
            detection: Policy::default(),
            order: CourtOrder::default(),
            messenger: Messenger::default(),
            network: Wires::default(),
            hash_accuracy: HashAccuracy::default(),
            cost: Cost::default(),
            controls: Controls::default(),
            thresholds: Thresholds::default(),
            expect: Vec::new(),
        }
    }
}

impl Default for Pictures {
    fn default() -> Self {
        Self { folder: None, count: 1400, include: false }
    }
}

impl Default for List {
    fn default() -> Self {
        Self { entries: 1000, radius: sightline_fingerprint::DEFAULT_RADIUS }
    }
}

impl Default for CourtOrder {
    fn default() -> Self {
        Self { accounts: vec![0], seconds: 300 }
    }
}

impl Default for Messenger {
    fn default() -> Self {
        Self { padding: Padding::default().to_string() }
    }
}

impl Default for Wires {
    fn default() -> Self {
        Self { latency_ms: 20.0, jitter_ms: 5.0, loss: 0.001 }
    }
}

impl Default for HashAccuracy {
    fn default() -> Self {
        Self { pictures: 80, strengths: 3, beside: ["phash", "dhash", "ahash", "blockhash"].map(str::to_owned).into() }
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self { largest_list: 1_000_000 }
    }
}

impl Default for Controls {
    fn default() -> Self {
        Self { repetitions: 100 }
    }
}

/// A scenario that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Not the TOML that is expected.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Which bytes of the text it is about.
        span: Option<Range<usize>>,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// A name that stands for nothing.
    #[error("there is no {kind} `{name}`; there are: {known}")]
    Unknown {
        /// What kind of thing.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// An expectation that cannot be judged.
    #[error("`expect`: {0}")]
    Expectation(String),
    /// A number outside its range.
    #[error("`{key}` must be {range}, not {found}")]
    Range {
        /// The key.
        key: &'static str,
        /// The range, in words.
        range: &'static str,
        /// What was given.
        found: String,
    },
}

/// Every key of a scenario file, for suggestions.
const KEYS: [&str; 57] = [
    "seed",
    "architectures",
    "questions",
    "trials",
    "users",
    "pictures",
    "list",
    "messenger",
    "network",
    "cost",
    "largest_list",
    "hash_accuracy",
    "strengths",
    "beside",
    "controls",
    "folder",
    "count",
    "include",
    "entries",
    "radius",
    "padding",
    "latency_ms",
    "jitter_ms",
    "loss",
    "repetitions",
    "detection",
    "scanned",
    "threshold",
    "delivery",
    "outage",
    "log_days",
    "review",
    "hide_timing",
    "lists",
    "order",
    "accounts",
    "seconds",
    "thresholds",
    "identified_bits",
    "holders_found",
    "kinds_differ",
    "detection_lost",
    "expect",
    "question",
    "architecture",
    "quantity",
    "game",
    "task",
    "variant",
    "observer",
    "corruption",
    "content",
    "parameter",
    "below",
    "above",
    "equals",
    "bound",
];

impl Scenario {
    /// Reads a scenario file; what it leaves out keeps its default.
    ///
    /// # Errors
    /// [`ScenarioError::Syntax`] with the place and, for an unknown key, the nearest one that exists.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text).map_err(|error| {
            let message = error.message().to_owned();
            let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            let nearest = unknown.and_then(|name| {
                let distance = |key: &&&str| strsim::damerau_levenshtein(name, key);
                KEYS.iter().min_by_key(distance).filter(|key| distance(key) <= 3)
            });
            ScenarioError::Syntax {
                suggestion: nearest.map(|key| format!("did you mean `{key}`?")),
                span: error.span(),
                message,
            }
        })
    }

    /// The scenario as a file, every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a scenario holds nothing that TOML cannot")
    }

    /// Smaller numbers everywhere: a first look in seconds.
    #[must_use]
    pub fn quick(mut self) -> Self {
        self.trials = self.trials.min(40);
        self.pictures.count = self.pictures.count.min(160);
        self.controls.repetitions = self.controls.repetitions.min(40);
        self.hash_accuracy.pictures = self.hash_accuracy.pictures.min(40);
        self.hash_accuracy.strengths = self.hash_accuracy.strengths.min(1);
        self.hash_accuracy.beside.clear();
        self.cost.largest_list = self.cost.largest_list.min(10_000);
        self
    }

    /// Checks every name and number.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first that cannot be used.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let systems = [&NAMES[..], &VARIANTS[..], &REFERENCES[..]].concat();
        known("architecture", &self.architectures, &systems)?;
        known("question", &self.questions, &QUESTIONS)?;
        self.expect.iter().try_for_each(Expectation::check).map_err(ScenarioError::Expectation)?;
        let padding = Padding::ALL.map(|padding| padding.to_string());
        let padding = padding.each_ref().map(String::as_str);
        known("padding", std::slice::from_ref(&self.messenger.padding), &padding)?;
        let fingerprints = ALGORITHMS.map(<dyn Algorithm>::name);
        let beside: Vec<&str> = fingerprints.into_iter().filter(|name| *name != DEPLOYED).collect();
        known("fingerprint to measure beside pdq", &self.hash_accuracy.beside, &beside)?;
        let range = |key, range, holds: bool, found: String| {
            if holds { Ok(()) } else { Err(ScenarioError::Range { key, range, found }) }
        };
        let wires = &self.network;
        let milliseconds = |value: f64| (0.0..=60_000.0).contains(&value);
        range("trials", "between 20 and 1000000", (20..=1_000_000).contains(&self.trials), self.trials.to_string())?;
        range("users", "between 2 and 100", (2..=100).contains(&self.users), self.users.to_string())?;
        range(
            "pictures.count",
            "between 20 and 100000",
            (20..=100_000).contains(&self.pictures.count),
            self.pictures.count.to_string(),
        )?;
        range("list.entries", "at most 1000000", self.list.entries <= 1_000_000, self.list.entries.to_string())?;
        range("list.radius", "between 1 and 127", (1..=127).contains(&self.list.radius), self.list.radius.to_string())?;
        let threshold = self.detection.threshold;
        range("detection.threshold", "between 1 and 1000", (1..=1000).contains(&threshold), threshold.to_string())?;
        range(
            "network.latency_ms",
            "between 0 and 60000",
            milliseconds(wires.latency_ms),
            wires.latency_ms.to_string(),
        )?;
        range("network.jitter_ms", "between 0 and 60000", milliseconds(wires.jitter_ms), wires.jitter_ms.to_string())?;
        range("network.loss", "between 0 and 0.5", (0.0..=0.5).contains(&wires.loss), wires.loss.to_string())?;
        let HashAccuracy { pictures, strengths, .. } = self.hash_accuracy;
        range("hash_accuracy.pictures", "between 8 and 10000", (8..=10_000).contains(&pictures), pictures.to_string())?;
        range("hash_accuracy.strengths", "between 1 and 8", (1..=8).contains(&strengths), strengths.to_string())?;
        let longest = self.cost.largest_list;
        range(
            "cost.largest_list",
            "between 1000 and 1000000",
            (1_000..=1_000_000).contains(&longest),
            longest.to_string(),
        )?;
        let order = &self.order;
        range(
            "order.accounts",
            "numbers of users, from 0 on and below `users`",
            order.accounts.iter().all(|account| *account < self.users),
            format!("{:?}", order.accounts),
        )?;
        range(
            "order.seconds",
            "between 60 and 86400",
            (60..=86_400).contains(&order.seconds),
            order.seconds.to_string(),
        )?;
        let Thresholds { identified_bits, holders_found, kinds_differ, detection_lost } = self.thresholds;
        let bits = (0.0..=10.0).contains(&identified_bits);
        range("thresholds.identified_bits", "between 0 and 10", bits, identified_bits.to_string())?;
        for (key, share) in [
            ("thresholds.holders_found", holders_found),
            ("thresholds.kinds_differ", kinds_differ),
            ("thresholds.detection_lost", detection_lost),
        ] {
            range(key, "between 0 and 1", (0.0..=1.0).contains(&share), share.to_string())?;
        }
        let repetitions = self.controls.repetitions;
        range(
            "controls.repetitions",
            "between 20 and 10000",
            (20..=10_000).contains(&repetitions),
            repetitions.to_string(),
        )
    }

    /// Trials to choose the adversary on, and to report. Choosing takes less evidence than bounding: what it needs a
    /// thousand trials to prove is plain on five hundred.
    pub(crate) fn halves(reported: u32) -> [u32; 2] {
        const LEAST: u32 = 100;
        [(reported / 2).max(LEAST.min(reported)), reported]
    }

    /// Whether a question is asked, or one that rests on it.
    pub(crate) fn asks(&self, question: &str) -> bool {
        self.questions.iter().any(|asked| asked == question || rests_on(asked).contains(&question))
    }

    /// Checks that the folder of pictures is there.
    ///
    /// # Errors
    /// [`CorpusError`] if it is not.
    pub fn check_pictures(&self) -> Result<(), CorpusError> {
        self.pictures.folder.as_deref().map_or(Ok(()), Corpus::check_folder)
    }

    pub(crate) fn padding(&self) -> Padding {
        self.messenger.padding.parse().unwrap_or_default()
    }

    pub(crate) fn order(&self) -> Option<Order> {
        let CourtOrder { accounts, seconds } = &self.order;
        let until = Time::after_start(Span::seconds(u64::from(*seconds)));
        let order =
            || Order { accounts: accounts.iter().copied().collect(), applied: Time::START, from: Time::START, until };
        (!accounts.is_empty()).then(order)
    }

    pub(crate) fn radius(&self) -> Radius {
        Radius::new(self.list.radius).unwrap_or_default()
    }

    pub(crate) fn wires(&self) -> Network {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie in 0 to 60 000")]
        let span = |milliseconds: f64| Span::microseconds((milliseconds * 1000.0) as u64);
        Network {
            latency: span(self.network.latency_ms),
            jitter: span(self.network.jitter_ms),
            loss: self.network.loss,
            ..Network::default()
        }
    }
}

fn known(kind: &'static str, names: &[String], all: &[&str]) -> Result<(), ScenarioError> {
    match names.iter().find(|name| !all.contains(&name.as_str())) {
        Some(name) => Err(ScenarioError::Unknown { kind, name: name.clone(), known: all.join(", ") }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_refused_with_its_place_and_a_suggestion() {
        let Err(ScenarioError::Syntax { span, suggestion, .. }) = Scenario::parse("seed = 1\n[list]\nradios = 3\n")
        else {
            panic!("a typo was accepted");
        };
        assert_eq!(suggestion.as_deref(), Some("did you mean `radius`?"));
        assert_eq!(span.map(|span| span.start), Some(16));
    }

    #[test]
    fn what_a_file_leaves_out_keeps_its_default() {
        let scenario = Scenario::parse("[list]\nradius = 20\n").unwrap();
        assert_eq!(scenario.list, List { radius: 20, ..List::default() });
        assert_eq!(scenario.check(), Ok(()));
    }

    #[test]
    fn what_is_written_reads_back() {
        let folder = Pictures { folder: Some("holiday".into()), ..Pictures::default() };
        for scenario in [Scenario::default(), Scenario { pictures: folder, ..Scenario::default() }.quick()] {
            assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
        }
    }

    #[test]
    fn what_is_expected_is_read_checked_and_written() {
        let claim = "question = \"endpoints-only\", architecture = \"e2ee\", quantity = \"advantage\"";
        let text = format!("seed = 3\nexpect = [{{ {claim}, below = 1 }}]\n[list]\nradius = 20\n");
        let scenario = Scenario::parse(&text).unwrap();
        assert_eq!((scenario.expect.len(), scenario.expect[0].below), (1, Some(1.0)));
        assert_eq!(scenario.check(), Ok(()));
        assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
        let endless = Scenario::parse(&format!("expect = [{{ {claim} }}]")).unwrap();
        assert!(matches!(endless.check(), Err(ScenarioError::Expectation(_))));
        let Err(ScenarioError::Syntax { suggestion, .. }) =
            Scenario::parse(&format!("expect = [{{ {claim}, bellow = 1 }}]"))
        else {
            panic!("a typo was accepted");
        };
        assert_eq!(suggestion.as_deref(), Some("did you mean `below`?"));
    }

    #[test]
    fn names_and_numbers_are_checked() {
        let scenario = |text: &str| Scenario::parse(text).unwrap().check();
        assert!(matches!(scenario("architectures = [\"e3ee\"]"), Err(ScenarioError::Unknown { .. })));
        assert!(matches!(scenario("[list]\nradius = 300"), Err(ScenarioError::Range { key: "list.radius", .. })));
        assert!(matches!(scenario("[network]\nloss = 0.9"), Err(ScenarioError::Range { .. })));
        assert!(matches!(scenario("[hash_accuracy]\nbeside = [\"pdq\"]"), Err(ScenarioError::Unknown { .. })));
        assert!(matches!(scenario("[hash_accuracy]\nstrengths = 9"), Err(ScenarioError::Range { .. })));
        assert!(matches!(scenario("[messenger]\npadding = \"padmee\""), Err(ScenarioError::Unknown { .. })));
    }
}
