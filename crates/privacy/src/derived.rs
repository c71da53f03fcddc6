//! Strings that show a content: what a leak of it would look like in a view (PRIVACY §5).

use sha2::{Digest, Sha256};
use sightline_crypto::Search;
use sightline_protocol::{Content, Facts, Setup, View};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What a string shows of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// A part of it, as it is.
    Content,
    /// Its digest.
    Digest,
    /// Its perceptual hash.
    Fingerprint,
    /// A stage on the way to its perceptual hash.
    Stage,
}

impl Mark {
    /// All marks.
    pub const ALL: [Self; 4] = [Self::Content, Self::Digest, Self::Fingerprint, Self::Stage];

    /// Its name, as in the evidence's `method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "content-match",
            Self::Digest => "digest-match",
            Self::Fingerprint => "fingerprint-match",
            Self::Stage => "stage-match",
        }
    }
}

/// A mark and the bytes that show it.
pub(crate) type Marked = (Mark, Arc<[u8]>);

/// Remembers derived strings by the content's digest, as the same pictures are sent in many trials.
#[derive(Debug, Default)]
pub(crate) struct Derivations(Mutex<HashMap<[u8; 32], Arc<[Marked]>>>);

impl Derivations {
    /// The strings that show `content`.
    pub(crate) fn of(&self, setup: &Setup, content: &Content, facts: &Facts) -> Arc<[Marked]> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&facts.digest) {
            return Arc::clone(known);
        }
        let derived: Arc<[Marked]> = derive(setup, content, facts).into();
        lock().insert(facts.digest, Arc::clone(&derived));
        derived
    }
}

/// Six windows, two digests, the hash, and some rows of the stages before it: as bytes, and as numbers in
/// single precision in both byte orders.
pub(crate) fn derive(setup: &Setup, content: &Content, facts: &Facts) -> Vec<Marked> {
    let mut strings: Vec<Marked> = windows(&content.bytes).map(|window| (Mark::Content, window)).collect();
    strings.push((Mark::Digest, Arc::from(Sha256::digest(&content.bytes).as_slice())));
    strings.push((Mark::Digest, Arc::from(facts.digest)));
    if facts.picture
        && let Ok(marks) = &setup.memo.look(&content.bytes).marks
    {
        strings.push((Mark::Fingerprint, Arc::from(*marks.pdq.hash.as_bytes())));
        let filtered = [8, 32, 56].map(|row| marks.filtered[row].as_slice());
        let dct = [0, 8, 15].map(|row| marks.dct[row].as_slice());
        for row in filtered.into_iter().chain(dct) {
            strings.push((Mark::Stage, row.iter().flat_map(|value| value.to_le_bytes()).collect()));
            strings.push((Mark::Stage, row.iter().flat_map(|value| value.to_be_bytes()).collect()));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "luma lies in 0 to 255")]
        let byte = |value: &f32| value.round() as u8;
        strings.extend(filtered.map(|row| (Mark::Stage, row.iter().map(byte).collect())));
    }
    strings
}

/// Six windows of 24 bytes, evenly over `bytes` without its trailing zeros, but for windows of one repeated byte; none
/// if it is shorter.
pub(crate) fn windows(bytes: &[u8]) -> impl Iterator<Item = Arc<[u8]>> {
    const WINDOW: usize = 24;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let places = (0..6).filter_map(move |k| Some(k * end.checked_sub(WINDOW)? / 5));
    let windows = places.map(|at| &bytes[at..at + WINDOW]);
    windows.filter(|window| window.iter().any(|byte| *byte != window[0])).map(Arc::from)
}

/// Searches views for strings.
pub(crate) struct Matcher {
    search: Search,
    /// What was found in a byte string, by its place in memory: views of one run share their strings.
    found: HashMap<(usize, usize), Vec<usize>>,
}

impl Matcher {
    pub(crate) fn new(strings: impl IntoIterator<Item = Arc<[u8]>>) -> Self {
        Self { search: Search::new(strings), found: HashMap::new() }
    }

    /// The numbers of the strings that occur in `view`, which must belong to the same run as every other view given.
    pub(crate) fn find(&mut self, view: &View<'_>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for bytes in view.byte_strings() {
            let search = &self.search;
            let key = (bytes.as_ptr() as usize, bytes.len());
            found.extend(self.found.entry(key).or_insert_with(|| search.find(bytes)).iter().copied());
        }
        found
    }
}
