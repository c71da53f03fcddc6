//! Every party of every architecture, and a stranger, lies to all others.

use sightline_architectures::{NAMES, VARIANTS, by_name};
use sightline_protocol::{Architecture, PartyId, Policy, Role};
use sightline_testing::hostile::{Kind, STRANGER, run};
use sightline_testing::{conformance, world::World};
use std::collections::BTreeMap;

/// Everyone who can lie: the parties of a deployment for five users, and the stranger.
fn liars(architecture: &dyn Architecture, world: &World) -> Vec<PartyId> {
    let deployment =
        architecture.deploy(&world.setup, &sightline_crypto::Seed::from_u64(0)).expect("it can be deployed");
    let devices = [0, 2].map(PartyId::device);
    let others = deployment.parties.iter().map(|(id, _)| *id).filter(|id| id.role() != Role::Device);
    others.chain(devices).chain([STRANGER]).collect()
}

#[test]
fn nobody_is_harmed_by_a_peer_that_lies() {
    let world = World::new(5);
    let mut said: BTreeMap<(Kind, Role), [u64; 2]> = BTreeMap::new();
    let mut violations = Vec::new();
    for name in NAMES.into_iter().chain(VARIANTS) {
        let architecture = by_name(name, &Policy::default()).expect("it exists");
        let history = conformance::history_for(architecture.as_ref(), &world);
        for (number, liar) in (1..).zip(liars(architecture.as_ref(), &world)) {
            let outcome = run(architecture.as_ref(), &world, &history, liar, number).expect("it runs");
            // In plaintext the provider speaks for everyone.
            let shown = if (name, liar) == ("plaintext", PartyId::PROVIDER) { Vec::new() } else { outcome.shown };
            let found = outcome.violations.into_iter().chain(shown);
            violations.extend(found.map(|what| format!("{name}, {liar} lies: {what}")));
            for (key, [count, refused]) in outcome.said {
                // As a member of groups it drops deliveries that come twice without a word, as devices do.
                let member = ["exceptional-access", "exceptional-access-visible"].contains(&name);
                if member && key == (Kind::Replayed, Role::LawEnforcement) {
                    continue;
                }
                let total = said.entry(key).or_default();
                *total = [total[0] + count, total[1] + refused];
            }
        }
    }
    println!("kind and who hears it: said, refused");
    for ((kind, role), [count, refused]) in &said {
        println!("{kind:?} {role}: {count}, {refused}");
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    for kind in Kind::ALL {
        let [count, refused] = said
            .iter()
            .filter(|((other, _), _)| *other == kind)
            .fold([0, 0], |[count, refused], (_, [more, also])| [count + more, refused + also]);
        assert!(count > 0 && refused > 0, "{kind:?}: {refused} of {count} refused");
    }
    // What was received is not taken again.
    for role in [Role::Reviewer, Role::ReportAuthority, Role::LawEnforcement] {
        let [count, refused] = said[&(Kind::Replayed, role)];
        assert!(count > 0 && count == refused, "{role}: {refused} of {count} replayed messages refused");
    }
}
