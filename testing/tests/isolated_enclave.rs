//! `server-enclave` with its enclave in a process of its own: it conforms, and does what it does with the enclave inline.
#![cfg(target_os = "linux")]

use sightline_architectures::{Isolated, Program, ServerEnclave};
use sightline_protocol::{Architecture, DeliveryRule, Display, Faults, Outage, PartyId, Policy, Review, Transcript};
use sightline_testing::conformance::{self, violations};
use sightline_testing::world::World;

fn isolated(policy: Policy) -> Isolated {
    let path = env!("CARGO_BIN_EXE_enclave-program").into();
    Isolated::new(policy, Program::at(path, Vec::new()).expect("it was built"))
}

#[test]
fn it_conforms() {
    assert_eq!(violations(&isolated(Policy::default())), Vec::<String>::new());
}

/// What came of a run: what users were shown, what provider, reviewer and report authority hold, what was refused.
#[derive(Debug, PartialEq)]
struct Outcome {
    shown: Vec<(PartyId, Display)>,
    held: Vec<(String, Vec<u8>)>,
    refused: Vec<String>,
}

fn outcome(transcript: &Transcript) -> Outcome {
    let parties = [PartyId::PROVIDER, PartyId::REVIEWER, PartyId::REPORT_AUTHORITY];
    let held = parties.into_iter().flat_map(|party| {
        let own = transcript.memory()[&party].entries().filter(|(name, _)| !name.starts_with("link/"));
        own.map(|(name, bytes)| (format!("{party}/{name}"), bytes.to_vec())).collect::<Vec<_>>()
    });
    let refused = transcript.refusals().map(ToString::to_string).collect();
    Outcome { shown: transcript.displays(), held: held.collect(), refused }
}

/// A sample of runs under several policies: on both hosts the same comes of them.
#[test]
fn it_does_what_the_inline_enclave_does() {
    let world = World::new(5);
    let history = conformance::history(&world);
    let policies = [
        Policy::default(),
        Policy { delivery: DeliveryRule::Blocking, outage: Outage::Closed, ..Policy::default() },
        Policy { review: Review::None, ..Policy::default() },
    ];
    for policy in policies {
        for seed in 1..=5 {
            let run = |system: &dyn Architecture| {
                conformance::run(system, &world, &history, seed, Faults::default(), false).expect("it runs")
            };
            let (apart, inline) = (run(&isolated(policy)), run(&ServerEnclave::under(policy)));
            assert_eq!(outcome(&apart), outcome(&inline), "{policy:?}, seed {seed}");
            // The enclave's memory is its own there, and the laboratory's here.
            let sees = |transcript: &Transcript| transcript.memory()[&PartyId::ENCLAVE].entries().count();
            assert!(sees(&apart) < sees(&inline));
        }
    }
}
