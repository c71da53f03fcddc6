use crate::{search, video};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use sightline_fingerprint::ALGORITHMS;
use sightline_fingerprint::vpdq::DEFAULT_SECONDS;
use std::path::PathBuf;

/// Shows who can see what when detection is added to end-to-end encrypted messaging.
///
/// Exit codes: 0 done; 1 a leak was found that is not declared, an expectation is not met, a run does not verify, or two
/// runs differ; 2 wrong usage, scenario or input; 3 a control failed, so the numbers mean nothing; 4 a file or folder
/// cannot be used; 70 a bug; 130 interrupted.
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
        /// A scenario file whose settings of detection are used
        #[arg(long, value_name = "SCENARIO.toml")]
        scenario: Option<PathBuf>,
    },
    /// Print fingerprints of pictures or videos as CSV: file, fingerprint in hexadecimal digits, quality
    #[command(long_about = FINGERPRINT)]
    Fingerprint {
        #[command(flatten)]
        intake: Intake,
        /// Which kind of fingerprint; see docs/fingerprints.md
        #[arg(long, value_name = "NAME", default_value = "pdq", value_parser = PossibleValuesParser::new(
            ALGORITHMS.map(|algorithm| algorithm.name()).into_iter().chain(video::ALGORITHMS)
        ))]
        algorithm: String,
        /// Instead, one that another program makes, as this file describes; see docs/fingerprints.md
        #[arg(long, value_name = "PLUGIN.toml", conflicts_with = "algorithm")]
        plugin: Option<PathBuf>,
        #[command(flatten)]
        video: Video,
    },
    /// Compare two videos, or one with what sending makes of it, by vPDQ and TMK+PDQF, and print the scores as CSV
    #[command(long_about = VIDEOS)]
    Videos {
        /// A video, or its hash as the reference of vPDQ or of TMK+PDQF writes it
        first: PathBuf,
        /// Another; without it, the video encoded anew, smaller, at half the frames (in memory)
        second: Option<PathBuf>,
        /// Seconds between the frames of vPDQ; 0 takes every frame
        #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SECONDS, value_parser = video::seconds)]
        every: f64,
    },
    /// Measure how well fingerprints match through ordinary handling, and how often they match what is different
    #[command(long_about = ACCURACY)]
    Accuracy(Accuracy),
    /// Check that a run's files are the ones that were written
    Verify {
        /// The run's folder
        run: PathBuf,
        /// Also run everything again and compare the numbers
        #[arg(long)]
        rerun: bool,
    },
    /// Show what changed from one run to another
    #[command(long_about = COMPARE)]
    Compare(Compare),
    /// Compute one number of a run again, alone, and compare it
    Replay {
        /// The run's folder
        run: PathBuf,
        /// Which row of evidence.csv, counted from 1 behind the heading; the report prints it beside each answer
        row: u64,
    },
    /// Plant leaks of many kinds and sizes in a system, and show which are found and what tells
    Calibrate {
        /// Systems to plant them in, separated by commas
        #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "e2ee")]
        architectures: Vec<String>,
        /// The number that everything random derives from
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// How often each leak is looked for; with several, how often it is found
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
        repetitions: u32,
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
    /// Compare pictures with a list of PDQ hashes and print the entries within a radius as CSV: `file,entry,distance`
    #[command(long_about = MATCH)]
    Match {
        #[command(flatten)]
        entries: Entries,
        /// Pictures, or files of hashes like the list; `-` reads hashes from standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        search: Search,
    },
    /// Make a file of a list that `match` searches without reading the list and making an index each time
    #[command(long_about = INDEX)]
    Index {
        /// The list: one hash a line, a CSV file with a column `pdq_hex`, or one of ThreatExchange; `-` reads standard input
        list: PathBuf,
        /// The index file
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        /// The radius that is to be searched for, in bits; larger ones are answered more slowly
        #[arg(long, value_name = "BITS", default_value_t = 31, value_parser = clap::value_parser!(u32).range(0..=256))]
        radius: u32,
        /// Add the entries to an index file that exists, behind those it has
        #[arg(long, conflicts_with = "radius")]
        add: bool,
    },
    /// Print the near-duplicates among PDQ hashes as CSV: `file,other,distance`
    #[command(long_about = PAIRS)]
    Pairs {
        /// One hash a line, a CSV file with a column `pdq_hex`, or a list of ThreatExchange; `-` reads standard input
        file: PathBuf,
        #[command(flatten)]
        search: Search,
    },
    /// Show what is in a hash list, or write it in another form
    #[command(long_about = LIST)]
    List {
        #[command(subcommand)]
        command: ListCommand,
    },
    /// Open a local page: pick two systems and a picture, and watch real runs message by message
    #[command(long_about = EXPLORE)]
    Explore {
        /// The port on 127.0.0.1; 0 takes any that is free
        #[arg(long, value_name = "PORT", default_value_t = 7413)]
        port: u16,
        /// Link to the report of this run, instead of to the example that comes with the program
        #[arg(long, value_name = "RUN")]
        run: Option<PathBuf>,
    },
    /// Draw a run's report again from its folder
    Report {
        /// The run's folder
        run: PathBuf,
        /// Also set it as report.pdf, tagged for readers who do not see it
        #[arg(long)]
        pdf: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Say how many entries there are, and who says what of them
    Show {
        /// The list; `-` reads standard input
        file: PathBuf,
    },
    /// Write it in another form
    Convert {
        /// The list; `-` reads standard input
        file: PathBuf,
        /// The form
        #[arg(long, value_enum, default_value = "csv")]
        to: Form,
        /// Where it is written; without it, to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Forms in which a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The table of ThreatExchange
    Csv,
    /// The JSON of ThreatExchange
    Json,
    /// One hash a line
    Hashes,
}

const ACCURACY: &str = "\
Measure how well fingerprints match through ordinary handling, and how often they match what is different.

Every picture is recompressed, scaled, cropped, turned, framed, written on and so on, at several strengths; each algorithm is \
asked how far the result is from its original and from others. Near-duplicates among the originals are left out first. The \
folder gets tables, figures and a page to read; changed pictures are never written.";

#[derive(Debug, Args)]
pub(crate) struct Accuracy {
    /// Use the pictures in this folder instead of generated ones
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// How many pictures: generated (250 unless said, 60 with --quick), or the first of the folder
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=100_000))]
    pub(crate) count: Option<u32>,
    /// Which fingerprints, separated by commas; all unless said
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(
        ALGORITHMS.map(|algorithm| algorithm.name())
    ))]
    pub(crate) algorithms: Option<Vec<String>>,
    /// Also one that another program makes, as this file describes; may be given several times
    #[arg(long, value_name = "PLUGIN.toml")]
    pub(crate) plugin: Vec<PathBuf>,
    /// Also ask PDQ with the eight turned and mirrored variants of every original
    #[arg(long)]
    pub(crate) dihedral: bool,
    /// The number that everything random derives from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Fewer pictures and strengths
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the results are written
    #[arg(long, value_name = "DIR", default_value = "sightline-accuracy")]
    pub(crate) out: PathBuf,
}

const LIST: &str = "\
Show what is in a hash list, or write it in another form.

A list is one hash a line, a CSV file with a column `pdq_hex`, a table of ThreatExchange (columns `td_raw_indicator`, …), or \
the JSON of its interface. PDQ hashes are read, and others counted. `match` and `pairs` read the same forms.";

const MATCH: &str = "\
Compare pictures with a list of PDQ hashes and print the entries within a radius as CSV: `file,entry,distance`.

Entries are numbered from 1 in the order of the list. Every entry within the radius is found. A hash without a name is called \
by its file and line. Pictures with a quality below 50 are named and not compared.";

const INDEX: &str = "\
Make a file of a list that `match` searches without reading the list and making an index each time.

The file is mapped into memory and checked when it is opened. Entries keep their number in the list, and those that are added \
follow. Additions are scanned until they are more than an eighth of what is indexed; then the file is written anew.";

const PAIRS: &str = "\
Print the near-duplicates among PDQ hashes as CSV: `file,other,distance`.

Every pair within the radius is printed once, in the order of the file. Hashes without a name are called by their file and \
line; those with a quality below 50 are named and not compared.";

const EXPLORE: &str = "\
Open a local page: pick two systems and a picture, and watch real runs message by message.

The page shows what every party holds after each message, and what it can read. Its address is printed; it answers browsers on \
this machine alone, asks for nothing from elsewhere, and keeps your own pictures in memory, for 15 minutes at most. What it \
refuses is said on standard error. See docs/explore.md.";

const LEAKAGE: &str = "\
Estimate how much observations tell of a secret, from samples: an adversary learns from one file and guesses the secrets \
of the other.

Each line of a file is a secret (a whole number or a short text) and one or more numbers, separated by commas; a header \
is skipped. Both files must be independent draws of the same. What is found is a lower bound: a better adversary may \
exist.";

const FINGERPRINT: &str = "\
Print fingerprints of pictures or videos as CSV: file, fingerprint in hexadecimal digits, quality.

Members of archives are called ARCHIVE/PATH, rows of Parquet tables FILE/ROW, from 0; of archives what neither begins nor is \
named as a picture is passed over. Files without a fingerprint are named on standard error, and the exit code is then 2. With \
--output FILE an interrupted command goes on by the same command with --resume.

For `vpdq` there is a line a frame, `file,frame,quality,pdq_hex,seconds`, which `match` and `pairs` read. For `tmk`, whose \
hash is 256 KiB, files are written to the folder --out, and the lines are `file,frames,tmk`.";

const VIDEOS: &str = "\
Compare two videos by vPDQ and TMK+PDQF and print the scores as CSV: `measure,value`. Of one video alone, compare it with what \
ordinary sending makes of it: `handling,bits-per-pixel` and the scores, a line for each kind.

vPDQ says which share of each video's frames has one in the other less than 31 bits away, among those with a quality of 50 \
or more. TMK+PDQF compares averages over time, level 1 without and level 2 with the order of frames; the reference takes two \
videos for the same above 0.7 in both. What one of the two files does not hold is left out.";

const COMPARE: &str = "\
Show what changed from one run to another: answers, controls, settings, systems and numbers.

A number changed if the intervals of both runs do not meet; one without an interval, if it differs. Exit codes: 0 nothing \
changed beyond the intervals; 1 something did, or one of the runs has what the other lacks; 4 a folder holds no finished run.";

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The folder of a run, called A
    pub(crate) first: PathBuf,
    /// Another, called B
    pub(crate) second: PathBuf,
    /// Also write a page with everything that differs
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print everything that differs as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also compare what depends on a clock; it never makes two runs differ
    #[arg(long)]
    pub(crate) timings: bool,
}

/// What is read, and where the lines go.
#[derive(Debug, Args)]
pub(crate) struct Intake {
    /// Files (pictures: JPEG, PNG, WebP, GIF; for vpdq and tmk videos), archives of such (.tar, .parquet), folders, or - for
    /// standard input: a tar archive, one file, or a list of paths, one a line
    #[arg(required = true, value_name = "FILE|FOLDER|-")]
    pub(crate) files: Vec<PathBuf>,
    /// The column of Parquet tables that holds the files; needed only where several could
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Write the lines to this new file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with the file of --output where an earlier command was interrupted: what is named there is passed over
    #[arg(long, requires = "output")]
    pub(crate) resume: bool,
}

/// What videos are hashed with.
#[derive(Debug, Args)]
pub(crate) struct Video {
    /// For vpdq: seconds between frames; 0 takes every frame
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SECONDS, value_parser = video::seconds)]
    pub(crate) every: f64,
    /// For tmk: the folder that NAME.tmk is written to for each video; no file is overwritten
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
}

/// What is compared with.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Entries {
    /// The list: one hash a line, a CSV file with a column `pdq_hex`, or one of ThreatExchange (CSV, JSON)
    #[arg(long, value_name = "LIST")]
    list: Option<PathBuf>,
    /// Instead of a list, a file that `sightline index` made of one
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
}

impl From<Entries> for search::Entries {
    fn from(Entries { list, index }: Entries) -> Self {
        // One of both is there.
        index.map_or_else(|| Self::List(list.unwrap_or_default()), Self::Index)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// The largest Hamming distance that counts, in bits, 0 to 256
    #[arg(long, value_name = "BITS", default_value_t = 31, value_parser = clap::value_parser!(u32).range(0..=256))]
    pub(crate) radius: u32,
    /// Say how the hashes are searched, and why so
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag")]
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
    /// Also set the report as report.pdf, tagged for readers who do not see it
    #[arg(long)]
    pub(crate) pdf: bool,
}
