use super::{Message, Way};
use crate::courier::PostOffice;
use crate::courts::{Access, Change};
use sightline_accountability::warrant::Data;
use sightline_messenger::{EscrowedMessage, GroupId, MemberId};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Time, Turn, Wire};
use std::collections::BTreeSet;

/// A provider that stores and forwards, and gives law enforcement what a warrant asks for.
pub(super) struct Provider {
    post: PostOffice,
    access: Access,
    way: Way,
    guest: MemberId,
    /// Does not wait for a warrant.
    rogue: bool,
    /// Groups that a device was told to let law enforcement into.
    entered: BTreeSet<GroupId>,
    /// What the escrow's key opens: everything, for good.
    store: Vec<(Time, EscrowedMessage)>,
}

impl Provider {
    pub(super) fn new(access: Access, way: Way, guest: MemberId, rogue: bool) -> Self {
        let post = match way {
            Way::Escrow => PostOffice::escrowing(),
            Way::VisibleMember | Way::Ghost => PostOffice::with_guest(guest, PartyId::LAW_ENFORCEMENT),
        };
        Self { post, access, way, guest, rogue, entered: BTreeSet::new(), store: Vec::new() }
    }

    /// Has law enforcement let into the groups of accounts under a warrant, and out of all others.
    fn guests(&mut self, turn: &mut Turn<'_, '_, Message>) {
        if self.way == Way::Escrow {
            return;
        }
        let accounts = self.access.accounts();
        let wanted = |member: &&MemberId| **member != self.guest && (self.rogue || accounts.contains(&member.0));
        for (group, roster) in self.post.groups() {
            let target = roster.iter().find(wanted);
            match (target, self.entered.contains(&group)) {
                (Some(target), false) => {
                    self.entered.insert(group);
                    turn.send(PartyId::device(target.0), &Message::Guest(group.0, true));
                }
                (None, true) if roster.contains(&self.guest) => {
                    if let Some(member) = roster.iter().find(|member| **member != self.guest) {
                        turn.send(PartyId::device(member.0), &Message::Guest(group.0, false));
                    }
                    self.entered.remove(&group);
                }
                _ => {}
            }
        }
    }

    /// Keeps what the escrow's key opens, and passes on what a warrant asks for.
    fn escrow(&mut self, turn: &mut Turn<'_, '_, Message>) {
        for message in self.post.take_escrowed() {
            if self.rogue || self.access.covers(Data::Content, turn.now(), &message.sent) {
                turn.send(PartyId::LAW_ENFORCEMENT, &Message::Escrowed(message.clone()));
            }
            self.store.push((turn.now(), message));
        }
    }

    /// A warrant came into force, or is not in force any more.
    fn changed(&mut self, change: Change, turn: &mut Turn<'_, '_, Message>) {
        if change == Change::Began {
            let past = self
                .store
                .iter()
                .filter(|(at, message)| !self.rogue && self.access.covers(Data::Content, *at, &message.sent));
            for (_, message) in past {
                turn.send(PartyId::LAW_ENFORCEMENT, &Message::Escrowed(message.clone()));
            }
        }
        if change != Change::None {
            self.guests(turn);
        }
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Request(request) => {
                self.post.serve(from, request, turn)?;
                self.access.note(self.post.sent(), turn);
                self.escrow(turn);
                self.guests(turn);
                Ok(())
            }
            Message::Proceeding(proceeding) => {
                let change = self.access.receive(from, proceeding, turn)?;
                self.changed(change, turn);
                Ok(())
            }
            other => Err(Reason::Unexpected {
                message: other.name(),
                detail: "the provider takes requests and papers of a court".into(),
            }),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        let change = self.access.wake(turn);
        self.changed(change, turn);
        Ok(())
    }

    fn memory(&self) -> Memory {
        let store = self.store.iter().enumerate();
        let store = store.map(|(place, (_, message))| (format!("escrow/{place:010}"), message.to_wire()));
        let entered: Vec<u64> = self.entered.iter().map(|group| group.0).collect();
        let entered = ("entered".to_owned(), entered.to_wire());
        Memory::new(store.chain([entered])).with("messenger", self.post.memory()).with("access", self.access.memory())
    }
}
