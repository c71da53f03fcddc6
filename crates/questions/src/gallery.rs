//! One picture as each party of each system holds it, taken from a real run.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::reconstruct;
use crate::run::{Run, System};
use sightline_crypto::Seed;
use sightline_evidence::GalleryPicture;
use sightline_fingerprint::Cut;
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
    let prior = reconstruct::prior(world);
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
        let given = architecture.intermediates(&view);
        let handed_over: Vec<Vec<u8>> = given.iter().map(|given| given.to_bytes()[..32].to_vec()).collect();
        let sealed =
            |bytes: &&[u8]| !handed_over.iter().any(|part| bytes.windows(part.len()).any(|window| window == part));
        let longest = |bytes: &&[u8]| bytes.len();
        let caption = "The picture: what sender and recipient see.";
        gallery.push((entry(file("recipient"), name, "recipient", caption), thumbnail.clone()));
        if holds(&sample.bytes[..sample.bytes.len().min(64)]) {
            let caption = "The picture itself.";
            gallery.push((entry(file("provider"), name, "provider", caption), thumbnail.clone()));
        } else if let Some(bytes) = view.seen.iter().filter_map(|seen| seen.bytes).filter(sealed).max_by_key(longest) {
            let caption = "The longest message it holds, one grey dot per byte: ciphertext.";
            gallery.push((entry(file("provider"), name, "provider", caption), noise(bytes)));
        }
        if holds(sample.pdq.hash.as_bytes()) {
            let caption = "The picture's perceptual hash, found in what it received: 256 bits, drawn as squares.";
            gallery.push((entry(file("provider-hash"), name, "provider", caption), bits(sample.pdq.hash.as_bytes())));
        }
        if let Some((given, prior)) = given.iter().min_by_key(|given| given.cut()).zip(prior.as_ref()) {
            let shown = entry(file("provider-rebuilt"), name, "provider", rebuilt(given.cut()));
            gallery.push((shown, grey(&prior.rebuild(given))));
            let caption = "The best guess without having seen anything: the mean of other pictures.";
            gallery.push((entry(file("guess"), name, "anyone", caption), grey(prior.guess())));
        }
    }
    Ok(gallery)
}

/// What a picture made of this is called.
const fn rebuilt(cut: Cut) -> &'static str {
    match cut {
        Cut::Luma => "Made of what the device hands over: the picture in grey, here at the size of a thumbnail.",
        Cut::Filtered => "Made of what the device hands over: a grey thumbnail of 64 by 64.",
        Cut::Dct => {
            "Made of what the device hands over: the 256 coefficients turned back, with the brightness of a mean picture."
        }
        Cut::Hash => {
            "Made of the hash: its 256 bits as the signs of coefficients that are as large as those of other pictures on average."
        }
    }
}

/// A grey picture of 64 by 64, each sample a square.
fn grey(picture: &[[f32; 64]; 64]) -> Vec<u8> {
    const SCALE: usize = 3;
    let side = 64 * SCALE;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    let dot = |at: usize| picture[at / side / SCALE][at % side / SCALE].round().clamp(0.0, 255.0) as u8;
    png(side, side, (0..side * side).flat_map(|at| [dot(at); 3]).collect())
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
