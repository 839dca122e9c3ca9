//! Columns of text.

/// To which side a column's texts are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// To the left.
    Left,
    /// To the right, as numbers.
    Right,
}

/// Columns of text, as wide as their widest cell.
#[derive(Debug, Default)]
pub struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with columns like this.
    pub fn new(align: impl IntoIterator<Item = Align>) -> Self {
        Self { align: align.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The lines, without spaces at their ends.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
        self.rows.iter().map(|row| self.line(row, &widths)).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate().filter(|(column, _)| widths[*column] > 0) {
            let space = " ".repeat(widths[column] - width(cell));
            if !line.is_empty() {
                line.push_str("  ");
            }
            match self.align.get(column) {
                Some(Align::Right) => line.extend([space.as_str(), cell]),
                _ => line.extend([cell.as_str(), &space]),
            }
        }
        line.trim_end().to_owned()
    }
}

/// How many characters a text takes on a terminal: styles take none.
pub fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_lined_up_and_empty_columns_left_out() {
        let mut table = Table::new([Align::Left, Align::Left, Align::Right]);
        table.row(["main", "", "8 MB"]);
        table.row([super::super::style::paint(super::super::style::BRANCH, "agent/a").as_str(), "", "12 MB"]);
        let lines: Vec<String> =
            table.lines().iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(lines, ["main      8 MB", "agent/a  12 MB"]);
    }
}
