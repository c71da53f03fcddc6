//! Accountability: warrants that a quorum of judges signs, and a log in which what is done under them can be seen.

pub mod warrant;
