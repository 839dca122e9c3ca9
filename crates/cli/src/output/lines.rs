//! What differs between two texts, line by line.

/// One line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the first only.
    Removed(&'a str),
    /// In the second only.
    Added(&'a str),
}

/// Compares two texts by their longest common subsequence of lines.
pub fn compare<'a>(from: &'a str, to: &'a str) -> Vec<Line<'a>> {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let head = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let tail = from[head..].iter().rev().zip(to[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut out: Vec<Line<'a>> = from[..head].iter().map(|line| Line::Same(line)).collect();
    middle(&from[head..from.len() - tail], &to[head..to.len() - tail], &mut out);
    out.extend(from[from.len() - tail..].iter().map(|line| Line::Same(line)));
    out
}

/// Where texts are longer than this, everything between is shown as replaced.
const LONGEST: usize = 2000;

fn middle<'a>(from: &[&'a str], to: &[&'a str], out: &mut Vec<Line<'a>>) {
    if from.len().max(to.len()) > LONGEST {
        out.extend(from.iter().map(|line| Line::Removed(line)));
        out.extend(to.iter().map(|line| Line::Added(line)));
        return;
    }
    // longest[i][j] is the length of the longest common subsequence of from[i..] and to[j..].
    let mut longest = vec![vec![0_u32; to.len() + 1]; from.len() + 1];
    for i in (0..from.len()).rev() {
        for j in (0..to.len()).rev() {
            longest[i][j] =
                if from[i] == to[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            out.push(Line::Same(from[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == to.len() || (i < from.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            out.push(Line::Removed(from[i]));
            i += 1;
        } else {
            out.push(Line::Added(to[j]));
            j += 1;
        }
    }
}

/// Leaves out what is the same, except for some lines around what is not; `None` stands for a gap.
pub fn with_context<'a>(lines: &[Line<'a>], context: usize) -> Vec<Option<Line<'a>>> {
    let differs: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Same(_))).map(|(at, _)| at).collect();
    let near = |at: usize| differs.iter().any(|differing| at.abs_diff(*differing) <= context);
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if near(at) {
            out.push(Some(*line));
        } else if out.last() != Some(&None) {
            out.push(None);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(from: &str, to: &str, context: usize) -> String {
        let show = |line: Option<Line<'_>>| match line {
            Some(Line::Same(line)) => format!(" {line}"),
            Some(Line::Removed(line)) => format!("-{line}"),
            Some(Line::Added(line)) => format!("+{line}"),
            None => "…".to_owned(),
        };
        with_context(&compare(from, to), context).into_iter().map(show).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn lines_are_compared_with_little_around_them() {
        assert_eq!(shown("a\nb\nc", "a\nx\nc", 1), " a|-b|+x| c");
        assert_eq!(shown("a\nb\nc\nd\ne", "a\nb\nc\nd\nf", 1), "…| d|-e|+f");
        assert_eq!(shown("", "a", 1), "+a");
        assert_eq!(shown("a\nb\nc\nd", "b\nd\ne", 0), "-a|…|-c|…|+e");
    }
}
