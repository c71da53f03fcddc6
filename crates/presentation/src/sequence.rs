//! The sequence diagram of a system, drawn from its declared flow.

use std::fmt::Write as _;

use sightline_evidence::{FlowStep, Profile};

use crate::figure::{BLUE, FAINT, Figure, FigureWords, INK, MUTED, PAPER, escape, slug};
use crate::words::{capital, title, wrap};

const COLUMN: i32 = 172;
const MARGIN: i32 = 84;
const HEAD: i32 = 40;
const LINE: i32 = 15;

pub(crate) fn figure(position: usize, profile: &Profile) -> Figure {
    let mut frames = String::new();
    let mut conditions = String::new();
    let parties = parties(profile);
    let column = |id: &str| parties.iter().position(|(party, _)| party == id).unwrap_or(0);
    let mut y = HEAD + 26;
    let mut steps = String::new();
    let mut remaining = profile.flow.as_slice();
    let mut number = 0;
    while let Some(first) = remaining.first() {
        let length = remaining.iter().take_while(|step| step.condition == first.condition).count();
        let (group, rest) = remaining.split_at(length);
        remaining = rest;
        let top = y;
        if first.condition.is_some() {
            y += 28;
        }
        for step in group {
            number += 1;
            y = arrow(&mut steps, step, number, y, column(&step.from), column(&step.to));
        }
        if let Some(condition) = &first.condition {
            let involved = group.iter().flat_map(|step| [column(&step.from), column(&step.to)]);
            let (from, to) = (involved.clone().min().unwrap_or(0), involved.max().unwrap_or(0));
            frame((&mut frames, &mut conditions), condition, (top, y + 4), (from, to));
            y += 18;
        }
    }
    let bottom = y + 10;
    let last = parties.len().saturating_sub(1);
    let own = profile.flow.iter().any(|step| step.from == step.to && column(&step.from) == last);
    let beside = if own { COLUMN / 2 } else { 0 };
    let width = 2 * MARGIN + beside + COLUMN * i32::try_from(last.max(2)).unwrap_or(1);
    let mut columns = String::new();
    for (index, (_, name)) in parties.iter().enumerate() {
        lifeline(&mut columns, name, center(index), bottom);
    }
    legend(&mut steps, bottom + 24);
    let words = FigureWords {
        id: slug("sequence", position, &profile.name),
        title: format!("{}: who sends what to whom", profile.title),
        description: in_words(profile).join(" "),
    };
    let size = (width.cast_unsigned(), (bottom + 44).cast_unsigned());
    Figure::from_svg(words, None, size, format!("{frames}{columns}{conditions}{steps}"))
}

/// The steps as sentences, one each.
pub(crate) fn in_words(profile: &Profile) -> Vec<String> {
    let parties = parties(profile);
    let name =
        |id: &str| parties.iter().find(|(party, _)| party == id).map_or_else(|| title(id), |(_, name)| name.clone());
    profile
        .flow
        .iter()
        .map(|step| {
            let condition = step.condition.as_ref();
            let when = condition.map_or_else(String::new, |condition| format!("{}: ", capital(&when(condition))));
            let sealed = if step.sealed { " (sealed: only the endpoints can open it)" } else { "" };
            if step.from == step.to {
                format!("{when}{}: {}{sealed}.", name(&step.from), step.label)
            } else {
                format!("{when}{} to {}: {}{sealed}.", name(&step.from), name(&step.to), step.label)
            }
        })
        .collect()
}

/// Parties that send or receive, in the profile's order, then any that only the flow names.
fn parties(profile: &Profile) -> Vec<(String, String)> {
    let used = |id: &str| profile.flow.iter().any(|step| step.from == id || step.to == id);
    let mut parties: Vec<(String, String)> = profile
        .parties
        .iter()
        .filter(|party| used(&party.id))
        .map(|party| (party.id.clone(), party.title.clone()))
        .collect();
    for id in profile.flow.iter().flat_map(|step| [&step.from, &step.to]) {
        if !parties.iter().any(|(party, _)| party == id) {
            parties.push((id.clone(), title(id)));
        }
    }
    parties
}

fn arrow(svg: &mut String, step: &FlowStep, number: usize, y: i32, from: usize, to: usize) -> i32 {
    let (start, end) = (center(from), center(to));
    let own = from == to;
    let room = if own { COLUMN - 40 } else { (end - start).abs() - 44 };
    let lines = wrap(&step.label, usize::try_from(room * 10 / 64).unwrap_or(4));
    let height = LINE * i32::try_from(lines.len()).unwrap_or(1);
    let (color, dash) = if step.sealed { (BLUE, " stroke-dasharray=\"6 4\"") } else { (INK, "") };
    let at = y + height + 8;
    let middle = if own { start + 36 } else { i32::midpoint(start, end) };
    let anchor = if own { "start" } else { "middle" };
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let half = i32::try_from(longest).unwrap_or(0) * 33 / 10 + 4;
    let left = if own { middle - 4 } else { middle - half };
    let _ = write!(
        svg,
        "<rect x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{PAPER}\"/>",
        y,
        2 * half,
        height + 2
    );
    for (line, words) in lines.iter().enumerate() {
        let baseline = y + 12 + LINE * i32::try_from(line).unwrap_or(0);
        let _ = write!(svg, "{}", label(middle, baseline, anchor, 12, "400", INK, words));
    }
    let tip = if own {
        let _ = write!(
            svg,
            "<path d=\"M{start} {} h24 v12 h-20\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\"{dash}/>",
            at - 14
        );
        (start + 2, at - 2, -1)
    } else {
        let direction = if end > start { 1 } else { -1 };
        let _ = write!(
            svg,
            "<path d=\"M{} {at} L{} {at}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.6\"{dash}/>",
            start + 10 * direction,
            end - 3 * direction
        );
        (end - 2 * direction, at, direction)
    };
    let _ = write!(svg, "<path d=\"M{0} {1} l{2} -4 v8 z\" fill=\"{color}\"/>", tip.0, tip.1, -8 * tip.2);
    if step.sealed && !own {
        lock(svg, middle, at);
    }
    let dot = if own { at - 14 } else { at };
    let _ = write!(
        svg,
        "<circle cx=\"{start}\" cy=\"{dot}\" r=\"9\" fill=\"{PAPER}\" stroke=\"{color}\" stroke-width=\"1.4\"/>"
    );
    let _ = write!(svg, "{}", label(start, dot + 4, "middle", 10, "600", INK, &number.to_string()));
    at + 20
}

fn lock(svg: &mut String, x: i32, y: i32) {
    let _ = write!(
        svg,
        "<g><rect x=\"{0}\" y=\"{1}\" width=\"18\" height=\"20\" fill=\"{PAPER}\"/><path d=\"M{2} {3} v-3 a4 4 0 0 1 8 0 v3\" \
         fill=\"none\" stroke=\"{BLUE}\" stroke-width=\"1.6\"/><rect x=\"{4}\" y=\"{3}\" width=\"12\" height=\"8\" rx=\"1.5\" fill=\"{BLUE}\"/></g>",
        x - 9,
        y - 10,
        x - 4,
        y - 1,
        x - 6
    );
}

/// The circumstance of a step in words: a time as it is, anything else after `if`.
fn when(condition: &str) -> String {
    if condition.starts_with("before ") { condition.to_owned() } else { format!("if {condition}") }
}

fn frame(
    (svg, words): (&mut String, &mut String),
    condition: &str,
    (top, bottom): (i32, i32),
    (from, to): (usize, usize),
) {
    let (left, right) = (center(from) - 26, center(to) + if from == to { COLUMN - 30 } else { 26 });
    let room = usize::try_from((right - left) * 10 / 66).unwrap_or(4).max(4);
    let full = when(condition);
    let mut shown: String = full.chars().take(room).collect();
    if shown != full {
        shown.pop();
        shown.push('…');
    }
    let length = i32::try_from(shown.chars().count()).unwrap_or(0) * 6 + 8;
    let _ = write!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"none\" stroke=\"{MUTED}\" stroke-dasharray=\"2 3\"/>",
        right - left,
        bottom - top
    );
    let _ = write!(
        words,
        "<rect x=\"{}\" y=\"{}\" width=\"{length}\" height=\"16\" fill=\"{PAPER}\"/>{}",
        left + 4,
        top + 4,
        label(left + 8, top + 16, "start", 11, "600", MUTED, &shown)
    );
}

fn lifeline(svg: &mut String, name: &str, x: i32, bottom: i32) {
    let _ = write!(
        svg,
        "<path d=\"M{x} {HEAD} V{bottom}\" stroke=\"{FAINT}\" stroke-width=\"2\"/><rect x=\"{}\" y=\"4\" width=\"148\" height=\"{}\" rx=\"8\" \
         fill=\"{PAPER}\" stroke=\"{INK}\" stroke-width=\"1.2\"/>",
        x - 74,
        HEAD - 4
    );
    let mut lines = wrap(name, 20);
    lines.truncate(2);
    let first = if lines.len() == 2 { 19 } else { 27 };
    for (index, line) in lines.iter().enumerate() {
        let y = first + 15 * i32::try_from(index).unwrap_or(0);
        let _ = write!(svg, "{}", label(x, y, "middle", 13, "600", INK, line));
    }
}

fn legend(svg: &mut String, y: i32) {
    let _ = write!(
        svg,
        "<path d=\"M20 {y} H64\" stroke=\"{BLUE}\" stroke-width=\"1.6\" stroke-dasharray=\"6 4\"/>{}<path d=\"M290 {y} H334\" \
         stroke=\"{INK}\" stroke-width=\"1.6\"/>{}",
        label(74, y + 4, "start", 11, "400", MUTED, "sealed: only endpoints can open it"),
        label(344, y + 4, "start", 11, "400", MUTED, "readable by its receiver")
    );
    lock(svg, 42, y);
}

fn label(x: i32, y: i32, anchor: &str, size: i32, weight: &str, color: &str, words: &str) -> String {
    format!(
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-family=\"sans-serif\" font-size=\"{size}\" font-weight=\"{weight}\" \
         fill=\"{color}\">{}</text>",
        escape(words)
    )
}

fn center(index: usize) -> i32 {
    MARGIN + COLUMN * i32::try_from(index).unwrap_or(0)
}
