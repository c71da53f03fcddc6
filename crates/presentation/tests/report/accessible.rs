//! Whether everybody can use the report and the comparison: axe-core in a real browser, with all of its default rules.

use super::compare::two;
use super::fixture::Fixture;
use sightline_presentation::{Report, compare};
use sightline_testing::browser::{Tab, axe};
use std::collections::BTreeMap;

#[test]
fn axe_finds_nothing_wrong_with_report_and_comparison() {
    let (Some(axe), Some(mut tab)) = (axe(), Tab::open()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let sample = Report::draw(&Fixture::sample().write(&folder.path().join("run"))).unwrap().html;
    // The instrument can tell.
    let defective = sample.replacen("<html lang=\"en\">", "<html>", 1);
    let example = std::fs::read_to_string("../../docs/example/report.html").unwrap();
    let compared = compare::page(&two(), ["before", "after"]).unwrap();
    let pages = [("sample", sample), ("example", example), ("comparison", compared), ("defective", defective)];
    let mut wrong = BTreeMap::new();
    for (name, html) in pages {
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, html).unwrap();
        for (width, dark) in [(1280, false), (1280, true), (360, true)] {
            tab.size(width, 900);
            tab.dark(dark);
            tab.go(&format!("file://{}", file.display()));
            tab.until("document.readyState === 'complete'");
            tab.unfold();
            let found = tab.violations(&axe);
            if name == "defective" {
                assert!(found.iter().any(|line| line.starts_with("html-has-lang")), "{found:?}");
                break;
            }
            let what = format!("{name}, {width} pixels, dark: {dark}");
            wrong.extend(found.into_iter().map(|line| (line, what.clone())));
        }
    }
    let lines: Vec<String> = wrong.iter().map(|(line, what)| format!("{line}\n    on: {what}")).collect();
    assert!(wrong.is_empty(), "{} violations\n{}", wrong.len(), lines.join("\n"));
}
