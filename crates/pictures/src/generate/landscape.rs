//! Gradients: skies over hills that fade with distance, and soft lights out of focus.

use super::canvas::{Area, Canvas};
use super::colour::{Colour, Palette, along};
use super::field::Field;
use super::random::Random;

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    let palette = Palette::new(random);
    let mut canvas = Canvas::new(width, height, Colour::BLACK);
    if random.chance(0.6) {
        hills(random, &palette, &mut canvas);
    } else {
        soft_lights(random, &palette, &mut canvas);
    }
    canvas
}

fn hills(random: &mut Random, palette: &Palette, canvas: &mut Canvas) {
    let (wide, high) = (canvas.width() as f32, canvas.height() as f32);
    let horizon = high * random.range(0.35, 0.75);
    let sky = palette.ramp(random, 3);
    let sun = (random.range(0.0, wide), random.range(0.0, horizon));
    let sun_colour = Colour::hsv(random.range(0.05, 0.16), random.range(0.1, 0.6), 1.0);
    let sun_radius = high * random.range(0.03, 0.12);
    let clouds = Field::new(random, canvas.width(), canvas.height(), 5, 0.6);
    let cloudiness = random.range(0.0, 3.0);
    canvas.repaint(|x, y, _| {
        let (dx, dy) = (x as f32 - sun.0, y as f32 - sun.1);
        let distance = (dx * dx + dy * dy).sqrt() / sun_radius;
        let glow = if distance < 1.0 { 1.0 } else { 0.8 / (distance * distance) };
        let cloud = (cloudiness * (clouds.at(x, y) - 0.55)).clamp(0.0, 0.8);
        along(&sky, y as f32 / horizon).mix(Colour::grey(235.0), cloud).mix(sun_colour, glow)
    });

    let layers = random.integer(2, 5);
    let ground = Field::new(random, canvas.width(), canvas.height(), 16, 0.85);
    let haze = sky[2];
    for layer in 0..layers {
        let nearness = (layer + 1) as f32 / layers as f32;
        let (cells, persistence) = (random.integer(2, 6), random.range(0.35, 0.6));
        let profile = Field::new(random, canvas.width(), 1, cells, persistence);
        let base = horizon + (high - horizon) * nearness * 0.7;
        let relief = high * random.range(0.15, 0.5);
        let value = random.range(0.1, 0.7);
        let colour = palette.at(random, value).mix(haze, 0.7 * (1.0 - nearness));
        let roughness = nearness * random.range(0.2, 0.9);
        let ridge: Vec<f32> = profile.row(0).iter().map(|v| base - relief * v).collect();
        let top = ridge.iter().fold(high, |least, y| least.min(*y)) as i32;
        canvas.repaint_within(Area { top, ..canvas.area() }, |x, y, before| {
            let depth = y as f32 + 0.5 - ridge[x];
            if depth <= 0.0 {
                return before;
            }
            let light = 1.0 + 0.3 * (depth / high) + roughness * (ground.at(x, y) - 0.5);
            before.mix(colour.times(light), depth.min(1.0))
        });
    }
}

fn soft_lights(random: &mut Random, palette: &Palette, canvas: &mut Canvas) {
    let (wide, high) = (canvas.width() as f32, canvas.height() as f32);
    let corners = palette.ramp(random, 4);
    canvas.repaint(|x, y, _| {
        let (u, v) = (x as f32 / wide, y as f32 / high);
        corners[0].mix(corners[1], u).mix(corners[2].mix(corners[3], u), v)
    });
    for _ in 0..random.integer(20, 50) {
        let radius = random.inverse_cube(0.04, 0.3) * wide.min(high);
        let centre = (random.range(0.0, wide), random.range(0.0, high));
        let colour = palette.any(random);
        let (opacity, softness) = (random.range(0.5, 1.0), random.range(0.1, 0.7));
        // Cover falls from 1 to 0 over the outer `softness` of the radius.
        let (side, left, top) = (2.0 * radius + 2.0, centre.0 - radius, centre.1 - radius);
        let square = Area::new(left as i32, top as i32, side as i32, side as i32);
        canvas.repaint_within(square, |x, y, before| {
            let (dx, dy) = (x as f32 - centre.0, y as f32 - centre.1);
            let inward = 1.0 - (dx * dx + dy * dy).sqrt() / radius;
            let t = (inward / softness).clamp(0.0, 1.0);
            before.mix(colour, opacity * t * t * (3.0 - 2.0 * t))
        });
    }
}
