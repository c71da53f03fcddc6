//! How long a measurement takes: `measure_speed FOLDER` paints 125 pictures, puts them in the folder for others to be timed on, and measures
//! five fingerprints through every kind of handling. `cargo xtask bench accuracy` runs it.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark")]

use sightline_accuracy::{Original, Plan, measure};
use sightline_fingerprint::by_name;
use sightline_pictures::Corpus;
use std::path::PathBuf;
use std::time::Instant;

const PICTURES: usize = 125;
/// Those that Thorn's `perception` has as well.
const SHARED: [&str; 5] = ["pdq", "phash", "dhash", "ahash", "whash"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("FOLDER is missing")?.into();
    let corpus = Corpus::generated([1; 32], PICTURES, &mut |_, _| ());
    for picture in &corpus.pictures {
        std::fs::write(folder.join(format!("{}.jpg", picture.id)), &picture.bytes)?;
    }
    let plan = Plan { algorithms: SHARED.iter().filter_map(|name| by_name(name)).collect(), ..Plan::full(1) };
    let start = Instant::now();
    let measured = measure(&Original::all(&corpus), &plan, &|_, _, _| std::ops::ControlFlow::Continue(()))?;
    let seconds = start.elapsed().as_secs_f64();
    let changed = measured.pictures.len() * measured.transforms.len();
    println!("seconds\t{seconds:.2}");
    println!("changed pictures\t{changed}");
    println!("milliseconds a changed picture\t{:.3}", seconds * 1e3 / changed as f64);
    Ok(())
}
