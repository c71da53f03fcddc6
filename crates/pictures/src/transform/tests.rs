use super::*;

/// A generated picture, small enough to be quick.
fn scene(index: u64) -> Picture {
    crate::generate(&[5; 32], index).picture.thumbnail(160)
}

fn apply(family: Family, strength: f64, picture: &Picture) -> Picture {
    Transform::new(family, strength).unwrap().apply(picture, &[1; 32], 0).unwrap()
}

/// Mean difference of levels between pictures of one size.
fn difference(one: &Picture, other: &Picture) -> f64 {
    assert_eq!((one.width(), one.height()), (other.width(), other.height()));
    let sum: u64 = one.rgb().iter().zip(other.rgb()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / one.rgb().len() as f64
}

#[test]
fn identities_change_nothing_and_all_else_does() {
    let picture = scene(0);
    for family in Family::ALL {
        if let Some(identity) = family.identity() {
            assert_eq!(apply(family, identity, &picture), picture, "{}", family.name());
        }
        for strength in family.strengths() {
            assert_ne!(apply(family, *strength, &picture), picture, "{} {strength}", family.name());
        }
        let (least, most) = family.range();
        assert!(Transform::new(family, least - 0.001).is_err() && Transform::new(family, most + 0.001).is_err());
        assert!(Transform::new(family, f64::NAN).is_err());
        assert_eq!(Family::by_name(family.name()), Some(family));
    }
}

#[test]
fn seed_and_index_alone_decide() {
    let picture = scene(3);
    for transform in Transform::suite() {
        let [once, again] = [(); 2].map(|()| transform.apply(&picture, &[7; 32], 2).unwrap());
        assert_eq!(once, again, "{transform}");
    }
    let noisy = |seed, index| Transform::new(Family::Noise, 5.0).unwrap().apply(&picture, &[seed; 32], index).unwrap();
    assert_ne!(noisy(7, 2), noisy(8, 2));
    assert_ne!(noisy(7, 2), noisy(7, 3));
    assert!(Transform::short_suite().len() < Transform::suite().len() / 2 + Family::ALL.len());
}

#[test]
fn sizes_are_what_the_strength_says() {
    let picture = Picture::new(200, 100, [90, 120, 30].repeat(20_000)).unwrap();
    let size = |family, strength| {
        let changed = apply(family, strength, &picture);
        (changed.width(), changed.height())
    };
    assert_eq!(size(Family::Scale, 0.25), (50, 25));
    assert_eq!(size(Family::Crop, 0.1), (180, 90));
    assert_eq!(size(Family::Pad, 0.05), (220, 110));
    assert_eq!(size(Family::Rotate, 90.0), (100, 200));
    assert_eq!(size(Family::Rotate, 10.0), (200, 100));
    assert_eq!(size(Family::Letterbox, 0.2), (200, 126));
    assert_eq!(size(Family::Screenshot, 0.5), (208, 200));
}

/// One pixel has no neighbours, and a long line no height; nothing may fail but for size.
#[test]
fn the_smallest_and_thinnest_pictures_are_handled() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 3)] {
        let picture = Picture::new(width, height, [10, 200, 90].repeat((width * height) as usize)).unwrap();
        for transform in Transform::suite() {
            transform.apply(&picture, &[0; 32], 0).unwrap();
        }
        for family in Family::ALL {
            let (least, most) = family.range();
            apply(family, least, &picture);
            apply(family, most, &picture);
        }
    }
    let large = Picture::new(9_000, 9_000, vec![0; 243_000_000]).unwrap();
    let padded = Transform::new(Family::Letterbox, 0.3).unwrap().apply(&large, &[0; 32], 0);
    assert!(matches!(padded, Err(PictureError::TooLarge { .. })));
}

#[test]
fn turns_and_mirrors_undo_themselves() {
    let picture = scene(1);
    for (family, strength) in [(Family::Mirror, 1.0), (Family::Mirror, 2.0), (Family::Rotate, 180.0)] {
        assert_eq!(apply(family, strength, &apply(family, strength, &picture)), picture);
    }
    let both = apply(Family::Mirror, 2.0, &apply(Family::Mirror, 1.0, &picture));
    assert_eq!(both, apply(Family::Rotate, 180.0, &picture));
    let quarter = |picture: &Picture| apply(Family::Rotate, 90.0, picture);
    assert_eq!(quarter(&quarter(&quarter(&quarter(&picture)))), picture);
    assert_eq!(quarter(&quarter(&picture)), both);
    // A small turn is near a smaller one, and the middle stays.
    let turned = apply(Family::Rotate, 2.0, &picture);
    assert!(difference(&apply(Family::Rotate, 0.5, &picture), &picture) < difference(&turned, &picture));
}

#[test]
fn a_crop_is_a_part_and_a_frame_holds_the_whole() {
    let picture = scene(2);
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let holds = |outer: &Picture, inner: &Picture| {
        let (wide, row) = (3 * outer.width() as usize, 3 * inner.width() as usize);
        let fits = |left: usize, top: usize| {
            let line = |y: usize| &outer.rgb()[(top + y) * wide + 3 * left..][..row];
            inner.rgb().chunks_exact(row).enumerate().all(|(y, inner)| line(y) == inner)
        };
        let (across, down) = (outer.width() - inner.width(), outer.height() - inner.height());
        (0..=across as usize).any(|left| (0..=down as usize).any(|top| fits(left, top)))
    };
    assert!(holds(&picture, &apply(Family::Crop, 0.2, &picture)));
    for (family, strength) in [(Family::Pad, 0.1), (Family::Letterbox, 0.2), (Family::Screenshot, 0.3)] {
        let framed = apply(family, strength, &picture);
        assert!(holds(&framed, &picture), "{}", family.name());
        assert!(framed.rgb().len() > 3 * width * height);
    }
}

#[test]
fn stronger_changes_are_further_away() {
    let picture = scene(4);
    let far = |family: Family| {
        let of = |strength: &f64| difference(&apply(family, *strength, &picture), &picture);
        family.strengths().iter().map(of).collect::<Vec<_>>()
    };
    for family in
        [Family::Recompress, Family::Blur, Family::Noise, Family::Hue, Family::Text, Family::Logo, Family::Palette]
    {
        let far = far(family);
        assert!(far.is_sorted(), "{}: {far:?}", family.name());
    }
}

/// Values worked out by hand.
#[test]
fn levels_follow_the_definitions() {
    let one = |family, strength, pixel: [u8; 3]| {
        let picture = Picture::new(1, 1, pixel.to_vec()).unwrap();
        <[u8; 3]>::try_from(apply(family, strength, &picture).rgb()).unwrap()
    };
    assert_eq!(one(Family::Brightness, 60.0, [10, 100, 250]), [70, 160, 255]);
    assert_eq!(one(Family::Brightness, -60.0, [10, 100, 250]), [0, 40, 190]);
    // 127.5 + 0.4 (x − 127.5)
    assert_eq!(one(Family::Contrast, 0.4, [0, 127, 255]), [77, 127, 179]);
    // 255 (x / 255)²
    assert_eq!(one(Family::Gamma, 2.0, [0, 128, 255]), [0, 64, 255]);
    // 0.299 · 200 + 0.587 · 100 + 0.114 · 50 = 124.2
    assert_eq!(one(Family::Saturation, 0.0, [200, 100, 50]), [124, 124, 124]);
    assert_eq!(one(Family::Saturation, 0.5, [200, 100, 50]), [162, 112, 87]);
    // Grey has no hue.
    assert_eq!(one(Family::Hue, 120.0, [77, 77, 77]), [77, 77, 77]);
    assert_eq!(one(Family::Blur, 8.0, [10, 100, 250]), [10, 100, 250]);
}

#[test]
fn noise_has_the_deviation_asked_for() {
    let grey = Picture::new(200, 200, vec![128; 120_000]).unwrap();
    let noisy = apply(Family::Noise, 10.0, &grey);
    let square: f64 = noisy.rgb().iter().map(|level| (f64::from(*level) - 128.0).powi(2)).sum();
    let deviation = (square / 120_000.0).sqrt();
    // The standard error of the deviation of 120 000 samples is 0.02.
    assert!((9.85..10.15).contains(&deviation), "{deviation}");
}

#[test]
fn a_palette_has_as_many_colours_as_it_may() {
    let picture = scene(0);
    for colours in [2, 16, 256] {
        let reduced = apply(Family::Palette, colours as f64, &picture);
        let distinct: std::collections::BTreeSet<&[u8; 3]> = reduced.rgb().as_chunks().0.iter().collect();
        assert!(distinct.len() <= colours && distinct.len() > 1, "{} of {colours}", distinct.len());
    }
}
