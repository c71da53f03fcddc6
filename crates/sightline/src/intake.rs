//! Files in, in order: what is named on the command line, in folders, in archives and on standard input. One thread finds it, one per
//! core works on it, and the main thread shows what comes out in order. Queues are bounded in number and in bytes, so a reader
//! that is slow holds the others up instead of filling the memory.

use crate::arguments::Intake;
use crate::failure::{self, Failure};
use crate::output::Output;
use crate::{progress, say};
use sightline_archive::{ArchiveError, BLOCK, Member, Rows, Tar};
use sightline_fingerprint::MAX_BYTES;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// Files that wait for one thread, and results that wait to be shown.
const WAITING: usize = 16;

/// Bytes of members of archives that are held at a time, or one member: 64 MiB.
const MOST_HELD: u64 = 64 << 20;

/// What is worked on.
pub(crate) enum Content {
    /// A file, which whoever works on it reads.
    File(PathBuf),
    /// A member of an archive, or standard input.
    Bytes(Vec<u8>),
}

impl Content {
    /// The bytes, if they are not too many.
    pub(crate) fn read(self) -> Result<Vec<u8>, String> {
        let path = match self {
            Self::Bytes(bytes) => return Ok(bytes),
            Self::File(path) => path,
        };
        let length = fs::metadata(&path).map_err(|error| error.to_string())?.len();
        if length > MAX_BYTES {
            return Err(too_many(length));
        }
        fs::read(&path).map_err(|error| error.to_string())
    }
}

/// Something to work on, or what is wrong with it, and its name.
struct Found {
    shown: String,
    content: Result<Content, String>,
    /// The bytes it takes, given back when this is dropped.
    _share: Option<Share>,
}

/// A file's name and what was made of it, or what is wrong.
type Done<T> = (String, Result<T, String>);

/// Does something with every file on all cores, and shows what comes out in the order of the files. `wanted` tells from
/// a name and the first bytes which members of archives are meant.
pub(crate) fn each<T: Send + 'static>(
    intake: Intake,
    output: &mut Output,
    wanted: fn(&str, &[u8]) -> bool,
    work: impl Fn(&str, Content) -> Result<T, String> + Copy + Send + 'static,
    mut show: impl FnMut(&mut Output, &str, T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let bar = progress::count(output.is_terminal());
    let passed_over = Arc::new(AtomicU64::new(0));
    let (mut files_seen, mut failed) = (0_u64, 0_u64);
    let feeder = Feeder {
        senders: Vec::new(),
        next: 0,
        column: intake.column,
        finished: output.take_finished(),
        budget: Arc::default(),
        wanted,
        passed_over: Arc::clone(&passed_over),
    };
    let workers = workers(feeder, intake.files, work);
    // File number k goes to worker k modulo their number; the first that has no more ends the list.
    for (shown, made) in (0..).map_while(|number: usize| workers[number % workers.len()].recv().ok()) {
        files_seen += 1;
        bar.inc(1);
        match made {
            Ok(made) => show(output, &shown, made)?,
            Err(error) => {
                failed += 1;
                bar.suspend(|| say(&format!("{shown}: {error}")));
            }
        }
    }
    bar.finish_and_clear();
    let passed_over = passed_over.load(Ordering::Relaxed);
    if passed_over > 0 {
        say(&format!("{passed_over} other members of archives were passed over"));
    }
    if failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(failure::USAGE, format!("{failed} of {files_seen} files have no fingerprint")))
    }
}

/// Starts the threads. They end when nothing is left or nobody listens.
fn workers<T: Send + 'static>(
    mut feeder: Feeder,
    files: Vec<PathBuf>,
    work: impl Fn(&str, Content) -> Result<T, String> + Copy + Send + 'static,
) -> Vec<Receiver<Done<T>>> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    let mut receivers = Vec::new();
    for _ in 0..count {
        let (to_worker, files) = sync_channel::<Found>(WAITING);
        let (done, results) = sync_channel(WAITING);
        let made = move |Found { shown, content, _share }: Found| {
            // A worker that ended here would end the list for all.
            let made = catch_unwind(AssertUnwindSafe(|| content.and_then(|content| work(&shown, content))));
            (shown, made.unwrap_or_else(|_| Err("a decoder gave up; please report it with this file".into())))
        };
        thread::spawn(move || files.into_iter().try_for_each(|found| done.send(made(found))));
        feeder.senders.push(to_worker);
        receivers.push(results);
    }
    thread::spawn(move || {
        // A send fails when nobody listens any more.
        let _ = files.into_iter().try_for_each(|file| feeder.named(file));
    });
    receivers
}

/// Hands files to the workers in turn.
struct Feeder {
    senders: Vec<SyncSender<Found>>,
    next: usize,
    /// The column of Parquet tables.
    column: Option<String>,
    /// Names of what an earlier run has done.
    finished: HashSet<String>,
    budget: Arc<Budget>,
    wanted: fn(&str, &[u8]) -> bool,
    /// Members of archives that are not wanted.
    passed_over: Arc<AtomicU64>,
}

/// Nobody listens any more.
struct Gone;

impl Feeder {
    fn send(&mut self, shown: String, content: Result<Content, String>) -> Result<(), Gone> {
        if self.finished.contains(&shown) {
            return Ok(());
        }
        let share = match &content {
            Ok(Content::Bytes(bytes)) => Some(Budget::take(&self.budget, bytes.len() as u64)),
            _ => None,
        };
        let sender = &self.senders[self.next % self.senders.len()];
        self.next += 1;
        sender.send(Found { shown, content, _share: share }).map_err(|_| Gone)
    }

    fn fail(&mut self, shown: &Path, error: &dyn std::fmt::Display) -> Result<(), Gone> {
        self.send(shown.display().to_string(), Err(error.to_string()))
    }

    /// What was named: a file, a folder, an archive, or standard input.
    fn named(&mut self, file: PathBuf) -> Result<(), Gone> {
        if file.as_os_str() == "-" { self.stream(io::stdin().lock()) } else { self.walk(file) }
    }

    /// Standard input: a tar archive, a file that is wanted, or a list of paths; its first bytes tell which.
    fn stream(&mut self, mut input: impl Read) -> Result<(), Gone> {
        let dash = Path::new("-");
        let mut start = Vec::new();
        if let Err(error) = input.by_ref().take(BLOCK as u64).read_to_end(&mut start) {
            return self.fail(dash, &error);
        }
        let whole = start.as_slice().chain(input);
        if Tar::begins(&start) {
            return self.members(dash, Tar::new(whole, MAX_BYTES), self.wanted);
        }
        if start.starts_with(b"PAR1") {
            return self.fail(dash, &"a Parquet table cannot be read from standard input; name the file");
        }
        if start.starts_with(b"\x1f\x8b") || start.starts_with(b"\x28\xb5\x2f\xfd") {
            return self
                .fail(dash, &"it is compressed; unpack it on the way, as in `zcat FILE | sightline fingerprint -`");
        }
        if (self.wanted)("", &start) {
            let mut bytes = Vec::new();
            let read = whole.take(MAX_BYTES + 1).read_to_end(&mut bytes);
            let content = match read {
                Err(error) => Err(error.to_string()),
                Ok(_) if bytes.len() as u64 > MAX_BYTES => Err(too_many(bytes.len() as u64)),
                Ok(_) => Ok(Content::Bytes(bytes)),
            };
            return self.send("-".into(), content);
        }
        for line in BufReader::new(whole).lines() {
            match line {
                Ok(line) if line.is_empty() => {}
                Ok(line) => self.walk(line.into())?,
                Err(error) => return self.fail(dash, &error),
            }
        }
        Ok(())
    }

    /// A file, what is in an archive, or all below a folder in the order of their names. What begins with a dot is passed
    /// over, links to folders are not followed, so that no loop is walked.
    fn walk(&mut self, path: PathBuf) -> Result<(), Gone> {
        if !path.is_dir() {
            return self.file(path);
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
                self.fail(&path, &"not a regular file")?;
            }
        }
        Ok(())
    }

    /// A file, or what is in it if it is named as an archive.
    fn file(&mut self, path: PathBuf) -> Result<(), Gone> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("tar") => match File::open(&path) {
                Ok(file) => self.members(&path, Tar::new(BufReader::new(file), MAX_BYTES), self.wanted),
                Err(error) => self.fail(&path, &error),
            },
            Some("parquet") => {
                let opened = File::open(&path).map_err(|error| error.to_string());
                let open =
                    |file| Rows::open(file, self.column.as_deref(), MAX_BYTES).map_err(|error| error.to_string());
                match opened.and_then(open) {
                    // A column holds nothing else.
                    Ok(rows) => self.members(&path, rows, |_, _| true),
                    Err(error) => self.fail(&path, &error),
                }
            }
            _ => self.send(path.display().to_string(), Ok(Content::File(path))),
        }
    }

    /// The members of an archive that are wanted, or that cannot be read.
    fn members(
        &mut self,
        archive: &Path,
        members: impl Iterator<Item = Result<Member, ArchiveError>>,
        wanted: fn(&str, &[u8]) -> bool,
    ) -> Result<(), Gone> {
        for member in members {
            match member {
                Ok(Member { name, bytes }) => {
                    if bytes.as_ref().is_ok_and(|bytes| !wanted(&name, bytes)) {
                        self.passed_over.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    let shown = if archive.as_os_str() == "-" { name } else { format!("{}/{name}", archive.display()) };
                    self.send(shown, bytes.map(Content::Bytes).map_err(|error| error.to_string()))?;
                }
                Err(error) => self.fail(archive, &error)?,
            }
        }
        Ok(())
    }
}

fn too_many(bytes: u64) -> String {
    format!("{bytes} bytes are too many; at most {MAX_BYTES} are read")
}

/// Bytes held at a time, by all threads.
#[derive(Default)]
struct Budget {
    held: Mutex<u64>,
    freed: Condvar,
}

/// A part of the budget.
struct Share {
    of: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    /// Waits until there is room for so many bytes, or nothing else is held. Whoever comes first is worked on first, so
    /// what is waited for is always being worked on.
    fn take(of: &Arc<Self>, bytes: u64) -> Share {
        let full = |held: &mut u64| *held > 0 && *held + bytes > MOST_HELD;
        let held = of.held.lock().unwrap_or_else(PoisonError::into_inner);
        *of.freed.wait_while(held, full).unwrap_or_else(PoisonError::into_inner) += bytes;
        Share { of: Arc::clone(of), bytes }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.of.held.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.of.freed.notify_all();
    }
}
