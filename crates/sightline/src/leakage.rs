use crate::failure::{self, Failure};
use crate::print;
use serde_json::json;
use sightline_privacy::leakage::{Interval, Leakage, Samples, estimate};
use std::path::Path;

/// Probability that an interval misses.
const LEVEL: f64 = 0.05;

pub(crate) fn run(train: &Path, test: &Path, as_json: bool) -> Result<(), Failure> {
    let found = estimate(&read(train)?, &read(test)?, LEVEL).map_err(|error| {
        let files = format!("{} and {}", train.display(), test.display());
        Failure::new(failure::USAGE, format!("{files} do not go together: {error}"))
    })?;
    if as_json {
        return print(&format!("{:#}", to_json(&found)));
    }
    for line in answer(&found).into_iter().chain(quantities(&found)).chain(adversaries(&found)) {
        print(&line)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Samples, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{shown}: {error}")))?;
    Samples::parse(&bytes).map_err(|error| Failure::new(failure::USAGE, format!("{shown}: {error}")))
}

/// What was found, in sentences.
fn answer(found: &Leakage) -> Vec<String> {
    let (right, before) = (found.vulnerability, found.prior_vulnerability);
    let rates = format!(
        "With the observation an adversary guesses the secret right in {} of all cases, without it in {}.",
        percent(right),
        percent(before),
    );
    let told = match (found.min_entropy.low, found.shannon_low) {
        (min_entropy, shannon) if min_entropy > 0.0 => format!(
            "An observation tells at least {} bits by min-entropy and {} bits by Shannon.",
            down(min_entropy, 2),
            down(shannon, 2)
        ),
        (_, shannon) if shannon > 0.0 => {
            format!("It tells at least {} bits by Shannon, but was not shown to help guess better.", down(shannon, 2))
        }
        _ => "No leak was found by the adversaries tried; another might find one.".to_owned(),
    };
    vec![rates, told, String::new()]
}

/// A table of all numbers.
fn quantities(found: &Leakage) -> Vec<String> {
    let shannon = Interval { point: found.shannon, low: found.shannon_low, high: f64::INFINITY };
    let rows = [
        ("error of the adversary", found.risk, "the Bayes risk is at most the high end"),
        ("error of guessing", found.guessing_risk, ""),
        ("success of the adversary", found.vulnerability, "the Bayes vulnerability is at least the low end"),
        ("success of guessing", found.prior_vulnerability, ""),
        ("multiplicative leakage", found.multiplicative, "at least the low end"),
        ("min-entropy leakage, bits", found.min_entropy, "at least the low end"),
        ("Shannon leakage, bits", shannon, "at least the low end"),
    ];
    let row = |(name, of, bounds): (&str, Interval, &str)| {
        let high = if of.high.is_finite() { up(of.high, 4) } else { "-".to_owned() };
        format!("{name:27} {:>9.4} {:>9} {high:>9}  {bounds}", of.point, down(of.low, 4)).trim_end().to_owned()
    };
    let level = format!("({} % intervals)", 100.0 * (1.0 - found.level));
    let head = format!("{level:27} {:>9} {:>9} {:>9}", "estimate", "low", "high");
    std::iter::once(head).chain(rows.map(row)).chain([String::new()]).collect()
}

/// A table of the adversaries, and what they learnt from.
fn adversaries(found: &Leakage) -> Vec<String> {
    let row = |candidate: &sightline_privacy::leakage::Candidate| {
        let chosen = if candidate.adversary == found.chosen { "  chosen" } else { "" };
        format!("{:27} {:>9.4}{chosen}", candidate.adversary.to_string(), candidate.risk)
    };
    let [train, test] = found.rows;
    let sizes = format!(
        "\n{train} rows to learn from, {test} to test on; {} secrets, {} numbers per observation",
        found.secrets, found.columns
    );
    let head = "adversary                   error, on the half of TRAIN it did not learn from".to_owned();
    std::iter::once(head).chain(found.candidates.iter().map(row)).chain([sizes]).collect()
}

/// A share with its interval.
fn percent(of: Interval) -> String {
    let digits = if of.point > 0.0 && of.point < 0.01 { 3 } else { 1 };
    let (low, high) = (down(100.0 * of.low, digits), up(100.0 * of.high, digits));
    format!("{:.digits$} % ({low} to {high} %)", 100.0 * of.point)
}

/// The low end of an interval, rounded so that it still bounds.
fn down(value: f64, digits: usize) -> String {
    let unit = 10.0_f64.powf(digits as f64);
    format!("{:.digits$}", (value * unit).floor() / unit)
}

/// The high end.
fn up(value: f64, digits: usize) -> String {
    let unit = 10.0_f64.powf(digits as f64);
    format!("{:.digits$}", (value * unit).ceil() / unit)
}

/// Numbers that nothing bounds are null.
fn to_json(found: &Leakage) -> serde_json::Value {
    let interval = |of: Interval| json!({ "estimate": of.point, "low": of.low, "high": of.high });
    let candidates = found.candidates.iter();
    let candidates: Vec<_> = candidates
        .map(|candidate| json!({ "adversary": candidate.adversary.to_string(), "error": candidate.risk }))
        .collect();
    json!({
        "train": found.rows[0],
        "test": found.rows[1],
        "secrets": found.secrets,
        "columns": found.columns,
        "level": found.level,
        "adversary": found.chosen.to_string(),
        "adversaries": candidates,
        "error": interval(found.risk),
        "guessing_error": interval(found.guessing_risk),
        "success": interval(found.vulnerability),
        "guessing_success": interval(found.prior_vulnerability),
        "multiplicative_leakage": interval(found.multiplicative),
        "min_entropy_leakage_bits": interval(found.min_entropy),
        "shannon_leakage_bits": { "estimate": found.shannon, "low": found.shannon_low },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_rounded_outwards() {
        assert_eq!((down(2.5861, 2), up(2.5861, 2)), ("2.58".into(), "2.59".into()));
        assert_eq!((down(0.0, 4), up(1.0, 4)), ("0.0000".into(), "1.0000".into()));
        let rare = Interval { point: 0.0012, low: 0.000_95, high: 0.001_512 };
        assert_eq!(percent(rare), "0.120 % (0.095 to 0.152 %)");
    }
}
