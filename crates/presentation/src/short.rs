//! The answer in one table: what the provider sees of pictures in every design that the 2020 paper shortlists.

use sightline_evidence::{Profile, Row, Status};

use crate::expose::{SAFEGUARD, is_about_strategies};
use crate::figure::slug;
use crate::matrix::State;
use crate::reading::{Outcome, Reading};
use crate::words::{self, detectable, list, low};

const PROVIDER: &str = "provider";

/// The shortlist: row of the paper, the system that follows it, and its name in words.
const SHORTLIST: [(&str, &str, &str); 3] = [
    ("1b", "device-hashing", "Hashing on the device, matching at the provider"),
    ("1c", "partial-hashing", "Hashing begun on the device, finished and matched at the provider"),
    ("2a", "server-enclave", "Matching in a secure enclave at the provider"),
];

/// What is sent: identifier, and heading.
pub(crate) const CONTENTS: [(&str, &str); 3] =
    [("ordinary", "Ordinary pictures"), ("near", "Wrongly matched"), ("listed", "Listed pictures")];

/// How the provider behaves, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Honest,
    Lies,
    BrokenInto,
}

impl Provider {
    pub(crate) const ALL: [Self; 3] = [Self::Honest, Self::Lies, Self::BrokenInto];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Honest => "Follows the rules",
            Self::Lies => "Lies",
            Self::BrokenInto => "Is broken into",
        }
    }

    fn holds(self, row: &Row) -> bool {
        let honest = matches!(row.variant.as_str(), "" | "honest");
        match self {
            Self::Honest => row.corruption == "curious" && honest && row.parameters.value(SAFEGUARD).is_none(),
            Self::Lies => is_about_strategies(row) && !honest,
            Self::BrokenInto => ["snapshot@", "persistent@"].iter().any(|kind| row.corruption.starts_with(kind)),
        }
    }
}

/// What the provider sees of one kind of picture.
pub(crate) struct Seen {
    pub(crate) state: State,
    /// Whether any is opened.
    opened: bool,
    pub(crate) words: String,
    /// What was counted, and what else is known; empty for nothing.
    pub(crate) number: String,
}

impl Seen {
    fn new(state: State, words: impl Into<String>, number: impl Into<String>) -> Self {
        Self { state, opened: false, words: words.into(), number: number.into() }
    }
}

/// A row of the table.
pub(crate) struct Design {
    pub(crate) title: String,
    pub(crate) name: String,
    /// Where the page tells more of it; empty if it was not run.
    pub(crate) anchor: String,
    /// Whether it stands beside the shortlisted designs for comparison.
    pub(crate) beside: bool,
    /// For each behaviour, each kind of picture; none if it was not run.
    pub(crate) seen: Option<[[Seen; 3]; 3]>,
}

impl Design {
    fn run(reading: &Reading, (place, profile): (usize, &Profile)) -> Self {
        let name = profile.name.as_str();
        Self {
            title: profile.title.clone(),
            name: profile.name.clone(),
            anchor: slug("system", place, name),
            beside: !profile.is_shortlisted(),
            seen: Some(Provider::ALL.map(|how| CONTENTS.map(|(content, _)| seen(reading, name, how, content)))),
        }
    }
}

/// Every shortlisted design, run or not, and plain end-to-end encryption beside them; none if no such design was run.
pub(crate) fn designs(reading: &Reading) -> Vec<Design> {
    let of = |wanted: &dyn Fn(&Profile) -> bool| -> Vec<Design> {
        let numbered = reading.profiles.iter().enumerate().filter(|(_, profile)| wanted(profile));
        numbered.map(|one| Design::run(reading, one)).collect()
    };
    let mut designs = Vec::new();
    for (row, name, title) in SHORTLIST {
        let run = of(&|profile| profile.is_shortlisted() && profile.row.split(',').next() == Some(row));
        let not_run = || Design {
            title: title.to_owned(),
            name: name.to_owned(),
            anchor: String::new(),
            beside: false,
            seen: None,
        };
        designs.extend(if run.is_empty() { vec![not_run()] } else { run });
    }
    if designs.iter().all(|design| design.seen.is_none()) {
        return Vec::new();
    }
    designs.extend(of(&|profile| profile.name == "e2ee"));
    designs
}

/// In how many of the designs that were run ordinary pictures are opened, by behaviour, in a sentence.
pub(crate) fn conclusion(designs: &[Design]) -> String {
    let run: Vec<&[[Seen; 3]; 3]> =
        designs.iter().filter(|one| !one.beside).filter_map(|one| one.seen.as_ref()).collect();
    let not_run = designs.iter().filter(|one| one.seen.is_none()).count();
    let opened = |place: usize| {
        let number = run.iter().filter(|seen| seen[place][0].opened).count();
        if number == 0 { "none".to_owned() } else { number.to_string() }
    };
    let held = run.iter().filter(|seen| seen[0][0].state == State::SomePictures && !seen[0][0].opened).count();
    let held = if held == 0 { String::new() } else { format!(", but holds something of each in {held}") };
    let left = match not_run {
        0 => String::new(),
        1 => " 1 of the shortlist was not run.".to_owned(),
        many => format!(" {many} of the shortlist were not run."),
    };
    format!(
        "The provider opens ordinary pictures in {} of {} shortlisted designs if it follows the rules{held}; in {} if it lies; in {} if \
         somebody breaks into it and watches.{left}",
        opened(0),
        run.len(),
        opened(1),
        opened(2)
    )
}

fn seen(reading: &Reading, system: &str, how: Provider, content: &str) -> Seen {
    let readable: Vec<&Row> = reading
        .rows
        .iter()
        .filter(|row| row.quantity == "contents-readable" && row.game == "expose" && row.architecture == system)
        .filter(|row| row.observer == PROVIDER && row.content == content && how.holds(row))
        .collect();
    if readable.is_empty() {
        let asked = || reading.rows.iter().any(|row| is_about_strategies(row) && row.architecture == system);
        return if how == Provider::Lies && asked() {
            Seen::new(State::NoSuchParty, "no lie was tried", "the directory of keys is trusted")
        } else {
            Seen::new(State::NotRun, "not run", "")
        };
    }
    let share = |row: &Row| if row.status == Status::Decided { row.value.unwrap_or(0.0) / 1e6 } else { 0.0 };
    let most = readable.iter().copied().reduce(|best, row| if share(row) > share(best) { row } else { best });
    let Some(most) = most.filter(|row| share(row) > 0.0) else {
        return unopened(reading, system, how, content, &readable);
    };
    let counted = counted(most, share(most));
    let by = match how {
        Provider::Lies if content == "ordinary" => format!("; the means: {}", reading.strategy(system, &most.variant)),
        Provider::BrokenInto => sent(most),
        Provider::Honest | Provider::Lies => String::new(),
    };
    let (state, amount) = if share(most) >= 1.0 {
        (State::EveryPicture, "all".to_owned())
    } else {
        (State::SomePictures, words::percent(share(most)))
    };
    Seen { opened: true, ..Seen::new(state, format!("opens {amount}"), format!("{counted}{by}")) }
}

/// What is known of pictures that are not opened.
fn unopened(reading: &Reading, system: &str, how: Provider, content: &str, readable: &[&Row]) -> Seen {
    if readable.iter().any(|row| row.status == Status::Failed) {
        return Seen::new(State::Failed, "failed", "the measurement broke off");
    }
    if !readable.iter().any(|row| row.status == Status::Decided) {
        return Seen::new(State::Undecided, "undecided", "");
    }
    let counted = readable.iter().max_by_key(|row| row.n).map_or_else(String::new, |row| counted(row, 0.0));
    if how != Provider::Honest || content != "ordinary" {
        return Seen::new(State::Nothing, "opens none", counted);
    }
    let told = reading.outcome(system, PROVIDER, "ordinary-pair");
    let number = match &told {
        Outcome::Found(row) => format!("two told apart{}: {} of 1", words::always(row), low(row.low.unwrap_or(0.0))),
        Outcome::NoneFound(_, Some(seen)) => {
            format!("no two told apart; a leak above {} would have been seen", detectable(*seen))
        }
        Outcome::Undecided(_) => "? telling two apart is undecided".to_owned(),
        _ => String::new(),
    };
    let number = if number.is_empty() { counted } else { format!("opens {counted}; {number}") };
    let traces = of_every_picture(reading, system);
    match told {
        _ if !traces.is_empty() => Seen::new(State::SomePictures, format!("{} only", list(&traces)), number),
        Outcome::Found(_) => Seen::new(State::SomePictures, "opens none, but tells them apart", number),
        _ => Seen::new(State::Nothing, "opens none", number),
    }
}

/// What the provider holds of every picture, as its statement lists it: a hash, or what comes before it.
fn of_every_picture(reading: &Reading, system: &str) -> Vec<String> {
    let statement = reading
        .statements
        .iter()
        .find(|one| one.architecture == system && one.observer == PROVIDER && one.corruption == "curious");
    let items = statement.map(|one| one.beyond_encryption.as_slice()).unwrap_or_default();
    let held = items.iter().filter_map(|item| item.strip_suffix(" of every picture"));
    held.map(|item| item.trim_start_matches("the ").trim_start_matches("a ").to_owned()).collect()
}

/// `24 of 24`.
fn counted(row: &Row, share: f64) -> String {
    format!("{:.0} of {}", share * row.n as f64, row.n)
}

/// Whether what was sent before the break-in is spared.
fn sent(row: &Row) -> String {
    match row.parameters.value("sent") {
        Some("after") => " sent from then on".to_owned(),
        Some("before") => " sent before".to_owned(),
        _ => String::new(),
    }
}
