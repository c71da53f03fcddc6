//! Hashes of videos through the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../video/tests/data/small.mp4")
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    // Without an installed ffmpeg, so that all machines do the same.
    command.args(arguments).current_dir(folder).env("PATH", "").output().expect("the program starts")
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn videos_are_hashed_and_compared() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    fs::copy(small(), folder.join("a.mp4")).expect("a temporary folder can be written");
    if !sightline_video::H264 {
        let refused = run(folder, &["fingerprint", "--algorithm", "vpdq", "a.mp4"]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("--features video"), "{}", stderr(&refused));
        return;
    }
    let sent = lines(&run(folder, &["videos", "--every", "0", "a.mp4"]));
    assert_eq!(sent.len(), 7, "{sent:?}");
    assert_eq!(sent[0], "handling,bits-per-pixel,vpdq-percent-of-video,vpdq-percent-of-copy,tmk-level-1,tmk-level-2");
    let numbers =
        |line: &str| -> Vec<f64> { line.split(',').skip(1).map(|number| number.parse().expect("a number")).collect() };
    let best = numbers(&sent[1]);
    assert!(best[1] > 50.0 && best[3] > 0.9, "what is hardly changed is found: {}", sent[1]);
    assert!(numbers(&sent[3])[0] < best[0], "fewer bits: {sent:?}");
    let sampled = lines(&run(folder, &["fingerprint", "--algorithm", "vpdq", "a.mp4"]));
    assert_eq!(sampled.len(), 3, "two seconds: {sampled:?}");
    assert_eq!(sampled[0], "file,frame,quality,pdq_hex,seconds");
    assert!(sampled[2].starts_with("a.mp4,12,") && sampled[2].ends_with(",1.000"), "{}", sampled[2]);
    let every = lines(&run(folder, &["fingerprint", "--algorithm", "vpdq", "--every", "0", "a.mp4"]));
    assert_eq!(every.len(), 25);
    // Without the names it is the text of the reference, and with them a list that pictures are compared with.
    let text: String =
        every[1..].iter().map(|line| line.split_once(',').map_or("", |parts| parts.1).to_owned() + "\n").collect();
    fs::write(folder.join("a.txt"), text).expect("a temporary folder can be written");
    fs::write(folder.join("a.csv"), every.join("\n")).expect("a temporary folder can be written");
    let matched = lines(&run(folder, &["match", "--list", "a.csv", "a.csv"]));
    assert!(matched.len() > 24, "every frame is near itself: {matched:?}");

    let refused = run(folder, &["fingerprint", "--algorithm", "tmk", "a.mp4"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--out"), "{}", stderr(&refused));
    let written = run(folder, &["fingerprint", "--algorithm", "tmk", "--out", "hashes", "a.mp4"]);
    assert_eq!(lines(&written), ["file,frames,tmk", "a.mp4,30,hashes/a.tmk"], "{}", stderr(&written));
    let again = run(folder, &["fingerprint", "--algorithm", "tmk", "--out", "hashes", "a.mp4"]);
    assert_eq!(again.status.code(), Some(4), "nothing is overwritten");

    let both = ["measure,value", "vpdq-percent-of-first,100.00", "vpdq-percent-of-second,100.00"];
    let scores = lines(&run(folder, &["videos", "--every", "0", "a.mp4", "a.txt"]));
    assert_eq!(scores, both);
    let scores = lines(&run(folder, &["videos", "a.mp4", "hashes/a.tmk"]));
    assert!(scores.len() == 3 && scores[1] == "tmk-level-1,1.000000", "{scores:?}");
    let scores = lines(&run(folder, &["videos", "a.mp4", "a.mp4"]));
    assert!(scores.len() == 5 && scores[..3] == both, "{scores:?}");
    assert_eq!(run(folder, &["videos", "a.txt", "hashes/a.tmk"]).status.code(), Some(2));
}

#[test]
fn what_is_no_video_says_what_would_read_it() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("a.mkv"), b"\x1a\x45\xdf\xa3").expect("a temporary folder can be written");
    let refused = run(folder.path(), &["fingerprint", "--algorithm", "vpdq", "a.mkv"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("ffmpeg is not installed"), "{}", stderr(&refused));
}
