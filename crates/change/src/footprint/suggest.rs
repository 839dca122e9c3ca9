//! Suggestions, made for the pair of changes they are about.

use super::clash::{First, Guess, Meeting};
use super::{Access, Touch};
use pleach_schema::{Address, Kind, Tree};

/// What would resolve a meeting that is judged so.
pub(super) fn suggestion(guess: Guess, meeting: &Meeting<'_>, tree: &Tree) -> String {
    let (a, b) = (meeting.a, meeting.b);
    match guess {
        Guess::Independent => String::new(),
        Guess::Commutes => format!("nothing to do: let the other side know that both touch {}", a.object),
        Guess::Identical => format!("leave {} out of one of the two changes: it is the same in both", a.object),
        Guess::OrderRequired { first } => {
            let (one, other) = if first == First::A { (a, b) } else { (b, a) };
            ordered(first, one, other)
        }
        Guess::Diverges => diverging(a, b),
        Guess::Incompatible => apart(a, b, tree),
    }
}

const fn side(first: First) -> (&'static str, &'static str) {
    match first {
        First::A => ("first", "second"),
        First::B => ("second", "first"),
    }
}

fn ordered(first: First, one: &Touch, other: &Touch) -> String {
    let (this, that) = side(first);
    match (one.access, other.access) {
        (Access::Create, _) => {
            format!("apply the {this} change first: it makes {}, which the {that} one uses", one.object)
        }
        (_, Access::Rename) => {
            let new = other.value.as_deref().unwrap_or_default().trim();
            format!(
                "apply the {this} change first, or let it say {} where it says {}",
                pleach_schema::quote_ident(new),
                other.object.name_sql()
            )
        }
        (_, Access::Drop) => {
            format!(
                "apply the {this} change first, if {} may go after it; else take it out of one of them",
                other.object
            )
        }
        (Access::Drop, _) => {
            format!("apply the {this} change first: it drops {}, which is in the way of the {that} one", one.object)
        }
        _ => format!("apply the {this} change first"),
    }
}

fn diverging(a: &Touch, b: &Touch) -> String {
    match (a.access, b.access) {
        (Access::Write, Access::Write) => {
            format!("decide which one writes {} last, and apply it last; or limit both to different rows", a.object)
        }
        (Access::Alter, Access::Alter) => match &a.attribute {
            Some(attribute) => {
                format!("agree on the {attribute} of {}, and set it in one of the two changes", a.object)
            }
            None => format!("agree on {}, and change it in one of the two changes", a.object),
        },
        (Access::Create, Access::Create) => format!("agree on one definition of {}", a.object),
        (Access::Read, _) | (_, Access::Read) => {
            let (changes, uses) = if a.access == Access::Read { (b, "first") } else { (a, "second") };
            format!(
                "decide whether the {uses} change means {} before or after it is changed, and order them so",
                changes.object
            )
        }
        _ => format!("decide which of the two has the last word on {}, and apply it last", a.object),
    }
}

fn apart(a: &Touch, b: &Touch, tree: &Tree) -> String {
    match (a.access, b.access) {
        (Access::Create, Access::Create) => {
            let free = free_name(&b.object, tree);
            format!(
                "call it {} in the second change, or agree on one definition of {}",
                pleach_schema::quote_ident(&free),
                a.object
            )
        }
        (Access::Rename, Access::Rename) => {
            let names = [a, b].map(|touch| touch.value.clone().unwrap_or_default().trim().to_owned());
            format!("agree on one name for {}: {} or {}", a.object, names[0], names[1])
        }
        (Access::Drop, Access::Read) | (Access::Read, Access::Drop) => {
            format!(
                "decide whether {} stays: leave the drop out of the one change, or let the other do without it",
                a.object
            )
        }
        (Access::Drop, Access::Drop) => {
            format!("leave DROP of {} to one of the two changes, or say IF EXISTS in both", a.object)
        }
        (Access::Alter, Access::Alter) if a.attribute.as_deref() == Some("partitions") => {
            format!("give the partitions of {} bounds that do not overlap", a.object)
        }
        _ => format!("take {} out of one of the two changes", a.object),
    }
}

/// A name nobody has yet.
fn free_name(address: &Address, tree: &Tree) -> String {
    let taken = |name: &str| {
        let mut path = address.path.clone();
        if let Some(last) = path.last_mut() {
            name.clone_into(last);
        }
        let kinds = [address.kind, Kind::Table, Kind::View, Kind::Sequence];
        kinds.iter().any(|kind| tree.object(&Address { kind: *kind, ..address.with_path(path.clone()) }).is_some())
    };
    super::names::choose(address.name(), "", "2", taken)
}
