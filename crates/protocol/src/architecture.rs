use crate::{Clause, Content, Facts, History, Party, PartyId, Profile, Role, Time, View, WireError};
use sightline_crypto::{Ledger, Seed};
use sightline_fingerprint::{Intermediate, MINIMUM_QUALITY, Memo, Pdq, PdqHash};
use sightline_lists::{HashList, Provenance, Radius};
use sightline_messenger::Padding;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A detection architecture: a messenger with something beside it.
pub trait Architecture: Send + Sync {
    /// What it is, for people.
    fn profile(&self) -> Profile;

    /// Fresh parties. Everything random in them derives from `seed`.
    ///
    /// # Errors
    /// [`SetupError`] if the setup does not fit this architecture.
    fn deploy(&self, setup: &Setup, seed: &Seed) -> Result<Deployment, SetupError>;

    /// The parties that are endpoints of nobody's message, in the order in which the report shows them; the network
    /// comes with every architecture and is listed as well.
    fn outsiders(&self) -> Vec<PartyId>;

    /// One outsider of each role, in the same order: those of one role are alike, so that one is observed for all of them.
    fn observers(&self) -> Vec<PartyId> {
        let mut roles = BTreeSet::new();
        self.outsiders().into_iter().filter(|party| roles.insert(party.role())).collect()
    }

    /// What a curious party of this role learns by declaration (PRIVACY §2). A coalition's is the union, and what
    /// [`Architecture::pooled`] says.
    fn declared(&self, role: Role) -> BTreeSet<Clause>;

    /// What a coalition of these roles learns beyond the union of what each of them does: what one holds may open what
    /// another holds.
    fn pooled(&self, _: &BTreeSet<Role>) -> BTreeSet<Clause> {
        BTreeSet::new()
    }

    /// The roles that are meant to learn verdicts: the named receivers of ideal detection (PRIVACY §2).
    fn receivers(&self) -> BTreeSet<Role> {
        BTreeSet::new()
    }

    /// What outsiders can do instead of following the protocol, by name: the system with such an outsider in it.
    fn strategies(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        Vec::new()
    }

    /// The adversaries that know how this architecture works.
    fn adversaries(&self) -> Vec<Box<dyn Adversary>> {
        Vec::new()
    }

    /// What users' devices can do instead of following the protocol, by name: the system in which user 0 has such a device.
    fn clients(&self) -> Vec<(&'static str, Box<dyn Architecture>)> {
        Vec::new()
    }

    /// What a view shows whoever knows how this architecture works of contents, and of whose they are.
    fn sightings(&self, _: &View<'_>) -> Vec<Sighting> {
        Vec::new()
    }

    /// What lies between picture and hash, or the hash, that whoever knows how this architecture works takes out of a view:
    /// from it a picture can be rebuilt.
    fn intermediates(&self, _: &View<'_>) -> Vec<Intermediate> {
        Vec::new()
    }

    /// Whether a content that matches is kept from its recipients.
    fn blocks(&self) -> bool {
        false
    }

    /// The name of the message that `payload` encodes, and its canonical encoding.
    ///
    /// # Errors
    /// [`WireError`] if it is no message of this architecture.
    fn describe(&self, payload: &[u8]) -> Result<(&'static str, Vec<u8>), WireError>;
}

/// Something of a content that a view shows, and the account that it shows to have sent or received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// When it was seen.
    pub at: Time,
    /// The account.
    pub account: u16,
    /// What is seen of the content.
    pub shown: Shown,
}

/// What can be seen of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Its perceptual hash, finished if it came unfinished.
    Hash(Pdq),
    /// All of it.
    Content(Content),
    /// That there was one.
    Traffic,
}

/// The parties of one run, and where their cryptography is recorded.
pub struct Deployment {
    /// The parties; ids are distinct.
    pub parties: Vec<(PartyId, Box<dyn Party>)>,
    /// The record that all of them share.
    pub ledger: Ledger,
}

/// A deployment that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Too few or too many users.
    #[error("{architecture} runs with 2 to {most} users, not {users}")]
    Users {
        /// The architecture.
        architecture: &'static str,
        /// Users asked for.
        users: u16,
        /// Most users it runs with.
        most: u16,
    },
    /// A device could not be set up.
    #[error("{party} could not be set up: {detail}")]
    Party {
        /// Which party.
        party: PartyId,
        /// What failed.
        detail: String,
    },
}

/// What a deployment is made for: the same for every architecture that is compared.
#[derive(Clone)]
pub struct Setup {
    /// Number of users, each with one device.
    pub users: u16,
    /// Padding of attachments.
    pub padding: Padding,
    /// The hash list.
    pub list: Arc<HashList>,
    /// Distance within which a hash matches.
    pub radius: Radius,
    /// The lawful picture that a malicious party is after; honest parties never look.
    pub target: Option<PdqHash>,
    /// Remembers pictures already hashed; changes no result.
    pub memo: Arc<Memo>,
    /// What a court orders in this run, where a system knows courts.
    pub order: Option<Order>,
}

/// What law enforcement asks for, and courts order: access to what named accounts do within dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The accounts.
    pub accounts: BTreeSet<u16>,
    /// When law enforcement applies for it.
    pub applied: Time,
    /// From when on; what was before it was applied for can be had only from those who keep it.
    pub from: Time,
    /// Until when.
    pub until: Time,
}

impl Order {
    /// Whether it is about something at this time among these accounts.
    pub fn covers(&self, at: Time, mut accounts: impl Iterator<Item = u16>) -> bool {
        self.from <= at && at < self.until && accounts.any(|account| self.accounts.contains(&account))
    }
}

impl Setup {
    /// The picture's hash, or nothing if the bytes are not a picture that can be hashed.
    pub fn fingerprint(&self, bytes: &[u8]) -> Option<Pdq> {
        self.memo.look(bytes).marks.as_ref().ok().map(|marks| marks.pdq)
    }

    /// Whether the hash is of sufficient quality and within the radius of a list entry.
    pub fn matches(&self, pdq: &Pdq) -> bool {
        pdq.quality >= MINIMUM_QUALITY && self.list.nearest_within(&pdq.hash, self.radius).is_some()
    }

    /// Whether it would match if the list held the target.
    pub fn matches_target(&self, pdq: &Pdq) -> bool {
        let near = |target: PdqHash| target.distance(&pdq.hash) <= self.radius.bits();
        pdq.quality >= MINIMUM_QUALITY && self.target.is_some_and(near)
    }

    /// Whether a person who knows the pictures of the list would recognise this one. Idealised: such a person errs
    /// exactly where the hash does, and never takes a content for an entry that has no picture.
    pub fn recognises(&self, bytes: &[u8]) -> bool {
        self.fingerprint(bytes).is_some_and(|pdq| self.recognises_hash(&pdq))
    }

    /// The same of a picture with this hash.
    pub fn recognises_hash(&self, pdq: &Pdq) -> bool {
        let nearest = self.list.nearest_within(&pdq.hash, self.radius);
        nearest.is_some_and(|found| self.list.entries()[found.entry].provenance == Provenance::Picture)
    }
}

/// Someone who looks at a view and says which of two histories it belongs to.
pub trait Adversary: Send + Sync {
    /// Its name, as in the evidence's `method`.
    fn name(&self) -> &'static str;

    /// Above zero: the second history; below: the first; zero: no opinion.
    fn score(&self, view: &View<'_>, challenge: &Challenge<'_>) -> f32;
}

/// What an adversary knows beside the view: the public setting and the two histories.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    /// Setting, list included: whoever guesses is given what the provider may know.
    pub setup: &'a Setup,
    /// The two histories, one of which was run.
    pub histories: [&'a History; 2],
    /// What is true of the contents they send, in order.
    pub facts: [&'a [Facts]; 2],
}
