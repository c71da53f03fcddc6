//! PDQ against Meta's C++ reference: the published values of 58 pictures.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that reads files")]

use sightline_fingerprint::{MINIMUM_QUALITY, PdqHash, fingerprint};
use std::path::{Path, PathBuf};

/// The folder with `vectors/` and `pictures/`, if there is one.
fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("SIGHTLINE_REFERENCE").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: SIGHTLINE_REFERENCE is not set, PDQ is not compared with the reference vectors");
    }
    folder
}

/// Distance and quality difference of every picture, with the reference's quality.
fn compare(expected: &Path, pictures: &Path) -> Vec<(String, u32, i32, u8)> {
    let mut rows = csv::Reader::from_path(expected).unwrap();
    let compare = |row: csv::StringRecord| {
        let file = row[0].to_owned();
        let found = fingerprint(&std::fs::read(pictures.join(&file)).unwrap()).unwrap();
        let quality: u8 = row[2].parse().unwrap();
        let distance = found.hash.distance(&PdqHash::from_hex(&row[1]).unwrap());
        (file, distance, i32::from(found.quality) - i32::from(quality), quality)
    };
    rows.records().map(|row| compare(row.unwrap())).collect()
}

#[test]
fn agrees_with_the_reference_on_58_pictures() {
    let Some(folder) = reference() else { return };
    let vectors = folder.join("vectors/pdq");
    let mut rows = compare(&vectors.join("expected.csv"), &vectors);
    rows.extend(compare(&vectors.join("photos-expected.csv"), &folder.join("pictures")));
    assert_eq!(rows.len(), 58);

    let mut distances: Vec<u32> = rows.iter().map(|(_, distance, ..)| *distance).collect();
    distances.sort_unstable();
    eprintln!("distances: {distances:?}");
    for (file, distance, difference, quality) in rows.iter().filter(|row| row.1 > 0 || row.2 != 0) {
        eprintln!("{file}: {distance} bits, quality {quality} {difference:+}");
    }
    assert_eq!(distances[29], 0, "median");
    for (file, distance, difference, quality) in &rows {
        assert!(*quality < MINIMUM_QUALITY || *distance <= 10, "{file}: {distance} bits off");
        assert!(difference.abs() <= 1, "{file}: quality {difference:+}");
    }
}
