//! Tables as data sets of pictures come: compressed in several ways, in row groups, with rows that hold nothing.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use bytes::Bytes;
use parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::ByteArrayType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use proptest::prelude::*;
use sightline_archive::{ArchiveError, Member, MemberError, Rows};
use std::sync::Arc;

const ROWS: usize = 40;

/// A table with a column of text and the struct `image` of `bytes` and `path`, as Hugging Face writes pictures.
fn table(compression: Compression, groups: usize) -> Vec<u8> {
    let text = |name| {
        let field = Type::primitive_type_builder(name, Physical::BYTE_ARRAY).with_repetition(Repetition::OPTIONAL);
        Arc::new(field.with_logical_type(Some(LogicalType::String)).build().unwrap())
    };
    let bytes = Type::primitive_type_builder("bytes", Physical::BYTE_ARRAY).with_repetition(Repetition::OPTIONAL);
    let image = Type::group_type_builder("image").with_repetition(Repetition::OPTIONAL);
    let image = image.with_fields(vec![Arc::new(bytes.build().unwrap()), text("path")]).build().unwrap();
    let fields = vec![text("caption"), Arc::new(image)];
    let schema = Type::group_type_builder("schema").with_fields(fields).build().unwrap();
    let properties = WriterProperties::builder().set_compression(compression).set_data_page_row_count_limit(7).build();
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, Arc::new(schema), Arc::new(properties)).unwrap();
    for group in 0..groups {
        let rows = group * ROWS / groups..(group + 1) * ROWS / groups;
        let mut writer = writer.next_row_group().unwrap();
        for column in 0..3 {
            // Definition level 2 is a value, 1 a picture without one, 0 no picture; captions have 1 and 0.
            let level = |row: usize| if column == 0 { 1 } else { i16::try_from((row % 5).min(2)).unwrap() };
            let levels: Vec<i16> = rows.clone().map(level).collect();
            let full = if column == 0 { 1 } else { 2 };
            let cell = |row: usize| if column == 1 { value(row) } else { format!("row {row}").into_bytes() };
            let values: Vec<_> = rows.clone().filter(|row| level(*row) == full).map(|row| cell(row).into()).collect();
            let mut column = writer.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None).unwrap();
            column.close().unwrap();
        }
        writer.close().unwrap();
    }
    writer.close().unwrap();
    out
}

fn value(row: usize) -> Vec<u8> {
    vec![u8::try_from(row).unwrap(); row * row]
}

fn read(table: Vec<u8>, column: Option<&str>) -> Result<(Vec<Member>, Option<ArchiveError>), ArchiveError> {
    let mut rows = Rows::open(Bytes::from(table), column, 1200)?;
    let mut members = Vec::new();
    let error = rows.by_ref().find_map(|member| member.map(|member| members.push(member)).err());
    assert!(rows.next().is_none(), "after its end nothing comes");
    Ok((members, error))
}

fn expected() -> Vec<Member> {
    let bytes = |row: usize| match row {
        _ if row % 5 < 2 => Err(MemberError::Null),
        _ if row * row > 1200 => Err(MemberError::TooLong { bytes: (row * row) as u64, limit: 1200 }),
        _ => Ok(value(row)),
    };
    (0..ROWS).map(|row| Member { name: row.to_string(), bytes: bytes(row) }).collect()
}

#[test]
fn pictures_come_row_by_row_however_they_are_stored() {
    let ways = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for way in ways {
        for groups in [1, 3] {
            let (members, error) = read(table(way, groups), None).unwrap();
            assert!(error.is_none(), "{way}: {error:?}");
            assert_eq!(members, expected(), "{way}");
        }
    }
}

#[test]
fn the_column_is_chosen_by_name_or_because_no_other_could_be_meant() {
    let table = || table(Compression::SNAPPY, 1);
    for name in ["image", "image.bytes"] {
        assert_eq!(read(table(), Some(name)).unwrap().0, expected());
    }
    for name in ["picture", "caption", "image.path"] {
        let error = read(table(), Some(name)).unwrap_err().to_string();
        assert_eq!(error, format!("it has no binary column `{name}`; its binary columns are: image.bytes"));
    }
}

#[test]
fn what_is_no_table_is_refused() {
    for bytes in [&b""[..], b"PAR1", b"PAR1 and nothing that follows PAR1", &[7; 100]] {
        let error = read(bytes.to_vec(), None).unwrap_err();
        assert!(matches!(&error, ArchiveError::Table { place, .. } if place == "at its start"), "{error}");
    }
    let whole = table(Compression::SNAPPY, 1);
    assert!(read(whole[..whole.len() - 1].to_vec(), None).is_err(), "a table that is cut off has no end");
}

#[test]
fn what_came_before_damage_stands_and_the_row_is_said() {
    let mut damaged = table(Compression::UNCOMPRESSED, 3);
    // The length of row 38, in the last row group, before its bytes; statistics hold the first of them.
    let at = damaged.windows(1000).position(|bytes| bytes == [38; 1000]).unwrap();
    damaged[at - 4..at].fill(0x7f);
    let (members, error) = read(damaged, None).unwrap();
    assert!(members.len() >= 26, "{}", members.len());
    assert_eq!(members[..26], expected()[..26]);
    let error = error.expect("a page is damaged").to_string();
    assert!(error.contains(&format!("at row {}", members.len())), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_tables_end_with_an_error_or_an_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = table(Compression::SNAPPY, 2);
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok((members, _)) = read(bytes, None) {
            prop_assert!(members.iter().all(|member| member.bytes.as_ref().is_ok_and(|bytes| bytes.len() <= 1200) || member.bytes.is_err()));
        }
    }
}
