//! Posters: geometric shapes on plain, striped or checked grounds, with large letters.

use super::canvas::{Canvas, Ellipse};
use super::colour::{Colour, Palette};
use super::font;
use super::random::Random;
use super::words;

/// Regular polygons: the number of corners, and cosine and sine of the step from one to the next.
const POLYGONS: [(usize, (f32, f32)); 6] = [
    (3, (-0.5, 0.866_025_4)),
    (4, (0.0, 1.0)),
    (5, (0.309_017, 0.951_056_5)),
    (6, (0.5, 0.866_025_4)),
    (7, (0.623_489_8, 0.781_831_5)),
    (8, (0.707_106_77, 0.707_106_77)),
];

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    let palette = Palette::new(random);
    let mut canvas = Canvas::new(width, height, Colour::BLACK);
    ground(random, &palette, &mut canvas);
    for _ in 0..random.integer(5, 16) {
        shape(random, &palette, &mut canvas);
    }
    for _ in 0..random.integer(1, 3) {
        headline(random, &palette, &mut canvas);
    }
    canvas.illuminate(random, 0.2);
    canvas
}

fn ground(random: &mut Random, palette: &Palette, canvas: &mut Canvas) {
    let colours = palette.ramp(random, 2);
    let (dx, dy) = random.direction();
    let cell = canvas.width().max(canvas.height()) as f32 * random.range(0.04, 0.25);
    let pattern = random.integer(0, 2);
    let contrast = random.range(0.2, 0.8);
    canvas.repaint(|x, y, _| {
        let (u, v) = (x as f32 * dx + y as f32 * dy, y as f32 * dx - x as f32 * dy);
        let (stripe, bar) = ((u / cell).floor() as i32, (v / cell).floor() as i32);
        let t = match pattern {
            0 => (0.5 + u / (12.0 * cell)).clamp(0.0, 1.0),
            1 => contrast * (stripe & 1) as f32,
            _ => contrast * ((stripe + bar) & 1) as f32,
        };
        colours[0].mix(colours[1], t)
    });
}

fn shape(random: &mut Random, palette: &Palette, canvas: &mut Canvas) {
    let (wide, high) = (canvas.width() as f32, canvas.height() as f32);
    let centre = (random.range(0.0, wide), random.range(0.0, high));
    let radius = wide.min(high) * random.inverse_cube(0.07, 0.4);
    let direction = random.direction();
    let colour = palette.any(random);
    match random.integer(0, 4) {
        0 => {
            let axes = (radius, radius * random.range(0.4, 1.0));
            canvas.ellipse(Ellipse { centre, axes, direction }, |_, _| colour);
        }
        1 => {
            let inside = palette.any(random);
            canvas.ellipse(Ellipse::disc(centre, radius), |_, _| colour);
            canvas.ellipse(Ellipse::disc(centre, radius * random.range(0.4, 0.8)), |_, _| inside);
        }
        2 => {
            let reach = 2.5 * radius;
            let ends = [-reach, reach].map(|t| (centre.0 + t * direction.0, centre.1 + t * direction.1));
            canvas.line(ends[0], ends[1], radius * random.range(0.1, 0.5), colour);
        }
        _ => {
            let (count, step) = random.pick(&POLYGONS);
            let hollow = random.pick(&[0.45, 1.0, 1.0]);
            let corners: Vec<(f32, f32)> = star(count, direction, step, hollow)
                .iter()
                .map(|(x, y)| (centre.0 + radius * x, centre.1 + radius * y))
                .collect();
            canvas.polygon(&corners, colour);
        }
    }
}

/// The corners of a regular polygon of radius 1 about the origin, or of a star when the corners between lie further in
/// (`hollow` below 1).
fn star(count: usize, direction: (f32, f32), step: (f32, f32), hollow: f32) -> Vec<(f32, f32)> {
    let mut corners = Vec::new();
    let (mut x, mut y) = direction;
    for _ in 0..count {
        corners.push((x, y));
        let next = (x * step.0 - y * step.1, x * step.1 + y * step.0);
        if hollow < 1.0 {
            // Half way between two corners, brought to the wanted distance.
            let middle = (x + next.0, y + next.1);
            let scale = hollow / (middle.0 * middle.0 + middle.1 * middle.1).sqrt();
            corners.push((middle.0 * scale, middle.1 * scale));
        }
        (x, y) = next;
    }
    corners
}

fn headline(random: &mut Random, palette: &Palette, canvas: &mut Canvas) {
    let characters = random.integer(5, 14) as usize;
    let text = words::title(random, characters);
    let fitting = canvas.width() / (font::ADVANCE * (text.len() as i32).max(4));
    let scale = random.integer((fitting / 2).max(1), fitting.max(1));
    let room = (canvas.width() - scale * font::ADVANCE * text.len() as i32).max(1);
    let at = (random.integer(0, room), random.integer(0, canvas.height() - scale * font::HEIGHT));
    let colour = if random.chance(0.5) { Colour::WHITE } else { palette.at(random, 0.15) };
    canvas.text((at.0 + scale.min(4), at.1 + scale.min(4)), scale, colour.mix(Colour::grey(128.0), 0.7), &text);
    canvas.text(at, scale, colour, &text);
}
