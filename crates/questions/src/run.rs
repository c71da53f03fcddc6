//! What every question is given, and the parts in which an assessment is done.

use crate::assessment::AssessmentError;
use crate::{Scenario, World};
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sightline_architectures::by_name;
use sightline_privacy::game::GameError;
use sightline_protocol::{Architecture, Clock};

/// Told what an assessment is doing. Called from several threads.
pub trait Progress: Sync {
    /// The whole takes about so many steps.
    fn plan(&self, steps: u64);

    /// A part begins.
    fn begin(&self, name: &str);

    /// So many more steps are done.
    fn advance(&self, steps: u64);

    /// Whether the user wants to stop.
    fn cancelled(&self) -> bool;

    /// As [`Progress::cancelled`], as a result.
    ///
    /// # Errors
    /// [`AssessmentError::Cancelled`] if so.
    fn check(&self) -> Result<(), AssessmentError> {
        if self.cancelled() { Err(AssessmentError::Cancelled) } else { Ok(()) }
    }
}

/// Where finished parts of an assessment are kept, so that one that was stopped can go on.
pub trait Parts: Sync {
    /// What [`Parts::keep`] was given under this name.
    fn find(&self, name: &str) -> Option<Vec<u8>>;

    /// Keeps a finished part.
    ///
    /// # Errors
    /// In words, if it cannot be kept.
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), String>;
}

/// Keeps nothing: every part is done afresh.
#[derive(Debug, Clone, Copy)]
pub struct Afresh;

impl Parts for Afresh {
    fn find(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: &str, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// One assessment under way.
pub(crate) struct Run<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) world: &'a World,
    pub(crate) systems: Vec<System>,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) parts: &'a dyn Parts,
    /// CPU time of the calling thread.
    pub(crate) clock: Clock,
}

/// A system with the name under which it is assessed.
pub(crate) struct System {
    pub(crate) name: String,
    pub(crate) architecture: Box<dyn Architecture>,
}

impl System {
    pub(crate) fn of(scenario: &Scenario) -> Vec<Self> {
        let system =
            |name: &String| Some(Self { name: name.clone(), architecture: by_name(name, &scenario.detection)? });
        scenario.architectures.iter().filter_map(system).collect()
    }
}

impl Run<'_> {
    /// What so many runs give, carried out in parallel: nothing if one has not what it takes; in words, what failed.
    pub(crate) fn repeat<T: Send>(
        &self,
        runs: u64,
        one: impl Fn(u64) -> Result<Option<T>, GameError> + Sync,
    ) -> Result<Result<Vec<T>, String>, AssessmentError> {
        let one = |number| if self.progress.cancelled() { Ok(None) } else { one(number) };
        let done = (0..runs).into_par_iter().map(one).collect::<Result<Option<Vec<T>>, GameError>>();
        self.progress.check()?;
        Ok(done.map(Option::unwrap_or_default).map_err(|error| error.to_string()))
    }

    /// The part called `name`, which takes so many steps: computed, or found if an earlier run finished it.
    pub(crate) fn part<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        steps: u64,
        compute: impl FnOnce() -> Result<T, AssessmentError>,
    ) -> Result<T, AssessmentError> {
        self.progress.begin(name);
        let found = self.parts.find(name).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(found) = found {
            self.progress.advance(steps);
            return Ok(found);
        }
        let computed = compute()?;
        self.progress.check()?;
        let bytes = serde_json::to_vec(&computed).map_err(|error| error.to_string());
        bytes.and_then(|bytes| self.parts.keep(name, &bytes)).map_err(AssessmentError::Part)?;
        Ok(computed)
    }
}
