//! Codes and what finds them as bytes, version 2. Numbers are little-endian; everything starts at a multiple of 16 bytes, so
//! that it is used where it lies in a mapped file. This module reads bytes, and writes what it is given.
//!
//! | bytes | header |
//! |---|---|
//! | 0–7 | `SLCODES` and a line feed |
//! | 8–11, 12–13, 14–15 | version, bits of a code, radius that is to be searched for |
//! | 16–23, 24–31 | number of codes, number of sections |
//! | 32–63 | checksum of the last section; zero without one |
//! | 64–95 | BLAKE3 of bytes 0 to 63 |
//!
//! | bytes | section |
//! |---|---|
//! | 0–7, 8–15 | number of codes, place of the section from 0 |
//! | 16–47 | its checksum: BLAKE3 of the checksum before, bytes 0 to 15, bytes 48 to 63 and the contents |
//! | 48–55, 56–63 | what it is: 0 a batch of codes, 1 a multi-index; bytes of its contents |
//! | 64– | codes: planes, each of 16 bytes a code |
//! | | multi-index of all codes before: radius and number of slices in 32 bits each, 8 bytes of zero; for each slice start, width and threshold in 32 bits and 4 bytes of zero; for each the blocks, 16 bytes by the high bits of a key (which low bits occur, start and end among the items), and the items, 4 bytes a code, filled up to 16 bytes |
//!
//! As each checksum covers the one before and the header holds the last, sections cannot be left out, swapped or
//! repeated unnoticed. Checksums detect damage, not forgery: whoever can write a file can write its checksums. A forged
//! multi-index can leave codes out, and points at nothing outside of itself.

use crate::slab::Slab;
use crate::{Codes, CodesError, Index, Mapping, MultiIndex};
use bytemuck::Pod;
use std::io::{self, Write};
use std::sync::Arc;

const _: () = assert!(cfg!(target_endian = "little"), "numbers are used as they lie in a file");

const MAGIC: [u8; 8] = *b"SLCODES\n";
const VERSION: u32 = 2;
const HEADER: usize = 96;
const SECTION: usize = 64;
const CODES: u64 = 0;
const MULTI: u64 = 1;

/// Bytes that are no file of codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Something else.
    #[error("this is no file of codes: it does not start with `SLCODES`")]
    Foreign,
    /// Made by another version.
    #[error("the file has version {found} of the format, and only {VERSION} can be read; make it again")]
    Version {
        /// Its version.
        found: u32,
    },
    /// The end is missing.
    #[error("the file is cut off in {part}: it needs {expected} bytes and has {found}; copy it again")]
    Truncated {
        /// What is incomplete.
        part: Part,
        /// Bytes needed to go on.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A checksum does not agree.
    #[error("the file is damaged in {part}, which starts at byte {at}: its checksum does not agree; copy it again")]
    Damaged {
        /// What is damaged.
        part: Part,
        /// Where it starts, in bytes.
        at: u64,
    },
    /// Bits beyond the width of a code.
    #[error("{part}, which starts at byte {at}, has bits beyond the width of its codes; make the file again")]
    Padding {
        /// Where.
        part: Part,
        /// Where it starts, in bytes.
        at: u64,
    },
    /// A multi-index that a search cannot rely on.
    #[error("the multi-index in {part}, which starts at byte {at}, cannot be used: {reason}; make the file again")]
    MultiIndex {
        /// Where.
        part: Part,
        /// Where it starts, in bytes.
        at: u64,
        /// Why.
        reason: &'static str,
    },
    /// What the header says is not what follows.
    #[error("{part} holds {found} {what}, the file says {expected}; make it again")]
    Disagreement {
        /// Where.
        part: Part,
        /// Of what there is another number.
        what: &'static str,
        /// The number expected.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// Bytes behind the last section, as an interrupted addition leaves them.
    #[error("{found} bytes follow the last section, which ends at byte {end}; cut the file there")]
    Trailing {
        /// Where the file should end, in bytes.
        end: u64,
        /// How many bytes follow.
        found: u64,
    },
    /// Codes that cannot be held.
    #[error(transparent)]
    Codes(#[from] CodesError),
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The header.
    Header,
    /// The section at this place, from 0.
    Section(u64),
}

impl std::fmt::Display for Part {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => formatter.write_str("the header"),
            Self::Section(place) => write!(formatter, "section {place}"),
        }
    }
}

struct Header {
    bits: u32,
    radius: u32,
    codes: u64,
    sections: u64,
    last: [u8; 32],
}

struct Section<'a> {
    at: usize,
    count: usize,
    kind: u64,
    checksum: [u8; 32],
    contents: &'a [u8],
}

/// Bytes that numbers are read from.
pub(crate) trait Source {
    fn bytes(&self) -> &[u8];

    /// So many numbers from byte `at` on, which are there.
    fn numbers<T: Pod>(&self, at: usize, count: usize) -> Slab<T>;
}

impl Source for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn numbers<T: Pod>(&self, at: usize, count: usize) -> Slab<T> {
        bytemuck::pod_collect_to_vec(&self[at..at + count * size_of::<T>()]).into()
    }
}

impl Source for Arc<Mapping> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn numbers<T: Pod>(&self, at: usize, count: usize) -> Slab<T> {
        Slab::Mapped { file: Arc::clone(self), at, count }
    }
}

/// The bytes of a file with one section for these codes, or none for none.
pub fn write(codes: &Codes) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_parts(codes, 0, None, &mut bytes).expect("memory can be written to");
    bytes
}

/// Writes the codes of an index, and its multi-index, as a file.
///
/// # Errors
/// What `out` says.
pub fn write_index(index: &Index, out: impl Write) -> io::Result<()> {
    let (codes, added, multi) = index.parts();
    if added.is_empty() {
        return write_parts(codes, index.radius(), multi, out);
    }
    let whole = index.clone().merged();
    let (codes, _, multi) = whole.parts();
    write_parts(codes, index.radius(), multi, out)
}

fn write_parts(codes: &Codes, radius: u32, multi: Option<&MultiIndex>, mut out: impl Write) -> io::Result<()> {
    let head = multi.map(MultiIndex::head).unwrap_or_default();
    let mut sections = Vec::new();
    if !codes.is_empty() {
        sections.push((CODES, codes.planes().iter().map(|plane| bytemuck::cast_slice(plane)).collect::<Vec<&[u8]>>()));
    }
    if let Some(multi) = multi.filter(|_| !codes.is_empty()) {
        sections.push((MULTI, [vec![&head[..]], multi.pieces()].concat()));
    }
    let mut last = [0; 32];
    let mut heads = Vec::new();
    for (place, (kind, pieces)) in (0..).zip(&sections) {
        let head = section(&last, codes.len(), place, *kind, pieces);
        last.copy_from_slice(&head[16..48]);
        heads.push(head);
    }
    let (bits, count, sections_count) = (codes.bits(), codes.len() as u64, sections.len() as u64);
    out.write_all(&Header { bits, radius, codes: count, sections: sections_count, last }.bytes())?;
    for (head, (_, pieces)) in heads.iter().zip(&sections) {
        out.write_all(head)?;
        pieces.iter().try_for_each(|piece| out.write_all(piece))?;
    }
    out.flush()
}

/// What stands before the contents of a section, its checksum in bytes 16 to 47.
fn section(before: &[u8; 32], codes: usize, place: u64, kind: u64, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|piece| piece.len()).sum();
    let numbers = [codes as u64, place].map(u64::to_le_bytes).concat();
    let words = [kind, length as u64].map(u64::to_le_bytes).concat();
    [&numbers, &checksum(before, &numbers, &words, contents)[..], &words].concat()
}

/// The codes of a file, all sections checked.
///
/// # Errors
/// [`FileError`] that says what is wrong and where.
pub fn read(bytes: &[u8]) -> Result<Codes, FileError> {
    Ok(index(&bytes)?.codes())
}

/// The index in a mapped file, all sections checked, which reads every byte once. Its first batch of codes and its multi-index
/// are used where they lie; later batches are copied. A file without a multi-index is scanned.
///
/// # Errors
/// [`FileError`] that says what is wrong and where.
pub fn open(file: &Arc<Mapping>) -> Result<Index, FileError> {
    index(file)
}

/// As [`open`], from bytes, which are copied.
///
/// # Errors
/// As [`open`].
pub fn read_index(bytes: &[u8]) -> Result<Index, FileError> {
    index(&bytes)
}

fn index(file: &impl Source) -> Result<Index, FileError> {
    let bytes = file.bytes();
    let header = Header::read(bytes)?;
    let (mut first, mut added, mut multi) = (Codes::new(header.bits)?, Codes::new(header.bits)?, None);
    let mut before = [0; 32];
    for (place, section) in (0..).zip(sections(bytes, &header)?) {
        let (part, at) = (Part::Section(place), section.at as u64);
        let (numbers, words) = (&bytes[section.at..section.at + 16], &bytes[section.at + 48..section.at + SECTION]);
        if checksum(&before, numbers, words, &[section.contents]) != section.checksum {
            return Err(FileError::Damaged { part, at });
        }
        before = section.checksum;
        let start = section.at + SECTION;
        if section.kind == MULTI {
            let range = start..start + section.contents.len();
            let read = MultiIndex::from_file(file, range, header.bits, section.count);
            multi = Some(read.map_err(|reason| FileError::MultiIndex { part, at, reason })?);
            continue;
        }
        let plane = |plane: usize| file.numbers::<[u64; 2]>(start + 16 * section.count * plane, section.count);
        let planes: Vec<_> = (0..first.planes().len()).map(plane).collect();
        if !header.bits.is_multiple_of(128) && planes.last().is_some_and(|last| last.iter().any(|pair| pair[1] != 0)) {
            return Err(FileError::Padding { part, at });
        }
        let codes = Codes::from_planes(header.bits, planes)?;
        if place == 0 { first = codes } else { added.extend(&codes)? }
    }
    if header.last != before {
        return Err(FileError::Damaged { part: Part::Header, at: 0 });
    }
    Ok(Index::from_parts(first, added, header.radius, multi))
}

/// Adds a section with the codes of `batch` to a file; sections there already are not changed, and their codes not read.
///
/// # Errors
/// [`FileError`] if `bytes` are no complete file, or `batch` does not go with it. Nothing is added then.
pub fn append(bytes: &mut Vec<u8>, batch: &Codes) -> Result<(), FileError> {
    if let Some(addition) = addition(bytes, batch)? {
        bytes.extend_from_slice(&addition.section);
        bytes[..HEADER].copy_from_slice(&addition.header);
    }
    Ok(())
}

/// What is to be written to a file to add a batch of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Goes behind the last byte, first.
    pub section: Vec<u8>,
    /// Goes to the start of the file, once the section is there.
    pub header: Vec<u8>,
}

/// What adds the codes of `batch` to the file of these bytes; nothing for no codes.
///
/// # Errors
/// As [`append`].
pub fn addition(bytes: &[u8], batch: &Codes) -> Result<Option<Addition>, FileError> {
    let header = Header::read(bytes)?;
    sections(bytes, &header)?;
    if batch.bits() != header.bits {
        return Err(CodesError::Mixed { expected: header.bits, found: batch.bits() as usize }.into());
    }
    let codes = header.codes + batch.len() as u64;
    if codes > Codes::MOST as u64 {
        return Err(CodesError::Many.into());
    }
    if batch.is_empty() {
        return Ok(None);
    }
    let planes: Vec<&[u8]> = batch.planes().iter().map(|plane| bytemuck::cast_slice(plane)).collect();
    let mut section = section(&header.last, batch.len(), header.sections, CODES, &planes);
    let mut last = [0; 32];
    last.copy_from_slice(&section[16..48]);
    for plane in planes {
        section.extend_from_slice(plane);
    }
    let header = Header { codes, sections: header.sections + 1, last, ..header }.bytes();
    Ok(Some(Addition { section, header }))
}

/// The same bytes with all checksums made right, as far as their lengths allow: for tests of what checksums do not stop.
pub fn resealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER {
        return bytes;
    }
    let (mut at, mut before) = (HEADER, [0; 32]);
    while let Some(head) = bytes.get(at..at + SECTION) {
        let length = usize::try_from(number(head, 56)).unwrap_or(usize::MAX);
        let Some(contents) = bytes.get(at + SECTION..(at + SECTION).saturating_add(length)) else { break };
        before = checksum(&before, &head[..16], &head[48..], &[contents]);
        let end = at + SECTION + length;
        bytes[at + 16..at + 48].copy_from_slice(&before);
        at = end;
    }
    bytes[32..64].copy_from_slice(&before);
    let sum = blake3::hash(&bytes[..64]);
    bytes[64..HEADER].copy_from_slice(sum.as_bytes());
    bytes
}

fn checksum(before: &[u8; 32], numbers: &[u8], words: &[u8], contents: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(numbers).update(words);
    for piece in contents {
        hasher.update(piece);
    }
    *hasher.finalize().as_bytes()
}

impl Header {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        // Neither is more than 1024.
        bytes.extend((self.radius << 16 | self.bits).to_le_bytes());
        bytes.extend(self.codes.to_le_bytes());
        bytes.extend(self.sections.to_le_bytes());
        bytes.extend(self.last);
        bytes.extend(blake3::hash(&bytes).as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, FileError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(FileError::Foreign);
        }
        let found = bytes.len() as u64;
        let cut = FileError::Truncated { part: Part::Header, expected: HEADER as u64, found };
        let version = bytes.get(8..).and_then(<[u8]>::first_chunk).ok_or_else(|| cut.clone())?;
        match u32::from_le_bytes(*version) {
            VERSION => {}
            found => return Err(FileError::Version { found }),
        }
        let (header, _) = bytes.split_at_checked(HEADER).ok_or(cut)?;
        if blake3::hash(&header[..64]).as_bytes()[..] != header[64..] {
            return Err(FileError::Damaged { part: Part::Header, at: 0 });
        }
        let mut bits = [0; 4];
        bits.copy_from_slice(&header[12..16]);
        let mut last = [0; 32];
        last.copy_from_slice(&header[32..64]);
        let (bits, radius) = (u32::from_le_bytes(bits) & 0xffff, u32::from_le_bytes(bits) >> 16);
        Ok(Self { bits, radius, codes: number(header, 16), sections: number(header, 24), last })
    }
}

/// The sections of a file whose lengths and numbers agree with its header; their checksums are not checked.
fn sections<'a>(bytes: &'a [u8], header: &Header) -> Result<Vec<Section<'a>>, FileError> {
    let width = 16 * Codes::new(header.bits)?.planes().len() as u64;
    let length = bytes.len() as u64;
    let (mut sections, mut at, mut codes) = (Vec::new(), HEADER, 0_u64);
    for place in 0..header.sections {
        let part = Part::Section(place);
        let cut = |expected: u64| FileError::Truncated { part, expected, found: length };
        let rest = &bytes[at..];
        let head = rest.get(..SECTION).ok_or_else(|| cut((at + SECTION) as u64))?;
        let (count, found) = (number(head, 0), number(head, 8));
        let (kind, size) = (number(head, 48), number(head, 56));
        if found != place {
            return Err(FileError::Disagreement { part, what: "as its place", expected: place, found });
        }
        // A multi-index is of all codes before it, which are one batch.
        let expected = match kind {
            CODES if count > 0 => count.saturating_mul(width),
            MULTI if place == 1 && count == codes => size,
            _ => return Err(FileError::Damaged { part, at: at as u64 }),
        };
        if size != expected {
            return Err(FileError::Disagreement { part, what: "bytes", expected, found: size });
        }
        let end = (at as u64).saturating_add(SECTION as u64).saturating_add(size);
        // What is not longer than the bytes fits into a usize.
        let end = usize::try_from(end).ok().filter(|end| *end <= bytes.len()).ok_or_else(|| cut(end))?;
        let mut checksum = [0; 32];
        checksum.copy_from_slice(&head[16..48]);
        let contents = &bytes[at + SECTION..end];
        sections.push(Section { at, count: usize::try_from(count).unwrap_or(0), kind, checksum, contents });
        codes += if kind == CODES { count } else { 0 };
        at = end;
    }
    if codes != header.codes {
        let (expected, found) = (header.codes, codes);
        return Err(FileError::Disagreement { part: Part::Header, what: "codes", expected, found });
    }
    if at < bytes.len() {
        return Err(FileError::Trailing { end: at as u64, found: length - at as u64 });
    }
    Ok(sections)
}

/// The number at `at` of a header, which is long enough.
fn number(header: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> (Codes, Vec<u8>) {
        let mut codes = Codes::from_words(&[[1, 2, 3, 4], [5, 6, 7, 8]]).unwrap();
        let mut bytes = write(&codes);
        let batch = Codes::from_words(&[[9, 10, 11, 12]]).unwrap();
        append(&mut bytes, &batch).unwrap();
        codes.extend(&batch).unwrap();
        (codes, bytes)
    }

    #[test]
    fn what_is_wrong_is_said() {
        let (codes, bytes) = example();
        assert_eq!(read(&bytes), Ok(codes.clone()));
        assert_eq!(bytes.len(), HEADER + 2 * SECTION + 3 * 32);
        let changed = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            read(&bytes).unwrap_err().to_string()
        };
        insist(&changed(0), "no file of codes");
        insist(&changed(8), "version 3");
        insist(&changed(20), "the header, which starts at byte 0");
        insist(&changed(HEADER + SECTION), "section 0, which starts at byte 96");
        insist(&changed(bytes.len() - 1), "section 1, which starts at byte 224");
        insist(&changed(HEADER + 50), "section 0, which starts at byte 96");
        insist(&read(&bytes[..bytes.len() - 1]).unwrap_err().to_string(), "section 1: it needs 320 bytes and has 319");
        insist(&read(&bytes[..50]).unwrap_err().to_string(), "cut off in the header");
        insist(&read(&[&bytes[..], b"x"].concat()).unwrap_err().to_string(), "1 bytes follow the last section");
        insist(&append(&mut b"PNG".to_vec(), &codes).unwrap_err().to_string(), "no file of codes");
        let other = append(&mut bytes.clone(), &Codes::from_words(&[[1]]).unwrap());
        assert_eq!(other, Err(CodesError::Mixed { expected: 256, found: 64 }.into()));
    }

    fn insist(message: &str, part: &str) {
        assert!(message.contains(part), "{message}");
    }

    /// An index of codes that are near to each other, whose slices are few and narrow, in a file with a later batch.
    fn indexed() -> (Index, Vec<u8>) {
        let code = |place: u64| [place.wrapping_mul(0x9e37_79b9_7f4a_7c15), place, 0, 7];
        let codes = Codes::from_words(&(0..300).map(code).collect::<Vec<_>>()).unwrap();
        let slices = [0, 16].map(|start| crate::Slice { start, width: 16, threshold: 1 });
        let multi = MultiIndex::with(&codes, 3, &slices);
        let index = Index::from_parts(codes, Codes::new(256).unwrap(), 3, Some(multi));
        let mut bytes = Vec::new();
        write_index(&index, &mut bytes).unwrap();
        (index, bytes)
    }

    #[test]
    fn an_index_comes_back_from_a_file_and_is_used_where_it_lies() {
        let (mut index, mut bytes) = indexed();
        let mapped = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            open(&Arc::new(Mapping::shared(file).unwrap())).unwrap()
        };
        let queries = index.codes().part(0..50);
        for batch in [Codes::new(256).unwrap(), Codes::from_words(&[[0, 0, 0, 7], [1, 2, 3, 4]]).unwrap()] {
            append(&mut bytes, &batch).unwrap();
            index.add(&batch).unwrap();
            for other in [mapped(&bytes), read_index(&bytes).unwrap()] {
                assert_eq!(other.within(&queries, 3), index.within(&queries, 3));
                assert_eq!(other.nearest(&queries, 4), index.nearest(&queries, 4));
                assert_eq!(other.explain(50, 3), index.explain(50, 3));
            }
        }
        let other = mapped(&bytes);
        assert!(other.bytes() < 300 && index.bytes() > 10_000, "what is in the file is not in our memory");
        // Written again, everything is one batch.
        let mut whole = Vec::new();
        write_index(&other, &mut whole).unwrap();
        assert_eq!(read_index(&whole).unwrap().within(&queries, 3), index.within(&queries, 3));
        assert_eq!(read(&whole), read(&bytes));
    }

    #[test]
    fn a_file_that_is_written_to_is_not_mapped_meanwhile() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), write(&Codes::new(64).unwrap())).unwrap();
        let again = || std::fs::File::open(file.path()).unwrap();
        let (one, two) = (Mapping::shared(again()).unwrap(), Mapping::shared(again()).unwrap());
        assert!(again().try_lock().is_err(), "two read it");
        drop((one, two));
        let writer = Mapping::exclusive(again()).unwrap().into_file();
        assert!(again().try_lock_shared().is_err(), "one writes to it");
        drop(writer);
        assert!(again().try_lock_shared().is_ok());
    }

    proptest! {
        #[test]
        fn a_multi_index_with_right_checksums_and_wrong_places_is_refused_or_harmless(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        ) {
            let (index, mut bytes) = indexed();
            let start = HEADER + SECTION + 300 * 32;
            for (at, value) in changes {
                // The numbers at its beginning are as likely as its tables.
                let at = if value % 2 == 0 { at.index(SECTION + 48) } else { at.index(bytes.len() - start) };
                bytes[start + at] = value;
            }
            if let Ok(read) = read_index(&resealed(&bytes)) {
                let found = read.within(&index.codes().part(0..20), 3);
                prop_assert!(found.iter().flatten().all(|found| found.code < 300 && found.distance <= 3));
            }
        }

        #[test]
        fn any_change_or_cut_is_noticed(at: prop::sample::Index, bit in 0..8, with_index: bool) {
            let bytes = if with_index { indexed().1 } else { example().1 };
            let at = at.index(bytes.len());
            prop_assert!(read(&bytes[..at]).is_err());
            let mut changed = bytes.clone();
            changed[at] ^= 1_u8 << bit;
            prop_assert!(read(&changed).is_err());
        }

        #[test]
        fn batches_come_back(batches: Vec<Vec<[u64; 3]>>) {
            let mut codes = Codes::new(192).unwrap();
            let mut bytes = write(&codes);
            for batch in batches {
                let batch = Codes::from_words(&batch).unwrap();
                append(&mut bytes, &batch).unwrap();
                codes.extend(&batch).unwrap();
            }
            prop_assert_eq!(read(&bytes), Ok(codes));
        }
    }
}
