use super::verify::{Note, consistency, leaf_hash, root};
use super::{Checkpoint, LogError, LogKey, Proof, Record, WitnessKey};

/// Somebody who follows a log from its first record: an auditor, or a client that holds it to account. Accepts a
/// checkpoint if enough witnesses cosigned it, it extends the one before, and all records between are there.
#[derive(Debug, Clone)]
pub struct Follower {
    log: LogKey,
    witnesses: Vec<WitnessKey>,
    threshold: usize,
    newest: Checkpoint,
    /// The note with the newest checkpoint; empty before the first.
    note: Vec<u8>,
    /// Leaf hashes of all records.
    leaves: Vec<[u8; 32]>,
    /// Time of the last record.
    last: u64,
    /// No record that comes now can be of before this.
    earliest: u64,
}

/// Proof that an operator signed two logs of which neither extends the other. Anybody can verify it who has the log's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivocation {
    /// A signed checkpoint.
    pub first: Vec<u8>,
    /// A signed checkpoint that is not smaller.
    pub second: Vec<u8>,
    /// The root that the second log had at the size of the first one,
    pub root: [u8; 32],
    /// which this proves.
    pub proof: Proof,
}

impl Follower {
    /// Follows the log of this key. At least `threshold` of `witnesses` must have cosigned what it accepts; with a threshold
    /// of 0 it takes the operator's word for everything but what it has seen itself.
    ///
    /// # Errors
    /// [`LogError::Threshold`] above the number of witnesses, [`LogError::RepeatedWitness`] if two have one key or one name,
    /// or if one is the log itself.
    pub fn new(log: LogKey, witnesses: Vec<WitnessKey>, threshold: usize) -> Result<Self, LogError> {
        if threshold > witnesses.len() {
            return Err(LogError::Threshold { needed: threshold, witnesses: witnesses.len() });
        }
        for (place, witness) in witnesses.iter().enumerate() {
            let same = |other: &WitnessKey| other.name() == witness.name() || other.to_bytes() == witness.to_bytes();
            if witness.to_bytes() == log.to_bytes() || witnesses[..place].iter().any(same) {
                return Err(LogError::RepeatedWitness { witness: witness.name().to_owned() });
            }
        }
        let newest = Checkpoint::empty(log.origin());
        Ok(Self { log, witnesses, threshold, newest, note: Vec::new(), leaves: Vec::new(), last: 0, earliest: 0 })
    }

    /// The newest checkpoint accepted; that of an empty log before the first.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.newest
    }

    /// The note it came in, to compare with others'; empty before the first.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Accepts the checkpoint in `note`. `proof` is that it extends [`Follower::checkpoint`]; `entries` are the encodings of
    /// all records that it adds, which come back decoded.
    ///
    /// **Rule of times.** Let t be the threshold, so that fewer than t witnesses are taken to lie. Of any t cosignatures at
    /// least one is then honest. So the t-th largest time of a checkpoint's cosignatures is not after an honest one: no
    /// record in it may be later. The t-th smallest is not before an honest one, at which the checkpoint was all there
    /// was: no record that a later checkpoint adds may be earlier. Times never decrease from record to record. Records
    /// between two checkpoints that a follower accepted can thus be dated wrongly by no more than the time between those;
    /// those of the first checkpoint can be dated back at will, and with a threshold of 0 all can. With 2t − 1 cosignatures
    /// or more, no t − 1 lying witnesses can make an honest operator's records fail (one that appends nothing between
    /// signing a checkpoint and having it cosigned), since both bounds then also lie beyond an honest time.
    ///
    /// # Errors
    /// [`LogError`], in this order: what [`LogKey::open`] says; [`LogError::SplitView`]; what [`Checkpoint::extends`] says;
    /// about cosignatures, which honest witnesses would not have given to any of these; about records missing or wrong;
    /// about times. The follower then stays as it was.
    pub fn advance<E: AsRef<[u8]>>(
        &mut self,
        note: &[u8],
        proof: &Proof,
        entries: &[E],
    ) -> Result<Vec<Record>, LogError> {
        let checkpoint = self.log.open(note)?;
        self.contradicted(&checkpoint, note)?;
        checkpoint.extends(&self.newest, proof)?;
        let (earliest, latest) = self.cosigned(note)?;

        let (expected, found) = (checkpoint.size - self.newest.size, entries.len() as u64);
        if found < expected {
            return Err(LogError::Omitted { expected, found });
        } else if found > expected {
            return Err(LogError::Invented { expected, found });
        }
        let mut leaves = self.leaves.clone();
        leaves.extend(entries.iter().map(|entry| leaf_hash(entry.as_ref())));
        let records: Result<Vec<Record>, _> = entries.iter().map(|entry| Record::from_bytes(entry.as_ref())).collect();
        if root(&leaves) != checkpoint.root {
            // Whoever handed them out changed them; if their times tell how, say so.
            self.in_order(records.as_deref().unwrap_or_default())?;
            return Err(LogError::Altered { from: self.newest.size, to: checkpoint.size });
        }
        let records = records?;
        for (index, record) in (self.newest.size..).zip(&records) {
            let time = record.time();
            if time < self.earliest {
                return Err(LogError::BackDated { index, time, earliest: self.earliest });
            } else if time > latest {
                return Err(LogError::PostDated { index, time, latest });
            }
        }
        self.in_order(&records)?;

        self.last = records.last().map_or(self.last, Record::time);
        self.earliest = self.earliest.max(earliest);
        (self.newest, self.note, self.leaves) = (checkpoint, note.to_vec(), leaves);
        Ok(records)
    }

    /// Whether the times of records that come now do not decrease.
    fn in_order(&self, records: &[Record]) -> Result<(), LogError> {
        let mut last = self.last;
        for (index, record) in (self.newest.size..).zip(records) {
            if record.time() < last {
                return Err(LogError::Reordered { index });
            }
            last = record.time();
        }
        Ok(())
    }

    /// Whether enough witnesses cosigned; and by their times the earliest that records after this checkpoint can be of, and
    /// the latest that records in it can.
    fn cosigned(&self, note: &[u8]) -> Result<(u64, u64), LogError> {
        let times = self.witnesses.iter().filter_map(|witness| witness.cosigned(note).transpose());
        let mut times = times.collect::<Result<Vec<_>, _>>()?;
        times.sort_unstable();
        let (needed, found) = (self.threshold, times.len());
        if found < needed {
            let unknown = Note::parse(note)?.signatures.len().saturating_sub(found + 1);
            return Err(LogError::TooFewWitnesses { needed, found, unknown });
        }
        Ok(if needed == 0 { (0, u64::MAX) } else { (times[needed - 1], times[found - needed]) })
    }

    /// Whether a checkpoint that is not larger than the newest is what the log was at its size.
    fn contradicted(&self, checkpoint: &Checkpoint, note: &[u8]) -> Result<(), LogError> {
        let Some(past) = usize::try_from(checkpoint.size).ok().and_then(|size| self.leaves.get(..size)) else {
            return Ok(());
        };
        let past = root(past);
        if past == checkpoint.root {
            return Ok(());
        }
        let size = usize::try_from(checkpoint.size).expect("it is within the leaves");
        Err(LogError::SplitView(Box::new(Equivocation {
            first: note.to_vec(),
            second: self.note.clone(),
            root: past,
            proof: consistency(&self.leaves, size),
        })))
    }

    /// Compares the newest checkpoint with one that somebody else was shown. `proof` is that the other's extends this one's;
    /// it is needed if the other's is larger, and not looked at otherwise.
    ///
    /// # Errors
    /// [`LogError::SplitView`], with what convinces anybody; [`LogError::Forked`] or [`LogError::MalformedProof`] if the
    /// other's is larger and is not shown to extend this one's: then the other follower can find the evidence, given
    /// [`Follower::note`]. Or what [`LogKey::open`] says.
    pub fn gossip(&self, note: &[u8], proof: &Proof) -> Result<(), LogError> {
        let checkpoint = self.log.open(note)?;
        self.contradicted(&checkpoint, note)?;
        if checkpoint.size <= self.newest.size { Ok(()) } else { checkpoint.extends(&self.newest, proof) }
    }

    /// Whether `record` is at `index` in the newest checkpoint.
    ///
    /// # Errors
    /// What [`Checkpoint::includes`] says.
    pub fn holds(&self, record: &Record, index: u64, proof: &Proof) -> Result<(), LogError> {
        self.newest.includes(index, record, proof)
    }
}

impl Equivocation {
    /// Two notes with checkpoints of one size; `root` is that of the second.
    pub(super) fn at_one_size(first: &[u8], second: &[u8], root: [u8; 32]) -> Self {
        Self { first: first.to_vec(), second: second.to_vec(), root, proof: Proof::default() }
    }

    /// Whether the operator of this log did sign two logs that contradict each other.
    ///
    /// # Errors
    /// What [`LogKey::open`] and [`Checkpoint::extends`] say; [`LogError::NoContradiction`].
    pub fn verify(&self, log: &LogKey) -> Result<(), LogError> {
        let (first, second) = (log.open(&self.first)?, log.open(&self.second)?);
        let past = Checkpoint { root: self.root, ..first.clone() };
        second.extends(&past, &self.proof)?;
        if past.root == first.root { Err(LogError::NoContradiction) } else { Ok(()) }
    }
}
