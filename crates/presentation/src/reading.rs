//! What the report reads from a run folder, and the few questions it asks of it.

use std::collections::BTreeSet;

use serde_json::Value;
use sightline_evidence::{
    Answer, Expectation, GalleryPicture, Profile, ProfileParty, Row, RunFolder, Statement, Summary, Table,
};

use crate::PresentationError;
use crate::words::{OBSERVERS, TASKS, title};

pub(crate) struct Reading {
    pub(crate) summary: Summary,
    pub(crate) lock: Value,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) rows: Vec<Row>,
    /// What the scenario claims of the numbers.
    pub(crate) expectations: Vec<Judged>,
    /// What depends on a clock.
    pub(crate) timings: Vec<Row>,
    pub(crate) gallery: Vec<(GalleryPicture, Vec<u8>)>,
}

/// A claim of the scenario, the rows that it is about, and what speaks against it.
pub(crate) struct Judged {
    pub(crate) claim: Expectation,
    pub(crate) rows: Vec<Row>,
    pub(crate) against: Vec<String>,
}

impl Judged {
    fn of(claim: Expectation, evidence: &Table) -> Self {
        let rows = claim.fitting(evidence).into_iter().cloned().collect();
        Self { against: claim.judge(evidence), rows, claim }
    }
}

/// Whether and how an observer won a task.
pub(crate) enum Outcome<'a> {
    /// An adversary won: the low end is above zero.
    Found(&'a Row),
    /// No adversary won; a leak above this would have been seen.
    NoneFound(&'a Row, Option<f64>),
    Undecided(&'a Row),
    Failed,
    NoSuchParty,
    NotRun,
}

impl Reading {
    pub(crate) fn of(run: &RunFolder) -> Result<Self, PresentationError> {
        let optional = |name: &str| run.has(name);
        let evidence = if optional("evidence.csv") { run.evidence()? } else { Table::new() };
        let claims = if optional("scenario.lock.json") { run.expectations()? } else { Vec::new() };
        Ok(Self {
            summary: run.summary()?,
            lock: if optional("scenario.lock.json") { run.lock()? } else { Value::Null },
            profiles: if optional("profiles.json") { run.profiles()? } else { Vec::new() },
            statements: if optional("statements.json") { run.statements()? } else { Vec::new() },
            answers: run.answers()?,
            expectations: claims.into_iter().map(|claim| Judged::of(claim, &evidence)).collect(),
            rows: evidence.rows().to_vec(),
            timings: if optional("timings.csv") { run.timings()?.rows().to_vec() } else { Vec::new() },
            gallery: run.gallery()?,
        })
    }

    /// Every system: those with a profile first, then those that only have rows.
    pub(crate) fn systems(&self) -> Vec<String> {
        let mut systems: Vec<String> = self.profiles.iter().map(|profile| profile.name.clone()).collect();
        for row in self.distinguish() {
            if !systems.contains(&row.architecture) {
                systems.push(row.architecture.clone());
            }
        }
        systems
    }

    pub(crate) fn profile(&self, system: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == system)
    }

    /// What a system's provider does instead of following the protocol, in words; as it is called where a run has none.
    pub(crate) fn strategy<'a>(&'a self, system: &str, variant: &'a str) -> &'a str {
        self.profile(system).and_then(|profile| profile.strategies.get(variant)).map_or(variant, String::as_str)
    }

    /// Every single outsider of any system.
    pub(crate) fn observers(&self) -> Vec<String> {
        let parties = self.profiles.iter().flat_map(|profile| &profile.parties);
        let endpoints: BTreeSet<&str> =
            parties.clone().filter(|party| !party.outsider).map(|party| party.id.as_str()).collect();
        let declared = self.profiles.iter().flat_map(|profile| profile.leakage.keys()).map(String::as_str);
        let stated = self.statements.iter().map(|statement| statement.observer.as_str());
        let measured = self.distinguish().map(|row| row.observer.as_str());
        let found: BTreeSet<&str> = parties
            .map(|party| party.id.as_str())
            .chain(declared)
            .chain(stated)
            .chain(measured)
            .filter(|id| !id.is_empty() && !is_coalition(id) && !endpoints.contains(id))
            .collect();
        // The first of several parties of a role is observed for all of them.
        let observed = |id: &&str| !found.contains(format!("{id}-0").as_str());
        let known = OBSERVERS.iter().copied().filter(|id| found.contains(id)).filter(observed);
        let others = found.iter().copied().filter(|id| !OBSERVERS.contains(id)).filter(observed);
        known.chain(others).map(str::to_owned).collect()
    }

    /// Tasks of the game `distinguish`: those of the specification, then any other that was run.
    pub(crate) fn tasks(&self) -> Vec<String> {
        let others: BTreeSet<&str> =
            self.distinguish().map(|row| row.task.as_str()).filter(|task| !TASKS.contains(task)).collect();
        TASKS.into_iter().chain(others).map(str::to_owned).collect()
    }

    /// Rows of the game `distinguish` that hold an advantage.
    pub(crate) fn distinguish(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.game == "distinguish" && row.quantity == "advantage")
    }

    /// Title of a party: as its first system names it, else its identifier in words; coalitions member by member.
    pub(crate) fn party(&self, observer: &str) -> String {
        let single = |id: &str| {
            let named = self.profiles.iter().flat_map(|profile| &profile.parties).find(|party| is(party, id));
            named.map_or_else(|| title(id), |party| party.title.clone())
        };
        observer.split('+').map(single).collect::<Vec<_>>().join(" + ")
    }

    /// Whether a party exists in a system.
    pub(crate) fn exists(&self, system: &str, observer: &str) -> bool {
        let measured = || {
            self.distinguish().any(|row| {
                row.architecture == system
                    && row.observer == observer
                    && row.status != sightline_evidence::Status::NotApplicable
            })
        };
        self.profile(system).is_none_or(|profile| {
            observer == "network"
                || profile.parties.iter().any(|party| is(party, observer))
                || profile.leakage.contains_key(observer)
        }) || measured()
    }

    /// The worst outcome of a task over variants and parameters, for a curious observer.
    pub(crate) fn outcome(&self, system: &str, observer: &str, task: &str) -> Outcome<'_> {
        use sightline_evidence::Status::{Decided, Failed, NotApplicable, Undecided};
        let rows: Vec<&Row> = self
            .distinguish()
            .filter(|row| row.architecture == system && row.observer == observer && row.task == task)
            .filter(|row| row.corruption.split('+').all(|member| member == "curious"))
            .collect();
        let with = |status| rows.iter().copied().find(move |row| row.status == status);
        let lower_end = |row: &Row| row.low.unwrap_or(0.0);
        let decided = rows
            .iter()
            .copied()
            .filter(|row| row.status == Decided)
            .max_by(|left, right| lower_end(left).total_cmp(&lower_end(right)));
        match decided {
            Some(row) if lower_end(row) > 0.0 => Outcome::Found(row),
            _ if with(Failed).is_some() => Outcome::Failed,
            _ if with(Undecided).is_some() => with(Undecided).map_or(Outcome::NotRun, Outcome::Undecided),
            Some(row) => Outcome::NoneFound(row, self.detectable(row)),
            None if with(NotApplicable).is_some() || !self.exists(system, observer) => Outcome::NoSuchParty,
            None => Outcome::NotRun,
        }
    }

    /// The smallest advantage that would have been seen, for a row of `distinguish`.
    pub(crate) fn detectable(&self, row: &Row) -> Option<f64> {
        self.rows
            .iter()
            .filter(|other| other.quantity == "minimum-detectable-advantage" && other.game == row.game)
            .filter(|other| {
                other.task == row.task
                    && other.architecture == row.architecture
                    && other.variant == row.variant
                    && other.observer == row.observer
                    && other.corruption == row.corruption
            })
            .max_by_key(|other| other.parameters == row.parameters)
            .and_then(|other| other.value)
    }
}

pub(crate) fn is_coalition(observer: &str) -> bool {
    observer.contains('+')
}

/// Whether an observer is a party of this profile: the first of several outsiders stands for all of them.
fn is(party: &ProfileParty, observer: &str) -> bool {
    party.id == observer || party.outsider && observer.strip_suffix("-0") == Some(&party.id)
}
