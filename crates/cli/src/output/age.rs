//! Times and ages for people.

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
}
