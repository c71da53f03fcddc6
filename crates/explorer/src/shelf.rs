use std::sync::{Arc, Mutex, PoisonError};

/// Keeps things in memory under names that cannot be guessed; the oldest gives way when there are too many.
pub(crate) struct Shelf<T> {
    most: usize,
    kept: Mutex<Vec<(String, Arc<T>)>>,
}

impl<T> Shelf<T> {
    /// One that keeps at most so many.
    pub(crate) const fn of(most: usize) -> Self {
        Self { most, kept: Mutex::new(Vec::new()) }
    }

    /// Keeps `item` and gives its name.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub(crate) fn put(&self, item: T) -> Result<String, getrandom::Error> {
        let mut name = [0; 16];
        getrandom::fill(&mut name)?;
        let name = hex::encode(name);
        let mut kept = self.lock();
        if kept.len() >= self.most {
            kept.remove(0);
        }
        kept.push((name.clone(), Arc::new(item)));
        Ok(name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<T>> {
        self.lock().iter().find(|(other, _)| other == name).map(|(_, item)| Arc::clone(item))
    }

    pub(crate) fn forget(&self, name: &str) {
        self.lock().retain(|(other, _)| other != name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Arc<T>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way_and_what_is_forgotten_is_gone() {
        let shelf = Shelf::of(2);
        let names = [1, 2, 3].map(|item| shelf.put(item).unwrap());
        assert_eq!(names.each_ref().map(|name| shelf.find(name).as_deref().copied()), [None, Some(2), Some(3)]);
        shelf.forget(&names[2]);
        assert!(shelf.find(&names[2]).is_none());
    }
}
