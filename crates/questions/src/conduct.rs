//! Ways of not playing along, in words: lies of the provider, conducts of clients, attempts at framing somebody.

/// What a variant is, in words that end a list; an unknown one as it is called.
pub(crate) fn in_words(variant: &str) -> &str {
    match variant {
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
        "send-as-document" => "pictures sent as documents",
        "encrypt-first" => "pictures encrypted beforehand",
        "omit-check" => "nothing given to be checked",
        "check-another" => "another picture given to be checked",
        "commit-to-nothing" => "messages committed to nothing",
        "near-entry" => "an entry near an innocent picture",
        "planted-entry" => "an entry for an innocent picture",
        "send-listed" => "a listed picture sent to the innocent",
        "forge-report" => "a forged report",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use sightline_architectures::{NAMES, VARIANTS, by_name};
    use sightline_protocol::Policy;

    #[test]
    fn every_conduct_of_every_system_has_words() {
        for name in NAMES.iter().chain(&VARIANTS) {
            let system = by_name(name, &Policy::default()).unwrap();
            let (lies, clients) = (system.strategies(), system.clients());
            for (variant, _) in lies.iter().chain(&clients) {
                assert_ne!(super::in_words(variant), *variant, "{name}");
            }
        }
    }
}
