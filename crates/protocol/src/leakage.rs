use crate::{Action, Content, ContentKind, GroupNumber, History, Setup, Time};
use sightline_fingerprint::{Cut, Intermediate, Marks, Pdq};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A datum about one content that a party may learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Datum {
    /// Participants, group, time, size class, number of attachments: L₀, what plain end-to-end encryption leaks.
    Metadata,
    /// Its exact length in bytes.
    Length,
    /// Whether it is a picture.
    Kind,
    /// What is at this cut on the way to the perceptual hash.
    Fingerprint(Cut),
    /// Whether it matched the list.
    Verdict,
    /// Whether a reviewer confirmed the match.
    Confirmation,
    /// When it was reported.
    Report,
    /// Who reported it.
    Reporter,
    /// That there was one: how many contents there are, and how many people they are between, is made public.
    Count,
    /// All of it.
    Content,
}

/// About which contents a datum is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every content.
    Every,
    /// Contents that match the list, rightly or not.
    Matched,
    /// Contents that match and that a reviewer confirms.
    Confirmed,
    /// Contents that a recipient reports.
    Reported,
    /// Contents that a recipient reports and a reviewer confirms.
    Upheld,
    /// Contents that an account under a court's order sends or receives within its dates.
    Ordered,
}

impl Scope {
    /// Whether every content of `other` is one of this.
    const fn holds(self, other: Self) -> bool {
        match self {
            Self::Every => true,
            Self::Matched => matches!(other, Self::Matched | Self::Confirmed | Self::Upheld),
            Self::Confirmed => matches!(other, Self::Confirmed | Self::Upheld),
            Self::Reported => matches!(other, Self::Reported | Self::Upheld),
            Self::Upheld => matches!(other, Self::Upheld),
            Self::Ordered => matches!(other, Self::Ordered),
        }
    }

    /// Whether a content is of it by a user's command alone.
    const fn by_will(self) -> bool {
        matches!(self, Self::Reported | Self::Upheld)
    }
}

/// One clause of a declared leakage: this datum, about these contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause {
    /// What is learnt.
    pub datum: Datum,
    /// About which contents.
    pub scope: Scope,
}

impl Clause {
    /// `datum` about every content.
    pub const fn every(datum: Datum) -> Self {
        Self { datum, scope: Scope::Every }
    }

    /// `datum` about contents that match.
    pub const fn matched(datum: Datum) -> Self {
        Self { datum, scope: Scope::Matched }
    }

    /// `datum` about contents that a reviewer confirms.
    pub const fn confirmed(datum: Datum) -> Self {
        Self { datum, scope: Scope::Confirmed }
    }

    /// `datum` about contents that are reported.
    pub const fn reported(datum: Datum) -> Self {
        Self { datum, scope: Scope::Reported }
    }

    /// `datum` about contents that are reported and that a reviewer confirms.
    pub const fn upheld(datum: Datum) -> Self {
        Self { datum, scope: Scope::Upheld }
    }

    /// `datum` about contents under a court's order.
    pub const fn ordered(datum: Datum) -> Self {
        Self { datum, scope: Scope::Ordered }
    }

    /// Whether it is about a content of which this is true.
    pub const fn covers(self, facts: &Facts) -> bool {
        match self.scope {
            Scope::Every => true,
            Scope::Matched => facts.matched,
            Scope::Confirmed => facts.confirmed,
            Scope::Reported => !facts.reports.is_empty(),
            Scope::Upheld => !facts.reports.is_empty() && facts.confirmed,
            Scope::Ordered => facts.ordered,
        }
    }

    /// Whether who learns this learns `other` as well, whatever the history and the list.
    pub fn implies(self, other: Self) -> bool {
        let datum = match (self.datum, other.datum) {
            (Datum::Content, Datum::Length | Datum::Kind | Datum::Fingerprint(_)) | (Datum::Metadata, Datum::Count) => {
                true
            }
            (Datum::Fingerprint(cut), Datum::Fingerprint(later)) => cut.gives(later),
            (datum, other) => datum == other,
        };
        datum && self.scope.holds(other.scope)
    }
}

/// F₀, what plain end-to-end encryption tells any outsider (PRIVACY §2).
pub fn plain_encryption() -> BTreeSet<Clause> {
    [Clause::every(Datum::Metadata)].into()
}

/// `F_det`, what ideal detection tells an outsider: F₀, and if it is a named `receiver` one verdict per content and the
/// contents that match (PRIVACY §2).
pub fn ideal_detection(receiver: bool) -> BTreeSet<Clause> {
    let mut clauses = plain_encryption();
    if receiver {
        clauses.extend([Clause::every(Datum::Verdict), Clause::matched(Datum::Content)]);
    }
    clauses
}

/// L ∖ F: the clauses of `declared` that no clause of `ideal` implies, but for what happens by an endpoint's will alone
/// (PRIVACY §1): a user may tell anyone anything.
pub fn beyond(declared: &BTreeSet<Clause>, ideal: &BTreeSet<Clause>) -> BTreeSet<Clause> {
    let given = |clause: &Clause| clause.scope.by_will() || ideal.iter().any(|given| given.implies(*clause));
    declared.iter().copied().filter(|clause| !given(clause)).collect()
}

/// What the ideal functionality hands to an observer for one history: the values of the declared data. Two histories
/// with equal leakage must look the same to the observer.
pub type Leakage = BTreeSet<Leak>;

/// The value of one datum about one content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// When the content was sent.
    pub at: Time,
    /// Which datum.
    pub datum: Datum,
    /// Its value, encoded.
    pub value: Vec<u8>,
}

/// What is true of one content that a history sends.
#[expect(clippy::struct_excessive_bools, reason = "they are facts, and do not depend on each other")]
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// When it is sent.
    pub at: Time,
    /// Who sends it.
    pub sender: u16,
    /// Its sender, group and recipients, encoded.
    pub participants: Vec<u8>,
    /// Its padded length in bytes, and whether it is an attachment.
    pub size_class: (u64, bool),
    /// Its length in bytes.
    pub length: u64,
    /// Whether it is a picture.
    pub picture: bool,
    /// Its hash with what comes before it, if it is a picture that can be hashed.
    pub marks: Option<Arc<Marks>>,
    /// Whether the list holds an entry within the radius.
    pub matched: bool,
    /// Whether a reviewer would confirm that.
    pub confirmed: bool,
    /// When recipients report it, and who.
    pub reports: Vec<(Time, u16)>,
    /// Whether a court's order is about it.
    pub ordered: bool,
    /// Its digest.
    pub digest: [u8; 32],
}

impl Facts {
    /// Its hash and quality, if it is a picture that can be hashed.
    pub fn fingerprint(&self) -> Option<Pdq> {
        self.marks.as_ref().map(|marks| marks.pdq)
    }

    /// The facts of every content that `history` sends, under `setup`'s list and padding.
    pub fn of(setup: &Setup, history: &History) -> Vec<Self> {
        let facts = history.sends().map(|(action, group, content)| {
            let picture = content.kind == ContentKind::Picture;
            let known = picture.then(|| setup.memo.look(&content.bytes));
            let marks = known.as_ref().and_then(|known| known.marks.as_ref().ok());
            let fingerprint = marks.map(|marks| marks.pdq);
            let marks = marks.map(Arc::clone);
            let roster = history.roster(group, action.at);
            let reported = |(report, in_group, reported): &(&Action, GroupNumber, &Content)| {
                report.at >= action.at && *in_group == group && *reported == content && report.user != action.user
            };
            let reports = history.reports().filter(reported).map(|(report, ..)| (report.at, report.user)).collect();
            let order = setup.order.as_ref();
            let ordered = order.is_some_and(|order| order.covers(action.at, roster.iter().copied()));
            let participants = [group.to_be_bytes().to_vec(), action.user.to_be_bytes().to_vec()];
            let roster = roster.iter().map(|user| user.to_be_bytes().to_vec());
            let length = content.bytes.len() as u64;
            let text = content.kind == ContentKind::Text;
            Self {
                at: action.at,
                sender: action.user,
                reports,
                ordered,
                participants: participants.into_iter().chain(roster).flatten().collect(),
                size_class: (if text { length } else { setup.padding.padded(length) }, !text),
                length,
                picture,
                matched: fingerprint.is_some_and(|pdq| setup.matches(&pdq)),
                confirmed: fingerprint.is_some_and(|pdq| setup.matches(&pdq)) && setup.recognises(&content.bytes),
                marks,
                digest: known.map_or_else(|| *blake3::hash(&content.bytes).as_bytes(), |known| known.digest),
            }
        });
        facts.collect()
    }

    fn value(&self, datum: Datum) -> Vec<u8> {
        match datum {
            Datum::Metadata => {
                let (size, attachment) = self.size_class;
                [self.participants.as_slice(), &size.to_be_bytes(), &[u8::from(attachment)]].concat()
            }
            Datum::Length => self.length.to_be_bytes().to_vec(),
            Datum::Kind => vec![u8::from(self.picture)],
            Datum::Fingerprint(cut) => self.marks.as_ref().map_or(Vec::new(), |marks| match cut {
                Cut::Luma => marks.luma.to_vec(),
                Cut::Filtered => Intermediate::Filtered(marks.filtered.clone()).to_bytes(),
                Cut::Dct => Intermediate::Dct(marks.dct.clone(), marks.pdq.quality).to_bytes(),
                Cut::Hash => Intermediate::Hash(marks.pdq).to_bytes(),
            }),
            Datum::Verdict => vec![u8::from(self.matched)],
            Datum::Confirmation => vec![u8::from(self.confirmed)],
            Datum::Report => self.reports.iter().flat_map(|(at, _)| at.as_nanoseconds().to_be_bytes()).collect(),
            Datum::Reporter => self.reports.iter().flat_map(|(_, user)| user.to_be_bytes()).collect(),
            Datum::Count => (self.participants.len() as u64).to_be_bytes().to_vec(),
            Datum::Content => self.digest.to_vec(),
        }
    }
}

impl Clause {
    /// The leakage that `clauses` declare for a history with these facts.
    pub fn evaluate(clauses: &BTreeSet<Self>, facts: &[Facts]) -> Leakage {
        let mut leakage = Leakage::new();
        for fact in facts {
            for clause in clauses.iter().filter(|clause| clause.covers(fact)) {
                leakage.insert(Leak { at: fact.at, datum: clause.datum, value: fact.value(clause.datum) });
            }
        }
        leakage
    }
}

/// Declared leakage in words, one sentence part per clause; contents imply everything else, so they stand alone.
pub fn words(clauses: &BTreeSet<Clause>) -> Vec<String> {
    if clauses.contains(&Clause::every(Datum::Content)) {
        return vec!["every content, in full".into()];
    }
    let phrase = |clause: &Clause| {
        let datum = match clause.datum {
            Datum::Metadata => "who writes to whom, in which group, when, and how big (size class)",
            Datum::Length => "the exact length",
            Datum::Kind => "whether it is a picture",
            Datum::Fingerprint(Cut::Luma) => "a grey copy, 512 × 512 at most,",
            Datum::Fingerprint(Cut::Filtered) => "a grey thumbnail, 64 × 64,",
            Datum::Fingerprint(Cut::Dct) => "the 256 numbers before the perceptual hash",
            Datum::Fingerprint(Cut::Hash) => "the perceptual hash",
            Datum::Verdict => "whether it matched",
            Datum::Confirmation => "whether a reviewer confirmed the match",
            Datum::Report => "when it was reported",
            Datum::Reporter => "who reported it",
            Datum::Count => "how many, and between how many people",
            Datum::Content => "the full content",
        };
        let scope = match (clause.scope, clause.datum) {
            (Scope::Every, Datum::Metadata) => return datum.into(),
            (Scope::Every, Datum::Fingerprint(_)) => "every picture",
            (Scope::Every, _) => "every content",
            (Scope::Matched, _) => "a content claimed to match",
            (Scope::Confirmed, _) => "a content that a reviewer confirms",
            (Scope::Reported, _) => "what a recipient reports",
            (Scope::Upheld, _) => "what a recipient reports and a reviewer confirms",
            (Scope::Ordered, _) => "what an account under a court's order sends or receives",
        };
        match clause.datum {
            Datum::Metadata
            | Datum::Kind
            | Datum::Verdict
            | Datum::Confirmation
            | Datum::Report
            | Datum::Reporter
            | Datum::Count => {
                format!("of {scope}, {datum}")
            }
            Datum::Length | Datum::Fingerprint(_) | Datum::Content => format!("{datum} of {scope}"),
        }
    };
    if clauses.is_empty() { vec!["nothing".into()] } else { clauses.iter().map(phrase).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_ideal_gives_is_no_price() {
        let provider: BTreeSet<Clause> = [
            Clause::every(Datum::Metadata),
            Clause::every(Datum::Fingerprint(Cut::Hash)),
            Clause::every(Datum::Verdict),
            Clause::matched(Datum::Content),
        ]
        .into();
        let detecting = beyond(&provider, &plain_encryption());
        assert_eq!(detecting, &provider - &plain_encryption());
        assert_eq!(beyond(&provider, &ideal_detection(true)), [Clause::every(Datum::Fingerprint(Cut::Hash))].into());
        assert_eq!(beyond(&provider, &ideal_detection(false)), detecting);
    }

    #[test]
    fn what_a_user_reports_is_told_by_will_and_what_a_court_orders_is_not() {
        let content = Datum::Content;
        let declared = [Clause::reported(content), Clause::upheld(content), Clause::ordered(content)].into();
        assert_eq!(beyond(&declared, &plain_encryption()), [Clause::ordered(content)].into());
        assert!(Clause::every(Datum::Metadata).implies(Clause::ordered(Datum::Metadata)));
        assert!(Clause::confirmed(content).implies(Clause::upheld(content)));
        assert!(!Clause::reported(content).implies(Clause::confirmed(content)));
        assert!(!Clause::matched(content).implies(Clause::ordered(content)));
    }

    #[test]
    fn contents_imply_what_can_be_computed_from_them_alone() {
        let content = Clause::matched(Datum::Content);
        for datum in [Datum::Length, Datum::Kind, Datum::Fingerprint(Cut::Luma)] {
            assert!(content.implies(Clause::matched(datum)));
            assert!(!content.implies(Clause::every(datum)));
            assert!(!Clause::every(datum).implies(content));
            assert!(Clause::every(Datum::Content).implies(Clause::matched(datum)));
            assert!(content.implies(Clause::confirmed(datum)) && !Clause::confirmed(datum).implies(content));
        }
        let cut = |cut| Clause::every(Datum::Fingerprint(cut));
        assert!(cut(Cut::Filtered).implies(cut(Cut::Dct)) && !cut(Cut::Dct).implies(cut(Cut::Filtered)));
        // The verdict depends on the list, and who writes to whom is not in the content.
        assert!(!Clause::every(Datum::Content).implies(Clause::every(Datum::Verdict)));
        assert!(!Clause::every(Datum::Content).implies(Clause::every(Datum::Metadata)));
    }
}
