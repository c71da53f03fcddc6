//! Fingerprints that another program makes: an [`Algorithm`](sightline_fingerprint::Algorithm) from a file that says how the
//! program is asked. Programs are started with the rights of whoever starts this one.

mod plugin;
mod program;

pub use plugin::{Plugin, PluginError};
pub use program::{Handing, ProgramError};
