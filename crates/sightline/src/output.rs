//! Lines of CSV on standard output or in a file that an interrupted command goes on with.

use crate::arguments::Intake;
use crate::failure::{self, Failure};
use crate::print;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, IsTerminal, Seek, SeekFrom, Write};
use std::path::Path;

/// Where lines go. Each is handed over whole, so that what is lost by an interruption is the end of the last one.
pub(crate) struct Output {
    file: Option<File>,
    /// Names in the first field of what the file held.
    finished: HashSet<String>,
}

impl Output {
    /// Where `intake` says, with `header` as its first line.
    pub(crate) fn open(intake: &Intake, header: &str) -> Result<Self, Failure> {
        let Some(path) = &intake.output else {
            print(header)?;
            return Ok(Self { file: None, finished: HashSet::new() });
        };
        let environment = |error: io::Error| {
            let next = if error.kind() == io::ErrorKind::AlreadyExists { "; --resume goes on with it" } else { "" };
            Failure::new(failure::ENVIRONMENT, format!("{}: {error}{next}", path.display()))
        };
        if !intake.resume || !path.exists() {
            let mut file = File::create_new(path).map_err(environment)?;
            writeln!(file, "{header}").map_err(environment)?;
            return Ok(Self { file: Some(file), finished: HashSet::new() });
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(environment)?;
        let (finished, end) = finished(&file, header, path)?;
        file.set_len(end).and_then(|()| file.seek(SeekFrom::End(0))).map_err(environment)?;
        if end == 0 {
            writeln!(file, "{header}").map_err(environment)?;
        }
        Ok(Self { file: Some(file), finished })
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return print(line) };
        let written = file.write_all(format!("{line}\n").as_bytes());
        written.map_err(|error| Failure::new(failure::ENVIRONMENT, format!("the output cannot be written: {error}")))
    }

    /// The names of what was finished before.
    pub(crate) fn take_finished(&mut self) -> HashSet<String> {
        std::mem::take(&mut self.finished)
    }

    /// Whether lines appear on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.file.is_none() && io::stdout().is_terminal()
    }
}

/// The names that a file of lines holds, and where it is to be gone on with: behind the last name of which all lines are
/// sure to be there. A line without its end is none, and the last name may lack lines.
fn finished(file: &File, header: &str, path: &Path) -> Result<(HashSet<String>, u64), Failure> {
    let environment = |error: io::Error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", path.display()));
    let mut lines = BufReader::new(file);
    let (mut names, mut at) = (HashSet::new(), 0_u64);
    // The last name, and where its lines begin.
    let mut last: Option<(String, u64)> = None;
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(environment)? > 0 {
        // A quoted name may hold line feeds.
        let open = line.split(|byte| *byte == b'"').count() % 2 == 0;
        if line.last() == Some(&b'\n') && open {
            continue;
        }
        if line.last() != Some(&b'\n') {
            break;
        }
        if at == 0 {
            if line.strip_suffix(b"\n") != Some(header.as_bytes()) {
                let why = format!("it does not begin with `{header}`, so it is of another command; name another file");
                return Err(Failure::new(failure::USAGE, format!("{}: {why}", path.display())));
            }
        } else {
            let name = first_field(&line).ok_or_else(|| {
                let why = format!("what stands at byte {at} is no line of this command; name another file");
                Failure::new(failure::USAGE, format!("{}: {why}", path.display()))
            })?;
            if last.as_ref().is_none_or(|(known, _)| *known != name) {
                names.extend(last.replace((name, at)).map(|(done, _)| done));
            }
        }
        at += line.len() as u64;
        line.clear();
    }
    Ok((names, last.map_or(at, |(_, start)| start)))
}

/// The first of several fields of a line (RFC 4180 §2).
fn first_field(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let Some(quoted) = line.strip_prefix('"') else { return line.split_once(',').map(|(name, _)| name.to_owned()) };
    let mut end = 0;
    while quoted[end..].starts_with("\"\"") || !quoted[end..].starts_with('"') {
        end += if quoted[end..].starts_with("\"\"") { 2 } else { quoted[end..].chars().next()?.len_utf8() };
    }
    quoted[end..].starts_with("\",").then(|| quoted[..end].replace("\"\"", "\""))
}

/// A CSV field (RFC 4180 §2).
pub(crate) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
