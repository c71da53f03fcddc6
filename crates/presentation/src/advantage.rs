//! The figure of one task of `distinguish`: one panel a system, one line an observer, intervals drawn.

use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;
use sightline_evidence::Table;

use crate::PresentationError;
use crate::figure::{
    Area, FAINT_RGB, Figure, FigureWords, INK_RGB, LEARNT_RGB, MUTED_RGB, NOTHING_RGB, PAPER_RGB, bold, slug, text,
};
use crate::reading::{Outcome, Reading};
use crate::words::{self, detectable, list, low};

const PANELS: usize = 3;
const LABELS: i32 = 150;
const PANEL: i32 = 238;
const GAP: i32 = 34;
const LINE: i32 = 26;
const HEAD: i32 = 34;
const AXIS: i32 = 50;
const LEGEND: i32 = 34;

pub(crate) fn figure(reading: &Reading, position: usize, task: &str) -> Result<Figure, PresentationError> {
    let systems = reading.systems();
    let observers = reading.observers();
    let lines = i32::try_from(observers.len()).unwrap_or(i32::MAX / LINE).max(1);
    let blocks = i32::try_from(systems.len().div_ceil(PANELS)).unwrap_or(1).max(1);
    let block = HEAD + lines * LINE + AXIS;
    let across = i32::try_from(PANELS).unwrap_or(1);
    let size = (LABELS + across * PANEL + (across - 1) * GAP + 16, blocks * block + LEGEND);
    let words = FigureWords {
        id: slug("advantage", position, task),
        title: finding(reading, task, &systems, &observers),
        description: description(reading, task, &systems, &observers),
    };
    let data: Table = reading
        .rows
        .iter()
        .filter(|row| row.game == "distinguish" && row.task == task && observers.contains(&row.observer))
        .cloned()
        .collect();
    Figure::plot(words, data, (size.0.cast_unsigned(), size.1.cast_unsigned()), |area| {
        for (index, system) in systems.iter().enumerate() {
            let column = i32::try_from(index % PANELS)?;
            let top = i32::try_from(index / PANELS)? * block;
            let left = LABELS + column * (PANEL + GAP);
            if column == 0 {
                for (line, observer) in observers.iter().enumerate() {
                    let y = top + HEAD + i32::try_from(line)? * LINE + LINE / 2;
                    area.draw(&Text::new(reading.party(observer), (LABELS - 14, y), text(12.5, INK_RGB, HPos::Right)))?;
                }
            }
            area.draw(&Text::new(system.clone(), (left, top + 16), bold(13.0, INK_RGB, HPos::Left)))?;
            axis(area, left, top + HEAD, lines * LINE)?;
            for (line, observer) in observers.iter().enumerate() {
                let y = top + HEAD + i32::try_from(line)? * LINE + LINE / 2;
                mark(area, left, y, &reading.outcome(system, observer, task))?;
            }
        }
        let outcomes: Vec<Outcome<'_>> = systems
            .iter()
            .flat_map(|system| observers.iter().map(move |observer| reading.outcome(system, observer, task)))
            .collect();
        legend(area, size.1 - LEGEND / 2, &outcomes)
    })
}

fn finding(reading: &Reading, task: &str, systems: &[String], observers: &[String]) -> String {
    let label = words::task(task).label;
    let outcome = |observer: &str, system: &str| reading.outcome(system, observer, task);
    let mut winners: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for observer in observers {
        let lost = systems.iter().filter(|system| matches!(outcome(observer, system), Outcome::Found(_)));
        let lost: Vec<String> = lost.cloned().collect();
        let name = reading.party(observer);
        match winners.iter_mut().find(|(systems, _)| *systems == lost) {
            Some((_, names)) => names.push(name),
            None if lost.is_empty() => {}
            None => winners.push((lost, vec![name])),
        }
    }
    let tried = systems.iter().any(|system| {
        observers.iter().any(|observer| !matches!(outcome(observer, system), Outcome::NoSuchParty | Outcome::NotRun))
    });
    if !tried {
        format!("{label}: not run")
    } else if winners.is_empty() {
        format!("{label}: no tested observer could tell")
    } else {
        let groups = winners.iter().map(|(systems, names)| format!("{} ({})", list(names), systems.join(", ")));
        format!("{label}: told apart by {}", groups.collect::<Vec<_>>().join("; "))
    }
}

fn description(reading: &Reading, task: &str, systems: &[String], observers: &[String]) -> String {
    let mut sentences = vec!["Advantage on a scale from 0, no better than guessing, to 1, always right.".to_owned()];
    for system in systems {
        let marks: Vec<String> = observers
            .iter()
            .map(|observer| {
                let outcome = match reading.outcome(system, observer, task) {
                    Outcome::Found(row) => low(row.low.unwrap_or(0.0)).replace('≥', "at least"),
                    Outcome::NoneFound(_, Some(seen)) => {
                        format!("none found, a leak above {} would have been seen", detectable(seen))
                    }
                    Outcome::NoneFound(_, None) => "none found".to_owned(),
                    Outcome::Undecided(_) => "undecided".to_owned(),
                    Outcome::Failed => "measurement failed".to_owned(),
                    Outcome::NoSuchParty => "no such party".to_owned(),
                    Outcome::NotRun => "not run".to_owned(),
                };
                format!("{} {outcome}", reading.party(observer))
            })
            .collect();
        sentences.push(format!("{system}: {}.", marks.join("; ")));
    }
    sentences.join(" ")
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn axis(area: &Area<'_>, left: i32, top: i32, height: i32) -> Drawn {
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        let x = position(left, share);
        area.draw(&PathElement::new([(x, top), (x, top + height)], FAINT_RGB.stroke_width(1)))?;
        let label = words::number(share);
        area.draw(&Text::new(label, (x, top + height + 13), text(11.0, MUTED_RGB, HPos::Center)))?;
    }
    let middle = (position(left, 0.5), top + height + 31);
    area.draw(&Text::new("advantage (0 guessing, 1 always right)", middle, text(11.0, MUTED_RGB, HPos::Center)))?;
    Ok(())
}

fn mark(area: &Area<'_>, left: i32, y: i32, outcome: &Outcome<'_>) -> Drawn {
    let say =
        |words: &str, x: i32, color, side| area.draw(&Text::new(words.to_owned(), (x, y), text(11.5, color, side)));
    match outcome {
        Outcome::Found(row) => {
            let (low_end, value, high) = (row.low.unwrap_or(0.0), row.value.unwrap_or(0.0), row.high.unwrap_or(1.0));
            found(area, (position(left, low_end), position(left, value), position(left, high)), y)?;
            if low_end > 0.35 {
                bold_label(area, &low(low_end), (position(left, low_end) - 8, y), HPos::Right)?;
            } else if high - low_end > 0.4 {
                let middle = i32::midpoint(position(left, low_end), position(left, low_end.max(value)));
                blank(area, (middle, y), 27)?;
                bold_label(area, &low(low_end), (middle, y), HPos::Center)?;
            } else {
                bold_label(area, &low(low_end), (position(left, high) + 10, y), HPos::Left)?;
            }
        }
        Outcome::NoneFound(row, seen) => {
            let high = position(left, row.high.unwrap_or(0.0));
            none_found(area, (position(left, 0.0), position(left, row.value.unwrap_or(0.0)), high), y)?;
            let mut end = high;
            if let Some(seen) = seen {
                end = end.max(position(left, *seen));
                limit(area, position(left, *seen), y)?;
            }
            say("none found", end + 9, NOTHING_RGB, HPos::Left)?;
        }
        Outcome::Undecided(row) => {
            let ends = [(position(left, row.low.unwrap_or(0.0)), y), (position(left, row.high.unwrap_or(1.0)), y)];
            for end in ends {
                area.draw(&PathElement::new([(end.0, y - 5), (end.0, y + 5)], MUTED_RGB.stroke_width(1)))?;
            }
            area.draw(&PathElement::new(ends, MUTED_RGB.stroke_width(1)))?;
            // On the interval where it leaves room for its ends, else beside it.
            let (from, to) = (ends[0].0, ends[1].0);
            if to - from > 2 * HALF + 12 {
                let middle = i32::midpoint(from, to);
                blank(area, (middle, y), HALF)?;
                say("? undecided", middle, MUTED_RGB, HPos::Center)?;
            } else if to + 2 * HALF + 8 < left + PANEL {
                say("? undecided", to + 9, MUTED_RGB, HPos::Left)?;
            } else {
                say("? undecided", from - 9, MUTED_RGB, HPos::Right)?;
            }
        }
        Outcome::Failed => say("✕ measurement failed", left + 8, INK_RGB, HPos::Left)?,
        Outcome::NoSuchParty => say("– no such party", left + 8, MUTED_RGB, HPos::Left)?,
        Outcome::NotRun => say("… not run", left + 8, MUTED_RGB, HPos::Left)?,
    }
    Ok(())
}

/// Half the width of `? undecided`.
const HALF: i32 = 38;

/// Room for a label on an interval.
fn blank(area: &Area<'_>, (x, y): (i32, i32), half: i32) -> Drawn {
    Ok(area.draw(&Rectangle::new([(x - half, y - 8), (x + half, y + 8)], PAPER_RGB.filled()))?)
}

fn bold_label(area: &Area<'_>, words: &str, at: (i32, i32), side: HPos) -> Drawn {
    Ok(area.draw(&Text::new(words.to_owned(), at, bold(12.0, LEARNT_RGB, side)))?)
}

/// Filled circle, solid interval, a heavy bar at the end that is the bound.
fn found(area: &Area<'_>, (low_end, value, high): (i32, i32, i32), y: i32) -> Drawn {
    area.draw(&PathElement::new([(low_end, y), (high, y)], LEARNT_RGB.stroke_width(2)))?;
    area.draw(&PathElement::new([(low_end, y - 7), (low_end, y + 7)], LEARNT_RGB.stroke_width(3)))?;
    area.draw(&Circle::new((value, y), 4, LEARNT_RGB.filled()))?;
    Ok(())
}

/// Hollow diamond, thin interval.
fn none_found(area: &Area<'_>, (low_end, value, high): (i32, i32, i32), y: i32) -> Drawn {
    area.draw(&PathElement::new([(low_end, y), (high, y)], NOTHING_RGB.stroke_width(1)))?;
    let corners = [(value - 5, y), (value, y - 5), (value + 5, y), (value, y + 5), (value - 5, y)];
    area.draw(&plotters::element::Polygon::new(corners.to_vec(), PAPER_RGB.filled()))?;
    area.draw(&PathElement::new(corners.to_vec(), NOTHING_RGB.stroke_width(2)))?;
    Ok(())
}

/// Broken bar: a leak to the right of it would have been seen.
fn limit(area: &Area<'_>, x: i32, y: i32) -> Drawn {
    for start in [y - 9, y - 3, y + 3] {
        area.draw(&PathElement::new([(x, start), (x, start + 4)], MUTED_RGB.stroke_width(2)))?;
    }
    Ok(())
}

/// What the marks mean, of those that are drawn.
fn legend(area: &Area<'_>, y: i32, outcomes: &[Outcome<'_>]) -> Drawn {
    let say = |words: &str, x| area.draw(&Text::new(words.to_owned(), (x, y), text(11.5, MUTED_RGB, HPos::Left)));
    let mut x = 20;
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Found(_))) {
        found(area, (x, x + 22, x + 32), y)?;
        say("told apart: the heavy bar is the lower bound, the rest this attack’s interval", x + 42)?;
        x += 526;
    }
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::NoneFound(..))) {
        none_found(area, (x, x, x + 20), y)?;
        say("none found", x + 28)?;
        x += 114;
    }
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::NoneFound(_, Some(_)))) {
        limit(area, x, y)?;
        say("a leak right of this would have been seen", x + 10)?;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "an advantage is clamped to [0, 1]")]
fn position(left: i32, share: f64) -> i32 {
    left + (share.clamp(0.0, 1.0) * f64::from(PANEL)).round() as i32
}
