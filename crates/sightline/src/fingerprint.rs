//! `sightline fingerprint` of pictures.

use crate::arguments::Intake;
use crate::failure::{self, Failure};
use crate::intake::each;
use crate::output::{Output, quoted};
use sightline_fingerprint::by_name;
use sightline_pictures::Format;
use std::path::Path;

pub(crate) fn run(intake: Intake, algorithm: &str) -> Result<(), Failure> {
    let algorithm = by_name(algorithm).ok_or_else(|| Failure::new(failure::BUG, "an algorithm that is not listed"))?;
    let mut output = Output::open(&intake, &format!("file,{}_hex,quality", algorithm.name()))?;
    each(
        intake,
        &mut output,
        is_picture,
        |_, content| algorithm.compute(&content.read()?).map_err(|error| error.to_string()),
        |output, shown, fingerprint| {
            let quality = fingerprint.quality.map_or(String::new(), |quality| quality.to_string());
            output.line(&format!("{},{},{quality}", quoted(shown), fingerprint.to_hex()))
        },
    )
}

/// Whether a member of an archive is meant for a picture: it begins as one, or is named as one. Beside pictures lie labels
/// and captions.
fn is_picture(name: &str, bytes: &[u8]) -> bool {
    const ENDINGS: [&str; 5] = ["jpg", "jpeg", "png", "gif", "webp"];
    let ending =
        || Path::new(name).extension().is_some_and(|found| ENDINGS.iter().any(|one| found.eq_ignore_ascii_case(one)));
    Format::of(bytes).is_some() || ending()
}
