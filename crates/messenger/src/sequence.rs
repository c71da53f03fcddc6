use std::collections::BTreeMap;

/// Puts numbered items (from 1) back in order: duplicates are dropped, items ahead wait for the gap to fill.
#[derive(Debug)]
pub(crate) struct Sequence<T> {
    last: u64,
    ahead: BTreeMap<u64, T>,
}

/// How far ahead of the next number an item may be.
const WINDOW: u64 = 1024;

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self { last: 0, ahead: BTreeMap::new() }
    }
}

impl<T> Sequence<T> {
    /// The items that are in order now, with their numbers; or the number expected, if `number` is too far ahead.
    pub(crate) fn accept(&mut self, number: u64, item: T) -> Result<Vec<(u64, T)>, u64> {
        if number > self.last.saturating_add(WINDOW) {
            return Err(self.last + 1);
        }
        if number > self.last {
            self.ahead.entry(number).or_insert(item);
        }
        let mut ready = Vec::new();
        while let Some(item) = self.ahead.remove(&(self.last + 1)) {
            self.last += 1;
            ready.push((self.last, item));
        }
        Ok(ready)
    }

    /// The number of the last item that was in order; 0 before the first.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// The items that wait for an earlier one.
    pub(crate) const fn ahead(&self) -> &BTreeMap<u64, T> {
        &self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_drops_duplicates() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.accept(2, 'b'), Ok(vec![]));
        assert_eq!(sequence.accept(2, 'x'), Ok(vec![]));
        assert_eq!(sequence.accept(1, 'a'), Ok(vec![(1, 'a'), (2, 'b')]));
        assert_eq!(sequence.accept(1, 'a'), Ok(vec![]));
        assert_eq!(sequence.accept(0, 'z'), Ok(vec![]));
        assert_eq!(sequence.accept(2 + WINDOW + 1, 'f'), Err(3));
        assert_eq!(sequence.accept(u64::MAX, 'f'), Err(3));
        assert_eq!((sequence.last(), sequence.ahead().len()), (2, 0));
    }
}
