//! Samples of a channel, read from CSV.

use std::fmt;

/// A secret's name. Numbers come before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A non-negative integer.
    Number(u64),
    /// Any other text, at most [`Samples::LONGEST_LABEL`] bytes.
    Text(String),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Secrets and what was observed of them, a row each.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    labels: Vec<Label>,
    /// The rows, one after the other.
    values: Vec<f64>,
    columns: usize,
}

/// Why bytes are no samples. Lines count from 1; column 1 is the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// No row.
    #[error("there is no sample in it; each line is a secret and at least one number, separated by commas")]
    Empty,
    /// Not enough rows to estimate anything.
    #[error("there are only {rows} samples in it; at least {least} are needed", least = Samples::FEWEST)]
    TooFew {
        /// How many there are.
        rows: usize,
    },
    /// A line with another number of fields than the lines above it.
    #[error("line {line} has {found} fields, the lines above it have {expected}; give every line the same number")]
    Ragged {
        /// The line.
        line: u64,
        /// Its fields.
        found: usize,
        /// The fields of the lines above.
        expected: usize,
    },
    /// A secret without an observation.
    #[error("line {line} has no observation; put at least one number behind the secret, separated by a comma")]
    NoObservation {
        /// The line.
        line: u64,
    },
    /// An empty or long secret, or one that is not UTF-8.
    #[error(
        "line {line}, column 1: a secret is a whole number or a text of 1 to {longest} bytes (UTF-8)",
        longest = Samples::LONGEST_LABEL
    )]
    Label {
        /// The line.
        line: u64,
    },
    /// An observation that is not a number.
    #[error("line {line}, column {column}: `{text}` is not a number; observations are numbers such as 3 or -2.5e4")]
    NotANumber {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
        /// What stands there, shortened.
        text: String,
    },
    /// An observation that is infinite or no number, or too large to compute distances with.
    #[error(
        "line {line}, column {column}: the number must lie between -1e100 and 1e100; leave such rows out or replace it"
    )]
    NotFinite {
        /// The line.
        line: u64,
        /// The column.
        column: usize,
    },
    /// More columns or numbers than are worked on.
    #[error(
        "line {line}: that is too large; at most {columns} columns and {numbers} numbers are read",
        columns = Samples::MOST_COLUMNS,
        numbers = Samples::MOST_NUMBERS
    )]
    TooLarge {
        /// The line.
        line: u64,
    },
}

impl Samples {
    /// The fewest rows that are accepted.
    pub const FEWEST: usize = 10;
    /// The longest label in bytes.
    pub const LONGEST_LABEL: usize = 64;
    /// The most columns, the secret's not counted.
    pub const MOST_COLUMNS: usize = 1024;
    /// The most numbers, half a gigabyte of them.
    pub const MOST_NUMBERS: usize = 1 << 26;
    /// The largest absolute value: squares of differences stay finite.
    const LARGEST: f64 = 1e100;

    /// Reads CSV (RFC 4180): secret, then one or more numbers. A first line without any number among its observations is
    /// a header and skipped, as are empty lines.
    ///
    /// # Errors
    /// [`SamplesError`], which says the line and what to do.
    pub fn parse(bytes: &[u8]) -> Result<Self, SamplesError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let mut samples = Self { labels: Vec::new(), values: Vec::new(), columns: 0 };
        let mut first = true;
        // Reading from memory with a flexible number of fields, the reader has nothing to fail on.
        while reader.read_byte_record(&mut record).unwrap_or(false) {
            let line = record.position().map_or(0, |at| line(bytes, at));
            let header = std::mem::take(&mut first)
                && record.len() > 1
                && record.iter().skip(1).all(|field| number(field).is_none());
            if !header {
                samples.push(&record, line)?;
            }
        }
        match samples.len() {
            0 => Err(SamplesError::Empty),
            rows if rows < Self::FEWEST => Err(SamplesError::TooFew { rows }),
            _ => Ok(samples),
        }
    }

    fn push(&mut self, record: &csv::ByteRecord, line: u64) -> Result<(), SamplesError> {
        let columns = record.len() - 1;
        if columns == 0 {
            return Err(SamplesError::NoObservation { line });
        }
        if self.is_empty() {
            self.columns = columns;
        }
        if columns != self.columns {
            return Err(SamplesError::Ragged { line, found: record.len(), expected: self.columns + 1 });
        }
        if columns > Self::MOST_COLUMNS || self.values.len() + columns > Self::MOST_NUMBERS {
            return Err(SamplesError::TooLarge { line });
        }
        self.labels.push(label(&record[0]).ok_or(SamplesError::Label { line })?);
        for (field, column) in record.iter().skip(1).zip(2..) {
            let value = number(field).ok_or_else(|| {
                let text =
                    String::from_utf8_lossy(field).chars().take(20).collect::<String>().escape_debug().to_string();
                SamplesError::NotANumber { line, column, text }
            })?;
            if !(-Self::LARGEST..=Self::LARGEST).contains(&value) {
                return Err(SamplesError::NotFinite { line, column });
            }
            // Adding zero makes one of the two zeros.
            self.values.push(value + 0.0);
        }
        Ok(())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row; never so after parsing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Numbers per row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The secret of each row.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The numbers of a row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }
}

/// The line of a record; its position is that of empty lines before it, if there are any.
fn line(bytes: &[u8], at: &csv::Position) -> u64 {
    let start = usize::try_from(at.byte()).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
    let empty = start.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + empty.filter(|byte| **byte == b'\n').count() as u64
}

fn number(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn label(field: &[u8]) -> Option<Label> {
    let text = std::str::from_utf8(field).ok().filter(|text| (1..=Samples::LONGEST_LABEL).contains(&text.len()))?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    Some(number.map_or_else(|| Label::Text(text.to_owned()), Label::Number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(first: &str, last: &str) -> Vec<u8> {
        format!("{first}{}{last}", "1,2.5,3\n".repeat(10)).into_bytes()
    }

    #[test]
    fn numbers_texts_headers_quotes_and_empty_lines_are_read() {
        let samples = Samples::parse(&lines("\u{feff}secret,x,y\r\n", "\n007, -0 ,1e3\r\n\"a, b\",\"4\",5")).unwrap();
        assert_eq!((samples.len(), samples.columns()), (12, 2));
        assert_eq!(samples.row(0), [2.5, 3.0]);
        assert_eq!(samples.labels()[10], Label::Number(7));
        assert_eq!(samples.labels()[11].to_string(), "a, b");
        assert!(samples.row(10)[0].is_sign_positive());
        // A text as secret makes no header, nor does a number too large for an integer fail.
        let samples = Samples::parse(&lines("red,1,2\n99999999999999999999,1,2\n", "")).unwrap();
        assert_eq!(samples.labels()[0], Label::Text("red".into()));
        assert_eq!(samples.labels()[1], Label::Text("99999999999999999999".into()));
    }

    #[test]
    fn every_error_says_the_line() {
        let error = |first: &str, last: &str| Samples::parse(&lines(first, last)).unwrap_err();
        assert_eq!(Samples::parse(b""), Err(SamplesError::Empty));
        assert_eq!(Samples::parse(b"secret,x\n\n"), Err(SamplesError::Empty));
        assert_eq!(Samples::parse(b"1,2\n1,2\n"), Err(SamplesError::TooFew { rows: 2 }));
        assert_eq!(error("", "1,2\n"), SamplesError::Ragged { line: 11, found: 2, expected: 3 });
        assert_eq!(Samples::parse(b"5\n"), Err(SamplesError::NoObservation { line: 1 }));
        assert_eq!(error("", ",2,3\n"), SamplesError::Label { line: 11 });
        assert_eq!(error("", &format!("{},2,3\n", "x".repeat(65))), SamplesError::Label { line: 11 });
        assert_eq!(error("", "\n1,2,x\n"), SamplesError::NotANumber { line: 12, column: 3, text: "x".into() });
        assert_eq!(error("1,x,3\n", ""), SamplesError::NotANumber { line: 1, column: 2, text: "x".into() });
        for bad in ["inf", "-inf", "nan", "1e101"] {
            assert_eq!(error("", &format!("1,{bad},3\n")), SamplesError::NotFinite { line: 11, column: 2 });
        }
        let wide = format!("1{}\n", ",1".repeat(Samples::MOST_COLUMNS + 1));
        assert_eq!(Samples::parse(wide.as_bytes()), Err(SamplesError::TooLarge { line: 1 }));
    }
}
