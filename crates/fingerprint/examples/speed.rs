//! Times of PDQ by stage, level and core: `speed FOLDER`. Writes generated JPEG pictures into FOLDER, for others to be
//! timed on the same. `cargo xtask bench fingerprint` runs it.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]

use sightline_fingerprint::{Level, Luma, Stages};
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::Instant;

/// Microseconds per run: the least of several rounds, each long enough for the clock.
fn microseconds(mut work: impl FnMut()) -> f64 {
    let mut round = |runs: u32| {
        let start = Instant::now();
        (0..runs).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
    };
    let once = round(2).max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 10 000")]
    let runs = (20_000.0 / once).clamp(1.0, 10_000.0) as u32;
    (0..9).map(|_| round(runs)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: speed FOLDER");
    let picture = |index| sightline_pictures::generate(&[7; 32], index).picture;
    let large = picture(0).scale(1600, 1004).unwrap();
    let middle = picture(1).scale(512, 512).unwrap();

    println!("one core, least of 9 rounds, µs; luma of 512 × 512");
    let sampling = microseconds(|| drop(black_box(Luma::of(black_box(&middle)))));
    println!("  RGB to luma                     {sampling:8.1}");
    let luma = Luma::of(&middle);
    let copying = microseconds(|| drop(black_box(black_box(&luma).clone())));
    for level in Level::available() {
        // A picture of 64 × 64 is not filtered.
        let small = Luma::new(64, 64, luma.values()[..4096].to_vec()).unwrap();
        let transform = microseconds(|| drop(black_box(Stages::of_luma_by(level, black_box(small.clone())))));
        let stages = microseconds(|| drop(black_box(Stages::of_luma_by(level, black_box(luma.clone())))));
        let computed = Stages::of_luma_by(level, luma.clone()).unwrap();
        let bits = microseconds(|| {
            black_box(black_box(&computed).pdq_by(level));
        });
        let dihedral = microseconds(|| {
            black_box(black_box(&computed).dihedral());
        });
        println!(
            "  {:10} filter {:6.1}, DCT {transform:4.1}, median and quality {bits:4.1}, luma to bits {:6.1}; eight variants {dihedral:4.1}",
            level.name(),
            stages - copying - transform,
            stages - copying + bits
        );
    }

    for (name, picture, count) in [("500 × 333", middle.scale(500, 333).unwrap(), 40), ("1600 × 1004", large, 10)] {
        let jpegs: Vec<Vec<u8>> = (0..count).map(|n| picture.to_jpeg(85 + n)).collect();
        for (number, jpeg) in jpegs.iter().enumerate() {
            std::fs::write(Path::new(&folder).join(format!("{}-{number:02}.jpg", name.replace(" × ", "x"))), jpeg)
                .unwrap();
        }
        let decode = |jpeg: &Vec<u8>| drop(black_box(sightline_pictures::decode(jpeg)));
        let hash = |jpeg: &Vec<u8>| drop(black_box(sightline_fingerprint::fingerprint(jpeg)));
        println!("JPEG of {name}, pictures per second");
        for cores in [1, 2] {
            let rate = |work: &(dyn Fn(&Vec<u8>) + Sync)| {
                let all = microseconds(|| {
                    thread::scope(|scope| {
                        for core in 0..cores {
                            let jpegs = &jpegs;
                            scope.spawn(move || jpegs.iter().skip(core).step_by(cores).for_each(work));
                        }
                    });
                });
                1e6 * jpegs.len() as f64 / all
            };
            let (decoded, hashed) = (rate(&decode), rate(&hash));
            println!(
                "  {cores} core(s): decode {decoded:6.0}, decode and hash {hashed:6.0}, time ratio {:.3}",
                decoded / hashed
            );
        }
    }
}
