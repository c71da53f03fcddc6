//! Times of decoding alone and of decoding with vPDQ and TMK+PDQF, in seconds of CPU of one thread, the
//! least of a few rounds: `cargo xtask bench video`.
//!
//! `cargo run --release -p sightline-video --example speed -- FILE…`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark")]

use cpu_time::ThreadTime;
use sightline_fingerprint::tmk;
use sightline_fingerprint::vpdq::Sampling;
use sightline_video::{Frame, Video, VideoError};
use std::path::Path;

const ROUNDS: usize = 3;

type Work = fn(&Path) -> Result<u64, Box<dyn std::error::Error>>;

const WORK: [(&str, Work); 5] = [
    ("decoding alone", |file| each(file, |_| Ok(()))),
    ("decoding, colours converted", |file| {
        each(file, |frame| {
            frame.picture()?;
            Ok(())
        })
    }),
    ("vPDQ, a frame a second", |file| vpdq(file, 1.0)),
    ("vPDQ, every frame", |file| vpdq(file, 0.0)),
    ("TMK+PDQF", |file| {
        let mut hasher = tmk::Hasher::new(Video::open_file(file)?.info().rate);
        let frames = each(file, |frame| Ok(hasher.add(frame.seconds, &frame.picture()?)?))?;
        hasher.finish()?;
        Ok(frames)
    }),
];

fn main() {
    for file in std::env::args().skip(1) {
        let file = Path::new(&file);
        match Video::open_file(file) {
            Ok(video) => println!("{}: {:?}", file.display(), video.info()),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                continue;
            }
        }
        let mut fastest = [f64::INFINITY; WORK.len()];
        let mut count = 0;
        for _ in 0..ROUNDS {
            for ((name, work), fastest) in WORK.iter().zip(&mut fastest) {
                let start = ThreadTime::now();
                match work(file) {
                    Ok(frames) => (count, *fastest) = (frames, fastest.min(start.elapsed().as_secs_f64())),
                    Err(error) => eprintln!("{name}: {error}"),
                }
            }
        }
        for ((name, _), seconds) in WORK.iter().zip(fastest) {
            let (rate, ratio) = (count as f64 / seconds, seconds / fastest[0]);
            println!("{name:30} {seconds:7.2} s {rate:8.0} frames/s  {ratio:.2} × decoding");
        }
    }
}

/// How many frames there are, each handed on.
fn each(
    file: &Path,
    mut done: impl FnMut(Frame) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<u64, Box<dyn std::error::Error>> {
    let mut frames = 0;
    Video::open_file(file)?.try_for_each(|frame: Result<Frame, VideoError>| {
        frames += 1;
        done(frame?)
    })?;
    Ok(frames)
}

fn vpdq(file: &Path, seconds: f64) -> Result<u64, Box<dyn std::error::Error>> {
    let mut sampling = Sampling::new(Video::open_file(file)?.info().rate, seconds);
    each(file, |frame| {
        if sampling.takes(frame.number, frame.seconds) {
            sampling.feature(frame.number, frame.seconds, &frame.picture()?)?;
        }
        Ok(())
    })
}
