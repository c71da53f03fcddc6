//! Whole runs through the binary: what is written, that it repeats, how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SMALL: &str = "trials = 60\n[pictures]\ncount = 40\n[list]\nentries = 40\n[cost]\nlargest_list = 10000\n[controls]\nrepetitions = 20\n\
                     [hash_accuracy]\npictures = 12\nstrengths = 1\nbeside = []\n";

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

    // A device that is read once gives away what comes after to whoever holds the ciphertexts, and nothing from before.
    let exposed = |architecture, observer, corruption, sent| {
        let parameter = format!("list=40;radius=31;sent={sent}");
        let row = [
            ("game", "expose"),
            ("architecture", architecture),
            ("observer", observer),
            ("corruption", corruption),
            ("content", "ordinary"),
            ("parameter", parameter.as_str()),
        ];
        cell(&evidence, "value", &row)
    };
    let read_once = |sent| exposed("e2ee", "device-0+provider", "snapshot@9.75+curious", sent);
    assert_eq!(["before", "after"].map(read_once), ["0", "1000000"]);
    let taken_over = |sent| exposed("plaintext", "provider", "persistent@9.75", sent);
    assert_eq!(["before", "after"].map(taken_over), ["0", "1000000"]);
    assert_eq!(exposed("e2ee", "provider", "persistent@9.75", "after"), "0");

    let reported = |kind| {
        let row = [("quantity", "contents-reported"), ("architecture", "server-enclave"), ("parameter", kind)];
        cell(&evidence, "value", &row)
    };
    // 40 pictures give eight listed ones: enough for pictures and documents.
    assert_eq!(["kind=picture", "kind=document"].map(reported), ["1000000", "0"]);

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
fn a_picture_matches_its_own_hash() {
    let folder = Folder::new();
    let corpus = sightline_pictures::Corpus::generated([9; 32], 3, &mut |_, _| ());
    for (number, picture) in corpus.pictures.iter().enumerate() {
        folder.write(&format!("{number}.jpg"), &picture.bytes);
    }
    let list = folder.run(&["fingerprint", "0.jpg", "1.jpg", "2.jpg"]);
    folder.write("list.csv", &list.stdout);
    let done = folder.run(&["match", "--list", "list.csv", "--radius", "0", "2.jpg", "list.csv"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let expected = "file,entry,distance\n2.jpg,3,0\n0.jpg,1,0\n1.jpg,2,0\n2.jpg,3,0\n";
    assert_eq!(String::from_utf8_lossy(&done.stdout), expected);
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

/// A folder, a list of paths and the files themselves give the same lines in the same order.
#[test]
#[cfg(unix)]
fn pictures_are_fingerprinted_however_they_are_named() {
    use std::io::Write as _;
    use std::process::Stdio;
    let folder = Folder::new();
    fs::create_dir_all(folder.path("own/deeper")).unwrap();
    let corpus = sightline_pictures::Corpus::generated([9; 32], 3, &mut |_, _| ());
    let names = ["own/a.jpg", "own/b.jpg", "own/deeper/c.jpg"];
    for (name, picture) in names.iter().zip(&corpus.pictures) {
        folder.write(name, &picture.bytes);
    }
    for algorithm in ["pdq", "phash", "sha256"] {
        let named = folder.run(&[&["fingerprint", "--algorithm", algorithm][..], &names].concat());
        assert_eq!(code(&named), 0, "{}", stderr(&named));
        let text = String::from_utf8_lossy(&named.stdout).into_owned();
        let starts = [format!("file,{algorithm}_hex"), names[0].into(), names[1].into(), names[2].into()];
        assert!(text.lines().zip(&starts).all(|(line, start)| line.starts_with(start)), "{text}");
        assert_eq!(text.lines().count(), 4);

        let walked = folder.run(&["fingerprint", "--algorithm", algorithm, "own"]);
        assert_eq!(String::from_utf8_lossy(&walked.stdout), text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
        command.args(["fingerprint", "--algorithm", algorithm, "-"]).current_dir(folder.0.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all((names.join("\n") + "\n").as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout), text);
    }
    folder.write("own/b.jpg", b"no picture");
    let pipe = Command::new("mkfifo").arg(folder.path("own/pipe")).status().unwrap();
    assert!(pipe.success());
    let found = folder.run(&["fingerprint", "own"]);
    assert_eq!(code(&found), 2);
    assert!(stderr(&found).contains("own/b.jpg") && stderr(&found).contains("own/pipe"), "{}", stderr(&found));
    assert_eq!(String::from_utf8_lossy(&found.stdout).lines().count(), 3, "the others are printed");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_of_the_environment() {
    let folder = Folder::new();
    folder.write("file", b"");
    let found = folder.run(&["assess", "small.toml", "--out", "file/below"]);
    assert_eq!(code(&found), 4);
    assert!(stderr(&found).contains("below"), "{}", stderr(&found));
}

/// Starts a long run in `out`, ends it with `signal` once it keeps so many files, and says how many it keeps.
#[cfg(unix)]
fn stopped(folder: &Folder, out: &str, signal: &str, least: usize) -> (Output, usize) {
    use std::process::Stdio;
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    command.args(["assess", "long.toml", "--out", out]).current_dir(folder.0.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let parts = || fs::read_dir(folder.path(out).join("unfinished")).map_or(0, Iterator::count);
    for _ in 0..600 {
        if parts() >= least {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill starts");
    assert!(sent.success(), "the run ended before it could be stopped");
    (child.wait_with_output().expect("the program ends"), parts())
}

/// However a run is stopped, the same command goes on and writes what an undisturbed run writes.
#[test]
#[cfg(unix)]
fn a_stopped_run_goes_on_and_loses_nothing() {
    let folder = Folder::new();
    let systems = "architectures = [\"e2ee\", \"device-hashing\"]\n";
    folder.write("long.toml", systems.to_owned() + &SMALL.replace("60", "150"));
    let whole = folder.run(&["assess", "long.toml", "--out", "whole"]);
    assert_eq!(code(&whole), 0, "{}", stderr(&whole));
    for (signal, ended) in [("-INT", Some(130)), ("-KILL", None)] {
        let out = format!("stopped{signal}");
        let (output, parts) = stopped(&folder, &out, signal, 4);
        assert_eq!(output.status.code(), ended, "{}", stderr(&output));
        assert!(parts >= 4 && !folder.path(&out).join("evidence.csv").exists());
        if ended.is_some() {
            assert!(stderr(&output).contains("the same command goes on from here"), "{}", stderr(&output));
        }

        let other = folder.run(&["assess", "long.toml", "--out", &out, "--seed", "7"]);
        assert_eq!(code(&other), 2, "{}", stderr(&other));
        assert!(stderr(&other).contains("scenario.seed"), "{}", stderr(&other));

        let again = folder.run(&["assess", "long.toml", "--out", &out]);
        assert_eq!(code(&again), 0, "{}", stderr(&again));
        assert!(stderr(&again).contains("Going on with the run"), "{}", stderr(&again));
        assert_eq!(folder.read(&format!("{out}/evidence.csv")), folder.read("whole/evidence.csv"));
        assert!(!folder.path(&out).join("unfinished").exists());
        assert_eq!(code(&folder.run(&["verify", &out])), 0);
    }
}

/// An earlier run stays whole until a new one has its results.
#[test]
#[cfg(unix)]
fn a_stopped_run_spares_the_earlier_one() {
    let folder = Folder::new();
    let done = folder.run(&["assess", "small.toml", "--architectures", "null", "--out", "a"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    folder.write("long.toml", SMALL.replace("60", "100000"));
    let (output, _) = stopped(&folder, "a", "-KILL", 2);
    assert_eq!(output.status.code(), None);
    assert_eq!(code(&folder.run(&["verify", "a"])), 0);
}

/// Device hashing hands the provider a hash that tells which of 16 pictures was sent, at equal length and recompressed;
/// 20 of 20 right guesses bound the leakage above 1.5 of 4 bit at every level in use. `e2ee` is told from nothing but
/// with a probability below 10⁻³.
#[test]
fn a_hash_identifies_a_picture() {
    let folder = Folder::new();
    let done = folder.run(&["assess", "small.toml", "--questions", "hash-identifies", "--out", "a"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let evidence = folder.read("a/evidence.csv");
    for copy in ["same", "jpeg-75"] {
        let parameter = format!("candidates=16;copy={copy};list=40;padding=padme;sizes=one-class");
        let low = |architecture| {
            let row = [
                ("architecture", architecture),
                ("observer", "provider"),
                ("parameter", parameter.as_str()),
                ("quantity", "min-entropy-leakage"),
            ];
            cell(&evidence, "low", &row).parse::<f64>().expect("a number")
        };
        for system in ["plaintext", "device-hashing", "partial-hashing"] {
            assert!(low(system) > 1.5, "{system}");
        }
        assert!(low("e2ee") < 1e-9);
    }
    // The provider sees the picture, a blurred one, a trace of it, and nothing.
    let nearer = |system: &str| {
        let row = [
            ("game", "reconstruct"),
            ("architecture", system),
            ("observer", "provider"),
            ("quantity", "ssim-over-guess"),
        ];
        cell(&evidence, "value", &row).parse::<f64>().expect("a number")
    };
    let found = ["plaintext", "partial-hashing", "device-hashing", "e2ee"].map(nearer);
    assert!(found.is_sorted_by(|one, next| one > next) && found[3].abs() < 1e-12, "{found:?}");
    let status = cell(&evidence, "status", &[("game", "identify"), ("value", "")]);
    assert_eq!(status, "not-applicable", "more candidates than pictures");
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

/// An honest provider reads no ordinary picture, one that claims matches reads all of them, and `e2ee` knows no strategy.
#[test]
fn a_provider_that_lies_reads_what_it_likes() {
    let folder = Folder::new();
    let systems = ["--architectures", "e2ee,partial-hashing"];
    let done =
        folder.run(&[&["assess", "small.toml", "--questions", "rogue-provider", "--out", "a"][..], &systems].concat());
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let evidence = folder.read("a/evidence.csv");
    let readable = |architecture, strategy| {
        let row = [
            ("architecture", architecture),
            ("variant", strategy),
            ("observer", "provider"),
            ("content", "ordinary"),
            ("quantity", "contents-readable"),
        ];
        cell(&evidence, "value", &row)
    };
    assert_eq!(readable("partial-hashing", "honest"), "0");
    assert_eq!(readable("partial-hashing", "claim-every-match"), "1000000");
    assert_eq!(readable("e2ee", "honest"), "0");
}

/// `e2ee` costs as much as itself; checking a picture costs messages, and time that is linear in the list.
#[test]
fn what_a_picture_costs_is_stated_beside_plain_encryption() {
    let folder = Folder::new();
    let systems = ["--architectures", "e2ee,device-hashing"];
    let done = folder.run(&[&["assess", "small.toml", "--questions", "cost", "--out", "a"][..], &systems].concat());
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let (evidence, timings) = (folder.read("a/evidence.csv"), folder.read("a/timings.csv"));
    let number = |table: &[u8], architecture, observer, quantity, parameter| -> f64 {
        let row = [
            ("question", "cost"),
            ("task", "send"),
            ("content", "ordinary"),
            ("architecture", architecture),
            ("observer", observer),
            ("quantity", quantity),
            ("parameter", parameter),
        ];
        cell(table, "value", &row).parse().expect("a number")
    };
    for quantity in ["of=bytes-sent", "of=messages-sent", "of=modelled-work", "of=round-trips"] {
        assert_eq!(number(&evidence, "e2ee", "", "ratio-to-e2ee", quantity).to_string(), "1", "{quantity}");
    }
    assert!(number(&evidence, "device-hashing", "", "ratio-to-e2ee", "of=messages-sent") > 1.0);
    assert!(number(&evidence, "device-hashing", "provider", "ratio-to-e2ee", "of=modelled-work") > 1.0);
    let latency = |network| number(&evidence, "e2ee", "", "delivery-latency", network);
    assert!(latency("network=fibre") < latency("network=mobile"));
    assert!(latency("network=mobile") < latency("network=poor"));
    let exponent = number(&evidence, "device-hashing", "provider", "growth-exponent", "of=modelled-work");
    assert!((exponent - 1.0).abs() < 0.05, "{exponent}");
    for party in ["device-0", "device-1", "provider"] {
        assert!(number(&timings, "device-hashing", party, "cpu-time", "") > 0.0, "{party}");
    }
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
