//! RO-Crate 1.1 (<https://w3id.org/ro/crate/1.1>): a description of the run folder that archives and catalogues read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{FileEntry, Summary};

pub(crate) const FILE: &str = "ro-crate-metadata.json";
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
const CONTEXT: &str = "https://w3id.org/ro/crate/1.1/context";
const LICENCE: &str = "#licence";
/// The one file whose digest no description can hold.
pub(crate) const LOG: &str = "log.jsonl";

pub(crate) fn metadata(summary: &Summary, files: &[FileEntry]) -> Value {
    let provenance = &summary.provenance;
    let log = json!({ "@id": LOG });
    let parts: Vec<_> =
        files.iter().map(|file| json!({ "@id": identifier(&file.path) })).chain(std::iter::once(log)).collect();
    let mut graph = vec![
        json!({
            "@id": FILE,
            "@type": "CreativeWork",
            "conformsTo": { "@id": SPECIFICATION },
            "about": { "@id": "./" },
        }),
        json!({
            "@id": "./",
            "@type": "Dataset",
            "name": "A Sightline run",
            "description": "Who can see what in messaging systems with detection: measured evidence, its report and its provenance.",
            "datePublished": provenance.date,
            "license": { "@id": LICENCE },
            "hasPart": parts,
            "mentions": { "@id": "#run" },
        }),
        json!({
            "@id": LICENCE,
            "@type": "CreativeWork",
            "name": "No licence yet",
            "description": "Chosen by whoever publishes this run: measured numbers and generated pictures carry none of their own.",
        }),
        json!({
            "@id": "#run",
            "@type": "CreateAction",
            "name": "Assessment",
            "description": provenance.command,
            "instrument": { "@id": "#sightline" },
            "result": { "@id": "./" },
        }),
        json!({
            "@id": "#sightline",
            "@type": "SoftwareApplication",
            "name": summary.tool.name,
            "softwareVersion": summary.tool.version,
        }),
        json!({
            "@id": LOG,
            "@type": "File",
            "name": LOG,
            "description": "What happened, as it happened; written until the end, so without a digest. It may be missing.",
            "encodingFormat": "application/jsonl",
        }),
    ];
    graph.extend(files.iter().map(|file| {
        json!({
            "@id": identifier(&file.path),
            "@type": "File",
            "name": file.path,
            "encodingFormat": media_type(&file.path),
            "contentSize": file.bytes.to_string(),
            "sha256": file.sha256,
        })
    }));
    json!({ "@context": [CONTEXT, { "sha256": "http://schema.org/sha256" }], "@graph": graph })
}

/// Checks an RO-Crate description without any network: its context and the terms used, a flat graph of typed entities,
/// the descriptor, the root with its required properties and a licence, every reference resolved within the graph, and
/// one file entity with the right size and digest for every file of `files` and no other.
///
/// Gives every complaint in words; none for a sound description. Source: RO-Crate 1.1, "Metadata of the RO-Crate", "Root
/// Data Entity", "Data Entities", "Contextual Entities" and its appendix on JSON-LD.
pub fn check_ro_crate(metadata: &Value, files: &[FileEntry]) -> Vec<String> {
    let mut complaints = Vec::new();
    let context =
        metadata["@context"].as_array().map_or_else(|| std::slice::from_ref(&metadata["@context"]), Vec::as_slice);
    if !context.iter().any(|part| part == CONTEXT) {
        complaints.push(format!("the context is not {CONTEXT}"));
    }
    let Some(graph) = metadata["@graph"].as_array() else {
        complaints.push("there is no @graph".to_owned());
        return complaints;
    };
    let mut entities = BTreeMap::new();
    for entity in graph {
        match entity["@id"].as_str() {
            Some(id) if entities.insert(id, entity).is_some() => complaints.push(format!("`{id}` is described twice")),
            Some(id) => complaints.extend(check_entity(id, entity, context)),
            None => complaints.push("an entity has no @id".to_owned()),
        }
    }
    let nothing = Value::Null;
    let entity = |id: &str| entities.get(id).copied().unwrap_or(&nothing);
    let descriptor = entity(FILE);
    if descriptor["about"]["@id"] != "./" || descriptor["conformsTo"]["@id"] != SPECIFICATION {
        complaints.push(format!("`{FILE}` does not describe `./` after {SPECIFICATION}"));
    }
    if descriptor["@type"] != "CreativeWork" {
        complaints.push(format!("`{FILE}` is no CreativeWork"));
    }
    let root = entity("./");
    if root["@type"] != "Dataset" {
        complaints.push("the root is no Dataset".to_owned());
    }
    for property in ["name", "description", "datePublished"] {
        if root[property].as_str().is_none_or(str::is_empty) {
            complaints.push(format!("the root has no {property}"));
        }
    }
    if root["datePublished"].as_str().is_some_and(|date| !date.is_empty() && !is_date(date)) {
        complaints.push("datePublished is no date of ISO 8601".to_owned());
    }
    let licence = entity(root["license"]["@id"].as_str().unwrap_or_default());
    if ["name", "description"].iter().any(|property| licence[*property].as_str().is_none_or(str::is_empty)) {
        complaints.push("the root has no licence with a name and a description".to_owned());
    }
    for entity in graph {
        for id in references(entity) {
            if !entities.contains_key(id) && !id.starts_with("https://") {
                complaints.push(format!("`{id}` is referred to and not described"));
            }
        }
    }
    check_parts(root, &entities, files, &mut complaints);
    complaints
}

/// One entity by itself: it has a type, its properties are terms of the context, and nothing is nested in it.
fn check_entity(id: &str, entity: &Value, context: &[Value]) -> Vec<String> {
    let mut complaints = Vec::new();
    if entity["@type"].as_str().is_none_or(str::is_empty) {
        complaints.push(format!("`{id}` has no @type"));
    }
    for (term, value) in entity.as_object().into_iter().flatten() {
        let defined = TERMS.contains(&term.as_str()) || context.iter().any(|part| part[term].is_string());
        if !defined {
            complaints.push(format!("`{id}` has `{term}`, which the context does not define"));
        }
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        let nested =
            |value: &Value| value.as_object().is_some_and(|object| object.len() != 1 || !value["@id"].is_string());
        if values.iter().any(nested) {
            complaints.push(format!("`{id}` holds another entity in `{term}`: the graph must be flat"));
        }
    }
    complaints
}

/// The terms of the RO-Crate 1.1 context that are used here. `sha256` came to schema.org after it.
const TERMS: [&str; 15] = [
    "@id",
    "@type",
    "about",
    "conformsTo",
    "contentSize",
    "datePublished",
    "description",
    "encodingFormat",
    "hasPart",
    "instrument",
    "license",
    "mentions",
    "name",
    "result",
    "softwareVersion",
];

/// A day as ISO 8601 writes it: `2026-01-31`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

fn check_parts(root: &Value, entities: &BTreeMap<&str, &Value>, files: &[FileEntry], complaints: &mut Vec<String>) {
    let parts: BTreeSet<_> =
        root["hasPart"].as_array().into_iter().flatten().filter_map(|part| part["@id"].as_str()).collect();
    let expected: BTreeMap<_, _> = files.iter().map(|file| (identifier(&file.path), file)).collect();
    for (id, file) in &expected {
        let Some(entity) = entities.get(id.as_str()).filter(|_| parts.contains(id.as_str())) else {
            complaints.push(format!("`{}` is a file of the run and no part of the description", file.path));
            continue;
        };
        let sound = entity["@type"] == "File"
            && entity["sha256"] == file.sha256
            && entity["contentSize"].as_str().and_then(|size| size.parse().ok()) == Some(file.bytes)
            && entity["encodingFormat"].as_str().is_some_and(|format| format.contains('/'));
        if !sound {
            complaints.push(format!("`{}` is described with another type, size or digest", file.path));
        }
    }
    let described = entities.iter().filter(|(_, entity)| entity["@type"] == "File").map(|(id, _)| *id);
    for part in parts.iter().copied().chain(described).collect::<BTreeSet<_>>() {
        if !expected.contains_key(part) && part != LOG {
            complaints.push(format!("`{part}` is described and no file of the run"));
        }
    }
}

/// Every `{"@id": …}` below the properties of an entity.
fn references(entity: &Value) -> Vec<&str> {
    let values = entity.as_object().into_iter().flat_map(|object| object.values());
    values
        .flat_map(|value| value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice))
        .filter_map(|value| value["@id"].as_str())
        .collect()
}

/// A path as a relative URI (RFC 3986): everything but unreserved characters and `/` is percent-encoded.
fn identifier(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "csv" => "text/csv",
        "html" => "text/html",
        "json" => "application/json",
        "parquet" => "application/vnd.apache.parquet",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "toml" => "application/toml",
        _ => "application/octet-stream",
    }
}
