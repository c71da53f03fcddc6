//! Decoding: formats, limits and hostile bytes.

use std::path::PathBuf;

use proptest::prelude::*;
use sightline_pictures::{Format, MAX_PIXELS, Picture, PictureError, decode, generate, recompress};

/// One red pixel, assembled from the specification (GIF 89a).
const GIF: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\
    \x02\x02\x44\x01\x00\x3b";

fn small() -> Picture {
    generate(&[1; 32], 3).picture.thumbnail(48)
}

#[test]
fn the_format_is_told_from_the_content() {
    let picture = small();
    assert_eq!(Format::of(&picture.to_jpeg(80)), Some(Format::Jpeg));
    assert_eq!(Format::of(&picture.to_png()), Some(Format::Png));
    assert_eq!(Format::of(GIF), Some(Format::Gif));
    assert_eq!(Format::of(&to_webp(&picture)), Some(Format::WebP));
    assert_eq!(Format::of(b"BM a bitmap"), None);
    assert_eq!(decode(GIF).unwrap().rgb(), [255, 0, 0]);
    assert_eq!(decode(&to_webp(&picture)), Ok(picture));
}

#[test]
fn failures_are_typed() {
    assert_eq!(decode(&[]), Err(PictureError::Empty));
    assert_eq!(decode(b"just text"), Err(PictureError::UnknownFormat));
    for whole in small_files() {
        let format = Format::of(whole).unwrap();
        let failure = decode(&whole[..14]);
        assert!(matches!(failure, Err(PictureError::Damaged { format: f, .. }) if f == format), "{failure:?}");
    }
}

#[test]
fn claimed_sizes_are_refused_before_allocation() {
    let expected = PictureError::TooLarge { width: 50_000, height: 50_000, limit: MAX_PIXELS };
    assert_eq!(decode(&png_claiming(50_000, 50_000)), Err(expected));
    assert!(matches!(decode(&png_claiming(100_000, 1)), Err(PictureError::TooLarge { .. })));
    assert!(matches!(decode(&png_claiming(20, 20)), Err(PictureError::Damaged { format: Format::Png, .. })));
}

#[test]
fn alpha_is_dropped_and_grey_becomes_rgb() {
    use image::{GrayImage, ImageFormat, RgbaImage};
    let mut png = std::io::Cursor::new(Vec::new());
    RgbaImage::from_pixel(3, 2, image::Rgba([200, 100, 50, 0])).write_to(&mut png, ImageFormat::Png).unwrap();
    assert!(decode(png.get_ref()).unwrap().rgb().chunks(3).all(|pixel| pixel == [200, 100, 50]));
    let mut png = std::io::Cursor::new(Vec::new());
    GrayImage::from_pixel(3, 2, image::Luma([77])).write_to(&mut png, ImageFormat::Png).unwrap();
    assert!(decode(png.get_ref()).unwrap().rgb().iter().all(|value| *value == 77));
}

#[test]
fn tiny_jpegs_of_every_size_decode() {
    for width in 1..=18 {
        for height in 1..=18 {
            let picture = Picture::new(width, height, vec![90; (width * height * 3) as usize]).unwrap();
            let decoded = decode(&picture.to_jpeg(85)).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (width, height));
            assert!(decoded.rgb().iter().all(|value| value.abs_diff(90) <= 2));
        }
    }
}

#[test]
fn bytes_behind_the_end_are_not_read() {
    let picture = small();
    for whole in [picture.to_jpeg(80), picture.to_png(), GIF.to_vec(), to_webp(&picture)] {
        let shown = decode(&whole).unwrap();
        for behind in [vec![0; 1000], (0..=255).cycle().take(1000).collect(), vec![0xff; 1000], whole.clone()] {
            assert_eq!(decode(&[whole.clone(), behind].concat()).as_ref(), Ok(&shown));
        }
    }
}

#[test]
fn recompression_keeps_the_size_and_forwards_failures() {
    let picture = small();
    let again = decode(&recompress(&picture.to_png(), 50).unwrap()).unwrap();
    assert_eq!((again.width(), again.height()), (picture.width(), picture.height()));
    assert_eq!(recompress(b"no picture", 50), Err(PictureError::UnknownFormat));
}

#[test]
fn reference_photographs_decode() {
    let Some(reference) = std::env::var_os("SIGHTLINE_REFERENCE").map(PathBuf::from) else {
        eprintln!("SKIPPED: reference_photographs_decode needs SIGHTLINE_REFERENCE");
        return;
    };
    let corpus = sightline_pictures::Corpus::read_folder(&reference.join("pictures"), &mut |_, _| {}).unwrap();
    assert_eq!(corpus.rejected, []);
    assert_eq!(corpus.pictures.len(), 33);
    assert!(corpus.pictures.iter().all(|picture| picture.width.max(picture.height) <= 512));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_never_panic(magic in 0..4_usize, tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let head: &[u8] = [&b""[..], &small_files()[0][..30], &small_files()[1][..30], &GIF[..13]][magic];
        let _ = decode(&[head, &tail].concat());
    }

    #[test]
    fn mutated_pictures_never_panic(
        file in 0..4_usize,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<proptest::sample::Index>(),
        cut_it in any::<bool>(),
    ) {
        let mut bytes = small_files()[file].clone();
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        if cut_it {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(picture) = decode(&bytes) {
            prop_assert_eq!(picture.rgb().len() as u64, u64::from(picture.width()) * u64::from(picture.height()) * 3);
        }
    }
}

fn small_files() -> &'static [Vec<u8>; 4] {
    static FILES: std::sync::OnceLock<[Vec<u8>; 4]> = std::sync::OnceLock::new();
    FILES.get_or_init(|| [small().to_jpeg(80), small().to_png(), GIF.to_vec(), to_webp(&small())])
}

/// Lossless WebP.
fn to_webp(picture: &Picture) -> Vec<u8> {
    let mut webp = Vec::new();
    image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
        .encode(picture.rgb(), picture.width(), picture.height(), image::ExtendedColorType::Rgb8)
        .expect("writing to memory does not fail");
    webp
}

/// A PNG signature and header chunk for the given size, and nothing after it.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 2, 0, 0, 0]);
    let mut crc = u32::MAX;
    for byte in &chunk {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0d"[..], &chunk, &(!crc).to_be_bytes(), b"\0\0\0\0IDAT\0\0\0\0"].concat()
}
