//! Whole measurements on few generated pictures.

use sightline_accuracy::{AccuracyError, Detection, Doing, Measured, Original, Plan, measure};
use sightline_fingerprint::{Algorithm, Fingerprint, FingerprintError, by_name};
use sightline_pictures::Corpus;
use sightline_pictures::transform::{Family, Transform};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

fn originals(count: usize) -> Vec<Original> {
    Original::all(&Corpus::generated([4; 32], count, &mut |_, _| {}))
}

fn plan(algorithms: &[&str], transforms: &[(Family, f64)]) -> Plan {
    Plan {
        algorithms: algorithms.iter().map(|name| by_name(name).expect("a known name")).collect(),
        transforms: transforms
            .iter()
            .map(|(family, strength)| Transform::new(*family, *strength).expect("in range"))
            .collect(),
        replicates: 50,
        ..Plan::quick(1)
    }
}

fn run(originals: &[Original], plan: &Plan) -> Measured {
    measure(originals, plan, &|_, _, _| ControlFlow::Continue(())).expect("enough pictures")
}

/// Detection of one algorithm after one transform, over all kinds.
fn detection(measured: &Measured, algorithm: &str, family: Option<Family>) -> Detection {
    let of = measured.algorithms.iter().find(|of| of.name == algorithm).expect("measured");
    let wanted = |found: &&Detection| found.kind.is_none() && found.transform.map(Transform::family) == family;
    *of.detections.iter().find(wanted).expect("measured")
}

#[test]
fn unchanged_pictures_match_digests_match_nothing_else_and_turned_ones_need_variants() {
    let originals = originals(24);
    let plan = Plan {
        dihedral: true,
        ..plan(&["pdq", "dhash", "sha256"], &[(Family::Recompress, 90.0), (Family::Mirror, 1.0)])
    };
    let measured = run(&originals, &plan);
    let names: Vec<_> = measured.algorithms.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(names, ["pdq", "pdq-dihedral", "dhash", "sha256"]);
    for of in &measured.algorithms {
        let found = detection(&measured, &of.name, None);
        assert_eq!((found.caught.hits, found.median), (found.caught.of, Some(0)), "{}", of.name);
        assert_eq!(found.caught.of, of.pictures as u64);
        assert_eq!(of.bit_statistics.is_some(), ["pdq", "dhash"].contains(&of.name.as_str()));
    }
    let recompressed = |name| detection(&measured, name, Some(Family::Recompress)).caught;
    assert_eq!(recompressed("sha256").hits, 0);
    assert_eq!(recompressed("pdq").hits, recompressed("pdq").of);
    let mirrored = |name| detection(&measured, name, Some(Family::Mirror)).caught;
    assert!(mirrored("pdq").hits * 4 < mirrored("pdq").of, "{:?}", mirrored("pdq"));
    assert!(mirrored("pdq-dihedral").hits * 4 > 3 * mirrored("pdq-dihedral").of, "{:?}", mirrored("pdq-dihedral"));
}

#[test]
fn the_same_plan_gives_the_same_numbers_and_tables() {
    let originals = originals(20);
    let plan = plan(&["pdq", "ahash"], &[(Family::Noise, 10.0), (Family::Crop, 0.1)]);
    let [one, two] = [(); 2].map(|()| run(&originals, &plan));
    assert_eq!(one.rows(), two.rows());
    for table in [Measured::table, Measured::distances, Measured::thresholds] {
        let (one, two) = (table(&one), table(&two));
        assert_eq!(one.to_csv().unwrap(), two.to_csv().unwrap());
        assert_eq!(one.to_parquet().unwrap(), two.to_parquet().unwrap());
        let text = String::from_utf8(one.to_csv().unwrap()).unwrap();
        assert_eq!(text.lines().count(), one.len() + 1);
        assert_eq!(text.lines().next().unwrap(), one.names().join(","));
    }
    // Three states of each picture for each algorithm.
    assert_eq!(one.distances().len(), 3 * (one.algorithms[0].pictures + one.algorithms[1].pictures));
    let other = run(&originals, &Plan { seed: 2, ..plan });
    assert_ne!(one.rows(), other.rows());
    // Every row with a number has its ends on both sides of it.
    for row in one.rows() {
        if let (Some(value), Some(low), Some(high)) = (row.value, row.low, row.high) {
            assert!(low <= value && value <= high, "{row:?}");
        }
    }
}

/// A copy under another name would be a match of different pictures; it is left out and named.
#[test]
fn near_duplicates_are_left_out_before_anything_is_counted() {
    let mut originals = originals(16);
    let copy = sightline_pictures::recompress(&originals[2].bytes, 60).unwrap();
    originals.push(Original { id: "copy".into(), kind: originals[2].kind, bytes: copy.into() });
    let plan = plan(&["pdq"], &[(Family::Blur, 1.0)]);
    let measured = run(&originals, &plan);
    assert_eq!(measured.audit.left_out, [16]);
    assert_eq!((measured.audit.pairs[0].first, measured.audit.pairs[0].second), (2, 16));
    assert_eq!(measured.algorithms[0].false_positives.matches, 0);
    originals.truncate(16);
    let without = run(&originals, &plan);
    assert_eq!(without.algorithms[0].false_positives, measured.algorithms[0].false_positives);
}

#[test]
fn too_few_pictures_are_refused_with_reasons() {
    let plan = plan(&["pdq"], &[(Family::Blur, 1.0)]);
    let mut few = originals(5);
    few.extend(few.clone());
    few.push(Original { id: "no picture".into(), kind: "own", bytes: Arc::from(*b"nothing") });
    let unheard = |_: Doing, _: u64, _: u64| ControlFlow::Continue(());
    let error = measure(&few, &plan, &unheard).unwrap_err();
    assert!(
        matches!(error, AccuracyError::TooFew { usable: ..=5, given: 11, duplicates: 5, needed: 8, .. }),
        "{error}"
    );
    assert!(measure(&[], &plan, &unheard).is_err());
}

#[test]
fn progress_goes_up_to_the_end_of_each_part() {
    let heard = Mutex::new(Vec::new());
    let hear = |doing: Doing, done: u64, of: u64| {
        heard.lock().unwrap().push((doing, done, of));
        ControlFlow::Continue(())
    };
    let plan = plan(&["ahash"], &[(Family::Blur, 1.0)]);
    measure(&originals(10), &plan, &hear).unwrap();
    let heard = heard.into_inner().unwrap();
    for part in [Doing::Auditing, Doing::Handling] {
        assert!(heard.contains(&(part, 10, 10)), "{part:?}: {heard:?}");
    }
    for part in [Doing::Auditing, Doing::Handling, Doing::Comparing] {
        let until = |doing: Doing, _: u64, _: u64| {
            if doing == part { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        assert!(matches!(measure(&originals(10), &plan, &until), Err(AccuracyError::Stopped)), "{part:?}");
    }
}

/// A fingerprint that says the same of every picture finds every copy and tells nothing apart.
#[test]
fn a_useless_fingerprint_is_seen_for_what_it_is() {
    let measured = run(&originals(20), &plan(&["pdq"], &[(Family::Blur, 1.0), (Family::Noise, 5.0)]));
    let useless = Plan { algorithms: vec![&Constant], ..plan(&[], &[(Family::Blur, 1.0), (Family::Noise, 5.0)]) };
    let useless = run(&originals(20), &useless);
    let all = |measured: &Measured| measured.algorithms[0].separations[0];
    let [good, bad] = [all(&measured), all(&useless)];
    assert!(good.auc.value > 0.99 && good.false_positives.value < 0.01, "{good:?}");
    assert!(good.true_positives.value > 0.9, "{good:?}");
    let [found, matched] = [bad.true_positives, bad.false_positives].map(|share| share.value);
    assert!((found - 1.0).abs() < 1e-12 && (matched - 1.0).abs() < 1e-12, "{bad:?}");
    assert!((bad.auc.value - 0.5).abs() < 1e-12, "{bad:?}");
}

/// The radius is the plan's: at 1 of 256 bits PDQ finds less, and its characteristic stays what it is.
#[test]
fn a_radius_moves_detection_and_not_the_characteristic() {
    let [narrow, wide] = [1, 61].map(|pdq_radius| {
        run(&originals(16), &Plan { pdq_radius, ..plan(&["pdq"], &[(Family::Crop, 0.02), (Family::Noise, 40.0)]) })
    });
    let [fewer, more] = [&narrow, &wide].map(|of| of.algorithms[0].separations[0]);
    assert_eq!((narrow.algorithms[0].threshold, wide.algorithms[0].threshold), (1, 61));
    assert!(fewer.true_positives.value + 0.3 < more.true_positives.value, "{fewer:?} {more:?}");
    assert_eq!((fewer.auc, fewer.eer), (more.auc, more.eer));
    let at = |of: &Measured, threshold: u32| {
        let of = of.characteristic().into_iter().filter(|row| row.quantity == "true-positive-rate");
        let wanted = threshold.to_string();
        of.filter(|row| row.parameters.value("threshold") == Some(wanted.as_str())).map(|row| row.value).next()
    };
    assert_eq!(at(&narrow, 40), at(&wide, 40));
    // Points rise, and an algorithm's own is not said twice.
    assert_eq!(at(&narrow, 1), None);
    let shares: Vec<f64> = wide.characteristic().iter().step_by(2).filter_map(|row| row.value).collect();
    assert!(shares.len() > 10 && shares.windows(2).all(|pair| pair[0] <= pair[1]), "{shares:?}");
}

struct Constant;

impl Algorithm for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn bits(&self) -> u32 {
        8
    }

    fn threshold(&self) -> u32 {
        1
    }

    fn source(&self) -> &'static str {
        "here"
    }

    fn compute(&self, _: &[u8]) -> Result<Fingerprint, FingerprintError> {
        Ok(Fingerprint { bytes: vec![0], quality: None })
    }
}
