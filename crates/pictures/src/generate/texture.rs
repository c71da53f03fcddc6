//! Textures: sums of octaves with nearly equal contrast (see [`Field`]), coloured as clouds, veined as marble or wood,
//! or broken as rock.

use super::canvas::Canvas;
use super::colour::{Palette, along};
use super::field::Field;
use super::random::Random;

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    let palette = Palette::new(random);
    let ramp_length = random.integer(3, 5) as usize;
    let ramp = palette.ramp(random, ramp_length);
    let mut canvas = Canvas::new(width, height, ramp[0]);
    let (wide, high) = (width as i32, height as i32);
    let (cells, persistence) = (random.integer(3, 7), random.range(0.65, 0.9));
    let field = Field::new(random, wide, high, cells, persistence);
    match random.integer(0, 2) {
        0 => canvas.repaint(|x, y, _| along(&ramp, 1.6 * field.at(x, y) - 0.3)),
        1 => {
            let (dx, dy) = random.direction();
            let waves = random.range(2.0, 9.0) / wide.max(high) as f32;
            let turbulence = random.range(0.6, 2.5);
            canvas.repaint(|x, y, _| {
                let phase = (x as f32 * dx + y as f32 * dy) * waves + turbulence * field.at(x, y);
                along(&ramp, triangle_wave(phase))
            });
        }
        _ => {
            let blotches = Field::new(random, wide, high, 5, 0.55);
            let sharpness = random.range(3.0, 12.0);
            canvas.repaint(|x, y, _| {
                let ridge = 1.0 - (2.0 * field.at(x, y) - 1.0).abs();
                let light = 0.45 + 0.75 * ridge;
                along(&ramp, 0.5 + sharpness * (blotches.at(x, y) - 0.5)).times(light)
            });
        }
    }
    canvas.illuminate(random, 0.25);
    canvas
}

/// 0 to 1 and back once per unit.
fn triangle_wave(phase: f32) -> f32 {
    (2.0 * (phase - phase.floor()) - 1.0).abs()
}
