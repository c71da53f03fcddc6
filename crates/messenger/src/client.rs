//! A device's MLS state (RFC 9420): its identity, its key packages and its groups.
//!
//! Every group has one commit at a time: it is *made* ([`Client::add`], [`Client::remove`], [`Client::update`]), then
//! either [`Client::accept`]ed, once the delivery service took it as the epoch's first, or [`Client::discard`]ed.
//! Handshake messages are encrypted too (RFC 9420 §6.3), so the provider sees neither who joins nor what changes,
//! unless it is told. A commit carries at most one Remove or Update: OpenMLS orders them by a hash map.

use crate::provider::{CIPHERSUITE, Provider, SignatureKey};
use crate::{Error, GroupId, MemberId};
use minicbor::Encoder;
use minicbor::encode::Write;
use openmls::prelude::tls_codec::DeserializeBytes as _;
use openmls::prelude::{
    BasicCredential, Credential, CredentialWithKey, KeyPackage as MlsKeyPackage, LeafNodeIndex, LeafNodeParameters,
    Lifetime, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
    PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, ProcessedMessageContent, ProtocolMessage, ProtocolVersion, Sender,
    SenderRatchetConfiguration, StagedWelcome,
};
use openmls_traits::OpenMlsProvider as _;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sightline_crypto::{Ledger, Seed};
use std::collections::BTreeMap;

/// A device's MLS state.
#[derive(Debug)]
pub struct Client {
    member: MemberId,
    provider: Provider,
    signer: SignatureKey,
    credential: CredentialWithKey,
    groups: BTreeMap<GroupId, MlsGroup>,
}

/// A commit that waits for the delivery service, and what the service must know to spread it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The epoch in which it was made.
    pub epoch: u64,
    /// The MLS commit, for the members of that epoch.
    pub commit: Vec<u8>,
    /// The MLS Welcome with the ratchet tree, for those added; empty if there are none.
    pub welcome: Vec<u8>,
}

/// A new group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its epoch: 0 if the creator is alone, else 1.
    pub epoch: u64,
    /// The MLS Welcome with the ratchet tree, for those added; empty if there are none.
    pub welcome: Vec<u8>,
}

/// What came out of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// An application message.
    Application {
        /// Who sent it, by MLS credential.
        sender: MemberId,
        /// The epoch in which it was sent.
        epoch: u64,
        /// What it says.
        plaintext: Vec<u8>,
    },
    /// A commit, which is now in force.
    Commit {
        /// Who made it.
        sender: MemberId,
        /// The epoch it began.
        epoch: u64,
        /// Who joined.
        added: Vec<MemberId>,
        /// Who was removed.
        removed: Vec<MemberId>,
        /// Whether this device is among them; its state of the group is then erased.
        self_removed: bool,
    },
}

/// Application messages and commits are padded to multiples of this many bytes; OpenMLS's default is none.
const MLS_PADDING: usize = 256;
/// The delivery service orders a group's messages, so no key is kept for messages that come late.
const OUT_OF_ORDER: u32 = 0;
/// How many messages of one sender may be missing (refused ones are) before the next.
const MOST_SKIPPED: u32 = 1000;

impl Client {
    /// The device of `member`: its keys, and all it will ever draw, follow from `seed`.
    pub fn new(member: MemberId, seed: &Seed, ledger: Ledger) -> Self {
        let signer = SignatureKey::new(&seed.derive("signature key", 0), &ledger);
        let identity = BasicCredential::new(member.0.to_be_bytes().into());
        let credential =
            CredentialWithKey { credential: identity.into(), signature_key: signer.public().to_vec().into() };
        Self { member, provider: Provider::new(seed, ledger), signer, credential, groups: BTreeMap::new() }
    }

    /// Who this is.
    pub const fn member(&self) -> MemberId {
        self.member
    }

    /// A new key package, framed as an MLS message, by which others can add this device to one group.
    ///
    /// It is valid forever: a run has no clock. (RFC 9420 §7.2 asks applications for a maximum.)
    pub fn key_package(&mut self) -> Result<Vec<u8>, Error> {
        let step = "making a key package";
        let bundle = MlsKeyPackage::builder()
            .key_package_lifetime(Lifetime::init(0, u64::MAX))
            .build(CIPHERSUITE, &self.provider, &self.signer, self.credential.clone())
            .map_err(mls(step))?;
        bytes(step, &bundle.into_key_package().into())
    }

    /// Creates a group with the owners of `key_packages`. It is in force at once: nobody else can have changed it.
    pub fn create_group(&mut self, group: GroupId, key_packages: &[&[u8]]) -> Result<Created, Error> {
        let step = "creating a group";
        if self.groups.contains_key(&group) {
            return Err(Error::GroupExists(group));
        }
        let invited = key_packages.iter().map(|package| self.read(package)).collect::<Result<Vec<_>, _>>()?;
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(CIPHERSUITE)
            .lifetime(Lifetime::init(0, u64::MAX))
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .padding_size(MLS_PADDING)
            .max_past_epochs(0)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MOST_SKIPPED))
            .use_ratchet_tree_extension(true)
            .build();
        let id = mls_id(group);
        let mut mls_group =
            MlsGroup::new_with_group_id(&self.provider, &self.signer, &config, id, self.credential.clone())
                .map_err(mls(step))?;
        let mut welcome = Vec::new();
        if !invited.is_empty() {
            let added = mls_group.add_members_without_update(&self.provider, &self.signer, &invited).map_err(mls(step));
            let merged = added.and_then(|(_, welcome, _)| {
                mls_group.merge_pending_commit(&self.provider).map_err(mls(step))?;
                bytes(step, &welcome)
            });
            match merged {
                Ok(made) => welcome = made,
                Err(error) => {
                    mls_group.delete(self.provider.storage()).map_err(mls(step))?;
                    return Err(error);
                }
            }
        }
        let epoch = mls_group.epoch().as_u64();
        self.groups.insert(group, mls_group);
        Ok(Created { epoch, welcome })
    }

    /// Joins the group of a Welcome.
    pub fn join(&mut self, welcome: &[u8]) -> Result<GroupId, Error> {
        let MlsMessageBodyIn::Welcome(welcome) = parse("Welcome", welcome)?.extract() else {
            return Err(unexpected("Welcome", "another MLS message"));
        };
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .padding_size(MLS_PADDING)
            .max_past_epochs(0)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, MOST_SKIPPED))
            .use_ratchet_tree_extension(true)
            .build();
        // OpenMLS erases the key package before it knows whether the Welcome is any good: take it back if not.
        let before = lock(self.provider.storage().values.read()).clone();
        let joined = StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)
            .and_then(|staged| staged.into_group(&self.provider))
            .map_err(mls("joining a group"))
            .and_then(|mls_group| Ok((our_id(&mls_group)?, mls_group)));
        match joined {
            Ok((group, mls_group)) => {
                self.groups.insert(group, mls_group);
                Ok(group)
            }
            Err(error) => {
                *lock(self.provider.storage().values.write()) = before;
                Err(error)
            }
        }
    }

    /// Makes a commit that adds the owner of `key_package` and refreshes this device's keys.
    pub fn add(&mut self, group: GroupId, key_package: &[u8]) -> Result<Commit, Error> {
        let step = "adding a member";
        let package = self.read(key_package)?;
        let invited = identity(package.leaf_node().credential())?;
        if self.roster(group)?.contains(&invited) {
            return Err(Error::AlreadyAMember(group, invited));
        }
        let (mls_group, provider, signer) = self.group(group)?;
        let epoch = mls_group.epoch().as_u64();
        let (commit, welcome, _) = mls_group.add_members(provider, signer, &[package]).map_err(mls(step))?;
        Ok(Commit { epoch, commit: bytes(step, &commit)?, welcome: bytes(step, &welcome)? })
    }

    /// Makes a commit that removes `member`, who cannot be this device: RFC 9420 §12.2 wants another to do that.
    pub fn remove(&mut self, group: GroupId, member: MemberId) -> Result<Commit, Error> {
        let step = "removing a member";
        if member == self.member {
            return Err(Error::Unsupported("a removal of oneself"));
        }
        let (mls_group, provider, signer) = self.group(group)?;
        let leaf = leaf(mls_group, member).ok_or(Error::NotAMember(group, member))?;
        let epoch = mls_group.epoch().as_u64();
        let (commit, _, _) = mls_group.remove_members(provider, signer, &[leaf]).map_err(mls(step))?;
        Ok(Commit { epoch, commit: bytes(step, &commit)?, welcome: Vec::new() })
    }

    /// Makes a commit that refreshes this device's keys (post-compromise security, RFC 9420 §16.6).
    pub fn update(&mut self, group: GroupId) -> Result<Commit, Error> {
        let step = "updating keys";
        let (mls_group, provider, signer) = self.group(group)?;
        let epoch = mls_group.epoch().as_u64();
        let bundle = mls_group.self_update(provider, signer, LeafNodeParameters::default()).map_err(mls(step))?;
        Ok(Commit { epoch, commit: bytes(step, bundle.commit())?, welcome: Vec::new() })
    }

    /// Puts the commit that was made last in force; returns the new epoch.
    pub fn accept(&mut self, group: GroupId) -> Result<u64, Error> {
        let (mls_group, provider, _) = self.group(group)?;
        mls_group.merge_pending_commit(provider).map_err(mls("accepting a commit"))?;
        Ok(mls_group.epoch().as_u64())
    }

    /// Forgets the commit that was made last, if any.
    pub fn discard(&mut self, group: GroupId) -> Result<(), Error> {
        let (mls_group, provider, _) = self.group(group)?;
        mls_group.clear_pending_commit(provider.storage()).map_err(mls("discarding a commit"))
    }

    /// Erases a group.
    pub fn forget(&mut self, group: GroupId) -> Result<(), Error> {
        let (mls_group, provider, _) = self.group(group)?;
        mls_group.delete(provider.storage()).map_err(mls("erasing a group"))?;
        self.groups.remove(&group);
        Ok(())
    }

    /// Encrypts an application message; its length depends only on that of `plaintext`, in steps of 256 bytes.
    pub fn encrypt(&mut self, group: GroupId, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let step = "encrypting a message";
        let (mls_group, provider, signer) = self.group(group)?;
        bytes(step, &mls_group.create_message(provider, signer, plaintext).map_err(mls(step))?)
    }

    /// Processes another member's commit or application message. A commit is put in force, and one of our own that
    /// was waiting is discarded.
    pub fn process(&mut self, group: GroupId, message: &[u8]) -> Result<Processed, Error> {
        let step = "processing a message";
        let message: ProtocolMessage = parse("group message", message)?
            .try_into_protocol_message()
            .map_err(|_| unexpected("group message", "another MLS message"))?;
        let (mls_group, provider, _) = self.group(group)?;
        if message.group_id() != mls_group.group_id() {
            return Err(unexpected("message of this group", "a message of another group"));
        }
        let processed = mls_group.process_message(provider, message).map_err(mls(step))?;
        let Sender::Member(_) = processed.sender() else {
            return Err(Error::Unsupported("a message from outside the group"));
        };
        let sender = identity(processed.credential())?;
        let epoch = processed.epoch().as_u64();
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                Ok(Processed::Application { sender, epoch, plaintext: message.into_bytes() })
            }
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                let added = staged
                    .add_proposals()
                    .map(|add| identity(add.add_proposal().key_package().leaf_node().credential()));
                let mut added = added.collect::<Result<Vec<_>, _>>()?;
                let removed =
                    staged.remove_proposals().map(|remove| member_at(mls_group, remove.remove_proposal().removed()));
                let mut removed = removed.collect::<Result<Vec<_>, _>>()?;
                added.sort_unstable();
                removed.sort_unstable();
                let self_removed = staged.self_removed();
                mls_group.clear_pending_commit(provider.storage()).map_err(mls(step))?;
                mls_group.merge_staged_commit(provider, *staged).map_err(mls(step))?;
                let epoch = mls_group.epoch().as_u64();
                if self_removed {
                    self.forget(group)?;
                }
                Ok(Processed::Commit { sender, epoch, added, removed, self_removed })
            }
            _ => Err(Error::Unsupported("a standalone proposal")),
        }
    }

    /// Whose key package this says it is; its signatures are checked when it is used.
    pub fn claimed_owner(key_package: &[u8]) -> Result<MemberId, Error> {
        let MlsMessageBodyIn::KeyPackage(package) = parse("key package", key_package)?.extract() else {
            return Err(unexpected("key package", "another MLS message"));
        };
        identity(&package.unverified_credential().credential)
    }

    /// The members of a group, ascending, this device included.
    pub fn roster(&self, group: GroupId) -> Result<Vec<MemberId>, Error> {
        let mls_group = self.groups.get(&group).ok_or(Error::UnknownGroup(group))?;
        let mut roster =
            mls_group.members().map(|member| identity(&member.credential)).collect::<Result<Vec<_>, _>>()?;
        roster.sort_unstable();
        Ok(roster)
    }

    /// The epoch a group is in.
    pub fn epoch(&self, group: GroupId) -> Result<u64, Error> {
        self.groups.get(&group).map(|mls_group| mls_group.epoch().as_u64()).ok_or(Error::UnknownGroup(group))
    }

    /// Everything this client holds now, sorted by name; what it erased is absent.
    ///
    /// A value is CBOR in which every byte array is a byte string, so that a secret appears as its bytes. Left out is
    /// the wall-clock time that OpenMLS notes with each epoch, and the seed, which stands for the operating system's
    /// randomness.
    pub fn memory(&self) -> Vec<(String, Vec<u8>)> {
        let storage = lock(self.provider.storage().values.read());
        let stored = storage.iter().map(|(key, value)| {
            let label: String =
                key.iter().take_while(|byte| byte.is_ascii_alphabetic()).map(|byte| char::from(*byte)).collect();
            let name = Sha256::digest(key)
                .iter()
                .take(8)
                .fold(format!("mls/{label}/"), |name, byte| name + &format!("{byte:02x}"));
            (name, canonical(value))
        });
        let mut entries: Vec<_> = stored.collect();
        entries.push(("signature-key".into(), self.signer.secret().to_vec()));
        entries.sort_unstable();
        entries
    }

    fn group(&mut self, group: GroupId) -> Result<(&mut MlsGroup, &Provider, &SignatureKey), Error> {
        let mls_group = self.groups.get_mut(&group).ok_or(Error::UnknownGroup(group))?;
        Ok((mls_group, &self.provider, &self.signer))
    }

    fn read(&self, key_package: &[u8]) -> Result<MlsKeyPackage, Error> {
        let MlsMessageBodyIn::KeyPackage(package) = parse("key package", key_package)?.extract() else {
            return Err(unexpected("key package", "another MLS message"));
        };
        package.validate(self.provider.crypto(), ProtocolVersion::Mls10).map_err(mls("checking a key package"))
    }
}

fn mls_id(group: GroupId) -> openmls::prelude::GroupId {
    openmls::prelude::GroupId::from_slice(&group.0.to_be_bytes())
}

fn our_id(mls_group: &MlsGroup) -> Result<GroupId, Error> {
    let id = <[u8; 8]>::try_from(mls_group.group_id().as_slice());
    id.map(|bytes| GroupId(u64::from_be_bytes(bytes))).map_err(|_| unexpected("group id of eight bytes", "another"))
}

fn identity(credential: &Credential) -> Result<MemberId, Error> {
    let basic = BasicCredential::try_from(credential.clone()).ok();
    let bytes = basic.and_then(|basic| <[u8; 2]>::try_from(basic.identity()).ok());
    bytes.map(|bytes| MemberId(u16::from_be_bytes(bytes))).ok_or_else(|| Error::WrongCredential {
        expected: "a member of this messenger".into(),
        found: format!("{} bytes", credential.serialized_content().len()),
    })
}

fn leaf(mls_group: &MlsGroup, member: MemberId) -> Option<LeafNodeIndex> {
    mls_group.members().find(|candidate| identity(&candidate.credential) == Ok(member)).map(|found| found.index)
}

fn member_at(mls_group: &MlsGroup, leaf: LeafNodeIndex) -> Result<MemberId, Error> {
    let found = mls_group.members().find(|member| member.index == leaf);
    identity(&found.ok_or_else(|| unexpected("removal of a member", "a removal of nobody"))?.credential)
}

fn parse(what: &'static str, bytes: &[u8]) -> Result<MlsMessageIn, Error> {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map_err(|error| Error::Malformed { what, reason: error.to_string() })
}

fn unexpected(what: &'static str, found: &str) -> Error {
    Error::Malformed { what, reason: format!("it is {found}") }
}

fn mls<E: std::fmt::Display>(step: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Mls { step, reason: error.to_string() }
}

fn bytes(step: &'static str, message: &MlsMessageOut) -> Result<Vec<u8>, Error> {
    message.to_bytes().map_err(mls(step))
}

fn lock<T>(guard: Result<T, std::sync::PoisonError<T>>) -> T {
    guard.unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// JSON as OpenMLS's storage writes it, as CBOR with byte strings for arrays of bytes.
fn canonical(json: &[u8]) -> Vec<u8> {
    let value = serde_json::from_slice(json).unwrap_or(Value::Null);
    let mut encoder = Encoder::new(Vec::new());
    write(&value, &mut encoder).expect("writing to memory cannot fail");
    encoder.into_writer()
}

fn write<W: Write>(value: &Value, to: &mut Encoder<W>) -> Result<(), minicbor::encode::Error<W::Error>> {
    let byte = |value: &Value| value.as_u64().and_then(|number| u8::try_from(number).ok());
    match value {
        Value::Null => to.null()?.ok(),
        Value::Bool(value) => to.bool(*value)?.ok(),
        Value::Number(number) => match number.as_u64() {
            Some(number) => to.u64(number)?.ok(),
            None => to.str(&number.to_string())?.ok(),
        },
        Value::String(text) => to.str(text)?.ok(),
        Value::Array(items) => {
            if let Some(bytes) = items.iter().map(byte).collect::<Option<Vec<u8>>>() {
                return to.bytes(&bytes)?.ok();
            }
            to.array(items.len() as u64)?;
            items.iter().try_for_each(|item| write(item, to))
        }
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().filter(|(name, _)| *name != "added_at").collect();
            to.map(fields.len() as u64)?;
            fields.into_iter().try_for_each(|(name, value)| write(value, to.str(name)?))
        }
    }
}
