use crate::arguments::Compare;
use crate::failure::{self, Failure};
use crate::{print, say};
use sightline_evidence::{Comparison, EvidenceError, RunFolder, verify};
use sightline_presentation::compare;

/// Rows shown in a terminal.
const MOST: usize = 40;

pub(crate) fn run(options: &Compare) -> Result<(), Failure> {
    let environment = |error: EvidenceError| Failure::environment(&error);
    let paths = [&options.first, &options.second];
    let [a, b] = paths.map(RunFolder::open);
    let found =
        Comparison::of(&a.map_err(environment)?, &b.map_err(environment)?, options.timings).map_err(environment)?;
    for path in paths {
        if !verify(path).map_err(environment)?.is_sound() {
            let path = path.display();
            say(&format!("{path} is not as it was written: sightline verify {path} says what was changed"));
        }
    }
    let names = paths.map(|path| path.display().to_string());
    let names = names.each_ref().map(String::as_str);
    if let Some(file) = &options.html {
        let page = compare::page(&found, names).map_err(|error| Failure::environment(&error))?;
        std::fs::write(file, page).map_err(|error| {
            Failure::new(failure::ENVIRONMENT, format!("{} cannot be written: {error}", file.display()))
        })?;
    }
    if options.json {
        let json = serde_json::to_string_pretty(&found).map_err(|error| Failure::new(failure::BUG, error))?;
        print(&json)?;
    } else {
        print(compare::text(&found, names, MOST).trim_end())?;
    }
    if found.differs() { Err(Failure::quiet(failure::UNDECLARED)) } else { Ok(()) }
}
