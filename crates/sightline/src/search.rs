use crate::arguments::Search;
use crate::failure::{self, Failure};
use crate::list::rows;
use crate::output::quoted;
use crate::{print, say};
use sightline_fingerprint::{MINIMUM_QUALITY, PdqHash};
use sightline_hamming::{Codes, Index, Mapping, file};
use sightline_lists::HashRow;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Queries looked up at a time.
const BATCH: usize = 4096;

/// A hash and what it is called.
struct Named {
    name: String,
    hash: PdqHash,
}

/// What pictures are compared with.
pub(crate) enum Entries {
    /// A list in any form.
    List(PathBuf),
    /// What `sightline index` made of one.
    Index(PathBuf),
}

pub(crate) fn matches(entries: &Entries, files: &[impl AsRef<Path>], search: &Search) -> Result<(), Failure> {
    let index = match entries {
        Entries::List(list) => index(rows(list, &read(list)?)?.iter().map(|entry| &entry.hash), search.radius)?,
        Entries::Index(path) => {
            let mapped = File::open(path).and_then(Mapping::shared).map_err(|error| environment(path, &error))?;
            opened(path, &Arc::new(mapped))?
        }
    };
    print("file,entry,distance")?;
    let mut failed = 0;
    for file in files.iter().map(AsRef::as_ref) {
        match read(file).and_then(|bytes| hashes(file, &bytes)) {
            Ok(hashes) => print_matches(&index, &hashes, search)?,
            // The other files are compared before the program ends.
            Err(failure) if files.len() > 1 => {
                failed += 1;
                failure.explain();
            }
            Err(failure) => return Err(failure),
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::new(failure::USAGE, format!("{failed} of {} files could not be compared", files.len())))
}

fn print_matches(index: &Index, hashes: &[Named], search: &Search) -> Result<(), Failure> {
    if search.explain {
        say(&index.explain(hashes.len(), search.radius).to_string());
    }
    for some in hashes.chunks(BATCH) {
        let queries = codes(some.iter().map(|named| &named.hash))?;
        for (named, list) in some.iter().zip(index.within(&queries, search.radius)) {
            for found in list {
                print(&format!("{},{},{}", quoted(&named.name), found.code + 1, found.distance))?;
            }
        }
    }
    Ok(())
}

/// Makes an index file of a list, or adds the entries of one to it.
pub(crate) fn make(list: &Path, out: &Path, radius: u32, add: bool) -> Result<(), Failure> {
    let batch = codes(rows(list, &read(list)?)?.iter().map(|entry| &entry.hash))?;
    if add {
        return extend(out, &batch);
    }
    if out.exists() {
        let why = "it exists already; --add adds to it, or name another file";
        return Err(environment(out, &why));
    }
    let index = Index::new(batch, radius);
    replace(out, &index)?;
    written(out, &index);
    Ok(())
}

/// Adds a batch of codes: behind the others, or, when many were added, by writing everything again.
fn extend(out: &Path, batch: &Codes) -> Result<(), Failure> {
    let mapping = Arc::new(locked(out).map_err(|error| environment(out, &error))?);
    let mut index = opened(out, &mapping)?;
    let addition = file::addition(&mapping, batch).map_err(|error| Failure::new(failure::USAGE, error))?;
    index.add(batch).map_err(|error| Failure::new(failure::USAGE, error))?;
    written(out, &index);
    let Some(addition) = addition else { return Ok(()) };
    if index.added() == 0 {
        return replace(out, &index);
    }
    drop(index);
    let Some(mapping) = Arc::into_inner(mapping) else {
        return Err(Failure::new(failure::BUG, "an index file is still mapped"));
    };
    let mut file = mapping.into_file();
    // The header comes last: until then the file ends where it did.
    let steps = [(SeekFrom::End(0), addition.section), (SeekFrom::Start(0), addition.header)];
    let written = steps.iter().try_for_each(|(place, bytes)| {
        file.seek(*place)?;
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.map_err(|error| environment(out, &error))
}

/// Maps a file that is to be added to; nobody else does so meanwhile.
fn locked(path: &Path) -> io::Result<Mapping> {
    loop {
        let mapping = Mapping::exclusive(OpenOptions::new().read(true).write(true).open(path)?)?;
        // Another may have put a new file into its place while this one waited.
        if mapping.is_at(path)? {
            return Ok(mapping);
        }
    }
}

/// Writes an index into the place of the file `out`, which stays whole until then.
fn replace(out: &Path, index: &Index) -> Result<(), Failure> {
    let mut beside: OsString = out.into();
    beside.push(".unfinished");
    let write = || {
        let mut file = BufWriter::new(File::create(&beside)?);
        file::write_index(index, &mut file)?;
        file.into_inner()?.sync_data()?;
        fs::rename(&beside, out)
    };
    write().map_err(|error| environment(out, &error))
}

fn written(out: &Path, index: &Index) {
    say(&format!("{}: {} entries; {}", out.display(), index.len(), index.explain(1, index.radius())));
}

/// The index in a mapped file.
fn opened(path: &Path, mapping: &Arc<Mapping>) -> Result<Index, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(failure::USAGE, format!("{}: {error}", path.display()));
    let index = file::open(mapping).map_err(|error| refused(&error))?;
    if index.bits() == PdqHash::BITS {
        return Ok(index);
    }
    Err(refused(&format!("its codes have {} bits, and hashes of PDQ {}", index.bits(), PdqHash::BITS)))
}

fn environment(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(failure::ENVIRONMENT, format!("{}: {error}", path.display()))
}

pub(crate) fn pairs(file: &Path, search: &Search) -> Result<(), Failure> {
    let hashes = good(file, rows(file, &read(file)?)?);
    let index = index(hashes.iter().map(|named| &named.hash), search.radius)?;
    if search.explain {
        say(&index.explain(hashes.len(), search.radius).to_string());
    }
    print("file,other,distance")?;
    for (one, other) in index.pairs(search.radius) {
        let (one, second) = (quoted(&hashes[one].name), quoted(&hashes[other.code].name));
        print(&format!("{one},{second},{}", other.distance))?;
    }
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
        _ => std::fs::read(path),
    };
    read.map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", shown(path))))
}

pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// The hash of a picture, or those of a text; pictures are no text.
fn hashes(path: &Path, bytes: &[u8]) -> Result<Vec<Named>, Failure> {
    if !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok() {
        return Ok(good(path, rows(path, bytes)?));
    }
    let name = shown(path);
    let pdq = sightline_fingerprint::fingerprint(bytes)
        .map_err(|error| Failure::new(failure::USAGE, format!("{name}: {error}")))?;
    if pdq.quality < MINIMUM_QUALITY {
        poor(&name, pdq.quality.to_string());
        return Ok(Vec::new());
    }
    Ok(vec![Named { name, hash: pdq.hash }])
}

/// The rows of a quality that can be compared, with their names.
fn good(path: &Path, rows: Vec<HashRow>) -> Vec<Named> {
    let named = |row: HashRow| {
        let name = row.name.unwrap_or_else(|| format!("{}:{}", shown(path), row.line));
        match row.quality {
            Some(quality) if quality < MINIMUM_QUALITY => {
                poor(&name, quality);
                None
            }
            _ => Some(Named { name, hash: row.hash }),
        }
    };
    rows.into_iter().filter_map(named).collect()
}

fn poor(name: &str, quality: impl std::fmt::Display) {
    say(&format!("{name}: quality {quality} is below {MINIMUM_QUALITY}, so it is not compared"));
}

fn index<'a>(hashes: impl Iterator<Item = &'a PdqHash>, radius: u32) -> Result<Index, Failure> {
    Ok(Index::new(codes(hashes)?, radius))
}

fn codes<'a>(hashes: impl Iterator<Item = &'a PdqHash>) -> Result<Codes, Failure> {
    let words: Vec<[u64; 4]> = hashes.map(PdqHash::words).collect();
    Codes::from_words(&words).map_err(|error| Failure::new(failure::USAGE, error))
}
