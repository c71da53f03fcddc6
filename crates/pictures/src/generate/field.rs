use super::random::Random;

/// A random texture with values from 0 to 1 for each pixel.
///
/// Built from coarse to fine: each step doubles the resolution by a quadratic B-spline (weights ¼ and ¾, which keeps
/// the variance equal everywhere) and adds noise. With persistence p the noise of each octave has p times the amplitude
/// of the one before, so power falls with frequency as f^(2·log₂ p − 2): f⁻² at p = 1, the 1/f amplitude of natural
/// images (Field, "Relations between the statistics of natural images and the response properties of cortical cells",
/// JOSA A 4, 1987), f⁻⁴ at p = ½, as of clouds out of focus.
pub(super) struct Field {
    width: usize,
    values: Vec<f32>,
}

impl Field {
    /// A field whose coarsest noise has `cells` cells on the longer side.
    pub(super) fn new(random: &mut Random, width: i32, height: i32, cells: i32, persistence: f32) -> Self {
        let mut cell = 1;
        while cell * cells < width.max(height) {
            cell *= 2;
        }
        let (mut columns, mut rows) = (grid_side(width, cell), grid_side(height, cell));
        let mut values = vec![0.0; columns * rows];
        let mut amplitude = 1.0;
        random.add_noise(&mut values, amplitude);
        while cell > 1 {
            cell /= 2;
            amplitude *= persistence;
            let (finer_columns, finer_rows) = (grid_side(width, cell), grid_side(height, cell));
            values = refine(&values, columns, finer_columns, finer_rows);
            (columns, rows) = (finer_columns, finer_rows);
            random.add_noise(&mut values, amplitude);
        }
        debug_assert!(rows >= height as usize, "grids are larger than the picture");
        let width = width as usize;
        let mut cut = Vec::with_capacity(width * height as usize);
        for row in values.chunks_exact(columns).take(height as usize) {
            cut.extend_from_slice(&row[..width]);
        }
        squash(&mut cut);
        Self { width, values: cut }
    }

    /// The value at a pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// Row `y`.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        &self.values[y * self.width..(y + 1) * self.width]
    }
}

/// Points of a grid with the given cell that a side needs, with the three more that refining consumes.
fn grid_side(side: i32, cell: i32) -> usize {
    ((side + cell - 1) / cell + 4) as usize
}

/// The grid at twice the resolution: columns first, then rows. A fine point lies between two coarse ones and takes ¾ of
/// the nearer and ¼ of the farther.
fn refine(coarse: &[f32], coarse_columns: usize, columns: usize, rows: usize) -> Vec<f32> {
    let coarse_rows = coarse.len() / coarse_columns;
    let mut stretched = vec![0.0; columns * coarse_rows];
    for (fine, row) in stretched.chunks_exact_mut(columns).zip(coarse.chunks_exact(coarse_columns)) {
        for (pair, three) in fine.chunks_mut(2).zip(row.windows(3)) {
            pair[0] = 0.75 * three[1] + 0.25 * three[0];
            if let Some(second) = pair.get_mut(1) {
                *second = 0.75 * three[1] + 0.25 * three[2];
            }
        }
    }
    let mut fine = vec![0.0; columns * rows];
    for (i, fine_row) in fine.chunks_exact_mut(columns).enumerate() {
        let near = &stretched[(i / 2 + 1) * columns..][..columns];
        let far = &stretched[(if i.is_multiple_of(2) { i / 2 } else { i / 2 + 2 }) * columns..][..columns];
        for ((value, near), far) in fine_row.iter_mut().zip(near).zip(far) {
            *value = 0.75 * near + 0.25 * far;
        }
    }
    fine
}

/// Brings mean 0 and variance 1, then maps the line to (0, 1) by ½ + ½·x/√(1 + x²).
fn squash(values: &mut [f32]) {
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let variance = values.iter().map(|v| (f64::from(*v) - mean) * (f64::from(*v) - mean)).sum::<f64>() / count;
    let (mean, scale) = (mean as f32, (1.0 / variance.max(1e-12).sqrt()) as f32);
    for value in values {
        let x = (*value - mean) * scale;
        *value = 0.5 + 0.5 * x / (1.0 + x * x).sqrt();
    }
}
