//! Lists that failed once, and what each found.

use crate::operation::{Link, Operation};
use crate::world;
use Operation::{Add, Arrive, Create, Meet, Remove, Text, Update};

pub(crate) fn holds(operations: &[Operation]) {
    if let Err(error) = world::run(operations) {
        panic!("{error}, after {operations:?}");
    }
}

/// A device that was creating a group when another's Welcome to the same group came ended up outside of both.
#[test]
fn two_create_one_group() {
    holds(&[Create(0, 0, 0b0111), Create(2, 0, 0b1001)]);
    holds(&[Create(0, 0, 0b1110), Create(0, 0, 0), Create(1, 0, 0b0011)]);
}

/// What a device asked for in a group that it was still creating was done in another's group of that name.
#[test]
fn a_group_is_used_before_it_is_accepted() {
    let together = [Meet(1), Meet(2), Create(2, 0, 0b0010), Text(2, 0), Arrive(Link::Up(2), 0), Create(0, 0, 0b0100)];
    holds(&[together.as_slice(), &[Meet(0), Arrive(Link::Down(2), 0)]].concat());
    holds(&[Create(3, 0, 0b1000), Create(2, 0, 0b0010), Meet(1), Meet(3), Meet(2), Add(2, 0, 0)]);
}

/// A message sent in a new epoch overtook one that was refused because of the old one.
#[test]
fn a_message_overtakes_one_that_is_sent_again() {
    let group = [Meet(1), Meet(3), Create(0, 0, 0b1010), Meet(0), Meet(0), Meet(3), Text(0, 0), Update(3, 0)];
    holds(&[group.as_slice(), &[Meet(3), Arrive(Link::Down(0), 0), Text(0, 0)]].concat());
    holds(&[group.as_slice(), &[Remove(0, 0, 1), Meet(3), Text(0, 0)]].concat());
}

/// A device that was removed and added again took the answer to a commit of its first membership for that to one of
/// its second, made another, and kept that when the first of the two was accepted: it alone was in another epoch.
#[test]
fn a_commit_is_answered_after_its_maker_was_removed_and_added_again() {
    let joined_twice_while_a_commit_travels = [
        [Meet(1), Meet(2), Create(0, 0, 0b0100), Meet(0), Meet(0), Meet(2)].as_slice(),
        // Device 2 fetches a key package of 1 but learns of it only after 0 has added and removed 1.
        &[Add(2, 0, 1), Arrive(Link::Up(2), 0), Add(0, 0, 1), Arrive(Link::Up(0), 0), Meet(1), Meet(0), Meet(1)],
        &[Update(1, 0), Meet(0), Remove(0, 0, 1), Meet(0), Meet(2), Meet(2)],
        &[Arrive(Link::Down(1), 0), Arrive(Link::Down(1), 0), Update(1, 0)],
    ];
    holds(&joined_twice_while_a_commit_travels.concat());
    holds(&[
        Meet(0),
        Create(1, 0, 0b0011),
        Update(1, 0),
        Meet(1),
        Meet(0),
        Remove(0, 0, 1),
        Meet(0),
        Meet(1),
        Create(1, 0, 0b1011),
    ]);
}

/// A device that removed itself was told so in the words of a library.
#[test]
fn a_device_removes_itself() {
    holds(&[Create(0, 0, 0), Remove(0, 0, 0)]);
}
