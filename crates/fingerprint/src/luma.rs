use crate::kernels::{self, Level};
use sightline_pictures::Picture;

/// Brightness of a picture: row-major, 0 to 255.
#[derive(Debug, Clone, PartialEq)]
pub struct Luma {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Luma {
    /// A luma picture from its values, or nothing if their number is not `width · height`.
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Option<Self> {
        (Some(values.len()) == width.checked_mul(height)).then_some(Self { width, height, values })
    }

    /// The luma of `picture`: 0.299 R + 0.587 G + 0.114 B in single precision, in this order, as the reference has it.
    pub fn of(picture: &Picture) -> Self {
        Self::sampled(picture, picture.width() as usize, picture.height() as usize)
    }

    /// The luma of `picture` brought to `width` × `height` by nearest neighbour: pixel x comes from ⌊x · W / width⌋.
    pub(crate) fn sampled(picture: &Picture, width: usize, height: usize) -> Self {
        let (from_width, from_height) = (picture.width() as usize, picture.height() as usize);
        let level = Level::best();
        let columns: Vec<usize> = (0..width).map(|x| x * from_width / width).collect();
        let (pixels, _) = picture.rgb().as_chunks::<3>();
        let mut values = vec![0.0; width * height];
        let mut sampled = vec![[0; 3]; width];
        for (y, values) in values.chunks_exact_mut(width).enumerate() {
            let row = &pixels[y * from_height / height * from_width..][..from_width];
            let row = if width == from_width {
                row
            } else {
                sampled.iter_mut().zip(&columns).for_each(|(pixel, x)| *pixel = row[*x]);
                &sampled
            };
            kernels::luma(level, row, values);
        }
        Self { width, height, values }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}
