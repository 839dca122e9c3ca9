//! A plan as a script that psql and migration tools run.

use crate::state::Commit;
use pleach_change::{Plan, Stage, Step};

/// What both scripts of a migration begin with.
pub(super) struct Heading<'a> {
    pub version: &'a str,
    pub name: &'a str,
    pub from: &'a Commit,
    pub to: &'a Commit,
    pub server: &'a str,
}

/// A migration as a script for psql and for any tool that runs plain SQL in one transaction.
pub(super) fn script(head: &Heading<'_>, way: &str, plan: &Plan, notes: &[String]) -> String {
    let mut out = format!("-- Migration {}_{}, {way}\n", head.version, head.name);
    let (from, to) = if way == "up" { (head.from, head.to) } else { (head.to, head.from) };
    out.push_str(&format!("-- From {} to {}\n", from.hash.short(), to.hash.short()));
    out.push_str(&format!("-- Run up, down and up again on a clone with data, on {}\n", head.server));
    for note in notes {
        out.push_str(&format!("-- NOTE: {note}\n"));
    }
    out.push('\n');
    if plan.labels_first {
        out.push_str("-- To be committed before the rest runs:\n");
        for step in plan.steps.iter().filter(|step| step.label) {
            out.push_str(&format!("{}\n", step.statement()));
        }
        out.push('\n');
    }
    let mut path_is_usual = true;
    for step in plan.steps.iter().filter(|step| !(plan.labels_first && step.label)) {
        let data = step.stage == Stage::Data;
        if data != path_is_usual {
            out.push_str(if data { "RESET search_path;\n" } else { "SET search_path TO '';\n" });
            path_is_usual = data;
        }
        out.push_str(&comment(step));
        out.push_str(&step.statement());
        out.push('\n');
    }
    if !path_is_usual {
        out.push_str("RESET search_path;\n");
    }
    out
}

fn comment(step: &Step) -> String {
    match (&step.destroys, step.stage) {
        (Some(destroys), _) => format!("-- destroys {destroys}\n"),
        (None, Stage::Data) => "-- data step\n".to_owned(),
        _ => String::new(),
    }
}
