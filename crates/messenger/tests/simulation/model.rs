//! The reference: who is in which group when a request is accepted decides who reads what. It knows no cryptography
//! and believes the service only that it accepted a request.

use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};
use sightline_messenger::{GroupId, MemberId, RequestBody};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) groups: BTreeMap<GroupId, Group>,
    /// Every message that users sent; its place here is what it says.
    said: Vec<Stream>,
    /// Every message that the service accepted, in order.
    accepted: Vec<Accepted>,
    /// What each device showed its user, by stream, in order.
    received: BTreeMap<(MemberId, Stream), Vec<usize>>,
    sent: BTreeMap<(MemberId, GroupId), usize>,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) epoch: u64,
    pub(crate) roster: BTreeSet<MemberId>,
}

/// Messages that keep their order: one sender's in one group, texts and attachments apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    pub(crate) sender: MemberId,
    pub(crate) group: GroupId,
    pub(crate) attached: bool,
}

#[derive(Debug)]
struct Accepted {
    stream: Stream,
    recipients: BTreeSet<MemberId>,
    /// What it says, once a recipient has read it.
    says: Option<usize>,
}

impl Model {
    /// A user sends the next message; returns what it says.
    pub(crate) fn say(&mut self, stream: Stream) -> String {
        self.said.push(stream);
        (self.said.len() - 1).to_string()
    }

    /// The message that was said last failed at once.
    pub(crate) fn unsay(&mut self) {
        self.said.pop();
    }

    /// The service accepted a request of `from`.
    pub(crate) fn accept(&mut self, from: MemberId, body: &RequestBody) -> TestCaseResult {
        match body {
            RequestBody::CreateGroup { group, epoch, members, .. } => {
                let roster = members.iter().copied().chain([from]).collect();
                let before = self.groups.insert(*group, Group { epoch: *epoch, roster });
                prop_assert!(before.is_none(), "{group} was created twice");
            }
            RequestBody::Commit { group, epoch, added, removed, .. } => {
                let group = self.member_in(from, *group, *epoch)?;
                group.epoch += 1;
                group.roster.extend(added);
                group.roster.retain(|member| !removed.contains(member));
            }
            RequestBody::Send { group, epoch, blob, .. } => {
                let mut recipients = self.member_in(from, *group, *epoch)?.roster.clone();
                recipients.remove(&from);
                let stream = Stream { sender: from, group: *group, attached: blob.is_some() };
                self.accepted.push(Accepted { stream, recipients, says: None });
            }
            other => prop_assert!(false, "{other:?} is not accepted but done"),
        }
        Ok(())
    }

    fn member_in(
        &mut self,
        from: MemberId,
        group: GroupId,
        epoch: u64,
    ) -> Result<&mut Group, proptest::test_runner::TestCaseError> {
        let found = self.groups.get_mut(&group);
        prop_assert!(found.is_some(), "{from} spoke in {group}, which is not there");
        let found = found.expect("checked above");
        prop_assert!(found.roster.contains(&from), "{from} spoke in {group}, where it is not");
        prop_assert_eq!(found.epoch, epoch, "{} spoke in a past or future epoch of {}", from, group);
        Ok(found)
    }

    /// `device` was told that the service took a message.
    pub(crate) fn sent(&mut self, device: MemberId, group: GroupId) {
        *self.sent.entry((device, group)).or_default() += 1;
    }

    /// `device` showed its user a message that says `bytes`.
    pub(crate) fn received(&mut self, device: MemberId, stream: Stream, bytes: &[u8]) -> TestCaseResult {
        let says = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<usize>().ok());
        let says = says.filter(|says| self.said.get(*says) == Some(&stream));
        prop_assert!(says.is_some(), "{device} read in {stream:?} what nobody said: {bytes:?}");
        self.received.entry((device, stream)).or_default().extend(says);
        Ok(())
    }

    /// Nothing is on its way: whoever is `live` has read everything meant for it and nothing else, in order and once.
    pub(crate) fn check_messages(&mut self, live: &BTreeSet<MemberId>) -> TestCaseResult {
        let streams: BTreeSet<Stream> = self.said.iter().copied().collect();
        for stream in streams {
            for device in live {
                let read = self.received.remove(&(*device, stream)).unwrap_or_default();
                let meant =
                    |accepted: &&mut Accepted| accepted.stream == stream && accepted.recipients.contains(device);
                let meant: Vec<&mut Accepted> = self.accepted.iter_mut().filter(meant).collect();
                prop_assert_eq!(
                    read.len(),
                    meant.len(),
                    "{} read {:?} of {:?}: too few or too many",
                    device,
                    read,
                    stream
                );
                for (says, accepted) in read.into_iter().zip(meant) {
                    let known = *accepted.says.get_or_insert(says);
                    prop_assert_eq!(says, known, "{} read another message of {:?} than others did", device, stream);
                }
            }
        }
        Ok(())
    }

    /// Each sender's messages were accepted in the order in which they were said, each once.
    pub(crate) fn check_order(&self) -> TestCaseResult {
        let mut last: BTreeMap<(MemberId, GroupId), usize> = BTreeMap::new();
        for accepted in &self.accepted {
            let Some(says) = accepted.says else { continue };
            let Stream { sender, group, .. } = accepted.stream;
            let before = last.insert((sender, group), says);
            prop_assert!(before < Some(says), "{sender} said {before:?} after {says} in {group}, or twice");
        }
        Ok(())
    }

    /// `device` was told of every message that was accepted, and, if it `stayed`, every message was.
    pub(crate) fn check_sender(&self, device: MemberId, group: GroupId, stayed: bool) -> TestCaseResult {
        let of = |stream: &Stream| stream.sender == device && stream.group == group;
        let accepted = self.accepted.iter().filter(|accepted| of(&accepted.stream)).count();
        let told = self.sent.get(&(device, group)).copied().unwrap_or_default();
        prop_assert_eq!(told, accepted, "{} was not told right of what it sent in {}", device, group);
        let said = self.said.iter().filter(|stream| of(stream)).count();
        prop_assert!(
            accepted == said || !stayed && accepted < said,
            "of {device}'s {said} in {group}, {accepted} were sent"
        );
        Ok(())
    }
}
