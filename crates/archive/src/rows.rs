use crate::{ArchiveError, Member, MemberError};
use parquet::basic::{LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader as _};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::ColumnDescriptor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Columns that are meant where several could be and none is named, the likeliest first.
const USUAL: [&str; 4] = ["image.bytes", "image", "bytes", "jpg"];

/// The values of a binary column of a Parquet table, named by their row.
pub struct Rows<R: ChunkReader> {
    reader: SerializedFileReader<R>,
    /// The longest value that is given, in bytes.
    most: u64,
    /// Place of the column, and the definition level of a value that is there.
    column: usize,
    defined: i16,
    /// Row groups begun.
    groups: usize,
    /// The present one, and how many of its rows are left.
    values: Option<ColumnReaderImpl<ByteArrayType>>,
    left: i64,
    row: u64,
    over: bool,
}

impl<R: ChunkReader> std::fmt::Debug for Rows<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("column", &self.column).field("row", &self.row).finish_non_exhaustive()
    }
}

impl<R: ChunkReader + 'static> Rows<R> {
    /// The rows of the table in `input`; values longer than `most` bytes are named and not given. The column is `column`, or its
    /// field `bytes`; without a name it is the only binary one, or one of a usual name (`image`, `bytes`, `jpg`).
    ///
    /// # Errors
    /// [`ArchiveError::Table`] if this is no Parquet table, [`ArchiveError::Column`] if it is not clear which column is meant.
    pub fn open(input: R, column: Option<&str>, most: u64) -> Result<Self, ArchiveError> {
        let start = || "at its start".to_owned();
        let reader = caught(start, || SerializedFileReader::new(input))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let binary: Vec<(usize, String)> = (0..)
            .zip(schema.columns())
            .filter(|(_, found)| is_binary(found))
            .map(|(place, found)| (place, found.path().string()))
            .collect();
        let (place, _) = chosen(&binary, column)?;
        let defined = schema.column(*place).max_def_level();
        let column = *place;
        Ok(Self { reader, most, column, defined, groups: 0, values: None, left: 0, row: 0, over: false })
    }

    fn member(&mut self) -> Result<Option<Member>, ParquetError> {
        while self.left == 0 {
            if self.groups == self.reader.num_row_groups() {
                return Ok(None);
            }
            let group = self.reader.get_row_group(self.groups)?;
            self.left = group.metadata().num_rows();
            self.groups += 1;
            let ColumnReader::ByteArrayColumnReader(values) = group.get_column_reader(self.column)? else {
                return Err(ParquetError::General("the column has another type than the table says".into()));
            };
            self.values = Some(values);
        }
        let Some(values) = &mut self.values else { return Ok(None) };
        let (mut levels, mut found) = (Vec::new(), Vec::<ByteArray>::new());
        let (rows, ..) = values.read_records(1, Some(&mut levels), None, &mut found)?;
        if rows == 0 || self.left < 0 {
            return Err(ParquetError::General(format!("{} rows of a row group are missing", self.left)));
        }
        let null = levels.first().is_some_and(|level| *level < self.defined);
        let bytes = match found.first().map(ByteArray::data) {
            Some(bytes) if bytes.len() as u64 > self.most => {
                Err(MemberError::TooLong { bytes: bytes.len() as u64, limit: self.most })
            }
            Some(bytes) if !null => Ok(bytes.to_vec()),
            _ => Err(MemberError::Null),
        };
        self.left -= 1;
        self.row += 1;
        Ok(Some(Member { name: (self.row - 1).to_string(), bytes }))
    }
}

impl<R: ChunkReader + 'static> Iterator for Rows<R> {
    type Item = Result<Member, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let row = self.row;
        let member = caught(|| format!("at row {row}"), || self.member()).transpose();
        self.over = !matches!(member, Some(Ok(_)));
        member
    }
}

/// What the Parquet reader gives. It asserts some of what it expects of a file.
fn caught<T>(place: impl Fn() -> String, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ArchiveError> {
    let read = catch_unwind(AssertUnwindSafe(read));
    let read = read.unwrap_or_else(|_| Err(ParquetError::General("the reader gave up".into())));
    read.map_err(|error| ArchiveError::Table { place: place(), reason: error.to_string() })
}

/// Bytes, one value a row at most, and no text.
fn is_binary(column: &ColumnDescriptor) -> bool {
    let text = column.logical_type_ref().is_some_and(|kind| *kind == LogicalType::String)
        || column.converted_type() == parquet::basic::ConvertedType::UTF8;
    column.physical_type() == Physical::BYTE_ARRAY && column.max_rep_level() == 0 && !text
}

fn chosen<'a>(binary: &'a [(usize, String)], wanted: Option<&str>) -> Result<&'a (usize, String), ArchiveError> {
    let named = |name: &str| binary.iter().find(|(_, found)| found == name);
    let found = match (wanted, binary) {
        (Some(name), _) => named(name).or_else(|| named(&format!("{name}.bytes"))),
        (None, [one]) => Some(one),
        (None, _) => USUAL.iter().find_map(|name| named(name)),
    };
    found.ok_or_else(|| {
        let wanted =
            wanted.map_or("name the column that is meant".into(), |name| format!("it has no binary column `{name}`"));
        let names: Vec<&str> = binary.iter().map(|(_, name)| name.as_str()).collect();
        ArchiveError::Column { wanted, found: if names.is_empty() { "none".into() } else { names.join(", ") } }
    })
}
