//! One picture as each party of each system holds it, taken from a real run.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::run::{Run, System};
use sightline_crypto::Seed;
use sightline_evidence::GalleryPicture;
use sightline_pictures::{Picture, decode};
use sightline_privacy::game::{Game, Round};
use sightline_protocol::{Observer, PartyId, Views};

/// Longest side of a thumbnail, in pixels.
const SIDE: u32 = 240;

pub(crate) fn pictures(run: &Run<'_>) -> Result<Vec<(GalleryPicture, Vec<u8>)>, AssessmentError> {
    let Run { scenario, world, .. } = run;
    let may_show = scenario.pictures.folder.is_none() || scenario.pictures.include;
    let Some(sample) = world.halves[1].sample().filter(|_| may_show) else { return Ok(Vec::new()) };
    let Ok(picture) = decode(&sample.bytes) else { return Ok(Vec::new()) };
    let entry = |file: String, architecture: &str, party: &str, caption: &str| GalleryPicture {
        file,
        architecture: architecture.into(),
        party: party.into(),
        caption: caption.into(),
    };
    let thumbnail = picture.thumbnail(SIDE).to_png();
    let mut gallery = Vec::new();
    for System { name, architecture } in &run.systems {
        let game = Game::new(architecture.as_ref(), scenario.wires(), Vec::new());
        let history = conversation(scenario.users, vec![(0, sample.content())]);
        let round = Round { setup: world.setup.clone(), histories: [history.clone(), history], truth: false };
        let transcript = game
            .run(&round, &Seed::from_u64(scenario.seed).derive("gallery", 0))
            .map_err(|source| AssessmentError::Game { architecture: name.clone(), task: "gallery", source })?;
        let view = Views::new(&transcript).of(&Observer::curious([PartyId::PROVIDER]));
        let holds =
            |needle: &[u8]| view.byte_strings().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle));
        let file = |what: &str| format!("{name}-{what}.png");
        let caption = "The picture: what sender and recipient see.";
        gallery.push((entry(file("recipient"), name, "recipient", caption), thumbnail.clone()));
        if holds(&sample.bytes[..sample.bytes.len().min(64)]) {
            let caption = "The picture itself.";
            gallery.push((entry(file("provider"), name, "provider", caption), thumbnail.clone()));
        } else if let Some(bytes) = view.seen.iter().filter_map(|seen| seen.bytes).max_by_key(|bytes| bytes.len()) {
            let caption = "The longest message it holds, one grey dot per byte: ciphertext.";
            gallery.push((entry(file("provider"), name, "provider", caption), noise(bytes)));
        }
        if holds(sample.pdq.hash.as_bytes()) {
            let caption = "The picture's perceptual hash, found in what it received: 256 bits, drawn as squares.";
            gallery.push((entry(file("provider-hash"), name, "provider", caption), bits(sample.pdq.hash.as_bytes())));
        }
    }
    Ok(gallery)
}

/// The first bytes of a message as grey dots of two by two pixels.
fn noise(bytes: &[u8]) -> Vec<u8> {
    let (width, height) = (120_usize, 90_usize);
    let grey = |x: usize, y: usize| bytes.get(64 + y / 2 * width + x / 2).copied().unwrap_or(0);
    let dots = (0..height * 2).flat_map(|y| (0..width * 2).map(move |x| (x, y)));
    png(width * 2, height * 2, dots.flat_map(|(x, y)| [grey(x, y); 3]).collect())
}

/// A hash as a grid of squares, most significant bit first.
fn bits(hash: &[u8; 32]) -> Vec<u8> {
    const SCALE: usize = 12;
    let side = 16 * SCALE;
    let rgb = (0..side * side)
        .flat_map(|at| {
            let bit = at / side / SCALE * 16 + at % side / SCALE;
            [if hash[bit / 8] >> (7 - bit % 8) & 1 == 1 { 20 } else { 240 }; 3]
        })
        .collect();
    png(side, side, rgb)
}

fn png(width: usize, height: usize, rgb: Vec<u8>) -> Vec<u8> {
    let side = |length: usize| u32::try_from(length).expect("a few hundred pixels");
    Picture::new(side(width), side(height), rgb).expect("as many values as pixels").to_png()
}
