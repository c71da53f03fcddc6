//! The command line: arguments, progress, exit codes. The work is done in the crates below.

mod accuracy;
mod arguments;
mod assess;
mod clock;
mod commands;
mod compare;
mod failure;
mod fingerprint;
mod intake;
mod leakage;
mod list;
mod output;
mod pdf;
mod progress;
mod search;
mod video;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

fn main() -> ExitCode {
    // A library's panic may be caught on the way (a damaged table); what reaches this place is a bug.
    static PANIC: Mutex<String> = Mutex::new(String::new());
    let panicked = || PANIC.lock().unwrap_or_else(PoisonError::into_inner);
    std::panic::set_hook(Box::new(move |panic| *panicked() = panic.to_string()));
    let arguments = Arguments::parse();
    std::panic::catch_unwind(AssertUnwindSafe(|| run(arguments))).unwrap_or_else(|_| {
        say(&format!("sightline: this is a bug, please report it with the command you typed: {}", panicked()));
        ExitCode::from(failure::BUG)
    })
}

fn run(arguments: Arguments) -> ExitCode {
    let result = match arguments.command {
        Command::Assess(options) => assess::run(&options),
        Command::Architectures => commands::architectures(),
        Command::Explain { name, scenario } => commands::explain(&name, scenario.as_deref()),
        Command::Fingerprint { intake, algorithm, video, .. } if video::ALGORITHMS.contains(&&*algorithm) => {
            video::fingerprint(intake, &algorithm, video)
        }
        Command::Fingerprint { intake, algorithm, plugin, .. } => {
            fingerprint::run(intake, &algorithm, plugin.as_deref())
        }
        Command::Videos { first, second: Some(second), every } => video::compare(&first, &second, every),
        Command::Videos { first, second: None, every } => video::handled(&first, every),
        Command::Accuracy(options) => accuracy::run(&options),
        Command::Verify { run, rerun } => commands::verify(&run, rerun),
        Command::Compare(options) => compare::run(&options),
        Command::Replay { run, row } => commands::replay(&run, row),
        Command::Calibrate { architectures, seed, repetitions, quick } => {
            commands::calibrate(architectures, seed, repetitions, quick)
        }
        Command::Leakage { train, test, json } => leakage::run(&train, &test, json),
        Command::Match { entries, files, search } => search::matches(&entries.into(), &files, &search),
        Command::Index { list, out, radius, add } => search::make(&list, &out, radius, add),
        Command::Pairs { file, search } => search::pairs(&file, &search),
        Command::List { command } => list::run(&command),
        Command::Explore { port, run } => commands::explore(port, run.as_deref()),
        Command::Report { run, pdf } => commands::report(&run, pdf),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.explain(),
    }
}

/// Data for the user: standard output. A reader who has gone away ends the program without a word.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|_| Failure::quiet(0))
}

/// A message for the user: standard error. Where it cannot be written, nobody is there to read it.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
