//! Other forms through the program `ffmpeg`, if it is installed: it writes YUV4MPEG2, which states sizes and a rate and then
//! holds frame after frame, into a pipe.

use crate::frame::{Pixels, Yuv};
use crate::{Form, Frame, Info, Limits, Video, VideoError};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The longest line of the stream, in bytes.
const LINE: u64 = 1024;

/// An installed `ffmpeg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ffmpeg {
    program: PathBuf,
}

impl Ffmpeg {
    /// The one on the `PATH`, if there is one.
    pub fn installed() -> Option<Self> {
        let name = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX);
        let path = std::env::var_os("PATH")?;
        let program =
            std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|program| program.is_file())?;
        Some(Self { program })
    }

    /// The video in a file. Frames that are not shown equally long are repeated or left out by ffmpeg, so that the times
    /// are those of a constant rate; and ffmpeg turns pictures as the file says.
    ///
    /// # Errors
    /// [`VideoError`]; what ffmpeg says comes out when its first frame is asked for.
    pub fn open(&self, path: &Path, limits: Limits) -> Result<Video<'static>, VideoError> {
        Limits::check("bytes", fs::metadata(path)?.len(), limits.bytes)?;
        // An absolute path is never taken for an option or for a protocol of ffmpeg's.
        let path = fs::canonicalize(path)?;
        let mut child = Command::new(&self.program)
            .args(["-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i"])
            .arg(path)
            .args(["-map", "0:v:0", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(stream), Some(mut errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(VideoError::Ffmpeg { reason: "it gives no stream".into() });
        };
        // It must be able to write what is wrong while frames are read.
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = errors.by_ref().take(LINE).read_to_end(&mut said);
            let _ = std::io::copy(&mut errors, &mut std::io::sink());
            String::from_utf8_lossy(&said).trim().replace('\n', "; ")
        });
        let mut running = Running { child, said: Some(said) };
        let mut stream = BufReader::new(stream);
        let first = line(&mut stream)?;
        let Some((width, height, rate)) = header(&first) else { return Err(running.reason()) };
        let info = Info { form: Form::Ffmpeg, width, height, rate: Some(rate), frames: None };
        Limits::check("pixels in a frame", u64::from(width) * u64::from(height), limits.pixels)?;
        Video::new(info, limits, Frames { stream, running, info, rate, given: 0 })
    }
}

/// The program, which is ended when nobody wants more frames.
struct Running {
    child: Child,
    said: Option<std::thread::JoinHandle<String>>,
}

impl Running {
    /// Why it ended.
    fn reason(&mut self) -> VideoError {
        let _ = self.child.kill();
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        VideoError::Ffmpeg { reason: if said.is_empty() { "it gives no frames".into() } else { said } }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Frames {
    stream: BufReader<ChildStdout>,
    running: Running,
    info: Info,
    rate: f64,
    given: u64,
}

impl Iterator for Frames {
    type Item = Result<Frame, VideoError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Info { width, height, .. } = self.info;
        let planes = match frame(&mut self.stream, Yuv::length(width, height)) {
            Ok(Some(planes)) => planes,
            Ok(None) => {
                let ended = self.running.child.wait().is_ok_and(|status| status.success());
                return if ended { None } else { Some(Err(self.running.reason())) };
            }
            Err(_) => return Some(Err(self.running.reason())),
        };
        let number = self.given;
        self.given += 1;
        let pixels = Pixels::Yuv(Yuv { width, height, planes });
        Some(Ok(Frame { number, seconds: number as f64 / self.rate, pixels }))
    }
}

/// A line without its end.
fn line(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = Vec::new();
    stream.take(LINE).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Width, height and rate from the first line of YUV4MPEG2.
fn header(line: &str) -> Option<(u32, u32, f64)> {
    let mut words = line.split(' ');
    if words.next() != Some("YUV4MPEG2") {
        return None;
    }
    let (mut width, mut height, mut rate) = (0, 0, 0.0);
    for word in words {
        match word.split_at_checked(1)? {
            ("W", value) => width = value.parse().ok()?,
            ("H", value) => height = value.parse().ok()?,
            ("F", value) => {
                let (over, under) = value.split_once(':')?;
                rate = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
            }
            _ => {}
        }
    }
    (width > 0 && height > 0 && rate.is_finite() && rate > 0.0).then_some((width, height, rate))
}

/// The planes of the next frame, or nothing at the end.
fn frame(stream: &mut impl BufRead, length: usize) -> std::io::Result<Option<Vec<u8>>> {
    let start = line(stream)?;
    if start.is_empty() {
        return Ok(None);
    }
    if start.split(' ').next() != Some("FRAME") {
        return Err(std::io::Error::other("no frame"));
    }
    let mut planes = vec![0; length];
    stream.read_exact(&mut planes)?;
    Ok(Some(planes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_understood() {
        let line = "YUV4MPEG2 W320 H240 F30000:1001 Ip A1:1 C420jpeg XYSCSS=420JPEG";
        assert_eq!(header(line), Some((320, 240, 30000.0 / 1001.0)));
        assert_eq!(header("YUV4MPEG2 W320 F30:1"), None);
        assert_eq!(header("YUV4MPEG2 W320 H240 F0:0"), None);
        assert_eq!(header(""), None);
        let mut stream = &b"FRAME\nabcdefFRAME Ip\nghijklFRAME\nmn"[..];
        assert_eq!(frame(&mut stream, 6).unwrap().as_deref(), Some(&b"abcdef"[..]));
        assert_eq!(frame(&mut stream, 6).unwrap().as_deref(), Some(&b"ghijkl"[..]));
        assert!(frame(&mut stream, 6).is_err());
        assert_eq!(frame(&mut &b""[..], 6).unwrap(), None);
    }
}
