//! `sightline accuracy` from end to end, with few pictures.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn sightline(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    command.current_dir(folder).args(arguments).output().expect("the program starts")
}

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(&path).expect("a file"),
            ));
        }
    }
    found.sort();
    found
}

#[test]
fn a_measurement_is_written_whole_and_the_same_again_without_any_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |out: &str, more: &[&str]| {
        let common = ["accuracy", "--quick", "--count", "10", "--algorithms", "pdq,sha256", "--out", out];
        let output = sightline(folder.path(), &[&common, more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        files(&folder.path().join(out))
    };
    let first = run("one", &[]);
    let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "accuracy-detection.svg",
            "accuracy-distances.svg",
            "accuracy-roc.svg",
            "accuracy-tail.svg",
            "accuracy.csv",
            "accuracy.html",
            "accuracy.parquet",
            "distances.parquet",
            "thresholds.csv",
            "thresholds.parquet",
        ]
    );
    assert_eq!(first, run("two", &[]));
    // An earlier measurement is written over.
    assert_ne!(first, run("two", &["--seed", "2"]));
    // No file is a picture, nor is one in the page.
    assert!(first.iter().all(|(_, bytes)| sightline_pictures::Format::of(bytes).is_none()));
    let page = first.iter().find(|(name, _)| name == "accuracy.html").map(|(_, bytes)| bytes.as_slice());
    assert!(!String::from_utf8_lossy(page.expect("a page")).contains("<img"));
}

#[test]
fn own_pictures_serve_and_what_is_none_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let album = folder.path().join("album");
    fs::create_dir(&album).expect("a folder");
    for index in 0..9 {
        let picture = sightline_pictures::generate(&[3; 32], index).picture.thumbnail(200);
        fs::write(album.join(format!("{index}.png")), picture.to_png()).expect("a file");
        if index == 4 {
            fs::write(album.join("copy.jpg"), picture.to_jpeg(80)).expect("a file");
        }
    }
    fs::write(album.join("notes.txt"), "no picture").expect("a file");
    let arguments = ["accuracy", "--quick", "--algorithms", "dhash", "--pictures", "album", "--out", "results"];
    let output = sightline(folder.path(), &arguments);
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("notes.txt"), "{said}");
    assert!(printed.starts_with("10 pictures, 1 left out as near-duplicates"), "{printed}");
    let table = fs::read_to_string(folder.path().join("results/accuracy.csv")).expect("a table");
    assert!(table.starts_with(
        "algorithm,transform,strength,kind,threshold,entries,quantity,unit,value,low,high,bound,n,method,seed\n"
    ));
    let unchanged = "dhash,none,,any,10,,true-positive-rate,1,1,";
    assert!(table.lines().any(|line| line.starts_with(unchanged)), "{table}");
}
