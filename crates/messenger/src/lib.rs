//! The end-to-end encrypted messenger: MLS groups (RFC 9420), sealed padded attachments, and a delivery service.
//!
//! Sans-IO: bytes and a seed come in, bytes and events go out. A device runs a [`Session`]; the provider runs a
//! [`DeliveryService`]. Both speak [`Request`]s and [`Delivery`]s, which are CBOR with integer keys.
//!
//! ```
//! use sightline_crypto::{Ledger, Seed};
//! use sightline_messenger::{Content, DeliveryService, Event, GroupId, MemberId, Padding, Session};
//!
//! let seed = Seed::from_u64(1);
//! let session = |member| Session::new(MemberId(member), &seed.derive("party", member.into()), Ledger::off(), Padding::Padme);
//! let mut devices = [session(0), session(1)];
//! let mut service = DeliveryService::default();
//!
//! let group = GroupId(7);
//! let mut requests: Vec<_> = devices.iter_mut().enumerate().flat_map(|(i, d)| d.start().unwrap().into_iter().map(move |r| (i, r))).collect();
//! requests.extend(devices[0].create_group(group, &[MemberId(1)]).unwrap().into_iter().map(|r| (0, r)));
//! requests.extend(devices[0].send(group, Content::text("hello")).unwrap().into_iter().map(|r| (0, r)));
//!
//! let mut received = Vec::new();
//! while !requests.is_empty() {
//!     let (from, request) = requests.remove(0);
//!     for (to, delivery) in service.handle(MemberId(from as u16), request).unwrap() {
//!         let (more, events) = devices[usize::from(to.0)].receive(delivery).unwrap();
//!         requests.extend(more.into_iter().map(|r| (usize::from(to.0), r)));
//!         received.extend(events);
//!     }
//! }
//! assert!(received.iter().any(|e| matches!(e, Event::Received { content, .. } if content.bytes == b"hello")));
//! ```

pub mod attachment;
pub mod client;
mod error;
pub mod escrow;
pub mod franking;
pub mod message;
pub mod provider;
mod sequence;
pub mod service;
pub mod session;
mod wire;

pub use attachment::{AttachmentError, AttachmentKey, Padding};
pub use client::Client;
pub use error::Error;
pub use escrow::{EscrowKey, EscrowSecret, Escrowed, Unsealed};
pub use franking::{FrankingError, FrankingKey, Proof, Stamp};
pub use message::{Content, ContentKind, MessageId};
pub use service::{DeliveryService, EscrowedMessage, Refusal, Sent};
pub use session::{Event, Session};
pub use wire::{BlobId, Delivery, DeliveryBody, KeyPackage, Request, RequestBody};

use minicbor::{Decode, Encode};

/// A device of the messenger, as the provider's directory names it; its MLS credential is these two bytes, big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct MemberId(#[n(0)] pub u16);

/// A group; its MLS group id is these eight bytes, big-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct GroupId(#[n(0)] pub u64);

impl std::fmt::Display for MemberId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "member {}", self.0)
    }
}

impl std::fmt::Display for GroupId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "group {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_state_machines_may_move_between_threads() {
        fn movable<T: Send + Sync>() {}
        movable::<crate::Session>();
        movable::<crate::Client>();
        movable::<crate::DeliveryService>();
    }
}
