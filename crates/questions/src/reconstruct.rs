//! `hash-identifies`: how much of a picture can an outsider see? The game `reconstruct`, beside the best guess of someone who
//! saw nothing.

use crate::Scenario;
use crate::assessment::AssessmentError;
use crate::endpoints_only::{conversation, outsiders_and_all};
use crate::run::{Run, System};
use crate::scenario::HASH_IDENTIFIES;
use crate::world::{Picture, World, shuffle};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sightline_crypto::Seed;
use sightline_evidence::{Row, Status};
use sightline_fingerprint::Marks;
use sightline_privacy::game::{Game, GameError};
use sightline_privacy::reconstruct::{Prior, psnr, ssim};
use sightline_privacy::scaling::mean;
use sightline_protocol::Architecture;
use std::sync::Arc;

/// Pictures that are sent.
fn pictures(scenario: &Scenario) -> usize {
    (scenario.trials as usize / 3).clamp(40, 200)
}

/// Steps per system.
pub(crate) fn steps(scenario: &Scenario) -> u64 {
    pictures(scenario) as u64 * 2
}

/// Bounds published for one system.
pub(crate) fn tests(architecture: &dyn Architecture) -> usize {
    outsiders_and_all(architecture).len()
}

/// What one observer made of one picture, and what a guess is worth.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Likeness {
    ssim: f64,
    psnr: f64,
    guess_ssim: f64,
    guess_psnr: f64,
}

/// What is known of pictures from those on which adversaries are chosen.
pub(crate) fn prior(world: &World) -> Option<Prior> {
    let known: Vec<Arc<Marks>> = world.halves[0].ordinary().filter_map(|picture| marks(world, picture)).collect();
    Prior::of(known.iter().map(AsRef::as_ref))
}

fn marks(world: &World, picture: &Picture) -> Option<Arc<Marks>> {
    world.setup.memo.look(&picture.bytes).marks.as_ref().ok().cloned()
}

/// Plays the game on every system, each bound at `level`.
pub(crate) fn run(run: &Run<'_>, level: f64) -> Result<Vec<Row>, AssessmentError> {
    let Some(prior) = prior(run.world) else { return Ok(Vec::new()) };
    let mut sent: Vec<&Picture> = run.world.halves[1].ordinary().collect();
    shuffle(&mut sent, &mut Seed::from_u64(run.scenario.seed).derive("reconstruct", 0).stream());
    sent.truncate(pictures(run.scenario));
    let mut rows = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), run.scenario.wires(), outsiders_and_all(architecture.as_ref()));
        let found: Result<Vec<Vec<Likeness>>, String> =
            run.part(&format!("{name}: reconstruct"), steps(run.scenario), || {
                let likenesses = play(run, &game, name, &prior, &sent);
                Ok(likenesses.map_err(|error| error.to_string()))
            })?;
        for (number, observer) in game.observers().iter().enumerate() {
            let row = |quantity: &str, unit: &str| {
                Row::new(quantity, unit)
                    .question(HASH_IDENTIFIES)
                    .game("reconstruct")
                    .architecture(name.as_str())
                    .observer(observer.name())
                    .corruption(observer.corruption())
                    .content("ordinary")
                    .method("mean, Student's interval")
                    .n(sent.len() as u64)
                    .seed(run.scenario.seed)
            };
            let Ok(found) = &found else {
                rows.push(row("ssim-over-guess", "1").status(Status::Failed));
                continue;
            };
            let own = || found.iter().filter_map(|by_observer| by_observer.get(number));
            let mut put = |quantity: &str, unit: &str, of: fn(&Likeness) -> f64| {
                let values: Vec<f64> = own().map(of).collect();
                rows.push(match mean(&values, level) {
                    Some(found) => row(quantity, unit).interval(found.value, found.low, found.high),
                    None => row(quantity, unit).status(Status::NotApplicable),
                });
            };
            put("ssim-over-guess", "1", |one| one.ssim - one.guess_ssim);
            put("ssim", "1", |one| one.ssim);
            put("ssim-of-guess", "1", |one| one.guess_ssim);
            put("psnr", "dB", |one| one.psnr);
            put("psnr-of-guess", "dB", |one| one.guess_psnr);
        }
    }
    Ok(rows)
}

/// Per picture and observer. An observer that has nothing to go by guesses.
fn play(
    run: &Run<'_>,
    game: &Game<'_>,
    name: &str,
    prior: &Prior,
    sent: &[&Picture],
) -> Result<Vec<Vec<Likeness>>, GameError> {
    let seed = Seed::from_u64(run.scenario.seed).derive(&format!("reconstruct {name}"), 0);
    let one = |(number, picture): (u64, &&Picture)| -> Result<Vec<Likeness>, GameError> {
        let Some(marks) = marks(run.world, picture).filter(|_| !run.progress.cancelled()) else {
            return Ok(Vec::new());
        };
        let truth = &marks.filtered;
        let history = conversation(run.scenario.users, vec![(0, picture.content())]);
        let seed = seed.derive("picture", number);
        let made = game.reconstruct(&run.world.setup, &history, prior, &seed)?;
        run.progress.advance(2);
        let (guess_ssim, guess_psnr) = (ssim(prior.guess(), truth), psnr(prior.guess(), truth));
        let likeness = |picture: &[[f32; 64]; 64]| (ssim(picture, truth), psnr(picture, truth));
        let of_observer = |made: Option<Box<[[f32; 64]; 64]>>| {
            let (ssim, psnr) = made.map_or((guess_ssim, guess_psnr), |made| likeness(&made));
            Likeness { ssim, psnr, guess_ssim, guess_psnr }
        };
        Ok(made.into_iter().map(of_observer).collect())
    };
    let numbered: Vec<(u64, &&Picture)> = (0..).zip(sent).collect();
    numbered.into_par_iter().map(one).collect()
}
