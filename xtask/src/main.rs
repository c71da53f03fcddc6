//! The one entrance for checks and tests: `cargo xtask test`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers' terminals")]

mod bench;
mod book;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "cargo xtask test         every check and test: format, lints, crate order, texts, licences, tests
cargo xtask check-order  workspace members depend only on members above them
cargo xtask check-text   no machine paths or leftovers in the repository
cargo xtask bless        writes anew what is committed and follows from the code: evidence schema, what the program prints,
                         lines that clients add, example report
cargo xtask pdf          lints and tests of crates/pdf, whose typesetter takes minutes to compile
cargo xtask book         makes the pictures of docs/tour anew; needs Chromium
cargo xtask fuzz [--seconds N] [TARGET]
                         libFuzzer on one parser or all of them, N seconds each (60); needs cargo-fuzz and C++
cargo xtask bench leakage [TRAIN.csv TEST.csv]
                         times of `sightline leakage` and, if there is one (on PATH or in FBLEAU), of F-BLEAU on the same
                         files; without files on its geometric example in SIGHTLINE_REFERENCE
cargo xtask bench hamming [--large]
                         times of scan and multi-index on 10^6 codes (--large: 10^7), random and skewed, and of FAISS on
                         the same if `python3` (or SIGHTLINE_PYTHON) has it (pip install faiss-cpu)
cargo xtask bench fingerprint
                         times of PDQ by stage, instruction set and cores, decoding beside it and, if the interpreter
                         (PYTHON, or python3) has it, the Python package pdqhash on the same pictures
cargo xtask bench accuracy
                         time of a measurement of five fingerprints on 125 pictures and, if the interpreter (PYTHON, or
                         python3) has it, of Thorn's perception on the same, by changed picture
cargo xtask bench video [FILE]
                         frames a second of decoding, vPDQ and TMK+PDQF, and, if they are there, the Python package vpdq
                         (PYTHON, or python3) and ffmpeg on the same file
cargo xtask bench enclave
                         times of attestation, sessions and oblivious matching beside clear matching";

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("test") => test(),
        Some("check-order") => check_order(),
        Some("check-text") => check_text(),
        Some("bless") => bless(),
        Some("pdf") => pdf(),
        Some("book") => book::make(),
        Some("fuzz") => fuzz(std::env::args().skip(2)),
        Some("bench") => bench::run(std::env::args().skip(2)),
        Some("help") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("there is no task `{other}`\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn test() -> Result<(), String> {
    let reference = std::env::var_os("SIGHTLINE_REFERENCE").is_some();
    if !reference {
        eprintln!("SKIPPED: SIGHTLINE_REFERENCE is not set, so nothing is compared with reference vectors");
    }
    browser();
    let axe = axe();
    if let Err(why) = &axe {
        eprintln!("SKIPPED: axe-core cannot be had ({why}), so it does not judge whether everybody can use the pages");
    }
    check_order()?;
    check_text()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--exclude", PDF, "--all-targets", "--", "-D", "warnings"])?;
    if installed("cargo-deny") {
        cargo(&["deny", "check", "licenses", "bans", "sources"])?;
    } else {
        eprintln!("SKIPPED: cargo-deny is not installed, so licences are not checked");
    }
    let mut tests = Command::new(env!("CARGO"));
    tests.args(["test", "--workspace", "--exclude", PDF]);
    if let Ok(path) = axe {
        tests.env("SIGHTLINE_AXE", path);
    }
    run(&mut tests)?;
    eprintln!("SKIPPED: {PDF}, whose typesetter takes minutes to compile; `cargo xtask pdf` tests it");
    Ok(())
}

/// The one crate that no other check compiles.
const PDF: &str = "sightline-pdf";

fn pdf() -> Result<(), String> {
    cargo(&["clippy", "--package", PDF, "--all-targets", "--", "-D", "warnings"])?;
    cargo(&["test", "--package", PDF])?;
    cargo(&["test", "--package", "sightline", "--features", "pdf", "--test", "evidence", "pdf"])
}

/// The tests that compare these files write them when asked to. Counted lines come first: they are compiled into the program.
fn bless() -> Result<(), String> {
    let counted = &["--lib", "--", "the_table_says_what_the_code_has"][..];
    let printed = &["--test", "run_folder", "--test", "texts", "--test", "example"][..];
    for which in [counted, printed] {
        let mut tests = Command::new(env!("CARGO"));
        tests.args(["test", "--quiet", "--workspace", "--exclude", PDF]).args(which);
        run(tests.env("SIGHTLINE_BLESS", "1").env("TRYCMD", "overwrite"))?;
    }
    Ok(())
}

/// Searches for inputs that the parsers do not withstand. The tests replay and mutate without any of this.
fn fuzz(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut seconds, mut only) = (60, None);
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let given = arguments.next().and_then(|seconds| seconds.parse().ok());
            seconds = given.ok_or("--seconds needs a whole number")?;
        } else {
            only = Some(argument);
        }
    }
    if !installed("cargo-fuzz") {
        return Err("cargo-fuzz is not installed: cargo install cargo-fuzz --locked".into());
    }
    // The same versions as everywhere; libFuzzer's is added.
    std::fs::copy("Cargo.lock", "fuzz/Cargo.lock").map_err(|error| format!("fuzz/Cargo.lock: {error}"))?;
    cargo(&["run", "--quiet", "--package", "sightline-testing", "--example", "fuzz_seeds", "--", "fuzz/corpus"])?;
    let manifest = manifest(Path::new("fuzz/Cargo.toml"))?;
    let targets = manifest["bin"].as_array().ok_or("fuzz/Cargo.toml has no targets")?;
    let targets = targets.iter().filter_map(|target| target["name"].as_str());
    let chosen: Vec<&str> = targets.filter(|name| only.as_deref().is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no target `{}`; see fuzz/fuzz_targets", only.unwrap_or_default()));
    }
    for target in chosen {
        let limit = format!("-max_total_time={seconds}");
        // Without a sanitizer it works with the stable compiler.
        cargo(&["fuzz", "run", "--sanitizer", "none", target, "--", &limit, "-max_len=65536", "-timeout=20"])?;
    }
    Ok(())
}

/// The browser test needs Chromium: installed where that is possible, named where not.
fn browser() {
    if installed("chromium") || installed("chromium-browser") || installed("google-chrome") {
        return;
    }
    if std::env::var_os("CI").is_some() && installed("apt-get") {
        let install = ["install", "-y", "-q", "--no-install-recommends", "chromium"];
        let [updated, installed] =
            [&["update", "-q"][..], &install].map(|what| run(Command::new("apt-get").args(what)));
        match updated.and(installed) {
            Ok(()) => return,
            Err(error) => eprintln!("{error}"),
        }
    }
    eprintln!(
        "SKIPPED: Chromium is not installed (Debian: apt-get install chromium), so pages are not tried in a browser"
    );
}

/// The version of axe-core that judges the pages.
const AXE: &str = "axe-core@4.14.1";

/// Where axe-core is: `SIGHTLINE_AXE` if that is set, else npm fetches it. It is under the MPL and stays out of the repository.
fn axe() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("SIGHTLINE_AXE") {
        return Ok(path.into());
    }
    let folder = std::path::absolute("target/axe").map_err(|error| format!("target/axe: {error}"))?;
    let installed_as = folder.join(AXE.replace('@', "-"));
    let file = installed_as.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        if !installed("npm") {
            return Err("npm is not installed; Debian: apt-get install npm".into());
        }
        let quiet = ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        std::fs::create_dir_all(&installed_as).map_err(|error| format!("{}: {error}", installed_as.display()))?;
        run(Command::new("npm").args(quiet).arg(&installed_as).arg(AXE))?;
    }
    Ok(file)
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn cargo(arguments: &[&str]) -> Result<(), String> {
    run(Command::new(env!("CARGO")).args(arguments))
}

fn run(command: &mut Command) -> Result<(), String> {
    println!("== {command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} could not be started: {error}")),
    }
}

fn manifest(path: &Path) -> Result<toml::Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", path.display()))
}

/// Members are sorted bottom-up: each depends only on members listed before it.
fn check_order() -> Result<(), String> {
    let workspace = manifest(Path::new("Cargo.toml"))?;
    let members = workspace["workspace"]["members"].as_array().ok_or("Cargo.toml lists no members")?;
    let mut above: Vec<String> = Vec::new();
    for member in members {
        let folder = member.as_str().ok_or("a member is not a text")?;
        let manifest = manifest(&Path::new(folder).join("Cargo.toml"))?;
        for name in manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys)
        {
            if name.starts_with("sightline") && !above.contains(name) {
                return Err(format!("{folder} depends on {name}, which is not listed above it"));
            }
        }
        above.push(manifest["package"]["name"].as_str().ok_or("a package without a name")?.to_owned());
    }
    println!("== crate order holds");
    Ok(())
}

/// Texts that do not belong into the repository, in pieces so that this file does not hold them.
const FORBIDDEN: [&[&str]; 3] = [&["/work", "/"], &["TO", "DO"], &["crates", ".io/"]];

fn check_text() -> Result<(), String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).output().map_err(|error| format!("git: {error}"))?;
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in names.split('\0').filter(|name| !name.is_empty() && *name != "Cargo.lock") {
        let Ok(text) = std::fs::read_to_string(name) else { continue };
        for pieces in FORBIDDEN {
            let forbidden = pieces.concat();
            if text.contains(&forbidden) {
                return Err(format!("{name} contains `{forbidden}`"));
            }
        }
    }
    println!("== texts are clean");
    Ok(())
}
