//! Parties, the runner that carries their bytes, and the views that observers get.
//!
//! A [`Party`] never does input or output: the [`Runner`] hands it bytes and time and carries out what it asks for. What
//! parties receive and send is recorded at one place, where the runner hands over bytes; the [`View`] of an
//! [`Observer`] is cut from that record ([`Transcript`]) and saturated.

mod architecture;
mod history;
mod identity;
mod leakage;
mod machine;
mod metered;
mod party;
mod policy;
mod profile;
mod runner;
mod time;
mod transcript;
mod view;
mod wire;

pub use architecture::{Adversary, Architecture, Challenge, Deployment, Order, Setup, SetupError, Shown, Sighting};
pub use history::{Action, Command, Content, ContentKind, Display, GroupNumber, History, Notice};
pub use identity::{PartyId, Role};
pub use leakage::{Clause, Datum, Facts, Leak, Leakage, Scope, beyond, ideal_detection, plain_encryption, words};
pub use machine::{Endpoint, Machine, Turn};
pub use metered::{Clock, Meter, Used};
pub use party::{Context, Memory, Party, Reason, Refusal, Work};
pub use policy::{DeliveryRule, Lists, Outage, Policy, Review, Scanned};
pub use profile::{Decision, Disclosure, MatchRelation, Parameter, PartyProfile, Profile, Step};
pub use runner::{Faults, Network, RunError, Runner};
pub use time::{Span, Time};
pub use transcript::{Event, Transcript};
pub use view::{Corruption, Observer, Seen, View, Views};
pub use wire::{Frame, Wire, WireError};
