//! Whoever checks a log shares no code with whoever writes it.

use std::{fs, path::Path};

/// What only the writer may use.
const WRITERS: [&str; 5] = ["tlog_tiles", "signed_note", "writer", "StandardSigner", "Log"];

#[test]
fn nothing_but_the_writer_uses_what_the_writer_uses() {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/log");
    let files = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut read = 0;
    for path in files(&log).into_iter().chain(files(&log.join("verify"))) {
        let name = path.file_name().unwrap().to_str().unwrap();
        // The module's list of modules names the writer.
        if path.is_dir() || name == "writer.rs" || path == log.join("mod.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for word in words(&source) {
            assert!(!WRITERS.contains(&word), "{name} says {word}");
        }
        read += 1;
    }
    assert_eq!(read, 11, "every file of the reader's side is read");
    // And the writer uses nothing of theirs but the type of the log's key.
    let writer = fs::read_to_string(log.join("writer.rs")).unwrap();
    let code = writer.lines().filter(|line| !line.trim_start().starts_with("///"));
    let used = |word: &&str| ["verify", "Witness", "Follower", "leaf_hash"].contains(word);
    assert_eq!(code.flat_map(words).find(used), None);
}

fn words(source: &str) -> impl Iterator<Item = &str> {
    source.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}
