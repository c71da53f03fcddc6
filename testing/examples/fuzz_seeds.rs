//! Writes the well-formed inputs of every target to a folder with one folder a target, for
//! libFuzzer to start from.

use sightline_testing::foreign::TARGETS;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let corpus = env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".into());
    for target in TARGETS {
        let folder = format!("{corpus}/{}", target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            fs::write(format!("{folder}/seed-{number:04}"), seed)?;
        }
    }
    Ok(())
}
