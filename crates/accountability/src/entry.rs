use crate::log::{LogError, Record};
use crate::warrant::Data;
use minicbor::{Decode, Encode};

/// What a provider writes into the public log about a warrant: counts, and a commitment that says nothing about it until
/// the warrant is shown.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Entry {
    /// It was served, and nothing has been given out yet.
    #[n(0)]
    Served {
        /// [`crate::warrant::SignedWarrant::commitment`].
        #[cbor(n(0), with = "minicbor::bytes")]
        commitment: [u8; 32],
        /// Accounts named.
        #[n(1)]
        accounts: u64,
        /// Kinds of data.
        #[n(2)]
        data: Vec<Data>,
        /// For how many seconds of data.
        #[n(3)]
        seconds: u64,
    },
    /// It was answered, or ended without an answer.
    #[n(1)]
    Answered {
        /// Which.
        #[cbor(n(0), with = "minicbor::bytes")]
        commitment: [u8; 32],
        /// Records given out.
        #[n(1)]
        records: u64,
        /// Accounts in them that the warrant does not name.
        #[n(2)]
        correspondents: u64,
    },
    /// The court took it back.
    #[n(2)]
    Revoked {
        /// Which.
        #[cbor(n(0), with = "minicbor::bytes")]
        commitment: [u8; 32],
    },
    /// Those concerned were told.
    #[n(3)]
    Notified {
        /// Which.
        #[cbor(n(0), with = "minicbor::bytes")]
        commitment: [u8; 32],
    },
}

impl Entry {
    /// The warrant that it is about.
    pub const fn commitment(&self) -> &[u8; 32] {
        match self {
            Self::Served { commitment, .. }
            | Self::Answered { commitment, .. }
            | Self::Revoked { commitment }
            | Self::Notified { commitment } => commitment,
        }
    }

    /// The body of its record.
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to a vector cannot fail")
    }

    /// The entry in a record.
    ///
    /// # Errors
    /// [`LogError::MalformedRecord`] if there is another thing in it, or in another encoding.
    pub fn decode(record: &Record) -> Result<Self, LogError> {
        let malformed = LogError::MalformedRecord;
        let entry: Self = minicbor::decode(record.body()).map_err(|error| malformed(error.to_string()))?;
        if entry.encode() == record.body() {
            Ok(entry)
        } else {
            Err(malformed("what is said of a warrant is not in its canonical encoding".into()))
        }
    }
}
