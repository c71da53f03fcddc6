//! `sightline fingerprint` of pictures.

use crate::arguments::Intake;
use crate::failure::{self, Failure};
use crate::intake::each;
use crate::output::{Output, quoted};
use sightline_fingerprint::{Algorithm, by_name};
use sightline_pictures::Format;
use sightline_plugin::Plugin;
use std::fs;
use std::path::Path;

pub(crate) fn run(intake: Intake, algorithm: &str, plugin: Option<&Path>) -> Result<(), Failure> {
    let algorithm: &'static dyn Algorithm = match plugin {
        Some(path) => plugged(path)?,
        None => by_name(algorithm).ok_or_else(|| Failure::new(failure::BUG, "an algorithm that is not listed"))?,
    };
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

/// The fingerprint that a file describes, made by another program.
pub(crate) fn plugged(path: &Path) -> Result<&'static Plugin, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", path.display())))?;
    Plugin::read(&text).map_err(|error| Failure::new(failure::USAGE, format!("{}: {error}", path.display())))
}

/// Whether a member of an archive is meant for a picture: it begins as one, or is named as one. Beside pictures lie labels
/// and captions.
fn is_picture(name: &str, bytes: &[u8]) -> bool {
    const ENDINGS: [&str; 5] = ["jpg", "jpeg", "png", "gif", "webp"];
    let ending =
        || Path::new(name).extension().is_some_and(|found| ENDINGS.iter().any(|one| found.eq_ignore_ascii_case(one)));
    Format::of(bytes).is_some() || ending()
}
