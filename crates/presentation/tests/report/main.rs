//! The report is complete in itself, accessible in its structure, honest about what is missing, and safe against
//! hostile names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod accessible;
mod browser;
mod compare;
mod fixture;

use std::collections::BTreeSet;

use fixture::Fixture;
use sightline_evidence::{E2e, Row, RunFolder, Status, Table, Unit, verify};
use sightline_presentation::{PresentationError, Report, render};

#[test]
fn a_rendered_run_is_sound_and_renders_to_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = Fixture::sample().write(folder.path());
    let report = render(&run).unwrap();
    assert_eq!(verify(folder.path()).unwrap().disagreements, []);
    assert_eq!(String::from_utf8(run.read("report.html").unwrap()).unwrap(), report.html);
    let again = render(&RunFolder::open(folder.path()).unwrap()).unwrap();
    assert_eq!(again.html, report.html);
    assert_eq!(verify(folder.path()).unwrap().disagreements, []);
    for figure in &report.figures {
        assert!(run.has(&figure.file()), "{}", figure.id);
        assert_eq!(run.has(&figure.data_file()), figure.data.is_some(), "{}", figure.id);
        if figure.data.is_some() {
            let csv = String::from_utf8(run.read(&figure.data_file()).unwrap()).unwrap();
            assert!(!Table::from_csv(&csv).unwrap().rows().is_empty(), "{}", figure.id);
        }
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let html = html(&Fixture::sample());
    for tag in tags(&html) {
        assert!(!["script", "link", "iframe", "object", "embed", "base"].contains(&tag.name), "<{}>", tag.name);
        for attribute in ["src", "srcset", "poster", "xlink:href"] {
            assert!(tag.value(attribute).is_none_or(|value| value.starts_with("data:image/png;base64,")), "{tag:?}");
        }
        assert!(tag.value("href").is_none_or(|value| value.starts_with('#')), "{tag:?}");
        let handler = |word: &str| word.starts_with("on") && word.contains("=\"");
        assert!(!tag.attributes.split_whitespace().any(handler), "{tag:?}");
    }
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn the_structure_serves_readers_who_do_not_see_it() {
    let html = html(&Fixture::sample());
    balanced(&html);
    let tags = tags(&html);
    let ids: Vec<_> = tags.iter().filter_map(|tag| tag.value("id")).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id occurs twice");
    let mut level = 0;
    for (index, tag) in tags.iter().enumerate() {
        for id in tag.value("aria-labelledby").into_iter().flat_map(str::split_whitespace) {
            assert!(ids.contains(&id), "nothing has the id {id}");
        }
        if let Some(target) = tag.value("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&target), "nothing has the id {target}");
        }
        match tag.name {
            "svg" => {
                assert_eq!((tags[index + 1].name, tags[index + 3].name), ("title", "desc"));
                assert_eq!(tag.value("role"), Some("img"));
            }
            "table" => assert_eq!(tags[index + 1].name, "caption", "a table has no caption"),
            "th" => assert!(tag.value("scope").is_some(), "{tag:?}"),
            "img" => assert!(tag.value("alt").is_some_and(|alt| !alt.is_empty()), "{tag:?}"),
            "h1" | "h2" | "h3" | "h4" | "h5" => {
                let next = tag.name.as_bytes()[1] - b'0';
                assert!(next <= level + 1, "<h{next}> follows <h{level}>");
                level = next;
            }
            _ => {}
        }
    }
    assert_eq!(tags.iter().filter(|tag| tag.name == "h1").count(), 1);
    assert_eq!(tags.iter().filter(|tag| tag.name == "main").count(), 1);
    assert!(tags[0].attributes.contains("lang=\"en\"") || tags[1].attributes.contains("lang=\"en\""));
}

#[test]
fn the_matrix_says_what_each_party_learns() {
    let html = html(&Fixture::sample());
    let matrix = html.split("<table class=\"matrix\"").nth(1).unwrap().split("</table>").next().unwrap();
    let rows: Vec<_> = matrix.split("<tr").skip(2).collect();
    let states = |row: &str| -> Vec<String> {
        row.split("class=\"cell ").skip(1).map(|cell| cell.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!(states(rows[0]), ["every", "nothing", "nothing", "some", "some", "some"]);
    assert_eq!(states(rows[1]), ["nothing", "nothing", "absent", "absent", "absent", "absent"]);
    assert_eq!(states(rows[2]), ["every", "undecided", "nothing", "some", "some", "absent"]);
    assert!(rows[2].contains("a hash of every picture"));
    for (row, words) in [
        (
            2,
            "<b>If it lies:</b> <span aria-hidden=\"true\">●</span> opens every ordinary picture; the means: the claim that every picture",
        ),
        (2, "<b>If the provider lies:</b> <span aria-hidden=\"true\">●</span> opens 41\u{a0}% of ordinary pictures<"),
        (1, "<b>If broken into:</b> <span aria-hidden=\"true\">○</span> opens no picture"),
        (0, "<span class=\"broken not-run\">"),
    ] {
        assert!(rows[row].contains(words), "{words} is missing: {}", rows[row]);
    }
    assert!(rows[2].contains("tells ordinary pictures apart: ≥\u{a0}0.98"));
    assert!(rows[1].contains("a leak above 0.1") && rows[1].contains("would have been seen"));
    assert!(rows[1].contains("End-to-end encrypted against every outsider tested"));
    assert!(!html.contains("NaN") && !html.contains("inf "));
}

/// What a reader has after two minutes: every shortlisted design, run or not, and plain encryption beside them.
#[test]
fn the_first_screen_says_what_the_provider_sees_in_the_shortlisted_designs() {
    let html = html(&Fixture::sample());
    let first = html.split("<table class=\"matrix\"").next().unwrap();
    let short = first.split("<table class=\"short\"").nth(1).unwrap();
    let rows: Vec<&str> = short.split("<tbody").nth(1).unwrap().split("<tr").skip(1).collect();
    assert_eq!(rows.len(), 4, "{short}");
    let seen = |row: &str| {
        row.split("<td").skip(1).map(|cell| cell.split("</td>").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let hashing = seen(rows[0]);
    assert_eq!(hashing.len(), 9, "{}", rows[0]);
    assert!(rows[0].contains("<code>device-hashing</code>"));
    for (place, words) in [
        (0, "hash only"),
        (0, "two told apart"),
        (3, "opens all"),
        (3, "; the means: the claim that every picture"),
        (6, "not run"),
        (8, "opens all"),
    ] {
        assert!(hashing[place].contains(words), "{words} is missing: {}", hashing[place]);
    }
    for (row, name) in [(1, "partial-hashing"), (2, "server-enclave")] {
        assert!(
            rows[row].contains("Not run.") && rows[row].contains(&format!("--architectures {name}")),
            "{}",
            rows[row]
        );
        assert_eq!(seen(rows[row]).len(), 1);
    }
    let plain = seen(rows[3]);
    assert!(rows[3].contains("<code>e2ee</code>") && rows[3].contains("for comparison"), "{}", rows[3]);
    assert!(plain[3].contains("no lie was tried") && plain[8].contains("opens none"), "{}", rows[3]);
    assert!(first.contains("if it follows the rules, but holds something of each in 1; in 1 if it lies"), "{first}");
    let mut none = Fixture::sample();
    for profile in &mut none.profiles {
        profile.row = profile.row.replace(", shortlisted", "");
    }
    assert!(!self::html(&none).contains("<table class=\"short\""));
}

#[test]
fn what_was_expected_is_shown_with_what_was_found() {
    let mut fixture = Fixture::sample();
    let html = html(&fixture);
    assert!(html.split("<main>").next().unwrap().contains("Expectations not met: 2 of 3"));
    let table = html.split("id=\"expected\"").nth(1).unwrap().split("</table>").next().unwrap();
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    assert!(rows[0].contains("e2ee") && rows[0].contains("✓ met") && rows[0].contains("<td>0</td>"), "{}", rows[0]);
    assert!(rows[1].contains("✕ not met") && rows[1].contains("which is not below 0.5"), "{}", rows[1]);
    assert!(rows[2].contains("✕ not met") && rows[2].contains("no row fits"), "{}", rows[2]);
    fixture.expect.truncate(1);
    let met = self::html(&fixture);
    assert!(met.contains("Expectations met: 1 of 1") && !met.contains("not met:"));
    fixture.expect.clear();
    assert!(!self::html(&fixture).contains("id=\"expected\""));
}

#[test]
fn what_others_published_stands_beside_what_was_measured_and_looks_different() {
    let html = html(&Fixture::sample());
    let article = html.split("id=\"question-1-planted-list\"").nth(1).unwrap().split("</article>").next().unwrap();
    let published = article.split("<div class=\"published\"").nth(1).unwrap().split("</div>").next().unwrap();
    for words in ["More than 40 %", "arXiv 2212.04107", "not checked by others", "Not the same as above:"] {
        assert!(published.contains(words), "{words} is missing: {published}");
    }
    let other = html.split("id=\"question-2-frame\"").nth(1).unwrap().split("</article>").next().unwrap();
    assert!(!other.contains("class=\"published\""), "nothing comparable was published");
}

#[test]
fn states_that_are_no_numbers_differ_from_numbers_and_from_each_other() {
    let html = html(&Fixture::sample());
    let article = html.split("id=\"question-2-frame\"").nth(1).unwrap().split("</article>").next().unwrap();
    let rows: Vec<&str> = article.split("<tbody>").nth(1).unwrap().split("<tr>").skip(1).collect();
    let shown = [("–", "absent", "not applicable"), ("…", "not-run", "not run"), ("✕", "failed", "failed")];
    for (row, (symbol, class, words)) in rows.iter().zip(shown) {
        let number = format!("<td class=\"right nowrap\">{symbol}</td>");
        assert!(row.contains(&number) && row.contains(&format!("cell {class}\"")) && row.contains(words), "{row}");
    }
    assert!(article.contains("By hand.") && article.contains("Little is known."), "{article}");
}

#[test]
fn the_gallery_shows_what_each_party_holds_and_who_holds_nothing() {
    let html = html(&Fixture::sample());
    let gallery = html.split("<section id=\"gallery\"").nth(1).unwrap().split("</section>").next().unwrap();
    let (ordinary, listed) = gallery.split_once("A picture that is on the list").unwrap();
    assert_eq!(ordinary.matches("<figure><svg role=\"img\"").count(), 4);
    // The same picture is there once, whoever holds it.
    assert_eq!(gallery.matches("data:image/png;base64,").count(), 3);
    assert_eq!(ordinary.matches("class=\"dots\"").count(), 1, "the bits of a hash are squares");
    assert!(ordinary.contains("<b>Reviewer, Report authority:</b> nothing of it"), "{ordinary}");
    assert_eq!(listed.matches("<figure><svg role=\"img\"").count(), 1);
}

#[test]
fn what_identifies_a_picture_and_what_a_break_in_exposes_is_shown() {
    let html = html(&Fixture::sample());
    let section =
        |id: &str| html.split(&format!("<section id=\"{id}\"")).nth(1).unwrap().split("</section>").next().unwrap();
    let identify = section("identify");
    assert!(identify.contains("Which of 1024 pictures was sent, recompressed or not?"), "{identify}");
    assert!(identify.contains("device-hashing (≥ 9.7 of 10 bit)"), "{identify}");
    assert!(identify.contains("≥ 2.4 bit") && identify.contains("? up to 10.0 bit"), "{identify}");
    let rebuilt = section("reconstruct");
    assert!(
        rebuilt.contains("nearer by 0.23 (at least 0.21)") && rebuilt.contains("no better than a guess"),
        "{rebuilt}"
    );
    assert!(rebuilt.contains("reaches 0.19"), "{rebuilt}");
    let kinds = section("kinds");
    assert!(kinds.contains(">all</td>") && kinds.contains(">none</td>") && kinds.contains("… not run</td>"), "{kinds}");
    let expose = section("expose");
    assert!(expose.contains("Provider, memory read at t") && expose.contains("\u{a0}%"), "{expose}");
    assert!(expose.contains("Nothing readable: Provider, taken over at t."), "{expose}");
    let found = html.split("What was found").nth(1).unwrap();
    assert!(found.contains("any detection reveals"), "the price of a design is missing");
}

#[test]
fn answers_are_shown_with_their_threshold_and_a_control_contradicts_nobody() {
    let html = html(&Fixture::sample());
    let section = html.split("id=\"questions\"").nth(1).unwrap().split("id=\"systems\"").next().unwrap();
    for words in [
        "The answer to planted-list.",
        "if less than 2 % is found",
        "the project fixed: if less than 1 % is found",
        "as the letter says",
        "crossed, not shortlisted",
        "sightline replay RUN 1",
        "Nothing was fixed; the numbers speak",
    ] {
        assert!(section.contains(words), "{words}");
    }
    assert!(!section.contains("contradicts the letter</span>"), "plain encryption is the control");
    let mut other = Fixture::sample();
    other.answers[0].changed_from = String::new();
    assert!(!self::html(&other).contains("Thresholds were changed"));
    other.answers.clear();
    assert!(!self::html(&other).contains("id=\"questions\""));
}

#[test]
fn what_it_costs_is_shown_beside_plain_encryption() {
    let html = html(&Fixture::sample());
    let cost = html.split("<section id=\"cost\"").nth(1).unwrap().split("</section>").next().unwrap();
    for shown in [
        "95\u{a0}kB (×\u{a0}1.25)",
        "1.66\u{a0}s",
        "300\u{a0}µs (×\u{a0}2.5)",
        "1.50\u{a0}ms",
        "entries to the power 1.01 (0.97 to 1.05)",
        "takes 21 times the CPU time of plain end-to-end encryption",
    ] {
        assert!(cost.contains(shown), "{shown} is missing: {cost}");
    }
}

#[test]
fn measurement_outweighs_a_declaration_of_innocence() {
    let mut fixture = Fixture::sample();
    for statement in &mut fixture.statements {
        statement.end_to_end = E2e::Yes;
    }
    let html = html(&fixture);
    assert!(html.contains("cell every"));
    assert!(html.contains("Declared end-to-end encrypted; a test says otherwise"));
}

#[test]
fn failed_controls_are_on_the_first_screen() {
    let mut fixture = Fixture::sample();
    fixture.controls[1].passed = false;
    let failed = html(&fixture);
    let header = failed.split("<main>").next().unwrap();
    assert!(header.contains("A control failed.") && header.contains("Controls failed: 1 of 4"));
    fixture.controls.clear();
    let missing = html(&fixture);
    assert!(missing.split("<main>").next().unwrap().contains("The controls were not run."));
}

#[test]
fn an_empty_run_says_so_everywhere() {
    let fixture = Fixture {
        profiles: Vec::new(),
        statements: Vec::new(),
        answers: Vec::new(),
        controls: Vec::new(),
        evidence: Table::new(),
        timings: Table::new(),
        gallery: Vec::new(),
        expect: Vec::new(),
    };
    let html = html(&fixture);
    balanced(&html);
    assert!(html.contains("No system was assessed in this run."));
    assert!(html.contains("Two ordinary pictures: not run"));
    assert!(html.contains("What sizes reveal: not run"));
}

#[test]
fn systems_without_rows_are_not_run_and_rows_without_profiles_are_shown() {
    let mut fixture = Fixture::sample();
    fixture.statements.clear();
    fixture.evidence = Table::from_iter([Row::new("advantage", "1")
        .game("distinguish")
        .task("threshold")
        .architecture("unheard-of")
        .observer("auditor")
        .corruption("curious")
        .status(Status::Undecided)]);
    let html = html(&fixture);
    assert!(html.contains("cell not-run"));
    assert!(html.contains("unheard-of") && html.contains("Auditor"));
    assert!(html.contains("Threshold: no tested observer could tell"));
}

#[test]
fn hostile_names_stay_text() {
    const EVIL: &str = "</title><script>alert(1)</script>\"'&\u{0}{{7*7}}";
    let mut fixture = Fixture::sample();
    for profile in &mut fixture.profiles {
        profile.name.push_str(EVIL);
        profile.title.push_str(EVIL);
        profile.source = EVIL.to_owned();
        profile.parties[1].title = EVIL.to_owned();
        profile.flow[0].label = EVIL.repeat(4);
        profile.flow[0].condition = Some(EVIL.to_owned());
        profile.leakage.insert(EVIL.to_owned(), vec![EVIL.to_owned()]);
        profile.limits.push(EVIL.to_owned());
    }
    for statement in &mut fixture.statements {
        statement.architecture.push_str(EVIL);
        statement.sentence = EVIL.to_owned();
    }
    for answer in &mut fixture.answers {
        for text in [&mut answer.asked, &mut answer.sentence, &mut answer.threshold] {
            text.push_str(EVIL);
        }
        for text in [&mut answer.question, &mut answer.counted, &mut answer.limits, &mut answer.would_change] {
            text.push_str(EVIL);
        }
        for line in &mut answer.lines {
            line.architecture.push_str(EVIL);
            line.sentence.push_str(EVIL);
        }
    }
    fixture.controls[0].detail = EVIL.to_owned();
    for (picture, _) in &mut fixture.gallery {
        picture.caption = EVIL.to_owned();
        picture.content = EVIL.to_owned();
    }
    for claim in &mut fixture.expect {
        claim.quantity = EVIL.to_owned();
    }
    let rows = fixture.evidence.rows().to_vec();
    fixture.evidence = rows
        .into_iter()
        .map(|mut row| {
            row.architecture.push_str(EVIL);
            row.method = EVIL.to_owned();
            row
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let report = render(&fixture.write(folder.path())).unwrap();
    balanced(&report.html);
    assert!(tags(&report.html).iter().all(|tag| tag.name != "script"));
    assert!(!report.html.contains("49}}"));
    for figure in &report.figures {
        let svg = figure.standalone();
        balanced(&svg);
        assert!(tags(&svg).iter().all(|tag| tag.name != "script"));
        assert!(figure.id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'));
    }
}

#[test]
fn extreme_numbers_do_not_break_a_figure() {
    let mut fixture = Fixture::sample();
    let mut rows = fixture.evidence.rows().to_vec();
    for (index, row) in rows.iter_mut().enumerate() {
        let extreme = [f64::MAX, f64::MIN, -1.0, 5e-324, 1e9][index % 5];
        (row.value, row.low, row.high) = (Some(extreme), Some(extreme), None);
    }
    fixture.evidence = Table::from_iter(rows);
    for (line, extreme) in fixture.answers[0].lines.iter_mut().zip([f64::MAX, f64::MIN]) {
        (line.value, line.low, line.high) = (Some(extreme), Some(-extreme), None);
    }
    for unit in [Unit::Share, Unit::Ratio] {
        fixture.answers[0].unit = unit;
        balanced(&html(&fixture));
    }
}

#[test]
fn a_picture_that_is_none_is_refused_by_name() {
    let mut fixture = Fixture::sample();
    fixture.gallery[0].1 = b"<svg onload=alert(1)>".to_vec();
    let folder = tempfile::tempdir().unwrap();
    match render(&fixture.write(folder.path())) {
        Err(PresentationError::Picture { file }) => assert_eq!(file, "a.png"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn figures_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    let report = Report::draw(&Fixture::sample().write(folder.path())).unwrap();
    let titles: Vec<_> = report.figures.iter().map(|figure| figure.title.as_str()).collect();
    assert!(
        titles.contains(&"Two ordinary pictures: told apart by Provider (plaintext, device-hashing)"),
        "{titles:?}"
    );
    assert!(
        titles.contains(&"Even plain end-to-end encryption reveals sizes: 19.45 bits without padding, 8.16 with PADMÉ"),
        "{titles:?}"
    );
    for figure in &report.figures {
        let svg = figure.standalone();
        balanced(&svg);
        assert!(svg.contains("<title") && svg.contains("<desc") && figure.description.len() > 20, "{}", figure.id);
        assert!(!svg.contains("href"), "{}", figure.id);
    }
    assert!(report.figures.iter().any(|figure| figure.description.contains("no such party")));
}

fn html(fixture: &Fixture) -> String {
    let folder = tempfile::tempdir().unwrap();
    Report::draw(&fixture.write(folder.path())).unwrap().html
}

/// A start or end tag.
#[derive(Debug)]
struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl Tag<'_> {
    fn value(&self, attribute: &str) -> Option<&str> {
        self.attributes.split_once(&format!(" {attribute}=\""))?.1.split('"').next()
    }
}

fn tags(html: &str) -> Vec<Tag<'_>> {
    html.split('<')
        .skip(1)
        .map(|rest| {
            let inside = rest.split_once('>').unwrap_or_else(|| panic!("a tag is not closed: {rest}")).0;
            let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
            Tag { name: &inside[..end], attributes: &inside[end..] }
        })
        .collect()
}

/// Every start tag has its end tag, in order.
fn balanced(html: &str) {
    let mut open = Vec::new();
    for tag in tags(html) {
        let empty = tag.attributes.ends_with('/') || tag.name.ends_with('/');
        if let Some(name) = tag.name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes another tag");
        } else if !empty && !tag.name.starts_with('!') && !["meta", "img"].contains(&tag.name) {
            open.push(tag.name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}
