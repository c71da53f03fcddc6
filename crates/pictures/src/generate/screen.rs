//! Screenshots: a title bar, a side bar on wide screens, and a chat, a list, a gallery or a dashboard.

use super::canvas::{Area, Canvas, Ellipse};
use super::colour::{Colour, Palette};
use super::dead_leaves;
use super::font;
use super::landscape;
use super::random::Random;
use super::texture;
use super::words;

/// Colours and measures of one screen.
struct Theme {
    palette: Palette,
    back: Colour,
    panel: Colour,
    ink: Colour,
    faint: Colour,
    accent: Colour,
    /// Size of a font pixel.
    scale: i32,
}

impl Theme {
    fn new(random: &mut Random, canvas_width: u32) -> Self {
        let palette = Palette::new(random);
        let tint = palette.at(random, 1.0);
        let (back, panel, ink) = if random.chance(0.4) {
            let dark = random.range(15.0, 60.0);
            (Colour::grey(dark), Colour::grey(dark + random.range(20.0, 45.0)), Colour::grey(230.0))
        } else {
            let light = random.range(225.0, 252.0);
            (Colour::grey(light), Colour::grey(light - random.range(25.0, 70.0)), Colour::grey(30.0))
        };
        let value = random.range(0.35, 0.9);
        Self {
            back: back.mix(tint, 0.08),
            panel: panel.mix(tint, 0.15),
            ink,
            faint: ink.mix(back, 0.45),
            accent: palette.at(random, value),
            scale: if canvas_width > 600 { 2 } else { 1 },
            palette,
        }
    }

    /// Height of a line of text with its spacing.
    fn line(&self) -> i32 {
        self.scale * (font::HEIGHT + 4)
    }

    /// Characters that fit on `width` pixels.
    fn fit(&self, width: i32) -> usize {
        (width / (self.scale * font::ADVANCE)).max(0) as usize
    }
}

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    let theme = Theme::new(random, width);
    let mut canvas = Canvas::new(width, height, theme.back);
    let bar = theme.line() * random.integer(2, 5);
    let mut content = canvas.area();
    content.top += bar;
    content.height -= bar;
    if width > height && random.chance(0.7) {
        let side = content.width * random.integer(15, 38) / 100;
        let on_the_right = random.chance(0.3);
        let left = if on_the_right { content.right() - side } else { 0 };
        side_bar(random, &theme, &mut canvas, Area { left, width: side, ..content });
        content.width -= side;
        content.left += if on_the_right { 0 } else { side };
    }
    match random.integer(0, 3) {
        0 => chat(random, &theme, &mut canvas, content),
        1 => list(random, &theme, &mut canvas, content),
        2 => gallery(random, &theme, &mut canvas, content),
        _ => dashboard(random, &theme, &mut canvas, content),
    }
    title_bar(random, &theme, &mut canvas, bar);
    canvas
}

fn title_bar(random: &mut Random, theme: &Theme, canvas: &mut Canvas, height: i32) {
    let area = Area { height, ..canvas.area() };
    let coloured = random.chance(0.6);
    canvas.rectangle(area, if coloured { theme.accent } else { theme.panel });
    let characters = theme.fit(area.width / 2);
    let title = words::title(random, characters.min(24));
    let middle = (height - theme.scale * font::HEIGHT) / 2;
    let ink = if coloured { Colour::WHITE } else { theme.ink };
    canvas.text((height / 2, middle), theme.scale, ink, &title);
    for button in 1..=random.integer(1, 3) {
        let centre = ((area.width - button * height * 2 / 3) as f32, height as f32 / 2.0);
        let colour = theme.palette.any(random);
        canvas.ellipse(Ellipse::disc(centre, height as f32 / 5.0), |_, _| colour);
    }
}

fn side_bar(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    canvas.rectangle(area, theme.panel);
    let row = theme.line() * random.integer(2, 3);
    let chosen = random.integer(0, 6);
    for index in 0..area.height / row {
        let top = area.top + index * row;
        if index == chosen {
            canvas.rectangle(Area { top, height: row, ..area }, theme.accent);
        }
        let icon = Area::new(area.left + row / 4, top + row / 4, row / 2, row / 2);
        let colour = theme.palette.any(random);
        canvas.rounded(icon, row / 8, colour);
        let text = words::title(random, theme.fit(area.width - row * 5 / 4));
        canvas.text((area.left + row, top + row / 2 - theme.scale * 4), theme.scale, theme.ink, &text);
    }
}

fn chat(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    let line = theme.line();
    let theirs = theme.panel;
    let mine = theme.accent;
    let mut top = area.top + random.integer(line / 2, 2 * line);
    while top < area.bottom() {
        let is_mine = random.chance(0.5);
        let with_picture = random.chance(0.25);
        let width = area.width * random.integer(30, 75) / 100;
        let lines = random.integer(1, 5);
        let height = if with_picture { width * random.integer(55, 90) / 100 } else { lines * line + line };
        let left = if is_mine { area.right() - width - line } else { area.left + line };
        let bubble = Area::new(left, top, width, height);
        canvas.rounded(bubble, line, if is_mine { mine } else { theirs });
        let inside = bubble.inset(line * 2 / 3);
        if with_picture {
            photo(random, canvas, inside);
        } else {
            let ink = if is_mine { Colour::WHITE } else { theme.ink };
            for index in 0..lines {
                let text = words::line(random, theme.fit(inside.width));
                canvas.text((inside.left, inside.top + index * line), theme.scale, ink, &text);
            }
        }
        top += height + random.integer(line / 2, 3 * line);
    }
}

fn list(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    let line = theme.line();
    let row = line * random.integer(3, 7);
    let pictures = random.chance(0.6);
    let striped = random.chance(0.4);
    let mut top = area.top;
    let mut odd = false;
    while top < area.bottom() {
        odd = !odd;
        if striped && odd {
            canvas.rectangle(Area { top, height: row, ..area }, theme.panel);
        } else {
            canvas.rectangle(Area { top, height: theme.scale, ..area }, theme.faint);
        }
        let icon = Area::new(area.left, top, row, row).inset(line / 2);
        if pictures {
            photo(random, canvas, icon);
        } else {
            let colour = theme.palette.any(random);
            canvas.rounded(icon, random.pick(&[0, 6, row]), colour);
        }
        let left = area.left + row + line / 2;
        let room = theme.fit(area.right() - left - line);
        let heading = words::title(random, room.min(26));
        canvas.text((left, top + line), theme.scale, theme.ink, &heading);
        for index in 2..row / line {
            let length = room * random.integer(5, 10) as usize / 10;
            let text = words::line(random, length);
            canvas.text((left, top + index * line), theme.scale, theme.faint, &text);
        }
        if random.chance(0.3) {
            let centre = ((area.right() - line) as f32, (top + row / 2) as f32);
            canvas.ellipse(Ellipse::disc(centre, line as f32 / 2.0), |_, _| theme.accent);
        }
        top += row;
    }
}

fn gallery(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    let columns = if area.width > area.height { random.integer(2, 4) } else { random.integer(1, 3) };
    let gap = theme.line() * random.integer(1, 4) / 4;
    let tile = (area.width - gap) / columns - gap;
    let shape = random.integer(60, 120);
    let caption = if random.chance(0.5) { theme.line() } else { 0 };
    let mut top = area.top + gap;
    while top < area.bottom() {
        for column in 0..columns {
            let left = area.left + gap + column * (tile + gap);
            photo(random, canvas, Area::new(left, top, tile, tile * shape / 100));
            if caption > 0 {
                let text = words::title(random, theme.fit(tile));
                canvas.text((left, top + tile * shape / 100 + gap / 4 + 2), theme.scale, theme.ink, &text);
            }
        }
        top += tile * shape / 100 + gap + caption;
    }
}

fn dashboard(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    let columns = if area.width > area.height { random.integer(2, 3) } else { random.integer(1, 2) };
    let rows = random.integer(2, 3);
    let gap = theme.line();
    let (width, height) = ((area.width - gap) / columns - gap, (area.height - gap) / rows - gap);
    for row in 0..rows {
        for column in 0..columns {
            let card = Area::new(
                area.left + gap + column * (width + gap),
                area.top + gap + row * (height + gap),
                width,
                height,
            );
            let filled = random.chance(0.25);
            canvas.rounded(card, gap / 2, if filled { theme.accent } else { theme.panel });
            let inside = card.inset(gap / 2);
            let heading = words::title(random, theme.fit(inside.width));
            canvas.text((inside.left, inside.top), theme.scale, theme.ink, &heading);
            let plot = Area::new(inside.left, inside.top + gap, inside.width, inside.height - gap);
            match random.integer(0, 2) {
                0 => bars(random, &theme.palette, canvas, plot),
                1 => curve(random, &theme.palette, canvas, plot),
                _ => figure(random, theme, canvas, plot),
            }
        }
    }
}

/// One large number.
fn figure(random: &mut Random, theme: &Theme, canvas: &mut Canvas, area: Area) {
    let text = words::number(random, 4);
    let scale = (area.width / (font::ADVANCE * text.len() as i32)).min(area.height / font::HEIGHT).max(1);
    let colour = theme.palette.any(random).mix(theme.ink, 0.5);
    canvas.text((area.left, area.top + (area.height - scale * font::HEIGHT) / 2), scale, colour, &text);
}

/// A bar chart.
pub(super) fn bars(random: &mut Random, palette: &Palette, canvas: &mut Canvas, area: Area) {
    let count = random.integer(3, 12);
    let colours = palette.ramp(random, 2);
    let pitch = (area.width / count).max(2);
    for index in 0..count {
        let height = area.height * random.integer(8, 100) / 100;
        let bar = Area::new(area.left + index * pitch, area.bottom() - height, pitch * 3 / 4, height);
        canvas.rectangle(bar, colours[(index % 2) as usize]);
    }
}

/// A line chart of a random walk.
pub(super) fn curve(random: &mut Random, palette: &Palette, canvas: &mut Canvas, area: Area) {
    let steps = random.integer(5, 30);
    let colour = palette.any(random);
    let floor = area.bottom() as f32;
    let mut level = random.unit();
    let mut points = Vec::new();
    for index in 0..=steps {
        points
            .push((area.left as f32 + (area.width * index) as f32 / steps as f32, floor - area.height as f32 * level));
        level = (level + random.range(-0.3, 0.3)).clamp(0.0, 1.0);
    }
    if random.chance(0.5) {
        let mut filled = points.clone();
        filled.extend([(area.right() as f32, floor), (area.left as f32, floor)]);
        canvas.polygon(&filled, colour.mix(Colour::grey(128.0), 0.5));
    }
    for pair in points.windows(2) {
        canvas.line(pair[0], pair[1], 3.0, colour);
    }
}

/// A small photograph.
pub(super) fn photo(random: &mut Random, canvas: &mut Canvas, area: Area) {
    if area.width < 8 || area.height < 8 || area.top >= canvas.height() {
        return;
    }
    let paint = random.pick(&[dead_leaves::paint, landscape::paint, texture::paint]);
    let picture = paint(random, area.width as u32, area.height as u32);
    canvas.paste((area.left, area.top), &picture);
}
