//! Dumps in a form that only tells what is there, and not in which order it came about.

/// A dump as a list of its pieces. Pieces, grants, and rows are sorted, and so are columns with
/// their values: their order cannot be changed, and is no difference.
pub fn normalised(dump: &str) -> String {
    let mut pieces: Vec<String> = vec![String::new()];
    for line in dump.lines() {
        if line.starts_with("-- Name: ") || line.starts_with("-- Data for Name: ") {
            pieces.push(String::new());
        }
        // It is another one in each dump.
        if line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ") || line == "--" {
            continue;
        }
        let piece = pieces.last_mut().unwrap();
        piece.push_str(line);
        piece.push('\n');
    }
    let mut pieces: Vec<String> = pieces.iter().map(|piece| sorted(piece.trim())).collect();
    pieces.sort();
    pieces.join("\n\n")
}

fn sorted(piece: &str) -> String {
    let mut lines: Vec<&str> = piece.lines().collect();
    let begins = |lines: &[&str], start: &str| lines.iter().position(|line| line.starts_with(start));
    if piece.contains("; Type: ACL;") || piece.contains("; Type: DEFAULT ACL;") {
        lines.sort_unstable();
    } else if let Some(at) = begins(&lines, "COPY ") {
        return rows(&lines[..at], lines[at], &lines[at + 1..]);
    } else if let Some(at) = begins(&lines, "CREATE TABLE ").or_else(|| begins(&lines, "CREATE TYPE ")) {
        let end = lines[at..].iter().position(|line| line.starts_with(')')).map_or(at, |end| at + end);
        if end > at && !lines[at].contains(" AS ENUM ") {
            let mut columns: Vec<&str> = lines[at + 1..end].iter().map(|line| line.trim_end_matches(',')).collect();
            columns.sort_unstable();
            lines.splice(at + 1..end, columns);
        }
    }
    lines.join("\n")
}

/// Rows with their columns in the order of their names.
fn rows(before: &[&str], copy: &str, lines: &[&str]) -> String {
    let Some((table, columns)) =
        copy.split_once(" (").and_then(|(table, rest)| Some((table, rest.rsplit_once(')')?.0)))
    else {
        return [before, &[copy], lines].concat().join("\n");
    };
    let columns: Vec<&str> = columns.split(", ").collect();
    let end = lines.iter().position(|line| *line == "\\.").unwrap();
    let row = |line: &&str| {
        let mut values: Vec<String> =
            columns.iter().zip(line.split('\t')).map(|(column, value)| format!("{column}={value}")).collect();
        values.sort();
        values.join(" ")
    };
    let mut rows: Vec<String> = lines[..end].iter().map(row).collect();
    rows.sort();
    let mut columns = columns.clone();
    columns.sort_unstable();
    format!("{}\n{table} {}\n{}", before.join("\n"), columns.join(", "), rows.join("\n"))
}
