//! `sightline fingerprint --algorithm vpdq|tmk` and `sightline videos`.

use crate::failure::{self, Failure};
use crate::intake::{Content, each};
use crate::output::{Output, quoted};
use crate::{arguments, print};
use sightline_fingerprint::tmk::{self, Tmk};
use sightline_fingerprint::vpdq::{self, Feature, Sampling};
use sightline_fingerprint::{DEFAULT_RADIUS, FingerprintError, MAX_BYTES, MINIMUM_QUALITY};
use sightline_pictures::Picture;
use sightline_video::{Form, Reencoder, Video};
use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

/// The hashes of videos.
pub(crate) const ALGORITHMS: [&str; 2] = ["vpdq", "tmk"];

/// A number of seconds on the command line.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_owned())?;
    if seconds.is_finite() && seconds >= 0.0 { Ok(seconds) } else { Err("it must not be negative".into()) }
}

pub(crate) fn fingerprint(
    intake: arguments::Intake,
    algorithm: &str,
    options: arguments::Video,
) -> Result<(), Failure> {
    if algorithm == "vpdq" {
        let mut output = Output::open(&intake, "file,frame,quality,pdq_hex,seconds")?;
        let every = options.every;
        return each(
            intake,
            &mut output,
            is_video,
            move |_, content| hashed(content, Some(every), false),
            |output, shown, (features, _)| {
                let frame = |Feature { number, quality, hash, seconds }: &Feature| {
                    output.line(&format!("{},{number},{quality},{hash},{seconds:.3}", quoted(shown)))
                };
                features.iter().try_for_each(frame)
            },
        );
    }
    if intake.resume {
        let why = "--resume does not go on with hashes of TMK+PDQF, which are files of their own";
        return Err(Failure::new(failure::USAGE, why));
    }
    let Some(folder) = options.out else {
        let why = "a hash of TMK+PDQF is 256 KiB: name a folder for such files, --out FOLDER";
        return Err(Failure::new(failure::USAGE, why));
    };
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", folder.display())))?;
    let mut output = Output::open(&intake, "file,frames,tmk")?;
    each(
        intake,
        &mut output,
        is_video,
        |_, content| hashed(content, None, true),
        |output, shown, (_, tmk)| {
            let Some(tmk) = tmk else { return Ok(()) };
            let name = Path::new(shown).file_stem().unwrap_or_default();
            let mut name = name.to_os_string();
            name.push(".tmk");
            let path = folder.join(name);
            let written = File::create_new(&path).and_then(|mut file| file.write_all(&tmk.to_bytes()));
            written.map_err(|error| Failure::new(failure::ENVIRONMENT, format!("{}: {error}", path.display())))?;
            output.line(&format!("{},{},{}", quoted(shown), tmk.frames(), quoted(&path.display().to_string())))
        },
    )
}

/// Whether a member of an archive is meant for a video: it begins as one, or is named as one.
fn is_video(name: &str, bytes: &[u8]) -> bool {
    const ENDINGS: [&str; 7] = ["mp4", "mov", "m4v", "mkv", "webm", "avi", "gif"];
    let ending =
        || Path::new(name).extension().is_some_and(|found| ENDINGS.iter().any(|one| found.eq_ignore_ascii_case(one)));
    Form::of(bytes).is_some() || ending()
}

pub(crate) fn compare(first: &Path, second: &Path, every: f64) -> Result<(), Failure> {
    let read = |path: &Path| {
        hashes(path, every).map_err(|error| Failure::new(failure::USAGE, format!("{}: {error}", path.display())))
    };
    let ((one, one_tmk), (two, two_tmk)) = (read(first)?, read(second)?);
    let by_frames = !one.is_empty() && !two.is_empty();
    if !by_frames && (one_tmk.is_none() || two_tmk.is_none()) {
        return Err(Failure::new(failure::USAGE, "one file holds a hash of vPDQ and the other of TMK+PDQF"));
    }
    print("measure,value")?;
    if by_frames {
        let agreement = vpdq::compare(&one, &two, DEFAULT_RADIUS, MINIMUM_QUALITY);
        print(&format!("vpdq-percent-of-first,{:.2}", agreement.query))?;
        print(&format!("vpdq-percent-of-second,{:.2}", agreement.compared))?;
    }
    if let (Some(one), Some(two)) = (one_tmk, two_tmk) {
        let scores = one.level1(&two).and_then(|level1| Ok((level1, one.level2(&two)?)));
        let (level1, level2) = scores.map_err(|error| Failure::new(failure::USAGE, error))?;
        print(&format!("tmk-level-1,{level1:.6}"))?;
        print(&format!("tmk-level-2,{level2:.6}"))?;
    }
    Ok(())
}

/// What sending does to a video: the size that is left, every how manieth frame, and bits for a pixel of a frame.
const HANDLING: [(&str, f64, u64, f64); 6] = [
    ("encoded anew", 1.0, 1, 0.1),
    ("encoded anew", 1.0, 1, 0.03),
    ("encoded anew", 1.0, 1, 0.01),
    ("half the size", 0.5, 1, 0.1),
    ("a quarter of the size", 0.25, 1, 0.1),
    ("half the frames", 1.0, 2, 0.1),
];

/// A video beside what sending makes of it. It is decoded once; whatever is made of it exists in memory, a frame at a time.
pub(crate) fn handled(path: &Path, every: f64) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(failure::USAGE, format!("{}: {error}", path.display()));
    let lines = beside(path, every).map_err(failed)?;
    print("handling,bits-per-pixel,vpdq-percent-of-video,vpdq-percent-of-copy,tmk-level-1,tmk-level-2")?;
    lines.iter().try_for_each(|line| print(line))
}

fn beside(path: &Path, every: f64) -> Result<Vec<String>, String> {
    let video = Video::open_file(path).map_err(|error| error.to_string())?;
    let rate = video.info().rate;
    let mut original = Hashing::new(rate, every);
    let mut copies: Vec<Hashing> =
        HANDLING.iter().map(|(_, _, step, _)| Hashing::new(rate.map(|rate| rate / *step as f64), every)).collect();
    let mut encoders = Vec::new();
    for frame in video {
        let frame = frame.map_err(|error| error.to_string())?;
        let picture = frame.picture().map_err(|error| error.to_string())?;
        if encoders.is_empty() {
            for (_, size, step, bits) in HANDLING {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shorter than a side is")]
                let side = |length: u32| (f64::from(length) * size) as u32;
                let rate = rate.unwrap_or(25.0) / step as f64;
                let encoder = Reencoder::new(side(picture.width()), side(picture.height()), rate, bits);
                encoders.push(encoder.map_err(|error| error.to_string())?);
            }
        }
        original.add(frame.number, frame.seconds, &picture)?;
        for (((_, _, step, _), encoder), copy) in HANDLING.iter().zip(&mut encoders).zip(&mut copies) {
            if frame.number.is_multiple_of(*step) {
                let changed = encoder.next(&picture).map_err(|error| error.to_string())?;
                copy.add(frame.number / step, frame.seconds, &changed)?;
            }
        }
    }
    let (features, tmk) = original.finish()?;
    let mut lines = Vec::new();
    for (((what, ..), encoder), copy) in HANDLING.iter().zip(&encoders).zip(copies) {
        let (copied, copied_tmk) = copy.finish()?;
        let agreement = vpdq::compare(&features, &copied, DEFAULT_RADIUS, MINIMUM_QUALITY);
        let level1 = tmk.level1(&copied_tmk).map_err(|error| error.to_string())?;
        let level2 = tmk.level2(&copied_tmk).map_err(|error| error.to_string())?;
        let (bits, query, compared) = (encoder.bits(), agreement.query, agreement.compared);
        lines.push(format!("{what},{bits:.3},{query:.2},{compared:.2},{level1:.6},{level2:.6}"));
    }
    Ok(lines)
}

/// Both hashes of one video, frame by frame.
struct Hashing {
    sampling: Sampling,
    features: Vec<Feature>,
    tmk: tmk::Hasher,
}

impl Hashing {
    fn new(rate: Option<f64>, every: f64) -> Self {
        Self { sampling: Sampling::new(rate, every), features: Vec::new(), tmk: tmk::Hasher::new(rate) }
    }

    fn add(&mut self, number: u64, seconds: f64, picture: &Picture) -> Result<(), String> {
        if self.sampling.takes(number, seconds) {
            let feature = self.sampling.feature(number, seconds, picture);
            self.features.push(feature.map_err(|error| error.to_string())?);
        }
        self.tmk.add(seconds, picture).map_err(|error| error.to_string())
    }

    fn finish(self) -> Result<(Vec<Feature>, Tmk), String> {
        Ok((self.features, self.tmk.finish().map_err(|error| error.to_string())?))
    }
}

/// The hashes of a video, or those in a file of hashes; no features or no TMK where they are not to be had.
type Hashes = (Vec<Feature>, Option<Tmk>);

fn hashes(path: &Path, every: f64) -> Result<Hashes, String> {
    let mut start = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(12).read_to_end(&mut start));
    opened.map_err(|error| error.to_string())?;
    // The text form begins with a frame's number, which no form of video does.
    let text = start.first().is_some_and(u8::is_ascii_digit) && Form::of(&start).is_none();
    if !text && !start.starts_with(b"TMK1") {
        return hashed(Content::File(path.to_owned()), Some(every), true);
    }
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_BYTES {
        return Err(format!("{length} bytes are too many; at most {MAX_BYTES} are read"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    if text {
        return Ok((vpdq::read(&bytes).map_err(|error| error.to_string())?, None));
    }
    Ok((Vec::new(), Some(Tmk::from_bytes(&bytes).map_err(|error| error.to_string())?)))
}

/// Decodes a video once, for the features of every so many seconds, the TMK, or both.
fn hashed(content: Content, every: Option<f64>, with_tmk: bool) -> Result<Hashes, String> {
    let video = match content {
        Content::File(path) => Video::open_file(&path),
        Content::Bytes(bytes) => Video::open(Cursor::new(bytes)),
    };
    let video = video.map_err(|error| error.to_string())?;
    let rate = video.info().rate;
    let mut sampling = every.map(|every| Sampling::new(rate, every));
    let mut hasher = with_tmk.then(|| tmk::Hasher::new(rate));
    let mut features = Vec::new();
    for frame in video {
        let frame = frame.map_err(|error| error.to_string())?;
        let taken = sampling.as_mut().is_some_and(|sampling| sampling.takes(frame.number, frame.seconds));
        let sampling = sampling.filter(|_| taken);
        if sampling.is_none() && hasher.is_none() {
            continue;
        }
        let picture = frame.picture().map_err(|error| error.to_string())?;
        if let Some(sampling) = sampling {
            let feature = sampling.feature(frame.number, frame.seconds, &picture);
            features.push(feature.map_err(|error: FingerprintError| error.to_string())?);
        }
        if let Some(hasher) = &mut hasher {
            hasher.add(frame.seconds, &picture).map_err(|error| error.to_string())?;
        }
    }
    let tmk = hasher.map(tmk::Hasher::finish).transpose().map_err(|error| error.to_string())?;
    Ok((features, tmk))
}
