//! Rows as psql shows them.

use super::{Align, Page};

/// Prints rows under their columns' names; numbers to the right.
pub fn aligned(page: &mut Page, columns: &[String], rows: &[Vec<Option<String>>]) {
    let columns: Vec<Column<'_>> = (0..columns.len()).map(|at| Column::new(&columns[at], at, rows)).collect();
    let header: Vec<String> = columns.iter().map(|column| column.center(column.name)).collect();
    page.line(format!(" {}", header.join(" | ")).trim_end());
    let rule: Vec<String> = columns.iter().map(|column| "-".repeat(column.width + 2)).collect();
    page.line(rule.join("+"));
    for row in rows {
        print_row(page, &columns, row);
    }
}

struct Column<'a> {
    name: &'a str,
    width: usize,
    align: Align,
}

impl<'a> Column<'a> {
    fn new(name: &'a str, at: usize, rows: &[Vec<Option<String>>]) -> Self {
        let values = || rows.iter().filter_map(|row| row.get(at)?.as_deref());
        let widest = values().flat_map(str::lines).chain([name]).map(|line| line.chars().count()).max();
        let numbers = values().all(is_number) && values().next().is_some();
        let align = if numbers { Align::Right } else { Align::Left };
        Self { name, width: widest.unwrap_or_default(), align }
    }

    fn center(&self, text: &str) -> String {
        format!("{text:^width$}", width = self.width)
    }

    fn cell(&self, text: &str) -> String {
        match self.align {
            Align::Left => format!("{text:<width$}", width = self.width),
            Align::Right => format!("{text:>width$}", width = self.width),
        }
    }
}

/// Prints a row; values of several lines go on below, with a `+` where they do.
fn print_row(page: &mut Page, columns: &[Column<'_>], row: &[Option<String>]) {
    let cells: Vec<Vec<&str>> =
        row.iter().map(|value| value.as_deref().unwrap_or_default().lines().collect()).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
    for at in 0..height {
        let mut line = String::new();
        for (column, lines) in columns.iter().zip(&cells) {
            line.push_str(if line.is_empty() { " " } else { "| " });
            line.push_str(&column.cell(lines.get(at).copied().unwrap_or_default()));
            line.push(if at + 1 < lines.len() { '+' } else { ' ' });
        }
        page.line(line.trim_end());
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_look_as_in_psql() {
        let mut page = Page::default();
        let row = |values: [Option<&str>; 2]| values.map(|value| value.map(str::to_owned)).to_vec();
        let rows = [row([Some("1"), Some("one\ntwo")]), row([Some("20"), None])];
        aligned(&mut page, &["id".into(), "name".into()], &rows);
        assert_eq!(page.text(), " id | name\n----+------\n  1 | one +\n    | two\n 20 |\n");
    }
}
