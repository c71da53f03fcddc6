use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Shorter secrets and ciphertexts are not searched for: chance would find them.
const SHORTEST: usize = 16;
/// A pattern is looked up by this many leading bytes, then compared in full.
const PREFIX: usize = 8;

/// What every party's cryptography did in one run. Cheap to clone; the clones share one record.
///
/// The ledger is an instrument of the laboratory, outside every party: it lets an observer open what its view allows,
/// never more. A ledger that is [`Ledger::off`] records nothing.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Option<Arc<Mutex<Records>>>);

impl Ledger {
    /// A ledger that records.
    pub fn recording() -> Self {
        Self(Some(Arc::default()))
    }

    /// A ledger that records nothing, for use outside the laboratory.
    pub fn off() -> Self {
        Self(None)
    }

    /// Whoever holds all `inputs` can compute `output`. Public inputs (labels, contexts) are left out by the caller.
    pub fn derive(&self, inputs: &[&[u8]], output: &[u8]) {
        self.note(|records| {
            if output.len() >= SHORTEST && inputs.iter().all(|input| input.len() >= SHORTEST) {
                let inputs = inputs.iter().map(|input| records.name(input)).collect();
                let output = records.name(output);
                records.rules.insert(Rule { inputs, output });
            }
        });
    }

    /// `secret` is the private key of `public`.
    pub fn key_pair(&self, secret: &[u8], public: &[u8]) {
        self.note(|records| {
            let secret = records.name(secret);
            records.secret_of.insert(public.to_vec(), secret);
        });
    }

    /// `ciphertext` (tag included, nonce not) opens to `plaintext` under `key`.
    pub fn seal(&self, key: &[u8], ciphertext: &[u8], plaintext: &[u8]) {
        self.note(|records| {
            let key = records.name(key);
            records.seals.push(Seal { key: Holder::Key(key), ciphertext: ciphertext.into(), plaintext: plaintext.into() });
        });
    }

    /// `ciphertext` opens to `plaintext` for whoever holds the private key of `public`.
    pub fn seal_to(&self, public: &[u8], ciphertext: &[u8], plaintext: &[u8]) {
        self.note(|records| {
            let key = Holder::SecretOf(public.to_vec());
            records.seals.push(Seal { key, ciphertext: ciphertext.into(), plaintext: plaintext.into() });
        });
    }

    /// `output` can be computed by whoever holds the private key of `public` (HPKE export, RFC 9180 §5.3).
    pub fn exported(&self, public: &[u8], output: &[u8]) {
        self.note(|records| {
            let output = records.name(output);
            records.exports.push((public.to_vec(), output));
        });
    }

    /// All that was recorded so far.
    pub fn records(&self) -> Records {
        self.0.as_ref().map_or_else(Records::default, |shared| {
            shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }

    fn note(&self, write: impl FnOnce(&mut Records)) {
        if let Some(shared) = &self.0 {
            write(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// A secret, by its place in [`Records::secrets`].
type SecretId = u32;

/// The recorded cryptography of a run: which secret opens or yields what.
#[derive(Debug, Clone, Default)]
pub struct Records {
    ids: HashMap<Arc<[u8]>, SecretId>,
    secrets: Vec<Arc<[u8]>>,
    secret_of: BTreeMap<Vec<u8>, SecretId>,
    rules: BTreeSet<Rule>,
    seals: Vec<Seal>,
    exports: Vec<(Vec<u8>, SecretId)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    inputs: Vec<SecretId>,
    output: SecretId,
}

#[derive(Debug, Clone)]
struct Seal {
    key: Holder,
    ciphertext: Arc<[u8]>,
    plaintext: Arc<[u8]>,
}

#[derive(Debug, Clone)]
enum Holder {
    Key(SecretId),
    SecretOf(Vec<u8>),
}

/// A sealed thing that a view can open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opened {
    /// What came out.
    pub plaintext: Arc<[u8]>,
    /// Length of the ciphertext it came out of, in bytes.
    pub ciphertext_length: usize,
}

/// Byte strings of one run, searched once for every recorded secret and ciphertext; views of any coalition are then
/// saturated by set operations alone.
#[derive(Debug)]
pub struct Haystack<'a> {
    records: &'a Records,
    index: Index,
    /// Per byte string: the patterns found in it.
    found: Vec<Vec<Pattern>>,
    /// Per seal: the patterns found in its plaintext.
    inside: Vec<Vec<Pattern>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pattern {
    Secret(SecretId),
    Ciphertext(u32),
}

impl Records {
    /// Opens everything that can be opened with the keys in `held`, until nothing new appears.
    pub fn saturate<'b>(&self, held: impl IntoIterator<Item = &'b [u8]>) -> Vec<Opened> {
        let mut haystack = Haystack::new(self);
        let ids: Vec<usize> = held.into_iter().map(|bytes| haystack.add(bytes)).collect();
        haystack.saturate(ids)
    }

    fn name(&mut self, secret: &[u8]) -> SecretId {
        if let Some(id) = self.ids.get(secret) {
            return *id;
        }
        let id = SecretId::try_from(self.secrets.len()).expect("a run records fewer than 2^32 secrets");
        let secret: Arc<[u8]> = secret.into();
        self.ids.insert(Arc::clone(&secret), id);
        self.secrets.push(secret);
        id
    }

    fn bytes_of(&self, pattern: Pattern) -> &[u8] {
        match pattern {
            Pattern::Secret(id) => &self.secrets[id as usize],
            Pattern::Ciphertext(seal) => &self.seals[seal as usize].ciphertext,
        }
    }
}

impl<'a> Haystack<'a> {
    /// An empty haystack over `records`.
    pub fn new(records: &'a Records) -> Self {
        let index = Index::new(records);
        let inside = records.seals.iter().map(|seal| index.search(records, &seal.plaintext)).collect();
        Self { records, index, found: Vec::new(), inside }
    }

    /// Adds a byte string of the run and returns its number, for [`Haystack::saturate`].
    pub fn add(&mut self, bytes: &[u8]) -> usize {
        self.found.push(self.index.search(self.records, bytes));
        self.found.len() - 1
    }

    /// What someone who holds the byte strings numbered `held` can open, sorted by plaintext.
    ///
    /// # Panics
    /// If a number was not returned by [`Haystack::add`].
    pub fn saturate(&self, held: impl IntoIterator<Item = usize>) -> Vec<Opened> {
        let records = self.records;
        let mut known: BTreeSet<Pattern> = held.into_iter().flat_map(|id| self.found[id].iter().copied()).collect();
        let mut opened = vec![false; records.seals.len()];
        loop {
            let before = known.len();
            let knows = |known: &BTreeSet<Pattern>, public: &[u8]| {
                records.secret_of.get(public).is_some_and(|secret| known.contains(&Pattern::Secret(*secret)))
            };
            for rule in &records.rules {
                if rule.inputs.iter().all(|input| known.contains(&Pattern::Secret(*input))) {
                    known.insert(Pattern::Secret(rule.output));
                }
            }
            for (public, output) in &records.exports {
                if knows(&known, public) {
                    known.insert(Pattern::Secret(*output));
                }
            }
            let mut news = false;
            for (number, seal) in records.seals.iter().enumerate() {
                let holds_key = match &seal.key {
                    Holder::Key(key) => known.contains(&Pattern::Secret(*key)),
                    Holder::SecretOf(public) => knows(&known, public),
                };
                let number_id = u32::try_from(number).expect("a run records fewer than 2^32 seals");
                if !opened[number] && holds_key && known.contains(&Pattern::Ciphertext(number_id)) {
                    opened[number] = true;
                    news = true;
                    known.extend(self.inside[number].iter().copied());
                }
            }
            if !news && known.len() == before {
                break;
            }
        }
        let seals = records.seals.iter().zip(opened).filter(|(_, open)| *open).map(|(seal, _)| seal);
        let mut all: Vec<Opened> = seals
            .map(|seal| Opened { plaintext: Arc::clone(&seal.plaintext), ciphertext_length: seal.ciphertext.len() })
            .collect();
        all.sort_unstable();
        all
    }
}

/// Finds every recorded secret and ciphertext in a byte string in one pass: a bitmap over two bytes rejects nearly all
/// positions, a table over eight bytes most of the rest, and a full comparison decides.
#[derive(Debug)]
struct Index {
    bitmap: Vec<u64>,
    by_prefix: HashMap<[u8; PREFIX], Vec<Pattern>>,
}

impl Index {
    fn new(records: &Records) -> Self {
        let mut index = Self { bitmap: vec![0; 1 << 10], by_prefix: HashMap::new() };
        for id in 0..records.secrets.len() {
            index.insert(records, Pattern::Secret(u32::try_from(id).expect("named by a u32")));
        }
        for seal in 0..records.seals.len() {
            index.insert(records, Pattern::Ciphertext(u32::try_from(seal).expect("fewer than 2^32 seals")));
        }
        index
    }

    fn insert(&mut self, records: &Records, pattern: Pattern) {
        let bytes = records.bytes_of(pattern);
        if bytes.len() < SHORTEST || bytes.iter().all(|byte| *byte == bytes[0]) {
            return;
        }
        let slot = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        self.bitmap[slot / 64] |= 1 << (slot % 64);
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&bytes[..PREFIX]);
        self.by_prefix.entry(prefix).or_default().push(pattern);
    }

    fn search(&self, records: &Records, bytes: &[u8]) -> Vec<Pattern> {
        let mut found = BTreeSet::new();
        for (at, window) in bytes.windows(PREFIX).enumerate() {
            let slot = usize::from(u16::from_le_bytes([window[0], window[1]]));
            if self.bitmap[slot / 64] >> (slot % 64) & 1 == 0 {
                continue;
            }
            let Some(patterns) = self.by_prefix.get(window) else { continue };
            found.extend(patterns.iter().filter(|pattern| bytes[at..].starts_with(records.bytes_of(**pattern))));
        }
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Vec<u8> {
        (0..32).map(|i| byte.wrapping_mul(31).wrapping_add(i)).collect()
    }

    #[test]
    fn opens_through_a_chain_and_stops_where_the_keys_stop() {
        let ledger = Ledger::recording();
        let (a, b, c) = (key(1), key(2), key(3));
        let wraps_b: Vec<u8> = [b"key: ".to_vec(), b.clone()].concat();
        ledger.seal(&a, &key(10), &wraps_b);
        ledger.derive(&[&b], &c);
        ledger.seal(&c, &key(11), b"secret");
        ledger.seal(&key(99), &key(12), b"never");
        let records = ledger.records();

        let holds_all = [[&b"x"[..], &a].concat(), key(10), key(11), key(12)];
        let opened = records.saturate(holds_all.iter().map(Vec::as_slice));
        assert_eq!(opened.iter().map(|o| o.plaintext.to_vec()).collect::<Vec<_>>(), [wraps_b, b"secret".to_vec()]);
        // Without the first ciphertext the chain does not start; without a key nothing opens.
        assert!(records.saturate([a.as_slice(), &key(11)]).is_empty());
        assert!(records.saturate([key(10).as_slice(), &key(11)]).is_empty());
    }

    #[test]
    fn a_derivation_needs_all_its_inputs() {
        let ledger = Ledger::recording();
        ledger.derive(&[&key(1), &key(2)], &key(3));
        ledger.seal(&key(3), &key(4), b"plain");
        let records = ledger.records();
        assert!(records.saturate([key(1).as_slice(), &key(4)]).is_empty());
        assert_eq!(records.saturate([key(1).as_slice(), &key(2), &key(4)]).len(), 1);
    }

    #[test]
    fn public_key_seals_open_for_the_private_key() {
        let ledger = Ledger::recording();
        ledger.key_pair(&key(1), &key(2));
        ledger.seal_to(&key(2), &key(3), b"plain");
        ledger.exported(&key(2), &key(5));
        ledger.seal(&key(5), &key(6), b"also");
        let records = ledger.records();
        assert!(records.saturate([key(2).as_slice(), &key(3)]).is_empty());
        assert_eq!(records.saturate([key(1).as_slice(), &key(3), &key(6)]).len(), 2);
    }

    #[test]
    fn a_ledger_that_is_off_records_nothing() {
        let ledger = Ledger::off();
        ledger.seal(&key(1), &key(2), b"plain");
        assert!(ledger.records().saturate([key(1).as_slice(), &key(2)]).is_empty());
    }
}
