use super::{Hears, Proceeding};
use sightline_accountability::warrant::{Judge, Warrant};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Turn, Work};
use std::marker::PhantomData;

/// A judge, who reads what is applied for and signs what keeps the rules.
pub(super) struct Bench<M> {
    judge: Judge,
    application: Option<Warrant>,
    message: PhantomData<fn(M)>,
}

impl<M> Bench<M> {
    pub(super) const fn new(judge: Judge) -> Self {
        Self { judge, application: None, message: PhantomData }
    }
}

impl<M: Hears> Machine for Bench<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let proceeding = message.expect_proceeding()?;
        match proceeding {
            Proceeding::Application(warrant) if from == PartyId::LAW_ENFORCEMENT => {
                turn.spend(Work::Signature);
                let commitment = self.judge.commit(turn.secret());
                self.application = Some(warrant);
                turn.send(from, &Proceeding::Commitment(commitment).into());
                Ok(())
            }
            Proceeding::Package(package) if from == PartyId::LAW_ENFORCEMENT => {
                turn.spend(Work::Signature);
                let rejected = |detail: String| Reason::Rejected { message: "signing package", detail };
                let nothing = || rejected("there is no application that it could be about".into());
                let warrant = self.application.as_ref().ok_or_else(nothing)?;
                let share = self.judge.sign(warrant, &package).map_err(|error| rejected(error.to_string()))?;
                turn.send(from, &Proceeding::Share(share).into());
                Ok(())
            }
            other => Err(other.unexpected(from)),
        }
    }

    fn memory(&self) -> Memory {
        let application = self.application.iter().map(|warrant| ("application".to_owned(), warrant.encode()));
        let secrets = [("key".to_owned(), self.judge.secret()), ("nonces".to_owned(), self.judge.nonces())];
        Memory::new(application.chain(secrets))
    }
}
