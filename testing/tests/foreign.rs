//! Goal: no parser of foreign bytes panics, hangs or takes memory without bounds, whatever it is given. Inputs are the
//! seeds, the cases found so far (`fuzz/found/TARGET`), and mutations of both from a fixed seed; `SIGHTLINE_FUZZ=N`
//! tries N times as many of those. What is *not* a failure: bytes that are refused, or that mean something else.

use sightline_crypto::Seed;
use sightline_testing::foreign::{TARGETS, Target, mutated};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn withstands(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("one of the targets");
    let mut seeds = (target.seeds)();
    seeds.extend(found(name));
    for seed in &seeds {
        try_on(target, seed);
    }
    let times: u32 = std::env::var("SIGHTLINE_FUZZ").map_or(1, |times| times.parse().expect("a number"));
    let mut stream = Seed::from_u64(1).derive(name, 0).stream();
    for _ in 0..target.cases * times {
        try_on(target, &mutated(&seeds, &mut stream));
    }
}

/// What was found before, each file a case.
fn found(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/found").join(name);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).expect("a case that was found")).collect()
}

/// A case that fails is written down, to be kept in `fuzz/found`.
fn try_on(target: &Target, bytes: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err() {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.case", target.name));
        fs::write(&file, bytes).expect("the folder for temporary files can be written");
        panic!("the case is in {}: keep it in fuzz/found/{}", file.display(), target.name);
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { withstands(stringify!($name)); })*

        #[test]
        fn every_target_has_a_test_and_a_fuzzer() {
            let names = TARGETS.each_ref().map(|target| target.name);
            assert_eq!(names, [$(stringify!($name)),*]);
            for name in names {
                let fuzzer = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fuzz/fuzz_targets/{name}.rs"));
                assert!(fuzzer.is_file(), "{} is missing", fuzzer.display());
            }
        }
    };
}

targets! { wire service session messages parties scenario table run_folder samples hashes exchange codes statements quotes offers enclave checkpoints log_proofs log_records log_keys log_files warrants franking movie animation tmk vpdq tar rows picture }
