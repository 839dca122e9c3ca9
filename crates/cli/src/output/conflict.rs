//! Conflicts for people: what, whose, and the ways out.

use super::{Align, Page, Table, plural, style};
use pleach_core::ConflictView;
use pleach_core::change::{AttrConflict, Choice, ConflictKind, Resolution};
use pleach_core::schema::Value;

/// Prints conflicts, and how to go on.
pub fn conflicts(page: &mut Page, conflicts: &[ConflictView]) {
    for view in conflicts {
        page.gap();
        conflict(page, view);
    }
    let open = conflicts.iter().filter(|view| view.resolution.is_none()).count();
    let Some(first) = conflicts.first().filter(|first| first.id.is_some()) else { return };
    let into = if first.our_branch == "main" { String::new() } else { format!(" --into {}", first.our_branch) };
    page.gap();
    if open > 0 {
        page.line(format!("{} without a decision; decide, then:", plural(open, "conflict")));
    } else {
        page.line("Every conflict has a decision; go on:");
    }
    page.indented(2, format!("pleach merge --continue{into}    prove the merge with the decisions, and apply it"));
    page.indented(2, format!("pleach merge --abort{into}       give the merge up"));
}

/// Prints one conflict.
fn conflict(page: &mut Page, view: &ConflictView) {
    let conflict = &view.conflict;
    let objects: Vec<String> = conflict.objects.iter().map(ToString::to_string).collect();
    let id = view.id.map(|id| format!("conflict {id} ")).unwrap_or_default();
    let kind = style::paint(style::DANGER, conflict.kind.as_str());
    page.line(format!("{}{kind} {}", style::paint(style::NAME, id), objects.join(", ")));
    page.indented(2, &conflict.message);
    let ours = format!("ours, {}:", whose(&view.our_branch, &view.our_actors));
    let theirs = format!("theirs, {}:", whose(&view.their_branch, &view.their_actors));
    let in_short = values(&conflict.attributes).filter(|_| conflict.kind == ConflictKind::EditEdit);
    match in_short {
        Some([base, our_values, their_values]) => {
            let mut table = Table::new([Align::Left; 2]);
            table.row(["before:".to_owned(), base]);
            table.row([ours, our_values]);
            table.row([theirs, their_values]);
            table.lines().iter().for_each(|line| page.indented(2, line));
        }
        None if conflict.ours.is_some() || conflict.theirs.is_some() => {
            // What PostgreSQL refused need not have been on both sides.
            let without = if conflict.kind == ConflictKind::Refused { "does not have it" } else { "dropped" };
            side(page, &ours, conflict.ours.as_deref().unwrap_or(without));
            side(page, &theirs, conflict.theirs.as_deref().unwrap_or(without));
        }
        None => {}
    }
    if let Some(said) = &conflict.postgres {
        page.indented(2, format!("PostgreSQL said: {said}"));
    }
    match &view.resolution {
        Some(resolution) => page.indented(2, style::paint(style::ADDED, format!("decided: {}", decided(resolution)))),
        None => ways_out(page, view),
    }
}

/// Prints what a conflict was about and how it was decided, on one line.
pub fn decision(page: &mut Page, view: &ConflictView) {
    let id = view.id.map(|id| format!("Conflict {id}")).unwrap_or_default();
    let object = view.conflict.objects.first().map(|object| format!(" ({object})")).unwrap_or_default();
    if let Some(resolution) = &view.resolution {
        page.line(format!("{id}{object}: {}", style::paint(style::ADDED, decided(resolution))));
    }
}

/// Values longer than this are not put on one line.
const SHORT: usize = 60;

/// The attributes that both sides changed, as they were and as each side has them; `None` where
/// that does not fit on a line.
fn values(attributes: &[AttrConflict]) -> Option<[String; 3]> {
    let side = |value: fn(&AttrConflict) -> &Option<Value>| {
        let texts = attributes.iter().map(|conflict| {
            let name = conflict.attr.map_or("name".to_owned(), |attr| attr.as_str().replace('_', " "));
            match value(conflict) {
                Some(Value::Bool(true)) => name,
                Some(value) => format!("{name} {value}"),
                None => format!("no {name}"),
            }
        });
        let text = texts.collect::<Vec<_>>().join(", ");
        (!text.is_empty() && text.len() <= SHORT && !text.contains('\n')).then_some(text)
    };
    Some([side(|conflict| &conflict.base)?, side(|conflict| &conflict.ours)?, side(|conflict| &conflict.theirs)?])
}

fn side(page: &mut Page, name: &str, definition: &str) {
    page.indented(2, style::paint(style::NAME, name));
    page.indented(4, definition);
}

fn whose(branch: &str, actors: &[String]) -> String {
    if actors.is_empty() { branch.to_owned() } else { format!("{branch} by {}", actors.join(", ")) }
}

fn ways_out(page: &mut Page, view: &ConflictView) {
    let Some(id) = view.id else { return };
    let ways = &view.conflict.ways;
    page.indented(2, "ways out:");
    let ways = [("--ours", &ways.ours), ("--theirs", &ways.theirs), ("--both", &ways.both), ("--sql FILE", &ways.sql)];
    for (flag, what) in ways {
        if let Some(what) = what {
            page.indented(4, format!("pleach resolve {id} {flag:<10}  {what}"));
        }
    }
}

fn decided(resolution: &Resolution) -> String {
    match resolution {
        Resolution::Choice(Choice::Ours) => "ours".to_owned(),
        Resolution::Choice(Choice::Theirs) => "theirs".to_owned(),
        Resolution::Choice(Choice::Both) => "both".to_owned(),
        Resolution::Sql(sql) => format!("SQL: {}", super::describe::one_line(sql)),
    }
}
