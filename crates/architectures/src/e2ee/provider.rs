use super::Message;
use crate::courier::PostOffice;
use sightline_protocol::{Machine, Memory, PartyId, Reason, Turn};

/// A provider that stores and forwards.
#[derive(Default)]
pub(super) struct Provider {
    post: PostOffice,
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Request(request) => self.post.serve(from, request, turn),
            Message::Delivery(_) => {
                Err(Reason::Unexpected { message: "delivery", detail: "the provider takes requests".into() })
            }
        }
    }

    fn memory(&self) -> Memory {
        self.post.memory()
    }
}
