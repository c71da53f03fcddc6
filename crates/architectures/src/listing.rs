//! The list authority: signs what is to be matched with.

use sightline_crypto::Seed;
use sightline_lists::{Authority, AuthorityKey, HashList, SignedStatement, Statement};
use sightline_protocol::{Machine, Memory, PartyId, Reason, Setup, Turn, Wire};
use std::marker::PhantomData;

/// The list's name.
const NAME: &str = "list of this run";
/// When it was issued: 2026-01-01, in seconds since 1970.
pub(crate) const ISSUED: u64 = 1_767_225_600;

/// The authority of a deployment with this seed.
pub(crate) fn authority(seed: &Seed) -> Authority {
    Authority::new(seed.derive("list authority", 0).as_bytes())
}

/// What there is to say about a list.
pub(crate) fn statement(list: &HashList, previous: Option<&HashList>) -> Statement {
    Statement::about(NAME, list, previous, ISSUED)
}

/// Sends the signed statement to the provider when the run begins, and nothing more. The entries are handed over outside
/// of the run; the statement binds them.
pub(crate) struct ListAuthority<M> {
    signed: SignedStatement,
    message: PhantomData<fn(M)>,
}

impl<M> ListAuthority<M> {
    pub(crate) fn new(setup: &Setup, seed: &Seed) -> Self {
        Self { signed: authority(seed).sign(&statement(&setup.list, None)), message: PhantomData }
    }
}

impl<M: Wire + From<SignedStatement> + Send> Machine for ListAuthority<M> {
    type Message = M;

    fn start(&mut self, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        turn.send(PartyId::PROVIDER, &M::from(self.signed.clone()));
        Ok(())
    }

    fn receive(&mut self, _: PartyId, _: M, _: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        Err(Reason::Unexpected { message: "message", detail: "a list authority takes none".into() })
    }

    fn memory(&self) -> Memory {
        Memory::new([("signed".to_owned(), self.signed.as_bytes().to_vec())])
    }
}

/// What the provider does with it: checks that it comes from the list authority, and that its list is the one that was signed.
pub(crate) fn check(from: PartyId, signed: &SignedStatement, key: AuthorityKey, list: &HashList) -> Result<(), Reason> {
    if from != PartyId::LIST_AUTHORITY {
        let detail = format!("lists come from the list authority, not from {from}");
        return Err(Reason::Unexpected { message: "list", detail });
    }
    verify(signed, key, list)
}

/// Whether the authority signed this list.
pub(crate) fn verify(signed: &SignedStatement, key: AuthorityKey, list: &HashList) -> Result<(), Reason> {
    key.verify(signed)
        .and_then(|statement| statement.check(list))
        .map_err(|error| Reason::Rejected { message: "list", detail: error.to_string() })
}
