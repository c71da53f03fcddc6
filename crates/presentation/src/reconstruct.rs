//! The game `reconstruct`: how much of a picture an observer can see.

use sightline_evidence::{Row, Status};

use crate::reading::{Reading, is_coalition};
use crate::words::{not_decided, not_run, number};

/// A class of the page and words.
type Cell = (&'static str, String);

/// A system; and for every single observer: likeness of what it can make, and by how much that is nearer than a guess.
pub(crate) type Group = (String, Vec<(String, [Cell; 3])>);

pub(crate) fn groups(reading: &Reading) -> Vec<Group> {
    let of_system = |system: String| {
        let line = |observer: String| {
            let find = |quantity: &str| {
                rows(reading)
                    .find(|row| row.architecture == system && row.observer == observer && row.quantity == quantity)
            };
            let over = find("ssim-over-guess")?;
            let (class, words) = match (over.status, over.value, over.low) {
                (Status::Decided, Some(value), Some(low)) if low > 0.0 => {
                    ("every", format!("nearer by {} (at least {})", hundredths(value), hundredths(low)))
                }
                (Status::Decided, Some(value), _) if value > 0.0 => {
                    ("undecided", format!("nearer by {}: too few pictures to say", hundredths(value)))
                }
                (Status::Decided, ..) => ("nothing", "no better than a guess".to_owned()),
                (status, ..) => not_decided(status),
            };
            let plain = |quantity: &str, unit: &str| match find(quantity) {
                Some(Row { status: Status::Decided, value: Some(value), .. }) => {
                    ("", format!("{}{unit}", hundredths(*value)))
                }
                Some(row) => not_decided(row.status),
                None => not_run(),
            };
            Some((reading.party(&observer), [(class, words), plain("ssim", ""), plain("psnr", "\u{a0}dB")]))
        };
        let lines: Vec<_> = reading.observers().into_iter().filter_map(line).collect();
        (!lines.is_empty()).then_some((system, lines))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// Likeness of the guess, if it was measured.
pub(crate) fn guess(reading: &Reading) -> Option<String> {
    let row = rows(reading).find(|row| row.quantity == "ssim-of-guess")?;
    Some(hundredths(row.value?))
}

fn rows(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading
        .rows
        .iter()
        .filter(|row| row.game == "reconstruct" && row.corruption == "curious" && !is_coalition(&row.observer))
}

fn hundredths(value: f64) -> String {
    number((value * 100.0).round() / 100.0)
}
