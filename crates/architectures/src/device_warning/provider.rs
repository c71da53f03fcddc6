use super::{Message, Strategy};
use crate::courier::PostOffice;
use crate::listing;
use sightline_lists::{Authority, AuthorityKey, SignedStatement};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Setup, Turn};

/// A provider that stores and forwards, and passes the list on.
pub(super) struct Provider {
    post: PostOffice,
    setup: Setup,
    authority: AuthorityKey,
    /// What it passes on instead of the authority's.
    own: Option<SignedStatement>,
}

impl Provider {
    pub(super) fn new(setup: &Setup, strategy: Strategy, authority: &Authority) -> Self {
        let own = || Authority::new(&[0x5a; 32]).sign(&listing::statement(&setup.list, None));
        Self {
            post: PostOffice::default(),
            setup: setup.clone(),
            authority: authority.key(),
            own: (strategy == Strategy::OwnList).then(own),
        }
    }
}

impl Machine for Provider {
    type Message = Message;

    fn receive(&mut self, from: PartyId, message: Message, turn: &mut Turn<'_, '_, Message>) -> Result<(), Reason> {
        match message {
            Message::Request(request) => self.post.serve(from, request, turn),
            Message::List(signed) => {
                listing::check(from, &signed, self.authority, &self.setup.list)?;
                let passed_on = Message::List(self.own.clone().unwrap_or(signed));
                for user in 0..self.setup.users {
                    turn.send(PartyId::device(user), &passed_on);
                }
                Ok(())
            }
            Message::Delivery(_) => {
                Err(Reason::Unexpected { message: "delivery", detail: "the provider takes requests and lists".into() })
            }
        }
    }

    fn memory(&self) -> Memory {
        self.post.memory()
    }
}
