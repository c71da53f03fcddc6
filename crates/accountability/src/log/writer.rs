use super::{LogError, LogKey, Proof, Record};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use signed_note::{Note, Signer, StandardSigner};
use std::{fmt, ops::Range};
use tlog_tiles::{Checkpoint, Hash, HashReader, Tile, prove_record, prove_tree, stored_hashes, tree_hash};

/// Tiles are of 2⁸ hashes.
const HEIGHT: u8 = 8;

/// The operator's side of a log: it appends, signs, and proves. It can only grow, but nothing stops its operator from
/// having two of them; that is what the other sides are for.
pub struct Log {
    key: LogKey,
    signer: StandardSigner,
    records: Vec<Record>,
    hashes: Hashes,
}

/// Hashes of all complete subtrees, in the order of tlog's storage.
struct Hashes(Vec<Hash>);

impl Log {
    /// An empty log under the name `origin` (a host and path, without a scheme), with the Ed25519 key `secret`.
    ///
    /// # Errors
    /// [`LogError::MalformedKey`] if the origin cannot be the name of a key.
    pub fn new(origin: &str, secret: &[u8; 32]) -> Result<Self, LogError> {
        let key = LogKey::new(origin, &SigningKey::from_bytes(secret).verifying_key().to_bytes())?;
        let encoded = |key: &[u8; 32]| [&[1], key.as_slice()].concat();
        let id = signed_note::key_id(origin, &encoded(&key.to_bytes()));
        let signer = format!("PRIVATE+KEY+{origin}+{id:08x}+{}", BASE64_STANDARD.encode(encoded(secret)));
        let signer = StandardSigner::new(&signer).map_err(|error| LogError::MalformedKey(error.to_string()))?;
        Ok(Self { key, signer, records: Vec::new(), hashes: Hashes(Vec::new()) })
    }

    /// Its public key.
    pub const fn key(&self) -> &LogKey {
        &self.key
    }

    /// Number of records.
    pub fn size(&self) -> u64 {
        self.records.len() as u64
    }

    /// Appends a record and says at which place.
    pub fn append(&mut self, record: &Record) -> u64 {
        let index = self.size();
        let hashes = stored_hashes(index, &record.to_bytes(), &self.hashes).expect(STORED);
        self.hashes.0.extend(hashes);
        self.records.push(record.clone());
        index
    }

    /// The record at `index`.
    pub fn record(&self, index: u64) -> Option<&Record> {
        self.records.get(usize::try_from(index).ok()?)
    }

    /// Encodings of the records at these places, as [`super::Follower::advance`] takes them; of those that there are.
    pub fn entries(&self, places: Range<u64>) -> Vec<Vec<u8>> {
        places.map_while(|index| self.record(index)).map(Record::to_bytes).collect()
    }

    /// A checkpoint of what the log is now: a signed note.
    ///
    /// Between signing it and having it cosigned, nothing should be appended: a record stamped before the cosignatures
    /// and in no checkpoint before them counts as back-dated.
    pub fn checkpoint(&self) -> Vec<u8> {
        let root = tree_hash(self.size(), &self.hashes).expect(STORED);
        let text = Checkpoint::new(self.key.origin(), self.size(), root, "").expect("an origin that names a key");
        let mut note = Note::new(&text.to_bytes(), &[]).expect("lines without control characters");
        note.add_sigs(&[&self.signer as &dyn Signer]).expect("the signer has a valid name");
        note.to_bytes()
    }

    /// That the record at `index` is in the log of `size`.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] unless `index` is below `size`, and that not above the log's size.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Proof, LogError> {
        self.within(size)?;
        if index >= size {
            return Err(LogError::OutOfRange { index, size });
        }
        Ok(proof(&prove_record(size, index, &self.hashes).expect(STORED)))
    }

    /// That the log of size `to` extends that of size `from`.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] unless `from` is not above `to`, nor that above the log's size.
    pub fn consistency(&self, from: u64, to: u64) -> Result<Proof, LogError> {
        self.within(to)?;
        match from {
            0 => Ok(Proof::default()),
            _ if from > to => Err(LogError::OutOfRange { index: from, size: to }),
            _ => Ok(proof(&prove_tree(to, from, &self.hashes).expect(STORED))),
        }
    }

    fn within(&self, size: u64) -> Result<(), LogError> {
        if size > self.size() { Err(LogError::OutOfRange { index: size, size: self.size() }) } else { Ok(()) }
    }

    /// The files of which the log consists, as C2SP tlog-tiles has them: paths, and what is in them. The file
    /// `checkpoint` is the one missing, a [`Log::checkpoint`] with cosignatures.
    pub fn tiles(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        Tile::new_tiles(HEIGHT, 0, self.size()).into_iter().flat_map(|tile| {
            let hashes = (path(&tile), tile.read_data(&self.hashes).expect(STORED));
            let bundle = (tile.level() == 0).then(|| {
                let mut entries = tile;
                entries.set_is_data();
                (path(&entries), self.bundle(tile))
            });
            [Some(hashes), bundle].into_iter().flatten()
        })
    }

    /// Entries, each after its length in 16 bits.
    fn bundle(&self, tile: Tile) -> Vec<u8> {
        let start = tile.level_index() << HEIGHT;
        let entries = self.entries(start..start + u64::from(tile.width()));
        let length = |entry: &[u8]| u16::try_from(entry.len()).expect("records are bounded").to_be_bytes();
        entries.iter().flat_map(|entry| [&length(entry), entry.as_slice()].concat()).collect()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("key", &self.key).field("size", &self.size()).finish_non_exhaustive()
    }
}

const STORED: &str = "all hashes up to the log's size are there";

fn proof(hashes: &[Hash]) -> Proof {
    Proof::new(hashes.iter().map(|hash| hash.0).collect())
}

/// The library writes the paths of an older design, with the height, and `data` for entries.
fn path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1).replacen("tile/data/", "tile/entries/", 1)
}

impl HashReader for Hashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let hash = |index: &u64| usize::try_from(*index).ok().and_then(|index| self.0.get(index)).copied();
        indexes.iter().map(hash).collect::<Option<_>>().ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}
