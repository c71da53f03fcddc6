use super::key::is_name;
use crate::log::LogError;
use base64::{Engine, prelude::BASE64_STANDARD};

/// Longest note that is read, in bytes: room for sixteen signatures of any kind.
const LONGEST: usize = 1 << 17;

/// A signed note, taken apart (C2SP signed-note); nothing is verified.
pub(in crate::log) struct Note<'a> {
    /// Up to and including its last newline.
    pub(in crate::log) text: &'a str,
    pub(in crate::log) signatures: Vec<Signature<'a>>,
}

pub(in crate::log) struct Signature<'a> {
    pub(in crate::log) name: &'a str,
    pub(in crate::log) id: [u8; 4],
    pub(in crate::log) bytes: Vec<u8>,
}

impl<'a> Note<'a> {
    pub(in crate::log) fn parse(note: &'a [u8]) -> Result<Self, LogError> {
        let malformed = |detail: &str| LogError::MalformedNote(detail.to_owned());
        if note.len() > LONGEST {
            return Err(malformed(&format!("{} bytes, where at most {LONGEST} are allowed", note.len())));
        }
        let note = str::from_utf8(note).map_err(|error| malformed(&error.to_string()))?;
        if note.chars().any(|letter| letter < ' ' && letter != '\n') {
            return Err(malformed("it holds control characters"));
        }
        let gap = note.rfind("\n\n").ok_or_else(|| malformed("no empty line before signatures"))?;
        let (text, signatures) = (&note[..=gap], &note[gap + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or_else(|| malformed("its last line does not end"))?;
        let signature = |line| Signature::parse(line).ok_or_else(|| malformed("a line that is no signature"));
        Ok(Self { text, signatures: lines.split('\n').map(signature).collect::<Result<_, _>>()? })
    }
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = BASE64_STANDARD.decode(encoded).ok()?;
        let (id, bytes) = bytes.split_first_chunk()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self { name, id: *id, bytes: bytes.to_vec() })
    }
}

/// The line of a signature, to append to a note.
pub(in crate::log) fn signature_line(name: &str, id: [u8; 4], signature: &[u8]) -> Vec<u8> {
    format!("— {name} {}\n", BASE64_STANDARD.encode([&id, signature].concat())).into_bytes()
}
