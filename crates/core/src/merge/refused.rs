//! Conflicts that PostgreSQL raises: it refused a statement, or made something else of the merge
//! than the sides together say.

use super::Sides;
use super::remedy::{Decisions, Spot, refused_key};
use super::work::Worked;
use crate::apply::refusal;
use crate::pool::plain;
use pleach_change::merge::whole_object_key;
use pleach_change::{
    AttrConflict, Conflict, ConflictKind, Stage, Step, Ways, definition, diff, identified_by_name, plan,
};
use pleach_postgres::{Error, Said};
use pleach_schema::{Address, Kind, Lineage, Tree};

/// The conflict for a merge that PostgreSQL refused.
pub(super) fn conflict(sides: &Sides, worked: &Worked, decisions: &Decisions, error: &Error) -> Conflict {
    let stuck = stuck_at(sides, worked, error);
    let object = stuck.as_ref().and_then(|stuck| stuck.step.object.clone());
    let lineage = object.as_ref().and_then(|object| whose(sides, worked, object));
    let spot = stuck.as_ref().map_or(Spot::Before(0), |stuck| stuck.spot(error));
    let data_step =
        matches!(spot, Spot::Step(_)).then(|| stuck.as_ref().and_then(|stuck| stuck.data_step.clone())).flatten();
    let mut message = message(error, stuck.as_ref(), data_step.as_deref());
    if let Some(sql) = decisions.given_for(spot) {
        message.push_str(&format!("; the SQL that was given did not help: {}", one_line(sql)));
    }
    let shown = |tree: &Tree| lineage.and_then(|lineage| Some(definition(tree, tree.address(lineage)?)));
    Conflict {
        key: refused_key(spot, lineage),
        kind: ConflictKind::Refused,
        objects: object.iter().cloned().collect(),
        attributes: Vec::new(),
        message,
        ours: shown(&sides.ours_tree),
        theirs: shown(&sides.theirs_tree),
        ways: ways(sides, lineage, object.as_ref(), spot),
        auto: None,
        postgres: error.postgres.as_deref().map(said),
    }
}

/// The conflicts for objects that both sides changed and of which PostgreSQL made something that
/// neither says; none when it is not the sides that do not go together.
pub(super) fn made_otherwise(sides: &Sides, worked: &Worked, got: &Tree) -> Vec<Conflict> {
    let Some(goal) = worked.stretches.last().map(|stretch| &stretch.tree) else { return Vec::new() };
    let got = identified_by_name(got, goal);
    let mut conflicts = Vec::new();
    for change in diff(&got, goal).changes {
        let (Some((address, was)), Some(_)) = (&change.from, &change.to) else { continue };
        if !both_changed(sides, change.lineage) {
            continue;
        }
        let value = |tree: &Tree, attr| tree.find(change.lineage).and_then(|(_, object)| object.get(attr).cloned());
        let attributes: Vec<AttrConflict> = change
            .attributes
            .iter()
            .map(|changed| AttrConflict {
                attr: Some(changed.attr),
                base: value(&sides.base_tree, changed.attr),
                ours: value(&sides.ours_tree, changed.attr),
                theirs: value(&sides.theirs_tree, changed.attr),
            })
            .collect();
        let made: Vec<String> = change
            .attributes
            .iter()
            .map(|changed| match was.get(changed.attr) {
                Some(value) => format!("{} {value}", changed.attr.as_str().replace('_', " ")),
                None => format!("no {}", changed.attr.as_str().replace('_', " ")),
            })
            .collect();
        let shown = |tree: &Tree| tree.address(change.lineage).map(|address| definition(tree, address));
        conflicts.push(Conflict {
            key: whole_object_key(change.lineage),
            kind: ConflictKind::Refused,
            objects: vec![address.clone()],
            attributes,
            message: format!(
                "what both sides changed of {address} does not go together: PostgreSQL made {} of it",
                made.join(", ")
            ),
            ours: shown(&sides.ours_tree),
            theirs: shown(&sides.theirs_tree),
            ways: Ways {
                ours: Some("take all of it from our side".to_owned()),
                theirs: Some("take all of it from their side".to_owned()),
                both: None,
                sql: Some("run your own SQL behind the merge with our side, and prove the result".to_owned()),
            },
            auto: None,
            postgres: None,
        });
    }
    conflicts
}

/// Whether both sides have an object otherwise than the base.
fn both_changed(sides: &Sides, lineage: Lineage) -> bool {
    [&sides.ours_tree, &sides.theirs_tree].into_iter().all(|tree| {
        let (base, now) = (sides.base_tree.find(lineage), tree.find(lineage));
        now.is_some() && base.map(|(_, object)| object) != now.map(|(_, object)| object)
    })
}

/// The step that PostgreSQL refused.
struct Stuck {
    step: Step,
    /// On which stretch of the way.
    stretch: usize,
    /// Which of all data steps it is, and what it is called.
    number: usize,
    data_step: Option<String>,
}

impl Stuck {
    fn spot(&self, error: &Error) -> Spot {
        match (self.step.stage, error.sqlstate()) {
            (Stage::Data, _) if self.data_step.is_some() => Spot::Step(self.number),
            _ if self.step.object.as_ref().is_some_and(|object| !meets_rows(object.kind)) => Spot::Object,
            // Integrity constraints are judged when the stretch's data steps are through.
            (_, Some(state)) if state.starts_with("23") => Spot::Rows(self.stretch),
            _ => Spot::Before(self.stretch),
        }
    }
}

/// Whether rows can be what PostgreSQL stumbles over with an object of this kind.
fn meets_rows(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Table
            | Kind::Column
            | Kind::Constraint
            | Kind::Index
            | Kind::MaterializedView
            | Kind::Domain
            | Kind::Composite
            | Kind::Attribute
    )
}

fn stuck_at(sides: &Sides, worked: &Worked, error: &Error) -> Option<Stuck> {
    let mut at = &sides.ours_tree;
    let mut number = 0;
    for (stretch, Stretched { tree, steps }) in worked.stretches.iter().map(Stretched::from).enumerate() {
        let data: Vec<_> = steps.iter().cloned().map(plain).collect();
        for step in plan(at, tree, &data).ok()?.steps {
            let is_data = step.stage == Stage::Data && step.object.is_none();
            let (object, message) = refusal(&step);
            if error.object.as_deref() == Some(&object) && error.message == message {
                let named = steps.iter().find(|known| is_data && known.sql == step.sql);
                let data_step = named.map(|known| known.name.clone());
                return Some(Stuck { step, stretch, number, data_step });
            }
            number += usize::from(is_data);
        }
        at = tree;
    }
    None
}

struct Stretched<'a> {
    tree: &'a Tree,
    steps: &'a [crate::state::DataStep],
}

impl<'a> From<&'a super::work::Stretch> for Stretched<'a> {
    fn from(stretch: &'a super::work::Stretch) -> Self {
        Self { tree: &stretch.tree, steps: &stretch.steps }
    }
}

/// The lineage of an object that a step is about, under its name before or after.
fn whose(sides: &Sides, worked: &Worked, object: &Address) -> Option<Lineage> {
    let goal = worked.stretches.last().and_then(|stretch| stretch.tree.lineage(object));
    goal.or_else(|| sides.ours_tree.lineage(object)).or_else(|| sides.theirs_tree.lineage(object))
}

fn message(error: &Error, stuck: Option<&Stuck>, data_step: Option<&str>) -> String {
    let said = error.postgres.as_ref().map(|said| format!(": {}", said.message)).unwrap_or_default();
    match (stuck, data_step) {
        (Some(stuck), Some(name)) => {
            format!("PostgreSQL refused the data step `{name}` at `{}`{said}", one_line(&stuck.step.sql))
        }
        (Some(stuck), None) => format!("PostgreSQL refused `{}`{said}", one_line(&stuck.step.sql)),
        (None, _) => error.to_string(),
    }
}

/// What PostgreSQL said besides its message.
fn said(said: &Said) -> String {
    let mut out = format!("{} (SQLSTATE {})", said.message, said.sqlstate);
    for (what, more) in [("detail", &said.detail), ("hint", &said.hint)] {
        if let Some(more) = more {
            out.push_str(&format!("; {what}: {more}"));
        }
    }
    out
}

fn ways(sides: &Sides, lineage: Option<Lineage>, object: Option<&Address>, spot: Spot) -> Ways {
    let sql = match spot {
        Spot::Step(_) => "SQL that runs instead of the data step",
        Spot::Rows(_) => "SQL that puts the rows right: it runs after the data steps and before the rows are judged",
        Spot::Before(_) => "SQL that puts the rows right: it runs before anything of this is changed",
        Spot::Object => "SQL of your own behind the merge without it",
    };
    let sql = Some(format!("{sql}; or change the branch and merge again"));
    let (Some(lineage), Some(object)) = (lineage, object) else { return Ways { sql, ..Ways::default() } };
    let there = |tree: &Tree| tree.address(lineage).is_some();
    let (ours, theirs) = match (there(&sides.ours_tree), there(&sides.theirs_tree)) {
        (false, true) => (Some(format!("leave out {object}, with what stands on it")), None),
        (true, false) => (Some(format!("keep {object}")), None),
        (true, true) => {
            (Some(format!("keep {object} as our side has it")), Some(format!("take {object} from their side")))
        }
        (false, false) => (None, None),
    };
    Ways { ours, theirs, both: None, sql }
}

fn one_line(sql: &str) -> String {
    const WIDTH: usize = 100;
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
