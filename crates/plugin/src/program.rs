use crate::plugin::shown;
use serde::Deserialize;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The most bytes of an answer, and of what is said beside it.
const MOST: u64 = 1 << 16;

/// How long an end that was announced is waited for at a time.
const STEP: Duration = Duration::from_millis(5);

/// How a program gets a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handing {
    /// Started for each, with the encoded picture on its standard input.
    #[default]
    Stdin,
    /// Started for each, with the path of a file as its last argument, or in the place of `{}`.
    Path,
    /// Started once for each thread, with a path a line on its standard input; for each it writes a line.
    Lines,
}

/// How a program is asked.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The program and its arguments.
    pub(crate) run: Vec<String>,
    pub(crate) pictures: Handing,
    /// The most seconds a picture may take.
    pub(crate) seconds: u64,
}

/// Why a program gave no fingerprint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// It could not be started.
    #[error("`{program}` cannot be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// It could not be handed the picture, or its answer not be read.
    #[error("cannot be asked: {0}")]
    Pipe(#[from] io::Error),
    /// It took too long, and was ended.
    #[error("gave no answer within {0} seconds")]
    Slow(u64),
    /// It ended with an error, or without an answer.
    #[error("ended with {status}{said}")]
    Ended {
        /// Its exit status.
        status: String,
        /// What it wrote on its standard error, after a colon.
        said: String,
    },
    /// It gave something else.
    #[error("gave `{found}` where {expected} hexadecimal digits are expected")]
    Answer {
        /// The number of digits.
        expected: u32,
        /// The beginning of what it gave.
        found: String,
    },
}

/// A program that is asked for fingerprints, by several threads at a time.
#[derive(Debug)]
pub(crate) struct Program {
    settings: Settings,
    /// Those that wait for a next picture.
    idle: Mutex<Vec<Running>>,
}

/// A program that was started.
#[derive(Debug)]
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    /// Lines of its output, or all of it.
    output: Receiver<io::Result<String>>,
    /// What it says beside, when it has ended.
    said: Receiver<String>,
}

impl Program {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, idle: Mutex::default() }
    }

    /// What the program writes for a picture.
    pub(crate) fn ask(&self, encoded: &[u8]) -> Result<String, ProgramError> {
        if self.settings.pictures == Handing::Stdin {
            let mut running = self.start(None)?;
            let input = running.input.take();
            let picture = encoded.to_vec();
            // A program may answer before it has read everything, and end.
            thread::spawn(move || input.map(|mut input| input.write_all(&picture)));
            return self.last(running);
        }
        let mut file = tempfile::Builder::new().prefix("picture-").suffix(ending(encoded)).tempfile()?;
        file.write_all(encoded)?;
        file.flush()?;
        if self.settings.pictures == Handing::Path {
            return self.last(self.start(Some(file.path()))?);
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut running = waiting.map_or_else(|| self.start(None), Ok)?;
        let line = format!("{}\n", file.path().display());
        let written = running.input.as_mut().map_or(Ok(()), |input| input.write_all(line.as_bytes()));
        let answer = written.map_err(ProgramError::from).and_then(|()| running.next(self.settings.seconds));
        match answer {
            Ok(answer) => {
                // Half a line is the end of it, or of what is read of a line.
                if answer.ends_with('\n') {
                    idle().push(running);
                }
                Ok(answer)
            }
            // One that was too slow would give its answer for the next picture.
            Err(ProgramError::Slow(seconds)) => Err(ProgramError::Slow(seconds)),
            Err(_) => Err(running.ended(self.settings.seconds)?),
        }
    }

    fn start(&self, path: Option<&Path>) -> Result<Running, ProgramError> {
        let program = self.settings.run.first().map_or("", String::as_str);
        let mut command = Command::new(program);
        let named = self.settings.run.iter().any(|argument| argument == "{}");
        for argument in self.settings.run.iter().skip(1) {
            command.arg(path.filter(|_| argument == "{}").map_or(argument.as_ref(), Path::as_os_str));
        }
        command.args(path.filter(|_| !named));
        let input = if path.is_some() { Stdio::null() } else { Stdio::piped() };
        let child = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| ProgramError::Start { program: program.to_owned(), source })?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let by_line = self.settings.pictures == Handing::Lines;
        let (to_lines, lines) = channel();
        thread::spawn(move || {
            let Some(output) = output else { return };
            let mut output = BufReader::new(output);
            loop {
                let mut text = Vec::new();
                let mut limited = output.by_ref().take(MOST);
                let read = if by_line { limited.read_until(b'\n', &mut text) } else { limited.read_to_end(&mut text) };
                let text = read.map(|_| String::from_utf8_lossy(&text).into_owned());
                let over = text.as_ref().map_or(true, |text| by_line && text.is_empty());
                if over || to_lines.send(text).is_err() || !by_line {
                    return;
                }
            }
        });
        let (to_said, said) = channel();
        thread::spawn(move || {
            let Some(mut errors) = errors else { return };
            let mut text = Vec::new();
            // What is beyond is read all the same, so that the program is not held up.
            let _ = errors.by_ref().take(MOST).read_to_end(&mut text);
            let _ = io::copy(&mut errors, &mut io::sink());
            let _ = to_said.send(String::from_utf8_lossy(&text).into_owned());
        });
        Ok(Running { child, input, output: lines, said })
    }

    /// All that a program writes until it ends, which it has to do well.
    fn last(&self, mut running: Running) -> Result<String, ProgramError> {
        let seconds = self.settings.seconds;
        let answer = running.next(seconds);
        if let Err(ProgramError::Slow(_)) = answer {
            return answer;
        }
        drop(running.input.take());
        match running.wait(seconds) {
            None => Err(ProgramError::Slow(seconds)),
            Some(status) if status.success() => answer,
            Some(_) => Err(running.ended(seconds)?),
        }
    }
}

impl Running {
    /// Its next answer.
    fn next(&mut self, seconds: u64) -> Result<String, ProgramError> {
        match self.output.recv_timeout(Duration::from_secs(seconds)) {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(error.into()),
            Err(RecvTimeoutError::Timeout) => Err(ProgramError::Slow(seconds)),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    /// How it ended, within so many seconds.
    fn wait(&mut self, seconds: u64) -> Option<std::process::ExitStatus> {
        let steps = Duration::from_secs(seconds).as_millis() / STEP.as_millis();
        for _ in 0..steps {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(STEP);
        }
        None
    }

    /// Why it gave no answer.
    fn ended(&mut self, seconds: u64) -> Result<ProgramError, ProgramError> {
        let status = self.wait(seconds).ok_or(ProgramError::Slow(seconds))?.to_string();
        let said = self.said.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).map(|line| format!(": {}", shown(line)));
        Ok(ProgramError::Ended { status, said: last.unwrap_or_default() })
    }
}

impl Drop for Running {
    /// One that is not needed any more is ended, and waited for.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How the name of a picture's file ends, which some programs go by.
fn ending(encoded: &[u8]) -> &'static str {
    use sightline_pictures::Format;
    match Format::of(encoded) {
        Some(Format::Jpeg) => ".jpg",
        Some(Format::Png) => ".png",
        Some(Format::Gif) => ".gif",
        Some(Format::WebP) => ".webp",
        None => "",
    }
}
