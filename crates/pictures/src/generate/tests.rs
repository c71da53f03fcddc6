use super::canvas::Canvas;
use super::*;

const SEED: [u8; 32] = [42; 32];

/// Side of the square that the spectrum is taken over, in pixels.
const SIDE: usize = 192;

/// Natural images have power spectra near f⁻² (1/f amplitude; Field 1987, Ruderman 1994), single ones between about
/// f⁻¹·⁵ and f⁻³; dead leaves share this (Lee, Mumford, Huang 2001).
#[test]
fn dead_leaves_have_the_spectrum_of_natural_images() {
    let slopes: Vec<f64> = (0..12)
        .map(|index| {
            let mut random = Random::new(&SEED, index);
            let canvas = dead_leaves::paint(&mut random, SIDE as u32 + 60, SIDE as u32 + 10);
            spectral_slope(&canvas.into_picture())
        })
        .collect();
    let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
    assert!(slopes.iter().all(|slope| (-3.0..-1.5).contains(slope)), "{slopes:?}");
    assert!((-2.6..-1.8).contains(&mean), "{mean}");
}

/// The instrument itself: white noise is flat, a field of equal octaves falls as f⁻², one of halving octaves as f⁻⁴.
#[test]
fn octave_fields_have_the_stated_slopes() {
    for (persistence, expected) in [(1.0, -2.0), (0.707, -3.0), (0.5, -4.0)] {
        let mut random = Random::new(&SEED, 1);
        let field = field::Field::new(&mut random, SIDE as i32, SIDE as i32, 4, persistence);
        let mut canvas = Canvas::new(SIDE as u32, SIDE as u32, colour::Colour::BLACK);
        canvas.repaint(|x, y, _| colour::Colour::grey(255.0 * field.at(x, y)));
        let slope = spectral_slope(&canvas.into_picture());
        assert!((slope - expected).abs() < 0.5, "persistence {persistence}: {slope}");
    }
    let mut random = Random::new(&SEED, 2);
    let mut canvas = Canvas::new(SIDE as u32, SIDE as u32, colour::Colour::BLACK);
    canvas.repaint(|_, _, _| colour::Colour::grey(random.range(0.0, 255.0)));
    let slope = spectral_slope(&canvas.into_picture());
    assert!(slope.abs() < 0.2, "white noise: {slope}");
}

#[test]
fn a_picture_depends_on_its_seed_and_index_alone() {
    let again = |seed: &[u8; 32], index| generate(seed, index).picture;
    assert_eq!(again(&SEED, 5), again(&SEED, 5));
    assert_ne!(again(&SEED, 5), again(&SEED, 6));
    assert_ne!(again(&SEED, 5), again(&[43; 32], 5));
}

#[test]
fn kinds_sizes_and_contrast_are_as_promised() {
    let scenes: Vec<Generated> = (0..150).map(|index| generate(&SEED, index)).collect();
    for kind in SceneKind::ALL {
        assert!(scenes.iter().filter(|scene| scene.kind == kind).count() >= 5, "{kind:?}");
    }
    let large = scenes.iter().filter(|scene| scene.picture.width().max(scene.picture.height()) > 512).count();
    assert!((30..=70).contains(&large), "a third has a side above 512: {large} of 150");
    for (index, scene) in scenes.iter().enumerate() {
        let (width, height) = (scene.picture.width(), scene.picture.height());
        assert!(width.min(height) >= 240 && width.max(height) <= 1280, "{index}: {width}×{height}");
        assert!((85..=95).contains(&scene.jpeg_quality));
        let luma = luma(&scene.picture);
        let mean = luma.iter().sum::<f64>() / luma.len() as f64;
        let deviation = (luma.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / luma.len() as f64).sqrt();
        assert!(deviation > 8.0, "{index} ({:?}) is nearly flat: {deviation}", scene.kind);
    }
}

#[test]
fn every_word_can_be_set() {
    let mut random = Random::new(&SEED, 0);
    for _ in 0..50 {
        let text = words::title(&mut random, 40) + &words::number(&mut random, 3);
        assert!(text.chars().all(|c| c == ' ' || font::glyph(c) != [0; 7]), "{text}");
    }
}

/// Luma (ITU-R BT.601), 0 to 255.
fn luma(picture: &Picture) -> Vec<f64> {
    let weigh = |p: &[u8]| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]);
    picture.rgb().chunks_exact(3).map(weigh).collect()
}

/// Slope of log power over log frequency of the radially averaged spectrum of the luma in the top left square, under a
/// Hann window, least squares over 4 to `SIDE` / 4 cycles.
fn spectral_slope(picture: &Picture) -> f64 {
    let width = picture.width() as usize;
    let luma = luma(picture);
    let mean = luma.iter().sum::<f64>() / luma.len() as f64;
    let hann = |i: usize| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / SIDE as f64).cos();
    let windowed: Vec<(f64, f64)> = (0..SIDE * SIDE)
        .map(|i| (i % SIDE, i / SIDE))
        .map(|(x, y)| ((luma[y * width + x] - mean) * hann(x) * hann(y), 0.0))
        .collect();
    let spectrum = transform_rows_and_turn(&transform_rows_and_turn(&windowed));

    let mut power = vec![(0.0, 0.0); SIDE];
    for (i, (re, im)) in spectrum.iter().enumerate() {
        let centred = |k: usize| k.min(SIDE - k) as f64;
        let radius = (centred(i % SIDE).powi(2) + centred(i / SIDE).powi(2)).sqrt();
        let (sum, count) = &mut power[radius.round() as usize];
        *sum += re * re + im * im;
        *count += 1.0;
    }
    let points: Vec<(f64, f64)> =
        (4..=SIDE / 4).map(|radius| ((radius as f64).ln(), (power[radius].0 / power[radius].1).ln())).collect();
    let count = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0 / count, sum.1 + p.1 / count));
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    covariance / points.iter().map(|p| (p.0 - mean_x).powi(2)).sum::<f64>()
}

/// The discrete Fourier transform of every row, transposed: twice is the transform in two dimensions.
fn transform_rows_and_turn(values: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let turns: Vec<(f64, f64)> =
        (0..SIDE).map(|i| (-std::f64::consts::TAU * i as f64 / SIDE as f64).sin_cos()).map(|(s, c)| (c, s)).collect();
    let term = |(re, im): (f64, f64), (c, s): (f64, f64)| (re * c - im * s, re * s + im * c);
    let transform = |row: &[(f64, f64)], k: usize| {
        (0..SIDE).fold((0.0, 0.0), |sum, x| {
            let (re, im) = term(row[x], turns[k * x % SIDE]);
            (sum.0 + re, sum.1 + im)
        })
    };
    (0..SIDE * SIDE).map(|i| transform(&values[i % SIDE * SIDE..][..SIDE], i / SIDE)).collect()
}

#[test]
fn the_kind_is_known_without_painting() {
    for index in 0..20 {
        assert_eq!(SceneKind::of(&[9; 32], index), generate(&[9; 32], index).kind);
    }
}
