use crate::subject::Code;

/// How evenly and how independently the bits of a fingerprint are set, over different pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BitStatistics {
    /// Mean over bits of the share of pictures in which the bit is set.
    pub ones: f64,
    /// Mean over bits of |share − ½|: 0 if every bit is set in half of the pictures.
    pub imbalance: f64,
    /// Bits that are the same in all pictures.
    pub constant: u32,
    /// Root mean square of the correlations between two bits; constant bits are left out. Bits that are independent would
    /// show 1/√n by chance in n pictures.
    pub correlation: f64,
    /// The largest |correlation| between two bits.
    pub largest_correlation: f64,
    /// Sum of the entropies of single bits, in bits: more than that no fingerprint of these can tell.
    pub entropy: f64,
    /// n² / Σ r² over all pairs of bits, each with itself included, without the correlation that chance gives in so few
    /// pictures: as many independent bits would correlate as much.
    pub independent_bits: f64,
}

impl BitStatistics {
    /// Statistics of the first `bits` bits of `codes`.
    pub(crate) fn of(codes: &[Code], bits: u32) -> Self {
        let (n, bits) = (codes.len() as f64, bits as usize);
        // One column of words for each bit: pictures side by side.
        let columns: Vec<Vec<u64>> = (0..bits)
            .map(|bit| {
                let set = |code: &Code| code[bit / 64] >> (63 - bit % 64) & 1;
                codes.chunks(64).map(|part| part.iter().fold(0, |word, code| word << 1 | set(code))).collect()
            })
            .collect();
        let count = |column: &[u64]| f64::from(column.iter().map(|word| word.count_ones()).sum::<u32>());
        let shares: Vec<f64> = columns.iter().map(|column| count(column) / n).collect();
        let varies = |share: f64| share > 0.0 && share < 1.0;
        let (mut squares, mut largest, mut pairs) = (0.0, 0.0_f64, 0_u32);
        for i in (0..bits).filter(|i| varies(shares[*i])) {
            for j in (i + 1..bits).filter(|j| varies(shares[*j])) {
                let both: u32 = columns[i].iter().zip(&columns[j]).map(|(a, b)| (a & b).count_ones()).sum();
                let covariance = f64::from(both) / n - shares[i] * shares[j];
                let scale = (shares[i] * (1.0 - shares[i]) * shares[j] * (1.0 - shares[j])).sqrt();
                let correlation = covariance / scale;
                squares += correlation * correlation;
                largest = largest.max(correlation.abs());
                pairs += 1;
            }
        }
        // Bits that are independent correlate by chance in few pictures; that much is taken away (Ezekiel's adjustment).
        let chance = if n > 2.0 { (f64::from(pairs) - squares) / (n - 2.0) } else { 0.0 };
        let squares_beyond_chance = (squares - chance).max(0.0);
        let varying = shares.iter().filter(|share| varies(**share)).count() as f64;
        let plogp = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
        Self {
            ones: shares.iter().sum::<f64>() / bits as f64,
            imbalance: shares.iter().map(|share| (share - 0.5).abs()).sum::<f64>() / bits as f64,
            constant: shares.iter().map(|share| u32::from(!varies(*share))).sum(),
            correlation: if pairs > 0 { (squares / f64::from(pairs)).sqrt() } else { 0.0 },
            largest_correlation: largest,
            entropy: shares.iter().map(|share| plogp(*share) + plogp(1.0 - share)).sum(),
            independent_bits: if varying > 0.0 {
                varying * varying / (varying + 2.0 * squares_beyond_chance)
            } else {
                0.0
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four pictures and four bits, by hand: 0011, 0101, 0110, 0000. Bit 0 is constant, the others are set in half.
    #[test]
    fn a_small_case_by_hand() {
        let codes = [0b0011_u64, 0b0101, 0b0110, 0b0000].map(|bits| [bits << 60, 0, 0, 0]);
        let found = BitStatistics::of(&codes, 4);
        assert_eq!((found.ones, found.imbalance, found.constant), (0.375, 0.125, 1));
        // Any two of the three vary independently here.
        assert_eq!((found.correlation, found.largest_correlation, found.entropy), (0.0, 0.0, 3.0));
        assert!((found.independent_bits - 3.0).abs() < 1e-12);
        // Sixty-four pictures with all sixteen settings of four bits: no correlation at all, and none below 0.
        let all: Vec<Code> = (0..64_u64).map(|bits| [bits << 60, 0, 0, 0]).collect();
        assert!((BitStatistics::of(&all, 4).independent_bits - 4.0).abs() < 1e-12);
        // One bit twice, and one by itself, in eight pictures: of three pairs one correlates fully, and chance takes
        // 2 / 6 away: 9 / (3 + 2 (1 − 1/3)).
        let twice: Vec<Code> = (0..8_u64).map(|n| [((n % 2 * 6) | (n / 2 % 2)) << 61, 0, 0, 0]).collect();
        assert!((BitStatistics::of(&twice, 3).independent_bits - 27.0 / 13.0).abs() < 1e-12);
        // Bits that are copies of each other count once.
        let copies = [0b1111_u64, 0b0000].map(|bits| [bits << 60, 0, 0, 0]);
        let found = BitStatistics::of(&copies, 4);
        assert_eq!((found.correlation, found.independent_bits), (1.0, 1.0));
    }
}
