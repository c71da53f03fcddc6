//! Codes as bytes, version 1. Numbers are little-endian; everything starts at a multiple of 16 bytes, so that planes can
//! be used where a file is mapped. This crate reads from memory and maps nothing.
//!
//! | bytes | header |
//! |---|---|
//! | 0–7 | `SLCODES` and a line feed |
//! | 8–11, 12–15 | version, bits of a code |
//! | 16–23, 24–31 | number of codes, number of sections |
//! | 32–63 | checksum of the last section; zero without one |
//! | 64–95 | BLAKE3 of bytes 0 to 63 |
//!
//! | bytes | section: one batch |
//! |---|---|
//! | 0–7, 8–15 | number of codes, place of the section from 0 |
//! | 16–47 | its checksum: BLAKE3 of the checksum before, bytes 0 to 15 and the planes |
//! | 48–63 | zero |
//! | 64– | planes, each of 16 bytes a code |
//!
//! As each checksum covers the one before and the header holds the last, sections cannot be left out, swapped or
//! repeated unnoticed. Checksums detect damage, not forgery: whoever can write a file can write its checksums.

use crate::{Codes, CodesError};

const MAGIC: [u8; 8] = *b"SLCODES\n";
const VERSION: u32 = 1;
const HEADER: usize = 96;
const SECTION: usize = 64;

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
    codes: u64,
    sections: u64,
    last: [u8; 32],
}

struct Section<'a> {
    at: usize,
    count: usize,
    checksum: [u8; 32],
    planes: &'a [u8],
}

/// The bytes of a file with one section for these codes, or none for none.
pub fn write(codes: &Codes) -> Vec<u8> {
    let mut bytes = Header { bits: codes.bits(), codes: 0, sections: 0, last: [0; 32] }.bytes();
    if !codes.is_empty() {
        append(&mut bytes, codes).expect("the header was just made for these codes");
    }
    bytes
}

/// The codes of a file, all sections checked.
///
/// # Errors
/// [`FileError`] that says what is wrong and where.
pub fn read(bytes: &[u8]) -> Result<Codes, FileError> {
    let header = Header::read(bytes)?;
    let mut codes = Codes::new(header.bits)?;
    let mut before = [0; 32];
    for (place, section) in (0..).zip(sections(bytes, &header)?) {
        let (part, at) = (Part::Section(place), section.at as u64);
        if checksum(&before, &bytes[section.at..section.at + 16], section.planes) != section.checksum {
            return Err(FileError::Damaged { part, at });
        }
        before = section.checksum;
        let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let plane = |bytes: &[u8]| bytes.as_chunks().0.as_chunks().0.iter().map(|[a, b]| [word(a), word(b)]).collect();
        let planes: Vec<Vec<[u64; 2]>> = section.planes.chunks(16 * section.count).map(plane).collect();
        if !header.bits.is_multiple_of(128) && planes.last().is_some_and(|last| last.iter().any(|pair| pair[1] != 0)) {
            return Err(FileError::Padding { part, at });
        }
        codes.extend(&Codes::from_planes(header.bits, planes)?)?;
    }
    if header.last != before {
        return Err(FileError::Damaged { part: Part::Header, at: 0 });
    }
    Ok(codes)
}

/// Adds a section with the codes of `batch` to a file; sections there already are not changed, and their codes not read.
///
/// # Errors
/// [`FileError`] if `bytes` are no complete file, or `batch` does not go with it. Nothing is added then.
pub fn append(bytes: &mut Vec<u8>, batch: &Codes) -> Result<(), FileError> {
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
        return Ok(());
    }
    let planes: Vec<u8> = batch.planes().iter().flatten().flatten().flat_map(|word| word.to_le_bytes()).collect();
    let numbers = [(batch.len() as u64).to_le_bytes(), header.sections.to_le_bytes()].concat();
    let last = checksum(&header.last, &numbers, &planes);
    for piece in [&numbers, &last[..], &[0; 16], &planes] {
        bytes.extend_from_slice(piece);
    }
    bytes[..HEADER].copy_from_slice(&Header { codes, sections: header.sections + 1, last, ..header }.bytes());
    Ok(())
}

/// The same bytes with all checksums made right, as far as their lengths allow: for tests of what checksums do not stop.
pub fn resealed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER {
        return bytes;
    }
    let mut width = [0; 4];
    width.copy_from_slice(&bytes[12..16]);
    let size = 16 * u64::from(u32::from_le_bytes(width).div_ceil(128));
    let (mut at, mut before) = (HEADER, [0; 32]);
    while let Some(head) = bytes.get(at..at + SECTION) {
        let planes = usize::try_from(number(head, 0).saturating_mul(size)).unwrap_or(usize::MAX);
        let Some(planes) = bytes.get(at + SECTION..(at + SECTION).saturating_add(planes)) else { break };
        before = checksum(&before, &head[..16], planes);
        let end = at + SECTION + planes.len();
        bytes[at + 16..at + 48].copy_from_slice(&before);
        at = end;
    }
    bytes[32..64].copy_from_slice(&before);
    let sum = blake3::hash(&bytes[..64]);
    bytes[64..HEADER].copy_from_slice(sum.as_bytes());
    bytes
}

fn checksum(before: &[u8; 32], numbers: &[u8], planes: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(before).update(numbers).update(planes).finalize().as_bytes()
}

impl Header {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.bits.to_le_bytes());
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
        Ok(Self { bits: u32::from_le_bytes(bits), codes: number(header, 16), sections: number(header, 24), last })
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
        if found != place {
            return Err(FileError::Disagreement { part, what: "as its place", expected: place, found });
        }
        if count == 0 || head[48..] != [0; 16] {
            return Err(FileError::Damaged { part, at: at as u64 });
        }
        let size = count.saturating_mul(width);
        let end = (at as u64).saturating_add(SECTION as u64).saturating_add(size);
        // What is not longer than the bytes fits into a usize.
        let end = usize::try_from(end).ok().filter(|end| *end <= bytes.len()).ok_or_else(|| cut(end))?;
        let mut checksum = [0; 32];
        checksum.copy_from_slice(&head[16..48]);
        let planes = &bytes[at + SECTION..end];
        sections.push(Section { at, count: planes.len() / usize::try_from(width).unwrap_or(16), checksum, planes });
        codes += count;
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
        insist(&changed(8), "version 0");
        insist(&changed(20), "the header, which starts at byte 0");
        insist(&changed(HEADER + SECTION), "section 0, which starts at byte 96");
        insist(&changed(bytes.len() - 1), "section 1, which starts at byte 224");
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

    proptest! {
        #[test]
        fn any_change_or_cut_is_noticed(at: prop::sample::Index, bit in 0..8) {
            let (_, bytes) = example();
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
