//! How the number of each question is counted, and what it does not say, in words for the report.

use crate::scenario::{
    ANY_CONTENT, BENEFIT, BROKEN_ENCLAVE, COST, ENDPOINTS_ONLY, FRAME, HASH_ACCURACY, HASH_IDENTIFIES, LAWFUL_ACCESS,
    MANDATE, ONE_HOLE, OVERSIGHT, PLANTED_LIST, ROGUE_PROVIDER, STILL_E2EE, UNCOOPERATIVE_CLIENT,
};

/// How it is counted, and its limits; both empty for an unknown question.
pub(crate) fn of(question: &str) -> [&'static str; 2] {
    match question {
        ENDPOINTS_ONLY => [
            "A party counts if what it learns by declaration does not follow from what plain encryption tells anybody, or if an \
             attack wins a game about content; one that is undecided counts in the high end alone.",
            "That no attack won is no proof. A share of parties weighs each alike, whatever it learns.",
        ],
        HASH_IDENTIFIES => [
            "Min-entropy leakage of the best tested attack among the most candidates that were run. The low end holds together with \
             all other bounds of the run.",
            "The outsider knows the candidates beforehand. A better attack may exist, so that the high end is all there is to know.",
        ],
        PLANTED_LIST => [
            "Somebody is found if a view shows an account together with a hash within the radius of the planted one, or with its \
             content. Exact 95 % interval over people who send different pictures.",
            "The reviewer confirms whatever is listed. With nobody found, few people exclude only large shares.",
        ],
        ROGUE_PROVIDER => [
            "Contents that any outsider can open under each strategy, less what the same outsider opens in the honest run; the \
             strategy that gains most speaks. A count over one conversation, without an interval.",
            "Only strategies that were thought of. What a strategy would cost the provider, or whether it would be noticed by \
             people, is not measured.",
        ],
        BROKEN_ENCLAVE => [
            "Everything counts that keys in the memory open, read once, or that is seen, held and drawn from the moment of the \
             break on. A count over one conversation, without an interval.",
            "The enclave is software under a root of its own, no hardware. How hard it is to break one is not measured, only what \
             follows.",
        ],
        MANDATE => [
            "Found is counted as with planted entries, for each form in which a page is sent; the form that is found most speaks. \
             What is installed on devices is compared before and after the order: where it has to change, nobody is found before.",
            "Pages are generated and photographs simulated. Whether an order is lawful is not asked.",
        ],
        ONE_HOLE => [
            "The greatest share that one party opens, broken into while it keeps to the protocol, or under one lie of the provider, \
             less what the same party opens with plain encryption. Lines, messages, trusted keys and logs are counted from the code.",
            "The code is this laboratory's, not a messenger's: the counts say where interfaces are added, not how many faults they \
             have.",
        ],
        ANY_CONTENT => [
            "Listed pictures that reach the report authority, or of which the sender is warned, by kind; the most detected kind less \
             the least. Six intervals of 95 %, not corrected for their number.",
            "Kinds are generated pictures at equal quality. Nothing follows for the recall on real material.",
        ],
        UNCOOPERATIVE_CLIENT => [
            "Detection with each conduct against that of a client that plays along, on the same pictures; the conduct that loses most \
             speaks.",
            "It says what each conduct costs, not how many people would choose it.",
        ],
        FRAME => [
            "A run counts if the authority's view ties the innocent's account to what it was framed with. Exact 95 % interval over \
             runs, which are few.",
            "The reviewer is idealised: it sees through a near match, and believes an entry that has a picture.",
        ],
        BENEFIT => [
            "A listed picture counts when an authority's view shows it or its hash with an account. Exact 95 % interval over \
             different pictures.",
            "Pictures are sent unchanged: how many survive handling is a question of its own. How many recipients report is assumed; \
             who avoids detection is left out; recall on real material is not measured.",
        ],
        LAWFUL_ACCESS => [
            "Of the people of one run those count of whom law enforcement's view shows anything; defective warrants and dishonest \
             keepers of the log are served to the same code.",
            "Judges are idealised: they sign whatever keeps the rules. Whether a finding is right is not measured.",
        ],
        STILL_E2EE => [
            "As for the benefit, with every recipient reporting, in systems that no outsider was shown to break. What sizes alone \
             detect is said beside it, and is no part of the number.",
            "Undecided systems are included. How many recipients would report is assumed.",
        ],
        OVERSIGHT => [
            "A planted entry counts if what the auditor has differs with and without it, and tells that it is there.",
            "No system here has certifiers. Where nothing can be noticed the list is hidden well, and the reverse.",
        ],
        COST => [
            "Encoded bytes over all links, against those of plain encryption in the same run. The number is an ordinary picture's; a \
             listed one and other costs stand beside it.",
            "Without the secure channel around every link. Times depend on the machine.",
        ],
        HASH_ACCURACY => [
            "A changed picture counts if its hash is within the radius of its original's; a kind of handling is withstood at a \
             strength if at least 90 % certainly are: the interval decides. Exact 95 % interval over pictures of the run, near-duplicates left out.",
            "All handling together weighs each way alike, which no traffic does. The fingerprint is asked, not each system.",
        ],
        _ => [""; 2],
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_question_says_how_it_is_counted_and_what_it_does_not_say() {
        for question in crate::QUESTIONS {
            assert!(super::of(question).iter().all(|words| words.ends_with('.')), "{question}");
        }
        assert_eq!(super::of("no-question"), [""; 2]);
    }
}
