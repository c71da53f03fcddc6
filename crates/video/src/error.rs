use crate::Form;
use sightline_pictures::PictureError;
use std::io;

/// Why a file gives no frames, or no more of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// The source cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The content begins like none of the forms that are read.
    #[error("the content is not MP4, GIF or WebP; other forms are read by an installed ffmpeg")]
    UnknownForm,
    /// The content begins like `form`, but makes no sense.
    #[error("the {form} data is damaged: {reason}")]
    Damaged {
        /// What the content claims to be.
        form: Form,
        /// What is wrong.
        reason: String,
    },
    /// A frame does not decode; those before it do.
    #[error("encoded frame {number} does not decode, after {decoded} that did: {reason}")]
    DamagedFrame {
        /// Which one, counted from 0 in the order of decoding.
        number: u64,
        /// How many frames there were.
        decoded: u64,
        /// The decoder's words.
        reason: String,
    },
    /// The file holds no video track.
    #[error("there is no video track in the file")]
    NoVideoTrack,
    /// The track is coded in another way, or encrypted.
    #[error(
        "the video is coded as {codec}; H.264 of 8 bits with colour at half the resolution is decoded here, an installed \
         ffmpeg reads others"
    )]
    Codec {
        /// What is known of it.
        codec: String,
    },
    /// Frames lie in fragments throughout the file.
    #[error("the file is fragmented, which is not read here; an installed ffmpeg reads it")]
    Fragmented,
    /// This build has no H.264 decoder.
    #[error(
        "this build has no H.264 decoder: build with `--features video` (a C++ compiler and about a minute), or install \
         ffmpeg"
    )]
    NotBuilt,
    /// This build has no H.264 encoder either.
    #[error("this build has no H.264 encoder: build with `--features video` (a C++ compiler and about a minute)")]
    NoEncoder,
    /// Nothing in the file is a frame.
    #[error("the video has no frames")]
    NoFrames,
    /// More of something than the limits allow.
    #[error("{found} {what} are too many: at most {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many the file says or has.
        found: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// A frame's size is outside of what pictures may have.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The program that decodes other forms is not there.
    #[error(
        "ffmpeg is not installed, or not on the PATH: it is needed for forms other than MP4 with H.264, GIF and WebP"
    )]
    NoFfmpeg,
    /// The program that decodes other forms gave up.
    #[error("ffmpeg does not read it: {reason}")]
    Ffmpeg {
        /// Its words.
        reason: String,
    },
}
