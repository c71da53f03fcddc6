//! What `sightline accuracy` measured: figures and a page that needs neither network nor JavaScript.

use crate::PresentationError;
use crate::figure::{FAINT, Figure, FigureWords, INK, MUTED, escape};
use crate::words::{count, list, number};
use sightline_accuracy::{Estimate, Measured, OfAlgorithm, RocBand, Scope, Tail};
use sightline_evidence::{Row, Table};
use sightline_pictures::transform::{Family, Transform};
use std::fmt::Write as _;

/// A page and its figures, not yet written.
#[derive(Debug, Clone)]
pub struct AccuracyReport {
    /// The page, complete in itself.
    pub html: String,
    /// The figures in it, in order of appearance.
    pub figures: Vec<Figure>,
}

/// Draws what was measured. The same numbers give the same bytes.
///
/// # Errors
/// [`PresentationError`] if a figure cannot be drawn.
pub fn draw(measured: &Measured) -> Result<AccuracyReport, PresentationError> {
    let figures = vec![roc(measured), distributions(measured), detection(measured), tails(measured)];
    let html = page(measured, &figures);
    Ok(AccuracyReport { html, figures })
}

/// How an algorithm is drawn: Okabe and Ito's colours, a dash pattern, and a marker. Each tells it from all others.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) colour: &'static str,
    pub(crate) dash: &'static str,
    pub(crate) marker: char,
}

pub(crate) const STYLES: [Style; 9] = [
    Style { colour: "#0072B2", dash: "", marker: '●' },
    Style { colour: "#D55E00", dash: "8 3", marker: '■' },
    Style { colour: "#009E73", dash: "2 3", marker: '▲' },
    Style { colour: "#CC79A7", dash: "9 3 2 3", marker: '◆' },
    Style { colour: "#B07D00", dash: "5 2 1 2 1 2", marker: '▼' },
    Style { colour: "#3A9BD0", dash: "12 4", marker: '○' },
    Style { colour: "#1B2026", dash: "4 4", marker: '□' },
    Style { colour: "#5B6570", dash: "1 3", marker: '△' },
    Style { colour: "#7A3E9D", dash: "6 6", marker: '◇' },
];

/// Algorithms that have distances, with their styles: digests of files are equal or not.
fn perceptual(measured: &Measured) -> Vec<(&OfAlgorithm, Style)> {
    let styled = measured.algorithms.iter().zip(STYLES.into_iter().cycle());
    styled.filter(|(of, _)| !of.exact).collect()
}

/// A drawing in the making.
#[derive(Default)]
pub(crate) struct Drawing(String);

/// A rectangle of the drawing that numbers from 0 to 1 are drawn in, y upwards.
#[derive(Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Panel {
    pub(crate) fn at(self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x.clamp(0.0, 1.0) * self.width, self.top + (1.0 - y.clamp(0.0, 1.0)) * self.height)
    }
}

impl Drawing {
    pub(crate) fn line(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dash: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = write!(
            self.0,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>",
            points.join(" ")
        );
    }

    fn area(&mut self, points: &[(f64, f64)], colour: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(
            self.0,
            "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"0.22\" stroke=\"none\"/>",
            points.join(" ")
        );
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), size: f64, colour: &str, anchor: &str, text: &str) {
        let _ = write!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{:.1}\" font-family=\"sans-serif\" font-size=\"{size}\" fill=\"{colour}\" \
             text-anchor=\"{anchor}\">{}</text>",
            y + size * 0.35,
            escape(text)
        );
    }

    /// The mark of a fingerprint, its middle at a point: a disc as such, as glyphs do not sit on their middle.
    pub(crate) fn marker(&mut self, (x, y): (f64, f64), size: f64, style: Style) {
        if style.marker == '●' {
            let radius = size * 0.31;
            let _ = write!(self.0, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill=\"{}\"/>", style.colour);
        } else {
            self.text((x, y - size * 0.04), size, style.colour, "middle", &style.marker.to_string());
        }
    }

    /// A frame with names below and above.
    fn frame(&mut self, panel: Panel, title: &str) {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)].map(|(x, y)| panel.at(x, y));
        self.line(&corners, FAINT, 1.0, "");
        self.text((panel.left, panel.top - 10.0), 12.0, INK, "start", title);
    }

    pub(crate) fn figure(self, words: FigureWords, data: Table, size: (u32, u32)) -> Figure {
        Figure::from_svg(words, Some(data), size, self.0)
    }
}

/// The rows of some quantities.
fn data(measured: &Measured, wanted: impl Fn(&Row) -> bool) -> Table {
    measured.rows().into_iter().filter(wanted).collect()
}

/// Labels moved apart so that none covers another: wanted heights, sorted, and the least distance.
fn apart(labels: &mut [(f64, &str, Style)], distance: f64, bottom: f64) {
    labels.sort_by(|one, other| one.0.total_cmp(&other.0));
    for place in 1..labels.len() {
        labels[place].0 = labels[place].0.max(labels[place - 1].0 + distance);
    }
    if let Some(last) = labels.last_mut() {
        last.0 = last.0.min(bottom);
    }
    for place in (1..labels.len()).rev() {
        labels[place - 1].0 = labels[place - 1].0.min(labels[place].0 - distance);
    }
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent > 0.0 && percent < 0.1 { format!("{}\u{a0}%", number(percent)) } else { format!("{percent:.1}\u{a0}%") }
}

fn with_ends(of: Estimate) -> String {
    format!("{} ({} to {})", percent(of.value), percent(of.low), percent(of.high))
}

/// A small probability.
fn rate(value: f64) -> String {
    if value > 0.0 { format!("{value:.1e}") } else { "0".to_owned() }
}

fn rate_with_ends(of: Estimate) -> String {
    format!("{} ({} to {})", rate(of.value), rate(of.low), rate(of.high))
}

/// The largest share found at a rate of false matches per pair of at most `limit`.
fn found_at(of: &OfAlgorithm, limit: f64) -> Option<(u32, Estimate)> {
    let points = of.roc.iter().take_while(|band| band.false_positives.value <= limit);
    points.last().map(|band| (band.threshold, band.true_positives))
}

fn roc(measured: &Measured) -> Figure {
    const LIMIT: f64 = 1e-3;
    let shown = perceptual(measured);
    let mut found: Vec<(&str, Estimate)> =
        shown.iter().filter_map(|(of, _)| Some((of.name.as_str(), found_at(of, LIMIT)?.1))).collect();
    found.sort_by(|one, other| other.1.value.total_cmp(&one.1.value));
    let title = match (found.first(), found.last()) {
        (Some(best), Some(worst)) if found.len() > 1 => format!(
            "At one false match in a thousand pairs, {} finds {} of the changed pictures and {} finds {}",
            best.0,
            percent(best.1.value),
            worst.0,
            percent(worst.1.value)
        ),
        (Some(only), _) => format!(
            "At one false match in a thousand pairs, {} finds {} of the changed pictures",
            only.0,
            percent(only.1.value)
        ),
        _ => "No algorithm with distances was measured".to_owned(),
    };
    let in_words = |(name, of): &(&str, Estimate)| format!("{name}: {}", with_ends(*of));
    let description = format!(
        "Share of changed pictures found, all handling together, against the rate of false matches per pair, by threshold. At a \
         rate of at most 0.001: {}. Marked points are the algorithms' own thresholds; bands are 95 % intervals.",
        found.iter().map(in_words).collect::<Vec<_>>().join("; ")
    );
    let pairs = measured.algorithms.iter().filter_map(|of| of.separations.first()).map(|all| all.pairs).max();
    #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
    let decades = (pairs.unwrap_or(10) as f64).log10().floor().clamp(1.0, 7.0) as i32;
    let panel = Panel { left: 120.0, top: 30.0, width: 560.0, height: 360.0 };
    let curve = |(of, style): &(&OfAlgorithm, Style)| Curve {
        name: of.name.clone(),
        style: *style,
        own: of.threshold,
        bands: of.roc.clone(),
    };
    let mut drawing = Drawing::default();
    characteristics(&mut drawing, panel, decades, &shown.iter().map(curve).collect::<Vec<_>>());
    let rows = data(measured, |row| ["auc", "equal-error-rate"].contains(&row.quantity.as_str()));
    drawing.figure(FigureWords { id: "accuracy-roc".into(), title, description }, rows, (760, 450))
}

/// The characteristic of an algorithm, as it is drawn.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) style: Style,
    /// Its own threshold.
    pub(crate) own: u32,
    pub(crate) bands: Vec<RocBand>,
}

/// Characteristics, false positives per pair on a logarithmic scale of so many decades.
pub(crate) fn characteristics(drawing: &mut Drawing, panel: Panel, decades: i32, curves: &[Curve]) {
    let x = |rate: f64| if rate > 0.0 { 1.0 + rate.log10() / f64::from(decades) } else { 0.0 };
    for decade in 0..=decades {
        let place = x(10_f64.powi(-decade));
        drawing.line(&[panel.at(place, 0.0), panel.at(place, 1.0)], FAINT, 1.0, "");
        let (left, bottom) = panel.at(place, 0.0);
        let label = if decade == 0 { "1".to_owned() } else { format!("10⁻{}", superscript(decade)) };
        drawing.text((left, bottom + 16.0), 11.0, MUTED, "middle", &label);
    }
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        drawing.line(&[panel.at(0.0, share), panel.at(1.0, share)], FAINT, 1.0, "");
        let (right, y) = panel.at(1.0, share);
        drawing.text((right + 8.0, y), 11.0, MUTED, "start", &format!("{}\u{a0}%", tick * 20));
    }
    drawing.text(
        (panel.left + panel.width / 2.0, panel.top + panel.height + 38.0),
        11.5,
        MUTED,
        "middle",
        "false-positive rate per pair: a changed picture and another original",
    );
    drawing.text((panel.left + panel.width, panel.top - 16.0), 11.5, MUTED, "end", "changed pictures found");
    let mut labels = Vec::new();
    for Curve { name, style, own, bands } in curves {
        let point = |share: f64, rate: f64| panel.at(x(rate), share);
        let lower = bands.iter().map(|band| point(band.true_positives.low, band.false_positives.value));
        let upper = bands.iter().rev().map(|band| point(band.true_positives.high, band.false_positives.value));
        drawing.area(&lower.chain(upper).collect::<Vec<_>>(), style.colour);
        let line: Vec<_> =
            bands.iter().map(|band| point(band.true_positives.value, band.false_positives.value)).collect();
        drawing.line(&line, style.colour, 2.0, style.dash);
        if let Some(own) = bands.iter().find(|band| band.threshold == *own) {
            let at = point(own.true_positives.value, own.false_positives.value);
            drawing.marker(at, 14.0, *style);
        }
        // Beside its mark where that lies on the edge of what can be seen, else where the line leaves the edge.
        let least = 10_f64.powi(-decades);
        let seen = |band: &&RocBand| band.false_positives.value <= least;
        let edge = bands.iter().filter(seen).find(|band| band.threshold == *own);
        let edge = edge.or_else(|| bands.iter().take_while(seen).last());
        labels.push((panel.at(0.0, edge.map_or(0.0, |band| band.true_positives.value)).1, name.as_str(), *style));
    }
    apart(&mut labels, 15.0, panel.top + panel.height);
    for (y, name, style) in &labels {
        drawing.text((panel.left - 8.0, *y), 12.5, style.colour, "end", &format!("{name} {}", style.marker));
    }
}

fn superscript(number: i32) -> String {
    let digit = |digit: char| match digit {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    number.to_string().chars().map(digit).collect()
}

fn distributions(measured: &Measured) -> Figure {
    const HEIGHT: f64 = 70.0;
    const EACH: f64 = 118.0;
    const BINS: usize = 24;
    let shown = perceptual(measured);
    let rates = shown.iter().filter_map(|(of, _)| Some((of.name.as_str(), of.separations.first()?.eer)));
    let mut rates: Vec<_> = rates.collect();
    rates.sort_by(|one, other| one.1.value.total_cmp(&other.1.value));
    let title = rates.first().map_or_else(
        || "No algorithm with distances was measured".to_owned(),
        |(name, eer)| {
            format!(
                "Changed and different pictures overlap under every fingerprint; least under {name}, with an equal error rate of {}",
                percent(eer.value)
            )
        },
    );
    let mut words = Vec::new();
    let mut drawing = Drawing::default();
    let mut top = 34.0;
    for (of, style) in &shown {
        let panel = Panel { left: 110.0, top, width: 560.0, height: HEIGHT };
        drawing.frame(panel, &format!("{} ({} bits)", of.name, of.bits));
        // Bins up to three quarters of the bits; a few algorithms have even distances alone.
        let width = (f64::from(of.bits) * 0.75 / BINS as f64).max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin of few")]
        let binned = |weights: &[f64]| {
            let mut bins = vec![0.0; BINS];
            let total: f64 = weights.iter().sum();
            for (distance, weight) in weights[..weights.len() - 1].iter().enumerate() {
                if let Some(bin) = bins.get_mut((distance as f64 / width) as usize) {
                    *bin += weight / total;
                }
            }
            bins
        };
        let (same, different) = (binned(of.same.weights()), binned(of.different.weights()));
        let most = same.iter().chain(&different).copied().fold(0.0, f64::max).max(1e-9);
        let steps = |bins: &[f64]| {
            let step = |(bin, share): (usize, &f64)| {
                let (left, right) = (bin as f64 / BINS as f64, (bin + 1) as f64 / BINS as f64);
                // A root, so that few are seen beside many.
                let height = (share / most).sqrt();
                [panel.at(left, height), panel.at(right, height)]
            };
            let mut points = vec![panel.at(0.0, 0.0)];
            points.extend(bins.iter().enumerate().flat_map(step));
            points.push(panel.at(1.0, 0.0));
            points
        };
        drawing.area(&steps(&same), style.colour);
        drawing.line(&steps(&same), style.colour, 1.8, "");
        drawing.line(&steps(&different), INK, 1.4, "4 2");
        let own = (f64::from(of.threshold) + 1.0) / width / BINS as f64;
        drawing.line(&[panel.at(own, 0.0), panel.at(own, 1.0)], MUTED, 1.0, "1 2");
        let (right, above) = panel.at(own, 1.0);
        drawing.text((right + 4.0, above + 8.0), 10.5, MUTED, "start", &format!("≤ {} matches", of.threshold));
        let (left, _) = panel.at(0.0, 1.0);
        drawing.text((left - 8.0, top + 20.0), 11.0, style.colour, "end", "changed ▬");
        drawing.text((left - 8.0, top + 42.0), 11.0, INK, "end", "different ╌");
        for tick in 0..=3 {
            let distance = f64::from(tick) / 3.0 * BINS as f64 * width;
            let (x, y) = panel.at(f64::from(tick) / 3.0, 0.0);
            drawing.text((x, y + 12.0), 10.5, MUTED, "middle", &number(distance));
        }
        let quantile = |of: Option<u32>| of.map_or("none".to_owned(), |distance| distance.to_string());
        words.push(format!(
            "{}: half of the changed pictures lie within {} bits, half of the different ones within {}; up to {} matches",
            of.name,
            quantile(of.same.quantile(0.5)),
            quantile(of.different.quantile(0.5)),
            of.threshold
        ));
        top += EACH;
    }
    drawing.text((390.0, top - 10.0), 11.5, MUTED, "middle", "distance in bits; heights are square roots of shares");
    let description =
        format!("Distances, all handling together, and between different originals. {}.", words.join(". "));
    let rows = data(measured, |row| row.quantity == "median-distance");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a height in pixels")]
    drawing.figure(
        FigureWords { id: "accuracy-distances".into(), title, description },
        rows,
        (700, (top + 10.0) as u32),
    )
}

/// Shares of pictures found for each strength of a family, over all kinds.
fn curve(of: &OfAlgorithm, family: Family) -> Vec<(f64, Estimate)> {
    let of_family = of.detections.iter().filter(|found| found.kind.is_none());
    let point = |found: &sightline_accuracy::Detection| {
        let transform = found.transform.filter(|transform| transform.family() == family)?;
        Some((transform.strength(), found.caught.estimate()))
    };
    of_family.filter_map(point).collect()
}

fn families(measured: &Measured) -> Vec<Family> {
    let mut families: Vec<Family> = measured.transforms.iter().map(|transform| transform.family()).collect();
    families.dedup();
    families
}

fn detection(measured: &Measured) -> Figure {
    const COLUMNS: usize = 3;
    let shown = perceptual(measured);
    let families = families(measured);
    let title = shown.first().map_or_else(
        || "No algorithm with distances was measured".to_owned(),
        |(of, _)| {
            let least = |family: &Family| {
                curve(of, *family).iter().map(|(_, share)| share.value).fold(f64::INFINITY, f64::min)
            };
            let named = |wanted: &dyn Fn(f64) -> bool| {
                let names: Vec<String> =
                    families.iter().filter(|family| wanted(least(family))).map(|family| family.name().to_owned()).collect();
                if names.is_empty() { "nothing".to_owned() } else { list(&names) }
            };
            format!(
                "{} finds at least 95\u{a0}% of the pictures at every strength of {}, and fewer than half at some strength of {}",
                of.name,
                named(&|share| share >= 0.95),
                named(&|share| share < 0.5)
            )
        },
    );
    let mut drawing = Drawing::default();
    let mut words = Vec::new();
    for (place, family) in families.iter().enumerate() {
        let (column, row) = (place % COLUMNS, place / COLUMNS);
        let panel =
            Panel { left: 44.0 + 300.0 * column as f64, top: 34.0 + 176.0 * row as f64, width: 168.0, height: 110.0 };
        drawing.frame(panel, family.name());
        for tick in [0.0, 0.5, 1.0] {
            let (left, y) = panel.at(0.0, tick);
            drawing.line(&[(left, y), (left + panel.width, y)], FAINT, 1.0, "");
            drawing.text((left - 5.0, y), 10.0, MUTED, "end", &format!("{:.0}\u{a0}%", 100.0 * tick));
        }
        let mut labels = Vec::new();
        for (of, style) in &shown {
            let curve = curve(of, *family);
            let x = |number: usize| (number as f64 + 0.5) / curve.len() as f64;
            let points: Vec<_> =
                curve.iter().enumerate().map(|(number, (_, share))| panel.at(x(number), share.value)).collect();
            drawing.line(&points, style.colour, 1.6, style.dash);
            for (number, ((_, share), point)) in curve.iter().zip(&points).enumerate() {
                drawing.line(&[panel.at(x(number), share.low), panel.at(x(number), share.high)], style.colour, 1.0, "");
                drawing.text(*point, 9.0, style.colour, "middle", &style.marker.to_string());
            }
            if let Some((_, y)) = points.last() {
                labels.push((*y, of.name.as_str(), *style));
            }
            let shares: Vec<String> =
                curve.iter().map(|(strength, share)| format!("{strength}: {:.0} %", 100.0 * share.value)).collect();
            words.push(format!("{}, {}: {}", family.name(), of.name, shares.join(", ")));
        }
        apart(&mut labels, 13.0, panel.top + panel.height);
        for (y, name, style) in &labels {
            let at = (panel.left + panel.width + 6.0, *y);
            drawing.text(at, 10.5, style.colour, "start", &format!("{} {name}", style.marker));
        }
        let strengths: Vec<f64> =
            measured.transforms.iter().filter(|of| of.family() == *family).map(|of| of.strength()).collect();
        for (number, strength) in strengths.iter().enumerate() {
            let (x, y) = panel.at((number as f64 + 0.5) / strengths.len() as f64, 0.0);
            drawing.text((x, y + 11.0), 9.5, MUTED, "middle", &format!("{strength}"));
        }
        let (middle, bottom) = panel.at(0.5, 0.0);
        drawing.text((middle, bottom + 24.0), 9.5, MUTED, "middle", family.measure());
    }
    let description = format!(
        "Share of pictures found at each algorithm's own threshold, with 95 % intervals. {}.",
        words.join(". ")
    );
    let rows = data(measured, |row| {
        row.quantity == "true-positive-rate" && row.parameters.value("kind").is_some_and(|kind| kind == "any")
    });
    let height = 34 + 176 * families.len().div_ceil(COLUMNS);
    drawing.figure(
        FigureWords { id: "accuracy-detection".into(), title, description },
        rows,
        (930, u32::try_from(height).unwrap_or(u32::MAX)),
    )
}

fn tails(measured: &Measured) -> Figure {
    const COLUMNS: usize = 2;
    let shown: Vec<_> =
        perceptual(measured).into_iter().filter_map(|(of, style)| Some((of, style, of.tail.as_ref()?))).collect();
    let title = shown.first().map_or_else(
        || "Too few pairs of different pictures for a fit".to_owned(),
        |(of, _, tail)| {
            format!(
                "{} of {} pairs of different pictures match under {}; by a model of the tail it is {} per pair, and nothing below \
                 {} could be seen",
                count(of.false_positives.matches),
                count(of.false_positives.pairs),
                of.name,
                tail.at(of.threshold).map_or("any rate".to_owned(), |model| match model.value {
                    value if value > 1e-15 => format!("{} ({} to {})", rate(value), rate(model.low), rate(model.high)),
                    _ => format!("at most {}", rate(model.high)),
                }),
                rate(tail.seen)
            )
        },
    );
    let mut drawing = Drawing::default();
    let mut words = Vec::new();
    for (place, (of, style, tail)) in shown.iter().enumerate() {
        let panel = Panel {
            left: 66.0 + 420.0 * (place % COLUMNS) as f64,
            top: 36.0 + 236.0 * (place / COLUMNS) as f64,
            width: 320.0,
            height: 160.0,
        };
        drawing.frame(panel, &of.name);
        tail_panel(&mut drawing, panel, of, *style, tail);
        if let Some(model) = tail.at(of.threshold) {
            words.push(format!("{}: up to {} bits, by the model {}", of.name, of.threshold, rate_with_ends(model)));
        }
    }
    let description = format!(
        "Share of pairs of different originals within a distance, as counted and as the fitted generalised Pareto tail has it, with \
         95 % intervals. Per pair: {}.",
        words.join("; ")
    );
    let rows = data(measured, |row| row.method == "generalised-pareto");
    let height = 36 + 236 * shown.len().div_ceil(COLUMNS).max(1);
    drawing.figure(
        FigureWords { id: "accuracy-tail".into(), title, description },
        rows,
        (860, u32::try_from(height).unwrap_or(u32::MAX)),
    )
}

fn tail_panel(drawing: &mut Drawing, panel: Panel, of: &OfAlgorithm, style: Style, tail: &Tail) {
    const DECADES: f64 = 12.0;
    let end = f64::from(tail.start) * 1.15;
    let y = |share: f64| if share > 0.0 { 1.0 + share.log10() / DECADES } else { 0.0 };
    let at = |distance: u32, share: f64| panel.at(f64::from(distance) / end, y(share));
    for decade in [0, 3, 6, 9, 12] {
        let height = 1.0 - f64::from(decade) / DECADES;
        let (left, y) = panel.at(0.0, height);
        drawing.line(&[(left, y), (left + panel.width, y)], FAINT, 1.0, "");
        let label = if decade == 0 { "1".to_owned() } else { format!("10⁻{}", superscript(decade)) };
        drawing.text((left - 6.0, y), 10.0, MUTED, "end", &label);
    }
    for tick in 0..=4 {
        let distance = f64::from(tail.start) * f64::from(tick) / 4.0;
        let (x, bottom) = panel.at(distance / end, 0.0);
        drawing.text((x, bottom + 12.0), 10.0, MUTED, "middle", &number(distance.round()));
    }
    let (middle, bottom) = panel.at(0.5, 0.0);
    drawing.text((middle, bottom + 26.0), 10.0, MUTED, "middle", "distance in bits; share of pairs within it");
    let lower = tail.model.iter().map(|(distance, share)| at(*distance, share.low));
    let upper = tail.model.iter().rev().map(|(distance, share)| at(*distance, share.high));
    drawing.area(&lower.chain(upper).collect::<Vec<_>>(), style.colour);
    let model: Vec<_> = tail.model.iter().map(|(distance, share)| at(*distance, share.value)).collect();
    drawing.line(&model, style.colour, 1.6, "6 3");
    let counted = (0..=of.bits).map(|distance| (distance, of.different.within(distance)));
    let counted: Vec<_> = counted
        .filter(|(distance, share)| *share > 0.0 && f64::from(*distance) <= end)
        .map(|(distance, share)| at(distance, share))
        .collect();
    drawing.line(&counted, INK, 2.2, "");
    let seen = panel.at(0.0, y(tail.seen)).1;
    drawing.line(&[(panel.left, seen), (panel.left + panel.width, seen)], MUTED, 1.0, "1 3");
    drawing.text((panel.left + 4.0, seen - 7.0), 10.0, MUTED, "start", "3 / pairs: below, model alone");
    let own = panel.at(f64::from(of.threshold) / end, 0.0).0;
    drawing.line(&[(own, panel.top), (own, panel.top + panel.height)], MUTED, 1.0, "1 2");
    drawing.text((own + 4.0, panel.top + 9.0), 10.0, MUTED, "start", &format!("matches up to {}", of.threshold));
    if let Some(last) = counted.last() {
        drawing.text((last.0 - 4.0, last.1 + 16.0), 10.5, INK, "end", "counted");
    }
    if let Some(first) = model.iter().rev().find(|point| point.1 < panel.top + panel.height - 1.0) {
        drawing.text((first.0 + 6.0, first.1 + 10.0), 10.5, style.colour, "start", "model");
    }
}

const CSS: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}th,td{padding:.2rem .6rem;text-align:right;\
border-bottom:1px solid #8886}th:first-child,td:first-child{text-align:left}caption{text-align:left;font-weight:600}\
figure{margin:2rem 0}figure>div{background:#fff;overflow-x:auto;padding:.5rem}figcaption{font-weight:600;margin-bottom:.5rem}\
.wide{overflow-x:auto}small{color:GrayText}@media print{body{max-width:none}}";

fn page(measured: &Measured, figures: &[Figure]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Accuracy of fingerprints</title><style>{CSS}</style></head><body>\n\
         <h1>Accuracy of fingerprints</h1>\n"
    );
    let served = measured.pictures.len();
    let mut kinds: Vec<&str> = measured.kinds.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|kind| format!("{kind} {}", measured.kinds.iter().filter(|known| **known == kind).count()))
        .collect();
    let _ = writeln!(
        html,
        "<p>{} pictures ({}) went through {} ways of handling; seed {}. {} of {} given were left out as near-duplicates of others. \
         Intervals are of 95 %. Changed pictures existed in memory alone.</p>",
        count(served as u64),
        escape(&kinds.join(", ")),
        measured.transforms.len(),
        measured.seed,
        measured.audit.left_out.len(),
        measured.given.len()
    );
    overview(&mut html, measured);
    for figure in figures {
        let _ = writeln!(
            html,
            "<figure><figcaption>{}</figcaption><div>{}</div></figure>",
            escape(&figure.title),
            figure.inline()
        );
    }
    detection_table(&mut html, measured);
    bits_table(&mut html, measured);
    let left_out: Vec<String> = measured
        .audit
        .pairs
        .iter()
        .take(200)
        .map(|pair| {
            let [first, second] = [pair.first, pair.second].map(|place| escape(&measured.given[place]));
            format!("<li>{second} and {first}: correlation {:.4}</li>", pair.correlation)
        })
        .collect();
    if !left_out.is_empty() {
        let _ = writeln!(html, "<h2>Near-duplicates</h2><ul>{}</ul>", left_out.join(""));
    }
    html.push_str(
        "<h2>How to read this</h2><ul>\
         <li><b>Changed pictures found</b>: at the algorithm's own threshold, fixed before; for PDQ a changed picture of quality \
         below 50 matches nothing, as deployed. All handling together weighs each strength alike, which no traffic does: it \
         compares algorithms, and forecasts nothing.</li>\
         <li><b>Per pair</b> is one query against one entry. <b>Per picture</b> is one query against a list, with the list's \
         length beside it.</li>\
         <li><b>Intervals</b> of shares of pictures are Clopper and Pearson's; others come from drawing pictures again. What was \
         never seen is bounded by as many pairs as share no picture.</li>\
         <li><b>Model</b> marks what goes beyond the pairs that were compared. It holds if the tail goes on as it begins, and \
         real traffic, with its near-duplicates and pictures of little detail, has more.</li>\
         <li>Pictures that are generated have the statistics of photographs and none of their content.</li></ul>\n\
         <p>All numbers: <code>accuracy.csv</code>, <code>thresholds.csv</code>; every distance: <code>distances.parquet</code>.</p>\n\
         </body></html>\n",
    );
    html
}

fn table(html: &mut String, caption: &str, head: &[String], rows: &[Vec<String>]) {
    let cells = |tag: &str, cells: &[String]| -> String {
        cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect()
    };
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells("td", row))).collect();
    let _ = writeln!(
        html,
        "<div class=\"wide\"><table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{body}</tbody></table></div>",
        escape(caption),
        cells("th", head)
    );
}

fn overview(html: &mut String, measured: &Measured) {
    let head = [
        "algorithm",
        "matches up to",
        "changed pictures found",
        "AUC",
        "equal error rate",
        "different pictures that match, per pair",
        "the same by the model",
        "per picture against 100 000 entries, by the model",
    ];
    let row = |of: &OfAlgorithm| {
        let all = of.separations.iter().find(|separation| separation.scope == Scope::All);
        let auc = all.map(|all| format!("{:.4} ({:.4} to {:.4})", all.auc.value, all.auc.low, all.auc.high));
        let [value, low, high] = of.false_positives.per_pair.map(|rate| rate.0);
        let model = of.tail.as_ref().and_then(|tail| tail.at(of.threshold));
        let against = |model: Estimate| {
            let of = |rate: f64| rate_words(sightline_accuracy::PerPair(rate).against(100_000).probability);
            format!("{} ({} to {})", of(model.value), of(model.low), of(model.high))
        };
        vec![
            of.name.clone(),
            format!("{} of {}", of.threshold, of.bits),
            all.map_or(String::new(), |all| with_ends(all.true_positives)),
            auc.unwrap_or_default(),
            all.map_or(String::new(), |all| with_ends(all.eer)),
            format!(
                "{} of {}: {}",
                count(of.false_positives.matches),
                count(of.false_positives.pairs),
                rate_with_ends(Estimate { value, low, high })
            ),
            model.map_or("–".to_owned(), rate_with_ends),
            model.map_or("–".to_owned(), against),
        ]
    };
    let rows: Vec<_> = measured.algorithms.iter().map(row).collect();
    table(html, "All handling together, and different originals", &head.map(str::to_owned), &rows);
}

fn rate_words(value: f64) -> String {
    if value >= 0.001 { percent(value) } else { rate(value) }
}

fn detection_table(html: &mut String, measured: &Measured) {
    let head: Vec<String> = ["handling".to_owned(), "strength".to_owned()]
        .into_iter()
        .chain(measured.algorithms.iter().map(|of| of.name.clone()))
        .collect();
    let of_transform = |transform: Option<Transform>| {
        let name = transform.map_or("none".to_owned(), |transform| transform.family().name().to_owned());
        let strength = transform.map_or(String::new(), |transform| transform.strength().to_string());
        let share = |of: &OfAlgorithm| {
            let found = of.detections.iter().find(|found| found.kind.is_none() && found.transform == transform);
            found.map_or(String::new(), |found| percent(found.caught.estimate().value))
        };
        [name, strength].into_iter().chain(measured.algorithms.iter().map(share)).collect()
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(None).chain(measured.transforms.iter().copied().map(Some)).map(of_transform).collect();
    table(html, "Pictures found at each algorithm's own threshold (intervals: accuracy.csv)", &head, &rows);
}

fn bits_table(html: &mut String, measured: &Measured) {
    let head = [
        "algorithm",
        "bits set",
        "imbalance",
        "constant bits",
        "correlation of two bits",
        "largest",
        "sum of entropies, bits",
        "independent bits by correlation",
        "effective bits by distance",
    ];
    let row = |of: &OfAlgorithm| {
        let bits = of.bit_statistics.as_ref()?;
        let effective = of.effective_bits?;
        Some(vec![
            of.name.clone(),
            percent(bits.ones),
            format!("{:.3}", bits.imbalance),
            bits.constant.to_string(),
            format!("{:.3}", bits.correlation),
            format!("{:.3}", bits.largest_correlation),
            format!("{:.1}", bits.entropy),
            format!("{:.1}", bits.independent_bits),
            format!("{:.1} ({:.1} to {:.1})", effective.value, effective.low, effective.high),
        ])
    };
    let rows: Vec<_> = measured.algorithms.iter().filter_map(row).collect();
    if !rows.is_empty() {
        table(html, "Bits of different originals", &head.map(str::to_owned), &rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn labels_keep_apart_within_their_panel() {
        let mut labels =
            [(100.0, "a", STYLES[0]), (99.0, "b", STYLES[1]), (10.0, "c", STYLES[2]), (100.0, "d", STYLES[3])];
        apart(&mut labels, 12.0, 100.0);
        let heights: Vec<f64> = labels.iter().map(|label| label.0).collect();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= 12.0), "{heights:?}");
        assert!(heights.iter().all(|height| (0.0..=100.0).contains(height)), "{heights:?}");
    }

    #[test]
    fn styles_differ_in_every_way() {
        for (place, style) in STYLES.iter().enumerate() {
            for other in &STYLES[..place] {
                assert!(style.colour != other.colour && style.dash != other.dash && style.marker != other.marker);
            }
        }
    }

    /// Every figure names itself, and no number is missing from a text.
    #[test]
    fn a_small_measurement_is_drawn_in_full() {
        let corpus = sightline_pictures::Corpus::generated([6; 32], 16, &mut |_, _| {});
        let mut plan = sightline_accuracy::Plan::quick(1);
        plan.transforms = [(Family::Recompress, 50.0), (Family::Rotate, 90.0), (Family::Rotate, 180.0)]
            .map(|(family, strength)| Transform::new(family, strength).unwrap())
            .to_vec();
        plan.replicates = 20;
        let originals = sightline_accuracy::Original::all(&corpus);
        let measured = sightline_accuracy::measure(&originals, &plan, &|_, _, _| ControlFlow::Continue(())).unwrap();
        let report = draw(&measured).unwrap();
        assert_eq!(report.html, draw(&measured).unwrap().html);
        assert_eq!(report.figures.len(), 4);
        for figure in &report.figures {
            let svg = figure.standalone();
            assert!(svg.contains("<title") && svg.contains("<desc"), "{}", figure.id);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", figure.id);
            assert!(report.html.contains(&escape(&figure.title)), "{}", figure.id);
            assert!(figure.data.as_ref().is_some_and(|data| !data.rows().is_empty()), "{}", figure.id);
        }
        assert!(!report.html.contains("NaN"));
        for algorithm in ["pdq", "blockhash", "sha256"] {
            assert!(report.html.contains(&format!("<td>{algorithm}</td>")), "{algorithm}");
        }
        assert!(report.html.contains("<td>rotate</td><td>180</td>"));
    }

    #[test]
    fn small_rates_are_powers_of_ten() {
        assert_eq!((rate(0.0), rate(1.234e-7)), ("0".to_owned(), "1.2e-7".to_owned()));
        assert_eq!((percent(0.5), superscript(12)), ("50.0\u{a0}%".to_owned(), "¹²".to_owned()));
    }
}
