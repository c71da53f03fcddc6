use crate::{ArchiveError, Member, MemberError};
use std::io::{self, Read};

/// Bytes of a header; contents are filled up to a multiple.
pub const BLOCK: usize = 512;

/// Long names and other records about a member that are longer than this are refused.
const MOST_RECORDS: u64 = 1 << 20;

/// The regular files of a tar stream, in order. Folders, links and devices are passed over. After the mark of an archive's end
/// another may follow, as `cat *.tar` gives them.
#[derive(Debug)]
pub struct Tar<R> {
    reader: R,
    /// The longest member that is read, in bytes.
    most: u64,
    /// Bytes read.
    at: u64,
    over: bool,
}

/// What is said of a member ahead of its header.
#[derive(Default)]
struct Ahead {
    name: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl<R: Read> Tar<R> {
    /// The members of the stream `reader`; of those longer than `most` bytes the name alone is given.
    pub fn new(reader: R, most: u64) -> Self {
        Self { reader, most, at: 0, over: false }
    }

    fn member(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut ahead = Ahead::default();
        let mut ended = false;
        loop {
            let start = self.at;
            let Some(header) = self.header(ended)? else { return Ok(None) };
            if header == [0; BLOCK] {
                ended = true;
                continue;
            }
            ended = false;
            let damaged = |reason| ArchiveError::Damaged { at: start, reason };
            if !is_header(&header) {
                return Err(damaged("no header of a member is there, or its checksum does not agree"));
            }
            let size = number(&header[124..136]).ok_or_else(|| damaged("the length of a member is no number"))?;
            match header[156] {
                b'L' => ahead.name = Some(text(&self.records(size)?)),
                b'x' => ahead.read(&self.records(size)?).ok_or_else(|| damaged("a pax record is malformed"))?,
                0 | b'0' | b'7' | b'S' => {
                    let name = ahead.name.take().unwrap_or_else(|| path(&header));
                    let size = ahead.size.take().unwrap_or(size);
                    if ahead.sparse || header[156] == b'S' {
                        self.pass_map(&header)?;
                        self.skip(size)?;
                        return Ok(Some(Member { name, bytes: Err(MemberError::Sparse) }));
                    }
                    // Before POSIX a folder was a file whose name ends so.
                    if !name.ends_with('/') {
                        return self.contents(&name, size).map(|bytes| Some(Member { name, bytes }));
                    }
                    self.skip(size)?;
                    ahead = Ahead::default();
                }
                // What these say of all that follows, or of a link's goal, changes no name and no length.
                b'g' | b'K' => self.skip(size)?,
                _ => {
                    self.skip(ahead.size.take().unwrap_or(size))?;
                    ahead = Ahead::default();
                }
            }
        }
    }

    /// The next header; nothing if the stream is over, which it may be only behind the mark of an end.
    fn header(&mut self, ended: bool) -> Result<Option<[u8; BLOCK]>, ArchiveError> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            BLOCK => Ok(Some(block)),
            0 if ended => Ok(None),
            _ => Err(ArchiveError::CutOff { at: self.at, place: "before the mark of an end".into() }),
        }
    }

    /// Reads as much as there is.
    fn fill(&mut self, block: &mut [u8]) -> Result<usize, ArchiveError> {
        let mut filled = 0;
        while filled < block.len() {
            match self.reader.read(&mut block[filled..]) {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    self.at += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ArchiveError::Unreadable { at: self.at, source }),
            }
        }
        Ok(filled)
    }

    /// The contents of a member, or why they are not read.
    fn contents(&mut self, name: &str, size: u64) -> Result<Result<Vec<u8>, MemberError>, ArchiveError> {
        if size > self.most {
            self.skip(size)?;
            return Ok(Err(MemberError::TooLong { bytes: size, limit: self.most }));
        }
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(size).read_to_end(&mut bytes);
        self.at += bytes.len() as u64;
        read.map_err(|source| ArchiveError::Unreadable { at: self.at, source })?;
        if (bytes.len() as u64) < size {
            return Err(ArchiveError::CutOff { at: self.at, place: format!("inside `{name}`") });
        }
        self.pass(padding(size))?;
        Ok(Ok(bytes))
    }

    /// Passes over what follows the header of a sparse file of GNU tar: blocks, while they say that there is one more.
    fn pass_map(&mut self, header: &[u8; BLOCK]) -> Result<(), ArchiveError> {
        let mut more = header[156] == b'S' && header[482] != 0;
        while more {
            let mut block = [0; BLOCK];
            if self.fill(&mut block)? < BLOCK {
                return Err(ArchiveError::CutOff { at: self.at, place: "inside the map of a sparse file".into() });
            }
            more = block[504] != 0;
        }
        Ok(())
    }

    /// What stands before a member about it.
    fn records(&mut self, size: u64) -> Result<Vec<u8>, ArchiveError> {
        let at = self.at;
        if size > MOST_RECORDS {
            return Err(ArchiveError::Damaged { at, reason: "a name or record of a member is longer than a mebibyte" });
        }
        let mut bytes = vec![0; usize::try_from(size).expect("a mebibyte at most")];
        if self.fill(&mut bytes)? < bytes.len() {
            return Err(ArchiveError::CutOff { at: self.at, place: "inside the name of a member".into() });
        }
        self.pass(padding(size))?;
        Ok(bytes)
    }

    /// Passes contents over, with what fills their last block up.
    fn skip(&mut self, size: u64) -> Result<(), ArchiveError> {
        self.pass(size.saturating_add(padding(size)))
    }

    fn pass(&mut self, count: u64) -> Result<(), ArchiveError> {
        let passed = io::copy(&mut self.reader.by_ref().take(count), &mut io::sink());
        let passed = passed.map_err(|source| ArchiveError::Unreadable { at: self.at, source })?;
        self.at += passed;
        if passed < count {
            return Err(ArchiveError::CutOff { at: self.at, place: "inside a member".into() });
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Tar<R> {
    type Item = Result<Member, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let member = self.member().transpose();
        self.over = !matches!(member, Some(Ok(_)));
        member
    }
}

impl Ahead {
    /// Records of pax, each `length key=value` and a line feed, the length in digits and that of the whole.
    fn read(&mut self, mut records: &[u8]) -> Option<()> {
        while !records.is_empty() {
            let space = records.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
            let (record, rest) = records.split_at_checked(length)?;
            let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.name = Some(text(value)),
                b"size" => self.size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
                _ => self.sparse |= key.starts_with(b"GNU.sparse."),
            }
            records = rest;
        }
        Some(())
    }
}

impl Tar<io::Empty> {
    /// Whether bytes begin like a tar archive that holds something: with the header of a member.
    pub fn begins(start: &[u8]) -> bool {
        start.first_chunk::<BLOCK>().is_some_and(is_header)
    }
}

/// Whether the checksum agrees: the sum of all bytes, its own taken for spaces; some programs summed signed bytes.
fn is_header(header: &[u8; BLOCK]) -> bool {
    let bytes = || header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
    let unsigned: i64 = bytes().map(i64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    let found = number(&header[148..156]).and_then(|sum| i64::try_from(sum).ok());
    found.is_some_and(|sum| sum == unsigned || sum == signed)
}

/// A number in octal digits between spaces and zeros, or in binary where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let high = u64::from(field[0] & 0x7f);
        return field[1..].iter().try_fold(high, |number, byte| number.checked_mul(256)?.checked_add((*byte).into()));
    }
    let digits = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(digits, 8).ok()
}

/// The name in a header, in ustar behind a prefix.
fn path(header: &[u8; BLOCK]) -> String {
    let name = text(&header[..100]);
    let prefix = text(&header[345..500]);
    if header[257..263] == *b"ustar\0" && !prefix.is_empty() { format!("{prefix}/{name}") } else { name }
}

/// Text up to the first zero byte.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Bytes that fill the last block up.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}
