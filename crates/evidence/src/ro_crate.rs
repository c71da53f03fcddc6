//! RO-Crate 1.1 (<https://w3id.org/ro/crate/1.1>): a description of the run folder that archives and catalogues read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{FileEntry, Summary};

pub(crate) const FILE: &str = "ro-crate-metadata.json";
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
const CONTEXT: &str = "https://w3id.org/ro/crate/1.1/context";

pub(crate) fn metadata(summary: &Summary) -> Value {
    let provenance = &summary.provenance;
    let parts: Vec<_> = summary.files.iter().map(|file| json!({ "@id": identifier(&file.path) })).collect();
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
            "license": "Chosen by whoever publishes this run",
            "hasPart": parts,
            "mentions": { "@id": "#run" },
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
    ];
    graph.extend(summary.files.iter().map(|file| {
        json!({
            "@id": identifier(&file.path),
            "@type": "File",
            "name": file.path,
            "encodingFormat": media_type(&file.path),
            "contentSize": file.bytes.to_string(),
            "sha256": file.sha256,
        })
    }));
    json!({ "@context": CONTEXT, "@graph": graph })
}

/// Checks an RO-Crate description without any network: the descriptor, the root with its required properties, every
/// reference resolved within the graph, and one file entity for every file of `files` and no other.
///
/// Gives every complaint in words; none for a sound description. Source: RO-Crate 1.1, "Root Data Entity" and "Data
/// Entities".
pub fn check_ro_crate(metadata: &Value, files: &[FileEntry]) -> Vec<String> {
    let mut complaints = Vec::new();
    if metadata["@context"] != CONTEXT {
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
            Some(_) => {}
            None => complaints.push("an entity has no @id".to_owned()),
        }
    }
    let nothing = Value::Null;
    let descriptor = entities.get(FILE).copied().unwrap_or(&nothing);
    if descriptor["about"]["@id"] != "./" || descriptor["conformsTo"]["@id"] != SPECIFICATION {
        complaints.push(format!("`{FILE}` does not describe `./` after {SPECIFICATION}"));
    }
    let root = entities.get("./").copied().unwrap_or(&nothing);
    if root["@type"] != "Dataset" {
        complaints.push("the root is not a Dataset".to_owned());
    }
    for property in ["name", "description", "datePublished", "license"] {
        if root[property].as_str().is_none_or(str::is_empty) {
            complaints.push(format!("the root has no {property}"));
        }
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
    for part in parts.iter().filter(|part| !expected.contains_key(**part)) {
        complaints.push(format!("`{part}` is described and no file of the run"));
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
