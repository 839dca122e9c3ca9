//! What linting found, as SARIF 2.1.0.

use crate::app::internal;
use crate::failure::Outcome;
use pleach_core::{Finding, Level, Linted};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Found<'a>>,
    properties: Value,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    properties: Value,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// Findings as a SARIF log.
pub fn sarif(found: &Linted) -> Outcome<String> {
    let names: BTreeMap<&str, usize> = {
        let mut names: Vec<&str> = found.findings.iter().map(|finding| finding.rule.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().enumerate().map(|(index, name)| (name, index)).collect()
    };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "pleach",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: names.keys().map(|id| Rule { id, help_uri: help(id) }).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: found.findings.iter().map(|finding| result(finding, &names)).collect(),
            properties: json!({ "server": found.server, "on": found.on, "notes": found.notes }),
        }],
    };
    let text = serde_json::to_string_pretty(&log).map_err(|error| internal(format!("cannot write SARIF: {error}")))?;
    Ok(text + "\n")
}

fn result<'a>(finding: &'a Finding, names: &BTreeMap<&str, usize>) -> Found<'a> {
    let mut text = finding.message.clone();
    for (word, more) in [("Measured", &finding.measured), ("Help", &finding.help)] {
        if let Some(more) = more {
            text.push_str(&format!("\n{word}: {more}"));
        }
    }
    Found {
        rule_id: &finding.rule,
        rule_index: names.get(finding.rule.as_str()).copied().unwrap_or_default(),
        level: match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        message: Message { text },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact { uri: uri(&finding.file) },
                region: Region {
                    start_line: finding.line,
                    start_column: finding.column,
                    end_line: finding.end_line,
                    end_column: finding.end_column,
                },
            },
        }],
        properties: json!({ "also": finding.also, "sqlstate": finding.postgres.as_ref().map(|said| &said.sqlstate) }),
    }
}

/// Where a rule of squawk is explained. Its names have hyphens, ours have underscores.
fn help(rule: &str) -> Option<String> {
    rule.contains('-').then(|| format!("https://squawkhq.com/docs/{rule}"))
}

/// A path as a reference of a URI.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => out.push(byte as char),
            // Writing to a String cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("./db/1 ü.sql"), "db/1%20%C3%BC.sql");
    }
}
