//! How long a statement takes where the tables have another size.

use super::{Estimate, Measured};
use std::collections::HashMap;

/// Tables that hold less than this are too small to learn from how long a statement takes.
const ENOUGH: u64 = 64 << 10;

/// The sizes of tables where statements are to run in earnest.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    /// Bytes by name, as SQL; `None` where they are not known.
    pub known: Option<HashMap<String, u64>>,
    /// Tables from this many bytes on must not be locked for long; those of unknown size neither.
    pub large: u64,
}

impl Sizes {
    /// Bytes of a table.
    pub fn there(&self, table: &str) -> Option<u64> {
        self.known.as_ref()?.get(table).copied()
    }

    /// Whether a table is too large to be locked for long.
    pub fn is_large(&self, table: &str) -> bool {
        self.there(table).is_none_or(|bytes| bytes >= self.large)
    }
}

/// What was measured, scaled to the size of the tables elsewhere: given are the bytes of each table
/// here and there. Reading and writing grow with the bytes, sorting for an index a little faster.
pub(super) fn scaled(measured: &Measured, tables: &[(u64, u64)], sorts: bool) -> Option<Estimate> {
    let here: u64 = tables.iter().map(|(here, _)| here).sum();
    let there: u64 = tables.iter().map(|(_, there)| there).sum();
    if tables.is_empty() || (here < ENOUGH && there > ENOUGH) {
        return None;
    }
    let (from, to) = (here.max(ENOUGH) as f64, there.max(ENOUGH) as f64);
    let mut factor = to / from;
    if sorts {
        factor *= to.ln() / from.ln();
    }
    Some(Estimate {
        table_bytes: there,
        milliseconds: (measured.microseconds as f64 * factor / 1000.0).round() as u64,
        wal_bytes: (measured.wal_bytes as f64 * factor).round() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(microseconds: u64) -> Measured {
        Measured { microseconds, wal_bytes: 1 << 20, tables: Vec::new(), index_rewrites: Vec::new(), estimate: None }
    }

    #[test]
    fn time_grows_with_bytes() {
        let estimate = scaled(&measured(2_000), &[(1 << 20, 1 << 30)], false);
        assert_eq!(estimate, Some(Estimate { table_bytes: 1 << 30, milliseconds: 2_048, wal_bytes: 1 << 30 }));
        let sorted = scaled(&measured(2_000), &[(1 << 20, 1 << 30)], true).map(|estimate| estimate.milliseconds);
        assert_eq!(sorted, Some(3_072), "n log n: 2 ms × 1024 × 30/20");
    }

    #[test]
    fn little_says_nothing_of_much() {
        assert_eq!(scaled(&measured(2_000), &[(8_192, 1 << 30)], false), None);
        assert_eq!(scaled(&measured(2_000), &[], false), None);
        assert!(scaled(&measured(2_000), &[(8_192, 16_384)], false).is_some_and(|same| same.milliseconds == 2));
    }
}
