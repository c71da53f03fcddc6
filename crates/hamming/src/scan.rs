//! Comparison of every code with every query, blocked so that codes stay in the first-level cache for all queries.

use crate::kernels::{Found, Plane, Work};
use crate::{Codes, Kernel, Neighbour};
use std::ops::Range;

/// Codes compared with all queries before the next: 16 KiB of a plane.
const BLOCK: usize = 1024;

/// Blocks compared in full after one in which more than a quarter was not rejected.
const PAUSE: u32 = 31;

/// How a scan is done; all ways give the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// What compares.
    pub kernel: Kernel,
    /// Whether codes whose first bits are beyond the radius already are left at once.
    pub reject: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { kernel: Kernel::best(), reject: true }
    }
}

impl Scan {
    /// All codes within `radius` bits of each query, sorted by number. `queries` have the width of `codes`.
    ///
    /// # Panics
    /// If the widths differ.
    pub fn within(self, codes: &Codes, queries: &Codes, radius: u32) -> Vec<Vec<Neighbour>> {
        sorted(queries.len(), self.found(codes, 0..codes.len(), queries, radius))
    }

    /// The `count` nearest codes of each query, the nearest first, of equally near ones the first; all if there are
    /// fewer.
    ///
    /// # Panics
    /// If the widths differ.
    pub fn nearest(self, codes: &Codes, queries: &Codes, count: usize) -> Vec<Vec<Neighbour>> {
        let one = |query| self.nearest_of_one(codes, &queries.part(query..query + 1), count);
        (0..queries.len()).map(one).collect()
    }

    fn nearest_of_one(self, codes: &Codes, query: &Codes, count: usize) -> Vec<Neighbour> {
        assert_eq!(codes.bits(), query.bits(), "queries have the width of the codes");
        let mut best: Vec<(u32, u32)> = Vec::new();
        let mut limit = codes.bits();
        if count == 0 {
            return Vec::new();
        }
        let mut found = Vec::new();
        let (planes, query) = (codes.slices(), query.slices());
        for range in blocks(0..codes.len()) {
            self.kernel.compare(&self.work(&planes, range, &query, limit), &mut found);
            if !found.is_empty() {
                best.extend(found.drain(..).map(|(_, code, distance)| (distance, code)));
                best.sort_unstable();
                best.truncate(count);
            }
            // A code that comes later must be nearer to be among them.
            match best.get(count - 1) {
                Some((0, _)) => break,
                Some((farthest, _)) => limit = farthest - 1,
                None => {}
            }
        }
        best.into_iter().map(|(distance, code)| Neighbour { code: code as usize, distance }).collect()
    }

    /// Every pair of query and code of `range` within `radius`, in no order.
    pub(crate) fn found(self, codes: &Codes, range: Range<usize>, queries: &Codes, radius: u32) -> Vec<Found> {
        assert_eq!(codes.bits(), queries.bits(), "queries have the width of the codes");
        let mut found = Vec::new();
        // Where codes are near to queries often, as copies are, rejection costs more than it saves for a while.
        let mut pause = 0_u32;
        let (codes, asked) = (codes.slices(), queries.slices());
        for range in blocks(range) {
            let work = self.work(&codes, range, &asked, radius);
            let work = Work { reject: work.reject && pause == 0, ..work };
            let finished = self.kernel.compare(&work, &mut found);
            pause = pause.saturating_sub(1);
            if work.reject && 4 * finished > work.range.len() * queries.len() {
                pause = PAUSE;
            }
        }
        found
    }

    fn work<'a>(self, codes: &'a [Plane], range: Range<usize>, queries: &'a [Plane], limit: u32) -> Work<'a> {
        let asked = 0..queries.first().map_or(0, |plane| plane.len());
        Work { codes, range, queries, asked, limit, reject: self.reject }
    }
}

fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(BLOCK).map(move |start| start..(start + BLOCK).min(end))
}

/// One list for each of `queries` queries, sorted by number; what was found twice stands there once.
pub(crate) fn sorted(queries: usize, found: Vec<Found>) -> Vec<Vec<Neighbour>> {
    let mut lists = vec![Vec::new(); queries];
    for (query, code, distance) in found {
        lists[query as usize].push(Neighbour { code: code as usize, distance });
    }
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    lists
}
