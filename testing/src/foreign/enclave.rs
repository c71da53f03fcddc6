use super::{part, parts};
use sightline_crypto::{Ledger, Seed};
use sightline_enclave::attestation::{CodeLog, Measurement, Quoting, SoftwareRoot, Verifier};
use sightline_enclave::{
    Client, Enclave, Host as _, Inline, ListRule, Offer, Outcome, Reply, Request, Subject, Waiting, inline_measurement,
};
use sightline_fingerprint::PdqHash;
use sightline_lists::{Authority, Entry, HashList, Pin, Provenance, Radius, SignedStatement, Statement};
use sightline_protocol::Wire;
use std::sync::{Arc, LazyLock};

/// 2026-06-01.
const NOW: u64 = 1_780_272_000;
const DATA: [u8; 64] = [7; 64];
const NONCE: [u8; 32] = [4; 32];

static LIST: LazyLock<Arc<HashList>> = LazyLock::new(|| {
    let code = |byte| Entry { hash: PdqHash::from_bytes([byte; 32]), provenance: Provenance::Code };
    Arc::new(HashList::new([1, 2, 3].map(code)))
});

fn authority() -> Authority {
    Authority::new(&[1; 32])
}

fn statement() -> Statement {
    Statement::about("fuzz", &LIST, None, NOW)
}

/// A signed statement: what verifies says what was signed, once and for all.
pub fn statements(bytes: &[u8]) {
    let signed = SignedStatement::from_bytes(bytes.to_vec());
    if let Ok(found) = authority().key().verify(&signed) {
        assert_eq!(found, statement(), "a statement that nobody signed");
    }
    let mut pin = Pin { version: 0, digest: [0; 32] };
    let _ = authority().key().verify(&signed).map(|found| pin.advance(&found));
}

pub(super) fn statement_seeds() -> Vec<Vec<u8>> {
    vec![authority().sign(&statement()).as_bytes().to_vec()]
}

static ROOT: LazyLock<(Verifier, Quoting)> = LazyLock::new(|| {
    let root = SoftwareRoot::new(&Seed::from_u64(1));
    let quoting = root.platform(&Seed::from_u64(2)).load(inline_measurement(), false);
    (Verifier::new(root.certificate(), root.collateral()), quoting)
});

/// A quote: what verifies is about the code and the data that were quoted.
pub fn quotes(bytes: &[u8]) {
    let (verifier, _) = &*ROOT;
    if let Ok(found) = verifier.verify(bytes, NOW) {
        assert_eq!((found.measurement, found.data), (inline_measurement(), DATA), "a quote that nobody made");
    }
}

pub(super) fn quote_seeds() -> Vec<Vec<u8>> {
    let (_, quoting) = &*ROOT;
    let other = SoftwareRoot::new(&Seed::from_u64(3)).platform(&Seed::from_u64(2));
    vec![quoting.quote(&DATA), other.load(Measurement::of(b"other"), true).quote(&DATA)]
}

/// The enclave: each part is a request, the first of them the honest list. Nothing that was not sealed to it comes out.
pub fn enclave(bytes: &[u8]) {
    let mut host = host();
    for (number, (_, request)) in (1..).zip(parts(bytes)) {
        let Ok(reply) = host.call(request, &[number; 32]) else { continue };
        let reply = Reply::from_wire(&reply).expect("an enclave speaks its own language");
        assert!(!matches!(reply, Reply::Outcome(Outcome::Match(_))), "nothing that matches was sealed");
    }
    host.memory();
}

fn host() -> Inline {
    let root = SoftwareRoot::new(&Seed::from_u64(1));
    let quoting = root.platform(&Seed::from_u64(2)).load(inline_measurement(), false);
    let enclave = Enclave::launch(quoting, authority().key(), Radius::default(), Arc::default(), Ledger::off());
    Inline(enclave.supplied_with([Arc::clone(&LIST)]))
}

/// What an enclave is asked when a device has something checked, and its offer.
fn honest() -> (Vec<Vec<u8>>, Offer) {
    let mut host = host();
    let load = Request::Load { statement: authority().sign(&statement()), entries: Vec::new() };
    let hello = Request::Hello { account: 1, nonce: NONCE };
    let mut requests = vec![load.to_wire(), hello.to_wire()];
    host.call(&requests[0], &[1; 32]).expect("a request");
    let reply = Reply::from_wire(&host.call(&requests[1], &[2; 32]).expect("a request")).expect("a reply");
    let Reply::Offer(offer) = reply else { panic!("a session is offered: {reply:?}") };
    let subject = Subject { picture: false, bytes: vec![3; 40] };
    let sealed = client().seal(Waiting(NONCE), &offer, &subject, 256, NOW, &[5; 32]).expect("the offer is genuine");
    requests.push(Request::Check { account: 1, sealed }.to_wire());
    (requests, offer)
}

pub(super) fn enclave_seeds() -> Vec<Vec<u8>> {
    let (requests, _) = honest();
    vec![requests.iter().flat_map(|request| part(0, request)).collect()]
}

fn client() -> Client {
    let root = SoftwareRoot::new(&Seed::from_u64(1));
    let verifier = Verifier::new(root.certificate(), root.collateral());
    let rule = ListRule::Published(statement().pin());
    Client::new(Arc::new(verifier), CodeLog::new([inline_measurement()]), rule, Ledger::off())
}

/// An offer to a device: it seals for the session that was offered and for no other.
pub fn offers(bytes: &[u8]) {
    static CLIENT: LazyLock<Offer> = LazyLock::new(|| honest().1);
    let Ok(offer) = Offer::from_wire(bytes) else { return };
    let subject = Subject { picture: true, bytes: vec![3; 40] };
    if client().seal(Waiting(NONCE), &offer, &subject, 256, NOW, &[5; 32]).is_ok() {
        assert_eq!(offer.binding(), CLIENT.binding(), "sealed for a session that was not offered");
    }
}

pub(super) fn offer_seeds() -> Vec<Vec<u8>> {
    vec![honest().1.to_wire()]
}
