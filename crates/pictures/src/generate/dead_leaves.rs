//! Dead leaves: opaque shapes with radii of density r⁻³ fall on one another. The model reproduces the scale invariance,
//! the spectrum and the edges of photographs (Lee, Mumford, Huang, "Occlusion models for natural images", IJCV 41,
//! 2001; Ruderman, "The statistics of natural images", Network 5, 1994).

use super::canvas::{Canvas, Ellipse};
use super::colour::Palette;
use super::field::Field;
use super::random::Random;

/// Leaves fall until their areas sum to this many times the picture's.
const LAYERS: f32 = 3.0;

/// Radius of the smallest leaf in pixels.
const SMALLEST: f32 = 3.0;

pub(super) fn paint(random: &mut Random, width: u32, height: u32) -> Canvas {
    let palette = Palette::new(random);
    let mut canvas = Canvas::new(width, height, palette.any(random));
    let (wide, high) = (width as f32, height as f32);
    let grain = Field::new(random, width as i32, height as i32, 24, 0.9);
    let largest = wide.min(high) * random.range(0.3, 0.6);
    let elongation = random.pick(&[1.0, 1.6, 2.5]);
    let roughness = random.range(0.1, 0.5);
    let light = random.direction();

    let mut left_to_cover = LAYERS * wide * high;
    while left_to_cover > 0.0 {
        let radius = random.inverse_cube(SMALLEST, largest);
        let stretch = random.range(1.0, elongation);
        let leaf = Ellipse {
            centre: (random.range(-radius, wide + radius), random.range(-radius, high + radius)),
            axes: (radius * stretch, radius / stretch),
            direction: random.direction(),
        };
        let colour = palette.any(random);
        let shade = random.range(0.1, 0.5) / (radius * stretch);
        let rough = random.range(0.0, 2.0 * roughness);
        canvas.ellipse(leaf, |x, y| {
            let towards_light = (x as f32 - leaf.centre.0) * light.0 + (y as f32 - leaf.centre.1) * light.1;
            let surface = grain.at(x as usize, y as usize) - 0.5;
            colour.times(1.0 + shade * towards_light + rough * surface)
        });
        left_to_cover -= std::f32::consts::PI * radius * radius;
    }
    canvas
}
