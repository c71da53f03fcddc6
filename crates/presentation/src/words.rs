//! Plain words for identifiers, and numbers rounded so that they never claim more than was measured.

use sightline_evidence::{Row, Status};

/// A task of the game `distinguish` in words.
pub(crate) struct Task {
    /// Subject of a finding.
    pub(crate) label: String,
    /// What the observer is asked.
    pub(crate) asked: String,
}

pub(crate) const TASKS: [&str; 7] =
    ["ordinary-pair", "listed", "near", "kind", "same-twice", "same-hash", "which-user"];

pub(crate) fn task(id: &str) -> Task {
    let (label, asked) = match id {
        "ordinary-pair" => (
            "Two ordinary pictures",
            "Someone sends one of two ordinary pictures of the same size class, neither of them listed. Can the observer tell which? \
             End-to-end encryption requires that it cannot.",
        ),
        "listed" => (
            "A listed picture against an ordinary one",
            "Someone sends a picture that is on the list, or one that is not. Can the observer tell which? Whoever receives a report when \
             a listed picture is sent can, by definition: that is what detection means.",
        ),
        "near" => (
            "A false match against an ordinary picture",
            "As before, but the first picture is an innocent one that happens to lie within the matching radius of a list entry.",
        ),
        "kind" => (
            "A picture against something else of the same size",
            "Someone sends a picture, or data of the same size class that is no picture. Can the observer tell which?",
        ),
        "same-twice" => (
            "One picture twice against two pictures",
            "Someone sends the same picture twice, or two different ones. Can the observer tell that something was repeated?",
        ),
        "same-hash" => (
            "Two files that show the same picture",
            "Someone sends one of two files of equal length that differ in bytes which no decoder reads, so that they have the same hash. \
             Can the observer tell which? One that learns hashes alone cannot; one that holds the files can.",
        ),
        "which-user" => (
            "Which of two users sent it",
            "One of two users sends a picture. Can the observer tell who? Plain end-to-end encryption hides content, not who talks to \
             whom, so an observer that delivers messages can tell in every system.",
        ),
        other => return Task { label: title(other), asked: String::new() },
    };
    Task { label: label.to_owned(), asked: asked.to_owned() }
}

/// Observers in the order of the report; others follow in alphabetical order.
pub(crate) const OBSERVERS: [&str; 11] = [
    "provider",
    "network",
    "list-authority",
    "reviewer",
    "report-authority",
    "law-enforcement",
    "enclave",
    "third-party",
    "judge-0",
    "log",
    "auditor",
];

/// What a party does, in a few words; empty for an unknown one.
pub(crate) fn role(observer: &str) -> &'static str {
    match observer {
        "provider" => "runs the service",
        "network" => "carries the traffic",
        "list-authority" => "keeps the list",
        "reviewer" => "looks at matches",
        "report-authority" => "receives reports",
        "law-enforcement" => "receives referrals, asks for warrants",
        "enclave" => "matches inside sealed hardware",
        "third-party" => "matches for the provider",
        "judge-0" => "signs warrants with others",
        "log" => "keeps the public log",
        "auditor" => "reads the public log",
        _ => "",
    }
}

/// A class of the page and words for a row that is no number; each differs from the others in symbol, words and pattern.
pub(crate) fn not_decided(status: Status) -> (&'static str, String) {
    let (class, words) = match status {
        Status::Failed => ("failed", "✕ failed"),
        Status::NotApplicable => ("absent", "– not applicable"),
        Status::Undecided | Status::Decided => ("undecided", "? undecided"),
    };
    (class, words.to_owned())
}

/// The same where there is no row.
pub(crate) fn not_run() -> (&'static str, String) {
    ("not-run", "… not run".to_owned())
}

/// An identifier as a title: `law-enforcement` gives `Law enforcement`.
pub(crate) fn title(id: &str) -> String {
    capital(&id.replace(['-', '_'], " "))
}

/// With a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A lower end, rounded down to three decimals.
pub(crate) fn low(value: f64) -> String {
    format!("≥\u{a0}{}", number((value * 1000.0 + 1e-9).floor() / 1000.0))
}

/// A smallest detectable leak, rounded up to two decimals.
pub(crate) fn detectable(value: f64) -> String {
    number((value * 100.0 - 1e-9).ceil() / 100.0)
}

/// At most four significant digits before the point or three decimals, groups of three set apart.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 1e15 || (magnitude > 0.0 && magnitude < 0.0005) {
        return format!("{value:.2e}");
    }
    let decimals = if magnitude >= 1000.0 {
        0
    } else if magnitude >= 10.0 {
        2
    } else {
        3
    };
    let text = format!("{magnitude:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0.0 { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// That an attack was right in every trial, where it was; a lower end alone hides it in small runs.
pub(crate) fn always(row: &Row) -> String {
    if row.value.is_some_and(|value| value >= 1.0) { format!(" in all {} trials", count(row.n)) } else { String::new() }
}

/// A share in whole percents, rounded down; `less than 1 %` for what remains.
pub(crate) fn percent(share: f64) -> String {
    let percent = (share * 100.0).floor();
    if percent < 1.0 { "less than 1\u{a0}%".to_owned() } else { format!("{percent:.0}\u{a0}%") }
}

/// A count, groups of three set apart by narrow no-break spaces.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(digits: &str) -> String {
    if digits.len() <= 4 {
        return digits.to_owned();
    }
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// `text` in lines of at most `width` characters, broken at spaces where possible.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(4);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        if let Some(line) = lines.last_mut()
            && line.chars().count() + 1 + letters.len() <= width
        {
            line.push(' ');
            line.extend(letters);
            continue;
        }
        while letters.len() > width {
            lines.push(letters.drain(..width).collect());
        }
        lines.push(letters.into_iter().collect());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_claims_more() {
        assert_eq!(low(0.9869), "≥\u{a0}0.986");
        assert_eq!(low(1.0), "≥\u{a0}1");
        assert_eq!(detectable(0.1601), "0.17");
        assert_eq!(detectable(0.17), "0.17");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (19.45, "19.45"),
            (717_993.0, "717\u{202f}993"),
            (-0.5, "−0.5"),
            (1e-5, "1.00e-5"),
            (1000.0, "1000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn text_wraps_within_its_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), Vec::<String>::new());
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(title("law-enforcement"), "Law enforcement");
    }
}
