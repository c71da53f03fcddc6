//! What happens to a world, and how lists of it are drawn.

use crate::world::DEVICES;
use proptest::prelude::*;

/// One step. Devices are named by index, groups by number; a place is one of what travels on a link (modulo how many
/// there are), counted from the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A device creates a group with those whose bits are set.
    Create(usize, u64, u8),
    /// A device adds another to a group.
    Add(usize, u64, usize),
    /// A device removes another, or tries to remove itself.
    Remove(usize, u64, usize),
    /// A device refreshes its keys.
    Update(usize, u64),
    /// A device sends a short text.
    Text(usize, u64),
    /// A device sends an attachment.
    Picture(usize, u64),
    /// What is at a place of a link arrives.
    Arrive(Link, usize),
    /// It is on the link twice from now on.
    Repeat(Link, usize),
    /// It is lost.
    Lose(Link, usize),
    /// A device speaks with the service: what is on its links arrives, in order, and what that sets off at the device.
    Meet(usize),
    /// The connection breaks, as in a restart: everything on a device's links is lost, and once it is back each side
    /// repeats what the other has not confirmed.
    Reconnect(usize),
    /// A device is lost for good; what it has put on the link may still arrive.
    Vanish(usize),
}

/// One direction between a device and the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// From the device.
    Up(usize),
    /// To the device.
    Down(usize),
}

/// Lists in which a group usually comes to life and its members then act while their links misbehave.
pub(crate) fn lists() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation(), 1..70)
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let device = || 0..DEVICES;
    let group = || prop_oneof![4 => Just(0_u64), 1 => Just(1)];
    let link =
        || (device(), any::<bool>()).prop_map(|(device, up)| if up { Link::Up(device) } else { Link::Down(device) });
    // Most things arrive in order; some overtake.
    let place = || prop_oneof![3 => Just(0_usize), 1 => 0_usize..8];
    prop_oneof![
        4 => (device(), group(), any::<u8>()).prop_map(|(device, group, members)| Create(device, group, members)),
        4 => (device(), group(), device()).prop_map(|(device, group, other)| Add(device, group, other)),
        4 => (device(), group(), device()).prop_map(|(device, group, other)| Remove(device, group, other)),
        4 => (device(), group()).prop_map(|(device, group)| Update(device, group)),
        8 => (device(), group()).prop_map(|(device, group)| Text(device, group)),
        3 => (device(), group()).prop_map(|(device, group)| Picture(device, group)),
        12 => (link(), place()).prop_map(|(link, place)| Arrive(link, place)),
        2 => (link(), place()).prop_map(|(link, place)| Repeat(link, place)),
        2 => (link(), place()).prop_map(|(link, place)| Lose(link, place)),
        16 => device().prop_map(Meet),
        3 => device().prop_map(Reconnect),
        1 => prop_oneof![3 => Just(Meet(0)), 1 => device().prop_map(Vanish)],
    ]
}
