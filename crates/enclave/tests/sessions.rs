//! Sessions between a client and an enclave: what is refused on either side, what leaves, what is erased; and that a
//! separate process answers as the inline host does, and can do nothing else.

use sightline_crypto::{Ledger, Seed};
use sightline_enclave::attestation::{CodeLog, Measurement, Quoting, SoftwareRoot, Verifier};
use sightline_enclave::{
    Client, ClientError, Enclave, EnclaveError, ListRule, Offer, Outcome, Reply, Request, Sealed, Subject, Waiting,
    inline_measurement,
};
use sightline_fingerprint::{Memo, PdqHash};
use sightline_lists::{
    Authority, Entry, HashList, Pin, Provenance, Radius, SignatureError, SignedStatement, Statement,
};
use sightline_pictures::Corpus;
use std::sync::{Arc, LazyLock};

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;

static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    Corpus::generated([3; 32], 3, &mut |_, _| ()).pictures.into_iter().map(|picture| picture.bytes.to_vec()).collect()
});

struct Bench {
    root: SoftwareRoot,
    authority: Authority,
    list: Arc<HashList>,
    statement: Statement,
}

fn entry(hash: PdqHash) -> Entry {
    Entry { hash, provenance: Provenance::Picture }
}

impl Bench {
    /// The first picture is on the list.
    fn new() -> Self {
        let known = Memo::default().look(&PICTURES[0]);
        let list = HashList::new([entry(known.marks.as_ref().expect("a picture").pdq.hash)]);
        let statement = Statement::about("test", &list, None, NOW);
        let root = SoftwareRoot::new(&Seed::from_u64(1));
        Self { root, authority: Authority::new(&[1; 32]), list: Arc::new(list), statement }
    }

    fn signed(&self) -> SignedStatement {
        self.authority.sign(&self.statement)
    }

    fn enclave_of(&self, quoting: Quoting, ledger: Ledger) -> Enclave {
        let enclave = Enclave::launch(quoting, self.authority.key(), Radius::default(), Arc::default(), ledger);
        let mut enclave = enclave.supplied_with([Arc::clone(&self.list)]);
        enclave.load(&self.signed(), &[]).expect("the authority signed it");
        enclave
    }

    fn enclave(&self) -> Enclave {
        self.enclave_of(self.root.platform(&Seed::from_u64(2)).load(inline_measurement(), false), Ledger::off())
    }

    fn client_with(&self, rule: ListRule, ledger: Ledger) -> Client {
        let verifier = Verifier::new(self.root.certificate(), self.root.collateral());
        Client::new(Arc::new(verifier), CodeLog::new([inline_measurement()]), rule, ledger)
    }

    fn client(&self) -> Client {
        self.client_with(ListRule::Published(self.statement.pin()), Ledger::off())
    }
}

fn picture(number: usize) -> Subject {
    Subject { picture: true, bytes: PICTURES[number].clone() }
}

fn seal(client: &mut Client, nonce: [u8; 32], offer: &Offer, subject: &Subject) -> Result<Sealed, ClientError> {
    client.seal(Waiting(nonce), offer, subject, 1 << 16, NOW, &[5; 32])
}

#[test]
fn matched_content_comes_out_and_other_content_does_not() {
    let bench = Bench::new();
    let (mut enclave, mut client) = (bench.enclave(), bench.client());
    let document = Subject { picture: false, bytes: PICTURES[0].clone() };
    let broken = Subject { picture: true, bytes: b"no picture".to_vec() };
    let cases = [
        (picture(0), Outcome::Match(PICTURES[0].clone())),
        (picture(1), Outcome::NoMatch),
        (document, Outcome::Unchecked),
        (broken, Outcome::Unchecked),
    ];
    let mut lengths = Vec::new();
    for (number, (subject, outcome)) in (0_u8..).zip(cases) {
        let offer = enclave.hello(0, [number; 32], &[100 + number; 32]).expect("a session");
        let sealed = seal(&mut client, [number; 32], &offer, &subject).expect("all is well");
        lengths.push(sealed.ciphertext.len());
        assert_eq!(enclave.check(0, &sealed), Ok(outcome));
    }
    // What is sealed does not tell pictures from other contents, nor their lengths.
    assert!(lengths.iter().all(|length| *length == lengths[0]));
}

#[test]
fn the_client_refuses_what_it_cannot_trust_each_for_its_own_reason() {
    let bench = Bench::new();
    let platform = bench.root.platform(&Seed::from_u64(2));
    let nonce = [1; 32];
    let offer = |enclave: &mut Enclave| enclave.hello(0, nonce, &[9; 32]).expect("a session");
    let refused = |client: &mut Client, offer: &Offer| {
        seal(client, nonce, offer, &picture(0)).expect_err("it must not be sealed")
    };

    let genuine = offer(&mut bench.enclave());
    let mut client = bench.client();
    assert_eq!(seal(&mut client, [2; 32], &genuine, &picture(0)).expect_err("replayed"), ClientError::Replayed);
    for altered in [
        Offer { channel: [3; 32], ..genuine.clone() },
        Offer { counter: 7, ..genuine.clone() },
        Offer { version: 2, ..genuine.clone() },
    ] {
        assert_eq!(refused(&mut client, &altered), ClientError::Unbound);
    }
    let mut forged = genuine.clone();
    forged.quote[400] ^= 1;
    assert!(matches!(refused(&mut client, &forged), ClientError::Attestation(_)));

    let modified = platform.load(Measurement::of(b"modified code"), false);
    let found = refused(&mut client, &offer(&mut bench.enclave_of(modified, Ledger::off())));
    assert!(matches!(found, ClientError::UnknownCode { .. }));
    let debug = platform.load(inline_measurement(), true);
    let found = refused(&mut client, &offer(&mut bench.enclave_of(debug, Ledger::off())));
    assert!(matches!(found, ClientError::Attestation(_)));

    let other = |version, digest| bench.client_with(ListRule::Published(Pin { version, digest }), Ledger::off());
    let rolled_back = ClientError::List(SignatureError::RolledBack { seen: 2, found: 1 });
    assert_eq!(refused(&mut other(2, [0; 32]), &genuine), rolled_back);
    let forked = ClientError::List(SignatureError::Forked { version: 1 });
    assert_eq!(refused(&mut other(1, [0; 32]), &genuine), forked);
    assert_eq!(refused(&mut other(0, [0; 32]), &genuine), ClientError::Unpublished { published: 0, found: 1 });

    // The same session twice: an enclave that was started again begins to count anew.
    assert!(seal(&mut client, nonce, &genuine, &picture(0)).is_ok());
    assert_eq!(refused(&mut client, &genuine), ClientError::Counter { last: 1, found: 1 });
}

#[test]
fn an_impostor_with_a_stolen_key_is_believed() {
    let bench = Bench::new();
    let stolen = bench.root.platform(&Seed::from_u64(2)).stolen();
    let mut impostor = bench.enclave_of(stolen.claiming(inline_measurement()), Ledger::off());
    let offer = impostor.hello(0, [1; 32], &[9; 32]).expect("a session");
    let sealed = seal(&mut bench.client(), [1; 32], &offer, &picture(1)).expect("nothing tells it from the enclave");
    assert_eq!(impostor.open(0, &sealed), Ok(picture(1)));
}

#[test]
fn stored_ciphertext_is_refused_again_and_against_a_later_list() {
    let bench = Bench::new();
    let (mut enclave, mut client) = (bench.enclave(), bench.client());
    let offer = enclave.hello(0, [1; 32], &[9; 32]).expect("a session");
    let sealed = seal(&mut client, [1; 32], &offer, &picture(1)).expect("all is well");
    let used = EnclaveError::NoSession { account: 0, counter: 1 };
    assert_eq!(enclave.check(1, &sealed), Err(EnclaveError::NoSession { account: 1, counter: 1 }));
    assert_eq!(enclave.check(0, &sealed), Ok(Outcome::NoMatch));
    assert_eq!(enclave.check(0, &sealed), Err(used));

    let later = bench.list.with(entry(PdqHash::from_bytes([8; 32])));
    let statement = Statement::about("test", &later, Some(&bench.list), NOW);
    let mut enclave = bench.enclave().supplied_with([Arc::new(later)]);
    let forged = Authority::new(&[2; 32]).sign(&statement);
    assert!(matches!(enclave.load(&forged, &[]), Err(EnclaveError::List(SignatureError::WrongKey { .. }))));
    assert_eq!(enclave.load(&bench.authority.sign(&statement), &[]), Ok(2));
    assert_eq!(enclave.check(0, &sealed), Err(EnclaveError::OtherList { sealed_for: 1, current: 2 }));
    let rolled_back = SignatureError::RolledBack { seen: 2, found: 1 };
    assert_eq!(enclave.load(&bench.signed(), &[]), Err(EnclaveError::List(rolled_back)));
}

#[test]
fn a_used_session_leaves_nothing_that_opens_its_content() {
    let bench = Bench::new();
    let ledger = Ledger::recording();
    let quoting = bench.root.platform(&Seed::from_u64(2)).load(inline_measurement(), false);
    let rule = ListRule::Published(bench.statement.pin());
    let (mut enclave, mut client) =
        (bench.enclave_of(quoting, ledger.clone()), bench.client_with(rule, ledger.clone()));
    let fresh = *Seed::from_u64(3).as_bytes();
    let offer = enclave.hello(0, [1; 32], &fresh).expect("a session");
    let sealed = client.seal(Waiting([1; 32]), &offer, &picture(1), 0, NOW, &[5; 32]).expect("all is well");
    let opens = |memory: &[(String, Vec<u8>)], more: &[u8]| {
        let held = memory.iter().map(|(_, bytes)| bytes.as_slice()).chain([sealed.ciphertext.as_slice(), more]);
        !ledger.records().saturate(held).is_empty()
    };
    assert!(opens(&enclave.memory(), &[]), "an open session can be read from its memory");
    enclave.check(0, &sealed).expect("a verdict");
    assert!(!opens(&enclave.memory(), &[]), "a used one cannot");
    assert!(opens(&enclave.memory(), &fresh), "its randomness would open it");
}

#[test]
fn malformed_contents_are_refused() {
    let bench = Bench::new();
    let mut enclave = bench.enclave();
    let offer = enclave.hello(0, [1; 32], &[9; 32]).expect("a session");
    let junk = Sealed { counter: offer.counter, version: 1, encapsulated: [4; 32], ciphertext: vec![0; 64] };
    assert_eq!(enclave.check(0, &junk), Err(EnclaveError::DoesNotOpen));
    let authority = bench.authority.key();
    let quoting = bench.root.platform(&Seed::from_u64(2)).load(inline_measurement(), false);
    let mut empty = Enclave::launch(quoting, authority, Radius::default(), Arc::default(), Ledger::off());
    assert_eq!(empty.hello(0, [1; 32], &[9; 32]), Err(EnclaveError::NoList));
    assert_eq!(empty.load(&bench.signed(), &[0; 34]), Err(EnclaveError::Entries { length: 34 }));
    assert!(matches!(empty.handle(Request::Attempt, &[0; 32]), Reply::Refused(_)));
}

#[cfg(target_os = "linux")]
mod process {
    use super::*;
    use sightline_enclave::{Host, HostError, Inline, Launch, Process};
    use std::path::Path;

    const PROGRAM: &str = env!("CARGO_BIN_EXE_sightline-enclave");

    fn start(bench: &Bench) -> Process {
        let launch = Launch {
            root: *Seed::from_u64(1).as_bytes(),
            platform: *Seed::from_u64(2).as_bytes(),
            authority: bench.authority.key().to_bytes(),
            radius: 31,
        };
        Process::start(Path::new(PROGRAM), &[], &launch).expect("it starts, isolated")
    }

    fn ask(host: &mut dyn Host, request: &Request, fresh: u8) -> Reply {
        let bytes = minicbor::to_vec(request).expect("encoded");
        minicbor::decode(&host.call(&bytes, &[fresh; 32]).expect("an answer")).expect("a reply")
    }

    #[test]
    fn nothing_can_be_opened_connected_or_started_from_it() {
        let Reply::Attempted(attempts) = ask(&mut start(&Bench::new()), &Request::Attempt, 0) else {
            panic!("it was asked to try")
        };
        assert_eq!(attempts.len(), 7);
        for attempt in attempts {
            assert!(attempt.error.is_some(), "an isolated enclave can {}", attempt.what);
        }
    }

    #[test]
    fn it_answers_as_the_inline_host_does() {
        let bench = Bench::new();
        let mut process = start(&bench);
        process.load(bench.signed(), &bench.list).expect("an answer");
        let quoting = bench.root.platform(&Seed::from_u64(2)).load(process.measurement(), false);
        let mut inline = Inline(bench.enclave_of(quoting, Ledger::off()));
        let verifier = Verifier::new(bench.root.certificate(), bench.root.collateral());
        let code = CodeLog::new([process.measurement()]);
        let rule = ListRule::Published(bench.statement.pin());
        let mut client = Client::new(Arc::new(verifier), code, rule, Ledger::off());
        for number in 0..3_u8 {
            let hello = Request::Hello { account: 0, nonce: [number; 32] };
            let offers = [&mut process as &mut dyn Host, &mut inline].map(|host| ask(host, &hello, 50 + number));
            assert_eq!(offers[0], offers[1]);
            let Reply::Offer(offer) = &offers[0] else { panic!("{:?}", offers[0]) };
            let sealed = seal(&mut client, [number; 32], offer, &picture(number.into())).expect("all is well");
            let check = Request::Check { account: 0, sealed };
            let outcomes = [&mut process as &mut dyn Host, &mut inline].map(|host| ask(host, &check, 0));
            assert_eq!(outcomes[0], outcomes[1]);
            assert!(matches!(outcomes[0], Reply::Outcome(_)));
        }
    }

    #[test]
    fn bad_frames_are_refused_and_a_dead_process_is_noticed() {
        let bench = Bench::new();
        let mut process = start(&bench);
        let answer = process.call(&[0xff; 9], &[0; 32]).expect("an answer");
        assert!(matches!(minicbor::decode(&answer), Ok(Reply::Refused(_))));
        let ended = Process::start(
            Path::new("/bin/true"),
            &[],
            &Launch { root: [0; 32], platform: [0; 32], authority: [0; 32], radius: 31 },
        );
        assert!(matches!(ended, Err(HostError::Ended(_))));
    }
}
