//! Few colours, chosen by median cut (Heckbert, SIGGRAPH 1982) over colours of five bits a sample; no dithering. A GIF of
//! these pixels would keep all of them.

use super::pixelwise;
use crate::{Picture, PictureError};

/// Bits of a sample that are told apart.
const BITS: u32 = 5;

/// A colour of the table and how many pixels have it.
type Counted = ([u8; 3], u64);

pub(super) fn palette(picture: &Picture, colours: usize) -> Result<Picture, PictureError> {
    let mut counts = vec![0_u64; 1 << (3 * BITS)];
    for pixel in picture.rgb().as_chunks().0 {
        counts[place(*pixel)] += 1;
    }
    let colour = |place: usize| [2, 1, 0].map(|sample| ((place >> (sample * BITS as usize)) & ((1 << BITS) - 1)) as u8);
    let present = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let mut boxes = vec![Colours::new(present.map(|(place, count)| (colour(place), *count)).collect())];
    while boxes.len() < colours {
        let Some(next) = (0..boxes.len()).max_by_key(|number| boxes[*number].urgency) else { break };
        if boxes[next].urgency == 0 {
            break;
        }
        let Colours { mut cells, longest: sample, .. } = boxes.swap_remove(next);
        cells.sort_unstable_by_key(|(colour, _)| (colour[sample], *colour));
        let half = cells.iter().map(|cell| cell.1).sum::<u64>() / 2;
        let mut before = 0;
        let middle = cells.iter().position(|cell| {
            before += cell.1;
            before > half
        });
        let upper = cells.split_off(middle.unwrap_or(1).clamp(1, cells.len() - 1));
        boxes.extend([cells, upper].map(Colours::new));
    }
    let mut table = vec![[0_u8; 3]; counts.len()];
    for Colours { cells, .. } in &boxes {
        let all: u64 = cells.iter().map(|cell| cell.1).sum();
        let mean = [0, 1, 2].map(|sample| {
            // The middle of a cell of eight levels.
            let sum: u64 = cells.iter().map(|(colour, count)| (u64::from(colour[sample]) * 8 + 4) * count).sum();
            (sum / all.max(1)).min(255) as u8
        });
        for (colour, _) in cells {
            table[place(colour.map(|sample| sample << (8 - BITS)))] = mean;
        }
    }
    pixelwise(picture, |pixel| table[place(pixel)])
}

fn place(pixel: [u8; 3]) -> usize {
    pixel.iter().fold(0, |place, sample| place << BITS | usize::from(sample >> (8 - BITS)))
}

/// A box of colours.
struct Colours {
    cells: Vec<Counted>,
    /// The sample that differs most.
    longest: usize,
    /// How much its pixels and its longest side speak for cutting it; nothing for one colour, which cannot be cut.
    urgency: u64,
}

impl Colours {
    fn new(cells: Vec<Counted>) -> Self {
        let length = |sample: usize| {
            let of = || cells.iter().map(|(colour, _)| colour[sample]);
            of().max().unwrap_or(0) - of().min().unwrap_or(0)
        };
        let sides = (0..3).map(|sample| (sample, length(sample)));
        let (longest, length) = sides.max_by_key(|(sample, length)| (*length, 3 - sample)).unwrap_or((0, 0));
        let urgency = u64::from(length) * cells.iter().map(|cell| cell.1).sum::<u64>();
        Self { cells, longest, urgency }
    }
}
