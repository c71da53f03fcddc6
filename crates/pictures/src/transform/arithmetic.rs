//! Functions whose last bits differ between mathematics libraries, as sums of `+ − × ÷`: the same on every platform, and
//! right to about ten digits where transforms need them.

/// eˣ.
pub(super) fn exp(x: f64) -> f64 {
    // e^x = (e^(x/2^k))^(2^k), with the series where it converges at once.
    let mut halvings = 0;
    let mut small = x;
    while small.abs() > 0.5 {
        small /= 2.0;
        halvings += 1;
    }
    let series = (1..18).rev().fold(1.0, |sum, n| 1.0 + sum * small / f64::from(n));
    (0..halvings).fold(series, |power, _| power * power)
}

/// The natural logarithm of a positive number, by Newton's rule on [`exp`].
pub(super) fn ln(x: f64) -> f64 {
    let mut y = 0.0;
    for _ in 0..60 {
        let power = exp(y);
        let step = 2.0 * (x - power) / (x + power);
        if step == 0.0 {
            break;
        }
        y += step;
    }
    y
}

/// Cosine and sine of an angle in degrees, −360 to 360.
pub(super) fn direction(degrees: f64) -> (f64, f64) {
    let x = degrees / 180.0 * std::f64::consts::PI;
    let square = x * x;
    let series = |first: u32| {
        (1..20).rev().fold(1.0, |sum, n| {
            let n = 2 * n + first;
            1.0 - sum * square / f64::from(n * (n - 1))
        })
    };
    (series(0), x * series(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_library() {
        for step in -40..=40 {
            let x = f64::from(step) / 4.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "exp {x}");
            let (cos, sin) = direction(x * 18.0);
            let angle = (x * 18.0).to_radians();
            assert!((cos - angle.cos()).abs() < 1e-9 && (sin - angle.sin()).abs() < 1e-9, "{angle}");
        }
        for x in [1.0 / 255.0, 0.1, 0.5, 1.0, 2.0, 10.0] {
            assert!((ln(x) - x.ln()).abs() < 1e-12, "ln {x}");
        }
    }
}
