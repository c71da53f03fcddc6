//! Times beside those of others; no test depends on them.

use super::{cargo, installed};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Each command runs so often; the median counts.
const RUNS: usize = 3;

const BENCHMARKS: &str = "leakage, hamming, fingerprint, accuracy, video, enclave";

pub(super) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    match arguments.next().as_deref() {
        Some("leakage") => leakage(&arguments.collect::<Vec<_>>()),
        Some("hamming") => hamming(&arguments.collect::<Vec<_>>()),
        Some("fingerprint") => fingerprint(),
        Some("accuracy") => accuracy(),
        Some("video") => video(&arguments.collect::<Vec<_>>()),
        Some("enclave") => enclave(),
        Some(other) => Err(format!("there is no benchmark `{other}`; there are: {BENCHMARKS}")),
        None => Err(format!("say which benchmark; there are: {BENCHMARKS}")),
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

/// A measurement of five fingerprints on generated pictures, then Thorn's `perception` on the same (PYTHON names an interpreter).
fn accuracy() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("sightline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let compared = || {
        cargo(&["build", "--release", "--quiet", "--package", "sightline-accuracy", "--example", "measure_speed"])?;
        let ours = release()?.join("examples").join(format!("measure_speed{}", std::env::consts::EXE_SUFFIX));
        let told =
            |who: &str, all: &[Figure]| all.iter().for_each(|(name, number)| println!("{who}, {name}: {number}"));
        let ours = figures(Command::new(ours).arg(&folder))?;
        told("sightline", &ours);
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        let done = Command::new(&python).arg("xtask/peer-perception.py").arg(&folder).output();
        let theirs = match done {
            Ok(done) if done.status.success() => parsed(&done.stdout),
            Ok(done) if done.status.code() == Some(3) => {
                print!("{}", String::from_utf8_lossy(&done.stdout));
                return Ok(());
            }
            Ok(done) => return Err(format!("peer-perception.py: {}", String::from_utf8_lossy(&done.stderr))),
            Err(error) => {
                println!("SKIPPED: {}: {error}, so perception is not timed", python.display());
                return Ok(());
            }
        };
        told("perception", &theirs);
        let each = |all: &[Figure]| all.last().map_or(f64::NAN, |(_, milliseconds)| *milliseconds);
        println!("ratio of the times of a changed picture: {:.1}", each(&theirs) / each(&ours));
        Ok(())
    };
    let done = compared();
    let _ = std::fs::remove_dir_all(&folder);
    done
}

/// Decoding alone, with vPDQ and with TMK+PDQF, then the Python package vpdq (PYTHON names an interpreter) and the decoder of
/// an installed ffmpeg on the same file.
fn video(files: &[String]) -> Result<(), String> {
    let file: PathBuf = match files {
        [] => match std::env::var_os("SIGHTLINE_REFERENCE") {
            Some(folder) => Path::new(&folder).join("vectors/tmk/chair-19-sd-bar.mp4"),
            None => "crates/video/tests/data/small.mp4".into(),
        },
        [file] => file.into(),
        _ => return Err("name one video".into()),
    };
    let name = file.to_str().ok_or("the video has no Unicode name")?;
    let package = ["--package", "sightline-video", "--example", "speed"];
    cargo(&[&["run", "--release", "--quiet"], &package[..], &["--", name]].concat())?;
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    match Command::new(&python).arg("xtask/peer-vpdq.py").arg(&file).status() {
        Ok(status) if status.success() || status.code() == Some(3) => {}
        Ok(status) => return Err(format!("peer-vpdq.py ended with {status}")),
        Err(error) => println!("SKIPPED: {}: {error}, so vpdq is not timed", python.display()),
    }
    if !installed("ffmpeg") {
        println!("SKIPPED: ffmpeg is not installed, so its decoder is not timed");
        return Ok(());
    }
    for (what, form) in [("decoding alone", "yuv420p"), ("decoding, colours converted", "rgb24")] {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-hide_banner", "-benchmark", "-threads", "1", "-i"]).arg(&file);
        let done = command.args(["-map", "0:v:0", "-pix_fmt", form, "-f", "null", "-"]).output();
        let said = done.map_err(|error| format!("ffmpeg could not be started: {error}"))?.stderr;
        let said = String::from_utf8_lossy(&said);
        let used = said.lines().find_map(|line| line.strip_prefix("bench: ")).unwrap_or("it says no times");
        println!("ffmpeg, {what}, one thread of its decoder: {used}");
    }
    Ok(())
}

/// Attestation and oblivious matching, in microseconds, beside clear matching and the figures of the design.
fn enclave() -> Result<(), String> {
    cargo(&["run", "--release", "--quiet", "--package", "sightline-enclave", "--example", "speed"])
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
    let program = release()?.join(format!("sightline{}", std::env::consts::EXE_SUFFIX));
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

/// A name and a number, in microseconds a query unless the name says otherwise.
type Figure = (String, f64);

fn hamming(options: &[String]) -> Result<(), String> {
    let count: usize = match options {
        [] => 1_000_000,
        [large] if large == "--large" => 10_000_000,
        _ => return Err("the only option is --large".into()),
    };
    cargo(&["build", "--release", "--quiet", "--package", "sightline-hamming", "--example", "search_speed"])?;
    let ours = release()?.join("examples").join(format!("search_speed{}", std::env::consts::EXE_SUFFIX));
    let folder = std::env::temp_dir().join(format!("sightline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let done = ["random", "skewed"].iter().try_for_each(|kind| {
        println!("\n{count} {kind} codes of 256 bits, radius 31, one thread; microseconds a query");
        let ours = figures(Command::new(&ours).arg(count.to_string()).arg(kind).arg(&folder))?;
        let theirs = faiss(&folder, count)?;
        compared(count, &ours, &theirs);
        Ok(())
    });
    let _ = std::fs::remove_dir_all(&folder);
    done
}

/// The folder of release builds, which lies beside that of this program.
fn release() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let target = here.parent().and_then(Path::parent).ok_or("this program lies in no folder")?;
    Ok(target.join("release"))
}

/// The figures of FAISS on the codes and queries of a folder; none without it.
fn faiss(folder: &Path, count: usize) -> Result<Vec<Figure>, String> {
    let python = std::env::var_os("SIGHTLINE_PYTHON").unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-c", "import faiss"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: FAISS is not installed (pip install faiss-cpu, or name a Python in SIGHTLINE_PYTHON)");
        return Ok(Vec::new());
    }
    figures(Command::new(python).args(["-c", include_str!("faiss_peer.py")]).arg(folder).arg(count.to_string()))
}

fn figures(command: &mut Command) -> Result<Vec<Figure>, String> {
    let done = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if !done.status.success() {
        let program = command.get_program().display();
        return Err(format!("{program} ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr)));
    }
    Ok(parsed(&done.stdout))
}

/// Lines of a name, a tab and a number.
fn parsed(text: &[u8]) -> Vec<Figure> {
    let figure = |line: &str| {
        let (name, number) = line.split_once('\t')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    String::from_utf8_lossy(text).lines().filter_map(figure).collect()
}

/// Each of our figures beside what it is to be compared with: the same batch of `IndexBinaryFlat` or
/// `IndexBinaryMultiHash`, our own scan, and what memory and the first-level cache allow.
fn compared(count: usize, ours: &[Figure], theirs: &[Figure]) {
    let of = |all: &[Figure], name: &str| all.iter().find(|(known, _)| known == name).map(|(_, number)| *number);
    let memory = of(ours, "gigabytes a second from memory").map(|rate| count as f64 * 1e-3 / rate);
    let cached =
        of(ours, "billion comparisons a second in the first-level cache").map(|rate| count as f64 * 1e-3 / rate);
    // Our fastest scan of as large a batch; what is larger than any is compared with the largest.
    let scan = |size: f64| {
        let batch = format!("rejecting, {} a batch", size.min(64.0));
        let same = ours.iter().filter(|(name, _)| name.starts_with("scan") && name.ends_with(&batch));
        same.map(|(_, time)| *time).fold(f64::INFINITY, f64::min)
    };
    for (name, number) in ours.iter().chain(theirs) {
        print!("{name:55} {number:>11.2}");
        let batch = name.rsplit(", ").next().filter(|batch| batch.ends_with("a batch"));
        if let Some(size) = batch.and_then(|batch| batch.split(' ').next()?.parse::<f64>().ok()) {
            if name.starts_with("scan") {
                // A batch shares one pass over the codes: 16 bytes each where most are rejected, else 32.
                let bytes = if name.contains("rejecting") { 16.0 } else { 32.0 };
                let pass =
                    memory.map(|memory| format!("  {:.1} × its pass over memory", number / (memory * bytes / size)));
                let kernel = cached.map(|cached| format!("  {:.1} × the kernel in cache", number / cached));
                let flat = of(theirs, &format!("IndexBinaryFlat, {size} a batch"));
                let flat = flat.map(|flat| format!("  IndexBinaryFlat takes {:.1} ×", flat / number));
                print!("{}", [flat, pass, kernel].into_iter().flatten().collect::<String>());
            } else if name.starts_with("multi-index") || name.starts_with("index") {
                print!("  the scan takes {:.1} ×", scan(size) / number);
                let peer = of(theirs, "IndexBinaryMultiHash, 64 a batch");
                print!(
                    "{}",
                    peer.map_or(String::new(), |peer| format!("  IndexBinaryMultiHash takes {:.0} ×", peer / number))
                );
            }
        }
        println!();
    }
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
