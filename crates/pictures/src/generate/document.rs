//! Pages: headings, paragraphs in one or two columns, tables and figures; some photographed at a slant on a desk.

use super::canvas::{Area, Canvas};
use super::colour::{Colour, Palette};
use super::font;
use super::random::Random;
use super::screen::{bars, curve, photo};
use super::texture;
use super::words;

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    if random.chance(0.5) {
        return page(random, width, height);
    }
    let mut desk = texture::paint(random, width, height);
    let shrink = random.range(0.75, 0.95);
    let sheet = page(random, (width as f32 * shrink) as u32, (height as f32 * shrink) as u32);
    let sine = random.range(-0.12, 0.12);
    desk.paste_turned(&sheet, ((1.0 - sine * sine).sqrt(), sine));
    desk.illuminate(random, 0.3);
    desk
}

/// What a page is set in.
struct Setting {
    palette: Palette,
    ink: Colour,
    /// Size of a font pixel.
    scale: i32,
}

impl Setting {
    /// Height of a line of text with its spacing.
    fn line(&self) -> i32 {
        self.scale * (font::HEIGHT + 3)
    }

    /// Characters that fit on `width` pixels.
    fn fit(&self, width: i32) -> usize {
        (width / (self.scale * font::ADVANCE)).max(0) as usize
    }
}

fn page(random: &mut Random, width: u32, height: u32) -> Canvas {
    let palette = Palette::new(random);
    let paper = Colour::grey(random.range(215.0, 255.0)).mix(palette.at(random, 1.0), random.range(0.0, 0.15));
    let ink = Colour::grey(random.range(5.0, 60.0));
    let setting = Setting { palette, ink, scale: if width > 560 { 2 } else { 1 } };
    let mut canvas = Canvas::new(width, height, paper);
    let mut body = canvas.area().inset(width as i32 * random.integer(4, 14) / 100);
    let title_scale = setting.scale + random.integer(1, 2);
    body.top = heading(random, &setting, &mut canvas, body, title_scale);
    body.height = canvas.height() - body.top - body.left;
    let columns = if random.chance(0.4) { 2 } else { 1 };
    let gap = 2 * setting.line();
    let column_width = (body.width - gap * (columns - 1)) / columns;
    for column in 0..columns {
        let left = body.left + column * (column_width + gap);
        fill(random, &setting, &mut canvas, Area { left, width: column_width, ..body });
    }
    canvas
}

/// Sets blocks one below the other until the column is full.
fn fill(random: &mut Random, setting: &Setting, canvas: &mut Canvas, column: Area) {
    let line = setting.line();
    let mut top = column.top;
    while top + 3 * line < column.bottom() {
        let rest = Area { top, height: column.bottom() - top, ..column };
        top = match random.integer(0, 9) {
            0..=4 => paragraph(random, setting, canvas, rest),
            5 => heading(random, setting, canvas, rest, setting.scale + 1),
            6 => table(random, setting, canvas, rest),
            7 => banner(random, setting, canvas, rest),
            _ => figure(random, setting, canvas, rest),
        };
        top += line;
    }
}

fn paragraph(random: &mut Random, setting: &Setting, canvas: &mut Canvas, area: Area) -> i32 {
    let line = setting.line();
    let lines = random.integer(3, 11).min(area.height / line);
    let indent = if random.chance(0.2) { area.width / 6 } else { 0 };
    for index in 0..lines {
        let full = setting.fit(area.width - indent);
        let length = if index + 1 == lines { full * random.integer(2, 9) as usize / 10 } else { full };
        let text = if index == 0 { words::title(random, length) } else { words::line(random, length) };
        canvas.text((area.left + indent, area.top + index * line), setting.scale, setting.ink, &text);
    }
    area.top + lines * line
}

fn heading(random: &mut Random, setting: &Setting, canvas: &mut Canvas, area: Area, scale: i32) -> i32 {
    let fitting = (area.width / (scale * font::ADVANCE)).max(0) as usize;
    let text = words::title(random, fitting.min(30));
    canvas.text((area.left, area.top), scale, setting.ink, &text);
    area.top + scale * (font::HEIGHT + 4)
}

/// A coloured box with a few lines.
fn banner(random: &mut Random, setting: &Setting, canvas: &mut Canvas, area: Area) -> i32 {
    let line = setting.line();
    let height = (line * random.integer(3, 9)).min(area.height);
    let value = random.range(0.1, 0.6);
    let colour = setting.palette.at(random, value);
    let area = Area { height, ..area };
    canvas.rectangle(area, colour);
    let inside = area.inset(line);
    for index in 0..inside.height / line {
        let text = words::line(random, setting.fit(inside.width));
        canvas.text((inside.left, inside.top + index * line), setting.scale, Colour::WHITE, &text);
    }
    area.bottom()
}

fn table(random: &mut Random, setting: &Setting, canvas: &mut Canvas, area: Area) -> i32 {
    let row = setting.line() * 3 / 2;
    let (columns, rows) = (random.integer(2, 5), random.integer(3, 10).min(area.height / row));
    let cell = area.width / columns;
    let area = Area { height: rows * row, ..area };
    let value = random.range(0.2, 0.8);
    let head = setting.palette.at(random, value);
    canvas.rectangle(Area { height: row, ..area }, head);
    for index in 0..rows {
        let top = area.top + index * row;
        canvas.rectangle(Area { top, height: 1, ..area }, setting.ink);
        for column in 0..columns {
            let room = setting.fit(cell - setting.line());
            let text = if column == 0 || index == 0 { words::title(random, room) } else { words::number(random, 3) };
            let ink = if index == 0 { Colour::WHITE } else { setting.ink };
            let at = (area.left + column * cell + setting.line() / 2, top + row / 4);
            canvas.text(at, setting.scale, ink, &text);
        }
    }
    canvas.frame(area, setting.scale, setting.ink);
    area.bottom()
}

fn figure(random: &mut Random, setting: &Setting, canvas: &mut Canvas, area: Area) -> i32 {
    let line = setting.line();
    let height = (area.width * random.integer(35, 75) / 100).min(area.height - line);
    let area = Area { height, ..area };
    match random.integer(0, 2) {
        0 => bars(random, &setting.palette, canvas, area),
        1 => curve(random, &setting.palette, canvas, area),
        _ => photo(random, canvas, area),
    }
    let caption = words::title(random, setting.fit(area.width).min(40));
    canvas.text((area.left, area.bottom() + line / 3), setting.scale, setting.ink, &caption);
    area.bottom() + line
}
