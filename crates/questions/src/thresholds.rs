use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What would contradict the open letter's statements, fixed before anything is run. They are part of the scenario and so of
/// its lock; the report names those that differ from the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// `hash-identifies`: fewer bits than this are learnt about which of the known pictures was sent.
    pub identified_bits: f64,
    /// `planted-list` and `mandate`: a smaller share than this of those who send what was put on the list is found.
    pub holders_found: f64,
    /// `any-content`: detection of different kinds of content differs by more than this.
    pub kinds_differ: f64,
    /// `uncooperative-client`: a smaller share than this of detection is lost.
    pub detection_lost: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { identified_bits: 1.0, holders_found: 0.01, kinds_differ: 0.05, detection_lost: 0.1 }
    }
}
