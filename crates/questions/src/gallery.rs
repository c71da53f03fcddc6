//! One picture as each party of each system holds it, taken from a real run.

use crate::assessment::AssessmentError;
use crate::endpoints_only::conversation;
use crate::reconstruct;
use crate::run::{Run, System};
use crate::world::Picture as Sample;
use sightline_crypto::Seed;
use sightline_evidence::GalleryPicture;
use sightline_fingerprint::Cut;
use sightline_pictures::{Picture, decode};
use sightline_privacy::game::{Game, Round};
use sightline_privacy::reconstruct::Prior;
use sightline_protocol::{Architecture, Observer, PartyId, View, Views};

/// Longest side of a thumbnail, in pixels.
const SIDE: u32 = 112;

/// An ordinary and a listed picture, each as the recipient and every outsider of every system hold it. Nothing where pictures
/// may not be shown.
pub(crate) fn pictures(run: &Run<'_>) -> Result<Vec<(GalleryPicture, Vec<u8>)>, AssessmentError> {
    let Run { scenario, world, .. } = run;
    if scenario.pictures.folder.is_some() && !scenario.pictures.include {
        return Ok(Vec::new());
    }
    let half = &world.halves[1];
    let prior = reconstruct::prior(world);
    let mut gallery = Vec::new();
    for (content, sample) in [("ordinary", half.sample()), ("listed", half.listed().next())] {
        let Some(sample) = sample else { continue };
        let Ok(picture) = decode(&sample.bytes) else { continue };
        let thumbnail = picture.thumbnail(SIDE).to_png();
        for System { name, architecture } in &run.systems {
            let shown = Sent { sample, thumbnail: &thumbnail, prior: prior.as_ref() };
            let game = Game::new(architecture.as_ref(), scenario.wires(), Vec::new());
            let history = conversation(scenario.users, vec![(0, sample.content())]);
            let round = Round { setup: world.setup.clone(), histories: [history.clone(), history], truth: false };
            let transcript = game
                .run(&round, &Seed::from_u64(scenario.seed).derive("gallery", 0))
                .map_err(|source| AssessmentError::Game { architecture: name.clone(), task: "gallery", source })?;
            let mut views = Views::new(&transcript);
            let recipient = ("recipient".to_owned(), vec![PartyId::user(1), PartyId::device(1)]);
            let outsiders = architecture.observers().into_iter().map(|party| (party.to_string(), vec![party]));
            for (party, members) in std::iter::once(recipient).chain(outsiders) {
                let view = views.of(&Observer::curious(members));
                for (number, Held { caption, png }) in shown.to(architecture.as_ref(), &view).into_iter().enumerate() {
                    let file = format!("{name}-{content}-{party}-{number}.png");
                    let entry = GalleryPicture {
                        file: if png.is_empty() { String::new() } else { file },
                        architecture: name.clone(),
                        content: content.to_owned(),
                        party: party.clone(),
                        caption: caption.to_owned(),
                    };
                    gallery.push((entry, png));
                }
            }
        }
    }
    Ok(gallery)
}

/// What a party holds of a picture, drawn; no bytes if there is nothing to draw.
struct Held {
    caption: &'static str,
    png: Vec<u8>,
}

/// A picture that was sent, and what is known of others.
struct Sent<'a> {
    sample: &'a Sample,
    thumbnail: &'a [u8],
    prior: Option<&'a Prior>,
}

impl Sent<'_> {
    /// Everything that a view shows of it: the picture, or else what was made of it, or else ciphertext, or nothing.
    fn to(&self, architecture: &dyn Architecture, view: &View<'_>) -> Vec<Held> {
        let Self { sample, thumbnail, prior } = self;
        let held = |caption, png| Held { caption, png };
        let holds =
            |needle: &[u8]| view.byte_strings().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle));
        if holds(&sample.bytes[..sample.bytes.len().min(64)]) {
            return vec![held("The picture itself.", thumbnail.to_vec())];
        }
        let mut found = Vec::new();
        let given = architecture.intermediates(view);
        if holds(sample.pdq.hash.as_bytes()) {
            let caption = "Its perceptual hash, in what was received: 256 bits, a square each.";
            found.push(held(caption, bits(sample.pdq.hash.as_bytes())));
        }
        if let Some((given, prior)) = given.iter().min_by_key(|given| given.cut()).zip(*prior) {
            found.push(held(rebuilt(given.cut()), grey(&prior.rebuild(given))));
            let caption = "Beside it, a guess without having seen anything: the mean of other pictures.";
            found.push(held(caption, grey(prior.guess())));
        }
        // What carries the picture is at least as long as it.
        let handed_over: Vec<Vec<u8>> = given.iter().map(|given| given.to_bytes()[..32].to_vec()).collect();
        let sealed =
            |bytes: &&[u8]| !handed_over.iter().any(|part| bytes.windows(part.len()).any(|window| window == part));
        let messages = view.seen.iter().filter_map(|seen| seen.bytes).filter(sealed);
        let carrier = messages.filter(|bytes| bytes.len() >= sample.bytes.len()).max_by_key(|bytes| bytes.len());
        if let Some(bytes) = carrier {
            found.push(held("The message that carries it, one dot per byte: ciphertext.", noise(bytes)));
        }
        if found.is_empty() {
            let lengths = !view.seen.is_empty() && view.seen.iter().all(|seen| seen.bytes.is_none());
            let caption = if lengths {
                "When messages pass and how long they are, and no byte of them."
            } else {
                "Neither the picture nor its hash, nor any message as long as it."
            };
            found.push(held(caption, Vec::new()));
        }
        found
    }
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

/// A grey picture of 64 by 64.
fn grey(picture: &[[f32; 64]; 64]) -> Vec<u8> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
    let dot = |sample: &f32| sample.round().clamp(0.0, 255.0) as u8;
    png(64, picture.iter().flatten().flat_map(|sample| [dot(sample); 3]).collect())
}

/// Bytes of a message as grey dots, 48 by 48, from the 64th on.
fn noise(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.iter().copied().skip(64).chain(std::iter::repeat(0));
    png(48, bytes.take(48 * 48).flat_map(|byte| [byte; 3]).collect())
}

/// A hash as a grid of 16 by 16 dots, most significant bit first.
fn bits(hash: &[u8; 32]) -> Vec<u8> {
    let bit = |at: usize| if hash[at / 8] >> (7 - at % 8) & 1 == 1 { 20 } else { 240 };
    png(16, (0..256).flat_map(|at| [bit(at); 3]).collect())
}

/// A square picture.
fn png(side: u32, rgb: Vec<u8>) -> Vec<u8> {
    Picture::new(side, side, rgb).expect("as many values as pixels").to_png()
}
