//! What comes of a pair that touches: conflicts, with how bad they are and what would help.

use super::survey::Survey;
use super::verdict::{Judged, Verdict};
use crate::state::{Collision, Intent, IntentId, Severity};
use pleach_change::footprint::{Clash, Class, First, Guess, clashes};
use pleach_schema::{Address, Tree};
use serde_json::{Value as Json, json};

/// How a class is called, and how bad it is by itself.
const CLASSES: &[(Class, &str, Severity)] = &[
    (Class::Table, "TABLE", Severity::Warning),
    (Class::Column, "COLUMN", Severity::Error),
    (Class::Function, "FUNCTION", Severity::Error),
    (Class::Index, "INDEX", Severity::Warning),
    (Class::Constraint, "CONSTRAINT", Severity::Warning),
    (Class::View, "VIEW", Severity::Error),
    (Class::Type, "TYPE", Severity::Error),
    (Class::Sequence, "SEQUENCE", Severity::Warning),
    (Class::Trigger, "TRIGGER", Severity::Warning),
    (Class::Policy, "POLICY", Severity::Warning),
    (Class::Privilege, "PRIVILEGE", Severity::Warning),
    (Class::Dependency, "DEPENDENCY", Severity::Error),
];

fn class(class: Class) -> (&'static str, Severity) {
    let known = CLASSES.iter().find(|(known, ..)| *known == class);
    known.map_or(("DEPENDENCY", Severity::Error), |(_, name, severity)| (name, *severity))
}

/// The conflicts of a pair: what can be told without running it, and where it was run, what
/// PostgreSQL said. `needs` are pairs of an intent and one that it is known to build on.
pub(super) fn conflicts(
    (first, one): (&Intent, &Survey),
    (second, other): (&Intent, &Survey),
    tree: &Tree,
    judged: Option<&Judged>,
    needs: &[(IntentId, IntentId)],
) -> Vec<Collision> {
    let mut found = clashes(&one.footprint, &other.footprint, tree);
    // Where they do not go together, what goes together is not worth telling.
    if found.iter().any(|clash| !clash.verdict.is_harmless()) && judged.is_none_or(|judged| judged.verdict.is_harmful())
    {
        found.retain(|clash| !clash.verdict.is_harmless());
    }
    // That one makes or drops what the other builds on says it all.
    let builds_on: Vec<Vec<Address>> = found
        .iter()
        .filter(|clash| clash.class == Class::Dependency && !clash.verdict.is_harmless())
        .map(|clash| clash.objects.clone())
        .collect();
    found.retain(|clash| clash.class != Class::Table || !builds_on.contains(&clash.objects));
    let mut out: Vec<Collision> = Vec::new();
    for clash in &found {
        let mut conflict = of_clash(clash, first, second, judged);
        settle_known_order(&mut conflict, first, second, needs);
        // One object is one conflict of a class, be it touched in several ways.
        if !out.iter().any(|known| known.key == conflict.key) {
            out.push(conflict);
        }
    }
    // PostgreSQL sees more than a reader does.
    if let Some(judged) = judged.filter(|judged| judged.verdict.is_harmful() && found.is_empty()) {
        out.push(of_verdict(first, second, judged));
    }
    out
}

/// An order that is known already, because one builds on the other, is nobody's trouble.
fn settle_known_order(conflict: &mut Collision, first: &Intent, second: &Intent, needs: &[(IntentId, IntentId)]) {
    let goes_first = conflict.evidence.get("goes_first").and_then(Json::as_i64).map(IntentId);
    let then = if goes_first == Some(first.id) { second.id } else { first.id };
    if goes_first.is_some_and(|before| needs.contains(&(then, before))) {
        conflict.severity = Severity::Warning;
        if let Some(evidence) = conflict.evidence.as_object_mut() {
            evidence.insert("order_known".to_owned(), json!(true));
        }
    }
}

impl Verdict {
    /// Whether the two cannot both be applied as they are, in any order.
    fn is_harmful(self) -> bool {
        !matches!(self, Self::Independent | Self::Commutes | Self::Identical)
    }
}

fn of_clash(clash: &Clash, first: &Intent, second: &Intent, judged: Option<&Judged>) -> Collision {
    let (name, by_class) = class(clash.class);
    // What only shows when a function is called is not seen by running the statements.
    let unseen = clash.class == Class::Dependency && clash.shows_later && !clash.verdict.is_harmless();
    let verdict = match judged {
        Some(judged) if !(judged.verdict == Verdict::Commutes && unseen) => judged.verdict,
        _ => guessed(clash.verdict),
    };
    let verified = judged.is_some_and(|judged| judged.verdict == verdict);
    let severity = match verdict {
        Verdict::Diverges | Verdict::Incompatible => Severity::Error,
        Verdict::Commutes | Verdict::Identical if verified => Severity::Warning,
        _ => by_class,
    };
    let objects: Vec<String> = clash.objects.iter().map(ToString::to_string).collect();
    let who = format!("{} ({}) and {} ({})", first.agent_id, first.feature_name, second.agent_id, second.feature_name);
    let suggestion = in_order(verdict, first, second).unwrap_or_else(|| clash.suggestion.clone());
    Collision {
        key: format!("{name} {}", clash.objects.iter().map(Address::to_string).collect::<Vec<_>>().join(", ")),
        class: name.to_owned(),
        severity,
        verdict: verdict.as_str().to_owned(),
        verified,
        message: format!("{who}: {}{}", clash.why, told(judged)),
        objects,
        attributes: clash.attributes.clone(),
        suggestions: Some(suggestion).filter(|text| !text.is_empty()).into_iter().collect(),
        evidence: evidence(judged, verdict, first, second),
    }
}

/// The conflict of a pair whose text shows none.
fn of_verdict(first: &Intent, second: &Intent, judged: &Judged) -> Collision {
    let who = format!("{} ({}) and {} ({})", first.agent_id, first.feature_name, second.agent_id, second.feature_name);
    Collision {
        key: "run".to_owned(),
        class: "DEPENDENCY".to_owned(),
        severity: Severity::Error,
        verdict: judged.verdict.as_str().to_owned(),
        verified: true,
        objects: Vec::new(),
        attributes: Vec::new(),
        message: format!("{who} do not go together{}", told(Some(judged))),
        suggestions: in_order(judged.verdict, first, second).into_iter().collect(),
        evidence: evidence(Some(judged), judged.verdict, first, second),
    }
}

/// Which of the two has to be applied first.
fn in_order(verdict: Verdict, first: &Intent, second: &Intent) -> Option<String> {
    let (before, after) = match verdict {
        Verdict::FirstFirst => (first, second),
        Verdict::SecondFirst => (second, first),
        _ => return None,
    };
    Some(format!(
        "Apply {} ({}) first, then {} ({})",
        before.agent_id, before.feature_name, after.agent_id, after.feature_name
    ))
}

fn evidence(judged: Option<&Judged>, verdict: Verdict, first: &Intent, second: &Intent) -> Json {
    let mut evidence = judged.map_or_else(|| json!({}), |judged| judged.evidence.clone());
    let goes_first = match verdict {
        Verdict::FirstFirst => Some(first.id),
        Verdict::SecondFirst => Some(second.id),
        _ => None,
    };
    if let (Some(object), Some(id)) = (evidence.as_object_mut(), goes_first) {
        object.insert("goes_first".to_owned(), json!(id));
    }
    evidence
}

/// What PostgreSQL said, as the end of a sentence.
fn told(judged: Option<&Judged>) -> String {
    match judged {
        Some(Judged { verdict: Verdict::Commutes, .. }) => {
            "; PostgreSQL ran both orders, and they end alike".to_owned()
        }
        Some(Judged { verdict: Verdict::Identical, .. }) => "; both make the same change".to_owned(),
        Some(Judged { verdict: Verdict::Diverges, said: Some(said), .. }) => {
            format!("; the two orders differ in {said}")
        }
        Some(Judged { said: Some(said), .. }) => format!("; PostgreSQL: {said}"),
        _ => String::new(),
    }
}

fn guessed(guess: Guess) -> Verdict {
    match guess {
        Guess::Independent => Verdict::Independent,
        Guess::Commutes => Verdict::Commutes,
        Guess::Identical => Verdict::Identical,
        Guess::OrderRequired { first: First::A } => Verdict::FirstFirst,
        Guess::OrderRequired { first: First::B } => Verdict::SecondFirst,
        Guess::Diverges => Verdict::Diverges,
        Guess::Incompatible => Verdict::Incompatible,
    }
}

/// The conflict of two intents for one feature.
pub(super) fn same_feature(first: &Intent, second: &Intent) -> Collision {
    Collision {
        key: "TIMING feature".to_owned(),
        class: "TIMING".to_owned(),
        severity: Severity::Warning,
        verdict: Verdict::Independent.as_str().to_owned(),
        verified: false,
        objects: Vec::new(),
        attributes: Vec::new(),
        message: format!(
            "{} and {} are both at work on the feature {}",
            first.agent_id, second.agent_id, first.feature_name
        ),
        suggestions: vec![format!(
            "Agree with {} on who does what, or abandon one: `pleach coordinate abandon --intent-id {}`",
            first.agent_id, second.id
        )],
        evidence: json!({}),
    }
}

/// The conflict of an intent that was begun before what it builds on is there.
pub(super) fn too_early(needed: &Intent, started: &Intent) -> Collision {
    Collision {
        key: format!("TIMING {}", needed.id),
        class: "TIMING".to_owned(),
        severity: Severity::Warning,
        verdict: Verdict::FirstFirst.as_str().to_owned(),
        verified: false,
        objects: Vec::new(),
        attributes: Vec::new(),
        message: format!(
            "{} began with {} before {} ({}), which it builds on, is there: that is {}",
            started.agent_id, started.feature_name, needed.feature_name, needed.agent_id, needed.status
        ),
        suggestions: vec![format!(
            "Let {} complete {} first, or take over what is needed from branch {}",
            needed.agent_id,
            needed.feature_name,
            needed.branch_name.as_deref().unwrap_or("(none)")
        )],
        evidence: json!({ "goes_first": needed.id, "order_known": true }),
    }
}
