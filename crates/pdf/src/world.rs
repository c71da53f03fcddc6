//! What the typesetter can see: files in memory and the fonts that come with it. No disk, network or clock.

use std::collections::BTreeMap;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

/// A folder in memory with a document to set.
pub(crate) struct Folder {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    files: BTreeMap<String, Bytes>,
}

impl Folder {
    pub(crate) fn new(document: &str) -> Self {
        let fonts: Vec<Font> = typst_assets::fonts().flat_map(|bytes| Font::iter(Bytes::new(bytes))).collect();
        let main = VirtualPath::new("main.typ").expect("a plain name is a path");
        Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            main: Source::new(RootedPath::new(VirtualRoot::Project, main).intern(), document.to_owned()),
            files: BTreeMap::new(),
        }
    }

    /// Puts a file into the folder.
    pub(crate) fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), Bytes::new(bytes));
    }

    /// Puts a text into the folder. What no font here has is replaced, since PDF/UA allows no text that cannot be shown.
    pub(crate) fn add_text(&mut self, name: &str, text: &str) {
        let has = |letter: char| self.fonts.iter().any(|font| font.info().coverage.contains(letter.into()));
        let shown = text.chars().map(|letter| match letter {
            // Said to be in a font, and not drawn from it.
            '✕' => '×',
            _ if letter.is_control() || has(letter) => letter,
            '\u{202f}' => '\u{a0}',
            _ => '?',
        });
        let bytes = shown.collect::<String>().into_bytes();
        self.add(name, bytes);
    }
}

impl World for Folder {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::NotSource) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let name = id.get().vpath().get_without_slash();
        self.files.get(name).cloned().ok_or_else(|| FileError::NotFound(name.into()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
