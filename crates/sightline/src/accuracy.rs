//! `sightline accuracy`: pictures in, tables, figures and a page out. Changed pictures exist in memory alone.

use crate::arguments::Accuracy;
use crate::failure::{self, Failure};
use crate::fingerprint::plugged;
use crate::{print, say};
use indicatif::{ProgressBar, ProgressStyle};
use sightline_accuracy::{AccuracyError, Measured, Original, Plan, measure};
use sightline_fingerprint::{Algorithm, by_name};
use sightline_pictures::Corpus;
use sightline_presentation::accuracy::draw;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Pictures generated unless a number is given.
const PICTURES: usize = 250;
/// The same for a first look.
const FEW_PICTURES: usize = 60;

pub(crate) fn run(options: &Accuracy) -> Result<(), Failure> {
    let out = &options.out;
    if out.exists() && !is_ours(out) {
        let shown = out.display();
        let message = format!("{shown} exists and holds something else; name another folder with --out");
        return Err(Failure::new(failure::ENVIRONMENT, message));
    }
    let mut plan = if options.quick { Plan::quick(options.seed) } else { Plan::full(options.seed) };
    if let Some(names) = &options.algorithms {
        plan.algorithms = names.iter().filter_map(|name| by_name(name)).collect();
    }
    plan.dihedral = options.dihedral;
    let plugins = options.plugin.iter().map(|path| plugged(path)).collect::<Result<Vec<_>, _>>()?;
    plan.algorithms.extend(plugins.iter().map(|plugin| *plugin as &dyn Algorithm));

    let bar = bar();
    let tell = |what: &'static str, done: u64, of: u64| {
        bar.set_length(of);
        bar.set_position(done);
        bar.set_message(what);
    };
    let mut reading = |done: usize, of: usize| tell("getting pictures", done as u64, of as u64);
    let corpus = if let Some(folder) = &options.pictures {
        let mut corpus = Corpus::read_folder(folder, &mut reading).map_err(|error| Failure::environment(&error))?;
        for rejected in &corpus.rejected {
            bar.suspend(|| say(&format!("left out: {}: {}", rejected.path.display(), rejected.reason)));
        }
        corpus.pictures.truncate(options.count.map_or(usize::MAX, |count| count as usize));
        corpus
    } else {
        let default = if options.quick { FEW_PICTURES } else { PICTURES };
        let seed = sightline_crypto::Seed::from_u64(options.seed).derive("accuracy pictures", 0);
        Corpus::generated(*seed.as_bytes(), options.count.map_or(default, |count| count as usize), &mut reading)
    };
    let measured = measure(&Original::all(&corpus), &plan, &|doing, done, of| {
        tell(doing.name(), done, of);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    // A picture without a fingerprint counts as one that was not found, which a program that fails would make of all.
    for (plugin, (failures, first)) in plugins.iter().map(|plugin| (plugin.name(), plugin.failures())) {
        if let Some(first) = first {
            let message = format!("nothing was written: {plugin} failed {failures} times, at first because it {first}");
            return Err(Failure::new(failure::USAGE, message));
        }
    }
    let measured = measured.map_err(|error| match error {
        AccuracyError::TooFew { .. } | AccuracyError::TooLong { .. } => Failure::new(failure::USAGE, error),
        error => Failure::new(failure::BUG, format!("this is a bug, please report it: {error}")),
    })?;

    let files = files(&measured)?;
    for (name, bytes) in &files {
        let path = out.join(name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, bytes));
        written.map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", path.display())))?;
    }
    summary(&measured)?;
    print(&format!("\nNext: open {}", out.join("accuracy.html").display()))
}

/// Whether a folder is empty or holds an earlier measurement, which is written over.
fn is_ours(out: &Path) -> bool {
    let empty = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    empty || out.join("accuracy.csv").is_file()
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:34} {bar:30} {percent:>3} %, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// All that is written, by its path in the folder.
fn files(measured: &Measured) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let refused =
        |error: &dyn std::fmt::Display| Failure::new(failure::BUG, format!("this is a bug, please report it: {error}"));
    let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let tables =
        [("accuracy", measured.table()), ("distances", measured.distances()), ("thresholds", measured.thresholds())];
    for (name, table) in tables {
        // One row for each changed picture and algorithm is much as text.
        if name != "distances" {
            files.push((format!("{name}.csv").into(), table.to_csv().map_err(|error| refused(&error))?));
        }
        files.push((format!("{name}.parquet").into(), table.to_parquet().map_err(|error| refused(&error))?));
    }
    let report = draw(measured).map_err(|error| refused(&error))?;
    for figure in &report.figures {
        files.push((figure.file().into(), figure.standalone().into_bytes()));
    }
    files.push(("accuracy.html".into(), report.html.into_bytes()));
    Ok(files)
}

/// One line for each algorithm.
fn summary(measured: &Measured) -> Result<(), Failure> {
    let (given, left_out) = (measured.given.len(), measured.audit.left_out.len());
    print(&format!(
        "{given} pictures, {left_out} left out as near-duplicates, {} ways of handling",
        measured.transforms.len()
    ))?;
    print("\nalgorithm       threshold  changed pictures found   AUC     pairs of different pictures that match")?;
    for of in &measured.algorithms {
        let Some(all) = of.separations.first() else { continue };
        print(&format!(
            "{:15} {:>9}  {:>6.1} % ({:.1} to {:.1})   {:.4}  {} of {}",
            of.name,
            of.threshold,
            100.0 * all.true_positives.value,
            100.0 * all.true_positives.low,
            100.0 * all.true_positives.high,
            all.auc.value,
            of.false_positives.matches,
            of.false_positives.pairs,
        ))?;
    }
    Ok(())
}
