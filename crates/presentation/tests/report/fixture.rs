//! A made-up run that looks like a real one: three systems, every state, controls, padding channel and gallery.
//! The numbers are invented; nothing of them may be quoted.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be made should stop")]

use std::collections::BTreeMap;
use std::path::Path;

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sightline_evidence::{
    Answer, Bound, Control, CorpusSummary, E2e, Expectation, FlowStep, GalleryPicture, KeyNumber, Parameters, Profile,
    ProfileDecision, ProfileParameter, ProfileParty, Provenance, Row, RunFolder, Statement, Status, Summary, Table,
};

/// What a run folder is made of.
pub(crate) struct Fixture {
    pub(crate) profiles: Vec<Profile>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) answers: Vec<Answer>,
    pub(crate) controls: Vec<Control>,
    pub(crate) evidence: Table,
    pub(crate) timings: Table,
    pub(crate) gallery: Vec<(GalleryPicture, Vec<u8>)>,
    pub(crate) expect: Vec<Expectation>,
}

impl Fixture {
    pub(crate) fn sample() -> Self {
        let (profiles, statements) = (profiles(), statements());
        Self {
            evidence: evidence(&profiles),
            timings: timings(&profiles),
            profiles,
            statements,
            answers: answers(),
            controls: controls(),
            gallery: gallery(),
            expect: vec![claim("e2ee", 0.5), claim("device-hashing", 0.5), claim("unheard-of", 0.5)],
        }
    }

    pub(crate) fn write(&self, path: &Path) -> RunFolder {
        let run = RunFolder::create(path).unwrap();
        run.write_scenario("seed = 1\n").unwrap();
        run.write_lock(&serde_json::json!({
            "tool": "sightline",
            "seed": 1,
            "pictures": { "source": "generated", "count": 1200 },
            "architectures": ["plaintext", "e2ee", "device-hashing"],
            "list": { "entries": 1000, "radius": 31 },
            "messenger": { "padding": "padme" },
            "network": { "latency_ms": 40, "jitter_ms": 5 },
            "scenario": { "expect": self.expect },
        }))
        .unwrap();
        run.write_evidence(&self.evidence).unwrap();
        run.write_timings(&self.timings).unwrap();
        run.write_profiles(&self.profiles).unwrap();
        run.write_statements(&self.statements).unwrap();
        run.write_answers(&self.answers).unwrap();
        run.write_gallery(&self.gallery).unwrap();
        let summary = Summary::new(&self.evidence, self.controls.clone(), self.statements.clone(), provenance());
        run.finish(summary).unwrap();
        run
    }
}

/// That nobody reads more than this of what is listed.
pub(crate) fn claim(architecture: &str, below: f64) -> Expectation {
    serde_json::from_value(serde_json::json!({
        "question": "endpoints-only", "architecture": architecture, "quantity": "contents-readable", "content": "listed",
        "below": below,
    }))
    .unwrap()
}

/// A question with a changed threshold that a shortlisted design does not cross, and one without numbers.
fn answers() -> Vec<Answer> {
    let line = |architecture: &str, shortlisted: bool, value: Option<f64>, verdict: &str| {
        serde_json::json!({
            "architecture": architecture, "shortlisted": shortlisted, "sentence": format!("What {architecture} gives."),
            "value": value, "low": value.map(|value| value * 0.9), "high": value, "verdict": verdict, "row": value.map(|_| 1),
        })
    };
    let answer = |question: &str, lines: Vec<serde_json::Value>, [verdict, threshold, changed_from]: [&str; 3]| {
        serde_json::from_value(serde_json::json!({
            "question": question, "asked": format!("Is {question} answered?"), "procedure": "It was tried.",
            "counted": "By hand.", "limits": "Little is known.",
            "sentence": format!("The answer to {question}."), "measure": "people found", "unit": "share",
            "threshold": threshold, "changed_from": changed_from, "limit": (!threshold.is_empty()).then_some(0.02),
            "verdict": verdict, "would_change": "another design", "lines": lines,
        }))
    };
    let lines = vec![line("device-hashing", true, Some(1.0), "stands"), line("e2ee", false, Some(0.0), "contradicted")];
    let thresholds = ["stands", "less than 2 % is found", "less than 1 % is found"];
    let empty = vec![
        line("device-hashing", true, None, "not-applicable"),
        line("plaintext", false, None, "not-run"),
        line("e2ee", false, None, "failed"),
    ];
    [answer("planted-list", lines, thresholds), answer("frame", empty, ["no-threshold", "", ""])]
        .map(Result::unwrap)
        .into()
}

/// What an observer can see of a picture: something for the provider, nothing for the network. And what is checked at all.
fn reconstructed(table: &mut Table, profile: &Profile) {
    for (kind, reported) in [("picture", 1e6), ("document", 0.0)] {
        let row = Row::new("contents-reported", "1").question("endpoints-only").game("expose").seed(1);
        let row = row.architecture(profile.name.as_str()).observer("report-authority").corruption("curious");
        table.push(row.content("listed").parameter("kind", kind).exact(reported).n(4));
    }
    for (observer, likeness) in [("provider", 0.42), ("network", 0.19)] {
        let row = |quantity: &str| {
            let row = Row::new(quantity, "1").question("hash-identifies").game("reconstruct").seed(1);
            row.architecture(profile.name.as_str()).observer(observer).corruption("curious").content("ordinary")
        };
        let over = likeness - 0.19;
        table.push(row("ssim-over-guess").interval(over, over * 0.9, over * 1.1).n(40));
        table.push(row("ssim").interval(likeness, likeness - 0.1, likeness + 0.1).n(40));
        table.push(row("ssim-of-guess").interval(0.19, 0.1, 0.3).n(40));
    }
}

/// CPU time for one picture, flat without detection and growing with the list with it.
fn timings(profiles: &[Profile]) -> Table {
    let of_system = |profile: &Profile| {
        let slope = if profile.name == "e2ee" { 0.0 } else { 4e-9 };
        let row = |quantity: &str, unit: &str| {
            let row = Row::new(quantity, unit).question("cost").task("send").architecture(profile.name.as_str());
            row.content("ordinary").method("median").n(7).seed(1)
        };
        let mut rows: Vec<Row> = [10_u32, 1_000, 1_000_000]
            .map(|size| {
                let seconds = 2e-4 + slope * f64::from(size);
                row("cpu-time", "s").parameter("list", size).interval(seconds, 0.9 * seconds, 1.2 * seconds)
            })
            .into();
        rows.push(row("cpu-time", "s").observer("provider").interval(3e-4, 2e-4, 5e-4));
        rows.push(row("ratio-to-e2ee", "1").observer("provider").parameter("of", "cpu-time").interval(2.5, 2.0, 3.0));
        if slope > 0.0 {
            let exponent = row("growth-exponent", "1").observer("provider").parameter("of", "cpu-time");
            rows.push(exponent.interval(1.01, 0.97, 1.05));
        }
        rows
    };
    profiles.iter().flat_map(of_system).collect()
}

fn provenance() -> Provenance {
    Provenance {
        version: "0.1.0".into(),
        target: "x86_64-unknown-linux-gnu".into(),
        date: "2026-01-31".into(),
        seed: 1,
        scenario_digest: "0c5b6f9a".repeat(8),
        corpus: CorpusSummary {
            description: "generated by the program".into(),
            digest: "9e107d9d".repeat(8),
            pictures: 1200,
            rejected: BTreeMap::from([("ends before its header is complete".into(), 2), ("empty file".into(), 1)]),
        },
        command: "sightline assess --seed 1".into(),
    }
}

fn controls() -> Vec<Control> {
    let control = |name: &str, repetitions, detail: &str| Control {
        name: name.into(),
        repetitions,
        passed: true,
        detail: detail.into(),
    };
    vec![
        control("Channel without a leak", 400, "17 of 400 flagged; more than 36 would have failed."),
        control("One planted byte", 200, "Found 200 times; its size within the bound every time."),
        control("One planted bit in four messages", 200, "Found 198 times; the lower end was right 197 times."),
        control("An unpadded length", 200, "Found 200 times."),
    ]
}

#[expect(clippy::too_many_lines, reason = "three systems written out are easier to read than built up")]
fn profiles() -> Vec<Profile> {
    let parties = |ids: &[&str]| -> Vec<ProfileParty> {
        ids.iter()
            .map(|id| ProfileParty {
                id: (*id).into(),
                title: match *id {
                    "sender" => "Sender’s device",
                    "recipient" => "Recipient’s device",
                    "provider" => "Provider",
                    "reviewer" => "Reviewer",
                    "report-authority" => "Report authority",
                    "list-authority" => "List authority",
                    _ => "Law enforcement",
                }
                .into(),
                outsider: !matches!(*id, "sender" | "recipient"),
            })
            .collect()
    };
    let leakage = |items: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
        items.iter().map(|(id, learns)| ((*id).into(), learns.iter().map(|one| (*one).into()).collect())).collect()
    };
    let padding = ProfileParameter {
        name: "padding".into(),
        value: "padme".into(),
        unit: String::new(),
        meaning: "How attachments are filled up to size classes".into(),
    };
    let list = vec![
        ProfileParameter {
            name: "list".into(),
            value: "1000".into(),
            unit: "entries".into(),
            meaning: "Hashes that are looked for".into(),
        },
        ProfileParameter {
            name: "radius".into(),
            value: "31".into(),
            unit: "bit".into(),
            meaning: "Bits that may differ in a match".into(),
        },
    ];
    vec![
        Profile {
            name: "plaintext".into(),
            title: "No end-to-end encryption".into(),
            row: "0a".into(),
            source: "European Commission, technical paper of 2020".into(),
            to_be_checked_against_primary: true,
            parties: parties(&[
                "sender",
                "provider",
                "recipient",
                "list-authority",
                "reviewer",
                "report-authority",
                "law-enforcement",
            ]),
            flow: vec![
                step("list-authority", "provider", "signed hash list", None, false),
                step("sender", "provider", "picture", None, false),
                step("provider", "provider", "hashes it and compares with the list", None, false),
                step("provider", "recipient", "picture", None, false),
                step("provider", "reviewer", "picture", Some("it matches"), false),
                step("reviewer", "report-authority", "report with the picture", Some("it matches"), false),
                step("report-authority", "law-enforcement", "referral", Some("it matches"), false),
            ],
            match_relation: "radius".into(),
            disclosure: "held".into(),
            parameters: list.clone(),
            leakage: leakage(&[
                ("provider", &["every picture in full", "whether it is listed"]),
                ("network", &[]),
                ("list-authority", &[]),
                ("reviewer", &["pictures that match"]),
                ("report-authority", &["pictures that match and were confirmed"]),
                ("law-enforcement", &["pictures that were referred"]),
            ]),
            strategies: BTreeMap::new(),
            decisions: Vec::new(),
            deviations: Vec::new(),
            limits: vec!["Transport encryption between device and provider is an ideal channel.".into()],
        },
        Profile {
            name: "e2ee".into(),
            title: "End-to-end encryption".into(),
            row: "0b".into(),
            source: "RFC 9420".into(),
            to_be_checked_against_primary: false,
            parties: parties(&["sender", "provider", "recipient"]),
            flow: vec![
                step("recipient", "provider", "key package", None, false),
                step("sender", "provider", "message with the attachment’s key", None, true),
                step("sender", "provider", "padded attachment", None, true),
                step("provider", "recipient", "message", None, true),
                step("provider", "recipient", "attachment", None, true),
                step("recipient", "recipient", "opens the picture", None, false),
            ],
            match_relation: String::new(),
            disclosure: String::new(),
            parameters: vec![padding.clone()],
            leakage: leakage(&[("provider", &[]), ("network", &[])]),
            strategies: BTreeMap::new(),
            decisions: Vec::new(),
            deviations: Vec::new(),
            limits: Vec::new(),
        },
        Profile {
            name: "device-hashing".into(),
            title: "Hashing on the device, matching at the provider".into(),
            row: "1b, shortlisted".into(),
            source: "European Commission, technical paper of 2020".into(),
            to_be_checked_against_primary: true,
            parties: parties(&["sender", "provider", "recipient", "list-authority", "reviewer", "report-authority"]),
            flow: vec![
                step("list-authority", "provider", "signed hash list", None, false),
                step("sender", "sender", "computes the PDQ hash", None, false),
                step("sender", "provider", "hash of the picture", None, false),
                step("sender", "provider", "encrypted message", None, true),
                step("provider", "recipient", "encrypted message", None, true),
                step(
                    "provider",
                    "sender",
                    "claim of a match",
                    Some("the hash is within the radius, or the provider says so"),
                    false,
                ),
                step(
                    "sender",
                    "provider",
                    "picture in full",
                    Some("the hash is within the radius, or the provider says so"),
                    false,
                ),
                step(
                    "provider",
                    "reviewer",
                    "picture in full",
                    Some("the hash is within the radius, or the provider says so"),
                    false,
                ),
                step("reviewer", "report-authority", "report with the picture", Some("the reviewer confirms"), false),
            ],
            match_relation: "radius".into(),
            disclosure: "on-demand".into(),
            parameters: list.into_iter().chain([padding]).collect(),
            leakage: leakage(&[
                ("provider", &["a hash of every picture", "whether it is listed", "the picture on a claimed match"]),
                ("network", &["whether a picture was asked for"]),
                ("list-authority", &[]),
                ("reviewer", &["pictures on a claimed match"]),
                ("report-authority", &["pictures on a claimed match that were confirmed"]),
            ]),
            strategies: BTreeMap::from([("claim-every-match".into(), "the claim that every picture matches".into())]),
            decisions: vec![ProfileDecision {
                what: "whether a picture matches".into(),
                who: "the provider alone; nothing proves its verdict".into(),
            }],
            deviations: vec!["The flow follows secondary sources.".into()],
            limits: vec!["The device believes every claim of a match; nothing lets it check.".into()],
        },
    ]
}

fn step(from: &str, to: &str, label: &str, condition: Option<&str>, sealed: bool) -> FlowStep {
    FlowStep { from: from.into(), to: to.into(), label: label.into(), condition: condition.map(Into::into), sealed }
}

fn statements() -> Vec<Statement> {
    let number = |label: &str, low: f64| KeyNumber {
        label: label.into(),
        value: Some(low),
        low: Some(low),
        bound: Bound::Lower,
    };
    let one = |architecture: &str, observer: &str, end_to_end, sentence: &str, learns: &[&str], evidence| Statement {
        architecture: architecture.into(),
        observer: observer.into(),
        corruption: if observer.contains('+') { "curious+curious" } else { "curious" }.into(),
        end_to_end,
        sentence: sentence.into(),
        learns: learns.iter().map(|item| (*item).into()).collect(),
        beyond_encryption: learns.iter().map(|item| (*item).into()).collect(),
        beyond_detection: learns.iter().skip(1).map(|item| (*item).into()).collect(),
        evidence,
    };
    let found = |low| vec![number("tells ordinary pictures apart", low), number("tells listed from ordinary", low)];
    let reports = || vec![number("tells ordinary pictures apart", 0.0), number("tells listed from ordinary", 0.984)];
    vec![
        one(
            "plaintext",
            "provider",
            E2e::No,
            "The provider sees every picture.",
            &["every picture in full"],
            found(0.986),
        ),
        one("plaintext", "network", E2e::Yes, "The network sees who, when and how much.", &[], found(0.0)),
        one("plaintext", "list-authority", E2e::Yes, "The list authority learns nothing.", &[], found(0.0)),
        one(
            "plaintext",
            "reviewer",
            E2e::No,
            "The reviewer sees pictures that match.",
            &["pictures that match the list"],
            reports(),
        ),
        one(
            "plaintext",
            "report-authority",
            E2e::No,
            "The report authority sees confirmed matches.",
            &["confirmed matches"],
            reports(),
        ),
        one(
            "plaintext",
            "law-enforcement",
            E2e::No,
            "Law enforcement sees referred matches.",
            &["referred matches"],
            reports(),
        ),
        one(
            "e2ee",
            "provider",
            E2e::Yes,
            "The provider learns nothing of the content beyond who, when and how much.",
            &[],
            found(0.0),
        ),
        one("e2ee", "network", E2e::Yes, "The network learns nothing of the content.", &[], found(0.0)),
        one("e2ee", "network+provider", E2e::Yes, "Together they learn nothing of the content.", &[], found(0.0)),
        one(
            "device-hashing",
            "provider",
            E2e::No,
            "The provider learns a hash of every picture, and the picture itself whenever it claims a match.",
            &["a hash of every picture", "the picture itself on a claimed match"],
            found(0.986),
        ),
        one(
            "device-hashing",
            "network",
            E2e::Undecided,
            "The trials did not suffice.",
            &["perhaps that a picture was asked for"],
            vec![],
        ),
        one("device-hashing", "list-authority", E2e::Yes, "The list authority learns nothing.", &[], found(0.0)),
        one(
            "device-hashing",
            "reviewer",
            E2e::No,
            "The reviewer sees claimed matches.",
            &["pictures on a claimed match"],
            reports(),
        ),
        one(
            "device-hashing",
            "network+provider",
            E2e::No,
            "As the provider alone.",
            &["a hash of every picture"],
            found(0.986),
        ),
    ]
}

fn evidence(profiles: &[Profile]) -> Table {
    let mut table = Table::new();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut jitter = || f64::from(random.next_u32()) / f64::from(u32::MAX);
    let tasks = ["ordinary-pair", "listed", "near", "kind", "same-twice", "same-hash", "which-user"];
    for profile in profiles {
        let mut observers: Vec<String> = profile.leakage.keys().cloned().collect();
        observers.push("network+provider".into());
        for observer in &observers {
            for task in tasks {
                if task == "kind" && observer == "list-authority" {
                    continue;
                }
                let row = |quantity: &str| {
                    Row::new(quantity, "1")
                        .question("endpoints-only")
                        .game("distinguish")
                        .task(task)
                        .architecture(profile.name.as_str())
                        .observer(observer.as_str())
                        .corruption(if observer.contains('+') { "curious+curious" } else { "curious" })
                        .content(match task {
                            "listed" => "listed",
                            "near" => "near",
                            _ => "ordinary",
                        })
                        .parameters(Parameters::new().with("list", 1000).with("radius", 31))
                        .n(1000)
                        .seed(1)
                };
                let provider = observer.contains("provider");
                let receives = matches!(observer.as_str(), "reviewer" | "report-authority" | "law-enforcement");
                let learns = match (profile.name.as_str(), task) {
                    (_, "which-user") => provider || observer == "network",
                    ("plaintext", _) => provider || (receives && task == "listed"),
                    ("device-hashing", "listed" | "near") => provider || receives,
                    ("device-hashing", "same-hash") => false,
                    ("device-hashing", _) => provider,
                    _ => false,
                };
                let measured = if profile.name == "device-hashing" && observer == "network" && task == "ordinary-pair" {
                    row("advantage").status(Status::Undecided).method("likelihood ratio")
                } else if profile.name == "device-hashing" && observer == "report-authority" && task == "same-twice" {
                    row("advantage").status(Status::Failed).method("byte test")
                } else if learns && task == "near" && receives {
                    row("advantage").lower(0.42, 0.31 + 0.02 * jitter(), 0.53).method("count of uploads")
                } else if learns {
                    row("advantage").lower(0.998, 0.984 + 0.004 * jitter(), 1.0).method("look the hash up")
                } else {
                    row("advantage").lower(0.03 * jitter(), 0.0, 0.06 + 0.03 * jitter()).method("gradient boosting")
                };
                table.push(measured);
                table.push(row("minimum-detectable-advantage").exact(0.16 + 0.02 * jitter()).method("ladder"));
            }
        }
        reconstructed(&mut table, profile);
        let cost = |quantity: &str, unit: &str| {
            Row::new(quantity, unit).question("cost").task("send").architecture(profile.name.as_str()).seed(1)
        };
        table.push(cost("bytes-sent", "B").content("ordinary").exact(95_333.0).n(6).method("mean"));
        let ratio = cost("ratio-to-e2ee", "1").content("ordinary").parameter("of", "bytes-sent");
        table.push(ratio.exact(1.25).n(6).method("mean of ratios"));
        table.push(cost("modelled-work", "s").content("ordinary").observer("provider").exact(1.5e-3).n(6));
        let latency = cost("delivery-latency", "s").content("ordinary").parameter("network", "poor");
        table.push(latency.interval(1.66, 1.5, 1.8).n(6).method("median"));
        for (link, bytes) in [("sender>provider", 48_213.0), ("provider>recipient", 47_120.0)] {
            let row = Row::new("bytes-sent", "B").question("cost").architecture(profile.name.as_str()).seed(1);
            table.push(row.content("ordinary").parameter("link", link).exact(bytes).n(1));
        }
    }
    for (padding, sizes, min_entropy, shannon, overhead) in [
        ("none", 717_993.0, 19.45, 19.17, 0.0),
        ("block-256", 13_521.0, 13.72, 11.93, 0.0008),
        ("padme", 287.0, 8.16, 7.21, 0.019),
        ("signal", 155.0, 7.28, 6.02, 0.024),
        ("power-of-two", 12.0, 3.58, 2.55, 0.42),
    ] {
        let row = |quantity: &str, unit: &str, value: f64| {
            Row::new(quantity, unit)
                .question("endpoints-only")
                .architecture("e2ee")
                .observer("provider")
                .corruption("curious")
                .parameter("catalogue", 1_000_000)
                .parameter("padding", padding)
                .exact(value)
                .n(1_000_000)
                .method("channel matrix")
        };
        table.push(row("distinct-sizes", "1", sizes));
        table.push(row("min-entropy-leakage", "bit", min_entropy));
        table.push(row("shannon-leakage", "bit", shannon));
        table.push(row("padding-overhead", "1", overhead));
    }
    let control = |quantity: &str| Row::new(quantity, "1").question("control").game("distinguish").seed(1);
    table.push(control("null-flagged").interval(0.0425, 0.025, 0.067).n(400).method("exact test"));
    table.push(control("lower-bound-valid").interval(0.985, 0.957, 0.997).n(200).method("exact test"));
    games(&mut table);
    table
}

/// Rows of `identify` and `expose`.
fn games(table: &mut Table) {
    for (system, copy, sizes, share) in [
        ("device-hashing", "same", "one-class", 0.99),
        ("device-hashing", "jpeg-75", "one-class", 0.98),
        ("e2ee", "same", "one-class", 0.0),
        ("e2ee", "same", "included", 0.25),
    ] {
        for bits in [2.0, 6.0, 10.0_f64] {
            let row = Row::new("min-entropy-leakage", "bit").question("hash-identifies").game("identify").seed(1);
            let row = row.architecture(system).observer("provider").corruption("curious").content("ordinary");
            let row = row.parameter("candidates", bits.exp2()).parameter("copy", copy).parameter("sizes", sizes);
            let status = if share > 0.0 { Status::Decided } else { Status::Undecided };
            table.push(row.lower(share * bits, 0.98 * share * bits, bits).status(status).n(200).method("nearest hash"));
        }
    }
    for (system, observer, variant, readable) in [
        ("device-hashing", "provider", "honest", 0.0),
        ("device-hashing", "provider", "claim-every-match", 1e6),
        ("device-hashing", "reviewer", "claim-every-match", 416_666.7),
        ("e2ee", "provider", "honest", 0.0),
    ] {
        let row = Row::new("contents-readable", "1").question("rogue-provider").game("expose").seed(1).variant(variant);
        let row = row.architecture(system).observer(observer).corruption("curious").content("ordinary");
        let row = row.method("saturated views");
        table.push(row.clone().exact(readable).n(24));
        // The same beside a safeguard, which says nothing of the system as it is set.
        table.push(row.parameter("safeguard", "threshold-10").exact(readable).n(6));
    }
    for (system, corruption, sent, readable) in [
        ("device-hashing", "persistent@8.75", "before", 0.0),
        ("device-hashing", "persistent@8.75", "after", 1e6),
        ("device-hashing", "snapshot@8.75", "after", 250_000.0),
        ("e2ee", "persistent@8.75", "after", 0.0),
    ] {
        let row = Row::new("contents-readable", "1").question("endpoints-only").game("expose").seed(1);
        let row = row.architecture(system).observer("provider").corruption(corruption).content("listed");
        table.push(row.parameter("sent", sent).exact(readable).n(60).method("saturated views"));
    }
}

fn gallery() -> Vec<(GalleryPicture, Vec<u8>)> {
    let entry = |file: &str, architecture: &str, party: &str, caption: &str| GalleryPicture {
        file: file.into(),
        architecture: architecture.into(),
        content: "ordinary".into(),
        party: party.into(),
        caption: caption.into(),
    };
    vec![
        (entry("a.png", "plaintext", "provider", "the picture in full"), scene()),
        (entry("b.png", "e2ee", "provider", "ciphertext, one byte a dot"), noise(2, 96)),
        (entry("c.png", "e2ee", "recipient", "the picture, after decryption"), scene()),
        (entry("d.png", "device-hashing", "provider", "the 256 bits of the hash"), noise(3, 16)),
        (entry("", "device-hashing", "reviewer", "nothing of it"), Vec::new()),
        (entry("", "device-hashing", "report-authority", "nothing of it"), Vec::new()),
        (
            GalleryPicture { content: "listed".into(), ..entry("e.png", "device-hashing", "reviewer", "the picture") },
            scene(),
        ),
    ]
}

fn scene() -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..96_u8 {
        for x in 0..96_u8 {
            let sun = (i32::from(x) - 66).pow(2) + (i32::from(y) - 30).pow(2) < 180;
            let hill = f64::from(y) > 62.0 + 9.0 * (f64::from(x) / 14.0).sin();
            pixels.extend(if hill {
                [40, 110 - y / 2, 80]
            } else if sun {
                [240, 200, 90]
            } else {
                [120 + y, 170, 220 - y]
            });
        }
    }
    png(&pixels, 96, ExtendedColorType::Rgb8)
}

fn noise(seed: u64, side: u32) -> Vec<u8> {
    let mut pixels = vec![0; (side * side) as usize];
    ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut pixels);
    if side == 16 {
        for pixel in &mut pixels {
            *pixel = if *pixel > 127 { 255 } else { 0 };
        }
    }
    png(&pixels, side, ExtendedColorType::L8)
}

fn png(pixels: &[u8], side: u32, color: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(pixels, side, side, color).unwrap();
    bytes
}
