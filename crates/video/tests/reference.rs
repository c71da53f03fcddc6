//! vPDQ and TMK+PDQF of decoded videos against Meta's published values.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that reads files")]

use sightline_fingerprint::tmk::{self, Tmk};
use sightline_fingerprint::vpdq::{self, Feature, Sampling};
use sightline_fingerprint::{DEFAULT_RADIUS, MINIMUM_QUALITY};
use sightline_video::{Form, Video};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::thread;

const VIDEOS: [&str; 4] =
    ["chair-19-sd-bar", "chair-22-sd-grey-bar", "chair-22-with-large-logo-bar", "chair-orig-22-sd-bar"];

/// What is made of a video here, and what the reference published.
struct Compared {
    name: &'static str,
    found: Vec<Feature>,
    expected: Vec<Feature>,
    times: Vec<f64>,
    tmk: Tmk,
    reference: Tmk,
}

/// Every video, decoded once; nothing without a folder with `vectors/`.
static COMPARED: LazyLock<Vec<Compared>> = LazyLock::new(|| {
    let Some(folder) = std::env::var_os("SIGHTLINE_REFERENCE").map(PathBuf::from) else {
        eprintln!("SKIPPED: SIGHTLINE_REFERENCE is not set, videos are not compared with the reference vectors");
        return Vec::new();
    };
    let folder = &folder.join("vectors");
    thread::scope(|scope| {
        VIDEOS.map(|name| scope.spawn(move || compared(name, folder))).map(|thread| thread.join().unwrap()).into()
    })
});

fn compared(name: &'static str, vectors: &std::path::Path) -> Compared {
    let file = |form: &str| vectors.join(if form == "txt" { "vpdq" } else { "tmk" }).join(format!("{name}.{form}"));
    let expected = vpdq::read(&fs::read(file("txt")).unwrap()).unwrap();
    let video = Video::open(fs::File::open(file("mp4")).unwrap()).unwrap();
    let info = video.info();
    assert_eq!((info.form, info.frames), (Form::Mp4, Some(expected.len() as u64)), "{name}");
    let mut sampling = Sampling::new(info.rate, 0.0);
    let mut hasher = tmk::Hasher::new(info.rate);
    let (mut found, mut times) = (Vec::new(), Vec::new());
    for frame in video {
        let frame = frame.unwrap();
        assert_eq!(frame.size(), (info.width, info.height));
        let picture = frame.picture().unwrap();
        assert!(sampling.takes(frame.number, frame.seconds));
        found.push(sampling.feature(frame.number, frame.seconds, &picture).unwrap());
        hasher.add(frame.seconds, &picture).unwrap();
        times.push(frame.seconds);
    }
    let reference = Tmk::from_bytes(&fs::read(file("tmk")).unwrap()).unwrap();
    Compared { name, found, expected, times, tmk: hasher.finish().unwrap(), reference }
}

#[test]
fn vpdq_agrees_frame_by_frame() {
    let mut all = Vec::new();
    for Compared { name, found, expected, times, .. } in COMPARED.iter() {
        assert_eq!(found.len(), expected.len(), "{name}: frames");
        let mut distances = Vec::new();
        let mut worst_quality = 0;
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.number, expected.number);
            assert!((found.seconds - expected.seconds).abs() < 6e-4, "{name}: {found:?}, {expected:?}");
            let distance = found.hash.distance(&expected.hash);
            worst_quality = worst_quality.max(found.quality.abs_diff(expected.quality));
            if expected.quality >= MINIMUM_QUALITY {
                distances.push(distance);
            }
        }
        assert!(times.is_sorted());
        let mean = f64::from(distances.iter().sum::<u32>()) / distances.len() as f64;
        distances.sort_unstable();
        let (median, most) = (distances[distances.len() / 2], distances[distances.len() - 1]);
        eprintln!(
            "{name}: {} frames, median {median}, mean {mean:.2}, most {most} bits, quality {worst_quality}",
            found.len()
        );
        all.push((*name, median, most, worst_quality));
    }
    for (name, median, most, quality) in all {
        assert!(
            median == 0 && most <= 6 && quality <= 1,
            "{name}: median {median}, most {most} bits, quality {quality}"
        );
    }
}

#[test]
fn videos_match_each_other_as_the_reference_hashes_do() {
    for one in COMPARED.iter() {
        for other in COMPARED.iter() {
            let compare =
                |one: &[Feature], other: &[Feature]| vpdq::compare(one, other, DEFAULT_RADIUS, MINIMUM_QUALITY);
            let (found, expected) = (compare(&one.found, &other.found), compare(&one.expected, &other.expected));
            eprintln!("{} and {}: {found:?}, {expected:?}", one.name, other.name);
            let near = |a: f64, b: f64| (a - b).abs() <= 0.5;
            assert!(near(found.query, expected.query) && near(found.compared, expected.compared));
        }
    }
}

#[test]
fn tmk_agrees_with_the_reference() {
    for Compared { name, tmk, reference, .. } in COMPARED.iter() {
        let (one, two) = (tmk.level1(reference).unwrap(), tmk.level2(reference).unwrap());
        eprintln!("{name}: {} and {} frames, level 1 {one:.6}, level 2 {two:.6}", tmk.frames(), reference.frames());
        assert_eq!(tmk.frames(), reference.frames(), "{name}");
        assert!(one >= 0.999 && two >= 0.999, "{name}: {one}, {two}");
        assert_eq!(Tmk::from_bytes(&tmk.to_bytes()).unwrap(), *tmk);
    }
}

#[test]
fn pairs_score_as_published() {
    // ThreatExchange, tmk/README.md.
    let published = [
        ("chair-19-sd-bar", "chair-orig-22-sd-bar", 0.952_329, 0.961_902),
        ("chair-19-sd-bar", "chair-22-sd-grey-bar", 0.953_346, 0.962_158),
        ("chair-22-sd-grey-bar", "chair-orig-22-sd-bar", 0.999_963, 0.999_964),
    ];
    let by_name = |name: &str| COMPARED.iter().find(|compared| compared.name == name);
    let mut last = (0.0, 0.0);
    for (one, other, first, second) in published {
        let (Some(a), Some(b)) = (by_name(one), by_name(other)) else { return };
        let scores = |a: &Tmk, b: &Tmk| (a.level1(b).unwrap(), a.level2(b).unwrap());
        let theirs = scores(&a.reference, &b.reference);
        let ours = scores(&a.tmk, &b.tmk);
        eprintln!("{one} and {other}: published {first} {second}, their files {theirs:?}, ours {ours:?}");
        assert!((theirs.0 - first).abs() < 2e-6 && (theirs.1 - second).abs() < 2e-6, "{theirs:?}");
        assert!((ours.0 - first).abs() < 2e-3 && (ours.1 - second).abs() < 2e-3, "{ours:?}");
        assert!(ours.0 > last.0 && ours.1 > last.1, "the published order");
        last = ours;
    }
    // The one that the reference does not find like the others.
    let logo = by_name("chair-22-with-large-logo-bar").unwrap();
    for other in COMPARED.iter().filter(|other| other.name != logo.name) {
        let (one, two) = (logo.tmk.level1(&other.tmk).unwrap(), logo.tmk.level2(&other.tmk).unwrap());
        eprintln!("{} and {}: {one:.6}, {two:.6}", logo.name, other.name);
        assert!(one < tmk::THRESHOLD || two < tmk::THRESHOLD, "{}: {one}, {two}", other.name);
    }
}
