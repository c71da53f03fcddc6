//! The near end of the distances between different pictures, where false matches come from, and how it goes on beyond what
//! was seen.
//!
//! Distances up to a threshold u are counted from u downwards in steps of the lattice that they lie on (PDQ's are even), and
//! a generalised Pareto distribution (Pickands, Annals of Statistics 1975), made discrete by differences of its survival
//! function, is fitted by maximum likelihood. The other model is a binomial with as many independent bits as give the
//! variance that was found (Daugman, Pattern Recognition 2003). Both are models: they say what would follow if the tail
//! went on as it begins.

use crate::{Estimate, Histogram};
use statrs::function::beta::beta_reg;

/// Fewer pairs than these give no fit.
const LEAST_PAIRS: f64 = 30.0;

/// A generalised Pareto distribution of whole steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pareto {
    /// Scale, in steps.
    pub scale: f64,
    /// Shape: below 0 the tail ends, at 0 it is exponential.
    pub shape: f64,
}

/// The near end of distances between different pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Tail {
    /// The distance in bits from which on downwards it is fitted.
    pub start: u32,
    /// Bits of a step.
    pub step: u32,
    /// Pairs within `start`.
    pub pairs: u64,
    /// Their share of all pairs.
    pub share: f64,
    /// The fit.
    pub pareto: Pareto,
    /// Ends of the scale and the shape.
    pub scale: Estimate,
    /// Ends of the shape.
    pub shape: Estimate,
    /// What the fit says for distances from 0 to `start`, in steps of the lattice, the largest first: distance, share of
    /// pairs within it.
    pub model: Vec<(u32, Estimate)>,
    /// What is smaller than this was not seen and could not be: 3 / number of pairs.
    pub seen: f64,
}

impl Tail {
    /// What the model says for a distance up to `start`.
    pub fn at(&self, distance: u32) -> Option<Estimate> {
        // The largest lattice point within it.
        self.model.iter().find(|(of, _)| *of <= distance).map(|(_, share)| *share).filter(|_| distance <= self.start)
    }
}

impl Pareto {
    /// Probability of at least `steps`.
    pub fn survival(self, steps: u32) -> f64 {
        let reach = f64::from(steps) / self.scale;
        if self.shape.abs() < 1e-7 {
            return (-reach).exp();
        }
        let inside = 1.0 + self.shape * reach;
        if inside <= 0.0 { 0.0 } else { (-inside.ln() / self.shape).exp() }
    }

    /// Fits counts of 0, 1, 2, … steps by maximum likelihood, with shapes from −1 to 1; nothing without two different ones.
    pub fn fit(counts: &[f64]) -> Option<Self> {
        let present = counts.iter().filter(|count| **count > 0.0).count();
        if present < 2 {
            return None;
        }
        let total: f64 = counts.iter().sum();
        let mean = (0_u32..).zip(counts).map(|(k, count)| f64::from(k) * count).sum::<f64>() / total;
        let surprise = |[log_scale, shape]: [f64; 2]| {
            if shape.abs() > 1.0 || log_scale.abs() > 12.0 {
                return f64::INFINITY;
            }
            let of = Self { scale: log_scale.exp(), shape };
            let term = |(k, count): (u32, &f64)| {
                let probability = of.survival(k) - of.survival(k + 1);
                if *count == 0.0 {
                    0.0
                } else if probability > 0.0 {
                    -count * probability.ln()
                } else {
                    f64::INFINITY
                }
            };
            (0..).zip(counts).map(term).sum::<f64>()
        };
        let start = [(mean + 0.5).ln(), 0.05];
        let [log_scale, shape] = least(surprise, start)?;
        Some(Self { scale: log_scale.exp(), shape })
    }
}

/// Where a function of two numbers is least, by the simplex of Nelder and Mead (Computer Journal 1965).
fn least(of: impl Fn([f64; 2]) -> f64, start: [f64; 2]) -> Option<[f64; 2]> {
    let at = |point: [f64; 2]| (of(point), point);
    let mut corners = [at(start), at([start[0] + 0.4, start[1]]), at([start[0], start[1] + 0.2])];
    for _ in 0..400 {
        corners.sort_by(|one, other| one.0.total_cmp(&other.0));
        let [best, middle, worst] = corners;
        if worst.0 - best.0 < 1e-10 && (worst.1[0] - best.1[0]).abs() + (worst.1[1] - best.1[1]).abs() < 1e-8 {
            break;
        }
        let along = |part: f64| {
            at([0, 1].map(|i| {
                let centre = f64::midpoint(best.1[i], middle.1[i]);
                centre + part * (worst.1[i] - centre)
            }))
        };
        let mirrored = along(-1.0);
        let new = if mirrored.0 < best.0 {
            let further = along(-2.0);
            Some(if further.0 < mirrored.0 { further } else { mirrored })
        } else if mirrored.0 < middle.0 {
            Some(mirrored)
        } else {
            let nearer = along(if mirrored.0 < worst.0 { -0.5 } else { 0.5 });
            (nearer.0 < worst.0.min(mirrored.0)).then_some(nearer)
        };
        if let Some(new) = new {
            corners[2] = new;
        } else {
            for corner in &mut corners[1..] {
                *corner = at([0, 1].map(|i| f64::midpoint(best.1[i], corner.1[i])));
            }
        }
    }
    corners.sort_by(|one, other| one.0.total_cmp(&other.0));
    corners[0].0.is_finite().then_some(corners[0].1)
}

/// Where the tail starts, its step, and whether there is enough of it: 50 pairs or 1 % of all, whichever is more.
pub(crate) fn start(pairs: &Histogram) -> Option<(u32, u32)> {
    let total = pairs.total();
    let start = pairs.quantile((0.01_f64).max(50.0 / total).min(1.0))?;
    let odd = pairs.weights().iter().take(pairs.weights().len() - 1).skip(1).step_by(2).any(|weight| *weight > 0.0);
    (total >= LEAST_PAIRS).then_some((start, if odd { 1 } else { 2 }))
}

/// The counts of steps from `start` downwards.
pub(crate) fn steps(pairs: &Histogram, start: u32, step: u32) -> Vec<f64> {
    (0..=start / step).map(|k| pairs.weights()[(start - k * step) as usize]).collect()
}

/// Share of pairs within `distance` under a fit; `share` lie within `start`.
pub(crate) fn within(pareto: Pareto, share: f64, start: u32, step: u32, distance: u32) -> f64 {
    share * pareto.survival((start - distance).div_ceil(step))
}

/// Share of pairs within `threshold` of `bits` if a fingerprint were `independent` bits that differ with probability `rate`
/// each; both may be any numbers, as the incomplete beta function has it.
pub fn binomial(independent: f64, rate: f64, bits: u32, threshold: u32) -> f64 {
    let within = independent * f64::from(threshold) / f64::from(bits);
    if within >= independent || rate <= 0.0 {
        return 1.0;
    }
    beta_reg(independent - within, within + 1.0, 1.0 - rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-300), "{found} is not {expected}");
    }

    /// `scipy.stats.genpareto.sf(k, shape, scale=scale)` for k = 1, 5, 12, 20 and
    /// `scipy.special.betainc(n - k, k + 1, 1 - p)`, SciPy 1.17.1.
    #[test]
    #[expect(clippy::unreadable_literal, reason = "as SciPy prints them")]
    fn agrees_with_scipy() {
        const SURVIVAL: [(f64, f64, [f64; 4]); 4] = [
            (0.2, 3.0, [0.7241964340209961, 0.2373046875, 0.05292214940134463, 0.014458261438686261]),
            (-0.3, 5.0, [0.813628548521406, 0.3045510725977121, 0.014361289528251988, 0.0]),
            (0.0, 2.0, [0.6065306597126334, 0.0820849986238988, 0.0024787521766663585, 4.5399929762484854e-05]),
            (-0.1, 4.0, [0.7763296208564378, 0.2630755761638284, 0.02824752489999998, 0.0009765625000000009]),
        ];
        for (shape, scale, expected) in SURVIVAL {
            for (steps, expected) in [1, 5, 12, 20].into_iter().zip(expected) {
                close(Pareto { scale, shape }.survival(steps), expected, 1e-12);
            }
        }
        // 29.2 of 240.3 bits are 31.1… of 256; thresholds are whole, so the bits are chosen to fit.
        close(binomial(240.3, 0.5, 2403, 292), 1.6903380522922246e-35, 1e-6);
        close(binomial(33.7, 0.48, 337, 53), 9.369623478673181e-05, 1e-7);
    }

    /// The least of the same surprise by `scipy.optimize.minimize`: scale 2.37731, shape −0.211221.
    #[test]
    fn the_fit_is_scipys() {
        let counts = [100.0, 70.0, 45.0, 30.0, 18.0, 9.0, 5.0, 2.0, 1.0];
        let found = Pareto::fit(&counts).unwrap();
        close(found.scale, SCALE, 1e-4);
        close(found.shape, SHAPE, 1e-3);
        assert_eq!(Pareto::fit(&[100.0, 0.0, 0.0]), None);
        assert_eq!(Pareto::fit(&[]), None);
    }

    const SCALE: f64 = 2.377_313_55;
    const SHAPE: f64 = -0.211_221_38;

    #[test]
    fn the_tail_starts_where_enough_pairs_are_and_knows_its_lattice() {
        let even = Histogram::of(256, (0..20_000_u32).map(|n| Some(90 + 2 * (n % 100).min(30))));
        assert_eq!(start(&even), Some((90, 2)));
        let steps = steps(&even, 94, 2);
        assert_eq!((steps.len(), &steps[..4]), (48, &[200.0, 200.0, 200.0, 0.0][..]));
        let odd = Histogram::of(64, (0..100).map(|n| Some(20 + n % 7)));
        assert_eq!(start(&odd), Some((23, 1)));
        assert_eq!(start(&Histogram::of(64, [Some(3)])), None);
        // An exponential of 2 steps, 4 steps further down.
        close(within(Pareto { scale: 2.0, shape: 0.0 }, 0.01, 94, 2, 86), 0.01 * (-2.0_f64).exp(), 1e-12);
    }
}
