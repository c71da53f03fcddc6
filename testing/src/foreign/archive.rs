use bytes::Bytes;
use parquet::basic::{Compression, Type as Physical, ZstdLevel};
use parquet::data_type::ByteArrayType;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use sightline_archive::{ArchiveError, BLOCK, Member, Rows, Tar};
use std::sync::Arc;

/// The longest member that is taken.
const MOST: u64 = 1 << 16;

/// Members are within the limit, an error is the last item, and memory is for what is there.
fn members(members: impl Iterator<Item = Result<Member, ArchiveError>>, at_most: usize) {
    let mut over = false;
    let mut held = 0;
    for member in members {
        assert!(!over, "nothing comes after an error");
        match member {
            Ok(member) => held += member.bytes.map_or(0, |bytes| bytes.len()),
            Err(_) => over = true,
        }
    }
    assert!(held <= at_most, "{held} bytes from {at_most}");
}

/// A tar stream. Headers hardly ever have the checksum they need after a change, so checksums are also made right.
pub fn tar(bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    for header in sealed.chunks_exact_mut(BLOCK).filter(|block| block.iter().any(|byte| *byte != 0)) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    for bytes in [bytes, &sealed] {
        members(Tar::new(bytes, MOST), bytes.len());
    }
}

pub(super) fn tar_seeds() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../../crates/archive/tests/data/gnu.tar").into(),
        include_bytes!("../../../crates/archive/tests/data/pax.tar").into(),
        include_bytes!("../../../crates/archive/tests/data/ustar.tar").into(),
        include_bytes!("../../../crates/archive/tests/data/sparse-gnu.tar").into(),
    ]
}

/// A Parquet table, each row of which may be a compressed page of its own.
pub fn rows(bytes: &[u8]) {
    let input = Bytes::copy_from_slice(bytes);
    let Ok(rows) = Rows::open(input, None, MOST) else { return };
    // A dictionary may hold what many rows share, so rows and not bytes are bounded.
    assert!(rows.take(1 << 20).count() < 1 << 20, "as many rows as that take a longer file");
}

pub(super) fn rows_seeds() -> Vec<Vec<u8>> {
    let field = Type::primitive_type_builder("image", Physical::BYTE_ARRAY).build().expect("a column can be made");
    let schema = Type::group_type_builder("schema").with_fields(vec![Arc::new(field)]).build();
    let schema = Arc::new(schema.expect("a table can be made"));
    let table = |compression, dictionary| {
        let properties = WriterProperties::builder().set_compression(compression).set_dictionary_enabled(dictionary);
        let mut bytes = Vec::new();
        let write = || {
            let properties = Arc::new(properties.set_data_page_row_count_limit(3).build());
            let mut writer = SerializedFileWriter::new(&mut bytes, Arc::clone(&schema), properties)?;
            for group in 0..2_u8 {
                let mut row_group = writer.next_row_group()?;
                if let Some(mut column) = row_group.next_column()? {
                    let values: Vec<_> = (0..7).map(|row| vec![row + group; usize::from(row) * 9].into()).collect();
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&[1; 7]), None)?;
                    column.close()?;
                }
                row_group.close()?;
            }
            writer.close()
        };
        write().expect("a table can be written");
        bytes
    };
    [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())]
        .into_iter()
        .flat_map(|compression| [table(compression, true), table(compression, false)])
        .collect()
}
