//! The other half of the answer: what a party opens that is broken into, or while the provider lies.

use sightline_evidence::{Row, Status};

use crate::expose::is_about_strategies;
use crate::matrix::State;
use crate::reading::Reading;
use crate::words::{list, percent};

/// What a party opens when something is broken.
pub(crate) struct Opened {
    pub(crate) state: State,
    /// What is broken.
    pub(crate) when: &'static str,
    /// What it opens then.
    pub(crate) words: String,
}

const PROVIDER: &str = "provider";
const BROKEN_INTO: &str = "If broken into";

/// The worst that was found of an observer: broken into, or while the provider lies.
pub(crate) fn worst(reading: &Reading, system: &str, observer: &str) -> Opened {
    let lies = lies(reading, system, observer);
    let either = match (lies.is_empty(), observer == PROVIDER) {
        (true, _) => BROKEN_INTO,
        (false, true) => "If it lies or is broken into",
        (false, false) => "If broken into, or the provider lies",
    };
    opened(reading, &[break_ins(reading, system, observer), lies].concat(), observer, either)
}

fn readable<'a>(reading: &'a Reading, system: &'a str, observer: &'a str) -> impl Iterator<Item = &'a Row> {
    reading.rows.iter().filter(move |row| {
        row.quantity == "contents-readable" && row.architecture == system && row.observer == observer
    })
}

fn break_ins<'a>(reading: &'a Reading, system: &'a str, observer: &'a str) -> Vec<&'a Row> {
    let broken = |row: &&Row| ["snapshot@", "persistent@"].iter().any(|kind| row.corruption.starts_with(kind));
    readable(reading, system, observer).filter(|row| row.game == "expose").filter(broken).collect()
}

fn lies<'a>(reading: &'a Reading, system: &'a str, observer: &'a str) -> Vec<&'a Row> {
    readable(reading, system, observer).filter(|row| is_about_strategies(row) && row.variant != "honest").collect()
}

/// What these rows let an observer open. Of several that let it open as much, the first speaks.
fn opened(reading: &Reading, rows: &[&Row], observer: &str, when: &'static str) -> Opened {
    let share = |row: &Row| if row.status == Status::Decided { row.value.unwrap_or(0.0) / 1e6 } else { 0.0 };
    let most = |content: &str| {
        let own = rows.iter().copied().filter(|row| row.content == content && share(row) > 0.0);
        own.reduce(|best, row| if share(row) > share(best) { row } else { best })
    };
    let state = |state, words: &str| Opened { state, when, words: words.to_owned() };
    if let Some(best) = most("ordinary") {
        let all = if share(best) >= 1.0 {
            "every ordinary picture".to_owned()
        } else {
            format!("{} of ordinary pictures", percent(share(best)))
        };
        let (when, how) = match (is_about_strategies(best), observer == PROVIDER) {
            (true, true) => {
                ("If it lies", format!("; the means: {}", reading.strategy(&best.architecture, &best.variant)))
            }
            (true, false) => ("If the provider lies", String::new()),
            (false, _) => (BROKEN_INTO, sent(rows, best, &share)),
        };
        return Opened { state: State::EveryPicture, when, words: format!("opens {all}{how}") };
    }
    if rows.iter().any(|row| row.status == Status::Failed) {
        return state(State::Failed, "the measurement broke off");
    }
    let others = [("planted", "lawful ones that it is after"), ("near", "false matches"), ("listed", "listed ones")];
    let others = others.iter().filter(|(content, _)| most(content).is_some()).map(|(_, words)| (*words).to_owned());
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        return state(State::SomePictures, &format!("opens no ordinary picture, but {}", list(&others)));
    }
    if rows.iter().any(|row| row.status == Status::Undecided) {
        return state(State::Undecided, "the trials did not suffice to say");
    }
    if rows.iter().any(|row| row.status == Status::Decided) {
        state(State::Nothing, "opens no picture")
    } else {
        state(State::NotRun, "not run")
    }
}

/// Whether what was sent before the break-in is spared, or what is sent after it.
fn sent(rows: &[&Row], best: &Row, share: &impl Fn(&Row) -> f64) -> String {
    let open = |when: &str| {
        let same = |row: &&&Row| row.content == best.content && row.corruption == best.corruption;
        let own = rows.iter().filter(same).filter(|row| row.parameters.value("sent") == Some(when));
        own.map(|row| share(row)).fold(0.0, f64::max) > 0.0
    };
    match (open("before"), open("after")) {
        (false, true) => " sent from then on".to_owned(),
        (true, false) => " sent before".to_owned(),
        _ => String::new(),
    }
}
