use super::LogError;
use minicbor::{Decode, Encode};

/// One record of a log: CBOR with integer keys, in its one canonical encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(Fields);

/// Apart, so that nothing decodes a record past [`Record::from_bytes`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
struct Fields {
    #[n(0)]
    time: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    body: Vec<u8>,
}

impl Record {
    /// Longest encoding, in bytes: entry bundles give lengths in 16 bits.
    pub const LONGEST: usize = 0xffff;

    /// A record of `body`, appended at `time`, in seconds since 1970 (UTC).
    ///
    /// # Errors
    /// [`LogError::MalformedRecord`] if it would be longer than [`Record::LONGEST`].
    pub fn new(time: u64, body: Vec<u8>) -> Result<Self, LogError> {
        let record = Self(Fields { time, body });
        bounded(record.to_bytes().len()).map(|()| record)
    }

    /// When the operator says that it was appended, in seconds since 1970 (UTC).
    pub const fn time(&self) -> u64 {
        self.0.time
    }

    /// What it says; the log does not read it.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// Its encoding, which is what the log's tree is over.
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(&self.0).expect("writing to a vector cannot fail")
    }

    /// The record with this encoding.
    ///
    /// # Errors
    /// [`LogError::MalformedRecord`] if it is not one, is followed by something, or is not in its canonical encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        bounded(bytes.len())?;
        let fields = minicbor::decode(bytes).map_err(|error| LogError::MalformedRecord(error.to_string()))?;
        let record = Self(fields);
        if record.to_bytes() != bytes {
            return Err(LogError::MalformedRecord("it is not in its canonical encoding".into()));
        }
        Ok(record)
    }
}

fn bounded(length: usize) -> Result<(), LogError> {
    if length > Record::LONGEST {
        let detail = format!("{length} bytes, where at most {} are allowed", Record::LONGEST);
        return Err(LogError::MalformedRecord(detail));
    }
    Ok(())
}
