//! Channels of known leakage. Seeds are fixed; a test that counts misses fails by chance with probability 10⁻⁶ at most.

use super::*;
use crate::interval::upper_tail;
use sightline_crypto::Stream;
use std::fmt::Write;

/// Draws a secret and an observation.
type Channel = fn(&mut Stream) -> (u32, Vec<f64>);

/// Samples of a channel that draws a secret and an observation.
fn draw(rows: usize, stream: &mut Stream, channel: impl Fn(&mut Stream) -> (u32, Vec<f64>)) -> Samples {
    parse((0..rows).map(|_| channel(stream)))
}

fn parse(rows: impl IntoIterator<Item = (u32, Vec<f64>)>) -> Samples {
    let mut text = String::new();
    for (secret, values) in rows {
        write!(text, "{secret}").expect("a text grows");
        for value in values {
            write!(text, ",{value}").expect("a text grows");
        }
        text.push('\n');
    }
    Samples::parse(text.as_bytes()).expect("well-formed")
}

/// A number in [0, 1).
fn uniform(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn below(limit: u32, stream: &mut Stream) -> u32 {
    u32::try_from(stream.next_u64() % u64::from(limit)).unwrap_or(0)
}

/// Box and Muller's.
fn normal(stream: &mut Stream) -> f64 {
    (-2.0 * (1.0 - uniform(stream)).ln()).sqrt() * (std::f64::consts::TAU * uniform(stream)).cos()
}

fn stream(number: u64) -> Stream {
    Seed::from_u64(number).derive("leakage", 0).stream()
}

fn holds(of: Interval, value: f64) -> bool {
    of.low <= of.point && of.point <= of.high && (of.low..=of.high).contains(&value)
}

/// Secret 0 with probability 0.7, flipped with probability 0.2: success 0.8 with the observation, 0.7 without;
/// I = h(0.62) − h(0.2).
#[test]
fn intervals_of_a_known_channel_hold_at_their_level() {
    const REPETITIONS: u64 = 400;
    const LEVEL: f64 = 0.05;
    let entropy = |p: f64| -p * p.log2() - (1.0 - p) * (1.0 - p).log2();
    let channel = |stream: &mut Stream| {
        let secret = u32::from(uniform(stream) < 0.3);
        (secret, vec![f64::from(secret ^ u32::from(uniform(stream) < 0.2))])
    };
    let mut missed = [0; 6];
    for number in 0..REPETITIONS {
        let mut stream = stream(number);
        let (train, test) = (draw(1000, &mut stream, channel), draw(500, &mut stream, channel));
        let found = estimate(&train, &test, LEVEL).unwrap();
        let holding = [
            holds(found.vulnerability, 0.8),
            holds(found.risk, 0.2),
            holds(found.prior_vulnerability, 0.7),
            holds(found.guessing_risk, 0.3),
            holds(found.min_entropy, (0.8_f64 / 0.7).log2()) && holds(found.multiplicative, 0.8 / 0.7),
            found.shannon_low <= entropy(0.62) - entropy(0.2),
        ];
        holding.iter().zip(&mut missed).for_each(|(holds, missed)| *missed += u64::from(!holds));
    }
    for missed in missed {
        assert!(upper_tail(missed, REPETITIONS, LEVEL) > 1e-6, "{missed} of {REPETITIONS}");
    }
}

#[test]
fn nothing_is_found_where_nothing_leaks() {
    const REPETITIONS: u64 = 200;
    let few = |stream: &mut Stream| (below(4, stream), vec![f64::from(below(3, stream))]);
    let many = |stream: &mut Stream| (below(50, stream), vec![normal(stream), uniform(stream)]);
    let skewed = |stream: &mut Stream| (u32::from(uniform(stream) < 0.1), vec![normal(stream)]);
    let channels: [Channel; 3] = [few, many, skewed];
    for channel in channels {
        let mut alarms = [0; 2];
        for number in 0..REPETITIONS {
            let mut stream = stream(number);
            let (train, test) = (draw(300, &mut stream, channel), draw(300, &mut stream, channel));
            // Sorted by secret, as files often are.
            let mut rows: Vec<usize> = (0..test.len()).collect();
            rows.sort_by_key(|row| &test.labels()[*row]);
            let number = |row: usize| test.labels()[row].to_string().parse().expect("secrets are numbers");
            let test = parse(rows.into_iter().map(|row| (number(row), test.row(row).to_vec())));
            let found = estimate(&train, &test, 0.05).unwrap();
            alarms[0] += u64::from(found.min_entropy.low > 0.0 || found.multiplicative.low > 1.0);
            alarms[1] += u64::from(found.shannon_low > 0.0);
        }
        for alarms in alarms {
            assert!(upper_tail(alarms, REPETITIONS, 0.025) > 1e-6, "{alarms} of {REPETITIONS}");
        }
    }
}

/// Two unit Gaussians two apart: the Bayes risk is Φ(−1).
#[test]
fn continuous_observations_come_close_to_the_bayes_risk() {
    let channel = |stream: &mut Stream| {
        let secret = below(2, stream);
        (secret, vec![2.0 * f64::from(secret) + normal(stream)])
    };
    let mut stream = stream(1);
    let found = estimate(&draw(4000, &mut stream, channel), &draw(20_000, &mut stream, channel), 1e-6).unwrap();
    assert!(holds(found.risk, 0.158_655), "{found:?}");
    assert!((found.risk.point - 0.158_655).abs() < 0.01, "{found:?}");
    assert!(found.shannon_low > 0.25 && found.min_entropy.low > 0.6, "{found:?}");
}

/// Secret and observation are bound by no centre: the sign of x·y.
#[test]
fn neighbours_find_what_has_no_centre() {
    let channel = |stream: &mut Stream| {
        let point = [uniform(stream) - 0.5, uniform(stream) - 0.5];
        (u32::from(point[0] * point[1] > 0.0), point.to_vec())
    };
    let mut stream = stream(2);
    let found = estimate(&draw(4000, &mut stream, channel), &draw(4000, &mut stream, channel), 1e-6).unwrap();
    assert!(matches!(found.chosen, Adversary::Neighbours(_)), "{found:?}");
    assert!(found.risk.point < 0.05, "{found:?}");
}

/// The same centre, widths 1 and 4: neither threshold nor centre helps. The densities are equal at |x| =
/// √(32 ln 4 / 15) = 1.7197, so that the Bayes risk is (P(|X| > 1.7197) + P(|4X| < 1.7197)) / 2 = 0.2091.
#[test]
fn the_width_of_noise_tells() {
    let channel = |stream: &mut Stream| {
        let secret = below(2, stream);
        (secret, vec![f64::from(1 + 3 * secret) * normal(stream)])
    };
    let mut stream = stream(3);
    let found = estimate(&draw(4000, &mut stream, channel), &draw(20_000, &mut stream, channel), 1e-6).unwrap();
    assert!(holds(found.risk, 0.2091), "{found:?}");
}

/// Ten secrets, each twice per observation, no noise.
#[test]
fn what_is_told_in_full_is_found_in_full() {
    let rows = || (0..2000_u32).map(|row| (row % 10, vec![f64::from(row % 10 / 2), f64::from(row % 2)]));
    let found = estimate(&parse(rows()), &parse(rows()), 0.05).unwrap();
    assert_eq!((found.risk.point, found.risk.low), (0.0, 0.0));
    let all = 10.0_f64.log2();
    assert!(holds(found.min_entropy, all) && found.min_entropy.low > 3.0, "{found:?}");
    assert!(found.shannon_low > 2.9 && found.shannon_low < all, "{found:?}");
}

#[test]
fn ties_and_single_secrets_leak_nothing() {
    let same = parse((0..100).map(|row| (row % 4, vec![5.0, 5.0])));
    let found = estimate(&same, &same, 0.05).unwrap();
    assert_eq!((found.chosen, found.risk.point), (Adversary::Prior, 0.75));
    assert_eq!((found.min_entropy.point, found.min_entropy.low, found.shannon_low), (0.0, 0.0, 0.0));
    let one = parse((0..100_u32).map(|row| (7, vec![f64::from(row)])));
    let found = estimate(&one, &one, 0.05).unwrap();
    assert_eq!((found.risk.point, found.guessing_risk.point, found.min_entropy.low), (0.0, 0.0, 0.0));
    assert_eq!((found.shannon, found.shannon_low, found.secrets), (0.0, 0.0, 1));
}

#[test]
fn a_secret_never_seen_in_training_is_an_error() {
    let train = parse((0..100_u32).map(|row| (row % 2, vec![f64::from(row % 2)])));
    let test = parse((0..100_u32).map(|row| (row % 4, vec![f64::from(row % 4)])));
    let found = estimate(&train, &test, 0.05).unwrap();
    assert_eq!((found.risk.point, found.secrets), (0.5, 4));
    // Learning the wrong thing is no negative leakage.
    let rare = |row: u32| u32::from(row.is_multiple_of(10));
    let train = parse((0..100_u32).map(|row| (rare(row), vec![f64::from(rare(row))])));
    let found = estimate(&train, &parse((0..100_u32).map(|_| (0, vec![1.0]))), 0.05).unwrap();
    assert!(holds(found.min_entropy, 0.0) && holds(found.multiplicative, 1.0) && found.shannon == 0.0, "{found:?}");
    // Nothing bounds the probability of the best guess from below where TEST never shows it.
    let found = estimate(&test, &parse((0..100_u32).map(|row| (9, vec![f64::from(row)]))), 0.05).unwrap();
    assert_eq!((found.risk.point, found.min_entropy.low), (1.0, 0.0));
    assert!(found.min_entropy.high.is_infinite());
}

#[test]
fn units_do_not_matter_and_results_repeat() {
    let channel = |stretch: f64| {
        move |stream: &mut Stream| {
            let secret = below(5, stream);
            let value = |stream: &mut Stream| f64::from(secret) + normal(stream);
            (secret, vec![value(stream), stretch * value(stream)])
        }
    };
    let of = |stretch: f64| {
        let mut stream = stream(4);
        let train = draw(500, &mut stream, channel(stretch));
        estimate(&train, &draw(500, &mut stream, channel(stretch)), 0.05).unwrap()
    };
    assert_eq!(of(1.0), of(1.0));
    assert_eq!(of(1.0), of(2.0_f64.powi(40)));
}

/// Among equally likely secrets the bound is Fano's inequality, and for two of them with symmetric errors exact.
#[test]
fn the_shannon_bound_is_fanos() {
    let entropy = |p: f64| -p * p.log2() - (1.0 - p) * (1.0 - p).log2();
    for (number, error) in [(2.0_f64, 0.2), (10.0, 0.3), (191.0, 0.456)] {
        let fano = number.log2() - entropy(error) - error * (number - 1.0).log2();
        assert!((divergence(1.0 - error, 1.0 / number) - fano).abs() < 1e-12);
    }
    assert_eq!((divergence(0.2, 0.2), divergence(0.1, 0.2), divergence(1.0, 0.5)), (0.0, 0.0, 1.0));
}

#[test]
fn files_must_have_the_same_columns() {
    let narrow = parse((0..10_u32).map(|row| (row, vec![1.0])));
    let wide = parse((0..10_u32).map(|row| (row, vec![1.0, 2.0])));
    assert_eq!(estimate(&narrow, &wide, 0.05), Err(LeakageError::Columns { train: 1, test: 2 }));
}
