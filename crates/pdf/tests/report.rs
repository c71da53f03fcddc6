//! The PDF is tagged, repeats byte for byte, belongs to the run folder, and takes hostile names for text.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use sightline_evidence::{
    Control, CorpusSummary, E2e, FlowStep, GalleryPicture, Profile, ProfileParameter, ProfileParty, Provenance, Row,
    RunFolder, Statement, Summary, Table, verify,
};
use sightline_pdf::{FILE, PdfError, draw, render};

/// What a typesetter must not take for markup, and letters that few fonts have.
const HOSTILE: &str = "#panic(\"no\") *a* _b_ $c$ <d> @e ]]} \\ `f` // /* \u{202f}\u{2026} ◐ ✕ ž 漢 🙂";

#[test]
fn a_report_is_tagged_after_pdf_ua() {
    let folder = tempfile::tempdir().unwrap();
    let pdf = draw(&run(folder.path(), "Provider")).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    // The typesetter refuses what does not conform; that it was asked to is written in the metadata.
    for sign in ["<pdfuaid:part>1<", "/StructTreeRoot", "/MarkInfo", "/Lang", "/Alt"] {
        assert!(holds(&pdf, sign), "{sign} is missing");
    }
}

#[test]
fn the_same_run_gives_the_same_bytes_and_stays_sound() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), "Provider");
    render(&run).unwrap();
    assert_eq!(run.read(FILE).unwrap(), draw(&run).unwrap());
    assert_eq!(verify(folder.path()).unwrap().disagreements, []);
    assert!(run.summary().unwrap().files.iter().any(|file| file.path == FILE));
}

#[test]
fn hostile_names_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    draw(&run(folder.path(), HOSTILE)).unwrap();
}

#[test]
fn a_run_without_anything_is_set_too() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::create(folder.path()).unwrap();
    run.finish(Summary::new(&Table::new(), Vec::new(), Vec::new(), Provenance::default())).unwrap();
    assert!(draw(&run).unwrap().starts_with(b"%PDF"));
}

#[test]
fn a_picture_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), "Provider");
    run.write("data/gallery/a.png", b"no picture").unwrap();
    assert!(matches!(draw(&run), Err(PdfError::Presentation(_))));
    run.write("data/gallery/a.png", b"\x89PNG\r\n\x1a\ncut off").unwrap();
    assert!(matches!(draw(&run), Err(PdfError::Typesetting(_))));
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A small run of one system with everything that a report shows; `words` stand wherever words come from a run.
fn run(path: &Path, words: &str) -> RunFolder {
    let run = RunFolder::create(path).unwrap();
    let row = |quantity: &str| {
        Row::new(quantity, "1")
            .question("endpoints-only")
            .game("distinguish")
            .task("ordinary-pair")
            .architecture("e2ee")
            .observer("provider")
            .corruption("curious")
            .content("ordinary")
            .method(words)
    };
    let table: Table = [
        row("advantage").lower(0.01, 0.0, 0.05).n(1000),
        row("minimum-detectable-advantage").exact(0.1),
        Row::new("contents-reported", "1")
            .question("endpoints-only")
            .architecture("e2ee")
            .method(words)
            .exact(0.0)
            .n(4),
    ]
    .into_iter()
    .collect();
    let statement = Statement {
        architecture: "e2ee".to_owned(),
        observer: "provider".to_owned(),
        corruption: "curious".to_owned(),
        end_to_end: E2e::Yes,
        sentence: words.to_owned(),
        learns: vec![words.to_owned()],
        beyond_encryption: Vec::new(),
        beyond_detection: Vec::new(),
        evidence: Vec::new(),
    };
    let party = |id: &str, outsider| ProfileParty { id: id.to_owned(), title: words.to_owned(), outsider };
    let profile = Profile {
        name: "e2ee".to_owned(),
        title: words.to_owned(),
        row: "0b".to_owned(),
        source: words.to_owned(),
        to_be_checked_against_primary: false,
        parties: vec![party("device", false), party("provider", true)],
        flow: vec![FlowStep {
            from: "device".to_owned(),
            to: "provider".to_owned(),
            label: words.to_owned(),
            condition: Some(words.to_owned()),
            sealed: true,
        }],
        match_relation: String::new(),
        disclosure: String::new(),
        decisions: Vec::new(),
        parameters: vec![ProfileParameter {
            name: words.to_owned(),
            value: words.to_owned(),
            unit: String::new(),
            meaning: words.to_owned(),
        }],
        leakage: BTreeMap::from([("provider".to_owned(), vec![words.to_owned()])]),
        strategies: BTreeMap::new(),
        limits: vec![words.to_owned()],
        deviations: vec![words.to_owned()],
    };
    let picture = GalleryPicture {
        file: "a.png".to_owned(),
        architecture: "e2ee".to_owned(),
        content: "ordinary".into(),
        party: "provider".to_owned(),
        caption: words.to_owned(),
    };
    let control = Control { name: words.to_owned(), repetitions: 20, passed: true, detail: words.to_owned() };
    let corpus = CorpusSummary { description: words.to_owned(), pictures: 12_345, ..CorpusSummary::default() };
    let provenance =
        Provenance { date: "2026-01-31".to_owned(), command: words.to_owned(), corpus, ..Provenance::default() };
    run.write_scenario("seed = 1\n").unwrap();
    run.write_lock(&json!({ "scenario": { "seed": 1, "words": words } })).unwrap();
    run.write_evidence(&table).unwrap();
    run.write_timings(&Table::new()).unwrap();
    run.write_profiles(&[profile]).unwrap();
    run.write_statements(std::slice::from_ref(&statement)).unwrap();
    run.write_gallery(&[(picture, DOT.to_vec())]).unwrap();
    run.finish(Summary::new(&table, vec![control], vec![statement], provenance)).unwrap();
    run
}

/// A picture of one grey dot.
const DOT: [u8; 67] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 58, 126, 155,
    85, 0, 0, 0, 10, 73, 68, 65, 84, 120, 218, 99, 104, 0, 0, 0, 130, 0, 129, 218, 69, 8, 59, 0, 0, 0, 0, 73, 69, 78,
    68, 174, 66, 96, 130,
];
