//! The labels of enum types.

use super::fate::texts;
use super::{Stage, Step, step};
use crate::Change;
use pleach_schema::{Address, Attr, quote_literal};

/// A change of an enum's labels that PostgreSQL can make in place.
pub(super) enum Edit<'a> {
    Rename(&'a str, &'a str),
    /// Label, and the label it comes before; `None` for the end.
    Add(&'a str, Option<&'a str>),
}

/// The edits that make the old labels the new ones; `None` where labels go or change places.
///
/// In place, PostgreSQL can only add labels and rename them, so a label that is missing where
/// another is new in its place was renamed.
pub(super) fn edits(change: &Change) -> Option<Vec<Edit<'_>>> {
    let Some(labels) = change.attribute(Attr::Labels) else { return Some(Vec::new()) };
    let (old, new) = (texts(labels.from.as_ref()), texts(labels.to.as_ref()));
    let mut edits = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let gone = old.get(i).filter(|label| !new.contains(label));
        let fresh = new.get(j).filter(|label| !old.contains(label));
        match (gone, fresh) {
            (Some(gone), Some(fresh)) => {
                // More new labels than missing ones before the next common label: the first ones
                // were added, the last ones renamed, or the other way round; either is right.
                edits.push(Edit::Rename(gone, fresh));
                (i, j) = (i + 1, j + 1);
            }
            (None, Some(fresh)) => {
                edits.push(Edit::Add(fresh, old.get(i).copied()));
                j += 1;
            }
            (Some(_), None) => return None,
            (None, None) if old.get(i) == new.get(j) => (i, j) = (i + 1, j + 1),
            (None, None) => return None,
        }
    }
    Some(edits)
}

/// Adds labels first, beside labels by their old names: they may have to run ahead of the rest.
pub(super) fn steps(address: &Address, change: &Change, stage: Stage, steps: &mut Vec<Step>) {
    let edits = edits(change).unwrap_or_default();
    let (adds, renames): (Vec<_>, Vec<_>) = edits.into_iter().partition(|edit| matches!(edit, Edit::Add(..)));
    for edit in adds.iter().chain(&renames) {
        let sql = match edit {
            Edit::Rename(old, new) => {
                format!("ALTER TYPE {} RENAME VALUE {} TO {}", address.sql(), quote_literal(old), quote_literal(new))
            }
            Edit::Add(label, before) => {
                let place = before.map(|before| format!(" BEFORE {}", quote_literal(before))).unwrap_or_default();
                format!("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{place}", address.sql(), quote_literal(label))
            }
        };
        let label = matches!(edit, Edit::Add(..));
        steps.push(Step { label, ..step(address, stage, sql) });
    }
}
