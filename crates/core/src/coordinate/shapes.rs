//! The JSON that coordination answers with, as a schema for those who read it.

use super::{ConflictInfo, IntentCheck, IntentInfo, Order, PartitionStanding, Pipeline, Registered, Stats};
use crate::state::{Event, Lease, Partition};
use schemars::generate::SchemaSettings;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value as Json, json};

/// A JSON schema (draft 2020-12) that has under `$defs` the answer of each command of `pleach
/// coordinate`, `lock` and `partition`, by the name of the command: what `coordinate register`
/// prints is held to `#/$defs/register`. `watch` prints one such object on each line.
#[must_use]
pub fn answers() -> Json {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let intent = generator.subschema_for::<IntentInfo>();
    let conflict = generator.subschema_for::<ConflictInfo>();
    let event = generator.subschema_for::<Event>();
    let partition = generator.subschema_for::<Partition>();
    let moves = ["status", "start", "complete", "submit", "approve", "reject", "abandon", "mark-merged"];
    let leases = ["lock acquire", "lock release", "lock renew", "lock list", "lock steal"];
    let lease_list = generator.subschema_for::<Vec<Lease>>();
    let mut answers: Vec<(&str, Schema)> = vec![
        ("register", generator.subschema_for::<Registered>()),
        ("check", generator.subschema_for::<IntentCheck>()),
        ("list-intents", generator.subschema_for::<Vec<IntentInfo>>()),
        ("conflicts", generator.subschema_for::<Vec<ConflictInfo>>()),
        ("resolve", conflict),
        (
            "review",
            json_schema!({ "type": "object", "properties": {
            "review": { "description": "From which risk on an intent has to be approved.",
                "enum": ["never", "high", "medium", "always"] } }, "required": ["review"] }),
        ),
        (
            "url",
            json_schema!({ "type": "object", "properties": {
            "url": { "description": "With the password: for handing over, never for logging.", "type": "string" } },
            "required": ["url"] }),
        ),
        ("history", generator.subschema_for::<Vec<Event>>()),
        ("watch", event),
        ("order", generator.subschema_for::<Order>()),
        ("merge-completed", generator.subschema_for::<Pipeline>()),
        ("stats", generator.subschema_for::<Stats>()),
        ("partition set", partition),
        ("partition list", generator.subschema_for::<Vec<Partition>>()),
        (
            "partition remove",
            json_schema!({ "type": "object", "properties": {
            "agent_type": { "description": "The sort of agent that owns nothing any more.", "type": "string" } },
            "required": ["agent_type"] }),
        ),
        ("partition check", generator.subschema_for::<PartitionStanding>()),
    ];
    answers.extend(moves.map(|name| (name, intent.clone())));
    answers.extend(leases.map(|name| (name, lease_list.clone())));
    let mut definitions: Map<String, Json> = generator.take_definitions(true);
    definitions.extend(answers.into_iter().map(|(name, schema)| (name.to_owned(), schema.to_value())));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What `pleach coordinate`, `pleach lock` and `pleach partition` answer with `--format json`",
        "$defs": definitions,
    })
}
