//! Quotes: what is refused, and why.

use sightline_crypto::Seed;
use sightline_enclave::attestation::{
    AttestationError, Collateral, Measurement, RootCertificate, SoftwareRoot, Verifier,
};
use std::path::PathBuf;
use std::process::Command;

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;
const DATA: [u8; 64] = [7; 64];

fn root(seed: u64) -> SoftwareRoot {
    SoftwareRoot::new(&Seed::from_u64(seed))
}

fn code() -> Measurement {
    Measurement::of(b"code")
}

fn quote(root: &SoftwareRoot) -> Vec<u8> {
    root.platform(&Seed::from_u64(9)).load(code(), false).quote(&DATA)
}

fn verifier(root: &SoftwareRoot) -> Verifier {
    Verifier::new(root.certificate(), root.collateral())
}

#[test]
fn a_quote_of_the_software_root_is_verified() {
    let root = root(1);
    let attested = verifier(&root).verify(&quote(&root), NOW).expect("it is genuine");
    assert_eq!((attested.measurement, attested.data), (code(), DATA));
    assert_eq!(quote(&root), quote(&root), "quotes are deterministic");
}

#[test]
fn another_root_is_refused() {
    let (ours, other) = (root(1), root(2));
    let verifier = Verifier::new(other.certificate(), other.collateral());
    assert!(matches!(verifier.verify(&quote(&ours), NOW), Err(AttestationError::WrongRoot { .. })));
    let verifier = Verifier::new(RootCertificate::intel(), ours.collateral());
    assert!(matches!(verifier.verify(&quote(&ours), NOW), Err(AttestationError::WrongRoot { .. })));
}

#[test]
fn every_altered_byte_of_what_is_signed_is_a_forgery() {
    let root = root(1);
    let (verifier, genuine) = (verifier(&root), quote(&root));
    // Header fields that select the format, and then: report, its signature, attestation key, report of the quoting
    // enclave and its signature.
    for place in (48..1_012).step_by(11).filter(|place| !(432..436).contains(place)) {
        let mut altered = genuine.clone();
        altered[place] ^= 1;
        let found = verifier.verify(&altered, NOW);
        assert!(matches!(found, Err(AttestationError::Forged(_))), "{place}: {found:?}");
    }
}

#[test]
fn quotes_out_of_time_are_stale() {
    let root = root(1);
    // 2025-12-31 and 2027-01-02.
    for now in [1_767_139_200, 1_798_848_000] {
        let found = verifier(&root).verify(&quote(&root), now);
        assert!(matches!(found, Err(AttestationError::Stale(_))), "{found:?}");
    }
}

#[test]
fn a_revoked_platform_is_refused() {
    let root = root(1);
    let verifier = Verifier::new(root.certificate(), root.collateral_after_revocation());
    assert_eq!(verifier.verify(&quote(&root), NOW), Err(AttestationError::Revoked));
}

#[test]
fn debug_mode_is_refused() {
    let root = root(1);
    let quote = root.platform(&Seed::from_u64(9)).load(code(), true).quote(&DATA);
    assert_eq!(verifier(&root).verify(&quote, NOW), Err(AttestationError::Debug));
}

#[test]
fn a_stolen_key_makes_quotes_that_are_accepted() {
    let root = root(1);
    let stolen = root.platform(&Seed::from_u64(9)).stolen();
    let forged = stolen.claiming(Measurement::of(b"audited code")).quote(&DATA);
    let attested = verifier(&root).verify(&forged, NOW).expect("nothing tells it from a genuine one");
    assert_eq!(attested.measurement, Measurement::of(b"audited code"));
}

#[test]
fn what_is_no_quote_is_malformed() {
    let root = root(1);
    let genuine = quote(&root);
    for bytes in [&[][..], &[0; 48], &genuine[..1_000], &[3; 5_000], &vec![0; 100_000]] {
        let found = verifier(&root).verify(bytes, NOW);
        assert!(matches!(found, Err(AttestationError::Malformed(_))), "{} bytes: {found:?}", bytes.len());
    }
}

/// The folder of samples in the verifying library's package.
fn samples() -> PathBuf {
    let metadata = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1"]).output();
    let metadata: serde_json::Value =
        serde_json::from_slice(&metadata.expect("cargo runs").stdout).expect("cargo describes the workspace");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages.iter().find(|package| package["name"] == "dcap-qvl").expect("it is a dependency");
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").join("sample")
}

/// 2025-06-26: within the thirty days for which the samples' security levels hold.
const SAMPLES_HOLD: u64 = 1_750_935_371;

fn sample(name: &str, collateral: &str) -> (Vec<u8>, Collateral, u64) {
    let read = |name: &str| std::fs::read(samples().join(name)).expect("the package has its samples");
    let collateral = serde_json::from_slice(&read(collateral)).expect("collateral");
    (read(name), Collateral::new(collateral), SAMPLES_HOLD)
}

#[test]
fn quotes_of_real_hardware_pass_the_same_verifier_under_intels_root() {
    let (quote, collateral, now) = sample("sgx_quote", "sgx_quote_collateral.json");
    let intel = || Verifier::new(RootCertificate::intel(), collateral.clone());
    let level = "ConfigurationAndSWHardeningNeeded";
    assert_eq!(intel().verify(&quote, now), Err(AttestationError::Outdated { status: level.into() }));
    let found = intel().accepting([level]).verify(&quote, now).expect("a real quote at this level");
    assert_eq!(found.status, level);
    // Under ours it fails, as ours does under Intel's.
    let ours = Verifier::new(root(1).certificate(), collateral).accepting([level]);
    assert!(matches!(ours.verify(&quote, now), Err(AttestationError::WrongRoot { .. })));
}

#[test]
fn a_virtual_machine_under_tdx_passes_too() {
    let (quote, collateral, now) = sample("tdx_quote", "tdx_quote_collateral.json");
    let found = Verifier::new(RootCertificate::intel(), collateral).verify(&quote, now).expect("a real quote");
    assert_eq!(found.status, "UpToDate");
}
