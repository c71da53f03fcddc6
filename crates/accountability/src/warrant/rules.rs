use super::{Condition, CourtKey, Data, Defect, Revocation, SignedRevocation, SignedWarrant, VERSION, Warrant};
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 24 * 60 * 60;

/// What the law asks of a warrant beyond a court's signature. The defaults are this laboratory's, to have some; they are
/// nobody's law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Who may apply.
    pub applicants: BTreeSet<String>,
    /// Most accounts that one warrant may name.
    pub most_accounts: usize,
    /// Kinds of data that are given out.
    pub data: BTreeSet<Data>,
    /// Longest time that data may be asked for, in seconds.
    pub longest_period: u64,
    /// Longest time before its issue that data may be asked for, in seconds: what a provider may keep without a warrant.
    pub furthest_back: u64,
    /// Longest time from issue to expiry, in seconds.
    pub longest_validity: u64,
    /// Longest time from the end of the period until those concerned are told, in seconds.
    pub latest_notice: u64,
}

impl Rules {
    /// One applicant; up to 10 accounts; up to 90 days; nothing from before the issue; notice within a year.
    pub fn new(applicant: &str, data: impl IntoIterator<Item = Data>) -> Self {
        Self {
            applicants: [applicant.to_owned()].into(),
            most_accounts: 10,
            data: data.into_iter().collect(),
            longest_period: 90 * DAY,
            furthest_back: 0,
            longest_validity: 180 * DAY,
            latest_notice: 365 * DAY,
        }
    }

    /// Checks all that does not depend on who is served when: form, scope, dates and findings.
    ///
    /// # Errors
    /// The first [`Defect`] found.
    pub fn check(&self, warrant: &Warrant) -> Result<(), Defect> {
        if warrant.version != VERSION {
            return Err(Defect::Version(warrant.version));
        }
        if !self.applicants.contains(&warrant.applicant) {
            return Err(Defect::UnknownApplicant(warrant.applicant.clone()));
        }
        if warrant.salt == [0; 32] {
            return Err(Defect::NoSalt);
        }
        self.scope(warrant)?;
        self.dates(warrant)?;
        findings(warrant)
    }

    fn scope(&self, warrant: &Warrant) -> Result<(), Defect> {
        let (found, most) = (warrant.accounts.len(), self.most_accounts);
        if found == 0 {
            return Err(Defect::NoAccounts);
        }
        if found > most {
            return Err(Defect::TooManyAccounts { most, found });
        }
        unique(&warrant.accounts).map_err(Defect::RepeatedAccount)?;
        if warrant.data.is_empty() {
            return Err(Defect::NoData);
        }
        unique(&warrant.data).map_err(Defect::RepeatedData)?;
        let other = warrant.data.iter().find(|data| !self.data.contains(data));
        other.map_or(Ok(()), |data| Err(Defect::DataNotGiven(*data)))
    }

    fn dates(&self, warrant: &Warrant) -> Result<(), Defect> {
        let Warrant { from, until, issued, expires, notify, .. } = *warrant;
        let valid = expires.checked_sub(issued).ok_or(Defect::ExpiresBeforeIssued)?;
        if valid > self.longest_validity {
            return Err(Defect::ValidTooLong { most: self.longest_validity, found: valid });
        }
        let period = until.checked_sub(from).filter(|period| *period > 0).ok_or(Defect::NoPeriod)?;
        if period > self.longest_period {
            return Err(Defect::PeriodTooLong { most: self.longest_period, found: period });
        }
        let back = issued.saturating_sub(from);
        if back > self.furthest_back {
            return Err(Defect::TooFarBack { most: self.furthest_back, found: back });
        }
        if until > expires {
            return Err(Defect::EndsAfterExpiry);
        }
        let later = notify.checked_sub(until).ok_or(Defect::NoNotification)?;
        if later > self.latest_notice {
            return Err(Defect::NotifiedTooLate { most: self.latest_notice, found: later });
        }
        Ok(())
    }
}

fn findings(warrant: &Warrant) -> Result<(), Defect> {
    let conditions: Vec<Condition> = warrant.findings.iter().map(|finding| finding.condition).collect();
    unique(&conditions).map_err(Defect::RepeatedFinding)?;
    for condition in Condition::ALL {
        let finding = warrant.finding(condition).ok_or(Defect::NoFinding(condition))?;
        if finding.grounds.trim().is_empty() {
            return Err(Defect::NoGrounds(condition));
        }
        let about: &[u64] = if condition == Condition::Suspicion { &warrant.accounts } else { &[] };
        if let Some(account) = about.iter().find(|account| !finding.accounts.contains(account)) {
            return Err(Defect::NotSuspected(*account));
        }
        if let Some(account) = finding.accounts.iter().find(|account| !about.contains(account)) {
            return Err(Defect::SuspicionElsewhere(*account));
        }
    }
    Ok(())
}

/// The first that is there twice.
fn unique<T: Copy + Ord>(items: &[T]) -> Result<(), T> {
    let mut seen = BTreeSet::new();
    items.iter().find(|item| !seen.insert(**item)).map_or(Ok(()), |item| Err(*item))
}

/// Checks warrants for whoever is served them, and remembers which were.
#[derive(Debug, Clone)]
pub struct Registrar {
    name: String,
    court: CourtKey,
    rules: Rules,
    /// Commitments of warrants that were accepted, by number.
    served: BTreeMap<u64, [u8; 32]>,
    revoked: BTreeMap<u64, u64>,
}

impl Registrar {
    /// For `name`, who acts on warrants of `court` under `rules`.
    pub fn new(name: &str, court: CourtKey, rules: Rules) -> Self {
        Self { name: name.to_owned(), court, rules, served: BTreeMap::new(), revoked: BTreeMap::new() }
    }

    /// Accepts a warrant that `presenter` serves at `now`, if nothing is wrong with it; `exists` says which accounts there
    /// are. It is accepted once.
    ///
    /// # Errors
    /// The first [`Defect`] found; nothing has changed then.
    pub fn accept(
        &mut self,
        signed: &SignedWarrant,
        presenter: &str,
        now: u64,
        exists: impl Fn(u64) -> bool,
    ) -> Result<Warrant, Defect> {
        let warrant = self.court.open(signed)?;
        self.rules.check(&warrant)?;
        if warrant.addressee != self.name {
            return Err(Defect::WrongAddressee { expected: self.name.clone(), found: warrant.addressee });
        }
        if warrant.applicant != presenter {
            return Err(Defect::WrongPresenter { presenter: presenter.to_owned(), applicant: warrant.applicant });
        }
        if let Some(account) = warrant.accounts.iter().find(|account| !exists(**account)) {
            return Err(Defect::UnknownAccount(*account));
        }
        if now < warrant.issued {
            return Err(Defect::NotYetIssued { issued: warrant.issued, now });
        }
        if now >= warrant.expires {
            return Err(Defect::Expired { expires: warrant.expires, now });
        }
        if self.revoked(warrant.number, now) {
            return Err(Defect::Revoked(warrant.number));
        }
        let commitment = signed.commitment(&warrant.salt);
        match self.served.get(&warrant.number) {
            Some(served) if *served == commitment => Err(Defect::ServedBefore(warrant.number)),
            Some(_) => Err(Defect::NumberTaken(warrant.number)),
            None => {
                self.served.insert(warrant.number, commitment);
                Ok(warrant)
            }
        }
    }

    /// Takes note that the court revoked a warrant, served or not.
    ///
    /// # Errors
    /// A [`Defect`] of form.
    pub fn revoke(&mut self, signed: &SignedRevocation) -> Result<Revocation, Defect> {
        let revocation = self.court.open_revocation(signed)?;
        let at = self.revoked.entry(revocation.number).or_insert(revocation.at);
        *at = revocation.at.min(*at);
        Ok(revocation)
    }

    /// Whether a warrant was revoked by `now`.
    pub fn revoked(&self, number: u64, now: u64) -> bool {
        self.revoked.get(&number).is_some_and(|at| *at <= now)
    }

    /// The numbers of warrants that were accepted, with their commitments.
    pub fn served(&self) -> impl Iterator<Item = (u64, &[u8; 32])> {
        self.served.iter().map(|(number, commitment)| (*number, commitment))
    }
}
