//! Whole runs through the binary: what is written, that it repeats, how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SMALL: &str = "trials = 60\n[pictures]\ncount = 40\n[list]\nentries = 40\n[controls]\nrepetitions = 20\n";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder can be made"));
        folder.write("small.toml", SMALL);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a temporary folder can be written to");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("the run wrote this file")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
        command.args(arguments).current_dir(self.0.path()).output().expect("the program starts")
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program was not killed")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The value of `column` in the first row for which `wanted` holds.
fn cell(csv: &[u8], column: &str, wanted: &[(&str, &str)]) -> String {
    let text = String::from_utf8(csv.to_vec()).expect("evidence is text");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = |name: &str| names.iter().position(|found| *found == name).expect("a column of the design");
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let mut fitting = rows.filter(|row| wanted.iter().all(|(name, value)| row[at(name)] == *value));
    fitting.next().expect("such a row")[at(column)].to_owned()
}

#[test]
fn a_run_writes_its_evidence_and_repeats_byte_for_byte() {
    let folder = Folder::new();
    for out in ["a", "b"] {
        let done = folder.run(&["assess", "small.toml", "--seed", "5", "--out", out]);
        assert_eq!(code(&done), 0, "{}", stderr(&done));
    }
    let evidence = folder.read("a/evidence.csv");
    assert_eq!(evidence, folder.read("b/evidence.csv"));
    let advantage = |architecture| {
        let row = [
            ("architecture", architecture),
            ("observer", "provider"),
            ("task", "ordinary-pair"),
            ("quantity", "advantage"),
        ];
        cell(&evidence, "low", &row).parse::<f64>().expect("a number")
    };
    // 60 right guesses of 60 give at least 0.5 at every level in use; one wrong run in 10³ is allowed for `e2ee`.
    assert!(advantage("plaintext") > 0.5 && advantage("device-hashing") > 0.5);
    assert!(advantage("e2ee") < 1e-9);

    assert_eq!(code(&folder.run(&["verify", "a"])), 0);
    assert_eq!(code(&folder.run(&["verify", "a", "--rerun"])), 0);
    let other = folder.run(&["assess", "small.toml", "--seed", "6", "--out", "c"]);
    assert_eq!(code(&other), 0);
    assert_ne!(evidence, folder.read("c/evidence.csv"));
}

#[test]
fn a_changed_file_does_not_verify() {
    let folder = Folder::new();
    let done = folder.run(&["assess", "small.toml", "--architectures", "null", "--out", "a"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let mut evidence = folder.read("a/evidence.csv");
    let last = evidence.len() - 2;
    evidence[last] ^= 1;
    folder.write("a/evidence.csv", evidence);
    let found = folder.run(&["verify", "a"]);
    assert_eq!(code(&found), 1);
    assert!(stderr(&found).contains("evidence.csv"), "{}", stderr(&found));
}

#[test]
fn an_undeclared_leak_is_named_and_fails_the_run() {
    let folder = Folder::new();
    folder.write("leak.toml", SMALL.replace("60", "1000"));
    let found = folder.run(&["assess", "leak.toml", "--architectures", "undeclared", "--out", "a"]);
    assert_eq!(code(&found), 1, "{}", stderr(&found));
    let said = stderr(&found);
    assert!(said.contains("not declared") && said.contains("undeclared: provider wins kind"), "{said}");
    assert!(said.contains("device-0>provider"), "the feature is not named: {said}");
}

#[test]
fn a_system_that_does_not_deliver_is_failed_not_private() {
    let folder = Folder::new();
    let found = folder.run(&["assess", "small.toml", "--architectures", "failing", "--out", "a"]);
    assert_eq!(code(&found), 1, "{}", stderr(&found));
    assert!(stderr(&found).contains("systems that did not work"), "{}", stderr(&found));
    let status = cell(&folder.read("a/evidence.csv"), "status", &[("architecture", "failing"), ("task", "listed")]);
    assert_eq!(status, "failed");
}

#[test]
fn own_pictures_are_used_and_what_cannot_be_is_counted() {
    let folder = Folder::new();
    fs::create_dir(folder.path("own")).unwrap();
    let corpus = sightline_pictures::Corpus::generated([9; 32], 30, &mut |_, _| ());
    for (number, picture) in corpus.pictures.iter().enumerate() {
        folder.write(&format!("own/{number}.jpg"), &picture.bytes);
    }
    folder.write("own/broken.jpg", b"no picture");
    let done = folder.run(&["assess", "small.toml", "--pictures", "own", "--architectures", "e2ee", "--out", "a"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let summary = String::from_utf8(folder.read("a/evidence.json")).unwrap();
    assert!(summary.contains("\"pictures\": 30"), "{summary}");
    let files = fs::read_dir(folder.path("a/data/gallery")).into_iter().flatten().flatten();
    let shown = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "png")).count();
    assert_eq!(shown, 0, "own pictures may not be shown without leave");
    assert_eq!(code(&folder.run(&["verify", "a", "--rerun"])), 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_of_the_environment() {
    let folder = Folder::new();
    folder.write("file", b"");
    let found = folder.run(&["assess", "small.toml", "--out", "file/below"]);
    assert_eq!(code(&found), 4);
    assert!(stderr(&found).contains("below"), "{}", stderr(&found));
}

#[test]
#[cfg(unix)]
fn ctrl_c_stops_with_130() {
    use std::process::Stdio;
    use std::time::Duration;
    let folder = Folder::new();
    folder.write("long.toml", SMALL.replace("60", "100000"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    command.args(["assess", "long.toml", "--out", "a"]).current_dir(folder.0.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(stderr(&ended).contains("interrupted"), "{}", stderr(&ended));
}

/// All lines together raise a false alarm with probability 10⁻³; the three leaks here are told apart almost surely.
#[test]
fn calibration_finds_and_names_planted_leaks() {
    let done = Folder::new().run(&["calibrate", "--quick"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let table = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = |planted: &str, observer: &str| -> String {
        let found = table.lines().find(|line| line.contains(planted) && line.contains(observer));
        found.expect("such a line").to_owned()
    };
    assert!(line("nothing", "provider").ends_with("not found"), "{table}");
    assert!(line("the hash in place of padding", "provider").ends_with("fingerprint-match"), "{table}");
    assert!(line("the hash sealed", "provider").contains('≥'), "{table}");
    assert!(line("the hash sealed", "network").ends_with("not found"), "{table}");
    assert!(line("attachments are not padded", "network").contains("≥"), "{table}");
}

#[test]
fn the_report_can_be_drawn_again() {
    let folder = Folder::new();
    let done = folder.run(&["assess", "small.toml", "--architectures", "null", "--out", "a", "--json"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let summary: serde_json::Value = serde_json::from_slice(&done.stdout).expect("--json prints JSON and nothing else");
    assert_eq!(summary["state"], "finished");
    let report = folder.read("a/report.html");
    fs::remove_file(folder.path("a/report.html")).unwrap();
    assert_eq!(code(&folder.run(&["report", "a"])), 0);
    assert_eq!(folder.read("a/report.html"), report);
    assert!(Path::new(&folder.path("a/figures")).is_dir());
}
