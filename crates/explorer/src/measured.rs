//! The report to which the page links: what was measured over many runs.

use axum::body::Bytes;
use serde::Serialize;

/// The example report of the book: the shortlisted designs beside plain encryption, on small numbers.
const EXAMPLE: &str = include_str!("../../../docs/example/report.html");

/// A report, and where in it what is told.
pub(crate) struct Measured {
    pub(crate) html: Bytes,
    pub(crate) contents: Contents,
}

/// What a report has, as the page needs it to link there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Contents {
    /// Whether it is the example that comes with the program.
    example: bool,
    /// Ids of its sections on systems and questions: `system-2-device-hashing`, `question-3-planted-list`.
    sections: Vec<String>,
}

impl Measured {
    pub(crate) fn example() -> Self {
        Self { html: Bytes::from_static(EXAMPLE.as_bytes()), contents: Contents::of(EXAMPLE, true) }
    }

    pub(crate) fn of_run(html: String) -> Self {
        let contents = Contents::of(&html, false);
        Self { html: html.into(), contents }
    }
}

impl Contents {
    fn of(html: &str, example: bool) -> Self {
        let articles = html.split("<article id=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let sections = articles.filter(|id| ["system-", "question-"].iter().any(|kind| id.starts_with(kind)));
        Self { example, sections: sections.map(str::to_owned).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_sections_on_its_systems_and_on_the_questions() {
        let Contents { example, sections } = Measured::example().contents;
        assert!(example);
        for end in
            ["-e2ee", "-device-hashing", "-planted-list", "-broken-enclave", "-rogue-provider", "-hash-identifies"]
        {
            assert!(sections.iter().any(|id| id.ends_with(end)), "{end}: {sections:?}");
        }
    }
}
