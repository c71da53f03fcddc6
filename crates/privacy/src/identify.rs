//! The game `identify` (PRIVACY §3): which of N known pictures was sent, or a picture that shows the same?

use crate::derived::derive;
use sha2::{Digest, Sha256};
use sightline_crypto::Search;
use sightline_fingerprint::PdqHash;
use sightline_protocol::{Facts, History, Setup, View};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Strings of these lengths, in bytes, are looked through for hashes at every place: long enough for one, and short
/// enough to be a message rather than a picture.
const HASH_HOLDERS: std::ops::RangeInclusive<usize> = 32..=4096;
/// A hash found in a view counts if it is at most this far from a candidate's, in bits. Unrelated hashes come as close
/// with a probability below 10⁻⁸.
const NEAR: u32 = 80;
/// A string that occurs counts as much as so many bits of nearness.
const STRING: u32 = 16;

/// Who rejects what is no candidate accepts what points at one as strongly as a hash within the radius at which PDQ matches.
const ACCEPTED: u32 = NEAR - sightline_fingerprint::DEFAULT_RADIUS;

/// The candidates, and what would show them in a view: strings derived from them, hashes near theirs, and lengths.
pub struct Catalogue {
    strings: Search,
    /// Whose each string is.
    owners: Vec<usize>,
    hashes: Bands,
    /// Lengths in bytes: as they are, and as `setup` pads them.
    lengths: Vec<[u64; 2]>,
}

/// What messages add to the length of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overhead {
    /// Whether to the padded length.
    padded: bool,
    /// How much, in bytes.
    bytes: u64,
}

/// What a view shows of the candidates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// How strongly it points at a candidate; at those missing, not at all.
    pointed: BTreeMap<usize, u32>,
    /// Length of the longest message, in bytes.
    longest: u64,
}

impl Catalogue {
    /// A catalogue of the contents that these histories send, one each.
    pub fn new(setup: &Setup, histories: impl IntoIterator<Item = History>) -> Self {
        let mut owners: BTreeMap<Arc<[u8]>, Option<usize>> = BTreeMap::new();
        let mut hashes = Vec::new();
        let mut lengths = Vec::new();
        for history in histories {
            for ((.., content), facts) in history.sends().zip(Facts::of(setup, &history)) {
                let number = lengths.len();
                for (_, string) in derive(setup, content, &facts) {
                    let owner = owners.entry(string).or_insert(Some(number));
                    *owner = owner.filter(|owner| *owner == number);
                }
                hashes.extend(facts.fingerprint().map(|pdq| (pdq.hash, number)));
                lengths.push([facts.length, facts.size_class.0]);
            }
        }
        // A string of several candidates, such as a file header, points at nobody.
        let (strings, owners): (Vec<_>, Vec<_>) =
            owners.into_iter().filter_map(|(string, owner)| Some((string, owner?))).unzip();
        Self { strings: Search::new(strings), owners, hashes: Bands::new(hashes), lengths }
    }

    /// What messages most often add to the length of what they carry, learnt from trials whose secret is known.
    pub fn overhead<'a>(&self, trials: impl IntoIterator<Item = (usize, &'a Clues)>) -> Option<Overhead> {
        let mut seen: BTreeMap<Overhead, u32> = BTreeMap::new();
        for (secret, clues) in trials {
            for padded in [true, false] {
                if let Some(bytes) = clues.longest.checked_sub(self.length(secret, padded)) {
                    *seen.entry(Overhead { padded, bytes }).or_default() += 1;
                }
            }
        }
        seen.into_iter().max_by_key(|(_, times)| *times).map(|(overhead, _)| overhead)
    }

    fn length(&self, number: usize, padded: bool) -> u64 {
        self.lengths[number][usize::from(padded)]
    }

    /// Reads views of one run.
    pub fn reader(&self) -> Reader<'_> {
        Reader { catalogue: self, read: HashMap::new(), decoded: HashMap::new() }
    }

    /// The candidate at which `clues` point most, if they point strongly enough; lengths do not count. Of several that are
    /// pointed at alike, the first.
    pub fn recognise(&self, clues: &Clues) -> Option<usize> {
        let most = clues.pointed.iter().max_by_key(|(number, strength)| (**strength, std::cmp::Reverse(**number)))?;
        (*most.1 >= ACCEPTED).then_some(*most.0)
    }

    /// The candidate among `choice` at which `clues` point most, then one whose length fits. Where several are equal,
    /// `pick` chooses one of so many.
    pub fn guess(
        &self,
        clues: &Clues,
        choice: &[usize],
        overhead: Option<Overhead>,
        pick: impl FnOnce(usize) -> usize,
    ) -> usize {
        let rank = |number: usize| {
            let fits = overhead.is_some_and(|known| self.length(number, known.padded) + known.bytes == clues.longest);
            (clues.pointed.get(&number).copied().unwrap_or_default(), fits)
        };
        let best = choice.iter().map(|number| rank(*number)).max();
        let equal: Vec<usize> = choice.iter().copied().filter(|number| Some(rank(*number)) == best).collect();
        equal[pick(equal.len())]
    }
}

/// Reads the views of one run, which share their byte strings.
pub struct Reader<'a> {
    catalogue: &'a Catalogue,
    /// What a byte string points at, by its place in memory.
    read: HashMap<(usize, usize), BTreeMap<usize, u32>>,
    /// The hash of an encoded picture, by the digest of its beginning.
    decoded: HashMap<[u8; 32], Option<PdqHash>>,
}

impl Reader<'_> {
    /// What `view` shows of the candidates, and `hashes` that were finished from it.
    pub fn clues(&mut self, view: &View<'_>, hashes: &[PdqHash]) -> Clues {
        let longest = view.seen.iter().map(|seen| seen.length as u64).max().unwrap_or(0);
        let mut pointed: BTreeMap<usize, u32> = BTreeMap::new();
        for bytes in view.byte_strings() {
            let key = (bytes.as_ptr() as usize, bytes.len());
            if !self.read.contains_key(&key) {
                let found = self.look(bytes);
                self.read.insert(key, found);
            }
            for (number, strength) in &self.read[&key] {
                let known = pointed.entry(*number).or_default();
                *known = (*known).max(*strength);
            }
        }
        for hash in hashes {
            self.catalogue.hashes.all(hash, &mut |number, distance| {
                let known = pointed.entry(number).or_default();
                *known = (*known).max(NEAR - distance);
            });
        }
        Clues { pointed, longest }
    }

    fn look(&mut self, bytes: &[u8]) -> BTreeMap<usize, u32> {
        let catalogue = self.catalogue;
        let mut nearness: BTreeMap<usize, u32> = BTreeMap::new();
        let mut near = |number: usize, distance: u32| {
            let known = nearness.entry(number).or_default();
            *known = (*known).max(NEAR - distance);
        };
        if HASH_HOLDERS.contains(&bytes.len()) {
            for window in bytes.windows(32) {
                let mut hash = [0; 32];
                hash.copy_from_slice(window);
                catalogue.hashes.sharing_a_band(&PdqHash::from_bytes(hash), &mut near);
            }
        } else if let Some(hash) = self.picture_inside(bytes) {
            catalogue.hashes.all(&hash, &mut near);
        }
        for string in catalogue.strings.find(bytes) {
            *nearness.entry(catalogue.owners[string]).or_default() += STRING;
        }
        nearness
    }

    /// The hash of the first encoded picture inside a long byte string.
    fn picture_inside(&mut self, bytes: &[u8]) -> Option<PdqHash> {
        const BEGINNING: usize = 4096;
        const MAGIC: [&[u8]; 4] = [&[0xff, 0xd8, 0xff], b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8"];
        if bytes.len() < BEGINNING {
            return None;
        }
        let places = bytes.windows(8).enumerate().filter(|(_, window)| MAGIC.iter().any(|one| window.starts_with(one)));
        for (at, _) in places {
            let encoded = &bytes[at..];
            let beginning = &encoded[..encoded.len().min(BEGINNING)];
            let key = Sha256::digest(beginning).into();
            let hash = self.decoded.entry(key).or_insert_with(|| {
                let stages = sightline_fingerprint::stages(encoded).ok()?;
                Some(stages.pdq().hash)
            });
            if hash.is_some() {
                return *hash;
            }
        }
        None
    }
}

/// Hashes cut into 16 bands of 16 bits. Whoever shares a band with one is compared in full: within 15 bits always, and
/// at larger distances with the probability that errors spare a band.
struct Bands {
    hashes: Vec<(PdqHash, usize)>,
    /// Band, its value, and the number of the hash; sorted.
    index: Vec<(u8, u16, u32)>,
    /// Which values occur in which band.
    bitmap: Vec<u64>,
}

impl Bands {
    fn new(hashes: Vec<(PdqHash, usize)>) -> Self {
        let mut index: Vec<(u8, u16, u32)> = (0..)
            .zip(&hashes)
            .flat_map(|(number, (hash, _))| bands(hash).map(move |(band, value)| (band, value, number)))
            .collect();
        index.sort_unstable();
        let mut bitmap = vec![0; 16 << 10];
        for (band, value, _) in &index {
            let slot = slot(*band, *value);
            bitmap[slot / 64] |= 1 << (slot % 64);
        }
        Self { hashes, index, bitmap }
    }

    fn sharing_a_band(&self, hash: &PdqHash, near: &mut impl FnMut(usize, u32)) {
        for (band, value) in bands(hash) {
            let slot = slot(band, value);
            if self.bitmap[slot / 64] >> (slot % 64) & 1 == 0 {
                continue;
            }
            let first = self.index.partition_point(|(other, known, _)| (*other, *known) < (band, value));
            let equal = self.index[first..].iter().take_while(|(other, known, _)| (*other, *known) == (band, value));
            for (.., number) in equal {
                compare(&self.hashes[*number as usize], hash, near);
            }
        }
    }

    fn all(&self, hash: &PdqHash, near: &mut impl FnMut(usize, u32)) {
        for known in &self.hashes {
            compare(known, hash, near);
        }
    }
}

fn compare((known, owner): &(PdqHash, usize), hash: &PdqHash, near: &mut impl FnMut(usize, u32)) {
    let distance = known.distance(hash);
    if distance <= NEAR {
        near(*owner, distance);
    }
}

fn bands(hash: &PdqHash) -> impl Iterator<Item = (u8, u16)> {
    let pairs = (0..).zip(hash.as_bytes().chunks_exact(2));
    pairs.map(|(band, pair)| (band, u16::from_be_bytes([pair[0], pair[1]])))
}

fn slot(band: u8, value: u16) -> usize {
    usize::from(band) << 16 | usize::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    fn random_hash(random: &mut ChaCha20Rng) -> PdqHash {
        let mut bytes = [0; 32];
        random.fill_bytes(&mut bytes);
        PdqHash::from_bytes(bytes)
    }

    #[test]
    fn a_hash_within_15_bits_is_always_found_and_unrelated_ones_never() {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let hashes: Vec<(PdqHash, usize)> = (0..1000).map(|number| (random_hash(&mut random), number)).collect();
        let bands = Bands::new(hashes.clone());
        for (hash, number) in &hashes {
            // 15 errors, each in a band of its own: the worst that is promised.
            let mut place = || (random.next_u32() % 16).to_le_bytes()[0];
            let spared = place();
            let errors = (0..16u8).filter(|band| *band != spared).map(|band| 16 * band + place());
            let mut found = Vec::new();
            bands.sharing_a_band(&hash.with_flipped(errors), &mut |owner, distance| found.push((owner, distance)));
            assert_eq!(found, [(*number, 15)]);
        }
        for _ in 0..1000 {
            bands.all(&random_hash(&mut random), &mut |owner, distance| panic!("{owner} at {distance} bits"));
        }
    }

    fn catalogue(lengths: Vec<[u64; 2]>) -> Catalogue {
        Catalogue { strings: Search::new([]), owners: Vec::new(), hashes: Bands::new(Vec::new()), lengths }
    }

    #[test]
    fn what_messages_add_is_learnt_to_the_length_that_tells() {
        let catalogue = catalogue(vec![[9, 10], [12, 20], [18, 20], [25, 30]]);
        let trials = |longest: [u64; 4]| longest.map(|longest| Clues { pointed: BTreeMap::new(), longest });
        let learnt = |longest| catalogue.overhead(trials(longest).iter().enumerate());
        assert_eq!(learnt([15, 25, 25, 35]), Some(Overhead { padded: true, bytes: 5 }));
        assert_eq!(learnt([11, 14, 20, 99]), Some(Overhead { padded: false, bytes: 2 }));
        assert_eq!(learnt([0, 0, 0, 0]), None);
    }

    #[test]
    fn what_is_pointed_at_counts_before_what_fits_and_that_before_chance() {
        let catalogue = catalogue([10, 20, 20, 30].map(|length| [length - 3, length]).into());
        let overhead = Some(Overhead { padded: true, bytes: 5 });
        let clues = Clues { pointed: [(3, 7)].into(), longest: 25 };
        let guess = |clues: &Clues, choice: &[usize], pick| catalogue.guess(clues, choice, overhead, |_| pick);
        assert_eq!(guess(&clues, &[0, 1, 2, 3], 0), 3);
        assert_eq!([0, 1].map(|pick| guess(&clues, &[0, 1, 2], pick)), [1, 2]);
        assert_eq!(catalogue.guess(&clues, &[0, 1, 2], None, |equal| equal - 1), 2);
    }
}
