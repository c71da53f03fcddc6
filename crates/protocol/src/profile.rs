/// What an architecture is, for people: shown by `explain` and in the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its id (ARCHITECTURES.md).
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The row of the Commission's 2020 paper, as secondary sources report it.
    pub row: &'static str,
    /// Where the flow comes from.
    pub source: &'static str,
    /// One paragraph.
    pub summary: &'static str,
    /// Its parties.
    pub parties: Vec<PartyProfile>,
    /// Who sends what to whom when one content is sent.
    pub flow: Vec<Step>,
    /// How content is compared with the list.
    pub match_relation: MatchRelation,
    /// How content gets out.
    pub disclosure: Disclosure,
    /// Who decides what.
    pub decisions: Vec<Decision>,
    /// Settings that the paper leaves open, with the value taken.
    pub parameters: Vec<Parameter>,
    /// What it does not give, and what is idealised.
    pub limits: Vec<&'static str>,
    /// Where it departs from its source, and what the source leaves open.
    pub deviations: Vec<&'static str>,
}

/// A kind of party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyProfile {
    /// Its id in evidence, or the stem of it (`device`).
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// Whether it is an outsider for every message.
    pub outsider: bool,
}

/// One step of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Sender.
    pub from: &'static str,
    /// Receiver.
    pub to: &'static str,
    /// What travels.
    pub label: &'static str,
    /// When; empty for always.
    pub condition: &'static str,
    /// Whether the receiver is unable to read it.
    pub sealed: bool,
}

/// Something that has to be decided, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub what: &'static str,
    /// By whom, and what binds them.
    pub who: &'static str,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The value taken.
    pub value: String,
    /// What it means and why this value.
    pub meaning: &'static str,
}

/// How content is compared with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MatchRelation {
    /// Not at all.
    None,
    /// Within a Hamming distance.
    Radius,
}

/// How content gets to an outsider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disclosure {
    /// Not at all.
    None,
    /// The provider holds it anyway.
    Held,
    /// The device is asked for it after a claimed match.
    OnDemand,
    /// A recipient hands it over.
    OnCommand,
    /// A court orders it.
    Warrant,
}

impl std::fmt::Display for MatchRelation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Radius => "radius",
        })
    }
}

impl std::fmt::Display for Disclosure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Held => "held",
            Self::OnDemand => "on-demand",
            Self::OnCommand => "user's command",
            Self::Warrant => "warrant",
        })
    }
}
