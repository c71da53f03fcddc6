use crate::Scenario;
use rand_core::Rng;
use rayon::prelude::*;
use sightline_crypto::{Seed, Stream};
use sightline_evidence::CorpusSummary;
use sightline_fingerprint::{MINIMUM_QUALITY, Memo, Pdq, PdqHash};
use sightline_lists::{Entry, HashList, Provenance};
use sightline_pictures::{Corpus, CorpusError, RejectReason, Source};
use sightline_protocol::{Content, ContentKind, Setup};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pictures, the list made from them, and how both are split between choosing adversaries and reporting.
pub struct World {
    /// All pictures.
    pub corpus: Corpus,
    /// The setting that every deployment shares.
    pub setup: Setup,
    /// The half on which adversaries are chosen, and the half on which they are reported. No picture is in both.
    pub halves: [Half; 2],
    /// Pictures left out: too little detail to be matched, or by chance within the radius of an entry.
    pub left_out: usize,
}

/// The pictures of one half, in groups of equal length.
pub struct Half {
    groups: Vec<Group>,
}

/// Pictures of one length, as [`padded`] makes them. No decoder reads trailing zero bytes.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) ordinary: Vec<Picture>,
    pub(crate) listed: Vec<Picture>,
}

/// A picture of the world.
#[derive(Clone)]
pub(crate) struct Picture {
    /// Its encoded bytes, padded.
    pub(crate) bytes: Arc<[u8]>,
    /// How many of them there are without padding.
    length: usize,
    /// Its hash.
    pub(crate) pdq: Pdq,
}

impl Picture {
    pub(crate) fn content(&self) -> Content {
        Content { kind: ContentKind::Picture, bytes: self.bytes.to_vec() }
    }

    /// Its encoded bytes as they were, without padding.
    pub(crate) fn original(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Bytes of padding, which no decoder reads.
    pub(crate) fn padding(&self) -> usize {
        self.bytes.len() - self.length
    }
}

/// A world that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The pictures could not be had.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// Too few pictures for a split into halves.
    #[error(
        "only {usable} of {total} pictures can be used, and at least {least} are needed: \
         add pictures, or leave --pictures out to use generated ones"
    )]
    TooFew {
        /// Pictures that can be hashed with sufficient quality.
        usable: usize,
        /// Pictures in all.
        total: usize,
        /// Pictures needed.
        least: usize,
    },
}

/// Fewest usable pictures.
const LEAST: usize = 12;

impl World {
    /// Reads or generates the pictures and makes the list.
    ///
    /// # Errors
    /// [`WorldError`] if a folder cannot be read or holds too few pictures.
    pub(crate) fn new(scenario: &Scenario, progress: &mut dyn FnMut(usize, usize)) -> Result<Self, WorldError> {
        let seed = Seed::from_u64(scenario.seed);
        let corpus = match &scenario.pictures.folder {
            Some(folder) => Corpus::read_folder(folder, progress)?,
            None => Corpus::generated(*seed.derive("corpus", 0).as_bytes(), scenario.pictures.count, progress),
        };
        let memo = Memo::default();
        let hashed = |(bytes, length): (Arc<[u8]>, usize)| {
            let pdq = memo.look(&bytes).marks.as_ref().ok()?.pdq;
            (pdq.quality >= MINIMUM_QUALITY).then_some(Picture { bytes, length, pdq })
        };
        let mut usable: Vec<Picture> = padded(&corpus).into_par_iter().filter_map(hashed).collect();
        let total = corpus.pictures.len();
        if usable.len() < LEAST {
            return Err(WorldError::TooFew { usable: usable.len(), total, least: LEAST });
        }
        let mut stream = seed.derive("split", 0).stream();
        shuffle(&mut usable, &mut stream);

        let (listed, rest) = usable.split_at((usable.len() / 5).max(4));
        let of_picture = |picture: &Picture| Entry { hash: picture.pdq.hash, provenance: Provenance::Picture };
        let filler = scenario.list.entries.saturating_sub(listed.len());
        let code = |_| Entry { hash: random_hash(&mut stream), provenance: Provenance::Code };
        let list =
            HashList::new((0..filler).map(code).collect::<Vec<_>>().into_iter().chain(listed.iter().map(of_picture)));
        let far = |picture: &&Picture| list.nearest_within(&picture.pdq.hash, scenario.radius()).is_none();
        let ordinary: Vec<Picture> = rest.iter().filter(far).cloned().collect();

        Ok(Self {
            halves: [0, 1].map(|half| {
                let every_other = |pictures: &[Picture]| pictures.iter().skip(half).step_by(2).cloned().collect();
                Half::new(every_other(&ordinary), every_other(listed))
            }),
            left_out: total - listed.len() - ordinary.len(),
            setup: Setup {
                users: scenario.users,
                padding: scenario.padding(),
                list: Arc::new(list),
                radius: scenario.radius(),
                target: None,
                memo: Arc::new(memo),
                order: scenario.order(),
            },
            corpus,
        })
    }

    /// What the pictures are, for the record.
    pub fn summary(&self) -> CorpusSummary {
        let description = match &self.corpus.source {
            Source::Generated { .. } => "generated pictures".to_owned(),
            Source::Folder { .. } => "a folder of pictures".to_owned(),
        };
        let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
        for file in &self.corpus.rejected {
            let reason = match &file.reason {
                RejectReason::Picture(error) => error.to_string(),
                other => other.to_string(),
            };
            *rejected.entry(reason).or_default() += 1;
        }
        if self.left_out > 0 {
            rejected.insert("too little detail, or near a list entry by chance".into(), self.left_out as u64);
        }
        CorpusSummary {
            description,
            digest: hex(&self.corpus.digest()),
            pictures: self.corpus.pictures.len() as u64,
            rejected,
        }
    }
}

/// The pictures with their lengths, padded with trailing zero bytes to the longest of their class: half an octave, which
/// is wide enough for pairs in a small folder and narrow enough for little padding.
fn padded(corpus: &Corpus) -> Vec<(Arc<[u8]>, usize)> {
    let class = |bytes: &[u8]| (bytes.len() as u128).pow(2).ilog2();
    let mut longest: BTreeMap<u32, usize> = BTreeMap::new();
    let pictures = || corpus.pictures.iter().map(|picture| &picture.bytes).filter(|bytes| !bytes.is_empty());
    for bytes in pictures() {
        let longest = longest.entry(class(bytes)).or_default();
        *longest = bytes.len().max(*longest);
    }
    let pad = |bytes: &Arc<[u8]>| {
        let mut padded = bytes.to_vec();
        padded.resize(longest[&class(bytes)], 0);
        (padded.into(), bytes.len())
    };
    pictures().map(pad).collect()
}

impl Half {
    fn new(ordinary: Vec<Picture>, listed: Vec<Picture>) -> Self {
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        for picture in ordinary {
            groups.entry(picture.bytes.len()).or_default().ordinary.push(picture);
        }
        for picture in listed {
            groups.entry(picture.bytes.len()).or_default().listed.push(picture);
        }
        Self { groups: groups.into_values().collect() }
    }

    /// A group drawn with probability proportional to `weight`, or nothing if all weigh nothing.
    pub(crate) fn draw(&self, weight: impl Fn(&Group) -> usize, stream: &mut Stream) -> Option<&Group> {
        let total: usize = self.groups.iter().map(&weight).sum();
        let mut left = if total == 0 { return None } else { below(stream, total) };
        self.groups.iter().find(|group| {
            let weight = weight(group);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        })
    }

    /// Its ordinary pictures.
    pub(crate) fn ordinary(&self) -> impl Iterator<Item = &Picture> {
        self.groups.iter().flat_map(|group| &group.ordinary)
    }

    /// Its listed pictures.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Picture> {
        self.groups.iter().flat_map(|group| &group.listed)
    }

    /// Any ordinary picture, for illustration.
    pub(crate) fn sample(&self) -> Option<&Picture> {
        self.ordinary().next()
    }
}

impl Group {
    /// Two different ordinary pictures.
    pub(crate) fn ordinary_pair(&self, stream: &mut Stream) -> Option<[&Picture; 2]> {
        let count = self.ordinary.len();
        if count < 2 {
            return None;
        }
        let first = below(stream, count);
        let second = (first + 1 + below(stream, count - 1)) % count;
        Some([&self.ordinary[first], &self.ordinary[second]])
    }
}

/// Uniform below `bound`, which is not zero; the bias is below 2⁻⁶⁴ · bound.
pub(crate) fn below(stream: &mut Stream, bound: usize) -> usize {
    let product = u128::from(stream.next_u64()) * (bound as u128);
    usize::try_from(product >> 64).expect("below a usize")
}

pub(crate) fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(stream, last + 1));
    }
}

fn random_hash(stream: &mut Stream) -> PdqHash {
    let mut bytes = [0; 32];
    stream.fill_bytes(&mut bytes);
    PdqHash::from_bytes(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
