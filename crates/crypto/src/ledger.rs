use crate::Search;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Shorter secrets and ciphertexts are not searched for: chance would find them.
const SHORTEST: usize = Search::SHORTEST;

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
            records.seals.push(Seal {
                key: Holder::Key(key),
                ciphertext: ciphertext.into(),
                plaintext: plaintext.into(),
            });
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
        self.0
            .as_ref()
            .map_or_else(Records::default, |shared| shared.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn note(&self, write: impl FnOnce(&mut Records)) {
        if let Some(shared) = &self.0 {
            write(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// A secret, by its place in [`Records::secrets`].
type SecretId = usize;

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
    search: Search,
    /// Per byte string: the patterns found in it.
    found: Vec<Vec<usize>>,
    /// Per seal: the patterns found in its plaintext.
    inside: Vec<Vec<usize>>,
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
        let id = self.secrets.len();
        let secret: Arc<[u8]> = secret.into();
        self.ids.insert(Arc::clone(&secret), id);
        self.secrets.push(secret);
        id
    }
}

impl<'a> Haystack<'a> {
    /// An empty haystack over `records`.
    pub fn new(records: &'a Records) -> Self {
        let ciphertexts = records.seals.iter().map(|seal| &seal.ciphertext);
        let search = Search::new(records.secrets.iter().chain(ciphertexts).cloned());
        let inside = records.seals.iter().map(|seal| search.find(&seal.plaintext)).collect();
        Self { records, search, found: Vec::new(), inside }
    }

    /// Adds a byte string of the run and returns its number, for [`Haystack::saturate`].
    pub fn add(&mut self, bytes: &[u8]) -> usize {
        self.found.push(self.search.find(bytes));
        self.found.len() - 1
    }

    /// What someone who holds the byte strings numbered `held` can open, sorted by plaintext.
    ///
    /// # Panics
    /// If a number was not returned by [`Haystack::add`].
    pub fn saturate(&self, held: impl IntoIterator<Item = usize>) -> Vec<Opened> {
        let records = self.records;
        // Secrets are numbered first, then ciphertexts.
        let first_ciphertext = records.secrets.len();
        let mut known: BTreeSet<usize> = held.into_iter().flat_map(|id| self.found[id].iter().copied()).collect();
        let mut opened = vec![false; records.seals.len()];
        loop {
            let before = known.len();
            let knows = |known: &BTreeSet<usize>, public: &[u8]| {
                records.secret_of.get(public).is_some_and(|secret| known.contains(secret))
            };
            for rule in &records.rules {
                if rule.inputs.iter().all(|input| known.contains(input)) {
                    known.insert(rule.output);
                }
            }
            for (public, output) in &records.exports {
                if knows(&known, public) {
                    known.insert(*output);
                }
            }
            let mut news = false;
            for (number, seal) in records.seals.iter().enumerate() {
                let holds_key = match &seal.key {
                    Holder::Key(key) => known.contains(key),
                    Holder::SecretOf(public) => knows(&known, public),
                };
                if !opened[number] && holds_key && known.contains(&(first_ciphertext + number)) {
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
