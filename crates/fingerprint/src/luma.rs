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
        let columns: Vec<usize> = (0..width).map(|x| x * from_width / width).collect();
        let (pixels, _) = picture.rgb().as_chunks::<3>();
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let row = &pixels[y * from_height / height * from_width..][..from_width];
            if width == from_width {
                values.extend(row.iter().copied().map(luma));
            } else {
                values.extend(columns.iter().map(|x| luma(row[*x])));
            }
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

fn luma(pixel: [u8; 3]) -> f32 {
    let [red, green, blue] = pixel.map(f32::from);
    0.299 * red + 0.587 * green + 0.114 * blue
}
