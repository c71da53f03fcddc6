use super::{Checkpoint, Note};
use crate::log::LogError;
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Signature types of C2SP signed-note.
const NOTE: u8 = 0x01;
const COSIGNATURE: u8 = 0x04;

/// The public key of a log, an Ed25519 key under the log's origin. As text it is a C2SP verifier key, `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey(NoteKey);

/// The public key of a witness, an Ed25519 key under its name. As text it is a C2SP verifier key, `NAME+ID+KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey(NoteKey);

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteKey {
    name: String,
    kind: u8,
    key: VerifyingKey,
}

impl LogKey {
    /// The key with these 32 bytes, of the log `origin`.
    ///
    /// # Errors
    /// [`LogError::MalformedKey`] if they are no key, or the origin cannot be the name of one.
    pub fn new(origin: &str, key: &[u8; 32]) -> Result<Self, LogError> {
        NoteKey::new(origin, NOTE, key).map(Self)
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.0.name
    }

    /// The key's 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.key.to_bytes()
    }

    /// The checkpoint in `note`, if this log signed it. Other signatures are not looked at.
    ///
    /// # Errors
    /// [`LogError::MalformedNote`], [`LogError::WrongOrigin`], [`LogError::WrongKey`] or
    /// [`LogError::ForgedSignature`].
    pub fn open(&self, note: &[u8]) -> Result<Checkpoint, LogError> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text)?;
        if checkpoint.origin != self.origin() {
            return Err(LogError::WrongOrigin { expected: self.origin().to_owned(), found: checkpoint.origin });
        }
        let mut signatures = self.0.signatures(&note).peekable();
        if signatures.peek().is_none() {
            return Err(LogError::WrongKey { expected: self.to_string() });
        }
        signatures.try_for_each(|signature| self.0.verify(note.text, signature))?;
        Ok(checkpoint)
    }
}

impl WitnessKey {
    /// The key with these 32 bytes, of the witness `name`.
    ///
    /// # Errors
    /// [`LogError::MalformedKey`] if they are no key, or the name cannot be one.
    pub fn new(name: &str, key: &[u8; 32]) -> Result<Self, LogError> {
        NoteKey::new(name, COSIGNATURE, key).map(Self)
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The key's 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.key.to_bytes()
    }

    pub(in crate::log) fn id(&self) -> [u8; 4] {
        self.0.id()
    }

    /// When this witness cosigned `note`, in seconds since 1970 (UTC), if it did.
    ///
    /// # Errors
    /// [`LogError::MalformedNote`], [`LogError::ForgedSignature`], or [`LogError::RepeatedWitness`] if it cosigned twice.
    pub fn cosigned(&self, note: &[u8]) -> Result<Option<u64>, LogError> {
        let note = Note::parse(note)?;
        let mut signatures = self.0.signatures(&note);
        let Some(signature) = signatures.next() else { return Ok(None) };
        if signatures.next().is_some() {
            return Err(LogError::RepeatedWitness { witness: self.name().to_owned() });
        }
        let forged = || LogError::ForgedSignature { signer: self.name().to_owned() };
        let (time, signature) = signature.split_first_chunk().ok_or_else(forged)?;
        let time = u64::from_be_bytes(*time);
        if time > i64::MAX.unsigned_abs() {
            return Err(LogError::MalformedNote(format!("{time} is no time at which {} can cosign", self.name())));
        }
        self.0.verify(&cosigned_text(time, note.text), signature)?;
        Ok(Some(time))
    }
}

/// What a witness signs (C2SP tlog-cosignature).
pub(in crate::log) fn cosigned_text(time: u64, checkpoint: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

impl NoteKey {
    fn new(name: &str, kind: u8, key: &[u8; 32]) -> Result<Self, LogError> {
        let malformed = |detail: &str| LogError::MalformedKey(detail.to_owned());
        if !is_name(name) {
            return Err(malformed("its name is empty, or has a space, a plus or a control character in it"));
        }
        let key = VerifyingKey::from_bytes(key).map_err(|error| malformed(&error.to_string()))?;
        if key.is_weak() {
            return Err(malformed("anybody could sign for it"));
        }
        Ok(Self { name: name.to_owned(), kind, key })
    }

    fn parse(text: &str, kind: u8) -> Result<Self, LogError> {
        let malformed = |detail: &str| LogError::MalformedKey(detail.to_owned());
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed("it does not have three parts"));
        };
        let bytes = BASE64_STANDARD.decode(key).map_err(|error| malformed(&error.to_string()))?;
        let found = match bytes.split_first() {
            Some((found, key)) if *found == kind => key.try_into().ok(),
            _ => return Err(malformed(&format!("it is not of type {kind}"))),
        };
        let key = Self::new(name, kind, found.ok_or_else(|| malformed("its key does not have 32 bytes"))?)?;
        if key.to_string() == text { Ok(key) } else { Err(malformed("its ID does not fit name and key")) }
    }

    fn id(&self) -> [u8; 4] {
        let digest =
            Sha256::new_with_prefix(&self.name).chain_update([b'\n', self.kind]).chain_update(self.key.as_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        std::array::from_fn(|place| digest[place])
    }

    /// Signatures in this key's name.
    fn signatures<'a>(&'a self, note: &'a Note<'_>) -> impl Iterator<Item = &'a [u8]> {
        let ours = |signature: &&super::note::Signature<'_>| signature.name == self.name && signature.id == self.id();
        note.signatures.iter().filter(ours).map(|signature| signature.bytes.as_slice())
    }

    fn verify(&self, text: &str, signature: &[u8]) -> Result<(), LogError> {
        let forged = |_| LogError::ForgedSignature { signer: self.name.clone() };
        let signature = Signature::from_slice(signature).map_err(forged)?;
        self.key.verify_strict(text.as_bytes(), &signature).map_err(forged)
    }
}

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+')
}

impl fmt::Display for NoteKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[self.kind], self.key.as_bytes().as_slice()].concat());
        write!(formatter, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id()))
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for LogKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        NoteKey::parse(text, NOTE).map(Self)
    }
}

impl FromStr for WitnessKey {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        NoteKey::parse(text, COSIGNATURE).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the specification (C2SP signed-note, *Example*) and of the reference implementation's tests
    /// (golang.org/x/mod/sumdb/note, `note_test.go`).
    const PUBLISHED: [(&str, &str); 2] = [
        (
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "This is an example message.\n\n\
             — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
        ),
        (
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
             — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
        ),
    ];
    /// C2SP tlog-cosignature, *Format*; its keys are not published.
    const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa \
        Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — witness.example.com/w1 \
        jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

    #[test]
    fn published_notes_verify_and_published_keys_are_printed_as_they_were() {
        for (key, note) in PUBLISHED {
            let read = NoteKey::parse(key, NOTE).unwrap();
            assert_eq!(read.to_string(), key);
            let note = Note::parse(note.as_bytes()).unwrap();
            let signatures: Vec<_> = read.signatures(&note).collect();
            assert_eq!(signatures.len(), 1, "{key}");
            assert_eq!(read.verify(note.text, signatures[0]), Ok(()));
            let altered = note.text.replace('e', "E");
            assert!(matches!(read.verify(&altered, signatures[0]), Err(LogError::ForgedSignature { .. })));
        }
    }

    #[test]
    fn no_part_of_a_key_is_a_key_nor_one_with_a_letter_changed() {
        let key = PUBLISHED[1].0;
        for start in 0..key.len() {
            for end in start..=key.len() {
                assert_eq!(key[start..end].parse::<LogKey>().is_ok(), key[start..end] == *key);
            }
            let mut changed = key.as_bytes().to_vec();
            changed[start] += 1;
            assert!(str::from_utf8(&changed).unwrap().parse::<LogKey>().is_err(), "{start}");
        }
        let other_purpose = LogError::MalformedKey("it is not of type 4".into());
        assert_eq!(key.parse::<WitnessKey>(), Err(other_purpose));
        // The neutral point of the curve, for which any signature can be made to fit.
        let neutral = std::array::from_fn(|place| u8::from(place == 0));
        assert!(matches!(LogKey::new("log", &neutral), Err(LogError::MalformedKey(_))));
    }

    #[test]
    fn the_published_cosignature_has_the_published_time() {
        let note = Note::parse(COSIGNED.as_bytes()).unwrap();
        let checkpoint = Checkpoint::parse(note.text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        let cosignature = &note.signatures[1];
        assert_eq!((cosignature.name, cosignature.bytes.len()), ("witness.example.com/w1", 8 + 64));
        let (time, _) = cosignature.bytes.split_first_chunk().unwrap();
        assert_eq!(u64::from_be_bytes(*time), 1_679_315_147);
        assert_eq!(
            cosigned_text(1_679_315_147, note.text),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
             CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
    }

    #[test]
    fn malformed_notes_are_refused() {
        let text = |text: &str| Note::parse(text.as_bytes()).map(|_| ());
        let line = "— a AAAAAAE=\n";
        assert_eq!(text(&format!("text\n\n{line}")), Ok(()));
        assert_eq!(text(&format!("text\n\nmore\n\n{line}{line}")), Ok(()));
        let no_suffix = format!("text\n\n{}", line.trim_end());
        let control = format!("te\u{7}xt\n\n{line}");
        let lines = [
            "- a AAAAAAE=\n",
            "— a  AAAAAAE=\n",
            "— a+b AAAAAAE=\n",
            "— a AAAAAAE\n",
            "— a AAAAAAF=\n",
            "— a AAAAAA==\n",
        ];
        let lines = lines.map(|line| format!("text\n\n{line}"));
        let long = format!("{}\n\n{line}", "a".repeat(1 << 17));
        for bad in
            ["", "text\n", "text\n\n", &no_suffix, &control, &long].into_iter().chain(lines.iter().map(String::as_str))
        {
            assert!(matches!(text(bad), Err(LogError::MalformedNote(_))), "{bad:.40?}");
        }
        assert!(matches!(Note::parse(b"\xff\n\n"), Err(LogError::MalformedNote(_))));
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        let root = BASE64_STANDARD.encode([7; 32]);
        let empty = BASE64_STANDARD.encode(Sha256::digest([]));
        assert!(Checkpoint::parse(&format!("log\n5\n{root}\n")).is_ok());
        assert!(Checkpoint::parse(&format!("log\n0\n{empty}\n")).is_ok());
        let bad = [
            format!("\n5\n{root}\n"),
            format!("log\n05\n{root}\n"),
            format!("log\n+5\n{root}\n"),
            format!("log\n-5\n{root}\n"),
            format!("log\n18446744073709551616\n{root}\n"),
            format!("log\n5\n{}\n", BASE64_STANDARD.encode([7; 31])),
            format!("log\n5\n{root}\nextension\n"),
            format!("log\n0\n{root}\n"),
            "log\n5\n".to_owned(),
        ];
        for bad in bad {
            assert!(matches!(Checkpoint::parse(&bad), Err(LogError::MalformedNote(_))), "{bad}");
        }
    }
}
