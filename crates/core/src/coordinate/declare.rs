//! Declaring a change: registering an intent, or only asking whom it would collide with.

use super::info::{ConflictInfo, IntentInfo, Party};
use super::judge::Judge;
use super::pairs::{Found, record_new};
use super::partitions::{self, PartitionStanding};
use super::settle;
use super::survey::{self, Survey};
use crate::branch::Created;
use crate::project::Project;
use crate::recover::damaged_state;
use crate::state::events::NewEvent;
use crate::state::intents::{self, Intent, NewIntent, Risk, Status};
use crate::state::{self, Collision, Commit, ConflictId, IntentConflict, IntentId, JournalGuard, intent_conflicts};
use pleach_change::footprint::Footprint;
use pleach_postgres::{Class, Error, Result};
use pleach_schema::{Address, Tree};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use time::OffsetDateTime;

/// How many characters a name has at most.
const LONGEST_NAME: usize = 200;

/// After how many of those that touch the same a change is tried that does not run by itself.
const OTHERS_TRIED: usize = 8;

/// What an agent declares.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Whose it is.
    pub agent_id: String,
    /// What sort of agent that is; without it the sort that its name begins with.
    pub agent_type: Option<String>,
    /// What it is for.
    pub feature_name: String,
    /// The statements, as SQL.
    pub schema_changes: String,
    /// Tables that it touches besides those found.
    pub tables_affected: Vec<String>,
    /// How much it can hurt.
    pub risk_level: Risk,
    /// How long it will take.
    pub estimated_hours: Option<f64>,
    /// What is to be kept with it; an object.
    pub metadata: Json,
    /// The intents it builds on.
    pub depends_on: Vec<IntentId>,
    /// Where it is worked on: a new branch without a name, no branch with `Some(None)`.
    pub branch: Option<Option<String>>,
    /// Whether it is run, and each pair that touches; else all is told from its text.
    pub execute: bool,
}

/// An intent that was registered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Registered {
    /// The intent.
    #[serde(flatten)]
    pub intent: IntentInfo,
    /// Whom it collides with.
    pub conflicts: Vec<ConflictInfo>,
    /// The branch that was made for it.
    pub branch: Option<Created>,
    /// What reading could not see through.
    pub opaque: Vec<String>,
    /// Microseconds that it took inside the core.
    pub microseconds: u64,
}

/// What a registration would have found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntentCheck {
    /// The tables it touches.
    pub tables_affected: Vec<String>,
    /// The intents it would build on.
    pub depends_on: Vec<IntentId>,
    /// Whom it would collide with.
    pub conflicts: Vec<ConflictInfo>,
    /// Whether it was run.
    pub executed: bool,
    /// What reading could not see through.
    pub opaque: Vec<String>,
    /// Microseconds that it took inside the core.
    pub microseconds: u64,
}

/// A declaration that was looked into.
struct Surveyed {
    head: Commit,
    tree: Tree,
    statements: Vec<String>,
    survey: Survey,
    standing: PartitionStanding,
    needs: Vec<IntentId>,
    tables: Vec<String>,
}

impl Surveyed {
    fn opaque(&self) -> Vec<String> {
        self.survey.footprint.opaque.iter().map(|opaque| opaque.what.clone()).collect()
    }

    /// The keys under which it is found; none where nobody else can be in its way.
    fn keys(&self) -> Vec<(String, bool)> {
        if self.standing.is_within() { Vec::new() } else { keys(&self.survey) }
    }
}

pub(super) fn keys(survey: &Survey) -> Vec<(String, bool)> {
    survey.footprint.keys().into_iter().map(|key| (key.text, key.strong)).collect()
}

impl Project {
    /// Registers an intent: looks into what it touches, keeps it, tells whom it collides with, and
    /// gives it a branch.
    ///
    /// # Errors
    /// `bad_sql`, `change_refused` and others for a change that cannot run; `unknown_intent` for one
    /// that it shall build on and is not there; `branch_has_intent`.
    pub async fn register_intent(&mut self, declaration: &Declaration) -> Result<Registered> {
        let started = Instant::now();
        let surveyed = self.look_into(declaration).await?;
        let (intent, pairs, created) = match declaration.branch {
            Some(_) => {
                let (intent, pairs) = self.keep(declaration, &surveyed, None).await?;
                (intent, pairs, None)
            }
            None => self.keep_with_branch(declaration, &surveyed).await?,
        };
        if declaration.execute {
            self.judge_pairs(&surveyed.head, &surveyed.tree, &pairs, Instant::now().checked_add(self.patience()))
                .await?;
        }
        let depends_on: BTreeSet<IntentId> = surveyed.needs.iter().copied().collect();
        let mut conflicts = intent_conflicts::list(self.state.client(), self.row.id, Some(intent.id)).await?;
        conflicts.retain(|conflict| conflict.closed_at.is_none());
        Ok(Registered {
            opaque: surveyed.opaque(),
            intent: IntentInfo::new(intent, depends_on.into_iter().collect(), &conflicts),
            conflicts: self.shown(conflicts).await?,
            branch: created,
            microseconds: micros(started),
        })
    }

    /// Tells whom a change would collide with, and keeps nothing.
    ///
    /// # Errors
    /// As [`Project::register_intent`].
    pub async fn check_intent(&mut self, declaration: &Declaration) -> Result<IntentCheck> {
        let started = Instant::now();
        let surveyed = self.look_into(declaration).await?;
        let mine = provisional(declaration, &surveyed);
        let needs: Vec<_> = surveyed.needs.iter().map(|needed| (mine.id, *needed)).collect();
        let others = self.touching(&surveyed).await?;
        let mut found: Vec<IntentConflict> = Vec::new();
        let mut judge = None;
        for other in &others {
            let theirs = survey_of(other)?;
            let mut judged = None;
            if declaration.execute && other.executed && started.elapsed() < self.patience() {
                if judge.is_none() {
                    judge = Some(self.judge(&surveyed.head).await?);
                }
                if let Some(judge) = &mut judge {
                    judged =
                        Some(self.try_both(judge, &surveyed.tree, (other, &theirs), (&mine, &surveyed.survey)).await?);
                }
            }
            let conflicts =
                settle::conflicts((other, &theirs), (&mine, &surveyed.survey), &surveyed.tree, judged.as_ref(), &needs);
            found.extend(conflicts.into_iter().map(|new| unkept(new, other.id, Some(mine.id))));
        }
        if let Some(judge) = judge {
            judge.release(self).await?;
        }
        let same = intents::of_feature(self.state.client(), self.row.id, &declaration.feature_name).await?;
        let same = same.iter().filter(|other| other.agent_id != declaration.agent_id);
        found.extend(same.map(|other| unkept(settle::same_feature(other, &mine), other.id, Some(mine.id))));
        found.extend(
            partitions::conflict(&declaration.agent_id, &surveyed.standing).map(|new| unkept(new, mine.id, None)),
        );
        let mut parties: BTreeMap<IntentId, Party> = others.iter().map(|other| (other.id, Party::of(other))).collect();
        parties.insert(mine.id, Party::of(&mine));
        Ok(IntentCheck {
            opaque: surveyed.opaque(),
            tables_affected: surveyed.tables,
            depends_on: surveyed.needs,
            conflicts: found.into_iter().map(|conflict| ConflictInfo::new(conflict, &parties)).collect(),
            executed: surveyed.survey.ended.is_some(),
            microseconds: micros(started),
        })
    }

    /// Finds out what a declaration touches.
    async fn look_into(&mut self, declaration: &Declaration) -> Result<Surveyed> {
        check(declaration)?;
        let head = self.main_head().await?;
        let around = self.surroundings(&head).await?;
        let (footprint, statements) = survey::read(&around, &declaration.schema_changes)?;
        let mut survey = Survey { footprint, ended: None };
        let tree = around.tree().clone();
        let mut needs = self.existing(&declaration.depends_on).await?;
        if declaration.execute && self.may_be_tried(&survey.footprint).await? {
            needs = self.run_alone(&head, &tree, &statements, &mut survey, needs).await?;
        }
        let known = self.partitions().await?;
        let standing =
            partitions::standing(&known, &declaration.agent_id, declaration.agent_type.as_deref(), &survey.footprint);
        let mut tables = survey::tables(&survey.footprint, &tree);
        for table in &declaration.tables_affected {
            let plain = table.strip_prefix("public.").unwrap_or(table);
            if !tables.iter().any(|known| known == plain) {
                tables.push(plain.to_owned());
            }
        }
        Ok(Surveyed { head, tree, statements, survey, standing, needs, tables })
    }

    /// Whether a change can be run where it is tried. On a private server a role does that which may
    /// do nothing outside of the branches; a superuser on a server of somebody's own could be led to
    /// do anything by what reading does not see through.
    async fn may_be_tried(&self, footprint: &Footprint) -> Result<bool> {
        if self.secrets.owner.is_some() || !footprint.opaque.iter().any(|opaque| opaque.boundless) {
            return Ok(true);
        }
        let sql = "select not rolsuper from pg_catalog.pg_roles where rolname = session_user";
        Ok(self.admin.query_one(sql, &[]).await?.try_get(0)?)
    }

    /// The intents of these numbers.
    async fn existing(&self, ids: &[IntentId]) -> Result<Vec<IntentId>> {
        for id in ids {
            intents::get_by_id(self.state.client(), self.row.id, *id).await?;
        }
        Ok(ids.to_vec())
    }

    /// Runs a change by itself, or after those it needs: what it says it builds on, or else what
    /// makes the things it lacks. Returns what it was run after.
    async fn run_alone(
        &mut self,
        head: &Commit,
        tree: &Tree,
        statements: &[String],
        survey: &mut Survey,
        declared: Vec<IntentId>,
    ) -> Result<Vec<IntentId>> {
        let mut judge = self.judge(head).await?;
        let outcome = self.run_on(&mut judge, tree, statements, survey, declared).await;
        judge.release(self).await?;
        outcome
    }

    async fn run_on(
        &self,
        judge: &mut Judge,
        tree: &Tree,
        statements: &[String],
        survey: &mut Survey,
        declared: Vec<IntentId>,
    ) -> Result<Vec<IntentId>> {
        let before = self.with_needs(&declared).await?;
        let prefix: Vec<&[String]> = before.iter().map(|intent| intent.schema_changes.as_slice()).collect();
        let refused = match survey::run(judge, &prefix, statements, tree, &mut survey.footprint).await? {
            Ok(seen) => {
                survey.ended = Some(seen);
                return Ok(declared);
            }
            Err(refused) => refused,
        };
        // It may need what somebody else is about to do.
        if declared.is_empty() {
            for maker in self.makers(survey).await? {
                let before = self.with_needs(&[maker]).await?;
                let prefix: Vec<&[String]> = before.iter().map(|intent| intent.schema_changes.as_slice()).collect();
                if let Ok(seen) = survey::run(judge, &prefix, statements, tree, &mut survey.footprint).await? {
                    survey.ended = Some(seen);
                    return Ok(vec![maker]);
                }
            }
        }
        let number = refused.statement + 1;
        let statement = statements.get(refused.statement).filter(|_| refused.change == prefix.len());
        let first_line = statement.and_then(|sql| sql.lines().next()).unwrap_or_default();
        let (object, hint) = if refused.change < prefix.len() {
            let needed = before.get(refused.change).map(|intent| intent.id.to_string()).unwrap_or_default();
            (format!("intent {needed}, statement {number}"), "what it builds on does not run on main any more")
        } else {
            (
                format!("statement {number}"),
                "correct the statement; if it builds on another agent's change, name that with `--depends-on`",
            )
        };
        Err(Error {
            code: "change_refused",
            message: format!("PostgreSQL refuses the change on main: `{first_line}`"),
            ..refused.error
        }
        .on(object)
        .hint(hint))
    }

    /// Intents that may have to come before a change that does not run by itself: those that make
    /// what it lacks, and then the last ones of those that touch the same.
    async fn makers(&self, survey: &Survey) -> Result<Vec<IntentId>> {
        let missing: BTreeSet<&Address> =
            survey.footprint.touches.iter().filter(|touch| touch.missing).map(|touch| &touch.object).collect();
        let touching = intents::touching(self.state.client(), self.row.id, &keys(survey)).await?;
        let (mut makers, mut others) = (Vec::new(), Vec::new());
        for intent in intents::many(self.state.client(), self.row.id, &touching).await? {
            let theirs = survey_of(&intent)?;
            let makes = |touch: &pleach_change::footprint::Touch| {
                touch.access == pleach_change::footprint::Access::Create
                    && missing.iter().any(|lacked| lacked.path.starts_with(&touch.object.path))
            };
            let is_maker = theirs.footprint.touches.iter().any(makes);
            if is_maker { &mut makers } else { &mut others }.push(intent.id);
        }
        makers.extend(others.into_iter().rev().take(OTHERS_TRIED));
        Ok(makers)
    }

    /// Intents with all that they need, in an order in which they can be applied.
    pub(super) async fn with_needs(&self, ids: &[IntentId]) -> Result<Vec<Intent>> {
        let mut order: Vec<IntentId> = Vec::new();
        let mut known: BTreeSet<IntentId> = ids.iter().copied().collect();
        let mut wave: Vec<IntentId> = ids.to_vec();
        let mut edges = Vec::new();
        while !wave.is_empty() {
            let found = intents::dependencies(self.state.client(), &wave).await?;
            wave = found.iter().map(|(_, needs)| *needs).filter(|needs| known.insert(*needs)).collect();
            edges.extend(found);
        }
        while order.len() < known.len() {
            let ready = |id: &&IntentId| {
                !order.contains(id) && edges.iter().all(|(of, needs)| of != *id || order.contains(needs))
            };
            match known.iter().find(ready) {
                Some(id) => order.push(*id),
                // A circle cannot be applied in any order; it is told by `coordinate order`.
                None => break,
            }
        }
        let rows = intents::many(self.state.client(), self.row.id, &order).await?;
        // What is merged is in main already.
        let mut rows: Vec<Intent> = rows.into_iter().filter(|intent| intent.closed_at.is_none()).collect();
        rows.sort_by_key(|intent| order.iter().position(|id| *id == intent.id));
        Ok(rows)
    }

    /// Keeps an intent and makes its branch: both, or neither.
    async fn keep_with_branch(
        &mut self,
        declaration: &Declaration,
        surveyed: &Surveyed,
    ) -> Result<(Intent, Vec<IntentId>, Option<Created>)> {
        let journal = self.begin("register", &json!({})).await?;
        let made = async {
            let (intent, pairs) = self.keep(declaration, surveyed, Some(&journal)).await?;
            self.checkpoint("intent registered");
            let branch = match &intent.branch_name {
                Some(name) => Some(self.create_branch(name, None).await?),
                None => None,
            };
            self.checkpoint("branch of the intent made");
            journal.finish(self.state.client()).await?;
            Ok((intent, pairs, branch))
        }
        .await;
        match made {
            Ok(made) => {
                journal.release(self.state.client()).await?;
                Ok(made)
            }
            Err(error) => Err(self.give_up(journal, error).await),
        }
    }

    /// Gives up an intent that was registered by somebody who died, or failed, before it had its
    /// branch.
    pub(crate) async fn settle_registration(&mut self, id: IntentId, actor: &str) -> Result<()> {
        let intent = intents::get_by_id(self.state.client(), self.row.id, id).await?;
        let Some(branch) = intent.branch_name.filter(|_| intent.closed_at.is_none()) else { return Ok(()) };
        if state::branches::find(self.state.client(), self.row.id, &branch).await?.is_none() {
            let why = Some("its branch was never made");
            intents::move_to(self.state.client(), id, Status::Abandoned, actor, why).await?;
        }
        Ok(())
    }

    /// Keeps an intent, and what it collides with as far as reading tells, in one transaction.
    async fn keep(
        &mut self,
        declaration: &Declaration,
        surveyed: &Surveyed,
        journal: Option<&JournalGuard>,
    ) -> Result<(Intent, Vec<IntentId>)> {
        let (actor, project) = (self.context.actor.clone(), self.row.id);
        let branch_name = match &declaration.branch {
            None => Some(self.free_branch(&declaration.agent_id, &declaration.feature_name).await?),
            Some(named) => {
                if let Some(name) = named {
                    self.branch(name).await?;
                }
                named.clone()
            }
        };
        let new = NewIntent {
            agent_id: declaration.agent_id.clone(),
            agent_type: declaration.agent_type.clone().or_else(|| surveyed.standing.agent_type.clone()),
            feature_name: declaration.feature_name.clone(),
            branch_name,
            schema_changes: surveyed.statements.clone(),
            tables_affected: surveyed.tables.clone(),
            risk_level: declaration.risk_level,
            estimated_hours: declaration.estimated_hours,
            metadata: declaration.metadata.clone(),
            footprint: json!(surveyed.survey),
            executed: surveyed.survey.ended.is_some(),
            judged_on: surveyed.head.hash,
            registered_by: actor.clone(),
        };
        let keys = surveyed.keys();
        let transaction = self.state.transaction().await?;
        intents::one_at_a_time(&transaction, project).await?;
        let (intent, touching, same) = tokio::try_join!(
            intents::insert(&transaction, project, &new),
            intents::touching(&transaction, project, &keys),
            intents::of_feature(&transaction, project, &new.feature_name),
        )?;
        if let Some(journal) = journal {
            journal.update(&transaction, &json!({ "registering": intent.id })).await?;
        }
        let needs: Vec<_> = surveyed.needs.iter().map(|needed| (intent.id, *needed)).collect();
        let others = intents::many(&transaction, project, &touching).await?;
        let mut found = Vec::with_capacity(others.len());
        for other in &others {
            let (theirs, mine) = (survey_of(other)?, (&intent, &surveyed.survey));
            let collisions = settle::conflicts((other, &theirs), mine, &surveyed.tree, None, &needs);
            found.push(Found { first: other, second: Some(&intent), collisions });
        }
        let same = same.iter().filter(|other| other.agent_id != intent.agent_id && other.id != intent.id);
        found.extend(same.map(|other| {
            let collisions = vec![settle::same_feature(other, &intent)];
            Found { first: other, second: Some(&intent), collisions }
        }));
        let outside = partitions::conflict(&intent.agent_id, &surveyed.standing);
        found.extend(outside.map(|outside| Found { first: &intent, second: None, collisions: vec![outside] }));
        let registered = NewEvent {
            kind: "intent.registered",
            intent: Some(intent.id),
            subject: format!("{} is going to work on {}", intent.agent_id, intent.feature_name),
            body: json!({ "agent_id": intent.agent_id, "feature_name": intent.feature_name,
                "branch_name": intent.branch_name, "tables_affected": intent.tables_affected }),
        };
        let declared = !declaration.depends_on.is_empty();
        tokio::try_join!(
            intents::depend(&transaction, intent.id, &surveyed.needs, declared),
            intents::add_keys(&transaction, project, intent.id, &keys),
            record_new(&transaction, project, &actor, found, registered),
        )?;
        transaction.commit().await?;
        Ok((intent, touching))
    }

    /// A name for an agent's branch that nobody has.
    async fn free_branch(&self, agent: &str, feature: &str) -> Result<String> {
        let stem = format!("agent/{}-{}", slug(agent), slug(feature));
        let stem: String = stem.chars().take(180).collect();
        let mut name = stem.clone();
        for number in 2.. {
            let taken = state::branches::find(self.state.client(), self.row.id, &name).await?.is_some()
                || intents::of_branch(self.state.client(), self.row.id, &name).await?.is_some();
            if !taken {
                break;
            }
            name = format!("{stem}-{number}");
        }
        Ok(name)
    }

    /// The active intents that a change may collide with.
    async fn touching(&self, surveyed: &Surveyed) -> Result<Vec<Intent>> {
        let ids = intents::touching(self.state.client(), self.row.id, &surveyed.keys()).await?;
        intents::many(self.state.client(), self.row.id, &ids).await
    }

    /// An intent as it is shown.
    ///
    /// # Errors
    /// `unknown_intent`.
    pub async fn intent_info(&self, id: IntentId) -> Result<IntentInfo> {
        let intent = intents::get_by_id(self.state.client(), self.row.id, id).await?;
        let needs = intents::dependencies(self.state.client(), &[id]).await?;
        let conflicts = intent_conflicts::list(self.state.client(), self.row.id, Some(id)).await?;
        Ok(IntentInfo::new(intent, needs.into_iter().map(|(_, needs)| needs).collect(), &conflicts))
    }

    /// The conflicts between intents: all of them, or those of one.
    ///
    /// # Errors
    /// `unknown_intent`.
    pub async fn conflicts_of(&self, intent: Option<IntentId>) -> Result<Vec<ConflictInfo>> {
        if let Some(id) = intent {
            intents::get_by_id(self.state.client(), self.row.id, id).await?;
        }
        let conflicts = intent_conflicts::list(self.state.client(), self.row.id, intent).await?;
        self.shown(conflicts).await
    }

    pub(super) async fn shown(&self, conflicts: Vec<IntentConflict>) -> Result<Vec<ConflictInfo>> {
        let ids: Vec<IntentId> =
            conflicts.iter().flat_map(|conflict| [Some(conflict.first), conflict.second]).flatten().collect();
        let intents = intents::many(self.state.client(), self.row.id, &ids).await?;
        let parties = intents.iter().map(|intent| (intent.id, Party::of(intent))).collect();
        Ok(conflicts.into_iter().map(|conflict| ConflictInfo::new(conflict, &parties)).collect())
    }
}

/// What was kept of what an intent touches.
pub(super) fn survey_of(intent: &Intent) -> Result<Survey> {
    serde_json::from_value(intent.footprint.clone()).map_err(|error| damaged_state(&error))
}

/// A declaration as the intent it would be.
fn provisional(declaration: &Declaration, surveyed: &Surveyed) -> Intent {
    let now = OffsetDateTime::UNIX_EPOCH;
    Intent {
        id: IntentId(0),
        agent_id: declaration.agent_id.clone(),
        agent_type: declaration.agent_type.clone(),
        feature_name: declaration.feature_name.clone(),
        branch_name: None,
        schema_changes: surveyed.statements.clone(),
        tables_affected: surveyed.tables.clone(),
        risk_level: declaration.risk_level,
        estimated_hours: declaration.estimated_hours,
        metadata: declaration.metadata.clone(),
        status: Status::Registered,
        footprint: Json::Null,
        executed: surveyed.survey.ended.is_some(),
        judged_on: surveyed.head.hash,
        registered_by: String::new(),
        registered_at: now,
        started_at: None,
        completed_at: None,
        closed_at: None,
        updated_at: now,
        approved_by: None,
        approved_at: None,
    }
}

/// A conflict that is only told.
fn unkept(collision: Collision, first: IntentId, second: Option<IntentId>) -> IntentConflict {
    IntentConflict {
        id: ConflictId(0),
        first,
        second,
        collision,
        found_at: OffsetDateTime::UNIX_EPOCH,
        reviewed_at: None,
        reviewed_by: None,
        notes: None,
        closed_at: None,
        closed_why: None,
    }
}

fn check(declaration: &Declaration) -> Result<()> {
    let bad =
        |message: &str, on: &str, hint: &str| Err(Error::new(Class::Input, "bad_intent", message).on(on).hint(hint));
    if declaration.agent_id.trim().is_empty() {
        return bad("an intent needs to say whose it is", "--agent-id", "name the agent");
    }
    if declaration.feature_name.trim().is_empty() {
        return bad("an intent needs to say what it is for", "--feature-name", "name the feature");
    }
    let names = [
        ("--agent-id", Some(&declaration.agent_id)),
        ("--agent-type", declaration.agent_type.as_ref()),
        ("--feature-name", Some(&declaration.feature_name)),
    ];
    for (option, name) in names {
        let Some(name) = name else { continue };
        if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let hint = format!("one line of at most {LONGEST_NAME} characters");
            return bad("that is no name", option, &hint);
        }
    }
    if !declaration.metadata.is_object() {
        return bad("metadata is a JSON object", "--metadata", "write it as {\"key\": \"value\"}");
    }
    if declaration.estimated_hours.is_some_and(|hours| !hours.is_finite() || hours < 0.0) {
        return bad("that is no number of hours", "--estimated-hours", "write it as 2 or 1.5");
    }
    Ok(())
}

/// Letters, digits, `.`, `_` and `-` of a name, in lower case, as part of a branch's name.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
    let text: String = name.chars().map(plain).collect();
    let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "x".to_owned() } else { words.join("-") }
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}
