//! Conflicts between intents, for people.

use super::{Page, plural, shortened, style};
use pleach_core::ConflictInfo;
use pleach_core::state::{IntentId, Severity};

/// How many conflicts are told at once.
const TOLD: usize = 20;

/// Prints conflicts as one of their two sees them; of very many the worst ones.
pub fn intent_conflicts(page: &mut Page, conflicts: &[ConflictInfo], seen_from: Option<IntentId>) {
    let mut told: Vec<&ConflictInfo> = conflicts.iter().collect();
    if told.len() > TOLD {
        told.sort_by_key(|conflict| (!conflict.blocks, conflict.severity != Severity::Error));
    }
    told.iter().take(TOLD).for_each(|conflict| intent_conflict(page, conflict, seen_from));
    if let Some(more) = told.len().checked_sub(TOLD).filter(|more| *more > 0) {
        page.gap();
        page.line(format!("… and {}: `--format json` has them all", plural(more as u64, "more conflict")));
    }
}

/// Prints a conflict as one of its two sees it, or as an onlooker does.
fn intent_conflict(page: &mut Page, conflict: &ConflictInfo, seen_from: Option<IntentId>) {
    page.gap();
    let (style, word) = match conflict.severity {
        Severity::Error => (style::DANGER, "ERROR"),
        Severity::Warning => (style::WARNING, "WARNING"),
    };
    let number = if conflict.id == 0 { String::new() } else { format!(" {}", conflict.id) };
    page.line(format!("{}: {} conflict{number}", style::paint(style, word), conflict.conflict_type));
    if !conflict.affected_objects.is_empty() {
        page.indented(2, format!("on {}", shortened(&conflict.affected_objects)));
    }
    let parties = [Some(&conflict.intent_a), conflict.intent_b.as_ref()].into_iter().flatten();
    for party in parties.filter(|party| Some(party.intent_id) != seen_from && party.intent_id.0 != 0) {
        page.indented(2, format!("with intent {}: {} ({})", party.intent_id, party.agent_id, party.feature_name));
    }
    let how = match (conflict.verified, conflict.verdict.as_str()) {
        (true, "commutes") => "commutes, proved harmless by running both orders".to_owned(),
        (true, verdict) => format!("{verdict}, seen by running both orders"),
        (false, verdict) => format!("{verdict}, unverified"),
    };
    // What somebody owns is no matter of running anything.
    if conflict.conflict_type != "OWNERSHIP" {
        page.indented(2, how);
    }
    page.indented(2, &conflict.message);
    for suggestion in &conflict.resolution_suggestions {
        page.indented(2, format!("{} {suggestion}", style::paint(style::HINT, "→")));
    }
    if let Some(notes) = &conflict.resolution_notes {
        page.indented(2, format!("resolved: {notes}"));
    }
    if let Some(closed) = &conflict.closed {
        page.indented(2, format!("closed: {closed}"));
    }
}
