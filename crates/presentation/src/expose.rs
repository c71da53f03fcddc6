//! The game `expose`: what becomes readable when a party is corrupted.

use sightline_evidence::{Row, Status};

use crate::reading::Reading;
use crate::words::{not_decided, not_run, percent};

/// What is sent, and when.
const COLUMNS: [(&str, &str); 6] = [
    ("ordinary", "before"),
    ("ordinary", "after"),
    ("near", "before"),
    ("near", "after"),
    ("listed", "before"),
    ("listed", "after"),
];

/// A class of the page and words.
pub(crate) type Cell = (&'static str, String);

/// A system: who reads what, for each of [`COLUMNS`]; and who reads nothing.
pub(crate) struct Group {
    pub(crate) system: String,
    pub(crate) lines: Vec<(String, [Cell; 6])>,
    pub(crate) nothing: String,
}

pub(crate) fn groups(reading: &Reading) -> Vec<Group> {
    let of_system = |system: String| {
        let mut lines = Vec::new();
        let mut nothing = Vec::new();
        for (observer, corruption) in observers(reading, &system) {
            let cells = COLUMNS.map(|column| cell(reading, &system, (&observer, &corruption), column));
            let name = in_words(reading, &observer, &corruption);
            let any = |wanted: &str| cells.iter().any(|(class, _)| *class == wanted);
            if any("every") || any("failed") {
                lines.push((name, cells));
            } else if any("nothing") {
                nothing.push(name);
            }
        }
        let any = !lines.is_empty() || !nothing.is_empty();
        any.then(|| Group { system, lines, nothing: nothing.join("; ") })
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

fn rows(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading.rows.iter().filter(|row| {
        row.game == "expose" && row.quantity == "contents-readable" && row.parameters.value("sent").is_some()
    })
}

/// The parameter of rows that were measured beside a safeguard, which the scenario's settings do not have.
pub(crate) const SAFEGUARD: &str = "safeguard";

/// Whether it is about a strategy of the provider, under the scenario's settings.
pub(crate) fn is_about_strategies(row: &Row) -> bool {
    row.question == "rogue-provider" && row.parameters.value(SAFEGUARD).is_none()
}

/// A system; and strategy, observer, and what it can read of ordinary, near and listed contents.
pub(crate) type Strategies = (String, Vec<(String, String, [Cell; 4])>);

/// What the provider, and everybody who can read anything, reads under each strategy.
pub(crate) fn strategies(reading: &Reading) -> Vec<Strategies> {
    let of_system = |system: String| {
        let rows = || {
            let asked = reading.rows.iter().filter(|row| is_about_strategies(row));
            asked.filter(|row| row.quantity == "contents-readable" && row.architecture == system)
        };
        let mut lines = Vec::new();
        for row in rows().filter(|row| row.content == "ordinary") {
            let cells = ["ordinary", "planted", "near", "listed"].map(|content| {
                shown(rows().find(|other| {
                    other.content == content && other.variant == row.variant && other.observer == row.observer
                }))
            });
            if row.observer == "provider" || cells.iter().any(|(class, _)| *class == "every") {
                lines.push((row.variant.clone(), reading.party(&row.observer), cells));
            }
        }
        (!lines.is_empty()).then_some((system, lines))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// What stood in the way of a strategy: system, strategy, contents that arrived, and what was refused, with counts.
pub(crate) type Obstacles = (String, String, Cell, Vec<String>);

/// What became of the service under each strategy.
pub(crate) fn obstacles(reading: &Reading) -> Vec<Obstacles> {
    let asked = || reading.rows.iter().filter(|row| is_about_strategies(row) && row.variant != "honest");
    let of_strategy = |delivered: &Row| {
        let own = |row: &&Row| row.architecture == delivered.architecture && row.variant == delivered.variant;
        let refused = asked().filter(own).filter(|row| row.quantity == "inputs-refused");
        let refused = refused.map(|row| format!("{} ({})", row.method, shown(Some(row)).1)).collect();
        (delivered.architecture.clone(), delivered.variant.clone(), shown(Some(delivered)), refused)
    };
    asked().filter(|row| row.quantity == "contents-delivered").map(of_strategy).collect()
}

/// A system, and what is reported of listed pictures that are sent as each of [`KINDS`].
pub(crate) type Kinds = (String, [Cell; 3]);

const KINDS: [&str; 3] = ["picture", "document", "text"];

/// Which kinds of content each system checks.
pub(crate) fn kinds(reading: &Reading) -> Vec<Kinds> {
    let of_system = |system: String| {
        let rows = KINDS.map(|kind| {
            reading.rows.iter().find(|row| {
                let own = row.quantity == "contents-reported" && row.architecture == system;
                own && row.parameters.value("kind") == Some(kind)
            })
        });
        rows.iter().any(Option::is_some).then(|| (system, rows.map(|row| neutral(shown(row)))))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// A number without a colour: what is reported is neither good nor bad.
fn neutral((class, words): Cell) -> Cell {
    (if ["every", "nothing"].contains(&class) { "" } else { class }, words)
}

/// In the order of the evidence.
fn observers(reading: &Reading, system: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for row in rows(reading).filter(|row| row.architecture == system) {
        let observer = (row.observer.clone(), row.corruption.clone());
        if !found.contains(&observer) {
            found.push(observer);
        }
    }
    found
}

fn cell(reading: &Reading, system: &str, (observer, corruption): (&str, &str), (content, sent): (&str, &str)) -> Cell {
    let row = rows(reading).find(|row| {
        row.architecture == system
            && row.observer == observer
            && row.corruption == corruption
            && row.content == content
            && row.parameters.value("sent") == Some(sent)
    });
    shown(row)
}

fn shown(row: Option<&Row>) -> Cell {
    match row.map(|row| (row.status, row.value)) {
        Some((Status::Decided, Some(value))) if value <= 0.0 => ("nothing", "none".to_owned()),
        Some((Status::Decided, Some(value))) if value >= 1e6 => ("every", "all".to_owned()),
        Some((Status::Decided, Some(value))) => ("every", percent(value / 1e6)),
        Some((status, _)) => not_decided(status),
        None => not_run(),
    }
}

/// Members with their corruption: “Device 0, read at t, and provider”.
fn in_words(reading: &Reading, observer: &str, corruption: &str) -> String {
    let members = observer.split('+').zip(corruption.split('+'));
    let words = members.map(|(member, corruption)| {
        let party = reading.party(member);
        match corruption.split('@').next() {
            Some("snapshot") => format!("{party}, memory read at t"),
            Some("persistent") => format!("{party}, taken over at t"),
            _ => party,
        }
    });
    words.collect::<Vec<_>>().join(" + ")
}
