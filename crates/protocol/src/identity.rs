use sightline_crypto::Seed;
use std::fmt;

/// What a party is in a system (ARCHITECTURES.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A person; endpoints of a message are users.
    User,
    /// A user's device.
    Device,
    /// The electronic service provider.
    Provider,
    /// The enclave in the provider's machine.
    Enclave,
    /// Whoever holds the wires between machines.
    Network,
    /// Makes, signs and publishes the hash list.
    ListAuthority,
    /// Looks at reported content.
    Reviewer,
    /// Receives reviewed reports.
    ReportAuthority,
    /// Receives what the report authority passes on, and asks courts for warrants.
    LawEnforcement,
    /// Signs warrants, with others.
    Judge,
    /// Keeps the transparency log of warrants.
    Log,
    /// Watches the transparency log for everybody.
    Auditor,
}

impl Role {
    /// Its id in evidence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Device => "device",
            Self::Provider => "provider",
            Self::Enclave => "enclave",
            Self::Network => "network",
            Self::ListAuthority => "list-authority",
            Self::Reviewer => "reviewer",
            Self::ReportAuthority => "report-authority",
            Self::LawEnforcement => "law-enforcement",
            Self::Judge => "judge",
            Self::Log => "log",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One party of a deployment: a role, and a number where there are several of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId {
    role: Role,
    index: u16,
}

impl PartyId {
    /// The electronic service provider.
    pub const PROVIDER: Self = Self { role: Role::Provider, index: 0 };
    /// The enclave in the provider's machine.
    pub const ENCLAVE: Self = Self { role: Role::Enclave, index: 0 };
    /// Whoever makes the hash list.
    pub const LIST_AUTHORITY: Self = Self { role: Role::ListAuthority, index: 0 };
    /// Whoever holds the wires.
    pub const NETWORK: Self = Self { role: Role::Network, index: 0 };
    /// The reviewer.
    pub const REVIEWER: Self = Self { role: Role::Reviewer, index: 0 };
    /// The report authority.
    pub const REPORT_AUTHORITY: Self = Self { role: Role::ReportAuthority, index: 0 };
    /// Law enforcement.
    pub const LAW_ENFORCEMENT: Self = Self { role: Role::LawEnforcement, index: 0 };

    /// Keeper of the transparency log.
    pub const LOG: Self = Self { role: Role::Log, index: 0 };
    /// Who watches it.
    pub const AUDITOR: Self = Self { role: Role::Auditor, index: 0 };

    /// Judge number `index`.
    pub const fn judge(index: u16) -> Self {
        Self { role: Role::Judge, index }
    }

    /// User number `index`.
    pub const fn user(index: u16) -> Self {
        Self { role: Role::User, index }
    }

    /// The device of user number `index`.
    pub const fn device(index: u16) -> Self {
        Self { role: Role::Device, index }
    }

    /// What this party is.
    pub const fn role(self) -> Role {
        self.role
    }

    /// Whether the two share a machine, so that what they tell each other crosses no wire: a user and the device, the
    /// provider and the enclave that it hosts.
    pub fn shares_machine(self, other: Self) -> bool {
        let pair = (self.role.min(other.role), self.role.max(other.role));
        matches!(pair, (Role::User, Role::Device) | (Role::Provider, Role::Enclave))
    }

    /// The seed of its randomness in a run with this seed.
    pub(crate) fn seed(self, run: &Seed) -> Seed {
        run.derive(&format!("party {self}"), 0)
    }

    /// Its number among parties of its role.
    pub const fn index(self) -> u16 {
        self.index
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Role::User | Role::Device | Role::Judge => write!(formatter, "{}-{}", self.role.name(), self.index),
            _ => formatter.write_str(self.role.name()),
        }
    }
}
