//! Bounds of partitions, and whether two of them leave each other alone.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, PartitionBoundSpec, PartitionRangeDatumKind, a_const};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// Which rows a partition takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Bound {
    /// Those that no other takes.
    Default,
    /// Those with one of these values.
    List(Vec<Datum>),
    /// Those from the first up to, and without, the second.
    Range(Vec<Datum>, Vec<Datum>),
    /// Those with this hash.
    Hash {
        /// The divisor.
        modulus: i32,
        /// The rest.
        remainder: i32,
    },
}

/// A value in a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Datum {
    /// `MINVALUE`.
    Least,
    /// `MAXVALUE`.
    Most,
    /// A number as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// `NULL`.
    Null,
    /// An expression.
    Unknown,
}

impl Bound {
    pub(super) fn of(spec: &PartitionBoundSpec) -> Self {
        let data = |nodes: &[Node]| nodes.iter().map(datum).collect();
        match spec.strategy.as_str() {
            _ if spec.is_default => Self::Default,
            "l" => Self::List(data(&spec.listdatums)),
            "h" => Self::Hash { modulus: spec.modulus, remainder: spec.remainder },
            _ => Self::Range(data(&spec.lowerdatums), data(&spec.upperdatums)),
        }
    }

    /// Whether it is certain that no row belongs to both.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Default, Self::Default) => false,
            (Self::Default, _) | (_, Self::Default) => true,
            (Self::List(a), Self::List(b)) => a.iter().all(|x| {
                b.iter().all(|y| matches!((x, y), (Datum::Null, _) | (_, Datum::Null)) && x != y || is_other(x, y))
            }),
            (Self::Range(a, to_a), Self::Range(b, to_b)) => ends_before(to_a, b) || ends_before(to_b, a),
            (Self::Hash { modulus: m, remainder: r }, Self::Hash { modulus: n, remainder: s }) => {
                let common = gcd(*m, *n);
                common > 0 && r % common != s % common
            }
            _ => false,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The model has nothing that JSON has not.
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

fn datum(node: &Node) -> Datum {
    match &node.node {
        Some(NodeEnum::PartitionRangeDatum(datum_of)) => match PartitionRangeDatumKind::try_from(datum_of.kind) {
            Ok(PartitionRangeDatumKind::PartitionRangeDatumMinvalue) => Datum::Least,
            Ok(PartitionRangeDatumKind::PartitionRangeDatumMaxvalue) => Datum::Most,
            _ => datum_of.value.as_ref().map_or(Datum::Unknown, |value| datum(value)),
        },
        Some(NodeEnum::ColumnRef(column)) => match super::names::strings(&column.fields).as_slice() {
            ["minvalue"] => Datum::Least,
            ["maxvalue"] => Datum::Most,
            _ => Datum::Unknown,
        },
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_ref().map_or(Datum::Unknown, |value| datum(value)),
        Some(NodeEnum::AConst(constant)) => match &constant.val {
            Some(a_const::Val::Ival(number)) => Datum::Number(number.ival.to_string()),
            Some(a_const::Val::Fval(number)) => Datum::Number(number.fval.clone()),
            Some(a_const::Val::Sval(text)) => Datum::Text(text.sval.clone()),
            Some(a_const::Val::Boolval(truth)) => Datum::Text(truth.boolval.to_string()),
            _ if constant.isnull => Datum::Null,
            _ => Datum::Unknown,
        },
        _ => Datum::Unknown,
    }
}

/// Whether two values are certainly different.
fn is_other(a: &Datum, b: &Datum) -> bool {
    match (a, b) {
        (Datum::Text(a), Datum::Text(b)) => a != b && !a.eq_ignore_ascii_case(b),
        _ => compare(a, b).is_some_and(Ordering::is_ne),
    }
}

/// Whether a range that ends here certainly does so before another one starts there.
fn ends_before(end: &[Datum], start: &[Datum]) -> bool {
    for (end, start) in end.iter().zip(start) {
        match compare(end, start) {
            Some(Ordering::Less) => return true,
            Some(Ordering::Equal) => {}
            _ => return false,
        }
    }
    true
}

/// The order of two values, where it does not depend on their type.
fn compare(a: &Datum, b: &Datum) -> Option<Ordering> {
    match (a, b) {
        (Datum::Least, Datum::Least) | (Datum::Most, Datum::Most) => Some(Ordering::Equal),
        (Datum::Least, _) | (_, Datum::Most) => Some(Ordering::Less),
        (Datum::Most, _) | (_, Datum::Least) => Some(Ordering::Greater),
        (Datum::Number(a), Datum::Number(b)) => match (a.parse::<i128>(), b.parse::<i128>()) {
            (Ok(a), Ok(b)) => Some(a.cmp(&b)),
            _ => a.parse::<f64>().ok()?.partial_cmp(&b.parse::<f64>().ok()?),
        },
        (Datum::Text(a), Datum::Text(b)) if a == b => Some(Ordering::Equal),
        // Dates and times in the form that sorts as text.
        (Datum::Text(a), Datum::Text(b)) if is_date(a) && is_date(b) => Some(a.cmp(b)),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes
            .iter()
            .take(10)
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
        && bytes.iter().skip(10).all(|b| b.is_ascii_digit() || b" :.+-T".contains(b))
}

fn gcd(a: i32, b: i32) -> i32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> Bound {
        Bound::Range(vec![Datum::Text(from.to_owned())], vec![Datum::Text(to.to_owned())])
    }

    #[test]
    fn neighbouring_months_are_apart() {
        let (june, july) = (range("2024-06-01", "2024-07-01"), range("2024-07-01", "2024-08-01"));
        assert!(june.is_apart_from(&july) && july.is_apart_from(&june));
        assert!(!june.is_apart_from(&range("2024-06-15", "2024-07-15")));
    }

    #[test]
    fn hashes_are_apart_by_their_common_divisor() {
        let of = |modulus, remainder| Bound::Hash { modulus, remainder };
        assert!(of(4, 0).is_apart_from(&of(4, 1)));
        assert!(!of(4, 0).is_apart_from(&of(8, 4)));
        assert!(of(4, 1).is_apart_from(&of(8, 4)));
    }
}
