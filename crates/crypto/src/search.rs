use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A pattern is looked up by this many leading bytes, then compared in full.
const PREFIX: usize = 8;

/// Finds many patterns in a byte string in one pass: a bitmap over two bytes rejects nearly all positions, a table over
/// eight bytes most of the rest, and a full comparison decides.
///
/// Patterns below [`Search::SHORTEST`] bytes, or of one repeated byte, are never found: chance would find them.
#[derive(Debug)]
pub struct Search {
    patterns: Vec<Arc<[u8]>>,
    bitmap: Vec<u64>,
    by_prefix: HashMap<[u8; PREFIX], Vec<usize>>,
}

impl Search {
    /// Length of the shortest pattern that is searched for, in bytes.
    pub const SHORTEST: usize = 16;

    /// A search for `patterns`, which are numbered from 0 in the order given.
    pub fn new(patterns: impl IntoIterator<Item = Arc<[u8]>>) -> Self {
        let patterns: Vec<Arc<[u8]>> = patterns.into_iter().collect();
        let mut bitmap = vec![0; 1 << 10];
        let mut by_prefix: HashMap<[u8; PREFIX], Vec<usize>> = HashMap::new();
        for (number, bytes) in patterns.iter().enumerate() {
            if bytes.len() < Self::SHORTEST || bytes.iter().all(|byte| *byte == bytes[0]) {
                continue;
            }
            let slot = slot(bytes);
            bitmap[slot / 64] |= 1 << (slot % 64);
            let mut prefix = [0; PREFIX];
            prefix.copy_from_slice(&bytes[..PREFIX]);
            by_prefix.entry(prefix).or_default().push(number);
        }
        Self { patterns, bitmap, by_prefix }
    }

    /// The numbers of the patterns that occur in `bytes`, ascending.
    pub fn find(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = BTreeSet::new();
        for (at, window) in bytes.windows(PREFIX).enumerate() {
            let slot = slot(window);
            if self.bitmap[slot / 64] >> (slot % 64) & 1 == 0 {
                continue;
            }
            let Some(patterns) = self.by_prefix.get(window) else { continue };
            found.extend(patterns.iter().copied().filter(|number| bytes[at..].starts_with(&self.patterns[*number])));
        }
        found.into_iter().collect()
    }
}

fn slot(bytes: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([bytes[0], bytes[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_occurs_and_ignores_what_chance_would_find() {
        let long: Arc<[u8]> = (0..20).collect();
        let short: Arc<[u8]> = (0..8).collect();
        let constant: Arc<[u8]> = Arc::from([0; 32]);
        let search = Search::new([long, short, constant]);
        let text: Vec<u8> = [0; 40].into_iter().chain(0..20).chain([9; 3]).collect();
        assert_eq!(search.find(&text), [0]);
        assert!(search.find(&text[..59]).is_empty());
        assert!(search.find(&[]).is_empty());
    }
}
