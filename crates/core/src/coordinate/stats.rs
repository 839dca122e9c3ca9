//! Numbers about coordination, from the same views that others query.

use crate::project::Project;
use pleach_postgres::Result;
use schemars::JsonSchema;
use serde::Serialize;

/// Numbers about coordination.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stats {
    /// How many intents there are of each status.
    pub intents: Vec<StatusCount>,
    /// Merges by day, newest first.
    pub merges: Vec<DayCount>,
    /// Agents, those in most conflicts first.
    pub agents: Vec<AgentCount>,
}

/// How many intents there are of a status.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusCount {
    /// The status.
    pub status: String,
    /// How many.
    pub count: i64,
}

/// The merges of a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DayCount {
    /// The day, by the database's time zone.
    pub date: String,
    /// How many merges.
    pub total_merges: i64,
    /// How many of them had conflicts.
    pub conflicts: i64,
}

/// What an agent has done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgentCount {
    /// The agent.
    pub agent_id: String,
    /// How many intents it registered.
    pub intents: i64,
    /// How many of them were merged.
    pub merged: i64,
    /// In how many conflicts it was.
    pub conflicts: i64,
}

impl Project {
    /// Numbers about coordination.
    ///
    /// # Errors
    /// When the state database cannot be read.
    pub async fn coordination_stats(&self) -> Result<Stats> {
        let (client, id) = (self.state.client(), &self.row.id.0);
        let sql = "select s.status, count(i.id) from pleach.intent_status s
            left join pleach.intent i on i.status = s.status and i.project_id = $1
            group by s.status, s.place order by s.place";
        let mut intents = Vec::new();
        for row in client.query(sql, &[id]).await? {
            intents.push(StatusCount { status: row.try_get(0)?, count: row.try_get(1)? });
        }
        let sql = "select created_at::date::text, count(*), count(*) filter (where had_conflicts)
            from pggit_merge_history where project = $1 group by created_at::date order by 1 desc limit 14";
        let mut merges = Vec::new();
        for row in client.query(sql, &[&self.row.name]).await? {
            merges.push(DayCount { date: row.try_get(0)?, total_merges: row.try_get(1)?, conflicts: row.try_get(2)? });
        }
        let sql = "select i.agent_id, count(distinct i.id), count(distinct i.id) filter (where i.status = 'merged'),
                count(distinct c.id)
            from pleach.intent i left join pleach.intent_conflict c on i.id in (c.first, c.second)
            where i.project_id = $1 group by i.agent_id order by 4 desc, 2 desc, 1 limit 20";
        let mut agents = Vec::new();
        for row in client.query(sql, &[id]).await? {
            agents.push(AgentCount {
                agent_id: row.try_get(0)?,
                intents: row.try_get(1)?,
                merged: row.try_get(2)?,
                conflicts: row.try_get(3)?,
            });
        }
        Ok(Stats { intents, merges, agents })
    }
}
