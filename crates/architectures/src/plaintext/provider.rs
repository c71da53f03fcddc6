use super::Message;
use crate::listing;
use crate::reporting::Casework;
use sightline_lists::AuthorityKey;
use sightline_protocol::{
    Content, ContentKind, DeliveryRule, GroupNumber, Machine, Memory, PartyId, Policy, Reason, Role, Setup, Turn, Work,
};
use std::collections::{BTreeMap, BTreeSet};

/// Holds groups, matches every picture, delivers, and reports what matches.
pub(super) struct Provider {
    setup: Setup,
    groups: BTreeMap<GroupNumber, BTreeSet<u16>>,
    policy: Policy,
    casework: Casework,
    authority: AuthorityKey,
}

impl Provider {
    pub(super) fn new(setup: &Setup, policy: Policy, authority: AuthorityKey) -> Self {
        let casework = Casework::new(setup, &policy);
        Self { setup: setup.clone(), groups: BTreeMap::new(), policy, casework, authority }
    }

    /// The group's roster, if `member` is on it.
    fn roster(&mut self, group: GroupNumber, member: u16) -> Result<&mut BTreeSet<u16>, Reason> {
        let not_member =
            || Reason::Rejected { message: "request", detail: format!("device-{member} is not in group {group}") };
        self.groups.get_mut(&group).filter(|roster| roster.contains(&member)).ok_or_else(not_member)
    }

    fn known(&self, user: u16) -> Result<(), Reason> {
        let unknown = || Reason::Rejected { message: "request", detail: format!("there is no user {user}") };
        (user < self.setup.users).then_some(()).ok_or_else(unknown)
    }

    fn matches(&self, content: &Content, turn: &mut Turn<'_, '_, Message>) -> bool {
        let picture = content.kind == ContentKind::Picture;
        if picture || self.policy.hide_timing {
            turn.spend(self.policy.fingerprint_work(&self.setup, content.bytes.len()));
            turn.spend(Work::Compare(self.setup.list.len()));
        }
        picture && self.setup.fingerprint(&content.bytes).is_some_and(|pdq| self.setup.matches(&pdq))
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if let Message::Paper(paper) = message {
            return self.casework.receive(from, &paper, turn);
        }
        if let Message::List(signed) = message {
            return listing::check(from, &signed, self.authority, &self.setup.list);
        }
        if from.role() != Role::Device {
            return Err(Reason::Unexpected { message: message.name(), detail: "requests come from devices".into() });
        }
        let account = from.index();
        match message {
            Message::CreateGroup(group, members) => {
                members.iter().try_for_each(|member| self.known(*member))?;
                if self.groups.contains_key(&group) {
                    let detail = format!("group {group} exists already");
                    return Err(Reason::Rejected { message: "create-group", detail });
                }
                self.groups.insert(group, members.into_iter().chain([account]).collect());
            }
            Message::Add(group, member) => {
                self.known(member)?;
                self.roster(group, account)?.insert(member);
            }
            Message::Remove(group, member) => {
                self.roster(group, account)?.remove(&member);
            }
            Message::Post(group, content) => {
                let recipients: Vec<u16> = self.roster(group, account)?.iter().copied().collect();
                let acted_upon = self.matches(&content, turn) && self.casework.count(account);
                let blocked = acted_upon && self.policy.delivery == DeliveryRule::Blocking;
                let recipients = if blocked { Vec::new() } else { recipients };
                for recipient in recipients.into_iter().filter(|user| *user != account) {
                    turn.send(PartyId::device(recipient), &Message::Deliver(group, account, content.clone()));
                }
                if acted_upon {
                    self.casework.open(account, content, turn);
                }
            }
            other @ (Message::Deliver(..) | Message::Paper(_) | Message::List(_)) => {
                let detail = "the provider takes requests".into();
                return Err(Reason::Unexpected { message: other.name(), detail });
            }
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let roster = |roster: &BTreeSet<u16>| roster.iter().flat_map(|user| user.to_be_bytes()).collect();
        let groups = self.groups.iter().map(|(group, members)| (format!("group/{group:020}"), roster(members)));
        Memory::new(groups).with("casework", self.casework.memory())
    }
}
