//! Seeded lists of operations on devices and their service, compared with a model of who must read what.
//!
//! **Goal.** Whatever users do at once and however links lose, repeat and reorder, everyone ends up in agreement: what
//! the service accepted is read exactly once by every member of that moment that is still there, in the order in which
//! its sender said it, and by nobody else; the members of a group know one roster, and a last word of each reaches
//! all others, so they share the epoch too.
//!
//! **Failure** is: a message that is missing, doubled, out of order, altered, or read by an outsider or someone removed;
//! one that its sender said, though it stayed in the group, and that was never accepted; a roster that differs; an
//! error that honest parties cannot cause; anything that waits for ever although everybody is there; a panic.
//!
//! **Not a failure** is: a commit that loses its epoch and is made again, or turns out to be done already; what waited
//! in a group that its sender was removed from, or that another created first; attachments that are shown later than
//! texts sent after them, since they have to be fetched; a group that waits for a key package of a device that is lost.
//!
//! A device that restarts keeps its state, as [`Session`](sightline_messenger::Session) has no other copy of it than its
//! own; one that is lost never comes back under its name. `SIGHTLINE_SIMULATIONS=N` runs N lists. A list that fails is
//! shrunk and printed: it belongs into `found.rs`.

mod found;
mod model;
mod operation;
mod world;

use operation::Operation;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// How many lists run when nothing else is said.
const LISTS: u32 = 256;

#[test]
fn everyone_agrees_whatever_happens() {
    let cases = std::env::var("SIGHTLINE_SIMULATIONS").map_or(LISTS, |lists| lists.parse().expect("a number of lists"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    match runner.run(&operation::lists(), |operations| world::run(&operations)) {
        Ok(()) => {}
        Err(TestError::Fail(_, operations)) => found::holds(&pruned(operations)),
        Err(other) => panic!("{other}"),
    }
}

/// What is left of a list that fails when whatever is not needed for that is taken out.
fn pruned(mut operations: Vec<Operation>) -> Vec<Operation> {
    let holds =
        |operations: &[Operation]| std::panic::catch_unwind(|| world::run(operations)).is_ok_and(|run| run.is_ok());
    let mut length = operations.len();
    while length > 0 {
        let mut at = 0;
        while at < operations.len() {
            let mut shorter = operations.clone();
            shorter.drain(at..operations.len().min(at + length));
            if holds(&shorter) { at += 1 } else { operations = shorter }
        }
        length /= 2;
    }
    operations
}
