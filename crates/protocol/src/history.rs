use crate::{PartyId, Reason, Time};
use minicbor::{Decode, Encode};

pub use sightline_messenger::ContentKind;

/// Number of a group.
pub type GroupNumber = u64;

/// What a user sends.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Content {
    /// Its kind.
    #[n(0)]
    pub kind: ContentKind,
    /// Its bytes, as on the sender's disk.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// What a user tells a device to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    /// Found a group with these other users.
    #[n(0)]
    CreateGroup(#[n(0)] GroupNumber, #[n(1)] Vec<u16>),
    /// Add a user.
    #[n(1)]
    Add(#[n(0)] GroupNumber, #[n(1)] u16),
    /// Remove a user.
    #[n(2)]
    Remove(#[n(0)] GroupNumber, #[n(1)] u16),
    /// Refresh the device's keys in the group.
    #[n(3)]
    Update(#[n(0)] GroupNumber),
    /// Send a content to the group.
    #[n(4)]
    Send(#[n(0)] GroupNumber, #[n(1)] Content),
    /// Report a content that was received in the group.
    #[n(5)]
    Report(#[n(0)] GroupNumber, #[n(1)] Content),
}

impl Command {
    /// Its name in messages to people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CreateGroup(..) => "command create-group",
            Self::Add(..) => "command add",
            Self::Remove(..) => "command remove",
            Self::Update(..) => "command update",
            Self::Send(..) => "command send",
            Self::Report(..) => "command report",
        }
    }

    /// The refusal of a command that this messenger does not have.
    pub fn unsupported(&self) -> Reason {
        Reason::Unexpected { message: self.name(), detail: "this messenger does not have it".into() }
    }
}

/// What a device shows its user: a content that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Display {
    /// Where it arrived.
    #[n(0)]
    pub group: GroupNumber,
    /// Who sent it.
    #[n(1)]
    pub sender: u16,
    /// What arrived.
    #[n(2)]
    pub content: Content,
}

/// What a device tells its user beside contents.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Notice {
    /// A content that is about to be sent, or was received, matches the list.
    #[n(0)]
    Matches,
    /// Someone who is no user takes part in a group.
    #[n(1)]
    Stranger(#[n(0)] GroupNumber),
    /// The user's communications data were handed out under a warrant: its number, and how many records there were.
    #[n(2)]
    Accessed(#[n(0)] u64, #[n(1)] u64),
}

/// One command of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// When it is given.
    pub at: Time,
    /// The user who gives it.
    pub user: u16,
    /// The command.
    pub command: Command,
}

/// What the users of a run do: the secret that privacy is about (PRIVACY §1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History(Vec<Action>);

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// This history with one more command.
    #[must_use]
    pub fn then(mut self, at: Time, user: u16, command: Command) -> Self {
        self.0.push(Action { at, user, command });
        self
    }

    /// The commands, in the order in which they were added.
    pub fn actions(&self) -> &[Action] {
        &self.0
    }

    /// The contents that are sent: when, by whom, to which group.
    pub fn sends(&self) -> impl Iterator<Item = (&Action, GroupNumber, &Content)> {
        self.0.iter().filter_map(|action| match &action.command {
            Command::Send(group, content) => Some((action, *group, content)),
            _ => None,
        })
    }

    /// The contents that are reported: when, by whom, in which group.
    pub fn reports(&self) -> impl Iterator<Item = (&Action, GroupNumber, &Content)> {
        self.0.iter().filter_map(|action| match &action.command {
            Command::Report(group, content) => Some((action, *group, content)),
            _ => None,
        })
    }

    /// The users on a group's roster at `at`, as the commands up to then say.
    pub fn roster(&self, group: GroupNumber, at: Time) -> Vec<u16> {
        let mut roster = Vec::new();
        for action in self.0.iter().filter(|action| action.at <= at) {
            match &action.command {
                Command::CreateGroup(number, members) if *number == group => {
                    roster.push(action.user);
                    roster.extend(members);
                }
                Command::Add(number, user) if *number == group => roster.push(*user),
                Command::Remove(number, user) if *number == group => roster.retain(|member| member != user),
                _ => {}
            }
        }
        roster.sort_unstable();
        roster.dedup();
        roster
    }

    /// The users who are endpoints of some content of this history.
    pub fn endpoints(&self) -> Vec<PartyId> {
        let mut users: Vec<u16> = self.sends().flat_map(|(action, group, _)| self.roster(group, action.at)).collect();
        users.sort_unstable();
        users.dedup();
        users.into_iter().map(PartyId::user).collect()
    }
}
