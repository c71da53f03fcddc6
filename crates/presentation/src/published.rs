//! Figures of the literature that a question's numbers can be put beside, and in what they differ.

/// A published figure.
pub(crate) struct Published {
    question: &'static str,
    /// What was published, with its number.
    pub(crate) figure: &'static str,
    /// Who published it, where and when.
    pub(crate) source: &'static str,
    /// How it is known here, and whether anybody checked it.
    pub(crate) standing: &'static str,
    /// Why it is no measurement of the same thing.
    pub(crate) differs: &'static str,
}

/// Those that belong to a question.
pub(crate) fn of(question: &str) -> Vec<&'static Published> {
    PUBLISHED.iter().filter(|one| one.question == question).collect()
}

const PUBLISHED: [Published; 8] = [
    Published {
        question: "hash-identifies",
        figure: "Rough shapes and faces were recovered from a PhotoDNA hash of 144 bytes.",
        source: "Athalye, 2021",
        standing: "Known from a source that reports it; contradicted in part by the next.",
        differs: "Another hash, 144 bytes against 32, and a network trained to invert it. Here nothing is trained beyond the means of \
                  other pictures.",
    },
    Published {
        question: "hash-identifies",
        figure: "PhotoDNA, PDQ and NeuralHash are significantly robust to inversion.",
        source: "Madden and others, arXiv 2406.00918, 2024",
        standing: "Its abstract was read; not checked by others as far as known.",
        differs: "It asks whether the picture can be rebuilt; bits learnt about which of some known pictures was sent are not that.",
    },
    Published {
        question: "hash-identifies",
        figure: "NeuralHash: 3 false matches in 100 million pictures compared with a list; among the pictures of ImageNet two natural \
                 pairs with one hash.",
        source: "the first Apple, the second Roboflow, August 2021",
        standing: "The first is the maker's own claim; the second is an independent count.",
        differs: "Another hash, and many more pictures than a run has: shares of other pictures taken for a known one are not so small \
                  here that they could be compared.",
    },
    Published {
        question: "planted-list",
        figure: "More than 40 % of physical surveillance by poisoning 5 % of a list; the more robust the hash, the more.",
        source: "Hooda and others, arXiv 2212.04107, 2022",
        standing: "Read in the source; not checked by others as far as known.",
        differs: "There the added entries show a place, and other pictures of that place are found. Here they are single pictures, and \
                  recompressed copies of them are found.",
    },
    Published {
        question: "any-content",
        figure: "A model for perceptual hashing with a hidden second purpose finds a target's face 67 % of the time, once one picture is \
                 added to the list.",
        source: "Jain and others, arXiv 2306.11924, 2023",
        standing: "Its abstract was read; not checked by others as far as known.",
        differs: "There the hash itself was trained for it. Here an ordinary hash is used and the list is swapped.",
    },
    Published {
        question: "benefit",
        figure: "PhotoDNA: one false match in 50 billion.",
        source: "the claim made for PhotoDNA, without a date",
        standing: "The claim was read; it was never checked independently.",
        differs: "A claim about single comparisons of another hash. Here shares of the ordinary pictures of a run are counted, far too few \
                  to show such rates.",
    },
    Published {
        question: "benefit",
        figure: "Of the reports that reached Switzerland, 80.5 % to 93.3 % a year were not passed on as criminally relevant; in 2022, \
                 2055 of 12 737 were.",
        source: "fedpol, annual reports 2017 to 2022",
        standing: "Read in the source; the shares are worked out from its counts.",
        differs: "No detector's error: it mixes errors of detectors and reviewers, other law, doubts about age and duplicates. The \
                  reviewer here makes no mistake.",
    },
    Published {
        question: "benefit",
        figure: "More than 90 % of reported content was the same as, or like, other reported content; six videos were more than half.",
        source: "Meta, 2021, two months of Facebook",
        standing: "Read in the source; the company's own count.",
        differs: "Here every listed picture counts once for each time that it is sent.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_says_where_it_is_from_and_in_what_it_differs() {
        for one in &PUBLISHED {
            for text in [one.question, one.figure, one.source, one.standing, one.differs] {
                assert!(!text.is_empty() && !text.contains("  "), "{}: {text}", one.figure);
            }
            let year = |word: &str| word.len() == 4 && word.starts_with("20");
            let dated = one.source.split(|letter: char| !letter.is_ascii_digit()).any(year);
            assert!(dated || one.source.contains("without a date"), "{}", one.source);
        }
    }
}
