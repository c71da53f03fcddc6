//! The numbers as rows of evidence, under the question `hash-accuracy`.

use crate::measure::{Measured, OfAlgorithm, Scope};
use crate::tail::binomial;
use crate::{Estimate, PerPair, QUESTION};
use sightline_evidence::{Row, Status};
use sightline_pictures::transform::Transform;

/// Lengths of lists for which the rate per picture is modelled.
const LISTS: [u64; 3] = [1_000, 100_000, 10_000_000];

impl Measured {
    /// Everything as rows but distances and the characteristic's points.
    pub fn rows(&self) -> Vec<Row> {
        let row = |quantity: &str| row(quantity, "1", self.seed);
        let given = self.given.len() as u64;
        let mut rows = vec![
            row("pictures").exact(given as f64).n(given).method("count"),
            row("near-duplicates-left-out").exact(self.audit.left_out.len() as f64).n(given).method("thumbnails"),
        ];
        for algorithm in &self.algorithms {
            algorithm.rows(self.seed, &mut rows);
        }
        rows
    }

    /// The points of each characteristic, all handling together, at which it changes: share of changed pictures found and
    /// of other pairs that match, for a threshold. The algorithm's own threshold is among [`Measured::rows`].
    pub fn characteristic(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for algorithm in self.algorithms.iter().filter(|algorithm| !algorithm.exact) {
            let mut last = None;
            for band in &algorithm.roc {
                let point = [band.true_positives.value, band.false_positives.value].map(f64::to_bits);
                let own = band.threshold == algorithm.threshold;
                if last.replace(point) == Some(point) || own {
                    continue;
                }
                let row = |quantity: &str| {
                    row(quantity, "1", self.seed)
                        .parameter("algorithm", &algorithm.name)
                        .parameter("threshold", band.threshold)
                        .parameter("transform", "any")
                        .n(algorithm.pictures as u64)
                        .method("bootstrap")
                };
                rows.push(interval(row("true-positive-rate"), band.true_positives));
                rows.push(interval(row("false-positive-rate-per-pair"), band.false_positives));
            }
        }
        rows
    }
}

fn row(quantity: &str, unit: &str, seed: u64) -> Row {
    Row::new(quantity, unit).question(QUESTION).content("any").seed(seed)
}

/// A row with an interval; undecided where there is no number.
fn interval(row: Row, of: Estimate) -> Row {
    if of.value.is_nan() { row.status(Status::Undecided) } else { row.interval(of.value, of.low, of.high) }
}

fn of_pair([value, low, high]: [PerPair; 3]) -> Estimate {
    Estimate { value: value.0, low: low.0, high: high.0 }
}

impl OfAlgorithm {
    fn rows(&self, seed: u64, rows: &mut Vec<Row>) {
        let row = |quantity: &str, unit: &str| row(quantity, unit, seed).parameter("algorithm", &self.name);
        let handled = |row: Row, transform: Option<Transform>| match transform {
            Some(transform) => {
                row.parameter("transform", transform.family().name()).parameter("strength", transform.strength())
            }
            None => row.parameter("transform", "none"),
        };
        let pictures = self.pictures as u64;
        rows.push(row("pictures", "1").exact(self.pictures as f64).n(pictures).method("count"));

        for detection in &self.detections {
            let with = |row: Row| {
                handled(row, detection.transform)
                    .parameter("kind", detection.kind.unwrap_or("any"))
                    .parameter("threshold", self.threshold)
                    .n(detection.caught.of)
            };
            let caught = with(row("true-positive-rate", "1")).method("clopper-pearson");
            rows.push(interval(caught, detection.caught.estimate()));
            if let Some(median) = detection.median {
                rows.push(with(row("median-distance", "bit")).exact(median.into()).method("count"));
            }
            if detection.refused > 0 {
                rows.push(with(row("refused", "1")).exact(detection.refused as f64).method("count"));
            }
        }
        for separation in &self.separations {
            let with = |quantity: &str| {
                let row = row(quantity, "1").n(pictures).method("bootstrap");
                match separation.scope {
                    Scope::All => row.parameter("transform", "any"),
                    Scope::Family(family) => row.parameter("transform", family.name()).parameter("strength", "any"),
                    Scope::One(transform) => handled(row, Some(transform)),
                }
            };
            rows.push(interval(with("auc"), separation.auc));
            rows.push(interval(with("equal-error-rate"), separation.eer));
            let at = |quantity| with(quantity).parameter("threshold", self.threshold);
            rows.push(interval(at("false-positive-rate-per-pair").n(separation.pairs), separation.false_positives));
            if !matches!(separation.scope, Scope::One(_)) {
                rows.push(interval(at("true-positive-rate"), separation.true_positives));
            }
        }
        self.false_positive_rows(&row, rows);
        if let Some(bits) = &self.bit_statistics {
            let of = |quantity, unit| row(quantity, unit).n(pictures).method("count");
            rows.push(of("bits-set", "1").exact(bits.ones));
            rows.push(of("bit-imbalance", "1").exact(bits.imbalance));
            rows.push(of("constant-bits", "bit").exact(bits.constant.into()));
            rows.push(of("bit-correlation", "1").exact(bits.correlation));
            rows.push(of("largest-bit-correlation", "1").exact(bits.largest_correlation));
            rows.push(of("sum-of-bit-entropies", "bit").exact(bits.entropy));
            rows.push(of("independent-bits", "bit").exact(bits.independent_bits));
        }
        if let Some(effective) = self.effective_bits {
            rows.push(interval(row("effective-bits", "bit").n(pictures).method("bootstrap"), effective));
        }
    }

    /// Matches of different originals: seen, and by models.
    fn false_positive_rows(&self, row: &dyn Fn(&str, &str) -> Row, rows: &mut Vec<Row>) {
        let found = &self.false_positives;
        let per_pair = |pairs: u64| {
            let row = row("false-positive-rate-per-pair", "1").parameter("transform", "none");
            row.parameter("threshold", self.threshold).n(pairs).method("bootstrap")
        };
        rows.push(interval(per_pair(found.pairs).parameter("kind", "any"), of_pair(found.per_pair)));
        for within in &found.within_kind {
            rows.push(interval(per_pair(within.pairs).parameter("kind", within.kind), of_pair(within.per_pair)));
        }
        let per_picture = |entries: u64| {
            let row = row("false-positive-rate-per-picture", "1").parameter("transform", "none");
            row.parameter("threshold", self.threshold).parameter("entries", entries)
        };
        let [value, low, high] = found.per_picture;
        let flagged = Estimate { value: value.probability, low: low.probability, high: high.probability };
        let measured = per_picture(value.entries).n(found.flagged.of).method("clopper-pearson");
        rows.push(interval(measured, flagged));

        let Some(tail) = &self.tail else { return };
        let of = |quantity, unit| row(quantity, unit).n(tail.pairs).parameter("start", tail.start);
        rows.push(interval(of("tail-scale", "bit").method("generalised-pareto"), in_bits(tail.scale, tail.step)));
        rows.push(interval(of("tail-shape", "1").method("generalised-pareto"), tail.shape));
        for (threshold, model) in &tail.model {
            if *threshold > self.threshold + 8 * tail.step && *threshold % 10 != 0 {
                continue;
            }
            let row = row("false-positive-rate-per-pair", "1").parameter("transform", "none");
            let row = row.parameter("threshold", threshold).parameter("kind", "any");
            rows.push(row.model(model.value, model.low, model.high).n(tail.pairs).method("generalised-pareto"));
        }
        if let Some(model) = tail.at(self.threshold) {
            // Between two points of the lattice.
            if tail.model.iter().all(|(threshold, _)| *threshold != self.threshold) {
                let row = row("false-positive-rate-per-pair", "1").parameter("transform", "none");
                let row = row.parameter("threshold", self.threshold).parameter("kind", "any");
                rows.push(row.model(model.value, model.low, model.high).n(tail.pairs).method("generalised-pareto"));
            }
            for entries in LISTS {
                let [value, low, high] =
                    [model.value, model.low, model.high].map(|rate| PerPair(rate).against(entries).probability);
                rows.push(per_picture(entries).model(value, low, high).n(tail.pairs).method("generalised-pareto"));
            }
        }
        if let Some(effective) = self.effective_bits {
            let rate = self.different.moments().0 / f64::from(self.bits);
            let [value, high, low] = [effective.value, effective.low, effective.high]
                .map(|independent| binomial(independent, rate, self.bits, self.threshold));
            let row = row("false-positive-rate-per-pair", "1").parameter("transform", "none");
            let row = row.parameter("threshold", self.threshold).parameter("kind", "any");
            rows.push(row.model(value, low, high).n(found.pairs).method("binomial-of-effective-bits"));
        }
    }
}

fn in_bits(scale: Estimate, step: u32) -> Estimate {
    let step = f64::from(step);
    Estimate { value: scale.value * step, low: scale.low * step, high: scale.high * step }
}
