use crate::arguments::{Form, ListCommand};
use crate::failure::{self, Failure};
use crate::search::{read, shown};
use crate::{print, say};
use sightline_lists::{Exchange, HashRow, Indicator, read_hashes};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) fn run(command: &ListCommand) -> Result<(), Failure> {
    match command {
        ListCommand::Show { file } => show(file),
        ListCommand::Convert { file, to, out } => convert(file, *to, out.as_deref()),
    }
}

/// The hashes of a list in any form.
pub(crate) fn rows(path: &Path, bytes: &[u8]) -> Result<Vec<HashRow>, Failure> {
    if Exchange::recognises(bytes) {
        return exchange(path, bytes).map(|(exchange, _)| exchange.rows());
    }
    read_hashes(bytes).map_err(|error| refused(path, error))
}

/// A list in any form, with the form's name.
fn exchange(path: &Path, bytes: &[u8]) -> Result<(Exchange, &'static str), Failure> {
    if Exchange::recognises(bytes) {
        let json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
        let form = if json { "ThreatExchange, JSON" } else { "ThreatExchange, CSV" };
        return Exchange::read(bytes).map(|found| (found, form)).map_err(|error| refused(path, error));
    }
    let rows = read_hashes(bytes).map_err(|error| refused(path, error))?;
    let mut known = BTreeSet::new();
    let mut found = Exchange::default();
    for row in rows.into_iter().filter(|row| known.insert(row.hash)) {
        found.entries.push(Indicator { hash: row.hash, record: row.line, descriptors: Vec::new() });
    }
    Ok((found, "hashes"))
}

fn refused(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(failure::USAGE, format!("{}: {error}", shown(path)))
}

fn show(path: &Path) -> Result<(), Failure> {
    let (list, form) = exchange(path, &read(path)?)?;
    let count = |of: &dyn Fn(&Indicator) -> bool| list.entries.iter().filter(|entry| of(entry)).count();
    print(&format!("{}: {form}", shown(path)))?;
    print(&format!("  entries               {}", list.entries.len()))?;
    if form == "hashes" {
        return Ok(());
    }
    print(&format!("  confirmed             {}", count(&|entry| entry.confirmations() > 0)))?;
    print(&format!("  confirmed more often  {}", count(&|entry| entry.confirmations() > 1)))?;
    print(&format!("  disputed              {}", count(&Indicator::disputed)))?;
    print(&format!("  withdrawn             {}", list.withdrawn))?;
    print(&format!("  other kinds           {}", list.passed_over))?;
    let said = || list.entries.iter().flat_map(|entry| &entry.descriptors);
    let owners = said().map(|one| if one.owner_name.is_empty() { &one.owner } else { &one.owner_name });
    table("by", owners.map(String::as_str))?;
    table("status", said().map(|one| one.status.as_str()))?;
    table("tag", said().flat_map(|one| one.tags.iter().map(String::as_str)))?;
    let added = || said().map(|one| one.added_on.as_str()).filter(|time| !time.is_empty());
    match (added().min(), added().max()) {
        (Some(first), Some(last)) => print(&format!("  added                 {first} to {last}")),
        _ => Ok(()),
    }
}

/// How often each word stands there, the most frequent first; the rest together.
fn table<'a>(head: &str, words: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    const SHOWN: usize = 10;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words.filter(|word| !word.is_empty()) {
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let (first, rest) = counts.split_at(counts.len().min(SHOWN));
    for (word, count) in first {
        // Names are foreign text.
        let word: String = word.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(60).collect();
        print(&format!("  {head:8} {count:12} {word}"))?;
    }
    if rest.is_empty() {
        return Ok(());
    }
    print(&format!("  {head:8} {:12} {} others", rest.iter().map(|(_, count)| count).sum::<usize>(), rest.len()))
}

fn convert(path: &Path, to: Form, out: Option<&Path>) -> Result<(), Failure> {
    let (list, _) = exchange(path, &read(path)?)?;
    let text = match to {
        Form::Csv => list.to_csv(),
        Form::Json => list.to_json(),
        Form::Hashes => list.entries.iter().map(|entry| format!("{}\n", entry.hash)).collect(),
    };
    let Some(out) = out else { return print(text.trim_end()) };
    std::fs::write(out, text)
        .map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", out.display())))?;
    say(&format!("{} entries written to {}", list.entries.len(), out.display()));
    Ok(())
}
