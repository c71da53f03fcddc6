use crate::{Ffmpeg, Frame, VideoError, animation};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

/// How much a file may hold. What a file says is compared before anything is allocated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the tables that say where frames lie, and of one encoded frame.
    pub part: u64,
    /// Pixels of a frame. Its sides are limited as those of pictures are.
    pub pixels: u64,
    /// Frames.
    pub frames: u64,
    /// Pixels of all frames together: time rather than memory.
    pub work: u64,
}

impl Default for Limits {
    /// 16 GiB, 64 MiB, 36864 blocks of 16 × 16 pixels (4096 × 2304, level 5.2 of H.264), 2²⁰ frames (9.7 hours at 30 a
    /// second), and 2⁴⁰ pixels (4.9 hours of 1920 × 1080).
    fn default() -> Self {
        Self { bytes: 16 << 30, part: 64 << 20, pixels: 36_864 * 256, frames: 1 << 20, work: 1 << 40 }
    }
}

impl Limits {
    pub(crate) fn check(what: &'static str, found: u64, limit: u64) -> Result<(), VideoError> {
        if found > limit { Err(VideoError::TooMany { what, found, limit }) } else { Ok(()) }
    }
}

/// Forms of files that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// ISO base media (ISO/IEC 14496-12 and 14), and `QuickTime`, which it comes from.
    Mp4,
    /// GIF 87a and 89a.
    Gif,
    /// WebP (RFC 9649).
    WebP,
    /// What an installed ffmpeg makes of another form.
    Ffmpeg,
}

impl Form {
    /// The form that a file begins like, from its first 12 bytes; none if it is none of those.
    pub fn of(start: &[u8]) -> Option<Self> {
        match start {
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            // `QuickTime` before ISO had no type in front.
            [_, _, _, _, b'f', b't', b'y', b'p', ..] | [_, _, _, _, b'm', b'o', b'o', b'v', ..] => Some(Self::Mp4),
            _ => None,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Mp4 => "MP4",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Ffmpeg => "ffmpeg",
        })
    }
}

/// What is known before frames are decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Info {
    /// The form.
    pub form: Form,
    /// Width in pixels, as the file says.
    pub width: u32,
    /// Height in pixels, as the file says.
    pub height: u32,
    /// Frames a second on average, where the file says it.
    pub rate: Option<f64>,
    /// Number of frames, where the file says it.
    pub frames: Option<u64>,
}

/// A video: an iterator of its frames in the order of presentation. After an error it is over.
pub struct Video<'a> {
    info: Info,
    limits: Limits,
    frames: Box<dyn Iterator<Item = Result<Frame, VideoError>> + 'a>,
    /// The first frame, if it was looked at.
    first: Option<Result<Frame, VideoError>>,
    decoded: u64,
    work: u64,
    over: bool,
}

impl<'a> Video<'a> {
    /// A video from a source of bytes; its form is told from the content, never from a name.
    ///
    /// # Errors
    /// [`VideoError`], also for what an installed ffmpeg might read.
    pub fn open(source: impl Read + Seek + 'a) -> Result<Self, VideoError> {
        Self::open_within(source, Limits::default())
    }

    /// As [`Video::open`], with other limits.
    ///
    /// # Errors
    /// As [`Video::open`].
    pub fn open_within(source: impl Read + Seek + 'a, limits: Limits) -> Result<Self, VideoError> {
        let mut source = BufReader::new(source);
        let length = source.seek(std::io::SeekFrom::End(0))?;
        Limits::check("bytes", length, limits.bytes)?;
        source.rewind()?;
        let mut start = Vec::new();
        source.by_ref().take(12).read_to_end(&mut start)?;
        source.rewind()?;
        match Form::of(&start) {
            Some(Form::Gif) => animation::gif(source, limits),
            Some(Form::WebP) => animation::webp(source, limits),
            #[cfg(feature = "h264")]
            Some(Form::Mp4) => crate::h264::open(source, length, limits),
            #[cfg(not(feature = "h264"))]
            Some(Form::Mp4) => Err(VideoError::NotBuilt),
            Some(Form::Ffmpeg) | None => Err(VideoError::UnknownForm),
        }
    }

    pub(crate) fn new(
        info: Info,
        limits: Limits,
        frames: impl Iterator<Item = Result<Frame, VideoError>> + 'a,
    ) -> Result<Self, VideoError> {
        let pixels = u64::from(info.width) * u64::from(info.height);
        Limits::check("pixels in a frame", pixels, limits.pixels)?;
        if let Some(frames) = info.frames {
            Limits::check("frames", frames, limits.frames)?;
        }
        Ok(Self { info, limits, frames: Box::new(frames), first: None, decoded: 0, work: 0, over: false })
    }

    /// What is known before frames are decoded.
    pub fn info(&self) -> Info {
        self.info
    }

    fn checked(&mut self, frame: Option<Result<Frame, VideoError>>) -> Option<Result<Frame, VideoError>> {
        let frame = match frame {
            Some(Ok(frame)) => frame,
            None if self.decoded == 0 => return Some(Err(VideoError::NoFrames)),
            other => return other,
        };
        let (width, height) = frame.size();
        let pixels = u64::from(width) * u64::from(height);
        self.decoded += 1;
        self.work += pixels;
        let within = Limits::check("pixels in a frame", pixels, self.limits.pixels)
            .and_then(|()| Limits::check("frames", self.decoded, self.limits.frames))
            .and_then(|()| Limits::check("pixels in all frames", self.work, self.limits.work));
        Some(within.map(|()| frame))
    }
}

impl Video<'static> {
    /// A video in a file. What is not read here is handed to an installed ffmpeg.
    ///
    /// # Errors
    /// [`VideoError`]; where ffmpeg might have helped but is not there, the error says what for.
    pub fn open_file(path: &Path) -> Result<Self, VideoError> {
        match Self::open(File::open(path)?).and_then(Self::begun) {
            Err(
                error @ (VideoError::UnknownForm
                | VideoError::Codec { .. }
                | VideoError::Fragmented
                | VideoError::NotBuilt
                | VideoError::DamagedFrame { .. }),
            ) => match Ffmpeg::installed() {
                Some(ffmpeg) => ffmpeg.open(path, Limits::default()),
                None if matches!(error, VideoError::UnknownForm) => Err(VideoError::NoFfmpeg),
                None => Err(error),
            },
            opened => opened,
        }
    }

    /// The video if its first frame decodes: what an encoder used that the decoder lacks shows only then.
    fn begun(mut self) -> Result<Self, VideoError> {
        let first = self.frames.next().ok_or(VideoError::NoFrames)??;
        self.first = Some(Ok(first));
        Ok(self)
    }
}

impl Iterator for Video<'_> {
    type Item = Result<Frame, VideoError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let frame = self.first.take().or_else(|| self.frames.next());
        let frame = self.checked(frame);
        self.over = !matches!(frame, Some(Ok(_)));
        frame
    }
}

impl fmt::Debug for Video<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Video")
            .field("info", &self.info)
            .field("decoded", &self.decoded)
            .finish_non_exhaustive()
    }
}
