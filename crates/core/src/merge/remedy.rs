//! What was decided about conflicts, brought to bear on a merge.

use super::work::{Stretch, Worked};
use crate::apply;
use crate::identity::{Newcomers, read};
use crate::project::Project;
use crate::prove::Proved;
use crate::state::DataStep;
use pleach_change::merge::whole_object_key;
use pleach_change::{Choice, Conflict, Plan, Resolution, Stage, Step};
use pleach_postgres::script::{Item, Splitter, Variables, is_data_change, statement_summary};
use pleach_postgres::{Error, Result};
use pleach_schema::{Lineage, Tree};
use std::collections::BTreeMap;
use std::fmt;

/// Everything decided about the conflicts of a merge.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// Sides taken, by the keys of conflicts between trees.
    pub choices: BTreeMap<String, Choice>,
    /// SQL that runs behind the merge.
    pub sql: Vec<String>,
    /// SQL for what PostgreSQL refused.
    remedies: Vec<(Spot, String)>,
    /// Conflicts between trees that SQL resolves, by their keys.
    by_sql: BTreeMap<String, String>,
}

/// Where on the way PostgreSQL refused, and what would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// Rows stand in the way of what a stretch ends with.
    Rows(usize),
    /// Rows stand in the way of what a stretch begins with.
    Before(usize),
    /// A data step is refused: this one, of all there are.
    Step(usize),
    /// No rows can help: the object is left as our side has it, and SQL comes behind the merge.
    Object,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Rows(at) => write!(f, "rows {at}"),
            Spot::Before(at) => write!(f, "before {at}"),
            Spot::Step(at) => write!(f, "step {at}"),
            Spot::Object => f.write_str("object 0"),
        }
    }
}

/// The key of a conflict that PostgreSQL itself raises.
pub(super) fn refused_key(spot: Spot, object: Option<Lineage>) -> String {
    let object = object.map(|lineage| format!(" {lineage}")).unwrap_or_default();
    format!("refused {spot}{object}")
}

/// Whether a key is one of a conflict that PostgreSQL raised.
pub(super) fn is_refused(key: &str) -> bool {
    key.starts_with("refused ") || key.starts_with("object ")
}

/// Whether SQL for a conflict has to change rows.
pub(super) fn wants_rows(key: &str) -> bool {
    parse(key).is_some_and(|(spot, _)| spot != Spot::Object)
}

fn parse(key: &str) -> Option<(Spot, Option<Lineage>)> {
    let mut words = key.strip_prefix("refused ")?.split(' ');
    let (what, at) = (words.next()?, words.next()?.parse().ok()?);
    let spot = match what {
        "rows" => Spot::Rows(at),
        "before" => Spot::Before(at),
        "step" => Spot::Step(at),
        _ => Spot::Object,
    };
    Some((spot, words.next().and_then(|word| word.parse().ok()).map(Lineage)))
}

impl Decisions {
    pub fn new(resolutions: &BTreeMap<String, Resolution>) -> Self {
        let mut decisions = Self::default();
        for (key, resolution) in resolutions {
            match (resolution, parse(key)) {
                (Resolution::Choice(choice), None) => {
                    decisions.choices.insert(key.clone(), *choice);
                }
                (Resolution::Choice(choice), Some((_, lineage))) => {
                    decisions.choices.extend(lineage.map(|lineage| (whole_object_key(lineage), *choice)));
                }
                (Resolution::Sql(sql), None) => {
                    decisions.choices.insert(key.clone(), Choice::Ours);
                    decisions.by_sql.insert(key.clone(), sql.clone());
                    decisions.sql.push(sql.clone());
                }
                (Resolution::Sql(sql), Some((Spot::Object, lineage))) => {
                    decisions.choices.extend(lineage.map(|lineage| (whole_object_key(lineage), Choice::Ours)));
                    decisions.sql.push(sql.clone());
                }
                (Resolution::Sql(sql), Some((spot, _))) => decisions.remedies.push((spot, sql.clone())),
            }
        }
        decisions
    }

    /// Settled conflicts with how that was decided: SQL runs behind a merge with our side's choice.
    pub fn settled(&self, settled: &[(Conflict, Choice)]) -> Vec<(Conflict, Resolution)> {
        let how = |(conflict, choice): &(Conflict, Choice)| {
            let sql = self.by_sql.get(&conflict.key).cloned().map(Resolution::Sql);
            (conflict.clone(), sql.unwrap_or(Resolution::Choice(*choice)))
        };
        settled.iter().map(how).collect()
    }

    /// The SQL that was given for a spot.
    pub fn given_for(&self, spot: Spot) -> Option<&str> {
        self.remedies.iter().find(|(other, _)| *other == spot).map(|(_, sql)| sql.as_str())
    }

    /// Puts what was decided about refusals into its place on the way.
    pub fn remedy(&self, worked: &mut Worked, ours: &Tree) {
        let mut before: BTreeMap<usize, Vec<DataStep>> = BTreeMap::new();
        let last = worked.stretches.len().saturating_sub(1);
        for (spot, sql) in &self.remedies {
            let step = DataStep::new("resolution", sql);
            match *spot {
                Spot::Step(at) => {
                    let steps = worked.stretches.iter_mut().flat_map(|stretch| &mut stretch.steps);
                    if let Some(refused) = steps.into_iter().nth(at) {
                        refused.sql = sql.clone();
                    }
                }
                Spot::Before(at) => before.entry(at.min(last)).or_default().push(step),
                Spot::Rows(_) | Spot::Object => {}
            }
        }
        for (spot, sql) in &self.remedies {
            if let (Spot::Rows(at), false) = (spot, worked.stretches.is_empty()) {
                worked.stretches[(*at).min(last)].steps.push(DataStep::new("resolution", sql));
            }
        }
        for (at, steps) in before.into_iter().rev() {
            let tree = if at == 0 { ours.clone() } else { worked.stretches[at - 1].tree.clone() };
            worked.stretches.insert(at, Stretch { tree, steps });
        }
    }
}

impl Project {
    /// Runs somebody's SQL on a proved merge, in the scratch database, and takes what it makes of
    /// the schema for the merged tree.
    pub(super) async fn add_sql(&mut self, mut proved: Proved, sql: &[String]) -> Result<Proved> {
        if sql.is_empty() {
            return Ok(proved);
        }
        let step = |sql: &String| Step {
            sql: sql.clone(),
            object: None,
            stage: Stage::Data,
            destroys: None,
            admin: false,
            label: false,
        };
        let added = Plan { steps: sql.iter().map(step).collect(), labels_first: false };
        let outcome = async {
            let mut session = self.session(&proved.scratch).await?;
            let transaction = session.transaction().await?;
            apply::run(&transaction, &added, self.own_role()).await?;
            let live = read(&transaction, &self.own_roles(), Newcomers::Carry(&proved.tree)).await?;
            live.record(&transaction).await?;
            transaction.commit().await?;
            session.close().await;
            Ok::<_, Error>(live.tree)
        }
        .await;
        match outcome {
            Ok(tree) => {
                proved.plan.steps.extend(added.steps);
                proved.proof.expected = tree.hash();
                proved.proof.found = tree.hash();
                proved.proof.steps = proved.plan.steps.len();
                proved.proof.objects = tree.len();
                proved.tree = tree;
                Ok(proved)
            }
            Err(error) => {
                self.discard_database(&proved.scratch).await?;
                Err(error)
            }
        }
    }
}

/// The statements of a script that change rows: what of it belongs to a commit as a data step. The
/// rest, also a table made with its rows, is in the commit's tree.
pub(super) fn data_statements(sql: &str) -> Option<String> {
    let mut splitter = Splitter::new("resolution", sql.as_bytes());
    let variables = Variables::default();
    let mut kept = Vec::new();
    while let Ok(Some(item)) = splitter.next(&variables) {
        let Item::Statement(statement) = item else { continue };
        let makes_a_table = statement_summary(&statement.sql).starts_with("CREATE ");
        if is_data_change(&statement.sql) && !makes_a_table {
            kept.push(format!("{};", statement.sql.trim_end().trim_end_matches(';')));
        }
    }
    (!kept.is_empty()).then(|| kept.join("\n"))
}
