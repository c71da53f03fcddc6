use crate::log::{LogError, Proof};
use sha2::{Digest, Sha256};

/// The hash of one entry (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix([0]).chain_update(entry).finalize().into()
}

fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of the tree with these leaf hashes (RFC 6962 §2.1).
pub fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            node_hash(&root(left), &root(right))
        }
    }
}

/// At the largest power of two below their number.
fn halves(leaves: &[[u8; 32]]) -> (&[[u8; 32]], &[[u8; 32]]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// The proof that the tree of `leaves` extends that of the first `from` of them, of which there is at least one
/// (RFC 6962 §2.1.2).
pub(in crate::log) fn consistency(leaves: &[[u8; 32]], from: usize) -> Proof {
    fn collect(leaves: &[[u8; 32]], from: usize, known: bool, hashes: &mut Vec<[u8; 32]>) {
        if from == leaves.len() {
            if !known {
                hashes.push(root(leaves));
            }
            return;
        }
        let (left, right) = halves(leaves);
        if from <= left.len() {
            collect(left, from, known, hashes);
            hashes.push(root(right));
        } else {
            collect(right, from - left.len(), false, hashes);
            hashes.push(root(left));
        }
    }
    let mut hashes = Vec::new();
    collect(leaves, from, true, &mut hashes);
    Proof::new(hashes)
}

/// On the way from a node to the root, whether the hash to join with is on the left: RFC 9162 §2.1.3.2, where `place` is
/// called fn and `last` sn.
fn lefts(mut place: u64, mut last: u64) -> Vec<bool> {
    let mut lefts = Vec::new();
    while last > 0 {
        let left = place & 1 == 1 || place == last;
        // A node without a sibling is its own parent.
        let up = 1 + if left { place.trailing_zeros() } else { 0 };
        lefts.push(left);
        place = place.unbounded_shr(up);
        last = last.unbounded_shr(up);
    }
    lefts
}

/// The root of a tree of `size` leaves in which `leaf` is at `index`, below `size`.
pub(super) fn root_including(leaf: [u8; 32], index: u64, size: u64, proof: &Proof) -> Result<[u8; 32], LogError> {
    let lefts = lefts(index, size - 1);
    expect(lefts.len(), proof)?;
    let join =
        |hash, (left, other): (bool, &[u8; 32])| if left { node_hash(other, &hash) } else { node_hash(&hash, other) };
    Ok(lefts.into_iter().zip(proof.hashes()).fold(leaf, join))
}

/// The roots of a tree of `from` leaves and of one of `to` that extends it (RFC 9162 §2.1.4.2), `from` at least 1 and
/// below `to`. `older` is what the older root should be: proofs leave it out where the older tree is a node of the newer.
pub(super) fn roots_extending(
    older: [u8; 32],
    from: u64,
    to: u64,
    proof: &Proof,
) -> Result<([u8; 32], [u8; 32]), LogError> {
    let up = (from - 1).trailing_ones();
    let lefts = lefts((from - 1) >> up, (to - 1) >> up);
    let whole = from.is_power_of_two();
    expect(lefts.len() + usize::from(!whole), proof)?;
    let (start, others) = match proof.hashes() {
        [first, others @ ..] if !whole => (*first, others),
        others => (older, others),
    };
    let join = |(old, new), (left, other): (bool, &[u8; 32])| {
        if left { (node_hash(other, &old), node_hash(other, &new)) } else { (old, node_hash(&new, other)) }
    };
    Ok(lefts.into_iter().zip(others).fold((start, start), join))
}

fn expect(hashes: usize, proof: &Proof) -> Result<(), LogError> {
    if proof.hashes().len() == hashes {
        return Ok(());
    }
    Err(LogError::MalformedProof(format!("{} hashes, where it takes {hashes}", proof.hashes().len())))
}
