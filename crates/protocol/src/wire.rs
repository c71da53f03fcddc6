/// A message that travels between machines: CBOR (RFC 8949) with integer keys, encoded in one way only.
pub trait Wire: Sized {
    /// The encoded message.
    fn to_wire(&self) -> Vec<u8>;

    /// The message that `bytes` encode.
    ///
    /// # Errors
    /// [`WireError`] when the bytes are not exactly one message in its one encoding.
    fn from_wire(bytes: &[u8]) -> Result<Self, WireError>;
}

/// Bytes that are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Not the CBOR that was expected.
    #[error("not a {message}: {detail}")]
    Malformed {
        /// The message that was expected.
        message: &'static str,
        /// What the decoder says.
        detail: String,
    },
    /// More bytes than a message may have.
    #[error("a message of {length} bytes, where at most {limit} are allowed")]
    Oversized {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A message in another encoding than the one it must have (trailing bytes, longer integers, …).
    #[error("a {message} in a non-canonical encoding")]
    NotCanonical {
        /// The message that was expected.
        message: &'static str,
    },
}

/// Longest message that is decoded, in bytes.
pub(crate) const LONGEST: usize = 64 << 20;

impl<T> Wire for T
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    fn to_wire(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to a vector cannot fail")
    }

    fn from_wire(bytes: &[u8]) -> Result<Self, WireError> {
        let message = std::any::type_name::<T>().rsplit("::").next().unwrap_or("message");
        if bytes.len() > LONGEST {
            return Err(WireError::Oversized { length: bytes.len(), limit: LONGEST });
        }
        let decoded: T =
            minicbor::decode(bytes).map_err(|error| WireError::Malformed { message, detail: error.to_string() })?;
        if decoded.to_wire() != bytes {
            return Err(WireError::NotCanonical { message });
        }
        Ok(decoded)
    }
}

/// What travels on a link between two machines: numbered data, and acknowledgement of all data below a number.
#[derive(Debug, Clone, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub enum Frame {
    /// A message with its number, from 0 on.
    #[n(0)]
    Data(#[n(0)] u64, #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>),
    /// All messages below this number have arrived.
    #[n(1)]
    Acknowledge(#[n(0)] u64),
}
