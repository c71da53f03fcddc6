//! The metadata baseline: what the size of a sealed picture alone tells, computed exactly for each padding; and what an
//! adversary detects with it on plain `e2ee`.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::Run;
use crate::scenario::ENDPOINTS_ONLY;
use crate::world::{Half, Picture, shuffle};
use rayon::prelude::*;
use sightline_architectures::E2ee;
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_messenger::Padding;
use sightline_privacy::channel::{catalogue_sizes, deterministic_uniform};
use sightline_privacy::interval::{lower_bound, upper_bound};
use sightline_protocol::{Architecture, Content, ContentKind, PartyId, Role, Runner};
use std::collections::{BTreeMap, BTreeSet};

/// Lengths of the lists whose sizes an adversary looks for.
const LISTS: [i32; 3] = [1, 100, 10_000];
/// Most pictures of each kind that the adversary is tried on.
const TRIED: usize = 200;
/// Level of the intervals: 95 %, both ends.
const LEVEL: f64 = 0.05;

/// Steps of the adversary.
pub(crate) const STEPS: u64 = 3 * TRIED as u64;

pub(crate) fn rows(seed: u64) -> Vec<Row> {
    let sizes: Vec<u64> = catalogue_sizes().collect();
    let total: u64 = sizes.iter().sum();
    Padding::ALL
        .into_par_iter()
        .flat_map_iter(|padding| {
            let padded: Vec<u64> = sizes.iter().map(|size| padding.padded(*size)).collect();
            let leakage = deterministic_uniform(padded.iter().copied());
            let overhead = padded.iter().sum::<u64>() as f64 / total as f64 - 1.0;
            let row = |quantity: &str, unit: &str, value: f64| {
                Row::new(quantity, unit)
                    .question(ENDPOINTS_ONLY)
                    .architecture("e2ee")
                    .observer("provider")
                    .corruption("curious")
                    .content("any")
                    .parameter("catalogue", sizes.len())
                    .parameter("padding", padding)
                    .exact(value)
                    .n(sizes.len() as u64)
                    .method("exact channel")
                    .seed(seed)
            };
            let mut classes: BTreeMap<u64, u64> = BTreeMap::new();
            for size in &padded {
                *classes.entry(*size).or_default() += 1;
            }
            // Of pictures drawn from the catalogue, the share that has the size of one of so many others drawn from it.
            let flagged = |list: i32| {
                let share = |count: u64| count as f64 / padded.len() as f64;
                classes.values().map(|count| share(*count) * (1.0 - (1.0 - share(*count)).powi(list))).sum::<f64>()
            };
            let flagged = LISTS.map(|list| row("size-flagged", "1", flagged(list)).parameter("list", list));
            [
                row("distinct-sizes", "1", leakage.distinct as f64),
                row("min-entropy-leakage", "bit", leakage.min_entropy_leakage),
                row("shannon-leakage", "bit", leakage.shannon_leakage),
                row("padding-overhead", "1", overhead),
            ]
            .into_iter()
            .chain(flagged)
            .collect::<Vec<_>>()
        })
        .collect()
}

/// The adversary `known-sizes` on plain `e2ee`: whoever holds the wire knows which listed pictures there are, has sent each
/// of them itself to learn how long the longest message is, and flags whatever has one of these lengths. It looks at nothing
/// but lengths, so it finds every listed picture that is sent unchanged, and with it all others of a length.
pub(crate) fn adversary(run: &Run<'_>) -> Result<Vec<Row>, AssessmentError> {
    let seed = Seed::from_u64(run.scenario.seed).derive("known sizes", 0);
    let mut stream = seed.derive("pictures", 0).stream();
    let mut some = |of: fn(&Half) -> Vec<&Picture>| {
        let mut pictures: Vec<&Picture> = run.world.halves.iter().flat_map(of).collect();
        shuffle(&mut pictures, &mut stream);
        pictures.truncate(TRIED);
        pictures
    };
    let listed = some(|half| half.listed().collect());
    let ordinary = some(|half| half.ordinary().collect());
    let flags: Option<[Vec<bool>; 2]> = run.part("known sizes", STEPS, || {
        let longest = |purpose: &str, pictures: &[&Picture]| -> Option<Vec<usize>> {
            let one = |(number, picture): (usize, &&Picture)| {
                longest(run, picture, &seed.derive(purpose, number as u64)).filter(|_| !run.progress.cancelled())
            };
            let found = pictures.par_iter().enumerate().map(one).collect();
            run.progress.advance(TRIED as u64);
            found
        };
        let known: Option<BTreeSet<usize>> = longest("learn", &listed).map(|lengths| lengths.into_iter().collect());
        let is_known = |length: &usize| known.as_ref().is_some_and(|known| known.contains(length));
        let flag = |lengths: Vec<usize>| lengths.iter().map(is_known).collect();
        Ok(longest("listed", &listed)
            .map(flag)
            .zip(longest("ordinary", &ordinary).map(flag))
            .map(|(one, other)| [one, other]))
    })?;
    run.progress.check()?;
    let row = |content: &str| {
        Row::new("size-flagged", "1")
            .question(ENDPOINTS_ONLY)
            .architecture("e2ee")
            .observer("network")
            .corruption("curious")
            .content(content)
            .parameter("list", listed.len())
            .parameter("padding", run.scenario.padding())
            .method("known-sizes")
            .seed(run.scenario.seed)
    };
    let Some(flags) = flags else { return Ok(vec![row("listed").status(Status::Failed)]) };
    let rate = |(content, flags): (&str, Vec<bool>)| {
        let (hits, trials) = (flags.iter().filter(|flag| **flag).count() as u64, flags.len() as u64);
        if trials == 0 {
            return row(content).status(Status::NotApplicable);
        }
        let ends = [lower_bound(hits, trials, LEVEL / 2.0), upper_bound(hits, trials, LEVEL / 2.0)];
        row(content).interval(hits as f64 / trials as f64, ends[0], ends[1]).n(trials)
    };
    Ok(["listed", "ordinary"].into_iter().zip(flags).map(rate).collect())
}

/// Bytes of the longest message that a device sends when it sends this picture.
fn longest(run: &Run<'_>, picture: &Picture, seed: &Seed) -> Option<usize> {
    let deployment = E2ee.deploy(&run.world.setup, &seed.derive("deployment", 0)).ok()?;
    let content = Content { kind: ContentKind::Picture, bytes: picture.original().to_vec() };
    let history = conversation(run.scenario.users, vec![(0, content)]);
    let runner = Runner::new(deployment, &seed.derive("run", 0)).network(run.scenario.wires());
    let transcript = runner.reading(BTreeSet::new()).run(&history, &[]).ok()?;
    let sent =
        transcript.events().iter().filter(|event| event.from.role() == Role::Device && event.to == PartyId::PROVIDER);
    sent.map(|event| event.bytes.len()).max()
}
