//! Ways of not playing along, in words: those of the systems, and those that need no system's help.

use sightline_architectures::conduct;

/// What a variant is, in words that end a list; an unknown one as it is called.
pub(crate) fn in_words(variant: &str) -> &str {
    match variant {
        "send-as-document" => "pictures sent as documents",
        "encrypt-first" => "pictures encrypted beforehand",
        "near-entry" => "an entry near an innocent picture",
        "planted-entry" => "an entry for an innocent picture",
        "send-listed" => "a listed picture sent to the innocent",
        other => conduct(other).unwrap_or(other),
    }
}
