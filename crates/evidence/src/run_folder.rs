use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ro_crate;
use crate::summary::TOOL;
use crate::{Answer, EvidenceError, Expectation, FileEntry, Profile, Statement, Summary, Table, digest};

/// The folder of one run. Every file is written beside its place and renamed into it, so that a reader never meets
/// half a file.
///
/// The order of a run: [`create`](Self::create), the scenario, tables, profiles, statements and gallery,
/// [`finish`](Self::finish), then the figures and the report, and [`seal`](Self::seal) last.
#[derive(Debug, Clone)]
pub struct RunFolder {
    root: PathBuf,
}

/// A picture of the gallery: what one party sees of a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GalleryPicture {
    /// Name of the PNG file in `data/gallery/`; empty where there is nothing to draw.
    pub file: String,
    /// System.
    pub architecture: String,
    /// Class of the content that was sent, as in the `content` column.
    #[serde(default)]
    pub content: String,
    /// Identifier of the party that sees it.
    pub party: String,
    /// What it shows, in words; also its text for readers who do not see it.
    pub caption: String,
}

impl RunFolder {
    /// Makes the folder, with its parents, and marks it as an unfinished run.
    ///
    /// A folder that holds an earlier run is taken over: the files which that run listed are removed, others stay.
    ///
    /// # Errors
    /// [`EvidenceError::Occupied`] when the folder holds anything else; [`EvidenceError::Io`] when it cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, EvidenceError> {
        let run = Self::claim(path)?;
        if let Ok(earlier) = run.summary() {
            for file in &earlier.files {
                match run.place(&file.path).map(fs::remove_file) {
                    Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(EvidenceError::io("remove", &run.root.join(&file.path))(error));
                    }
                    _ => {}
                }
            }
        }
        run.write_json("evidence.json", &Summary::unfinished())?;
        Ok(run)
    }

    /// Makes the folder, with its parents, unless it holds anything but a run.
    ///
    /// # Errors
    /// As [`RunFolder::create`].
    pub fn claim(path: impl Into<PathBuf>) -> Result<Self, EvidenceError> {
        let run = Self { root: path.into() };
        fs::create_dir_all(&run.root).map_err(EvidenceError::io("create", &run.root))?;
        let mut names = entries(&run.root)?;
        names.retain(|name| name != UNFINISHED);
        names.sort();
        match names.first() {
            Some(found) if run.summary().is_err() => {
                Err(EvidenceError::Occupied { found: found.clone(), path: run.root })
            }
            _ => Ok(run),
        }
    }

    /// Opens the folder of an earlier run.
    ///
    /// # Errors
    /// [`EvidenceError::NotARun`] when it has no `evidence.json` of ours.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, EvidenceError> {
        let run = Self { root: path.into() };
        if run.summary().is_err() {
            return Err(EvidenceError::NotARun { path: run.root });
        }
        Ok(run)
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file of the run, at once or not at all. `name` is relative, with `/`: `figures/advantage.svg`.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), EvidenceError> {
        let path = self.place(name)?;
        let mut beside = path.clone().into_os_string();
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(EvidenceError::io("create", folder))?;
        }
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&beside);
            EvidenceError::io("write", &path)(error)
        })
    }

    /// Reads a file of the run.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, EvidenceError> {
        let path = self.place(name)?;
        fs::read(&path).map_err(EvidenceError::io("read", &path))
    }

    /// Whether the run has a file of this name.
    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_ok_and(|path| path.is_file())
    }

    /// Writes `scenario.toml`, as the user gave it.
    pub fn write_scenario(&self, toml: &str) -> Result<(), EvidenceError> {
        self.write("scenario.toml", toml.as_bytes())
    }

    /// Writes `scenario.lock.json` (every default resolved, seeds, corpus digest) and gives its digest.
    pub fn write_lock(&self, lock: &Value) -> Result<String, EvidenceError> {
        let bytes = self.write_json("scenario.lock.json", lock)?;
        Ok(digest(&bytes))
    }

    /// Writes `evidence.csv` and `evidence.parquet`.
    pub fn write_evidence(&self, table: &Table) -> Result<(), EvidenceError> {
        self.write_table("evidence", table)
    }

    /// Writes `timings.csv` and `timings.parquet`: whatever depends on a clock.
    pub fn write_timings(&self, table: &Table) -> Result<(), EvidenceError> {
        self.write_table("timings", table)
    }

    /// Writes `profiles.json`.
    pub fn write_profiles(&self, profiles: &[Profile]) -> Result<(), EvidenceError> {
        self.write_json("profiles.json", profiles).map(drop)
    }

    /// Writes `statements.json`.
    pub fn write_statements(&self, statements: &[Statement]) -> Result<(), EvidenceError> {
        self.write_json("statements.json", statements).map(drop)
    }

    /// Writes `answers.json`.
    pub fn write_answers(&self, answers: &[Answer]) -> Result<(), EvidenceError> {
        self.write_json("answers.json", answers).map(drop)
    }

    /// Writes the pictures of the gallery (PNG bytes) and their list.
    pub fn write_gallery(&self, pictures: &[(GalleryPicture, Vec<u8>)]) -> Result<(), EvidenceError> {
        for (picture, png) in pictures.iter().filter(|(picture, _)| !picture.file.is_empty()) {
            self.write(&format!("data/gallery/{}", picture.file), png)?;
        }
        let list: Vec<_> = pictures.iter().map(|(picture, _)| picture).collect();
        self.write_json("data/gallery/gallery.json", &list).map(drop)
    }

    /// Writes `evidence.json` of a finished run, with lock digest and file list, and `ro-crate-metadata.json`.
    pub fn finish(&self, mut summary: Summary) -> Result<(), EvidenceError> {
        summary.lock_digest =
            if self.has("scenario.lock.json") { digest(&self.read("scenario.lock.json")?) } else { String::new() };
        self.list(summary)
    }

    /// Lists the files anew, after figures and report were added.
    pub fn seal(&self) -> Result<(), EvidenceError> {
        self.list(self.summary()?)
    }

    /// The summary, `evidence.json`.
    pub fn summary(&self) -> Result<Summary, EvidenceError> {
        let summary: Summary = self.read_json("evidence.json")?;
        if summary.tool.name == TOOL { Ok(summary) } else { Err(EvidenceError::NotARun { path: self.root.clone() }) }
    }

    /// The measured numbers, `evidence.csv`.
    pub fn evidence(&self) -> Result<Table, EvidenceError> {
        self.read_table("evidence.csv")
    }

    /// The numbers that depend on a clock, `timings.csv`.
    pub fn timings(&self) -> Result<Table, EvidenceError> {
        self.read_table("timings.csv")
    }

    /// The systems, `profiles.json`.
    pub fn profiles(&self) -> Result<Vec<Profile>, EvidenceError> {
        self.read_json("profiles.json")
    }

    /// The statements, `statements.json`.
    pub fn statements(&self) -> Result<Vec<Statement>, EvidenceError> {
        self.read_json("statements.json")
    }

    /// The answers to the questions, `answers.json`; none when the run has no such file.
    pub fn answers(&self) -> Result<Vec<Answer>, EvidenceError> {
        if self.has("answers.json") { self.read_json("answers.json") } else { Ok(Vec::new()) }
    }

    /// The resolved scenario, `scenario.lock.json`.
    pub fn lock(&self) -> Result<Value, EvidenceError> {
        self.read_json("scenario.lock.json")
    }

    /// What the scenario of the run claims of its numbers; nothing if it claims nothing.
    ///
    /// # Errors
    /// [`EvidenceError::Json`] if the lock holds claims that are none of this version.
    pub fn expectations(&self) -> Result<Vec<Expectation>, EvidenceError> {
        match self.lock()?["scenario"]["expect"].take() {
            Value::Null => Ok(Vec::new()),
            claims => serde_json::from_value(claims)
                .map_err(|source| EvidenceError::Json { file: "scenario.lock.json".to_owned(), source }),
        }
    }

    /// The pictures of the gallery with their PNG bytes, none of one without a file; none when the run has no gallery.
    pub fn gallery(&self) -> Result<Vec<(GalleryPicture, Vec<u8>)>, EvidenceError> {
        if !self.has("data/gallery/gallery.json") {
            return Ok(Vec::new());
        }
        let list: Vec<GalleryPicture> = self.read_json("data/gallery/gallery.json")?;
        list.into_iter()
            .map(|picture| {
                let file = format!("data/gallery/{}", picture.file);
                let png = if picture.file.is_empty() { Vec::new() } else { self.read(&file)? };
                Ok((picture, png))
            })
            .collect()
    }

    pub(crate) fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, EvidenceError> {
        serde_json::from_slice(&self.read(name)?)
            .map_err(|source| EvidenceError::Json { file: name.to_owned(), source })
    }

    pub(crate) fn read_table(&self, name: &str) -> Result<Table, EvidenceError> {
        let bytes = self.read(name)?;
        let text = String::from_utf8(bytes).map_err(|error| EvidenceError::Csv { line: 0, detail: error.to_string() });
        text.and_then(|text| Table::from_csv(&text)).map_err(|error| error.in_file(name))
    }

    pub(crate) fn read_parquet(&self, name: &str) -> Result<Table, EvidenceError> {
        let path = self.place(name)?;
        let file = File::open(&path).map_err(EvidenceError::io("read", &path))?;
        Table::from_parquet(file).map_err(|error| error.in_file(name))
    }

    /// Every file that the summary lists, by path, with its digest.
    pub(crate) fn files(&self) -> Result<Vec<FileEntry>, EvidenceError> {
        let mut paths = Vec::new();
        self.walk("", &mut paths)?;
        paths.retain(|path| !UNLISTED.contains(&path.as_str()));
        paths.sort();
        paths.into_iter().map(|path| self.entry(path)).collect()
    }

    fn list(&self, mut summary: Summary) -> Result<(), EvidenceError> {
        summary.files = self.files()?;
        self.write_json("evidence.json", &summary)?;
        self.write_json(ro_crate::FILE, &ro_crate::metadata(&summary, &self.described(&summary)?)).map(drop)
    }

    /// What the RO-Crate description lists: the files of the summary, and the summary itself.
    pub(crate) fn described(&self, summary: &Summary) -> Result<Vec<FileEntry>, EvidenceError> {
        Ok(summary.files.iter().cloned().chain([self.entry("evidence.json".to_owned())?]).collect())
    }

    fn entry(&self, path: String) -> Result<FileEntry, EvidenceError> {
        let bytes = self.read(&path)?;
        Ok(FileEntry { bytes: bytes.len() as u64, sha256: digest(&bytes), path })
    }

    fn walk(&self, below: &str, paths: &mut Vec<String>) -> Result<(), EvidenceError> {
        let folder = self.root.join(below);
        for name in entries(&folder)? {
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let kind = fs::symlink_metadata(self.root.join(&path)).map_err(EvidenceError::io("read", &folder))?;
            if path == UNFINISHED {
                continue;
            }
            if kind.is_dir() {
                self.walk(&path, paths)?;
            } else if kind.is_file() && path.rsplit_once('.').is_none_or(|(_, extension)| extension != "tmp") {
                paths.push(path);
            }
        }
        Ok(())
    }

    fn write_table(&self, stem: &str, table: &Table) -> Result<(), EvidenceError> {
        self.write(&format!("{stem}.csv"), table.to_csv()?.as_bytes())?;
        self.write(&format!("{stem}.parquet"), &table.to_parquet()?)
    }

    pub(crate) fn write_json<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<Vec<u8>, EvidenceError> {
        let mut bytes =
            serde_json::to_vec_pretty(value).map_err(|source| EvidenceError::Json { file: name.to_owned(), source })?;
        bytes.push(b'\n');
        self.write(name, &bytes)?;
        Ok(bytes)
    }

    fn place(&self, name: &str) -> Result<PathBuf, EvidenceError> {
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if plain && !name.is_empty() && !name.contains('\\') {
            Ok(self.root.join(name))
        } else {
            Err(EvidenceError::BadName { name: name.to_owned() })
        }
    }
}

/// The folder of the parts of a run under way.
pub(crate) const UNFINISHED: &str = "unfinished";

/// Files that no list of digests can hold: the list, what is made from it, and the log that is still being written.
pub(crate) const UNLISTED: [&str; 3] = ["evidence.json", ro_crate::FILE, ro_crate::LOG];

fn entries(folder: &Path) -> Result<Vec<String>, EvidenceError> {
    fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
        })
        .map_err(EvidenceError::io("read", folder))
}
