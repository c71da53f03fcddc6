//! Programs that do well, and every way of not doing so.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's helpers")]

use sightline_fingerprint::{Algorithm as _, Pixels, by_name};
use sightline_pictures::generate;
use sightline_plugin::{Plugin, PluginError};

fn plugin(settings: &str) -> Result<&'static Plugin, PluginError> {
    Plugin::read(&format!("name = \"outside\"\nbits = 256\nthreshold = 31\n{settings}"))
}

fn problem(settings: &str) -> String {
    let plugin = plugin(settings).unwrap();
    let problem = plugin.compute(b"a picture").unwrap_err().to_string();
    let (count, first) = plugin.failures();
    assert_eq!((count, format!("outside {}", first.unwrap())), (1, problem.clone()));
    problem
}

#[test]
fn however_a_picture_is_handed_over_the_program_gets_its_bytes() {
    let ways = [
        "run = ['sh', '-c', 'sha256sum | cut -c1-64']",
        "pictures = 'path'\nrun = ['sh', '-c', 'sha256sum < $0 | cut -c1-64']",
        "pictures = 'path'\nrun = ['sh', '-c', 'sha256sum < $0 | cut -c1-64', '{}', 'behind']",
        "pictures = 'lines'\nrun = ['sh', '-c', 'while read -r p; do sha256sum < \"$p\" | cut -c1-64; done']",
    ];
    let expected = by_name("sha256").unwrap();
    for way in ways {
        let plugin = plugin(way).unwrap();
        assert_eq!((plugin.name(), plugin.bits(), plugin.threshold()), ("outside", 256, 31));
        std::thread::scope(|scope| {
            for thread in 0..3 {
                scope.spawn(move || {
                    for index in 0..3 {
                        let picture = generate(&[1; 32], thread * 3 + index).picture;
                        for file in [picture.to_jpeg(80), picture.to_png()] {
                            assert_eq!(plugin.compute(&file), expected.compute(&file), "{way}");
                        }
                        assert_eq!(plugin.of_picture(&Pixels::of(&picture)), Some(expected.compute(&picture.to_png())));
                    }
                });
            }
        });
        assert_eq!(plugin.failures(), (0, None));
    }
}

#[test]
fn a_program_that_is_asked_for_many_is_started_once() {
    let counting = "pictures = 'lines'\nrun = ['sh', '-c', \
        'n=0; while read -r p; do n=$((n+1)); printf \"%064x\\n\" $n; done']";
    let plugin = plugin(counting).unwrap();
    for count in 1..=5 {
        assert_eq!(plugin.compute(b"a picture").unwrap().to_hex(), format!("{count:064x}"));
    }
}

#[test]
fn what_a_program_does_wrong_is_said() {
    let cases = [
        ("run = ['echo', 'no hash']", "outside gave `no hash` where 64 hexadecimal digits are expected"),
        ("run = ['echo', 'abcd']", "outside gave `abcd` where 64"),
        ("run = ['true']", "outside gave `` where 64"),
        (
            "run = ['sh', '-c', 'echo one >&2; echo the model is missing >&2; exit 3']",
            "exit status: 3: the model is missing",
        ),
        ("run = ['sh', '-c', 'kill -9 $$']", "outside ended with signal: 9"),
        ("run = ['there-is-no-such-program']", "`there-is-no-such-program` cannot be started"),
        ("run = ['sleep', '30']\nseconds = 1", "outside gave no answer within 1 seconds"),
        ("run = ['sh', '-c', 'exec >&-; sleep 30']\nseconds = 1", "outside gave no answer within 1 seconds"),
        ("pictures = 'lines'\nrun = ['sh', '-c', 'read -r p; exit 4']", "outside ended with exit status: 4"),
        ("pictures = 'lines'\nrun = ['sleep', '30']\nseconds = 1", "outside gave no answer within 1 seconds"),
        ("run = ['yes']", "outside ended with signal"),
    ];
    for (settings, expected) in cases {
        let problem = problem(settings);
        assert!(problem.contains(expected), "{settings}: {problem}");
    }
}

#[test]
fn after_a_failure_the_next_picture_gets_a_program_of_its_own() {
    let hash = "printf \"%064x\\n\" 7";
    let failing = format!(
        "pictures = 'lines'\nseconds = 1\nrun = ['sh', '-c', 'while read -r p; do case $(cat \"$p\") in \
        die) exit 1;; wait) sleep 30;; talk) echo nonsense;; *) {hash};; esac; done']"
    );
    let plugin = plugin(&failing).unwrap();
    for bad in [&b"die"[..], b"wait", b"talk"] {
        assert!(plugin.compute(bad).is_err());
        assert_eq!(plugin.compute(b"good").unwrap().to_hex(), format!("{:064x}", 7));
    }
    assert_eq!(plugin.failures().0, 3);
}

#[test]
fn what_cannot_be_a_plug_in_is_refused() {
    let read = |text: &str| Plugin::read(text).unwrap_err();
    let whole = "name = 'own'\nbits = 64\nthreshold = 10\nrun = ['true']\n";
    assert!(Plugin::read(whole).is_ok());
    assert_eq!(read(&whole.replace("own", "a,b")), PluginError::Name("a,b".into()));
    assert_eq!(read(&whole.replace("own", "pdq")), PluginError::Taken("pdq".into()));
    assert_eq!(read(&whole.replace("64", "63")), PluginError::Bits(63));
    assert_eq!(read(&whole.replace("10", "64")), PluginError::Threshold { threshold: 64, bits: 64 });
    assert_eq!(read(&whole.replace("['true']", "[]")), PluginError::Run);
    assert_eq!(read(&format!("{whole}seconds = 0")), PluginError::Seconds(0));
    for wrong in [format!("{whole}distance = 'cosine'"), "name = 'own'".into(), "[[[".into()] {
        assert!(matches!(read(&wrong), PluginError::Syntax(_)));
    }
}
