//! `sightline fingerprint`: one thread finds files, one per core hashes them, and the main thread prints in order. Every
//! queue is bounded, so a reader that is slow holds the others up instead of filling the memory.

use crate::failure::{self, Failure};
use crate::{print, progress, say};
use sightline_fingerprint::{Algorithm, Fingerprint, MAX_BYTES, by_name};
use std::fs;
use std::io::{self, BufRead};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Files that wait for one thread, and results that wait to be printed.
const WAITING: usize = 16;

/// A file, or why one could not be found.
type Found = Result<PathBuf, (String, String)>;
/// A file's name and what was made of it, or what is wrong.
type Done<T> = (String, Result<T, String>);

pub(crate) fn run(files: Vec<PathBuf>, algorithm: &str) -> Result<(), Failure> {
    let algorithm = by_name(algorithm).ok_or_else(|| Failure::new(failure::BUG, "an algorithm that is not listed"))?;
    print(&format!("file,{}_hex,quality", algorithm.name()))?;
    each(
        files,
        |path| hash(path, algorithm),
        |shown, fingerprint| {
            let quality = fingerprint.quality.map_or(String::new(), |quality| quality.to_string());
            print(&format!("{},{},{quality}", quoted(shown), fingerprint.to_hex()))
        },
    )
}

/// Does something with every file on all cores, and shows what comes out in the order of the files.
pub(crate) fn each<T: Send + 'static>(
    files: Vec<PathBuf>,
    work: impl Fn(&Path) -> Result<T, String> + Copy + Send + 'static,
    mut show: impl FnMut(&str, T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = progress::count();
    let (mut files_seen, mut failed) = (0_u64, 0_u64);
    let workers = workers(files, work);
    // File number k goes to worker k modulo their number; the first that has no more ends the list.
    for (shown, made) in (0..).map_while(|number: usize| workers[number % workers.len()].recv().ok()) {
        files_seen += 1;
        bar.inc(1);
        match made {
            Ok(made) => show(&shown, made)?,
            Err(error) => {
                failed += 1;
                bar.suspend(|| say(&format!("{shown}: {error}")));
            }
        }
    }
    bar.finish_and_clear();
    if failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(failure::USAGE, format!("{failed} of {files_seen} files have no fingerprint")))
    }
}

/// Starts the threads. They end when nothing is left or nobody listens.
fn workers<T: Send + 'static>(
    files: Vec<PathBuf>,
    work: impl Fn(&Path) -> Result<T, String> + Copy + Send + 'static,
) -> Vec<Receiver<Done<T>>> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..count {
        let (to_worker, files) = sync_channel::<Found>(WAITING);
        let (done, results) = sync_channel(WAITING);
        let made = move |found: Found| match found {
            Ok(path) => (path.display().to_string(), work(&path)),
            Err((shown, error)) => (shown, Err(error)),
        };
        thread::spawn(move || files.into_iter().try_for_each(|found| done.send(made(found))));
        senders.push(to_worker);
        receivers.push(results);
    }
    thread::spawn(move || {
        let mut feeder = Feeder { senders, next: 0 };
        // A send fails when nobody listens any more.
        let _ = files.into_iter().try_for_each(|file| feeder.named(file));
    });
    receivers
}

fn hash(path: &Path, algorithm: &dyn Algorithm) -> Result<Fingerprint, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_BYTES {
        return Err(format!("{length} bytes are too many; at most {MAX_BYTES} are read"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    algorithm.compute(&bytes).map_err(|error| error.to_string())
}

/// Hands files to the workers in turn.
struct Feeder {
    senders: Vec<SyncSender<Found>>,
    next: usize,
}

/// Nobody listens any more.
struct Gone;

impl Feeder {
    fn send(&mut self, found: Found) -> Result<(), Gone> {
        let sender = &self.senders[self.next % self.senders.len()];
        self.next += 1;
        sender.send(found).map_err(|_| Gone)
    }

    fn fail(&mut self, shown: &Path, error: &io::Error) -> Result<(), Gone> {
        self.send(Err((shown.display().to_string(), error.to_string())))
    }

    /// What was named: a file, a folder, or a list on standard input.
    fn named(&mut self, file: PathBuf) -> Result<(), Gone> {
        if file.as_os_str() != "-" {
            return self.walk(file);
        }
        for line in io::stdin().lock().lines() {
            match line {
                Ok(line) if line.is_empty() => {}
                Ok(line) => self.walk(line.into())?,
                Err(error) => return self.fail(&file, &error),
            }
        }
        Ok(())
    }

    /// A file, or all below a folder in the order of their names. What begins with a dot is passed over, links to folders
    /// are not followed, so that no loop is walked.
    fn walk(&mut self, path: PathBuf) -> Result<(), Gone> {
        if !path.is_dir() {
            return self.send(Ok(path));
        }
        let listed = fs::read_dir(&path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.fail(&path, &error),
        };
        entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let path = entry.path();
            if path.is_file() || path.is_dir() && !link {
                self.walk(path)?;
            } else if !path.is_dir() {
                // A pipe would be waited for, and a link may lead nowhere.
                self.fail(&path, &io::Error::other("not a regular file"))?;
            }
        }
        Ok(())
    }
}

/// A CSV field (RFC 4180 §2).
pub(crate) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
