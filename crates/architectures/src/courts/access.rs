//! The provider's part: warrants that it was served, from the log's receipt until those concerned are told.

use super::{ADDRESSEE, APPLICANT, Court, Hears, Keys, Logged, Proceeding, Traffic, unix, verified};
use sightline_accountability::Entry;
use sightline_accountability::warrant::{Data, Defect, Registrar, SignedWarrant, Warrant};
use sightline_messenger::{MemberId, Sent};
use sightline_protocol::{Memory, Notice, PartyId, Reason, Setup, Span, Time, Turn, Wire, Work};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a provider does about warrants.
pub(crate) struct Access {
    keys: Keys,
    registrar: Registrar,
    users: u16,
    /// Seconds for which it keeps everybody's communications data without a warrant.
    retention: u64,
    kept: VecDeque<Traffic>,
    grants: BTreeMap<u64, Grant>,
    /// What was sent to the log and not confirmed, in order.
    unlogged: VecDeque<(u64, Entry)>,
}

/// A warrant that was accepted.
struct Grant {
    warrant: Warrant,
    signed: SignedWarrant,
    phase: Phase,
    /// What it asks for, so far.
    records: Vec<Traffic>,
    /// How many records were given out.
    given: u64,
    /// The log's receipt of its being served.
    receipt: Option<Logged>,
}

/// How far it has come. Nothing is done before the log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Served,
    /// Its dates have not begun.
    Waiting,
    Active,
    Answering,
    Answered,
    Notifying,
    Done,
}

/// What changed for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// A warrant is in force from now on.
    Began,
    /// One is not any more.
    Ended,
}

impl Grant {
    fn commitment(&self) -> [u8; 32] {
        self.signed.commitment(&self.warrant.salt)
    }

    fn accounts(&self) -> BTreeSet<u16> {
        self.warrant.accounts.iter().filter_map(|account| u16::try_from(*account).ok()).collect()
    }

    /// Accounts in its records that it does not name.
    fn correspondents(&self) -> u64 {
        let own = self.accounts();
        let everyone = self.records.iter().flat_map(|traffic| &traffic.sent.recipients);
        let everyone = everyone.chain(self.records.iter().map(|traffic| &traffic.sent.sender));
        everyone.filter(|member| !own.contains(&member.0)).collect::<BTreeSet<_>>().len() as u64
    }

    fn wants(&self, traffic: &Traffic) -> bool {
        let accounts =
            || traffic.sent.recipients.iter().chain([&traffic.sent.sender]).map(|MemberId(id)| u64::from(*id));
        self.warrant.data.iter().any(|data| self.warrant.covers(*data, traffic.at / 1_000, accounts()))
    }

    /// When something is to be done about it next.
    fn due(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting => Some(self.warrant.from),
            Phase::Active => Some(self.warrant.until),
            Phase::Answered => Some(self.warrant.notify),
            _ => None,
        }
    }
}

impl Access {
    pub(super) fn new(court: &Court, setup: &Setup) -> Self {
        Self {
            keys: court.keys.clone(),
            registrar: Registrar::new(ADDRESSEE, court.keys.court.clone(), court.rules.clone()),
            users: setup.users,
            retention: court.rules.furthest_back,
            kept: VecDeque::new(),
            grants: BTreeMap::new(),
            unlogged: VecDeque::new(),
        }
    }

    /// Takes a proceeding that came to the provider.
    pub(crate) fn receive<M: Hears>(
        &mut self,
        from: PartyId,
        proceeding: Proceeding,
        turn: &mut Turn<'_, '_, M>,
    ) -> Result<Change, Reason> {
        let change = match proceeding {
            Proceeding::Warrant(signed) if from == PartyId::LAW_ENFORCEMENT => {
                self.serve(signed, turn)?;
                Change::None
            }
            Proceeding::Revocation(signed) if from == PartyId::LAW_ENFORCEMENT => {
                turn.spend(Work::Signature);
                let rejected = |detail: Defect| Reason::Rejected { message: "revocation", detail: detail.to_string() };
                let number = self.registrar.revoke(&signed).map_err(rejected)?.number;
                self.revoked(number, turn)
            }
            Proceeding::Logged(logged) if from == PartyId::LOG => self.logged(logged, turn)?,
            other => return Err(other.unexpected(from)),
        };
        self.alarm(turn);
        Ok(change)
    }

    fn serve<M: Hears>(&mut self, signed: SignedWarrant, turn: &mut Turn<'_, '_, M>) -> Result<(), Reason> {
        turn.spend(Work::Signature);
        let exists = |account| account < u64::from(self.users);
        let accepted = self.registrar.accept(&signed, APPLICANT, unix(turn.now()), exists);
        let rejected = |defect: Defect| Reason::Rejected { message: "warrant", detail: defect.to_string() };
        let warrant = accepted.map_err(rejected)?;
        let number = warrant.number;
        let grant = Grant { warrant, signed, phase: Phase::Served, records: Vec::new(), given: 0, receipt: None };
        let entry = Entry::Served {
            commitment: grant.commitment(),
            accounts: grant.warrant.accounts.len() as u64,
            data: grant.warrant.data.clone(),
            seconds: grant.warrant.until - grant.warrant.from,
        };
        self.grants.insert(number, grant);
        self.log(number, entry, turn);
        Ok(())
    }

    fn log<M: Hears>(&mut self, number: u64, entry: Entry, turn: &mut Turn<'_, '_, M>) {
        turn.send(PartyId::LOG, &Proceeding::Append(entry.encode()).into());
        self.unlogged.push_back((number, entry));
    }

    /// The log's receipt of the oldest entry that waits for one.
    fn logged<M: Hears>(&mut self, logged: Logged, turn: &mut Turn<'_, '_, M>) -> Result<Change, Reason> {
        turn.spend(Work::Signature);
        let rejected = |detail: &str| Reason::Rejected { message: "log receipt", detail: detail.to_owned() };
        let entry = verified(&self.keys, &logged)?;
        let (number, expected) = self.unlogged.front().ok_or_else(|| rejected("nothing waits for one"))?;
        if entry != *expected {
            return Err(rejected("it is of something else than what was sent to the log next"));
        }
        let number = *number;
        self.unlogged.pop_front();
        let Some(grant) = self.grants.get_mut(&number) else { return Ok(Change::None) };
        match entry {
            Entry::Served { .. } => {
                grant.receipt = Some(logged);
                if grant.phase != Phase::Served {
                    return Ok(Change::None);
                }
                grant.phase = if unix(turn.now()) < grant.warrant.from { Phase::Waiting } else { Phase::Active };
                if grant.phase == Phase::Waiting {
                    return Ok(Change::None);
                }
                let kept: Vec<Traffic> = self.kept.iter().filter(|traffic| grant.wants(traffic)).cloned().collect();
                grant.records.extend(kept);
                Ok(Change::Began)
            }
            Entry::Answered { records, .. } if grant.phase == Phase::Answering => {
                grant.phase = Phase::Answered;
                grant.given = records;
                let records = std::mem::take(&mut grant.records);
                turn.send(PartyId::LAW_ENFORCEMENT, &Proceeding::Answer(number, records).into());
                Ok(Change::None)
            }
            Entry::Notified { .. } if grant.phase == Phase::Notifying => {
                grant.phase = Phase::Done;
                if let Some(receipt) = grant.receipt.take() {
                    for account in grant.accounts() {
                        let notice = Proceeding::Notice(grant.signed.clone(), grant.given, receipt.clone());
                        turn.send(PartyId::device(account), &notice.into());
                    }
                }
                Ok(Change::None)
            }
            _ => Ok(Change::None),
        }
    }

    /// The court took a warrant back: what was collected is erased, and those concerned are told all the same.
    fn revoked<M: Hears>(&mut self, number: u64, turn: &mut Turn<'_, '_, M>) -> Change {
        let now = unix(turn.now());
        let Some(grant) = self.grants.get_mut(&number) else { return Change::None };
        if !self.registrar.revoked(number, now)
            || !matches!(grant.phase, Phase::Served | Phase::Waiting | Phase::Active)
        {
            return Change::None;
        }
        let was = std::mem::replace(&mut grant.phase, Phase::Answered);
        grant.records.clear();
        let commitment = grant.commitment();
        self.log(number, Entry::Revoked { commitment }, turn);
        if was == Phase::Active { Change::Ended } else { Change::None }
    }

    /// Does what is due.
    pub(crate) fn wake<M: Hears>(&mut self, turn: &mut Turn<'_, '_, M>) -> Change {
        let now = unix(turn.now());
        let mut change = Change::None;
        let due = |(_, grant): &(&u64, &Grant)| grant.due().is_some_and(|due| due <= now);
        let due: Vec<u64> = self.grants.iter().filter(due).map(|(number, _)| *number).collect();
        for number in due {
            let Some(grant) = self.grants.get_mut(&number) else { continue };
            let commitment = grant.commitment();
            if grant.phase == Phase::Waiting {
                grant.phase = Phase::Active;
                change = Change::Began;
                continue;
            }
            let entry = if grant.phase == Phase::Active {
                grant.phase = Phase::Answering;
                change = Change::Ended;
                Entry::Answered {
                    commitment,
                    records: grant.records.len() as u64,
                    correspondents: grant.correspondents(),
                }
            } else {
                grant.phase = Phase::Notifying;
                Entry::Notified { commitment }
            };
            self.log(number, entry, turn);
        }
        self.alarm(turn);
        change
    }

    fn alarm<M: Hears>(&self, turn: &mut Turn<'_, '_, M>) {
        let next = self.grants.values().filter_map(Grant::due).min();
        let start = unix(Time::START);
        turn.wake_at(next.map(|due| Time::after_start(Span::seconds(due.saturating_sub(start)))));
    }

    /// Whether a warrant that is in force asks for a kind of data of what was sent.
    pub(crate) fn covers(&self, data: Data, at: Time, sent: &Sent) -> bool {
        let accounts = || sent.recipients.iter().chain([&sent.sender]).map(|MemberId(id)| u64::from(*id));
        let active = self.grants.values().filter(|grant| grant.phase == Phase::Active);
        active.into_iter().any(|grant| grant.warrant.covers(data, unix(at), accounts()))
    }

    /// The accounts whose data are given out now.
    pub(crate) fn accounts(&self) -> BTreeSet<u16> {
        let active = self.grants.values().filter(|grant| grant.phase == Phase::Active);
        active.flat_map(Grant::accounts).collect()
    }

    /// Notes what was sent just now, as far as a warrant asks for it or it is kept without one.
    pub(crate) fn note<M: Hears>(&mut self, sent: &[Sent], turn: &Turn<'_, '_, M>) {
        let milliseconds = (turn.now() - Time::START).as_nanoseconds() / 1_000_000;
        let at = unix(Time::START) * 1_000 + milliseconds;
        for sent in sent {
            let traffic = Traffic { at, sent: sent.clone() };
            for grant in self.grants.values_mut().filter(|grant| grant.phase == Phase::Active) {
                if grant.wants(&traffic) {
                    grant.records.push(traffic.clone());
                }
            }
            if self.retention > 0 {
                self.kept.push_back(traffic);
            }
        }
        while self.kept.front().is_some_and(|traffic| traffic.at + self.retention * 1_000 < at) {
            self.kept.pop_front();
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        let kept = self.kept.iter().enumerate().map(|(place, kept)| (format!("kept/{place:010}"), kept.to_wire()));
        let grants = self.grants.iter().flat_map(|(number, grant)| {
            let state = (grant.phase as u8, grant.given).to_wire();
            let receipt = grant.receipt.as_ref().map(Wire::to_wire).unwrap_or_default();
            let entry = move |name: &str, bytes| (format!("warrant/{number:020}/{name}"), bytes);
            [
                entry("signed", grant.signed.as_bytes().to_vec()),
                entry("records", grant.records.to_wire()),
                entry("receipt", receipt),
                entry("state", state),
            ]
        });
        let unlogged = self.unlogged.iter().enumerate();
        let unlogged = unlogged.map(|(place, (_, entry))| (format!("unlogged/{place:010}"), entry.encode()));
        Memory::new(kept.chain(grants).chain(unlogged))
    }
}

/// What a device tells its user of a notice that it was sent: that a court ordered access to the account, and that everybody
/// could have seen that it did.
pub(crate) fn told<M: Hears>(
    keys: &Keys,
    signed: &SignedWarrant,
    records: u64,
    logged: &Logged,
    turn: &mut Turn<'_, '_, M>,
) -> Result<(), Reason> {
    turn.spend(Work::Signature);
    let rejected = |detail: String| Reason::Rejected { message: "notice", detail };
    let warrant = keys.court.open(signed).map_err(|defect| rejected(defect.to_string()))?;
    let own = u64::from(turn.party().index());
    if !warrant.accounts.contains(&own) {
        return Err(rejected(format!("the warrant does not name account {own}")));
    }
    match verified(keys, logged)? {
        Entry::Served { commitment, .. } if commitment == signed.commitment(&warrant.salt) => {
            turn.tell(&Notice::Accessed(warrant.number, records));
            Ok(())
        }
        _ => Err(rejected("what the log has is of another warrant".into())),
    }
}
