//! The comparison of two runs, in the terminal and as a page.

use super::fixture::Fixture;
use super::{balanced, tags};
use sightline_evidence::{Comparison, E2e, Row, Table};
use sightline_presentation::compare;

/// The sample, and the same with another answer, a number beyond its interval, one row more, and a hostile name.
pub(crate) fn two() -> Comparison {
    let (one, mut other) = (Fixture::sample(), Fixture::sample());
    let statement = other.statements.iter_mut().find(|one| one.observer == "provider").unwrap();
    statement.end_to_end = E2e::Undecided;
    statement.learns = vec!["<script>alert(1)</script>".to_owned()];
    let mut rows: Vec<Row> = other.evidence.rows().to_vec();
    let advantage = rows.iter_mut().find(|row| row.quantity == "advantage" && row.low.is_some_and(|low| low > 0.5));
    let advantage = advantage.unwrap();
    *advantage = advantage.clone().lower(0.05, 0.0, 0.1);
    rows.push(Row::new("new", "B").architecture("e2ee").exact(17.0));
    other.evidence = rows.into_iter().collect::<Table>();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    Comparison::of(&one.write(folders[0].path()), &other.write(folders[1].path()), true).unwrap()
}

#[test]
fn what_changed_is_said_in_the_terminal() {
    let text = compare::text(&two(), ["before", "after"], 40);
    for said in [
        "A  before: version",
        "Changed: 1 answer, 1 number beyond its interval and 1 row only in B.",
        "learns in B and not in A: <script>",
        "beyond",
        "0.05 (0 to 0.1)",
        "only in B",
        "17 B",
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
    let answers = text.find("\nAnswers\n").unwrap();
    assert!(answers < text.find("\nNumbers\n").unwrap());
    let short = compare::text(&two(), ["before", "after"], 1);
    assert!(short.contains("… and 1 more"), "{short}");
}

#[test]
fn what_changed_is_a_page_complete_in_itself() {
    let html = compare::page(&two(), ["before", "after & <b>bold</b>"]).unwrap();
    balanced(&html);
    for tag in tags(&html) {
        assert!(!["script", "link", "iframe", "b>bold"].contains(&tag.name), "<{}>", tag.name);
        assert!(tag.value("href").is_none_or(|href| href.starts_with('#')) && tag.value("src").is_none(), "{tag:?}");
        assert!(tag.name != "th" || tag.value("scope").is_some(), "{tag:?}");
    }
    assert!(html.contains("default-src 'none'") && html.contains("What changed?"));
    assert!(html.contains("→ undecided") && html.contains("Only in B: 1"));
}

#[test]
fn numbers_that_differ_look_different() {
    let of = |bytes: f64| {
        let mut fixture = Fixture::sample();
        fixture.evidence = std::iter::once(Row::new("bytes-sent", "B").exact(bytes)).collect();
        fixture
    };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [a, b] = [of(1_234_567.1), of(1_234_567.2)];
    let found = Comparison::of(&a.write(folders[0].path()), &b.write(folders[1].path()), false).unwrap();
    let text = compare::text(&found, ["a", "b"], 40);
    assert!(text.contains("1234567.1 B  1234567.2 B"), "{text}");
}

#[test]
fn the_same_run_twice_has_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fixture::sample().write(folder.path());
    let same = Comparison::of(&run, &run, false).unwrap();
    let text = compare::text(&same, ["a", "a"], 40);
    assert!(
        text.contains("Nothing changed beyond what the intervals allow for") && !text.contains("\nNumbers"),
        "{text}"
    );
    let html = compare::page(&same, ["a", "a"]).unwrap();
    balanced(&html);
    assert!(html.contains("<h1>Nothing changed</h1>"));
}
