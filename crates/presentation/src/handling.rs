//! The figure of the question `hash-accuracy`: what is found after each way of handling, and at what price in false matches.

use sightline_accuracy::{Estimate, QUESTION, RocBand};
use sightline_evidence::{Row, Table};
use sightline_pictures::transform::Family;

use crate::Figure;
use crate::accuracy::{Curve, Drawing, Panel, STYLES, Style, characteristics};
use crate::figure::{FAINT, FigureWords, INK, MUTED};

/// What the marks of the figure mean.
pub(crate) fn legend(rows: &[Row]) -> &'static str {
    let mut names =
        rows.iter().filter(|row| row.question == QUESTION && is_found(row)).map(|row| parameter(row, "algorithm"));
    let first = names.next();
    if names.any(|name| Some(name) != first) {
        "Above, a line for each way of handling, at the threshold in use, with the interval of the fingerprint that systems \
         match by; others are at their own thresholds. Below, all handling together by threshold; marks are the thresholds in \
         use, bands are intervals, and at the left edge are fewer false matches than these pictures can show."
    } else {
        "Above, a line for each way of handling, at the threshold in use, with its interval. Below, all handling together by \
         threshold; the mark is the threshold in use, the band its interval, and at the left edge are fewer false matches than \
         these pictures can show."
    }
}

const LINE: f64 = 14.0;
const GAP: f64 = 4.0;
const HEAD: f64 = 44.0;
const WIDTH: f64 = 890.0;
/// Where plots begin and end.
const LEFT: f64 = 180.0;
const PLOT: f64 = 430.0;
/// Height of the lower plot, with what stands around it.
const LOWER: f64 = 320.0;
/// The share that the answer asks about.
const WITHSTOOD: f64 = 0.9;

/// A fingerprint, how it is drawn, and its rows.
struct Drawn<'a> {
    name: &'a str,
    style: Style,
    /// The threshold in use.
    own: &'a str,
    /// Kind of handling, strength, share found.
    found: Vec<(&'a str, &'a str, Estimate)>,
}

fn parameter<'a>(row: &'a Row, key: &str) -> &'a str {
    row.parameters.value(key).unwrap_or_default()
}

fn estimate(row: &Row) -> Estimate {
    let value = row.value.unwrap_or(0.0);
    Estimate { value, low: row.low.unwrap_or(value), high: row.high.unwrap_or(value) }
}

/// Shares found at one strength of one kind of handling, of all pictures.
fn is_found(row: &Row) -> bool {
    row.quantity == "true-positive-rate" && parameter(row, "kind") == "any" && !parameter(row, "strength").is_empty()
}

/// Points of characteristics.
fn is_point(row: &Row) -> bool {
    let quantity = ["true-positive-rate", "false-positive-rate-per-pair"].contains(&row.quantity.as_str());
    quantity && parameter(row, "transform") == "any"
}

fn drawn<'a>(rows: &[&'a Row]) -> Vec<Drawn<'a>> {
    let mut all: Vec<Drawn<'_>> = Vec::new();
    for row in rows.iter().copied().filter(|row| is_found(row)) {
        let name = parameter(row, "algorithm");
        let place = all.iter().position(|known| known.name == name).unwrap_or(all.len());
        if place == all.len() {
            let style = STYLES[place % STYLES.len()];
            all.push(Drawn { name, style, own: parameter(row, "threshold"), found: Vec::new() });
        }
        all[place].found.push((parameter(row, "transform"), parameter(row, "strength"), estimate(row)));
    }
    all
}

/// The figure, if anything was measured.
pub(crate) fn figure(words: FigureWords, rows: &[Row]) -> Option<Figure> {
    let own = |row: &&Row| row.question == QUESTION && row.value.is_some() && (is_found(row) || is_point(row));
    let rows: Vec<&Row> = rows.iter().filter(own).collect();
    let all = drawn(&rows);
    let deployed = all.first()?;
    let mut drawing = Drawing::default();
    let bottom = ways(&mut drawing, &all);
    let curves: Vec<Curve> = all.iter().map(|of| curve(of, &rows)).collect();
    let panel = Panel { left: LEFT, top: bottom + 80.0, width: PLOT, height: LOWER - 150.0 };
    characteristics(&mut drawing, panel, decades(&curves, &rows), &curves);

    let shares = |of: &Drawn<'_>| {
        let shares =
            of.found.iter().map(|(kind, strength, share)| format!("{kind} {strength}: {}", percent(share.value)));
        format!("{}: {}", of.name, shares.collect::<Vec<_>>().join(", "))
    };
    let description = format!(
        "Changed pictures found after each way of handling, by kind and strength. {}. {}",
        shares(deployed),
        all[1..].iter().map(|of| shares(of) + ".").collect::<Vec<_>>().join(" ")
    );
    let words = FigureWords { description: description.trim_end().to_owned(), ..words };
    let data: Table = rows.into_iter().cloned().collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a height in pixels")]
    let size = (WIDTH as u32, (bottom + LOWER) as u32);
    Some(drawing.figure(words, data, size))
}

/// A line for each way of handling; gives where the plot ends.
fn ways(drawing: &mut Drawing, all: &[Drawn<'_>]) -> f64 {
    let deployed = &all[0];
    let changes = deployed.found.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    let bottom = HEAD + LINE * deployed.found.len() as f64 + GAP * changes as f64;
    let x = |share: f64| LEFT + PLOT * share.clamp(0.0, 1.0);
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        drawing.line(&[(x(share), HEAD - 6.0), (x(share), bottom)], FAINT, 1.0, "");
        drawing.text((x(share), bottom + 12.0), 11.0, MUTED, "middle", &percent(share));
    }
    drawing.line(&[(x(WITHSTOOD), HEAD - 6.0), (x(WITHSTOOD), bottom)], INK, 1.5, "4 4");
    drawing.text((x(WITHSTOOD), HEAD - 14.0), 11.0, INK, "middle", &percent(WITHSTOOD));
    let mut left = 14.0;
    for of in all {
        let label = format!("{} {}, ≤ {} bits", of.style.marker, of.name, of.own);
        drawing.text((left, 14.0), 11.5, of.style.colour, "start", &label);
        left += 8.0 * label.chars().count() as f64 + 14.0;
    }
    let mut y = HEAD - LINE / 2.0;
    let mut last = "";
    for (kind, strength, share) in &deployed.found {
        y += if last.is_empty() || last == *kind { LINE } else { LINE + GAP };
        if last != *kind {
            let measure = Family::by_name(kind).map_or("", Family::measure);
            drawing.text((14.0, y), 12.0, INK, "start", kind);
            drawing.text((x(1.0) + 66.0, y), 9.5, MUTED, "start", measure);
        }
        last = kind;
        drawing.text((LEFT - 14.0, y), 11.0, MUTED, "end", strength);
        for of in all[1..].iter().rev() {
            let same = of.found.iter().find(|(other, at, _)| other == kind && at == strength);
            if let Some((.., share)) = same {
                drawing.marker((x(share.value), y), 10.0, of.style);
            }
        }
        let colour = deployed.style.colour;
        drawing.line(&[(x(share.low), y), (x(share.high), y)], colour, 2.0, "");
        drawing.marker((x(share.value), y), 13.0, deployed.style);
        drawing.text((x(1.0) + 56.0, y), 11.0, INK, "end", &percent(share.value));
    }
    drawing.text((x(0.5), bottom + 30.0), 11.5, MUTED, "middle", "changed pictures found");
    bottom
}

/// The points of a fingerprint, by threshold.
fn curve(of: &Drawn<'_>, rows: &[&Row]) -> Curve {
    let points = |quantity: &'static str| {
        let own = rows.iter().filter(move |row| is_point(row) && row.quantity == quantity);
        own.filter(|row| parameter(row, "algorithm") == of.name)
    };
    let mut bands: Vec<RocBand> = points("true-positive-rate")
        .filter_map(|found| {
            let threshold = parameter(found, "threshold");
            let wrong = points("false-positive-rate-per-pair").find(|row| parameter(row, "threshold") == threshold)?;
            let threshold = threshold.parse().ok()?;
            Some(RocBand { threshold, true_positives: estimate(found), false_positives: estimate(wrong) })
        })
        .collect();
    bands.sort_by_key(|band| band.threshold);
    Curve { name: of.name.to_owned(), style: of.style, own: of.own.parse().unwrap_or(0), bands }
}

/// As many powers of ten as there are rates to see, and pairs of pictures that could show them.
fn decades(curves: &[Curve], rows: &[&Row]) -> i32 {
    let pictures =
        rows.iter().filter(|row| row.quantity == "true-positive-rate" && is_point(row)).map(|row| row.n).max();
    let pairs = pictures.filter(|pictures| *pictures > 1).map(|pictures| (pictures * (pictures - 1) / 2) as f64);
    let rates = curves.iter().flat_map(|curve| &curve.bands).map(|band| band.false_positives.value);
    let least = rates.filter(|rate| *rate > 0.0).fold(0.1, f64::min);
    #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
    let decades = (-least.max(pairs.map_or(0.0, f64::recip)).log10()).ceil() as i32;
    decades.clamp(1, 7)
}

fn percent(share: f64) -> String {
    format!("{:.0}\u{a0}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(algorithm: &str, kind: &str, strength: &str, share: f64) -> Row {
        let row = Row::new("true-positive-rate", "1").question(QUESTION).parameter("algorithm", algorithm);
        let row = row.parameter("transform", kind).parameter("strength", strength).parameter("threshold", 31);
        row.parameter("kind", "any").interval(share, share, share)
    }

    #[test]
    fn every_way_is_drawn_and_said() {
        let words = || FigureWords { id: "x".into(), title: "A finding".into(), description: String::new() };
        assert!(figure(words(), &[]).is_none());
        let mut rows: Vec<Row> = [("pdq", 0.25), ("other", 0.75)]
            .into_iter()
            .flat_map(|(name, share)| ["50", "5"].map(|strength| row(name, "recompress", strength, share)))
            .collect();
        rows.push(row("pdq", "recompress", "50", 0.125).parameter("kind", "page"));
        for (threshold, found, wrong) in [(20, 0.5, 0.0), (31, 0.6, 0.001), (90, 1.0, 0.5)] {
            for (quantity, share) in [("true-positive-rate", found), ("false-positive-rate-per-pair", wrong)] {
                let point = Row::new(quantity, "1").question(QUESTION).parameter("algorithm", "pdq");
                let point = point.parameter("transform", "any").parameter("threshold", threshold);
                rows.push(point.interval(share, share, share));
            }
        }
        let figure = figure(words(), &rows).unwrap();
        assert!(figure.description.contains("pdq: recompress 50: 25\u{a0}%, recompress 5: 25\u{a0}%. other:"));
        let svg = figure.standalone();
        for said in ["A finding", "recompress", "JPEG quality", "● pdq, ≤ 31 bits", "■ other", "10⁻³"] {
            assert!(svg.contains(said), "{said}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("13\u{a0}%"));
        assert_eq!(figure.data.unwrap().rows().len(), 10);
    }
}
