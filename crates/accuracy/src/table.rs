//! The numbers as files: the same table as CSV and as Parquet.

use crate::AccuracyError;
use crate::measure::{Measured, OfAlgorithm};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use sightline_evidence::{Row, format_number};
use sightline_pictures::transform::Transform;
use std::sync::Arc;

/// A table of named columns of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<(&'static str, Column)>,
}

/// A column; what is missing is empty in CSV and null in Parquet.
#[derive(Debug, Clone, PartialEq)]
enum Column {
    Texts(Vec<String>),
    Numbers(Vec<Option<f64>>),
    Counts(Vec<Option<i64>>),
}

impl Table {
    fn texts<'a>(mut self, name: &'static str, values: impl Iterator<Item = &'a str>) -> Self {
        self.columns.push((name, Column::Texts(values.map(str::to_owned).collect())));
        self
    }

    fn numbers(mut self, name: &'static str, values: impl Iterator<Item = Option<f64>>) -> Self {
        self.columns.push((name, Column::Numbers(values.collect())));
        self
    }

    fn counts(mut self, name: &'static str, values: impl Iterator<Item = Option<u64>>) -> Self {
        self.columns.push((name, Column::Counts(values.map(|value| value.map(u64::cast_signed)).collect())));
        self
    }

    /// The names of its columns.
    pub fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| match column {
            Column::Texts(values) => values.len(),
            Column::Numbers(values) => values.len(),
            Column::Counts(values) => values.len(),
        })
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As CSV, with a header.
    ///
    /// # Errors
    /// [`AccuracyError::Csv`], which memory does not give.
    pub fn to_csv(&self) -> Result<Vec<u8>, AccuracyError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.names())?;
        for row in 0..self.len() {
            writer.write_record(self.columns.iter().map(|(_, column)| match column {
                Column::Texts(values) => values[row].clone(),
                Column::Numbers(values) => values[row].map_or(String::new(), format_number),
                Column::Counts(values) => values[row].map_or(String::new(), |value| value.to_string()),
            }))?;
        }
        writer.into_inner().map_err(|error| AccuracyError::Csv(error.into_error().into()))
    }

    /// As Parquet.
    ///
    /// # Errors
    /// [`AccuracyError::Parquet`] if the library refuses it.
    pub fn to_parquet(&self) -> Result<Vec<u8>, AccuracyError> {
        let field = |(name, column): &(&'static str, Column)| {
            let builder = match column {
                Column::Texts(_) => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                    .with_repetition(Repetition::REQUIRED)
                    .with_logical_type(Some(LogicalType::String)),
                Column::Numbers(_) => {
                    Type::primitive_type_builder(name, Physical::DOUBLE).with_repetition(Repetition::OPTIONAL)
                }
                Column::Counts(_) => {
                    Type::primitive_type_builder(name, Physical::INT64).with_repetition(Repetition::OPTIONAL)
                }
            };
            builder.build().map(Arc::new)
        };
        let fields = self.columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(Type::group_type_builder("accuracy").with_fields(fields).build()?);
        let properties = WriterProperties::builder()
            .set_created_by("sightline".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for (_, column) in &self.columns {
            match column {
                Column::Texts(values) => {
                    let values: Vec<_> = values.iter().map(|value| value.as_bytes().to_vec().into()).collect();
                    write::<ByteArrayType>(&mut group, &values, None)?;
                }
                Column::Numbers(values) => write_optional::<DoubleType>(&mut group, values)?,
                Column::Counts(values) => write_optional::<Int64Type>(&mut group, values)?,
            }
        }
        group.close()?;
        writer.close()?;
        Ok(bytes)
    }
}

fn write_optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[Option<T::T>],
) -> Result<(), AccuracyError> {
    let defined: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    write::<T>(group, &values.iter().flatten().cloned().collect::<Vec<_>>(), Some(&defined))
}

fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    defined: Option<&[i16]>,
) -> Result<(), AccuracyError> {
    let mut column = group.next_column()?.expect("one for each field of the schema");
    column.typed::<T>().write_batch(values, defined, None)?;
    Ok(column.close()?)
}

impl Measured {
    /// One row for each number.
    pub fn table(&self) -> Table {
        let rows = self.rows();
        let text = |key: &'static str| rows.iter().map(move |row| row.parameters.value(key).unwrap_or_default());
        let number = |of: fn(&Row) -> Option<f64>| rows.iter().map(of);
        let count = |key: &'static str| rows.iter().map(move |row| row.parameters.value(key)?.parse().ok());
        Table::default()
            .texts("algorithm", text("algorithm"))
            .texts("transform", text("transform"))
            .numbers("strength", rows.iter().map(|row| row.parameters.value("strength")?.parse().ok()))
            .texts("kind", text("kind"))
            .counts("threshold", count("threshold"))
            .counts("entries", count("entries"))
            .texts("quantity", rows.iter().map(|row| row.quantity.as_str()))
            .texts("unit", rows.iter().map(|row| row.unit.as_str()))
            .numbers("value", number(|row| row.value))
            .numbers("low", number(|row| row.low))
            .numbers("high", number(|row| row.high))
            .texts("bound", rows.iter().map(|row| row.bound.as_str()))
            .counts("n", rows.iter().map(|row| Some(row.n)))
            .texts("method", rows.iter().map(|row| row.method.as_str()))
            .counts("seed", rows.iter().map(|row| Some(row.seed)))
    }

    /// One row for each changed picture and algorithm: how far it is from its original.
    pub fn distances(&self) -> Table {
        let all = || self.algorithms.iter().flat_map(|of| of.distances.iter().map(move |distance| (of, distance)));
        let family = |transform: Option<Transform>| transform.map_or("none", |transform| transform.family().name());
        Table::default()
            .texts("algorithm", all().map(|(of, _)| of.name.as_str()))
            .texts("picture", all().map(|(_, one)| self.given[self.pictures[one.picture]].as_str()))
            .texts("kind", all().map(|(_, one)| self.kinds[one.picture]))
            .texts("transform", all().map(|(_, one)| family(one.transform)))
            .numbers("strength", all().map(|(_, one)| one.transform.map(Transform::strength)))
            .counts("distance", all().map(|(_, one)| one.distance.map(u64::from)))
            .counts("quality", all().map(|(_, one)| one.quality.map(u64::from)))
            .counts("matched", all().map(|(_, one)| Some(u64::from(one.matched))))
    }

    /// One row for each algorithm and threshold: how many pairs of each sort lie at that distance, and the characteristic.
    pub fn thresholds(&self) -> Table {
        let all = || self.algorithms.iter().flat_map(|of| of.roc.iter().map(move |band| (of, band)));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let at = |histogram: fn(&OfAlgorithm) -> &crate::Histogram| {
            move |(of, band): (&OfAlgorithm, &crate::RocBand)| {
                Some(histogram(of).weights()[band.threshold as usize] as u64)
            }
        };
        Table::default()
            .texts("algorithm", all().map(|(of, _)| of.name.as_str()))
            .counts("threshold", all().map(|(_, band)| Some(band.threshold.into())))
            .counts("changed_and_original_pairs", all().map(at(|of| &of.same)))
            .counts("different_originals_pairs", all().map(at(|of| &of.different)))
            .numbers("true_positive_rate", all().map(|(_, band)| Some(band.true_positives.value)))
            .numbers("true_positive_rate_low", all().map(|(_, band)| Some(band.true_positives.low)))
            .numbers("true_positive_rate_high", all().map(|(_, band)| Some(band.true_positives.high)))
            .numbers("false_positive_rate_per_pair", all().map(|(_, band)| Some(band.false_positives.value)))
            .numbers("false_positive_rate_per_pair_low", all().map(|(_, band)| Some(band.false_positives.low)))
            .numbers("false_positive_rate_per_pair_high", all().map(|(_, band)| Some(band.false_positives.high)))
    }
}
