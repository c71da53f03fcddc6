use crate::program::{Handing, Program, ProgramError, Settings};
use serde::Deserialize;
use sightline_fingerprint::{Algorithm, Fingerprint, FingerprintError, Pixels};
use std::sync::{Mutex, PoisonError};

/// The longest fingerprint, in bits.
const MOST_BITS: u32 = 1 << 16;

/// A fingerprint that a program makes.
#[derive(Debug)]
pub struct Plugin {
    name: &'static str,
    source: &'static str,
    bits: u32,
    threshold: u32,
    program: Program,
    failures: Mutex<(u64, Option<String>)>,
}

/// A file that describes no plug-in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// It cannot be read as TOML, or something is missing or unknown.
    #[error("{0}")]
    Syntax(String),
    /// The name could not stand in a header of CSV or on the command line.
    #[error("`{0}` cannot be a name: letters, digits, `-` and `_` are, up to 32")]
    Name(String),
    /// Another algorithm has this name.
    #[error("there is a fingerprint `{0}` already; give it another name")]
    Taken(String),
    /// A width that is not supported.
    #[error("fingerprints of {0} bits are not supported: a multiple of 8 up to {MOST_BITS}")]
    Bits(u32),
    /// A distance that cannot be.
    #[error("a threshold of {threshold} bits is not below the {bits} bits of a fingerprint")]
    Threshold {
        /// The threshold.
        threshold: u32,
        /// Bits of a fingerprint.
        bits: u32,
    },
    /// No program.
    #[error("`run` names no program")]
    Run,
    /// A limit that never passes, or at once.
    #[error("a limit of {0} seconds is not between 1 and 3600")]
    Seconds(u64),
}

/// A plug-in as its file describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    name: String,
    #[serde(default)]
    source: String,
    bits: u32,
    threshold: u32,
    run: Vec<String>,
    #[serde(default)]
    pictures: Handing,
    #[serde(default = "ten")]
    seconds: u64,
}

fn ten() -> u64 {
    10
}

impl Plugin {
    /// The plug-in that a TOML text describes. It stays until the program ends.
    ///
    /// # Errors
    /// [`PluginError`] that says what cannot be.
    pub fn read(text: &str) -> Result<&'static Self, PluginError> {
        let described: Described = toml::from_str(text).map_err(|error| PluginError::Syntax(error.to_string()))?;
        let Described { name, source, bits, threshold, run, pictures, seconds } = described;
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if name.is_empty() || name.len() > 32 || !name.chars().all(letter) {
            return Err(PluginError::Name(name));
        }
        if sightline_fingerprint::by_name(&name).is_some() {
            return Err(PluginError::Taken(name));
        }
        if bits == 0 || bits > MOST_BITS || !bits.is_multiple_of(8) {
            return Err(PluginError::Bits(bits));
        }
        if threshold >= bits {
            return Err(PluginError::Threshold { threshold, bits });
        }
        if run.first().is_none_or(String::is_empty) {
            return Err(PluginError::Run);
        }
        if !(1..=3600).contains(&seconds) {
            return Err(PluginError::Seconds(seconds));
        }
        let (name, source) = (Box::leak(name.into_boxed_str()), Box::leak(source.into_boxed_str()));
        let program = Program::new(Settings { run, pictures, seconds });
        Ok(Box::leak(Box::new(Self { name, source, bits, threshold, program, failures: Mutex::default() })))
    }

    /// How often the program failed so far, and how at first.
    pub fn failures(&self) -> (u64, Option<String>) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, encoded: &[u8]) -> Result<Vec<u8>, ProgramError> {
        let text = self.program.ask(encoded)?;
        let digits = text.trim();
        let bytes = hex::decode(digits).ok().filter(|bytes| bytes.len() * 8 == self.bits as usize);
        bytes.ok_or_else(|| ProgramError::Answer { expected: self.bits / 4, found: shown(&text) })
    }
}

impl Algorithm for Plugin {
    fn name(&self) -> &'static str {
        self.name
    }

    fn bits(&self) -> u32 {
        self.bits
    }

    fn threshold(&self) -> u32 {
        self.threshold
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn compute(&self, encoded: &[u8]) -> Result<Fingerprint, FingerprintError> {
        self.answer(encoded).map(|bytes| Fingerprint { bytes, quality: None }).map_err(|error| {
            let problem = error.to_string();
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            failures.0 += 1;
            failures.1.get_or_insert_with(|| problem.clone());
            FingerprintError::Outside { algorithm: self.name, problem }
        })
    }

    /// The program gets the pixels as PNG, which keeps them.
    fn of_picture(&self, picture: &Pixels<'_>) -> Option<Result<Fingerprint, FingerprintError>> {
        Some(self.compute(&picture.to_png()))
    }
}

/// The beginning of a foreign text, fit for a message.
pub(crate) fn shown(text: &str) -> String {
    let mut start: String = text.trim().chars().take(80).collect();
    if start.len() < text.trim().len() {
        start.push('…');
    }
    start.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
