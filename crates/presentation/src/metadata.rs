//! What sizes alone reveal: the exact padding channel of plain end-to-end encryption.

use plotters::element::{Circle, PathElement, Text, TriangleMarker};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;
use sightline_evidence::{Row, Table};

use crate::PresentationError;
use crate::figure::{FAINT_RGB, Figure, FigureWords, INK_RGB, LEARNT_RGB, MUTED_RGB, NOTHING_RGB, bold, text};
use crate::reading::Reading;
use crate::words::{count, number};

/// One padding and what it leaves.
pub(crate) struct Padding {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) sizes: Option<f64>,
    pub(crate) min_entropy: Option<f64>,
    pub(crate) shannon: Option<f64>,
    pub(crate) overhead: Option<f64>,
}

const QUANTITIES: [&str; 4] = ["distinct-sizes", "min-entropy-leakage", "shannon-leakage", "padding-overhead"];

/// Every padding that was computed, most revealing first.
pub(crate) fn paddings(reading: &Reading) -> Vec<Padding> {
    let mut paddings: Vec<Padding> = Vec::new();
    for row in rows(reading) {
        let id = row.parameters.value("padding").unwrap_or_default();
        let known = paddings.iter().position(|padding| padding.id == id);
        let index = known.unwrap_or_else(|| {
            paddings.push(Padding {
                id: id.to_owned(),
                title: title(id),
                sizes: None,
                min_entropy: None,
                shannon: None,
                overhead: None,
            });
            paddings.len() - 1
        });
        let padding = &mut paddings[index];
        let cell = match row.quantity.as_str() {
            "distinct-sizes" => &mut padding.sizes,
            "min-entropy-leakage" => &mut padding.min_entropy,
            "shannon-leakage" => &mut padding.shannon,
            _ => &mut padding.overhead,
        };
        *cell = row.value;
    }
    let leak = |padding: &Padding| padding.min_entropy.or(padding.shannon).unwrap_or(0.0);
    paddings.sort_by(|left, right| leak(right).total_cmp(&leak(left)));
    paddings
}

/// Per padding, the share of innocent pictures that has the size of one of so many known ones; and how many.
pub(crate) fn flagged(reading: &Reading) -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let exact = |row: &&Row| row.quantity == "size-flagged" && row.parameters.value("catalogue").is_some();
    let (mut heads, mut lines): (Vec<String>, Vec<(String, Vec<String>)>) = (Vec::new(), Vec::new());
    for row in reading.rows.iter().filter(exact) {
        let head = row.parameters.value("list").and_then(|list| list.parse().ok()).map(count).unwrap_or_default();
        if !heads.contains(&head) {
            heads.push(head);
        }
        let padding = title(row.parameters.value("padding").unwrap_or_default());
        let share = row.value.map_or_else(|| "not run".to_owned(), share);
        match lines.iter_mut().find(|(known, _)| *known == padding) {
            Some((_, shares)) => shares.push(share),
            None => lines.push((padding, vec![share])),
        }
    }
    (heads, lines)
}

/// What the adversary who looks for known sizes flagged on plain end-to-end encryption, in words.
pub(crate) fn adversary(reading: &Reading) -> Option<String> {
    let measured = |content: &str| {
        let row = reading.rows.iter().find(|row| row.method == "known-sizes" && row.content == content)?;
        let (value, low, high) = (row.value?, row.low?, row.high?);
        Some((
            format!("{} of the {content} pictures ({} to {}, n = {})", share(value), share(low), share(high), row.n),
            row,
        ))
    };
    let (listed, row) = measured("listed")?;
    let (ordinary, _) = measured("ordinary")?;
    let list = row.parameters.value("list").and_then(|list| list.parse().ok()).map(count)?;
    let padding = title(row.parameters.value("padding")?);
    Some(format!(
        "Measured on plain end-to-end encryption ({padding}), with the sizes of {list} listed pictures: flagged {listed} and {ordinary}."
    ))
}

/// A share in per cent.
fn share(value: f64) -> String {
    format!("{}\u{202f}%", number(value * 100.0))
}

/// Size of the catalogue over which the channel was computed.
pub(crate) fn catalogue(reading: &Reading) -> Option<u64> {
    rows(reading).find_map(|row| row.parameters.value("catalogue")?.parse().ok())
}

pub(crate) fn figure(reading: &Reading) -> Result<Figure, PresentationError> {
    const LEFT: i32 = 190;
    const WIDTH: i32 = 500;
    const LINE: i32 = 34;
    const TOP: i32 = 46;
    let paddings = paddings(reading);
    let lines = i32::try_from(paddings.len()).unwrap_or(i32::MAX / LINE).max(1);
    let size = (960, TOP + lines * LINE + 50);
    // No channel of this kind leaks more than its catalogue has bits.
    let most = paddings.iter().flat_map(|padding| [padding.min_entropy, padding.shannon]).flatten().fold(1.0, f64::max);
    let most = most.min(64.0);
    let step = [0.25, 1.0, 2.0, 5.0, 10.0].into_iter().find(|step| most / step <= 8.0).unwrap_or(10.0);
    let end = (most / step).ceil() * step;
    #[expect(clippy::cast_possible_truncation, reason = "a share of the width")]
    let position = |bits: f64| LEFT + ((bits / end).clamp(0.0, 1.0) * f64::from(WIDTH)).round() as i32;
    let words = FigureWords {
        id: "metadata-padding".to_owned(),
        title: finding(&paddings),
        description: paddings.iter().map(in_words).collect::<Vec<_>>().join(" "),
    };
    let data: Table = rows(reading).cloned().collect();
    Figure::plot(words, data, (size.0, size.1.cast_unsigned()), |area| {
        if paddings.is_empty() {
            area.draw(&Text::new("… not run", (LEFT, TOP + LINE / 2), text(13.0, MUTED_RGB, HPos::Left)))?;
            return Ok(());
        }
        let bottom = TOP + lines * LINE;
        for tick in (0..=32_u8).map(|index| f64::from(index) * step).take_while(|tick| *tick <= end) {
            let x = position(tick);
            area.draw(&PathElement::new([(x, TOP), (x, bottom)], FAINT_RGB.stroke_width(1)))?;
            area.draw(&Text::new(number(tick), (x, bottom + 13), text(11.0, MUTED_RGB, HPos::Center)))?;
        }
        let axis = (position(end / 2.0), bottom + 33);
        area.draw(&Text::new("leakage of the size alone (bit)", axis, text(11.5, MUTED_RGB, HPos::Center)))?;
        area.draw(&Circle::new((LEFT, 20), 5, LEARNT_RGB.filled()))?;
        area.draw(&Text::new("min-entropy leakage", (LEFT + 12, 20), text(11.5, MUTED_RGB, HPos::Left)))?;
        area.draw(&TriangleMarker::new((LEFT + 160, 20), 6, NOTHING_RGB.filled()))?;
        area.draw(&Text::new("Shannon leakage", (LEFT + 172, 20), text(11.5, MUTED_RGB, HPos::Left)))?;
        area.draw(&Text::new(
            "distinct sizes, extra bytes",
            (LEFT + WIDTH + 34, 20),
            text(11.5, MUTED_RGB, HPos::Left),
        ))?;
        for (index, padding) in paddings.iter().enumerate() {
            let y = TOP + i32::try_from(index)? * LINE + LINE / 2;
            area.draw(&Text::new(padding.title.clone(), (LEFT - 14, y), text(12.5, INK_RGB, HPos::Right)))?;
            if let Some(bits) = padding.shannon {
                area.draw(&PathElement::new([(position(0.0), y), (position(bits), y)], FAINT_RGB.stroke_width(2)))?;
                area.draw(&TriangleMarker::new((position(bits), y), 6, NOTHING_RGB.filled()))?;
            }
            if let Some(bits) = padding.min_entropy {
                area.draw(&Circle::new((position(bits), y), 5, LEARNT_RGB.filled()))?;
                area.draw(&Text::new(number(bits), (position(bits) + 10, y), bold(12.0, LEARNT_RGB, HPos::Left)))?;
            }
            let note = [padding.sizes.map(|sizes| format!("{} sizes", number(sizes))), padding.overhead.map(percent)];
            let note = note.into_iter().flatten().collect::<Vec<_>>().join(", ");
            area.draw(&Text::new(note, (LEFT + WIDTH + 34, y), text(12.0, INK_RGB, HPos::Left)))?;
        }
        Ok(())
    })
}

/// `0.031` as `+3.1 %`.
pub(crate) fn percent(overhead: f64) -> String {
    format!("+{:.1}\u{202f}%", overhead * 100.0)
}

fn rows(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading.rows.iter().filter(|row| {
        row.parameters.value("padding").is_some() && QUANTITIES.contains(&row.quantity.as_str()) && row.game.is_empty()
    })
}

fn finding(paddings: &[Padding]) -> String {
    let bits = |id: &str| paddings.iter().find(|padding| padding.id == id).and_then(|padding| padding.min_entropy);
    match (bits("none"), bits("padme")) {
        (Some(without), Some(with)) => format!(
            "Even plain end-to-end encryption reveals sizes: {} bits without padding, {} with PADMÉ",
            number(without),
            number(with)
        ),
        _ if paddings.is_empty() => "What sizes reveal: not run".to_owned(),
        _ => "Even plain end-to-end encryption reveals sizes; padding decides how much".to_owned(),
    }
}

fn in_words(padding: &Padding) -> String {
    let bits = |value: Option<f64>| value.map_or_else(|| "not run".to_owned(), |bits| format!("{} bits", number(bits)));
    format!(
        "{}: min-entropy leakage {}, Shannon leakage {}.",
        padding.title,
        bits(padding.min_entropy),
        bits(padding.shannon)
    )
}

fn title(id: &str) -> String {
    match id {
        "none" => "No padding",
        "padme" => "PADMÉ",
        "signal" => "Signal’s buckets",
        "power-of-two" => "Powers of two",
        "block-256" => "Blocks of 256 bytes",
        other => return crate::words::title(other),
    }
    .to_owned()
}
