use super::{ADDRESSEE, APPLICANT, DAY, Hears, JUDGES, NOTICE, Proceeding, Traffic, unix};
use sightline_accountability::warrant::{
    Clerk, Condition, CourtError, CourtKey, Data, Finding, Rules, VERSION, Warrant,
};
use sightline_protocol::{Machine, Memory, Order, PartyId, Reason, Setup, Time, Turn, Wire, Work};
use std::marker::PhantomData;

/// Law enforcement: applies to the judges for what the run's order says, serves the warrant, and keeps the answers.
pub(crate) struct Police<M> {
    order: Option<Order>,
    /// Kinds of data to ask for.
    data: Vec<Data>,
    /// Whether providers keep anything from before a warrant.
    kept: bool,
    court: CourtKey,
    application: Option<Warrant>,
    clerk: Option<Clerk>,
    /// Whether the warrant was served.
    served: bool,
    answers: Vec<(u64, Vec<Traffic>)>,
    message: PhantomData<fn(M)>,
}

impl<M> Police<M> {
    pub(super) fn new(setup: &Setup, rules: &Rules, court: CourtKey) -> Self {
        Self {
            order: setup.order.clone().filter(|order| order.accounts.iter().any(|account| *account < setup.users)),
            data: rules.data.iter().copied().collect(),
            kept: rules.furthest_back > 0,
            court,
            application: None,
            clerk: None,
            served: false,
            answers: Vec::new(),
            message: PhantomData,
        }
    }

    /// What it asks for.
    fn draft(&self, order: &Order, now: Time, salt: [u8; 32]) -> Warrant {
        let accounts: Vec<u64> = order.accounts.iter().copied().map(u64::from).collect();
        let finding = |condition: Condition| Finding {
            condition,
            grounds: format!("in this run it is given that access is {condition}"),
            accounts: if condition == Condition::Suspicion { accounts.clone() } else { Vec::new() },
        };
        // Nothing is to be had from before the decision, unless providers keep it.
        let from = if self.kept { order.from } else { order.from.max(now) };
        let until = unix(order.until);
        Warrant {
            version: VERSION,
            number: 1,
            applicant: APPLICANT.into(),
            addressee: ADDRESSEE.into(),
            findings: Condition::ALL.map(finding).into(),
            accounts,
            data: self.data.clone(),
            from: unix(from),
            until,
            issued: unix(now),
            expires: until + DAY,
            notify: until + NOTICE,
            salt,
        }
    }
}

impl<M: Hears> Machine for Police<M> {
    type Message = M;

    fn start(&mut self, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        turn.wake_at(self.order.as_ref().map(|order| order.applied));
        Ok(())
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let Some(order) = self.order.take() else { return Ok(()) };
        let warrant = self.draft(&order, turn.now(), turn.secret());
        for judge in 0..JUDGES {
            turn.send(PartyId::judge(judge), &Proceeding::Application(warrant.clone()).into());
        }
        self.clerk = Some(Clerk::new(self.court.clone(), warrant.clone()));
        self.application = Some(warrant);
        Ok(())
    }

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let proceeding = message.expect_proceeding()?;
        let name = proceeding.name();
        let rejected = |detail: String| Reason::Rejected { message: name, detail };
        let failed = |error: CourtError| rejected(error.to_string());
        let judge = from.index() + 1;
        let is_judge = from == PartyId::judge(from.index());
        match (proceeding, &mut self.clerk) {
            (Proceeding::Commitment(commitment), Some(clerk)) if is_judge => {
                turn.spend(Work::Signature);
                if let Some(package) = clerk.commitment(judge, &commitment).map_err(failed)? {
                    for judge in package.judges {
                        turn.send(PartyId::judge(judge - 1), &Proceeding::Package(package.bytes.clone()).into());
                    }
                }
                Ok(())
            }
            (Proceeding::Share(share), Some(clerk)) if is_judge && !self.served => {
                turn.spend(Work::Signature);
                clerk.share(judge, &share).map_err(failed)?;
                if let Ok(warrant) = clerk.warrant() {
                    self.served = true;
                    turn.send(PartyId::PROVIDER, &Proceeding::Warrant(warrant).into());
                }
                Ok(())
            }
            (Proceeding::Answer(number, records), Some(_)) if from == PartyId::PROVIDER => {
                if self.answers.iter().any(|(answered, _)| *answered == number) {
                    return Err(rejected(format!("warrant {number} was answered before")));
                }
                self.answers.push((number, records));
                Ok(())
            }
            (other, _) => Err(other.unexpected(from)),
        }
    }

    fn memory(&self) -> Memory {
        let answers = self.answers.iter().map(|(number, records)| (format!("answer/{number:020}"), records.to_wire()));
        let application = self.application.iter().map(|warrant| ("application".to_owned(), warrant.encode()));
        let served = ("served".to_owned(), vec![u8::from(self.served)]);
        Memory::new(answers.chain(application).chain([served]))
    }
}
