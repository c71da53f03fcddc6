//! `one-hole`: what does detection add to the client that can be broken? Counted from the code by a tool, and from what devices
//! send and receive in a run: kinds of messages, lines, trust roots. What each broken party then reads is the game `expose`.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Run, System};
use crate::scenario::ONE_HOLE;
use crate::trace::singles;
use crate::world::Half;
use sightline_architectures::by_name;
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::{Game, GameError, Round};
use sightline_protocol::{Architecture, Frame, PartyId, Role, Setup, Wire};
use std::collections::BTreeSet;

/// What every system is compared with.
const BASELINE: &str = "e2ee";

/// Lines and trust roots that a system's client adds to the messenger's, as the test below counts them:
/// `architecture,lines,trust roots`.
const SURFACE: &str = include_str!("surface.csv");

/// Steps for one system.
pub(crate) const STEPS: u64 = 5;

/// Kinds of messages that devices send, and receive.
type Kinds = [BTreeSet<&'static str>; 2];

/// Counts for every system.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    run.progress.begin("what clients add");
    let failed = |source| AssessmentError::Game { architecture: BASELINE.into(), task: ONE_HOLE, source };
    let Some(plain) = by_name(BASELINE, &run.scenario.detection) else { return Ok(Vec::new()) };
    let plain = kinds(run, plain.as_ref()).map_err(failed)?;
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let row = |quantity: &str| {
            Row::new(quantity, "1")
                .question(ONE_HOLE)
                .architecture(name.as_str())
                .observer("device-0")
                .seed(run.scenario.seed)
        };
        let surface = SURFACE.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields.first() == Some(&name.as_str())).then(|| [1, 2].map(|place| fields.get(place)?.parse::<f64>().ok()))
        });
        for (quantity, place) in [("client-lines-added", 0), ("client-trust-roots-added", 1)] {
            let count = surface.and_then(|surface| surface[place]);
            let row = row(quantity).method("counted from the code");
            rows.push(
                count.map_or_else(|| row.clone().status(Status::NotApplicable), |count| row.clone().exact(count).n(1)),
            );
        }
        let counted = kinds(run, architecture.as_ref());
        run.progress.advance(STEPS);
        for (place, quantity) in ["client-messages-sent-added", "client-messages-parsed-added"].into_iter().enumerate()
        {
            rows.push(match &counted {
                Err(_) => row(quantity).status(Status::Failed),
                Ok(kinds) => {
                    let added: Vec<&str> = kinds[place].difference(&plain[place]).copied().collect();
                    let method = if added.is_empty() { "none".to_owned() } else { added.join(", ") };
                    row(quantity).exact(added.len() as f64).n(1).method(method)
                }
            });
        }
    }
    Ok(rows)
}

/// In a run in which an ordinary and a listed picture are sent.
fn kinds(run: &Run<'_>, architecture: &dyn Architecture) -> Result<Kinds, GameError> {
    let halves = &run.world.halves;
    let pictures = halves.iter().flat_map(Half::ordinary).take(1).chain(halves.iter().flat_map(Half::listed).take(1));
    let history = conversation(2, pictures.map(|picture| (0, picture.content())).collect());
    let setup = Setup { users: 2, ..run.world.setup.clone() };
    let round = Round { setup, histories: [history.clone(), history], truth: false };
    let game = Game::new(architecture, run.scenario.wires(), singles(architecture));
    let transcript = game.run(&round, &Seed::from_u64(run.scenario.seed).derive("one hole", 0))?;
    let mut kinds = Kinds::default();
    let device = |party: PartyId| party.role() == Role::Device;
    for event in transcript.events().iter().filter(|event| event.on_the_wire()) {
        let Ok(Frame::Data(_, payload)) = Frame::from_wire(&event.bytes) else { continue };
        let Ok((name, _)) = architecture.describe(&payload) else { continue };
        for (place, party) in [event.from, event.to].into_iter().enumerate() {
            if device(party) {
                kinds[place].insert(name);
            }
        }
    }
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What a picture takes to be hashed on a device.
    const HASHING: [&str; 7] = [
        "pictures/src/decode.rs",
        "pictures/src/picture.rs",
        "fingerprint/src/cut.rs",
        "fingerprint/src/hash.rs",
        "fingerprint/src/kernels.rs",
        "fingerprint/src/luma.rs",
        "fingerprint/src/pdq.rs",
    ];
    const COURTS: [&str; 6] = [
        "accountability/src/entry.rs",
        "accountability/src/log/verify",
        "accountability/src/log/record.rs",
        "accountability/src/warrant/mod.rs",
        "accountability/src/warrant/rules.rs",
        "accountability/src/warrant/signed.rs",
    ];

    /// Own files of each system's client, beside the messenger's.
    fn sources() -> Vec<(&'static str, Vec<&'static str>)> {
        let with = |own: &[&'static str], shared: &[&'static str]| [own, shared].concat();
        vec![
            ("e2ee", vec!["architectures/src/e2ee/device.rs"]),
            ("device-hashing", with(&["architectures/src/hashing/device.rs"], &HASHING)),
            ("partial-hashing", with(&["architectures/src/hashing/device.rs"], &HASHING)),
            (
                "server-enclave",
                vec![
                    "architectures/src/server_enclave/device.rs",
                    "enclave/src/client.rs",
                    "enclave/src/message.rs",
                    "enclave/src/attestation/mod.rs",
                    "enclave/src/attestation/verifier.rs",
                    "lists/src/signed.rs",
                ],
            ),
            (
                "device-warning",
                with(
                    &["architectures/src/device_warning/device.rs", "lists/src/lib.rs", "lists/src/signed.rs"],
                    &HASHING,
                ),
            ),
            ("user-reports", vec!["architectures/src/user_reports/device.rs", "messenger/src/franking.rs"]),
            ("lawful-requests", with(&["architectures/src/lawful_requests/device.rs"], &COURTS)),
            ("exceptional-access", with(&["architectures/src/exceptional_access/device.rs"], &COURTS)),
        ]
    }

    /// Types of what a client trusts from its installation on.
    const ROOTS: [&str; 7] = ["AuthorityKey", "Verifier", "CodeLog", "Pin", "CourtKey", "LogKey", "WitnessKey"];

    fn text(path: &Path) -> String {
        if path.is_dir() {
            let mut files: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            return files.iter().map(|file| text(file)).collect();
        }
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
    }

    /// Lines that are neither empty nor comments, of all files; and trust roots named in the first or held for it.
    fn counted(files: &[&str]) -> (usize, BTreeSet<&'static str>) {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let texts: Vec<String> = files.iter().map(|file| text(&crates.join(file))).collect();
        let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = texts.iter().flat_map(|text| text.lines()).filter(code).count();
        // The courts' keys travel together.
        let first = texts[0].replace("Keys", "CourtKey LogKey WitnessKey");
        let words: BTreeSet<&str> = first.split(|letter: char| !letter.is_alphanumeric()).collect();
        (lines, ROOTS.into_iter().filter(|root| words.contains(root)).collect())
    }

    /// `cargo xtask bless` writes it anew.
    #[test]
    fn the_table_says_what_the_code_has() {
        let all = sources();
        let (plain, _) = counted(&all[0].1);
        let line = |(name, files): &(&str, Vec<&str>)| {
            let (lines, roots) = counted(files);
            format!("{name},{},{}\n", lines.saturating_sub(plain), roots.len())
        };
        let table = format!("architecture,lines,trust roots\n{}", all.iter().map(line).collect::<String>());
        if std::env::var_os("SIGHTLINE_BLESS").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/surface.csv"), &table).unwrap();
        } else {
            assert_eq!(SURFACE, table, "the code has changed: `cargo xtask bless`, and commit it");
        }
    }
}
