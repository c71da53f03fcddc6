//! The one place that looks at a clock. Nothing read here reaches `evidence`.

use cpu_time::ThreadTime;
use sightline_questions::Span;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "timings are taken here")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn since(start: Instant) -> Duration {
    now().duration_since(start)
}

/// CPU time of the calling thread; nothing where the system does not count it.
pub(crate) fn thread() -> Span {
    let used = ThreadTime::try_now().map(|time| time.as_duration()).unwrap_or_default();
    Span::nanoseconds(u64::try_from(used.as_nanos()).unwrap_or(u64::MAX))
}

/// Today's date in UTC as year-month-day.
pub(crate) fn today() -> String {
    #[expect(clippy::disallowed_methods, reason = "a run states the day it was made")]
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    date(seconds / 86_400)
}

/// The civil date of a day counted from 1 January 1970.
fn date(mut day: u64) -> String {
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_453), "2025-12-31");
    }
}
