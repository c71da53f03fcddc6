use super::{Checkpoint, leaf_hash, root};
use crate::log::{LogError, Record};

/// Hashes of a full tile, entries of a full bundle.
const FULL: u64 = 256;

impl Checkpoint {
    /// All records, from the log's files (C2SP tlog-tiles, entry bundles). `file` gives the file at a path within the log.
    ///
    /// # Errors
    /// [`LogError::MalformedTile`], [`LogError::MalformedRecord`], or [`LogError::Altered`] if they are not the records of
    /// this checkpoint.
    pub fn records(&self, file: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<Record>, LogError> {
        let entries = tiles(self.size, "entries", &file, |mut bytes, count| {
            let mut entry = || {
                let (length, rest) = bytes.split_first_chunk()?;
                let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
                bytes = rest;
                Some(entry.to_vec())
            };
            let entries = (0..count).map(|_| entry()).collect::<Option<Vec<_>>>()?;
            Some((entries, bytes.is_empty()))
        })?;
        let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        if root(&leaves) != self.root {
            return Err(LogError::Altered { from: 0, to: self.size });
        }
        entries.iter().map(|entry| Record::from_bytes(entry)).collect()
    }

    /// Whether the hashes in the log's files (C2SP tlog-tiles) are those of this checkpoint, on every level.
    ///
    /// # Errors
    /// [`LogError::MalformedTile`].
    pub fn check_tiles(&self, file: impl Fn(&str) -> Option<Vec<u8>>) -> Result<(), LogError> {
        let level = |number: u64, size| {
            tiles(size, &number.to_string(), &file, |bytes, count| {
                let (hashes, rest) = bytes.as_chunks::<32>();
                Some((hashes.get(..count)?.to_vec(), rest.is_empty() && hashes.len() == count))
            })
        };
        let wrong = |number: u64| LogError::MalformedTile {
            path: format!("tile/{number}"),
            detail: "its hashes are not those of the checkpoint".into(),
        };
        let mut hashes = level(0, self.size)?;
        if root(&hashes) != self.root {
            return Err(wrong(0));
        }
        for number in 1.. {
            let (full, _) = hashes.as_chunks::<256>();
            let above: Vec<_> = full.iter().map(|tile| root(tile)).collect();
            if above.is_empty() {
                break;
            }
            if level(number, above.len() as u64)? != above {
                return Err(wrong(number));
            }
            hashes = above;
        }
        Ok(())
    }
}

/// What `read` makes of the files of a level with `size` things in it: so many things, and whether nothing is left over.
fn tiles<T>(
    size: u64,
    level: &str,
    file: &impl Fn(&str) -> Option<Vec<u8>>,
    read: impl Fn(&[u8], usize) -> Option<(Vec<T>, bool)>,
) -> Result<Vec<T>, LogError> {
    let mut things = Vec::new();
    for number in 0..size.div_ceil(FULL) {
        let count = FULL.min(size - number * FULL);
        let full = path(level, number);
        let partial = if count < FULL { format!("{full}.p/{count}") } else { full.clone() };
        // A partial file may be gone once there is the full one.
        let (bytes, whole) = match file(&partial) {
            Some(bytes) => (bytes, true),
            None => (file(&full).unwrap_or_default(), count == FULL),
        };
        let count = usize::try_from(count).expect("at most 256");
        match read(&bytes, count) {
            Some((found, all)) if all || !whole => things.extend(found),
            _ => {
                let detail = format!("it is missing, or does not hold {count} entries; get it again");
                return Err(LogError::MalformedTile { path: partial, detail });
            }
        }
    }
    Ok(things)
}

/// Groups of three digits, all but the last after an `x`.
fn path(level: &str, number: u64) -> String {
    let mut path = format!("{:03}", number % 1_000);
    let mut rest = number / 1_000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1_000);
        rest /= 1_000;
    }
    format!("tile/{level}/{path}")
}
