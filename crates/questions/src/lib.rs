//! The questions, one module each: a procedure on running systems in, evidence rows out.

mod assessment;
mod calibration;
mod controls;
mod cost;
mod endpoints_only;
mod expose;
mod gallery;
mod identify;
mod kinds;
mod metadata;
mod profile;
mod real_or_ideal;
mod reconstruct;
mod rogue_provider;
mod run;
mod scenario;
mod world;

pub use assessment::{Assessment, AssessmentError, assess, prepare};
pub use calibration::{Calibration, calibrate, too_many_alarms};
pub use profile::profile;
pub use run::{Afresh, Parts, Progress};
pub use scenario::{QUESTIONS, Scenario, ScenarioError};
pub use sightline_protocol::Span;
pub use world::{World, WorldError};
