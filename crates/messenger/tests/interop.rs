//! An exchange with mls-rs (AWS's implementation of RFC 9420) as the other member: it joins by our Welcome, both
//! sides send application messages, and each makes a commit that the other processes.

use mls_rs::client_builder::MlsConfig;
use mls_rs::client_builder::PaddingMode;
use mls_rs::crypto::SignatureSecretKey;
use mls_rs::group::ReceivedMessage;
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions};
use mls_rs::{CipherSuite, CipherSuiteProvider, CryptoProvider, ExtensionList, MlsMessage};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;
use sightline_crypto::{Ledger, Seed};
use sightline_messenger::client::Processed;
use sightline_messenger::{Client, GroupId, MemberId};

const GROUP: GroupId = GroupId(5);
const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

fn peer(member: MemberId) -> mls_rs::Client<impl MlsConfig> {
    let crypto = RustCryptoProvider::default();
    let suite = crypto.cipher_suite_provider(SUITE).expect("the mandatory suite");
    let (secret, public): (SignatureSecretKey, _) = suite.signature_key_generate().expect("a key pair");
    let credential = BasicCredential::new(member.0.to_be_bytes().to_vec());
    let rules = DefaultMlsRules::default()
        .with_commit_options(CommitOptions::default().with_ratchet_tree_extension(true))
        .with_encryption_options(EncryptionOptions::new(true, PaddingMode::StepFunction));
    mls_rs::Client::builder()
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(crypto)
        .mls_rules(rules)
        .signing_identity(SigningIdentity::new(credential.into_credential(), public), secret, SUITE)
        .build()
}

#[test]
fn mls_rs_joins_talks_and_commits() {
    let mut ours = Client::new(MemberId(1), &Seed::from_u64(1), Ledger::off());
    let theirs = peer(MemberId(2));

    // We add them; they join by our Welcome.
    let package =
        theirs.generate_key_package_message(ExtensionList::default(), ExtensionList::default(), None).unwrap();
    let created = ours.create_group(GROUP, &[&package.to_bytes().unwrap()]).unwrap();
    let welcome = MlsMessage::from_bytes(&created.welcome).unwrap();
    let (mut group, _) = theirs.join_group(None, &welcome, None).unwrap();
    assert_eq!(ours.roster(GROUP).unwrap(), [MemberId(1), MemberId(2)]);
    assert_eq!(group.current_epoch(), 1);

    // Application messages both ways, more than one each.
    for text in [&b"from us"[..], b"from us again"] {
        let message = MlsMessage::from_bytes(&ours.encrypt(GROUP, text).unwrap()).unwrap();
        let ReceivedMessage::ApplicationMessage(message) = group.process_incoming_message(message).unwrap() else {
            panic!()
        };
        assert_eq!(message.data(), text);
    }
    for text in [&b"from them"[..], b"from them again"] {
        let message = group.encrypt_application_message(text, Vec::new()).unwrap().to_bytes().unwrap();
        let expected = Processed::Application { sender: MemberId(2), epoch: 1, plaintext: text.into() };
        assert_eq!(ours.process(GROUP, &message), Ok(expected));
    }

    // Our commit: new keys.
    let commit = ours.update(GROUP).unwrap();
    group.process_incoming_message(MlsMessage::from_bytes(&commit.commit).unwrap()).unwrap();
    assert_eq!(ours.accept(GROUP), Ok(2));
    assert_eq!(group.current_epoch(), 2);

    // Their commit: they add a third member, who is ours again.
    let mut third = Client::new(MemberId(3), &Seed::from_u64(3), Ledger::off());
    let package = MlsMessage::from_bytes(&third.key_package().unwrap()).unwrap();
    let made = group.commit_builder().add_member(package).unwrap().build().unwrap();
    group.apply_pending_commit().unwrap();
    let processed = ours.process(GROUP, &made.commit_message.to_bytes().unwrap()).unwrap();
    let expected = Processed::Commit {
        sender: MemberId(2),
        epoch: 3,
        added: vec![MemberId(3)],
        removed: vec![],
        self_removed: false,
    };
    assert_eq!(processed, expected);
    assert_eq!(third.join(&made.welcome_messages[0].to_bytes().unwrap()), Ok(GROUP));

    // All three agree: the third's words reach both.
    let message = third.encrypt(GROUP, b"from the third").unwrap();
    assert!(matches!(ours.process(GROUP, &message), Ok(Processed::Application { sender: MemberId(3), epoch: 3, .. })));
    let received = group.process_incoming_message(MlsMessage::from_bytes(&message).unwrap()).unwrap();
    assert!(matches!(received, ReceivedMessage::ApplicationMessage(message) if message.data() == b"from the third"));

    // We remove them; their group knows.
    let commit = ours.remove(GROUP, MemberId(2)).unwrap();
    third.process(GROUP, &commit.commit).unwrap();
    group.process_incoming_message(MlsMessage::from_bytes(&commit.commit).unwrap()).unwrap();
    ours.accept(GROUP).unwrap();
    assert_eq!(ours.roster(GROUP).unwrap(), third.roster(GROUP).unwrap());
    assert_eq!(ours.epoch(GROUP), third.epoch(GROUP));
}
