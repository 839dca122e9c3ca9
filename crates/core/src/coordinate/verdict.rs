//! Verdicts: how two changes relate, found by running them in both orders.

use super::judge::{Ended, Judge, Refused};
use super::rows::Compared;
use super::survey::Survey;
use crate::apply::differences;
use crate::identity::Newcomers;
use pleach_postgres::Result;
use pleach_schema::Tree;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fmt;

/// How two changes relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// They do not touch.
    Independent,
    /// Both orders end alike.
    Commutes,
    /// They make the same change.
    Identical,
    /// Only the order with the first one first works.
    FirstFirst,
    /// Only the order with the second one first works.
    SecondFirst,
    /// Both orders work, and end differently.
    Diverges,
    /// Neither order works.
    Incompatible,
}

impl Verdict {
    /// The name, as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::Commutes => "commutes",
            Self::Identical => "identical",
            Self::FirstFirst | Self::SecondFirst => "order_required",
            Self::Diverges => "diverges",
            Self::Incompatible => "incompatible",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict with what was seen.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub verdict: Verdict,
    /// What happened in each order, for people and programs.
    pub evidence: Json,
    /// In words: what PostgreSQL said, or how the ends differ.
    pub said: Option<String>,
}

/// One of a pair: its statements and what they touch.
pub(super) struct Side<'a> {
    pub statements: &'a [String],
    pub survey: &'a Survey,
}

/// Runs two changes in both orders, after what they need.
pub(super) async fn judge(
    judge: &mut Judge,
    head: &Tree,
    before: &[&[String]],
    first: &Side<'_>,
    second: &Side<'_>,
    compared: Compared,
) -> Result<Judged> {
    let one = [before, &[first.statements, second.statements]].concat();
    let other = [before, &[second.statements, first.statements]].concat();
    let mut ended = judge.run(&one, Newcomers::Carry(head), &compared).await?;
    let seen =
        |end: &Result<Ended, Refused>| end.as_ref().map(|end| end.rows.keys().cloned().collect()).unwrap_or_default();
    let written: BTreeSet<String> = seen(&ended);
    let compared = compared.and(written.iter().cloned());
    let other = judge.run(&other, Newcomers::Carry(head), &compared).await?;
    // What only the other order wrote was not looked at in the first one.
    let more: BTreeSet<String> = seen(&other);
    if ended.is_ok() && !more.is_subset(&written) {
        ended = judge.run(&one, Newcomers::Carry(head), &compared.and(more)).await?;
    }
    let alike = match (&first.survey.ended, &second.survey.ended) {
        (Some(one), Some(other)) => {
            let same_change = !one.changed.is_empty() && one.tree == other.tree;
            // What the model has no kind for is in no tree.
            same_change || first.statements == second.statements
        }
        _ => false,
    };
    Ok(weigh(&ended, &other, alike))
}

fn weigh(one: &Result<Ended, Refused>, other: &Result<Ended, Refused>, alike: bool) -> Judged {
    let evidence = json!({ "first_then_second": shown(one), "second_then_first": shown(other) });
    let (verdict, said) = match (one, other) {
        (Ok(one), Ok(other)) => match apart(one, other) {
            None if alike => (Verdict::Identical, None),
            None => (Verdict::Commutes, None),
            Some(difference) => (Verdict::Diverges, Some(difference)),
        },
        (Ok(_), Err(refused)) => (Verdict::FirstFirst, Some(words(refused))),
        (Err(refused), Ok(_)) => (Verdict::SecondFirst, Some(words(refused))),
        (Err(_), Err(_)) if alike => (Verdict::Identical, None),
        (Err(refused), Err(_)) => (Verdict::Incompatible, Some(words(refused))),
    };
    let mut evidence = evidence;
    if let (Some(object), Verdict::Diverges, Some(said)) = (evidence.as_object_mut(), verdict, &said) {
        object.insert("difference".to_owned(), json!(said));
    }
    Judged { verdict, evidence, said }
}

/// How two ends differ, in words.
fn apart(one: &Ended, other: &Ended) -> Option<String> {
    if one.tree != other.tree {
        return Some(differences(&one.tree, &other.tree));
    }
    let mut tables = one.rows.iter().filter(|(table, sum)| match (sum, other.rows.get(*table)) {
        (Some(one), Some(Some(other))) => one != other,
        // Too large to be compared: both write them, and nothing says that they are the same.
        _ => true,
    });
    tables.next().map(|(table, _)| format!("rows of {table}"))
}

fn shown(end: &Result<Ended, Refused>) -> Json {
    match end {
        Ok(_) => json!({ "works": true }),
        Err(refused) => json!({
            "works": false, "change": refused.change, "statement": refused.statement + 1,
            "postgres": refused.error.postgres,
        }),
    }
}

/// What PostgreSQL said.
pub(super) fn words(refused: &Refused) -> String {
    refused.error.postgres.as_ref().map_or_else(|| refused.error.message.clone(), |said| said.message.clone())
}
