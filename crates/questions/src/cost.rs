//! `cost`: what one content costs each party, beside plain `e2ee` in the same run, and how that grows with the list.
//!
//! What follows from the protocol (bytes, messages, latency on stated networks, storage, modelled work) is evidence; CPU time
//! is measured on one thread, one run at a time, and belongs to the timings.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::run::{Run, System};
use crate::scenario::COST;
use crate::world::{Half, Picture, World, below};
use rand_core::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sightline_architectures::by_name;
use sightline_crypto::{Seed, Stream};
use sightline_evidence::{Row, Status};
use sightline_fingerprint::{Memo, PdqHash};
use sightline_lists::{Entry, HashList, Provenance};
use sightline_privacy::game::GameError;
use sightline_privacy::scaling::{Estimate, exponent, median};
use sightline_protocol::{
    Architecture, Command, GroupNumber, History, Meter, Network, PartyId, Runner, Setup, Span, Time,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What every system is compared with.
const BASELINE: &str = "e2ee";
/// Level of the intervals of medians and exponents: 95 %.
const LEVEL: f64 = 0.05;
/// The list beside which growth is measured.
const SHORTEST: usize = 10;
/// How often CPU time is measured for each size of list: enough for a 95 % interval of the median.
const GROWTH_ROUNDS: u64 = 7;
/// What costs less than this more beside the longest list than beside the shortest does not grow.
const LEAST_GROWTH: f64 = 0.02;

/// The networks on which latency is stated: name, least time, further time, both in milliseconds, and loss.
const NETWORKS: [(&str, u64, u64, f64); 3] =
    [("fibre", 10, 2, 0.0001), ("mobile", 50, 30, 0.005), ("poor", 300, 200, 0.05)];

/// One quantity of one party or link, or of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Measure {
    quantity: String,
    unit: String,
    /// `set-up`: before any content is sent; `send`: one content.
    task: String,
    content: String,
    /// Empty for all together.
    observer: String,
    parameter: Option<(String, String)>,
}

/// Values of every round, in the same order for every system.
type Measured = BTreeMap<Measure, Vec<f64>>;

/// What was measured of one system, kept as a part.
#[derive(Default, Serialize, Deserialize)]
struct Found {
    /// Does not depend on a clock.
    exact: Vec<(Measure, Vec<f64>)>,
    /// CPU time.
    timed: Vec<(Measure, Vec<f64>)>,
}

/// Pictures of every round.
fn rounds(scenario: &Scenario) -> u64 {
    u64::from(scenario.trials / 50).clamp(6, 20)
}

/// How often CPU time is measured for one picture.
fn timed_rounds(scenario: &Scenario) -> u64 {
    u64::from(scenario.trials / 4).clamp(GROWTH_ROUNDS, 20)
}

/// Sizes of list, the shortest first.
fn sizes(scenario: &Scenario) -> Vec<usize> {
    let powers = (3..=6).map(|power| 10_usize.pow(power)).filter(|size| *size <= scenario.cost.largest_list);
    std::iter::once(SHORTEST).chain(powers).collect()
}

/// Steps for all systems, the baseline among them even if it was not asked for.
pub(crate) fn all_steps(scenario: &Scenario, systems: &[System]) -> u64 {
    let baseline = u64::from(systems.iter().all(|system| system.name != BASELINE));
    (systems.len() as u64 + baseline) * steps(scenario)
}

/// Steps for one system.
fn steps(scenario: &Scenario) -> u64 {
    rounds(scenario) * 4 + timed_rounds(scenario) * 4 + sizes(scenario).len() as u64 * GROWTH_ROUNDS * 4
}

/// Evidence and timings.
pub(crate) fn run(run: &Run<'_>) -> Result<(Vec<Row>, Vec<Row>), AssessmentError> {
    let Some(baseline) = by_name(BASELINE, &run.scenario.detection) else { return Ok(Default::default()) };
    let lists = lists(run.scenario);
    let baseline = measure(run, BASELINE, baseline.as_ref(), &lists)?;
    let (mut evidence, mut timings) = (Vec::new(), Vec::new());
    for System { name, architecture } in &run.systems {
        let found = if name == BASELINE { None } else { Some(measure(run, name, architecture.as_ref(), &lists)?) };
        let found = found.as_ref().unwrap_or(&baseline);
        evidence.extend(rows(run.scenario, name, &found.exact, &baseline.exact, Kind::Exact));
        timings.extend(rows(run.scenario, name, &found.timed, &baseline.timed, Kind::Timed));
    }
    Ok((evidence, timings))
}

/// Lists of random codes, which no picture matches, each a part of the next.
fn lists(scenario: &Scenario) -> Vec<Arc<HashList>> {
    let mut stream = Seed::from_u64(scenario.seed).derive("cost: list", 0).stream();
    let mut codes: Vec<Entry> = Vec::new();
    let extend = |size: usize| {
        codes.resize_with(size, || {
            let mut bytes = [0; 32];
            stream.fill_bytes(&mut bytes);
            Entry { hash: PdqHash::from_bytes(bytes), provenance: Provenance::Code }
        });
        Arc::new(HashList::new(codes.iter().copied()))
    };
    sizes(scenario).into_iter().map(extend).collect()
}

fn measure(
    run: &Run<'_>,
    name: &str,
    architecture: &dyn Architecture,
    lists: &[Arc<HashList>],
) -> Result<Found, AssessmentError> {
    run.part(&format!("{name}: cost"), steps(run.scenario), || {
        let system = Measuring { run, architecture };
        let found = system.ordinary_and_listed().and_then(|found| system.growth(lists, found));
        found.map_err(|source| AssessmentError::Game { architecture: name.into(), task: COST, source })
    })
}

struct Measuring<'a> {
    run: &'a Run<'a>,
    architecture: &'a dyn Architecture,
}

impl Measuring<'_> {
    /// An ordinary and a listed picture in every round, the same for every system.
    fn ordinary_and_listed(&self) -> Result<Found, GameError> {
        let World { setup, halves, .. } = self.run.world;
        let seed = Seed::from_u64(self.run.scenario.seed).derive("cost", 0);
        let pictures = |number| draw(&halves[1], &mut seed.derive("pictures", number).stream());
        let one = |number| -> Result<Vec<(Measure, f64)>, GameError> {
            let seed = seed.derive("round", number);
            let mut values = Vec::new();
            for (content, picture) in ["ordinary", "listed"].into_iter().zip(pictures(number)) {
                let Some(picture) = picture else { continue };
                for (network, wires) in networks() {
                    let took = self.once(setup, picture, wires, &seed)?;
                    values.extend(took.latency.map(|latency| {
                        let parameter = ("network".to_owned(), network.to_owned());
                        let measure = measured("delivery-latency", "s", "send", content, "", Some(parameter));
                        (measure, latency.as_seconds())
                    }));
                    if network == NETWORKS[0].0 {
                        values.extend(took.exact(content));
                    }
                }
                let even = |latency| Network { jitter: Span::ZERO, loss: 0.0, latency, ..Network::default() };
                let shorter = self.once(setup, picture, even(Span::milliseconds(10)), &seed)?;
                let longer = self.once(setup, picture, even(Span::milliseconds(11)), &seed)?;
                values.extend(longer.latency.zip(shorter.latency).map(|(longer, shorter)| {
                    // Every way takes a millisecond more.
                    let more = longer.as_nanoseconds() as f64 - shorter.as_nanoseconds() as f64;
                    (measured("round-trips", "1", "send", content, "", None), more / 2e6)
                }));
            }
            self.run.progress.advance(4);
            Ok(values)
        };
        let exact = (0..rounds(self.run.scenario)).into_par_iter().map(one).collect::<Result<Vec<_>, GameError>>()?;
        let mut timed = Vec::new();
        for number in 0..timed_rounds(self.run.scenario) {
            let Some(picture) = pictures(number)[0] else { continue };
            let setup = Setup { memo: Arc::new(Memo::forgetful()), ..setup.clone() };
            let took = self.once(&setup, picture, networks()[0].1, &seed.derive("round", number))?;
            timed.push(took.timed("ordinary", None));
            self.run.progress.advance(4);
        }
        Ok(Found { exact: gather(exact).into_iter().collect(), timed: gather(timed).into_iter().collect() })
    }

    /// The same picture beside longer and longer lists.
    fn growth(&self, lists: &[Arc<HashList>], mut found: Found) -> Result<Found, GameError> {
        let Some(picture) = self.run.world.halves[1].ordinary().next() else { return Ok(found) };
        let seed = Seed::from_u64(self.run.scenario.seed).derive("cost: growth", 0);
        let (mut exact, mut timed) = (Vec::new(), Vec::new());
        // A round is over all sizes, so that a machine that slows down slows all of them.
        for round in 0..GROWTH_ROUNDS {
            for list in lists {
                if self.run.progress.cancelled() {
                    return Ok(found);
                }
                let setup =
                    Setup { list: Arc::clone(list), memo: Arc::new(Memo::forgetful()), ..self.run.world.setup.clone() };
                let took = self.once(&setup, picture, networks()[0].1, &seed)?;
                let parameter = || Some(("list".to_owned(), list.len().to_string()));
                // What no clock has a hand in is the same in every round, and counts once.
                if round == 0 {
                    let grows = ["modelled-work", "bytes-sent"];
                    let amounts = took.exact("ordinary").into_iter().filter(|(measure, _)| {
                        grows.contains(&measure.quantity.as_str()) && measure.parameter.is_none()
                    });
                    let beside = |(measure, value)| (Measure { parameter: parameter(), ..measure }, value);
                    exact.push(amounts.map(beside).collect());
                }
                timed.push(took.timed("ordinary", parameter().as_ref()));
                self.run.progress.advance(4);
            }
        }
        found.exact.extend(gather(exact));
        found.timed.extend(gather(timed));
        Ok(found)
    }

    /// User 0 founds a group with all others, and sends one picture a minute later.
    fn once(&self, setup: &Setup, picture: &Picture, network: Network, seed: &Seed) -> Result<Took, GameError> {
        const GROUP: GroupNumber = 1;
        let at = |seconds| Time::after_start(Span::seconds(seconds));
        let (cut, sent, later) = (at(30), at(60), at(60 + 3600));
        let founded = History::new().then(at(1), 0, Command::CreateGroup(GROUP, (1..setup.users).collect()));
        let history = founded.then(sent, 0, Command::Send(GROUP, picture.content()));
        let deployment = self.architecture.deploy(setup, &seed.derive("deployment", 0))?;
        let (deployment, meter) = Meter::attach(deployment, cut, self.run.clock);
        let runner = Runner::new(deployment, &seed.derive("run", 0)).network(network);
        let transcript = runner.run(&history, &[cut, later])?;

        let mut took = Took::default();
        for (party, used) in meter.used() {
            took.used.insert(party.to_string(), used.map(|used| [used.modelled, used.measured].map(Span::as_seconds)));
        }
        for event in transcript.events().iter().filter(|event| event.on_the_wire() && !event.by_network) {
            let link = took.links.entry(format!("{}>{}", event.from, event.to)).or_default();
            let phase = &mut link[usize::from(event.sent >= cut)];
            *phase = [phase[0] + event.bytes.len() as f64, phase[1] + 1.0];
        }
        let held = |at: Time, party: PartyId| {
            let memory = transcript.snapshot(at).and_then(|memories| memories.get(&party));
            memory.map_or(0.0, |memory| memory.entries().map(|(_, bytes)| bytes.len() as f64).sum())
        };
        for party in transcript.memory().keys() {
            let before = held(cut, *party);
            took.held.insert(party.to_string(), [before, held(later, *party) - before]);
        }
        let shown = transcript.events().iter().filter(|event| event.sent >= sent && event.to != PartyId::user(0));
        let shown = shown.filter(|event| event.to.role() == PartyId::user(0).role()).map(|event| event.sent);
        took.latency = shown.max().map(|shown| shown - sent);
        Ok(took)
    }
}

/// What one run took, before any content was sent and from then on.
#[derive(Default)]
struct Took {
    /// Per party: modelled and measured seconds.
    used: BTreeMap<String, [[f64; 2]; 2]>,
    /// Per link: bytes and messages.
    links: BTreeMap<String, [[f64; 2]; 2]>,
    /// Per party: bytes in its memory before, and how many more there are an hour later.
    held: BTreeMap<String, [f64; 2]>,
    /// Time until the last recipient was shown the content.
    latency: Option<Span>,
}

const PHASES: [&str; 2] = ["set-up", "send"];

impl Took {
    fn exact(&self, content: &str) -> Vec<(Measure, f64)> {
        let mut values = Vec::new();
        for (phase, task) in PHASES.into_iter().enumerate() {
            let mut put =
                |quantity: &str, unit: &str, amounts: &mut dyn Iterator<Item = (&String, f64)>, links: bool| {
                    let mut all = 0.0;
                    for (name, amount) in amounts {
                        all += amount;
                        let link = links.then(|| ("link".to_owned(), name.clone()));
                        let observer = if links { "" } else { name };
                        values.push((measured(quantity, unit, task, content, observer, link), amount));
                    }
                    values.push((measured(quantity, unit, task, content, "", None), all));
                };
            let links = |which: usize| self.links.iter().map(move |(link, phases)| (link, phases[phase][which]));
            put("bytes-sent", "B", &mut links(0), true);
            put("messages-sent", "1", &mut links(1), true);
            put("modelled-work", "s", &mut self.used.iter().map(|(party, used)| (party, used[phase][0])), false);
            put("bytes-held", "B", &mut self.held.iter().map(|(party, held)| (party, held[phase])), false);
        }
        values
    }

    fn timed(&self, content: &str, parameter: Option<&(String, String)>) -> Vec<(Measure, f64)> {
        let mut values = Vec::new();
        for (phase, task) in PHASES.into_iter().enumerate() {
            let cpu = |observer: &str| measured("cpu-time", "s", task, content, observer, parameter.cloned());
            values.extend(self.used.iter().map(|(party, used)| (cpu(party), used[phase][1])));
            values.push((cpu(""), self.used.values().map(|used| used[phase][1]).sum()));
        }
        values
    }
}

fn measured(
    quantity: &str,
    unit: &str,
    task: &str,
    content: &str,
    observer: &str,
    parameter: Option<(String, String)>,
) -> Measure {
    let [quantity, unit, task, content, observer] = [quantity, unit, task, content, observer].map(str::to_owned);
    Measure { quantity, unit, task, content, observer, parameter }
}

fn gather(rounds: Vec<Vec<(Measure, f64)>>) -> Measured {
    let mut gathered = Measured::new();
    for (measure, value) in rounds.into_iter().flatten() {
        gathered.entry(measure).or_default().push(value);
    }
    gathered
}

fn networks() -> [(&'static str, Network); 3] {
    NETWORKS.map(|(name, latency, jitter, loss)| {
        let [latency, jitter] = [latency, jitter].map(Span::milliseconds);
        (name, Network { latency, jitter, loss, ..Network::default() })
    })
}

/// An ordinary and a listed picture, of equal length where there are such.
fn draw<'a>(half: &'a Half, stream: &mut Stream) -> [Option<&'a Picture>; 2] {
    let pick = |pictures: &'a [Picture], stream: &mut Stream| {
        (!pictures.is_empty()).then(|| &pictures[below(stream, pictures.len())])
    };
    if let Some(group) = half.draw(|group| group.ordinary.len() * group.listed.len(), stream) {
        return [&group.ordinary, &group.listed].map(|pictures| pick(pictures, stream));
    }
    let ordinary = half.draw(|group| group.ordinary.len(), stream).and_then(|group| pick(&group.ordinary, stream));
    let listed = half.draw(|group| group.listed.len(), stream).and_then(|group| pick(&group.listed, stream));
    [ordinary, listed]
}

/// Whether values are the same whenever the scenario is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exact,
    Timed,
}

/// The numbers of one system, their ratios to the baseline, and the exponents with which they grow.
fn rows(
    scenario: &Scenario,
    name: &str,
    found: &[(Measure, Vec<f64>)],
    baseline: &[(Measure, Vec<f64>)],
    kind: Kind,
) -> Vec<Row> {
    let row = |measure: &Measure, quantity: &str, unit: &str, values: &[f64]| {
        let row = Row::new(quantity, unit)
            .question(COST)
            .task(measure.task.as_str())
            .architecture(name)
            .observer(measure.observer.as_str())
            .content(measure.content.as_str())
            .n(values.len() as u64)
            .seed(scenario.seed);
        measure.parameter.iter().fold(row, |row, (key, value)| row.parameter(key, value))
    };
    let baseline: BTreeMap<&Measure, &Vec<f64>> = baseline.iter().map(|(measure, values)| (measure, values)).collect();
    let mut rows = Vec::new();
    for (measure, values) in found {
        let spread = kind == Kind::Timed || measure.quantity == "delivery-latency";
        let summary = summary(values, spread);
        let published = row(measure, &measure.quantity, &measure.unit, values);
        rows.push(published_as(published, summary, spread, ""));
        let ratio = row(measure, "ratio-to-e2ee", "1", values).parameter("of", &measure.quantity);
        let Some(other) = baseline.get(measure).filter(|other| other.len() == values.len()) else { continue };
        let beside_lists = measure.parameter.as_ref().is_some_and(|(key, _)| key == "list");
        if beside_lists || other.iter().any(|other| *other <= 0.0) || measure.quantity == "bytes-held" {
            continue;
        }
        let ratios: Vec<f64> = values.iter().zip(other.iter()).map(|(value, other)| value / other).collect();
        let of_means = || values.iter().sum::<f64>() / other.iter().sum::<f64>();
        let summary = if spread {
            median(ratios, LEVEL)
        } else {
            Some(of_means()).map(|value| Estimate { value, low: value, high: value })
        };
        rows.push(published_as(ratio, summary, spread, " of ratios"));
    }
    rows.extend(exponents(found, kind).into_iter().map(|(measure, found)| {
        let row = row(&Measure { parameter: None, ..measure.clone() }, "growth-exponent", "1", &[])
            .parameter("of", &measure.quantity)
            .method("least squares on logarithms");
        match found {
            Some((found, values)) => row.interval(found.value, found.low, found.high).n(values),
            None => row.status(Status::NotApplicable),
        }
    }));
    rows
}

/// The mean where every value is what it is, and the median with its interval where chance or a clock has a hand in it.
fn summary(values: &[f64], spread: bool) -> Option<Estimate> {
    if spread {
        return median(values.to_vec(), LEVEL);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(Estimate { value: mean, low: mean, high: mean })
}

fn published_as(row: Row, estimate: Option<Estimate>, spread: bool, of: &str) -> Row {
    match estimate {
        None => row.status(Status::NotApplicable),
        Some(found) if spread => row.interval(found.value, found.low, found.high).method(format!("median{of}")),
        Some(found) => row.exact(found.value).method(format!("mean{of}")),
    }
}

/// An exponent, and from how many values.
type Growth = Option<(Estimate, u64)>;

/// For each quantity that was measured beside several lists: the exponent with which what it takes above the shortest list
/// grows, from every value. Nothing where it does not grow; what is timed grows only where intervals do not meet.
fn exponents(found: &[(Measure, Vec<f64>)], kind: Kind) -> Vec<(Measure, Growth)> {
    type Curve<'a> = Vec<(f64, Estimate, &'a [f64])>;
    let mut curves: BTreeMap<Measure, Curve<'_>> = BTreeMap::new();
    for (measure, values) in found {
        let Some((_, size)) = measure.parameter.as_ref().filter(|(key, _)| key == "list") else { continue };
        let (Ok(size), Some(estimate)) = (size.parse(), summary(values, kind == Kind::Timed)) else { continue };
        curves.entry(Measure { parameter: None, ..measure.clone() }).or_default().push((size, estimate, values));
    }
    let of_curve = |(measure, mut curve): (Measure, Curve<'_>)| {
        curve.sort_by(|one, other| one.0.total_cmp(&other.0));
        let growth = curve.split_first().and_then(|((_, shortest, _), longer)| {
            let grows = |(_, longest, _): &(f64, Estimate, &[f64])| longest.low > shortest.high * (1.0 + LEAST_GROWTH);
            longer.last().filter(|longest| grows(longest))?;
            let above = longer.iter().filter(|(_, estimate, _)| estimate.low > shortest.high);
            let points = above.flat_map(|(size, _, values)| values.iter().map(|value| (*size, value - shortest.value)));
            let points: Vec<(f64, f64)> = points.filter(|(_, more)| *more > 0.0).collect();
            let found = exponent(&points, LEVEL).filter(|found| found.low > 0.0)?;
            Some((found, points.len() as u64))
        });
        (measure, growth)
    };
    // Only totals say that they do not grow.
    curves
        .into_iter()
        .map(of_curve)
        .filter(|(measure, growth)| growth.is_some() || measure.observer.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(size: usize, values: &[f64]) -> (Measure, Vec<f64>) {
        let list = Some(("list".to_owned(), size.to_string()));
        (measured("modelled-work", "s", "send", "ordinary", "", list), values.to_vec())
    }

    /// Of the total, which is listed even if it does not grow.
    fn exponent_of(found: &[(Measure, Vec<f64>)], kind: Kind) -> Option<f64> {
        let [(_, growth)] = &exponents(found, kind)[..] else { panic!("one curve") };
        growth.map(|(estimate, _)| estimate.value)
    }

    #[test]
    fn growth_is_that_above_the_shortest_list() {
        let cost = |power: i32| {
            [10_usize, 1_000, 10_000, 100_000]
                .map(|size| beside(size, &[1e-3 + 1e-9 * (size as f64 - 10.0).powi(power)]))
        };
        // A constant beside it changes no exponent.
        for power in [1, 2] {
            let found = exponent_of(&cost(power), Kind::Exact).unwrap();
            assert!((found - f64::from(power)).abs() < 0.01, "{found} is not {power}");
        }
        assert_eq!(exponent_of(&cost(0), Kind::Exact), None);
    }

    #[test]
    fn what_intervals_do_not_tell_apart_does_not_grow() {
        let noisy =
            |size: usize, shift: f64| beside(size, &[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6].map(|value| value + shift));
        assert_eq!(exponent_of(&[noisy(10, 0.0), noisy(1_000, 0.1), noisy(10_000, 0.3)], Kind::Timed), None);
        assert!(exponent_of(&[noisy(10, 0.0), noisy(1_000, 1.0), noisy(10_000, 10.0)], Kind::Timed).is_some());
    }

    #[test]
    fn the_baseline_costs_as_much_as_itself() {
        let found = [
            (measured("bytes-sent", "B", "send", "ordinary", "", None), vec![3.0, 5.0]),
            (measured("modelled-work", "s", "send", "ordinary", "provider", None), vec![2.0, 2.0]),
        ];
        let rows = rows(&Scenario::default(), BASELINE, &found, &found, Kind::Exact);
        let ratios: Vec<Option<f64>> =
            rows.iter().filter(|row| row.quantity == "ratio-to-e2ee").map(|row| row.value).collect();
        assert_eq!(ratios, [Some(1.0), Some(1.0)]);
    }
}
