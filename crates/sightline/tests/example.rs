//! The example report of the book is what this version draws. `cargo xtask bless` draws it anew.

use sightline_evidence::{RunFolder, Table};
use sightline_presentation::Report;
use std::path::Path;
use std::process::Command;

/// The rendering is free of what depends on the day, the machine and its clock: the rest follows from the scenario.
#[test]
fn the_example_report_is_fresh() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/example");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::copy(docs.join("scenario.toml"), folder.path().join("scenario.toml")).expect("the example has a scenario");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline"));
    command.args(["assess", "scenario.toml", "--quick", "--out", "run"]).current_dir(folder.path());
    let done = command.output().expect("the program starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let run = RunFolder::open(folder.path().join("run")).expect("a run was written");
    let mut summary = run.summary().expect("the run has a summary");
    summary.provenance.date = String::new();
    summary.provenance.target = String::new();
    run.write_timings(&Table::new()).expect("the run can be written to");
    run.finish(summary).expect("the run can be written to");
    let report = Report::draw(&run).expect("the run can be drawn").html;

    let committed = docs.join("report.html");
    if std::env::var_os("SIGHTLINE_BLESS").is_some() {
        std::fs::write(&committed, &report).expect("the book can be written to");
    }
    let found = std::fs::read_to_string(committed).unwrap_or_default();
    assert!(
        found == report,
        "docs/example/report.html is not what this version draws: `cargo xtask bless`, and look at what has changed"
    );
    assert!(report.len() < 2_000_000, "{} bytes", report.len());
}
