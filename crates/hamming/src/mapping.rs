use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file where the operating system keeps them: nothing is copied, and what is not looked at is not read.
///
/// The file is locked (`flock`) as long as it is mapped, so that programs of this project do not write to it meanwhile. One that
/// asks for no lock can: if it cuts the file off, the process ends when it looks at what is gone (SIGBUS), and if it writes,
/// answers are wrong.
#[derive(Debug)]
pub struct Mapping {
    map: Mmap,
    file: File,
}

impl Mapping {
    /// Maps `file` for reading; others may do the same. Waits while one writes.
    ///
    /// # Errors
    /// What the operating system says, also where it cannot lock or map.
    pub fn shared(file: File) -> io::Result<Self> {
        file.lock_shared()?;
        Self::of(file)
    }

    /// Maps `file` for reading before it is written to; nobody else has it mapped. Waits while others have.
    ///
    /// # Errors
    /// What the operating system says, also where it cannot lock or map.
    pub fn exclusive(file: File) -> io::Result<Self> {
        file.lock()?;
        Self::of(file)
    }

    #[expect(unsafe_code, reason = "a file is mapped")]
    fn of(file: File) -> io::Result<Self> {
        // SAFETY: a mapping is sound while nobody changes the file. Whoever writes to it here holds the exclusive lock, which
        // is not to be had while this mapping holds either; complete files are replaced by renaming, which leaves the mapped one
        // as it is. What other programs may do is said above. Even then every byte read is an initialised number of a type
        // for which all values are valid, and every place that is read from the file is compared with a length when it is used.
        let map = unsafe { MmapOptions::new().map(&file)? };
        Ok(Self { map, file })
    }

    /// Whether the file lies at `path`, and was not replaced by another.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn is_at(&self, path: &Path) -> io::Result<bool> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (here, there) = (self.file.metadata()?, std::fs::metadata(path)?);
            Ok((here.dev(), here.ino()) == (there.dev(), there.ino()))
        }
        // Elsewhere a file that is open is not replaced.
        #[cfg(not(unix))]
        Ok(path.exists())
    }

    /// The file, still locked, and not mapped any more.
    pub fn into_file(self) -> File {
        self.file
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}
