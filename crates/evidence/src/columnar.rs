//! The table as Parquet, through the column writers (the `arrow` feature would bring minutes of compilation).

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::{COLUMNS, EvidenceError, Row};

const NUMBERS: [&str; 3] = ["value", "low", "high"];
const COUNTS: [&str; 2] = ["n", "seed"];

pub(crate) fn write(rows: &[Row]) -> Result<Vec<u8>, EvidenceError> {
    let properties = WriterProperties::builder()
        .set_created_by("sightline".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema()?, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let text = |cell: fn(&Row) -> String| rows.iter().map(|row| cell(row).into_bytes().into()).collect::<Vec<_>>();
    let number = |cell: fn(&Row) -> Option<f64>| rows.iter().map(cell).collect::<Vec<_>>();
    let count = |cell: fn(&Row) -> u64| rows.iter().map(|row| cell(row).cast_signed()).collect::<Vec<_>>();
    write_column::<ByteArrayType>(&mut group, &text(|row| row.question.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.game.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.task.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.architecture.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.variant.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.observer.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.corruption.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.content.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.parameters.to_string()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.quantity.clone()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.unit.clone()), None)?;
    write_numbers(&mut group, &number(|row| row.value))?;
    write_numbers(&mut group, &number(|row| row.low))?;
    write_numbers(&mut group, &number(|row| row.high))?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.bound.to_string()), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.status.to_string()), None)?;
    write_column::<Int64Type>(&mut group, &count(|row| row.n), None)?;
    write_column::<ByteArrayType>(&mut group, &text(|row| row.method.clone()), None)?;
    write_column::<Int64Type>(&mut group, &count(|row| row.seed), None)?;
    group.close()?;
    writer.close()?;
    Ok(bytes)
}

pub(crate) fn read(file: File) -> Result<Vec<Row>, EvidenceError> {
    let reader = SerializedFileReader::new(file)?;
    let found = reader.metadata().file_metadata().schema_descr();
    let names: Vec<_> = found.columns().iter().map(|column| column.path().string()).collect();
    if names != COLUMNS || found.root_schema().get_fields() != schema()?.get_fields() {
        return Err(EvidenceError::Parquet {
            detail: format!("expected the columns {}, found {}", COLUMNS.join(", "), names.join(", ")),
        });
    }
    let mut rows = Vec::new();
    for index in 0..reader.num_row_groups() {
        read_group(&reader, index, &mut rows)?;
    }
    Ok(rows)
}

fn read_group(reader: &SerializedFileReader<File>, index: usize, rows: &mut Vec<Row>) -> Result<(), EvidenceError> {
    let group = reader.get_row_group(index)?;
    let length = usize::try_from(group.metadata().num_rows())
        .map_err(|_| EvidenceError::Parquet { detail: "a row group has a negative number of rows".to_owned() })?;
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    let mut counts = Vec::new();
    for (column, name) in COLUMNS.iter().enumerate() {
        match group.get_column_reader(column)? {
            ColumnReader::ByteArrayColumnReader(reader) => texts.push(read_texts(reader, length)?.into_iter()),
            ColumnReader::DoubleColumnReader(reader) => numbers.push(read_numbers(reader, length)?.into_iter()),
            ColumnReader::Int64ColumnReader(reader) => counts.push(read_counts(reader, length)?.into_iter()),
            _ => return Err(EvidenceError::Parquet { detail: format!("`{name}` has another type") }),
        }
    }
    let short = || EvidenceError::Parquet { detail: "a column ends before the others".to_owned() };
    for _ in 0..length {
        let cells = texts.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>().ok_or_else(short)?;
        let numbers = numbers.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>().ok_or_else(short)?;
        let counts = counts.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>().ok_or_else(short)?;
        let [
            question,
            game,
            task,
            architecture,
            variant,
            observer,
            corruption,
            content,
            parameter,
            quantity,
            unit,
            bound,
            status,
            method,
        ] = <[String; 14]>::try_from(cells).map_err(|_| short())?;
        let [value, low, high] = <[Option<f64>; 3]>::try_from(numbers).map_err(|_| short())?;
        let [n, seed] = <[u64; 2]>::try_from(counts).map_err(|_| short())?;
        let word = |error: crate::UnknownWord| EvidenceError::Parquet { detail: error.to_string() };
        rows.push(Row {
            question,
            game,
            task,
            architecture,
            variant,
            observer,
            corruption,
            content,
            parameters: parameter.parse().map_err(word)?,
            quantity,
            unit,
            value,
            low,
            high,
            bound: bound.parse().map_err(word)?,
            status: status.parse().map_err(word)?,
            n,
            method,
            seed,
        });
    }
    Ok(())
}

fn schema() -> Result<TypePtr, EvidenceError> {
    let fields = COLUMNS
        .iter()
        .map(|name| {
            let field = if NUMBERS.contains(name) {
                Type::primitive_type_builder(name, Physical::DOUBLE).with_repetition(Repetition::OPTIONAL)
            } else if COUNTS.contains(name) {
                Type::primitive_type_builder(name, Physical::INT64)
                    .with_repetition(Repetition::REQUIRED)
                    .with_logical_type(Some(LogicalType::integer(64, false)))
            } else {
                Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                    .with_repetition(Repetition::REQUIRED)
                    .with_logical_type(Some(LogicalType::String))
            };
            field.build().map(Arc::new)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("evidence").with_fields(fields).build()?))
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    defined: Option<&[i16]>,
) -> Result<(), EvidenceError> {
    let mut column =
        group.next_column()?.ok_or_else(|| EvidenceError::Parquet { detail: "too many columns".into() })?;
    column.typed::<T>().write_batch(values, defined, None)?;
    column.close()?;
    Ok(())
}

fn write_numbers(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    numbers: &[Option<f64>],
) -> Result<(), EvidenceError> {
    let defined: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
    let values: Vec<f64> = numbers.iter().flatten().map(|number| number + 0.0).collect();
    write_column::<DoubleType>(group, &values, Some(&defined))
}

fn read_texts(mut reader: ColumnReaderImpl<ByteArrayType>, length: usize) -> Result<Vec<String>, EvidenceError> {
    let mut values: Vec<ByteArray> = Vec::new();
    reader.read_records(length, None, None, &mut values)?;
    values
        .iter()
        .map(|value| {
            value.as_utf8().map(str::to_owned).map_err(|error| EvidenceError::Parquet { detail: error.to_string() })
        })
        .collect()
}

fn read_counts(mut reader: ColumnReaderImpl<Int64Type>, length: usize) -> Result<Vec<u64>, EvidenceError> {
    let mut values = Vec::new();
    reader.read_records(length, None, None, &mut values)?;
    Ok(values.into_iter().map(i64::cast_unsigned).collect())
}

fn read_numbers(mut reader: ColumnReaderImpl<DoubleType>, length: usize) -> Result<Vec<Option<f64>>, EvidenceError> {
    let mut values = Vec::new();
    let mut defined = Vec::new();
    reader.read_records(length, Some(&mut defined), None, &mut values)?;
    let mut values = values.into_iter();
    Ok(defined.into_iter().map(|level| if level == 1 { values.next() } else { None }).collect())
}
