//! The graph beside a log.

use pleach_core::schema::Hash;

/// Draws commits as dots on lanes, children above their parents.
///
/// Commits are given one after the other, each before its parents. Every commit gives the line
/// with its dot, and the lines under it that lead to its parents.
#[derive(Debug, Default)]
pub struct Graph {
    /// The commit that each lane leads to; free lanes lead nowhere.
    lanes: Vec<Option<Hash>>,
}

/// How a commit is drawn.
#[derive(Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The line with its dot.
    pub dot: String,
    /// The lines under it.
    pub links: Vec<String>,
}

impl Graph {
    /// Draws a commit.
    pub fn draw(&mut self, commit: Hash, parents: &[Hash]) -> Drawn {
        let at = self.lane_of(commit).unwrap_or_else(|| self.take_lane(commit));
        let sign = if parents.len() > 1 { '◆' } else { '○' };
        let dot = self.line(|lane, busy| if lane == at { sign } else { plain(busy) }, |_| ' ');
        self.lanes[at] = None;
        let mut links = Vec::new();
        let mut goes_on = false;
        for parent in parents {
            match self.lane_of(*parent) {
                // One line below is enough for the first parent; it is the same lane going on.
                None if !goes_on => {
                    self.lanes[at] = Some(*parent);
                    goes_on = true;
                }
                None => {
                    let to = self.take_lane(*parent);
                    links.push(self.link(at, to, goes_on, true));
                }
                // Reserved for it already.
                Some(to) if to == at => {}
                // The lane further right comes over, so that the graph stays narrow.
                Some(to) if to > at && !goes_on && parents.last() == Some(parent) => {
                    links.push(self.link(to, at, false, false));
                    self.lanes[at] = self.lanes[to].take();
                    goes_on = true;
                }
                Some(to) => {
                    // The commit's own lane ends here unless another parent still needs it.
                    let last = !goes_on && parents.last() == Some(parent);
                    links.push(self.link(at, to, !last, false));
                    goes_on |= !last && self.reserve(at, parents, *parent);
                }
            }
        }
        while self.lanes.last() == Some(&None) {
            self.lanes.pop();
        }
        Drawn { dot, links }
    }

    /// Whether history goes on below what was drawn.
    pub fn goes_on(&self) -> bool {
        self.lanes.iter().any(Option::is_some)
    }

    fn lane_of(&self, commit: Hash) -> Option<usize> {
        self.lanes.iter().position(|lane| *lane == Some(commit))
    }

    /// Gives a commit the first free lane.
    fn take_lane(&mut self, commit: Hash) -> usize {
        let at = self.lanes.iter().position(Option::is_none).unwrap_or(self.lanes.len());
        if at == self.lanes.len() {
            self.lanes.push(None);
        }
        self.lanes[at] = Some(commit);
        at
    }

    /// Keeps a lane for the parents that come after one.
    fn reserve(&mut self, at: usize, parents: &[Hash], after: Hash) -> bool {
        let mut rest = parents.iter().skip_while(|parent| **parent != after).skip(1);
        match rest.find(|parent| self.lane_of(**parent).is_none()) {
            Some(parent) => {
                self.lanes[at] = Some(*parent);
                true
            }
            None => false,
        }
    }

    /// A line from one lane to another. `stays` says whether the first goes on below, `opens`
    /// whether the second begins here.
    fn link(&self, from: usize, to: usize, stays: bool, opens: bool) -> String {
        let (left, right) = (from.min(to), from.max(to));
        let rightward = to > from;
        let corner = |lane: usize, busy: bool| match lane {
            _ if lane == from => match (stays, rightward) {
                (true, true) => '├',
                (true, false) => '┤',
                (false, true) => '╰',
                (false, false) => '╯',
            },
            _ if lane == to => match (opens, rightward) {
                (true, true) => '╮',
                (true, false) => '╭',
                (false, true) => '┤',
                (false, false) => '├',
            },
            _ if lane > left && lane < right => {
                if busy {
                    '┼'
                } else {
                    '─'
                }
            }
            _ => plain(busy),
        };
        self.line(corner, |lane| if lane >= left && lane < right { '─' } else { ' ' })
    }

    fn line(&self, sign: impl Fn(usize, bool) -> char, between: impl Fn(usize) -> char) -> String {
        let mut line = String::new();
        for (lane, leads_to) in self.lanes.iter().enumerate() {
            line.push(sign(lane, leads_to.is_some()));
            line.push(between(lane));
        }
        line.trim_end().to_owned()
    }
}

fn plain(busy: bool) -> char {
    if busy { '│' } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws a history written as `child: parents` per line.
    fn drawn(history: &str) -> String {
        let hash = |name: &str| Hash::of(name.as_bytes());
        let mut graph = Graph::default();
        let mut lines = Vec::new();
        for line in history.lines().filter(|line| !line.trim().is_empty()) {
            let (commit, parents) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
            let parents: Vec<Hash> = parents.split_whitespace().map(hash).collect();
            let drawn = graph.draw(hash(commit), &parents);
            lines.push(format!("{}  {commit}", drawn.dot));
            lines.extend(drawn.links);
        }
        if graph.goes_on() {
            lines.push("~".to_owned());
        }
        lines.join("\n")
    }

    #[test]
    fn a_line_of_commits_is_a_line() {
        assert_eq!(drawn("c: b\nb: a\na:"), "○  c\n○  b\n○  a");
        assert_eq!(drawn("c: b"), "○  c\n~");
    }

    #[test]
    fn a_merge_has_two_lanes() {
        assert_eq!(drawn("m: a b\nb: r\na: r\nr:"), "◆  m\n├─╮\n│ ○  b\n○ │  a\n├─╯\n○  r");
    }

    #[test]
    fn branches_side_by_side_meet_where_they_parted() {
        assert_eq!(drawn("x: r\ny: r\nz: r\nr:"), "○  x\n│ ○  y\n├─╯\n│ ○  z\n├─╯\n○  r");
    }

    #[test]
    fn two_merges_into_one_line() {
        let history = "n: m b\nm: r a\nb: r\na: r\nr:";
        assert_eq!(drawn(history), "◆  n\n├─╮\n◆ │  m\n├─┼─╮\n│ ○ │  b\n├─╯ │\n│   ○  a\n├───╯\n○  r");
    }
}
