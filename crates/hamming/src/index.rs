//! Codes with whatever finds them fastest.

use crate::kernels::Found;
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
    /// Codes that came later, numbered behind the others.
    added: Codes,
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
        let radius = radius.min(codes.bits());
        let multi = MultiIndex::new(&codes, radius);
        let added = codes.part(0..0);
        Self { codes, added, radius, multi }
    }

    /// An index with a multi-index of all `codes` made before, or none; the codes have one width.
    pub(crate) fn from_parts(codes: Codes, added: Codes, radius: u32, multi: Option<MultiIndex>) -> Self {
        Self { codes, added, radius, multi }
    }

    /// The codes that the multi-index is of, those added since, and the multi-index.
    pub(crate) fn parts(&self) -> (&Codes, &Codes, Option<&MultiIndex>) {
        (&self.codes, &self.added, self.multi.as_ref())
    }

    /// Adds all of `batch`. When more than an eighth was added, the multi-index is made anew; until then new codes are scanned.
    ///
    /// # Errors
    /// [`CodesError`] if they have another width, or there is no room.
    pub fn add(&mut self, batch: &Codes) -> Result<(), CodesError> {
        if self.len() + batch.len() > Codes::MOST {
            return Err(CodesError::Many);
        }
        self.added.extend(batch)?;
        if self.added.len() > self.codes.len() / GROWTH {
            *self = self.clone().merged();
        }
        Ok(())
    }

    /// The same with one multi-index of all codes.
    #[must_use]
    pub fn merged(mut self) -> Self {
        self.codes.extend(&self.added).expect("both have one width, and there was room");
        Self::new(self.codes, self.radius)
    }

    /// Number of codes.
    pub fn len(&self) -> usize {
        self.codes.len() + self.added.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The radius that it was made for, in bits.
    pub fn radius(&self) -> u32 {
        self.radius
    }

    /// Bits of a code.
    pub fn bits(&self) -> u32 {
        self.codes.bits()
    }

    /// Codes added since the multi-index was made.
    pub fn added(&self) -> usize {
        self.added.len()
    }

    /// All codes, copied.
    pub fn codes(&self) -> Codes {
        let mut all = self.codes.clone();
        all.extend(&self.added).expect("both have one width, and there was room");
        all
    }

    /// Bytes that codes and multi-index take in memory of our own; a mapped file takes none.
    pub fn bytes(&self) -> usize {
        self.codes.bytes() + self.added.bytes() + self.multi.as_ref().map_or(0, MultiIndex::bytes)
    }

    /// All codes within `radius` bits of each query, sorted by number. Exact.
    ///
    /// # Panics
    /// If queries have another width than the codes.
    pub fn within(&self, queries: &Codes, radius: u32) -> Vec<Vec<Neighbour>> {
        let Some(multi) = self.multi.as_ref().filter(|multi| radius <= multi.radius()) else {
            return sorted(queries.len(), self.scanned(0, queries, radius));
        };
        let (mut found, _) = multi.found(&self.codes, queries, radius);
        found.extend(self.scanned(self.codes.len(), queries, radius));
        sorted(queries.len(), found)
    }

    /// Every pair of a query and a code from number `start` on within `radius`, by comparing all.
    fn scanned(&self, start: usize, queries: &Codes, radius: u32) -> Vec<Found> {
        let first = self.codes.len();
        let mut found = Scan::default().found(&self.codes, start.min(first)..first, queries, radius);
        let later = start.max(first) - first..self.added.len();
        let beside = u32::try_from(first).expect("codes are at most Codes::MOST");
        let later = Scan::default().found(&self.added, later, queries, radius);
        found.extend(later.into_iter().map(|(query, code, distance)| (query, beside + code, distance)));
        found
    }

    /// The `count` nearest codes of each query, the nearest first, of equally near ones the first. Exact. What the
    /// multi-index's radius holds too few of is scanned for.
    ///
    /// # Panics
    /// If queries have another width than the codes.
    pub fn nearest(&self, queries: &Codes, count: usize) -> Vec<Vec<Neighbour>> {
        let ordered = |list: &mut Vec<Neighbour>| {
            list.sort_unstable_by_key(|found| (found.distance, found.code));
            list.truncate(count);
        };
        let alone = |query: usize| {
            let query = queries.part(query..query + 1);
            let of = |codes: &Codes| Scan::default().nearest(codes, &query, count).concat();
            let later = of(&self.added).into_iter();
            let later = later.map(|found| Neighbour { code: found.code + self.codes.len(), ..found });
            let mut all: Vec<_> = of(&self.codes).into_iter().chain(later).collect();
            ordered(&mut all);
            all
        };
        let Some(multi) = &self.multi else { return (0..queries.len()).map(alone).collect() };
        let mut lists = self.within(queries, multi.radius());
        for (query, list) in lists.iter_mut().enumerate() {
            ordered(list);
            if list.len() < count {
                *list = alone(query);
            }
        }
        lists
    }

    /// All pairs of codes within `radius` bits of each other, the smaller number first, sorted: every pair once. Memory
    /// grows with the number of pairs.
    pub fn pairs(&self, radius: u32) -> Vec<(usize, Neighbour)> {
        let mut pairs = Vec::new();
        for (codes, before) in [(&self.codes, 0), (&self.added, self.codes.len())] {
            for start in (0..codes.len()).step_by(BATCH) {
                let end = (start + BATCH).min(codes.len());
                let queries = codes.part(start..end);
                let lists = if self.multi.as_ref().is_some_and(|multi| radius <= multi.radius()) {
                    self.within(&queries, radius)
                } else {
                    // Codes before these have met them already.
                    sorted(queries.len(), self.scanned(before + start, &queries, radius))
                };
                for (one, list) in (before + start..).zip(lists) {
                    pairs.extend(list.into_iter().filter(|other| other.code > one).map(|other| (one, other)));
                }
            }
        }
        pairs
    }

    /// How `queries` queries within `radius` bits are answered, and why.
    pub fn explain(&self, queries: usize, radius: u32) -> Explanation {
        let (count, bits) = (self.len(), self.bits());
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
        let new = self.added.len();
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
        let nearest = Scan::default().nearest(&index.codes(), &asked, 3);
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
