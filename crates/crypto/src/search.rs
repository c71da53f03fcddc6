use std::collections::BTreeSet;
use std::sync::Arc;

/// Text is looked at in grams of this many bytes, one after the other.
const GRAM: usize = 8;

/// Finds many patterns in a byte string in one pass.
///
/// A pattern of at least `2 · GRAM − 1` bytes covers a whole aligned gram of the text wherever it lies, and that gram
/// starts within the pattern's first `GRAM` bytes. So the grams at those places are indexed, the text is looked at only
/// at multiples of `GRAM`, and a full comparison decides.
///
/// Patterns below [`Search::SHORTEST`] bytes, or of one repeated byte, are never found: chance would find them.
#[derive(Debug)]
pub struct Search {
    patterns: Vec<Arc<[u8]>>,
    /// Grams, with pattern and place in it; sorted.
    grams: Vec<(u64, u32, u8)>,
    /// Which hashes of grams occur: at most one place in 16 is taken, so that most of a text is passed over at once.
    bitmap: Vec<u64>,
}

impl Search {
    /// Length of the shortest pattern that is searched for, in bytes.
    pub const SHORTEST: usize = 16;

    /// A search for `patterns`, which are numbered from 0 in the order given.
    pub fn new(patterns: impl IntoIterator<Item = Arc<[u8]>>) -> Self {
        let patterns: Vec<Arc<[u8]>> = patterns.into_iter().collect();
        let mut grams = Vec::with_capacity(patterns.len() * GRAM);
        for (number, bytes) in (0..).zip(&patterns) {
            if bytes.len() >= Self::SHORTEST && bytes.iter().any(|byte| *byte != bytes[0]) {
                let places = (0..).zip(bytes.windows(GRAM).take(GRAM));
                grams.extend(places.map(|(place, window)| (gram(window), number, place)));
            }
        }
        grams.sort_unstable();
        let mut bitmap = vec![0; (grams.len() / 4).next_power_of_two().max(1 << 10)];
        for (gram, ..) in &grams {
            let slot = slot(*gram, bitmap.len());
            bitmap[slot / 64] |= 1 << (slot % 64);
        }
        Self { patterns, grams, bitmap }
    }

    /// The numbers of the patterns that occur in `bytes`, ascending.
    pub fn find(&self, bytes: &[u8]) -> Vec<usize> {
        let mut found = BTreeSet::new();
        for (at, window) in (0..).step_by(GRAM).zip(bytes.chunks_exact(GRAM)) {
            let gram = gram(window);
            let slot = slot(gram, self.bitmap.len());
            if self.bitmap[slot / 64] >> (slot % 64) & 1 == 0 {
                continue;
            }
            let first = self.grams.partition_point(|(known, ..)| *known < gram);
            for (_, number, place) in self.grams[first..].iter().take_while(|(known, ..)| *known == gram) {
                let number = *number as usize;
                let start = usize::checked_sub(at, usize::from(*place));
                if start.is_some_and(|start| bytes[start..].starts_with(&self.patterns[number])) {
                    found.insert(number);
                }
            }
        }
        found.into_iter().collect()
    }
}

fn gram(bytes: &[u8]) -> u64 {
    let mut gram = [0; GRAM];
    gram.copy_from_slice(bytes);
    u64::from_le_bytes(gram)
}

/// The bit that stands for a gram in a bitmap of so many words, a power of two.
fn slot(gram: u64, words: usize) -> usize {
    (gram.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % (words * 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_occurs_at_any_place_and_ignores_what_chance_would_find() {
        let long: Arc<[u8]> = (1..21).collect();
        let least: Arc<[u8]> = (100..116).collect();
        let short: Arc<[u8]> = (1..9).collect();
        let constant: Arc<[u8]> = Arc::from([0; 32]);
        let search = Search::new([long, least, short, constant]);
        for before in 0..40 {
            let text: Vec<u8> = std::iter::repeat_n(0, before).chain(1..21).chain([9; 3]).chain(100..116).collect();
            assert_eq!(search.find(&text), [0, 1], "after {before} bytes");
            assert_eq!(search.find(&text[..text.len() - 1]), [0]);
            assert!(search.find(&text[..before + 19]).is_empty());
        }
        assert!(search.find(&[]).is_empty());
    }
}
