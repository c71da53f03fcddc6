use crate::run_folder::{RunFolder, UNFINISHED};
use crate::{EvidenceError, Summary};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A run under way. Its finished parts are kept in `unfinished/` of its folder, so that a run which was stopped, in
/// whatever way, can go on; what an earlier run left in the folder stays until [`Unfinished::replace`].
#[derive(Debug)]
pub struct Unfinished {
    run: RunFolder,
    resumed: bool,
}

impl Unfinished {
    /// Begins a run in the folder `path`, or goes on with the one that was stopped there. `key` holds all that the
    /// results depend on: only a run with the same key can go on.
    ///
    /// # Errors
    /// [`EvidenceError::Unfinished`] if a run with another key was stopped there; [`EvidenceError::Occupied`] if the
    /// folder holds anything but a run; [`EvidenceError::Json`] if the key there cannot be read; [`EvidenceError::Io`] if
    /// the folder cannot be written.
    pub fn begin(path: impl Into<PathBuf>, key: &Value) -> Result<Self, EvidenceError> {
        const KEY: &str = "unfinished/key.json";
        let run = RunFolder::claim(path)?;
        let resumed = run.has(KEY);
        if resumed {
            let found: Value = run.read_json(KEY)?;
            if let Some((key, there, here)) = difference("", &found, key) {
                return Err(EvidenceError::Unfinished { path: run.path().to_owned(), key, there, here });
            }
        } else {
            if run.summary().is_err() {
                run.write_json("evidence.json", &Summary::unfinished())?;
            }
            run.write_json(KEY, key)?;
        }
        Ok(Self { run, resumed })
    }

    /// Whether an earlier run is gone on with.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// A finished part.
    pub fn part(&self, name: &str) -> Option<Vec<u8>> {
        self.run.read(&place(name)).ok()
    }

    /// Keeps a finished part, at once or not at all.
    ///
    /// # Errors
    /// [`EvidenceError::Io`] if it cannot be written.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        self.run.write(&place(name), bytes)
    }

    /// Removes what an earlier run left in the folder, to be replaced by the results of this one.
    ///
    /// # Errors
    /// As [`RunFolder::create`].
    pub fn replace(&self) -> Result<RunFolder, EvidenceError> {
        RunFolder::create(self.run.path())
    }

    /// The run is done: forgets its parts.
    ///
    /// # Errors
    /// [`EvidenceError::Io`] if they cannot be removed.
    pub fn forget(self) -> Result<(), EvidenceError> {
        let parts = self.run.path().join(UNFINISHED);
        fs::remove_dir_all(&parts).map_err(EvidenceError::io("remove", &parts))
    }
}

/// The file of a part: letters, digits and dashes.
fn place(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("{UNFINISHED}/{}.json", words.collect::<Vec<_>>().join("-"))
}

/// The first place where two values differ, and what stands there in each.
fn difference(place: &str, one: &Value, other: &Value) -> Option<(String, String, String)> {
    if let (Value::Object(members), Value::Object(others)) = (one, other) {
        let mut keys: Vec<_> = members.keys().chain(others.keys().filter(|key| !members.contains_key(*key))).collect();
        // Settings before digests, which follow from them.
        keys.sort_by_key(|key| !members.get(*key).is_some_and(Value::is_object));
        return keys.into_iter().find_map(|key| {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or_default();
            difference(&place, &of(members), &of(others))
        });
    }
    (one != other).then(|| (place.to_owned(), one.to_string(), other.to_string()))
}
