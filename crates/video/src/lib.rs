//! Videos and animations as a stream of frames with their times.
//!
//! - [`Video::open`] reads MP4 with H.264 (feature `h264`), and GIF and WebP, moving or still, told by content;
//! - [`Video::open_file`] also asks an installed `ffmpeg` about everything else;
//! - a [`Video`] is an iterator of [`Frame`]s in the order of presentation, decoded one by one, which give their
//!   [`Picture`](sightline_pictures::Picture) on demand.
//!
//! Nothing here knows what frames are used for.

mod animation;
mod error;
mod ffmpeg;
mod frame;
#[cfg(feature = "h264")]
mod h264;
#[cfg(feature = "h264")]
mod mp4;
mod reencode;
mod video;

pub use error::VideoError;
pub use ffmpeg::Ffmpeg;
pub use frame::Frame;
pub use reencode::Reencoder;
pub use video::{Form, Info, Limits, Video};

/// Whether this build decodes H.264 itself.
pub const H264: bool = cfg!(feature = "h264");
