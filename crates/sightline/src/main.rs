//! The command line: arguments, progress, exit codes. The work is done in the crates below.

mod arguments;
mod assess;
mod clock;
mod commands;
mod failure;
mod progress;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        say(&format!("sightline: this is a bug, please report it with the command you typed: {panic}"));
        std::process::exit(failure::BUG.into());
    }));
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Assess(options) => assess::run(&options),
        Command::Architectures => commands::architectures(),
        Command::Explain { name } => commands::explain(&name),
        Command::Fingerprint { files } => commands::fingerprint(&files),
        Command::Verify { run, rerun } => commands::verify(&run, rerun),
        Command::Calibrate { architectures, seed, quick } => commands::calibrate(architectures, seed, quick),
        Command::Report { run } => commands::report(&run),
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
