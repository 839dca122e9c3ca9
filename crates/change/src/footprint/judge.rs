//! What two touches of one object mean for each other.

use super::bound::Bound;
use super::clash::{First, Guess};
use super::{Access, Touch};
use pleach_schema::Kind;

/// What is thought of a pair of touches.
pub(super) struct Judgement {
    pub guess: Guess,
    pub why: &'static str,
}

/// Attributes that many can add to without being in each other's way.
const SETS: [&str; 10] = [
    "columns",
    "constraints",
    "indexes",
    "triggers",
    "policies",
    "keys",
    "references",
    "children",
    "contents",
    "values",
];

/// Judges a touch of the first change beside one of the second; nothing if they do not meet.
pub(super) fn judge(a: &Touch, b: &Touch) -> Option<Judgement> {
    if rank(a.access) < rank(b.access) {
        let turned = ordered(b, a)?;
        return Some(Judgement { guess: turned.guess.turned(), why: turned.why });
    }
    ordered(a, b)
}

fn rank(access: Access) -> u8 {
    match access {
        Access::Create => 6,
        Access::Drop => 5,
        Access::Rename => 4,
        Access::Alter => 3,
        Access::Write => 2,
        Access::Read => 1,
        Access::Lock => 0,
    }
}

const fn say(guess: Guess, why: &'static str) -> Option<Judgement> {
    Some(Judgement { guess, why })
}

const A_FIRST: Guess = Guess::OrderRequired { first: First::A };
const B_FIRST: Guess = Guess::OrderRequired { first: First::B };

/// The first touch is of the stronger kind.
fn ordered(a: &Touch, b: &Touch) -> Option<Judgement> {
    match a.access {
        Access::Create => created(a, b),
        Access::Drop => dropped(a, b),
        Access::Rename => renamed(a, b),
        Access::Alter => altered(a, b),
        Access::Write => written(a, b),
        Access::Read => None,
        Access::Lock if a.implied || b.implied => None,
        Access::Lock => say(Guess::Commutes, "both change parts of it"),
    }
}

fn created(a: &Touch, b: &Touch) -> Option<Judgement> {
    let (mine, theirs) = (a.attribute.as_deref().unwrap_or_default(), b.attribute.as_deref().unwrap_or_default());
    if a.object.kind == Kind::Enum && mine.starts_with("label ") {
        return label_created(a, b);
    }
    if a.object.kind.is_routine() && b.object.kind.is_routine() {
        let same = a.object.path == b.object.path && a.object.arguments == b.object.arguments;
        if !same || theirs.starts_with("absence") {
            return other_routine(a, b);
        }
    }
    match b.access {
        Access::Create if b.object.kind == Kind::Enum && theirs.starts_with("label ") => {
            say(A_FIRST, "one makes the type that the other adds to")
        }
        Access::Create => both_created(a, b),
        _ if theirs.starts_with("absence") => {
            say(Guess::Diverges, "a name that the one uses would mean what the other makes")
        }
        Access::Lock if b.implied && b.attribute.is_none() => None,
        _ if b.missing => say(A_FIRST, "one makes what the other builds on"),
        _ if b.lenient => say(Guess::Diverges, "what the one does if it is there, the other makes"),
        Access::Drop => say(Guess::Diverges, "one makes anew what the other drops"),
        Access::Rename => say(Guess::Diverges, "one makes anew what the other renames"),
        Access::Lock if theirs == "blocks" && !a.implied => {
            say(A_FIRST, "one defines anew what keeps the other from dropping")
        }
        // From here on it was there before, and is only defined anew.
        Access::Read if matches!(theirs, "rows" | "behind" | "volatility" | "columns") && !a.implied => {
            say(Guess::Diverges, "one uses now what the other defines anew")
        }
        Access::Read if !a.implied && a.lenient => say(Guess::Commutes, "one refers to what the other defines anew"),
        Access::Alter if keeps_through_replace(theirs) => None,
        Access::Alter if !a.implied => say(Guess::Diverges, "one changes what the other defines anew"),
        Access::Write if !a.implied => say(Guess::Diverges, "one writes to what the other defines anew"),
        _ => None,
    }
}

/// What `CREATE OR REPLACE` leaves as it is.
fn keeps_through_replace(attribute: &str) -> bool {
    matches!(attribute, "owner" | "comment" | "triggers" | "keys" | "constraints" | "references")
        || attribute.starts_with("grants")
}

/// A label that one change adds, or renames another to.
fn label_created(a: &Touch, b: &Touch) -> Option<Judgement> {
    if b.access == Access::Drop || (b.access == Access::Rename && b.attribute.is_none()) {
        return say(A_FIRST, "one changes the type that the other takes away");
    }
    if a.attribute != b.attribute {
        return match b.access {
            Access::Create if b.attribute.is_none() => say(B_FIRST, "one makes the type that the other adds to"),
            Access::Read if b.attribute.as_deref() == Some("labels") => {
                say(A_FIRST, "one may use the value that the other adds")
            }
            _ => None,
        };
    }
    match b.access {
        Access::Create if a.lenient && b.lenient && a.value == b.value => {
            say(Guess::Commutes, "both add the same value")
        }
        Access::Create if a.value == b.value => say(Guess::Identical, "both add the same value"),
        Access::Create => say(Guess::Incompatible, "both make a value of this name"),
        _ => say(A_FIRST, "one uses the value that the other adds"),
    }
}

/// Routines of one name with other arguments.
fn other_routine(a: &Touch, b: &Touch) -> Option<Judgement> {
    let takes = super::object_name::argument_count(&a.object);
    let is_new = a.attribute.as_deref() != Some("definition");
    match b.access {
        Access::Create => say(Guess::Commutes, "both add a routine of this name, for other arguments"),
        Access::Read => {
            let count = b.attribute.as_deref().and_then(|text| text.strip_prefix("absence"))?;
            // Without a number any of them may be meant; arguments with defaults can be left out.
            let fits = count.trim().parse::<usize>().map_or(true, |count| count <= takes);
            if fits && is_new { say(A_FIRST, "one calls a routine of the name that the other makes") } else { None }
        }
        _ if b.missing => say(A_FIRST, "one makes what the other builds on"),
        _ => None,
    }
}

fn both_created(a: &Touch, b: &Touch) -> Option<Judgement> {
    let same = a.value == b.value && a.object.kind == b.object.kind && a.value.is_some();
    let is_named_by_postgres = |touch: &Touch| {
        touch.implied && matches!(touch.object.kind, Kind::Index | Kind::Constraint | Kind::Sequence | Kind::Statistics)
    };
    match (is_named_by_postgres(a), is_named_by_postgres(b)) {
        (true, true) if same => return say(Guess::Commutes, "both make the same, and PostgreSQL numbers the names"),
        (true, true) => {
            return say(Guess::Diverges, "PostgreSQL would give both the same name, and numbers the second");
        }
        (true, false) => return say(B_FIRST, "PostgreSQL would give the one the name that the other chose"),
        (false, true) => return say(A_FIRST, "PostgreSQL would give the one the name that the other chose"),
        (false, false) => {}
    }
    match (a.lenient, b.lenient) {
        (true, true) if same => say(Guess::Commutes, "both make the same"),
        (true, true) => say(Guess::Diverges, "both make it, each in its own way"),
        (false, true) => say(A_FIRST, "only one of them minds if it is there already"),
        (true, false) => say(B_FIRST, "only one of them minds if it is there already"),
        (false, false) if same => say(Guess::Identical, "both make the same"),
        (false, false) => say(Guess::Incompatible, "both make something of this name"),
    }
}

fn dropped(a: &Touch, b: &Touch) -> Option<Judgement> {
    if a.object.kind.is_routine() && b.object.kind.is_routine() && a.object != b.object && !b.missing {
        return None;
    }
    let theirs = b.attribute.as_deref().unwrap_or_default();
    match b.access {
        Access::Drop if a.implied && b.implied => None,
        Access::Drop if a.implied && !b.implied => {
            if b.lenient {
                say(Guess::Commutes, "both drop it")
            } else {
                say(B_FIRST, "one drops with it what the other drops itself")
            }
        }
        Access::Drop if b.implied => {
            if a.lenient {
                say(Guess::Commutes, "both drop it")
            } else {
                say(A_FIRST, "one drops with it what the other drops itself")
            }
        }
        Access::Drop if a.lenient && b.lenient => say(Guess::Commutes, "both drop it if it is there"),
        Access::Drop if a.lenient => say(B_FIRST, "both drop it, and only one minds if it is gone"),
        Access::Drop if b.lenient => say(A_FIRST, "both drop it, and only one minds if it is gone"),
        Access::Drop => say(Guess::Identical, "both drop it"),
        Access::Lock if theirs == "blocks" => say(A_FIRST, "one drops what keeps the other from dropping"),
        Access::Read if theirs.starts_with("absence") => None,
        Access::Lock | Access::Alter if b.implied => None,
        _ if b.lenient && b.access != Access::Rename => say(Guess::Commutes, "one passes over what the other drops"),
        Access::Read => say(B_FIRST, "one uses what the other drops"),
        _ if b.implied && b.access != Access::Write => None,
        _ => say(B_FIRST, "one changes what the other drops"),
    }
}

fn renamed(a: &Touch, b: &Touch) -> Option<Judgement> {
    if a.object.kind.is_routine() && b.object.kind.is_routine() && a.object != b.object && !b.missing {
        return None;
    }
    let (mine, theirs) = (a.attribute.as_deref().unwrap_or_default(), b.attribute.as_deref().unwrap_or_default());
    if mine.starts_with("label ") {
        return match b.access {
            Access::Rename if mine == theirs && a.value == b.value => {
                say(Guess::Identical, "both rename this value alike")
            }
            Access::Rename if mine == theirs => say(Guess::Incompatible, "both rename this value"),
            _ if mine == theirs || theirs == "labels" => say(B_FIRST, "one names the value that the other renames"),
            Access::Rename if theirs.is_empty() => {
                say(A_FIRST, "one changes a value of the type that the other renames")
            }
            _ => None,
        };
    }
    if theirs.starts_with("label ") && b.implied {
        return None;
    }
    match b.access {
        Access::Rename if a.implied && b.implied => None,
        Access::Rename if a.value == b.value && !a.implied && !b.implied => {
            say(Guess::Identical, "both rename it alike")
        }
        Access::Rename => say(Guess::Incompatible, "both give it another name"),
        Access::Read if theirs.starts_with("absence") => None,
        Access::Read if theirs == "taken" => say(Guess::Diverges, "a name that PostgreSQL finds taken becomes free"),
        Access::Read if a.object.kind == Kind::Schema => {
            say(B_FIRST, "one names what is in the schema that the other renames")
        }
        _ if b.implied => None,
        _ if b.lenient => say(Guess::Diverges, "one passes over what the other renames"),
        _ => say(B_FIRST, "one names what the other renames"),
    }
}

fn altered(a: &Touch, b: &Touch) -> Option<Judgement> {
    if a.object.kind.is_routine() && b.object.kind.is_routine() && a.object != b.object && !(a.missing || b.missing) {
        return None;
    }
    match b.access {
        Access::Alter => both_altered(a, b),
        Access::Write => altered_and_written(a, b),
        Access::Read => altered_and_read(a, b),
        Access::Lock if b.attribute.as_deref() == Some("blocks") => {
            let frees =
                matches!(a.attribute.as_deref(), Some("default" | "type" | "identity" | "generated" | "columns"));
            if frees && !a.implied { say(A_FIRST, "one changes what keeps the other from dropping") } else { None }
        }
        _ => None,
    }
}

fn both_altered(a: &Touch, b: &Touch) -> Option<Judgement> {
    let (Some(mine), Some(theirs)) = (a.attribute.as_deref(), b.attribute.as_deref()) else {
        return if a.implied && b.implied { None } else { say(Guess::Diverges, "both change it") };
    };
    if mine == "partitions" && theirs == "partitions" {
        return partitions(a, b);
    }
    if mine == theirs && SETS.contains(&mine) {
        return match mine {
            "columns" if a.object.kind != Kind::View => say(Guess::Commutes, "both change its columns"),
            "constraints" => say(Guess::Commutes, "both change its constraints"),
            "contents" if a.value.is_some() && b.value.is_some() && a.value != b.value => {
                say(Guess::Commutes, "both say something of all that is in it")
            }
            "columns" => say(Guess::Diverges, "both define it anew"),
            _ => None,
        };
    }
    if overlap(mine, theirs) {
        return match (mine, a.value == b.value) {
            ("identity" | "primary key", _) => say(Guess::Incompatible, "both give it one, and it can have one"),
            _ if a.implied && b.implied => say(Guess::Diverges, "both change it by the way"),
            (_, true) if mine == theirs => say(Guess::Commutes, "both change it alike"),
            _ => say(Guess::Diverges, "both change it, each in its own way"),
        };
    }
    let together = [mine, theirs];
    let with = |x: &str, others: &[&str]| {
        together.contains(&x) && together.iter().any(|other| *other != x && others.iter().any(|o| other.starts_with(o)))
    };
    if with("type", &["default", "generated", "identity"])
        || with("identity", &["default", "not_null"])
        || with("generated", &["default", "identity"])
        || (with("owner", &["grants"])
            && [a, b].iter().any(|t| t.value.as_deref().is_some_and(|v| v.starts_with("revoked"))))
        || with("partition_of", &["columns", "constraints", "keys"])
        || with("inherits", &["columns", "constraints"])
    {
        return say(Guess::Diverges, "what the one changes depends on what the other changes");
    }
    let named = !a.implied && !b.implied;
    (named && a.object.kind != Kind::DefaultPrivileges)
        .then_some(Judgement { guess: Guess::Commutes, why: "both change it, in different ways" })
}

fn partitions(a: &Touch, b: &Touch) -> Option<Judgement> {
    let bound = |touch: &Touch| serde_json::from_str::<Bound>(touch.value.as_deref().unwrap_or_default()).ok();
    match (bound(a), bound(b)) {
        (Some(mine), Some(theirs)) if mine.is_apart_from(&theirs) => {
            say(Guess::Commutes, "both give it a partition, for different rows")
        }
        (Some(_), Some(_)) => say(Guess::Incompatible, "both give it a partition, and rows may belong to both"),
        (None, None) if a.value != b.value => say(Guess::Commutes, "each takes another partition away"),
        _ => say(Guess::Diverges, "one gives it a partition, the other takes one away"),
    }
}

/// Whether two attributes are one, or one is a part of the other.
fn overlap(a: &str, b: &str) -> bool {
    let is_part = |part: &str, whole: &str| part.strip_prefix(whole).is_some_and(|rest| rest.starts_with(' '));
    a == b || is_part(a, b) || is_part(b, a)
}

fn altered_and_written(a: &Touch, b: &Touch) -> Option<Judgement> {
    let (mine, theirs) = (a.attribute.as_deref().unwrap_or_default(), b.attribute.as_deref().unwrap_or_default());
    let said_only =
        matches!(mine, "owner" | "comment") || mine.starts_with("grants") || mine.starts_with("security label");
    let meets = match a.object.kind {
        _ if b.missing || a.missing => false,
        Kind::Column => match mine {
            "" | "type" | "generated" | "not_null" => true,
            "default" => theirs == "default" || theirs.is_empty(),
            other => other.starts_with("identity"),
        },
        Kind::Sequence => !said_only && mine != "owned_by",
        // What is behind a view is used with the rights of its owner.
        Kind::View => matches!(mine, "" | "owner"),
        Kind::Table => matches!(mine, "" | "partitions" | "inherits" | "partition_of" | "enabled triggers"),
        _ => mine.is_empty(),
    };
    if meets { say(Guess::Diverges, "one writes rows to what the other changes") } else { None }
}

fn altered_and_read(a: &Touch, b: &Touch) -> Option<Judgement> {
    let (mine, theirs) = (a.attribute.as_deref().unwrap_or_default(), b.attribute.as_deref().unwrap_or_default());
    if theirs.starts_with("absence") {
        return None;
    }
    let said_only =
        matches!(mine, "owner" | "comment") || mine.starts_with("grants") || mine.starts_with("security label");
    let is_rows = matches!(theirs, "rows" | "behind");
    let meets = match a.object.kind {
        _ if theirs.is_empty()
            && matches!(
                mine,
                "constraints" | "indexes" | "keys" | "triggers" | "policies" | "references" | "children" | "contents"
            ) =>
        {
            false
        }
        _ if !mine.is_empty() && mine == theirs => mine != "children",
        _ if mine.starts_with("label") || mine.starts_with("place") => false,
        Kind::Column | Kind::Attribute => match mine {
            "" | "type" | "generated" => true,
            _ if theirs == "copied" => !said_only,
            _ => false,
        },
        Kind::Table => match mine {
            "partitions" | "inherits" | "partition_of" => is_rows,
            "columns" => theirs == "copied",
            "" => !b.implied,
            _ => false,
        },
        Kind::Function | Kind::Procedure | Kind::Aggregate => !said_only && (is_rows || theirs == "volatility"),
        Kind::View => (mine == "owner" && is_rows) || (mine.is_empty() && !b.implied),
        Kind::Domain => matches!(mine, "" | "values" | "not_null" | "default") && matches!(theirs, "values" | ""),
        Kind::Composite => mine == "columns" && theirs == "values",
        Kind::DefaultPrivileges => true,
        Kind::Extension => !said_only,
        Kind::Schema => false,
        _ => mine.is_empty() && !b.implied,
    };
    if meets { say(Guess::Diverges, "one uses what the other changes") } else { None }
}

fn written(a: &Touch, b: &Touch) -> Option<Judgement> {
    let (mine, theirs) = (a.attribute.as_deref().unwrap_or_default(), b.attribute.as_deref().unwrap_or_default());
    match b.access {
        Access::Write => {
            let apart = match (mine, theirs) {
                ("updates" | "deletes", "updates" | "deletes") | ("default", "default") => {
                    a.object.kind != Kind::Sequence
                }
                _ => false,
            };
            if apart { None } else { say(Guess::Diverges, "both write to it") }
        }
        Access::Read if matches!(theirs, "rows" | "behind" | "copied") => {
            let apart = matches!(mine, "updates" | "default") || theirs == "copied";
            if apart { None } else { say(Guess::Diverges, "one reads the rows that the other writes") }
        }
        _ => None,
    }
}
