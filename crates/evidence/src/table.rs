use std::panic::{AssertUnwindSafe, catch_unwind};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::columnar;
use crate::row::format_number;
use crate::{COLUMNS, EvidenceError, Parameters, Row};

/// Rows in the order in which they were measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// A table without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row at the end.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The rows, first to last.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The table as CSV: a header line, one line a row, `\n` line ends.
    ///
    /// # Errors
    /// [`EvidenceError::Unwritable`] for a number that is not finite or a parameter that cannot be read back.
    pub fn to_csv(&self) -> Result<String, EvidenceError> {
        self.check()?;
        let failed = |error: csv::Error| EvidenceError::Csv { line: 0, detail: error.to_string() };
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(COLUMNS).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(cells(row)).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
        String::from_utf8(bytes).map_err(|error| EvidenceError::Csv { line: 0, detail: error.to_string() })
    }

    /// Reads what [`Table::to_csv`] wrote.
    ///
    /// # Errors
    /// [`EvidenceError::Cell`] or [`EvidenceError::Csv`] with the line, the column, what was expected and found.
    pub fn from_csv(text: &str) -> Result<Self, EvidenceError> {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut records = reader.records();
        let header = records.next().transpose().map_err(|error| not_csv(&error))?.unwrap_or_default();
        for (index, name) in COLUMNS.iter().enumerate() {
            let found = header.get(index).unwrap_or_default();
            if found != *name {
                return Err(cell(1, name, format!("the header `{name}` as column {}", index + 1), found));
            }
        }
        if let Some(found) = header.get(COLUMNS.len()) {
            return Err(cell(1, found, "no further column".to_owned(), found));
        }
        let rows = records
            .map(|record| {
                let record = record.map_err(|error| not_csv(&error))?;
                let line = record.position().map_or(0, csv::Position::line);
                parse(&record, line)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { rows })
    }

    /// The table as a Parquet file: one row group, zstd, the same bytes for the same rows.
    ///
    /// Texts are UTF-8 strings, `value`, `low` and `high` optional doubles, `n` and `seed` unsigned 64-bit integers.
    ///
    /// # Errors
    /// [`EvidenceError::Unwritable`] as for CSV; [`EvidenceError::Parquet`] when the encoder refuses.
    pub fn to_parquet(&self) -> Result<Vec<u8>, EvidenceError> {
        self.check()?;
        columnar::write(&self.rows)
    }

    /// Reads a Parquet file that [`Table::to_parquet`] wrote.
    ///
    /// # Errors
    /// [`EvidenceError::Parquet`] when the file is no such table.
    pub fn from_parquet(file: std::fs::File) -> Result<Self, EvidenceError> {
        // The Parquet reader asserts some of what it expects of a file.
        let damaged = |_| EvidenceError::Parquet { detail: "the file is damaged".to_owned() };
        let rows = catch_unwind(AssertUnwindSafe(|| columnar::read(file))).map_err(damaged)??;
        Ok(Self { rows })
    }

    fn check(&self) -> Result<(), EvidenceError> {
        for (index, row) in self.rows.iter().enumerate() {
            let refuse = |column, expected, found| {
                Err(EvidenceError::Unwritable { row: index, quantity: row.quantity.clone(), column, expected, found })
            };
            for (column, number) in [("value", row.value), ("low", row.low), ("high", row.high)] {
                if let Some(number) = number.filter(|number| !number.is_finite()) {
                    return refuse(column, "a finite number, or none", number.to_string());
                }
            }
            if !row.parameters.are_writable() {
                return refuse("parameter", "keys without `=` and `;`, values without `;`", row.parameters.to_string());
            }
        }
        Ok(())
    }
}

impl FromIterator<Row> for Table {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        Self { rows: rows.into_iter().collect() }
    }
}

impl Extend<Row> for Table {
    fn extend<I: IntoIterator<Item = Row>>(&mut self, rows: I) {
        self.rows.extend(rows);
    }
}

fn cells(row: &Row) -> [String; 19] {
    let number = |value: Option<f64>| value.map(format_number).unwrap_or_default();
    [
        row.question.clone(),
        row.game.clone(),
        row.task.clone(),
        row.architecture.clone(),
        row.variant.clone(),
        row.observer.clone(),
        row.corruption.clone(),
        row.content.clone(),
        row.parameters.to_string(),
        row.quantity.clone(),
        row.unit.clone(),
        number(row.value),
        number(row.low),
        number(row.high),
        row.bound.to_string(),
        row.status.to_string(),
        row.n.to_string(),
        row.method.clone(),
        row.seed.to_string(),
    ]
}

fn parse(record: &StringRecord, line: u64) -> Result<Row, EvidenceError> {
    if record.len() != COLUMNS.len() {
        return Err(EvidenceError::Csv {
            line,
            detail: format!("expected {} cells, found {}", COLUMNS.len(), record.len()),
        });
    }
    let text = |index: usize| record[index].to_owned();
    let number = |index: usize| -> Result<Option<f64>, EvidenceError> {
        let found = &record[index];
        if found.is_empty() {
            return Ok(None);
        }
        found
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Some)
            .ok_or_else(|| cell(line, COLUMNS[index], "a finite number or nothing".to_owned(), found))
    };
    let count = |index: usize| -> Result<u64, EvidenceError> {
        record[index].parse().map_err(|_| {
            cell(line, COLUMNS[index], "a whole number below 2^64, without sign".to_owned(), &record[index])
        })
    };
    let word =
        |index: usize, error: crate::UnknownWord| cell(line, COLUMNS[index], error.expected.to_owned(), &error.found);
    Ok(Row {
        question: text(0),
        game: text(1),
        task: text(2),
        architecture: text(3),
        variant: text(4),
        observer: text(5),
        corruption: text(6),
        content: text(7),
        parameters: record[8].parse::<Parameters>().map_err(|error| word(8, error))?,
        quantity: text(9),
        unit: text(10),
        value: number(11)?,
        low: number(12)?,
        high: number(13)?,
        bound: record[14].parse().map_err(|error| word(14, error))?,
        status: record[15].parse().map_err(|error| word(15, error))?,
        n: count(16)?,
        method: text(17),
        seed: count(18)?,
    })
}

fn cell(line: u64, column: &str, expected: String, found: &str) -> EvidenceError {
    EvidenceError::Cell { line, column: column.to_owned(), expected, found: found.to_owned() }
}

fn not_csv(error: &csv::Error) -> EvidenceError {
    EvidenceError::Csv { line: error.position().map_or(0, csv::Position::line), detail: error.to_string() }
}
