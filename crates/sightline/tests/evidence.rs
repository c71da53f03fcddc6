//! What is done with runs that are there: compared, judged by what was expected of them, read in notebooks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SMALL: &str = "trials = 60\n[pictures]\ncount = 40\n[list]\nentries = 40\n[cost]\nlargest_list = 10000\n[controls]\nrepetitions = 20\n";
const SYSTEMS: [&str; 4] = ["--architectures", "plaintext,e2ee", "--questions", "endpoints-only"];

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

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a temporary folder can be written to");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("this file was written")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
        command.args(arguments).current_dir(self.0.path()).output().expect("the program starts")
    }

    fn assess(&self, scenario: &str, more: &[&str], out: &str) -> Output {
        self.run(&[&["assess", scenario, "--out", out][..], &SYSTEMS, more].concat())
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("the program was not killed")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What was said, without line breaks.
fn unwrapped(output: &Output) -> String {
    stderr(output).split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// The same scenario gives the same run; without padding fewer bytes are sent, and the rows are compared all the same.
#[test]
fn what_changed_between_two_runs_is_said_and_decides_the_exit_code() {
    let folder = Folder::new();
    folder.write("unpadded.toml", &(SMALL.to_owned() + "[messenger]\npadding = \"none\"\n"));
    for (scenario, out) in [("small.toml", "a"), ("small.toml", "b"), ("unpadded.toml", "c")] {
        let options = ["--architectures", "e2ee", "--questions", "cost", "--out", out];
        let done = folder.run(&[&["assess", scenario][..], &options].concat());
        assert_eq!(code(&done), 0, "{}", stderr(&done));
    }
    let same = folder.run(&["compare", "a", "b"]);
    assert_eq!((code(&same), stderr(&same).as_str()), (0, ""));
    assert!(stdout(&same).contains("Nothing changed"), "{}", stdout(&same));
    assert_eq!(code(&folder.run(&["compare", "a", "b", "--timings"])), 0, "a clock makes no difference");

    let other = folder.run(&["compare", "a", "c", "--html", "changed.html"]);
    assert_eq!(code(&other), 1, "{}", stderr(&other));
    let said = stdout(&other);
    assert!(said.contains("messenger.padding  padme → none"), "{said}");
    assert!(said.contains("bytes-sent") && !said.contains("only in"), "{said}");
    assert!(folder.text("changed.html").contains("What changed?"));
    let json = folder.run(&["compare", "a", "c", "--json"]);
    assert_eq!(code(&json), 1);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("--json prints JSON and nothing else");
    assert!(json["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| row["change"] == "beyond")));

    fs::write(folder.path("b/extra.csv"), "x").expect("a run folder can be written to");
    assert!(stderr(&folder.run(&["compare", "a", "b"])).contains("b is not as it was written"));
    assert_eq!(code(&folder.run(&["compare", "a", "nowhere"])), 4);
}

/// 60 trials: `plaintext` is told apart almost surely, and too few to decide about `e2ee`.
#[test]
fn what_a_scenario_expects_is_judged_by_assess_and_by_verify() {
    let folder = Folder::new();
    let expect = |claims: &[[&str; 2]]| {
        let row = "question = \"endpoints-only\", observer = \"provider\"";
        let game = "game = \"distinguish\", task = \"ordinary-pair\", quantity = \"advantage\"";
        let claim = |[system, claim]: &[&str; 2]| {
            let game = if claim.contains("quantity") { String::new() } else { format!(" {game},") };
            format!("    {{ {row}, architecture = \"{system}\",{game} {claim} }},\n")
        };
        format!("expect = [\n{}]\n{SMALL}", claims.iter().map(claim).collect::<String>())
    };
    let unread = "game = \"expose\", parameter = \"sent=after\", quantity = \"contents-readable\", equals = 0";
    let met = [["plaintext", "above = 0.5"], ["e2ee", unread]];
    folder.write("met.toml", &expect(&met));
    let done = folder.assess("met.toml", &[], "a");
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let verified = folder.run(&["verify", "a"]);
    assert_eq!(code(&verified), 0);
    assert!(stdout(&verified).contains("2 of 2 expectations"), "{}", stdout(&verified));

    let unmet = [met[0], ["plaintext", "below = 0.1"], ["e2ee", "below = 0.5"], ["e3ee", "below = 0.1"]];
    folder.write("unmet.toml", &expect(&unmet));
    let done = folder.assess("unmet.toml", &[], "b");
    assert_eq!(code(&done), 1, "{}", stderr(&done));
    let verified = folder.run(&["verify", "b"]);
    assert_eq!(code(&verified), 1);
    for said in [unwrapped(&done), unwrapped(&verified)] {
        for reason in ["not below 0.1", "is undecided", "no row fits", "architecture `"] {
            assert!(said.contains(reason), "{reason}: {said}");
        }
    }
    assert!(stderr(&verified).contains("3 of 4 expectations"), "{}", stderr(&verified));

    folder.write(
        "endless.toml",
        "expect = [{ question = \"cost\", architecture = \"e2ee\", quantity = \"bytes-sent\" }]\n",
    );
    let refused = folder.run(&["assess", "endless.toml", "--out", "c"]);
    assert_eq!(code(&refused), 2);
    assert!(unwrapped(&refused).contains("no limit"), "{}", stderr(&refused));
}

/// docs/scenario.md shows a whole scenario, and what one can expect.
#[test]
fn the_scenarios_of_the_book_are_read() {
    let folder = Folder::new();
    let page = book("scenario.md");
    let scenarios: Vec<&str> = snippets(&page, "toml").collect();
    assert_eq!(scenarios.len(), 2);
    for scenario in scenarios {
        folder.write("book.toml", scenario);
        let read = folder.run(&["explain", "e2ee", "--scenario", "book.toml"]);
        assert_eq!(code(&read), 0, "{}", stderr(&read));
    }
}

/// In a build with the feature; tests/cmd/errors.trycmd has what the others say.
#[test]
#[cfg(feature = "pdf")]
fn a_pdf_is_set_beside_the_report() {
    let folder = Folder::new();
    let options = ["--architectures", "e2ee,device-hashing", "--out", "a", "--pdf"];
    let done = folder.run(&[&["assess", "small.toml"][..], &options].concat());
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let pdf = fs::read(folder.path("a/report.pdf")).expect("it was set");
    assert_eq!(code(&folder.run(&["verify", "a"])), 0);
    assert_eq!(code(&folder.run(&["report", "a", "--pdf"])), 0);
    assert!(fs::read(folder.path("a/report.pdf")).is_ok_and(|again| again == pdf));

    // Who made it is not who judges it.
    let judge = "import sys, page\nreport = page.validate_pdf(sys.argv[1])\nprint(report, *report.failures, sep='\\n')\n\
                 sys.exit(not report.is_compliant)";
    if !runs(&python(), &["-c", "import page; page.validate_pdf"]) {
        eprintln!("SKIPPED: {} cannot judge PDF/UA-1 (pip install page-validation; PYTHON names another)", python());
        return;
    }
    let mut command = Command::new(python());
    let done = command.args(["-c", judge]).arg(folder.path("a/report.pdf")).output().expect("it started before");
    assert!(done.status.success(), "{}{}", stdout(&done), stderr(&done));
}

/// The tour of the book: files are written and commands run in the order of the page, and end as it says.
#[test]
fn the_tour_can_be_followed() {
    let folder = Folder::new();
    let page = book("tour.md");
    let mut commands = 0;
    for block in page.split("```").skip(1).step_by(2) {
        if let Some(file) = block.strip_prefix("toml\n# ") {
            let (name, text) = file.split_once('\n').expect("a file has a name and a text");
            folder.write(name, text);
        }
        for line in block.strip_prefix("sh\n").unwrap_or_default().lines() {
            let (command, says) = line.split_once('#').unwrap_or((line, ""));
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(words[0], "sightline", "{line}");
            let done = folder.run(&words[1..]);
            assert_eq!(code(&done), i32::from(says.contains("exit code 1")), "{line}: {}", stderr(&done));
            if words[1] == "compare" {
                let said = stdout(&done);
                assert!(said.contains("learns in B and not in A: the exact length of every content"), "{said}");
            }
            commands += 1;
        }
    }
    assert_eq!(commands, 6);
    for file in ["before/report.html", "changed.html"] {
        assert!(folder.path(file).is_file(), "{file}");
    }
    let pictures = page.split("](tour/").skip(1).map(|rest| rest.split(')').next().expect("a link ends"));
    for picture in pictures {
        let path = docs().join("tour").join(picture);
        let bytes = fs::metadata(&path).expect("the picture is in the book").len();
        assert!(bytes < 200_000, "{picture} is {bytes} bytes long");
    }
}

/// The interpreter that `PYTHON` names, or the usual one.
fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether a program is there and does this.
fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn book(page: &str) -> String {
    fs::read_to_string(docs().join(page)).expect("the book has this page")
}

/// The snippets of docs/notebooks.md, as they stand there, redraw a figure with the numbers of the table.
#[test]
fn the_notebooks_of_the_docs_run() {
    let folder = Folder::new();
    let done = folder.assess("small.toml", &[], "sightline-run");
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let page = book("notebooks.md");
    let python = python();

    let [drawn, queried] = ["pyarrow", "duckdb"].map(|package| {
        let needs = if package == "pyarrow" { "import pyarrow, matplotlib" } else { "import duckdb" };
        if !runs(&python, &["-c", needs]) {
            eprintln!(
                "SKIPPED: {python} has no {package} (pip install pyarrow matplotlib duckdb; PYTHON names another)"
            );
            return false;
        }
        let snippet = snippets(&page, "python").find(|snippet| snippet.contains(package)).expect("a snippet for it");
        folder.write("snippet.py", snippet);
        let mut command = Command::new(&python);
        let done = command.arg("snippet.py").current_dir(folder.0.path()).output().expect("it started before");
        assert!(done.status.success(), "{}", stderr(&done));
        true
    });
    if drawn {
        let figure = folder.text("advantage-python.svg");
        assert!(figure.contains("<svg") && figure.contains("plaintext") && figure.contains("e2ee"));
        assert!(figure.contains("In 1 of 2 systems the provider tells ordinary pictures apart"));
    }
    if queried {
        told_apart(&folder.text("advantage-duckdb.csv"));
    }
    if !runs("Rscript", &["--version"]) {
        eprintln!("SKIPPED: Rscript is not installed (Debian: apt-get install r-base-core)");
        return;
    }
    folder.write("snippet.R", snippets(&page, "r").next().expect("a snippet in R"));
    let done =
        Command::new("Rscript").arg("snippet.R").current_dir(folder.0.path()).output().expect("it started before");
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(fs::read(folder.path("advantage-r.pdf")).is_ok_and(|bytes| bytes.starts_with(b"%PDF")));
    told_apart(&folder.text("advantage-r.csv").replace('"', ""));
}

/// Two lines: `plaintext`, for which a low end above a half was decided, and `e2ee` with one of 0.
fn told_apart(csv: &str) {
    let line = |system: &str| csv.lines().find(|line| line.starts_with(system)).expect("a line of the system");
    let low = |line: &str| line.split(',').nth(1).and_then(|cell| cell.parse::<f64>().ok()).expect("the low end");
    assert!(low(line("plaintext")) > 0.5 && line("plaintext").ends_with(",decided"), "{csv}");
    assert!(low(line("e2ee")) < 1e-9, "{csv}");
}

/// The code blocks of a page in one language.
fn snippets<'a>(page: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
    let blocks = page.split("```").skip(1).step_by(2);
    blocks.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}
