//! Where the frames of an MP4 file lie and when they are shown. Boxes are parsed by `mp4parse`; this module finds the
//! table of contents, expands its run-length codes within limits, and unpacks the decoder's parameters.

use crate::{Form, Limits, VideoError};
use mp4parse::{CodecType, SampleEntry, TimeOffsetVersion, Track, TrackType, VideoCodecSpecific, VideoSampleEntry};
use std::io::{Read, Seek, SeekFrom};

/// Boxes that may lie in front of the table of contents.
const MOST_BOXES: u64 = 1 << 16;

/// Profiles of H.264 that the decoder does not know: extended, 10 bits, 4:2:2 and 4:4:4 (ISO/IEC 14496-10, annex A).
const OTHER_PROFILES: [u8; 5] = [44, 88, 110, 122, 244];

/// A track of H.264.
#[derive(Debug)]
pub(crate) struct Movie {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Frames a second on average.
    pub(crate) rate: Option<f64>,
    /// Where each encoded frame lies, in the order of decoding.
    pub(crate) samples: Vec<Sample>,
    /// When frames are shown, in the order of presentation: seconds after the first.
    pub(crate) times: Vec<f64>,
    pub(crate) parameters: Parameters,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

/// What is in an `avcC` box (ISO/IEC 14496-15, 5.3.3.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// How many bytes the length of a unit takes within a frame, 1 to 4.
    pub(crate) length_bytes: usize,
    /// Parameter sets with start codes in front.
    pub(crate) sets: Vec<u8>,
}

/// What starts a unit in a stream of bytes (ISO/IEC 14496-10, annex B).
pub(crate) const START: [u8; 4] = [0, 0, 0, 1];

fn damaged(reason: impl Into<String>) -> VideoError {
    VideoError::Damaged { form: Form::Mp4, reason: reason.into() }
}

/// Reads the table of contents; `length` is that of the file.
pub(crate) fn read(source: &mut (impl Read + Seek), length: u64, limits: Limits) -> Result<Movie, VideoError> {
    let contents = contents(source, length, limits)?;
    let context = mp4parse::read_mp4(&mut contents.as_slice()).map_err(|error| damaged(error.to_string()))?;
    let videos = || context.tracks.iter().filter(|track| track.track_type == TrackType::Video);
    let coded = |track| Some((track, h264(track)?));
    let Some((track, entry)) = videos().find_map(coded) else {
        return Err(match videos().next() {
            Some(track) => VideoError::Codec { codec: codec(track, &contents) },
            None => VideoError::NoVideoTrack,
        });
    };
    let VideoCodecSpecific::AVCConfig(config) = &entry.codec_specific else {
        return Err(damaged("H.264 without its parameters"));
    };
    if let Some(profile) = config.get(1).filter(|profile| OTHER_PROFILES.contains(profile)) {
        return Err(VideoError::Codec { codec: format!("H.264 of profile {profile}") });
    }
    let parameters = parameters(config).ok_or_else(|| damaged("the parameters of H.264 are cut off"))?;
    let (samples, times, rate) = table(track, limits)?;
    if samples.is_empty() {
        return Err(if context.mvex.is_some() { VideoError::Fragmented } else { VideoError::NoFrames });
    }
    Ok(Movie { width: entry.width.into(), height: entry.height.into(), rate, samples, times, parameters })
}

/// The box `moov`, with its header.
fn contents(source: &mut (impl Read + Seek), length: u64, limits: Limits) -> Result<Vec<u8>, VideoError> {
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        if at >= length {
            return Err(damaged("there is no table of contents (`moov`): the file may be cut off"));
        }
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        let size = |bytes: &[u8]| bytes.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
        if length - at < 8 {
            return Err(damaged("it ends within a box"));
        }
        source.read_exact(&mut header[..8])?;
        let (size, header_length) = match size(&header[..4]) {
            0 => (length - at, 8),
            1 if length - at < 16 => return Err(damaged("it ends within a box")),
            1 => {
                source.read_exact(&mut header[8..])?;
                (size(&header[8..]), 16)
            }
            size => (size, 8),
        };
        if size < header_length {
            return Err(damaged("a box is shorter than its header"));
        }
        if &header[4..8] == b"moov" {
            let inner = size - header_length;
            Limits::check("bytes in the table of contents", inner, limits.part)?;
            if inner > length - at - header_length {
                return Err(damaged("the table of contents (`moov`) is cut off"));
            }
            let total = u32::try_from(inner + 8).map_err(|_| damaged("the table of contents is too long"))?;
            let mut contents = [total.to_be_bytes(), *b"moov"].concat();
            source.take(inner).read_to_end(&mut contents)?;
            return Ok(contents);
        }
        at = at.checked_add(size).ok_or_else(|| damaged("a box is longer than any file"))?;
    }
    Err(VideoError::TooMany {
        what: "boxes in front of the table of contents",
        found: MOST_BOXES + 1,
        limit: MOST_BOXES,
    })
}

fn h264(track: &Track) -> Option<&VideoSampleEntry> {
    track.stsd.as_ref()?.descriptions.iter().find_map(|entry| match entry {
        SampleEntry::Video(video) if video.codec_type == CodecType::H264 => Some(video),
        _ => None,
    })
}

/// What a track that is not H.264 is. Names that `mp4parse` does not know are looked for in the bytes, for the message only.
fn codec(track: &Track, contents: &[u8]) -> String {
    const NAMES: [(&[u8; 4], &str); 7] = [
        (b"hvc1", "HEVC"),
        (b"hev1", "HEVC"),
        (b"dvh1", "HEVC"),
        (b"dvhe", "HEVC"),
        (b"vvc1", "VVC"),
        (b"mjpa", "Motion JPEG"),
        (b"apch", "ProRes"),
    ];
    let known = track.stsd.iter().flat_map(|stsd| stsd.descriptions.iter()).find_map(|entry| match entry {
        SampleEntry::Video(video) => Some(video.codec_type),
        _ => None,
    });
    match known {
        Some(CodecType::EncryptedVideo) => "encrypted video".into(),
        Some(codec) if codec != CodecType::Unknown => format!("{codec:?}"),
        _ => {
            let holds = |name: &[u8; 4]| contents.windows(4).any(|window| window == name);
            let name = NAMES.iter().find(|(letters, _)| holds(letters)).map(|(_, name)| *name);
            name.unwrap_or("something unknown").into()
        }
    }
}

fn parameters(config: &[u8]) -> Option<Parameters> {
    let ([_version, _profile, _compatible, _level, lengths, count], mut rest) = config.split_first_chunk()?;
    let mut sets = Vec::new();
    let mut add = |count: u8, rest: &mut &[u8]| {
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk()?;
            let (set, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            sets.extend_from_slice(&START);
            sets.extend_from_slice(set);
            *rest = after;
        }
        Some(())
    };
    add(count & 0x1f, &mut rest)?;
    let (count, mut rest) = rest.split_first()?;
    add(*count, &mut rest)?;
    Some(Parameters { length_bytes: usize::from(lengths & 3) + 1, sets })
}

type Table = (Vec<Sample>, Vec<f64>, Option<f64>);

/// Samples, times and rate of a track.
fn table(track: &Track, limits: Limits) -> Result<Table, VideoError> {
    let (Some(sizes), Some(durations)) = (&track.stsz, &track.stts) else {
        return Err(damaged("the tables of sizes and times are missing"));
    };
    let timed: u64 = durations.samples.iter().map(|run| u64::from(run.sample_count)).sum();
    let count = if sizes.sample_size == 0 { sizes.sample_sizes.len() as u64 } else { timed };
    Limits::check("frames", count, limits.frames)?;
    if timed < count {
        return Err(damaged("the table of times is shorter than that of sizes"));
    }
    let scale = track.timescale.as_ref().map_or(0, |scale| scale.0);
    if scale == 0 {
        return Err(damaged("times have no unit"));
    }
    let count = usize::try_from(count).map_err(|_| damaged("too many frames"))?;

    let size = |index: usize| if sizes.sample_size == 0 { sizes.sample_sizes[index] } else { sizes.sample_size };
    let mut samples = Vec::with_capacity(count);
    if let (Some(runs), Some(chunks)) = (&track.stsc, &track.stco) {
        let mut runs = runs.samples.iter().peekable();
        let mut per_chunk = 0;
        for (number, chunk) in (1_u64..).zip(&chunks.offsets) {
            while let Some(run) = runs.next_if(|run| u64::from(run.first_chunk) <= number) {
                per_chunk = run.samples_per_chunk;
            }
            let mut offset = *chunk;
            for _ in 0..per_chunk {
                if samples.len() == count {
                    break;
                }
                let length = size(samples.len());
                samples.push(Sample { offset, length });
                offset = offset.checked_add(length.into()).ok_or_else(|| damaged("a frame lies beyond any file"))?;
            }
        }
    }
    if samples.len() < count {
        return Err(damaged("some frames lie in no chunk"));
    }

    let shifts = track.ctts.iter().flat_map(|table| table.samples.iter());
    let shifts = shifts.flat_map(|run| {
        let shift = match run.time_offset {
            TimeOffsetVersion::Version0(shift) => i64::from(shift),
            TimeOffsetVersion::Version1(shift) => shift.into(),
        };
        std::iter::repeat_n(shift, run.sample_count as usize)
    });
    let deltas =
        durations.samples.iter().flat_map(|run| std::iter::repeat_n(run.sample_delta, run.sample_count as usize));
    let mut decoded = 0_i64;
    let mut times = Vec::with_capacity(count);
    // At most 2²⁰ frames of at most 2³² units each, unless limits are lifted a thousand million times.
    for (delta, shift) in deltas.take(count).zip(shifts.chain(std::iter::repeat(0))) {
        times.push(decoded.saturating_add(shift));
        decoded = decoded.saturating_add(delta.into());
    }
    times.sort_unstable();
    let first = times.first().copied().unwrap_or(0);
    let seconds = times.iter().map(|time| time.saturating_sub(first) as f64 / scale as f64).collect();
    let rate = (decoded > 0).then(|| count as f64 * scale as f64 / decoded as f64);
    Ok((samples, seconds, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_unpacked_or_refused() {
        let config = [1, 66, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 9, 1, 0, 1, 0x68];
        let sets = [&START[..], &[0x67, 9], &START, &[0x68]].concat();
        assert_eq!(parameters(&config), Some(Parameters { length_bytes: 4, sets }));
        for end in 0..config.len() {
            assert_eq!(parameters(&config[..end]), None, "{end}");
        }
    }
}
