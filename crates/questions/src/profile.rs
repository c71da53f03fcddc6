use sightline_architectures::{NAMES, VARIANTS, conduct};
use sightline_evidence as evidence;
use sightline_protocol::{Architecture, words};
use std::collections::BTreeMap;

/// The row of systems that are not in the paper: their sources could be read.
const BEYOND: &str = "beyond the paper";

/// The profile of an architecture as the run folder keeps it, with its declared leakage in words.
pub fn profile(architecture: &dyn Architecture) -> evidence::Profile {
    let profile = architecture.profile();
    let leakage: BTreeMap<String, Vec<String>> = architecture
        .observers()
        .into_iter()
        .map(|party| (party.to_string(), words(&architecture.declared(party.role()))))
        .collect();
    let step = |step: &sightline_protocol::Step| evidence::FlowStep {
        from: step.from.into(),
        to: step.to.into(),
        label: step.label.into(),
        condition: (!step.condition.is_empty()).then(|| step.condition.into()),
        sealed: step.sealed,
    };
    let parameter = |parameter: &sightline_protocol::Parameter| evidence::ProfileParameter {
        name: parameter.name.into(),
        value: parameter.value.clone(),
        unit: String::new(),
        meaning: parameter.meaning.into(),
    };
    let decision = |decision: &sightline_protocol::Decision| evidence::ProfileDecision {
        what: decision.what.into(),
        who: decision.who.into(),
    };
    let party = |party: &sightline_protocol::PartyProfile| evidence::ProfileParty {
        id: party.name.into(),
        title: party.title.into(),
        outsider: party.outsider,
    };
    evidence::Profile {
        name: profile.name.into(),
        title: profile.title.into(),
        row: profile.row.into(),
        source: profile.source.into(),
        to_be_checked_against_primary: profile.row != BEYOND
            && (NAMES.contains(&profile.name) || VARIANTS.contains(&profile.name)),
        parties: profile.parties.iter().map(party).collect(),
        flow: profile.flow.iter().map(step).collect(),
        match_relation: profile.match_relation.to_string(),
        disclosure: profile.disclosure.to_string(),
        decisions: profile.decisions.iter().map(decision).collect(),
        parameters: profile.parameters.iter().map(parameter).collect(),
        leakage,
        strategies: architecture
            .strategies()
            .into_iter()
            .map(|(name, _)| (name.to_owned(), conduct(name).unwrap_or(name).to_owned()))
            .collect(),
        limits: profile.limits.iter().map(|limit| (*limit).into()).collect(),
        deviations: profile.deviations.iter().map(|deviation| (*deviation).into()).collect(),
    }
}
