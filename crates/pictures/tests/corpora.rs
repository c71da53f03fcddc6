//! Corpora: generated ones and folders with everything that folders hold.

use std::fs;
use std::path::Path;

use sightline_pictures::{Corpus, CorpusError, PictureError, RejectReason, Source, decode, generate};

const SEED: [u8; 32] = [9; 32];

#[test]
fn a_generated_corpus_is_the_same_twice() {
    let mut calls = Vec::new();
    let corpus = Corpus::generated(SEED, 24, &mut |done, total| calls.push((done, total)));
    assert_eq!(calls, (1..=24).map(|done| (done, 24)).collect::<Vec<_>>());
    assert_eq!(corpus.digest(), Corpus::generated(SEED, 24, &mut |_, _| {}).digest());
    assert_ne!(corpus.digest(), Corpus::generated([10; 32], 24, &mut |_, _| {}).digest());
    assert_eq!(corpus.source, Source::Generated { seed: SEED });
    assert_eq!(corpus.pictures[23].id.as_str(), "generated-000023");
    for (index, picture) in (0..).zip(&corpus.pictures) {
        let decoded = decode(&picture.bytes).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (picture.width, picture.height));
        let painted = generate(&SEED, index).picture;
        let error: u64 = painted.rgb().iter().zip(decoded.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(error < 16 * painted.rgb().len() as u64, "{index} looks like what was painted: {error}");
    }
}

/// Evidence depends on these bytes: when the painter or the encoder changes, say so in the CHANGELOG.
#[test]
fn the_generated_pictures_are_pinned() {
    let digest = Corpus::generated(SEED, 40, &mut |_, _| {}).digest();
    let words: Vec<String> =
        digest.chunks(4).map(|word| format!("{:08x}", u32::from_be_bytes(word.try_into().unwrap()))).collect();
    assert_eq!(words.join(" "), "8dfbe255 f8f0cfe4 de47a510 0c42940f 5f57d61c 49b71b76 921616a1 adde6121");
}

#[test]
fn the_digest_sees_names_order_and_content() {
    let corpus = Corpus::generated(SEED, 3, &mut |_, _| {});
    let mut turned = corpus.clone();
    turned.pictures.swap(0, 1);
    assert_ne!(turned.digest(), corpus.digest());
    let mut renamed = corpus.clone();
    renamed.pictures[2].id = corpus.pictures[1].id.clone();
    assert_ne!(renamed.digest(), corpus.digest());
    let mut changed = corpus.clone();
    changed.pictures[0].bytes = changed.pictures[0].bytes[1..].into();
    assert_ne!(changed.digest(), corpus.digest());
}

#[test]
fn a_folder_gives_its_pictures_and_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let picture = generate(&SEED, 0).picture.thumbnail(64);
    let write = |name: &str, bytes: &[u8]| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("b/good.png", &picture.to_png());
    write("b/mislabelled.gif", &picture.to_jpeg(80));
    write("a.jpg", &picture.to_jpeg(70));
    write("no-extension", &picture.to_png());
    write("broken.jpg", &picture.to_jpeg(80)[..40]);
    write("empty.jpg", b"");
    write("notes.txt", b"nothing to see");
    write("huge.png", &huge_png());
    write(".hidden.png", &picture.to_png());
    write(".cache/inside.png", &picture.to_png());
    #[cfg(unix)]
    std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();

    let mut last = (0, 0);
    let corpus = Corpus::read_folder(root, &mut |done, total| last = (done, total)).unwrap();
    let ids: Vec<&str> = corpus.pictures.iter().map(|picture| picture.id.as_str()).collect();
    assert_eq!(ids, ["a.jpg", "b/good.png", "b/mislabelled.gif", "no-extension"]);
    assert!(corpus.pictures.iter().all(|p| (p.width, p.height) == (picture.width(), picture.height())));
    assert_eq!(last, (8, 8));

    let reason = |name: &str| corpus.rejected.iter().find(|r| r.path == Path::new(name)).map(|r| r.reason.clone());
    assert_eq!(reason(".hidden.png"), Some(RejectReason::Hidden));
    assert_eq!(reason(".cache"), Some(RejectReason::Hidden));
    assert_eq!(reason("empty.jpg"), Some(RejectReason::Picture(PictureError::Empty)));
    assert_eq!(reason("notes.txt"), Some(RejectReason::Picture(PictureError::UnknownFormat)));
    assert!(matches!(reason("broken.jpg"), Some(RejectReason::Picture(PictureError::Damaged { .. }))));
    assert!(matches!(reason("huge.png"), Some(RejectReason::Picture(PictureError::TooLarge { width: 50_000, .. }))));
    #[cfg(unix)]
    assert_eq!(reason("b/loop"), Some(RejectReason::LinkToFolder));
    assert_eq!(corpus.rejected.len(), if cfg!(unix) { 7 } else { 6 });
    assert!(corpus.rejected.is_sorted_by_key(|rejected| &rejected.path));
    assert_eq!(corpus.digest(), Corpus::read_folder(root, &mut |_, _| {}).unwrap().digest());
}

#[test]
fn folder_failures_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| Corpus::read_folder(path, &mut |_, _| {}).unwrap_err();
    let missing = read(&folder.path().join("nowhere"));
    assert!(matches!(missing, CorpusError::Missing { .. }) && missing.to_string().contains("check the spelling"));
    let file = folder.path().join("notes.txt");
    fs::write(&file, "text").unwrap();
    assert!(matches!(read(&file), CorpusError::NotAFolder { .. }));
    let nothing = read(folder.path());
    assert!(matches!(&nothing, CorpusError::NoPicture { rejected, .. } if rejected.len() == 1));
    assert!(nothing.to_string().contains("1 rejected, first notes.txt: the content is not JPEG"), "{nothing}");
}

/// A PNG header that claims 50 000 × 50 000 pixels; its checksum was computed once.
fn huge_png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\x02\0\0\0".to_vec();
    png.extend(0xc4cd_aa9d_u32.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\0\0\0\0");
    png
}
