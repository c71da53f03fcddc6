use super::colour::Colour;
use super::font;
use super::random::Random;
use crate::picture::Picture;

/// Pixels to paint on. Coordinates are in pixels, (0, 0) the top left corner; whatever lies outside is cut off.
pub(super) struct Canvas {
    width: i32,
    height: i32,
    rgb: Vec<u8>,
}

/// An axis-parallel rectangle.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

/// An ellipse: centre, semi-axes, and the direction of the first axis.
#[derive(Clone, Copy)]
pub(super) struct Ellipse {
    pub(super) centre: (f32, f32),
    pub(super) axes: (f32, f32),
    pub(super) direction: (f32, f32),
}

impl Area {
    pub(super) fn new(left: i32, top: i32, width: i32, height: i32) -> Self {
        Self { left, top, width, height }
    }

    /// The rectangle without a margin on every side.
    pub(super) fn inset(self, margin: i32) -> Self {
        Self::new(self.left + margin, self.top + margin, self.width - 2 * margin, self.height - 2 * margin)
    }

    pub(super) fn right(self) -> i32 {
        self.left + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.top + self.height
    }
}

impl Ellipse {
    pub(super) fn disc(centre: (f32, f32), radius: f32) -> Self {
        Self { centre, axes: (radius, radius), direction: (1.0, 0.0) }
    }
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, colour: Colour) -> Self {
        let rgb = bytes(colour).repeat(width as usize * height as usize);
        Self { width: width as i32, height: height as i32, rgb }
    }

    pub(super) fn width(&self) -> i32 {
        self.width
    }

    pub(super) fn height(&self) -> i32 {
        self.height
    }

    /// The whole canvas.
    pub(super) fn area(&self) -> Area {
        Area::new(0, 0, self.width, self.height)
    }

    pub(super) fn into_picture(self) -> Picture {
        Picture::new(self.width as u32, self.height as u32, self.rgb).expect("draw_size keeps within the limits")
    }

    /// Repaints every pixel from its coordinates and its present colour.
    pub(super) fn repaint(&mut self, paint: impl FnMut(usize, usize, Colour) -> Colour) {
        self.repaint_within(self.area(), paint);
    }

    /// Repaints the pixels of an area.
    pub(super) fn repaint_within(&mut self, area: Area, mut paint: impl FnMut(usize, usize, Colour) -> Colour) {
        let (left, right) = (area.left.max(0) as usize, area.right().clamp(0, self.width) as usize);
        let (top, bottom) = (area.top.max(0) as usize, area.bottom().clamp(0, self.height) as usize);
        if left >= right || top >= bottom {
            return;
        }
        let stride = 3 * self.width as usize;
        for (y, row) in (top..bottom).zip(self.rgb[top * stride..].chunks_exact_mut(stride)) {
            for (x, pixel) in (left..right).zip(row[3 * left..].chunks_exact_mut(3)) {
                let before = Colour([f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])]);
                pixel.copy_from_slice(&bytes(paint(x, y, before)));
            }
        }
    }

    /// Paints row `y` from `start` to `end`, with partial cover of the pixels at both ends.
    pub(super) fn span(&mut self, y: i32, start: f32, end: f32, mut paint: impl FnMut(i32) -> Colour) {
        let (start, end) = (start.max(0.0), end.min(self.width as f32));
        if y < 0 || y >= self.height || end <= start {
            return;
        }
        let (first, last) = (start as i32, (end.ceil() as i32 - 1).min(self.width - 1));
        let (inner_first, inner_last) = (start.ceil() as i32, end as i32);
        if first < inner_first {
            let cover = (first as f32 + 1.0).min(end) - start;
            self.blend(first, y, paint(first), cover);
        }
        let row = (y * self.width) as usize * 3;
        if inner_first < inner_last {
            let pixels = &mut self.rgb[row + inner_first as usize * 3..row + inner_last as usize * 3];
            for (x, pixel) in (inner_first..).zip(pixels.chunks_exact_mut(3)) {
                pixel.copy_from_slice(&bytes(paint(x)));
            }
        }
        if last >= inner_last && last > first {
            self.blend(last, y, paint(last), end - last as f32);
        }
    }

    /// Mixes `cover` of a colour into one pixel, which must lie on the canvas.
    pub(super) fn blend(&mut self, x: i32, y: i32, colour: Colour, cover: f32) {
        let at = (y * self.width + x) as usize * 3;
        let pixel = &mut self.rgb[at..at + 3];
        let before = Colour([0, 1, 2].map(|i| f32::from(pixel[i])));
        pixel.copy_from_slice(&bytes(before.mix(colour, cover)));
    }

    /// Fills an ellipse; `paint` gets a pixel's coordinates.
    pub(super) fn ellipse(&mut self, ellipse: Ellipse, mut paint: impl FnMut(i32, i32) -> Colour) {
        let (centre, (long, short), (c, s)) = (ellipse.centre, ellipse.axes, ellipse.direction);
        let (p, q) = (1.0 / (long * long), 1.0 / (short * short));
        // xx·dx² + xy·dx·dy + yy·dy² ≤ 1, solved for dx row by row.
        let (xx, xy, yy) = (c * c * p + s * s * q, 2.0 * c * s * (p - q), s * s * p + c * c * q);
        let reach = (long * long * s * s + short * short * c * c).sqrt();
        let top = ((centre.1 - reach).floor() as i32).max(0);
        let bottom = ((centre.1 + reach).ceil() as i32).min(self.height - 1);
        for y in top..=bottom {
            let dy = y as f32 + 0.5 - centre.1;
            let under_root = xy * xy * dy * dy - 4.0 * xx * (yy * dy * dy - 1.0);
            if under_root > 0.0 {
                let (middle, half) = (centre.0 - xy * dy / (2.0 * xx), under_root.sqrt() / (2.0 * xx));
                self.span(y, middle - half, middle + half, |x| paint(x, y));
            }
        }
    }

    /// Fills a polygon (even-odd rule).
    pub(super) fn polygon(&mut self, corners: &[(f32, f32)], colour: Colour) {
        let top = corners.iter().fold(f32::MAX, |least, corner| least.min(corner.1));
        let bottom = corners.iter().fold(f32::MIN, |most, corner| most.max(corner.1));
        for y in (top.floor() as i32).max(0)..=(bottom.ceil() as i32).min(self.height - 1) {
            let middle = y as f32 + 0.5;
            let mut crossings: Vec<f32> = corners
                .iter()
                .zip(corners.iter().cycle().skip(1))
                .filter(|(from, to)| (from.1 <= middle) != (to.1 <= middle))
                .map(|(from, to)| from.0 + (to.0 - from.0) * (middle - from.1) / (to.1 - from.1))
                .collect();
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                self.span(y, pair[0], pair[1], |_| colour);
            }
        }
    }

    /// A straight line of the given thickness.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: f32, colour: Colour) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let scale = 0.5 * thickness / (dx * dx + dy * dy).sqrt().max(1e-3);
        let (nx, ny) = (-dy * scale, dx * scale);
        let corners =
            [(from.0 + nx, from.1 + ny), (to.0 + nx, to.1 + ny), (to.0 - nx, to.1 - ny), (from.0 - nx, from.1 - ny)];
        self.polygon(&corners, colour);
    }

    /// A filled rectangle.
    pub(super) fn rectangle(&mut self, area: Area, colour: Colour) {
        self.rounded(area, 0, colour);
    }

    /// A filled rectangle with round corners.
    pub(super) fn rounded(&mut self, area: Area, radius: i32, colour: Colour) {
        let radius = radius.min(area.width / 2).min(area.height / 2) as f32;
        for y in area.top.max(0)..area.bottom().min(self.height) {
            let from_edge = ((y - area.top).min(area.bottom() - 1 - y) as f32 + 0.5 - radius).min(0.0);
            let cut = radius - (radius * radius - from_edge * from_edge).max(0.0).sqrt();
            self.span(y, area.left as f32 + cut, area.right() as f32 - cut, |_| colour);
        }
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, area: Area, thickness: i32, colour: Colour) {
        self.rectangle(Area { height: thickness, ..area }, colour);
        self.rectangle(Area { top: area.bottom() - thickness, height: thickness, ..area }, colour);
        self.rectangle(Area { width: thickness, ..area }, colour);
        self.rectangle(Area { left: area.right() - thickness, width: thickness, ..area }, colour);
    }

    /// A line of text with its top left corner at `at`; a pixel of the font becomes a square of `scale` pixels.
    pub(super) fn text(&mut self, at: (i32, i32), scale: i32, colour: Colour, text: &str) {
        let mut left = at.0;
        for character in text.chars() {
            for (row, bits) in (0..).zip(font::glyph(character)) {
                for column in 0..font::WIDTH {
                    if bits >> (font::WIDTH - 1 - column) & 1 == 1 {
                        let dot = Area::new(left + column * scale, at.1 + row * scale, scale, scale);
                        self.rectangle(dot, colour);
                    }
                }
            }
            left += font::ADVANCE * scale;
        }
    }

    /// Copies another canvas to `at`.
    pub(super) fn paste(&mut self, at: (i32, i32), other: &Self) {
        let skip = (-at.0).max(0);
        let count = other.width.min(self.width - at.0) - skip;
        for y in (-at.1).max(0)..other.height.min(self.height - at.1) {
            if count > 0 {
                let from = (y * other.width + skip) as usize * 3;
                let to = ((y + at.1) * self.width + at.0 + skip) as usize * 3;
                let length = count as usize * 3;
                self.rgb[to..to + length].copy_from_slice(&other.rgb[from..from + length]);
            }
        }
    }

    /// Copies another canvas, turned about its centre so that its x axis points along `direction`; the centres meet.
    pub(super) fn paste_turned(&mut self, other: &Self, direction: (f32, f32)) {
        let (c, s) = direction;
        let centre = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        let source = (other.width as f32 / 2.0 - 0.5, other.height as f32 / 2.0 - 0.5);
        let (limit_x, limit_y) = ((other.width - 1) as f32, (other.height - 1) as f32);
        self.repaint(|x, y, before| {
            let (dx, dy) = (x as f32 + 0.5 - centre.0, y as f32 + 0.5 - centre.1);
            let (u, v) = (source.0 + dx * c + dy * s, source.1 - dx * s + dy * c);
            if u >= 0.0 && v >= 0.0 && u < limit_x && v < limit_y { other.between(u, v) } else { before }
        });
    }

    /// The colour between four pixels (bilinear); the coordinates must lie on the canvas and before its last pixel.
    fn between(&self, x: f32, y: f32) -> Colour {
        let (left, top) = (x as usize, y as usize);
        let (right, below) = (x - left as f32, y - top as f32);
        let stride = self.width as usize * 3;
        let pixels = &self.rgb[top * stride + left * 3..];
        Colour([0, 1, 2].map(|i| {
            let upper = f32::from(pixels[i]) * (1.0 - right) + f32::from(pixels[i + 3]) * right;
            let lower = f32::from(pixels[stride + i]) * (1.0 - right) + f32::from(pixels[stride + i + 3]) * right;
            upper * (1.0 - below) + lower * below
        }))
    }

    /// Uneven light: brighter towards a random direction, by up to `strength` at the edges, darker away from it.
    pub(super) fn illuminate(&mut self, random: &mut Random, strength: f32) {
        let (lx, ly) = random.direction();
        let (cx, cy) = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        let (gx, gy) = (strength * lx / cx, strength * ly / cy);
        self.repaint(|x, y, before| before.times(1.0 + gx * (x as f32 - cx) + gy * (y as f32 - cy)));
    }
}

/// Rounded to bytes. Adding 2²³ leaves the rounded integer in the low bits of an `f32`; this is several times faster
/// than a checked conversion.
fn bytes(colour: Colour) -> [u8; 3] {
    colour.0.map(|value| (value.clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8)
}
