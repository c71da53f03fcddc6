//! The gallery is what parties hold in runs, not what it is said that they hold.
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sightline_evidence::GalleryPicture;
use sightline_questions::{Afresh, Progress, Scenario, Span, assess, prepare};

struct Silent;

impl Progress for Silent {
    fn plan(&self, _: u64) {}
    fn begin(&self, _: &str) {}
    fn advance(&self, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn gallery(more: &str) -> Vec<(GalleryPicture, Vec<u8>)> {
    let text = format!(
        "architectures = [\"null\", \"e2ee\", \"device-hashing\", \"server-enclave\", \"sees-everything\"]\n\
         questions = [\"oversight\"]\ntrials = 20\npictures.count = 60\n{more}"
    );
    let scenario = Scenario::parse(&text).unwrap();
    let world = prepare(&scenario, &Silent).unwrap();
    assess(&scenario, &world, &Afresh, &Silent, || Span::ZERO).unwrap().gallery
}

#[test]
fn each_party_is_shown_with_what_its_view_holds() {
    let all = gallery("");
    let held = |system: &str, content: &str, party: &str| -> Vec<(&str, &[u8])> {
        let own =
            all.iter().filter(|(one, _)| one.architecture == system && one.content == content && one.party == party);
        own.map(|(one, png)| (one.caption.as_str(), png.as_slice())).collect()
    };
    let is_picture =
        |system, content, party| held(system, content, party).iter().any(|(said, _)| *said == "The picture itself.");
    for content in ["ordinary", "listed"] {
        let [(_, sent)] = held("e2ee", content, "recipient")[..] else { panic!("one picture arrives") };
        assert!(sent.starts_with(b"\x89PNG"));
        for system in ["device-hashing", "server-enclave"] {
            assert!(is_picture(system, content, "recipient"), "{system} {content}");
        }
        assert!(is_picture("sees-everything", content, "provider"), "{content}");
        assert!(is_picture("server-enclave", content, "enclave"), "{content}");
        // Ciphertext: drawn, and no two systems' the same.
        let [(said, noise)] = held("e2ee", content, "provider")[..] else { panic!("one message carries it") };
        assert!(said.contains("ciphertext") && noise.starts_with(b"\x89PNG") && noise != sent, "{said}");
        let [(said, none)] = held("e2ee", content, "network")[..] else { panic!("the network is shown") };
        assert!(said.contains("no byte") && none.is_empty(), "{said}");
    }
    // Only what matches is handed over, and only that reaches the reviewer.
    for system in ["device-hashing", "server-enclave"] {
        for party in ["provider", "reviewer", "report-authority"] {
            assert!(!is_picture(system, "ordinary", party), "{system} {party}");
            assert!(is_picture(system, "listed", party), "{system} {party}");
        }
    }
    let shown = held("device-hashing", "ordinary", "provider");
    for words in ["perceptual hash", "Made of the hash", "guess", "ciphertext"] {
        assert!(shown.iter().any(|(said, png)| said.contains(words) && !png.is_empty()), "{words}: {shown:?}");
    }
    assert!(all.iter().all(|(one, png)| one.file.is_empty() == png.is_empty()));
}
