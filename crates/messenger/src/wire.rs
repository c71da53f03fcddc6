use crate::escrow::Escrowed;
use crate::franking::{Commitment, Stamp};
use crate::{Error, GroupId, MemberId, Refusal};
use minicbor::{Decode, Decoder, Encode};
use sha2::{Digest, Sha256};

/// The name of a sealed blob at the provider: SHA-256 of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct BlobId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl BlobId {
    /// The name of `blob`.
    pub fn of(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

/// What a device asks of the delivery service. Requests of one device are numbered from 1 and carried out in order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Request {
    /// The request's number among this device's.
    #[n(0)]
    pub number: u64,
    /// What is asked.
    #[n(1)]
    pub body: RequestBody,
}

/// The kinds of [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub enum RequestBody {
    /// Store key packages (MLS messages) for others to fetch, each once.
    #[n(0)]
    PublishKeyPackages {
        /// The key packages; all name the sender.
        #[n(0)]
        packages: Vec<KeyPackage>,
    },
    /// Hand out one key package of each member; answered by [`DeliveryBody::KeyPackages`] as soon as all have one.
    #[n(1)]
    FetchKeyPackages {
        /// Whose.
        #[n(0)]
        members: Vec<MemberId>,
    },
    /// Start a group whose creator has already added `members`.
    #[n(2)]
    CreateGroup {
        /// The new group.
        #[n(0)]
        group: GroupId,
        /// Its epoch after the creator's additions.
        #[n(1)]
        epoch: u64,
        /// The members beside the creator.
        #[n(2)]
        members: Vec<MemberId>,
        /// The MLS Welcome for them; empty if there are none.
        #[cbor(n(3), with = "minicbor::bytes")]
        welcome: Vec<u8>,
    },
    /// Move a group to its next epoch. The first commit of an epoch wins.
    #[n(3)]
    Commit {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The epoch in which the commit was made.
        #[n(1)]
        epoch: u64,
        /// The MLS commit.
        #[cbor(n(2), with = "minicbor::bytes")]
        commit: Vec<u8>,
        /// The MLS Welcome for `added`; empty if there are none.
        #[cbor(n(3), with = "minicbor::bytes")]
        welcome: Vec<u8>,
        /// Who joins.
        #[n(4)]
        added: Vec<MemberId>,
        /// Who is removed.
        #[n(5)]
        removed: Vec<MemberId>,
    },
    /// Send an application message to all other members.
    #[n(4)]
    Send {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The epoch in which the message was encrypted; refused if it is past.
        #[n(1)]
        epoch: u64,
        /// The MLS application message.
        #[cbor(n(2), with = "minicbor::bytes")]
        message: Vec<u8>,
        /// The blob that the message refers to; deleted once every recipient has fetched it.
        #[n(3)]
        blob: Option<BlobId>,
        /// The sender's commitment to the content, where messages can be reported.
        #[n(4)]
        commitment: Option<Commitment>,
        /// The envelope once more, where there is an escrow.
        #[n(5)]
        escrowed: Option<Escrowed>,
    },
    /// Store a sealed blob under its [`BlobId`].
    #[n(5)]
    PutBlob {
        /// The sealed attachment.
        #[cbor(n(0), with = "minicbor::bytes")]
        blob: Vec<u8>,
    },
    /// Hand out a blob; answered by [`DeliveryBody::Blob`].
    #[n(6)]
    FetchBlob {
        /// Which.
        #[n(0)]
        blob: BlobId,
    },
    /// Deliveries up to this number have been processed and need not be kept.
    #[n(7)]
    Acknowledge {
        /// Number of the last delivery processed.
        #[n(0)]
        up_to: u64,
    },
}

/// A key package in the directory.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyPackage {
    /// Whose.
    #[n(0)]
    pub member: MemberId,
    /// An MLS message that holds a key package (RFC 9420 §6 and §10).
    #[cbor(n(1), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// What the service brings to a device. Deliveries to one device are numbered from 1 and kept until acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Delivery {
    /// The delivery's number among this device's.
    #[n(0)]
    pub number: u64,
    /// What is delivered.
    #[n(1)]
    pub body: DeliveryBody,
}

/// The kinds of [`Delivery`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub enum DeliveryBody {
    /// The service accepted a `CreateGroup`, `Commit` or `Send`.
    #[n(0)]
    Accepted {
        /// The request's number.
        #[n(0)]
        request: u64,
    },
    /// The service refused a request and changed nothing.
    #[n(1)]
    Refused {
        /// The request's number.
        #[n(0)]
        request: u64,
        /// Why.
        #[n(1)]
        refusal: Refusal,
    },
    /// The key packages asked for, in the order asked.
    #[n(2)]
    KeyPackages {
        /// The request's number.
        #[n(0)]
        request: u64,
        /// One for each member.
        #[n(1)]
        packages: Vec<KeyPackage>,
    },
    /// Someone added this device to a group.
    #[n(3)]
    Welcome {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The MLS Welcome.
        #[cbor(n(1), with = "minicbor::bytes")]
        welcome: Vec<u8>,
    },
    /// Another member's commit.
    #[n(4)]
    Commit {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The MLS commit.
        #[cbor(n(1), with = "minicbor::bytes")]
        commit: Vec<u8>,
    },
    /// Another member's application message.
    #[n(5)]
    Message {
        /// The group.
        #[n(0)]
        group: GroupId,
        /// The MLS application message.
        #[cbor(n(1), with = "minicbor::bytes")]
        message: Vec<u8>,
        /// The service's word on who sent it, where messages can be reported.
        #[n(2)]
        stamp: Option<Stamp>,
    },
    /// Someone wants to add this device, and the directory has no key package of it left.
    #[n(7)]
    KeyPackageWanted,
    /// The blob asked for.
    #[n(6)]
    Blob {
        /// The request's number.
        #[n(0)]
        request: u64,
        /// The sealed attachment.
        #[cbor(n(1), with = "minicbor::bytes")]
        blob: Vec<u8>,
    },
}

impl Request {
    /// The request's bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what [`Request::encode`] wrote; trailing bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        decode("request", bytes)
    }
}

impl Delivery {
    /// The delivery's bytes on the wire.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what [`Delivery::encode`] wrote; trailing bytes are an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        decode("delivery", bytes)
    }
}

pub(crate) fn encode(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory cannot fail")
}

pub(crate) fn decode<'b, T: Decode<'b, ()>>(what: &'static str, bytes: &'b [u8]) -> Result<T, Error> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.decode().map_err(|error| Error::Malformed { what, reason: error.to_string() })?;
    match bytes.len() - decoder.position() {
        0 => Ok(value),
        extra => Err(Error::Malformed { what, reason: format!("{extra} bytes follow it") }),
    }
}
