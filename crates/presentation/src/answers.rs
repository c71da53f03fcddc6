//! The answers to the questions: a sentence, a figure, and a line for every system.

use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::Color as _;
use plotters::style::text_anchor::HPos;
use sightline_accuracy::QUESTION;
use sightline_evidence::{Answer, AnswerLine, Table, Unit, Verdict};

use crate::PresentationError;
use crate::figure::{
    Area, FAINT_RGB, Figure, FigureWords, INK_RGB, LEARNT_RGB, MUTED_RGB, NOTHING_RGB, PAPER_RGB, slug, text,
};
use crate::handling;
use crate::published::{self, Published};
use crate::reading::Reading;
use crate::words::number;

const LEGEND: &str = "Filled circles are shortlisted designs, hollow squares the others.";
const LABELS: i32 = 200;
const PLOT: i32 = 520;
const NUMBERS: i32 = 170;
const HEAD: i32 = 34;
const LINE: i32 = 26;
const AXIS: i32 = 56;

/// A verdict as a page shows it: class, symbol, words.
pub(crate) type Mark = (&'static str, &'static str, &'static str);

/// Of a system: only a shortlisted design can contradict a statement about these.
const fn mark_of(line: &AnswerLine) -> Mark {
    match (line.shortlisted, line.verdict) {
        (false, Verdict::Contradicted) => ("beside", "≠", "crossed, not shortlisted"),
        (false, Verdict::Stands) => ("beside", "=", "not crossed"),
        (_, verdict) => mark(verdict),
    }
}

/// Of all shortlisted designs.
pub(crate) const fn mark(verdict: Verdict) -> Mark {
    match verdict {
        Verdict::Contradicted => ("contradicted", "≠", "contradicts the letter"),
        Verdict::Stands => ("stands", "=", "as the letter says"),
        Verdict::Undecided => ("undecided", "?", "undecided"),
        Verdict::NoThreshold => ("open", "·", "no threshold was fixed"),
        Verdict::NotApplicable => ("absent", "–", "not applicable"),
        Verdict::NotRun => ("not-run", "…", "not run"),
        Verdict::Failed => ("failed", "✕", "failed"),
    }
}

/// The thresholds that are not those that the project fixed, in words.
pub(crate) fn changed_thresholds(reading: &Reading) -> Vec<String> {
    let changed = reading.answers.iter().filter(|answer| !answer.changed_from.is_empty());
    changed
        .map(|one| format!("{}: if {}; the project fixed: if {}", one.question, one.threshold, one.changed_from))
        .collect()
}

/// One question on the page.
pub(crate) struct Section<'a> {
    pub(crate) anchor: String,
    pub(crate) answer: &'a Answer,
    pub(crate) mark: Mark,
    pub(crate) figure: Option<Figure>,
    /// What the figure's marks mean.
    pub(crate) legend: &'static str,
    pub(crate) lines: Vec<Line<'a>>,
    /// What others published.
    pub(crate) published: Vec<&'static Published>,
}

/// One system.
pub(crate) struct Line<'a> {
    pub(crate) found: &'a AnswerLine,
    pub(crate) mark: Mark,
    pub(crate) value: String,
}

pub(crate) fn sections(reading: &Reading) -> Result<Vec<Section<'_>>, PresentationError> {
    let mut sections = Vec::new();
    for (position, answer) in reading.answers.iter().enumerate() {
        let line = |line| Line { found: line, mark: mark_of(line), value: value(answer, line) };
        sections.push(Section {
            anchor: slug("question", position, &answer.question),
            mark: mark(answer.verdict),
            figure: figure(reading, position, answer)?,
            legend: if answer.question == QUESTION { handling::legend(&reading.rows) } else { LEGEND },
            lines: answer.lines.iter().map(line).collect(),
            published: published::of(&answer.question),
            answer,
        });
    }
    Ok(sections)
}

fn shown(answer: &Answer, value: f64) -> String {
    match answer.unit {
        Unit::Share => format!("{}\u{a0}%", number(value * 100.0)),
        Unit::Bit => format!("{}\u{a0}bit", number(value)),
        Unit::Ratio => format!("×\u{a0}{}", number(value)),
        Unit::People => number(value),
    }
}

/// A line's number with its ends, where they differ.
fn value(answer: &Answer, line: &AnswerLine) -> String {
    let Some(value) = line.value else { return mark_of(line).1.to_owned() };
    match (line.low, line.high) {
        (Some(low), Some(high)) if high - low > 1e-9 => {
            let end = |end| shown(answer, end).replace("\u{a0}%", "").replace("\u{a0}bit", "").replace("×\u{a0}", "");
            format!("{} ({} to {})", shown(answer, value), end(low), end(high))
        }
        _ => shown(answer, value),
    }
}

/// One line a system, intervals drawn, the threshold as a broken line.
fn figure(reading: &Reading, position: usize, answer: &Answer) -> Result<Option<Figure>, PresentationError> {
    if answer.question == QUESTION {
        let id = slug("answer", position, &answer.question);
        let words = FigureWords { id, title: answer.sentence.clone(), description: String::new() };
        return Ok(handling::figure(words, &reading.rows));
    }
    let lines: Vec<&AnswerLine> = answer.lines.iter().filter(|line| line.value.is_some()).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let most = lines.iter().filter_map(|line| line.high).chain(answer.limit).fold(0.0, f64::max);
    let scale = if answer.unit == Unit::Share { 1.0 } else { nice(most) };
    let height = HEAD + LINE * i32::try_from(lines.len()).unwrap_or(i32::MAX / (2 * LINE)) + AXIS;
    let words = FigureWords {
        id: slug("answer", position, &answer.question),
        title: answer.sentence.clone(),
        description: lines
            .iter()
            .map(|line| format!("{}: {}.", line.architecture, value(answer, line)))
            .collect::<Vec<_>>()
            .join(" "),
    };
    let behind = |line: &&AnswerLine| {
        let place = usize::try_from(line.row?.checked_sub(1)?).ok()?;
        reading.rows.get(place).cloned()
    };
    let data: Table = lines.iter().filter_map(behind).collect();
    let size = ((LABELS + PLOT + NUMBERS).cast_unsigned(), height.cast_unsigned());
    Figure::plot(words, data, size, |area| {
        let bottom = height - AXIS;
        #[expect(clippy::cast_possible_truncation, reason = "clamped to the plot")]
        let at = |value: f64| LABELS + ((value / scale).clamp(0.0, 1.0) * f64::from(PLOT)).round() as i32;
        for tick in 0..=4 {
            let value = scale * f64::from(tick) / 4.0;
            let x = at(value);
            area.draw(&PathElement::new([(x, HEAD - 6), (x, bottom)], FAINT_RGB.stroke_width(1)))?;
            area.draw(&Text::new(shown(answer, value), (x, bottom + 13), text(11.0, MUTED_RGB, HPos::Center)))?;
        }
        let middle = (LABELS + PLOT / 2, bottom + 36);
        area.draw(&Text::new(answer.measure.clone(), middle, text(11.5, MUTED_RGB, HPos::Center)))?;
        if let Some(limit) = answer.limit.filter(|limit| *limit > 0.0) {
            for y in (HEAD - 6..bottom).step_by(8) {
                area.draw(&PathElement::new([(at(limit), y), (at(limit), y + 4)], INK_RGB.stroke_width(2)))?;
            }
            let side = if at(limit) > LABELS + PLOT / 2 { HPos::Right } else { HPos::Left };
            let words = format!("would contradict: {}", answer.threshold);
            area.draw(&Text::new(words, (at(limit), 14), text(11.5, INK_RGB, side)))?;
        }
        for (line, y) in lines.iter().zip((HEAD + LINE / 2..).step_by(LINE.unsigned_abs() as usize)) {
            row(area, answer, line, y, &at)?;
        }
        Ok(())
    })
    .map(Some)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn row(area: &Area<'_>, answer: &Answer, line: &AnswerLine, y: i32, at: &dyn Fn(f64) -> i32) -> Drawn {
    let ink = if line.shortlisted { INK_RGB } else { MUTED_RGB };
    let color = match (line.shortlisted, line.value.unwrap_or(0.0) > 0.0) {
        (false, _) => MUTED_RGB,
        (true, true) => LEARNT_RGB,
        (true, false) => NOTHING_RGB,
    };
    area.draw(&Text::new(line.architecture.clone(), (LABELS - 14, y), text(12.5, ink, HPos::Right)))?;
    let value = line.value.unwrap_or(0.0);
    let [low, high] = [line.low.unwrap_or(value), line.high.unwrap_or(value)].map(at);
    area.draw(&PathElement::new([(low, y), (high, y)], color.stroke_width(2)))?;
    for end in [low, high].into_iter().filter(|_| low < high) {
        area.draw(&PathElement::new([(end, y - 5), (end, y + 5)], color.stroke_width(2)))?;
    }
    // Shortlisted designs are filled circles, what stands beside them hollow squares.
    let x = at(value);
    if line.shortlisted {
        area.draw(&Circle::new((x, y), 5, color.filled()))?;
    } else {
        area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], PAPER_RGB.filled()))?;
        area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], color.stroke_width(2)))?;
    }
    let label = (LABELS + PLOT + 16, y);
    area.draw(&Text::new(shown(answer, value), label, text(12.0, ink, HPos::Left)))?;
    Ok(())
}

/// The least of 1, 2, 5 times a power of ten that is no smaller.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value * 0.999_999).unwrap_or(value)
}
