use super::{Hashing, Message, Strategy};
use crate::courier::PostOffice;
use crate::listing;
use crate::reporting::Casework;
use sightline_fingerprint::{Intermediate, Pdq};
use sightline_lists::AuthorityKey;
use sightline_protocol::{Machine, Memory, PartyId, Reason, Role, Setup, Span, Time, Turn, Work};
use std::collections::{BTreeSet, VecDeque};

/// How long the strategy [`Strategy::LaterList`] waits for the later list.
const LATER: Span = Span::seconds(60);
const DAY: u64 = 86_400;

/// Finishes and matches the hashes it is given, asks for what matches and passes it on.
pub(super) struct Provider {
    post: PostOffice,
    setup: Setup,
    system: Hashing,
    casework: Casework,
    authority: AuthorityKey,
    /// Matches whose content has not come yet: device and number of the check.
    asked: BTreeSet<(u16, u64)>,
    /// What was checked, for as long as the policy says: when, by which device, number and bytes.
    log: VecDeque<(Time, u16, u64, Vec<u8>)>,
    /// Checks that a deviating provider has not answered.
    unanswered: Vec<(PartyId, u64, Option<Pdq>)>,
}

impl Provider {
    pub(super) fn new(setup: &Setup, system: Hashing, authority: AuthorityKey) -> Self {
        Self {
            post: PostOffice::default(),
            setup: setup.clone(),
            system,
            casework: Casework::new(setup, &system.policy),
            authority,
            asked: BTreeSet::new(),
            log: VecDeque::new(),
            unanswered: Vec::new(),
        }
    }

    /// Whether the provider says that this matches.
    fn claims(&self, from: PartyId, pdq: Option<Pdq>) -> bool {
        let listed = pdq.is_some_and(|pdq| self.setup.matches(&pdq));
        let target = pdq.is_some_and(|pdq| self.setup.matches_target(&pdq));
        match self.system.strategy {
            Strategy::Honest => listed,
            Strategy::EveryMatch => true,
            Strategy::OneUser => from.index() == 0,
            Strategy::OnePicture | Strategy::LaterList => listed || target,
            Strategy::SplitView => listed || target && from.index() == 0,
        }
    }

    fn answer(&mut self, from: PartyId, number: u64, pdq: Option<Pdq>, turn: &mut Turn<'_, '_, Message>) {
        let account = from.index();
        let honest = self.system.strategy == Strategy::Honest;
        let acted_upon = self.claims(from, pdq) && (self.casework.count(account) || !honest);
        if acted_upon {
            self.asked.insert((account, number));
        }
        turn.send(from, &Message::Verdict(number, acted_upon));
    }

    fn log(&mut self, now: Time, device: u16, number: u64, given: Vec<u8>) {
        if self.system.policy.log_days > 0 {
            let kept = Span::seconds(u64::from(self.system.policy.log_days) * DAY);
            while self.log.front().is_some_and(|(at, ..)| *at + kept <= now) {
                self.log.pop_front();
            }
            self.log.push_back((now, device, number, given));
        }
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match (message, from.role()) {
            (Message::Request(request), Role::Device) => self.post.serve(from, request, turn)?,
            (Message::Check(number, given), Role::Device) => {
                turn.spend(Work::Bytes(given.len()));
                turn.spend(Work::Compare(self.setup.list.len()));
                let pdq = Intermediate::from_bytes(self.system.cut, &given)
                    .map_err(|error| Reason::Rejected { message: "check", detail: error.to_string() })?
                    .finish();
                self.log(turn.now(), from.index(), number, given);
                if self.system.strategy == Strategy::LaterList {
                    if self.unanswered.is_empty() {
                        turn.wake_at(Some(turn.now() + LATER));
                    }
                    self.unanswered.push((from, number, pdq));
                } else {
                    self.answer(from, number, pdq, turn);
                }
            }
            (Message::Disclosure(number, content), Role::Device) => {
                let account = from.index();
                if !self.asked.remove(&(account, number)) {
                    let detail = format!("check {number} of {from} was not said to match");
                    return Err(Reason::Rejected { message: "disclosure", detail });
                }
                self.casework.open(account, content, turn);
            }
            (Message::List(signed), _) => listing::check(from, &signed, self.authority, &self.setup.list)?,
            (Message::Paper(paper), Role::Reviewer) => self.casework.receive(from, &paper, turn)?,
            (other, _) => {
                let detail = "the provider takes requests, checks and disclosures of devices, and decisions of the \
                              reviewer";
                return Err(Reason::Unexpected { message: other.name(), detail: detail.into() });
            }
        }
        Ok(())
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        for (from, number, pdq) in std::mem::take(&mut self.unanswered) {
            self.answer(from, number, pdq, turn);
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let asked = self.asked.iter().map(|(device, number)| (format!("asked/{device:05}/{number:020}"), Vec::new()));
        let log =
            self.log.iter().map(|(_, device, number, given)| (format!("log/{device:05}/{number:020}"), given.clone()));
        let unanswered = self.unanswered.iter().filter_map(|(device, number, pdq)| {
            Some((format!("unanswered/{device}/{number:020}"), pdq.as_ref()?.hash.as_bytes().to_vec()))
        });
        let list = [("list".to_owned(), self.setup.list.digest().to_vec())];
        Memory::new(asked.chain(log).chain(unanswered).chain(list))
            .with("casework", self.casework.memory())
            .with("messenger", self.post.memory())
    }
}
