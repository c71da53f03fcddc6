//! The ideal side (PRIVACY §5): what an observer would see if it were told the declared leakage and nothing else.
//!
//! One simulator serves every architecture. It makes a *dummy history* from the leakage alone, and lets the honest system
//! run it: contents that are not leaked are replaced by zeros of the leaked size class, a leaked fingerprint is given to
//! the dummy in the table of known pictures, and a leaked verdict without a fingerprint becomes one that gives it. If the
//! real view cannot be told from that of the dummy, the observer learns no more than the leakage.

use rand_core::Rng;
use sightline_crypto::Stream;
use sightline_fingerprint::{Cut, Luma, Marks, Memo, Pdq, PdqHash};
use sightline_lists::Provenance;
use sightline_protocol::{
    Action, Clause, Command, Content, ContentKind, Datum, Facts, GroupNumber, History, Setup, Time,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an observer is told about one content: only what its clauses say.
#[derive(Debug, Clone)]
struct Told {
    at: Time,
    user: u16,
    group: GroupNumber,
    /// Padded length, and whether it is an attachment.
    size_class: (u64, bool),
    length: Option<u64>,
    picture: Option<bool>,
    #[expect(clippy::option_option, reason = "to be told that there is none is more than not to be told")]
    fingerprint: Option<Option<Shown>>,
    matched: Option<bool>,
    confirmed: Option<bool>,
    /// Who reports it, and when.
    reports: Vec<(Time, u16)>,
    content: Option<Content>,
}

/// What is known of the way from a content to its fingerprint: nothing from before the cut that is told.
#[derive(Debug, Clone)]
struct Shown {
    marks: Arc<Marks>,
    luma: Option<Luma>,
}

impl Shown {
    fn of(setup: &Setup, content: &Content, facts: &Facts, cut: Cut) -> Option<Self> {
        let real = facts.marks.as_ref()?;
        let (nothing, imagined) = Marks::imagined(real.pdq);
        let dct = || real.dct.clone();
        let marks = match cut {
            Cut::Luma => Arc::clone(real),
            Cut::Filtered => Arc::new(Marks { pdq: real.pdq, filtered: real.filtered.clone(), dct: dct(), ..nothing }),
            Cut::Dct => Arc::new(Marks { pdq: real.pdq, dct: dct(), ..nothing }),
            Cut::Hash => Arc::new(Marks { pdq: real.pdq, ..nothing }),
        };
        let luma = if cut == Cut::Luma { setup.memo.luma(&content.bytes)? } else { imagined };
        Some(Self { marks, luma: Some(luma) })
    }

    fn imagined(pdq: Pdq) -> Self {
        let (marks, luma) = Marks::imagined(pdq);
        Self { marks: Arc::new(marks), luma: Some(luma) }
    }
}

impl Told {
    /// The leakage of `clauses`; nothing for contents of which they say nothing.
    fn of(clauses: &BTreeSet<Clause>, setup: &Setup, history: &History, facts: &[Facts]) -> Vec<Self> {
        let told = history.sends().zip(facts).filter_map(|((action, group, content), facts)| {
            let says = |datum: Datum| clauses.iter().any(|clause| clause.datum == datum && clause.covers(facts));
            let silent = !clauses.iter().any(|clause| clause.covers(facts));
            (!silent).then(|| Self {
                at: action.at,
                user: action.user,
                group,
                size_class: facts.size_class,
                length: says(Datum::Length).then_some(facts.length),
                picture: says(Datum::Kind).then_some(facts.picture),
                fingerprint: Cut::ALL
                    .into_iter()
                    .find(|cut| says(Datum::Fingerprint(*cut)))
                    .map(|cut| Shown::of(setup, content, facts, cut)),
                matched: says(Datum::Verdict).then_some(facts.matched),
                confirmed: says(Datum::Confirmation).then_some(facts.confirmed),
                reports: reports(says(Datum::Report), says(Datum::Reporter), history, action, group, facts),
                content: says(Datum::Content).then(|| content.clone()),
            })
        });
        told.collect()
    }

    /// A content of which nothing is true but what was told, and the fingerprint that the dummy system takes it to have.
    fn dummy(self, number: usize, setup: &Setup, stream: &mut Stream) -> (Content, Option<Shown>) {
        if let Some(content) = self.content {
            let known = setup.memo.look(&content.bytes);
            let shown = known.marks.as_ref().ok().map(|marks| Shown {
                marks: Arc::clone(marks),
                luma: self.fingerprint.flatten().and_then(|shown| shown.luma),
            });
            return (content, shown);
        }
        let (padded, attachment) = self.size_class;
        let picture = self
            .picture
            .unwrap_or(self.fingerprint.is_some() || self.matched == Some(true) || self.confirmed == Some(true));
        let kind = match (attachment, picture) {
            (false, _) => ContentKind::Text,
            (true, true) => ContentKind::Picture,
            (true, false) => ContentKind::Document,
        };
        // Padding a padded length changes nothing.
        let length = usize::try_from(self.length.unwrap_or(padded)).expect("the real content is in memory");
        let mut bytes = vec![0; length];
        for (byte, value) in bytes.iter_mut().zip(number.to_be_bytes()) {
            *byte = value;
        }
        // What is confirmed matches.
        let matched = self.matched == Some(true) || self.confirmed == Some(true);
        let fingerprint = match self.fingerprint {
            Some(fingerprint) => fingerprint,
            None => picture.then(|| with_verdict(matched, self.confirmed == Some(true), setup, stream)),
        };
        (Content { kind, bytes }, fingerprint)
    }
}

/// When a content is reported and by whom; by any recipient, if it is not told by whom.
fn reports(
    when: bool,
    who: bool,
    history: &History,
    action: &Action,
    group: GroupNumber,
    facts: &Facts,
) -> Vec<(Time, u16)> {
    let recipient = || history.roster(group, action.at).into_iter().find(|user| *user != action.user);
    let told = |(at, user): &(Time, u16)| Some((*at, if who { *user } else { recipient()? }));
    facts.reports.iter().filter(|_| when).filter_map(told).collect()
}

/// A picture that nobody has and that matches an entry of which a reviewer confirms it, or does not; or that matches none.
fn with_verdict(matched: bool, confirmed: bool, setup: &Setup, stream: &mut Stream) -> Shown {
    let wanted = if confirmed { Provenance::Picture } else { Provenance::Code };
    let imagined = |hash| Shown::imagined(Pdq { hash, quality: 100 });
    let matches = |shown: &Shown| setup.matches(&shown.marks.pdq);
    let entries = setup.list.entries().iter().filter(|entry| matched && entry.provenance == wanted);
    if let Some(shown) = entries.map(|entry| imagined(entry.hash)).find(matches) {
        return shown;
    }
    loop {
        let mut bytes = [0; 32];
        stream.fill_bytes(&mut bytes);
        let shown = imagined(PdqHash::from_bytes(bytes));
        if !matches(&shown) {
            return shown;
        }
    }
}

/// The setting and the history that the simulator runs in place of `history`, made from what `clauses` leak of it and from
/// the commands that send nothing: who founds and changes groups when is part of L₀.
pub(crate) fn dummy(
    clauses: &BTreeSet<Clause>,
    setup: &Setup,
    history: &History,
    facts: &[Facts],
    stream: &mut Stream,
) -> (Setup, History) {
    let memo = Memo::default();
    let sends = Told::of(clauses, setup, history, facts).into_iter().enumerate().flat_map(|(number, told)| {
        let (at, user, group) = (told.at, told.user, told.group);
        let reports = told.reports.clone();
        let (content, fingerprint) = told.dummy(number, setup, stream);
        let (marks, luma) = fingerprint.map(|shown| (shown.marks, shown.luma)).unzip();
        memo.plant(&content.bytes, marks, luma.flatten());
        let report = content.clone();
        let reports = reports.into_iter().map(move |(at, user)| (at, user, Command::Report(group, report.clone())));
        std::iter::once((at, user, Command::Send(group, content))).chain(reports)
    });
    let of_contents = |command: &Command| matches!(command, Command::Send(..) | Command::Report(..));
    let changes = history.actions().iter().filter(|action| !of_contents(&action.command));
    let mut actions: Vec<(Time, u16, Command)> =
        changes.map(|action| (action.at, action.user, action.command.clone())).chain(sends).collect();
    actions.sort_by_key(|(at, ..)| *at);
    let dummy = actions.into_iter().fold(History::new(), |dummy, (at, user, command)| dummy.then(at, user, command));
    (Setup { memo: Arc::new(memo), ..setup.clone() }, dummy)
}
