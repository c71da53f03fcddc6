//! Ways of not playing along, in words.

/// What a provider or a client of this name does instead of following the protocol, in words that end a list; nothing for a name
/// that no system has. Names are those of `Architecture::strategies` and `Architecture::clients`.
pub fn conduct(name: &str) -> Option<&'static str> {
    Some(match name {
        "claim-every-match" => "the claim that every picture matches",
        "claim-one-picture" => "the claim that one picture matches",
        "claim-one-user" => "the claim that every picture of one user matches",
        "later-list" => "comparing again with a later list",
        "split-view" => "another list for one user",
        "own-list" => "a list of the provider's own",
        "stolen-key" => "a stolen key that vouches for enclaves",
        "modified-enclave" => "an enclave with other code",
        "debug-enclave" => "an enclave open for debugging",
        "without-warrant" => "access without a warrant",
        "omit-check" => "nothing given to be checked",
        "check-another" => "another picture given to be checked",
        "commit-to-nothing" => "messages committed to nothing",
        "forge-report" => "a forged report",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::{NAMES, VARIANTS, by_name, conduct};
    use sightline_protocol::Policy;

    #[test]
    fn every_conduct_of_every_system_has_words() {
        for name in NAMES.iter().chain(&VARIANTS) {
            let system = by_name(name, &Policy::default()).expect("it is there");
            let (lies, clients) = (system.strategies(), system.clients());
            for (variant, _) in lies.iter().chain(&clients) {
                assert!(conduct(variant).is_some(), "{name}: {variant}");
            }
        }
    }
}
