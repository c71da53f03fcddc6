//! The answer: for each system and observer, what is learnt, in words, a symbol, a colour and a number.

use sightline_evidence::{E2e, Statement};

use crate::reading::{Outcome, Reading};
use crate::words::{always, detectable, low};

/// One cell of the matrix.
pub(crate) struct Cell {
    pub(crate) state: State,
    /// Words of the cell, below the heading.
    pub(crate) words: Vec<String>,
    /// The number it rests on; empty for a state that is no number.
    pub(crate) number: String,
}

/// What an observer learns of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Ordinary pictures are told apart.
    EveryPicture,
    /// Something is learnt, of matched pictures or otherwise not of every one.
    SomePictures,
    Nothing,
    Undecided,
    Failed,
    NoSuchParty,
    NotRun,
}

impl State {
    pub(crate) const ALL: [Self; 7] = [
        Self::EveryPicture,
        Self::SomePictures,
        Self::Nothing,
        Self::Undecided,
        Self::Failed,
        Self::NoSuchParty,
        Self::NotRun,
    ];

    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::EveryPicture => "every",
            Self::SomePictures => "some",
            Self::Nothing => "nothing",
            Self::Undecided => "undecided",
            Self::Failed => "failed",
            Self::NoSuchParty => "absent",
            Self::NotRun => "not-run",
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::EveryPicture => "●",
            Self::SomePictures => "◐",
            Self::Nothing => "○",
            Self::Undecided => "?",
            Self::Failed => "✕",
            Self::NoSuchParty => "–",
            Self::NotRun => "…",
        }
    }

    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::EveryPicture => "Every picture",
            Self::SomePictures => "Some pictures",
            Self::Nothing => "Nothing found",
            Self::Undecided => "Undecided",
            Self::Failed => "Failed",
            Self::NoSuchParty => "No such party",
            Self::NotRun => "Not run",
        }
    }

    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::EveryPicture => "learns something about every picture: it tells ordinary ones apart",
            Self::SomePictures => "learns something about some pictures, such as those that match the list",
            Self::Nothing => "no tested attack learnt anything about content",
            Self::Undecided => "the trials did not suffice to say",
            Self::Failed => "the measurement broke off",
            Self::NoSuchParty => "this party does not exist in this system",
            Self::NotRun => "nobody asked in this run",
        }
    }
}

pub(crate) fn cell(reading: &Reading, system: &str, observer: &str) -> Cell {
    let statement = reading
        .statements
        .iter()
        .find(|one| one.architecture == system && one.observer == observer && one.corruption == "curious");
    let ordinary = reading.outcome(system, observer, "ordinary-pair");
    let other = CONTENT_TASKS.into_iter().find_map(|task| match reading.outcome(system, observer, task) {
        Outcome::Found(row) => Some((task, row.low.unwrap_or(0.0))),
        _ => None,
    });
    let state = state(statement, &ordinary, other.is_some(), reading.exists(system, observer));
    let number = match (&ordinary, state, other) {
        (_, State::NoSuchParty | State::NotRun | State::Failed, _) => String::new(),
        (Outcome::Found(row), ..) => {
            format!("tells ordinary pictures apart{}: {}\u{a0}of\u{a0}1", always(row), low(row.low.unwrap_or(0.0)))
        }
        (_, State::SomePictures, Some((task, end))) => format!("{}: {}\u{a0}of\u{a0}1", short(task), low(end)),
        (Outcome::NoneFound(_, Some(seen)), ..) => format!("a leak above {} would have been seen", detectable(*seen)),
        (Outcome::NoneFound(_, None), ..) => "smallest visible leak not stated".to_owned(),
        (Outcome::Undecided(_), ..) => "more trials are needed".to_owned(),
        _ => "by declaration; not measured".to_owned(),
    };
    let words = match state {
        State::EveryPicture | State::SomePictures => statement.map_or_else(Vec::new, |one| {
            let said = [&one.beyond_encryption, &one.learns].into_iter().find(|said| !said.is_empty());
            said.cloned().unwrap_or_else(|| vec![one.sentence.clone()])
        }),
        State::Undecided => match statement {
            Some(one) if one.beyond_encryption.is_empty() => {
                vec!["nothing about content, by its declaration".to_owned()]
            }
            Some(one) => one.beyond_encryption.iter().map(|item| format!("by its declaration, {item}")).collect(),
            None => Vec::new(),
        },
        State::Nothing => vec!["nothing about content".to_owned()],
        State::Failed => vec!["the measurement broke off".to_owned()],
        State::NoSuchParty | State::NotRun => Vec::new(),
    };
    Cell { state, words, number }
}

/// Tasks that are about content, beside `ordinary-pair`; who sent it is not.
const CONTENT_TASKS: [&str; 5] = ["listed", "near", "same-twice", "same-hash", "kind"];

fn short(task: &str) -> &'static str {
    match task {
        "listed" => "tells listed from ordinary pictures",
        "near" => "tells false matches from ordinary pictures",
        "same-twice" => "sees that a picture was repeated",
        "same-hash" => "tells files of one picture apart",
        _ => "tells pictures from other data",
    }
}

/// What a system is, for all outsiders together.
pub(crate) fn verdict(reading: &Reading, system: &str, observers: &[String]) -> String {
    let states: Vec<(&String, State)> =
        observers.iter().map(|observer| (observer, cell(reading, system, observer).state)).collect();
    let learn: Vec<String> = states
        .iter()
        .filter(|(_, state)| matches!(state, State::EveryPicture | State::SomePictures))
        .map(|(observer, _)| reading.party(observer))
        .collect();
    if !learn.is_empty() {
        format!("Not end-to-end encrypted against: {}", learn.join(", "))
    } else if states.iter().any(|(_, state)| matches!(state, State::Undecided | State::Failed)) {
        "Undecided".to_owned()
    } else if states.iter().any(|(_, state)| *state == State::Nothing) {
        "End-to-end encrypted against every outsider tested".to_owned()
    } else {
        "Not run".to_owned()
    }
}

/// Declaration and measurement together; where they differ, whichever says that more is learnt.
fn state(statement: Option<&Statement>, ordinary: &Outcome<'_>, other: bool, exists: bool) -> State {
    match (statement.map(|one| one.end_to_end), ordinary) {
        (_, Outcome::Found(_)) => State::EveryPicture,
        (_, Outcome::Failed) => State::Failed,
        (Some(E2e::No), _) => State::SomePictures,
        _ if other => State::SomePictures,
        (Some(E2e::Undecided), _) | (_, Outcome::Undecided(_)) => State::Undecided,
        (Some(E2e::Yes), _) | (None, Outcome::NoneFound(..)) => State::Nothing,
        (None, Outcome::NotRun) if exists => State::NotRun,
        (None, Outcome::NotRun | Outcome::NoSuchParty) => State::NoSuchParty,
    }
}
