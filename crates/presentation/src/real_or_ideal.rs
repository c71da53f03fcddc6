//! The simulator test: whether views hold more than is declared.

use sightline_evidence::{Row, Status};

use crate::reading::{Reading, is_coalition};
use crate::words::{detectable, low, not_decided};

/// A system, and for every observer a class of the page and words.
pub(crate) type Group = (String, Vec<(String, &'static str, String)>);

pub(crate) fn groups(reading: &Reading) -> Vec<Group> {
    let of_system = |system: String| {
        let rows = reading
            .rows
            .iter()
            .filter(|row| row.game == "real-or-ideal" && row.quantity == "advantage" && row.architecture == system);
        let lines: Vec<_> = rows.map(|row| line(reading, row)).collect();
        (!lines.is_empty()).then_some((system, lines))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

fn line(reading: &Reading, row: &Row) -> (String, &'static str, String) {
    let observer = if is_coalition(&row.observer) { "all together".to_owned() } else { reading.party(&row.observer) };
    let seen = || reading.detectable(row).map_or_else(String::new, |seen| format!(" ({})", detectable(seen)));
    let (class, words) = match (row.status, row.low) {
        (Status::Decided, Some(end)) if end > 0.0 => {
            ("every", format!("● {}: more than declared; told by {}", low(end), row.method))
        }
        (Status::Decided, _) => ("nothing", format!("○ none found{}", seen())),
        (Status::Undecided, _) => ("undecided", format!("? undecided{}", seen())),
        (status, _) => not_decided(status),
    };
    (observer, class, words)
}
