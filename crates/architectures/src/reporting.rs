//! What happens to content that is said to match: the provider opens a case, a reviewer works through a queue, a report
//! authority receives, and where the architecture says so law enforcement is told. What a reviewer is shown is the
//! policy's.

use minicbor::{Decode, Encode};
use sightline_fingerprint::{Cut, Intermediate};
use sightline_protocol::{
    Clause, Content, Datum, Decision, Machine, Memory, PartyId, PartyProfile, Policy, Reason, Review, Scope, Seen,
    Setup, Shown, Sighting, Span, Step, Turn, View, Wire, Work,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::marker::PhantomData;

/// Time that a reviewer takes for one case.
const REVIEW_TIME: Span = Span::seconds(30);

/// A content on its way to those who judge it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Report {
    /// Number of the case at its sender: whoever passes cases on numbers them anew, so that gaps do not tell what was
    /// dismissed.
    #[n(0)]
    pub(crate) number: u64,
    /// The account that sent the content, or received it.
    #[n(1)]
    pub(crate) account: u16,
    /// The content.
    #[n(2)]
    pub(crate) content: Content,
}

/// What a reviewer is shown instead of a content: a grey thumbnail.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Preview {
    #[n(0)]
    number: u64,
    #[n(1)]
    account: u16,
    /// [`Intermediate::Filtered`]; empty if the content has none.
    #[cbor(n(2), with = "minicbor::bytes")]
    thumbnail: Vec<u8>,
}

/// What travels between provider, reviewer and authorities.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Paper {
    /// Provider to reviewer or report authority, reviewer to report authority, report authority to law enforcement.
    #[n(0)]
    Report(#[n(0)] Report),
    /// Provider to reviewer.
    #[n(1)]
    Preview(#[n(0)] Preview),
    /// Reviewer to provider: whether the case with this number is confirmed.
    #[n(2)]
    Decision(#[n(0)] u64, #[n(1)] bool),
}

/// The number of the last case of a sender, who numbers them: what comes again is refused.
#[derive(Default)]
struct Last(u64);

impl Last {
    fn next(&mut self, message: &'static str, number: u64) -> Result<(), Reason> {
        if number <= self.0 {
            let detail = format!("case {number} was received before, or out of order: the last is {}", self.0);
            return Err(Reason::Rejected { message, detail });
        }
        self.0 = number;
        Ok(())
    }

    fn entry(&self) -> (String, Vec<u8>) {
        ("last".to_owned(), self.0.to_be_bytes().to_vec())
    }
}

impl Paper {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Report(_) => "report",
            Self::Preview(_) => "preview",
            Self::Decision(..) => "decision",
        }
    }
}

/// A message type in which papers travel.
pub(crate) trait Carries: Wire + Send + From<Paper> {
    /// The paper, if the message is one.
    ///
    /// # Errors
    /// The message's name, if it is something else.
    fn into_paper(self) -> Result<Paper, &'static str>;
}

/// The reporting side of a provider.
pub(crate) struct Casework {
    setup: Setup,
    review: Review,
    threshold: u32,
    opened: u64,
    /// Cases that a reviewer of thumbnails confirmed.
    reported: u64,
    /// Matches of each account.
    matches: BTreeMap<u16, u32>,
    /// Cases that a reviewer of thumbnails has not decided.
    undecided: BTreeMap<u64, Report>,
}

impl Casework {
    pub(crate) fn new(setup: &Setup, policy: &Policy) -> Self {
        Self {
            setup: setup.clone(),
            review: policy.review,
            threshold: policy.threshold,
            opened: 0,
            reported: 0,
            matches: BTreeMap::new(),
            undecided: BTreeMap::new(),
        }
    }

    /// Counts a match of `account`, and says whether it is acted upon.
    pub(crate) fn count(&mut self, account: u16) -> bool {
        let matches = self.matches.entry(account).or_default();
        *matches += 1;
        *matches >= self.threshold
    }

    /// Opens a case about a content of `account`.
    pub(crate) fn open<M: Carries>(&mut self, account: u16, content: Content, turn: &mut Turn<'_, '_, M>) {
        self.opened += 1;
        let number = self.opened;
        match self.review {
            Review::Content => {
                turn.send(PartyId::REVIEWER, &Paper::Report(Report { number, account, content }).into());
            }
            Review::None => {
                turn.send(PartyId::REPORT_AUTHORITY, &Paper::Report(Report { number, account, content }).into());
            }
            Review::Thumbnail => {
                turn.spend(Work::Fingerprint(content.bytes.len()));
                let thumbnail = Intermediate::of(&self.setup.memo, &content.bytes, Cut::Filtered);
                let thumbnail = thumbnail.map_or(Vec::new(), |thumbnail| thumbnail.to_bytes());
                turn.send(PartyId::REVIEWER, &Paper::Preview(Preview { number, account, thumbnail }).into());
                self.undecided.insert(number, Report { number, account, content });
            }
        }
    }

    /// Takes what a reviewer sends.
    pub(crate) fn receive<M: Carries>(
        &mut self,
        from: PartyId,
        paper: &Paper,
        turn: &mut Turn<'_, '_, M>,
    ) -> Result<(), Reason> {
        let name = paper.name();
        let Paper::Decision(number, confirmed) = *paper else {
            return Err(Reason::Unexpected { message: name, detail: "a provider takes decisions on its cases".into() });
        };
        if from != PartyId::REVIEWER {
            let detail = format!("decisions come from the reviewer, not from {from}");
            return Err(Reason::Unexpected { message: name, detail });
        }
        let unknown = || Reason::Rejected { message: "decision", detail: format!("no case {number} is undecided") };
        let report = self.undecided.remove(&number).ok_or_else(unknown)?;
        if confirmed {
            self.reported += 1;
            let report = Report { number: self.reported, ..report };
            turn.send(PartyId::REPORT_AUTHORITY, &Paper::Report(report).into());
        }
        Ok(())
    }

    pub(crate) fn memory(&self) -> Memory {
        let undecided =
            self.undecided.iter().map(|(number, report)| (format!("undecided/{number:020}"), report.to_wire()));
        let matches = self
            .matches
            .iter()
            .map(|(account, matches)| (format!("matches/{account:05}"), matches.to_be_bytes().to_vec()));
        let counters = [("opened", self.opened), ("reported", self.reported)];
        let counters = counters.map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        Memory::new(undecided.chain(matches).chain(counters))
    }
}

/// Works through a queue of cases and passes on what is recognised. Idealised: see [`Setup::recognises`].
pub(crate) struct Reviewer<M> {
    setup: Setup,
    queue: VecDeque<Paper>,
    last: Last,
    dismissed: u64,
    confirmed: u64,
    message: PhantomData<fn(M)>,
}

impl<M> Reviewer<M> {
    pub(crate) fn new(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            queue: VecDeque::new(),
            last: Last::default(),
            dismissed: 0,
            confirmed: 0,
            message: PhantomData,
        }
    }

    fn count(&mut self, confirmed: bool) {
        if confirmed {
            self.confirmed += 1;
        } else {
            self.dismissed += 1;
        }
    }
}

impl<M: Carries> Machine for Reviewer<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let paper = expect_paper(from, PartyId::PROVIDER, message)?;
        match &paper {
            Paper::Report(Report { number, .. }) | Paper::Preview(Preview { number, .. }) => {
                self.last.next(paper.name(), *number)?;
            }
            Paper::Decision(..) => {
                let detail = "a reviewer decides, and is not told".into();
                return Err(Reason::Unexpected { message: paper.name(), detail });
            }
        }
        if self.queue.is_empty() {
            turn.wake_at(Some(turn.now() + REVIEW_TIME));
        }
        self.queue.push_back(paper);
        Ok(())
    }

    fn wake(&mut self, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        match self.queue.pop_front() {
            Some(Paper::Report(report)) => {
                let confirmed = self.setup.recognises(&report.content.bytes);
                self.count(confirmed);
                if confirmed {
                    let report = Report { number: self.confirmed, ..report };
                    turn.send(PartyId::REPORT_AUTHORITY, &Paper::Report(report).into());
                }
            }
            Some(Paper::Preview(preview)) => {
                let shown = Intermediate::from_bytes(Cut::Filtered, &preview.thumbnail).ok();
                let confirmed =
                    shown.and_then(|shown| shown.finish()).is_some_and(|pdq| self.setup.recognises_hash(&pdq));
                self.count(confirmed);
                turn.send(PartyId::PROVIDER, &Paper::Decision(preview.number, confirmed).into());
            }
            Some(Paper::Decision(..)) | None => {}
        }
        if !self.queue.is_empty() {
            turn.wake_at(Some(turn.now() + REVIEW_TIME));
        }
        Ok(())
    }

    fn memory(&self) -> Memory {
        let queue = self.queue.iter().enumerate().map(|(place, paper)| (format!("queue/{place:010}"), paper.to_wire()));
        let counters = [("confirmed", self.confirmed), ("dismissed", self.dismissed)];
        let counters = counters.map(|(name, count)| (name.to_owned(), count.to_be_bytes().to_vec()));
        Memory::new(queue.chain(counters).chain([self.last.entry()]))
    }
}

/// Keeps the reports that it receives and, if told so, passes them on.
pub(crate) struct Desk<M> {
    accepts_from: PartyId,
    passes_to: Option<PartyId>,
    last: Last,
    held: Vec<Report>,
    message: PhantomData<fn(M)>,
}

impl<M> Desk<M> {
    /// The report authority's.
    pub(crate) fn authority(policy: &Policy, passes_to: Option<PartyId>) -> Self {
        let accepts_from = match policy.review {
            Review::Content => PartyId::REVIEWER,
            Review::Thumbnail | Review::None => PartyId::PROVIDER,
        };
        Self::new(accepts_from, passes_to)
    }

    pub(crate) fn new(accepts_from: PartyId, passes_to: Option<PartyId>) -> Self {
        Self { accepts_from, passes_to, last: Last::default(), held: Vec::new(), message: PhantomData }
    }
}

impl<M: Carries> Machine for Desk<M> {
    type Message = M;

    fn receive(&mut self, from: PartyId, message: M, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        let paper = expect_paper(from, self.accepts_from, message)?;
        let name = paper.name();
        let Paper::Report(report) = paper else {
            return Err(Reason::Unexpected { message: name, detail: "only reports are taken here".into() });
        };
        self.last.next(name, report.number)?;
        if let Some(next) = self.passes_to {
            turn.send(next, &Paper::Report(report.clone()).into());
        }
        self.held.push(report);
        Ok(())
    }

    fn memory(&self) -> Memory {
        let held = self.held.iter().map(|report| (format!("report/{:020}", report.number), report.to_wire()));
        Memory::new(held.chain([self.last.entry()]))
    }
}

fn expect_paper<M: Carries>(from: PartyId, expected: PartyId, message: M) -> Result<Paper, Reason> {
    let paper = message
        .into_paper()
        .map_err(|message| Reason::Unexpected { message, detail: "only papers on cases are taken here".into() })?;
    if from == expected {
        Ok(paper)
    } else {
        let detail = format!("it comes from {expected}, not from {from}");
        Err(Reason::Unexpected { message: paper.name(), detail })
    }
}

/// The contents in the reports of a view, with the accounts that the reports name.
pub(crate) fn sightings<M: Carries>(view: &View<'_>) -> Vec<Sighting> {
    let report = |seen: &Seen<'_>| match M::from_wire(&seen.payload()?).ok()?.into_paper().ok()? {
        Paper::Report(Report { account, content, .. }) => {
            Some(Sighting { at: seen.at, account, shown: Shown::Content(content) })
        }
        Paper::Preview(Preview { account, thumbnail, .. }) => {
            let hash = Intermediate::from_bytes(Cut::Filtered, &thumbnail).ok()?.finish()?;
            Some(Sighting { at: seen.at, account, shown: Shown::Hash(hash) })
        }
        Paper::Decision(..) => None,
    };
    view.seen.iter().filter_map(report).collect()
}

/// The steps of a flow from an opened case on.
pub(crate) fn steps(policy: &Policy) -> Vec<Step> {
    const MATCH: &str = "a match is claimed";
    const CONFIRMED: &str = "the reviewer confirms";
    let step = |from, to, label, condition| Step { from, to, label, condition, sealed: false };
    match policy.review {
        Review::Content => vec![
            step("provider", "reviewer", "content, account", MATCH),
            step("reviewer", "report-authority", "content, account", CONFIRMED),
        ],
        Review::Thumbnail => vec![
            step("provider", "reviewer", "grey thumbnail, account", MATCH),
            step("reviewer", "provider", "decision", MATCH),
            step("provider", "report-authority", "content, account", CONFIRMED),
        ],
        Review::None => vec![step("provider", "report-authority", "content, account", MATCH)],
    }
}

/// Who decides whether a match is reported.
pub(crate) const fn decision(policy: &Policy) -> Decision {
    let who = match policy.review {
        Review::Content => "a reviewer who sees the content",
        Review::Thumbnail => "a reviewer who sees a grey thumbnail",
        Review::None => "nobody: every match is",
    };
    Decision { what: "whether a match is reported", who }
}

/// The parties beside users and provider that every system with a list has.
pub(crate) fn parties() -> [PartyProfile; 3] {
    let party = |name, title| PartyProfile { name, title, outsider: true };
    [
        party("reviewer", "Reviewer"),
        party("report-authority", "Report authority"),
        party("list-authority", "List authority"),
    ]
}

/// What a reviewer learns.
pub(crate) fn reviewer_learns(policy: &Policy) -> BTreeSet<Clause> {
    match policy.review {
        Review::Content => [Datum::Metadata, Datum::Content].map(Clause::matched).into(),
        Review::Thumbnail => [Datum::Metadata, Datum::Fingerprint(Cut::Filtered)].map(Clause::matched).into(),
        Review::None => BTreeSet::new(),
    }
}

/// What the provider and the network learn of what becomes of cases.
pub(crate) fn decision_shows(policy: &Policy, at_provider: bool) -> Option<Clause> {
    match (policy.review, at_provider) {
        // The provider that passes contents to a reviewer is not told.
        (Review::None, _) | (Review::Content, true) => None,
        (Review::Content, false) | (Review::Thumbnail, _) => Some(Clause::matched(Datum::Confirmation)),
    }
}

/// The same about what recipients report instead of what matches.
pub(crate) fn of_reports(clauses: impl IntoIterator<Item = Clause>) -> BTreeSet<Clause> {
    let moved = |clause: Clause| match clause.scope {
        Scope::Matched => Clause::reported(clause.datum),
        Scope::Confirmed => Clause::upheld(clause.datum),
        _ => clause,
    };
    clauses.into_iter().map(moved).collect()
}

/// What a report authority learns: what is reported, and that is what a reviewer confirms if there is one.
pub(crate) fn authority_learns(policy: &Policy) -> BTreeSet<Clause> {
    let reported = match policy.review {
        Review::None => Clause::matched,
        Review::Content | Review::Thumbnail => Clause::confirmed,
    };
    [Datum::Metadata, Datum::Content].map(reported).into()
}
