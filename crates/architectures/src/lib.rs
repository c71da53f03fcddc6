//! The detection architectures, one module each, a file per party.

mod courier;
pub mod device_hashing;
pub mod e2ee;
pub mod plaintext;
pub mod reference;
mod reporting;

pub use device_hashing::DeviceHashing;
pub use e2ee::E2ee;
pub use plaintext::Plaintext;

use sightline_protocol::Architecture;

/// The architectures that can be assessed, by the names users give.
pub const NAMES: [&str; 3] = ["plaintext", "e2ee", "device-hashing"];

/// The architecture called `name`.
pub fn by_name(name: &str) -> Option<Box<dyn Architecture>> {
    Some(match name {
        "plaintext" => Box::new(Plaintext),
        "e2ee" => Box::new(E2ee),
        "device-hashing" => Box::new(DeviceHashing),
        _ => return None,
    })
}
