use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea as _, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, IntoFont as _, TextStyle};
use sightline_evidence::Table;

use crate::PresentationError;
use crate::words::wrap;

/// A figure: a finding, a drawing, the same in words, and the rows it was drawn from.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Identifier: file name and fragment of the page, of `a`–`z`, `0`–`9` and `-`.
    pub id: String,
    /// The finding, as a sentence.
    pub title: String,
    /// What the drawing shows, for readers who do not see it.
    pub description: String,
    /// The rows behind it; a diagram has none.
    pub data: Option<Table>,
    width: u32,
    height: u32,
    drawing: String,
}

impl Figure {
    /// Path of the SVG file in the run folder.
    pub fn file(&self) -> String {
        format!("figures/{}.svg", self.id)
    }

    /// Path of the table in the run folder.
    pub fn data_file(&self) -> String {
        format!("data/{}.csv", self.id)
    }

    /// The drawing as an SVG element for a page that shows the title beside it.
    pub fn inline(&self) -> String {
        let Self { id, width, height, drawing, .. } = self;
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" style=\"min-width:min({width}px,46rem)\" xmlns=\"http://www.w3.org/2000/svg\">{}{drawing}</svg>",
            self.labels()
        )
    }

    /// The drawing as an SVG file with its title above it, on white.
    pub fn standalone(&self) -> String {
        let Self { id, width, height, drawing, .. } = self;
        let lines = wrap(&self.title, (*width as usize) / 9);
        let above = 20 + 22 * u32::try_from(lines.len()).unwrap_or(u32::MAX / 44);
        let mut heading = String::new();
        for (index, line) in lines.iter().enumerate() {
            let _ = write!(
                heading,
                "<text x=\"12\" y=\"{}\" font-family=\"sans-serif\" font-size=\"16\" font-weight=\"600\" fill=\"{INK}\">{}</text>",
                24 + 22 * index,
                escape(line)
            );
        }
        format!(
            "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" viewBox=\"0 0 {width} {total}\" width=\"{width}\" \
             height=\"{total}\" xmlns=\"http://www.w3.org/2000/svg\">{labels}\n<rect width=\"100%\" height=\"100%\" fill=\"{PAPER}\"/>\
             {heading}\n<svg x=\"0\" y=\"{above}\" width=\"{width}\" height=\"{height}\">{drawing}</svg></svg>\n",
            total = height + above,
            labels = self.labels(),
        )
    }

    /// A figure whose drawing is SVG written by hand. `drawing` must be well-formed and escaped.
    pub(crate) fn from_svg(
        words: FigureWords,
        data: Option<Table>,
        (width, height): (u32, u32),
        drawing: String,
    ) -> Self {
        let FigureWords { id, title, description } = words;
        Self { id, title, description, data, width, height, drawing }
    }

    /// A figure drawn by `draw` on an area of the given size in pixels.
    pub(crate) fn plot(
        words: FigureWords,
        data: Table,
        size: (u32, u32),
        draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
    ) -> Result<Self, PresentationError> {
        let refuse = |detail: String| PresentationError::Figure { figure: words.id.clone(), detail };
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            draw(&area).map_err(|error| refuse(error.to_string()))?;
            area.present().map_err(|error| refuse(error.to_string()))?;
        }
        let inner =
            svg.split_once('>').and_then(|(_, rest)| rest.rsplit_once("</svg>")).map(|(inner, _)| inner.to_owned());
        let drawing = inner.ok_or_else(|| refuse("the drawing library gave no SVG".to_owned()))?;
        Ok(Self::from_svg(words, Some(data), size, drawing))
    }

    fn labels(&self) -> String {
        let Self { id, .. } = self;
        format!(
            "<title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
            escape(&self.title),
            escape(&self.description)
        )
    }
}

/// The words of a figure.
pub(crate) struct FigureWords {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
}

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

// The page recolours these four in dark mode by their attribute values; Okabe and Ito's hues stay.
pub(crate) const INK: &str = "#1B2026";
pub(crate) const PAPER: &str = "#FFFFFF";
pub(crate) const MUTED: &str = "#5B6570";
pub(crate) const FAINT: &str = "#D5DAE0";
pub(crate) const BLUE: &str = "#0072B2";

pub(crate) const INK_RGB: RGBColor = RGBColor(0x1B, 0x20, 0x26);
pub(crate) const MUTED_RGB: RGBColor = RGBColor(0x5B, 0x65, 0x70);
pub(crate) const FAINT_RGB: RGBColor = RGBColor(0xD5, 0xDA, 0xE0);
pub(crate) const PAPER_RGB: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Okabe and Ito's vermillion: something was learnt.
pub(crate) const LEARNT_RGB: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// Okabe and Ito's blue: nothing was found.
pub(crate) const NOTHING_RGB: RGBColor = RGBColor(0x00, 0x72, 0xB2);

/// Text of a figure, `size` in pixels.
pub(crate) fn text(size: f64, color: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    // The SVG backend divides sizes by 1.24.
    ("sans-serif", size * 1.24).into_font().color(&color.to_rgba()).pos(Pos::new(horizontal, VPos::Center))
}

/// Bold text of a figure, `size` in pixels.
pub(crate) fn bold(size: f64, color: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    let font = ("sans-serif", size * 1.24).into_font().style(FontStyle::Bold);
    font.color(&color.to_rgba()).pos(Pos::new(horizontal, VPos::Center))
}

/// Text safe in XML content and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `text` as part of an identifier; `position` keeps two that look alike apart.
pub(crate) fn slug(prefix: &str, position: usize, text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("{prefix}-{}-{}", position + 1, plain.chars().take(48).collect::<String>().trim_matches('-'))
}
