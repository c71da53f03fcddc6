//! Hashes as text: one a line, or CSV as `sightline fingerprint` prints it.

use csv::{ReaderBuilder, StringRecord};
use sightline_fingerprint::{HashError, PdqHash};

/// A hash and what its line says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashRow {
    /// Its line, from 1.
    pub line: u64,
    /// The column `file`, if there is one.
    pub name: Option<String>,
    /// The hash.
    pub hash: PdqHash,
    /// The column `quality`, 0 to 100, if there is one.
    pub quality: Option<u8>,
}

/// Text that holds no hashes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is no CSV.
    #[error("it cannot be read as CSV: {message}")]
    Syntax {
        /// What the reader says, with the place.
        message: String,
    },
    /// Several columns, and none with hashes.
    #[error("line {line} has {found} columns and none is called `pdq_hex`; give one hash a line, or name the column")]
    Column {
        /// The first line.
        line: u64,
        /// Number of columns.
        found: usize,
    },
    /// No hash where one is expected.
    #[error("line {line}: {source}")]
    Hash {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        source: HashError,
    },
    /// A quality that is none.
    #[error("line {line}: `{text}` is no quality: a whole number from 0 to 100 is expected")]
    Quality {
        /// The line, from 1.
        line: u64,
        /// The text.
        text: String,
    },
}

/// The hashes of a text: one a line; or CSV whose first line names a column `pdq_hex`, and perhaps `file` and `quality`.
/// Empty lines are skipped.
///
/// # Errors
/// [`TextError`] that says what is wrong in which line.
pub fn read_hashes(text: &[u8]) -> Result<Vec<HashRow>, TextError> {
    // A byte order mark is no part of the first name.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text);
    let mut rows = Vec::new();
    let mut columns: Option<[Option<usize>; 3]> = None;
    for record in reader.records() {
        let record = record.map_err(|error| TextError::Syntax { message: error.to_string() })?;
        let line = record.position().map_or(0, |start| line(text, start));
        let Some(columns) = columns else {
            let column = |name: &str| record.iter().position(|field| field == name);
            columns = Some(match column("pdq_hex") {
                Some(hash) => [Some(hash), column("file"), column("quality")],
                None if record.len() > 1 => return Err(TextError::Column { line, found: record.len() }),
                None => {
                    let columns = [Some(0), None, None];
                    rows.push(row(&record, line, columns)?);
                    columns
                }
            });
            continue;
        };
        rows.push(row(&record, line, columns)?);
    }
    Ok(rows)
}

/// The line of a record: the reader's place may lie before empty lines, which it skips.
pub(crate) fn line(text: &[u8], start: &csv::Position) -> u64 {
    let rest = usize::try_from(start.byte()).ok().and_then(|at| text.get(at..)).unwrap_or_default();
    let skipped = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    start.line() + skipped.filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>()
}

fn row(record: &StringRecord, line: u64, [hash, file, quality]: [Option<usize>; 3]) -> Result<HashRow, TextError> {
    let field = |column: Option<usize>| column.and_then(|column| record.get(column));
    let hash = PdqHash::from_hex(field(hash).unwrap_or("")).map_err(|source| TextError::Hash { line, source })?;
    let quality = field(quality).map(|text| match text.parse() {
        Ok(quality @ 0..=100) => Ok(quality),
        _ => Err(TextError::Quality { line, text: text.chars().take(80).collect() }),
    });
    Ok(HashRow { line, name: field(file).map(str::to_owned), hash, quality: quality.transpose()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_errors_name_the_line() {
        let hash = PdqHash::from_bytes([0xab; 32]);
        let plain = format!("{hash}\n\n{hash}\r\n");
        let bare = |line| HashRow { line, name: None, hash, quality: None };
        assert_eq!(read_hashes(plain.as_bytes()), Ok(vec![bare(1), bare(3)]));
        let table = format!("\u{feff}quality,file,pdq_hex\n77,\"a,\nb\",{hash}\n100,c,{hash}\n");
        let named =
            |line, name: &str, quality| HashRow { name: Some(name.into()), quality: Some(quality), ..bare(line) };
        assert_eq!(read_hashes(table.as_bytes()), Ok(vec![named(2, "a,\nb", 77), named(4, "c", 100)]));
        assert_eq!(read_hashes(b""), Ok(vec![]));
        let wrong = |text: &str| read_hashes(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong(&format!("{hash}\nzz\n")).starts_with("line 2: `zz` is no PDQ hash"));
        assert!(wrong("a,b\n").starts_with("line 1 has 2 columns"));
        assert!(wrong(&format!("pdq_hex,quality\n{hash},101\n")).starts_with("line 2: `101` is no quality"));
        assert!(matches!(read_hashes(b"\xff"), Err(TextError::Syntax { .. })));
    }
}
