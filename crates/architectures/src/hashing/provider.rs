use super::{Hashing, Message, Strategy};
use crate::courier::PostOffice;
use crate::reporting::Report;
use sightline_fingerprint::Intermediate;
use sightline_protocol::{Machine, Memory, PartyId, Reason, Role, Setup, Turn, Work};
use std::collections::BTreeSet;

/// Finishes and matches the hashes it is given, asks for what matches and passes it on.
pub(super) struct Provider {
    post: PostOffice,
    setup: Setup,
    system: Hashing,
    /// Matches whose content has not come yet: device and number of the check.
    asked: BTreeSet<(u16, u64)>,
    reports: u64,
}

impl Provider {
    pub(super) fn new(setup: &Setup, system: Hashing) -> Self {
        Self { post: PostOffice::default(), setup: setup.clone(), system, asked: BTreeSet::new(), reports: 0 }
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        if from.role() != Role::Device {
            return Err(Reason::Unexpected {
                message: message.name(),
                detail: "the provider hears from devices".into(),
            });
        }
        match message {
            Message::Request(request) => self.post.serve(from, request, turn)?,
            Message::Check(number, given) => {
                turn.spend(Work::Bytes(given.len()));
                turn.spend(Work::Compare(self.setup.list.len()));
                let given = Intermediate::from_bytes(self.system.cut, &given)
                    .map_err(|error| Reason::Rejected { message: "check", detail: error.to_string() })?;
                let matched = match self.system.strategy {
                    Strategy::Honest => given.finish().is_some_and(|pdq| self.setup.matches(&pdq)),
                    Strategy::EveryMatch => true,
                    Strategy::OneUser => from.index() == 0,
                };
                if matched {
                    self.asked.insert((from.index(), number));
                }
                turn.send(from, &Message::Verdict(number, matched));
            }
            Message::Disclosure(number, content) => {
                let account = from.index();
                if !self.asked.remove(&(account, number)) {
                    let detail = format!("check {number} of {from} was not said to match");
                    return Err(Reason::Rejected { message: "disclosure", detail });
                }
                self.reports += 1;
                turn.send(PartyId::REVIEWER, &Message::Report(Report { number: self.reports, account, content }));
            }
            other @ (Message::Delivery(_) | Message::Verdict(..) | Message::Report(_)) => {
                let detail = "the provider takes requests, checks and disclosures".into();
                return Err(Reason::Unexpected { message: other.name(), detail });
            }
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let asked = self.asked.iter().map(|(device, number)| (format!("asked/{device:05}/{number:020}"), Vec::new()));
        let list = [("list".to_owned(), self.setup.list.digest().to_vec())];
        let reports = [("reports".to_owned(), self.reports.to_be_bytes().to_vec())];
        Memory::new(asked.chain(list).chain(reports)).with("messenger", self.post.memory())
    }
}
