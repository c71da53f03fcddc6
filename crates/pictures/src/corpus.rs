use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::decode::{MAX_BYTES, decode};
use crate::error::{CorpusError, PictureError};
use crate::generate::generate;
use crate::parallel;

/// A collection of encoded pictures. Pixels are not kept: [`decode`] a picture where they are needed.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The pictures, by path or by number.
    pub pictures: Vec<CorpusPicture>,
    /// What the folder held besides, by path; empty for a generated corpus.
    pub rejected: Vec<Rejected>,
    /// Where the pictures come from.
    pub source: Source,
}

/// One picture of a corpus, as it would be sent.
#[derive(Clone, Debug)]
pub struct CorpusPicture {
    /// Unique in the corpus.
    pub id: PictureId,
    /// The encoded picture; it decodes.
    pub bytes: Arc<[u8]>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A picture's name: its path below the folder with `/` between parts, or `generated-000123`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PictureId(String);

/// Where a corpus comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Painted by [`generate`] from a seed.
    Generated {
        /// The seed.
        seed: [u8; 32],
    },
    /// Read from a folder.
    Folder {
        /// The path as given.
        path: PathBuf,
    },
}

/// A file or folder that gave no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Path below the corpus folder.
    pub path: PathBuf,
    /// Why.
    pub reason: RejectReason,
}

/// Why a file or folder gave no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectReason {
    /// The name begins with a dot; hidden folders are not entered.
    #[error("hidden")]
    Hidden,
    /// Symbolic links to folders are not followed, so that no loop is walked.
    #[error("a symbolic link to a folder, which is not followed")]
    LinkToFolder,
    /// A device, socket or pipe.
    #[error("not a regular file")]
    NotAFile,
    /// The name cannot serve as an id.
    #[error("the name is not Unicode; rename it")]
    NameNotUnicode,
    /// The operating system refused.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// The content is no usable picture.
    #[error("{0}")]
    Picture(#[from] PictureError),
}

impl Corpus {
    /// Pictures `0` to `count − 1` of `seed`, each as JPEG at the quality that was drawn for it (85 to 95).
    /// `progress` receives the number done and the total.
    pub fn generated(seed: [u8; 32], count: usize, progress: &mut dyn FnMut(usize, usize)) -> Self {
        let paint = |index: usize| {
            let generated = generate(&seed, index as u64);
            CorpusPicture {
                id: PictureId(format!("generated-{index:06}")),
                bytes: generated.picture.to_jpeg(generated.jpeg_quality).into(),
                width: generated.picture.width(),
                height: generated.picture.height(),
            }
        };
        let pictures = parallel::in_order(count, paint, progress);
        Self { pictures, rejected: Vec::new(), source: Source::Generated { seed } }
    }

    /// Every picture below the folder `path`, sorted by path. Every file is decoded once to prove that it can be;
    /// those that cannot are listed in [`Corpus::rejected`] and never end the reading. The encoded pictures are held in
    /// memory. `progress` receives the number of files done and the total.
    pub fn read_folder(path: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<Self, CorpusError> {
        Self::check_folder(path)?;
        let unreadable = |source: io::Error| CorpusError::Unreadable { path: path.to_owned(), source };
        let mut found = Walk { root: path, files: Vec::new(), rejected: Vec::new() };
        found.enter(Path::new("")).map_err(unreadable)?;
        found.files.sort();

        let read = parallel::in_order(found.files.len(), |index| read_picture(path, &found.files[index]), progress);
        let mut rejected = found.rejected;
        let mut pictures = Vec::new();
        for (file, result) in found.files.into_iter().zip(read) {
            match result {
                Ok(picture) => pictures.push(picture),
                Err(reason) => rejected.push(Rejected { path: file, reason }),
            }
        }
        rejected.sort_by(|a, b| a.path.cmp(&b.path));
        if pictures.is_empty() {
            return Err(CorpusError::NoPicture { path: path.to_owned(), rejected });
        }
        Ok(Self { pictures, rejected, source: Source::Folder { path: path.to_owned() } })
    }

    /// Whether there is a folder `path`, before anything else is done.
    pub fn check_folder(path: &Path) -> Result<(), CorpusError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(CorpusError::NotAFolder { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(CorpusError::Missing { path: path.to_owned() })
            }
            Err(source) => Err(CorpusError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// SHA-256 over a name for this format, the number of pictures, and for each its id's length, its id and the
    /// SHA-256 of its bytes; numbers are 64-bit little-endian. Two corpora have one digest exactly when they hold the
    /// same pictures under the same ids in the same order.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"sightline corpus v1\0");
        hash.update((self.pictures.len() as u64).to_le_bytes());
        for picture in &self.pictures {
            hash.update((picture.id.0.len() as u64).to_le_bytes());
            hash.update(picture.id.0.as_bytes());
            hash.update(Sha256::digest(&picture.bytes));
        }
        hash.finalize().into()
    }
}

impl PictureId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PictureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Collects paths below `root`, relative to it.
struct Walk<'a> {
    root: &'a Path,
    files: Vec<PathBuf>,
    rejected: Vec<Rejected>,
}

impl Walk<'_> {
    /// Lists the folder `below` and everything in it; fails only when that folder itself cannot be listed.
    fn enter(&mut self, below: &Path) -> io::Result<()> {
        for entry in fs::read_dir(self.root.join(below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if let Err(reason) = self.look(&entry, &path) {
                self.rejected.push(Rejected { path, reason });
            }
        }
        Ok(())
    }

    fn look(&mut self, entry: &fs::DirEntry, path: &Path) -> Result<(), RejectReason> {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            return Err(RejectReason::Hidden);
        }
        let unreadable = |error: io::Error| RejectReason::Unreadable(error.to_string());
        if entry.file_type().map_err(unreadable)?.is_dir() {
            return self.enter(path).map_err(unreadable);
        }
        let target = fs::metadata(self.root.join(path)).map_err(unreadable)?;
        if target.is_dir() {
            return Err(RejectReason::LinkToFolder);
        }
        if !target.is_file() {
            return Err(RejectReason::NotAFile);
        }
        self.files.push(path.to_owned());
        Ok(())
    }
}

fn read_picture(root: &Path, path: &Path) -> Result<CorpusPicture, RejectReason> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    let id = PictureId(parts.ok_or(RejectReason::NameNotUnicode)?.join("/"));
    let unreadable = |error: io::Error| RejectReason::Unreadable(error.to_string());
    let full = root.join(path);
    let length = fs::metadata(&full).map_err(unreadable)?.len();
    if length > MAX_BYTES {
        return Err(PictureError::TooManyBytes { bytes: length, limit: MAX_BYTES }.into());
    }
    let bytes = fs::read(&full).map_err(unreadable)?;
    let picture = decode(&bytes)?;
    Ok(CorpusPicture { id, bytes: bytes.into(), width: picture.width(), height: picture.height() })
}
