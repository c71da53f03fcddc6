//! The detection architectures, one module each, a file per party.

mod conduct;
mod courier;
mod courts;
pub mod device_warning;
pub mod e2ee;
pub mod exceptional_access;
pub mod hashing;
pub mod lawful_requests;
mod listing;
pub mod mutant;
pub mod plaintext;
pub mod reference;
mod reporting;
pub mod server_enclave;
pub mod user_reports;

pub use conduct::conduct;
pub use device_warning::DeviceWarning;
pub use e2ee::E2ee;
pub use exceptional_access::{ExceptionalAccess, Way};
pub use hashing::Hashing;
pub use lawful_requests::LawfulRequests;
pub use plaintext::Plaintext;
pub use reference::Reference;
pub use server_enclave::{Isolated, Program, ServerEnclave};
pub use user_reports::UserReports;

use sightline_fingerprint::Cut;
use sightline_protocol::{Architecture, Policy};

/// The architectures that can be assessed, by the names users give.
pub const NAMES: [&str; 9] = [
    "plaintext",
    "e2ee",
    "device-hashing",
    "partial-hashing",
    "server-enclave",
    "device-warning",
    "user-reports",
    "lawful-requests",
    "exceptional-access",
];

/// Variants of these, where a source leaves something open.
pub const VARIANTS: [&str; 4] =
    ["partial-hashing-filtered", "partial-hashing-luma", "exceptional-access-visible", "exceptional-access-escrow"];

/// Reference systems, to see the instrument work: they can be assessed too, but are no proposals.
pub const REFERENCES: [&str; 5] = ["null", "sees-everything", "leaky", "undeclared", "failing"];

/// The advantage of the leak of the reference systems `leaky` and `undeclared`.
const LEAK: f64 = 0.4;

/// The architecture or reference system called `name`, under a policy where it detects anything.
pub fn by_name(name: &str, policy: &Policy) -> Option<Box<dyn Architecture>> {
    Some(match name {
        "plaintext" => Box::new(Plaintext::under(*policy)),
        "e2ee" => Box::new(E2ee),
        "device-hashing" => Box::new(Hashing::cut_at(Cut::Hash, *policy)),
        "partial-hashing" => Box::new(Hashing::cut_at(Cut::Dct, *policy)),
        "partial-hashing-filtered" => Box::new(Hashing::cut_at(Cut::Filtered, *policy)),
        "partial-hashing-luma" => Box::new(Hashing::cut_at(Cut::Luma, *policy)),
        "device-warning" => Box::new(DeviceWarning::under(*policy)),
        "server-enclave" => Box::new(ServerEnclave::under(*policy)),
        "exceptional-access" => Box::new(ExceptionalAccess::by(Way::Ghost)),
        "exceptional-access-visible" => Box::new(ExceptionalAccess::by(Way::VisibleMember)),
        "exceptional-access-escrow" => Box::new(ExceptionalAccess::by(Way::Escrow)),
        "lawful-requests" => Box::new(LawfulRequests::under(*policy)),
        "user-reports" => Box::new(UserReports::under(*policy)),
        "null" => Box::new(Reference::Null),
        "sees-everything" => Box::new(Reference::SeesEverything),
        "leaky" => Box::new(Reference::Leaky { advantage: LEAK }),
        "undeclared" => Box::new(Reference::Undeclared { advantage: LEAK }),
        "failing" => Box::new(Reference::Failing),
        _ => return None,
    })
}
