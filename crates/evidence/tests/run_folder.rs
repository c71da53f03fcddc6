//! A run folder is written whole, read back, refuses what is not its own, and `verify` names every change made to it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sightline_evidence::{
    Bound, Control, ControlStatus, CorpusSummary, E2e, EvidenceError, FlowStep, GalleryPicture, KeyNumber, Profile,
    ProfileParty, Provenance, Row, RunFolder, RunState, Statement, Summary, Table, check_ro_crate, digest,
    summary_schema, verify,
};

#[test]
fn a_run_is_written_read_back_and_sound() {
    let folder = tempfile::tempdir().unwrap();
    let run = write_run(folder.path());
    let summary = run.summary().unwrap();
    assert_eq!(summary.state, RunState::Finished);
    assert_eq!(summary.control_status, ControlStatus::Passed);
    assert_eq!(summary.counts.decided, 1);
    assert_eq!(summary.lock_digest, digest(&run.read("scenario.lock.json").unwrap()));
    let paths: Vec<_> = summary.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "data/advantage.csv",
            "data/gallery/a.png",
            "data/gallery/gallery.json",
            "evidence.csv",
            "evidence.parquet",
            "figures/advantage.svg",
            "profiles.json",
            "report.html",
            "scenario.lock.json",
            "scenario.toml",
            "statements.json",
            "timings.csv",
            "timings.parquet",
        ]
    );
    let run = RunFolder::open(folder.path()).unwrap();
    assert_eq!(run.evidence().unwrap(), evidence());
    assert_eq!(run.profiles().unwrap(), [profile()]);
    assert_eq!(run.statements().unwrap(), [statement()]);
    assert_eq!(run.gallery().unwrap()[0].1, b"png");
    let verification = verify(folder.path()).unwrap();
    assert_eq!(verification.disagreements, []);
    assert_eq!((verification.files, verification.rows), (13, 1));
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (left, right) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (left, right) = (write_run(left.path()), write_run(right.path()));
    for name in ["evidence.csv", "evidence.parquet", "evidence.json", "ro-crate-metadata.json"] {
        assert_eq!(left.read(name).unwrap(), right.read(name).unwrap(), "{name}");
    }
}

#[test]
fn every_change_is_named() {
    for (name, change) in [
        ("evidence.csv", &b"question\n"[..]),
        ("evidence.parquet", b"PAR1"),
        ("figures/advantage.svg", b"<svg/>"),
        ("scenario.lock.json", b"{}"),
        ("statements.json", b"[]"),
        ("profiles.json", b"{"),
        ("data/extra.csv", b"new"),
        ("ro-crate-metadata.json", b"{}"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write_run(folder.path()).write(name, change).unwrap();
        let found = verify(folder.path()).unwrap().disagreements;
        assert!(found.iter().any(|disagreement| disagreement.file == name), "{name}: {found:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path());
    fs::remove_file(folder.path().join("timings.parquet")).unwrap();
    let found = verify(folder.path()).unwrap().disagreements;
    assert!(found.iter().any(|disagreement| disagreement.file == "timings.parquet"), "{found:?}");
}

#[test]
fn a_table_that_differs_from_its_twin_is_found_although_the_digests_agree() {
    let folder = tempfile::tempdir().unwrap();
    let run = write_run(folder.path());
    let other = Table::from_iter([Row::new("advantage", "1").lower(0.2, 0.0, 0.4)]);
    run.write("evidence.parquet", &other.to_parquet().unwrap()).unwrap();
    run.seal().unwrap();
    let found = verify(folder.path()).unwrap().disagreements;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].file, "evidence.parquet");
}

#[test]
fn a_listed_path_outside_the_folder_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = write_run(folder.path());
    let mut summary = run.summary().unwrap();
    summary.files[0].path = "../../etc/passwd".to_owned();
    run.write("evidence.json", &serde_json::to_vec(&summary).unwrap()).unwrap();
    let found = verify(folder.path()).unwrap().disagreements;
    assert!(found.iter().any(|one| one.file.starts_with("..") && one.detail.contains("not there")), "{found:?}");
    assert!(matches!(run.write("../x", b""), Err(EvidenceError::BadName { .. })));
    assert!(matches!(run.write("/x", b""), Err(EvidenceError::BadName { .. })));
    assert!(matches!(run.read(""), Err(EvidenceError::BadName { .. })));
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    match RunFolder::create(folder.path()) {
        Err(EvidenceError::Occupied { found, .. }) => assert_eq!(found, "thesis.txt"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(matches!(RunFolder::open(folder.path()), Err(EvidenceError::NotARun { .. })));
    assert!(matches!(verify(folder.path()), Err(EvidenceError::NotARun { .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_a_typed_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        match RunFolder::create(&path) {
            Err(error @ EvidenceError::Io { .. }) => assert!(error.to_string().contains("may write"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_new_run_takes_over_an_earlier_one_and_an_unfinished_one() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let run = RunFolder::create(folder.path()).unwrap();
    assert_eq!(run.summary().unwrap().state, RunState::Unfinished);
    assert!(!run.has("figures/advantage.svg"));
    assert!(run.has("notes.txt"));
    let found = verify(folder.path()).unwrap().disagreements;
    assert!(found.iter().any(|one| one.detail.contains("did not finish")));
    RunFolder::create(folder.path()).unwrap();
}

/// A reason, and what brings it about; the function finds an entity in the graph.
type Mutilation = (&'static str, fn(&mut Value, &dyn Fn(&str, &Value) -> usize));

/// Every way of mutilating a description, and the reason for which it is refused.
#[test]
fn a_mutilated_crate_is_refused_with_the_reason() {
    let place = |id: &str, crate_: &Value| {
        crate_["@graph"].as_array().unwrap().iter().position(|entity| entity["@id"] == id).unwrap()
    };
    let mutilations: [Mutilation; 16] = [
        ("the context is not", |all, _| all["@context"] = json!("https://schema.org")),
        ("there is no @graph", |all, _| all["@graph"] = json!({})),
        ("has no @id", |all, _| drop(all["@graph"][2].as_object_mut().unwrap().remove("@id"))),
        ("has no @type", |all, _| drop(all["@graph"][2].as_object_mut().unwrap().remove("@type"))),
        ("is described twice", |all, _| {
            let again = all["@graph"][2].clone();
            all["@graph"].as_array_mut().unwrap().push(again);
        }),
        ("does not describe `./`", |all, _| {
            all["@graph"][0]["conformsTo"]["@id"] = json!("https://w3id.org/ro/crate/1.0");
        }),
        ("is no CreativeWork", |all, _| all["@graph"][0]["@type"] = json!("File")),
        ("the root is no Dataset", |all, _| all["@graph"][1]["@type"] = json!("Collection")),
        ("no datePublished", |all, _| all["@graph"][1]["datePublished"] = json!("")),
        ("no date of ISO 8601", |all, _| all["@graph"][1]["datePublished"] = json!("yesterday")),
        ("no licence", |all, _| all["@graph"][1]["license"] = json!({ "@id": "https://example.org" })),
        ("`#nobody` is referred to", |all, place| {
            let run = place("#run", all);
            all["@graph"][run]["instrument"]["@id"] = json!("#nobody");
        }),
        ("does not define", |all, _| drop(all["@context"].as_array_mut().unwrap().pop())),
        ("must be flat", |all, _| all["@graph"][1]["mentions"] = json!({ "@type": "CreateAction", "name": "Run" })),
        ("`evidence.json` is a file of the run", |all, _| {
            all["@graph"][1]["hasPart"].as_array_mut().unwrap().retain(|part| part["@id"] != "evidence.json");
        }),
        ("another type, size or digest", |all, place| {
            let table = place("evidence.csv", all);
            all["@graph"][table]["sha256"] = json!("0");
        }),
    ];
    let folder = tempfile::tempdir().unwrap();
    let run = write_run(folder.path());
    let sound: Value = serde_json::from_slice(&run.read("ro-crate-metadata.json").unwrap()).unwrap();
    for (reason, mutilate) in mutilations {
        let mut broken = sound.clone();
        mutilate(&mut broken, &place);
        run.write("ro-crate-metadata.json", &serde_json::to_vec(&broken).unwrap()).unwrap();
        let found = verify(folder.path()).unwrap().disagreements;
        assert!(found.iter().all(|one| one.file == "ro-crate-metadata.json"), "{found:?}");
        assert!(found.iter().any(|one| one.detail.contains(reason)), "{reason}: {found:?}");
    }
    let mut foreign = sound.clone();
    foreign["@graph"].as_array_mut().unwrap().push(json!({ "@id": "extra.csv", "@type": "File", "name": "extra" }));
    let files = run.summary().unwrap().files;
    assert!(check_ro_crate(&foreign, &files).iter().any(|one| one.contains("`extra.csv` is described and no file")));
}

/// `cargo xtask bless` writes it anew.
#[test]
fn the_committed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/evidence.schema.json");
    let read = || -> Value { serde_json::from_slice(&fs::read(&path).unwrap()).unwrap() };
    let fresh: Value = serde_json::from_str(&summary_schema()).unwrap();
    if std::env::var_os("SIGHTLINE_BLESS").is_some() && read() != fresh {
        fs::write(&path, summary_schema()).unwrap();
    }
    assert!(read() == fresh, "the schema has changed: `cargo xtask bless`, and commit it");
}

fn write_run(path: &Path) -> RunFolder {
    let run = RunFolder::create(path).unwrap();
    run.write_scenario("seed = 1\n").unwrap();
    run.write_lock(&json!({ "seed": 1 })).unwrap();
    run.write_evidence(&evidence()).unwrap();
    run.write_timings(&Table::new()).unwrap();
    run.write_profiles(&[profile()]).unwrap();
    run.write_statements(&[statement()]).unwrap();
    let picture = GalleryPicture {
        file: "a.png".to_owned(),
        architecture: "e2ee".to_owned(),
        content: "ordinary".into(),
        party: "provider".to_owned(),
        caption: "noise".to_owned(),
    };
    run.write_gallery(&[(picture, b"png".to_vec())]).unwrap();
    let control =
        Control { name: "null channel".to_owned(), repetitions: 400, passed: true, detail: "19 flagged".to_owned() };
    let provenance = Provenance {
        version: "0.1.0".to_owned(),
        date: "2026-01-31".to_owned(),
        seed: 1,
        corpus: CorpusSummary { rejected: BTreeMap::from([("truncated".to_owned(), 2)]), ..CorpusSummary::default() },
        ..Provenance::default()
    };
    run.finish(Summary::new(&evidence(), vec![control], vec![statement()], provenance)).unwrap();
    run.write("data/advantage.csv", b"x\n").unwrap();
    run.write("figures/advantage.svg", b"<svg></svg>").unwrap();
    run.write("report.html", b"<!doctype html>").unwrap();
    fs::write(path.join("log.jsonl"), "{}\n").unwrap();
    run.seal().unwrap();
    run
}

fn evidence() -> Table {
    Table::from_iter([Row::new("advantage", "1").architecture("e2ee").lower(0.01, 0.0, 0.05).n(1000)])
}

fn statement() -> Statement {
    Statement {
        architecture: "e2ee".to_owned(),
        observer: "provider".to_owned(),
        corruption: "curious".to_owned(),
        end_to_end: E2e::Yes,
        sentence: "The provider learns nothing of the content.".to_owned(),
        learns: Vec::new(),
        beyond_encryption: Vec::new(),
        beyond_detection: Vec::new(),
        evidence: vec![KeyNumber {
            label: "advantage".to_owned(),
            value: Some(0.01),
            low: Some(0.0),
            bound: Bound::Lower,
        }],
    }
}

fn profile() -> Profile {
    Profile {
        name: "e2ee".to_owned(),
        title: "End-to-end encryption".to_owned(),
        row: "0b".to_owned(),
        source: "RFC 9420".to_owned(),
        to_be_checked_against_primary: true,
        parties: vec![ProfileParty { id: "provider".to_owned(), title: "Provider".to_owned(), outsider: true }],
        flow: vec![FlowStep {
            from: "sender".to_owned(),
            to: "provider".to_owned(),
            label: "ciphertext".to_owned(),
            condition: None,
            sealed: true,
        }],
        match_relation: String::new(),
        disclosure: String::new(),
        decisions: Vec::new(),
        parameters: Vec::new(),
        leakage: BTreeMap::from([("provider".to_owned(), Vec::new())]),
        strategies: BTreeMap::new(),
        limits: Vec::new(),
        deviations: Vec::new(),
    }
}
