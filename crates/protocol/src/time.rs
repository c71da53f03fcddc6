use std::ops::{Add, Sub};

/// A length of virtual time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Span {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A length in nanoseconds.
    pub const fn nanoseconds(count: u64) -> Self {
        Self(count)
    }

    /// A length in microseconds.
    pub const fn microseconds(count: u64) -> Self {
        Self(count.saturating_mul(1_000))
    }

    /// A length in milliseconds.
    pub const fn milliseconds(count: u64) -> Self {
        Self(count.saturating_mul(1_000_000))
    }

    /// A length in seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(count.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds in this length.
    pub const fn as_nanoseconds(self) -> u64 {
        self.0
    }

    /// Its whole seconds.
    pub const fn whole_seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// This length in seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// A point in virtual time: nanoseconds since the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// The run's beginning.
    pub const START: Self = Self(0);

    /// The point `span` after the run began.
    pub const fn after_start(span: Span) -> Self {
        Self(span.0)
    }

    /// Nanoseconds since the run began.
    pub const fn as_nanoseconds(self) -> u64 {
        self.0
    }
}

impl Add<Span> for Time {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Time {
    type Output = Span;

    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}
