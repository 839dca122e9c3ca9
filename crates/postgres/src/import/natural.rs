//! The order people mean: `2_users.sql` before `10_orders.sql`.

use std::cmp::Ordering;

/// Compares texts with the numbers in them as numbers.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (left_run, left_rest) = run(left);
        let (right_run, right_rest) = run(right);
        let order = if is_number(left_run) && is_number(right_run) {
            numbers(left_run, right_run)
        } else {
            left_run.cmp(right_run)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    // What is equal but for leading zeros still has one order.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Compares texts of digits as numbers of any length.
pub fn numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A number without its leading zeros.
pub(super) fn significant(number: &str) -> &str {
    number.trim_start_matches('0')
}

/// The digits a text begins with, and the rest.
pub(super) fn leading_number(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Cuts off the longest beginning that is all digits, or that has none.
fn run(text: &str) -> (&str, &str) {
    let digits = is_number(text);
    let end = text.bytes().position(|byte| byte.is_ascii_digit() != digits);
    text.split_at(end.unwrap_or(text.len()))
}

fn is_number(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["b", "10_x", "2_x", "02_x", "a9/1", "a10/1", "a", "99999999999999999999999_x", "2_y"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["02_x", "2_x", "2_y", "10_x", "99999999999999999999999_x", "a", "a9/1", "a10/1", "b"]);
    }
}
