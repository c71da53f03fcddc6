//! Every architecture passes the conformance suite, and the suite can fail.

use sightline_architectures::reference::Reference;
use sightline_architectures::{NAMES, VARIANTS, by_name};
use sightline_protocol::Policy;
use sightline_testing::conformance::violations;

#[test]
fn every_architecture_conforms() {
    for name in NAMES.into_iter().chain(VARIANTS) {
        assert_eq!(violations(by_name(name, &Policy::default()).unwrap().as_ref()), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_reference_systems_conform() {
    for system in [Reference::Null, Reference::SeesEverything, Reference::Leaky { advantage: 0.5 }] {
        assert_eq!(violations(&system), Vec::<String>::new(), "{system:?}");
    }
}

#[test]
fn a_failing_system_does_not_conform() {
    let found = violations(&Reference::Failing);
    assert!(found.iter().any(|violation| violation.starts_with("completeness")), "{found:?}");
}
