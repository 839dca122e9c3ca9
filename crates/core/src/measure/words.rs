//! What was measured, in words.

use super::{Measured, Touched};

impl Measured {
    /// What was measured, in a few lines.
    pub fn words(&self) -> Vec<String> {
        let mut out = vec![format!("took {}, wrote {} of log", time(self.microseconds), pretty_size(self.wal_bytes))];
        out.extend(self.tables.iter().map(Touched::words));
        out.extend(self.index_rewrites.iter().map(|index| format!("wrote {index} anew")));
        if let Some(estimate) = &self.estimate {
            out.push(format!(
                "with {} of rows: about {} and {} of log (an estimate)",
                pretty_size(estimate.table_bytes),
                time(estimate.milliseconds.saturating_mul(1_000)),
                pretty_size(estimate.wal_bytes)
            ));
        }
        out
    }
}

impl Touched {
    fn words(&self) -> String {
        let rows = |count: u64, what: &str| {
            (count > 0).then(|| format!("{count} {} {what}", if count == 1 { "row" } else { "rows" }))
        };
        let bytes = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", pretty_size(count)));
        let parts = [
            rows(self.rows_read, "read"),
            rows(self.rows_written, "written"),
            bytes(self.bytes_read, "read from the first to the last"),
            bytes(self.bytes_written, "written"),
        ];
        format!("{}: {}", self.relation, parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A time: `12 ms`, `3.4 s`.
fn time(microseconds: u64) -> String {
    match microseconds {
        0..10_000 => format!("{:.1} ms", microseconds as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", microseconds / 1_000),
        1_000_000..120_000_000 => format!("{:.1} s", microseconds as f64 / 1e6),
        _ => format!("{} min", microseconds / 60_000_000),
    }
}

/// A number of bytes: `8.3 MB`, in the units of `pg_size_pretty`.
pub fn pretty_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    while value >= 1024.0
        && let Some(next) = units.next()
    {
        value /= 1024.0;
        unit = next;
    }
    let digits = usize::from(unit != UNITS[0] && value < 10.0);
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::{pretty_size, time};

    #[test]
    fn sizes_have_two_digits_or_more() {
        let sizes = [0, 8192, 8_700_000, 20 << 30].map(pretty_size);
        assert_eq!(sizes, ["0 bytes", "8.0 kB", "8.3 MB", "20 GB"]);
    }

    #[test]
    fn times_are_as_exact_as_they_are_short() {
        let times = [340, 12_345, 3_456_000, 600_000_000].map(time);
        assert_eq!(times, ["0.3 ms", "12 ms", "3.5 s", "10 min"]);
    }
}
