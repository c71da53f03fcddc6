//! What a person chooses on the page.

use serde::{Deserialize, Serialize};
use sightline_architectures::{NAMES, VARIANTS, by_name, conduct};
use sightline_fingerprint::{DEFAULT_RADIUS, PdqHash};
use sightline_lists::Radius;
use sightline_protocol::{Architecture, Disclosure, MatchRelation, Policy};

/// The setting of one run. What is left out keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choice {
    /// The system, by its name.
    pub system: String,
    /// What its provider does instead of following the protocol, by name; nothing if it is honest.
    pub strategy: Option<String>,
    /// What the list holds of the picture.
    pub listing: Listing,
    /// Bits in which the list's entry differs from the picture's hash, 0 to 127.
    pub distance: u8,
    /// Distance within which a hash matches, 0 to 127 bits.
    pub radius: u8,
    /// Matches of one account from which on one is acted upon, 1 to 5.
    pub threshold: u8,
    /// How often the picture is sent, 1 to 5.
    pub times: u8,
    /// Whether the recipient reports it, where a system knows reports.
    pub report: bool,
    /// Whether a court orders access to what the sender does, where a system knows courts.
    pub order: bool,
    /// Whether another picture is sent before it and one after it, and shown what opens when a party is broken into.
    pub broken: bool,
}

/// What the list holds of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// Nothing.
    Ordinary,
    /// An entry made of a picture, which a reviewer recognises.
    Listed,
    /// An entry behind which there is no listed picture: a reviewer does not recognise it.
    Planted,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            system: "e2ee".into(),
            strategy: None,
            listing: Listing::Listed,
            distance: 0,
            radius: u8::try_from(DEFAULT_RADIUS).unwrap_or(31),
            threshold: 1,
            times: 1,
            report: true,
            order: true,
            broken: false,
        }
    }
}

/// A choice that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No such system.
    #[error("there is no system `{0}`; `sightline architectures` lists them")]
    System(String),
    /// No such strategy.
    #[error("the provider of `{system}` has no strategy `{strategy}`; it has: {known}")]
    Strategy {
        /// The system.
        system: String,
        /// What was asked for.
        strategy: String,
        /// Those that it has.
        known: String,
    },
    /// A number outside of its range.
    #[error("`{key}` must be between {least} and {most}, not {found}")]
    Range {
        /// Which number.
        key: &'static str,
        /// Least and most that it may be.
        least: u8,
        /// Most.
        most: u8,
        /// What was given.
        found: u8,
    },
}

impl Choice {
    /// The system, honest or not.
    ///
    /// # Errors
    /// [`ChoiceError`] for the first name or number that cannot be used.
    pub fn system(&self) -> Result<Box<dyn Architecture>, ChoiceError> {
        let ranges = [
            ("distance", 0, 127, self.distance),
            ("radius", 0, 127, self.radius),
            ("threshold", 1, 5, self.threshold),
            ("times", 1, 5, self.times),
        ];
        for (key, least, most, found) in ranges {
            if !(least..=most).contains(&found) {
                return Err(ChoiceError::Range { key, least, most, found });
            }
        }
        let honest = systems().find(|name| *name == self.system).and_then(|name| by_name(name, &self.policy()));
        let honest = honest.ok_or_else(|| ChoiceError::System(self.system.clone()))?;
        let Some(strategy) = &self.strategy else { return Ok(honest) };
        let strategies = honest.strategies();
        let known = || strategies.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let unknown = ChoiceError::Strategy { system: self.system.clone(), strategy: strategy.clone(), known: known() };
        strategies.into_iter().find(|(name, _)| name == strategy).map(|(_, system)| system).ok_or(unknown)
    }

    pub(crate) fn radius(&self) -> Radius {
        Radius::new(u32::from(self.radius)).unwrap_or_default()
    }

    /// The hash at the chosen distance from this one.
    pub(crate) fn entry(&self, hash: PdqHash) -> PdqHash {
        // 37 and 256 have no common divisor, so that no bit is flipped twice.
        hash.with_flipped((0..self.distance).map(|bit| bit.wrapping_mul(37)))
    }

    fn policy(&self) -> Policy {
        Policy { threshold: u32::from(self.threshold), ..Policy::default() }
    }
}

fn systems() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(VARIANTS)
}

/// A system as the page offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Its name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// One paragraph.
    pub summary: &'static str,
    /// What its provider can do instead of following the protocol.
    pub strategies: Vec<Strategy>,
    /// Whether it compares contents with a list.
    pub matches: bool,
    /// Whether recipients can report.
    pub reports: bool,
    /// Whether courts order access.
    pub orders: bool,
    /// What it does not give, and what is idealised.
    pub limits: Vec<&'static str>,
}

/// What a provider can do instead of following the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strategy {
    /// Its name.
    pub name: &'static str,
    /// What it is, in words.
    pub words: &'static str,
}

impl Strategy {
    fn of(name: &'static str) -> Self {
        Self { name, words: conduct(name).unwrap_or(name) }
    }
}

/// All systems that can be chosen.
pub fn offers() -> Vec<Offer> {
    let offer = |name| {
        let architecture = by_name(name, &Policy::default())?;
        let profile = architecture.profile();
        Some(Offer {
            name,
            title: profile.title,
            summary: profile.summary,
            strategies: architecture.strategies().into_iter().map(|(name, _)| Strategy::of(name)).collect(),
            matches: profile.match_relation != MatchRelation::None,
            reports: profile.disclosure == Disclosure::OnCommand,
            orders: profile.disclosure == Disclosure::Warrant,
            limits: profile.limits,
        })
    };
    systems().filter_map(offer).collect()
}
