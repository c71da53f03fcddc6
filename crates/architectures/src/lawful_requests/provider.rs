use super::Message;
use crate::courier::PostOffice;
use crate::courts::Access;
use sightline_protocol::{Machine, Memory, PartyId, Reason, Turn};

/// A provider that stores and forwards, and gives out what a warrant asks for.
pub(super) struct Provider {
    post: PostOffice,
    access: Access,
}

impl Provider {
    pub(super) fn new(access: Access) -> Self {
        Self { post: PostOffice::default(), access }
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Request(request) => {
                self.post.serve(from, request, turn)?;
                self.access.note(self.post.sent(), turn);
                Ok(())
            }
            Message::Proceeding(proceeding) => self.access.receive(from, proceeding, turn).map(drop),
            Message::Delivery(_) => Err(Reason::Unexpected {
                message: "delivery",
                detail: "the provider takes requests and papers of a court".into(),
            }),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        self.access.wake(turn);
        Ok(())
    }

    fn memory(&self) -> Memory {
        self.post.memory().with("access", self.access.memory())
    }
}
