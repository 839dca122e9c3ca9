//! Intents and conflicts as they are shown.

use crate::shape::Moment;
use crate::state::{Intent, IntentConflict, IntentId, Risk, Severity, Status};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// An intent as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IntentInfo {
    /// Its number.
    pub id: IntentId,
    /// Whose it is.
    pub agent_id: String,
    /// What sort of agent that is, where one is known.
    pub agent_type: Option<String>,
    /// What it is for.
    pub feature_name: String,
    /// The branch it is worked on.
    pub branch_name: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// The statements.
    pub schema_changes: Vec<String>,
    /// The tables it touches.
    pub tables_affected: Vec<String>,
    /// How much it can hurt.
    pub risk_level: Risk,
    /// How long it will take.
    pub estimated_hours: Option<f64>,
    /// What its agent keeps with it.
    #[schemars(with = "Map<String, Json>")]
    pub metadata: Json,
    /// The intents it builds on.
    pub depends_on: Vec<IntentId>,
    /// The intents that it is in conflict with.
    pub conflicts_with: Vec<IntentId>,
    /// Conflicts that somebody has to deal with.
    pub open_conflicts: usize,
    /// Whether what it touches was found by running it.
    pub executed: bool,
    /// Who registered it.
    pub registered_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub created_at: OffsetDateTime,
    /// When work on it began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<Moment>")]
    pub started_at: Option<OffsetDateTime>,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<Moment>")]
    pub completed_at: Option<OffsetDateTime>,
    /// When it was merged or given up.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<Moment>")]
    pub closed_at: Option<OffsetDateTime>,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub updated_at: OffsetDateTime,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<Moment>")]
    pub approved_at: Option<OffsetDateTime>,
}

impl IntentInfo {
    pub(super) fn new(intent: Intent, depends_on: Vec<IntentId>, conflicts: &[IntentConflict]) -> Self {
        let standing: Vec<_> = conflicts.iter().filter(|conflict| conflict.closed_at.is_none()).collect();
        let mut conflicts_with: Vec<IntentId> = standing
            .iter()
            .filter_map(|conflict| conflict.other(intent.id))
            .filter(|other| *other != intent.id)
            .collect();
        conflicts_with.sort_unstable();
        conflicts_with.dedup();
        Self {
            id: intent.id,
            agent_id: intent.agent_id,
            agent_type: intent.agent_type,
            feature_name: intent.feature_name,
            branch_name: intent.branch_name,
            status: intent.status,
            schema_changes: intent.schema_changes,
            tables_affected: intent.tables_affected,
            risk_level: intent.risk_level,
            estimated_hours: intent.estimated_hours,
            metadata: intent.metadata,
            depends_on,
            conflicts_with,
            open_conflicts: standing.iter().filter(|conflict| conflict.blocks()).count(),
            executed: intent.executed,
            registered_by: intent.registered_by,
            created_at: intent.registered_at,
            started_at: intent.started_at,
            completed_at: intent.completed_at,
            closed_at: intent.closed_at,
            updated_at: intent.updated_at,
            approved_by: intent.approved_by,
            approved_at: intent.approved_at,
        }
    }
}

/// A conflict as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConflictInfo {
    /// Its number.
    pub id: i64,
    /// The intent that was registered first.
    pub intent_a: Party,
    /// The other one; `None` where an intent goes beyond what its sort of agent owns.
    pub intent_b: Option<Party>,
    /// What they collide on: `TABLE`, `COLUMN` …
    pub conflict_type: String,
    /// How bad it is.
    pub severity: Severity,
    /// How the two changes relate.
    pub verdict: String,
    /// Whether PostgreSQL said so.
    pub verified: bool,
    /// Whether it keeps its intents from being merged.
    pub blocks: bool,
    /// The objects, as people write them.
    pub affected_objects: Vec<String>,
    /// Their attributes.
    pub affected_attributes: Vec<String>,
    /// What is the matter.
    pub message: String,
    /// What this pair could do.
    pub resolution_suggestions: Vec<String>,
    /// What was seen.
    pub evidence: Json,
    /// When it was found.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "Moment")]
    pub created_at: OffsetDateTime,
    /// Whether somebody dealt with it.
    pub reviewed: bool,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<Moment>")]
    pub reviewed_at: Option<OffsetDateTime>,
    /// Who.
    pub reviewed_by: Option<String>,
    /// What they agreed on.
    pub resolution_notes: Option<String>,
    /// Why it is over, if it is.
    pub closed: Option<String>,
}

/// One of a conflict's two.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Party {
    /// The intent; 0 for one that was only checked.
    pub intent_id: IntentId,
    /// Whose it is.
    pub agent_id: String,
    /// What it is for.
    pub feature_name: String,
    /// Where it is worked on.
    pub branch_name: Option<String>,
}

impl Party {
    pub(super) fn of(intent: &Intent) -> Self {
        Self {
            intent_id: intent.id,
            agent_id: intent.agent_id.clone(),
            feature_name: intent.feature_name.clone(),
            branch_name: intent.branch_name.clone(),
        }
    }
}

impl ConflictInfo {
    pub(super) fn new(conflict: IntentConflict, intents: &BTreeMap<IntentId, Party>) -> Self {
        let party = |id: IntentId| {
            intents.get(&id).cloned().unwrap_or(Party {
                intent_id: id,
                agent_id: String::new(),
                feature_name: String::new(),
                branch_name: None,
            })
        };
        let blocks = conflict.blocks();
        let found = conflict.collision;
        Self {
            id: conflict.id.0,
            intent_a: party(conflict.first),
            intent_b: conflict.second.map(party),
            blocks,
            reviewed: conflict.reviewed_at.is_some() || conflict.closed_at.is_some(),
            conflict_type: found.class,
            severity: found.severity,
            verdict: found.verdict,
            verified: found.verified,
            affected_objects: found.objects.iter().map(|object| plain(object)).collect(),
            affected_attributes: found.attributes,
            message: found.message,
            resolution_suggestions: found.suggestions,
            evidence: found.evidence,
            created_at: conflict.found_at,
            reviewed_at: conflict.reviewed_at,
            reviewed_by: conflict.reviewed_by,
            resolution_notes: conflict.notes,
            closed: conflict.closed_why,
        }
    }
}

/// `users` from `table public.users`: what people call it.
fn plain(object: &str) -> String {
    let name = object.split_once(' ').filter(|(kind, _)| *kind == "table").map_or(object, |(_, name)| name);
    name.strip_prefix("public.").unwrap_or(name).to_owned()
}
