//! Multi-index hashing (Norouzi, Punjani and Fleet, TPAMI 2014, §3) with a threshold per slice (the general pigeonhole
//! principle of Qin, Wang, Xiao, Wang, Lin and Wang, ICDE 2018, §3): if the thresholds of disjoint slices plus one each
//! sum to the radius plus one, a code within the radius is within the threshold in at least one slice.

use crate::file::Source;
use crate::kernels::{Found, apart, prefetch};
use crate::scan::{Scan, sorted};
use crate::slab::Slab;
use crate::{Codes, Neighbour};
use std::ops::Range;

/// Keys that share a block: the low bits of a key.
const LOW: u32 = 6;
/// Bits of an item that hold the code's number; the others hold the low bits of its key.
const NUMBER: u32 = 32 - LOW;
/// Wider slices have more blocks than memory is well spent on.
const WIDEST: u32 = 26;
const NARROWEST: u32 = 8;
/// Nanoseconds that looking into a block and checking a candidate cost, about; only the choice depends on them.
const BLOCK_COST: f64 = 4.0;
const CANDIDATE_COST: f64 = 12.0;
/// Nanoseconds that comparing a code with a query costs in a scan, about, with vectors and in large batches.
const SCAN_COST: f64 = 0.06;
/// A query with more than one candidate among so many codes is scanned for.
const FEW: usize = 200;
/// In a row of so many queries that had to be scanned for, the next ones are not looked up first.
const ROW: usize = 4;

/// Low bits within a distance of some low bits, as a set: `NEAR[distance][low]`.
static NEAR: [[u64; 64]; 3] = near();

const fn near() -> [[u64; 64]; 3] {
    let mut sets = [[0; 64]; 3];
    let mut pair = 0_u32;
    while pair < 64 * 64 {
        let (from, to) = (pair / 64, pair % 64);
        let mut distance = (from ^ to).count_ones() as usize;
        while distance < 3 {
            sets[distance][from as usize] |= 1 << to;
            distance += 1;
        }
        pair += 1;
    }
    sets
}

/// Consecutive bits of a code, and how many of them may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// The first bit.
    pub start: u32,
    /// Number of bits.
    pub width: u32,
    /// Codes that differ in more of them are not looked at.
    pub threshold: u32,
}

/// A look-up structure for radii up to that it was made for. Exact; codes that many share are found by a scan.
#[derive(Debug, Clone)]
pub struct MultiIndex {
    radius: u32,
    len: usize,
    /// A query with more candidates is scanned for.
    most: usize,
    tables: Vec<Table>,
}

/// Codes by their key, which is the bits of a slice.
#[derive(Debug, Clone)]
struct Table {
    slice: Slice,
    /// By the high bits of the key, each as [`Block::words`] has it.
    blocks: Slab<[u64; 2]>,
    /// Low bits of the key above the number of the code, sorted within a block.
    items: Slab<u32>,
    /// Changes of the high bits that are tried, and how many low bits may differ beside.
    flips: Vec<(u32, u8)>,
}

/// The codes with equal high bits.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Which low bits occur.
    present: u64,
    start: u32,
    end: u32,
}

impl Block {
    fn words(self) -> [u64; 2] {
        [self.present, u64::from(self.end) << 32 | u64::from(self.start)]
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    fn of([present, ends]: [u64; 2]) -> Self {
        Self { present, start: ends as u32, end: (ends >> 32) as u32 }
    }
}

/// Memory that is used again from query to query.
#[derive(Default)]
struct Scratch {
    hits: Vec<(u32, u32, u32)>,
    candidates: Vec<u32>,
}

impl MultiIndex {
    /// An index of all of `codes` for radii up to `radius` bits, or none where a scan is expected to be faster.
    pub fn new(codes: &Codes, radius: u32) -> Option<Self> {
        if codes.len() > 1 << NUMBER {
            return None;
        }
        let slices = plan(codes.bits(), radius, codes.len())?;
        Some(Self::with(codes, radius, &slices))
    }

    pub(crate) fn with(codes: &Codes, radius: u32, slices: &[Slice]) -> Self {
        let tables = slices.iter().map(|slice| Table::new(codes, *slice)).collect();
        Self { radius, len: codes.len(), most: codes.len() / FEW, tables }
    }

    /// The slices that codes are found by.
    pub fn slices(&self) -> impl Iterator<Item = Slice> {
        self.tables.iter().map(|table| table.slice)
    }

    /// The largest radius it finds everything within, in bits.
    pub fn radius(&self) -> u32 {
        self.radius
    }

    /// Number of codes in it: the first ones.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no codes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Candidates from which on a query is scanned for.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Bytes that it takes in memory of our own, beside the codes; a mapped file takes none.
    pub fn bytes(&self) -> usize {
        let of = |table: &Table| table.blocks.bytes() + table.items.bytes() + size_of_val(&*table.flips);
        self.tables.iter().map(of).sum()
    }

    /// All of the indexed `codes` within `radius` bits of each query, sorted by number; a query with too many candidates
    /// is scanned for.
    ///
    /// # Panics
    /// If `codes` are fewer than those indexed, the widths differ, or `radius` is larger than the index was made for.
    pub fn within(&self, codes: &Codes, queries: &Codes, radius: u32) -> Vec<Vec<Neighbour>> {
        sorted(queries.len(), self.found(codes, queries, radius).0)
    }

    /// The pairs found, some of them more than once, and how many queries were scanned for.
    pub(crate) fn found(&self, codes: &Codes, queries: &Codes, radius: u32) -> (Vec<Found>, usize) {
        assert_eq!(codes.bits(), queries.bits(), "queries have the width of the codes");
        assert!(radius <= self.radius, "the index is made for radii up to {} bits", self.radius);
        assert!(self.len <= codes.len(), "the codes are those indexed");
        let (mut found, mut left) = (Vec::new(), Vec::new());
        let mut scratch = Scratch::default();
        let mut row = 0;
        for query in 0..queries.len() {
            // After a row of queries in hot buckets, one in 64 is looked up to see whether that has changed.
            if (row < ROW || query.is_multiple_of(64)) && self.candidates(codes, queries, query, &mut scratch) {
                check(codes, queries, query, radius, &scratch.candidates, &mut found);
                row = 0;
            } else {
                row += 1;
                left.push(query);
            }
        }
        for some in left.chunks(64) {
            let mut asked = queries.part(0..0);
            for query in some {
                asked.extend(&queries.part(*query..query + 1)).expect("a part has the width of the whole");
            }
            for (place, code, distance) in Scan::default().found(codes, 0..self.len, &asked, radius) {
                found.push((number(some[place as usize]), code, distance));
            }
        }
        (found, left.len())
    }

    /// What stands in a file: radius, number of slices, and of each slice start, width, threshold and zero; then the blocks and
    /// the items of each, filled up to 16 bytes.
    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        const ZEROS: [u8; 15] = [0; 15];
        let tables = self.tables.iter().flat_map(|table| {
            let items: &[u8] = bytemuck::cast_slice(&table.items);
            [bytemuck::cast_slice(&table.blocks), items, &ZEROS[..items.len().wrapping_neg() % 16]]
        });
        tables.collect()
    }

    /// What stands before [`MultiIndex::pieces`].
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut words = vec![self.radius, number(self.tables.len()), 0, 0];
        for Slice { start, width, threshold } in self.slices() {
            words.extend([start, width, threshold, 0]);
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// An index of all `len` codes of `bits` bits from the bytes `range` of a file, or what is wrong with them. What a search relies
    /// on is looked at: that every place lies within, and that slices find every code within the radius.
    pub(crate) fn from_file(
        file: &impl Source,
        range: Range<usize>,
        bits: u32,
        len: usize,
    ) -> Result<Self, &'static str> {
        let bytes = &file.bytes()[range.clone()];
        let word = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|word| u32::from_le_bytes(*word));
        let (radius, count) = word(0).zip(word(4)).ok_or("it has no beginning")?;
        if len > 1 << NUMBER || count > bits {
            return Err("it has too many codes or slices");
        }
        let mut slices = Vec::new();
        for at in (16..).step_by(16).take(count as usize) {
            let [start, width, threshold] = [0, 4, 8].map(|beside| word(at + beside));
            let slice = start.zip(width).zip(threshold);
            let ((start, width), threshold) = slice.ok_or("it ends within its slices")?;
            slices.push(Slice { start, width, threshold });
        }
        let sound = |slice: &Slice| (NARROWEST..=WIDEST).contains(&slice.width) && slice.threshold <= 2;
        if !slices.iter().all(sound) || slices.first().is_some_and(|slice| slice.start > bits) {
            return Err("it has a slice that is too wide or too narrow");
        }
        let apart =
            slices.windows(2).all(|pair| u64::from(pair[0].start) + u64::from(pair[0].width) <= pair[1].start.into());
        let inside = slices.last().is_none_or(|slice| u64::from(slice.start) + u64::from(slice.width) <= bits.into());
        let reach: u64 = slices.iter().map(|slice| u64::from(slice.threshold) + 1).sum();
        if !apart || !inside || reach <= radius.into() {
            return Err("its slices overlap, or do not find every code within its radius");
        }
        let mut at = 16 + 16 * slices.len();
        let mut tables = Vec::new();
        for slice in slices {
            let count = 1 << (slice.width - LOW);
            let (items_at, end) = (at + 16 * count, at + 16 * count + (4 * len).next_multiple_of(16));
            if end > bytes.len() {
                return Err("it ends within its tables");
            }
            let blocks = file.numbers(range.start + at, count);
            let items = file.numbers(range.start + items_at, len);
            tables.push(Table { slice, blocks, items, flips: flips(slice.width - LOW, slice.threshold) });
            at = end;
        }
        if at != bytes.len() {
            return Err("bytes follow its tables");
        }
        if !tables.iter().all(|table| table.is_sound(len)) {
            return Err("its tables point outside of themselves");
        }
        Ok(Self { radius, len, most: len / FEW, tables })
    }

    /// Collects the codes that may be within the radius; false if they are too many.
    fn candidates(&self, codes: &Codes, queries: &Codes, query: usize, scratch: &mut Scratch) -> bool {
        scratch.candidates.clear();
        let first_plane: &[[u64; 2]] = &codes.planes()[0];
        let key = |table: &Table| table.slice.key(queries, query);
        let mut next = self.tables.first().map_or(0, |table| table.ahead(key(table)));
        for (place, table) in self.tables.iter().enumerate() {
            let (high, low) = (next >> LOW, next & ((1 << LOW) - 1));
            // The blocks of the next table are on their way while this one is read.
            next = self.tables.get(place + 1).map_or(0, |table| table.ahead(key(table)));
            let (blocks, all): (&[[u64; 2]], &[u32]) = (&table.blocks, &table.items);
            scratch.hits.clear();
            for (flip, rest) in &table.flips {
                let block = Block::of(blocks[(high ^ flip) as usize]);
                let mut hits = block.present & NEAR[usize::from(*rest)][low as usize];
                while hits != 0 {
                    let bit = hits.trailing_zeros();
                    hits &= hits - 1;
                    // Every smaller key that occurs takes at least one item.
                    let start = block.start + (block.present & ((1 << bit) - 1)).count_ones();
                    prefetch(all, start as usize);
                    scratch.hits.push((start, block.end, bit));
                }
            }
            for (start, end, bit) in &scratch.hits {
                let mut items = &all[*start as usize..*end as usize];
                if items.len() > 128 {
                    items = &items[items.partition_point(|item| item >> NUMBER < *bit)..];
                }
                for item in items {
                    if item >> NUMBER > *bit {
                        break;
                    }
                    if item >> NUMBER == *bit {
                        let code = item & ((1 << NUMBER) - 1);
                        prefetch(first_plane, code as usize);
                        scratch.candidates.push(code);
                        if scratch.candidates.len() > self.most {
                            return false;
                        }
                    }
                }
            }
        }
        true
    }
}

/// Adds the candidates within the radius.
fn check(codes: &Codes, queries: &Codes, query: usize, radius: u32, candidates: &[u32], found: &mut Vec<Found>) {
    let (first, asked): (&[[u64; 2]], _) = (&codes.planes()[0], queries.planes()[0][query]);
    for code in candidates {
        let mut distance = apart(first[*code as usize], asked);
        for (codes, queries) in codes.planes().iter().zip(queries.planes()).skip(1) {
            if distance > radius {
                break;
            }
            distance += apart(codes[*code as usize], queries[query]);
        }
        if distance <= radius {
            found.push((number(query), *code, distance));
        }
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).expect("codes and queries are at most Codes::MOST")
}

impl Slice {
    /// Its bits of every code.
    fn keys(self, codes: &Codes) -> Vec<u32> {
        (0..codes.len()).map(|code| self.key(codes, code)).collect()
    }

    /// Its bits of code `number`.
    #[expect(clippy::cast_possible_truncation, reason = "a slice is at most 26 bits wide")]
    fn key(self, codes: &Codes, number: usize) -> u32 {
        let word = |at: usize| codes.planes()[at / 2][number][at % 2];
        let (at, shift) = (self.start as usize / 64, self.start % 64);
        let mut bits = word(at) >> shift;
        if shift + self.width > 64 {
            bits |= word(at + 1) << (64 - shift);
        }
        (bits & ((1 << self.width) - 1)) as u32
    }
}

impl Table {
    fn new(codes: &Codes, slice: Slice) -> Self {
        let keys = slice.keys(codes);
        let mut blocks = vec![Block { present: 0, start: 0, end: 0 }; 1 << (slice.width - LOW)];
        for key in &keys {
            let block = &mut blocks[(key >> LOW) as usize];
            block.present |= 1 << (key & ((1 << LOW) - 1));
            block.end += 1;
        }
        let mut start = 0;
        for block in &mut blocks {
            let count = block.end;
            (block.start, block.end) = (start, start);
            start += count;
        }
        let mut items = vec![0; codes.len()];
        for (code, key) in keys.iter().enumerate() {
            let block = &mut blocks[(key >> LOW) as usize];
            items[block.end as usize] = (key << NUMBER) | number(code);
            block.end += 1;
        }
        for block in &blocks {
            items[block.start as usize..block.end as usize].sort_unstable();
        }
        let blocks: Vec<[u64; 2]> = blocks.into_iter().map(Block::words).collect();
        Self { slice, blocks: blocks.into(), items: items.into(), flips: flips(slice.width - LOW, slice.threshold) }
    }

    /// Whether every place that a search reads is there.
    fn is_sound(&self, len: usize) -> bool {
        let mut end = 0;
        let blocks = self.blocks.iter().copied().map(Block::of).all(|block| {
            let follows = block.start == end && block.end >= end && block.present.count_ones() <= block.end - end;
            end = block.end;
            follows
        });
        let inside = |item: &u32| ((item & ((1 << NUMBER) - 1)) as usize) < len;
        blocks && end as usize == len && self.items.iter().all(inside)
    }

    /// Asks for the blocks that `key` needs. Returns the key.
    fn ahead(&self, key: u32) -> u32 {
        let blocks: &[[u64; 2]] = &self.blocks;
        for (flip, _) in &self.flips {
            prefetch(blocks, ((key >> LOW) ^ flip) as usize);
        }
        key
    }
}

/// All changes of up to `threshold` of `width` bits, and how many of them are left.
fn flips(width: u32, threshold: u32) -> Vec<(u32, u8)> {
    let mut all = vec![(0, u8::try_from(threshold).expect("thresholds are at most 2"))];
    let mut from = 0;
    for _ in 0..threshold {
        let until = all.len();
        for place in from..until {
            let (flip, rest): (u32, u8) = all[place];
            let above = 32 - flip.leading_zeros();
            all.extend((above..width).map(|bit| (flip | 1 << bit, rest - 1)));
        }
        from = until;
    }
    all
}

/// The cheapest slices that find every code within `radius` among `len` random ones, or none where a scan is cheaper.
fn plan(bits: u32, radius: u32, len: usize) -> Option<Vec<Slice>> {
    let mut best = (SCAN_COST * len as f64, Vec::new());
    // `twos`, `ones` and `zeros` slices of threshold 2, 1 and 0.
    for twos in 0..=(radius + 1) / 3 {
        for ones in 0..=(radius + 1 - 3 * twos) / 2 {
            let zeros = radius + 1 - 3 * twos - 2 * ones;
            for (width_1, width_0) in (NARROWEST..=WIDEST).flat_map(|a| (NARROWEST..=WIDEST).map(move |b| (a, b))) {
                if (ones == 0 && width_1 > NARROWEST) || (zeros == 0 && width_0 > NARROWEST) {
                    continue;
                }
                let Some(left) = bits.checked_sub(ones * width_1 + zeros * width_0) else { continue };
                let width_2 = left.checked_div(twos).unwrap_or(WIDEST).min(WIDEST);
                if width_2 < NARROWEST {
                    continue;
                }
                // Some slices are one bit wider, so that no bit is left over.
                let wider = if width_2 < WIDEST { left - twos * width_2 } else { 0 };
                let kinds = [
                    (wider.min(twos), width_2 + 1, 2),
                    (twos - wider.min(twos), width_2, 2),
                    (ones, width_1, 1),
                    (zeros, width_0, 0),
                ];
                let blocks: f64 =
                    kinds.iter().map(|(count, width, _)| f64::from(*count) * f64::from(1 << (width - LOW))).sum();
                let cost =
                    kinds.iter().map(|(count, width, threshold)| f64::from(*count) * cost(*width, *threshold, len));
                let cost: f64 = cost.sum();
                // Blocks of 16 bytes: at most 48 bytes a code, and a mebibyte.
                if cost < best.0 && 16.0 * blocks <= 48.0 * len as f64 + f64::from(1 << 20) {
                    best = (cost, kinds.to_vec());
                }
            }
        }
    }
    let mut start = 0;
    let kinds = best.1.into_iter().flat_map(|(count, width, threshold)| (0..count).map(move |_| (width, threshold)));
    let slices: Vec<_> = kinds
        .map(|(width, threshold)| {
            start += width;
            Slice { start: start - width, width, threshold }
        })
        .collect();
    (!slices.is_empty()).then_some(slices)
}

/// What looking a query up in a slice costs, in nanoseconds.
fn cost(width: u32, threshold: u32, len: usize) -> f64 {
    let ball = |bits: u32| {
        let bits = f64::from(bits);
        [1.0, 1.0 + bits, 1.0 + bits + bits * (bits - 1.0) / 2.0][threshold as usize]
    };
    let candidates = ball(width) * len as f64 / f64::from(1_u32 << width);
    BLOCK_COST * ball(width - LOW) + CANDIDATE_COST * candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plans_satisfy_the_pigeonhole_principle() {
        for (bits, radius, len) in [(256, 31, 1_000_000), (256, 31, 10_000_000), (64, 3, 100_000), (1024, 7, 1 << 20)] {
            let slices = plan(bits, radius, len).expect("an index pays");
            assert_eq!(slices.iter().map(|slice| slice.threshold + 1).sum::<u32>(), radius + 1);
            let ends = slices.iter().map(|slice| slice.start + slice.width);
            assert!(slices.iter().map(|slice| slice.start).eq([0].into_iter().chain(ends.clone()).take(slices.len())));
            assert!(ends.max().is_some_and(|end| end <= bits));
        }
        assert_eq!(plan(256, 31, 1_000), None, "few codes are scanned");
        assert_eq!(plan(256, 100, 1_000_000), None, "a large radius needs a scan");
    }

    #[test]
    fn changes_are_all_there_once() {
        let mut all = flips(18, 2);
        assert_eq!(all.len(), 1 + 18 + 153);
        assert!(all.iter().all(|(flip, rest)| flip.count_ones() + u32::from(*rest) == 2));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1 + 18 + 153);
    }

    proptest! {
            #[test]
            fn it_finds_what_the_scan_finds(
                start: [u64; 4], hot in 0_usize..3, radius in 0_u32..=31,
                flips in prop::collection::vec(prop::collection::vec(0_usize..256, 0..50), 1..400),
            ) {
                let flipped = |bits: &Vec<usize>| {
                    let mut code = start;
                    for bit in bits {
     code[bit / 64] ^= 1 << (bit % 64);
    }
                    code
                };
                let codes: Vec<[u64; 4]> = flips.iter().map(flipped).collect();
                let queries = Codes::from_words(&codes[..codes.len().min(20)]).unwrap();
                // Repeated codes make buckets hot, and a plan with slices of all thresholds is used however few there are.
                let codes = Codes::from_words(&codes.repeat(1 + 40 * hot)).unwrap();
                let mut slices: Vec<_> = (0..7).map(|n| Slice { start: 24 * n, width: 24, threshold: 2 }).collect();
                slices.extend((0..4).map(|n| Slice { start: 168 + 16 * n, width: 16, threshold: 1 }));
                slices.extend((0..3).map(|n| Slice { start: 232 + 8 * n, width: 8, threshold: 0 }));
                let mut index = MultiIndex::with(&codes, 31, &slices);
                let expected = Scan::default().within(&codes, &queries, radius);
                for most in [0, 5, 100, usize::MAX] {
                    index.most = most;
                    prop_assert_eq!(&index.within(&codes, &queries, radius), &expected);
                }
                prop_assert_eq!(index.found(&codes, &queries, radius).1, 0, "without a limit every query is looked up");
            }
        }
}
