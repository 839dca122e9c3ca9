//! A diff for people: by relation, renames as renames, what was replaced as replaced.

use super::describe::{self, Difference};
use super::lines::{Line, compare, with_context};
use super::{Page, plural, style};
use anstyle::Style;
use pleach_core::change::{Change, Diff};
use pleach_core::schema::{Address, Attr, Kind, Object};
use pleach_core::state::DataStep;
use std::collections::{BTreeMap, HashMap};

/// Prints a diff, relation by relation.
pub fn diff(page: &mut Page, diff: &Diff) {
    for group in groups(diff).values() {
        group.print(page);
    }
}

/// Prints data steps: what they are called and how they begin.
pub fn data_steps<'a>(page: &mut Page, steps: impl IntoIterator<Item = &'a DataStep>) {
    for step in steps {
        let statement = step.sql.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("--"));
        let statement = describe::one_line(statement.unwrap_or_default());
        page.line(format!("{} data step {}: {statement}", style::paint(style::ALTERED, "▸"), step.name));
    }
}

/// What a diff does, counted: `2 added, 1 renamed`. Parts of what is new or gone do not count.
pub fn tally(diff: &Diff) -> String {
    let mut counts = [("added", 0), ("dropped", 0), ("altered", 0), ("renamed", 0), ("replaced", 0)];
    for group in groups(diff).values() {
        for fate in group.fates() {
            let at = match fate {
                Fate::Added(_) => 0,
                Fate::Dropped(_) => 1,
                Fate::Altered(change) if change.renamed || change.moved => 3,
                Fate::Altered(_) => 2,
                Fate::Replaced(_) => 4,
            };
            counts[at].1 += 1;
        }
    }
    let said: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    if said.is_empty() { "no schema changes".to_owned() } else { said.join(", ") }
}

/// Where a group stands among the others: kinds in the order in which they build on each other.
type Key<'a> = (u8, Vec<String>, Option<&'a Address>);

/// A relation or type with its parts, or something that stands alone.
#[derive(Default)]
struct Group<'a> {
    path: Vec<String>,
    own: Vec<&'a Change>,
    parts: Vec<&'a Change>,
}

/// What became of an object.
enum Fate<'a> {
    Added(&'a Change),
    Dropped(&'a Change),
    Altered(&'a Change),
    Replaced(&'a Change),
}

fn groups(diff: &Diff) -> BTreeMap<Key<'_>, Group<'_>> {
    // What is gone from a renamed relation is shown under the relation's new name.
    let renamed: HashMap<&[String], &[String]> = diff
        .changes
        .iter()
        .filter_map(|change| match (&change.from, &change.to) {
            (Some((from, _)), Some((to, _))) if !from.kind.is_part() => Some((&from.path[..], &to.path[..])),
            _ => None,
        })
        .collect();
    let mut groups: BTreeMap<Key<'_>, Group<'_>> = BTreeMap::new();
    for change in &diff.changes {
        let Some(address) = change.address() else { continue };
        let relation = address.relation();
        let path = match change.to {
            None => renamed.get(relation).copied().unwrap_or(relation).to_vec(),
            Some(_) => relation.to_vec(),
        };
        let alone = (!holds_parts(address.kind) && !address.kind.is_part()).then_some(address);
        let group = groups.entry((rank(address.kind), path.clone(), alone)).or_default();
        group.path = path;
        if address.kind.is_part() { group.parts.push(change) } else { group.own.push(change) }
    }
    groups
}

fn holds_parts(kind: Kind) -> bool {
    matches!(kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::Composite | Kind::Domain)
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Schema => 0,
        Kind::Extension => 1,
        Kind::Enum | Kind::Range => 2,
        Kind::Sequence => 3,
        Kind::Function | Kind::Procedure | Kind::Aggregate => 5,
        Kind::Statistics => 6,
        Kind::EventTrigger => 7,
        Kind::DefaultPrivileges => 8,
        _ => 4,
    }
}

impl<'a> Group<'a> {
    fn print(&self, page: &mut Page) {
        let fates = fates(&self.own);
        let whole = fates.iter().any(|fate| !matches!(fate, Fate::Altered(_)));
        if whole || self.parts.is_empty() {
            for fate in &fates {
                self.print_fate(page, 0, fate);
            }
            return;
        }
        page.line(style::paint(
            style::NAME,
            format!("{} {}", self.kind(), pleach_core::schema::qualified(self.path.iter().map(String::as_str),)),
        ));
        for change in &self.own {
            print_altered(page, 2, change, true);
        }
        for fate in &self::fates(&self.parts) {
            self.print_fate(page, 2, fate);
        }
    }

    /// What became of each object that is not merely part of something new or gone.
    fn fates(&self) -> Vec<Fate<'a>> {
        let mut fates = fates(&self.own);
        if fates.iter().all(|fate| matches!(fate, Fate::Altered(_))) {
            fates.extend(self::fates(&self.parts));
        }
        fates
    }

    fn print_fate(&self, page: &mut Page, indent: usize, fate: &Fate<'_>) {
        match fate {
            Fate::Added(change) => self.print_whole(page, indent, (style::ADDED, "+"), change.to.as_ref()),
            Fate::Dropped(change) => self.print_whole(page, indent, (style::REMOVED, "-"), change.from.as_ref()),
            Fate::Replaced(change) => {
                let name = change.address().map(describe::name).unwrap_or_default();
                let line = format!("{name} replaced: dropped and created again under its name");
                page.indented(indent, marked((style::DANGER, "!"), &line));
            }
            Fate::Altered(change) => print_altered(page, indent, change, false),
        }
    }

    fn print_whole(
        &self,
        page: &mut Page,
        indent: usize,
        mark: Mark,
        object: Option<&(Address, std::sync::Arc<Object>)>,
    ) {
        let Some((address, object)) = object else { return };
        let mut line = describe::name(address);
        let contents = describe::contents(address, object);
        if !contents.is_empty() {
            let colon = if matches!(address.kind, Kind::Constraint) { ":" } else { "" };
            line = format!("{line}{colon} {contents}");
        }
        if holds_parts(address.kind) {
            line.push_str(&self.count_parts());
        }
        page.indented(indent, marked(mark, &line));
    }

    /// ` (3 columns, 1 index)`
    fn count_parts(&self) -> String {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for part in self.parts.iter().filter_map(|change| change.address()) {
            *counts.entry(part.kind).or_default() += 1;
        }
        let counts: Vec<String> = counts.into_iter().map(|(kind, count)| plural(count, kind.as_str())).collect();
        if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) }
    }

    /// What sort of thing the parts belong to: said by its own change, or by what its parts are.
    fn kind(&self) -> &'static str {
        if let Some(address) = self.own.first().and_then(|change| change.address()) {
            return address.kind.as_str();
        }
        let objects = self.parts.iter().flat_map(|change| [&change.from, &change.to]).flatten();
        objects.filter_map(|(part, object)| holder(part, object)).next().unwrap_or("relation")
    }
}

/// What sort of thing a part belongs to, if the part tells.
fn holder(part: &Address, object: &Object) -> Option<&'static str> {
    let own = |reference: &&Address| reference.relation() == part.relation();
    match part.kind {
        Kind::Attribute => Some(Kind::Composite.as_str()),
        Kind::Policy => Some(Kind::Table.as_str()),
        // A view's column has no type of its own.
        Kind::Column => object.text(Attr::Type).map(|_| Kind::Table.as_str()),
        Kind::Constraint if object.text(Attr::ConstraintType) != Some("check") => Some(Kind::Table.as_str()),
        _ => object.derived.references.iter().find(own).map(|reference| match reference.kind {
            kind if holds_parts(kind) => kind.as_str(),
            _ => Kind::Table.as_str(),
        }),
    }
}

/// Pairs what was dropped and added under one name.
fn fates<'a>(changes: &[&'a Change]) -> Vec<Fate<'a>> {
    let mut fates = Vec::new();
    for change in changes {
        match (&change.from, &change.to) {
            (Some(_), Some(_)) => fates.push(Fate::Altered(change)),
            (None, Some((address, _))) if change.replaced && has_other(changes, address, |c| c.from.as_ref()) => {
                fates.push(Fate::Replaced(change));
            }
            (Some((address, _)), None) if change.replaced && has_other(changes, address, |c| c.to.as_ref()) => {}
            (None, _) => fates.push(Fate::Added(change)),
            (_, None) => fates.push(Fate::Dropped(change)),
        }
    }
    fates
}

type End = (Address, std::sync::Arc<Object>);

/// Whether another change has its other end at this address.
fn has_other(changes: &[&Change], address: &Address, end: impl Fn(&Change) -> Option<&End>) -> bool {
    changes.iter().any(|change| change.replaced && end(change).is_some_and(|(other, _)| other == address))
}

/// Prints what became of an object that stays; without its name where that was just said.
fn print_altered(page: &mut Page, indent: usize, change: &Change, named: bool) {
    let (Some((from, _)), Some((to, _))) = (&change.from, &change.to) else { return };
    let moved = || change.moved.then(|| format!("moved to schema {}", to.schema().unwrap_or_default()));
    let renamed = || change.renamed.then(|| format!("renamed to {}", to.name_sql()));
    let moves: Vec<String> = moved().into_iter().chain(renamed()).collect();
    if !moves.is_empty() {
        let line =
            if named { format!("was {from}") } else { format!("{} {}", describe::name(from), moves.join(" and ")) };
        page.indented(indent, marked((style::RENAMED, "→"), &line));
    }
    if change.attributes.is_empty() {
        return;
    }
    let mut short = Vec::new();
    let mut long = Vec::new();
    for difference in change.attributes.iter().flat_map(describe::attribute) {
        match difference {
            Difference::Short(text) => short.push(text),
            Difference::Long(name, from, to) => long.push((name, from, to)),
        }
    }
    short.extend(long.iter().map(|(name, _, _)| format!("{name} changed")));
    let name = if named { String::new() } else { format!("{}: ", describe::name(to)) };
    let line = format!("{name}{}", short.join(", "));
    page.indented(indent, marked((style::ALTERED, "~"), &line));
    for (_, from, to) in &long {
        print_lines(page, indent + 4, from, to);
    }
}

fn print_lines(page: &mut Page, indent: usize, from: &str, to: &str) {
    for line in with_context(&compare(from, to), 2) {
        page.indented(
            indent,
            match line {
                Some(Line::Same(line)) => format!("  {line}"),
                Some(Line::Removed(line)) => style::paint(style::REMOVED, format!("- {line}")),
                Some(Line::Added(line)) => style::paint(style::ADDED, format!("+ {line}")),
                None => style::paint(style::DIM, "  …"),
            },
        );
    }
}

/// A sign before a line, and its colour.
type Mark = (Style, &'static str);

fn marked((style, sign): Mark, line: &str) -> String {
    style::paint(style, format!("{sign} {line}"))
}
