use crate::clock;
use indicatif::{ProgressBar, ProgressStyle};
use sightline_questions::Progress;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);

/// Makes Ctrl-C stop the assessment; a second one ends the program at once.
pub(crate) fn listen() {
    let handler = || {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(crate::failure::INTERRUPTED.into());
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        crate::say(&format!("Ctrl-C will end the program at once: {error}"));
    }
}

/// A bar that says what is being done and how long the whole will take, and vanishes; the time of each part.
pub(crate) struct Bar {
    bar: ProgressBar,
    parts: Mutex<Vec<(String, Instant, Duration)>>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{msg:34} {bar:30} {percent:>3} %, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, parts: Mutex::default() }
    }

    /// The parts and how long each took.
    pub(crate) fn finish(&self) -> Vec<(String, Duration)> {
        self.close();
        self.bar.finish_and_clear();
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(|(name, _, took)| (name.clone(), *took)).collect()
    }

    fn close(&self) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, start, took)) = parts.last_mut() {
            *took = clock::since(*start);
        }
    }
}

/// A count of files that vanishes; nothing where standard error is no terminal, or where the data go to the same one.
pub(crate) fn count(beside_data: bool) -> ProgressBar {
    if beside_data {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos} files in {elapsed}, {per_sec}");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl Progress for Bar {
    fn plan(&self, steps: u64) {
        self.bar.set_length(steps);
    }

    fn begin(&self, name: &str) {
        self.close();
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push((name.to_owned(), clock::now(), Duration::ZERO));
        self.bar.set_message(name.to_owned());
    }

    fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    fn cancelled(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }
}
