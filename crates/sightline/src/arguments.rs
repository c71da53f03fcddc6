use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use sightline_fingerprint::ALGORITHMS;
use std::path::PathBuf;

/// Shows who can see what when detection is added to end-to-end encrypted messaging.
///
/// Exit codes: 0 done; 1 a leak was found that is not declared, or a run does not verify; 2 wrong usage, scenario or
/// input; 3 a control failed, so the numbers mean nothing; 4 a file or folder cannot be used; 70 a bug; 130 interrupted.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the systems, measure who learns what, and write a report
    Assess(Assess),
    /// List the systems that can be assessed
    Architectures,
    /// Show how a system works: who sends what to whom, and who learns what
    Explain {
        /// Its name, as `sightline architectures` lists it
        name: String,
    },
    /// Print fingerprints of pictures as CSV: file, fingerprint in hexadecimal digits, quality
    Fingerprint {
        /// Picture files (JPEG, PNG, WebP, GIF), folders of such, or - for a list of them on standard input, one a line
        #[arg(required = true, value_name = "FILE|FOLDER|-")]
        files: Vec<PathBuf>,
        /// Which kind of fingerprint; see docs/fingerprints.md
        #[arg(long, value_name = "NAME", default_value = "pdq", value_parser = PossibleValuesParser::new(
            ALGORITHMS.map(|algorithm| algorithm.name())
        ))]
        algorithm: String,
    },
    /// Check that a run's files are the ones that were written
    Verify {
        /// The run's folder
        run: PathBuf,
        /// Also run everything again and compare the numbers
        #[arg(long)]
        rerun: bool,
    },
    /// Plant leaks of many kinds and sizes in a system, and show which are found and what tells
    Calibrate {
        /// Systems to plant them in, separated by commas
        #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "e2ee")]
        architectures: Vec<String>,
        /// The number that everything random derives from
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Fewer pictures and trials
        #[arg(long)]
        quick: bool,
    },
    /// Estimate how much observations tell of a secret, from samples: an adversary learns from one file and guesses the
    /// secrets of the other
    #[command(long_about = LEAKAGE)]
    Leakage {
        /// Samples to choose and train an adversary on (CSV): the secret, then one or more numbers
        train: PathBuf,
        /// Samples of the same kind to test it on, once
        test: PathBuf,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Draw a run's report again from its folder
    Report {
        /// The run's folder
        run: PathBuf,
    },
}

const LEAKAGE: &str = "\
Estimate how much observations tell of a secret, from samples: an adversary learns from one file and guesses the secrets \
of the other.

Each line of a file is a secret (a whole number or a short text) and one or more numbers, separated by commas; a header \
is skipped. Both files must be independent draws of the same. What is found is a lower bound: a better adversary may \
exist.";

#[derive(Debug, Args)]
pub(crate) struct Assess {
    /// Scenario file (TOML); without one, built-in defaults are used
    pub(crate) scenario: Option<PathBuf>,
    /// Use the pictures in this folder instead of generated ones
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// Allow thumbnails of your own pictures in the run folder
    #[arg(long)]
    pub(crate) include_pictures: bool,
    /// Where the run is written
    #[arg(long, value_name = "DIR", default_value = "sightline-run")]
    pub(crate) out: PathBuf,
    /// The number that everything random derives from
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Systems to assess, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) architectures: Option<Vec<String>>,
    /// Questions to ask, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) questions: Option<Vec<String>>,
    /// Fewer pictures and trials: a first look in seconds, with coarser answers
    #[arg(long)]
    pub(crate) quick: bool,
    /// Print the run's summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
