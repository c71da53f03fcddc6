//! Lists as Meta's ThreatExchange hands them over: its table (the user interface's download and bulk upload, columns `td_…`)
//! and the answers of its interface (`/threat_updates`, `/threat_descriptors`) as JSON. Field names and meaning after the
//! public documents of ThreatExchange and its Python client.
//!
//! An indicator is a hash; a descriptor is what one member says of it. Only PDQ hashes are read; how many others were
//! passed over is said.

use crate::text::line;
use crate::{Entry, HashList, HashRow, Provenance};
use csv::{ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};
use sightline_fingerprint::{HashError, PdqHash};
use std::collections::BTreeMap;

/// The kind of indicator that is read and written.
const PDQ: &str = "HASH_PDQ";
/// Status of a descriptor by which its owner holds the indicator to belong on the list.
const MALICIOUS: &str = "MALICIOUS";
/// Status by which its owner holds that it does not.
const NON_MALICIOUS: &str = "NON_MALICIOUS";

/// A list with what is said of every entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// Its entries, each hash once, in the order in which they came.
    pub entries: Vec<Indicator>,
    /// Records of other kinds than PDQ.
    pub passed_over: u64,
    /// Records that say that an indicator was withdrawn.
    pub withdrawn: u64,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// The hash.
    pub hash: PdqHash,
    /// Its record: the line of a table, the number of an object, from 1.
    pub record: u64,
    /// What members say of it.
    pub descriptors: Vec<Descriptor>,
}

/// What one member says of an indicator; empty where nothing was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Descriptor {
    /// Its number at the source.
    pub id: String,
    /// The member's number.
    pub owner: String,
    /// The member's name.
    pub owner_name: String,
    /// `MALICIOUS`, `NON_MALICIOUS`, `SUSPICIOUS`, `UNKNOWN`, …
    pub status: String,
    /// When it was said, as it was written.
    pub added_on: String,
    /// Tags.
    pub tags: Vec<String>,
}

/// A list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// No CSV.
    #[error("it cannot be read as CSV: {message}")]
    Table {
        /// What the reader says, with the place.
        message: String,
    },
    /// No column with indicators.
    #[error(
        "there is no column `td_raw_indicator`, which a table of ThreatExchange has; its first line names: {found}"
    )]
    Column {
        /// The columns there are.
        found: String,
    },
    /// No JSON, or other JSON.
    #[error(
        "it is not the JSON of ThreatExchange, an object with `data` or an array of records with `indicator` or \
         `raw_indicator` and `type`: {message}"
    )]
    Json {
        /// What the reader says, with the place.
        message: String,
    },
    /// A record without an indicator.
    #[error("record {record}: there is neither `indicator` nor `raw_indicator`; a withdrawn one says `should_delete`")]
    NoIndicator {
        /// Its number, from 1.
        record: u64,
    },
    /// No PDQ hash where one is said to be.
    #[error("{place} {record}: {source}")]
    Hash {
        /// `line` or `record`.
        place: &'static str,
        /// Its number, from 1.
        record: u64,
        /// What is wrong.
        source: HashError,
    },
}

impl Indicator {
    /// Members who hold that it belongs on the list.
    pub fn confirmations(&self) -> usize {
        self.descriptors.iter().filter(|descriptor| descriptor.status == MALICIOUS).count()
    }

    /// Whether a member holds that it does not.
    pub fn disputed(&self) -> bool {
        self.descriptors.iter().any(|descriptor| descriptor.status == NON_MALICIOUS)
    }
}

impl Exchange {
    /// Whether `bytes` look like one, of either form: JSON, or a table with the column.
    pub fn recognises(bytes: &[u8]) -> bool {
        let text = without_mark(bytes);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        matches!(first, Some(b'{' | b'[')) || header.windows(INDICATOR.len()).any(|part| part == INDICATOR.as_bytes())
    }

    /// Reads either form.
    ///
    /// # Errors
    /// [`ExchangeError`] that says what is wrong in which line or record.
    pub fn read(bytes: &[u8]) -> Result<Self, ExchangeError> {
        let text = without_mark(bytes);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Self::read_json(text),
            _ => Self::read_csv(text),
        }
    }

    /// Reads a table: its first line names the columns, of which `td_raw_indicator` must be there; a record is a descriptor.
    /// Without `td_indicator_type` all records are PDQ hashes. Several records of one hash become one entry.
    ///
    /// # Errors
    /// [`ExchangeError::Table`], [`ExchangeError::Column`], [`ExchangeError::Hash`].
    pub fn read_csv(text: &[u8]) -> Result<Self, ExchangeError> {
        let table = |error: csv::Error| ExchangeError::Table { message: error.to_string() };
        let text = without_mark(text);
        let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
        let names = reader.headers().map_err(table)?.clone();
        let column = |name: &str| names.iter().position(|found| found == name);
        let missing = || ExchangeError::Column { found: shortened(&names.iter().collect::<Vec<_>>().join(", ")) };
        let columns = Columns {
            indicator: column(INDICATOR).ok_or_else(missing)?,
            kind: column("td_indicator_type"),
            id: column("id"),
            owner: column("td_owner_id"),
            owner_name: column("td_owner_name"),
            status: column("td_status"),
            added_on: column("added_on"),
            tags: column("td_subjective_tags"),
        };
        let mut collected = Collected::default();
        for record in reader.records() {
            let record = record.map_err(table)?;
            let number = record.position().map_or(0, |start| line(text, start));
            collected.row(&record, number, &columns)?;
        }
        Ok(collected.exchange)
    }

    /// Reads JSON: an object with `data`, or an array, of records as `/threat_updates` and `/threat_descriptors` give them.
    /// Later records about an indicator replace earlier ones of `/threat_updates`, as it wants it; one that says
    /// `should_delete` withdraws it.
    ///
    /// # Errors
    /// [`ExchangeError::Json`], [`ExchangeError::NoIndicator`], [`ExchangeError::Hash`].
    pub fn read_json(text: &[u8]) -> Result<Self, ExchangeError> {
        let json = |error: serde_json::Error| ExchangeError::Json { message: error.to_string() };
        let text = without_mark(text);
        let array = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let records: Vec<Record> = if array {
            serde_json::from_slice(text).map_err(json)?
        } else {
            serde_json::from_slice::<Page>(text).map_err(json)?.data
        };
        let mut collected = Collected::default();
        for (number, record) in (1..).zip(records) {
            collected.record(record, number)?;
        }
        collected.exchange.entries.retain(|entry| entry.record > 0);
        Ok(collected.exchange)
    }

    /// The table: one line a descriptor, and one for an entry without any.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |fields: [&str; 8]| writer.write_record(fields).expect("writing to a vector cannot fail");
        write(COLUMNS);
        let nothing = Descriptor::default();
        for entry in &self.entries {
            let hash = entry.hash.to_string();
            let said = if entry.descriptors.is_empty() { std::slice::from_ref(&nothing) } else { &entry.descriptors };
            for descriptor in said {
                let Descriptor { id, owner, owner_name, status, added_on, tags } = descriptor;
                write([id, &hash, PDQ, added_on, owner, owner_name, status, &tags.join(";")]);
            }
        }
        drop(writer.flush());
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// As `/threat_updates` gives it, without what it says of the time of an update.
    pub fn to_json(&self) -> String {
        let record = |entry: &Indicator| Record {
            indicator: Some(entry.hash.to_string()),
            kind: PDQ.to_owned(),
            descriptors: Some(Descriptors { data: entry.descriptors.iter().cloned().map(Said::from).collect() }),
            ..Record::default()
        };
        let page = Page { data: self.entries.iter().map(record).collect() };
        serde_json::to_string_pretty(&page).unwrap_or_default() + "\n"
    }

    /// Its hashes, each with its record and the number of the first descriptor as its name.
    pub fn rows(&self) -> Vec<HashRow> {
        let row = |entry: &Indicator| HashRow {
            line: entry.record,
            name: entry.descriptors.iter().map(|descriptor| descriptor.id.clone()).find(|id| !id.is_empty()),
            hash: entry.hash,
            quality: None,
        };
        self.entries.iter().map(row).collect()
    }

    /// The list that systems match with: every entry that nobody disputes.
    pub fn list(&self, version: u64) -> HashList {
        let undisputed = self.entries.iter().filter(|entry| !entry.disputed());
        HashList::of_version(
            version,
            undisputed.map(|entry| Entry { hash: entry.hash, provenance: Provenance::Picture }),
        )
    }
}

const INDICATOR: &str = "td_raw_indicator";
/// The columns that are written.
const COLUMNS: [&str; 8] = [
    "id",
    INDICATOR,
    "td_indicator_type",
    "added_on",
    "td_owner_id",
    "td_owner_name",
    "td_status",
    "td_subjective_tags",
];

struct Columns {
    indicator: usize,
    kind: Option<usize>,
    id: Option<usize>,
    owner: Option<usize>,
    owner_name: Option<usize>,
    status: Option<usize>,
    added_on: Option<usize>,
    tags: Option<usize>,
}

/// A page of answers.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    data: Vec<Record>,
}

/// An update, or a descriptor that stands alone.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(skip_serializing)]
    id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    indicator: Option<String>,
    #[serde(skip_serializing)]
    raw_indicator: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    should_delete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptors: Option<Descriptors>,
    #[serde(skip_serializing)]
    owner: Owner,
    #[serde(skip_serializing)]
    status: String,
    #[serde(skip_serializing)]
    added_on: Text,
    #[serde(skip_serializing)]
    tags: Option<Tags>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Descriptors {
    #[serde(default)]
    data: Vec<Said>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    id: Text,
    owner: Owner,
    status: String,
    added_on: Text,
    tags: Option<Tags>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Owner {
    id: Text,
    name: String,
}

/// A text, or a number that is meant as one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(serde_json::Number),
}

impl Default for Text {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        match text {
            Text::Text(text) => text,
            Text::Number(number) => number.to_string(),
        }
    }
}

/// Tags are listed as such, or as objects with a text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Tags {
    Plain(Vec<String>),
    Objects { data: Vec<Tag> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Tag {
    text: String,
}

impl From<Tags> for Vec<String> {
    fn from(tags: Tags) -> Self {
        match tags {
            Tags::Plain(tags) => tags,
            Tags::Objects { data } => data.into_iter().map(|tag| tag.text).collect(),
        }
    }
}

impl From<Said> for Descriptor {
    fn from(said: Said) -> Self {
        Self {
            id: said.id.into(),
            owner: said.owner.id.into(),
            owner_name: said.owner.name,
            status: said.status,
            added_on: said.added_on.into(),
            tags: said.tags.map(Into::into).unwrap_or_default(),
        }
    }
}

impl From<Descriptor> for Said {
    fn from(descriptor: Descriptor) -> Self {
        let Descriptor { id, owner, owner_name, status, added_on, tags } = descriptor;
        Self {
            id: Text::Text(id),
            owner: Owner { id: Text::Text(owner), name: owner_name },
            status,
            added_on: Text::Text(added_on),
            tags: Some(Tags::Plain(tags)),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Collected {
    exchange: Exchange,
    places: BTreeMap<PdqHash, usize>,
}

impl Collected {
    fn entry(&mut self, hash: PdqHash, record: u64) -> &mut Indicator {
        let entries = &mut self.exchange.entries;
        let place = *self.places.entry(hash).or_insert_with(|| {
            entries.push(Indicator { hash, record, descriptors: Vec::new() });
            entries.len() - 1
        });
        &mut entries[place]
    }

    fn row(&mut self, record: &StringRecord, line: u64, columns: &Columns) -> Result<(), ExchangeError> {
        let field = |column: Option<usize>| column.and_then(|column| record.get(column)).unwrap_or_default().to_owned();
        if columns.kind.is_some() && field(columns.kind) != PDQ {
            self.exchange.passed_over += 1;
            return Ok(());
        }
        let hash = PdqHash::from_hex(&field(Some(columns.indicator))).map_err(|source| ExchangeError::Hash {
            place: "line",
            record: line,
            source,
        })?;
        let tags = field(columns.tags);
        let descriptor = Descriptor {
            id: field(columns.id),
            owner: field(columns.owner),
            owner_name: field(columns.owner_name),
            status: field(columns.status),
            added_on: field(columns.added_on),
            tags: tags.split(';').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        };
        let entry = self.entry(hash, line);
        if descriptor != Descriptor::default() {
            entry.descriptors.push(descriptor);
        }
        Ok(())
    }

    fn record(&mut self, record: Record, number: u64) -> Result<(), ExchangeError> {
        let alone = record.indicator.is_none();
        let text = match (&record.indicator, &record.raw_indicator) {
            (Some(text), _) | (None, Some(text)) => text.clone(),
            (None, None) if record.should_delete => {
                self.exchange.withdrawn += 1;
                return Ok(());
            }
            (None, None) => return Err(ExchangeError::NoIndicator { record: number }),
        };
        if record.kind != PDQ {
            self.exchange.passed_over += 1;
            return Ok(());
        }
        let hash = PdqHash::from_hex(&text).map_err(|source| ExchangeError::Hash {
            place: "record",
            record: number,
            source,
        })?;
        if record.should_delete {
            self.exchange.withdrawn += 1;
            if let Some(place) = self.places.remove(&hash) {
                // Removed at the end, so that the places of others hold.
                self.exchange.entries[place].record = 0;
            }
            return Ok(());
        }
        let Record { id, owner, status, added_on, tags, descriptors, .. } = record;
        let entry = self.entry(hash, number);
        if alone {
            entry.descriptors.push(Said { id, owner, status, added_on, tags }.into());
        } else {
            entry.descriptors = descriptors.unwrap_or_default().data.into_iter().map(Descriptor::from).collect();
        }
        Ok(())
    }
}

/// Without a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(byte: u8) -> PdqHash {
        PdqHash::from_bytes([byte; 32])
    }

    #[test]
    fn a_table_is_read_by_its_columns() {
        let (one, two) = (hash(0xab), hash(1));
        let text = format!(
            "\u{feff}td_owner_name,td_raw_indicator,td_indicator_type,td_status,td_subjective_tags,added_on,id\r\n\
             \"Org, Inc\",{one},HASH_PDQ,MALICIOUS,a; b,2020-07-01T18:31:15+0000,7\r\n\
             Other,{one},HASH_PDQ,NON_MALICIOUS,,,8\r\nOrg,deadbeef,HASH_MD5,MALICIOUS,,,9\r\n,{two},HASH_PDQ,,,,\r\n"
        );
        assert!(Exchange::recognises(text.as_bytes()));
        let found = Exchange::read(text.as_bytes()).unwrap();
        assert_eq!((found.entries.len(), found.passed_over), (2, 1));
        let [first, second] = &found.entries[..] else { panic!("two") };
        assert_eq!((first.record, first.confirmations(), first.disputed()), (2, 1, true));
        assert_eq!(first.descriptors[0].tags, ["a", "b"]);
        assert_eq!(first.descriptors[0].owner_name, "Org, Inc");
        assert!(second.descriptors.is_empty());
        // What a member disputes is not matched with.
        assert_eq!(found.list(3).entries().iter().map(|entry| entry.hash).collect::<Vec<_>>(), [two]);
        assert_eq!(found.rows()[0].name.as_deref(), Some("7"));
    }

    #[test]
    fn both_kinds_of_answers_are_read() {
        let (one, two) = (hash(0xab), hash(1));
        let updates = format!(
            "{{\"data\":[{{\"id\":\"1\",\"indicator\":\"{one}\",\"type\":\"HASH_PDQ\",\"last_updated\":1,\"should_delete\":false,\
             \"descriptors\":{{\"data\":[{{\"owner\":{{\"id\":616912251743987}},\"status\":\"MALICIOUS\",\
             \"tags\":{{\"data\":[{{\"text\":\"x\"}}]}},\"added_on\":\"2020\",\"reactions\":[]}}]}}}},\
             {{\"id\":\"2\",\"indicator\":\"{two}\",\"type\":\"HASH_PDQ\",\"should_delete\":false}},\
             {{\"id\":\"3\",\"indicator\":\"ff\",\"type\":\"HASH_MD5\",\"should_delete\":false}},\
             {{\"id\":\"2\",\"indicator\":\"{two}\",\"type\":\"HASH_PDQ\",\"should_delete\":true}}],\"paging\":{{}}}}"
        );
        let found = Exchange::read(updates.as_bytes()).unwrap();
        assert_eq!((found.entries.len(), found.passed_over, found.withdrawn), (1, 1, 1));
        let said = &found.entries[0].descriptors[0];
        assert_eq!((said.owner.as_str(), &said.tags[..]), ("616912251743987", &["x".to_owned()][..]));
        let alone = format!(
            "[{{\"id\":\"5\",\"raw_indicator\":\"{one}\",\"type\":\"HASH_PDQ\",\"owner\":{{\"id\":\"6\",\"name\":\"Org\"}},\
             \"status\":\"MALICIOUS\",\"tags\":null,\"added_on\":\"2020\"}},\
             {{\"id\":\"6\",\"raw_indicator\":\"{one}\",\"type\":\"HASH_PDQ\",\"status\":\"UNKNOWN\",\"tags\":[\"a\"]}}]"
        );
        let found = Exchange::read(alone.as_bytes()).unwrap();
        assert_eq!(found.entries.len(), 1);
        assert_eq!(found.entries[0].descriptors.len(), 2);
        assert_eq!(found.entries[0].confirmations(), 1);
    }

    #[test]
    fn errors_say_where_and_what() {
        let wrong = |text: &str| Exchange::read(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong("a,b\n").starts_with("there is no column `td_raw_indicator`"));
        assert!(wrong("td_raw_indicator\nzz\n").starts_with("line 2: `zz` is no PDQ hash"));
        assert!(wrong("{}").contains("missing field `data`"));
        assert!(wrong("[{\"type\":\"HASH_PDQ\"}]").starts_with("record 1: there is neither"));
        assert!(wrong("[{\"indicator\":\"zz\",\"type\":\"HASH_PDQ\"}]").starts_with("record 1: `zz`"));
        assert!(wrong("{\"data\":[3]}").contains("it is not the JSON of ThreatExchange"));
    }

    fn word() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9,\"'äß ]{0,9}[a-z]"
    }

    prop_compose! {
        fn descriptor()(
            id in word(), owner in word(), owner_name in word(), status in word(), added_on in word(),
            tags in prop::collection::vec(word().prop_map(|tag| tag.trim().to_owned()), 0..3),
        ) -> Descriptor {
            let [id, owner, owner_name, status, added_on] =
                [id, owner, owner_name, status, added_on].map(|text| text.trim().to_owned());
            Descriptor { id, owner, owner_name, status, added_on, tags }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            said in prop::collection::btree_map(any::<[u8; 32]>(), prop::collection::vec(descriptor(), 0..3), 0..6),
        ) {
            let entries = said.into_iter().map(|(hash, descriptors)| {
                Indicator { hash: PdqHash::from_bytes(hash), record: 0, descriptors }
            });
            let exchange = Exchange { entries: entries.collect(), ..Exchange::default() };
            for text in [exchange.to_csv(), exchange.to_json()] {
                let mut again = Exchange::read(text.as_bytes()).unwrap();
                again.entries.iter_mut().for_each(|entry| entry.record = 0);
                prop_assert_eq!(&again, &exchange);
            }
        }
    }
}
