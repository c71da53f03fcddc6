use crate::arguments::Search;
use crate::failure::{self, Failure};
use crate::fingerprint::quoted;
use crate::list::rows;
use crate::{print, say};
use sightline_fingerprint::{MINIMUM_QUALITY, PdqHash};
use sightline_hamming::{Codes, Index};
use sightline_lists::HashRow;
use std::io::Read;
use std::path::Path;

/// Queries looked up at a time.
const BATCH: usize = 4096;

/// A hash and what it is called.
struct Named {
    name: String,
    hash: PdqHash,
}

pub(crate) fn matches(list: &Path, files: &[impl AsRef<Path>], search: &Search) -> Result<(), Failure> {
    let entries = rows(list, &read(list)?)?;
    let index = index(entries.iter().map(|entry| &entry.hash), search.radius)?;
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
