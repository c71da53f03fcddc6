//! Times beside those of others; no test depends on them.

use super::{cargo, installed};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Each command runs so often; the median counts.
const RUNS: usize = 3;

pub(super) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    match arguments.next().as_deref() {
        Some("leakage") => leakage(&arguments.collect::<Vec<_>>()),
        Some("fingerprint") => fingerprint(),
        Some(other) => Err(format!("there is no benchmark `{other}`; there are: leakage, fingerprint")),
        None => Err("say which benchmark; there are: leakage, fingerprint".into()),
    }
}

/// PDQ by stage, level and core, then the Python package on the same pictures (PYTHON names an interpreter).
fn fingerprint() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("sightline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.to_str().ok_or("the folder for temporary files has no Unicode name")?;
    let package = ["--package", "sightline-fingerprint", "--example", "speed"];
    let done = cargo(&[&["run", "--release", "--quiet"], &package[..], &["--", path]].concat()).and_then(|()| {
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        match Command::new(&python).arg("xtask/peer-pdqhash.py").arg(&folder).status() {
            Ok(status) if status.success() || status.code() == Some(3) => Ok(()),
            Ok(status) => Err(format!("peer-pdqhash.py ended with {status}")),
            Err(error) => {
                println!("SKIPPED: {}: {error}, so pdqhash is not timed", python.display());
                Ok(())
            }
        }
    });
    let _ = std::fs::remove_dir_all(&folder);
    done
}

fn leakage(files: &[String]) -> Result<(), String> {
    let files: Vec<PathBuf> = match files {
        [] => {
            let folder = std::env::var_os("SIGHTLINE_REFERENCE")
                .map(|folder| Path::new(&folder).join("vectors/leakage"))
                .ok_or("name TRAIN.csv and TEST.csv, or set SIGHTLINE_REFERENCE")?;
            ["geometric-4.train.csv", "geometric-4.test.csv"].map(|name| folder.join(name)).into()
        }
        [train, test] => vec![train.into(), test.into()],
        _ => return Err("name two files, TRAIN.csv and TEST.csv".into()),
    };
    cargo(&["build", "--release", "--quiet", "--package", "sightline"])?;
    // This program lies in a folder beside that of the release build.
    let here = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let target = here.parent().and_then(Path::parent).ok_or("this program lies in no folder")?;
    let program = target.join("release").join(format!("sightline{}", std::env::consts::EXE_SUFFIX));
    let mut ours = Command::new(program);
    let (ours, said) = median(ours.arg("leakage").args(&files))?;
    let told =
        |line: &&str| line.starts_with("error of") || line.starts_with("min-entropy") || line.ends_with("chosen");
    for line in said.lines().filter(told) {
        println!("{line}");
    }
    println!("sightline: {:.2} s (median of {RUNS})", ours.as_secs_f64());
    let theirs = std::env::var_os("FBLEAU").or_else(|| installed("fbleau").then(|| "fbleau".into()));
    let Some(theirs) = theirs else {
        println!("SKIPPED: F-BLEAU is neither on PATH nor in FBLEAU (cargo install fbleau), so nothing is compared");
        return Ok(());
    };
    // The strategy that comes closest to the Bayes risk on its own example.
    let mut theirs = Command::new(theirs);
    let (theirs, said) = median(theirs.args(["knn", "--knn-strategy=ln"]).args(&files))?;
    let told = |line: &&str| line.starts_with("Minimum estimate") || line.starts_with("Min-entropy");
    for line in said.lines().filter(told) {
        println!("F-BLEAU: {line}");
    }
    println!("F-BLEAU:   {:.2} s (median of {RUNS})", theirs.as_secs_f64());
    println!("ratio:     {:.0}", theirs.as_secs_f64() / ours.as_secs_f64());
    Ok(())
}

/// The median time of a command, and what it wrote last.
#[expect(clippy::disallowed_methods, reason = "a benchmark")]
fn median(command: &mut Command) -> Result<(Duration, String), String> {
    let mut times = Vec::new();
    let mut said = String::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let done = command.output().map_err(|error| format!("{command:?} could not be started: {error}"))?;
        times.push(start.elapsed());
        if !done.status.success() {
            return Err(format!("{command:?} ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr)));
        }
        said = String::from_utf8_lossy(&done.stdout).into_owned();
    }
    times.sort_unstable();
    Ok((times[RUNS / 2], said))
}
