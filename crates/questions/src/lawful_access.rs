//! `lawful-access`: can access be authorised, narrow, based on suspicion, necessary and proportionate? One account is under a
//! court's order; it is counted whom law enforcement learns anything of, and whose views differ from those without the order.
//! Defective warrants are served, and operators of the log cheat.

use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::LAWFUL_ACCESS;
use crate::trace::{Share, singles};
use crate::world::{Half, Picture, shuffle};
use serde::{Deserialize, Serialize};
use sightline_accountability::log::{Follower, Log, LogError, Proof, Record, Witness};
use sightline_accountability::warrant::{Condition, Defect, defective};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_privacy::game::{Game, GameError, Round};
use sightline_protocol::{
    Architecture, Command, Disclosure, GroupNumber, History, Network, Observer, Order, PartyId, Setup, Shown, Span,
    Time, Transcript, View, Views,
};
use std::collections::BTreeSet;

/// The account that is under the order.
const TARGET: u16 = 0;
/// Who converses with the target, and two people who do not.
const CORRESPONDENTS: [u16; 2] = [1, 2];
const BYSTANDERS: [u16; 2] = [3, 4];
const USERS: u16 = 5;

/// Steps for one system.
pub(crate) const STEPS: u64 = 40;

/// Asks every system, then the court and the log that they share.
pub(crate) fn run(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let mut rows = Vec::new();
    let mut courts = false;
    for System { name, architecture } in &run.systems {
        let row = |quantity: &str| {
            let row = Row::new(quantity, "1").question(LAWFUL_ACCESS).architecture(name.as_str()).content("any");
            row.parameter("accounts", 1).seed(run.scenario.seed)
        };
        if architecture.profile().disclosure != Disclosure::Warrant {
            run.progress.advance(STEPS);
            rows.push(row("persons-touched").status(Status::NotApplicable));
            continue;
        }
        courts = true;
        let found: Result<Found, String> =
            run.part(&format!("{name}: lawful access"), STEPS, || Ok(play(run, name, architecture.as_ref())))?;
        let Ok(found) = found else {
            rows.push(row("persons-touched").status(Status::Failed));
            continue;
        };
        let police = PartyId::LAW_ENFORCEMENT.to_string();
        let told = |quantity: &str, count: usize, n: usize| {
            row(quantity).observer(police.clone()).corruption("curious").exact(count as f64).n(n as u64)
        };
        rows.push(told("persons-touched", found.touched.len(), usize::from(USERS)).method("sightings"));
        let correspondents = found.touched.iter().filter(|account| **account != TARGET).count();
        rows.push(told("correspondents-touched", correspondents, CORRESPONDENTS.len()).method("sightings"));
        rows.push(told("contents-obtained", found.contents, found.sent).method("sightings"));
        for (who, [changed, of]) in [("correspondents", found.correspondents), ("bystanders", found.bystanders)] {
            let method = "views with and without the order, byte for byte, times included";
            rows.push(row(&format!("views-changed-of-{who}")).exact(changed as f64).n(of as u64).method(method));
        }
        for (strategy, touched) in &found.rogue {
            let row = told("persons-touched", touched.len(), usize::from(USERS)).variant(strategy.as_str());
            rows.push(row.parameter("order", "none").method("sightings"));
        }
    }
    if courts {
        rows.extend(court(run));
    }
    Ok(rows)
}

/// What came of one system.
#[derive(Serialize, Deserialize)]
struct Found {
    /// Accounts of which law enforcement learns anything.
    touched: BTreeSet<u16>,
    /// Contents that law enforcement has, of contents sent.
    contents: usize,
    sent: usize,
    /// Of these, how many see something else than without the order.
    correspondents: [usize; 2],
    bystanders: [usize; 2],
    /// Accounts touched without any order, by what the provider does.
    rogue: Vec<(String, BTreeSet<u16>)>,
}

fn play(run: &Run<'_>, name: &str, architecture: &dyn Architecture) -> Result<Found, String> {
    let seed = Seed::from_u64(run.scenario.seed).derive("lawful access", 0);
    let mut stream = seed.derive("pictures", 0).stream();
    let mut ordinary: Vec<&Picture> = run.world.halves.iter().flat_map(Half::ordinary).collect();
    shuffle(&mut ordinary, &mut stream);
    let at = |seconds| Time::after_start(Span::seconds(seconds));
    let groups: [(GroupNumber, [u16; 2]); 3] =
        [(1, [TARGET, CORRESPONDENTS[0]]), (2, [TARGET, CORRESPONDENTS[1]]), (3, BYSTANDERS)];
    let mut history = History::new();
    for ((group, [one, other]), when) in groups.into_iter().zip([10, 20, 30]) {
        history = history.then(at(when), one, Command::CreateGroup(group, vec![other]));
    }
    let turns = groups.into_iter().flat_map(|(group, people)| people.map(|user| (group, user)));
    for (((group, user), picture), when) in turns.zip(&ordinary).zip((60..).step_by(10)) {
        history = history.then(at(when), user, Command::Send(group, picture.content()));
    }
    let order = Order { accounts: [TARGET].into(), applied: at(5), from: at(5), until: at(300) };
    let with = Setup { users: USERS, order: Some(order), ..run.world.setup.clone() };
    let without = Setup { order: None, ..with.clone() };
    // Nothing random on the way, so that a message more does not shift the others.
    let network = Network { jitter: Span::ZERO, loss: 0.0, ..run.scenario.wires() };
    let carried = |system: &dyn Architecture, setup: &Setup| -> Result<Transcript, GameError> {
        let round = Round { setup: setup.clone(), histories: [history.clone(), history.clone()], truth: false };
        Game::new(system, network, singles(system)).run(&round, &seed.derive(name, 0))
    };
    let measured = || -> Result<Found, GameError> {
        let [ordered, unordered] = [carried(architecture, &with)?, carried(architecture, &without)?];
        let (touched, contents) = told(architecture, &ordered);
        let mut views = [Views::new(&ordered), Views::new(&unordered)];
        let mut changed = |users: [u16; 2]| {
            let differs = |user: &&u16| {
                let [one, other] =
                    views.each_mut().map(|views| views.of(&Observer::curious([PartyId::device(**user)])));
                // What a device holds at the end; runs end at different times.
                let held =
                    |view: &View<'_>| view.memory.iter().map(|(_, _, memory)| (*memory).clone()).collect::<Vec<_>>();
                one.seen != other.seen || held(&one) != held(&other)
            };
            [users.iter().filter(differs).count(), users.len()]
        };
        let (correspondents, bystanders) = (changed(CORRESPONDENTS), changed(BYSTANDERS));
        let rogue = architecture.strategies().into_iter().map(|(strategy, system)| {
            let transcript = carried(system.as_ref(), &without)?;
            Ok((strategy.to_owned(), told(system.as_ref(), &transcript).0))
        });
        let rogue = rogue.collect::<Result<_, GameError>>()?;
        let sent = history.sends().count();
        Ok(Found { touched, contents, sent, correspondents, bystanders, rogue })
    };
    let found = measured();
    run.progress.advance(STEPS);
    found.map_err(|error| error.to_string())
}

/// The accounts of which law enforcement learns anything, and how many contents it has.
fn told(architecture: &dyn Architecture, transcript: &Transcript) -> (BTreeSet<u16>, usize) {
    let view = Views::new(transcript).of(&Observer::curious([PartyId::LAW_ENFORCEMENT]));
    let sightings = architecture.sightings(&view);
    let contents: BTreeSet<&[u8]> = sightings
        .iter()
        .filter_map(|sighting| match &sighting.shown {
            Shown::Content(content) => Some(content.bytes.as_slice()),
            Shown::Hash(_) | Shown::Traffic => None,
        })
        .collect();
    (sightings.iter().map(|sighting| sighting.account).collect(), contents.len())
}

/// The court and the log that all systems with warrants share.
fn court(run: &Run<'_>) -> Vec<Row> {
    let row = |quantity: &str| Row::new(quantity, "1").question(LAWFUL_ACCESS).seed(run.scenario.seed);
    let verdicts = defective();
    let refused = Share::count(&verdicts, |(_, defect)| defect.is_some());
    let absent = |condition: Condition| {
        let without = Defect::NoFinding(condition);
        verdicts.iter().any(|(_, defect)| *defect == Some(without.clone()))
    };
    let conditions = Share::count(Condition::ALL, absent);
    let caught = Share::count(cheating(), |(_, accepted)| accepted.is_err());
    let method = "kinds of defect, each made, signed and served";
    let shares = [
        ("defective-warrants-refused", refused, method),
        ("conditions-required", conditions, "warrants without a finding on one of five conditions are refused"),
        ("cheating-logs-caught", caught, "operators that omit, alter, fork or roll back"),
    ];
    shares.map(|(quantity, share, method)| share.exactly(row(quantity).method(method))).into()
}

/// Operators of the log that cheat, and what a follower says to what they show next.
fn cheating() -> Vec<(&'static str, Result<(), LogError>)> {
    const START: u64 = 1_780_272_000;
    let made = || -> Result<_, LogError> {
        let record = |second: u64, body: &str| Record::new(START + second, body.as_bytes().to_vec());
        let records = [record(0, "a")?, record(10, "b")?, record(20, "c")?, record(30, "d")?];
        let log = |chosen: &[usize]| -> Result<Log, LogError> {
            let mut log = Log::new("log.example/warrants", &[1; 32])?;
            for number in chosen {
                log.append(&records[*number]);
            }
            Ok(log)
        };
        let shown = |chosen: &[usize]| -> Result<(), LogError> {
            let honest = log(&[0, 1, 2])?;
            let mut follower = {
                let witness = Witness::new("auditor.example/witness", &[2; 32], honest.key().clone())?;
                Follower::new(honest.key().clone(), vec![witness.key().clone()], 1)?
            };
            let cosigned = |log: &Log, second: u64| -> Result<Vec<u8>, LogError> {
                // A witness that forgets what it cosigned: the follower alone is to catch the operator.
                let mut witness = Witness::new("auditor.example/witness", &[2; 32], log.key().clone())?;
                let note = log.checkpoint();
                let line = witness.cosign(&note, &Proof::default(), START + second)?;
                Ok([note, line].concat())
            };
            follower.advance(&cosigned(&honest, 25)?, &Proof::default(), &honest.entries(0..3))?;
            let next = log(chosen)?;
            let size = follower.checkpoint().size;
            let proof = next.consistency(size, next.size()).unwrap_or_default();
            let entries = if next.size() >= size { next.entries(size..next.size()) } else { Vec::new() };
            follower.advance(&cosigned(&next, 50)?, &proof, &entries).map(drop)
        };
        let tried: [(&str, &[usize]); 4] =
            [("omits", &[0, 1, 3]), ("alters", &[0, 3, 2, 1]), ("forks", &[0, 1, 3, 2]), ("rolls back", &[0, 1])];
        // What is honest is accepted, or the rest would say nothing.
        shown(&[0, 1, 2, 3])?;
        Ok(tried.map(|(what, chosen)| (what, shown(chosen))).into())
    };
    made().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_that_cheat_are_caught_and_honest_ones_are_not() {
        let all = cheating();
        assert_eq!(all.len(), 4, "an honest log was refused");
        for (what, accepted) in all {
            assert!(accepted.is_err(), "{what}");
        }
    }
}
