//! What one content costs: tables beside plain `e2ee`, and growth with the list.

use plotters::element::{Circle, PathElement, Text};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color as _, RGBColor};
use sightline_evidence::{Row, Status, Table};

use crate::PresentationError;
use crate::figure::{Area, FAINT_RGB, Figure, FigureWords, INK_RGB, LEARNT_RGB, MUTED_RGB, NOTHING_RGB, text};
use crate::reading::Reading;
use crate::words::number;

/// The networks in the order of the table.
const NETWORKS: [&str; 3] = ["fibre", "mobile", "poor"];

/// System, content, and what one costs: bytes, messages, round trips, latency on each network, bytes kept.
pub(crate) type Line = (String, String, [String; 7]);

/// A row of the question, by all that tells it apart.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    system: &'a str,
    task: &'a str,
    content: &'a str,
    /// Empty for all together.
    observer: &'a str,
    quantity: &'a str,
    network: Option<&'a str>,
}

impl Wanted<'_> {
    fn find<'a>(&self, rows: &'a [Row], quantity: &str, of: Option<&str>) -> Option<&'a Row> {
        let parameters = || self.network.map(|network| ("network", network)).into_iter().chain(of.map(|of| ("of", of)));
        rows.iter().find(|row| {
            row.question == "cost"
                && row.architecture == self.system
                && row.task == self.task
                && row.content == self.content
                && row.observer == self.observer
                && row.quantity == quantity
                && row.parameters.iter().eq(parameters())
        })
    }

    /// Its value in words, and in brackets how many times that of `e2ee` it is, where that is known.
    fn cell(&self, rows: &[Row], words: impl Fn(f64) -> String) -> String {
        let decided = |row: Option<&Row>| row.filter(|row| row.status == Status::Decided).and_then(|row| row.value);
        let value = decided(self.find(rows, self.quantity, None));
        let ratio = decided(self.find(rows, "ratio-to-e2ee", Some(self.quantity)));
        match (value, ratio) {
            (None, _) => "… not run".to_owned(),
            (Some(value), None) => words(value),
            (Some(value), Some(ratio)) => format!("{} (×\u{a0}{})", words(value), factor(ratio)),
        }
    }
}

/// What follows from the protocol.
pub(crate) fn lines(reading: &Reading) -> Vec<Line> {
    let line = |system: &str, content: &str| {
        let wanted = |quantity, network| Wanted { system, task: "send", content, observer: "", quantity, network };
        wanted("bytes-sent", None).find(&reading.rows, "bytes-sent", None)?;
        let cell = |quantity: &'static str, words: fn(f64) -> String| wanted(quantity, None).cell(&reading.rows, words);
        let [fibre, mobile, poor] =
            NETWORKS.map(|network| wanted("delivery-latency", Some(network)).cell(&reading.rows, time));
        let cells = [
            cell("bytes-sent", bytes),
            cell("messages-sent", number),
            cell("round-trips", number),
            fibre,
            mobile,
            poor,
            cell("bytes-held", bytes),
        ];
        Some((system.to_owned(), content.to_owned(), cells))
    };
    let systems = reading.systems();
    let both = systems.iter().flat_map(|system| ["ordinary", "listed"].map(|content| (system, content)));
    both.filter_map(|(system, content)| line(system, content)).collect()
}

/// A system, and for each of its parties: CPU time before anything is sent, for one picture, and modelled work for it.
pub(crate) type Group = (String, Vec<(String, [String; 3])>);

/// What was measured with a clock, and what the model says.
pub(crate) fn groups(reading: &Reading) -> Vec<Group> {
    let of_system = |system: String| {
        let mut parties: Vec<&str> = Vec::new();
        for row in reading.rows.iter().filter(|row| row.architecture == system && row.quantity == "modelled-work") {
            if !row.observer.is_empty() && !parties.contains(&row.observer.as_str()) {
                parties.push(&row.observer);
            }
        }
        let line = |observer: &str| {
            let wanted = |quantity, task| Wanted {
                system: &system,
                task,
                content: "ordinary",
                observer,
                quantity,
                network: None,
            };
            let name = if observer.is_empty() { "All together".to_owned() } else { party(reading, observer) };
            let cpu = |task| wanted("cpu-time", task).cell(&reading.timings, time);
            (name, [cpu("set-up"), cpu("send"), wanted("modelled-work", "send").cell(&reading.rows, time)])
        };
        let lines: Vec<_> = parties.into_iter().chain([""]).map(line).collect();
        (lines.len() > 1).then_some((system, lines))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// The device that sends, one that receives, or another party.
fn party(reading: &Reading, observer: &str) -> String {
    match observer {
        "device-0" => "Sender’s device".to_owned(),
        "device-1" => "Recipient’s device".to_owned(),
        other => reading.party(other),
    }
}

/// A ratio to two digits behind the point, or to whole numbers.
fn factor(ratio: f64) -> String {
    match ratio {
        least if least < 0.005 => "less than 0.01".to_owned(),
        large if large >= 10.0 => number(large.round()),
        other => number((other * 100.0).round() / 100.0),
    }
}

/// Bytes, in thousands where there are many.
fn bytes(value: f64) -> String {
    if value.abs() < 10_000.0 {
        format!("{}\u{a0}B", number(value.round()))
    } else {
        format!("{}\u{a0}kB", number((value / 1000.0).round()))
    }
}

/// A time to three digits, in the unit that suits it.
fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        value if value >= 1.0 => (value, "s"),
        value if value >= 1e-3 => (value * 1e3, "ms"),
        value if value > 0.0 => (value * 1e6, "µs"),
        _ => return "0".to_owned(),
    };
    let places = if value >= 100.0 { 0 } else { usize::from(value < 10.0) + 1 };
    format!("{value:.places$}\u{a0}{unit}")
}

/// A system's curve: size of list, CPU time with its ends.
type Curve = (String, Vec<(f64, [f64; 3])>);

fn rows(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading.timings.iter().filter(|row| {
        row.question == "cost"
            && row.quantity == "cpu-time"
            && row.task == "send"
            && row.observer.is_empty()
            && row.parameters.value("list").is_some()
    })
}

fn curves(reading: &Reading) -> Vec<Curve> {
    let of_system = |system: String| {
        let own = rows(reading).filter(|row| row.architecture == system);
        let mut points: Vec<(f64, [f64; 3])> = own
            .filter_map(|row| {
                let ends = [row.value?, row.low?, row.high?];
                let size: f64 = row.parameters.value("list")?.parse().ok()?;
                (size > 0.0 && ends.iter().all(|end| *end > 0.0)).then_some((size, ends))
            })
            .collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        (points.len() > 1).then_some((system, points))
    };
    reading.systems().into_iter().filter_map(of_system).collect()
}

/// CPU time for one picture against the length of the list, both on logarithmic axes.
pub(crate) fn figure(reading: &Reading) -> Result<Option<Figure>, PresentationError> {
    const LEFT: i32 = 76;
    const TOP: i32 = 40;
    const WIDTH: i32 = 560;
    const HEIGHT: i32 = 300;
    const LABEL: i32 = 18;
    let curves = curves(reading);
    let Some(finding) = finding(&curves) else { return Ok(None) };
    let all = || curves.iter().flat_map(|(_, points)| points);
    let (least, most) =
        all().fold((f64::INFINITY, 0.0_f64), |(low, high), (_, ends)| (low.min(ends[1]), high.max(ends[2])));
    let (bottom, top) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
    let (first, last) =
        all().fold((f64::INFINITY, 0.0_f64), |(low, high), (size, _)| (low.min(*size), high.max(*size)));
    #[expect(clippy::cast_possible_truncation, reason = "a share of the side")]
    let share = |value: f64, side: i32| (value.clamp(0.0, 1.0) * f64::from(side)).round() as i32;
    let at = |size: f64, seconds: f64| {
        let x = (size / first).log10() / (last / first).log10();
        let y = (seconds.log10() - bottom) / (top - bottom);
        (LEFT + share(x, WIDTH), TOP + HEIGHT - share(y, HEIGHT))
    };
    let words = FigureWords {
        id: "cost-growth".to_owned(),
        title: finding,
        description: format!(
            "CPU time of all parties together for one ordinary picture. {}",
            curves.iter().map(in_words).collect::<Vec<_>>().join(" ")
        ),
    };
    let data: Table = rows(reading).cloned().collect();
    // Labels at the ends of the curves, moved apart.
    let mut labels: Vec<(i32, &str, RGBColor)> = Vec::new();
    for (system, points) in &curves {
        let Some((size, ends)) = points.last() else { continue };
        labels.push((at(*size, ends[0]).1, system, colour(system)));
    }
    labels.sort_by_key(|label| label.0);
    for place in 1..labels.len() {
        labels[place].0 = labels[place].0.max(labels[place - 1].0 + LABEL);
    }
    let figure =
        Figure::plot(words, data, (LEFT.cast_unsigned() + 800, (TOP + HEIGHT + 60).cast_unsigned()), |area| {
            #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
            for decade in (bottom as i32)..=(top as i32) {
                let seconds = 10_f64.powi(decade);
                let (left, y) = at(first, seconds);
                area.draw(&PathElement::new([(left, y), (left + WIDTH, y)], FAINT_RGB.stroke_width(1)))?;
                area.draw(&Text::new(power(seconds), (left - 8, y), text(11.0, MUTED_RGB, HPos::Right)))?;
            }
            let mut size = first;
            while size <= last {
                let (x, y) = at(size, 10_f64.powf(bottom));
                area.draw(&PathElement::new([(x, TOP), (x, y)], FAINT_RGB.stroke_width(1)))?;
                area.draw(&Text::new(number(size), (x, y + 14), text(11.0, MUTED_RGB, HPos::Center)))?;
                size *= 10.0;
            }
            let under = (LEFT + WIDTH / 2, TOP + HEIGHT + 36);
            area.draw(&Text::new("entries of the list", under, text(11.5, MUTED_RGB, HPos::Center)))?;
            area.draw(&Text::new("CPU time for one picture", (LEFT, 18), text(11.5, MUTED_RGB, HPos::Left)))?;
            for (system, points) in &curves {
                curve(
                    area,
                    &points.iter().map(|(size, ends)| ends.map(|end| at(*size, end))).collect::<Vec<_>>(),
                    system,
                )?;
            }
            for (y, system, colour) in &labels {
                area.draw(&Text::new((*system).to_owned(), (LEFT + WIDTH + 14, *y), text(12.5, *colour, HPos::Left)))?;
            }
            Ok(())
        })?;
    Ok(Some(figure))
}

/// What is compared with is blue.
fn colour(system: &str) -> RGBColor {
    match system {
        "e2ee" => NOTHING_RGB,
        "plaintext" => MUTED_RGB,
        "server-enclave" => LEARNT_RGB,
        _ => INK_RGB,
    }
}

/// Value, low and high end of each point.
fn curve(area: &Area<'_>, points: &[[(i32, i32); 3]], system: &str) -> Result<(), Box<dyn std::error::Error>> {
    let colour = colour(system);
    area.draw(&PathElement::new(points.iter().map(|ends| ends[0]).collect::<Vec<_>>(), colour.stroke_width(2)))?;
    for [value, low, high] in points {
        area.draw(&PathElement::new([*low, *high], colour.stroke_width(1)))?;
        area.draw(&Circle::new(*value, 3, colour.filled()))?;
    }
    Ok(())
}

/// A power of ten of seconds.
fn power(seconds: f64) -> String {
    match seconds {
        value if value >= 0.999 => format!("{}\u{a0}s", number(value.round())),
        value if value >= 0.999e-3 => format!("{}\u{a0}ms", number((value * 1e3).round())),
        value if value >= 0.999e-6 => format!("{}\u{a0}µs", number((value * 1e6).round())),
        value => format!("{}\u{a0}ns", number((value * 1e9).round())),
    }
}

fn finding(curves: &[Curve]) -> Option<String> {
    let end = |points: &[(f64, [f64; 3])]| points.last().map(|(size, ends)| (*size, ends[0]));
    let (_, baseline) = curves.iter().find(|(system, _)| system == "e2ee")?;
    let (size, baseline) = end(baseline)?;
    let dearest = curves.iter().filter_map(|(system, points)| Some((system, end(points)?.1)));
    let (system, most) = dearest.max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(if system == "e2ee" {
        "No system here takes more CPU time for a picture than plain end-to-end encryption".to_owned()
    } else {
        format!(
            "With {} entries, {system} takes {} times the CPU time of plain end-to-end encryption",
            number(size),
            factor(most / baseline)
        )
    })
}

fn in_words((system, points): &Curve) -> String {
    let ends = points.first().zip(points.last());
    ends.map_or_else(String::new, |((least, first), (most, last))| {
        format!(
            "{system}: {} with {} entries, {} with {}.",
            time(first[0]),
            number(*least),
            time(last[0]),
            number(*most)
        )
    })
}

/// Exponents of CPU time that grows, in words: for one picture, by party.
pub(crate) fn exponents(reading: &Reading) -> Vec<String> {
    let grows = reading.timings.iter().filter(|row| {
        row.quantity == "growth-exponent" && row.task == "send" && !row.observer.is_empty() && row.low.is_some()
    });
    let in_words = |row: &Row| {
        let [value, low, high] = [row.value?, row.low?, row.high?].map(|end| number((end * 100.0).round() / 100.0));
        let party = party(reading, &row.observer);
        let system = &row.architecture;
        Some(format!("{system}: {party}: CPU time grows as entries to the power {value} ({low} to {high})"))
    };
    grows.filter_map(in_words).collect()
}
