use crate::Mark;
use sightline_protocol::{PartyId, Seen, Time, View};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that can be counted or read off a view, as a general adversary does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Messages on a link.
    Messages(Link),
    /// Bytes on a link.
    Bytes(Link),
    /// Bytes of the longest message on a link.
    Longest(Link),
    /// How many messages on a link came before the longest.
    LongestPlace(Link),
    /// When the longest message on a link was seen, in milliseconds.
    LongestTime(Link),
    /// When the last message on a link was seen, in milliseconds.
    LastTime(Link),
    /// Bytes of message `number` on a link, counted from 0.
    Length(Link, u8),
    /// Messages on a link that repeat what an earlier one on it carried.
    Repeats(Link),
    /// Byte `place` of short message `number` on a link, both counted from 0.
    Byte(Link, u8, u8),
    /// Byte `place` of long message `number` on a link, both counted from 0.
    Head(Link, u8, u8),
    /// Whether the lowest bit, shifted by the last number, of a [`Feature::Byte`] says whether a content matched.
    Verdict(Link, u8, u8, u8),
    /// Entries in a party's memory.
    MemoryEntries(PartyId),
    /// Bytes in a party's memory.
    MemoryBytes(PartyId),
    /// Seals that the view's keys open.
    Opened,
    /// Bytes that the view's keys open.
    OpenedBytes,
    /// Strings derived from the contents of the history that occur in the view.
    Match(Mark),
}

/// From whom, to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub PartyId, pub PartyId);

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}>{}", self.0, self.1)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Messages(link) => write!(formatter, "messages {link}"),
            Self::Bytes(link) => write!(formatter, "bytes {link}"),
            Self::Longest(link) => write!(formatter, "longest {link}"),
            Self::LongestPlace(link) => write!(formatter, "place of longest {link}"),
            Self::LongestTime(link) => write!(formatter, "time of longest {link}"),
            Self::LastTime(link) => write!(formatter, "last-time {link}"),
            Self::Length(link, number) => write!(formatter, "length of message {number} {link}"),
            Self::Repeats(link) => write!(formatter, "repeats {link}"),
            Self::Head(link, number, place) => {
                write!(formatter, "byte {place} of long message {number} {link}")
            }
            Self::Byte(link, number, place) => write!(formatter, "byte {place} of short message {number} {link}"),
            Self::Verdict(link, number, place, bit) => {
                write!(formatter, "verdict in bit {bit} of byte {place} of short message {number} {link}")
            }
            Self::MemoryEntries(party) => write!(formatter, "memory-entries {party}"),
            Self::MemoryBytes(party) => write!(formatter, "memory-bytes {party}"),
            Self::Opened => formatter.write_str("opened"),
            Self::OpenedBytes => formatter.write_str("opened-bytes"),
            Self::Match(mark) => formatter.write_str(mark.name()),
        }
    }
}

/// Messages up to this length are looked at byte by byte.
const SHORT: usize = 64;
/// So many of the first short messages on every link.
const FIRST: u8 = 4;
/// So many bytes at the beginning of the first [`FIRST`] longer ones.
const HEAD: usize = 24;
/// Lengths of so many of the first messages on every link.
const LENGTHS: usize = 12;

impl Feature {
    /// The features of a view: messages, bytes, lengths and times on every link, the bytes of short messages, what memory
    /// holds, what was opened.
    pub(crate) fn of(view: &View<'_>) -> BTreeMap<Self, f32> {
        Self::with_verdict(view, None)
    }

    /// The same, and which bits of short messages agree with whether a content of the history matched: such a bit looks
    /// random while the view stands alone.
    pub(crate) fn with_verdict(view: &View<'_>, matched: Option<bool>) -> BTreeMap<Self, f32> {
        let mut features = BTreeMap::new();
        let mut put = |feature: Self, value: f32, join: fn(f32, f32) -> f32| {
            features.entry(feature).and_modify(|old| *old = join(*old, value)).or_insert(value);
        };
        let add = |a, b| a + b;
        let milliseconds = |time: Time| time.as_nanoseconds() as f32 / 1e6;
        let mut short: BTreeMap<Link, u8> = BTreeMap::new();
        let mut long: BTreeMap<Link, u8> = BTreeMap::new();
        let mut carried: BTreeSet<(Link, &[u8])> = BTreeSet::new();
        let mut longest: BTreeMap<Link, (usize, usize, Time, usize)> = BTreeMap::new();
        for Seen { at, from, to, length, bytes } in &view.seen {
            let link = Link(*from, *to);
            put(Self::Messages(link), 1.0, add);
            put(Self::Bytes(link), *length as f32, add);
            put(Self::Longest(link), *length as f32, f32::max);
            put(Self::LastTime(link), milliseconds(*at), f32::max);
            let (best, place, time, count) = longest.entry(link).or_insert((0, 0, *at, 0));
            if length > best {
                (*best, *place, *time) = (*length, *count, *at);
            }
            if let Some(number) = u8::try_from(*count).ok().filter(|_| *count < LENGTHS) {
                put(Self::Length(link, number), *length as f32, f32::max);
            }
            *count += 1;
            if let Some(bytes) = bytes.filter(|bytes| bytes.len() > SHORT) {
                let middle = bytes.len() / 2;
                let repeats = !carried.insert((link, &bytes[middle - SHORT / 4..middle + SHORT / 4]));
                put(Self::Repeats(link), f32::from(u8::from(repeats)), add);
                let number = long.entry(link).or_insert(0);
                if *number < FIRST {
                    for (place, byte) in (0..).zip(&bytes[..HEAD]) {
                        put(Self::Head(link, *number, place), f32::from(*byte), f32::max);
                    }
                    *number += 1;
                }
            }
            if let Some(bytes) = bytes.filter(|bytes| bytes.len() <= SHORT) {
                let number = short.entry(link).or_insert(0);
                if *number < FIRST {
                    for (place, byte) in (0..).zip(bytes) {
                        put(Self::Byte(link, *number, place), f32::from(*byte), f32::max);
                        let Some(matched) = matched else { continue };
                        for bit in 0..8 {
                            let agrees = (byte >> bit & 1 == 1) == matched;
                            put(Self::Verdict(link, *number, place, bit), f32::from(u8::from(agrees)), f32::max);
                        }
                    }
                    *number += 1;
                }
            }
        }
        for (link, (_, place, time, _)) in longest {
            put(Self::LongestPlace(link), place as f32, f32::max);
            put(Self::LongestTime(link), milliseconds(time), f32::max);
        }
        for (_, party, memory) in &view.memory {
            let bytes: usize = memory.entries().map(|(_, bytes)| bytes.len()).sum();
            put(Self::MemoryEntries(*party), memory.entries().count() as f32, add);
            put(Self::MemoryBytes(*party), bytes as f32, add);
        }
        let opened: usize = view.opened.iter().map(|opened| opened.plaintext.len()).sum();
        put(Self::Opened, view.opened.len() as f32, add);
        put(Self::OpenedBytes, opened as f32, add);
        features
    }
}
