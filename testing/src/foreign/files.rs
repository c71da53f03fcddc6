use super::{part, parts};
use sightline_evidence::{
    Bound, Comparison, Control, E2e, FlowStep, GalleryPicture, KeyNumber, Profile, ProfileDecision, ProfileParameter,
    ProfileParty, Provenance, Row, RunFolder, Statement, Summary, Table, verify,
};
use sightline_hamming::{Codes, Way, file};
use sightline_lists::{Exchange, read_hashes};
use sightline_pictures::Picture;
use sightline_presentation::{Report, compare};
use sightline_privacy::leakage::{Interval, Samples, estimate};
use sightline_questions::Scenario;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// A scenario file.
pub fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(scenario) = Scenario::parse(text) {
        let _ = scenario.check();
        for claim in &scenario.expect {
            let _ = (claim.to_string(), claim.judge(&evidence()));
        }
    }
}

pub(super) fn scenario_seeds() -> Vec<Vec<u8>> {
    let text = "expect = [{ question = \"cost\", architecture = \"e2ee\", quantity = \"bytes-sent\", parameter = \"list=10;link=a\", \
        below = 1e3, bound = \"low\" }]\nseed = 4\narchitectures = [\"e2ee\"]\nquestions = [\"endpoints-only\"]\ntrials = 100\nusers = 3\n\
        [pictures]\nfolder = \"pictures\"\ncount = 30\ninclude = true\n[list]\nentries = 10\nradius = 31\n\
        [messenger]\npadding = \"padme\"\n[network]\nlatency_ms = 2e1\njitter_ms = 5.0\nloss = 0.001\n\
        [controls]\nrepetitions = 20\n";
    vec![text.into()]
}

/// A table as CSV: what is read can be written and read as the same.
pub fn table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(table) = Table::from_csv(text) {
        let again = table.to_csv().expect("what was read can be written");
        assert_eq!(Table::from_csv(&again).expect("what was written can be read"), table);
    }
}

pub(super) fn table_seeds() -> Vec<Vec<u8>> {
    vec![evidence().to_csv().expect("it can be written").into()]
}

/// Samples of a channel: what is read is finite, and leakage is estimated from it.
pub fn samples(bytes: &[u8]) {
    let Ok(samples) = Samples::parse(bytes) else { return };
    assert!((0..samples.len()).all(|row| samples.row(row).iter().all(|value| value.is_finite())));
    let found = estimate(&samples, &samples, 0.05).expect("a file has as many columns as itself");
    for Interval { point, low, high } in [found.risk, found.guessing_risk, found.min_entropy, found.multiplicative] {
        assert!(0.0 <= low && low <= point && point <= high, "{low}, {point}, {high}");
    }
    assert!(found.shannon.is_finite() && found.shannon_low.is_finite());
}

pub(super) fn samples_seeds() -> Vec<Vec<u8>> {
    let rows = |row: u32| format!("{},{},{}\n", row % 5, row * 7 % 11, f64::from(row % 3) * 0.1);
    let plain: String = (0..40).map(rows).collect();
    let header = format!("secret,x,y\r\nred,-1.5e3,0\n\n\"a, b\",3,4\n{plain}");
    vec![plain.into(), header.into()]
}

/// Hashes as text: lines go up (one that ends in a carriage return alone is not counted).
pub fn hashes(bytes: &[u8]) {
    let Ok(rows) = read_hashes(bytes) else { return };
    assert!(rows.is_sorted_by(|one, next| one.line <= next.line));
}

pub(super) fn hashes_seeds() -> Vec<Vec<u8>> {
    let hash = "0123456789abcdef".repeat(4);
    let table = format!("file,pdq_hex,quality\n\"a, b\",{hash},100\nc,{hash},0\r\n");
    vec![format!("{hash}\n\n{hash}\n").into(), table.into()]
}

/// A list of ThreatExchange in either form: what is read can be written and read as the same, but for blanks that a table
/// loses.
pub fn exchange(bytes: &[u8]) {
    let Ok(list) = Exchange::read(bytes) else { return };
    let hashes = |list: &Exchange| list.entries.iter().map(|entry| entry.hash).collect::<Vec<_>>();
    let json = Exchange::read(list.to_json().as_bytes()).expect("what was written can be read");
    assert!(json.entries.iter().zip(&list.entries).all(|(one, other)| one.descriptors == other.descriptors));
    let table = Exchange::read(list.to_csv().as_bytes()).expect("what was written can be read");
    assert!([hashes(&json), hashes(&table)].iter().all(|found| *found == hashes(&list)));
    assert!(list.list(1).len() <= list.entries.len());
}

pub(super) fn exchange_seeds() -> Vec<Vec<u8>> {
    let hash = |byte: &str| byte.repeat(32);
    let (one, two) = (hash("ab"), hash("0f"));
    let table = format!(
        "id,td_raw_indicator,td_indicator_type,added_on,td_owner_id,td_owner_name,td_status,td_subjective_tags\n\
         7,{one},HASH_PDQ,2026-01-01,1,\"a, b\",MALICIOUS,x;y\n8,{two},HASH_PDQ,,,,NON_MALICIOUS,\n9,00,HASH_MD5,,,,,\n"
    );
    let said = "{\"id\":7,\"owner\":{\"id\":\"1\",\"name\":\"a\"},\"status\":\"MALICIOUS\",\"tags\":{\"data\":[{\"text\":\"x\"}]}}";
    let updates = format!(
        "{{\"data\":[{{\"indicator\":\"{one}\",\"type\":\"HASH_PDQ\",\"descriptors\":{{\"data\":[{said}]}}}},\
         {{\"indicator\":\"{two}\",\"type\":\"HASH_PDQ\",\"should_delete\":true}}]}}"
    );
    let alone = format!("[{{\"id\":\"1\",\"raw_indicator\":\"{one}\",\"type\":\"HASH_PDQ\",\"tags\":[\"x\"]}}]");
    [table, updates, alone].map(String::into_bytes).into()
}

/// A file of codes: what is read can be written and read as the same, and added to.
pub fn codes(bytes: &[u8]) {
    // A mutated section hardly ever has the checksum it needs, so the checksums are also made right.
    for bytes in [bytes.to_vec(), file::resealed(bytes)] {
        let Ok(codes) = file::read(&bytes) else { continue };
        assert_eq!(file::read(&file::write(&codes)).as_ref(), Ok(&codes));
        // An index finds nothing that is not there, whatever its tables say.
        let index = file::read_index(&bytes).expect("the codes were read");
        let found = index.within(&codes.part(0..codes.len().min(3)), 2);
        assert!(found.iter().flatten().all(|found| found.code < codes.len() && found.distance <= 2));
        let mut more = bytes;
        file::append(&mut more, &codes).expect("what is read can be added to");
        assert_eq!(file::read(&more).expect("it is whole").len(), 2 * codes.len());
    }
}

pub(super) fn codes_seeds() -> Vec<Vec<u8>> {
    let batch = Codes::from_words(&[[1, 2, 3], [4, 5, 6]]).expect("192 bits are supported");
    let mut bytes = file::write(&batch);
    file::append(&mut bytes, &batch).expect("it has the same width");
    let wide = Codes::from_words(&[[7; 16]]).expect("1024 bits are supported");
    vec![bytes, indexed(), file::write(&wide), file::write(&Codes::new(64).expect("64 bits are supported"))]
}

/// Three codes with a multi-index of one slice of eight bits, as `sightline_hamming::file` describes it.
fn indexed() -> Vec<u8> {
    let mut bytes = file::write(&Codes::from_words(&[[1], [2], [300]]).expect("64 bits are supported"));
    bytes[24] = 2;
    // Radius 2, one slice: bits 0 to 7, up to two flipped.
    let mut contents: Vec<u8> = [2_u32, 1, 0, 0, 0, 8, 2, 0].map(u32::to_le_bytes).concat();
    let low = 1_u64 << 1 | 1 << 2 | 1 << 44;
    contents.extend([low, 3 << 32, 0, 3 << 32 | 3, 0, 3 << 32 | 3, 0, 3 << 32 | 3].map(u64::to_le_bytes).concat());
    contents.extend([1_u32 << 26, 2 << 26 | 1, 44 << 26 | 2, 0].map(u32::to_le_bytes).concat());
    bytes.extend([3_u64, 1, 0, 0, 0, 0, 1, contents.len() as u64].map(u64::to_le_bytes).concat());
    bytes.extend(contents);
    let bytes = file::resealed(&bytes);
    let index = file::read_index(&bytes).expect("it is well-formed");
    assert_eq!(index.explain(1, 2).way, Way::MultiIndex);
    bytes
}

/// A picture file: if it is one, it can be hashed or is refused for its size.
pub fn picture(bytes: &[u8]) {
    let _ = sightline_fingerprint::fingerprint(bytes);
}

pub(super) fn picture_seeds() -> Vec<Vec<u8>> {
    let side = 80_u32;
    let rgb = (0..side * side).flat_map(|i| [i % 251, i / side * 3, i % 7 * 30].map(|value| value.to_be_bytes()[3]));
    let picture = Picture::new(side, side, rgb.collect()).expect("its size is right");
    let jpeg = picture.to_jpeg(80);
    // A picture of one pixel as GIF and as lossless WebP.
    let gif = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
    let webp = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00";
    vec![picture.thumbnail(24).to_png(), jpeg, gif.to_vec(), webp.to_vec()]
}

/// The folder of a run: each part replaces the file that its tag names, or, from 128 on, removes it. Whatever is left is
/// verified, read and drawn.
pub fn run_folder(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut files = RUN.clone();
    for (tag, bytes) in parts(bytes) {
        let index = usize::from(tag % 128) % RUN.len();
        let name = &RUN[index].0;
        files.retain(|(other, _)| other != name);
        if tag < 128 {
            files.push((name.clone(), bytes.to_vec()));
        }
    }
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("a temporary folder can be written");
        fs::write(path, bytes).expect("a temporary folder can be written");
    }
    let _ = verify(folder.path());
    if let Ok(run) = RunFolder::open(folder.path()) {
        // Once more as by someone who has made the digests fit.
        let _ = (run.timings(), run.lock(), run.seal(), verify(folder.path()));
        let _ = Report::draw(&run);
        if let Ok(found) = Comparison::of(&run, &run, true) {
            assert!(!found.differs(), "a run differs from itself");
            let _ = (compare::text(&found, ["a", "a"], 9), compare::page(&found, ["a", "a"]));
        }
    }
}

pub(super) fn run_folder_seeds() -> Vec<Vec<u8>> {
    (0_u8..)
        .zip(RUN.iter())
        .filter(|(_, (_, bytes))| bytes.len() < 1 << 16)
        .map(|(tag, (_, bytes))| part(tag, bytes))
        .collect()
}

/// The files of a sound run.
static RUN: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    write_run(folder.path()).expect("a temporary folder can be written");
    let run = RunFolder::open(folder.path()).expect("just made");
    let listed = run.summary().expect("just made").files.into_iter().map(|file| file.path);
    let names = ["evidence.json", "ro-crate-metadata.json"].map(str::to_owned).into_iter().chain(listed);
    names.map(|name| (name.clone(), run.read(&name).expect("just made"))).collect()
});

fn write_run(path: &Path) -> Result<(), sightline_evidence::EvidenceError> {
    let run = RunFolder::create(path)?;
    run.write_scenario("seed = 1\n")?;
    run.write_lock(&serde_json::json!({ "seed": 1, "architectures": ["e2ee"] }))?;
    run.write_evidence(&evidence())?;
    run.write_timings(&Table::new())?;
    run.write_profiles(&[profile()])?;
    run.write_statements(&[statement()])?;
    let picture = GalleryPicture {
        file: "a.png".into(),
        architecture: "e2ee".into(),
        content: "ordinary".into(),
        party: "provider".into(),
        caption: "noise".into(),
    };
    let png = Picture::new(1, 1, vec![1, 2, 3]).map(|picture| picture.to_png()).unwrap_or_default();
    run.write_gallery(&[(picture, png)])?;
    let control = Control { name: "null".into(), repetitions: 400, passed: true, detail: "19 flagged".into() };
    let provenance = Provenance { date: "2026-01-31".into(), ..Provenance::default() };
    run.finish(Summary::new(&evidence(), vec![control], vec![statement()], provenance))
}

fn evidence() -> Table {
    let row = |task: &str, low: f64| Row {
        question: "endpoints-only".into(),
        game: "distinguish".into(),
        task: task.into(),
        observer: "provider".into(),
        corruption: "curious".into(),
        ..Row::new("advantage", "1").architecture("e2ee").lower(low + 0.01, low, low + 0.05).n(1000)
    };
    let detectable = Row { quantity: "minimum-detectable-advantage".into(), ..row("which-content", 0.0) };
    Table::from_iter([row("which-content", 0.0), row("which-kind", 0.3), detectable])
}

fn statement() -> Statement {
    let number = KeyNumber { label: "advantage".into(), value: Some(0.01), low: Some(0.0), bound: Bound::Lower };
    Statement {
        architecture: "e2ee".into(),
        observer: "provider".into(),
        corruption: "curious".into(),
        end_to_end: E2e::Yes,
        sentence: "The provider learns nothing of the content.".into(),
        learns: vec!["nothing".into()],
        beyond_encryption: Vec::new(),
        beyond_detection: Vec::new(),
        evidence: vec![number],
    }
}

fn profile() -> Profile {
    let party = |id: &str, outsider| ProfileParty { id: id.into(), title: id.into(), outsider };
    let step = |from: &str, to: &str| FlowStep {
        from: from.into(),
        to: to.into(),
        label: "ciphertext".into(),
        condition: Some("always".into()),
        sealed: true,
    };
    let parameter =
        ProfileParameter { name: "radius".into(), value: "31".into(), unit: "bit".into(), meaning: "distance".into() };
    Profile {
        name: "e2ee".into(),
        title: "End-to-end encryption".into(),
        row: "0b".into(),
        source: "RFC 9420".into(),
        to_be_checked_against_primary: true,
        parties: vec![party("sender", false), party("recipient", false), party("provider", true)],
        flow: vec![step("sender", "provider"), step("provider", "provider"), step("provider", "recipient")],
        match_relation: "radius".into(),
        disclosure: String::new(),
        parameters: vec![parameter],
        leakage: BTreeMap::from([("provider".into(), vec!["padded length".into()])]),
        strategies: BTreeMap::new(),
        decisions: vec![ProfileDecision { what: "what".into(), who: "who".into() }],
        deviations: vec!["none".into()],
        limits: vec!["none".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_well_formed() {
        for seed in picture_seeds() {
            sightline_pictures::decode(&seed).unwrap();
        }
        for seed in samples_seeds() {
            Samples::parse(&seed).unwrap();
        }
        for seed in scenario_seeds() {
            Scenario::parse(std::str::from_utf8(&seed).unwrap()).unwrap().check().unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        write_run(folder.path()).unwrap();
        assert_eq!(verify(folder.path()).unwrap().disagreements, []);
        assert!(Report::draw(&RunFolder::open(folder.path()).unwrap()).is_ok());
    }
}
