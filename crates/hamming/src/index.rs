//! Codes with whatever finds them fastest.

use crate::scan::{Scan, sorted};
use crate::{Codes, CodesError, MultiIndex, Neighbour};
use std::fmt;

/// Queries compared at a time.
const BATCH: usize = 64;
/// When more than one of so many codes was added since the multi-index was made, it is made anew.
const GROWTH: usize = 8;

/// Codes to search in. What is looked up in the multi-index and what is scanned is chosen for each call, and does not
/// change the answer.
#[derive(Debug, Clone)]
pub struct Index {
    codes: Codes,
    radius: u32,
    multi: Option<MultiIndex>,
}

/// How queries are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// All codes are compared.
    Scan,
    /// Candidates are looked up, then compared.
    MultiIndex,
}

/// How queries are answered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// How.
    pub way: Way,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Scan => "scan",
            Way::MultiIndex => "multi-index",
        };
        write!(formatter, "{way}: {}", self.reason)
    }
}

impl Index {
    /// An index of `codes` that is to be asked for radii up to `radius` bits; larger ones are answered by a scan.
    pub fn new(codes: Codes, radius: u32) -> Self {
        let multi = MultiIndex::new(&codes, radius);
        Self { codes, radius, multi }
    }

    /// Adds all of `batch`. The multi-index is made anew when an eighth was added; until then new codes are scanned.
    ///
    /// # Errors
    /// [`CodesError`] if they have another width, or there is no room.
    pub fn add(&mut self, batch: &Codes) -> Result<(), CodesError> {
        self.codes.extend(batch)?;
        let indexed = self.multi.as_ref().map_or(0, MultiIndex::len);
        if self.codes.len() - indexed > indexed / GROWTH {
            self.multi = MultiIndex::new(&self.codes, self.radius);
        }
        Ok(())
    }

    /// The codes.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Bytes that codes and multi-index take in memory.
    pub fn bytes(&self) -> usize {
        self.codes.bytes() + self.multi.as_ref().map_or(0, MultiIndex::bytes)
    }

    /// All codes within `radius` bits of each query, sorted by number. Exact.
    ///
    /// # Panics
    /// If queries have another width than the codes.
    pub fn within(&self, queries: &Codes, radius: u32) -> Vec<Vec<Neighbour>> {
        match self.multi.as_ref().filter(|multi| radius <= multi.radius()) {
            None => Scan::default().within(&self.codes, queries, radius),
            Some(multi) => {
                let (mut found, _) = multi.found(&self.codes, queries, radius);
                found.extend(Scan::default().found(&self.codes, multi.len()..self.codes.len(), queries, radius));
                sorted(queries.len(), found)
            }
        }
    }

    /// The `count` nearest codes of each query, the nearest first, of equally near ones the first. Exact. What the
    /// multi-index's radius holds too few of is scanned for.
    ///
    /// # Panics
    /// If queries have another width than the codes.
    pub fn nearest(&self, queries: &Codes, count: usize) -> Vec<Vec<Neighbour>> {
        let Some(multi) = &self.multi else { return Scan::default().nearest(&self.codes, queries, count) };
        let mut lists = self.within(queries, multi.radius());
        for (query, list) in lists.iter_mut().enumerate() {
            list.sort_unstable_by_key(|found| (found.distance, found.code));
            list.truncate(count);
            if list.len() < count {
                let alone = Scan::default().nearest(&self.codes, &queries.part(query..query + 1), count);
                *list = alone.into_iter().next().unwrap_or_default();
            }
        }
        lists
    }

    /// All pairs of codes within `radius` bits of each other, the smaller number first, sorted: every pair once. Memory
    /// grows with the number of pairs.
    pub fn pairs(&self, radius: u32) -> Vec<(usize, Neighbour)> {
        let mut pairs = Vec::new();
        for start in (0..self.codes.len()).step_by(BATCH) {
            let end = (start + BATCH).min(self.codes.len());
            let queries = self.codes.part(start..end);
            let lists = if self.multi.as_ref().is_some_and(|multi| radius <= multi.radius()) {
                self.within(&queries, radius)
            } else {
                // Codes before these have met them already.
                let found = Scan::default().found(&self.codes, start..self.codes.len(), &queries, radius);
                sorted(queries.len(), found)
            };
            for (one, list) in (start..end).zip(lists) {
                pairs.extend(list.into_iter().filter(|other| other.code > one).map(|other| (one, other)));
            }
        }
        pairs
    }

    /// How `queries` queries within `radius` bits are answered, and why.
    pub fn explain(&self, queries: usize, radius: u32) -> Explanation {
        let (count, bits) = (self.codes.len(), self.codes.bits());
        let Some(multi) = &self.multi else {
            let reason = format!(
                "for {count} codes of {bits} bits and radius {} comparing all of them is expected to be faster than \
                 looking candidates up",
                self.radius
            );
            return Explanation { way: Way::Scan, reason };
        };
        if radius > multi.radius() {
            let reason = format!(
                "radius {radius} is larger than {}, which the multi-index was made for; all {count} codes are compared",
                multi.radius()
            );
            return Explanation { way: Way::Scan, reason };
        }
        let kinds = [2, 1, 0].into_iter().filter_map(|threshold| {
            let of = || multi.slices().filter(|slice| slice.threshold == threshold).map(|slice| slice.width);
            let (least, most) = (of().min()?, of().max()?);
            let widths = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let slices = if of().count() == 1 { "slice" } else { "slices" };
            Some(format!("{} {slices} of {widths} bits with up to {threshold} flipped", of().count()))
        });
        let slices = kinds.collect::<Vec<_>>().join(", ");
        let new = count - multi.len();
        let beside = if new == 0 { String::new() } else { format!("; {new} codes added since are scanned") };
        let reason = format!(
            "{queries} queries within {radius} of {count} codes of {bits} bits are looked up in {slices}, expected to be \
             faster than comparing all; a query with more than {} candidates is scanned for{beside}",
            multi.most()
        );
        Explanation { way: Way::MultiIndex, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes from a counter (Steele, Lea and Flood's `SplitMix64`).
    fn random(count: usize, seed: u64) -> Vec<[u64; 4]> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        };
        (0..count).map(|_| [(); 4].map(|()| next())).collect()
    }

    /// `code` with `distance` bits flipped, which ones depending on `seed`.
    fn away(mut code: [u64; 4], distance: usize, seed: u64) -> [u64; 4] {
        let mut order: Vec<usize> = (0..256).collect();
        let words = random(64, seed).concat();
        order.sort_by_key(|bit| words[*bit]);
        order[..distance].iter().for_each(|bit| code[bit / 64] ^= 1 << (bit % 64));
        code
    }

    #[test]
    fn neighbours_at_every_distance_are_found() {
        let mut codes = random(60_000, 1);
        let queries: Vec<_> = (0..=40).flat_map(|distance| [(distance, 0), (distance, 1), (distance, 2)]).collect();
        let queries: Vec<_> =
            queries.iter().map(|(far, n)| (*far, away(codes[far * 3 + n], *far, *n as u64))).collect();
        let asked = Codes::from_words(&queries.iter().map(|(_, code)| *code).collect::<Vec<_>>()).unwrap();
        let mut index = Index::new(Codes::from_words(&codes).unwrap(), 31);
        assert_eq!(index.explain(8, 31).way, Way::MultiIndex, "{}", index.explain(8, 31));
        assert_eq!(index.explain(8, 32).way, Way::Scan);
        for (place, list) in index.within(&asked, 31).into_iter().enumerate() {
            let far = queries[place].0;
            let planted = Neighbour { code: place, distance: u32::try_from(far).unwrap() };
            assert_eq!(list, if far <= 31 { vec![planted] } else { vec![] });
        }
        // What is added is found as well, and the nearest are the same however they are found.
        let more: Vec<_> = queries.iter().take(50).map(|(_, code)| away(*code, 5, 7)).collect();
        index.add(&Codes::from_words(&more).unwrap()).unwrap();
        codes.extend(&more);
        let scanned = Scan::default().within(&Codes::from_words(&codes).unwrap(), &asked, 31);
        assert_eq!(index.within(&asked, 31), scanned);
        let nearest = Scan::default().nearest(index.codes(), &asked, 3);
        assert_eq!(index.nearest(&asked, 3), nearest);
        for list in nearest {
            assert!(list.is_sorted_by_key(|found| (found.distance, found.code)) && list.len() == 3);
        }
    }

    #[test]
    fn pairs_are_found_once() {
        let mut codes = random(3_000, 2);
        for place in 0..40 {
            codes.push(away(codes[place * 7], place, 3));
        }
        let expected: Vec<_> = (0..=31_u32)
            .map(|far| (far as usize * 7, Neighbour { code: 3_000 + far as usize, distance: far }))
            .collect();
        assert_eq!(Index::new(Codes::from_words(&codes).unwrap(), 31).pairs(31), expected);
        codes.extend(random(60_000, 4));
        let large = Index::new(Codes::from_words(&codes).unwrap(), 31);
        assert_eq!(large.explain(1, 31).way, Way::MultiIndex);
        assert_eq!(large.pairs(31), expected);
    }

    #[test]
    fn odd_widths_and_empty_sets_work() {
        for words in [vec![7_u64], vec![1, 2, 3], vec![5; 16]] {
            let mut codes = Codes::new(u32::try_from(64 * words.len()).unwrap()).unwrap();
            let empty = Index::new(codes.clone(), 3);
            assert_eq!(empty.within(&codes, 3), Vec::<Vec<Neighbour>>::new());
            codes.push(&words).unwrap();
            assert_eq!(empty.nearest(&codes, 1), [vec![]]);
            let index = Index::new(codes.clone(), 3);
            assert_eq!(index.within(&codes, 0), [vec![Neighbour { code: 0, distance: 0 }]]);
            assert_eq!(index.nearest(&codes, 2), [vec![Neighbour { code: 0, distance: 0 }]]);
            assert_eq!(codes.words(0), Some(words));
        }
        assert_eq!(Codes::new(65), Err(CodesError::Width { found: 65 }));
    }
}
