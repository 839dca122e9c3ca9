//! Times, ages and sizes for people.

use time::OffsetDateTime;
use time::macros::format_description;

/// A moment, to the second: `2026-05-17 08:03:00 UTC`.
pub fn moment(at: OffsetDateTime) -> String {
    let shape = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.to_utc().format(shape).unwrap_or_else(|_| at.to_string())
}

/// How long ago it was: `just now`, `5 minutes ago`.
pub fn ago(at: OffsetDateTime) -> String {
    let seconds = (OffsetDateTime::now_utc() - at).whole_seconds();
    const STEPS: [(i64, i64, &str); 6] = [
        (60, 1, "second"),
        (3600, 60, "minute"),
        (86_400, 3600, "hour"),
        (86_400 * 30, 86_400, "day"),
        (86_400 * 365, 86_400 * 30, "month"),
        (i64::MAX, 86_400 * 365, "year"),
    ];
    if seconds < 10 {
        return "just now".to_owned();
    }
    let step = STEPS.iter().find(|(below, _, _)| seconds < *below);
    let (unit, name) = step.map_or((1, "second"), |(_, unit, name)| (*unit, *name));
    format!("{} ago", super::plural(seconds / unit, name))
}

/// A number of bytes: `8.3 MB`, in the units of `pg_size_pretty`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 10.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn moments_have_two_digits_everywhere() {
        let at = OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(3_723_450);
        assert_eq!(moment(at.to_offset(time::macros::offset!(+2))), "1970-01-01 01:02:03 UTC");
    }

    #[test]
    fn ages_are_rounded_down() {
        for (seconds, text) in
            [(0, "just now"), (-5, "just now"), (59, "59 seconds ago"), (61, "1 minute ago"), (90_000, "1 day ago")]
        {
            assert_eq!(ago(OffsetDateTime::now_utc() - Duration::seconds(seconds)), text);
        }
        assert_eq!(ago(OffsetDateTime::now_utc() - Duration::days(800)), "2 years ago");
    }

    #[test]
    fn sizes_have_two_digits_or_more() {
        assert_eq!([size(0), size(8192), size(8_700_000), size(20 << 30)], ["0 bytes", "8.0 kB", "8.3 MB", "20 GB"]);
    }
}
