//! Three-way merge of one attribute's values.

use pleach_schema::{Attr, Value};
use std::collections::BTreeMap;

/// Merges what is structured inside an attribute: maps name by name, an enum's labels in order,
/// a role's privileges one by one. `None` when the two sides cannot both be had.
pub(super) fn merge_inside(
    attr: Attr,
    base: Option<&Value>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
) -> Option<Option<Value>> {
    match attr {
        Attr::Labels => {
            let list = |value: Option<&Value>| value.and_then(Value::as_list).unwrap_or_default().to_vec();
            merge_labels(&list(base), &list(ours), &list(theirs)).map(|list| Some(Value::List(list)))
        }
        // The inside of an identity is one decision; so are lists whose order means something.
        Attr::Identity => None,
        Attr::Grants => merge_maps(base, ours, theirs, merge_privileges),
        _ => merge_maps(base, ours, theirs, |_, _, _, _| None),
    }
}

/// How values under one name are merged that differ on all sides.
type Inside = fn(&str, Option<&Value>, Option<&Value>, Option<&Value>) -> Option<Value>;

fn merge_maps(
    base: Option<&Value>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    inside: Inside,
) -> Option<Option<Value>> {
    let map = |value: Option<&Value>| match value {
        None => Some(BTreeMap::new()),
        Some(Value::Map(map)) => Some(map.clone()),
        Some(_) => None,
    };
    let (base, ours, theirs) = (map(base)?, map(ours)?, map(theirs)?);
    let mut merged = BTreeMap::new();
    for name in base.keys().chain(ours.keys()).chain(theirs.keys()) {
        let (b, o, t) = (base.get(name), ours.get(name), theirs.get(name));
        let value = if b == o {
            t.cloned()
        } else if b == t || o == t {
            o.cloned()
        } else {
            Some(inside(name, b, o, t)?)
        };
        if let Some(value) = value {
            merged.insert(name.clone(), value);
        }
    }
    Some((!merged.is_empty()).then_some(Value::Map(merged)))
}

/// What either side granted is granted, what either revoked is revoked. Only for roles that have
/// nothing by default: of others it is not known what they had.
fn merge_privileges(role: &str, base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>) -> Option<Value> {
    if base.is_none() && matches!(role, "PUBLIC" | "@owner") {
        return None;
    }
    let list = |value: Option<&Value>| value.map_or(Some(Vec::new()), |value| Some(value.as_list()?.to_vec()));
    let (base, ours, theirs) = (list(base)?, list(ours)?, list(theirs)?);
    let plain = |value: &Value| value.as_text().map(|text| text.trim_end_matches('*').to_owned());
    let kept = |value: &&Value| ours.contains(value) && theirs.contains(value) || !base.contains(value);
    let mut merged: Vec<Value> = ours.iter().filter(kept).cloned().collect();
    merged.extend(theirs.iter().filter(kept).filter(|value| !ours.contains(value)).cloned());
    merged.sort();
    // With and without grant option is a decision.
    let once = merged.windows(2).all(|pair| plain(&pair[0]) != plain(&pair[1]));
    (once && !merged.is_empty()).then_some(Value::List(merged))
}

/// Labels that both sides added go behind the label they were added behind, ours first.
fn merge_labels(base: &[Value], ours: &[Value], theirs: &[Value]) -> Option<Vec<Value>> {
    let keeps = |side: &[Value]| {
        let kept: Vec<&Value> = side.iter().filter(|label| base.contains(label)).collect();
        kept.iter().copied().eq(base.iter())
    };
    if !keeps(ours) || !keeps(theirs) {
        return None;
    }
    let mut merged = ours.to_vec();
    let mut place = 0;
    for label in theirs {
        match merged.iter().position(|have| have == label) {
            Some(at) => place = at + 1,
            None => {
                // Behind what ours added in the same place.
                while merged.get(place).is_some_and(|have| !base.contains(have)) {
                    place += 1;
                }
                merged.insert(place, label.clone());
                place += 1;
            }
        }
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<Value> {
        text.split_whitespace().map(Value::from).collect()
    }

    #[test]
    fn labels_of_both_sides_are_kept_in_place() {
        let merge = |b, o, t| merge_labels(&labels(b), &labels(o), &labels(t));
        assert_eq!(merge("a c", "a b c", "a c d"), Some(labels("a b c d")));
        assert_eq!(merge("a c", "a x c", "a y c"), Some(labels("a x y c")));
        assert_eq!(merge("a", "a b", "a b c"), Some(labels("a b c")));
        assert_eq!(merge("a b", "a c", "a b d"), None);
    }

    #[test]
    fn privileges_are_granted_and_revoked_one_by_one() {
        let grants = |text: &str| {
            let list = Value::List(text.split_whitespace().map(Value::from).collect());
            Some(Value::Map([("app".to_owned(), list)].into()))
        };
        let merge = |b: &Option<Value>, o: &str, t: &str| {
            merge_inside(Attr::Grants, b.as_ref(), grants(o).as_ref(), grants(t).as_ref())
        };
        assert_eq!(merge(&None, "SELECT", "INSERT"), Some(grants("INSERT SELECT")));
        assert_eq!(merge(&grants("SELECT UPDATE"), "SELECT", "DELETE SELECT UPDATE"), Some(grants("DELETE SELECT")));
        assert_eq!(merge(&grants("SELECT"), "SELECT*", "INSERT"), Some(grants("INSERT SELECT*")));
        assert_eq!(merge(&None, "SELECT", "SELECT*"), None);
    }
}
