//! Conflicts between intents, for people.

use super::{Page, style};
use pleach_core::ConflictInfo;
use pleach_core::state::{IntentId, Severity};

/// Prints a conflict as one of its two sees it, or as an onlooker does.
pub fn intent_conflict(page: &mut Page, conflict: &ConflictInfo, seen_from: Option<IntentId>) {
    page.gap();
    let (style, word) = match conflict.severity {
        Severity::Error => (style::DANGER, "ERROR"),
        Severity::Warning => (style::WARNING, "WARNING"),
    };
    let number = if conflict.id == 0 { String::new() } else { format!(" {}", conflict.id) };
    page.line(format!("{}: {} conflict{number}", style::paint(style, word), conflict.conflict_type));
    if !conflict.affected_objects.is_empty() {
        page.indented(2, format!("on {}", conflict.affected_objects.join(", ")));
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
