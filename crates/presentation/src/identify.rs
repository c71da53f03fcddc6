//! The game `identify`: how many bits an observer has on which of N pictures was sent.

use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color as _, RGBColor, ShapeStyle};
use sightline_evidence::{Row, Status, Table};

use crate::PresentationError;
use crate::figure::{Area, FAINT_RGB, Figure, FigureWords, INK_RGB, LEARNT_RGB, MUTED_RGB, NOTHING_RGB, bold, text};
use crate::reading::{Reading, is_coalition};
use crate::words::{list, not_decided, not_run, number};

/// What is sent, whether lengths may tell, and both in words.
type Variant = (&'static str, &'static str, &'static str);

const VARIANTS: [Variant; 4] = [
    ("same", "one-class", "The same file, all of one length"),
    ("jpeg-75", "one-class", "Recompressed, all of one length"),
    ("same", "included", "The same file, lengths as they are"),
    ("jpeg-75", "included", "Recompressed, lengths as they are"),
];

/// The lines of the figure; where they lie on each other, every mark still shows.
const LINES: [(usize, RGBColor, Mark); 4] = [
    (3, NOTHING_RGB, Mark::Diamond),
    (2, NOTHING_RGB, Mark::Square),
    (1, LEARNT_RGB, Mark::Circle),
    (0, LEARNT_RGB, Mark::Disc),
];

#[derive(Clone, Copy)]
enum Mark {
    Disc,
    Circle,
    Square,
    Diamond,
}

/// A class of the page and words.
type Cell = (&'static str, String);

/// A system, and for every single observer the bits of each variant.
pub(crate) type Group = (String, Vec<(String, [Cell; 4])>);

/// Column heads of [`groups`].
pub(crate) fn heads() -> [&'static str; 4] {
    VARIANTS.map(|(.., words)| words)
}

/// The largest number of candidates that was played.
pub(crate) fn most(reading: &Reading) -> Option<u64> {
    rows(reading).filter(|row| row.status == Status::Decided).filter_map(candidates).max()
}

/// Lower ends at the largest number of candidates.
pub(crate) fn groups(reading: &Reading) -> Vec<Group> {
    let Some(most) = most(reading) else { return Vec::new() };
    let of_system = |system: String| {
        let observers = reading.observers().into_iter().filter_map(|observer| {
            let cells = VARIANTS.map(|variant| cell(reading, &system, &observer, variant, most));
            cells
                .iter()
                .any(Option::is_some)
                .then(|| (reading.party(&observer), cells.map(|cell| cell.unwrap_or_else(not_run))))
        });
        let observers: Vec<_> = observers.collect();
        (!observers.is_empty()).then_some((system, observers))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// None where nothing was asked.
fn cell(reading: &Reading, system: &str, observer: &str, variant: Variant, most: u64) -> Option<Cell> {
    let row = variant_rows(reading, system, observer, variant).find(|row| candidates(row) == Some(most))?;
    Some(match (row.status, row.low, row.high) {
        (Status::Decided, Some(bits), _) if bits > 0.0 => ("every", format!("≥ {} bit", tenths(bits))),
        (Status::Decided, ..) => ("nothing", "none found".to_owned()),
        (Status::Undecided, _, Some(high)) => ("undecided", format!("? up to {} bit", tenths_up(high))),
        (status, ..) => not_decided(status),
    })
}

pub(crate) fn figure(reading: &Reading) -> Result<Option<Figure>, PresentationError> {
    const LEFT: i32 = 60;
    const TOP: i32 = 40;
    const SIDE: i32 = 230;
    const GAP: i32 = 60;
    const COLUMNS: i32 = 3;
    // With the head above a panel and the axis below it.
    const ROW: i32 = SIDE + 100;
    let Some(most) = most(reading) else { return Ok(None) };
    let bits = (most as f64).log2();
    let step = if bits <= 6.0 { 1.0 } else { 2.0 };
    let systems: Vec<String> = groups(reading).into_iter().map(|(system, _)| system).collect();
    let shown: Vec<(String, String)> = systems
        .into_iter()
        .map(|system| {
            let told = |observer: &String| {
                let ends = VARIANTS.map(|variant| low_end(reading, &system, observer, variant, most).unwrap_or(0.0));
                ends.into_iter().fold(0.0, f64::max)
            };
            let observers = reading.observers();
            let best = observers.iter().rev().max_by(|one, other| told(one).total_cmp(&told(other)));
            (best.cloned().unwrap_or_default(), system)
        })
        .map(|(observer, system)| (system, observer))
        .collect();
    let panels = i32::try_from(shown.len()).unwrap_or(i32::MAX / (2 * ROW)).max(1);
    let rows_of_panels = (panels + COLUMNS - 1) / COLUMNS;
    let size = ((LEFT + panels.min(COLUMNS) * (SIDE + GAP)).max(760), TOP + rows_of_panels * ROW + 44);
    let words = FigureWords {
        id: "identify".to_owned(),
        title: finding(reading, &shown, most),
        description: format!(
            "Bits learnt, lower ends, against the number of candidates. With {most} candidates: {}",
            groups(reading).iter().map(in_words).collect::<Vec<_>>().join(" ")
        ),
    };
    let data: Table = rows(reading).cloned().collect();
    #[expect(clippy::cast_possible_truncation, reason = "a share of the side")]
    let along = |value: f64| ((value / bits.max(1.0)).clamp(0.0, 1.0) * f64::from(SIDE)).round() as i32;
    let figure = Figure::plot(words, data, (size.0.cast_unsigned(), size.1.cast_unsigned()), |area| {
        for (index, (system, observer)) in shown.iter().enumerate() {
            let index = i32::try_from(index)?;
            let (left, top) = (LEFT + index % COLUMNS * (SIDE + GAP), TOP + index / COLUMNS * ROW);
            let at = |x: f64, y: f64| (left + along(x), top + SIDE - along(y));
            let head = format!("{system}: {}", reading.party(observer));
            area.draw(&Text::new(head, (left, top - 22), bold(13.0, INK_RGB, HPos::Left)))?;
            for tick in (0..=20).map(|tick| step * f64::from(tick)).take_while(|tick| *tick <= bits) {
                area.draw(&PathElement::new([at(0.0, tick), at(bits, tick)], FAINT_RGB.stroke_width(1)))?;
                let (x, y) = at(0.0, tick);
                area.draw(&Text::new(number(tick), (x - 12, y), text(11.0, MUTED_RGB, HPos::Right)))?;
                if tick >= 1.0 {
                    let (x, y) = at(tick, 0.0);
                    area.draw(&Text::new(
                        format!("{:.0}", tick.exp2()),
                        (x, y + 20),
                        text(11.0, MUTED_RGB, HPos::Center),
                    ))?;
                }
            }
            let (x, y) = at(bits / 2.0, 0.0);
            area.draw(&Text::new("candidates", (x, y + 38), text(11.0, MUTED_RGB, HPos::Center)))?;
            // As much as there is to learn.
            dashed(area, at(2.0, 2.0), at(bits, bits), 24, MUTED_RGB.stroke_width(1))?;
            for (variant, colour, mark) in LINES {
                line(area, &points(reading, system, observer, VARIANTS[variant]), &at, colour, mark)?;
            }
        }
        area.draw(&Text::new("bit", (LEFT - 8, TOP - 22), text(11.0, MUTED_RGB, HPos::Right)))?;
        for (place, (variant, colour, mark)) in (0..).zip(LINES.into_iter().rev()) {
            let (x, y) = (LEFT + place % 2 * 340, TOP + rows_of_panels * ROW - 4 + place / 2 * 26);
            let at = |dx: f64, _: f64| (x + if dx > 0.0 { 24 } else { 0 }, y);
            line(area, &[(0.0, 0.0), (1.0, 0.0)], &at, colour, mark)?;
            let words = VARIANTS[variant].2;
            area.draw(&Text::new(words, (x + 40, y), text(11.5, MUTED_RGB, HPos::Left)))?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn line(
    area: &Area<'_>,
    points: &[(f64, f64)],
    at: &impl Fn(f64, f64) -> (i32, i32),
    colour: RGBColor,
    mark: Mark,
) -> Drawn {
    let places: Vec<(i32, i32)> = points.iter().map(|(x, y)| at(*x, *y)).collect();
    for pair in places.windows(2) {
        match mark {
            Mark::Square | Mark::Diamond => dashed(area, pair[0], pair[1], 4, colour.stroke_width(2))?,
            _ => area.draw(&PathElement::new(pair.to_vec(), colour.stroke_width(2)))?,
        }
    }
    for (x, y) in places {
        match mark {
            Mark::Disc => area.draw(&Circle::new((x, y), 3, colour.filled()))?,
            Mark::Circle => area.draw(&Circle::new((x, y), 5, colour.stroke_width(2)))?,
            Mark::Diamond => {
                let corners = [(x - 10, y), (x, y - 10), (x + 10, y), (x, y + 10), (x - 10, y)];
                area.draw(&PathElement::new(corners, colour.stroke_width(1)))?;
            }
            Mark::Square => area.draw(&Rectangle::new([(x - 7, y - 7), (x + 7, y + 7)], colour.stroke_width(2)))?,
        }
    }
    Ok(())
}

/// A lower end in bits, rounded down to tenths; hundredths below one tenth.
fn tenths(bits: f64) -> String {
    if bits < 0.1 {
        format!("{:.2}", (bits * 100.0).floor() / 100.0)
    } else {
        format!("{:.1}", (bits * 10.0).floor() / 10.0)
    }
}

/// An upper end in bits, rounded up to tenths.
fn tenths_up(bits: f64) -> String {
    format!("{:.1}", (bits * 10.0).ceil() / 10.0)
}

/// A broken line.
fn dashed(area: &Area<'_>, (x, y): (i32, i32), (to_x, to_y): (i32, i32), dashes: i32, style: ShapeStyle) -> Drawn {
    let place = |step: i32| (x + (to_x - x) * step / (2 * dashes), y + (to_y - y) * step / (2 * dashes));
    for dash in 0..dashes {
        area.draw(&PathElement::new([place(2 * dash), place(2 * dash + 1)], style))?;
    }
    Ok(())
}

fn finding(reading: &Reading, shown: &[(String, String)], most: u64) -> String {
    let told = |variant| {
        let systems = shown.iter().filter_map(move |(system, observer)| {
            let bits = low_end(reading, system, observer, VARIANTS[variant], most).filter(|bits| *bits > 0.0)?;
            Some(format!("{system} (≥ {} of {} bit)", tenths(bits), number((most as f64).log2())))
        });
        systems.collect::<Vec<_>>()
    };
    let (same, copy) = (told(0), told(1));
    if same.is_empty() {
        return format!("Which of {most} pictures was sent? At equal length, no tested attack learnt anything");
    }
    let copies = if copy.len() == same.len() { ", recompressed or not" } else { "" };
    format!("Which of {most} pictures was sent{copies}? At equal length an observer can say in {}", list(&same))
}

fn in_words((system, observers): &Group) -> String {
    let cells = observers.iter().map(|(observer, cells)| {
        let variants =
            VARIANTS.iter().zip(cells).map(|((.., words), (_, cell))| format!("{}: {cell}", words.to_lowercase()));
        format!("{observer} ({})", variants.collect::<Vec<_>>().join("; "))
    });
    format!("{system}: {}.", cells.collect::<Vec<_>>().join(", ")).replace('≥', "at least")
}

/// log₂ of the number of candidates and lower end in bits, ascending.
fn points(reading: &Reading, system: &str, observer: &str, variant: (&str, &str, &str)) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = variant_rows(reading, system, observer, variant)
        .filter_map(|row| Some(((candidates(row)? as f64).log2(), row.low?)))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

fn low_end(reading: &Reading, system: &str, observer: &str, variant: (&str, &str, &str), size: u64) -> Option<f64> {
    variant_rows(reading, system, observer, variant).find(|row| candidates(row) == Some(size))?.low
}

fn variant_rows<'a>(
    reading: &'a Reading,
    system: &'a str,
    observer: &'a str,
    (copy, sizes, _): (&'a str, &'a str, &'a str),
) -> impl Iterator<Item = &'a Row> {
    rows(reading).filter(move |row| {
        row.architecture == system
            && row.observer == observer
            && row.parameters.value("copy") == Some(copy)
            && row.parameters.value("sizes") == Some(sizes)
    })
}

fn candidates(row: &Row) -> Option<u64> {
    row.parameters.value("candidates")?.parse().ok().filter(|count| *count > 1)
}

/// Min-entropy leakage to single curious observers.
fn rows(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading.rows.iter().filter(|row| {
        row.game == "identify"
            && row.quantity == "min-entropy-leakage"
            && row.corruption == "curious"
            && !is_coalition(&row.observer)
    })
}
