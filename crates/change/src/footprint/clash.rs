//! Where two footprints meet, and what that means as far as it can be told without running them.

use super::judge::judge;
use super::keys::places;
use super::suggest::suggestion;
use super::{Access, Footprint, Opaque, Touch};
use pleach_schema::{Address, Kind, Tree};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

/// A place where two changes meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// What sort of conflict it is.
    pub class: Class,
    /// The objects both touch. Empty for what the model has no kind for.
    pub objects: Vec<Address>,
    /// Which of their attributes, where it is about those.
    pub attributes: Vec<String>,
    /// How the two changes relate here, unverified.
    pub verdict: Guess,
    /// What each of them does, for people.
    pub why: String,
    /// What would resolve it.
    pub suggestion: String,
    /// Whether it may only show when what one of them defines is used, and not when both are run.
    pub shows_later: bool,
}

/// What sort of conflict it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Both change one table.
    Table,
    /// Both change one column.
    Column,
    /// Both change one routine.
    Function,
    /// Both make an index of one name or on the same columns.
    Index,
    /// Both change constraints of one table.
    Constraint,
    /// Both change one view.
    View,
    /// Both change one type.
    Type,
    /// Both change one sequence.
    Sequence,
    /// Both change one trigger.
    Trigger,
    /// Both change one policy.
    Policy,
    /// Both change privileges or the owner of one object.
    Privilege,
    /// One uses what the other changes.
    Dependency,
}

/// How two changes relate, as far as reading tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "guess")]
pub enum Guess {
    /// They do not meet.
    Independent,
    /// They meet, and end alike in either order.
    Commutes,
    /// They do the same.
    Identical,
    /// They go together in one order only.
    OrderRequired {
        /// Which goes first.
        first: First,
    },
    /// They may end differently in each order.
    Diverges,
    /// They do not go together.
    Incompatible,
}

/// One of two changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    /// The first of the pair.
    A,
    /// The second of the pair.
    B,
}

impl First {
    /// The other of the two.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            First::A => First::B,
            First::B => First::A,
        }
    }
}

impl Guess {
    /// The same, with the two changes in each other's place.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Guess::OrderRequired { first } => Guess::OrderRequired { first: first.other() },
            other => other,
        }
    }

    /// Whether the two can be applied as they are, in either order.
    pub const fn is_harmless(self) -> bool {
        matches!(self, Guess::Independent | Guess::Commutes | Guess::Identical)
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guess::Independent => "independent",
            Guess::Commutes => "commutes",
            Guess::Identical => "identical",
            Guess::OrderRequired { first: First::A } => "order_required (the first one first)",
            Guess::OrderRequired { first: First::B } => "order_required (the second one first)",
            Guess::Diverges => "diverges",
            Guess::Incompatible => "incompatible",
        })
    }
}

/// A meeting of two touches.
#[derive(Debug, Clone)]
pub(super) struct Meeting<'f> {
    pub a: &'f Touch,
    pub b: &'f Touch,
    pub guess: Guess,
    pub why: &'static str,
}

/// Where two footprints meet: a clash for each object, the worst first. The tree is the one that
/// both footprints are of.
pub fn clashes(a: &Footprint, b: &Footprint, tree: &Tree) -> Vec<Clash> {
    let mut found = meetings(a, b);
    settle_lasting(a, b, &mut found);
    settle_identical(a, b, &mut found);
    let wholes = wholes(&found);
    found.retain(|meeting| {
        let object = &meeting.a.object;
        let whole = wholes.get(object.relation()).filter(|_| object.kind.is_part());
        whole.is_none_or(|whole| severity(meeting.guess) > severity(*whole))
    });
    let mut by_object: BTreeMap<(Class, &Address), Vec<Meeting<'_>>> = BTreeMap::new();
    for meeting in found {
        let class = class(&meeting);
        let object = if meeting.a.missing { &meeting.b.object } else { &meeting.a.object };
        by_object.entry((class, object)).or_default().push(meeting);
    }
    let mut all: Vec<Clash> =
        by_object.iter().map(|((class, object), meetings)| told(*class, object, meetings, tree)).collect();
    for (clash, meetings) in all.iter_mut().zip(by_object.values()) {
        clash.shows_later = meetings.iter().any(|meeting| shows_later(a, b, meeting));
    }
    all.extend(same_columns(a, b));
    all.extend(opaque(a, b));
    all.sort_by_key(|clash| std::cmp::Reverse(severity(clash.verdict)));
    all
}

/// Relations that are made, dropped or renamed as a whole, with the verdict of it: of their parts
/// nothing more has to be said.
fn wholes(found: &[Meeting<'_>]) -> HashMap<Vec<String>, Guess> {
    let mut wholes: HashMap<Vec<String>, Guess> = HashMap::new();
    for meeting in found.iter().filter(|meeting| !meeting.a.object.kind.is_part()) {
        let whole = [meeting.a, meeting.b].iter().any(|touch| {
            matches!(touch.access, Access::Create | Access::Drop | Access::Rename) && touch.attribute.is_none()
        });
        if whole {
            let known = wholes.entry(meeting.a.object.path.clone()).or_insert(Guess::Independent);
            if severity(meeting.guess) > severity(*known) {
                *known = meeting.guess;
            }
        }
    }
    wholes
}

/// What goes on using a thing cannot do without it later: with a view or function that lasts, no
/// order of the two will do.
fn settle_lasting(a: &Footprint, b: &Footprint, found: &mut [Meeting<'_>]) {
    const LASTING: [&str; 7] = [
        "CREATE VIEW",
        "CREATE MATERIALIZED VIEW",
        "CREATE FUNCTION",
        "CREATE PROCEDURE",
        "CREATE POLICY",
        "CREATE RULE",
        "CREATE TRIGGER",
    ];
    let lasts = |footprint: &Footprint, touch: &Touch| {
        let tag = footprint.statements.get(touch.statement).map(|statement| statement.tag.as_str());
        let defines = touch.access == Access::Read && touch.attribute.is_none() && !touch.implied && !touch.missing;
        defines && tag.is_some_and(|tag| LASTING.contains(&tag))
    };
    for meeting in found.iter_mut() {
        let stays = match (meeting.a.access, meeting.b.access) {
            (Access::Drop, Access::Read) => lasts(b, meeting.b),
            (Access::Read, Access::Drop) => lasts(a, meeting.a),
            _ => false,
        };
        if stays && matches!(meeting.guess, Guess::OrderRequired { .. }) {
            meeting.guess = Guess::Incompatible;
        }
    }
}

fn severity(guess: Guess) -> u8 {
    match guess {
        Guess::Independent => 0,
        Guess::Commutes => 1,
        Guess::Identical => 2,
        Guess::Diverges => 3,
        Guess::OrderRequired { .. } => 4,
        Guess::Incompatible => 5,
    }
}

/// Pairs of touches of one place that mean something for each other.
fn meetings<'f>(a: &'f Footprint, b: &'f Footprint) -> Vec<Meeting<'f>> {
    let mut theirs: HashMap<String, Vec<&Touch>> = HashMap::new();
    for touch in &b.touches {
        for place in places(touch) {
            theirs.entry(place).or_default().push(touch);
        }
    }
    let mut found = vec![];
    let mut seen: BTreeSet<(*const Touch, *const Touch)> = BTreeSet::new();
    for mine in &a.touches {
        for place in places(mine) {
            for other in theirs.get(&place).into_iter().flatten() {
                if !(mine.is_strong() || other.is_strong() || is_blocked(mine, other)) {
                    continue;
                }
                if let Some(judgement) = judge(mine, other)
                    && seen.insert((mine, *other))
                {
                    found.push(Meeting { a: mine, b: other, guess: judgement.guess, why: judgement.why });
                }
            }
        }
    }
    found
}

fn is_blocked(a: &Touch, b: &Touch) -> bool {
    [a, b].iter().any(|touch| touch.access == Access::Lock && touch.attribute.as_deref() == Some("blocks"))
}

/// Two changes that do the same are one; where one of them does more, the second to come is
/// refused.
fn settle_identical(a: &Footprint, b: &Footprint, found: &mut [Meeting<'_>]) {
    let done = |footprint: &Footprint| -> BTreeSet<(Address, Access, Option<String>, Option<String>)> {
        let strong = footprint.touches.iter().filter(|touch| touch.is_strong());
        strong.map(|t| (t.object.clone(), t.access, t.attribute.clone(), t.value.clone())).collect()
    };
    // Rows have no value to be compared, so only the same text writes the same.
    let writes = |footprint: &Footprint| footprint.touches.iter().any(|touch| touch.access == Access::Write);
    let alike = found.iter().any(|meeting| meeting.guess == Guess::Identical) && !writes(a) && done(a) == done(b);
    let same = is_same_text(a, b) || alike;
    for meeting in found.iter_mut() {
        match meeting.guess {
            Guess::Identical if !same => meeting.guess = Guess::Incompatible,
            guess if same && !guess.is_harmless() => meeting.guess = Guess::Identical,
            _ => {}
        }
    }
}

/// Whether two changes are the same word for word.
fn is_same_text(a: &Footprint, b: &Footprint) -> bool {
    let digests = |footprint: &Footprint| footprint.statements.iter().map(|s| s.digest.clone()).collect::<Vec<_>>();
    digests(a) == digests(b)
}

fn uses(touch: &Touch) -> bool {
    touch.access == Access::Read || touch.missing || touch.attribute.as_deref() == Some("blocks")
}

/// Whether the one that uses something only says how it will be used. A statement that uses it at
/// once, with all that it calls and fires, shows what comes of that when it runs.
fn shows_later(a: &Footprint, b: &Footprint, meeting: &Meeting<'_>) -> bool {
    const AT_ONCE: [&str; 9] =
        ["INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "CALL", "DO", "TRUNCATE", "REFRESH MATERIALIZED VIEW"];
    let used_by = [(a, meeting.a), (b, meeting.b)].into_iter().filter(|(_, touch)| uses(touch));
    let tags = used_by.filter_map(|(footprint, touch)| Some((footprint.statements.get(touch.statement)?, touch)));
    let at_once = |tag: &str, touch: &Touch| AT_ONCE.contains(&tag) || (tag == "CREATE INDEX" && !touch.implied);
    !meeting.guess.is_harmless() && tags.into_iter().any(|(statement, touch)| !at_once(&statement.tag, touch))
}

fn class(meeting: &Meeting<'_>) -> Class {
    let (a, b) = (meeting.a, meeting.b);
    if uses(a) != uses(b) {
        return Class::Dependency;
    }
    let is_privilege = |touch: &Touch| {
        touch.attribute.as_deref().is_some_and(|attribute| attribute == "owner" || attribute.starts_with("grants"))
    };
    if is_privilege(a) || is_privilege(b) {
        return Class::Privilege;
    }
    let both = |attribute: &str| [a, b].iter().all(|touch| touch.attribute.as_deref() == Some(attribute));
    match a.object.kind {
        Kind::Table if both("constraints") => Class::Constraint,
        Kind::Table if both("policies") => Class::Policy,
        Kind::Table => Class::Table,
        Kind::Column => Class::Column,
        Kind::Function | Kind::Procedure | Kind::Aggregate => Class::Function,
        Kind::Index => Class::Index,
        Kind::Constraint => Class::Constraint,
        Kind::View | Kind::MaterializedView | Kind::Rule => Class::View,
        Kind::Enum | Kind::Domain | Kind::Range | Kind::Composite | Kind::Attribute => Class::Type,
        Kind::Sequence => Class::Sequence,
        Kind::Trigger | Kind::EventTrigger => Class::Trigger,
        Kind::Policy => Class::Policy,
        Kind::DefaultPrivileges => Class::Privilege,
        Kind::Schema | Kind::Extension | Kind::Statistics => Class::Dependency,
    }
}

/// One clash for everything that meets at an object.
fn told(class: Class, object: &Address, meetings: &[Meeting<'_>], tree: &Tree) -> Clash {
    let worst = meetings.iter().max_by_key(|meeting| severity(meeting.guess));
    let mut guess = worst.map_or(Guess::Independent, |meeting| meeting.guess);
    let firsts: BTreeSet<First> = meetings
        .iter()
        .filter_map(|meeting| if let Guess::OrderRequired { first } = meeting.guess { Some(first) } else { None })
        .collect();
    if firsts.len() > 1 && matches!(guess, Guess::OrderRequired { .. }) {
        // Each would have to go before the other.
        guess = Guess::Incompatible;
    }
    let mut objects: Vec<Address> = vec![object.clone()];
    let mut attributes: BTreeSet<String> = BTreeSet::new();
    for meeting in meetings.iter().filter(|meeting| severity(meeting.guess) >= severity(Guess::Commutes)) {
        for touch in [meeting.a, meeting.b] {
            if !objects.contains(&touch.object) {
                objects.push(touch.object.clone());
            }
            attributes.extend(touch.attribute.clone().filter(|attribute| is_told(touch, attribute)));
        }
    }
    let (why, suggestion) = match worst {
        Some(meeting) => (format!("{}: {}", object, meeting.why), suggestion(guess, meeting, tree)),
        None => (String::new(), String::new()),
    };
    let attributes = attributes.into_iter().collect();
    Clash { class, objects, attributes, verdict: guess, why, suggestion, shows_later: false }
}

/// Whether an attribute is the object's own, and not a word for how it is used.
fn is_told(touch: &Touch, attribute: &str) -> bool {
    const USES: [&str; 9] =
        ["rows", "updates", "deletes", "behind", "taken", "copied", "blocks", "volatility", "definition"];
    touch.object.kind != Kind::Index && !USES.contains(&attribute) && !attribute.starts_with("absence")
}

/// Two indexes on the same columns of one table, under different names.
fn same_columns(a: &Footprint, b: &Footprint) -> Vec<Clash> {
    let indexes = |footprint: &'_ Footprint| -> Vec<Touch> {
        let made = footprint.touches.iter().filter(|t| t.access == Access::Create && t.object.kind == Kind::Index);
        made.cloned().collect()
    };
    let (mine, theirs) = (indexes(a), indexes(b));
    let on: HashMap<_, &Touch> =
        theirs.iter().map(|index| ((index.object.relation(), &index.attribute), index)).collect();
    let mut found = vec![];
    for index in &mine {
        let other = on.get(&(index.object.relation(), &index.attribute));
        if let Some(other) = other.filter(|other| other.object.name() != index.object.name()) {
            found.push(Clash {
                class: Class::Index,
                objects: vec![index.object.clone(), other.object.clone()],
                attributes: vec![],
                verdict: Guess::Commutes,
                why: format!("{} and {} are on the same columns", index.object, other.object),
                suggestion: format!("keep one of them: leave {} out of the second change", other.object),
                shows_later: false,
            });
        }
    }
    found
}

/// What the model has no kind for, and what reading does not tell.
fn opaque(a: &Footprint, b: &Footprint) -> Vec<Clash> {
    let mut found = vec![];
    let same = is_same_text(a, b);
    let mut by_key: HashMap<&str, Vec<&Opaque>> = HashMap::new();
    for opaque in &b.opaque {
        if let Some(key) = &opaque.key {
            by_key.entry(key).or_default().push(opaque);
        }
    }
    for mine in &a.opaque {
        let others = mine.key.as_deref().and_then(|key| by_key.get(key));
        for other in others.into_iter().flatten() {
            let clash = same_key(mine, other);
            found.extend(clash.map(|clash| if same { Clash { verdict: Guess::Identical, ..clash } } else { clash }));
        }
    }
    found.extend(extensions(a, b, First::A));
    found.extend(extensions(b, a, First::B));
    let boundless = |footprint: &Footprint| footprint.opaque.iter().find(|opaque| opaque.boundless).cloned();
    let changes =
        |footprint: &Footprint| footprint.touches.iter().any(Touch::is_strong) || !footprint.opaque.is_empty();
    let unseen = match (boundless(a), boundless(b)) {
        (Some(opaque), _) if changes(b) => Some(opaque),
        (_, Some(opaque)) if changes(a) => Some(opaque),
        _ => None,
    };
    if let Some(opaque) = unseen {
        let clash = without_object(
            Guess::Diverges,
            format!("{}: what it touches is only known when it runs", opaque.what),
            "run both on a scratch database, where it shows what they touch".to_owned(),
        );
        found.push(Clash { shows_later: false, ..clash });
    }
    found
}

fn same_key(a: &Opaque, b: &Opaque) -> Option<Clash> {
    let what = &a.what;
    let (guess, why) = match (a.access, b.access) {
        (Access::Read, Access::Read) => return None,
        _ if a.key.as_deref() == Some("extension") => return None,
        (Access::Create, Access::Create) => (Guess::Incompatible, "both make it"),
        (Access::Create, _) => (Guess::OrderRequired { first: First::A }, "one makes what the other builds on"),
        (_, Access::Create) => (Guess::OrderRequired { first: First::B }, "one makes what the other builds on"),
        (Access::Drop | Access::Rename, Access::Drop | Access::Rename) => (Guess::Incompatible, "both take it away"),
        (Access::Drop | Access::Rename, _) => {
            (Guess::OrderRequired { first: First::B }, "one uses what the other takes away")
        }
        (_, Access::Drop | Access::Rename) => {
            (Guess::OrderRequired { first: First::A }, "one uses what the other takes away")
        }
        _ => (Guess::Diverges, "both change it, or one uses what the other changes"),
    };
    let suggestion = match guess {
        Guess::OrderRequired { first: First::A } => format!("apply the first change first: it has {what}"),
        Guess::OrderRequired { first: First::B } => format!("apply the second change first: it has {what}"),
        _ => format!("let one of the two changes alone have {what}"),
    };
    Some(without_object(guess, format!("{what}: {why}"), suggestion))
}

/// An extension that one makes or takes away, and names that only it can bring.
fn extensions(maker: &Footprint, user: &Footprint, side: First) -> Option<Clash> {
    let changed = maker.opaque.iter().find(|opaque| opaque.key.as_deref() == Some("extension"))?;
    let used = user.touches.iter().find(|touch| touch.may_be_of_extension())?;
    let first = if changed.access == Access::Drop { side.other() } else { side };
    Some(without_object(
        Guess::OrderRequired { first },
        format!("{} may be what the extension brings", used.object),
        "apply the change that has CREATE EXTENSION first".to_owned(),
    ))
}

fn without_object(verdict: Guess, why: String, suggestion: String) -> Clash {
    // What the model has no kind for is not compared where they were run.
    let (objects, attributes) = (vec![], vec![]);
    Clash { class: Class::Dependency, objects, attributes, verdict, why, suggestion, shows_later: true }
}
