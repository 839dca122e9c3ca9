//! Partitions: what a sort of agent owns, and what it must leave to others.

use super::survey::{said, table_of};
use crate::project::Project;
use crate::state::{self, Collision, Partition, Severity};
use pleach_change::footprint::{Access, Footprint};
use pleach_postgres::{Class, Error, Result};
use pleach_schema::Address;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Something that a change touches and its agent does not own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Outside {
    /// The table or other object, as SQL.
    pub object: String,
    /// The sort of agent that owns it; `None` where nobody does.
    pub owner: Option<String>,
}

/// How a change stands to what its agent owns.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct PartitionStanding {
    /// The sort of agent, where it has a partition.
    pub agent_type: Option<String>,
    /// What lies outside of it.
    pub outside: Vec<Outside>,
}

impl PartitionStanding {
    /// Whether it has a partition and stays within: then nobody else can be in its way.
    pub fn is_within(&self) -> bool {
        self.agent_type.is_some() && self.outside.is_empty()
    }
}

impl Project {
    /// What each sort of agent owns.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn partitions(&self) -> Result<Vec<Partition>> {
        state::partitions::list(self.state.client(), self.row.id).await
    }

    /// Says what a sort of agent owns, in place of what was said before.
    ///
    /// # Errors
    /// `bad_partition` for a name that cannot be one.
    pub async fn set_partition(&self, partition: &Partition) -> Result<()> {
        if partition.agent_type.is_empty() || partition.agent_type.contains(':') {
            return Err(Error::new(Class::Input, "bad_partition", "not a name for a sort of agent")
                .on(format!("{:?}", partition.agent_type))
                .hint("use a word such as auth-agent, without a colon"));
        }
        state::partitions::set(self.state.client(), self.row.id, partition).await
    }

    /// Forgets what a sort of agent owns.
    ///
    /// # Errors
    /// `unknown_partition`.
    pub async fn remove_partition(&self, agent_type: &str) -> Result<()> {
        if state::partitions::remove(self.state.client(), self.row.id, agent_type).await? {
            return Ok(());
        }
        Err(Error::new(Class::State, "unknown_partition", "no partition is known for this sort of agent")
            .on(agent_type.to_owned())
            .hint("see `pleach partition list`"))
    }

    /// What of a change lies outside of what an agent owns, told from its text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub async fn check_partition(&mut self, agent: &str, sql: &str) -> Result<PartitionStanding> {
        let head = self.main_head().await?;
        let around = self.surroundings(&head).await?;
        let (footprint, _) = super::survey::read(&around, sql)?;
        Ok(standing(&self.partitions().await?, agent, None, &footprint))
    }
}

/// How a change stands to the partitions.
pub(super) fn standing(
    partitions: &[Partition],
    agent: &str,
    agent_type: Option<&str>,
    footprint: &Footprint,
) -> PartitionStanding {
    let own = partitions.iter().find(|partition| match agent_type {
        Some(named) => partition.agent_type == named,
        None => false,
    });
    // Without a sort of its own, an agent is of the sort that its name begins with.
    let own = own.or_else(|| {
        let begins = partitions.iter().filter(|partition| agent_type.is_none() && is_of(agent, &partition.agent_type));
        begins.max_by_key(|partition| partition.agent_type.len())
    });
    let mut outside = BTreeSet::new();
    for object in changed(footprint) {
        if own.is_some_and(|own| own.owns(&object)) {
            continue;
        }
        let owner = partitions.iter().find(|partition| partition.owns(&object));
        // Somebody without a partition may do what is nobody's.
        if own.is_some() || owner.is_some() {
            outside.insert(Outside { object: said(&object), owner: owner.map(|owner| owner.agent_type.clone()) });
        }
    }
    PartitionStanding { agent_type: own.map(|own| own.agent_type.clone()), outside: outside.into_iter().collect() }
}

/// What a change makes, changes or drops: tables for their parts.
fn changed(footprint: &Footprint) -> BTreeSet<Address> {
    let strong = footprint.touches.iter().filter(|touch| !matches!(touch.access, Access::Read | Access::Lock));
    strong.map(|touch| table_of(&touch.object).unwrap_or_else(|| touch.object.clone())).collect()
}

fn is_of(agent: &str, agent_type: &str) -> bool {
    let rest = agent.strip_prefix(agent_type);
    rest.is_some_and(|rest| rest.chars().next().is_none_or(|next| !next.is_alphanumeric()))
}

impl Partition {
    /// Whether an object is among its tables or in one of its schemas.
    fn owns(&self, object: &Address) -> bool {
        let schema = object.schema().unwrap_or_default();
        if self.owned_schemas.iter().any(|pattern| matches(pattern, schema)) {
            return true;
        }
        let (name, full) = (object.path.get(1).map_or("", String::as_str), object.path.join("."));
        self.owned_tables.iter().any(|pattern| {
            if pattern.contains('.') { matches(pattern, &full) } else { schema == "public" && matches(pattern, name) }
        })
    }
}

/// Whether a text is as a pattern says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The conflict of an intent that goes beyond what its sort of agent owns.
pub(super) fn conflict(agent: &str, standing: &PartitionStanding) -> Option<Collision> {
    if standing.outside.is_empty() {
        return None;
    }
    let of = |outside: &Outside| match &outside.owner {
        Some(owner) => format!("{} ({owner}'s)", outside.object),
        None => format!("{} (nobody's)", outside.object),
    };
    let list: Vec<String> = standing.outside.iter().map(of).collect();
    let what = match &standing.agent_type {
        Some(sort) => format!("{agent} is of the sort {sort} and goes beyond what that owns: {}", list.join(", ")),
        None => format!("{agent} goes into what others own: {}", list.join(", ")),
    };
    let owners: BTreeSet<&String> = standing.outside.iter().filter_map(|outside| outside.owner.as_ref()).collect();
    let mut suggestions: Vec<String> =
        owners.iter().map(|owner| format!("Hand the change of theirs to {owner}, or agree with them")).collect();
    if owners.is_empty() {
        suggestions.push("Widen the partition: `pleach partition set`".to_owned());
    }
    Some(Collision {
        key: "OWNERSHIP".to_owned(),
        class: "OWNERSHIP".to_owned(),
        severity: Severity::Error,
        verdict: "incompatible".to_owned(),
        verified: true,
        objects: standing.outside.iter().map(|outside| outside.object.clone()).collect(),
        attributes: Vec::new(),
        message: what,
        suggestions,
        evidence: json!({ "outside": standing.outside, "agent_type": standing.agent_type }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, matched) in [
            ("users", "users", true),
            ("users", "users2", false),
            ("search_*", "search_logs", true),
            ("*_logs", "search_logs", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c", false),
            ("*", "", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), matched, "{pattern} {text}");
        }
    }

    #[test]
    fn an_agent_is_of_the_sort_its_name_begins_with() {
        assert!(is_of("auth-agent", "auth-agent"));
        assert!(is_of("auth-agent-7", "auth-agent"));
        assert!(!is_of("auth-agents", "auth-agent"));
        assert!(!is_of("agent", "auth-agent"));
    }
}
