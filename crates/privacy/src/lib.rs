//! Privacy games, adversaries and estimators.

pub mod advantage;
pub mod channel;
pub mod control;
pub mod distinguish;
pub mod game;
pub mod identify;
pub mod interval;
pub mod leakage;
pub mod reconstruct;
pub mod scaling;

mod derived;
mod feature;
mod simulate;

pub use derived::Mark;
pub use feature::{Feature, Link};
